"""From `benchmarks/results/*.csv` to the tables of `docs/results.md`: `python -m benchmarks.tables`.

Nothing in that file is typed by hand.
"""

from collections.abc import Iterator, Sequence

import pandas as pd

from benchmarks.methods import BASELINES
from benchmarks.results import DESCRIPTORS, RESULTS
from benchmarks.sets import ALL, COLLECTIONS, ROOT, SHIPPED, Collection

TARGET = ROOT / "docs/results.md"
HEAD = """# Results

Written by `python -m benchmarks.tables` from `benchmarks/results/methods.csv`, which `python -m benchmarks.methods`
and `python -m benchmarks.ablations` measure: default parameters but for `supervision`, which is named above each table
(with labels BCDH learns from them as well, which it does not by default), the shared frozen backbone, and no GPU but
where it is said. Splits are fixed, seeds are those of the training. Epochs are chosen on `query_val`; the figures are
of `query_test`: **expected mAP over ties, mean ± standard deviation over the seeds (n - 1)**, in bold where a method is
above ITQ at equal bits. Seconds of a training (on one core) and peak memory are of the longest codes. None of it is a
paper's result. Sets, lengths and seeds that are missing have not been measured; a figure without ± is of one seed. The
attention of ATH was changed after its ablation on `chest-xray` had been seen.

Settings of DSRH, RV-SSDH and ExchNet were chosen on random parts of `cifar10-6000`, `blood-multilabel` and `birds`,
drawn without regard to the splits below: photographs of these sets' `query_test` can be among them. BCDH's
`graded_batch` and `graded_epochs` were chosen on `query_val` of the photographs and their splits 1 to 5, at 64 bits,
and the rule for equal epochs was made anew when measurements of these showed untrained networks chosen; a photograph of
one split's `query_val` can be in another's `query_test`. The samples, CIFAR-10, birds, X-rays and COCO were measured
before that rule, which matters where two epochs have the very same mAP on `query_val`.
"""
SUMMARY_BITS = 64
SPLITS = tuple(one.name for one in COLLECTIONS if one.relevance == "geometry")
"""Ways to split the photographs."""
PIXELS = "from pixels"
"""The published network; variants of it are compared with it."""
TAUGHT = {
    "auto": "labels, BCDH too",
    SHIPPED: "as `make run` has it, BCDH from the 3D models, the others from landmarks",
}
GRADED = {
    "ndcg_at_100": "NDCG@100",
    "acg_at_100": "ACG@100 (shared labels)",
    "map_weighted": "weighted mAP (shared labels)",
}


def main() -> None:
    """Write the tables."""
    rows = pd.read_csv(RESULTS)
    default = rows[rows["variant"] == "default"]
    summary = _summary(default)
    tables = {one.name: list(_collection(one, default[default["collection"] == one.name])) for one in COLLECTIONS}
    tables["photos"] = [*_splits(default), *tables["photos"]]
    parts = [line for table in tables.values() for line in table]
    TARGET.write_text("\n".join([HEAD, *summary, *parts, *_ablations(rows)]) + "\n", encoding="utf-8")


def _summary(rows: pd.DataFrame) -> Iterator[str]:
    """How far each method is above or below ITQ on each real collection, at the length that all are measured at."""
    own = rows[(rows["bits"] == SUMMARY_BITS) | (rows["method"] == DESCRIPTORS)]
    means = own.pivot_table("map_expected", "method", "collection", sort=False)
    names = [one.name for one in COLLECTIONS if one.name in means and not one.rendered and one.name not in SPLITS]
    trivial = [name for name in names if means[name].get("itq", 0) > 0.999]
    means[trivial] = own.pivot_table("ndcg_at_100", "method", "collection", sort=False).reindex(columns=trivial)
    pooled = f"photos, {len(_measured(means))} splits"
    means[pooled] = means[_measured(means)].mean(axis="columns")
    names.insert(0, pooled)
    yield f"## Above or below ITQ at {SUMMARY_BITS} bits\n"
    if trivial:
        yield f"By expected mAP, but by NDCG@100 on {', '.join(trivial)}, where every photograph shares a label.\n"
    yield f"| method | {' | '.join(names)} |"
    yield "|---" * (len(names) + 1) + "|"
    for method in ["real-valued", *ALL]:
        row = means.loc[DESCRIPTORS if method == "real-valued" else method] - means.loc["itq"]
        cells = ["" if value != value else f"**+{value:.3f}**" if value > 0 else f"{value:.3f}" for value in row[names]]
        yield f"| `{method}` | {' | '.join(cells)} |"


def _measured(means: pd.DataFrame) -> list[str]:
    """Name the splits of the photographs on which every method was measured."""
    compared = ["itq", DESCRIPTORS, *ALL]
    return [name for name in SPLITS if name in means and means[name].reindex(compared).notna().all()]


