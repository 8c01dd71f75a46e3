"""The one module that imports pycolmap.

pycolmap's wheels from 4.1 on export the symbols of their own zlib. Where pycolmap is loaded before Python's `zlib`, the
next compression in the process (a PNG, `numpy.savez_compressed`, gzip) runs into them and aborts with "free(): invalid
pointer". Loading `zlib` first binds Python's to the right library, so its import must stay above pycolmap's.
"""

import zlib  # noqa: F401  # before pycolmap, see above
from pathlib import Path

import pycolmap


def log_to(folder: Path) -> None:
    """Send COLMAP's warnings to files in `folder` instead of its running commentary to the terminal.

    Args:
        folder: is created; COLMAP adds `colmap.DATE.PID` when it has something to warn of.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = pycolmap.logging
    log.logtostderr = log.alsologtostderr = False
    log.stderrthreshold = int(log.Level.FATAL)
    log.minloglevel = int(log.Level.WARNING)
    log.set_log_destination(log.Level.WARNING, str(folder / "colmap."))


__all__ = ["log_to", "pycolmap"]
