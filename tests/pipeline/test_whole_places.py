"""All photographs of nine real places, given for training: every place becomes one model.

    pytest -m slow tests/pipeline/test_whole_places.py -s

prints the table.
"""

import json
import sys

import pandas as pd
import pytest

from benchmarks.places import places
from tests.pipeline.projects import BITSCAPE, Project


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_place_is_one_model_with_nearly_all_of_its_photographs(tmp_path, shared_data):
    project = Project(tmp_path / "project")
    project.run(*BITSCAPE, "import", str(shared_data / "photos"), "--labels-from-folders")
    for stage in ("prepare", "describe"):
        project.run(sys.executable, "-m", f"tasks.{stage}")
    table = project.root / "artifacts/prepare/collection.parquet"
    collection = pd.read_parquet(table).assign(split="train")
    collection.to_parquet(table, index=False)
    told = project.run(sys.executable, "-m", "tasks.reconstruct").stderr
    report = json.loads((project.root / "artifacts/reconstruct/registrations.json").read_text())
    rows = [(number, image) for number, model in enumerate(report["models"]) for image in model["images"]]
    found = places(collection["image"].tolist(), pd.DataFrame(rows, columns=["model", "image"]))
    print("", found.to_string(index=False), f"doubted: {report['suspicious']}", told, sep="\n")
    assert len(found) == 9
    assert found["photographs"].sum() == len(collection) == 149
    assert found["whole"].all()


def test_a_place_is_whole_as_one_model_of_its_own_with_nearly_all():
    names = [f"{place}/{number}.jpg" for place in "abcde" for number in range(20)]
    of_each = {"a": [(0, 19)], "b": [(1, 18)], "c": [(2, 10), (3, 10)], "d": [(4, 20)], "e": [(4, 20)]}
    rows = []
    for place, parts in of_each.items():
        images = iter(range(names.index(f"{place}/0.jpg"), len(names)))
        rows += [(model, next(images)) for model, count in parts for _ in range(count)]
    found = places([*names, "f/0.jpg"], pd.DataFrame(rows * 2, columns=["model", "image"])).set_index("place")
    assert found["whole"].to_dict() == {"a": True, "b": False, "c": False, "d": False, "e": False, "f": False}
    assert found["models"].tolist() == [1, 1, 2, 1, 1, 0]
    assert found["others"].tolist() == [0, 0, 0, 20, 20, 0]
    assert found["largest"].tolist() == [19, 18, 10, 20, 20, 0]
