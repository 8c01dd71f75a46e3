import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy import sparse
from sklearn.metrics import average_precision_score, ndcg_score

from bitscape.core.errors import BitscapeError
from bitscape.core.metric_names import MACRO, metric_names
from bitscape.core.params import Params
from bitscape.core.storage import write_json
from bitscape.hamming.mean import mean_average_precision
from bitscape.retrieval.metrics import measure
from bitscape.retrieval.protocols import find_protocol
from bitscape.retrieval.truth import Grades
from tasks import evaluate
from tests.reporting.small_project import PARAMS, make_project


@pytest.fixture
def root(tmp_path):
    make_project(tmp_path)
    return tmp_path


def test_files_are_those_of_the_documentation_and_agree_with_each_other(root):
    evaluate.run(PARAMS, root, "itq", 16)
    metrics = json.loads((root / "metrics/itq-16.json").read_text())
    queries = pd.read_parquet(root / "artifacts/evaluate/itq-16/queries.parquet")
    curve = pd.read_csv(root / "plots/precision_recall/itq-16.csv")
    assert set(metrics) == {*metric_names([5], 2), MACRO}
    assert queries.dtypes.astype(str).to_dict() == {
        "image": "int32",
        "relevant": "int32",
        "average_precision": "float64",
    }
    assert queries["image"].tolist() == list(range(21, 30))
    assert queries["relevant"].tolist() == [6, 6, 6, 6, 0, 6, 6, 6, 6]
    assert queries["average_precision"].isna().tolist() == [False] * 4 + [True] + [False] * 4
    assert queries["average_precision"].mean() == pytest.approx(metrics["map_expected"])
    assert (metrics["queries"], metrics["queries_without_relevant"]) == (8, 1)
    assert curve.columns.tolist() == ["recall", "precision"]
    assert curve["recall"].iloc[-1] == 1
    assert curve["precision"].iloc[-1] == pytest.approx(6 / 18, abs=1e-6)


def test_metrics_are_added_by_name_and_a_query_without_anything_can_count_zero(root, capsys):
    asked = ["hit_rate_expected_at_1", "map_first_come_at_5_over_found", "map_expected", "ndcg_expected_at_5"]
    relevance = sparse.csr_array(sparse.load_npz(root / "artifacts/relevance/query_test.npz"))
    relevance.data[:] = 100  # too much for gains
    sparse.save_npz(root / "artifacts/relevance/query_test.npz", relevance)
    found = {}
    for policy in ("exclude", "zero"):
        chosen = PARAMS.evaluate.model_copy(update={"metrics": asked, "empty_query": policy})
        evaluate.run(PARAMS.model_copy(update={"evaluate": chosen}), root, "itq", 16)
        found[policy] = json.loads((root / "metrics/itq-16.json").read_text())
        assert set(found[policy]) == {*metric_names([5], 2), MACRO, *asked[:2]}
    codes = [np.load(root / f"artifacts/encode/itq-16/{part}.npy") for part in ("query_test", "database")]
    for name, scores in measure(asked[:3], *codes, Grades(relevance)).items():
        assert found["zero"][name] == pytest.approx(scores.values.mean()), name
        assert found["exclude"][name] == pytest.approx(scores.values.sum() / 8), name  # one of nine has nothing
    assert "ndcg_expected_at_5 is not measured" in capsys.readouterr().err
    chosen = PARAMS.evaluate.model_copy(update={"empty_query": "error"})
    with pytest.raises(BitscapeError, match="1 of 9 queries have no relevant item"):
        evaluate.run(PARAMS.model_copy(update={"evaluate": chosen}), root, "itq", 16)


@pytest.mark.parametrize("source", ["labels", "landmark", "geometry"])
def test_classes_have_a_table_of_their_own_and_a_macro_mean(root, source):
    path = root / "artifacts/prepare/collection.parquet"
    table = pd.read_parquet(path)
    several = [["round", *labels] if number % 4 else [*labels] for number, labels in enumerate(table["labels"])]
    table["landmark"] = [labels[0] if number != 22 else None for number, labels in enumerate(table["labels"])]
    table["labels"] = several
    table.to_parquet(path)
    write_json(root / "artifacts/relevance/relevance.json", {"source": source})
    evaluate.run(PARAMS, root, "itq", 16)
    metrics = json.loads((root / "metrics/itq-16.json").read_text())
    written = root / "artifacts/evaluate/itq-16/per_class.csv"
    if source == "geometry":  # seen points are no classes
        assert MACRO not in metrics
        assert not written.exists()
        return
    found = pd.read_csv(written, index_col="class")
    codes = [np.load(root / f"artifacts/encode/itq-16/{part}.npy") for part in ("query_test", "database")]
    kinds = [set(labels) for labels in several]
    if source == "landmark":
        kinds = [{name} if isinstance(name, str) else set() for name in table["landmark"]]
    names = sorted(set().union(*kinds))
    assert found.index.tolist() == names
    for name in names:
        own = [number for number in range(9) if name in kinds[21 + number]]
        relevant = sparse.csr_array([[int(name in kinds[item]) for item in range(18)]] * len(own))
        assert found.loc[name, "queries"] == len(own)
        assert found.loc[name, "map_expected"] == pytest.approx(
            mean_average_precision(codes[0][own], codes[1], relevant), abs=1e-6
        )
    assert metrics[MACRO] == pytest.approx(found["map_expected"].mean(), abs=1e-6)


