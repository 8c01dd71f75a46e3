from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from bitscape.core.errors import CannotTrain
from bitscape.core.params import Params
from bitscape.supervision.files import MATRICES, read_supervision, write_supervision
from bitscape.supervision.gathering import gather_supervision
from tests.training.world import make_world

LEARNED = ("bcdh", "ath", "dsah", "rvssdh", "dsrh", "exchnet")


def _same(one, other):
    for field in fields(one):
        left, right = getattr(one, field.name), getattr(other, field.name)
        if field.name == "pairs":
            pd.testing.assert_frame_equal(left, right)
        elif sparse.issparse(left):
            assert (left != right).nnz == 0
            assert left.dtype == right.dtype
        else:
            assert np.array_equal(left, right), field.name
    return True


def test_what_is_written_is_what_is_read_and_the_bytes_are_the_same(tmp_path):
    known = replace(make_world(4).supervision, distractors=np.array([3, 5]), source="geometry-graded")
    known = replace(known, near_duplicates=np.arange(len(known.rows)) // 2)
    for name in ("once", "again"):
        write_supervision(tmp_path / name, known)
        assert _same(known, read_supervision(tmp_path / name, known.rows))
    files = sorted(path.name for path in (tmp_path / "once").iterdir())
    lists = ["distractors.npy", "near_duplicates.npy", "pairs.parquet", "source.json"]
    assert files == sorted([*lists, *(f"{name}.npz" for name in MATRICES)])
    assert all((tmp_path / "once" / file).read_bytes() == (tmp_path / "again" / file).read_bytes() for file in files)


@pytest.fixture
def mined(tmp_path):
    """Six photographs, four of them for training, in two models; no labels."""
    collection = pd.DataFrame(
        {
            "image": [f"{number}.jpg" for number in range(6)],
            "split": ["train", "query_val", "train", "train", "query_test", "train"],
            "landmark": None,
            "labels": [[]] * 6,
        }
    )
    shared = np.zeros((6, 6), np.int32)
    shared[[0, 2, 0, 2], [2, 0, 0, 2]] = [30, 30, 60, 40]
    shared[[3, 5], [3, 5]] = 10
    for folder in ("mine_pairs", "build_similarity"):
        (tmp_path / "artifacts" / folder).mkdir(parents=True)
    out = tmp_path / "artifacts/mine_pairs"
    models = pd.DataFrame({"image": [0, 2, 3, 5], "model": [0, 0, 1, 1], "distractor": False, "burst": [3, 3, -1, -1]})
    models.to_parquet(out / "images.parquet")
    pd.DataFrame({"query": [0, 2], "positive": [2, 0], "rank": [1, 1]}).to_parquet(out / "positives.parquet")
    sparse.save_npz(out / "covisibility.npz", sparse.csr_array(shared))
    sparse.save_npz(out / "levels.npz", sparse.csr_array((shared > 0).astype(np.int8)))
    same = sparse.csr_array(np.eye(4, dtype=np.int8))
    sparse.save_npz(tmp_path / "artifacts/build_similarity/similarity.npz", same)
    return tmp_path, collection


@pytest.mark.parametrize("method", ["lsh", *LEARNED])
def test_a_method_is_given_what_it_asks_for_and_no_more(mined, method):
    root, collection = mined
    known = gather_supervision(root, collection, method, Params())
    assert known.rows.tolist() == [0, 2, 3, 5]
    from_models = method not in ("lsh", "dsah")
    assert known.labels.shape == (4, 2 if from_models else 0)
    assert (known.overlap.nnz > 0) == from_models
    assert (len(known.pairs) > 0) == (method == "bcdh")
    assert (known.similarity is not None) == (method == "dsah")
    assert (known.levels is not None) == (method == "dsrh")
    assert known.near_duplicates.tolist() == ([3, 3, -3, -4] if method in ("ath", "dsrh") else [])
    if from_models:
        assert known.source == "geometry"
        assert known.overlap[[0], [1]] == pytest.approx(0.6)
    if method == "bcdh":
        assert known.pairs.to_numpy().tolist() == [[0, 1], [1, 0]]


def test_labels_are_learned_from_without_anything_of_the_models(mined):
    root, collection = mined
    collection["landmark"] = ["a", "a", "a", "b", "b", "b"]
    known = gather_supervision(root, collection, "dsrh", Params())
    assert (known.source, known.overlap.nnz, known.levels) == ("landmark", 0, None)
    assert known.bursts.tolist() == [0, 1, 2, 3]
    assert known.labels.toarray().tolist() == [[1, 0], [1, 0], [0, 1], [0, 1]]


def test_what_is_wanted_and_not_there_is_told(mined):
    root, collection = mined
    params = Params.model_validate({"train": {"methods": {"ath": {"supervision": "labels"}}}})
    with pytest.raises(CannotTrain, match="ath has nothing to learn from: the training photographs have no labels"):
        gather_supervision(root, collection, "ath", params)


def test_models_without_a_single_positive_pair_are_no_crash(mined):
    """As of a labelled collection of things that are no places, or with rules that admit no pair."""
    root, collection = mined
    path = root / "artifacts/mine_pairs/positives.parquet"
    pd.read_parquet(path).iloc[:0].to_parquet(path)
    known = gather_supervision(root, collection, "bcdh", Params())
    assert known.pairs.columns.tolist() == ["query", "positive"]
    assert len(known.pairs) == 0
    write_supervision(root / "out", known)
    assert _same(known, read_supervision(root / "out", known.rows))
