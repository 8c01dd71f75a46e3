"""None, one, all the same, all different, and pictures of 20,000 pixels."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import ExifTags, Image

from bitscape.core.errors import BitscapeError
from tests.pile.hostile import texture
from tests.pile.stages import PROJECT, run, write_params
from tests.tasks.test_reconstruct import SPLITS

LATER = ("reconstruct", "mine_pairs", "relevance")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "data/images").mkdir(parents=True)
    write_params(tmp_path, reconstruct={"image_size": 200, "max_features": 300})
    return tmp_path


def give_splits(root: Path, names: list[str]) -> None:
    rows = "".join(f"{name},{split}\n" for name, split in zip(names, SPLITS, strict=True))
    (root / "data/labels.csv").write_text("image,split\n" + rows)


def describe(root: Path) -> None:
    """Describe photographs by their thumbnails, without a network."""
    images = pd.read_parquet(root / "artifacts/prepare/collection.parquet")["image"]
    rows = [np.asarray(Image.open(root / "data/images" / name).convert("L").resize((8, 8))).ravel() for name in images]
    descriptors = np.array(rows, np.float32) - 127.5
    (root / "artifacts/describe").mkdir()
    descriptors /= np.linalg.norm(descriptors, axis=1, keepdims=True)
    np.save(root / "artifacts/describe/descriptors.npy", descriptors)


def test_no_photograph(root: Path) -> None:
    with pytest.raises(BitscapeError, match="holds no photographs; `bitscape import PHOTOS`"):
        run(root, "prepare")


def test_one_photograph(root: Path) -> None:
    texture(0).save(root / "data/images/only.jpg")
    with pytest.raises(BitscapeError, match=r"1 of 1 pictures .* prepare\.min_images asks for 8; add photographs"):
        run(root, "prepare")


@pytest.mark.parametrize("kind", ["one file", "saved anew"])
def test_all_the_same_cannot_be_split(root: Path, kind: str) -> None:
    for number in range(12):
        quality = 50 + number * (kind == "saved anew")
        texture(0, (120, 90)).save(root / f"data/images/{number}.jpg", quality=quality)
    with pytest.raises(BitscapeError, match=r"no photograph is left for the split .*prepare\.near_duplicates lower"):
        run(root, "prepare")


@pytest.mark.parametrize("kind", ["saved anew", "unrelated"])
def test_no_models_come_of_one_picture_or_of_others_each_time(root: Path, kind: str) -> None:
    names = [f"{number}.jpg" for number in range(10)]
    for number, name in enumerate(names):
        seed = number if kind == "unrelated" else 0
        texture(seed, (200, 150)).save(root / "data/images" / name, quality=60 + number)
    give_splits(root, names)
    told = run(root, "prepare")
    assert ("near-duplicates on different sides of a query" in told) == (kind == "saved anew")
    assert pd.read_parquet(root / "artifacts/prepare/collection.parquet")["split"].tolist() == SPLITS
    describe(root)
    told = "".join(run(root, stage) for stage in LATER)
    assert "no 3D model" in told
    assert "no positive pair" in told
    assert json.loads((root / "artifacts/reconstruct/registrations.json").read_text())["models"] == []


@pytest.mark.parametrize("turned", [False, True])
def test_20_000_pixels_within_the_limit_take_bounded_memory(tmp_path: Path, turned: bool) -> None:
    path, exif = tmp_path / "large.jpg", Image.Exif()
    exif[ExifTags.Base.Orientation] = 6 if turned else 1
    Image.new("RGB", (20_000, 2500), "olive").save(path, exif=exif)
    code = (
        "import sys; from pathlib import Path; from resource import RUSAGE_SELF, getrusage; "
        "from bitscape.collection.inspection import check; before = getrusage(RUSAGE_SELF).ru_maxrss; "
        "facts = check(Path(sys.argv[1]), 32, 10**8); "
        "print(max(facts.width, facts.height), getrusage(RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, path], cwd=PROJECT, capture_output=True, text=True, check=True)
    longest, peak = map(int, done.stdout.split())
    assert longest == 20_000
    per_pixel = peak * 1024 / (20_000 * 2500)
    assert per_pixel < (12 if turned else 8)  # bytes: decoded (4), turned (4), as an array (3)
