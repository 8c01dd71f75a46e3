"""The benchmark of the search on a small project: what it tells, not how quick anything is."""

import shutil
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from benchmarks import search, timing
from benchmarks.contenders import Contender, average_precision_at
from bitscape.core.errors import BitscapeError

TABLE = """before

| search | bytes a photograph | an old table |
| --- | ---: | ---: |
| float scan | 5120 | 5060 |

after
"""


@pytest.mark.filterwarnings("ignore:invalid value")  # nothing relevant, for scikit-learn
def test_average_precision_of_a_whole_ranking_is_scikit_learns():
    generator = np.random.default_rng(0)
    relevance = generator.random((6, 20)) < 0.3
    relevance[2] = False
    rows = np.stack([generator.permutation(20) for _ in relevance])
    asked = [0, 1, 3, 4, 5]
    truth = [average_precision_score(relevance[query][rows[query]], -np.arange(20)) for query in asked]
    assert average_precision_at(rows, relevance) == pytest.approx(np.mean(truth))


def test_it_measures_every_search_and_writes_the_table_into_the_documentation(project, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(timing, "SECONDS", 1e-3)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs.md").write_text(TABLE)
    shutil.copytree(project / "artifacts", tmp_path / "artifacts")
    (tmp_path / "params.yaml").write_text("methods: [lsh, dsah, dsrh]\nbits: [16]\n")
    monkeypatch.setattr(sys, "argv", ["search", ".", "--out", "search.csv", "--docs", "docs.md"])
    search.main()
    found = pd.read_csv("search.csv").set_index("search")
    assert [*found.index[:1], *found.index[-6:]] == [
        "float scan, 1280 dimensions",
        "lsh, 16 bits",
        "dsah, 16 bits",
        *(f"dsrh, 16 bits{kind}" for kind in ("", ", ivf", ", multihash", ", hnsw")),
    ]
    assert (found["queries_per_second"] > 0).all()
    assert found["storage_reduction"]["lsh, 16 bits"] == 4 * 1280 / 2
    assert found["storage_reduction"]["HNSW on floats, beam 16"] == 0.95
    text = (tmp_path / "docs.md").read_text()
    assert text.startswith("before\n\n| search | bytes a photograph | queries a second |")
    assert text.endswith(" |\n\nafter\n")
    assert "an old table" not in text
    assert text.count("\n| ") == len(found) + 2
    assert "The processor worked" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("seconds", "busy", "quiet"),
    [([1.0, 1.05, 1.02], 1.0, True), ([1.0, 1.9, 1.0], 1.0, False), ([1.0, 1.05, 1.02], 0.6, False)],
)
def test_a_busy_machine_is_told(seconds, busy, quiet):
    one = Contender("a scan", 8, 0.5, lambda: None, seconds=seconds, busy=[busy] * 3)
    assert ("THE MACHINE WAS BUSY" not in timing.quietness([one])) == quiet


def test_a_document_without_the_table_is_left_as_it_is(tmp_path):
    (tmp_path / "docs.md").write_text("nothing\n")
    with pytest.raises(BitscapeError, match="has no table"):
        search.write_into(tmp_path / "docs.md", "| a |")
    assert (tmp_path / "docs.md").read_text() == "nothing\n"
