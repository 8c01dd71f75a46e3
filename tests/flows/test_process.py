import os
import subprocess
import sys
import threading
import time
from contextvars import copy_context
from pathlib import Path

import pytest

from flows.process import KEPT_LINES, StoppedError, no_orphans, run
from tests.flows.servers import has_ended, until

PROJECT = Path(__file__).resolve().parents[2]

# A stage as DVC starts it: a process that waits for a process of its own, whose number it writes down.
NESTED = """
import pathlib, subprocess, sys
child = subprocess.Popen(["sleep", "600"])
pathlib.Path("pid.partial").write_text(str(child.pid))
pathlib.Path("pid.partial").rename("pid")
sys.exit(child.wait())
"""


def sleeper(folder: Path) -> int:
    """Wait until the nested process of a stage sleeps; tell its number."""
    end = time.monotonic() + 30
    while not (folder / "pid").exists():
        assert time.monotonic() < end, "the stage did not start"
        time.sleep(0.02)
    return int((folder / "pid").read_text())


def test_output_arrives_line_by_line_in_order(tmp_path: Path) -> None:
    lines: list[str] = []
    script = "import sys; print('one'); print('two', file=sys.stderr); print('three')"
    finished = run([sys.executable, "-c", script], tmp_path, lines.append)
    assert finished.code == 0
    assert lines == ["one", "two", "three"] == list(finished.lines)


def test_a_line_is_passed_on_before_the_command_ends(tmp_path: Path) -> None:
    script = "import pathlib, time\nprint('ready')\nwhile not pathlib.Path('seen').exists(): time.sleep(0.02)"
    finished = run([sys.executable, "-c", script], tmp_path, lambda line: (tmp_path / "seen").touch())
    assert finished.lines == ("ready",)


def test_only_the_last_lines_are_kept(tmp_path: Path) -> None:
    count = KEPT_LINES + 50
    finished = run([sys.executable, "-c", f"for n in range({count}): print(n)"], tmp_path, lambda line: None)
    assert finished.lines == tuple(str(n) for n in range(50, count))


@pytest.mark.parametrize(
    ("script", "code"), [("import sys; sys.exit(7)", 7), ("import os; os.kill(os.getpid(), 9)", -9)]
)
def test_exit_status(tmp_path: Path, script: str, code: int) -> None:
    assert run([sys.executable, "-c", script], tmp_path, lambda line: None).code == code


def test_arguments_are_not_seen_by_a_shell(tmp_path: Path) -> None:
    odd = ["a b", "$HOME", "`date`", "'", '"', ";", ""]
    finished = run([sys.executable, "-c", "import sys; print(sys.argv[1:])", *odd], tmp_path, lambda line: None)
    assert finished.lines == (str(odd),)


def test_python_is_the_one_that_runs_the_flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    finished = run(["python", "-c", "import sys; print(sys.prefix)"], tmp_path, lambda line: None)
    assert finished.lines == (sys.prefix,)


def test_what_a_command_leaves_behind_is_killed(tmp_path: Path) -> None:
    script = NESTED.replace("sys.exit(child.wait())", "")
    start = time.monotonic()
    assert run([sys.executable, "-c", script], tmp_path, lambda line: None).code == 0
    assert time.monotonic() - start < 30
    pid = sleeper(tmp_path)
    until(lambda: has_ended(pid), 10)


def test_leaving_the_block_ends_commands_of_other_threads(tmp_path: Path) -> None:
    raised: list[BaseException] = []

    def stage() -> None:
        try:
            run([sys.executable, "-c", NESTED], tmp_path, lambda line: None)
        except StoppedError as error:
            raised.append(error)

    with no_orphans():
        context = copy_context()
        thread = threading.Thread(target=context.run, args=(stage,))
        thread.start()
        pid = sleeper(tmp_path)
    until(lambda: has_ended(pid), 10)
    thread.join(timeout=10)
    assert len(raised) == 1
    with pytest.raises(StoppedError):  # and none is started any more
        context.run(run, ["true"], tmp_path, lambda line: None)


@pytest.mark.parametrize("signal", [2, 9, 15])
def test_nothing_outlives_a_killed_flow(tmp_path: Path, signal: int) -> None:
    # Where the tests run in the background, signal 2 is ignored by inheritance.
    script = (
        "import signal, sys; signal.signal(2, signal.default_int_handler); from pathlib import Path; "
        f"from flows.process import run; run([sys.executable, '-c', {NESTED!r}], Path({str(tmp_path)!r}), print)"
    )
    command = [sys.executable, "-c", script]
    flow = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(PROJECT)}, stderr=subprocess.DEVNULL)
    pid = sleeper(tmp_path)
    flow.send_signal(signal)
    flow.wait(timeout=20)
    until(lambda: has_ended(pid), 10)
