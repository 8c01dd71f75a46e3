"""The installing of a browser, with stand-ins for the system's commands on its path."""

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / ".ci/browser.sh"


@pytest.fixture
def system(tmp_path):
    """Make commands that answer as told, and run the script with them alone."""

    def run(**answers: str) -> subprocess.CompletedProcess[str]:
        for name, body in answers.items():
            (tmp_path / name.replace("_", "-")).write_text(f"#!/bin/sh\n{body}\n")
            (tmp_path / name.replace("_", "-")).chmod(0o755)
        return subprocess.run(["/bin/sh", str(SCRIPT)], env={"PATH": str(tmp_path)}, capture_output=True, text=True)

    return run


def test_it_is_silent_where_one_is_there(system):
    done = system(chromium="exit 0")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_root_has_one_installed(system, tmp_path):
    done = system(id="echo 0", apt_get=f'echo "$@" >> {tmp_path / "log"}')
    assert done.returncode == 0
    told = (tmp_path / "log").read_text().splitlines()
    assert told == ["update -qq", "install -y -qq --no-install-recommends chromium"]


@pytest.mark.parametrize("answers", [{"id": "echo 1000"}, {"id": "echo 0", "apt_get": "exit 100"}])
def test_else_the_tests_that_need_one_are_said_to_be_skipped(system, answers):
    done = system(**answers)
    assert done.returncode == 0
    assert "skipped; chromium would do" in done.stderr
