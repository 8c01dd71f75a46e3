"""Anyone's codes, measured: every metric with its interval over the queries and its bounds over the ties."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bitscape.core.metric_names import EmptyQuery
from bitscape.hamming.codes import Codes
from bitscape.hamming.health import health
from bitscape.hamming.ranking import Histograms
from bitscape.retrieval import dropped
from bitscape.retrieval.bootstrap import Difference, macro_interval, mean_interval, paired_difference
from bitscape.retrieval.card import Card, Line
from bitscape.retrieval.empty_queries import settle
from bitscape.retrieval.metrics import Metric, Scores, measure, parse
from bitscape.retrieval.per_class import OfClass, measure_classes
from bitscape.retrieval.precision_recall import by_radius
from bitscape.retrieval.truth import Classes, Truth

Floats = NDArray[np.float64]


def score(
    queries: Codes,
    database: Codes,
    truth: Truth,
    names: Sequence[str],
    empty_query: EmptyQuery = "exclude",
    bits: int | None = None,
    seed: int = 0,
) -> Card:
    """Measure codes.

    Args:
        queries: (queries, bytes) uint8, packed codes.
        database: (items, bytes) uint8, packed codes.
        truth: what each query should find.
        names: of metrics, see `bitscape.retrieval.metrics`.
        empty_query: what a query without any relevant item counts.
        bits: code length, where it is not a multiple of 8.
        seed: of the bootstrap.

    Returns:
        The metrics with all that belongs to them.

    Raises:
        BitscapeError: if a name is none, the shapes do not fit together, or a query has nothing to find and that is
            an error.
    """
    metrics = [parse(name) for name in names]
    chosen = [metric for metric in metrics if truth.gains or not metric.graded]
    bounded = [metric for metric in chosen if metric.ties == "expected"]
    wanted = dict.fromkeys(metric.name for metric in chosen)
    wanted |= dict.fromkeys(one.name for metric in bounded for one in metric.extremes)
    counted = truth.counts(queries, database)
    relevant = counted.relevant
    without = relevant.sum(axis=1) == 0
    kept = ~without | (empty_query == "zero")
    found = measure(list(wanted), queries, database, truth, counted)
    scores = {name: settle(one, without, empty_query) for name, one in found.items()}
    of_classes = {}
    if truth.members:
        of_classes = measure_classes([one.name for one in chosen], queries, database, truth.members, empty_query)
    lines = []
    for metric in chosen:
        own = scores[metric.name]
        worst, best = _bounds(metric, scores) if metric in bounded else (None, None)
        each = of_classes[metric.name] if of_classes else _per_class(own, truth)
        interval, means = mean_interval(*own, seed), {name: one.scores.mean for name, one in each.items()}
        macro = macro_interval([(one.queries, *one.scores) for one in each.values()], len(queries), seed)
        lines.append(Line(metric.name, own.mean, *interval, worst, best, means, *macro))
    return Card(
        lines,
        health(database, bits),
        int(kept.sum()),
        int(without.sum()),
        int(counted.items.max(initial=0)),
        [metric.name for metric in metrics if metric not in chosen],
        by_radius(
            Histograms(*(part[kept, : None if bits is None else bits + 1] for part in (counted.items, relevant)))
        ),
        {metric.name: scores[metric.name] for metric in chosen},
    )


def differences(first: Card, second: Card, seed: int = 0) -> dict[str, Difference]:
    """Compare two methods in pairs, query by query, by the bootstrap over queries.

    Args:
        first: of one method.
        second: of another, with the same queries, database and truth.
        seed: of the resamples.

    Returns:
        Metric -> first - second, without metrics that an order of the ties can leave a query out of, and without those
        that no query has in both.
    """
    pairs = {}
    for line in first.lines:
        both = first.scores[line.name], second.scores[line.name]
        if all(np.isin(one.weights, (0.0, 1.0)).all() for one in both):
            ours, theirs = (np.where(one.weights > 0, one.values, np.nan) for one in both)
            pairs[line.name] = paired_difference(ours, theirs, seed)
    return {name: pair for name, pair in pairs.items() if pair.mean == pair.mean}


def _bounds(metric: Metric, scores: dict[str, Scores]) -> tuple[float, float]:
    worst, best = (scores[one.name] for one in metric.extremes)
    if metric.misses != "dropped":
        return worst.mean, best.mean
    counts = worst.weights > 0
    return dropped.bounds(worst.values[counts], best.values[counts], metric.k or 1)


def _per_class(scores: Scores, truth: Truth) -> dict[str, OfClass]:
    if not isinstance(truth, Classes) or truth.names is None:
        return {}
    found = {}
    for number, name in enumerate(truth.names):
        own = np.flatnonzero(truth.queries == number)
        if scores.weights[own].any():
            found[str(name)] = OfClass(own, Scores(scores.values[own], scores.weights[own]))
    return found
