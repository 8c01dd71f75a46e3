"""A small project whose stages have really run, up to `encode`."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageDraw
from typer.testing import CliRunner

from bitscape.cli import app
from bitscape.core.params import Params
from bitscape.core.untrained import read_reason
from bitscape.search.bundle import Bundle
from bitscape.search.project import bundle_of, choose
from tasks import build_similarity, describe, encode, mine_pairs, prepare, relevance, supervise, train

SCENES = ("harbour", "market", "tower", "wood")
METHODS = ("lsh", "dsah", "dsrh")
PARAMS = Params.model_validate(
    {
        "methods": list(METHODS),
        "bits": [16],
        "describe": {"image_size": 64, "device": "cpu"},
        "relevance": {"source": "labels"},
        "train": {
            "common": {"device": "cpu"},
            "methods": {
                "dsah": {"rounds": 1, "epochs": 1, "width": 32, "k1_share": 0.2, "k2_share": 0.2},
                "dsrh": {"epochs": 1, "supervision": "labels"},
            },
        },
    }
)


def draw(scene: int, view: int, side: int = 96) -> Image.Image:
    """Draw a view of a scene: shapes of the scene's own, moved from view to view, under noise."""
    of_scene, of_view = np.random.default_rng(scene), np.random.default_rng(1000 * scene + view)
    picture = Image.new("RGB", (side, side), tuple(of_scene.integers(0, 256, 3).tolist()))
    pen = ImageDraw.Draw(picture)
    for _ in range(12):
        x, y, wide, high = (of_scene.random(4) * side).tolist()
        dx, dy = (of_view.random(2) * 8).tolist()
        pen.rectangle((x + dx, y + dy, x + dx + wide / 3, y + dy + high / 3), fill=tuple(of_scene.integers(0, 256, 3)))
    noise = of_view.integers(-12, 13, (side, side, 3))
    return Image.fromarray(np.clip(np.asarray(picture) + noise, 0, 255).astype(np.uint8))


def call(*arguments: object) -> tuple[int, str]:
    """Run a command of `bitscape`; its exit status, and what it printed with single spaces."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, " ".join(result.output.split())


def make_photographs(folder: Path, views: range) -> list[str]:
    """Write pictures of all scenes; give their names, sorted."""
    for number, scene in enumerate(SCENES):
        (folder / scene).mkdir(parents=True, exist_ok=True)
        for view in views:
            draw(number, view).save(folder / scene / f"{view:02}.png")
    return sorted(f"{scene}/{view:02}.png" for scene in SCENES for view in views)


PLACED = {"model": "int32", "image": "int32", "focal": "float32"}
NO_MODEL = {
    "observations": PLACED | {"point": "int64", "depth": "float32"},
    "cameras": PLACED | dict.fromkeys(("x", "y", "z", "qx", "qy", "qz", "qw"), "float64"),
}


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the stages from `prepare` to `encode` on 32 pictures."""
    root = tmp_path_factory.mktemp("search") / "project"
    names = make_photographs(root / "data/images", range(8))
    lines = [f"{name},{name.partition('/')[0]}" for name in names]
    (root / "data/labels.csv").write_text("\n".join(["image,labels", *lines]) + "\n")
    (root / "artifacts/reconstruct").mkdir(parents=True)
    for table, kinds in NO_MODEL.items():
        unseen = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})
        unseen.to_parquet(root / f"artifacts/reconstruct/{table}.parquet")
    for stage in (prepare, describe, mine_pairs, relevance, build_similarity, supervise):
        stage.run(PARAMS, root)
    for method in METHODS:
        train.run(PARAMS, root, method, 16)
        assert read_reason(root / f"artifacts/train/{method}-16") is None
        encode.run(PARAMS, root, method, 16)
    return root


@pytest.fixture(scope="session")
def saved(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save the bundle of DSAH; whoever changes it copies it first."""
    folder = tmp_path_factory.mktemp("saved") / "dsah-16"
    bundle_of(project, choose(project, "dsah")).save(folder)
    return folder


@pytest.fixture
def bundle(project: Path) -> Bundle:
    """Make the bundle of LSH anew."""
    return bundle_of(project, choose(project, "lsh"))
