"""Run a command in a process group of its own, and never leave one behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

KEPT_LINES = 200

# The shell leaves a watchman in the group and becomes the command. The watchman waits for the end of a pipe whose
# other end this process holds, then kills the group: nothing is orphaned even where this process is ended with
# SIGKILL and no `finally` runs.
_GUARDED = 'exec 3<&0; (read -r _ <&3; kill -KILL 0) >/dev/null 2>&1 & exec "$@" 3<&- </dev/null'


class StoppedError(Exception):
    """The command was ended, or not even started, because the flow is being stopped."""


@dataclass(frozen=True)
class Finished:
    """How a command ended.

    Attributes:
        code: exit status; -9 where it was killed with signal 9.
        seconds: wall time.
        lines: the last lines of its output, standard error included.
    """

    code: int
    seconds: float
    lines: tuple[str, ...]


@dataclass
class _Running:
    """The groups that one flow run has started and that have not ended."""

    groups: set[int] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)
    stopped: bool = False


_running: ContextVar[_Running] = ContextVar("running")


@contextmanager
def no_orphans() -> Iterator[None]:
    """Kill, at the end of the block, every command that was started in it, in whatever thread.

    A flow that is cancelled leaves by an exception in its own thread, while the threads of its tasks still wait for
    their commands; they end with a `StoppedError`. The threads must run in a copy of this context, as Prefect's do.
    """
    running = _Running()
    token = _running.set(running)
    try:
        yield
    finally:
        _running.reset(token)
        with running.lock:
            running.stopped = True
            for group in running.groups:
                _kill(group)


def run(command: Sequence[str], folder: Path, emit: Callable[[str], None]) -> Finished:
    """Run a command to its end and pass on its output line by line.

    What the command started and left behind is killed when it ends, as is everything when `emit` raises.

    Args:
        command: program and arguments.
        folder: where it runs.
        emit: called with each line of standard output and standard error.

    Raises:
        StoppedError: when the enclosing `no_orphans` ended it.
    """
    running = _running.get(_Running())
    start = time.monotonic()
    lines: deque[str] = deque(maxlen=KEPT_LINES)
    with running.lock:
        if running.stopped:
            raise StoppedError(f"not started: {' '.join(command)}")
        process = _start(command, folder)
        running.groups.add(process.pid)
    try:
        # The output ends only when the last process that holds it does; so the group goes with its leader.
        threading.Thread(target=_kill_after, args=(process,), daemon=True).start()
        for line in process.stdout or ():
            lines.append(line.rstrip())
            emit(lines[-1])
        code = process.wait()
    finally:
        with running.lock:
            running.groups.discard(process.pid)
            _kill(process.pid)
    if running.stopped:
        raise StoppedError(f"stopped: {' '.join(command)}")
    return Finished(code, time.monotonic() - start, tuple(lines))


def _start(command: Sequence[str], folder: Path) -> subprocess.Popen[str]:
    """Start a command, the leader of a new session, with this Python's folder first on its path."""
    # `python` in a stage's command means this environment, even where nobody activated it (a worker's service).
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return subprocess.Popen(
        ["/bin/sh", "-c", _GUARDED, "sh", *command],
        cwd=folder,
        env={**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )


def _kill_after(leader: subprocess.Popen[str]) -> None:
    leader.wait()
    _kill(leader.pid)


def _kill(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
