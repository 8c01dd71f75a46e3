"""The check of the system libraries, with stand-ins for the system's commands on its path."""

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / ".ci/system-libraries.sh"
ALL = "libusb-1.0.so.0 libGL.so.1 libEGL.so.1 libX11.so.6"


@pytest.fixture
def system(tmp_path):
    """Make commands that answer as told, and run the script with them alone."""

    def run(**answers: str) -> subprocess.CompletedProcess[str]:
        for name, body in {"grep": 'exec /bin/grep "$@"', "env": 'shift; exec "$@"', **answers}.items():
            (tmp_path / name.replace("_", "-")).write_text(f"#!/bin/sh\n{body}\n")
            (tmp_path / name.replace("_", "-")).chmod(0o755)
        return subprocess.run(["/bin/sh", str(SCRIPT)], env={"PATH": str(tmp_path)}, capture_output=True, text=True)

    run.log = tmp_path / "apt.log"
    return run


def test_it_is_silent_where_all_are_there(system):
    done = system(ldconfig=f"echo {ALL}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_root_has_the_missing_ones_installed(system):
    done = system(ldconfig="echo libGL.so.1 libX11.so.6", id="echo 0", apt_get=f'echo "$@" >> {system.log}')
    assert done.returncode == 0
    assert system.log.read_text().splitlines() == ["update -qq", "install -y -qq libusb-1.0-0 libegl1"]


def test_who_may_not_install_is_told_what_to_type(system):
    done = system(ldconfig=f"echo {ALL.replace('libGL.so.1', '')}", id="echo 1000", sudo="exit 1", apt_get="exit 9")
    assert done.returncode == 1
    assert done.stderr.strip().endswith("type:  sudo apt-get install -y libgl1")


def test_a_failed_installation_is_told_likewise(system):
    done = system(ldconfig="true", id="echo 0", apt_get="exit 100")
    assert done.returncode == 1
    assert "sudo apt-get install -y libusb-1.0-0 libgl1 libegl1 libx11-6" in done.stderr
