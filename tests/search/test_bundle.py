import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import bitscape
from bitscape.core.errors import BitscapeError
from bitscape.hamming.codes import pack
from bitscape.hamming.ranking import distances
from bitscape.search.index import IndexSettings
from bitscape.search.manifest import sha256
from tests.search.conftest import draw


def files(folder: Path) -> dict[str, str]:
    return {path.name: sha256(path) for path in sorted(folder.iterdir())}


@pytest.fixture
def copied(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "copied"))


def seal(folder: Path, **changes) -> None:
    """Write right checksums for whatever the files hold now."""
    content = json.loads((folder / "manifest.json").read_text())
    content["files"] = {name: sha256(folder / name) for name in content["files"]}
    (folder / "manifest.json").write_text(json.dumps(content | changes))


@pytest.mark.parametrize("kind", ["flat", "ivf", "multihash", "hnsw"])
def test_a_loaded_bundle_answers_as_the_saved_one_and_has_its_bytes(bundle, tmp_path, kind):
    bundle = bundle.with_index(IndexSettings(kind=kind, probes=2, flips=2, beam=32))
    bundle.save(tmp_path / "first")
    loaded = bitscape.load(tmp_path / "first")
    queries = bundle.codes[:5] ^ 1
    assert loaded.nearest(queries, 7) == bundle.nearest(queries, 7)
    loaded.save(tmp_path / "second")
    assert files(tmp_path / "first") == files(tmp_path / "second")


def test_a_photograph_of_the_collection_is_found_however_it_is_given(project, saved):
    loaded = bitscape.load(str(saved))
    path = project / "data/images" / loaded.images[9]
    given = [path, str(path), Image.open(path), np.asarray(Image.open(path))]
    answers = loaded.search(given, top=4)
    assert [answer == answers[0] for answer in answers] == [True] * 4
    assert answers[0][0].distance == 0
    assert loaded.images[9] in [hit.image for hit in answers[0] if hit.distance == 0]
    assert all(hit.path.is_file() for hit in answers[0])
    assert loaded.search(path, top=4) == answers[:1]
    assert loaded.search([]) == []
    assert len(loaded.search(path, top=1000)[0]) == len(loaded.images)


def test_answers_are_those_of_all_distances(saved):
    loaded = bitscape.load(saved)
    view = np.asarray(draw(1, 50))
    (hits,) = loaded.search(view, top=12)
    away = distances(pack(loaded.encode([view])), loaded.codes)[0]
    order = np.argsort(away, kind="stable")[:12]
    assert [(hit.image, hit.distance) for hit in hits] == [(loaded.images[row], away[row]) for row in order]


def test_what_is_added_is_found_and_what_is_removed_is_not(bundle, tmp_path):
    before = list(bundle.images)
    draw(2, 77).save(tmp_path / "new.png")
    (name,) = bundle.add([tmp_path / "new.png"])
    assert bundle.images == [*before, name]
    (hit, *_) = [one for one in bundle.search(tmp_path / "new.png", top=100)[0] if one.image == name]
    assert hit.distance == 0
    assert hit.path.resolve() == (tmp_path / "new.png").resolve()
    with pytest.raises(BitscapeError, match="is in the bundle already"):
        bundle.add([tmp_path / "new.png"])
    bundle.remove([name, before[3]])
    kept = [image for image in before if image != before[3]]
    assert [one.image for one in bundle.nearest(bundle.codes[:1], 100)[0]] != []
    assert {one.image for one in bundle.nearest(bundle.codes[:1], 100)[0]} == set(kept)
    with pytest.raises(BitscapeError, match="is not in the bundle"):
        bundle.remove([kept[0], "nobody.png"])
    assert bundle.images == kept


def test_adding_and_removing_again_is_as_if_nothing_had_been(bundle, tmp_path):
    bundle.save(tmp_path / "before")
    draw(0, 99).save(tmp_path / "new.png")
    bundle.remove(bundle.add([tmp_path / "new.png"]))
    bundle.save(tmp_path / "after")
    assert files(tmp_path / "before") == files(tmp_path / "after")


def test_a_file_that_is_no_photograph_adds_nothing(bundle, tmp_path):
    (tmp_path / "note.jpg").write_text("no picture")
    draw(0, 98).save(tmp_path / "new.png")
    before = list(bundle.images)
    with pytest.raises(BitscapeError, match=r"note\.jpg is not a photograph"):
        bundle.add([tmp_path / "new.png", tmp_path / "note.jpg"])
    assert bundle.images == before
    with pytest.raises(BitscapeError, match=r"must be \(H, W, 3\) uint8"):
        bundle.search(np.zeros((4, 4)))


