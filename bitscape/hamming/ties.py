"""What the formulae of tied rankings share: harmonic numbers, ratios that may be 0 / 0, and draws from a tie."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def nearer(counts: Ints) -> Ints:
    """How many are nearer than each distance, of (queries, distances) numbers at each distance."""
    summed: Ints = np.cumsum(counts, axis=1) - counts
    return summed


def harmonic_numbers(items: Ints) -> Floats:
    """H(0), H(1), ... up to the longest ranking of (queries, distances) items at each distance."""
    longest = int(items.sum(axis=1).max(initial=0))
    return np.concatenate([[0.0], np.cumsum(1.0 / np.arange(1, longest + 1))])


def ratio(numerator: Floats | Ints, denominator: Ints) -> Floats:
    """Divide; 0 where the denominator is."""
    return np.divide(numerator, denominator, out=np.zeros(np.shape(numerator)), where=np.asarray(denominator) > 0)


def hypergeometric(size: int, hits: int, drawn: int) -> tuple[Ints, Floats]:
    """Draw from a tie without putting back, as a cut-off within it does in a random order.

    Args:
        size: items of the tie.
        hits: relevant ones among them.
        drawn: items that are drawn.

    Returns:
        The numbers of hits that there can be among those drawn, ascending, and the chance of each.
    """
    x = np.arange(max(0, drawn - (size - hits)), min(hits, drawn) + 1)
    factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, size + 1)))])

    def log_choose(n: int | Ints, m: int | Ints) -> Floats:
        chosen: Floats = factorial[n] - factorial[m] - factorial[n - m]
        return chosen

    return x, np.exp(log_choose(hits, x) + log_choose(size - hits, drawn - x) - log_choose(size, drawn))
