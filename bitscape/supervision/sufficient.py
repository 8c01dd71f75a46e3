"""Whether training photographs differ enough that there is anything to learn: labels can be many and all alike."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bitscape.core.errors import CannotTrain
from bitscape.supervision.ranking_lists import draw_triplets
from bitscape.supervision.supervision import Supervision
from bitscape.supervision.tuples import hardest_negatives

PHOTOGRAPHS_PER_BLOCK = 128  # mostly the first block tells it


def have_negatives(supervision: Supervision, queries: NDArray[np.int64]) -> bool:
    """Tell whether any of the queries, (q,) training photographs, has a candidate that `hardest_negatives` admits."""
    alike = np.zeros((len(supervision.rows), 1), dtype=np.float32)
    return any((hardest_negatives(alike, supervision, block, 1) >= 0).any() for block in _blocks(np.unique(queries)))


def can_be_ranked(supervision: Supervision, unlabelled: bool, allow_self: bool) -> bool:
    """Tell whether any labelled photograph has a ranking list with two grades in it.

    Args:
        supervision: what n training photographs have in common.
        unlabelled: whether photographs without label may be in lists.
        allow_self: whether a query may be in its own.
    """
    candidates = np.full(len(supervision.rows), unlabelled)
    candidates[supervision.labelled] = True
    rng = np.random.default_rng(0)  # which are drawn does not matter, and the training's own numbers stay as they are
    return any(
        len(draw_triplets(block, supervision.grades, candidates, rng, allow_self, supervision.bursts).query)
        for block in _blocks(supervision.labelled)
    )


def require_pairs(supervision: Supervision, method: str, positives: NDArray[np.int64], within: bool) -> None:
    """Check that there are positive pairs, and a photograph that shares nothing with the query of one.

    Args:
        supervision: of the training photographs.
        method: for the sentence.
        positives: (p, 2) queries and positives.
        within: whether photographs of the query's own 3D model do for those that share nothing.

    Raises:
        CannotTrain: if either is missing.
    """
    models = len(np.unique(supervision.labels.indices))
    if len(positives) and ((within and models) or have_negatives(supervision, positives[:, 0])):
        return
    raise CannotTrain(
        f"{method} learns from photographs that share 3D points, or a label, and from those of other 3D models or "
        f"labels; there are {len(positives)} positive pairs in {models} models, and no photograph that shares "
        "nothing with one of them, so add overlapping photographs of at least two places (see "
        f"artifacts/reconstruct/registrations.json), or set train.methods.{method}.supervision to another source."
    )


def require_ranking(supervision: Supervision, method: str, unlabelled: bool, allow_self: bool) -> None:
    """Check that any ranking list can be drawn that gives a triplet, see `can_be_ranked`.

    Raises:
        CannotTrain: if no two photographs share a label, or all that a query finds share as much with it.
    """
    if supervision.labels.sum(axis=0).max() < 2:
        raise CannotTrain(
            f"{method} ranks photographs that share a label above others, and no two training photographs share one; "
            "add photographs of the same labels, landmarks or places."
        )
    if not can_be_ranked(supervision, unlabelled, allow_self):
        raise CannotTrain(
            f"{method} ranks photographs by how much they share with a query, and no training photograph finds others "
            "that share more and less with it; add photographs of other labels, landmarks or places, or set "
            f"train.methods.{method}.supervision to another source."
        )


def require_dissimilar(supervision: Supervision, method: str) -> None:
    """Check that some two labelled photographs are not wholly alike.

    Raises:
        CannotTrain: if all targets are 1.
    """
    labelled = supervision.labelled
    if all((supervision.targets(block, labelled) >= 1).all() for block in _blocks(labelled)):
        raise CannotTrain(_sentence(method, "unlike photographs apart", "all share a label", supervision))


def require_label_sets(supervision: Supervision, method: str) -> None:
    """Check that there are two different sets of labels.

    Raises:
        CannotTrain: if all labelled photographs have the same labels.
    """
    if len(np.unique(supervision.clusters[supervision.labelled])) < 2:
        raise CannotTrain(_sentence(method, "labels apart", "all have the same ones", supervision))


def _blocks(photographs: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(photographs), PHOTOGRAPHS_PER_BLOCK):
        yield photographs[start : start + PHOTOGRAPHS_PER_BLOCK]


def _sentence(method: str, learns: str, found: str, supervision: Supervision) -> str:
    kind = "3D models" if supervision.source.startswith("geometry") else supervision.source
    return (
        f"{method} learns to tell {learns}, and the training photographs {found} ({kind}); add photographs of other "
        f"labels or places, or set train.methods.{method}.supervision to another source."
    )
