"""Accuracies lie within their limits, alarms are as rare as they say, chances are chances."""

import numpy as np
import pytest

from trimtab.stats.confident import noise_matrix
from trimtab.stats.label_errors import label_errors
from trimtab.stats.label_model import fit_label_model

pytestmark = pytest.mark.calibration

N_REPEATS = 300
CASES = {
    "two classes": ([0.9, 0.8, 0.7, 0.65], 2, 0.0, [0.4, 0.6]),
    "three sources": ([0.85, 0.8, 0.75], 2, 0.0, None),
    "abstentions": ([0.9, 0.8, 0.75, 0.7, 0.8], 2, 0.3, None),
    "three classes": ([0.8, 0.7, 0.7, 0.7, 0.6], 3, 0.0, [0.5, 0.3, 0.2]),
}


def draw(seed, n, accuracies, n_classes=2, silent=0.0, balance=None):
    """Return true classes and votes of sources that err independently, evenly over classes."""
    rng = np.random.default_rng(seed)
    shape = (n, len(accuracies))
    truth = rng.choice(n_classes, size=n, p=balance)
    other = (truth[:, None] + rng.integers(1, n_classes, size=shape)) % n_classes
    votes = np.where(rng.random(shape) < accuracies, truth[:, None], other)
    votes[rng.random(shape) < silent] = -1
    return truth, votes


def copied(seed, n, share):
    """Return votes of which the second source copies the first on a share of the rows."""
    _, votes = draw(seed, n, [0.8, 0.8, 0.75, 0.7, 0.7])
    rows = np.random.default_rng(seed + 1).random(n) < share
    votes[rows, 1] = votes[rows, 0]
    return votes


def miss_rates(method, case, n=1_000, n_repeats=N_REPEATS, **options):
    accuracies = CASES[case][0]
    missed = np.zeros(len(accuracies))
    for seed in range(n_repeats):
        found = fit_label_model(draw(seed, n, *CASES[case])[1], method=method, **options)
        missed += [
            not limits.contains(truth)
            for limits, truth in zip(found.accuracy_intervals, accuracies, strict=True)
        ]
    return missed / n_repeats


def allowed(delta, n_repeats):
    """Return `delta` and three standard errors of a rate measured by simulation."""
    return delta + 3 * np.sqrt(delta * (1 - delta) / n_repeats)


@pytest.mark.parametrize("case", CASES)
def test_limits_of_dawid_and_skene_miss_an_accuracy_as_rarely_as_promised(case):
    assert miss_rates("dawid_skene", case).max() <= allowed(0.05, N_REPEATS)


@pytest.mark.parametrize("case", ["two classes", "three sources", "abstentions"])
def test_limits_of_triplets_miss_an_accuracy_as_rarely_as_promised(case):
    assert miss_rates("triplet", case).max() <= allowed(0.05, N_REPEATS)


def test_limits_of_the_class_balance_miss_it_as_rarely_as_promised():
    found = [
        fit_label_model(draw(seed, 2_000, *CASES["two classes"])[1]) for seed in range(N_REPEATS)
    ]
    missed = np.mean([not model.class_balance_intervals[0].contains(0.4) for model in found])

    assert missed <= allowed(0.05, N_REPEATS)


def test_limits_are_caught_when_rows_are_copies_of_each_other():
    missed = 0
    for seed in range(100):
        _, votes = draw(seed, 250, [0.9, 0.8, 0.7, 0.65])
        found = fit_label_model(np.repeat(votes, 4, axis=0))
        missed += not found.accuracy_intervals[1].contains(0.8)

    assert missed / 100 > allowed(0.05, 100)


def test_limits_are_caught_when_one_source_copies_another():
    found = [fit_label_model(copied(seed, 1_000, 0.5)) for seed in range(60)]
    missed = np.mean([not model.accuracy_intervals[0].contains(0.8) for model in found])

    assert missed > allowed(0.05, 60)


def persistent(seed, n_blocks, size=10):
    """Return votes, and blocks in which the class stays and errors go on from row to row."""
    rng, accuracies = np.random.default_rng(seed), np.array([0.85, 0.8, 0.75, 0.7])
    truth = np.repeat(rng.integers(2, size=n_blocks), size)
    wrong = rng.random((n_blocks, size, 4)) > accuracies
    for row in range(1, size):
        stays = rng.random((n_blocks, 4)) < 0.8
        wrong[:, row] = np.where(stays, wrong[:, row - 1], wrong[:, row])
    wrong = wrong.reshape(-1, 4)
    votes = np.where(wrong, 1 - truth[:, None], truth[:, None])
    return votes, np.repeat(np.arange(n_blocks), size), accuracies


