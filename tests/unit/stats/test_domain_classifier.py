import numpy as np
import pytest
from scipy import stats
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score

from trimtab.stats import classifier_test
from trimtab.stats.domain_classifier import _rank_sum


@pytest.mark.parametrize("levels", [3, 50, 10**9])
def test_auc_and_p_value_are_those_of_scikit_learn_and_scipy(levels):
    rng = np.random.default_rng(levels)
    reference, current = rng.integers(levels, size=80), rng.integers(levels, size=45) + levels // 9
    scores = np.r_[reference, current].astype(float)
    auc, p_value, draws = _rank_sum(scores, 80, rng)
    expected = stats.mannwhitneyu(current, reference, alternative="greater", method="asymptotic")

    assert auc == pytest.approx(roc_auc_score(np.repeat([0, 1], [80, 45]), scores), abs=1e-12)
    assert p_value == pytest.approx(expected.pvalue, rel=1e-9)
    assert draws == 0


@pytest.mark.parametrize(("n", "m"), [(6, 9), (9, 6), (7, 300), (300, 7)])
def test_few_rows_have_the_exact_p_value(n, m):
    rng = np.random.default_rng(n)
    reference, current = rng.normal(size=n), rng.normal(0.6, size=m)
    _, p_value, draws = _rank_sum(np.r_[reference, current], n, rng)
    expected = stats.mannwhitneyu(current, reference, alternative="greater", method="exact")

    assert p_value == pytest.approx(expected.pvalue, abs=4 * np.sqrt(0.25 / draws))
    assert draws == 999


def test_worse_than_chance_is_no_alarm():
    _, p_value, _ = _rank_sum(np.r_[np.ones(30), np.zeros(30)], 30, np.random.default_rng(0))

    assert p_value > 0.999


def test_an_estimator_of_ones_own_sees_what_the_default_does_not():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(600, 2)), 2 * rng.normal(size=(500, 2))
    forest = RandomForestClassifier(n_estimators=30, min_samples_leaf=10, random_state=0)

    assert classifier_test(x, y).p_value > 0.01
    assert classifier_test(x, y, estimator=forest).p_value < 1e-6
    assert not hasattr(forest, "classes_")  # a clone was trained


def test_the_effect_of_a_shift_is_the_known_one():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(20_000, 3)), rng.normal(size=(20_000, 3))
    y[:, 1] += 1
    found = classifier_test(x, y)

    assert found.statistic == pytest.approx(stats.norm.cdf(1 / np.sqrt(2)), abs=0.01)
    assert found.effect_size == pytest.approx(2 * found.statistic - 1)
