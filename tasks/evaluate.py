"""Stage `evaluate`: measure one method and code length on `query_test`, by which nothing is chosen."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from bitscape.core.errors import BitscapeError
from bitscape.core.metric_names import LEARNED_DATABASE, MACRO, ranking_names
from bitscape.core.params import Params
from bitscape.core.stage import stage
from bitscape.core.storage import publish, read_json, write_json
from bitscape.core.table import database, members, read_collection
from bitscape.core.untrained import pass_on
from bitscape.hamming.codes import Codes, code_bytes, validate
from bitscape.hamming.mean import mean_average_precision
from bitscape.retrieval.card import Card
from bitscape.retrieval.evaluation import evaluate
from bitscape.retrieval.per_class import Memberships, memberships
from bitscape.retrieval.precision_recall import Curve
from bitscape.retrieval.protocol import Protocol
from bitscape.retrieval.protocols import find_protocol
from bitscape.retrieval.score import score
from bitscape.retrieval.selection import select
from bitscape.retrieval.truth import LEVELS, Grades

if TYPE_CHECKING:
    import pandas as pd

SPLIT = "query_test"
COUNTS = ("queries", "queries_without_relevant", "largest_tie")


def run(params: Params, root: Path, method: str, bits: int) -> None:
    """Write the metrics, the precision-recall curve, and of each metric the interval and the bounds."""
    import pandas as pd

    name = f"{method}-{bits}"
    encoded, target = root / "artifacts/encode" / name, root / "artifacts/evaluate" / name
    if pass_on(encoded, target):
        _write(root, name, {}, Curve(np.empty(0), np.empty(0)))
        return
    collection = read_collection(root)
    asked, searched = members(collection, SPLIT), database(collection)
    relevance = sparse.csr_array(sparse.load_npz(root / f"artifacts/relevance/{SPLIT}.npz"))
    source = read_json(root / "artifacts/relevance/relevance.json")["source"]
    classes = _classes(collection, source)
    parts = [[classes[one] for one in part] for part in (asked, searched)] if classes else []
    of_classes = memberships(*parts) if classes else None
    truth = Grades(relevance, members=of_classes)
    graded = source == "labels" and truth.gains and bool((relevance.data > 1).any())
    codes = _codes(encoded / f"{SPLIT}.npy", len(asked), bits), _codes(encoded / "database.npy", len(searched), bits)
    asking = params.evaluate
    result = evaluate(*codes, relevance, asking.cutoffs, asking.radius, asking.empty_query, graded, bits)
    metrics = dict(result.metrics)
    learned = codes[1]
    if (encoded / "database_learned.npy").is_file():
        learned = _codes(encoded / "database_learned.npy", len(searched), bits)
        metrics[LEARNED_DATABASE] = mean_average_precision(codes[0], learned, relevance, asking.empty_query)
    queries = pd.DataFrame(
        {
            "image": asked.astype(np.int32),
            "relevant": result.relevant.astype(np.int32),
            "average_precision": result.average_precision,
        }
    )
    names = [*ranking_names(asking.cutoffs, graded), f"precision_radius_{asking.radius}_empty_zero", *asking.metrics]
    card = score(*codes, truth, list(dict.fromkeys(names)), asking.empty_query, bits, params.seed)
    scores = card.to_json()
    metrics |= {line.name: line.mean for line in card.lines if line.name in asking.metrics and line.mean == line.mean}
    untold = [f"{metric} is not measured: grades of {LEVELS} and above give no gains." for metric in card.skipped]
    for warning in (*result.warnings(), *untold):
        print(f"evaluate: warning: {name}: {warning}", file=sys.stderr)
    if card.lines[0].per_class:
        metrics[MACRO] = card.lines[0].macro
    protocol = find_protocol(asking.protocol)
    if protocol.listed:
        chosen = codes[0], learned if protocol.learned else codes[1]
        measured = _under(protocol, collection, *chosen, bits, params.seed).to_json()
        lines = measured["metrics"]  # without those of gains, where grades are too large for them
        found = {name: lines[metric] for name, metric in protocol.listed.items() if metric in lines}
        metrics |= {name: line["mean"] for name, line in found.items() if line["mean"] is not None}
        scores["metrics"] |= found
        scores["protocol"] = {"name": protocol.name, **{name: measured[name] for name in COUNTS}}
    with publish(target) as folder:
        folder.mkdir()
        queries.to_parquet(folder / "queries.parquet", index=False)
        write_json(folder / "scores.json", scores)
        if of_classes:
            _per_class(card, of_classes).to_csv(folder / "per_class.csv", float_format="%.6f", lineterminator="\n")
    _write(root, name, metrics, result.curve)


def _under(
    protocol: Protocol, collection: "pd.DataFrame", queries: Codes, searched: Codes, bits: int, seed: int
) -> Card:
    """Measure the same codes as another protocol does, which has its own queries, database, junk and relevance."""
    codes = np.zeros((len(collection), queries.shape[1]), np.uint8)
    codes[members(collection, SPLIT)], codes[database(collection)] = queries, searched
    chosen = select(protocol, collection)
    asked, found = codes[chosen.queries], codes[chosen.database]
    return score(asked, found, chosen.truth, protocol.metrics, protocol.empty_query, bits, seed)


def _classes(collection: "pd.DataFrame", source: str) -> list[list[str]]:
    """What each photograph is relevant by; nothing where that is no class, but the points that are seen."""
    if source == "labels":
        return collection["labels"].tolist()
    return [[name] if isinstance(name, str) else [] for name in collection["landmark"]] if source == "landmark" else []


def _per_class(card: Card, members: Memberships) -> "pd.DataFrame":
    """A row for each class that a query has and something in the database: its queries, and each metric of them."""
    import pandas as pd

    table = pd.DataFrame({line.name: line.per_class for line in card.lines})
    counts = dict(zip(members.names, np.diff(members.queries.indptr), strict=True))
    table.insert(0, "queries", [counts[name] for name in table.index])
    return table.rename_axis("class")


def _codes(path: Path, rows: int, bits: int) -> Codes:
    """Read packed codes of the shape that the collection and the code length ask for."""
    try:
        codes = validate(np.load(path), str(path))
    except FileNotFoundError:
        raise BitscapeError(f"{path} is missing; run `dvc repro` to bring it about.") from None
    if codes.shape != (rows, code_bytes(bits)):
        raise BitscapeError(
            f"{path} has the shape {codes.shape}, but the collection has {rows} such photographs and a code of "
            f"{bits} bits {code_bytes(bits)} bytes; run `dvc repro`."
        )
    return codes


def _write(root: Path, name: str, metrics: dict[str, float], curve: Curve) -> None:
    """Write what DVC shows as metrics and plots."""
    import pandas as pd

    write_json(root / f"metrics/{name}.json", metrics)
    with publish(root / f"plots/precision_recall/{name}.csv") as path:
        pd.DataFrame(curve._asdict()).to_csv(path, index=False, float_format="%.6f", lineterminator="\n")


if __name__ == "__main__":
    stage(run, matrix=True)
