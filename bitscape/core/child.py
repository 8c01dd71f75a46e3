"""Processes that end with the one that started them."""

import ctypes
import signal
import sys


def end_with_parent() -> None:
    """Have Linux end this process when the one that started it is killed; alone, it would write beside its heir."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)
