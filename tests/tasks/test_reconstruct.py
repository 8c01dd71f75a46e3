import hashlib
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import ExifTags, Image
from scipy import sparse

from bitscape.core.errors import BitscapeError
from bitscape.core.params import Params
from tasks import mine_pairs, reconstruct, relevance

SMALL = {"image_size": 400, "max_features": 800, "deterministic": True}
SPLITS = ["train"] * 7 + ["database", "query_val", "query_test"]
PLACES = ("fountain_P11", "lund_door")
GIVEN = ("prepare", "describe")


def write_project(root: Path, images: list[str], splits: list[str]) -> None:
    """Write what prepare and describe would."""
    for stage in GIVEN:
        (root / "artifacts" / stage).mkdir(parents=True)
    table = pd.DataFrame({"image": images, "split": splits, "landmark": None, "group": None})
    table["landmark"] = table["landmark"].astype("str")
    table["labels"] = [[] for _ in images]
    table["sha256"] = table["pixels"] = [
        hashlib.sha256((root / "data/images" / image).read_bytes()).hexdigest() for image in images
    ]
    table.to_parquet(root / "artifacts/prepare/collection.parquet", index=False)
    rows = np.random.default_rng(0).normal(size=(len(images), 8)).astype(np.float32)
    np.save(root / "artifacts/describe/descriptors.npy", rows / np.linalg.norm(rows, axis=1, keepdims=True))


def run_stages(root: Path, params: Params) -> None:
    for stage in (reconstruct, mine_pairs, relevance):
        stage.run(params, root)


@pytest.mark.parametrize(("train", "alike"), [(0, False), (1, False), (2, False), (5, False), (5, True)])
def test_photographs_without_overlap_are_no_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], train: int, alike: bool
) -> None:
    generator = np.random.default_rng(train)
    picture = generator.integers(0, 256, (90, 120, 3), np.uint8)
    images = [f"{number}.png" for number in range(train + 3)]
    (tmp_path / "data/images").mkdir(parents=True)
    for name in images:
        pixels = picture if alike else generator.integers(0, 256, picture.shape, np.uint8)
        Image.fromarray(pixels).save(tmp_path / "data/images" / name)
    write_project(tmp_path, images, ["train"] * train + ["database", "query_val", "query_test"])
    run_stages(tmp_path, Params(reconstruct=SMALL))
    told = capsys.readouterr().err
    assert "no 3D model: the training photographs do not overlap" in told
    assert "no positive pair" in told
    made = tmp_path / "artifacts/reconstruct"
    report = json.loads((made / "registrations.json").read_text())
    assert report == {"models": [], "unregistered": list(range(train)), "suspicious": [], "apart": []}
    assert [list((made / folder).iterdir()) for folder in ("models", "clouds", "pictures")] == [[], [], []]
    assert (made / "features.db").is_file()
    mined = pd.read_parquet(tmp_path / "artifacts/mine_pairs/images.parquet")
    assert mined["model"].tolist() == [-1] * train
    assert len(pd.read_parquet(tmp_path / "artifacts/mine_pairs/positives.parquet")) == 0
    assert sparse.load_npz(tmp_path / "artifacts/mine_pairs/covisibility.npz").shape == (train + 3, train + 3)
    grades = sparse.load_npz(tmp_path / "artifacts/relevance/query_test.npz")
    assert (grades.shape, grades.nnz) == ((1, train + 1), 0)