@pytest.mark.parametrize("name", ["codes.npy", "outputs.npy", "probe.npy", "images.parquet", "model.safetensors"])
def test_one_changed_byte_is_refused(copied, name):
    content = bytearray((copied / name).read_bytes())
    content[-1] ^= 1
    (copied / name).write_bytes(content)
    with pytest.raises(BitscapeError, match=f"{name} is not the file that the bundle was saved with"):
        bitscape.load(copied)
    (copied / name).unlink()
    with pytest.raises(BitscapeError, match=f"{name} is missing"):
        bitscape.load(copied)


def test_sizes_that_disagree_are_refused_also_where_checksums_agree(copied):
    codes = np.load(copied / "codes.npy")
    np.save(copied / "codes.npy", codes[:, :1])
    seal(copied)
    with pytest.raises(BitscapeError, match=r"codes.npy holds uint8 \(\d+, 1\).*16 bits"):
        bitscape.load(copied)
    np.save(copied / "codes.npy", codes[:-1])
    seal(copied)
    with pytest.raises(BitscapeError, match=r"codes\.npy holds"):
        bitscape.load(copied)
    np.save(copied / "codes.npy", codes)
    seal(copied, count=3)
    with pytest.raises(BitscapeError, match="the manifest"):
        bitscape.load(copied)


def test_codes_that_are_not_the_signs_of_the_outputs_are_refused(copied, tmp_path):
    codes, outputs = np.load(copied / "codes.npy"), np.load(copied / "outputs.npy")
    row, bit = np.unravel_index(np.abs(outputs).argmin(), outputs.shape)
    outputs[row, bit] = 5e-4 if outputs[row, bit] < 0 else -5e-4  # so near zero that rounding decides
    np.save(copied / "outputs.npy", outputs)
    seal(copied)
    assert bitscape.load(copied).codes.tolist() == codes.tolist()
    np.save(copied / "codes.npy", codes[::-1])
    seal(copied)
    with pytest.raises(
        BitscapeError, match=r"codes\.npy does not hold the signs of outputs\.npy; make the bundle anew"
    ):
        bitscape.load(copied)


