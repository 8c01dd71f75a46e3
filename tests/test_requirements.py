"""The installing of the requirements, with a stand-in for the virtual environment's Python."""

import os
import pty
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.flows.servers import has_ended, until

SCRIPT = Path(__file__).parents[1] / ".ci/requirements.sh"
INSTALLS = """
echo "Collecting one==1"; echo "Collecting two==2"
sleep 1.5
mkdir -p .venv/lib/python3.11/site-packages/one-1.dist-info
sleep 1.5
"""
SHELLS = [shell for shell in ("/bin/dash", "/bin/bash") if os.path.exists(shell)]


@pytest.fixture
def project(tmp_path):
    """A folder with a lock of two packages and an environment that has one package of its own."""
    (tmp_path / "requirements.txt").write_text("one==1  # via x\ntwo==2\n")
    (tmp_path / ".venv/lib/python3.11/site-packages/pip-1.dist-info").mkdir(parents=True)
    (tmp_path / ".venv/bin").mkdir()
    return tmp_path


def stand_in(project, body):
    python = project / ".venv/bin/python"
    python.write_text(f"#!/bin/sh\n{body}\n")
    python.chmod(0o755)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_terminal_shows_how_far_it_is(project, shell):
    stand_in(project, INSTALLS)
    ours, theirs = pty.openpty()
    with subprocess.Popen([shell, str(SCRIPT), ".venv"], cwd=project, stdout=theirs, stderr=theirs) as running:
        status = running.wait(timeout=30)
    os.close(theirs)
    told = os.read(ours, 1 << 16).decode().replace("\r\n", "\n")
    os.close(ours)
    assert status == 0
    first, _, shown = told.partition("\n")
    assert first == "Installing the pinned requirements into .venv, some minutes the first time"
    states = [line.strip() for line in shown.split("\r") if line.strip()]
    assert states[0] == "found 2 packages"
    assert states[-1] == "installed 1 of 2 packages"


@pytest.mark.parametrize("shell", SHELLS)
def test_what_pip_says_of_a_failure_is_told(project, shell):
    stand_in(project, 'echo "Collecting one==1"; echo "ERROR: No matching distribution found for one==1" >&2; exit 3')
    done = subprocess.run([shell, str(SCRIPT), ".venv"], cwd=project, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    told = done.stderr.splitlines()
    assert told[0] == "ERROR: No matching distribution found for one==1"
    assert told[1].endswith("all that it said is in .venv/install.log.")


@pytest.mark.parametrize("shell", SHELLS)
def test_stopped_by_hand_it_takes_pip_along(project, shell):
    stand_in(project, "echo $$ > pid; exec sleep 60")
    running = subprocess.Popen(
        [shell, str(SCRIPT), ".venv"], cwd=project, stdout=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # what runs in the background ignores it
    )  # fmt: skip
    pid = int(until(lambda: (project / "pid").exists() and (project / "pid").read_text(), seconds=20))
    time.sleep(0.2)
    running.send_signal(signal.SIGINT)
    assert running.wait(timeout=20) == 130
    until(lambda: has_ended(pid), seconds=20)
