"""Stage `build_similarity`: the sparse neighbourhood similarity of the training photographs."""

from pathlib import Path

import numpy as np
from scipy import sparse

from bitscape.core.params import Params
from bitscape.core.stage import stage
from bitscape.core.storage import publish
from bitscape.core.table import members, read_collection
from bitscape.supervision.neighbourhood import neighbourhood_similarity, neighbours_of


def run(params: Params, root: Path) -> None:
    """Write W^0 of DSAH."""
    settings = params.build_similarity
    rows = members(read_collection(root), "train")
    descriptors = np.load(root / "artifacts/describe/descriptors.npy", mmap_mode="r")[rows]
    k1, k2 = (neighbours_of(len(rows), share) for share in (settings.k1_share, settings.k2_share))
    similarity = neighbourhood_similarity(descriptors, k1, k2, settings.reading)
    with publish(root / "artifacts/build_similarity") as folder:
        folder.mkdir()
        sparse.save_npz(folder / "similarity.npz", similarity)


if __name__ == "__main__":
    stage(run)