@pytest.mark.parametrize("n_blocks", [40, 150])
@pytest.mark.parametrize("method", ["dawid_skene", "triplet"])
def test_limits_by_block_hold_where_rows_of_a_block_depend_on_each_other(method, n_blocks):
    n_repeats, missed, alarms = 200, np.zeros(4), []
    for seed in range(n_repeats):
        votes, blocks, accuracies = persistent(seed, n_blocks)
        found = fit_label_model(votes, method=method, block=blocks)
        limits = zip(found.accuracy_intervals, accuracies, strict=True)
        missed += [not interval.contains(accuracy) for interval, accuracy in limits]
        alarms.append(found)

    assert (missed / n_repeats).max() <= allowed(0.05, n_repeats)
    assert alarm_rate(alarms) <= allowed(0.08, n_repeats)


def test_limits_that_take_rows_of_a_block_as_independent_are_caught():
    missed, alarms = np.zeros(4), []
    for seed in range(100):
        votes, _, accuracies = persistent(seed, 150)
        found = fit_label_model(votes)
        limits = zip(found.accuracy_intervals, accuracies, strict=True)
        missed += [not interval.contains(accuracy) for interval, accuracy in limits]
        alarms.append(found)

    assert (missed / 100).min() > allowed(0.08, 100)
    assert alarm_rate(alarms) > allowed(0.08, 100)


def alarm_rate(models):
    return np.mean([any(pair.p_value < 0.05 for pair in model.independence) for model in models])


@pytest.mark.parametrize("abstentions", ["inform", "ignore"])
@pytest.mark.parametrize("case", ["two classes", "abstentions", "three classes"])
def test_independent_sources_raise_an_alarm_as_rarely_as_promised(case, abstentions):
    votes = [draw(seed, 1_000, *CASES[case])[1] for seed in range(N_REPEATS)]
    models = [fit_label_model(table, abstentions=abstentions) for table in votes]

    assert alarm_rate(models) <= allowed(0.05, N_REPEATS)


def test_the_test_of_independence_has_power_where_it_matters():
    rates = {
        share: alarm_rate([fit_label_model(copied(seed, 3_000, share)) for seed in range(60)])
        for share in (0.2, 0.4)
    }

    assert rates[0.2] > 0.7
    assert rates[0.4] > 0.95


def test_probabilities_are_the_chances_they_say():
    truth, votes = draw(0, 40_000, [0.8, 0.75, 0.7, 0.65], silent=0.2, balance=[0.3, 0.7])
    for method in ("dawid_skene", "triplet"):
        said = fit_label_model(votes, method=method).probabilities[:, 1]
        bins = np.minimum((said * 10).astype(int), 9)
        rows = np.bincount(bins, minlength=10)
        gap = np.abs(np.bincount(bins, said - truth, minlength=10)) / np.maximum(rows, 1)

        assert gap @ rows / truth.size < 0.02


def test_shares_of_votes_are_caught_as_no_chances():
    truth, votes = draw(0, 40_000, [0.8, 0.75, 0.7, 0.65], silent=0.2, balance=[0.3, 0.7])
    said = fit_label_model(votes, method="majority").probabilities[:, 1]
    bins = np.minimum((said * 10).astype(int), 9)

    assert np.abs(np.bincount(bins, said - truth, minlength=10)).sum() / truth.size > 0.05


RARE = [0.9, 0.025, 0.025, 0.025, 0.025]
TEACHING = [
    (300, [0.8] * 4, 2, 0.0, None),
    (1_000, [0.8] * 5, 3, 0.3, None),
    (3_000, [0.7] * 5, 5, 0.0, None),
    (3_000, [0.6] * 10, 2, 0.0, None),
]
TEACHING_LITTLE = [
    (300, [0.6] * 3, 2, 0.0, None),
    (1_000, [0.6] * 5, 2, 0.3, None),
    (1_000, [0.7] * 5, 5, 0.0, RARE),
    (300, [0.7] * 5, 5, 0.0, None),
]


