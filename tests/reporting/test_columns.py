import re
from pathlib import Path

import numpy as np

from bitscape.core.metric_names import metric_names
from bitscape.reporting.columns import best, column

NAMES = metric_names([5, 100], 3, graded=True)


def test_every_metric_has_a_meaning_and_a_paragraph_in_the_documentation():
    documentation = (Path(__file__).parents[2] / "docs/metrics.md").read_text(encoding="utf-8")
    for name in NAMES:
        documented = re.sub(r"_at_\d+", "_at_K", name).replace("radius_3", "radius_S")
        assert f"`{documented}`" in documentation
        assert column(name).meaning


def test_labels_name_the_cutoff_and_the_radius():
    labels = [column(name).label for name in NAMES]
    assert labels[3:7] == ["mAP@5", "mAP@100", "P@5", "P@100"]
    assert {"NDCG@100", "ACG@5", "R@5", "weighted mAP", "P, radius 3"} < set(labels)
    assert "distance 3" in column("precision_radius_3_empty_zero").meaning


def test_the_best_is_marked_in_the_direction_that_is_good():
    assert best(column("map_expected").better, [0.1, 0.5, np.nan, 0.50001]) == {1, 3}
    assert best(column("bit_correlation").better, [0.1, 0.5]) == {0}
    assert best(column("queries").better, [3.0, 4.0]) == set()
    assert best("high", [0.4, 0.4]) == set()
    assert best("high", [np.nan]) == set()
