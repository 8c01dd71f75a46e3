"""A small DVC project with a diamond, a failure and a sleeper, and a Prefect server of the session's own."""

import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import flows  # noqa: F401  (sets what Prefect reads at its first import)
from tests.flows.servers import PREFECT, ask, background, free_port, until

WORK = """
    import os, pathlib, sys, time

    name, how = sys.argv[1], sys.argv[2]
    with open("events.log", "a") as log:
        log.write(f"start {name} {os.getpid()}\\n")
    if how == "meet":  # ends only when it runs at the same time as another
        pathlib.Path(f"{name}.here").touch()
        end = time.monotonic() + 30
        while not pathlib.Path(f"{sys.argv[3]}.here").exists():
            if time.monotonic() > end:
                sys.exit("nobody came")
            time.sleep(0.05)
    elif how == "fail":
        for line in range(30):
            print(f"line {line}")
        sys.exit("the last word")
    elif how == "sleep":
        time.sleep(600)
    print(f"hello from {name}", flush=True)
    pathlib.Path(f"{name}.out").write_text(name)
    with open("events.log", "a") as log:
        log.write(f"end {name} {os.getpid()}\\n")
"""


def _stage(command: str, *needs: str) -> dict[str, object]:
    return {"cmd": f"python work.py {command}", "deps": list(needs), "outs": [f"{command.split()[0]}.out"]}


STAGES = {
    "first": _stage("first work", "data"),
    "left": _stage("left meet right", "first.out"),
    "right": _stage("right meet left", "first.out"),
    "join": _stage("join work", "left.out", "right.out"),
    "failing": _stage("failing fail", "first.out"),
    "behind": _stage("behind work", "failing.out"),
    "far_behind": _stage("far_behind work", "behind.out", "join.out"),
    "sleeping": _stage("sleeping sleep", "data"),
    "each": {
        "matrix": {"method": ["x", "y"], "bits": [8]},
        "cmd": "python work.py each-${item.method}-${item.bits} work",
        "deps": ["first.out"],
        "outs": ["each-${item.method}-${item.bits}.out"],
    },
}


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project in git, with its data in a remote inside it."""
    root = tmp_path_factory.mktemp("toy")
    (root / "work.py").write_text(textwrap.dedent(WORK))
    (root / "dvc.yaml").write_text(yaml.safe_dump({"stages": STAGES}, sort_keys=False))
    (root / "data").mkdir()
    (root / "data" / "photograph.txt").write_text("a view of the sea\n")
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    dvc(root, "init", "--quiet")
    config = "[core]\n    analytics = false\n    remote = sample\n['remote \"sample\"']\n    url = sample-remote\n"
    (root / ".dvc" / "config").write_text(config)
    dvc(root, "add", "--quiet", "data")
    dvc(root, "push", "--quiet", "data.dvc")
    shutil.rmtree(root / "data")
    shutil.rmtree(root / ".dvc" / "cache")
    return root


@pytest.fixture
def toy(template: Path, tmp_path: Path) -> Path:
    """A fresh copy of the project, as a clone has it: its data is still in the remote."""
    return shutil.copytree(template, tmp_path / "project")


@pytest.fixture(scope="session", autouse=True)
def _private_dvc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep DVC's caches of this session out of the system's folders."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path_factory.mktemp("dvc-site")))
        patch.setenv("DVC_NO_ANALYTICS", "1")
        yield


@pytest.fixture(scope="session")
def prefect_env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a shell whose Prefect commands reach a server of the session's own, which is running."""
    home = tmp_path_factory.mktemp("prefect")
    port = str(free_port())
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "VIRTUAL_ENV"))}
    env |= {
        "PATH": "/usr/bin:/bin",  # nobody activated the environment
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
    }
    with background(
        [PREFECT, "server", "start", "--host", "127.0.0.1", "--port", port], home, home / "server.log", env
    ):
        until(lambda: ask(f"{env['PREFECT_API_URL']}/health"), 120)
        yield env


@pytest.fixture(scope="session")
def prefect_server(prefect_env: dict[str, str]) -> Iterator[str]:
    """Have the flows of this process use that server; gives the address of its API."""
    from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

    with temporary_settings({setting: prefect_env[setting.name] for setting in (PREFECT_API_URL, PREFECT_HOME)}):
        yield prefect_env["PREFECT_API_URL"]


def dvc(root: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "dvc", *arguments], cwd=root, env=os.environ, check=True)
