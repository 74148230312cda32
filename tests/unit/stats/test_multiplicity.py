import numpy as np
import pytest
from scipy.stats import false_discovery_control

from trimtab.stats.multiplicity import (
    benjamini_hochberg,
    benjamini_yekutieli,
    bonferroni,
    correct,
    holm,
)


@pytest.mark.parametrize("n_tests", [1, 2, 50])
def test_benjamini_hochberg_is_scipys(n_tests):
    p_values = np.random.default_rng(n_tests).random(n_tests) ** 2

    assert benjamini_hochberg(p_values) == pytest.approx(false_discovery_control(p_values))


def test_holm_multiplies_by_the_questions_still_open():
    adjusted = holm([0.03, 0.001, 0.02, 0.9])

    assert adjusted == pytest.approx([0.06, 0.004, 0.06, 0.9])


def test_bonferroni_multiplies_by_the_number_of_questions():
    assert bonferroni([0.01, 0.4]) == pytest.approx([0.02, 0.8])
    assert bonferroni([0.01, 0.6, 0.7]).max() == 1.0


@pytest.mark.parametrize("adjust", [benjamini_hochberg, benjamini_yekutieli, bonferroni, holm])
def test_questions_that_could_not_be_asked_are_not_counted(adjust):
    p_values = np.array([0.01, np.nan, 0.04, 0.02])
    adjusted = adjust(p_values)

    assert np.isnan(adjusted[1])
    assert adjusted[[0, 2, 3]] == pytest.approx(adjust(p_values[[0, 2, 3]]))
    assert np.isnan(p_values[1])


@pytest.mark.parametrize("adjust", [benjamini_hochberg, benjamini_yekutieli, bonferroni, holm])
def test_no_questions_need_no_correction(adjust):
    assert adjust([]).size == 0


@pytest.mark.parametrize("p_values", [[0.5, 1.1], [-0.1], [[0.5]]])
def test_values_that_are_no_p_values_are_refused(p_values):
    with pytest.raises(ValueError, match="expected"):
        holm(p_values)


def by_definition(p_values, constant):
    """Return the smallest level at which each question is rejected by the step-up rule."""
    n = len(p_values)
    ordered = np.sort(p_values)
    candidates = ordered * n * constant / np.arange(1, n + 1)
    return [min(1.0, *(c for c, q in zip(candidates, ordered, strict=True) if q >= p), 1.0)
            for p in p_values]  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_step_up_corrections_are_their_definition(seed):
    p_values = np.random.default_rng(seed).random(12).round(1 + seed % 3)
    harmonic = sum(1 / k for k in range(1, 13))

    assert correct(p_values, "bh") == pytest.approx(by_definition(p_values, 1.0))
    assert correct(p_values, "by") == pytest.approx(by_definition(p_values, harmonic))
    assert correct(p_values, "by") == pytest.approx(false_discovery_control(p_values, method="by"))


def test_a_correction_has_a_name():
    p_values = [0.01, np.nan, 0.04, 0.02]

    for name, method in (("bh", benjamini_hochberg), ("holm", holm), ("bonferroni", bonferroni)):
        np.testing.assert_array_equal(correct(p_values, name), method(p_values))
    np.testing.assert_array_equal(correct(p_values, "none"), p_values)
    np.testing.assert_array_equal(correct(p_values), benjamini_hochberg(p_values))
    with pytest.raises(ValueError, match="expected a correction of bh, by, holm"):
        correct(p_values, "sidak")
