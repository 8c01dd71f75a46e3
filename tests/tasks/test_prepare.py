import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.near_duplicates import PASSED_ON, taken_again
from bitscape.core.errors import BitscapeError
from bitscape.core.params import Params
from bitscape.core.table import REFUSED, TABLE, read_collection
from tasks.prepare import run
from tests.collection.pictures import picture


def photograph(seed: int, size: tuple[int, int] = (48, 40)) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    images = tmp_path / "data/images"
    (images / "nested folder").mkdir(parents=True)
    for index in range(30):
        photograph(index).save(images / ("nested folder" if index % 2 else "") / f"{index:02}.jpg")
    return tmp_path


def refusals(root: Path) -> dict[str, str]:
    with (root / REFUSED).open(encoding="utf-8", newline="") as file:
        return {row["image"]: row["reason"] for row in csv.DictReader(file)}


def test_the_table_is_what_the_page_of_formats_says(root: Path):
    (root / "data/labels.csv").write_text("image,labels,landmark,group\n00.jpg,b;a,Dom,walk\n")
    run(Params(), root)
    collection = read_collection(root)
    assert list(collection.columns) == [
        *("image", "width", "height", "sha256", "pixels", "phash", "unit", "split", "labels", "landmark", "group")
    ]
    assert collection["image"].tolist() == sorted(collection["image"])
    assert len(collection) == 30
    assert collection["width"].dtype == collection["height"].dtype == np.int32
    assert set(collection["width"]) == {48}
    assert collection["sha256"].str.fullmatch("[0-9a-f]{64}").all()
    first = collection.iloc[0]
    assert (first["image"], first["labels"], first["landmark"], first["group"]) == ("00.jpg", ["a", "b"], "Dom", "walk")
    assert collection["landmark"].isna().sum() == 29
    assert collection["phash"].str.fullmatch("[0-9a-f]{16}").all()
    assert collection["unit"].tolist() == list(range(30))
    assert (root / REFUSED).read_text() == "image,reason\n"


def test_running_twice_writes_the_same_bytes(root: Path):
    outputs = []
    for _ in range(2):
        run(Params(), root)
        outputs.append(((root / TABLE).read_bytes(), (root / REFUSED).read_bytes()))
    assert outputs[0] == outputs[1]


