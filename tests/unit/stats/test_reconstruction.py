import numpy as np
import pytest
from scipy.stats import ks_2samp
from sklearn.decomposition import PCA

from trimtab.stats import pca_reconstruction_test


def related(rng, n, d=6):
    return rng.normal(size=(n, 2)) @ rng.normal(size=(2, d)) + 0.4 * rng.normal(size=(n, d))


def test_it_is_scikit_learns_reconstruction_error_and_scipys_test():
    rng = np.random.default_rng(0)
    x, y = related(rng, 301), related(rng, 200)
    shuffled = np.random.default_rng(5).permutation(x)
    fitted, held_out = shuffled[:150], shuffled[150:]
    centre, scale = fitted.mean(axis=0), fitted.std(axis=0)
    pca = PCA(n_components=0.65, svd_solver="full").fit((fitted - centre) / scale)

    def errors(rows):
        rows = (rows - centre) / scale
        return np.linalg.norm(rows - pca.inverse_transform(pca.transform(rows)), axis=1)

    before, now = errors(held_out), errors(y)
    expected = ks_2samp(before, now)
    found = pca_reconstruction_test(x, y, seed=5)

    assert found.statistic == pytest.approx(expected.statistic, abs=1e-12)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)
    assert found.effect_size == pytest.approx(abs(now.mean() - before.mean()) / before.std())


def test_a_lost_dependence_is_found_though_no_column_changed():
    rng = np.random.default_rng(1)
    x = related(rng, 800)
    y = rng.permuted(x, axis=0)

    assert pca_reconstruction_test(x, y).p_value < 1e-6
    assert pca_reconstruction_test(x, y).effect_size > 1


def test_a_shift_within_the_components_is_not_seen_as_the_page_says():
    rng = np.random.default_rng(2)
    common = rng.normal(size=(600, 1))
    x = common + 0.2 * rng.normal(size=(600, 5))
    y = common + 2 + 0.2 * rng.normal(size=(600, 5))

    assert pca_reconstruction_test(x, y).p_value > 0.001


def test_rounding_of_rows_that_fit_perfectly_is_no_drift():
    rng = np.random.default_rng(4)
    one, other = rng.normal(size=(300, 1)), rng.normal(2, 5, size=(300, 1))
    found = pca_reconstruction_test(one * [1.0, 3.0, 0.1], other * [1.0, 3.0, 0.1])

    assert (found.p_value, found.effect_size) == (1, 0)


def test_more_columns_than_rows_are_fine():
    rng = np.random.default_rng(3)
    found = pca_reconstruction_test(rng.normal(size=(30, 100)), rng.normal(size=(30, 100)))

    assert 0.001 < found.p_value <= 1


def test_one_column_and_wrong_shares_are_refused():
    with pytest.raises(ValueError, match="at least 2 columns, got 1"):
        pca_reconstruction_test(np.zeros((9, 1)), np.zeros((9, 1)))
    with pytest.raises(ValueError, match="`explained` between 0 and 1, got 1"):
        pca_reconstruction_test(np.zeros((9, 2)), np.zeros((9, 2)), explained=1)
