"""The real stages on small piles of photographs."""

import importlib
import os
import subprocess
import sys
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

import yaml

from bitscape.core.params import load

PROJECT = Path(__file__).resolve().parents[2]
SECONDS = 120  # a stage that takes longer hangs
SMALL: dict[str, dict[str, Any]] = {
    "prepare": {"min_images": 8},
    "describe": {"image_size": 64, "device": "cpu"},
    "reconstruct": {"image_size": 400, "max_features": 800, "deterministic": True},
}


def write_params(root: Path, **changes: dict[str, Any]) -> None:
    """Write parameters that suit small piles, with changes by section."""
    sections = {name: SMALL.get(name, {}) | changes.get(name, {}) for name in SMALL.keys() | changes.keys()}
    (root / "params.yaml").write_text(yaml.safe_dump(sections))


def run(root: Path, stage: str) -> str:
    """Run a stage in this process, and give what it told on standard error."""
    with redirect_stderr(StringIO()) as told:
        importlib.import_module(f"tasks.{stage}").run(load(root / "params.yaml"), root)
    return told.getvalue()


def run_child(root: Path, stage: str, status: int = 0, **options: Any) -> str:
    """Run a stage as DVC does, check its exit status, and give what it told on standard error."""
    env = {**os.environ, "PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", f"tasks.{stage}"]
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=SECONDS, **options)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done.stderr
