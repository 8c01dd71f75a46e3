"""Models that hang together by a thread: look-alikes joined by mistake, and scenes that broke in two."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bitscape.geometry.view_graph import ViewGraph

FEW = 8  # pairs between the two parts of a model; measured, as is WEAK, see docs/reconstruction.md
WEAK = 0.5  # of the median inliers of the model's pairs; the strongest of the few has no more
Doubts = dict[str, list[dict[str, Any]]]
NAMED = 10  # pairs named of each finding, the strongest


def weak_links(
    graph: ViewGraph, members: NDArray[np.int64], smallest: int, inside: NDArray[np.int64] | None = None
) -> list[NDArray[np.int64]]:
    """Find where a model falls apart without a few weak pairs.

    The cuts looked at are those that the maximum spanning tree shows: without one of its edges it has two parts, and no
    pair between them has more inliers than that edge.

    Args:
        graph: the verified pairs.
        members: (k,) positions of the model's photographs.
        smallest: photographs of a part that is worth telling; one photograph at the margin is no suspicion.
        inside: rows of `graph.pairs` between the members, ascending; looked for where they are not given.

    Returns:
        For each cut the rows of `graph.pairs` that cross it, strongest first; the weakest cut first.
    """
    if inside is None:
        inside = np.flatnonzero(np.isin(graph.pairs, members).all(axis=1))
    if not len(inside):
        return []
    members = np.sort(members)
    one, other = np.searchsorted(members, graph.pairs[inside]).T
    inliers = graph.inliers[inside]
    shape = (len(members), len(members))
    negative = sparse.csr_array((-inliers.astype(np.float64), (one, other)), shape=shape)
    tree = sparse.csgraph.minimum_spanning_tree(negative).tocoo()
    limit = WEAK * float(np.median(inliers))
    cuts = []
    for edge in np.flatnonzero(-tree.data <= limit):
        rest = np.arange(tree.nnz) != edge
        links = sparse.coo_array((tree.data[rest], (tree.coords[0][rest], tree.coords[1][rest])), shape=shape)
        _, label = sparse.csgraph.connected_components(links, directed=False)
        part = label == label[tree.coords[0][edge]]
        crossing = np.flatnonzero(part[one] != part[other])
        if len(crossing) <= FEW and smallest <= part.sum() <= len(members) - smallest:
            cuts.append(crossing[np.argsort(-inliers[crossing], kind="stable")])
    cuts.sort(key=lambda crossing: (int(inliers[crossing].sum()), crossing.tolist()))
    return [inside[crossing] for crossing in cuts]


def doubts(graph: ViewGraph, photographs: NDArray[np.int64], models: Sequence[Sequence[int]], smallest: int) -> Doubts:
    """Tell which models are suspicious, with the pairs to look at.

    Args:
        graph: the verified pairs, over positions in `photographs`.
        photographs: (n,) indices.
        models: indices of the photographs of each model.
        smallest: photographs of the smaller part.

    Returns:
        `suspicious`: for each weak cut its `model` and the `pairs` across, (index, index, inliers): two scenes joined
        by mistake, or one whose middle is missing. `apart`: two `models` with verified pairs between them, and the
        strongest of these: one scene that broke in two, or look-alikes that were rightly kept apart.
    """
    position = {index: at for at, index in enumerate(photographs.tolist())}
    owner = np.full(graph.count, -1)
    members = [np.array([position[index] for index in images], np.int64) for images in models]
    for number, own in enumerate(members):
        owner[own] = number
    suspicious = [
        {"model": number, "pairs": _named(graph, photographs, rows)}
        for number, (own, inside) in enumerate(zip(members, _inside(graph, owner, len(models)), strict=True))
        for rows in weak_links(graph, own, smallest, inside)
    ]
    return {"suspicious": suspicious, "apart": _apart(graph, photographs, owner)}


def _inside(graph: ViewGraph, owner: NDArray[np.int64], models: int) -> list[NDArray[np.int64]]:
    """List the rows of the pairs within each model, in one pass: models may be thousands."""
    ends = owner[graph.pairs]
    rows = np.flatnonzero((ends[:, 0] == ends[:, 1]) & (ends[:, 0] >= 0))
    within = ends[rows, 0]
    sizes = np.bincount(within, minlength=models)
    return np.split(rows[np.argsort(within, kind="stable")], np.cumsum(sizes))[:models]


def _apart(graph: ViewGraph, photographs: NDArray[np.int64], owner: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Group the pairs whose photographs are in two models by these, in one pass."""
    ends = np.sort(owner[graph.pairs], axis=1)
    across = np.flatnonzero((ends[:, 0] >= 0) & (ends[:, 0] != ends[:, 1]))
    strongest = across[np.argsort(-graph.inliers[across], kind="stable")]
    models, group = np.unique(ends[strongest], axis=0, return_inverse=True)
    parts = np.split(strongest[np.argsort(group, kind="stable")], np.cumsum(np.bincount(group))[:-1])
    return [  # without any pair across, `np.split` still gives one part, an empty one
        {"models": both, "pairs": _named(graph, photographs, rows)}
        for both, rows in zip(models.tolist(), parts, strict=False)
    ]


def _named(graph: ViewGraph, photographs: NDArray[np.int64], rows: NDArray[np.int64]) -> list[list[int]]:
    named = []
    for row in rows[:NAMED].tolist():
        pair = sorted(photographs[graph.pairs[row]].tolist())
        named.append([*pair, int(graph.inliers[row])])
    return named