def test_a_cluster_that_is_not_there_is_told_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(BitscapeError, match="Dask is not installed"):
        reconstruct.run(Params(reconstruct={"executor": "tcp://localhost:8786"}), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def places(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two places, ten photographs each, one with a name that breaks lists and one lying on its side."""
    root = tmp_path_factory.mktemp("places")
    images = []
    for place in PLACES:
        for number, photograph in enumerate(sorted((shared_data / "photos" / place).iterdir())[:10]):
            images.append(f"{place}/{number:02d} a\nb.jpg" if number == 3 else f"{place}/{number:02d}.jpg")
            target = root / "data/images" / images[-1]
            target.parent.mkdir(parents=True, exist_ok=True)
            if number == 4:
                lay_on_side(photograph, target)
            else:
                shutil.copyfile(photograph, target)
    generator = np.random.default_rng(5)
    splits = [split for _ in PLACES for split in generator.permutation(SPLITS).tolist()]
    write_project(root, images, splits)
    run_stages(root, Params(reconstruct=SMALL))
    return root


def lay_on_side(source: Path, target: Path) -> None:
    """Turn the pixels a quarter, and say so in EXIF."""
    with Image.open(source) as photograph:
        exif = photograph.getexif()
        exif[ExifTags.Base.Orientation] = 6
        photograph.transpose(Image.Transpose.ROTATE_90).save(target, quality=95, exif=exif)


def test_two_places_are_two_models(places: Path) -> None:
    report = json.loads((places / "artifacts/reconstruct/registrations.json").read_text())
    collection = pd.read_parquet(places / "artifacts/prepare/collection.parquet")
    where = collection["image"].str.split("/").str[0]
    train = set(np.flatnonzero(collection["split"] == "train").tolist())
    assert len(report["models"]) == 2
    assert {where[model["images"][0]] for model in report["models"]} == set(PLACES)
    for model in report["models"]:
        assert where[model["images"]].nunique() == 1
        assert set(model["images"]) <= train
        assert len(model["images"]) >= 6
        assert model["reprojection_error"] < 1
    observations = pd.read_parquet(places / "artifacts/reconstruct/observations.parquet")
    assert set(observations["image"]) == {image for model in report["models"] for image in model["images"]}
    for number, model in enumerate(report["models"]):
        assert observations[observations["model"] == number]["point"].nunique() == model["points"]
        assert (places / f"artifacts/reconstruct/pictures/{number}.png").stat().st_size > 10_000
        assert (places / f"artifacts/reconstruct/clouds/{number}.ply").is_file()


def test_every_point_that_is_seen_has_a_position(places: Path) -> None:
    points, seen = (
        pd.read_parquet(places / f"artifacts/reconstruct/{name}.parquet") for name in ("points", "observations")
    )
    named = seen[["model", "point"]].drop_duplicates().sort_values(["model", "point"], ignore_index=True)
    assert points[["model", "point"]].equals(named)


def test_visible_points_give_more_positives_of_the_same_place(places: Path, tmp_path: Path) -> None:
    for stage in (*GIVEN, "reconstruct"):
        shutil.copytree(places / "artifacts" / stage, tmp_path / "artifacts" / stage)
    mine_pairs.run(Params(mine_pairs={"points": "visible"}), tmp_path)
    where = pd.read_parquet(places / "artifacts/prepare/collection.parquet")["image"].str.split("/").str[0].to_numpy()
    tracks, visible = (sparse.load_npz(root / "artifacts/mine_pairs/covisibility.npz") for root in (places, tmp_path))
    assert (visible - tracks).min() >= 0
    assert visible.sum() > tracks.sum()
    positives = pd.read_parquet(tmp_path / "artifacts/mine_pairs/positives.parquet")
    assert (where[positives["query"]] == where[positives["positive"]]).all()
    assert len(positives) >= len(pd.read_parquet(places / "artifacts/mine_pairs/positives.parquet"))


def test_positives_stay_in_their_place(places: Path) -> None:
    where = pd.read_parquet(places / "artifacts/prepare/collection.parquet")["image"].str.split("/").str[0].to_numpy()
    positives = pd.read_parquet(places / "artifacts/mine_pairs/positives.parquet")
    shared = sparse.load_npz(places / "artifacts/mine_pairs/covisibility.npz")
    assert positives["query"].nunique() >= 12
    assert (where[positives["query"]] == where[positives["positive"]]).all()
    assert (shared[positives["query"], positives["positive"]] == positives["shared_points"]).all()
    assert (shared != shared.T).nnz == 0


@pytest.mark.parametrize("split", ["query_val", "query_test"])
def test_queries_find_their_place_and_leave_the_models_alone(places: Path, split: str) -> None:
    collection = pd.read_parquet(places / "artifacts/prepare/collection.parquet")
    where = collection["image"].str.split("/").str[0].to_numpy()
    searched = np.flatnonzero(collection["split"].isin(["train", "database"]))
    asked = np.flatnonzero(collection["split"] == split)
    grades = sparse.load_npz(places / f"artifacts/relevance/{split}.npz").tocoo()
    assert grades.shape == (2, 16)
    assert set(grades.coords[0]) == {0, 1}
    assert (where[asked[grades.coords[0]]] == where[searched[grades.coords[1]]]).all()
    assert grades.data.min() >= Params().relevance.min_shared_points
    newcomers = np.flatnonzero(collection["split"].to_numpy()[searched] == "database")
    assert np.isin(newcomers, grades.coords[1]).any()
    report = json.loads((places / "artifacts/relevance/relevance.json").read_text())
    assert (report["source"], report["queries_without_relevant"][split]) == ("geometry", 0)


def test_where_labels_tell_what_is_relevant_another_shot_of_a_burst_is_junk_too(places: Path, tmp_path: Path) -> None:
    """A query is a training photograph again, moved by a hand's breadth, another one of `database`; a third is none."""
    shutil.copytree(places / "data", tmp_path / "data")
    for stage in (*GIVEN, "reconstruct"):
        shutil.copytree(places / "artifacts" / stage, tmp_path / "artifacts" / stage)
    table = pd.read_parquet(tmp_path / "artifacts/prepare/collection.parquet")
    where = table["image"].str.split("/").str[0]
    table["labels"] = [[place] for place in where]
    table.to_parquet(tmp_path / "artifacts/prepare/collection.parquet", index=False)
    rows = {
        (place, split): np.flatnonzero((where == place) & (table["split"] == split))[0]
        for place in PLACES
        for split in set(SPLITS)
    }
    again = {
        rows[PLACES[1], "query_test"]: rows[PLACES[1], "train"],
        rows[PLACES[1], "query_val"]: rows[PLACES[1], "database"],
    }
    other_view = {rows[PLACES[0], "query_test"]: rows[PLACES[0], "train"]}
    descriptors = np.load(tmp_path / "artifacts/describe/descriptors.npy")
    for query, photograph in (again | other_view).items():
        descriptors[query] = descriptors[photograph]
    np.save(tmp_path / "artifacts/describe/descriptors.npy", descriptors)
    for query, photograph in again.items():
        with Image.open(tmp_path / "data/images" / table["image"][photograph]) as view:
            width, height = view.size
            moved = view.crop((20, 10, width - 10, height - 10)).resize((width, height))
        moved.save(tmp_path / "data/images" / table["image"][query], quality=90)
    searched = np.flatnonzero(table["split"].isin(["train", "database"]))
    registered = tmp_path / "artifacts/reconstruct/registrations.json"
    for asked, models, junk in (
        ("auto", True, again),
        ("never", True, {}),
        ("auto", False, {}),
        ("always", False, again),
    ):
        if not models:
            registered.write_text(json.dumps(json.loads(registered.read_text()) | {"models": []}))
        relevance.run(Params(reconstruct=SMALL, relevance={"near_duplicates": asked}), tmp_path)
        for split in ("query_val", "query_test"):
            queries = np.flatnonzero(table["split"] == split)
            wanted = (where.to_numpy()[queries][:, None] == where.to_numpy()[searched]).astype(int)
            for row, query in enumerate(queries):
                if query in junk:
                    wanted[row, searched == junk[query]] = -1
            found = sparse.load_npz(tmp_path / f"artifacts/relevance/{split}.npz")
            assert found.toarray().tolist() == wanted.tolist()


def test_another_query_that_shifts_the_numbers_does_not_mix_up_what_is_kept(shared_data: Path, tmp_path: Path) -> None:
    photographs = sorted((shared_data / "photos/fountain_P11").iterdir())[:5]
    names = [f"f{number}.jpg" for number in range(5)]
    poses = []
    for queries, folder in (([], "kept"), (["a.jpg"], "kept"), (["a.jpg"], "fresh")):
        root, images = tmp_path / folder, [*queries, *names]
        (root / "data/images").mkdir(parents=True, exist_ok=True)
        for name, photograph in zip(images, [photographs[0]] * len(queries) + photographs, strict=True):
            shutil.copyfile(photograph, root / "data/images" / name)
        shutil.rmtree(root / "artifacts", ignore_errors=True)
        write_project(root, images, ["query_test"] * len(queries) + ["train"] * 5)
        rows = np.eye(5, 8, dtype=np.float32)  # the same whatever else there is
        np.save(root / "artifacts/describe/descriptors.npy", np.concatenate([rows[: len(queries)], rows]))
        reconstruct.run(Params(reconstruct=SMALL), root)
        cameras = pd.read_parquet(root / "artifacts/reconstruct/cameras.parquet")
        cameras["image"] = [images[index] for index in cameras["image"]]
        poses.append(cameras)
    assert sorted(poses[0]["image"]) == names
    assert poses[1].equals(poses[0])
    assert poses[2].equals(poses[0])


def test_deterministic_means_the_same_bytes(places: Path, tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to(places / "data")
    for stage in GIVEN:
        shutil.copytree(places / "artifacts" / stage, tmp_path / "artifacts" / stage)
    run_stages(tmp_path, Params(reconstruct=SMALL))
    for name in (
        "reconstruct/observations.parquet",
        "reconstruct/registrations.json",
        "mine_pairs/positives.parquet",
        "mine_pairs/covisibility.npz",
        "relevance/query_test.npz",
        "reconstruct/models/0/points3D.bin",
    ):
        assert (places / "artifacts" / name).read_bytes() == (tmp_path / "artifacts" / name).read_bytes(), name
