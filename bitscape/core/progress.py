"""Progress of anything that takes longer than a breath: a bar on a terminal, plain lines in a log."""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

T = TypeVar("T")
SECONDS_BETWEEN_LINES = 5.0


class Advance(Protocol):
    """Tell that `steps` more units are done; `note` is a short remark, such as the loss."""

    def __call__(self, steps: int = 1, note: str = "") -> None:
        """Advance."""


@contextmanager
def progress(description: str, total: int) -> Iterator[Advance]:
    """Show how far a loop of `total` units has come.

    On a terminal this is a rich bar on standard error. Elsewhere (DVC, Prefect, a log file) it is one
    plain line at most every five seconds and one at the end, none for loops shorter than two seconds.

    Args:
        description: what is being done, such as "describe photographs".
        total: the number of units.

    Yields:
        The function to call after each unit.
    """
    if sys.stderr.isatty():
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task(description, total=total)

            def advance_bar(steps: int = 1, note: str = "") -> None:
                bar.update(task, advance=steps, description=f"{description} {note}".strip())

            yield advance_bar
        return

    start = last = time.monotonic()
    done, remark = 0, ""

    def advance_line(steps: int = 1, note: str = "") -> None:
        nonlocal done, last, remark
        done, remark = min(done + steps, total), note  # COLMAP may register a photograph in several attempts
        if time.monotonic() - last >= SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            print(f"{description}: {done}/{total} {note}".rstrip(), file=sys.stderr, flush=True)

    yield advance_line
    seconds = time.monotonic() - start
    if seconds >= 2:
        print(f"{description}: {done}/{total} in {seconds:.1f} s {remark}".rstrip(), file=sys.stderr, flush=True)


def follow(items: Iterable[T], description: str, total: int) -> Iterator[T]:
    """Iterate over `items` and show the progress."""
    with progress(description, total) as advance:
        for item in items:
            yield item
            advance()
