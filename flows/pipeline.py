"""The flow `pipeline`: every stage of `dvc.yaml` as a Prefect task, in the order of DVC's graph."""

import csv
import sys
from dataclasses import asdict
from graphlib import TopologicalSorter
from pathlib import Path
from queue import SimpleQueue
from typing import Annotated, Any

from prefect import flow, get_run_logger
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.states import Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import Field

from flows.graph import Stage, downstream, read_graph
from flows.process import no_orphans
from flows.stage import Result, StageError, run_stage

PROJECT = Path(__file__).resolve().parent.parent


@flow(name="pipeline", persist_result=False)
def pipeline(
    root: str | None = None, limit: Annotated[int, Field(ge=1)] = 2, targets: list[str] | None = None, pull: bool = True
) -> State[list[Result]]:
    """Bring the pipeline up to date; fails, naming the stages, when any failed.

    A stage that fails takes along only the stages that need it; the others go on. The outcomes are published
    as the artifact `stages`, and the comparison of the methods as the artifact `comparison`.

    Args:
        root: the project's root; the project this flow belongs to when left out.
        limit: how many stages run at the same time.
        targets: only these stages and what they need; `train` stands for all of `train@...`.
        pull: fetch data that a `.dvc` file tracks and that is missing. Data that is there is never replaced.

    Raises:
        BitscapeError: when the graph cannot be read or a target is unknown.
    """
    folder = Path(root).resolve() if root else PROJECT
    stages = read_graph(folder, targets)
    results = _run_all(folder, stages, limit, pull)
    _publish(folder, [results[name] for name in stages])
    failed = [result.stage for result in results.values() if result.outcome == "failed"]
    skipped = [result.stage for result in results.values() if result.outcome == "skipped"]
    if failed:
        told = f"; skipped behind them: {', '.join(sorted(skipped))}" if skipped else ""
        return Failed(message=f"{len(failed)} of {len(stages)} stages failed: {', '.join(sorted(failed))}{told}.")
    return Completed(message=f"{len(stages)} stages are up to date.", data=list(results.values()))


def _run_all(root: Path, stages: dict[str, Stage], limit: int, pull: bool) -> dict[str, Result]:
    """Run each stage once those that it needs are done, at most `limit` at once."""
    logger = get_run_logger()
    order = TopologicalSorter({name: stage.needs for name, stage in stages.items()})
    order.prepare()
    results: dict[str, Result] = {}
    running: dict[PrefectFuture[Any], str] = {}
    ended: SimpleQueue[PrefectFuture[Any]] = SimpleQueue()
    runner: ThreadPoolTaskRunner[Result] = ThreadPoolTaskRunner(max_workers=limit)
    # The threads of the runner wait for their commands, so `no_orphans` must end those first.
    with runner, no_orphans():
        while order.is_active():
            for name in order.get_ready():
                if name in results:
                    order.done(name)
                    continue
                missing = any(not (root / path).exists() for path in stages[name].data)
                future = runner.submit(run_stage, {"root": str(root), "name": name, "pull": pull and missing})
                running[future] = name
                future.add_done_callback(ended.put)
            if running:
                done = ended.get()
                name = running.pop(done)
                results[name] = _result(name, done)
                if results[name].outcome == "failed":
                    behind = downstream(stages, name)
                    logger.error("%s failed; skipped behind it: %s", name, ", ".join(sorted(behind)) or "nothing")
                    results |= {other: Result(other, "skipped", 0.0) for other in behind}
                order.done(name)
    return results


def _result(name: str, future: PrefectFuture[Any]) -> Result:
    """Take the result of an ended task; a failed one has its exception there."""
    result: Any = future.result(raise_on_failure=False)
    if isinstance(result, Result):
        return result
    return Result(name, "failed", round(result.finished.seconds, 2) if isinstance(result, StageError) else 0.0)


def _publish(root: Path, results: list[Result]) -> None:
    """Show the outcomes, and the comparison where there is one, in Prefect's interface."""
    create_table_artifact(
        key="stages", table=[asdict(result) for result in results], description="What became of each stage."
    )
    comparison = root / "reports" / "comparison.csv"
    if comparison.is_file():
        with comparison.open(encoding="utf-8", newline="") as file:
            create_table_artifact(
                key="comparison", table=list(csv.DictReader(file)), description="The methods compared."
            )


if __name__ == "__main__":
    sys.exit(pipeline(return_state=True).is_completed() is False)
