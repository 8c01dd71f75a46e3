from pathlib import Path

import pytest

from bitscape.core.errors import BitscapeError
from bitscape.core.table import SPLITS, TABLE, database, members, read_collection


@pytest.fixture
def root(tmp_path: Path) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    (tmp_path / TABLE).parent.mkdir(parents=True)
    split = ["train", "query_test", "database", "train", "query_val"]
    columns = {"image": [*"abcde"], "split": split, "labels": [["x"], [], ["x", "y"], [], []]}
    pq.write_table(pa.table({**columns, "landmark": pa.array([None, "Dom", None, None, None])}), tmp_path / TABLE)
    return tmp_path


def test_labels_are_lists_and_missing_landmarks_are_na(root: Path):
    collection = read_collection(root)
    assert collection["labels"].tolist() == [["x"], [], ["x", "y"], [], []]
    assert collection["landmark"].isna().tolist() == [True, False, True, True, True]


def test_members_and_database(root: Path):
    collection = read_collection(root)
    assert [members(collection, split).tolist() for split in SPLITS] == [[0, 3], [2], [4], [1]]
    assert database(collection).tolist() == [0, 2, 3]
    assert database(collection).dtype.kind == "i"
    with pytest.raises(ValueError, match="'test' is not one of"):
        members(collection, "test")


def test_a_missing_table_says_what_to_run(tmp_path: Path):
    with pytest.raises(BitscapeError, match=f"{tmp_path / TABLE} is missing; run `dvc repro prepare`"):
        read_collection(tmp_path)
