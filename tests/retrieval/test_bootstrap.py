import numpy as np
import pytest

from bitscape.retrieval import bootstrap
from bitscape.retrieval.bootstrap import macro_interval, mean_interval, paired_difference


def test_the_interval_is_that_of_scipy():
    from scipy.stats import bootstrap as theirs

    generator = np.random.default_rng(0)
    first = generator.random(60)
    second = first - generator.normal(0.05, 0.2, 60)
    found = paired_difference(first, second, seed=1)
    known = theirs(((first - second),), np.mean, n_resamples=10_000, method="percentile", rng=2).confidence_interval
    assert found.mean == pytest.approx((first - second).mean())
    assert [found.low, found.high] == pytest.approx([known.low, known.high], abs=0.004)


def test_the_same_seed_gives_the_same_interval_in_blocks_of_any_number(monkeypatch):
    first, second = np.random.default_rng(0).random((2, 20))
    known = paired_difference(first, second, seed=3)
    assert paired_difference(first, second, seed=3) == known
    monkeypatch.setattr(bootstrap, "BLOCK", 20 * 64)
    assert paired_difference(first, second, seed=3) == known


def test_wins_losses_and_queries_without_a_score():
    found = paired_difference(np.array([0.5, 0.2, np.nan, 0.3]), np.array([0.1, 0.4, 0.9, 0.3]), seed=0)
    assert (found.wins, found.losses) == (1, 1)
    assert found.mean == pytest.approx((0.4 - 0.2) / 3)
    assert np.isnan(paired_difference(np.array([np.nan]), np.array([1.0]), seed=0).mean)


def test_the_interval_of_a_macro_mean_is_that_of_scipy():
    from scipy.stats import bootstrap as theirs

    generator = np.random.default_rng(0)
    member, values = generator.random((40, 3)) < (0.9, 0.4, 0.05), generator.random((40, 3))
    member[0] = True

    def macro(drawn):
        own = member[drawn.astype(int)]
        return np.mean([values[drawn.astype(int), one][own[:, one]].mean() for one in range(3) if own[:, one].any()])

    classes = [(np.flatnonzero(one), of[one], np.ones(one.sum())) for one, of in zip(member.T, values.T, strict=True)]
    found = macro_interval(classes, 40, seed=1)
    known = theirs((np.arange(40),), macro, n_resamples=4_000, method="percentile", vectorized=False, rng=2)
    # A query of no class is not drawn, of which there are few here.
    assert found == pytest.approx((known.confidence_interval.low, known.confidence_interval.high), abs=0.02)


def test_the_macro_mean_of_one_class_has_the_interval_of_the_mean():
    values, weights = np.random.default_rng(0).random((2, 30))
    weights[:4] = 0
    known = mean_interval(values, weights, seed=5)
    assert macro_interval([(np.arange(10, 40), values, weights)], 50, seed=5) == pytest.approx(known)
    assert np.isnan(macro_interval([], 50, seed=5)).all()
