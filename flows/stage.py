"""One stage of the pipeline as one Prefect task."""

import re
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from flows.process import Finished, run

TOLD_LINES = 20
RETRY_DELAYS = [2.0, 15.0]  # seconds

# Faults that pass by themselves, as DVC, the requests library and the system word them. Everything else would fail
# again, so it is not tried again.
PASSING = re.compile(
    r"is busy, it is being blocked by"
    r"|Unable to acquire lock"
    r"|(?:Connect|Read)\w*Timeout|timed out|TimeoutError"
    r"|Connection (?:refused|reset|aborted)|ConnectionError|Temporary failure in name resolution"
    r"|exited with (?:-9|137)\b",
)


@dataclass(frozen=True)
class Result:
    """What became of a stage.

    Attributes:
        stage: its name.
        outcome: `ran`, `restored` (out of DVC's cache), `fetched` (out of its remote), `unchanged`, `failed`
            or `skipped`.
        seconds: wall time of its command; 0 where it was skipped.
    """

    stage: str
    outcome: str
    seconds: float


class StageError(Exception):
    """A stage failed; the message holds the command and the last lines of its output."""

    def __init__(self, command: str, finished: Finished) -> None:
        told = "\n".join(finished.lines[-TOLD_LINES:])
        super().__init__(f"`{command}` ended with status {finished.code} after {finished.seconds:.1f} s:\n{told}")
        self.finished = finished


def passes(_task: Any, _run: Any, state: Any) -> bool:
    """Tell Prefect whether a failed attempt is worth another: only where the fault passes by itself."""
    error = state.result(raise_on_failure=False)
    if not isinstance(error, StageError):
        return False
    return error.finished.code in (-9, 137) or any(PASSING.search(line) for line in error.finished.lines)


@task(
    task_run_name="{name}",
    retries=len(RETRY_DELAYS),
    retry_delay_seconds=RETRY_DELAYS,
    retry_condition_fn=passes,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def run_stage(root: str, name: str, pull: bool) -> Result:
    """Bring one stage up to date; DVC decides whether there is anything to do.

    Args:
        root: the project's root.
        name: the stage, as `dvc repro` takes it.
        pull: fetch what the `.dvc` file `name` tracks instead, from DVC's remote.

    Raises:
        StageError: when the command fails.
    """
    logger = get_run_logger()
    action = ["pull", name] if pull else ["repro", "--single-item", name]
    command = [sys.executable, "-m", "dvc", "--wait-for-lock", *action]
    logger.info("In %s: %s", root, shlex.join(command))
    finished = run(command, Path(root), lambda line: logger.info(line) if line else None)
    if finished.code:
        raise StageError(shlex.join(command), finished)
    outcome = "fetched" if pull else _outcome(finished.lines)
    return Result(name, outcome, round(finished.seconds, 2))


def _outcome(lines: tuple[str, ...]) -> str:
    """Read DVC's own words, which frame the stage's output."""
    if any(line.endswith("didn't change, skipping") for line in lines):
        return "unchanged"
    return "restored" if any("is cached - skipping run" in line for line in lines) else "ran"
