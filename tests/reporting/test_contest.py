import numpy as np

from bitscape.reporting.contest import against_the_first
from bitscape.reporting.result import Result


def make_result(method, scores):
    return Result(method, 64, metrics={"map_expected": float(np.mean(scores))}, average_precision=np.array(scores))


def test_the_first_is_compared_with_each_other_one_query_by_query():
    generator = np.random.default_rng(0)
    best, close, far = generator.uniform(0.4, 0.9, 30), generator.uniform(0.4, 0.9, 30), generator.uniform(0, 0.3, 30)
    best = best + max(0, close.mean() - best.mean()) + 0.01
    results = [make_result(name, scores) for name, scores in (("lsh", far), ("itq", close), ("bcdh", best))]
    first, contests = against_the_first(results, ["lsh", "itq", "bcdh"], "map_expected", seed=0)
    assert first.method == "bcdh"
    assert [(one.result.method, one.number, one.certain) for one in contests] == [("itq", 1, False), ("lsh", 0, True)]
    assert contests[1].difference.wins == 30
    assert contests[1].difference.mean == np.mean(best - far)


def test_nothing_measured_is_no_contest():
    assert against_the_first([Result("lsh", 64)], ["lsh"], "map_expected", seed=0) == (None, [])