def _splits(rows: pd.DataFrame) -> Iterator[str]:
    """The photographs by shared surface over all ways to split them: so few ask that one split says little."""
    own = rows[(rows["bits"] == SUMMARY_BITS) | (rows["method"] == DESCRIPTORS)]
    means = own.pivot_table("map_expected", "method", "collection", sort=False)
    means = means[_measured(means)]
    yield f"\n## photos, {len(means.columns)} splits\n"
    yield (
        f"Relevance: geometry; supervision: geometry-graded; {SUMMARY_BITS} bits, mean of the seeds. The query "
        f"photographs were drawn anew for each split; ± is the standard deviation over the splits (n - 1).\n"
    )
    yield "| method | expected mAP | above ITQ by | above the real-valued by | splits above both |"
    yield "|---|---|---|---|---|"
    for method in [*BASELINES, *ALL, DESCRIPTORS]:
        if method not in means.index or means.loc[method].isna().any():
            continue
        gaps = [means.loc[method] - means.loc[other] for other in ("itq", DESCRIPTORS)]
        both = (gaps[0] > 0) & (gaps[1] > 0)
        cells = [_spread(means.loc[method]), *("" if not gap.any() else _spread(gap, "+") for gap in gaps)]
        name = "real-valued" if method == DESCRIPTORS else method
        yield f"| `{name}` | {' | '.join(cells)} | {'' if method in ('itq', DESCRIPTORS) else both.sum()} |"


def _collection(collection: Collection, rows: pd.DataFrame) -> Iterator[str]:
    """One collection: what it is measured by, mAP of all methods, and graded measures where labels are shared."""
    codes = rows[rows["method"] != DESCRIPTORS]
    if codes.empty or (collection.name in SPLITS and codes["bits"].nunique() == 1):  # it is in the table of the splits
        return
    methods = [name for name in [*BASELINES, *collection.methods] if name in set(codes["method"])]
    seeds = codes["seed"].nunique()
    learned = TAUGHT.get(collection.supervision, collection.supervision)
    cosine = rows[rows["method"] == DESCRIPTORS]["map_expected"].mean()
    yield f"\n## {collection.name}\n"
    yield (
        f"Relevance: {collection.relevance}; supervision: {learned}. {seeds} seed{'s' if seeds > 1 else ''}. "
        f"The real-valued descriptors, ranked by cosine: {cosine:.3f}.\n"
    )
    yield from _table(codes, methods, "map_expected", cost=True)
    own = codes["map_expected_learned_database"].dropna()
    if len(own):
        yield "\nQueries by the network against the codes that the method itself learned of its training photographs:\n"
        yield from _table(codes.loc[own.index], ["exchnet"], "map_expected_learned_database")
    for column, title in GRADED.items():
        if codes[column].notna().any():
            yield f"\n{title}:\n"
            yield from _table(codes, methods, column)


def _table(rows: pd.DataFrame, methods: Sequence[str], column: str, cost: bool = False) -> Iterator[str]:
    bits = sorted(rows["bits"].unique())
    heads = [*(f"{length} bits" for length in bits), *(["seconds", "peak MiB"] if cost else [])]
    yield f"| method | {' | '.join(heads)} |"
    yield "|---" * (len(heads) + 1) + "|"
    for method in methods:
        own = rows[rows["method"] == method]
        cells = [_cell(rows[rows["bits"] == length], method, column) for length in bits]
        if cost:
            cells += [f"{own[own['bits'] == bits[-1]]['seconds'].mean():.1f}", f"{own['peak_mib'].max():.0f}"]
        yield f"| `{method}` | {' | '.join(cells)} |"


def _cell(rows: pd.DataFrame, method: str, column: str) -> str:
    values, itq = (rows[rows["method"] == name][column].dropna() for name in (method, "itq"))
    if values.empty:
        return "not trained" if method in set(rows["method"]) else ""
    return f"**{_spread(values)}**" if method not in BASELINES and values.mean() > itq.mean() else _spread(values)


def _ablations(rows: pd.DataFrame) -> Iterator[str]:
    changed = rows[rows["variant"] != "default"]
    if changed.empty:
        return
    yield "\n## With and without each paper's contribution\n"
    yield (
        "Mean ± standard deviation over the seeds. The change is the difference in mAP to the default, seed by seed; "
        f"of variants {PIXELS} (the published network, 50 epochs, measured on a GPU) that to the published network.\n"
    )
    yield "| collection | method | bits | variant | seeds | expected mAP | change | NDCG@100 | weighted mAP |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for (collection, method, bits), group in changed.groupby(["collection", "method", "bits"], sort=False):
        alike = (rows["collection"] == collection) & (rows["method"] == method) & (rows["bits"] == bits)
        known = rows[alike].set_index("seed")
        for variant in ["default", *group["variant"].unique()]:
            own = rows[alike & (rows["variant"] == variant)]
            cells = [_spread(own[column].dropna()) for column in ("map_expected", "ndcg_at_100", "map_weighted")]
            base = PIXELS if variant.startswith(f"{PIXELS}, ") else "default"
            gaps = own.set_index("seed")["map_expected"] - known[known["variant"] == base]["map_expected"]
            cells.insert(1, "" if variant in ("default", PIXELS) else _spread(gaps.dropna(), "+"))
            yield f"| {collection} | `{method}` | {bits} | {variant} | {len(own)} | {' | '.join(cells)} |"


def _spread(values: pd.Series, sign: str = "") -> str:
    if len(values) < 2:
        return "".join(f"{value:{sign}.3f}" for value in values)
    return f"{values.mean():{sign}.3f} ± {values.std():.3f}"


if __name__ == "__main__":
    main()
