"""Start real servers on this machine, wait for them, ask them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

BUSY = 503
"""What Prefect's server answers while another writes to its database; nothing was done then."""
PREFECT = str(Path(sys.executable).parent / "prefect")


def free_port() -> int:
    """Find a port that nobody listens at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def background(command: list[str], folder: Path, log_file: Path, env: dict[str, str]) -> Iterator[None]:
    """Run a server for the length of the block, and end its whole group."""
    with log_file.open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def until(condition: Callable[[], Any], seconds: float) -> Any:
    """Poll until the condition gives something true; an address where nobody answers yet is not."""
    end = time.monotonic() + seconds
    while True:
        try:
            if found := condition():
                return found
        except (urllib.error.URLError, ConnectionError):
            pass
        assert time.monotonic() < end, f"nothing after {seconds} s"
        time.sleep(0.1)


def has_ended(pid: int) -> bool:
    """Say whether a process has ended; a zombie that nobody waits for has, too."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def ask(address: str, body: dict[str, Any] | None = None) -> Any:
    """Ask over REST: GET, or POST where there is a body; while it is busy, again, as Prefect's client does."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})
    end = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code != BUSY or time.monotonic() > end:
                raise
        time.sleep(0.5)
