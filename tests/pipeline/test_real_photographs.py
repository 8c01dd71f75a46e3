"""Nine real places: 149 photographs by several cameras and many people, imported and compared.

    pytest -m slow tests/pipeline/test_real_photographs.py -s

prints the tables.
"""

import csv
import json

import pandas as pd
import pytest

from tests.pipeline.projects import BITSCAPE, Project

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tmp_path_factory, shared_data):
    project = Project(tmp_path_factory.mktemp("photos") / "project")
    project.run(*BITSCAPE, "import", str(shared_data / "photos"), "--labels-from-folders")
    return project


def _compare(project, source):
    project.set(relevance__source=source)
    project.dvc("repro")
    print(f"\nby {source}")
    print((project.root / "reports/comparison.csv").read_text())
    with (project.root / "reports/comparison.csv").open() as file:
        return {(row["method"], int(row["bits"])): float(row["map_expected"]) for row in csv.DictReader(file)}


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("source", ["labels", "geometry"])
def test_bcdh_and_dsah_do_not_fall_below_lsh_at_64_bits(project, source):
    scores = _compare(project, source)
    for method in ("bcdh", "dsah"):
        assert scores[method, 64] >= scores["lsh", 64]


def test_places_are_models_of_their_own_and_nearly_all_is_registered(project):
    if not (project.root / "artifacts/reconstruct").is_dir():
        project.dvc("repro", "reconstruct")
    collection = pd.read_parquet(project.root / "artifacts/prepare/collection.parquet")
    place = collection["image"].str.split("/").str[0]
    trained = place[collection["split"] == "train"].value_counts()
    report = json.loads((project.root / "artifacts/reconstruct/registrations.json").read_text())
    registered = {}
    for model in report["models"]:
        places = set(place[model["images"]])
        assert len(places) == 1, f"a model joins {sorted(places)}"
        name = places.pop()
        registered[name] = max(registered.get(name, 0), len(model["images"]))
    print({name: f"{registered.get(name, 0)} of {count}" for name, count in sorted(trained.items())})
    whole = [name for name, count in trained.items() if registered.get(name, 0) >= 0.85 * count]
    assert len(whole) >= 7


def test_no_positive_joins_two_places(project):
    place = pd.read_parquet(project.root / "artifacts/prepare/collection.parquet")["image"].str.split("/").str[0]
    positives = pd.read_parquet(project.root / "artifacts/mine_pairs/positives.parquet")
    print(f"\n{len(positives)} positives, {positives['query'].nunique()} photographs have one")
    assert len(positives) > 200
    assert (place[positives["query"]].to_numpy() == place[positives["positive"]].to_numpy()).all()
    negatives = pd.read_parquet(project.root / "artifacts/mine_pairs/negatives.parquet")
    assert len(negatives) > 200
    apart = place[negatives["query"]].to_numpy() != place[negatives["negative"]].to_numpy()
    print(f"{apart.mean():.3f} of {len(negatives)} hard negatives are of another place")