def test_average_precision_is_that_of_scikit_learn_where_nothing_is_tied(root):
    folder = root / "artifacts/encode/lsh-24"
    folder.mkdir()
    distance = np.random.default_rng(0).permutation(18)
    np.save(folder / "database.npy", np.packbits(np.arange(24) < distance[:, None], axis=1))
    np.save(folder / "query_test.npy", np.zeros((9, 3), np.uint8))
    grades = np.random.default_rng(1).integers(0, 3, (9, 18))
    sparse.save_npz(root / "artifacts/relevance/query_test.npz", sparse.csr_array(grades))
    evaluate.run(PARAMS, root, "lsh", 24)
    queries = pd.read_parquet(root / "artifacts/evaluate/lsh-24/queries.parquet")
    theirs = [average_precision_score(relevant, -distance) for relevant in grades > 0]
    assert queries["average_precision"].tolist() == pytest.approx(theirs)


def test_learned_codes_of_the_database_are_measured_beside_the_networks(root):
    folder = root / "artifacts/encode/itq-16"
    relevance = sparse.load_npz(root / "artifacts/relevance/query_test.npz").toarray() > 0
    queries = np.load(folder / "query_test.npy")
    learned = np.array(
        [~queries[0] if not relevance[:, item].any() else queries[relevance[:, item].argmax()] for item in range(18)]
    )
    np.save(folder / "database_learned.npy", learned)
    evaluate.run(PARAMS, root, "itq", 16)
    metrics = json.loads((root / "metrics/itq-16.json").read_text())
    sparse_relevance = sparse.csr_array(sparse.load_npz(root / "artifacts/relevance/query_test.npz"))
    assert metrics["map_expected_learned_database"] == mean_average_precision(queries, learned, sparse_relevance)
    assert metrics["map_expected_learned_database"] > metrics["map_expected"]


def test_a_method_that_was_not_trained_passes_its_reason_on_and_has_no_metrics(root):
    evaluate.run(PARAMS, root, "bcdh", 8)
    assert json.loads((root / "metrics/bcdh-8.json").read_text()) == {}
    assert (root / "plots/precision_recall/bcdh-8.csv").read_text() == "recall,precision\n"
    assert "3D model" in (root / "artifacts/evaluate/bcdh-8/untrained.txt").read_text()


def test_collapsed_codes_and_empty_relevance_are_told(root, capsys):
    np.save(root / "artifacts/encode/lsh-8/database.npy", np.zeros((18, 1), np.uint8))
    sparse.save_npz(root / "artifacts/relevance/query_test.npz", sparse.csr_array((9, 18), dtype=np.int32))
    evaluate.run(PARAMS, root, "lsh", 8)
    told = capsys.readouterr().err
    assert "lsh-8: the codes have collapsed: 100%" in told
    assert "no query has a relevant photograph" in told
    assert "map_expected" not in json.loads((root / "metrics/lsh-8.json").read_text())


def test_codes_of_another_collection_or_length_are_refused_by_name(root):
    with pytest.raises(BitscapeError, match=r"itq-32/query_test\.npy is missing"):
        evaluate.run(PARAMS, root, "itq", 32)
    np.save(root / "artifacts/encode/itq-16/database.npy", np.zeros((17, 2), np.uint8))
    with pytest.raises(BitscapeError, match=r"database\.npy has the shape \(17, 2\), but the collection has 18"):
        evaluate.run(PARAMS, root, "itq", 16)


def under(name):
    return PARAMS.model_copy(update={"evaluate": PARAMS.evaluate.model_copy(update={"protocol": name})})


def test_under_exchnet_the_training_photographs_have_their_learned_codes_and_under_no_other(root):
    learned = np.random.default_rng(5).integers(0, 256, (18, 2), dtype=np.uint8)
    queries, network = (np.load(root / f"artifacts/encode/itq-16/{part}.npy") for part in ("query_test", "database"))
    kinds = np.arange(30) % 3
    relevance = sparse.csr_array((kinds[21:, None] == kinds[:15]).astype(np.int32))  # of `train` alone
    for there in (False, True):
        if there:
            np.save(root / "artifacts/encode/itq-16/database_learned.npy", learned)
        for name, codes in (("exchnet", learned if there else network), ("rvssdh", network)):
            evaluate.run(under(name), root, "itq", 16)
            found = json.loads((root / "metrics/itq-16.json").read_text())[f"{name}_map_expected"]
            assert found == pytest.approx(mean_average_precision(queries, codes[:15], relevance)), (name, there)


