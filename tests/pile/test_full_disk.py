"""A disk that fills up: a file system of some hundred kilobytes, which grows when its owner has made room."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from bitscape.core.disk import SPARE, is_full, need, reserve
from bitscape.core.errors import BitscapeError
from tests.pile.hostile import texture
from tests.pile.stages import run_child, write_params
from tests.tasks.test_reconstruct import write_project

NAMES = [f"{number}.jpg" for number in range(12)]
SPLITS = ["train"] * 9 + ["database", "query_val", "query_test"]
Resize = Callable[[int], None]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[tuple[Path, Resize]]:
    """Give a folder on a disk of its own, and what sets the KiB that this disk holds."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(options: str) -> None:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(folder)], check=True, capture_output=True)

    try:
        mount("size=100k")
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no file system can be mounted here: {error}")
    try:
        yield folder, lambda size: mount(f"remount,size={size}k")
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Leave not a page free."""
    filler = folder / "filler"
    with filler.open("wb") as file:
        file.write(bytes(os.statvfs(folder).f_bavail * os.statvfs(folder).f_bsize))
    return filler


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    folder = tmp_path / "photographs"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        texture(number, (320, 240)).save(folder / name)
    return folder


def test_prepare_says_so_keeps_the_table_and_goes_on_later(photographs: Path, disk: tuple[Path, Resize]) -> None:
    root, _ = disk
    (root / "data").mkdir()
    (root / "data/images").symlink_to(photographs)
    write_params(root)
    run_child(root, "prepare")
    table = root / "artifacts/prepare/collection.parquet"
    before = table.read_bytes()
    write_params(root, prepare={"splits": {"train": 0.4, "database": 0.2, "query_val": 0.2, "query_test": 0.2}})
    filler = fill(root)
    told = run_child(root, "prepare", status=1)
    assert told.startswith("prepare: the disk is full; make room and run it again: earlier results are untouched")
    assert len(told.splitlines()) == 1
    assert table.read_bytes() == before
    filler.unlink()
    run_child(root, "prepare")
    assert table.read_bytes() != before


def test_reconstruct_says_so_at_each_step_and_goes_on_from_there(photographs: Path, disk: tuple[Path, Resize]) -> None:
    root, resize = disk
    resize(700)
    (root / "data").mkdir()
    shutil.copytree(photographs, root / "data/images")
    write_project(root, NAMES, SPLITS)
    write_params(root, reconstruct={"exhaustive_below": 1, "neighbours": 1, "matches": 1})
    earlier = root / "artifacts/reconstruct/registrations.json"
    earlier.parent.mkdir()
    earlier.write_text("earlier")
    filler = root / "filler"
    filler.write_bytes(bytes((os.statvfs(root).f_bavail - 25) * 4096))  # room for a few copies
    assert "reconstruct: the disk is full; make room" in run_child(root, "reconstruct", status=1)
    copies = {path: path.stat().st_mtime_ns for path in root.glob(".scratch/reconstruct/*/photographs/*.jpg")}
    assert 0 < len(copies) < 9
    filler.unlink()
    resize(20_000)  # room for the other copies, not for features
    told = run_child(root, "reconstruct", status=1)
    assert "make room and run it again: what was done is kept" in told
    assert {path: path.stat().st_mtime_ns for path in copies} == copies
    assert earlier.read_text() == "earlier"
    resize(100_000)
    run_child(root, "reconstruct")
    assert '"models": []' in earlier.read_text()


def test_what_native_code_will_write_is_asked_for_before(disk: tuple[Path, Resize]) -> None:
    folder, resize = disk
    with pytest.raises(BitscapeError, match=r"0 MiB left and 33 MiB are needed; make room and run it again"):
        need(folder, 1 << 20)
    resize((SPARE >> 10) + 2048)
    need(folder, 1 << 20)


def test_a_memory_map_is_reserved_whole(disk: tuple[Path, Resize]) -> None:
    folder, _ = disk
    maps = np.lib.format.open_memmap(folder / "maps.npy", mode="w+", dtype=np.uint8, shape=(1 << 20,))
    with (folder / "maps.npy").open("r+b") as file, pytest.raises(OSError, match="No space left") as caught:
        reserve(file)
    assert is_full(caught.value)
    del maps


def test_numpy_says_it_in_its_own_words(disk: tuple[Path, Resize]) -> None:
    folder, _ = disk
    with pytest.raises(OSError, match="requested and") as caught:
        np.save(folder / "large.npy", np.zeros(1 << 20))
    assert is_full(caught.value)
    assert not is_full(ValueError("another matter"))