def wrong_and_expected(cases, *, warned):
    """Return how many labels are wrong, and were expected to be, where it warns or does not."""
    wrong, expected, n_fits = 0, 0.0, 0
    for case in cases:
        for seed in range(20):
            truth, votes = draw(seed, *case)
            found = fit_label_model(votes, classes=range(case[2]))
            if any("too sure, and more" in words for words in found.warnings) == warned:
                wrong += (found.labels != truth).sum()
                expected += found.expected_wrong
                n_fits += 1
    return wrong, expected, n_fits / (20 * len(cases))


def test_labels_are_wrong_as_often_as_expected_where_nothing_warns():
    wrong, expected, share = wrong_and_expected(TEACHING, warned=False)

    assert wrong < 1.2 * expected
    assert share > 0.9


def test_labels_that_are_wrong_more_often_than_expected_are_mostly_warned_of():
    wrong, expected, share = wrong_and_expected(TEACHING_LITTLE, warned=True)

    assert wrong > 1.5 * expected
    assert share > 0.9


FLIPS = np.array([[0.9, 0.1, 0.0], [0.02, 0.95, 0.03], [0.1, 0.1, 0.8]])


def noisy_labels(seed, n, overlap):
    """Return given labels and chances of each; `overlap` of the rows tell nothing."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, size=n, p=[0.6, 0.3, 0.1])
    given = (rng.random(n)[:, None] > FLIPS[truth].cumsum(axis=1)).sum(axis=1)
    chances = FLIPS[truth] * np.exp(0.05 * rng.normal(size=(n, 3)))
    mixed = rng.random(n) < overlap
    chances[mixed] = chances[rng.permutation(np.flatnonzero(mixed))]
    return given, chances / chances.sum(axis=1, keepdims=True)


def noise_miss_rate(n, overlap):
    true_rate = 0.6 * 0.1 + 0.3 * 0.05 + 0.1 * 0.2
    found = [noise_matrix(*noisy_labels(seed, n, overlap)).noise_rate for seed in range(N_REPEATS)]
    return np.mean([not limits.contains(true_rate) for limits in found])


@pytest.mark.parametrize("n", [100, 1_000])
def test_limits_of_label_noise_hold_where_classes_can_be_told_apart(n):
    assert noise_miss_rate(n, overlap=0.0) <= allowed(0.05, N_REPEATS)


def test_limits_of_label_noise_are_caught_where_classes_overlap():
    assert noise_miss_rate(1_000, overlap=0.3) > allowed(0.05, N_REPEATS)


def noise_by_block(seed, n_blocks, wrong, *, whole):
    """Return given labels, sure chances, and blocks of 1 to 19 rows that go wrong together."""
    rng = np.random.default_rng(seed)
    blocks = np.repeat(np.arange(n_blocks), rng.integers(1, 20, n_blocks))
    bad = (rng.random(n_blocks) < wrong) if whole else rng.beta(2 * wrong, 2 - 2 * wrong, n_blocks)
    truth = rng.choice(3, size=blocks.size, p=[0.6, 0.3, 0.1])
    off = rng.random(blocks.size) < bad[blocks] * (0.8 if whole else 1)
    given = np.where(off, (truth + rng.integers(1, 3, truth.size)) % 3, truth)
    chances = np.where(truth[:, None] == np.arange(3), 0.9, 0.05)
    return given, chances, blocks, wrong * (0.8 if whole else 1)


def noise_miss_rate_by_block(n_blocks, wrong, *, whole, counted):
    missed = 0
    for seed in range(N_REPEATS):
        given, chances, blocks, true_rate = noise_by_block(seed, n_blocks, wrong, whole=whole)
        found = label_errors(given, chances, block=blocks if counted else None)
        missed += not found.noise.noise_rate.contains(true_rate)
    return missed / N_REPEATS


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("wrong", [0.02, 0.15])
@pytest.mark.parametrize("n_blocks", [60, 150])
def test_limits_of_label_noise_hold_where_blocks_go_wrong_together(n_blocks, wrong, whole):
    missed = noise_miss_rate_by_block(n_blocks, wrong, whole=whole, counted=True)

    assert missed <= allowed(0.05, N_REPEATS)


def test_limits_of_label_noise_that_count_rows_of_a_block_are_caught():
    assert noise_miss_rate_by_block(150, 0.02, whole=False, counted=False) > 0.2
