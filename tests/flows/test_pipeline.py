import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.objects import State
from prefect.settings import PREFECT_API_URL

from bitscape.core.errors import BitscapeError
from flows.pipeline import pipeline
from flows.process import Finished
from flows.stage import StageError, passes
from flows.stage import run as run_command
from tests.flows.servers import ask, background, until

PROJECT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.usefixtures("prefect_server")


def go(root: Path, **parameters: Any) -> State:
    return pipeline(root=str(root), return_state=True, **parameters)


def table(state: State, key: str) -> list[dict[str, Any]]:
    """Read a table that a flow run published, over the API."""
    chosen = {"key": {"any_": [key]}, "flow_run_id": {"any_": [str(state.state_details.flow_run_id)]}}
    found = ask(f"{PREFECT_API_URL.value()}/artifacts/filter", {"artifacts": chosen})
    return [row for artifact in found for row in json.loads(artifact["data"])]


def outcomes(state: State) -> dict[str, str]:
    return {row["stage"]: row["outcome"] for row in table(state, "stages")}


def order(root: Path) -> list[str]:
    """The stages in the order in which they started."""
    lines = (root / "events.log").read_text().splitlines()
    return [line.split()[1] for line in lines if line.startswith("start")]


def test_a_failure_takes_along_only_what_needs_it(toy: Path) -> None:
    targets = ["far_behind", "each@x-8"]
    state = go(toy, targets=targets)
    assert state.is_failed()
    assert state.message == "1 of 9 stages failed: failing; skipped behind them: behind, far_behind."
    assert outcomes(state) == {
        "data.dvc": "fetched",
        "first": "ran",
        "left": "ran",
        "right": "ran",
        "join": "ran",
        "failing": "failed",
        "behind": "skipped",
        "far_behind": "skipped",
        "each@x-8": "ran",
    }
    # left and right only end when they run side by side, so their order is free.
    started = order(toy)
    assert started.index("join") > max(started.index("left"), started.index("right")) > started.index("first") == 0
    assert started.count("failing") == 1  # a fault that does not pass is not tried again
    chosen = {"id": {"any_": [str(state.state_details.flow_run_id)]}}
    found = ask(f"{PREFECT_API_URL.value()}/task_runs/filter", {"flow_runs": chosen})
    tasks = {run["name"]: run["state"] for run in found}
    assert tasks.keys() == outcomes(state).keys() - {"behind", "far_behind"}
    told = tasks["failing"]["message"]
    assert "--wait-for-lock repro --single-item failing" in told
    assert "the last word" in told
    assert "line 29" in told
    assert "line 5\n" not in told

    # What is up to date stays; the failure alone is tried again.
    again = go(toy, targets=["failing"])
    assert outcomes(again) == {"data.dvc": "unchanged", "first": "unchanged", "failing": "failed"}
    assert order(toy) == [*started, "failing"]


def test_limit_1_is_one_after_the_other(toy: Path) -> None:
    (toy / "reports").mkdir()
    (toy / "reports" / "comparison.csv").write_text("method,bits,map_expected\nlsh,16,0.25\n")
    state = go(toy, targets=["each"], limit=1)
    assert state.is_completed()
    events = [line.split()[:2] for line in (toy / "events.log").read_text().splitlines()]
    names = [name for _, name in events[::2]]
    assert events == [[what, name] for name in names for what in ("start", "end")]
    assert len(names) == 3
    assert table(state, "comparison") == [{"method": "lsh", "bits": "16", "map_expected": "0.25"}]


def test_data_that_is_there_is_never_replaced(toy: Path) -> None:
    (toy / "data").mkdir()
    (toy / "data" / "mine.txt").write_text("my own photograph\n")
    state = go(toy, targets=["first"])
    assert state.is_completed()
    assert outcomes(state)["data.dvc"] == "ran"
    assert [path.name for path in (toy / "data").iterdir()] == ["mine.txt"]


def test_without_pull_missing_data_is_a_failure_that_says_so(toy: Path) -> None:
    state = go(toy, targets=["first"], pull=False)
    assert state.message == "1 of 2 stages failed: data.dvc; skipped behind them: first."
    assert not (toy / "data").exists()


def test_an_unknown_target_fails_before_anything_runs(toy: Path) -> None:
    state = go(toy, targets=["frist"])
    assert "There is no stage `frist` in dvc.yaml" in str(state.message)
    with pytest.raises(BitscapeError):
        state.result()
    assert not (toy / "data").exists()


def test_a_busy_output_is_waited_for(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocker = subprocess.Popen(["sleep", "600"])
    busy = {"write": {str(toy / "first.out"): {"pid": blocker.pid, "cmd": "dvc repro first"}}, "read": {}}
    (toy / ".dvc" / "tmp" / "rwlock").write_text(json.dumps(busy))
    attempts: list[Finished] = []

    def run_once_blocked(*arguments: Any) -> Finished:
        finished = run_command(*arguments)
        if finished.code:
            blocker.kill()
            blocker.wait()
        attempts.append(finished)
        return finished

    monkeypatch.setattr("flows.stage.run", run_once_blocked)
    monkeypatch.setattr("flows.stage.run_stage.retry_delay_seconds", [0.1, 0.1])
    try:
        state = go(toy, targets=["first"])
    finally:
        blocker.kill()
        blocker.wait()
    assert [attempt.code != 0 for attempt in attempts] == [False, True, False]
    assert "is busy, it is being blocked by" in "\n".join(attempts[1].lines)
    assert outcomes(state) == {"data.dvc": "fetched", "first": "ran"}


@pytest.mark.parametrize(
    ("code", "line", "expected"),
    [
        (1, "ERROR: Unable to acquire lock. Most likely another DVC process is running", True),
        (255, "requests.exceptions.ConnectTimeout: HTTPSConnectionPool(host='hub', port=443)", True),
        (255, "socket.gaierror: [Errno -3] Temporary failure in name resolution", True),
        (255, "ERROR: failed to reproduce 'train': failed to run: python -m x, exited with -9", True),
        (255, "ERROR: failed to reproduce 'train': failed to run: python -m x, exited with 137", True),
        (-9, "epoch 3", True),
        (255, "ERROR: failed to reproduce 'train': failed to run: python -m x, exited with 1", False),
        (255, "ValueError: bits must be a multiple of 8", False),
    ],
)
def test_only_what_passes_by_itself_is_tried_again(code: int, line: str, expected: bool) -> None:
    class Ended:
        """All that the condition reads of a task's state."""

        def result(self, raise_on_failure: bool) -> StageError:
            return StageError("dvc repro", Finished(code, 1.0, ("some output", line, "and more")))

    assert passes(None, None, Ended()) is expected


def test_serve_offers_a_deployment_with_a_paused_schedule(prefect_env: dict[str, str], tmp_path: Path) -> None:
    api = prefect_env["PREFECT_API_URL"]
    with background([sys.executable, "-m", "flows.serve"], PROJECT, tmp_path / "serve.log", prefect_env):
        deployment = until(lambda: ask(f"{api}/deployments/name/pipeline/laptop"), 60)
    assert [(one["schedule"]["cron"], one["active"]) for one in deployment["schedules"]] == [("0 2 * * *", False)]
    assert deployment["parameters"] == {"root": str(PROJECT), "limit": 2}
