"""Measures of graded relevance where items are tied: NDCG, ACG and weighted average precision, in expectation.

Definitions are those of DSRH's evaluation (2.9 of its specification, after the official code, which draws 100 random
orders of the ties; their exact expectation takes the place of that). They need no more than how many items of each
grade lie at each distance. A cut within a tie is exact too, where the official code keeps whatever items sorting put
before it.
"""

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bitscape.hamming.codes import Codes
from bitscape.hamming.ranking import BLOCK, histograms
from bitscape.hamming.ties import harmonic_numbers, hypergeometric, nearer, ratio

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Over = Literal["found", "all"]
"""What weighted AP is divided by: relevant items within the first T ranks (official code), or all there are."""


class Graded(NamedTuple):
    """What measures of graded relevance need; items at one distance are tied.

    Attributes:
        counts: (queries, distances, levels) int64, items of each grade 0, 1, ... at each distance, nearest first.
    """

    counts: Ints

    @property
    def items(self) -> Ints:
        """(queries, distances) all items."""
        return self.counts.sum(axis=2)

    @property
    def before(self) -> Ints:
        """(queries, distances) items that are nearer."""
        return nearer(self.items)

    @property
    def relevant(self) -> Ints:
        """(queries, distances) items of a grade above 0."""
        return self.counts[:, :, 1:].sum(axis=2)

    @property
    def grades(self) -> Ints:
        """(queries, distances) the sum of the grades."""
        return self.counts @ np.arange(self.counts.shape[2])


def graded_histograms(queries: Codes, database: Codes, relevance: "csr_array") -> Graded:
    """Count the items of each grade at each distance from each query.

    Args:
        queries: (queries, bits / 8) uint8.
        database: (items, bits / 8) uint8.
        relevance: sparse (queries, items) integer grades; `JUNK` is not counted.

    Raises:
        BitscapeError: if these are no packed codes, or the shapes do not fit together.
    """
    items = histograms(queries, database, relevance).items
    pairs = relevance.tocoo()
    levels = int(pairs.data.max(initial=0)) + 1
    counts = np.zeros(items.size * levels, dtype=np.int64)
    for start in range(0, pairs.nnz, BLOCK):
        row, column, grade = (part[start : start + BLOCK].astype(np.int64) for part in (*pairs.coords, pairs.data))
        row, column, grade = (part[grade > 0] for part in (row, column, grade))
        distance = np.bitwise_count(queries[row] ^ database[column]).sum(axis=1, dtype=np.int64)
        counts += np.bincount((row * items.shape[1] + distance) * levels + grade, minlength=counts.size)
    shaped = counts.reshape(*items.shape, levels)
    shaped[:, :, 0] = items - shaped[:, :, 1:].sum(axis=2)
    return Graded(shaped)


def expected_dcg(counted: Graded, p: int) -> Floats:
    """DCG of the first `p` ranks, sum of (2^r - 1) / ln(1 + rank), expected over all orders of the ties: (queries,)."""
    items, before = counted.items, counted.before
    discounts = _discounts(counted, p)
    shares = discounts[before + items] - discounts[before]
    gains = counted.counts @ (np.exp2(np.arange(counted.counts.shape[2])) - 1)
    return ratio(gains * shares, items).sum(axis=1)


def ndcg_at(counted: Graded, p: int) -> Floats:
    """Expected DCG over that of the best order of the whole database, at `p` ranks.

    Args:
        counted: items of each grade at each distance.
        p: ranks that count, at least 1.

    Returns:
        (queries,) in [0, 1]; NaN for a query without any relevant item, which means are to leave out (a proposal).
    """
    # The best order is a ranking with a tie of each grade, the highest first.
    totals = counted.counts.sum(axis=1)
    best = expected_dcg(Graded((totals[:, :, None] * np.eye(totals.shape[1], dtype=np.int64))[:, ::-1]), p)
    return np.divide(expected_dcg(counted, p), best, out=np.full(len(best), np.nan), where=best > 0)


def acg_at(counted: Graded, p: int) -> Floats:
    """Expected average grade of the first `p` ranks; ranks beyond the database count 0: (queries,)."""
    return ratio(counted.grades * _kept(counted, p), counted.items).sum(axis=1) / p


def weighted_average_precision(counted: Graded, top: int | None = None, over: Over = "found") -> Floats:
    """Expected sum of ACG@k over the ranks k <= `top` of relevant items, divided by a number of relevant items.

    Args:
        counted: items of each grade at each distance.
        top: T, 5000 in the official code; None is the whole ranking.
        over: which relevant items are counted.

    Returns:
        (queries,); 0 for a query without any. With grades of 0 and 1 it is average precision.
    """
    items, relevant, before = counted.items, counted.relevant, counted.before
    kept = items if top is None else _kept(counted, top)
    harmonic, summed = harmonic_numbers(items), nearer(counted.grades)
    sums = _precisions(kept, items, relevant, counted.grades, before, summed, harmonic)
    if over == "all":
        return ratio(sums.sum(axis=1), relevant.sum(axis=1))
    whole = kept == items
    scores = ratio((sums * whole).sum(axis=1), (relevant * whole).sum(axis=1))
    for query, tie in np.argwhere((kept > 0) & ~whole):  # one tie of a query at most is cut
        size, hits, drawn = (int(part[query, tie]) for part in (items, relevant, kept))
        # How many relevant items are among those drawn is hypergeometric; their mean grade is that of the tie.
        x, chance = hypergeometric(size, hits, drawn)
        share, n = x * counted.grades[query, tie] / max(hits, 1), np.full_like(x, drawn)
        start, rank = np.full_like(x, summed[query, tie]), np.full_like(x, before[query, tie])
        inside = _precisions(n, n, x, share, rank, start, harmonic)
        found = relevant[query, :tie].sum() + x
        scores[query] = chance @ ratio(sums[query, :tie].sum() + inside, found)
    return scores


def _precisions(
    kept: Ints, n: Ints, m: Ints, grades: Ints | Floats, before: Ints, summed: Ints, harmonic: Floats
) -> Floats:
    """Expected sum of ACG at relevant items among the first `kept` of `n` tied items, `m` of them relevant.

    At the t-th of them, rank k = N + t, the expectation of [r_k > 0] times the sum of grades so far is
    (m S + G) / n + (t - 1) G (m - 1) / (n (n - 1)), S and G the grades of nearer and of tied items.
    """
    rise = harmonic[before + kept] - harmonic[before]
    each = grades * np.maximum(m - 1, 0) / np.maximum(n - 1, 1)
    return ((m * summed + grades) * rise + each * (kept - (before + 1) * rise)) / np.maximum(n, 1)


def _kept(counted: Graded, p: int) -> Ints:
    return np.clip(p - counted.before, 0, counted.items)


def _discounts(counted: Graded, p: int) -> Floats:
    """Sums of the discounts of the first 0, 1, ... ranks, none beyond rank p."""
    ranks = np.arange(1, counted.items.sum(axis=1).max(initial=0) + 1)
    return np.concatenate([[0.0], np.cumsum((ranks <= p) / np.log(1 + ranks))])
