"""Triplets of short ranking lists, after the official code of DSRH (2.6 of the specification)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bitscape.supervision.bursts import own_burst

Grades = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.int64]]
QUERIES_PER_BLOCK = 128  # grades of so many queries are held at once
PAIRS = ((0, 1), (0, 2), (1, 2))  # places of a list of three: the first of each pair is the more relevant


@dataclass(frozen=True)
class Triplets:
    """Each query's more relevant photograph is to be nearer to it than the less relevant one.

    Attributes:
        query: (t,) training photographs.
        more: (t,) the more relevant of the two.
        less: (t,) the less relevant.
        weight: (t,) float64, omega of each.
    """

    query: NDArray[np.int64]
    more: NDArray[np.int64]
    less: NDArray[np.int64]
    weight: NDArray[np.float64]


def repetitions(labels: sparse.csr_array, constant: int) -> NDArray[np.int64]:
    """How often each photograph is a query of an epoch, so that rare labels have their share (official code).

    Args:
        labels: (n, C) of ones.
        constant: 3000 in the official code, of 220,160 photographs.

    Returns:
        (n,) max over its labels c of floor(constant / n_c) + 1, n_c photographs with c; 0 for one without label.
    """
    of_label = constant // np.maximum(np.asarray(labels.sum(axis=0)), 1) + 1
    repeats = np.zeros(labels.shape[0], dtype=np.int64)
    np.maximum.at(repeats, np.repeat(np.arange(len(repeats)), np.diff(labels.indptr)), of_label[labels.indices])
    return repeats


def draw_queries(repeats: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw (count,) queries at most, without replacement of what `repetitions` says of each of n photographs."""
    # Small collections have thousands of each: half the bytes, shuffled in place, are a quarter of the memory.
    queries = np.repeat(np.arange(len(repeats), dtype=np.int32), repeats)
    rng.shuffle(queries)
    return queries[:count].astype(np.int64)


def list_weights(grades: NDArray[np.int64]) -> NDArray[np.float64]:
    """omega_ij = (2^r_i - 2^r_j) / Z of each two places of a ranking list, Z its ideal DCG with natural logarithms.

    Args:
        grades: (q, M) r of q lists, falling along each; a place that is empty counts as 0.

    Returns:
        (q, M, M) float64; 0 everywhere where all grades are 0. A list of one relevant and irrelevant ones has ln 2.
    """
    gains = np.exp2(grades.astype(np.float64)) - 1
    ideal = (gains / np.log(np.arange(2, grades.shape[1] + 2))).sum(axis=1)
    weights: NDArray[np.float64] = (gains[:, :, None] - gains[:, None, :]) / np.where(ideal > 0, ideal, 1)[
        :, None, None
    ]
    return weights


def draw_triplets(
    queries: NDArray[np.int64],
    grades: Grades,
    candidates: NDArray[np.bool_],
    rng: np.random.Generator,
    allow_self: bool = False,
    bursts: NDArray[np.int64] | None = None,
) -> Triplets:
    """Draw one ranking list for each query, and take its triplets.

    The list has one photograph of the highest grade r_max there is for the query, one of 0 < r < r_max and one of
    r = 0, each uniform among all such. Where r_max is 1, or none lies between, the list has two places and gives one
    triplet, of weight ln 2. A list without a photograph of r = 0 keeps its first two places (this project's proposal);
    a query for which fewer than two places can be filled gives no triplet.

    Args:
        queries: (q,) training photographs; one may come several times and gets a fresh list each time.
        grades: of (r,) against (c,) photographs, (r, c) of 0 and above.
        candidates: (n,) which photographs lists may hold.
        rng: what is drawn depends on it alone.
        allow_self: let the query be in its own list, as the official code does.
        bursts: (n,) photographs of one number are near-duplicates; a query's own are in its list only where nothing
            else is relevant to it (this project's).

    Returns:
        The triplets in the order of the queries, those of one list (1a, 1b), (1a, 2), (1b, 2).
    """
    everything = np.arange(len(candidates))
    none = np.empty(0, dtype=np.int64)
    parts = [Triplets(none, none, none, np.empty(0))]
    for start in range(0, len(queries), QUERIES_PER_BLOCK):
        block = queries[start : start + QUERIES_PER_BLOCK]
        relevance = grades(block, everything)
        relevance[:, ~candidates] = -1
        if not allow_self:
            relevance[np.arange(len(block)), block] = -1
        if bursts is not None:
            own = own_burst(relevance, bursts[block], bursts)
            own[np.arange(len(block)), block] = False  # which is what `allow_self` says
            relevance[own] = -1
        highest = relevance.max(axis=1, keepdims=True)
        best = (relevance == highest) & (relevance > 0)
        places = np.stack(
            [_draw(places, rng) for places in (best, (relevance > 0) & ~best, relevance == 0)],
            axis=1,
        )
        there = places >= 0
        listed = np.where(there, np.take_along_axis(relevance, np.maximum(places, 0), axis=1), 0)
        weights = list_weights(listed)
        more, less = np.array(PAIRS).T
        valid = there[:, more] & there[:, less]
        query = np.repeat(block, valid.sum(axis=1))
        parts.append(Triplets(query, places[:, more][valid], places[:, less][valid], weights[:, more, less][valid]))
    return Triplets(
        np.concatenate([part.query for part in parts]),
        np.concatenate([part.more for part in parts]),
        np.concatenate([part.less for part in parts]),
        np.concatenate([part.weight for part in parts]),
    )


def _draw(among: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw a column uniformly among the true ones of each row; -1 where there is none."""
    counts = among.sum(axis=1)
    _, columns = np.nonzero(among)
    drawn = np.cumsum(counts) - counts + rng.integers(0, np.maximum(counts, 1))
    # The number of a row without any may lie behind the last; what it would name is not taken.
    return np.where(counts > 0, np.append(columns, -1)[np.minimum(drawn, len(columns))], -1)
