"""Checks that a drift test of your own should pass, for your own test suite.

With pytest::

    import pytest
    from my_package import energy_test
    from trimtab.testing import DRIFT_TEST_CHECKS

    @pytest.mark.parametrize("check", DRIFT_TEST_CHECKS, ids=lambda check: check.__name__)
    def test_energy_test_is_a_drift_test(check):
        check(energy_test)

Each takes the test, calls it with generated data of every kind that it says it takes, and raises
`AssertionError` with a sentence on what is wrong. All but those on false alarms take a few
calls; these take 200 a kind. Checks that pass are no proof: they see rates that are far off,
not small errors.
"""

from collections.abc import Callable

import numpy as np

from trimtab.data.drift_tests import DriftOutcome, DriftTest, Takes, flaw
from trimtab.stats.arrays import FloatArray, IntArray

Sample = FloatArray | IntArray
_LEVELS, _COLUMNS = 6, 3
_LARGE = 3.0
_ALPHA, _REPEATS, _ALLOWED = 0.1, 200, 33


def p_values_are_chances(test: DriftTest) -> None:
    """Check that what comes back is a chance, a statistic and an effect size."""
    for kind in _forms(test):
        for shift in (0.0, _LARGE):
            found = test(*_pair(test, kind, 0, shift=shift), seed=0)
            assert 0 <= found.p_value <= 1, _say(test, kind, f"gave p = {found.p_value}")
            assert not np.isnan(found.statistic), _say(test, kind, "gave a statistic of NaN")
            assert not np.isnan(found.effect_size), _say(test, kind, "gave an effect of NaN")


def same_seed_same_answer(test: DriftTest) -> None:
    """Check that one seed gives one answer."""
    for kind in _forms(test):
        pair = _pair(test, kind, 1)
        assert test(*pair, seed=7) == test(*pair, seed=7), _say(
            test, kind, "gave two answers for one seed"
        )


def input_is_left_alone(test: DriftTest) -> None:
    """Check that arrays are not changed."""
    for kind in _forms(test):
        pair = _pair(test, kind, 2)
        before = [side.copy() for side in pair]
        test(*pair, seed=0)
        unchanged = all(map(np.array_equal, before, pair))
        assert unchanged, _say(test, kind, "changed the arrays it was given")


def a_large_shift_is_seen(test: DriftTest) -> None:
    """Check that three standard deviations, or half of the rows, have a p-value below 0.05."""
    for kind in _forms(test):
        found = [test(*_pair(test, kind, seed, shift=_LARGE), seed=seed) for seed in range(5)]
        worst = max(each.p_value for each in found)
        assert worst < 0.05, _say(test, kind, f"gave p = {worst:.3g} for a shift that all see")
        still = test(*_pair(test, kind, 5), seed=0)
        least = min(abs(each.effect_size) for each in found)
        assert least > abs(still.effect_size), _say(
            test, kind, f"gave an effect of {least:.3g} for a large shift, "
            f"and {still.effect_size:.3g} for none",
        )  # fmt: skip


def unequal_sizes_are_fine(test: DriftTest) -> None:
    """Check both sides for being the small one."""
    for kind in _forms(test):
        for sizes in ((30, 300), (300, 30)):
            found = test(*_pair(test, kind, 3, sizes=sizes, shift=_LARGE), seed=0)
            assert found.p_value < 0.05, _say(
                test, kind, f"gave p = {found.p_value:.3g} for a large shift of {sizes} rows"
            )


def ties_are_fine(test: DriftTest) -> None:
    """Check data of few different values, and of one value only, which has not moved."""
    for kind in _forms(test):
        a, b = _pair(test, kind, 4)
        constant = _alone(a), _alone(b)
        for pair in ((a.round(), b.round()), (a, a.copy()), constant):
            found = test(*pair, seed=0)
            _check_chance(test, kind, found, "ties")
        assert not found.p_value < 0.05, _say(
            test, kind, f"gave p = {found.p_value:.3g} where all values are one"
        )


def few_rows_do_not_raise(test: DriftTest) -> None:
    """Check 1 to 3 rows a side: a chance, or NaN for too few."""
    for kind in _forms(test):
        for sizes in ((1, 1), (1, 3), (3, 2)):
            try:
                found = test(*_pair(test, kind, 5, sizes=sizes), seed=0)
            except Exception as error:
                what = f"raised {type(error).__name__} ({error}) for {sizes} rows"
                raise AssertionError(_say(test, kind, what)) from error
            _check_chance(test, kind, found, f"{sizes} rows")


