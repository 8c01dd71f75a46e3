"""A run that was killed, again and again, goes on where it was and ends as if nothing had been."""

import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]
PLACES = ("fountain_P11", "lund_door")
SMALL = {"image_size": 320, "max_features": 500, "deterministic": True}
SECONDS = 120


def write_project(root: Path, photographs: Path, backwards: bool = False, **settings: object) -> None:
    """Write two places of six photographs each, all for training, as prepare and describe would."""
    images = []
    for place in PLACES:
        names = [f"{place}/{number}.jpg" for number in range(6)]
        given = sorted((photographs / place).iterdir())[:6]
        for name, photograph in zip(names, given[::-1] if backwards else given, strict=True):
            images.append(name)
            (root / "data/images" / place).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(photograph, root / "data/images" / name)
    for stage in ("prepare", "describe"):
        (root / "artifacts" / stage).mkdir(parents=True)
    pixels = [hashlib.sha256((root / "data/images" / image).read_bytes()).hexdigest() for image in images]
    table = pd.DataFrame({"image": images, "split": "train", "pixels": pixels, "sha256": pixels})
    table["labels"] = [[] for _ in images]
    table.to_parquet(root / "artifacts/prepare/collection.parquet", index=False)
    drawn = [np.random.default_rng(int(value[:8], 16)).normal(size=16) for value in pixels]
    rows = np.array([row / np.linalg.norm(row) for row in drawn], np.float32)
    np.save(root / "artifacts/describe/descriptors.npy", rows)
    (root / "params.yaml").write_text(yaml.safe_dump({"reconstruct": SMALL | settings}))


def start(root: Path) -> subprocess.Popen[bytes]:
    env = {**os.environ, "PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-m", "tasks.reconstruct"], cwd=root, env=env, stderr=subprocess.PIPE)


def rows(root: Path, table: str) -> int:
    """Count the rows of a table of the database that a run is writing."""
    for path in root.glob(".scratch/reconstruct/*/features.db"):
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    return 0


def finished(root: Path) -> list[Path]:
    return sorted(root.glob(".scratch/reconstruct/*/models-*/component-?"))


def kill_when(root: Path, reached: Callable[[Path], bool]) -> None:
    """Start a run and kill it, with nothing left to tidy up, as soon as it has come so far."""
    run = start(root)
    try:
        until = time.monotonic() + SECONDS
        while not reached(root):
            assert run.poll() is None, run.stderr.read().decode()
            assert time.monotonic() < until
            time.sleep(0.002)
        workers = psutil.Process(run.pid).children(recursive=True)
    finally:
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
    assert not psutil.wait_procs(workers, timeout=10)[1], "a worker outlived its run"
    assert not (root / "artifacts/reconstruct").exists()


def complete(root: Path) -> dict[str, bytes]:
    run = start(root)
    told = run.communicate(timeout=SECONDS)[1].decode()
    assert run.returncode == 0, told
    made = root / "artifacts/reconstruct"
    return {
        str(path.relative_to(made)): path.read_bytes()
        for path in sorted(made.rglob("*"))
        if path.is_file() and path.suffix in (".json", ".parquet", ".bin", ".ply")
    }


@pytest.fixture
def project(tmp_path: Path, shared_data: Path) -> Path:
    write_project(tmp_path / "a", shared_data / "photos")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    return tmp_path


MOMENTS: dict[str, Callable[[Path], bool]] = {
    "features": lambda root: rows(root, "descriptors") >= 3,
    "matches": lambda root: rows(root, "two_view_geometries") >= 1,
    "models": lambda root: bool(finished(root)),
}


@pytest.mark.parametrize(
    "moments",
    [["matches", "models"], pytest.param(["features", "features", "matches", "models"], marks=pytest.mark.slow)],
)
def test_a_killed_run_goes_on_and_ends_in_the_same_bytes(project: Path, moments: list[str]) -> None:
    root = project / "a"
    for moment in moments:
        kill_when(root, MOMENTS[moment])
    assert (rows(root, "descriptors"), rows(root, "two_view_geometries")) == (12, 66)
    kept = {path: path.stat().st_mtime_ns for path in finished(root)}
    resumed = complete(root)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert len(finished(root)) == 2
    whole = complete(project / "b")
    assert sorted(resumed) == sorted(whole)
    assert [name for name in whole if resumed[name] != whole[name]] == []
    assert {f"models/{number}/points3D.bin" for number in (0, 1)} < set(whole)


def by_content(root: Path) -> pd.DataFrame:
    """Give who sees what, with the hash of the pixels in the place of the index, and a model's first of these."""
    seen = pd.read_parquet(root / "artifacts/reconstruct/observations.parquet")
    pixels = pd.read_parquet(root / "artifacts/prepare/collection.parquet")["pixels"]
    seen["image"] = pixels.to_numpy()[seen["image"]]
    seen["model"] = seen.groupby("model")["image"].transform("min")
    return seen.sort_values(["model", "image", "point"], ignore_index=True)


@pytest.mark.slow
def test_other_names_change_nothing_but_names(shared_data: Path, tmp_path: Path) -> None:
    rounds = {"exhaustive_below": 1, "neighbours": 4, "matches": 5}
    for name, backwards in (("a", False), ("b", True)):
        write_project(tmp_path / name, shared_data / "photos", backwards, **rounds)
        complete(tmp_path / name)
    before, after = by_content(tmp_path / "a"), by_content(tmp_path / "b")
    assert before["image"].nunique() >= 8
    pd.testing.assert_frame_equal(before, after, check_exact=True)
