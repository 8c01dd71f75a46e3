from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree

from bitscape.core.errors import BitscapeError
from bitscape.geometry import outliers
from bitscape.geometry.colmap import pycolmap
from bitscape.geometry.outliers import remove_outliers

Synthesize = Callable[..., tuple[Path, pycolmap.Reconstruction]]


def far_points(positions: np.ndarray, neighbours: int, ratio: float) -> np.ndarray:
    """Find the outliers with scipy; as in Open3D a point counts among its own neighbours."""
    if len(positions) <= neighbours:
        return np.zeros(len(positions), bool)
    mean = cKDTree(positions).query(positions, neighbours)[0].mean(axis=1)
    return mean > mean.mean() + ratio * mean.std(ddof=1)


def test_outliers_equal_those_of_scipy(synthesize: Synthesize, tmp_path: Path) -> None:
    models, expected = [], []
    generator = np.random.default_rng(0)
    for first, points in ((0, 400), (1, 150), (2, 5)):
        _, model = synthesize(frames=3, points=points, first=first)
        for key in generator.choice(sorted(model.point3D_ids()), points // 20, replace=False).tolist():
            model.points3D[key].xyz = model.points3D[key].xyz * 20  # blown away
        keys = np.array(sorted(model.point3D_ids()))
        positions = np.array([model.points3D[key].xyz for key in keys.tolist()])
        expected.append(set(keys[far_points(positions, 20, 2.0)].tolist()))
        models.append(model)
    before = [set(model.point3D_ids()) for model in models]
    removed = remove_outliers(models, tmp_path, tmp_path / "clouds", neighbours=20, ratio=2.0)
    gone = [was - set(model.point3D_ids()) for was, model in zip(before, models, strict=True)]
    assert gone == expected
    assert removed == [len(some) for some in expected]
    assert removed[0] >= 15
    for number, model in enumerate(models):
        header = (tmp_path / f"clouds/{number}.ply").read_bytes()[:600].decode("latin1")
        assert f"element vertex {model.num_points3D()}\n" in header
        assert "red" in header


def test_no_model_needs_no_open3d(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outliers, "TIMEOUT", 0)
    assert remove_outliers([], tmp_path, tmp_path / "clouds", 20, 2.0) == []
    assert (tmp_path / "clouds").is_dir()


def test_missing_system_libraries_are_told_with_the_command(
    synthesize: Synthesize, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "open3d.py").write_text("raise OSError('libGL.so.1: cannot open shared object file')\n")
    monkeypatch.setenv("PYTHONPATH", str(broken))
    _, model = synthesize(frames=3, points=30)
    with pytest.raises(BitscapeError, match=r"libGL\.so\.1.*apt-get install -y libusb-1\.0-0 libgl1 libegl1 libx11-6"):
        remove_outliers([model], tmp_path, tmp_path / "clouds", 20, 2.0)


def test_a_child_that_hangs_is_stopped(synthesize: Synthesize, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "slow"
    slow.mkdir()
    (slow / "open3d.py").write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setenv("PYTHONPATH", str(slow))
    monkeypatch.setattr(outliers, "TIMEOUT", 1)
    _, model = synthesize(frames=3, points=30)
    with pytest.raises(BitscapeError, match="took more than 1 s"):
        remove_outliers([model], tmp_path, tmp_path / "clouds", 20, 2.0)
