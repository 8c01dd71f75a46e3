"""What DVC and git know of `data/`, asked through their own commands."""

import subprocess
import sys
from pathlib import Path

from bitscape.core.errors import BitscapeError

DVC = (sys.executable, "-m", "dvc")


def check_project(project: Path) -> None:
    """Refuse a folder that is no Bitscape project.

    Args:
        project: the folder.

    Raises:
        BitscapeError: if `params.yaml` or `.dvc` is not in it.
    """
    if not (project / "params.yaml").is_file() or not (project / ".dvc").is_dir():
        raise BitscapeError(
            f"{project.resolve()} is not a Bitscape project (no params.yaml and .dvc); "
            "go to the project's folder, or name it with --project."
        )


def recoverable(project: Path) -> bool:
    """Say whether `git checkout data.dvc && dvc checkout` would bring back `data/` as it is now.

    Args:
        project: the project's folder.

    Returns:
        True if data.dvc is committed and `data/` is unchanged and in DVC's cache.
    """
    if not (project / "data.dvc").is_file():
        return False
    committed = _run(project, "git", "ls-files", "--error-unmatch", "data.dvc").returncode == 0
    committed = committed and _run(project, "git", "diff", "--quiet", "HEAD", "--", "data.dvc").returncode == 0
    return committed and _run(project, *DVC, "status", "--quiet", "data.dvc").returncode == 0


def track(project: Path) -> None:
    """Let data.dvc track `data/` as it is now.

    Args:
        project: the project's folder.

    Raises:
        BitscapeError: with DVC's own last words.
    """
    done = _run(project, *DVC, "add", "--quiet", "data")
    if done.returncode:
        told = next((line for line in done.stderr.splitlines() if "ERROR" in line), done.stderr[-300:])
        raise BitscapeError(f"data/ is complete, but `dvc add data` failed ({told.strip()}); mend that and repeat it.")


def _run(project: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return subprocess.CompletedProcess(command, 127, "", f"{command[0]} is not installed")
