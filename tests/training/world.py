"""A toy world on which every method can be trained in seconds."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from bitscape.core.params import Params
from bitscape.hamming.codes import pack
from bitscape.hamming.mean import mean_average_precision
from bitscape.methods.base.registry import create
from bitscape.supervision.neighbourhood import neighbourhood_similarity
from bitscape.supervision.supervision import Supervision
from bitscape.training.checkpoint import Checkpoint
from bitscape.training.inputs import Inputs
from bitscape.training.loop import Trained, train

CHANNELS = 64


@dataclass(frozen=True)
class World:
    """Places; every photograph shows its place's channels and much that changes from view to view.

    Attributes:
        maps: (places * views, CHANNELS, 2, 2) float16.
        supervision: of six of every eight views.
        queries: the other two, as rows of `maps`.
        relevance: (queries, training photographs): of the same place.
    """

    maps: NDArray[np.float16]
    supervision: Supervision
    queries: NDArray[np.int64]
    relevance: sparse.csr_array

    def score(self, outputs_of: Any) -> dict[str, float]:
        """Expected mAP of the queries against the training photographs."""
        queries, items = pack(outputs_of(self.queries)), pack(outputs_of(self.supervision.rows))
        return {"map_expected": mean_average_precision(queries, items, self.relevance)}

    def train(
        self, name: str, bits: int = 16, params: Params | None = None, checkpoint: Checkpoint | None = None
    ) -> tuple[Any, Trained]:
        """Train a method; give it and what came of it."""
        params = params or Params()
        method = create(name, bits, params)
        kept = checkpoint or Checkpoint(None)
        return method, train(
            method, Inputs(self.maps), self.supervision, self.score, params.train.common, checkpoint=kept
        )


def make_world(places: int = 20, views: int = 8) -> World:
    """Make a world."""
    rng = np.random.default_rng(0)
    models = np.repeat(np.arange(places), views).astype(np.int32)
    base = np.abs(rng.standard_normal((places, CHANNELS, 1, 1)))[models]
    clutter = 2.5 * np.abs(rng.standard_normal((len(models), CHANNELS // 2, 2, 2)))
    maps = np.concatenate([base[:, : CHANNELS // 2].repeat(2, 2).repeat(2, 3), clutter], axis=1).astype(np.float16)
    rows = np.flatnonzero(np.arange(len(models)) % views >= 2)
    queries = np.flatnonzero(np.arange(len(models)) % views < 2)
    of_rows = models[rows]
    same = of_rows[:, None] == of_rows
    pairs = pd.DataFrame(np.argwhere(same & ~np.eye(len(rows), dtype=bool)), columns=["query", "positive"])
    # Views of a place are a walk around it: the nearer two are in the walk, the more of it they share.
    steps = np.abs(np.arange(len(rows))[:, None] - np.arange(len(rows)))
    overlap = np.where(same, np.maximum(1 - 0.3 * steps, 0), 0).astype(np.float32)
    supervision = Supervision(
        rows,
        sparse.csr_array(np.eye(places, dtype=np.int32)[of_rows]),
        sparse.csr_array(overlap),
        pairs,
        sparse.csr_array(np.ceil(3 * overlap).astype(np.int8)),
        neighbourhood_similarity(maps.astype(np.float32).mean(axis=(2, 3))[rows], 5, 5),
        "geometry",
    )
    relevance = sparse.csr_array((models[queries][:, None] == of_rows[None]).astype(np.int32))
    return World(maps, supervision, queries, relevance)