def test_codes_that_are_not_the_signs_of_the_outputs_are_not_saved(saved, tmp_path):
    loaded = bitscape.load(saved)
    loaded.codes = ~loaded.codes
    with pytest.raises(BitscapeError, match="not the signs of the outputs"):
        loaded.save(tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("kind", ["ivf", "hnsw"])
def test_an_index_of_other_codes_or_of_another_kind_is_refused(saved, tmp_path, kind):
    import faiss

    from bitscape.search.index import build

    settings, folder = IndexSettings(kind=kind), tmp_path / "one"
    bundle = bitscape.load(saved).with_index(settings)
    bundle.save(folder)
    others = {
        "holds 4 codes of 16 bits": build(bundle.codes[:4], IndexSettings(kind=kind, lists=2)),
        f"is no {kind} index of the codes": build(bundle.codes[::-1], settings),
        f"is no {kind} index": build(bundle.codes, IndexSettings()),
    }
    for told, other in others.items():
        faiss.write_index_binary(other, str(folder / "index.faiss"))
        seal(folder)
        with pytest.raises(BitscapeError, match=told):
            bitscape.load(folder)
    (folder / "index.faiss").write_bytes(b"IBxx no index")
    seal(folder)
    with pytest.raises(BitscapeError, match="cannot be read"):
        bitscape.load(folder)


class _Trap:
    def __reduce__(self):
        return exec, ("raise SystemExit('a pickle was loaded')",)


@pytest.mark.parametrize("name", ["codes.npy", "outputs.npy", "probe.npy", "images.parquet", "model.safetensors"])
def test_pickles_are_never_loaded(copied, name):
    if name.endswith(".npy"):
        np.save(copied / name, np.array([_Trap()], dtype=object), allow_pickle=True)
    else:
        (copied / name).write_bytes(pickle.dumps(_Trap()))
    seal(copied)
    with pytest.raises(BitscapeError, match="cannot be read"):
        bitscape.load(copied)


def test_what_is_no_bundle_is_told_and_left_alone(tmp_path, bundle):
    with pytest.raises(BitscapeError, match="is no bundle"):
        bitscape.load(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/diary.txt").write_text("dear diary")
    with pytest.raises(BitscapeError, match="is in the way"):
        bundle.save(tmp_path / "mine")
    (tmp_path / "mine/manifest.json").write_text('{"name": "a web page of mine"}')
    with pytest.raises(BitscapeError, match=r"no bundle \(it holds diary.txt\)"):
        bundle.save(tmp_path / "mine")
    assert (tmp_path / "mine/diary.txt").read_text() == "dear diary"


def test_settings_that_do_not_fit_are_told_before_anything_is_written(tmp_path, bundle):
    tables = bundle.model.bits + 1
    with pytest.raises(BitscapeError, match=f"{tables} tables"):
        bundle.with_index(IndexSettings(kind="multihash", hashes=tables)).save(tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"format": 2}'])
def test_a_broken_manifest_is_told_in_a_sentence(copied, content):
    (copied / "manifest.json").write_text(content)
    with pytest.raises(BitscapeError, match=r"manifest\.json"):
        bitscape.load(copied)


def test_a_file_without_a_checksum_is_refused(copied):
    content = json.loads((copied / "manifest.json").read_text())
    del content["files"]["codes.npy"]
    (copied / "manifest.json").write_text(json.dumps(content))
    with pytest.raises(BitscapeError, match=r"no checksum of codes\.npy"):
        bitscape.load(copied)


def test_unknown_files_and_paths_in_the_manifest_are_refused(copied):
    content = json.loads((copied / "manifest.json").read_text())
    content["files"]["../../secret"] = "0" * 64
    (copied / "manifest.json").write_text(json.dumps(content))
    with pytest.raises(BitscapeError, match=r"manifest\.json"):
        bitscape.load(copied)


def test_other_backbone_weights_are_refused(copied):
    content = json.loads((copied / "manifest.json").read_text())
    content["transform"]["sha256"] = "0" * 64
    (copied / "manifest.json").write_text(json.dumps(content))
    with pytest.raises(BitscapeError, match="are others than those the codes were made with"):
        bitscape.load(copied).search(np.asarray(draw(0, 0)))


def test_weights_of_another_method_are_refused(copied):
    content = json.loads((copied / "manifest.json").read_text())
    content["model"]["parameters"]["width"] += 1
    (copied / "manifest.json").write_text(json.dumps(content))
    with pytest.raises(BitscapeError, match="do not fit dsah at 16 bits"):
        bitscape.load(copied).search(np.asarray(draw(0, 0)))


def change(folder: Path, *keys: str, value: object) -> None:
    """Change one value of the manifest, which no checksum guards."""
    content = json.loads((folder / "manifest.json").read_text())
    inner = content
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    (folder / "manifest.json").write_text(json.dumps(content))


def test_another_transform_is_seen_by_what_it_does(copied):
    change(copied, "transform", "image_size", value=72)
    with pytest.raises(BitscapeError, match="does not give the outputs it gave when the bundle was made"):
        bitscape.load(copied).search(np.asarray(draw(0, 0)))


def test_other_weights_of_the_same_shapes_are_seen_by_what_they_do(copied):
    from safetensors.numpy import load_file, save_file

    weights = load_file(copied / "model.safetensors")
    save_file({name: np.ascontiguousarray(one[::-1]) for name, one in weights.items()}, copied / "model.safetensors")
    seal(copied)
    with pytest.raises(BitscapeError, match="does not give the outputs it gave when the bundle was made"):
        bitscape.load(copied).search(np.asarray(draw(0, 0)))


@pytest.mark.parametrize(
    ("keys", "value", "told"),
    [
        (("parameters", "colour"), "red", "methods.dsah.colour: Extra inputs are not permitted"),
        (("parameters", "width"), "broad", "methods.dsah.width: Input should be a valid integer"),
        (("seed",), -1, "seed: Input should be greater than or equal to 0"),
        (("channels",), None, "Nothing is told of the channels and classes of dsah"),
        (("channels",), 1, "do not fit dsah at 16 bits"),
    ],
)
def test_damaged_or_foreign_parameters_are_told_in_a_sentence(copied, keys, value, told):
    change(copied, "model", *keys, value=value)
    with pytest.raises(BitscapeError, match=told):
        bitscape.load(copied).search(np.asarray(draw(0, 0)))


def test_a_backbone_of_other_maps_is_told_in_a_sentence(bundle):
    from bitscape.search.encoder import ProjectionEncoder
    from bitscape.search.probe import probe

    narrow = {name: one[..., :100] if name != "bias" else one for name, one in bundle.weights.items()}
    with pytest.raises(BitscapeError, match="The backbone and the network do not fit each other"):
        probe(ProjectionEncoder(bundle.encoder.backbone, 64, narrow))


def test_the_probe_is_the_same_picture_everywhere():
    import hashlib

    from bitscape.search.probe import picture

    assert (
        hashlib.sha256(picture().tobytes()).hexdigest()
        == "f47132ce95a84bb881d836c89508024b61f1d05cf1219d5f6c6fce60e8c2190c"
    )
