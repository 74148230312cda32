import json
import subprocess
import sys
from itertools import permutations

import numpy as np
import pytest

from trimtab.stats import (
    MultivariateResult,
    classifier_test,
    lsdd,
    mean_embedding_test,
    mmd,
    pca_reconstruction_test,
)
from trimtab.stats.multivariate import permutation_p_value, relabellings, standardised

TESTS = (mmd, lsdd, classifier_test, pca_reconstruction_test, mean_embedding_test)
every_test = pytest.mark.parametrize("test", TESTS, ids=lambda test: test.__name__)


def samples(n=60, m=40, d=3, shift=0.0, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.normal(size=(m, d)) + shift


@every_test
def test_a_result_says_what_it_found_in_words_json_can_hold(test):
    found = test(*samples())
    told = json.loads(json.dumps(found.to_dict()))

    assert isinstance(found, MultivariateResult)
    assert (told["n_reference"], told["n_current"]) == (60, 40)
    assert 0 <= told["p_value"] <= 1
    assert told["effect_size"] >= 0
    assert told["unit"]


@every_test
def test_the_same_seed_gives_the_same_answer(test):
    assert test(*samples(), seed=3) == test(*samples(), seed=3)


@every_test
def test_a_large_shift_of_one_of_two_columns_is_found(test):
    x, y = samples(400, 300, d=2)
    y[:, 0] += 3
    found = test(x, y)

    assert found.p_value <= 0.02
    assert found.effect_size > 0.3


@every_test
def test_rows_with_nan_are_left_out(test):
    x, y = samples()
    gaps = np.array([[np.nan, 0.0, 0.0], [np.nan] * 3])

    assert test(np.vstack([x, gaps]), np.vstack([gaps, y])) == test(x, y)


@every_test
def test_samples_are_not_changed(test):
    x, y = samples()
    before = x.copy(), y.copy()
    test(x, y)

    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(y, before[1])


@every_test
def test_too_few_rows_give_nan(test):
    found = test(np.zeros((1, 3)), np.full((5, 3), np.nan))

    assert np.isnan(found.p_value)
    assert found.to_dict()["p_value"] is None
    assert (found.n_reference, found.n_current) == (1, 0)


@every_test
def test_rows_that_are_all_equal_are_no_alarm(test):
    found = test(np.full((50, 4), 0.1), np.full((60, 4), 0.1))

    assert found.p_value == 1
    assert found.effect_size == 0


@every_test
def test_a_constant_that_moved_is_found(test):
    found = test(np.full((50, 3), 0.1), np.full((60, 3), 0.7))

    assert found.p_value <= 0.01
    assert found.effect_size > 0.6


@every_test
@pytest.mark.parametrize("far", [1e9, 1e30, 1e100])
def test_an_outlier_however_far_breaks_nothing(test, far):
    x, y = samples()
    x[0] = far
    found = test(x, y)

    assert 0 < found.p_value <= 1
    assert np.isfinite(found.effect_size)


@every_test
def test_wrong_shapes_and_infinities_are_refused(test):
    x, y = samples()
    infinite = y.copy()
    infinite[3, 1] = -np.inf

    with pytest.raises(ValueError, match=r"expected `x` of shape \(rows, columns\), got \(60,\)"):
        test(x[:, 0], y)
    with pytest.raises(ValueError, match=r"as many columns in `y` as in `x` \(3\), got 2"):
        test(x, y[:, :2])
    with pytest.raises(ValueError, match="finite values .* in `y`, got infinity"):
        test(x, infinite)


@pytest.mark.parametrize("test", [mmd, lsdd, mean_embedding_test])
def test_no_permutations_are_refused(test):
    with pytest.raises(ValueError, match="at least 1 of `permutations`, got 0"):
        test(*samples(), permutations=0)


def test_relabellings_are_uniform():
    labels = relabellings(2, 2, 6_000, seed=0)[1:]
    orders = {tuple(row) for row in permutations([True, True, False, False])}
    counts = [int((labels == order).all(axis=1).sum()) for order in orders]

    assert sum(counts) == 6_000
    assert max(abs(count - 1_000) for count in counts) < 4 * np.sqrt(1_000)


def test_the_first_labels_are_those_given():
    assert relabellings(2, 3, 1, seed=9)[0].tolist() == [True, True, False, False, False]


def test_statistics_equal_but_for_rounding_count_as_reached():
    assert permutation_p_value(np.array([0.3, 0.1 + 0.2, 0.0, 0.0])) == 0.5
    assert permutation_p_value(np.array([0.1 + 0.2, 0.3, 0.0, 0.0])) == 0.5


def test_a_constant_column_keeps_its_unit():
    rows = np.array([[1.0, 0.1], [3.0, 0.1], [5.0, 0.1]])

    np.testing.assert_allclose(standardised(rows, rows)[:, 0].std(), 1)
    np.testing.assert_allclose(standardised(rows + 1, rows)[:, 1], 1)
    assert (standardised(rows, rows)[:, 1] == 0).all()


def test_names_of_the_room_are_functions_whatever_was_imported_before():
    code = (
        "import trimtab.stats.mean_discrepancy, trimtab.stats as room\n"
        "assert all(callable(getattr(room, name)) for name in room.__all__)\n"
        "assert set(room.__all__) <= set(dir(room))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_unknown_name_of_the_room_is_refused():
    import trimtab.stats as room

    with pytest.raises(AttributeError, match="no attribute 'mmmd'"):
        room.mmmd  # noqa: B018


def test_importing_the_tests_of_rows_does_not_import_scipy_or_sklearn():
    code = (
        "import sys; from trimtab.stats import mmd, lsdd, classifier_test, mean_embedding_test\n"
        "sys.exit('scipy' in sys.modules or 'sklearn' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
