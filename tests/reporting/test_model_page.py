import json
import re
from pathlib import Path

import numpy as np
import pytest

from bitscape.reporting.model_page import SHOWN, Drawn, read_drawn, write_model_page

NAMES = ["a.jpg", "</script><b>.jpg", "c.jpg"]


@pytest.fixture
def drawn() -> Drawn:
    generator = np.random.default_rng(0)
    return Drawn(
        generator.normal(size=(50, 3)).astype(np.float32),
        generator.integers(0, 256, (50, 3)).astype(np.uint8),
        generator.normal(size=(2, 8, 2, 3)).astype(np.float32),
        np.array([0, 1], np.int32),
    )


def traces(page: Path) -> list[dict]:
    """Read what plotly is given to draw."""
    text = page.read_text(encoding="utf-8")
    start = text.index("[", re.search(r"Plotly\.newPlot\(", text).end())
    return json.JSONDecoder().raw_decode(text, start)[0]


def decoded(axis: dict) -> np.ndarray:
    import base64

    return np.frombuffer(base64.b64decode(axis["bdata"]), axis["dtype"])


def test_the_page_draws_the_points_and_names_the_cameras(tmp_path: Path, drawn: Drawn) -> None:
    write_model_page(drawn, "Model 0", NAMES, tmp_path / "0.html")
    points, strokes, cameras = traces(tmp_path / "0.html")
    assert np.array_equal(np.stack([decoded(points[axis]) for axis in "xyz"], axis=1), drawn.points)
    assert points["marker"]["color"][7] == "#{:02x}{:02x}{:02x}".format(*drawn.colours[7])
    assert cameras["text"] == NAMES[:2]
    assert np.array_equal(np.stack([decoded(cameras[axis]) for axis in "xyz"], axis=1), drawn.edges[:, 0, 0])
    across = decoded(strokes["x"]).reshape(-1, 3)
    assert np.array_equal(across[:, :2], drawn.edges[..., 0].reshape(-1, 2))
    assert np.isnan(across[:, 2]).all()


def test_pages_share_one_library_and_need_no_network(tmp_path: Path, drawn: Drawn) -> None:
    for number in (0, 1):
        write_model_page(drawn, "Model", NAMES, tmp_path / f"{number}.html")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.html", "1.html", "plotly.min.js"]
    text = (tmp_path / "0.html").read_text(encoding="utf-8")
    assert re.findall(r'src="([^"]*)"', text) == ["plotly.min.js"]
    assert "</script><b>" not in text
    assert (tmp_path / "0.html").stat().st_size < 30_000
    assert (tmp_path / "0.html").read_bytes() == (tmp_path / "1.html").read_bytes()


def test_a_large_model_makes_no_large_page(tmp_path: Path, drawn: Drawn) -> None:
    many = drawn._replace(points=np.zeros((5 * SHOWN, 3), np.float32), colours=np.zeros((5 * SHOWN, 3), np.uint8))
    write_model_page(many, "Model", NAMES, tmp_path / "0.html")
    assert (tmp_path / "0.html").stat().st_size < 500_000
    assert "60,000 points" in (tmp_path / "0.html").read_text(encoding="utf-8")


def test_what_was_drawn_is_read_back(tmp_path: Path, drawn: Drawn) -> None:
    np.savez_compressed(tmp_path / "0.npz", **drawn._asdict())
    assert all(np.array_equal(one, other) for one, other in zip(read_drawn(tmp_path / "0.npz"), drawn, strict=True))
