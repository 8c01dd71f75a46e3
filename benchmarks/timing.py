"""Timing of several ways to search by turns, in one order and then in the other.

What else the machine does so falls on all alike; what is told is the median of the rounds.
"""

import time
from statistics import median

from benchmarks.contenders import Contender
from bitscape.core.progress import follow

ROUNDS = 9
SECONDS = 0.2
"""At least so long is one timing; short searches are repeated within it."""
QUIET = (0.97, 0.15)
"""For figures to be published: the least share of the time that the processor must have worked, and the most by which
the rounds of one search may differ. Either alone does not see every load."""


def measure(contenders: list[Contender], queries: int) -> None:
    """Time all by turns."""
    repeats = []
    for one in contenders:
        one.search()  # what happens the first time alone is not measured
        start = time.perf_counter()
        one.search()
        repeats.append(max(1, round(SECONDS / max(time.perf_counter() - start, 1e-6))))
    turns = list(zip(contenders, repeats, strict=True))
    for number in follow(range(ROUNDS), "time", ROUNDS):
        for one, times in turns if number % 2 == 0 else reversed(turns):
            start, worked = time.perf_counter(), time.process_time()
            for _ in range(times):
                one.search()
            taken = time.perf_counter() - start
            one.seconds.append(taken / times / queries)
            one.busy.append((time.process_time() - worked) / taken)


def quietness(contenders: list[Contender]) -> str:
    """Tell how far the timings can be trusted."""
    spreads = {one.name: (max(one.seconds) - min(one.seconds)) / median(one.seconds) for one in contenders}
    widest = max(spreads, key=lambda name: spreads[name])
    busy = median(share for one in contenders for share in one.busy)
    spread = median(spreads.values())
    quiet = busy >= QUIET[0] and spread <= QUIET[1]
    warning = "" if quiet else " THE MACHINE WAS BUSY: these are no figures to publish."
    return (
        f"The processor worked {busy:.0%} of the time that was taken; the rounds of one search differ by "
        f"{spread:.0%} in the median, by {spreads[widest]:.0%} at most ({widest}).{warning}"
    )
