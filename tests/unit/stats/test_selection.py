import itertools
import math

import numpy as np
import pytest

from trimtab.stats.asking import asking_chance, learning_rate
from trimtab.stats.betting import LN_PRIOR, SHARES
from trimtab.stats.selection import Contest

AB = np.array([0, 1])


@pytest.mark.parametrize("seed", range(20))
def test_chance_of_asking_is_that_of_the_definition(seed):
    rng = np.random.default_rng(seed)
    n_models = int(rng.integers(2, 7))
    predictions, losses = rng.integers(0, 3, n_models), rng.random(n_models) * 9
    eta = learning_rate(n_models, seed + 1)
    weights = [math.exp(-eta * loss) for loss in losses]
    variances = []
    for label in range(4):
        wrong = sum(
            w for w, said in zip(weights, predictions, strict=True) if said != label
        ) / sum(weights)
        variances.append(wrong * (1 - wrong))
    agreed = len(set(predictions)) == 1
    expected = 0.0 if agreed else min(1.0, max(3 * max(variances), eta))

    found = asking_chance(predictions, losses, eta=eta, rate=3)

    assert found == pytest.approx(expected)


def test_losses_far_apart_leave_the_least_chance():
    assert asking_chance(AB, np.array([0.0, 1e6]), eta=0.05) == 0.05


def test_money_of_two_models_is_that_of_bets_in_closed_form():
    contest = Contest(2)
    for second_errs in [1, 1, 1, 0, 1, 1]:
        contest.add(AB, np.array([1 - second_errs, second_errs]))
    money = [  # after the first row the first model leads, and after each one that follows
        np.exp(LN_PRIOR) @ ((1 + SHARES) ** won * (1 - SHARES) ** lost)
        for won, lost in [(1, 0), (2, 0), (3, 0), (3, 1), (4, 1), (5, 1)]
    ]

    assert contest.p_values() == pytest.approx([1, min(1, 1 / max(money))])


def orders(mistakes):
    """Each order of the rows, but one only of those that look the same, in equal numbers."""
    alike = [tuple(row) for row in mistakes]
    seen = {tuple(alike[i] for i in o): o for o in itertools.permutations(range(len(alike)))}
    return seen.values()


def wrong_claims(mistakes, rows, delta, tolerance):
    """Share of all orders of the rows in which a wrong answer is ever sure at `delta`."""
    n_models = mistakes.shape[1]
    totals = mistakes.sum(axis=0)
    good = totals <= totals.min() + tolerance * len(mistakes)
    # a model that errs says class 1 + its place, the others class 0
    said = np.where(mistakes == 1, np.arange(1, n_models + 1), 0)
    wrong = ends = total = 0
    for order in orders(mistakes):
        contest = Contest(n_models, tolerance=tolerance, rows=said if rows == "known" else rows)
        fooled = False
        for place in order:
            contest.add(said[place], mistakes[place])
            sure = np.delete(contest.p_values(), contest.leader).max() <= delta
            fooled |= sure and not good[contest.leader]
        total += 1
        wrong += fooled
        ends += sure
    return wrong / total, ends / total


POOLS = {
    "even": [[1, 0], [1, 0], [1, 0], [0, 1], [0, 1], [0, 1]],
    "close": [[1, 0], [1, 0], [1, 0], [1, 0], [0, 1], [0, 1]],
    "three": [[1, 0, 0], [0, 1, 1], [0, 1, 1], [0, 1, 0], [0, 0, 1], [0, 0, 1]],
}


@pytest.mark.parametrize("tolerance", [0.0, 0.2])
@pytest.mark.parametrize("rows", ["known", 6])
@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("delta", [0.3, 0.6])
def test_in_all_orders_of_all_rows_wrong_claims_are_rare_and_the_end_is_sure(
    pool, rows, tolerance, delta
):
    wrong, sure_at_end = wrong_claims(np.array(POOLS[pool]), rows, delta, tolerance)

    assert wrong <= delta
    assert sure_at_end == 1


def test_a_lead_that_cannot_be_made_up_for_is_certain():
    rows = np.array([[0, 1]] * 5)
    contest = Contest(2, rows=rows)
    for _ in range(3):
        contest.add(AB, np.array([0, 1]))

    assert contest.p_values().tolist() == [1, 0]


def test_a_model_that_is_ruled_out_stays_out_and_one_always_stays():
    contest = Contest(3)
    said = np.array([0, 1, 0])
    for _ in range(40):
        contest.add(said, np.array([0, 1, 0]))
    contest.rule_out(0.05)
    assert contest.out.tolist() == [False, True, False]
    for _ in range(100):
        contest.add(said, np.array([1, 0, 1]))
    contest.rule_out(0.05)

    assert contest.out.tolist() == [False, True, False]


def test_rows_on_which_models_agree_show_that_they_are_within_the_tolerance():
    contest = Contest(2, tolerance=0.1)
    for _ in range(200):
        contest.add(np.array([1, 1]), None)

    assert contest.p_values()[1] < 0.05
    assert not contest.losses.any()


def test_more_rows_than_there_are_and_other_rows_are_refused():
    contest = Contest(2, rows=1)
    contest.add(AB, np.array([0, 1]))
    with pytest.raises(ValueError, match="each once"):
        contest.add(AB, np.array([0, 1]))
    other = Contest(2, rows=np.array([[0, 0], [1, 1]]))
    with pytest.raises(ValueError, match="each once"):
        other.add(AB, np.array([0, 1]))


@pytest.mark.parametrize(
    "arguments",
    [
        {"n_models": 1},
        {"n_models": 2, "tolerance": 1.0},
        {"n_models": 2, "rows": 0},
        {"n_models": 2, "rows": np.zeros((4, 3), dtype=int)},
    ],
)
def test_impossible_arguments_are_refused(arguments):
    with pytest.raises(ValueError, match="expected"):
        Contest(**arguments)


def test_chance_and_known_rows_do_not_go_together():
    with pytest.raises(ValueError, match="all rows are known"):
        Contest(2, rows=5).add(AB, np.array([0, 1]), chance=0.5, least=0.5)
