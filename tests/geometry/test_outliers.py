from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree
from sklearn.cluster import DBSCAN

from bitscape.core.errors import BitscapeError
from bitscape.core.settings.reconstruct import Reconstruct
from bitscape.geometry import outliers
from bitscape.geometry.cleaning import Rules, spacing
from bitscape.geometry.colmap import pycolmap
from bitscape.geometry.outliers import remove_outliers

Synthesize = Callable[..., tuple[Path, pycolmap.Reconstruction]]


def kept(positions: np.ndarray, rules: Rules) -> np.ndarray:
    """Clean with scipy and scikit-learn; as in Open3D a point counts among its own neighbours."""
    places = np.arange(len(positions))
    if len(positions) <= rules.neighbours:
        return places
    mean = cKDTree(positions).query(positions, rules.neighbours)[0].mean(axis=1)
    unit = np.median(mean)
    places = places[mean <= mean.mean() + rules.ratio * mean.std(ddof=1)]
    if rules.radius:
        near = cKDTree(positions[places]).query_ball_point(positions[places], rules.radius * unit, return_length=True)
        places = places[near >= rules.company]
    if rules.gap:
        piece = DBSCAN(eps=rules.gap * unit, min_samples=rules.company).fit_predict(positions[places])
        sizes = {number: np.sum(piece == number) for number in set(piece) - {-1}}
        large = [number for number, size in sizes.items() if size >= rules.debris * max(sizes.values())]
        places = places[np.isin(piece, large)]
    return places


def settings(rules: Rules) -> Reconstruct:
    names = ("neighbours", "ratio", "radius", "company")
    return Reconstruct(
        **{f"outlier_{name}": getattr(rules, name) for name in names}, debris_gap=rules.gap, debris_share=rules.debris
    )


@pytest.mark.parametrize(
    "rules", [Rules(20, 2.0, 0, 5, 0, 0), Rules(20, 3.0, 1.5, 8, 0, 0), Rules(15, 3.0, 2.0, 4, 3.0, 0.1)]
)
def test_what_remains_equals_scipy_and_scikit_learn(synthesize: Synthesize, tmp_path: Path, rules: Rules) -> None:
    models, expected = [], []
    generator = np.random.default_rng(0)
    for first, points in ((0, 400), (1, 150), (2, 5)):
        _, model = synthesize(frames=3, points=points, first=first)
        for key in generator.choice(sorted(model.point3D_ids()), points // 20, replace=False).tolist():
            model.points3D[key].xyz = model.points3D[key].xyz * 20  # blown away
        keys = np.array(sorted(model.point3D_ids()))
        positions = np.array([model.points3D[key].xyz for key in keys.tolist()])
        expected.append(set(keys[kept(positions, rules)].tolist()))
        models.append(model)
    before = [model.num_points3D() for model in models]
    removed = remove_outliers(models, tmp_path, tmp_path / "clouds", settings(rules))
    assert [set(model.point3D_ids()) for model in models] == expected
    assert removed == [was - len(some) for was, some in zip(before, expected, strict=True)]
    assert removed[0] >= 15
    assert removed[2] == 0
    for number, model in enumerate(models):
        header = (tmp_path / f"clouds/{number}.ply").read_bytes()[:600].decode("latin1")
        assert f"element vertex {model.num_points3D()}\n" in header
        assert "red" in header


def test_debris_goes_and_a_second_building_stays(synthesize: Synthesize, tmp_path: Path) -> None:
    _, model = synthesize(frames=4, points=1100)
    keys = sorted(model.point3D_ids())
    generator = np.random.default_rng(1)
    parts = {"first": (keys[:700], 0.0), "second": (keys[700:1085], 6.0), "debris": (keys[1085:], -6.0)}
    for some, away in parts.values():
        for key in some:
            model.points3D[key].xyz = generator.uniform(0, 1, 3) * (0.3 if away < 0 else 1) + [away, 0, 0]
    rules = Rules(20, 10.0, 0, 5, 6.0, 0.05)
    assert remove_outliers([model], tmp_path, tmp_path / "clouds", settings(rules)) == [15]
    assert sorted(model.point3D_ids()) == keys[:1085]


def test_models_get_one_scale_and_nothing_else_changes(synthesize: Synthesize, tmp_path: Path) -> None:
    sizes, untouched = [], Rules(20, 100.0, 0, 5, 0, 0)
    for factor in (0.01, 300.0):
        _, model = synthesize(frames=3, points=200)
        model.transform(pycolmap.Sim3d(factor, pycolmap.Rotation3d(), np.array([5.0, -3.0, 8.0]) * factor))
        before = {key: image.cam_from_world().rotation.matrix() for key, image in model.images.items()}
        pixels = {key: seen(model, key) for key in model.images}
        assert remove_outliers([model], tmp_path, tmp_path / "clouds", settings(untouched)) == [0]
        positions = np.array([point.xyz for point in model.points3D.values()])
        sizes.append(spacing(positions, 20))
        low, high = np.percentile(positions, [10, 90], axis=0)
        assert np.linalg.norm(high - low) == pytest.approx(outliers.EXTENT, rel=0.05)
        for key, image in model.images.items():
            assert np.allclose(image.cam_from_world().rotation.matrix(), before[key])
            assert np.allclose(seen(model, key), pixels[key], atol=1e-6)
    assert sizes[0] == pytest.approx(sizes[1])


def seen(model: pycolmap.Reconstruction, key: int) -> np.ndarray:
    """Project the points that a photograph sees."""
    image = model.images[key]
    points = [model.points3D[feature.point3D_id].xyz for feature in image.get_observation_points2D()]
    return np.array([image.project_point(point) for point in points])


def test_a_rule_that_would_leave_nothing_is_not_followed(synthesize: Synthesize, tmp_path: Path) -> None:
    models = [synthesize(frames=3, points=200, first=first)[1] for first in range(2)]
    for key in models[0].point3D_ids():
        models[0].points3D[key].xyz = np.ones(3)  # all at one place
    before = [model.num_points3D() for model in models]
    assert remove_outliers(models, tmp_path, tmp_path / "clouds", Reconstruct(outlier_radius=0.01)) == [0, 0]
    assert [model.num_points3D() for model in models] == before
    with pytest.raises(ValueError, match="greater than or equal to 2"):
        Reconstruct(outlier_neighbours=1)


def test_no_model_needs_no_open3d(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outliers, "TIMEOUT", 0)
    assert remove_outliers([], tmp_path, tmp_path / "clouds", Reconstruct()) == []
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
        remove_outliers([model], tmp_path, tmp_path / "clouds", Reconstruct())


def test_a_child_that_hangs_is_stopped(synthesize: Synthesize, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "slow"
    slow.mkdir()
    (slow / "open3d.py").write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setenv("PYTHONPATH", str(slow))
    monkeypatch.setattr(outliers, "TIMEOUT", 1)
    _, model = synthesize(frames=3, points=30)
    with pytest.raises(BitscapeError, match="took more than 1 s"):
        remove_outliers([model], tmp_path, tmp_path / "clouds", Reconstruct())
