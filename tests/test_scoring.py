import json
from pathlib import Path

import faiss
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import sparse
from typer.testing import CliRunner

from bitscape.cli import app

CENTRES = np.random.default_rng(0).random((4, 20)) < 0.5


def bitscape(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "100"})
    return result.exit_code, result.output


def make_bits(seed: int, rows: int, noise: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 4, rows)
    return CENTRES[labels] ^ (generator.random((rows, 20)) < noise), labels


def as_signs(bits: np.ndarray) -> np.ndarray:
    return bits.astype(np.float32) * 2 - 1


FORMS = {
    "bool": lambda bits: bits,
    "zeros and ones": lambda bits: bits.astype(np.uint8),
    "int64": lambda bits: bits.astype(np.int64),
    "signs": as_signs,
    "int8 signs": lambda bits: as_signs(bits).astype(np.int8),
    "packed": lambda bits: np.packbits(bits, axis=1),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_codes_gives_the_same_numbers(tmp_path: Path, form: str):
    (database, labels), (queries, asked) = make_bits(1, 60), make_bits(2, 9)
    np.savez(tmp_path / "database.npz", codes=FORMS[form](database), labels=labels)
    np.savez(tmp_path / "queries.npz", codes=FORMS[form](queries), labels=asked)
    status, told = bitscape(
        "score", tmp_path / "database.npz", tmp_path / "queries.npz", "--output", tmp_path / "s.json"
    )
    assert status == 0, told
    written = json.loads((tmp_path / "s.json").read_text())
    values = []
    for code, label in zip(queries, asked, strict=True):
        away, hits = (code ^ database).sum(axis=1), labels == label
        # Average precision in expectation, from many random orders of the ties.
        drawn = [np.lexsort((np.random.default_rng(seed).random(60), away)) for seed in range(300)]
        ranked = hits[np.array(drawn)]
        values.append(((ranked.cumsum(axis=1) / np.arange(1, 61) * ranked).sum(axis=1) / hits.sum()).mean())
    assert written["metrics"]["map_expected"]["mean"] == pytest.approx(np.mean(values), abs=0.004)
    assert written["bits"] == (24 if form == "packed" else 20)
    metric = written["metrics"]["map_expected"]
    assert metric["worst_ties"] < metric["mean"] < metric["best_ties"]
    assert metric["low"] < metric["mean"] < metric["high"]
    assert set(metric["per_class"]) == {str(one) for one in np.unique(asked)}
    assert metric["macro"] == pytest.approx(np.mean(list(metric["per_class"].values())))
    assert metric["macro_low"] < metric["macro"] < metric["macro_high"]
    assert sum(metric["per_class"][str(one)] for one in asked) / 9 == pytest.approx(metric["mean"])
    assert f"{metric['mean']:.4f}" in told


def test_health_does_not_count_the_bits_that_fill_the_last_byte(tmp_path: Path):
    bits = np.random.default_rng(0).permuted(np.repeat([[True], [False]], 8, axis=0).repeat(12, axis=1), axis=0)
    np.savez(tmp_path / "codes.npz", codes=bits, labels=np.zeros(16, int))
    bitscape("score", tmp_path / "codes.npz", tmp_path / "codes.npz", "--output", tmp_path / "s.json")
    assert json.loads((tmp_path / "s.json").read_text())["health"]["imbalance"] == 0


def test_labels_can_be_files_of_their_own_with_several_each(tmp_path: Path):
    bits, _ = make_bits(1, 3)
    np.save(tmp_path / "codes.npy", as_signs(bits))
    (tmp_path / "labels.txt").write_text("red;round\nred\ngreen; round\n")
    files = [tmp_path / "codes.npy"] * 2
    named = ("--database-labels", tmp_path / "labels.txt", "--query-labels", tmp_path / "labels.txt")
    status, told = bitscape("score", *files, *named, "--protocol", "dsrh", "--output", tmp_path / "s.json")
    assert status == 0, told
    written = json.loads((tmp_path / "s.json").read_text())
    assert list(written["metrics"])[0:2] == ["acg_expected_at_100", "ndcg_expected_at_100"]
    # All three are among the first 100: the grades of each query add up to 4, 2 and 3 over 100 ranks.
    assert written["metrics"]["acg_expected_at_100"]["mean"] == pytest.approx((4 + 2 + 3) / 3 / 100)


def test_lists_with_junk_under_the_protocols_of_the_revisited_sets(tmp_path: Path):
    # One query at distance 0, 1, 2, 3 of the items: easy, hard, junk, easy.
    np.save(tmp_path / "database.npy", np.tri(4, 8, -1, dtype=np.int64))
    np.save(tmp_path / "queries.npy", np.zeros((1, 8), np.int64))
    lists = tmp_path / "lists.json"
    lists.write_text('[{"easy": [0, 3], "hard": [1], "junk": [2]}]')
    files = (tmp_path / "database.npy", tmp_path / "queries.npy", "--relevance", lists)
    for setting in ("easy", "medium", "hard"):
        status, told = bitscape("score", *files, "--protocol", f"revisited-{setting}", "--output", tmp_path / "s.json")
        assert status == 0, told
        written = json.loads((tmp_path / "s.json").read_text())["metrics"]
        assert written["map_trapezoid_expected"]["mean"] == 1  # what is left is relevant
        assert written["precision_expected_at_5_over_last"]["mean"] == 1  # and nothing stands between
    np.save(tmp_path / "grades.npy", [[1, -1, -1, 1]])  # the same as `easy`
    grades = (*files[:2], "--relevance", tmp_path / "grades.npy", "--metric", "precision_expected_at_5")
    assert bitscape("score", *grades, "--output", tmp_path / "s.json")[0] == 0
    assert json.loads((tmp_path / "s.json").read_text())["metrics"]["precision_expected_at_5"]["mean"] == 2 / 5
    status, told = bitscape("score", *files)
    assert (status, "say --protocol revisited-medium" in told) == (1, True)


def test_grades_as_a_matrix_and_metrics_by_name(tmp_path: Path):
    bits, labels = make_bits(1, 12)
    np.save(tmp_path / "codes.npy", bits)
    sparse.save_npz(tmp_path / "grades.npz", sparse.csr_array((labels[:, None] == labels).astype(np.int32)))
    files = (tmp_path / "codes.npy", tmp_path / "codes.npy", "--relevance", tmp_path / "grades.npz")
    status, told = bitscape("score", *files, "--metric", "map_first_come_at_5_over_found", "--metric", "map_expected")
    assert status == 0, told
    assert "map_first_come_at_5_over_found" in told


def test_curves_are_written_as_table_and_picture(tmp_path: Path):
    (database, labels), (queries, asked) = make_bits(1, 60), make_bits(2, 9)
    np.savez(tmp_path / "d.npz", codes=database, labels=labels)
    np.savez(tmp_path / "q.npz", codes=queries, labels=asked)
    files = (tmp_path / "d.npz", tmp_path / "q.npz", "--curves", tmp_path / "new" / "curves")
    named = ("--metric", "precision_radius_3_empty_zero", "--metric", "precision_radius_3_empty_skip")
    status, told = bitscape("score", *files, *named, "--output", tmp_path / "s.json")
    assert status == 0, told
    written = json.loads((tmp_path / "s.json").read_text())
    table = pd.read_csv(tmp_path / "new/curves/curves.csv")
    assert table["radius"].tolist() == written["curves"]["radius"] == list(range(21))
    index = faiss.IndexBinaryFlat(24)
    index.add(np.packbits(database, axis=1))
    for radius in (0, 3, 20):
        # FAISS finds what is nearer than its radius.
        ends, _, places = index.range_search(np.packbits(queries, axis=1), radius + 1)
        found = [labels[places[start:stop]] == label for start, stop, label in zip(ends, ends[1:], asked, strict=False)]
        precision = np.array([one.mean() if len(one) else np.nan for one in found])
        recall = [one.sum() / (labels == label).sum() for one, label in zip(found, asked, strict=True)]
        row = table.iloc[radius]
        assert row["recall"] == pytest.approx(np.mean(recall), abs=1e-6)
        assert row["precision_empty_zero"] == pytest.approx(np.nan_to_num(precision).mean(), abs=1e-6)
        if not np.isnan(precision).all():
            assert row["precision_empty_skip"] == pytest.approx(np.nanmean(precision), abs=1e-6)
    for policy in ("zero", "skip"):
        line = written["metrics"][f"precision_radius_3_empty_{policy}"]
        assert line["mean"] == line["worst_ties"] == line["best_ties"]
        assert line["mean"] == pytest.approx(table[f"precision_empty_{policy}"][3], abs=1e-6)
    with Image.open(tmp_path / "new/curves/curves.png") as picture:
        assert len(picture.convert("RGB").getcolors(1 << 20)) > 10
    status, told = bitscape("score", *files[:2], "--curves", tmp_path / "s.json")
    assert (status, "is a file; name a folder" in " ".join(told.split())) == (1, True)


def test_another_method_is_compared_in_pairs(tmp_path: Path):
    for name, noise in (("good", 0.1), ("bad", 0.4)):
        for side, seed, rows in (("d", 1, 60), ("q", 2, 30)):
            bits, labels = make_bits(seed, rows, noise)
            np.savez(tmp_path / f"{name}-{side}.npz", codes=bits, labels=labels)
    good, bad = ([tmp_path / f"{name}-{side}.npz" for side in "dq"] for name in ("good", "bad"))
    status, told = bitscape("score", *good, "--against", *bad, "--output", tmp_path / "pairs.json")
    assert status == 0, told
    pairs = json.loads((tmp_path / "pairs.json").read_text())
    bitscape("score", *bad, "--output", tmp_path / "bad.json")
    theirs = json.loads((tmp_path / "bad.json").read_text())["metrics"]
    for name, pair in pairs["against"].items():
        assert pair["mean"] == pytest.approx(pairs["metrics"][name]["mean"] - theirs[name]["mean"])
        assert pair["low"] <= pair["mean"] <= pair["high"]
        assert pair["wins"] + pair["losses"] <= 30
    assert pairs["against"]["map_expected"]["low"] > 0
    assert f"{pairs['against']['map_expected']['mean']:+.4f}" in told
    status, told = bitscape("score", *good, "--against", *reversed(bad))
    assert (status, "codes of the same photographs" in " ".join(told.split())) == (1, True)


def test_collapsed_codes_are_told(tmp_path: Path):
    np.savez(tmp_path / "codes.npz", codes=np.ones((9, 16)), labels=np.arange(9) % 2)
    status, told = bitscape("score", tmp_path / "codes.npz", tmp_path / "codes.npz")
    assert status == 0
    assert "Warning: the codes have collapsed, 100%" in told


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (np.array([[0.3, -1.2]]), "other numbers; codes are packed bytes"),
        (np.array([[-1, 0, 1]]), "zeros beside -1 and +1"),
        (np.array(["a"]), "shape"),
        (np.array([["a", "b"]]), "codes are packed bytes"),
        (np.zeros((0, 8)), "one row or more"),
    ],
)
def test_codes_that_are_none_are_told_with_the_mend(tmp_path: Path, codes: np.ndarray, message: str):
    np.save(tmp_path / "codes.npy", codes)
    status, told = bitscape("score", tmp_path / "codes.npy", tmp_path / "codes.npy")
    assert (status, message in told) == (1, True), told
    assert told.startswith("bitscape: ")


