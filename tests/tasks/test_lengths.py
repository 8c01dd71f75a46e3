"""Code lengths of the papers that are no whole bytes, from training to the report: ATH's 36 bits, ExchNet's 12."""

import numpy as np
import pytest
from scipy import sparse

from bitscape.core.params import Params
from bitscape.core.storage import read_json
from bitscape.hamming.codes import unpack
from tasks import compare, encode, evaluate, train
from tests.tasks.trainable import make_trainable

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
    make_trainable(root, METHODS)
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
