import numpy as np
import pytest
from scipy.stats import false_discovery_control

from trimtab.stats.multiplicity import benjamini_hochberg, bonferroni, holm


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


@pytest.mark.parametrize("adjust", [benjamini_hochberg, bonferroni, holm])
def test_questions_that_could_not_be_asked_are_not_counted(adjust):
    p_values = np.array([0.01, np.nan, 0.04, 0.02])
    adjusted = adjust(p_values)

    assert np.isnan(adjusted[1])
    assert adjusted[[0, 2, 3]] == pytest.approx(adjust(p_values[[0, 2, 3]]))
    assert np.isnan(p_values[1])


@pytest.mark.parametrize("adjust", [benjamini_hochberg, bonferroni, holm])
def test_no_questions_need_no_correction(adjust):
    assert adjust([]).size == 0


@pytest.mark.parametrize("p_values", [[0.5, 1.1], [-0.1], [[0.5]]])
def test_values_that_are_no_p_values_are_refused(p_values):
    with pytest.raises(ValueError, match="expected"):
        holm(p_values)
