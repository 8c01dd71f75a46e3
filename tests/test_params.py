from pathlib import Path

import pytest

from bitscape.core.errors import BitscapeError
from bitscape.core.params import Params, load

DEFAULTS = (Path(__file__).parents[1] / "params.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("rounds: 3", "round: 3", "unknown key `train.methods.dsah.round`, did you mean `rounds`?"),
        ("prepare:", "prepear:", "unknown key `prepear`, did you mean `prepare`?"),
        ("lsh: {}", "lsh: {planes: 3}", "unknown key `train.methods.lsh.planes`, known are none"),
        ("seed: 0", "seed: -1", "`seed` should be greater than or equal to 0, got -1"),
        ("[16, 32, 64]", "[16, 1]", "`bits.1` should be greater than or equal to 2, got 1"),
        ("[16, 32, 64]", "[16, 16]", "bits lists a value twice: [16, 16]"),
        ("[lsh, pcasign,", "[lsh, sdh,", "`methods.1` should be 'lsh', 'pcasign', 'itq', 'bcdh', 'ath'"),
        ("train: 0.65", "train: 0.75", "`prepare.splits`: the four shares must add up to 1, they add up to 1.1"),
        ("margin: 0.85", "margin: .nan", "`train.methods.bcdh.margin` should be a finite number, got nan"),
        ("rounds: 3", "rounds: true", "`train.methods.dsah`: rounds should be a number, not true"),
        ("learning_rate: 0.001", "learning_rate: [1]", "should be a number, got [1]"),
        ("rounds: 3", "rounds: many", "`train.methods.dsah.rounds` should be a whole number, got 'many'"),
        (
            "sharpness: gap",
            "sharpness: -1",
            "sharpness` should be `gap` or a number of 0 or more",
        ),
        ("resample_each_epoch: auto", "resample_each_epoch: now", "should be true, false or `auto`, got 'now'"),
        ("[16, 32, 64]", "16", "`bits` should be a list such as [a, b], got 16"),
        ("lsh: {}", "lsh: 3", "`train.methods.lsh` should be a section of keys and values, got 3"),
        ("rounds: 3", "supervision: labels", "`train.methods.dsah.supervision`: dsah learns without labels"),
        ("seed: 0", "seed: 0\nseed: 1", "the key `seed` comes twice"),
        ("lambda_start: 0.01", "lambda_start: 2.0", "lambda_start 2.0 is above lambda_max 1.0, where it would grow to"),
        (
            "metrics: []",
            "metrics: [map_expectd]",
            "`evaluate.metrics.0` should be the name of a metric: there is no metric",
        ),
        ("metrics: []", "metrics: [recall_expected]", "metric 'recall_expected' must have a cut-off `_at_K`, got"),
        (
            "metric: map_expected",
            "metric: unseen_photographs_foo",
            "should be the name of a metric: there is no metric 'foo'",
        ),
        ("metric: map_expected", "metric: map", "`compare.metric` is map, but the metrics are map_expected, "),
        ("max_scale_change: 1.5", "max_scale_change: 0.5", "`mine_pairs.max_scale_change` should be greater than"),
    ],
)
def test_a_mistake_is_told_with_place_and_what_is_allowed(tmp_path, before, after, told):
    path = tmp_path / "params.yaml"
    assert before in DEFAULTS
    path.write_text(DEFAULTS.replace(before, after), encoding="utf-8")
    with pytest.raises(BitscapeError) as error:
        load(path)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_all_mistakes_are_told_at_once(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text("seed: -1\nbits: [1]\n", encoding="utf-8")
    with pytest.raises(BitscapeError, match=r"`seed`.*; `bits.0`"):
        load(path)


@pytest.mark.parametrize(
    ("content", "told"), [("a: [", "not valid YAML"), ("- 1", "it holds list"), ("", "it holds NoneType")]
)
def test_what_is_no_mapping_is_told(tmp_path, content, told):
    path = tmp_path / "params.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BitscapeError, match=told):
        load(path)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(BitscapeError, match="is missing"):
        load(tmp_path / "params.yaml")


def test_what_is_left_out_has_its_default(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text("seed: 7\n", encoding="utf-8")
    assert load(path) == Params(seed=7)


def test_parameters_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        Params().describe.backbone = "resnet18"
