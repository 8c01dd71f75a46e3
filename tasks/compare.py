"""Stage `compare`: one table, the figures and the report over all methods and code lengths."""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from bitscape.core.errors import BitscapeError
from bitscape.core.metric_names import LEARNED_DATABASE, MACRO, metric_names
from bitscape.core.params import Params
from bitscape.core.stage import stage
from bitscape.core.storage import publish, read_json
from bitscape.core.table import IMAGES, REFUSED, database, members, read_collection
from bitscape.core.untrained import read_reason
from bitscape.hamming.ranking import histograms
from bitscape.reporting.contest import against_the_first
from bitscape.reporting.figures import draw_comparison, draw_curves, draw_first_ranks, draw_quality, draw_radii
from bitscape.reporting.gallery import Thumbnails, data_uri
from bitscape.reporting.method_figure import draw_method
from bitscape.reporting.model_page import read_drawn, write_model_page
from bitscape.reporting.page import Model, Page, picture, render
from bitscape.reporting.questions import ask
from bitscape.reporting.result import Result
from bitscape.reporting.sketches import sketch_distances, sketch_trainings
from bitscape.reporting.style import png
from bitscape.reporting.summary import summarise, warnings
from bitscape.reporting.tables import columns_of, group
from bitscape.retrieval.chance import chance_level
from bitscape.retrieval.precision_recall import Curve
from bitscape.retrieval.protocols import find_protocol


def run(params: Params, root: Path) -> None:
    """Write the table, the figures and the page."""
    metric, longest = params.compare.metric, max(params.bits)
    methods: list[str] = [*params.methods]
    collection = read_collection(root)
    relevance = sparse.csr_array(sparse.load_npz(root / "artifacts/relevance/query_test.npz"))
    results = [_result(root, method, bits, relevance) for method in methods for bits in params.bits]
    trained = [one for one in results if one.reason is None]
    graded = any("wmap_expected" in one.metrics for one in trained)
    names = metric_names(params.evaluate.cutoffs, params.evaluate.radius, graded)
    names = [*dict.fromkeys((*names, *params.evaluate.metrics, *find_protocol(params.evaluate.protocol).listed))]
    if any(LEARNED_DATABASE in one.metrics for one in trained):
        names.insert(names.index("map_best_ties") + 1, LEARNED_DATABASE)
    if any(MACRO in one.metrics for one in trained):
        names.insert(names.index("map_best_ties") + 1, MACRO)
    if metric not in names:
        raise BitscapeError(f"params.yaml: `compare.metric` is {metric}, but the metrics are {', '.join(names)}.")
    chance, asked = chance_level(relevance), members(collection, "query_test")
    kinds = [(row.landmark, *row.labels) for row in collection.iloc[asked].itertuples()]

    tables = []
    for health in (False, True):
        columns = columns_of(names, health)
        tables.append((columns, group(results, methods, params.bits, columns, metric)))
    shown = [one for one in trained if one.bits == longest]
    first, contests = against_the_first(shown, methods, metric, params.seed)
    registrations = read_json(root / "artifacts/reconstruct/registrations.json")
    page = Page(
        params=params,
        collection=collection,
        database=database(collection).tolist(),
        relevance=read_json(root / "artifacts/relevance/relevance.json"),
        refused=len(pd.read_csv(root / REFUSED)),
        summary=summarise(results, longest, metric, chance, params.seed),
        warnings=warnings(results),
        rankings=tables[0],
        health=tables[1],
        quality=picture(lambda theme: draw_quality(trained, methods, metric, chance, theme)),
        curves=picture(lambda theme: draw_curves(trained, methods, longest, theme)),
        first_ranks=picture(lambda theme: draw_first_ranks(trained, methods, longest, theme)),
        radii=picture(lambda theme: draw_radii(trained, methods, longest, theme)),
        details=[(one, png(draw_method(one, methods.index(one.method)))) for one in trained],
        first=first,
        contests=contests,
        distances=sketch_distances(shown, methods),
        trainings=sketch_trainings(shown, methods),
        questions=ask(
            shown,
            methods,
            asked,
            kinds,
            relevance,
            queries=params.compare.queries,
            count=params.compare.top,
            seed=params.seed,
        ),
        models=_models(root / "artifacts/reconstruct", registrations["models"]),
        unregistered=len(registrations["unregistered"]),
        thumbnail=Thumbnails(root / IMAGES),
    )
    with publish(root / "reports") as folder:
        (folder / "figures").mkdir(parents=True)
        table = pd.DataFrame([{"method": one.method, "bits": one.bits, **one.metrics} for one in results])
        table.reindex(columns=["method", "bits", *names]).to_csv(
            folder / "comparison.csv", index=False, lineterminator="\n"
        )
        comparison = draw_comparison(trained, methods, metric, chance, longest)
        (folder / "figures/comparison.png").write_bytes(png(comparison))
        for one, drawn in page.details:
            (folder / f"figures/{one.name}.png").write_bytes(drawn)
        _write_model_pages(root / "artifacts/reconstruct/pictures", page.models, collection["image"].tolist(), folder)
        (folder / "index.html").write_text(render(page), encoding="utf-8")


def _result(root: Path, method: str, bits: int, relevance: sparse.csr_array) -> Result:
    """Read what the stages `train` to `evaluate` wrote of one method and code length."""
    name = f"{method}-{bits}"
    evaluated, trained = root / f"artifacts/evaluate/{name}", root / f"artifacts/train/{name}"
    reason = read_reason(evaluated)
    if reason is not None:
        return Result(method, bits, reason)
    queries, items = (np.load(root / f"artifacts/encode/{name}/{part}.npy") for part in ("query_test", "database"))
    curve = pd.read_csv(root / f"plots/precision_recall/{name}.csv")
    return Result(
        method,
        bits,
        metrics=read_json(root / f"metrics/{name}.json"),
        scores=read_json(evaluated / "scores.json")["metrics"],
        average_precision=pd.read_parquet(evaluated / "queries.parquet")["average_precision"].to_numpy(),
        curve=Curve(curve["recall"].to_numpy(), curve["precision"].to_numpy()),
        counts=histograms(queries, items, relevance),
        queries=queries,
        database=items,
        history={name: column.to_numpy() for name, column in pd.read_csv(trained / "history.csv").items()},
        epoch=read_json(trained / "selection.json")["epoch"],
    )


def _models(folder: Path, described: list[dict]) -> list[Model]:
    """Join the report of the registrations with the pictures of the models."""
    models = []
    for number, model in enumerate(described):
        path = folder / f"pictures/{number}.png"
        shown = data_uri(path.read_bytes()) if path.exists() else ""
        page = f"models/{number}.html" if path.with_suffix(".npz").exists() else ""
        models.append(Model(shown, page, len(model["images"]), model["points"], model["reprojection_error"]))
    return models


def _write_model_pages(pictures: Path, models: list[Model], names: list[str], folder: Path) -> None:
    """Write the page of each model that was drawn."""
    for number, model in enumerate(models):
        if model.page:
            path = folder / model.page
            path.parent.mkdir(exist_ok=True)
            title = f"Model {number}: {model.photographs} photographs, {model.points:,} points"
            write_model_page(read_drawn(pictures / f"{number}.npz"), title, names, path)


if __name__ == "__main__":
    stage(run)
