"""From `benchmarks/results/*.csv` to the tables of `docs/results.md`: `python -m benchmarks.tables`.

Nothing in that file is typed by hand.
"""

from collections.abc import Iterator

import pandas as pd

from benchmarks.methods import BASELINES, RESULTS
from benchmarks.sets import COLLECTIONS, ROOT

TARGET = ROOT / "docs/results.md"
HEAD = """# Results

Written by `python -m benchmarks.tables` from `benchmarks/results/methods.csv`, which `python -m benchmarks.methods`
measures (2 cores, no GPU, default parameters, the shared frozen backbone). Splits are fixed, seeds are those of the
training. Epochs are chosen on `query_val`; the figures are of `query_test`: **expected mAP over ties, mean ± standard
deviation over the seeds**, in bold where a method is above ITQ at equal bits, and how long a training took.
"""


def main() -> None:
    """Write the tables."""
    rows = pd.read_csv(RESULTS)
    TARGET.write_text("\n".join([HEAD, *_collections(rows), *_ablations(rows)]) + "\n", encoding="utf-8")


def _collections(rows: pd.DataFrame) -> Iterator[str]:
    default = rows[rows["variant"] == "default"]
    for collection in COLLECTIONS:
        own = default[default["collection"] == collection.name]
        if own.empty:
            continue
        bits = sorted(own["bits"].unique())
        yield f"\n## {collection.name}\n"
        learned = (
            "" if collection.supervision == "auto" else f"; methods that learn from labels: {collection.supervision}"
        )
        seeds = own["seed"].nunique()
        yield f"Relevance: {collection.relevance}{learned}. {seeds} seed{'s' if seeds > 1 else ''}.\n"
        yield "| method | " + " | ".join(f"{length} bits" for length in bits) + " | seconds | peak MiB |"
        yield "|---|" + "---|" * (len(bits) + 2)
        itq = {length: _mean(own, "itq", length) for length in bits}
        for method in [*BASELINES, *collection.methods]:
            of_method = own[own["method"] == method]
            if not of_method.empty:
                cells = [_cell(of_method[of_method["bits"] == length], itq[length], method) for length in bits]
                longest = of_method[of_method["bits"] == bits[-1]]
                cost = f"{longest['seconds'].mean():.1f} | {of_method['peak_mib'].max():.0f}"
                yield f"| `{method}` | {' | '.join(cells)} | {cost} |"


def _ablations(rows: pd.DataFrame) -> Iterator[str]:
    changed = rows[rows["variant"] != "default"]
    if changed.empty:
        return
    yield "\n## With and without each paper's contribution\n"
    yield "Expected mAP, mean ± standard deviation over the seeds; the default beside each variant.\n"
    yield "| collection | method | bits | variant | mAP | default |"
    yield "|---|---|---|---|---|---|"
    for (collection, method, bits, variant), group in changed.groupby(["collection", "method", "bits", "variant"]):
        alike = (rows["collection"] == collection) & (rows["method"] == method) & (rows["bits"] == bits)
        default = rows[alike & (rows["variant"] == "default")]
        cells = f"{_spread(group['map_expected'])} | {_spread(default['map_expected'])}"
        yield f"| {collection} | `{method}` | {bits} | {variant} | {cells} |"


def _mean(rows: pd.DataFrame, method: str, bits: int) -> float:
    chosen = rows[(rows["method"] == method) & (rows["bits"] == bits)]
    return float(chosen["map_expected"].mean())


def _cell(rows: pd.DataFrame, itq: float, method: str) -> str:
    if rows["map_expected"].isna().all():
        return "not trained"
    text = _spread(rows["map_expected"])
    return f"**{text}**" if method not in BASELINES and rows["map_expected"].mean() > itq else text


def _spread(values: pd.Series) -> str:
    return f"{values.mean():.3f} ± {values.std(ddof=0):.3f}" if len(values) else "-"


if __name__ == "__main__":
    main()
