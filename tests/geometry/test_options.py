import json

import pytest
from pydantic import ValidationError

from bitscape.core.errors import BitscapeError
from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.geometry import options
from bitscape.geometry.colmap import pycolmap

PLACES = {"image_path", "snapshot_path", "image_names"}


@pytest.mark.parametrize("mapper", ["incremental", "global"])
def test_all_options_are_told_and_say_nothing_of_the_machine(mapper: str) -> None:
    chosen = Reconstruct(mapper=mapper, max_features=777, min_inliers=21, min_model_size=4, deterministic=True)
    told = json.loads(json.dumps(options.effective(chosen, 5, [400, 12], 2)))
    assert told["extraction"]["sift"]["max_num_features"] == 777
    assert told["verification"]["min_num_inliers"] == told["mapping"]["min_num_matches"] == 21
    assert told["verification"]["ransac"]["random_seed"] == told["mapping"]["random_seed"] == 5
    assert [each["num_threads"] for each in told["components"]] == [1, 1]
    assert told["matching"]["num_threads"] == 1
    everything = getattr(pycolmap, f"{mapper.title()}PipelineOptions")().todict()
    assert set(told["mapping"]) | set(told["components"][0]) == set(everything) - PLACES | {"photographs"}
    assert told["mapping"]["min_model_size"] == 4
    assert set(told["matching"]["sift"]) == set(pycolmap.FeatureMatchingOptions().sift.todict())
    assert "path" not in json.dumps(told)
    assert "/" not in json.dumps(told).replace("I/O", "")


def test_each_mapper_s_own_options_are_told() -> None:
    chosen = Reconstruct(threads=8)
    sizes = [700, 30, 5, 4, 3]
    told = options.effective(chosen, 0, sizes, 4)
    assert told["components"] == [
        {"photographs": size, "num_threads": 2, "max_num_models": models}
        for size, models in zip(sizes, [233, 50, 50, 50, 50], strict=True)
    ]
    for size, each in zip(sizes, told["components"], strict=True):
        used = options.mapping(chosen, 0, size, 4)
        assert (each["num_threads"], each["max_num_models"]) == (used.num_threads, used.max_num_models)
    assert options.effective(chosen, 0, [], 1)["components"] == []


def test_threads_are_shared_by_the_workers() -> None:
    assert options.mapping(Reconstruct(threads=8), 0, 10, 4).num_threads == 2
    assert options.mapping(Reconstruct(threads=2), 0, 10, 4).num_threads == 1


@pytest.mark.skipif(pycolmap.has_cuda, reason="this pycolmap has CUDA")
def test_cuda_that_is_not_there_is_told() -> None:
    with pytest.raises(BitscapeError, match=r"reconstruct\.device.*pycolmap-cuda12"):
        options.device(Reconstruct(device="cuda"))
    assert options.device(Reconstruct(device="auto")) == options.device(Reconstruct()) == pycolmap.Device.cpu


def test_cuda_is_taken_where_it_is_and_nothing_need_be_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pycolmap, "has_cuda", True)
    assert options.device(Reconstruct(device="cuda")) == options.device(Reconstruct(device="auto"))
    assert options.device(Reconstruct(device="auto")) == pycolmap.Device.cuda
    assert options.device(Reconstruct(device="auto", deterministic=True)) == pycolmap.Device.cpu
    with pytest.raises(ValidationError, match="on a GPU differ from run to run; set device to cpu"):
        Reconstruct(device="cuda", deterministic=True)
