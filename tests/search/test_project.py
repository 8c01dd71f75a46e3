import os
import shutil

import numpy as np
import pytest

import bitscape
from bitscape.core.errors import BitscapeError
from bitscape.core.storage import read_json, write_json
from bitscape.search.project import bundle_of, choose
from tests.search.conftest import METHODS, call


@pytest.fixture
def copied(project, tmp_path):
    return shutil.copytree(project, tmp_path / "project", ignore=shutil.ignore_patterns("bundles"))


@pytest.mark.parametrize("method", METHODS)
def test_photographs_encoded_by_the_bundle_have_the_codes_of_the_pipeline(project, method):
    bundle = bundle_of(project, choose(project, method))
    stage = np.load(project / f"artifacts/encode/{method}-16/database.npy")
    np.testing.assert_array_equal(bundle.codes, stage)
    outputs = bundle.encode([bundle.photographs / image for image in bundle.images])
    differ = np.unpackbits(np.packbits(outputs >= 0, axis=1) ^ stage, axis=1).astype(bool)
    assert np.abs(outputs[differ]).max(initial=0) < 1e-4
    np.testing.assert_allclose(outputs, bundle.outputs, atol=1e-3)


def test_the_best_on_query_val_is_chosen_and_the_shortest_of_equal_ones(copied):
    def score(name, value):
        path = copied / f"artifacts/train/{name}/selection.json"
        write_json(path, read_json(path) | {"map_expected": value})

    shutil.copytree(copied / "artifacts/train/lsh-16", copied / "artifacts/train/lsh-8")
    for name, value in (("lsh-8", 0.5), ("lsh-16", 0.5), ("dsah-16", 0.4), ("dsrh-16", None)):
        score(name, value)
    assert (choose(copied).method, choose(copied).bits) == ("lsh", 8)
    assert (choose(copied, bits=16).method, choose(copied, bits=16).score) == ("lsh", 0.5)
    assert choose(copied, "dsah").bits == 16
    for name in ("lsh-8", "lsh-16", "dsah-16"):
        score(name, None)
    assert (choose(copied).method, choose(copied).bits) == ("lsh", 16)
    with pytest.raises(BitscapeError, match="has no trained itq-64; run `dvc repro`"):
        choose(copied, "itq", 64)


def test_untrained_methods_are_not_chosen(copied):
    folder = copied / "artifacts/train/bcdh-16"
    folder.mkdir()
    (folder / "untrained.txt").write_text("There is no 3D model.\n")
    with pytest.raises(BitscapeError, match="has no trained bcdh"):
        choose(copied, "bcdh")


def test_codes_of_another_run_are_refused(copied):
    path = copied / "artifacts/encode/lsh-16/database.npy"
    np.save(path, ~np.load(path))
    with pytest.raises(BitscapeError, match="does not hold the codes of the weights"):
        bundle_of(copied, choose(copied, "lsh"))


def truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def overwrite(path):
    path.write_bytes(b"\x93rubbish" * (path.stat().st_size // 8))


ARTEFACTS = {
    "prepare/collection.parquet": "prepare",
    "describe/backbone.json": "describe",
    "describe/feature_maps.npy": "describe",
    "train/dsah-16/selection.json": "train@dsah-16",
    "train/dsah-16/weights.safetensors": "train@dsah-16",
    "encode/dsah-16/database.npy": "encode@dsah-16",
}


@pytest.mark.parametrize("damage", [truncate, overwrite, os.unlink])
@pytest.mark.parametrize("name", ARTEFACTS)
def test_a_damaged_artefact_is_told_with_the_stage_that_makes_it_anew(copied, name, damage):
    damage(copied / "artifacts" / name)
    status, told = call("index", "--method", "dsah", "--project", copied)
    assert status == 1
    assert len(told.splitlines()) == 1
    if (name, damage) == ("train/dsah-16/selection.json", os.unlink):  # as if it had never been trained
        assert "has no trained dsah; run `dvc repro`" in told
    else:
        how = "missing" if damage is os.unlink else "damaged"
        assert told.startswith(f"bitscape: {copied / 'artifacts' / name} is {how}")
        assert f"; run `dvc repro {ARTEFACTS[name]}` to " in told
    assert not (copied / "bundles").exists()


def test_descriptors_of_another_collection_are_told(copied):
    path = copied / "artifacts/describe/descriptors.npy"
    np.save(path, np.load(path)[:-1])
    with pytest.raises(BitscapeError, match=r"descriptors\.npy is damaged .*not of 32 photographs.*repro describe`"):
        bundle_of(copied, choose(copied, "lsh"))


def test_maps_overwritten_in_their_middle_are_told(copied):
    maps = np.load(copied / "artifacts/describe/feature_maps.npy", mmap_mode="r+")
    maps[3:9] = np.nan
    maps.flush()
    with pytest.raises(BitscapeError, match=r"feature_maps\.npy is damaged .*; run `dvc repro describe`"):
        bundle_of(copied, choose(copied, "dsah"))


def test_features_of_another_transform_are_refused(copied):
    path = copied / "artifacts/describe/backbone.json"
    write_json(path, read_json(path) | {"image_size": 72})
    with pytest.raises(BitscapeError, match=r"artifacts/describe holds of .+ are not those of the photographs"):
        bundle_of(copied, choose(copied, "dsah"))


def test_a_backbone_of_random_weights_cannot_be_bundled(copied):
    path = copied / "artifacts/describe/backbone.json"
    write_json(path, read_json(path) | {"weights": "random"})
    with pytest.raises(BitscapeError, match=r"describe\.weights is `random`"):
        bundle_of(copied, choose(copied, "lsh"))


def test_weights_of_a_local_file_travel_in_the_bundle(copied, tmp_path):
    from safetensors.torch import save_file

    from bitscape.networks.backbones import Backbone

    local = tmp_path / "mine.safetensors"
    save_file(Backbone("tf_efficientnet_lite0", "package").network.state_dict(), local)
    path = copied / "artifacts/describe/backbone.json"
    write_json(path, read_json(path) | {"weights": str(local)})
    bundle = bundle_of(copied, choose(copied, "lsh"))
    bundle.save(tmp_path / "bundle")
    local.unlink()
    loaded = bitscape.load(tmp_path / "bundle")
    path = loaded.photographs / loaded.images[5]
    np.testing.assert_array_equal(loaded.encode([path]), bundle.encode([path]))
