import numpy as np
import pytest

from trimtab.stats.surest_rows import surest_noise


def told(truth, n_classes, sure=0.98):
    own = sure - np.linspace(0, 0.01, truth.size)[:, None]
    return np.where(np.eye(n_classes)[truth] > 0, own, (1 - own) / (n_classes - 1))


def test_the_matrix_is_that_of_the_surest_rows_and_the_share_follows_from_it():
    truth = np.repeat([0, 1], 1_000)
    given = np.where((truth == 1) & (np.arange(2_000) % 10 < 3), 0, truth)
    found = surest_noise(given, told(truth, 2))

    assert found.given_of_true.tolist() == [[1.0, 0.0], [0.3, 0.7]]
    assert found.n_rows.tolist() == [100, 100]
    # of labels 0.65 and 0.35 are 0 and 1; true shares are half and half
    assert found.wrong.estimate == pytest.approx(0.15)


@pytest.mark.parametrize("turned", [False, True])
def test_of_rows_that_are_equally_sure_none_comes_first(turned):
    """A model of few columns says the same of many rows, and tables come sorted by label."""
    truth = np.repeat([0, 1], 1_000)
    given = np.where(np.arange(2_000) % 10 == 0, 1 - truth, truth)
    said = np.where(np.eye(2)[truth] > 0, 0.98, 0.02)
    order = np.argsort(-given if turned else given, kind="stable")
    found = surest_noise(given[order], said[order])

    assert found.given_of_true == pytest.approx(np.array([[0.9, 0.1], [0.1, 0.9]]))
    assert found.wrong.estimate == pytest.approx(0.1)
    assert found.n_rows.tolist() == [1_000, 1_000]


def test_without_a_wrong_label_the_limit_is_above_zero():
    truth = np.arange(500) % 2
    found = surest_noise(truth, told(truth, 2)).wrong

    assert found.estimate == found.low == 0
    assert 0.02 < found.high < 0.1


def test_of_a_class_that_is_never_named_nothing_is_known():
    truth = np.arange(900) % 3
    said = told(np.where(truth == 2, 1, truth), 3)
    found = surest_noise(truth, said)

    assert np.isnan(found.given_of_true[2]).all()
    assert found.n_rows[2] == 0
    assert found.wrong.high > 1 / 3


def test_a_model_that_tells_nothing_leaves_all_possible():
    labels = np.arange(400) % 2
    said = told((np.arange(400) // 2) % 2, 2)  # of either class half of the labels are 0
    found = surest_noise(labels, said).wrong

    assert (found.low, found.high) == (0.0, 1.0)


def test_five_hundred_classes_take_no_time_to_speak_of():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 500, 4_000)
    found = surest_noise(truth, told(truth, 500))

    assert found.wrong.estimate == 0


def test_few_blocks_say_nothing():
    truth = np.arange(500) % 2
    found = surest_noise(truth, told(truth, 2), blocks=np.arange(500) % 3).wrong

    assert (found.low, found.high) == (0.0, 1.0)


def test_wrong_arguments_say_what_was_expected():
    with pytest.raises(ValueError, match="column indices"):
        surest_noise([0, 2], [[0.5, 0.5], [0.5, 0.5]])
    with pytest.raises(ValueError, match="delta"):
        surest_noise([0, 1], [[0.5, 0.5], [0.5, 0.5]], delta=2)
