"""Night, blur, blank, panoramas, strips, hostile EXIF, odd names and rubbish, among photographs of one place."""

import csv
import json

import numpy as np
import pandas as pd
from PIL import Image
from scipy import sparse

from tests.pile.conftest import JUNK, PORTRAIT, Pile


def collection(pile: Pile) -> pd.DataFrame:
    return pd.read_parquet(pile.root / "artifacts/prepare/collection.parquet")


def test_rubbish_is_refused_with_its_reason_and_nothing_else(pile: Pile) -> None:
    with (pile.root / "artifacts/prepare/refused.csv").open(encoding="utf-8", newline="") as file:
        refused = {row["image"]: row["reason"] for row in csv.DictReader(file)}
    assert refused.keys() == pile.refused.keys()
    for name, reason in pile.refused.items():
        assert refused[name].startswith(reason), name
    assert set(collection(pile)["image"]) == pile.place | JUNK.keys()


def test_photographs_stand_upright_whatever_exif_says(pile: Pile) -> None:
    sizes = collection(pile).set_index("image")[["width", "height"]]
    assert {tuple(sizes.loc[name]) for name in pile.place - {PORTRAIT}} == {(400, 266)}
    assert tuple(sizes.loc[PORTRAIT]) == (200, 266)
    with Image.open(pile.root / "data/images/exif lying.jpg") as stored:
        assert stored.size == (266, 400)


def test_every_photograph_has_a_finite_descriptor(pile: Pile) -> None:
    descriptors = np.load(pile.root / "artifacts/describe/descriptors.npy")
    np.testing.assert_allclose(np.linalg.norm(descriptors, axis=1), 1, rtol=1e-5)


def test_the_place_is_one_model_and_junk_is_in_none(pile: Pile) -> None:
    names = collection(pile)["image"]
    report = json.loads((pile.root / "artifacts/reconstruct/registrations.json").read_text())
    (model,) = report["models"]
    registered = set(names[model["images"]])
    assert registered <= pile.place
    assert len(registered) == 9, pile.place - registered
    assert model["reprojection_error"] < 1


def test_pairs_and_relevance_stay_in_the_place(pile: Pile) -> None:
    table = collection(pile)
    names = table["image"].to_numpy()
    positives = pd.read_parquet(pile.root / "artifacts/mine_pairs/positives.parquet")
    assert set(names[positives["query"]]) | set(names[positives["positive"]]) <= pile.place
    assert positives["query"].nunique() >= 8
    searched = table["image"][table["split"].isin(["train", "database"])].to_numpy()
    for split in ("query_val", "query_test"):
        grades = sparse.load_npz(pile.root / f"artifacts/relevance/{split}.npz").tocoo()
        assert grades.nnz > 0
        assert set(searched[grades.coords[1]]) <= pile.place


def test_odd_metadata_is_not_remarked_on(pile: Pile) -> None:
    assert "EXIF" not in pile.told["describe"]
    assert "warn" not in pile.told["describe"].lower()
