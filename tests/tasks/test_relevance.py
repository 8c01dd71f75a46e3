import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from bitscape.core.errors import BitscapeError
from bitscape.core.params import Params
from tasks import relevance

LABELS = [["sky"], ["sea", "sky"], ["sea", "sky"], ["cat"], ["sea"]]
SPLITS = ["train", "database", "query_test", "query_val", "train"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A labelled collection without photographs, descriptors or models: none of them is needed."""
    table = pd.DataFrame({"image": list("abcde"), "split": SPLITS, "labels": LABELS})
    table["landmark"] = pd.array([None] * 5, dtype="str")
    (tmp_path / "artifacts/prepare").mkdir(parents=True)
    table.to_parquet(tmp_path / "artifacts/prepare/collection.parquet", index=False)
    return tmp_path


def test_labels_need_no_models(root: Path) -> None:
    relevance.run(Params(), root)
    made = root / "artifacts/relevance"
    assert sparse.load_npz(made / "query_test.npz").toarray().tolist() == [[1, 2, 1]]
    assert sparse.load_npz(made / "query_val.npz").toarray().tolist() == [[0, 0, 0]]
    assert json.loads((made / "relevance.json").read_text()) == {
        "source": "labels",
        "grade": "number of shared labels",
        "queries": {"query_val": 1, "query_test": 1},
        "queries_without_relevant": {"query_val": 1, "query_test": 0},
    }


def test_a_landmark_comes_before_labels(root: Path) -> None:
    path = root / "artifacts/prepare/collection.parquet"
    table = pd.read_parquet(path)
    table["landmark"] = ["gate", "tower", "tower", "gate", None]
    table.to_parquet(path, index=False)
    relevance.run(Params(), root)
    assert sparse.load_npz(root / "artifacts/relevance/query_test.npz").toarray().tolist() == [[0, 1, 0]]
    assert sparse.load_npz(root / "artifacts/relevance/query_val.npz").toarray().tolist() == [[1, 0, 0]]


def test_near_duplicates_in_training_are_junk(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a, b and e, which are searched, c is a near-duplicate of a and d of e; d has nothing else to find."""
    points = [[1, 1, 0, 0], [0, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 1]]
    torn = pd.DataFrame({"query": [2, 3], "photograph": [0, 4]}, dtype="int32")
    monkeypatch.setattr(relevance, "_matched", lambda *_: (sparse.csr_array(np.array(points, np.int32)), torn))
    relevance.run(Params(relevance={"source": "geometry", "min_shared_points": 1}), root)
    made = root / "artifacts/relevance"
    assert sparse.load_npz(made / "query_test.npz").toarray().tolist() == [[-1, 1, 0]]
    assert sparse.load_npz(made / "query_val.npz").toarray().tolist() == [[0, 0, -1]]
    report = json.loads((made / "relevance.json").read_text())
    assert report["queries_without_relevant"] == {"query_val": 1, "query_test": 0}
    assert report["near_duplicates"] == 2


def test_a_missing_source_is_told(root: Path) -> None:
    with pytest.raises(BitscapeError, match=r"relevance\.source is `landmark`.*to `labels` or `geometry`\."):
        relevance.run(Params(relevance={"source": "landmark"}), root)
    assert not (root / "artifacts/relevance").exists()