def test_rubbish_is_refused_one_by_one_and_the_run_goes_on(root: Path):
    images = root / "data/images"
    whole = (images / "00.jpg").read_bytes()
    (images / "cut, short.jpg").write_bytes(whole[: len(whole) // 2])
    (images / "empty.png").touch()
    (images / "letter.jpg").write_text("Dear Ada,")
    (images / "new\nline.jpg").write_bytes(whole)
    photograph(0, (10, 10)).save(images / "tiny.png")
    photograph(0, (400, 300)).save(images / "large.png")
    (root / "outside.jpg").write_bytes(whole)
    (images / "out.jpg").symlink_to(root / "outside.jpg")
    (images / ".DS_Store").write_bytes(b"rubbish")
    (images / "notes.txt").write_text("not a word of this")
    (root / "data/labels.csv").write_text("image,labels\n00.jpg,a\ntiny.png,a\nout.jpg,b\n")
    run(Params.model_validate({"prepare": {"max_pixels": 100_000}}), root)
    assert len(read_collection(root)) == 30
    assert {name: reason.split(":")[0] for name, reason in refusals(root).items()} == {
        "cut, short.jpg": "truncated or damaged",
        "empty.png": "an empty file, zero bytes",
        "large.png": "400 x 300 pixels, more than prepare.max_pixels = 100000",
        "letter.jpg": "not a JPEG, PNG, WebP or TIFF picture",
        "new\\x0aline.jpg": "the name holds control characters or is not UTF-8; rename it",
        "out.jpg": "a link that leaves the collection; put the file itself here",
        "tiny.png": "10 x 10 pixels, a side below prepare.min_side = 32",
    }
    assert list(refusals(root)) == sorted(refusals(root))


def test_duplicates_in_any_container_never_straddle(root: Path):
    images = root / "data/images"
    for index in range(40):
        picture = photograph(1000 + index)
        picture.save(images / f"dup{index}.png")
        picture.save(images / f"dup{index}.tif")
        shutil.copy(images / f"dup{index}.png", images / f"nested folder/copy{index}.png")
    run(Params(), root)
    collection = read_collection(root)
    copies = collection[collection["pixels"].duplicated(keep=False)]
    assert len(copies) == 120
    assert copies.groupby("pixels")["split"].nunique().eq(1).all()
    assert set(copies["split"]) == {"train", "database", "query_val", "query_test"}


def passed_on(images: Path, count: int = 12) -> list[list[str]]:
    """Write pictures with what became of them; one list of names for each."""
    families = []
    for seed in range(count):
        family = {f"{seed:02}-original.png": picture(seed)}
        family |= {f"{seed:02}-{number}.png": how(picture(seed)) for number, how in enumerate(PASSED_ON.values())}
        for name, image in family.items():
            image.save(images / name)
        families.append(list(family))
    return families


def test_near_duplicates_straddle_only_where_nobody_looks(root: Path, capsys: pytest.CaptureFixture[str]):
    families = passed_on(root / "data/images")
    run(Params(), root)
    assert "prepare: 102 photographs are 42 units of duplicates, near-duplicates and groups" in capsys.readouterr().err
    collection = read_collection(root).set_index("image")
    for family in families:
        assert collection.loc[family, "split"].nunique() == collection.loc[family, "unit"].nunique() == 1
        assert collection.loc[family, "pixels"].nunique() == 6
    run(Params.model_validate({"prepare": {"near_duplicates": None}}), root)
    assert capsys.readouterr().err == ""
    blind = read_collection(root).set_index("image")
    assert sum(blind.loc[family, "split"].nunique() > 1 for family in families) > 6


def test_the_shots_of_a_burst_stay_in_one_split(shared_data: Path, tmp_path: Path):
    """Real photographs, each taken four times by a hand that moves by a hundredth of the picture."""
    (tmp_path / "data/images").mkdir(parents=True)
    photographs = [
        path for place in sorted((shared_data / "photos").iterdir()) for path in sorted(place.iterdir())[::6]
    ]
    for number, path in enumerate(photographs):
        rng = np.random.default_rng(number)
        with Image.open(path) as opened:
            whole = opened.convert("RGB")
        for shot in range(4):
            taken = taken_again(whole, 0.01 * (shot > 0), rng)
            taken.save(tmp_path / f"data/images/{number:02}-{shot}.jpg", quality=90)
    run(Params(), tmp_path)
    collection = read_collection(tmp_path)
    splits = collection.groupby(collection["image"].str[:2])["split"].nunique()
    print(
        f"{(splits == 1).sum()} of {len(splits)} bursts are in one split: {splits[splits > 1].index.tolist()} are not"
    )
    assert len(splits) >= 24
    assert (splits == 1).mean() >= 0.9
    run(Params.model_validate({"prepare": {"near_duplicates": None}}), tmp_path)
    blind = read_collection(tmp_path)
    assert (blind.groupby(blind["image"].str[:2])["split"].nunique() == 1).mean() < 0.5


def test_given_splits_that_tear_near_duplicates_are_kept_and_told(root: Path, capsys: pytest.CaptureFixture[str]):
    first, second, *_ = passed_on(root / "data/images", 3)
    rows = [(first[0], "train"), (first[1], "query_test"), (second[2], "query_val")]
    (root / "data/labels.csv").write_text("image,split\n" + "".join(f"{name},{split}\n" for name, split in rows))
    run(Params(), root)
    collection = read_collection(root).set_index("image")["split"]
    assert {name: collection[name] for name, _ in rows} == dict(rows)
    assert set(collection[second]) == {"query_val"}
    told = capsys.readouterr().err
    assert "labels.csv puts near-duplicates on different sides of a query, " in told
    assert f"{first[0]} (train)" in told
    assert "(query_test)" in told
    assert len(told.splitlines()) == 2


def test_blank_pictures_are_not_near_duplicates_of_each_other(root: Path):
    for index in range(20):
        noise = np.random.default_rng(index).normal(20, 6, (90, 120, 3))
        Image.fromarray(np.clip(noise, 0, 255).astype(np.uint8)).save(root / f"data/images/night{index}.png")
    run(Params(), root)
    collection = read_collection(root)
    night = collection["image"].str.startswith("night")
    assert collection.loc[night, "phash"].isna().all()
    assert collection["unit"].nunique() == 50


def test_too_few_photographs_stop_with_the_numbers_and_the_refusals(root: Path):
    for path in list((root / "data/images").glob("*.jpg"))[:12]:
        path.write_bytes(b"")
    with pytest.raises(BitscapeError, match=r"18 of 30 pictures .*min_images asks for 20; .*refused\.csv"):
        run(Params(), root)
    assert len(refusals(root)) == 12
    assert not (root / TABLE).exists()


@pytest.mark.parametrize("left", ["nothing", "data", "data/images"])
def test_an_empty_collection_names_the_two_ways_to_fill_it(tmp_path: Path, left: str):
    if left != "nothing":
        (tmp_path / left).mkdir(parents=True)
    with pytest.raises(BitscapeError, match=r"`bitscape import PHOTOS` .* `dvc pull`"):
        run(Params(), tmp_path)


def test_labels_of_unknown_images_stop(root: Path):
    (root / "data/labels.csv").write_text("image,labels\nimages/00.jpg,a\n")
    with pytest.raises(BitscapeError, match=r"data/labels\.csv names 1 of 1 images .*: images/00\.jpg"):
        run(Params(), root)


def test_nothing_is_learned_of_unseen_landmarks_and_the_database_holds_them(root: Path):
    names = sorted(str(path.relative_to(root / "data/images")) for path in (root / "data/images").rglob("*.jpg"))
    rows = [f"{name},landmark {index % 5}" for index, name in enumerate(names)]
    (root / "data/labels.csv").write_text("\n".join(["image,landmark", *rows]) + "\n")
    run(Params.model_validate({"prepare": {"unseen": "landmarks"}}), root)
    shown = read_collection(root).groupby("split")["landmark"].agg(set)
    assert not shown["query_test"] & shown["train"]
    assert not shown["query_test"] & shown["query_val"]
    assert shown["query_test"] | shown["query_val"] == shown["database"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"evaluate": {"protocol": "dsrh"}}, "protocol dsrh needs labels, and no photograph of the collection has any"),
        ({"evaluate": {"protocol": "unseen-landmarks"}}, r"none is unseen; set prepare\.unseen to landmarks"),
    ],
)
def test_what_a_protocol_lacks_is_told_before_any_work(root: Path, changes: dict, told: str):
    rows = [f"{path.relative_to(root / 'data/images')},Dom" for path in (root / "data/images").rglob("*.jpg")]
    (root / "data/labels.csv").write_text("\n".join(["image,landmark", *rows]))
    with pytest.raises(BitscapeError, match=told):
        run(Params.model_validate(changes), root)
    assert not (root / TABLE).exists()


def test_splits_that_leave_a_landmark_unseen_are_enough_for_its_protocol(root: Path):
    names = sorted(str(path.relative_to(root / "data/images")) for path in (root / "data/images").rglob("*.jpg"))
    splits = ["train"] * 20 + ["query_val"] * 4 + ["database"] * 3 + ["query_test"] * 3
    rows = [
        f"{name},{'Dom' if split in ('train', 'query_val') else 'Gate'},{split}"
        for name, split in zip(names, splits, strict=True)
    ]
    (root / "data/labels.csv").write_text("\n".join(["image,landmark,split", *rows]))
    run(Params.model_validate({"evaluate": {"protocol": "unseen-landmarks"}}), root)
    assert read_collection(root)["split"].tolist() == splits
