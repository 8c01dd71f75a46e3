"""A pile with everything wrong at once, through all stages that read photographs."""

import csv
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.pile.hostile import EXIF, blank, blurred, night, small, texture, write_rubbish
from tests.pile.stages import run, run_child, write_params

GOOD = ("-rf 1.jpg", "a b/same.jpg", "c/same.jpg", "ünï'\"漢 2.jpg", "5.jpg", "6;7,8 $HOME `id`.jpg")
PORTRAIT = "a b/same.jpg"
JUNK = {
    "night/0.png": night(0),
    "night/1.png": night(1),
    "blank/white.png": blank(255),
    "blank/black.png": blank(0),
    "blur/0.png": blurred(0),
    "blur/1.png": blurred(1),
    "panorama.jpg": texture(1, (8000, 600)),
    "strip.jpg": texture(2, (20_000, 40)),
    "tower.jpg": texture(3, (40, 2000)),
    "other/0.jpg": texture(4),
    "other/same.jpg": texture(5),
}


@dataclass
class Pile:
    """What was piled up, and what the stages told.

    Attributes:
        root: the project.
        place: names of the photographs of one place, good ones and those with hostile EXIF.
        refused: the beginning of the reason for each file that is no photograph.
        told: standard error of each stage.
    """

    root: Path
    place: set[str]
    refused: dict[str, str]
    told: dict[str, str]


@pytest.fixture(scope="session")
def pile(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Pile:
    """Pile up eleven photographs of a place and junk, all that is not asked with for training; run the stages."""
    root = tmp_path_factory.mktemp("pile")
    images = root / "data/images"
    splits: dict[str, str] = {}
    photographs = sorted((shared_data / "photos/fountain_P11").iterdir())
    kept = [*GOOD[:4], *(f"exif {how}.jpg" for how in EXIF), *GOOD[4:]]
    for name, photograph, split in zip(kept, photographs, ["train"] * 9 + ["query_val", "query_test"], strict=True):
        (images / name).parent.mkdir(parents=True, exist_ok=True)
        how = EXIF.get(name.removeprefix("exif ").removesuffix(".jpg"))
        if how:
            how(small(photograph), images / name)
        elif name == PORTRAIT:
            small(photograph).crop((100, 0, 300, 266)).save(images / name, quality=95)
        else:
            small(photograph).save(images / name, quality=95)
        splits[name] = split
    for name, image in JUNK.items():
        (images / name).parent.mkdir(parents=True, exist_ok=True)
        image.save(images / name)
        splits[name] = "database" if name == "other/0.jpg" else "train"
    refused = write_rubbish(images, root)
    with (root / "data/labels.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("image", "split"), *splits.items()])
    write_params(root, relevance={"source": "geometry"})
    told = {"prepare": run(root, "prepare"), "describe": run_child(root, "describe")}  # torch stays out of this process
    told |= {stage: run(root, stage) for stage in ("reconstruct", "mine_pairs", "relevance")}
    return Pile(root, set(kept), refused, told)
