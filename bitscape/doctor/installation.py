"""What is installed: Python, the packages as they are pinned, and the libraries with native code."""

import os
import platform
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata, version
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from bitscape.doctor.finding import Finding
from bitscape.geometry.cleaning import MEND

TIMEOUT = 300  # seconds for one library to load, on a slow disk for the first time
NAMED = 3  # packages in a sentence
INSTALL = "`make install`"
LIBRARIES = {
    "torch": "cards = range(torch.cuda.device_count()); "
    "print(torch.__version__ + ',', ', '.join(map(torch.cuda.get_device_name, cards)) or 'no CUDA device')",
    "faiss": "print(faiss.__version__ + ',', faiss.omp_get_max_threads(), 'threads')",
    "pycolmap": "print(pycolmap.__version__ + ',', 'with CUDA' if pycolmap.has_cuda else 'without CUDA')",
    "open3d": "print(open3d.__version__)",
}
"""What each tells of itself. Each is loaded in a process of its own: they do not bear each other, and may crash."""


def machine() -> Finding:
    """Tell how large the machine is."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return Finding("machine", "ok", f"{platform.system()} on {platform.machine()}, {cores} cores, {memory:.0f} GiB")


def python() -> Finding:
    """Compare Python with what the package asks for."""
    own, wanted = platform.python_version(), metadata("bitscape")["Requires-Python"]
    if own in SpecifierSet(wanted):
        return Finding("Python", "ok", f"{own}, {sys.executable}")
    return Finding("Python", "problem", f"{own}, but {wanted} is needed", f"remove .venv and say {INSTALL}")


def packages(lock: Path) -> Finding:
    """Compare the packages that are installed with those of a lock file.

    Args:
        lock: `requirements.txt`; lines of `NAME==VERSION`.
    """
    try:
        pinned = list(_pinned(lock))
    except FileNotFoundError:
        return Finding("packages", "note", f"{lock} is missing, so that versions are not compared")
    except InvalidRequirement as error:
        return Finding("packages", "problem", f"{lock} cannot be read ({error})", f"`git checkout {lock.name}`")
    missing, other = [], []
    for wanted in pinned:
        try:
            installed = Version(version(wanted.name))
        except PackageNotFoundError:
            missing.append(wanted.name)
            continue
        if installed not in wanted.specifier:
            other.append(f"{wanted.name} {installed} in the place of {str(wanted.specifier).removeprefix('==')}")
    if missing:
        return Finding("packages", "problem", f"not installed: {_some(missing)}", INSTALL)
    if other:
        return Finding("packages", "note", f"others than those that were tried: {_some(other)}", INSTALL)
    return Finding("packages", "ok", f"{len(pinned)} as {lock.name} pins them")


def library(name: str) -> Finding:
    """Load a library with native code, as a stage would, and have it tell its version.

    Args:
        name: of `LIBRARIES`.
    """
    command = [sys.executable, "-c", f"import {name}; {LIBRARIES[name]}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        return Finding(name, "problem", f"is not loaded after {TIMEOUT} s", "try again; then " + INSTALL)
    if done.returncode == 0:
        return Finding(name, "ok", done.stdout.strip().splitlines()[-1])
    last = (done.stderr.strip().splitlines() or ["without a word"])[-1]
    told = f"ended by {signal.Signals(-done.returncode).name}: {last}" if done.returncode < 0 else last
    return Finding(name, "problem", told, f"`{MEND}`, then {INSTALL}" if name == "open3d" else INSTALL)


def commands() -> Finding:
    """Look for the programs that are called by name."""
    missing = [name for name in ("git", "dvc") if shutil.which(name) is None]
    if missing:
        mend = "install git" if "git" in missing else "`source .venv/bin/activate`"
        return Finding("commands", "problem", f"not on the path: {', '.join(missing)}", mend)
    return Finding("commands", "ok", "git and dvc are on the path")


def _pinned(lock: Path) -> Iterator[Requirement]:
    for line in lock.read_text(encoding="utf-8").splitlines():
        if text := line.partition("#")[0].strip():
            yield Requirement(text)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
