import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bitscape.core.errors import BitscapeError
from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.geometry import component, executors, options
from bitscape.geometry.colmap import pycolmap
from bitscape.geometry.component import Job, numbered, reconstruct
from bitscape.geometry.copies import copy_index
from bitscape.geometry.observations import observe, registrations
from bitscape.geometry.reconstruction import build_models, plan, registered, separate

Synthesize = Callable[..., tuple[Path, pycolmap.Reconstruction]]


def test_a_known_scene_is_found(synthesize: Synthesize, tmp_path: Path) -> None:
    database, truth = synthesize(frames=8, track_length=5)
    (model,) = build_models(database, tmp_path, tmp_path, Reconstruct(), seed=0)
    assert registered(model) == [0, 3, 6, 9, 12, 15, 18, 21]
    compared = pycolmap.compare_reconstructions(model, truth)
    assert max(error.rotation_error_deg for error in compared["errors"]) < 0.01


def test_two_scenes_are_two_models_the_larger_first(synthesize: Synthesize, tmp_path: Path) -> None:
    small, _ = synthesize(frames=5, first=1)
    large, _ = synthesize(frames=7, first=0)
    both = tmp_path / "both.db"
    with (
        pycolmap.Database.open(small) as one,
        pycolmap.Database.open(large) as other,
        pycolmap.Database.open(both) as merged,
    ):
        pycolmap.Database.merge(one, other, merged)
    models = build_models(both, tmp_path, tmp_path, Reconstruct(), seed=0)
    assert [registered(model) for model in models] == [[0, 3, 6, 9, 12, 15, 18], [1, 4, 7, 10, 13]]
    assert build_models(both, tmp_path, tmp_path / "again", Reconstruct(min_model_size=6), seed=0)[1:] == []
    for threads, workers in ((1, 1), (2, 2), (8, 2)):
        jobs = plan(both, tmp_path, tmp_path, Reconstruct(threads=threads), 0)
        assert [(len(job.names), job.workers) for job in jobs] == [(7, workers), (5, workers)]


def test_the_global_mapper_finds_the_scene_too(synthesize: Synthesize, tmp_path: Path) -> None:
    database, truth = synthesize(frames=8, track_length=5)
    before = cameras(database)
    (model,) = build_models(database, tmp_path, tmp_path, Reconstruct(mapper="global"), 0, ThreadPoolExecutor(1))
    assert registered(model) == [0, 3, 6, 9, 12, 15, 18, 21]
    compared = pycolmap.compare_reconstructions(model, truth)
    assert max(error.rotation_error_deg for error in compared["errors"]) < 0.1
    assert cameras(database) == before  # focal lengths are sought in a copy


def cameras(database: Path) -> list[str]:
    with pycolmap.Database.open(database) as opened:
        return [str(camera) for camera in opened.read_all_cameras()]


def test_a_finished_component_is_taken_from_the_scratch_folder(synthesize: Synthesize, tmp_path: Path) -> None:
    database, _ = synthesize(frames=5)
    (model,) = build_models(database, tmp_path, tmp_path / "s", Reconstruct(), 0, ThreadPoolExecutor(1))
    with pycolmap.Database.open(database) as opened:
        opened.clear_keypoints()  # nothing could be reconstructed now
    (again,) = build_models(database, tmp_path, tmp_path / "s", Reconstruct(), 0, ThreadPoolExecutor(1))
    assert sorted(again.point3D_ids()) == sorted(model.point3D_ids())


def test_a_model_goes_on_from_its_last_whole_snapshot(synthesize: Synthesize, tmp_path: Path) -> None:
    database, truth = synthesize(frames=8)
    snapshots = tmp_path / f"component-0-{database.stem}-snapshots"
    half = pycolmap.Reconstruction(truth)
    for image in list(half.images.values())[4:]:
        half.deregister_frame(image.frame_id)
    for name in ("0001", "0002", "0003"):
        (snapshots / name).mkdir(parents=True)
    half.write(snapshots / "0002")
    (snapshots / "0003/cameras.bin").write_bytes(b"half of a fi")
    told: list[int] = []
    names = tuple(sorted(image.name for image in truth.images.values()))
    reconstruct(Job(database, tmp_path, names, tmp_path / "component-0", Reconstruct(), 0, 1), told.append)
    assert told[0] == 4  # the rest was registered one by one
    (model,) = map(pycolmap.Reconstruction, numbered(tmp_path / "component-0"))
    assert len(registered(model)) == 8
    assert not snapshots.exists()


