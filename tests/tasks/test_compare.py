import hashlib
import platform
import re
import shutil
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import bitscape
from bitscape.core.errors import BitscapeError
from bitscape.core.metric_names import MACRO, metric_names
from bitscape.core.params import Params
from bitscape.retrieval.protocols import find_protocol
from tasks import compare, evaluate
from tests.reporting.small_project import PARAMS

TIES = ["map_expected", "map_worst_ties", "map_best_ties"]
VOID = {"meta", "img", "source"}


class Reader(HTMLParser):
    """Collects tags with their attributes, and finds those that are not closed."""

    def __init__(self):
        super().__init__()
        self.tags, self.open = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def read(root):
    text = (root / "reports/index.html").read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    return text, reader.tags


def test_the_table_lists_methods_and_lengths_as_the_parameters_do(evaluated):
    table = pd.read_csv(evaluated / "reports/comparison.csv")
    assert table.columns.tolist() == ["method", "bits", *TIES, MACRO, *metric_names([5], 2)[len(TIES) :]]
    listed = [(method, bits) for method in PARAMS.methods for bits in PARAMS.bits]
    assert list(table[["method", "bits"]].itertuples(index=False, name=None)) == listed
    assert table["map_expected"].isna().tolist() == [False, False, False, False, True, False]


def test_metrics_of_another_protocol_are_columns_and_can_rank(evaluated, tmp_path):
    root = tmp_path / "project"
    shutil.copytree(evaluated, root)
    chosen = {
        "evaluate": PARAMS.evaluate.model_copy(update={"protocol": "dsrh"}),
        "compare": PARAMS.compare.model_copy(update={"metric": "dsrh_ndcg_expected_at_100"}),
    }
    params = PARAMS.model_copy(update=chosen)
    for method in params.methods:
        for bits in params.bits:
            evaluate.run(params, root, method, bits)
    compare.run(params, root)
    table = pd.read_csv(root / "reports/comparison.csv")
    own = [*TIES, MACRO, *metric_names([5], 2)[len(TIES) :]]
    assert table.columns.tolist() == ["method", "bits", *own, *find_protocol("dsrh").listed]
    text, _ = read(root)
    assert "ranks first with dsrh_ndcg_expected_at_100" in text
    assert "dsrh: NDCG@100" in text


def test_the_page_asks_for_nothing_and_links_to_the_models_alone(evaluated):
    text, tags = read(evaluated)
    shown, links = (
        [value for _, attributes in tags for name, value in attributes.items() if name in names]
        for names in (("src", "srcset"), ("href",))
    )
    assert shown
    assert all(value.startswith("data:image/") for value in shown)
    assert links == ["models/0.html"]
    model = (evaluated / "reports" / links[0]).read_text(encoding="utf-8")
    assert re.findall(r'src="([^"]*)"', model) == ["plotly.min.js"]
    assert (evaluated / "reports/models/plotly.min.js").is_file()
    assert not re.search(r"https?://|url\(|@import|<script", text)
    assert all(attributes["alt"] for tag, attributes in tags if tag == "img")


def test_the_page_says_what_was_compared(evaluated):
    text, _ = read(evaluated)
    facts = dict(re.findall(r"<dt>(\w+)</dt><dd>(.+?)</dd>", text))
    told = {name: re.sub(r"<.+?>", "", fact) for name, fact in facts.items()}
    assert told["Splits"] == "15 train, 3 database, 3 query_val, 9 query_test; 3 labels"
    assert told["Protocol"] == "unseen-photographs, mAP@5, precision within radius 2"
    assert told["Methods"] == "LSH, ITQ, BCDH at 8, 16 bits, seed 0"
    assert told["Features"] == "tf_efficientnet_lite0, weights package, 224 pixels square"
    versions = f"bitscape {bitscape.__version__}, python {platform.python_version()}, numpy {np.__version__}, torch "
    assert told["Versions"].startswith(versions)


def test_the_page_says_what_was_chosen_where_and_shows_results_right_and_wrong(evaluated):
    text, tags = read(evaluated)
    assert "chosen on <code>query_val</code>" in text
    assert "measured on <code>query_test</code>" in text
    assert "BCDH, 8 bits: not trained. There is no 3D model." in text
    assert "1 of the 9 queries have nothing relevant" in text
    marks = [attributes["class"] for tag, attributes in tags if tag == "li" and "class" in attributes]
    assert len(marks) == 3 * 3 * 4
    assert set(marks) == {"right", "wrong"}
    assert len(re.findall(r"✓ \d+</span>", text)) == marks.count("right")
    assert "&lt;shelf&gt;/" in text
    assert "<shelf>" not in text


def test_figures_are_there_for_what_was_trained(evaluated):
    names = sorted(path.name for path in (evaluated / "reports/figures").iterdir())
    assert names == ["bcdh-16.png", "comparison.png", "itq-16.png", "itq-8.png", "lsh-16.png", "lsh-8.png"]


def test_running_twice_gives_equal_bytes(evaluated):
    def digest():
        files = sorted(path for path in (evaluated / "reports").rglob("*") if path.is_file())
        return [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]

    before = digest()
    compare.run(PARAMS, evaluated)
    assert digest() == before


def test_a_collection_without_any_answer_is_reported_all_the_same(evaluated, tmp_path):
    root = tmp_path / "project"
    shutil.copytree(evaluated, root)
    sparse.save_npz(root / "artifacts/relevance/query_test.npz", sparse.csr_array((9, 18), dtype=np.int32))
    only = Params.model_validate(PARAMS.model_dump() | {"methods": ["lsh", "bcdh"], "bits": [8]})
    for method in only.methods:
        evaluate.run(only, root, method, 8)
    compare.run(only, root)
    text, _ = read(root)
    assert "Nothing has the metric map_expected at 8 bits" in text
    assert "distinct codes" in text


def test_a_metric_that_was_not_measured_is_told_with_those_that_were(evaluated):
    wrong = Params.model_validate(PARAMS.model_dump() | {"compare": {"metric": "ndcg_expected_at_5"}})
    with pytest.raises(
        BitscapeError, match=r"`compare\.metric` is ndcg_expected_at_5, but the metrics are map_expected"
    ):
        compare.run(wrong, evaluated)
