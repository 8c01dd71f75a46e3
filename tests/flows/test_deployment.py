"""The commands of docs/prefect.md, really run: a server, a worker, the deployment, a run and a cancellation."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.flows.servers import PREFECT, ask, background, has_ended, until

PROJECT = Path(__file__).resolve().parents[2]


def test_prefect_deployment_run(toy: Path, tmp_path: Path, prefect_env: dict[str, str]) -> None:
    shutil.copytree(PROJECT / "flows", toy / "flows", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "prefect.yaml", toy)
    for file in ("__init__.py", "core/__init__.py", "core/errors.py"):
        (toy / "bitscape" / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / "bitscape" / file, toy / "bitscape" / file)
    stages = yaml.safe_load((toy / "dvc.yaml").read_text())["stages"]
    kept = {name: stage for name, stage in stages.items() if name in ("first", "left", "right", "join")}
    (toy / "dvc.yaml").write_text(yaml.safe_dump({"stages": kept}))

    api = prefect_env["PREFECT_API_URL"]

    def command(*arguments: str) -> None:
        done = subprocess.run(
            [PREFECT, *arguments], cwd=toy, env=prefect_env, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr

    with background(
        [PREFECT, "worker", "start", "--pool", "bitscape", "--type", "process"],
        tmp_path,
        tmp_path / "worker.log",
        prefect_env,
    ):
        until(lambda: ask(f"{api}/work_pools/bitscape"), 60)
        command("deploy", "--all")
        deployment = ask(f"{api}/deployments/name/pipeline/nightly")
        assert [schedule["active"] for schedule in deployment["schedules"]] == [False]

        command("deployment", "run", "pipeline/nightly")
        run = until(lambda: ended(api, deployment["id"], "COMPLETED", "FAILED", "CRASHED"), 120)
        assert (run["state"]["type"], run["state"]["message"]) == ("COMPLETED", "5 stages are up to date.")
        assert (toy / "join.out").read_text() == "join"
        chosen = {"key": {"any_": ["stages"]}, "flow_run_id": {"any_": [run["id"]]}}
        (artifact,) = ask(f"{api}/artifacts/filter", {"artifacts": chosen})
        assert {row["stage"]: row["outcome"] for row in json.loads(artifact["data"])} == {
            "data.dvc": "fetched",
            **dict.fromkeys(kept, "ran"),
        }

        # Cancelling ends the stage, not just the flow.
        (toy / "dvc.yaml").write_text(yaml.safe_dump({"stages": {**kept, "sleeping": stages["sleeping"]}}))
        body = {"parameters": {"targets": ["sleeping"]}, "state": {"type": "SCHEDULED"}}
        run = ask(f"{api}/deployments/{deployment['id']}/create_flow_run", body)
        pid = until(lambda: started(toy, "sleeping"), 60)
        ask(f"{api}/flow_runs/{run['id']}/set_state", {"state": {"type": "CANCELLING"}})
        until(lambda: has_ended(pid), 60)
        until(lambda: ended(api, deployment["id"], "CANCELLED"), 60)


def ended(api: str, deployment: str, *states: str) -> Any:
    """Find a run of the deployment that is in one of the states."""
    chosen = {"deployment_id": {"any_": [deployment]}, "state": {"type": {"any_": list(states)}}}
    found = ask(f"{api}/flow_runs/filter", {"flow_runs": chosen})
    return found[0] if found else None


def started(toy: Path, name: str) -> int | None:
    """Tell the process of a stage that has started."""
    lines = [line.split() for line in (toy / "events.log").read_text().splitlines()]
    return next((int(pid) for what, stage, pid in lines if (what, stage) == ("start", name)), None)