def test_a_run_that_is_interrupted_in_the_last_adjustment_has_mapped_already(
    synthesize: Synthesize, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, truth = synthesize(frames=8)
    names = tuple(sorted(image.name for image in truth.images.values()))
    job = Job(database, tmp_path, names, tmp_path / "component-0", Reconstruct(), 0, 1)
    monkeypatch.setattr(options, "SNAPSHOT", 2)
    with monkeypatch.context() as broken:
        broken.setattr(component, "refine", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            reconstruct(job, lambda registered: None)
    assert not job.target.exists()
    told: list[int] = []
    reconstruct(job, told.append)
    assert told[0] >= 6  # from a snapshot that COLMAP itself wrote
    (model,) = map(pycolmap.Reconstruction, numbered(job.target))
    assert len(registered(model)) == 8
    assert not list(tmp_path.glob("*snapshots"))


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_worker_that_is_killed_is_told_in_a_sentence(
    synthesize: Synthesize, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, _ = synthesize(frames=3)
    monkeypatch.setattr(executors, "_work", _die)
    with pytest.raises(BitscapeError, match="was killed or crashed"):
        build_models(database, tmp_path, tmp_path, Reconstruct(), 0)


def _die(job: Job) -> Path:
    os.kill(os.getpid(), signal.SIGKILL)
    return job.target


@pytest.mark.parametrize("photographs", [0, 1])
def test_too_few_photographs_are_no_model(synthesize: Synthesize, tmp_path: Path, photographs: int) -> None:
    database = tmp_path / "few.db"
    if photographs:
        database, _ = synthesize(frames=1)
    else:
        pycolmap.Database.open(database).close()
    assert build_models(database, tmp_path, tmp_path, Reconstruct(), seed=0) == []


def test_a_photograph_stays_in_the_larger_model_only(synthesize: Synthesize) -> None:
    _, large = synthesize(frames=6, step=1, first=0)  # photographs 0 to 5
    _, small = synthesize(frames=5, step=1, first=4)  # 4 to 8
    _, tiny = synthesize(frames=3, step=1, first=7)  # 7 to 9: one is left
    kept = separate([tiny, small, large], min_size=3)
    assert [registered(model) for model in kept] == [[0, 1, 2, 3, 4, 5], [6, 7, 8]]
    for model in kept:
        seen = {copy_index(model.images[key].name) for key in model.reg_image_ids()}
        for point in model.points3D.values():
            assert {copy_index(model.images[element.image_id].name) for element in point.track.elements} <= seen


def test_observations_equal_a_walk_along_the_tracks(synthesize: Synthesize) -> None:
    _, model = synthesize(frames=6, points=80, track_length=3)
    expected = []
    for key, point in model.points3D.items():
        for identity in {element.image_id for element in point.track.elements}:
            image = model.images[identity]
            depth = (image.cam_from_world() * point.xyz)[2]
            expected.append((1, copy_index(image.name), key, depth, model.cameras[image.camera_id].focal_length))
    expected.sort()
    _, other = synthesize(frames=3, first=1)
    table = observe([other, model])
    assert table.dtypes.astype(str).to_dict() == {
        "model": "int32",
        "image": "int32",
        "point": "int64",
        "depth": "float32",
        "focal": "float32",
    }
    assert table["model"].unique().tolist() == [0, 1]
    mine = table[table["model"] == 1].reset_index(drop=True)
    pd.testing.assert_frame_equal(mine, pd.DataFrame(expected, columns=table.columns).astype(table.dtypes))
    assert (mine["depth"] > 0).all()


def test_no_model_gives_an_empty_table_of_the_same_types(synthesize: Synthesize) -> None:
    _, model = synthesize(frames=3)
    assert observe([]).dtypes.equals(observe([model]).dtypes)
    assert len(observe([])) == 0


def test_registrations_tell_who_is_missing_and_the_error(synthesize: Synthesize) -> None:
    _, model = synthesize(frames=4, points=50)
    noise = pycolmap.SyntheticNoiseOptions()
    noise.point2D_stddev = 1.0
    pycolmap.synthesize_noise(noise, model)
    model.update_point_3d_errors()
    errors = []
    for point in model.points3D.values():
        reprojected = []
        for element in point.track.elements:
            image = model.images[element.image_id]
            seen = model.cameras[image.camera_id].img_from_cam(image.cam_from_world() * point.xyz)
            reprojected.append(np.linalg.norm(seen - image.points2D[element.point2D_idx].xy))
        errors.append(np.mean(reprojected))
    report = registrations([model], [7], [0, 1, 3, 6, 9, 50])
    assert report["unregistered"] == [1, 50]
    (described,) = report["models"]
    assert described["images"] == [0, 3, 6, 9]
    assert described["points"] == 50
    assert described["removed_points"] == 7
    assert described["reprojection_error"] == pytest.approx(np.mean(errors), abs=1e-3)