def test_files_that_do_not_fit_are_told_with_the_mend(tmp_path: Path):
    bits, labels = make_bits(1, 5)
    np.savez(tmp_path / "a.npz", codes=bits, labels=labels)
    np.savez(tmp_path / "b.npz", codes=bits[:, :12], labels=labels)
    np.save(tmp_path / "c.npy", bits)
    (tmp_path / "broken.npy").write_text("no array")
    (tmp_path / "lists.json").write_text('[[0], [1], [2], [3], ["x"]]')
    (tmp_path / "short.txt").write_text("a\nb\n")
    np.savez(tmp_path / "two.npz", codes=bits, targets=labels)
    np.savez(tmp_path / "other.npz", codes=bits, labels=labels + 1)
    (tmp_path / "far.json").write_text(f"[[0], [1], [2], [3], [{10**30}]]")
    (tmp_path / "deep.json").write_text("[" * 100_000)
    beyond = sparse.csr_array(np.eye(5, dtype=int))
    beyond.indices[0] = 99
    sparse.save_npz(tmp_path / "beyond.npz", beyond)
    np.save(tmp_path / "complex.npy", np.eye(5, dtype=complex))
    np.save(tmp_path / "grades.npy", np.eye(5, dtype=int))
    np.save(tmp_path / "wide.npy", np.full((5, 3), 200))
    (tmp_path / "codes.csv").write_text("0,1,1\n")
    content = (tmp_path / "wide.npy").read_bytes()
    (tmp_path / "huge.npy").write_bytes(content.replace(b"(5, 3), }      ", b"(99999999999,)}"))
    (tmp_path / "header.npy").write_bytes(content.replace(b"{'descr'", b'{"""cr"'))
    a, b, c = (tmp_path / name for name in ("a.npz", "b.npz", "c.npy"))
    for arguments, message in [
        ((a, b), "has codes of 12 bits"),
        ((a, c), "The queries have no labels"),
        ((a, tmp_path / "none.npy"), "does not exist"),
        ((a, tmp_path / "broken.npy"), "cannot be read as .npy or .npz"),
        ((a, c, "--relevance", tmp_path / "lists.json"), "entry 4, `relevant`"),
        ((a, c, "--query-labels", tmp_path / "short.txt"), "must have 5 labels, one for each code, and has 2"),
        ((a, a, "--protocol", "bcdh-oxford"), "needs --relevance"),
        ((a, a, "--metric", "map"), "There is no metric 'map'"),
        ((a, a, "--empty-query", "skip"), "none of exclude, zero and error"),
        ((a, a, "--metric", f"precision_expected_at_{'9' * 20}"), "There is no metric"),
        ((a, a, "--output", a), "is one of the files that are measured"),
        ((a, c, "--query-labels", tmp_path / "two.npz"), "has the arrays codes, targets; name the one with the labels"),
        ((a, c, "--relevance", tmp_path / "far.json"), "Query 4 names 1000000000000000000000000000000 as relevant"),
        ((a, c, "--relevance", tmp_path / "deep.json"), "is not valid JSON"),
        ((a, c, "--relevance", tmp_path / "beyond.npz"), "cannot be read as a matrix of grades"),
        ((a, c, "--relevance", tmp_path / "complex.npy"), "cannot be read as a matrix of grades (it holds complex128)"),
        ((a, a, "--relevance", tmp_path / "grades.npy", "--protocol", "revisited-easy"), "easy and hard are not told"),
        ((a, a, "--relevance", tmp_path / "grades.npy", "--query-labels", c), "takes the place of labels"),
        ((tmp_path / "wide.npy", a), "Packed bytes must be of the type uint8, not int64"),
        ((tmp_path / "codes.csv", a), "cannot be read as .npy or .npz (it is none"),
        ((tmp_path / "huge.npy", a), "cannot be read as .npy or .npz"),
        ((tmp_path / "header.npy", a), "cannot be read as .npy or .npz"),
        ((a, a, "--against", tmp_path / "other.npz", a), "have other labels, or the same in another order"),
    ]:
        status, told = bitscape("score", *arguments)
        assert (status, message in told) == (1, True), told


