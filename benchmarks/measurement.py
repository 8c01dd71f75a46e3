"""Train, encode and evaluate one method in the project that is the working folder, in a process of its own.

Prints a line of JSON for each code length: seconds of training without imports, peak memory, and what was measured.
"""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from bitscape.core.params import Params, load
from bitscape.core.table import database, members, read_collection
from bitscape.core.untrained import read_reason
from bitscape.hamming.junk import JUNK
from bitscape.retrieval.graded import acg_at, graded_histograms, ndcg_at, weighted_average_precision
from tasks import encode, evaluate, supervise, train

MARK = "RESULT "
METRICS = ("map_expected", "map_expected_learned_database")
GRADED_AT = 100
"""Ranks of NDCG and ACG, as DSRH has them."""


def main(method: str, bits: list[int], seed: int, changes: dict[str, Any]) -> None:
    """Measure one method at some code lengths."""
    root = Path.cwd()
    content = load(root / "params.yaml").model_dump()
    content["train"]["methods"][method] |= changes
    params = Params.model_validate({**content, "seed": seed})
    supervise.run(params.model_copy(update={"methods": [method]}), root)  # which the changes may be of
    if method not in ("lsh", "pcasign", "itq"):
        import bitscape.training.loop  # noqa: F401  (what takes seconds to import is no training)
    for length in bits:
        start = time.monotonic()
        train.run(params, root, method, length)
        told: dict[str, Any] = {"bits": length, "seconds": round(time.monotonic() - start, 2)}
        encode.run(params, root, method, length)
        evaluate.run(params, root, method, length)
        trained = root / f"artifacts/train/{method}-{length}"
        told["reason"] = read_reason(trained) or ""
        metrics = json.loads((root / f"metrics/{method}-{length}.json").read_text())
        told |= {name: metrics.get(name) for name in METRICS}
        if not told["reason"]:
            told["epoch"] = json.loads((trained / "selection.json").read_text())["epoch"]
            told |= _graded(root, f"{method}-{length}")
        told["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(MARK + json.dumps(told), flush=True)


def _graded(root: Path, name: str) -> dict[str, float]:
    """DSRH's measures, where relevance is graded by shared labels."""
    relevance = sparse.csr_array(sparse.load_npz(root / "artifacts/relevance/query_test.npz"))
    source = json.loads((root / "artifacts/relevance/relevance.json").read_text())["source"]
    if source != "labels" or relevance.max() < 2:
        return {}
    asked, searched = (np.load(root / f"artifacts/encode/{name}/{part}.npy") for part in ("query_test", "database"))
    counted = graded_histograms(asked, searched, relevance)
    values = {
        "ndcg_at_100": ndcg_at(counted, GRADED_AT),
        "acg_at_100": acg_at(counted, GRADED_AT),
        "map_weighted": weighted_average_precision(counted),
    }
    return {name: float(np.nanmean(value)) for name, value in values.items()}


def real_valued(root: Path) -> float:
    """Mean average precision of the descriptors' cosines on query_test: what codes are measured against."""
    from sklearn.metrics import average_precision_score

    collection = read_collection(root)
    descriptors = np.load(root / "artifacts/describe/descriptors.npy")
    asked, searched = descriptors[members(collection, "query_test")], descriptors[database(collection)]
    grades = sparse.csr_array(sparse.load_npz(root / "artifacts/relevance/query_test.npz")).toarray()
    scores = []
    for row, cosines in zip(grades, asked @ searched.T, strict=True):
        if (row > 0).any():
            scores.append(average_precision_score(row[row != JUNK] > 0, cosines[row != JUNK]))
    return float(np.mean(scores))


if __name__ == "__main__":
    if sys.argv[1] == "descriptors":
        found = {"bits": 0, "map_expected": real_valued(Path.cwd()), "reason": ""}
        print(MARK + json.dumps(found))
    else:
        main(sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3]), json.loads(sys.argv[4]))
