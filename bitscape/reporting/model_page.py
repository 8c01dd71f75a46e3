"""A page for each 3D model on which it can be turned: points in their colours and cameras, drawn by plotly.

The pages of a folder share one `plotly.min.js` beside them, so they need no network and stay small.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

SHOWN = 12_000  # points of a model; about 30 bytes of the page each
CAMERA = "crimson"


class Drawn(NamedTuple):
    """What `draw_model` keeps of a model beside its picture: see `bitscape.geometry.picture.Scene`."""

    points: Any
    colours: Any
    edges: Any
    images: Any


def read_drawn(path: Path) -> Drawn:
    """Read `artifacts/reconstruct/pictures/K.npz`."""
    with np.load(path) as content:
        return Drawn(*(content[name] for name in Drawn._fields))


def write_model_page(drawn: Drawn, title: str, names: Sequence[str], path: Path) -> None:
    """Write the page of a model.

    Args:
        drawn: points and cameras, up is +z.
        title: above it.
        names: paths of all photographs of the collection; a camera tells its own under the mouse.
        path: the HTML file; `plotly.min.js` is put beside it where it is not there yet.
    """
    import plotly.graph_objects as go

    step = -(-len(drawn.points) // SHOWN)
    points, colours = drawn.points[::step], drawn.colours[::step]
    shown = [
        go.Scatter3d(
            **_axes(points),
            mode="markers",
            marker={"size": 2, "color": [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in colours.tolist()]},
            hoverinfo="skip",
            name=f"{len(drawn.points):,} points",
        ),
        go.Scatter3d(
            **_axes(_strokes(drawn.edges)),
            mode="lines",
            line={"color": CAMERA, "width": 2},
            hoverinfo="skip",
            name=f"{len(drawn.images):,} cameras",
        ),
        go.Scatter3d(
            **_axes(drawn.edges[:, 0, 0]),
            mode="markers",
            marker={"size": 3, "color": CAMERA},
            text=[names[image] for image in drawn.images.tolist()],
            hoverinfo="text",
            showlegend=False,
        ),
    ]
    bare = {"visible": False}
    layout = go.Layout(
        title={"text": f'{title}<br><sub><a href="../index.html">back to the report</a></sub>'},
        scene={"xaxis": bare, "yaxis": bare, "zaxis": bare, "aspectmode": "data", "camera": _viewpoint()},
        margin={"l": 0, "r": 0, "t": 70, "b": 0},
        template="none",
        legend={"x": 0, "y": 0},
    )
    # A name of its own in the place of a random one: equal models give equal bytes.
    whole = {"include_plotlyjs": "directory", "div_id": "model", "default_height": "96vh"}
    go.Figure(shown, layout).write_html(path, **whole)


def _axes(points: Any) -> dict[str, Any]:
    return dict(zip("xyz", np.asarray(points, np.float32).T, strict=True))


def _strokes(edges: Any) -> Any:
    """String the edges together, with a gap after each: (m, 8, 2, 3) to (24 m, 3)."""
    gaps = np.full((*edges.shape[:2], 1, 3), np.nan, np.float32)
    return np.concatenate([edges, gaps], axis=2).reshape(-1, 3)


def _viewpoint() -> dict[str, dict[str, float]]:
    """Look from behind the cameras, which look along +y, and from above."""
    return {"eye": {"x": 0.35, "y": -1.05, "z": 0.5}, "up": {"x": 0, "y": 0, "z": 1}}