def test_another_protocol_adds_its_metrics_under_its_name_and_changes_no_other(root):
    evaluate.run(PARAMS, root, "itq", 16)
    own = json.loads((root / "metrics/itq-16.json").read_text())
    own_scores = json.loads((root / "artifacts/evaluate/itq-16/scores.json").read_text())
    evaluate.run(under("ath"), root, "itq", 16)
    metrics = json.loads((root / "metrics/itq-16.json").read_text())
    scores = json.loads((root / "artifacts/evaluate/itq-16/scores.json").read_text())
    assert metrics.items() > own.items()
    assert metrics.keys() - own.keys() == find_protocol("ath").listed.keys()
    assert scores["protocol"]["name"] == "ath"
    assert scores["protocol"]["queries"] == 9  # the one without anything relevant counts
    assert own_scores["metrics"].items() <= scores["metrics"].items()
    # The training photographs alone are searched, and relevance is that of the labels.
    queries, database = (np.load(root / f"artifacts/encode/itq-16/{part}.npy") for part in ("query_test", "database"))
    colours = np.arange(30) % 3
    truth = Grades(sparse.csr_array((colours[21:30, None] == colours[:15]).astype(np.int32)))
    known = measure(["precision_expected_at_10"], queries, database[:15], truth)["precision_expected_at_10"].mean
    assert metrics["ath_precision_expected_at_10"] == pytest.approx(known)


def test_queries_of_unseen_landmarks_ask_each_other_too(root):
    table = pd.read_parquet(root / "artifacts/prepare/collection.parquet")
    table["landmark"] = ["dom"] * 15 + ["gate", "tower", "dom"] + ["arch"] * 3 + ["gate", "tower", "dom"] * 3
    table.to_parquet(root / "artifacts/prepare/collection.parquet")
    evaluate.run(under("unseen-landmarks"), root, "itq", 16)
    scores = json.loads((root / "artifacts/evaluate/itq-16/scores.json").read_text())
    assert scores["protocol"]["queries"] == 6  # those of the landmark that was trained on ask nothing
    assert 0 < scores["metrics"]["unseen_landmarks_map_expected"]["mean"] <= 1


def test_what_the_collection_lacks_for_a_protocol_is_told(root):
    with pytest.raises(BitscapeError, match=r"none is unseen; set prepare\.unseen to landmarks"):
        evaluate.run(under("unseen-landmarks"), root, "itq", 16)
    with pytest.raises(ValidationError, match="unseen-photographs"):  # lists with junk are for `bitscape score`
        Params.model_validate({"evaluate": {"protocol": "bcdh-oxford"}})


def test_it_starts_without_what_it_does_not_need():
    code = "import sys, tasks.evaluate; print(sorted({'torch', 'matplotlib', 'pandas'} & set(sys.modules)))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


def test_scores_have_the_interval_and_the_bounds_of_each_ranking_metric(root):
    evaluate.run(PARAMS, root, "itq", 16)
    metrics = json.loads((root / "metrics/itq-16.json").read_text())
    scores = json.loads((root / "artifacts/evaluate/itq-16/scores.json").read_text())["metrics"]
    ranked = {name for name in metrics if name.startswith(("map_expected", "precision_", "recall_"))}
    assert set(scores) == ranked - {MACRO}
    for name, score in scores.items():
        assert score["mean"] == pytest.approx(metrics[name])
        assert score["worst_ties"] <= score["mean"] <= score["best_ties"]
        assert score["low"] <= score["mean"] <= score["high"]
    assert [scores["map_expected"][f"{end}_ties"] for end in ("worst", "best")] == pytest.approx(
        [metrics["map_worst_ties"], metrics["map_best_ties"]]
    )


def test_graded_metrics_are_measured_where_labels_grade_and_nowhere_else(root):
    grades = np.random.default_rng(0).integers(0, 3, (9, 18))
    sparse.save_npz(root / "artifacts/relevance/query_test.npz", sparse.csr_array(grades))
    evaluate.run(PARAMS, root, "itq", 16)
    metrics = json.loads((root / "metrics/itq-16.json").read_text())
    assert list(metrics) == sorted([*metric_names([5], 2, graded=True), MACRO])
    codes = [np.load(root / f"artifacts/encode/itq-16/{part}.npy") for part in ("query_test", "database")]
    away = np.unpackbits(codes[0][:, None] ^ codes[1], axis=2).sum(axis=2)
    theirs = [ndcg_score([2.0**row - 1], [-line], k=5) for row, line in zip(grades, away, strict=True)]
    assert metrics["ndcg_expected_at_5"] == pytest.approx(np.mean(theirs))

    facts = json.loads((root / "artifacts/relevance/relevance.json").read_text())
    write_json(root / "artifacts/relevance/relevance.json", facts | {"source": "geometry"})
    evaluate.run(PARAMS, root, "itq", 16)
    assert set(json.loads((root / "metrics/itq-16.json").read_text())) == set(metric_names([5], 2))
