"""What `train` and `encode` say where what they read is missing, damaged or of other settings."""

import shutil

import pytest

from bitscape.core.errors import BitscapeError
from bitscape.core.params import Params
from bitscape.core.storage import read_json, remove
from bitscape.methods.base.registry import create
from tasks import encode, train
from tests.tasks.trainable import make_trainable

SMALL = {"epochs": 1, "kept": 8, "width": 8}


def params_of(**ath):
    return Params.model_validate({"methods": ["ath", "itq"], "bits": [8], "train": {"methods": {"ath": SMALL | ath}}})


PARAMS = params_of()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    root = tmp_path_factory.mktemp("project")
    make_trainable(root, ["ath"])
    for method in PARAMS.methods:
        train.run(PARAMS, root, method, 8)
    return root


@pytest.fixture
def root(trained, tmp_path):
    """A copy that may be spoilt."""
    return shutil.copytree(trained, tmp_path / "project")


@pytest.mark.parametrize(
    ("method", "file", "stage"),
    [
        ("ath", "relevance/query_val.npz", "relevance"),
        ("ath", "describe/feature_maps.npy", "describe"),
        ("itq", "describe/descriptors.npy", "describe"),
        ("ath", "supervise/ath/source.json", "supervise"),
        ("ath", "supervise/ath/labels.npz", "supervise"),
        ("ath", "supervise/ath/pairs.parquet", "supervise"),
        ("ath", "supervise/ath", "supervise"),
    ],
)
def test_train_names_the_stage_that_makes_its_input_anew(root, method, file, stage):
    path = root / "artifacts" / file
    if path.is_file():
        path.write_bytes(b"rubbish")
        with pytest.raises(BitscapeError, match=rf"{path} is damaged .* run `dvc repro {stage}` to make it anew"):
            train.run(PARAMS, root, method, 8)
    remove(path)
    with pytest.raises(BitscapeError, match=rf"{path}.* is missing; run `dvc repro {stage}` to bring it about"):
        train.run(PARAMS, root, method, 8)


@pytest.mark.parametrize(
    ("method", "file", "stage"),
    [
        ("ath", "train/ath-8/weights.safetensors", "train@ath-8"),
        ("ath", "train/ath-8/selection.json", "train@ath-8"),
        ("itq", "train/itq-8/weights.safetensors", "train@itq-8"),
        ("ath", "train/ath-8", "train@ath-8"),
        ("ath", "describe/feature_maps.npy", "describe"),
        ("itq", "describe/descriptors.npy", "describe"),
    ],
)
def test_encode_names_the_stage_that_makes_its_input_anew(root, method, file, stage):
    path = root / "artifacts" / file
    if path.is_file():
        path.write_bytes(b"rubbish")
        with pytest.raises(BitscapeError, match=rf"{path} is damaged .* run `dvc repro {stage}` to make it anew"):
            encode.run(PARAMS, root, method, 8)
    remove(path)
    with pytest.raises(BitscapeError, match=rf"{path}.* is missing; run `dvc repro {stage}` to bring it about"):
        encode.run(PARAMS, root, method, 8)


def test_the_selection_has_the_settings_that_were_used(tmp_path):
    make_trainable(tmp_path, ["rvssdh"])
    given = {"variant": "ssdh", "epochs": 3, "channels": 8, "width": 8, "gamma": 0.0, "vlad": True}
    params = Params.model_validate({"methods": ["rvssdh"], "bits": [8], "train": {"methods": {"rvssdh": given}}})
    train.run(params, tmp_path, "rvssdh", 8)
    used = read_json(tmp_path / "artifacts/train/rvssdh-8/selection.json")["parameters"]
    assert (used["gamma"], used["vlad"], used["width"]) == (1.0, False, 8)
    again = Params.model_validate({"train": {"methods": {"rvssdh": used}}})  # as a bundle reads them
    assert create("rvssdh", 8, again).settings.model_dump() == used


def test_encode_says_that_settings_have_changed_since_the_training(root):
    with pytest.raises(BitscapeError, match=r"trained with other settings .*; run `dvc repro train@ath-8`\.$"):
        encode.run(params_of(width=16), root, "ath", 8)