@pytest.mark.parametrize("harm", ["cut", "flipped"])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_damaged_file_is_one_sentence(tmp_path: Path, harm: str, save):
    bits, labels = make_bits(1, 60)
    save(tmp_path / "d.npz", codes=np.packbits(bits, axis=1), labels=labels)
    content = bytearray((tmp_path / "d.npz").read_bytes())
    content[len(content) // 4] ^= 255
    (tmp_path / "d.npz").write_bytes(content if harm == "flipped" else content[: len(content) // 2])
    status, told = bitscape("score", tmp_path / "d.npz", tmp_path / "d.npz", "--output", tmp_path / "s.json")
    assert status == 1
    assert "cannot be read as .npy or .npz" in " ".join(told.split())


@pytest.mark.parametrize("grade", [-2.0, np.nan, 0.5])
def test_grades_are_whole_numbers_and_minus_one_is_junk(tmp_path: Path, grade: float):
    np.save(tmp_path / "c.npy", make_bits(1, 6)[0])
    np.save(tmp_path / "g.npy", np.full((6, 6), grade))
    told = bitscape("score", tmp_path / "c.npy", tmp_path / "c.npy", "--relevance", tmp_path / "g.npy")
    assert told[0] == 1
    assert "no whole numbers" in " ".join(told[1].split())


def test_a_matrix_of_yes_and_no_is_relevance(tmp_path: Path):
    np.save(tmp_path / "c.npy", make_bits(1, 6)[0])
    for name, kind in (("b", bool), ("i", np.int64)):
        np.save(tmp_path / f"{name}.npy", np.eye(6, dtype=kind))
        files = (tmp_path / "c.npy", tmp_path / "c.npy", "--relevance", tmp_path / f"{name}.npy")
        status, told = bitscape("score", *files, "--output", tmp_path / f"{name}.json")
        assert status == 0, told
    read = [json.loads((tmp_path / f"{name}.json").read_text())["metrics"] for name in ("b", "i")]
    assert read[0] == read[1]


def test_labels_of_other_number_types_are_the_same_classes(tmp_path: Path):
    bits, labels = make_bits(1, 60)
    found = []
    for kind in (np.int64, np.float64):
        np.savez(tmp_path / "d.npz", codes=bits, labels=labels)
        np.savez(tmp_path / "q.npz", codes=bits[:9], labels=labels[:9].astype(kind))
        assert bitscape("score", tmp_path / "d.npz", tmp_path / "q.npz", "--output", tmp_path / "s.json")[0] == 0
        metrics = json.loads((tmp_path / "s.json").read_text())["metrics"]
        found.append({name: metric["mean"] for name, metric in metrics.items()})
    assert found[0] == found[1]


def test_labels_that_are_one_number_or_a_folder_are_told(tmp_path: Path):
    bits, _ = make_bits(1, 6)
    np.savez(tmp_path / "c.npz", codes=bits, labels=3)
    np.save(tmp_path / "c.npy", bits)
    np.save(tmp_path / "l.npy", 3)
    files = (tmp_path / "c.npy", tmp_path / "c.npy")
    for arguments in (
        (tmp_path / "c.npz", tmp_path / "c.npz"),
        (*files, "--query-labels", tmp_path / "l.npy", "--database-labels", tmp_path / "l.npy"),
        (*files, "--query-labels", tmp_path, "--database-labels", tmp_path),
    ):
        status, told = bitscape("score", *arguments)
        assert status == 1, told
        assert "label" in told or "no text file" in told


@pytest.mark.parametrize(
    "labels",
    [np.array([0.0, np.nan, 1, 1, 0, np.nan]), np.array(["a", np.nan, "b", "b", "a", ""])],
    ids=["float", "text"],
)
def test_a_missing_label_is_no_class_of_its_own(tmp_path: Path, labels: np.ndarray):
    np.savez(tmp_path / "c.npz", codes=make_bits(1, 6)[0], labels=labels)
    status, told = bitscape("score", tmp_path / "c.npz", tmp_path / "c.npz")
    assert status == 1
    assert "The labels of the queries hold 2 that are NaN or empty, the first of them for code 1" in " ".join(
        told.split()
    )


def test_in_a_file_of_lists_a_code_can_have_no_label(tmp_path: Path):
    np.save(tmp_path / "c.npy", make_bits(1, 3)[0])
    (tmp_path / "labels.txt").write_text("red;round\n\nred\n")
    named = ("--database-labels", tmp_path / "labels.txt", "--query-labels", tmp_path / "labels.txt")
    status, told = bitscape("score", tmp_path / "c.npy", tmp_path / "c.npy", *named)
    assert status == 0, told
    assert "2 queries; nothing is relevant to 1." in told


def test_a_table_of_nothing_is_told(tmp_path: Path):
    bits, labels = make_bits(1, 6)
    np.savez(tmp_path / "d.npz", codes=bits, labels=labels)
    np.savez(tmp_path / "q.npz", codes=bits, labels=labels + 10)
    for policy, warned in (("exclude", True), ("zero", False)):
        status, told = bitscape("score", tmp_path / "d.npz", tmp_path / "q.npz", "--empty-query", policy)
        assert status == 0, told
        assert ("Warning: every metric is a mean over no query" in told) == warned


def test_packed_codes_that_are_no_whole_bytes(tmp_path: Path):
    bits, labels = make_bits(12, 40)
    bits = bits[:, :12]
    np.savez(tmp_path / "plain.npz", codes=bits, labels=labels)
    np.savez(tmp_path / "packed.npz", codes=np.packbits(bits > 0, axis=1), labels=labels)
    told = {}
    for name, more in (("plain", ()), ("packed", ("--bits", "12"))):
        path = tmp_path / f"{name}.npz"
        status, message = bitscape("score", path, path, *more, "--output", tmp_path / f"{name}.json")
        assert status == 0, message
        told[name] = json.loads((tmp_path / f"{name}.json").read_text())
    assert told["packed"] == told["plain"]
    assert told["packed"]["bits"] == 12
    for length, sentence in (
        ("20", "packed codes of 2 bytes, and 20 bits take 3"),
        ("10", "ones after their first 10"),
    ):
        status, message = bitscape("score", path, path, "--bits", length)
        assert (status, sentence in " ".join(message.split())) == (1, True), message
    status, message = bitscape("score", tmp_path / "plain.npz", tmp_path / "plain.npz", "--bits", "11")
    assert (status, "codes of 12 bits, not of 11" in " ".join(message.split())) == (1, True), message


def test_the_mark_that_windows_puts_before_a_text_is_no_part_of_the_first_label(tmp_path: Path):
    np.save(tmp_path / "c.npy", make_bits(1, 4)[0])
    (tmp_path / "plain.txt").write_text("red\nblue\nred\nblue\n")
    (tmp_path / "marked.txt").write_text("red\nblue\nred\nblue\n", encoding="utf-8-sig")
    named = ("--database-labels", tmp_path / "plain.txt", "--query-labels", tmp_path / "marked.txt")
    status, told = bitscape("score", tmp_path / "c.npy", tmp_path / "c.npy", *named)
    assert status == 0, told
    assert "4 queries; nothing is relevant to 0." in told
