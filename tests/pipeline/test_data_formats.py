"""The tables that a run writes are those of docs/data-formats.md: every file, column, type and number of dimensions."""

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import sparse

from tests.pipeline.documented import Table, sections, tables
from tests.pipeline.projects import Project

TYPES = {"string": pa.string(), "list of string": pa.list_(pa.string()), "bool": pa.bool_()}
METHODS = re.compile(r"METHOD(-BITS)?")
TABLES = [table for table in tables() if table.name.endswith((".parquet", ".npy", ".npz"))]


def paths(project: Project, table: Table) -> list[Path]:
    """Find the files that a description is of: of every method, of every model."""
    folders = project.root.glob(METHODS.sub("*", table.folder))
    found = [path for folder in folders for path in folder.glob(table.name.replace("K", "*"))]
    return [path for path in found if not (path.parent / "untrained.txt").exists()]


def type_of(field: pa.Field) -> pa.DataType:
    """Give a column's type, whose strings may be long or short."""
    if pa.types.is_large_string(field.type):
        return pa.string()
    return pa.list_(pa.string()) if pa.types.is_list(field.type) else field.type


def test_the_page_is_read_as_it_is_meant() -> None:
    known = {table.name: table for table in TABLES}
    assert len(TABLES) >= 18
    assert known["cameras.parquet"].fields()[4:6] == [("z", None, "float64"), ("qx", None, "float64")]
    assert known["pictures/K.npz"].fields()[2] == ("edges", "(m, 8, 2, 3)", "float32")
    assert known["feature_maps.npy"].array() == (4, "float16")
    assert known["collection.parquet"].fields()[-3] == ("labels", None, "list of string")


@pytest.mark.parametrize("table", TABLES, ids=lambda table: f"{table.folder.removeprefix('artifacts/')}/{table.name}")
def test_what_is_written_is_what_the_page_says(project: Project, table: Table) -> None:
    written = paths(project, table)
    assert written or "only for DSRH" in table.text  # which the project leaves out, for its time
    for path in written:
        if path.suffix == ".parquet":
            schema = pq.read_schema(path).remove_metadata()
            told = [(name, TYPES.get(kind) or pa.type_for_alias(kind)) for name, _, kind in table.fields()]
            assert [(field.name, type_of(field)) for field in schema] == told
        elif path.suffix == ".npy":
            array = np.load(path, mmap_mode="r")
            assert (array.ndim, str(array.dtype)) == table.array()
        elif table.fields():
            with np.load(path) as arrays:
                assert {name: str(arrays[name].dtype) for name in arrays} == {n: kind for n, _, kind in table.fields()}
                for name, shape, _ in table.fields():
                    axes = [axis.strip() for axis in shape.strip("()").split(",") if axis]
                    assert len(axes) == arrays[name].ndim, name
                    numbers = zip(axes, arrays[name].shape, strict=True)
                    assert all(int(axis) == length for axis, length in numbers if axis.isdigit()), name
        else:
            matrix = sparse.load_npz(path)
            assert (matrix.ndim, str(matrix.dtype)) == table.array()
            assert matrix.format == "csr"
            assert matrix.has_sorted_indices


def test_every_file_that_is_written_is_on_the_page(project: Project) -> None:
    unnamed = []
    for folder, text in sections().items():
        named = set(re.findall(r"`([\w./]+)`", text))
        for place in project.root.glob(METHODS.sub("*", folder)):
            for path in place.rglob("*"):
                name = re.sub(r"(?<=/)\d+", "K", path.relative_to(place).as_posix())
                inside = any(name.startswith(one) for one in named if one.endswith("/"))
                if path.is_file() and not inside and name not in named:
                    unnamed.append(f"{folder}/{name}")
    assert unnamed == []
    assert {path.name for path in (project.root / "artifacts").iterdir()} == {
        folder.split("/")[1] for folder in sections()
    }
