"""Copies of this project, with collections of their own, in which the real pipeline runs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

SOURCE = Path(__file__).resolve().parents[2]
BITSCAPE = (sys.executable, "-m", "bitscape.cli")
DVC = (sys.executable, "-m", "dvc")


class Project:
    """A copy of the checkout as it is now, under git and DVC, with its own data, cache and results."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.env = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
        self.env["PYTHONPATH"] = str(root)
        listing = self._git("ls-files", "-co", "--exclude-standard", "-z", folder=SOURCE).stdout
        for name in filter(None, listing.split("\0")):
            source = SOURCE / name
            if source.is_file() and name != "dvc.lock":
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, root / name)
        self._git("init", "--quiet")
        for key, value in (("name", "test"), ("email", "test@localhost")):  # `dvc exp run` commits as well
            self._git("config", f"user.{key}", value)
        self._git("add", "--all")
        self._git("commit", "--quiet", "-m", "A copy")

    def _git(self, *words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["git", *words], cwd=folder or self.root, check=True, capture_output=True, text=True)

    def run(self, *command: str, status: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run a command in the project and check its exit status."""
        done = subprocess.run(command, cwd=self.root, env=self.env, capture_output=True, text=True)
        if status is not None:
            assert done.returncode == status, f"{command} gave {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def dvc(self, *words: str, status: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run DVC."""
        return self.run(*DVC, *words, status=status)

    def set(self, **changes: Any) -> None:
        """Change parameters, named by their path with `__` between the parts."""
        path = self.root / "params.yaml"
        params = yaml.safe_load(path.read_text(encoding="utf-8"))
        for name, value in changes.items():
            *sections, key = name.split("__")
            section = params
            for part in sections:
                section = section[part]
            section[key] = value
        path.write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")

    def stages_run(self, done: subprocess.CompletedProcess[str]) -> list[str]:
        """List the stages that a `dvc repro` ran, in order."""
        lines = done.stdout.splitlines()
        return [line.split("'")[1] for line in lines if line.startswith("Running stage '")]
