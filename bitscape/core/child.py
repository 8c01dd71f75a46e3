"""Processes that end with the one that started them."""

import ctypes
import os
import signal
import sys


def end_with_parent(parent: int | None = None) -> None:
    """Have Linux end this process when the one that started it is killed; alone, it would write beside its heir.

    Args:
        parent: process id of the one that started this one, where it is known; if that has ended already, so does this
            process, at once.
    """
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
        if parent is not None and os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
