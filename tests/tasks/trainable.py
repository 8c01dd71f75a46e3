"""The small project up to what `train` reads, with feature maps that tell its colours."""

import numpy as np
from scipy import sparse

from bitscape.supervision.files import write_supervision
from bitscape.supervision.supervision import Supervision
from tests.reporting.small_project import COLOURS, make_project


def make_trainable(root, methods):
    """Write it; each photograph has its colour as its label."""
    make_project(root)
    colours = np.arange(30) % len(COLOURS)
    generator = np.random.default_rng(0)
    maps = generator.random((30, 16, 2, 2)) + 3 * generator.random((3, 16, 1, 1))[colours]
    (root / "artifacts/describe").mkdir()
    np.save(root / "artifacts/describe/feature_maps.npy", maps.astype(np.float16))
    np.save(root / "artifacts/describe/descriptors.npy", maps.mean(axis=(2, 3)).astype(np.float32))
    same = sparse.csr_array((colours[18:21, None] == colours[:18]).astype(np.int32))
    sparse.save_npz(root / "artifacts/relevance/query_val.npz", same)
    labels = sparse.csr_array(np.eye(3, dtype=np.int32)[colours[:15]])
    for method in methods:
        known = Supervision(np.arange(15), labels, sparse.csr_array((15, 15), dtype=np.float32), source="labels")
        write_supervision(root / "artifacts/supervise" / method, known)