def false_alarms_are_rare(test: DriftTest) -> None:
    """Check on 200 pairs without drift that p-values of at most 0.1 are about a tenth of all.

    More than 33 of 200 happen to an honest test once in 700 times; the seeds are fixed, so an
    honest test that passes once will pass again.
    """
    for kind in _forms(test):
        pairs = [_pair(test, kind, 100 + seed, sizes=(40, 60)) for seed in range(_REPEATS)]
        _check_rate(test, kind, pairs, "without drift")


def false_alarms_are_rare_where_values_repeat(test: DriftTest) -> None:
    """Check the same of values rounded to a few different ones; of levels, of rare ones.

    Laws of values that all differ fail here, and so do laws for many rows a level.
    """
    for kind in _forms(test):
        pairs = [
            _repeating(test, _pair(test, kind, 400 + seed, sizes=(40, 60)), seed)
            for seed in range(_REPEATS)
        ]
        _check_rate(test, kind, pairs, "of repeated values without drift")


DRIFT_TEST_CHECKS: tuple[Callable[[DriftTest], None], ...] = (
    p_values_are_chances,
    same_seed_same_answer,
    input_is_left_alone,
    a_large_shift_is_seen,
    unequal_sizes_are_fine,
    ties_are_fine,
    few_rows_do_not_raise,
    false_alarms_are_rare,
    false_alarms_are_rare_where_values_repeat,
)


def _forms(test: DriftTest) -> list[Takes]:
    """Return one kind for each form of data that the test is called with."""
    wrong = flaw(test)
    assert not wrong, f"expected a drift test, got {wrong}"
    if "levels" in test.kinds:
        return ["levels"]
    found: list[Takes] = ["numbers"] if "numbers" in test.kinds else []
    if "vector" in test.kinds:
        return [*found, "vector"]
    return [*found, "joint"] if "joint" in test.kinds else found


def _pair(
    test: DriftTest,
    kind: Takes,
    seed: int,
    *,
    sizes: tuple[int, int] = (150, 150),
    shift: float = 0.0,
) -> tuple[Sample, Sample]:
    """Return data of a kind, `shift` standard deviations apart (levels: in other shares).

    Columns of rows share a factor and move against it, which changes their dependence as well.
    """
    rng = np.random.default_rng(seed)
    if "levels" in test.kinds:
        shares = np.arange(_LEVELS, 0, -1) / np.arange(_LEVELS + 1).sum()
        moved = shares[::-1] if shift else shares
        return rng.multinomial(sizes[0], shares), rng.multinomial(sizes[1], moved)
    if kind == "numbers":
        return rng.normal(size=sizes[0]), rng.normal(size=sizes[1]) + shift
    a, b = (rng.normal(size=(size, 1)) + rng.normal(size=(size, _COLUMNS)) / 2 for size in sizes)
    return a, b + shift * (-1.0) ** np.arange(_COLUMNS)


def _repeating(test: DriftTest, pair: tuple[Sample, Sample], seed: int) -> tuple[Sample, Sample]:
    """Return a pair rounded to few values; of levels, new counts over many rare ones."""
    if "levels" not in test.kinds:
        return pair[0].round(), pair[1].round()
    rng = np.random.default_rng(seed)
    shares = 1 / np.arange(1.0, 4 * _LEVELS)
    a, b = (rng.multinomial(side.sum(), shares / shares.sum()) for side in pair)
    return a, b


def _check_rate(
    test: DriftTest, kind: Takes, pairs: list[tuple[Sample, Sample]], what: str
) -> None:
    found = [test(*pair, seed=seed) for seed, pair in enumerate(pairs)]
    alarms = sum(each.p_value <= _ALPHA for each in found)
    assert alarms <= _ALLOWED, _say(
        test, kind, f"alarmed on {alarms} of {len(pairs)} pairs {what} at alpha {_ALPHA}"
    )


def _alone(side: Sample) -> Sample:
    """Return as many rows of one value; counts that have one level."""
    if np.issubdtype(side.dtype, np.integer):
        return np.array([side.sum()])
    return np.ones_like(side)


def _check_chance(test: DriftTest, kind: Takes, found: DriftOutcome, where: str) -> None:
    good = np.isnan(found.p_value) or 0 <= found.p_value <= 1
    assert good, _say(test, kind, f"gave p = {found.p_value} for {where}")


def _say(test: DriftTest, kind: Takes, what: str) -> str:
    return f"expected an honest drift test, but `{test.name}` asked of {kind} {what}"
