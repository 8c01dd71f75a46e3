import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
CODE = """import sys, time
from bitscape.core.child import end_with_parent
end_with_parent({parent})
print(1, flush=True)
"""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")


def start(code: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT, stdout=subprocess.PIPE, text=True)


def test_a_process_that_finds_its_parent_gone_ends_at_once() -> None:
    orphan = start(CODE.format(parent=2**22 + 1))  # above the largest process id that there is
    assert orphan.communicate(timeout=60)[0] == ""
    assert orphan.returncode == -signal.SIGKILL
    child = start(CODE.format(parent=os.getpid()))
    assert child.communicate(timeout=60)[0] == "1\n"


def test_a_process_ends_when_its_parent_is_killed() -> None:
    inner = CODE.format(parent="int(sys.argv[1])") + "time.sleep(600)"
    outer = f"import os, subprocess, sys\nsubprocess.run([sys.executable, '-c', {inner!r}, str(os.getpid())])"
    parent = start(outer)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "1\n"
    parent.kill()
    assert parent.stdout.read() == ""  # ends only when the child, which holds the other end, has ended
    parent.wait()
