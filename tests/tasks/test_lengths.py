"""Code lengths of the papers that are no whole bytes, from training to the report: ATH's 36 bits, ExchNet's 12."""

import numpy as np
import pytest
from scipy import sparse

from bitscape.core.params import Params
from bitscape.core.storage import read_json
from bitscape.hamming.codes import unpack
from bitscape.supervision.files import write_supervision
from bitscape.supervision.supervision import Supervision
from tasks import compare, encode, evaluate, train
from tests.reporting.small_project import COLOURS, make_project

BITS = (12, 36)
METHODS = ("ath", "exchnet")
PARAMS = Params.model_validate(
    {
        "methods": METHODS,
        "bits": BITS,
        "compare": {"queries": 3, "top": 4},
        "evaluate": {"cutoffs": [5]},
        "train": {"methods": {"ath": {"epochs": 1, "kept": 8}, "exchnet": {"rounds": 1, "channels": 8}}},
    }
)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """The small project with feature maps that tell its colours."""
    root = tmp_path_factory.mktemp("project")
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
    for method in METHODS:
        known = Supervision(np.arange(15), labels, sparse.csr_array((15, 15), dtype=np.float32), source="labels")
        write_supervision(root / "artifacts/supervise" / method, known)
    return root


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("bits", BITS)
def test_a_length_of_the_papers_is_trained_encoded_and_measured(root, method, bits):
    train.run(PARAMS, root, method, bits)
    encode.run(PARAMS, root, method, bits)
    evaluate.run(PARAMS, root, method, bits)
    codes = {
        split: np.load(root / f"artifacts/encode/{method}-{bits}/{split}.npy") for split in ("database", "query_test")
    }
    signs = {split: unpack(packed)[:, :bits].astype(int) for split, packed in codes.items()}
    assert codes["database"].shape == (18, {12: 2, 36: 5}[bits])
    assert (unpack(codes["database"])[:, bits:] == -1).all()
    metrics = read_json(root / f"metrics/{method}-{bits}.json")
    away = (bits - signs["query_test"] @ signs["database"].T) // 2
    grades = sparse.load_npz(root / "artifacts/relevance/query_test.npz").toarray()
    within = [(row[near] > 0).mean() if near.any() else 0.0 for row, near in zip(grades, away <= 2, strict=True)]
    within = np.array(within)[grades.any(axis=1)]
    assert metrics["precision_radius_2_empty_zero"] == pytest.approx(within.mean())
    # Of the code's own bits: those that fill the last byte are constant, and would count as imbalance 1.
    assert metrics["bit_imbalance"] == pytest.approx(np.abs(signs["database"].mean(axis=0)).mean())


def test_the_report_shows_them(root):
    compare.run(PARAMS, root)
    page = (root / "reports/index.html").read_text(encoding="utf-8")
    assert all(f"{bits} bits" in page for bits in BITS)
