"""Tests alarm no more often than they say where nothing changed; broken ones are caught."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from trimtab.stats.block_summaries import summary_shift
from trimtab.stats.blocks import block_shift, block_shifts
from trimtab.stats.distances import jensen_shannon_distance, psi, total_variation
from trimtab.stats.multiplicity import benjamini_hochberg, holm
from trimtab.stats.two_sample import ks_test

pytestmark = pytest.mark.calibration

ALPHA = 0.05


def allowed(rate, n_repeats):
    """Return `rate` and three standard errors of a rate measured by simulation."""
    return rate + 3 * np.sqrt(rate * (1 - rate) / n_repeats)


def ordinary_days(rng, n_days, kind="plain"):
    """Return histograms of days that differ from each other though nothing changed."""
    spread, rows = np.full(n_days, 80.0), np.full(n_days, 400)
    if kind == "volumes":
        rows = rng.integers(100, 1500, size=n_days)
    elif kind == "wild":
        spread = np.where(rng.random(n_days) < 0.1, 5.0, 80.0)
    shares = np.array([rng.dirichlet([0.5 * s, 0.3 * s, 0.15 * s, 0.05 * s]) for s in spread])
    return rng.multinomial(rows, shares)


@pytest.mark.parametrize("distance", [total_variation, jensen_shannon_distance, psi])
@pytest.mark.parametrize("kind", ["plain", "volumes", "wild"])
def test_ordinary_days_alarm_at_most_as_often_as_promised(kind, distance):
    rng = np.random.default_rng(0)
    days = [ordinary_days(rng, 20, kind) for _ in range(1500)]
    alarms = [block_shift(d[:-1], d[-1], distance=distance).p_value <= ALPHA for d in days]

    assert np.mean(alarms) <= allowed(ALPHA, 1500)


def test_a_test_of_rows_is_caught_alarming_on_ordinary_days():
    rng = np.random.default_rng(0)
    days = [ordinary_days(rng, 20) for _ in range(200)]
    tables = [np.vstack([d[:-1].sum(axis=0), d[-1]]) for d in days]
    alarms = [chi2_contingency(table).pvalue <= ALPHA for table in tables]

    assert np.mean(alarms) > allowed(ALPHA, 200)


def test_a_shifted_day_is_found_nearly_always():
    rng = np.random.default_rng(1)
    days = [ordinary_days(rng, 30) for _ in range(200)]
    shifted = rng.multinomial(400, [0.25, 0.3, 0.25, 0.2], size=200)
    alarms = [block_shift(d, s).p_value <= ALPHA for d, s in zip(days, shifted, strict=True)]

    assert np.mean(alarms) > 0.95


@pytest.mark.parametrize("level", [0.05, 0.01])
def test_the_extrapolated_tail_keeps_its_level_on_days_of_one_volume(level):
    rng = np.random.default_rng(2)
    days = [ordinary_days(rng, 25) for _ in range(1500)]
    alarms = [block_shift(d[:-1], d[-1]).tail_p_value <= level for d in days]

    assert np.mean(alarms) <= allowed(level, 1500)


def families(n_repeats, seed=3, n_columns=15, n_days=20):
    """Yield many columns of the same days, all moved by the same day effects."""
    rng = np.random.default_rng(seed)
    for _ in range(n_repeats):
        mood = rng.normal(size=(n_days, 1)) * 0.3 + rng.normal(size=(n_days, n_columns)) * 0.3
        late = rng.binomial(300, 1 / (1 + np.exp(1 - mood)))
        table = np.stack([late, 300 - late], axis=-1)
        yield block_shifts(list(table[:-1].swapaxes(0, 1)), list(table[-1]))


def test_a_family_of_columns_has_one_false_alarm_at_most_as_often_as_promised():
    found = list(families(500))
    any_alarm = [any(s.family_p_value <= ALPHA for s in shifts) for shifts in found]
    uncorrected = [any(s.p_value <= ALPHA for s in shifts) for shifts in found]

    assert np.mean(any_alarm) <= allowed(ALPHA, 500)
    assert np.mean(uncorrected) > allowed(ALPHA, 500)


@pytest.mark.parametrize("n_new", [1, 5])
def test_daily_means_alarm_at_most_as_often_as_promised(n_new):
    days = np.random.default_rng(4).normal(size=(1500, 14 + n_new))
    alarms = [summary_shift(row[:14], row[14:]).p_value <= ALPHA for row in days]

    assert np.mean(alarms) <= allowed(ALPHA, 1500)


def test_daily_means_tested_as_if_rows_were_the_blocks_are_caught():
    rng = np.random.default_rng(5)
    effects = 0.3 * rng.normal(size=(200, 15))
    rows = effects[:, :, None] + rng.normal(size=(200, 15, 60))
    alarms = [summary_shift(r[:14].ravel(), r[14]).p_value <= ALPHA for r in rows]

    assert np.mean(alarms) > allowed(ALPHA, 200)


@pytest.mark.parametrize(("n", "m"), [(30, 50), (400, 400), (1500, 1200)])
def test_ks_alarms_at_most_as_often_as_promised(n, m):
    rng = np.random.default_rng(6)
    alarms = [ks_test(rng.normal(size=n), rng.normal(size=m)).p_value <= ALPHA for _ in range(600)]

    assert np.mean(alarms) <= allowed(ALPHA, 600)


def test_ks_is_caught_alarming_on_copied_rows():
    rng = np.random.default_rng(7)
    pairs = rng.normal(size=(200, 2, 40))
    alarms = [ks_test(np.repeat(a, 5), np.repeat(b, 5)).p_value <= ALPHA for a, b in pairs]

    assert np.mean(alarms) > allowed(ALPHA, 200)


def test_corrections_keep_their_rates_and_raw_p_values_do_not():
    rng = np.random.default_rng(8)
    # 80 unchanged columns, 20 changed ones
    p_values = [np.r_[rng.random(80), rng.beta(0.05, 5, size=20)] for _ in range(600)]

    def false_share(rejected):
        return rejected[:80].sum() / max(rejected.sum(), 1)

    discoveries = [false_share(benjamini_hochberg(p) <= 0.1) for p in p_values]
    raw = [false_share(p <= 0.1) for p in p_values]
    any_false = [(holm(p)[:80] <= ALPHA).any() for p in p_values]

    assert np.mean(discoveries) <= 0.1 + 3 * np.std(discoveries) / np.sqrt(600)
    assert np.mean(raw) > 0.2
    assert np.mean(any_false) <= allowed(ALPHA, 600)
