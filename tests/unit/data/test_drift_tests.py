import sys
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import cramervonmises_2samp

from trimtab.core.errors import ConfigError, SchemaError
from trimtab.data.built_in_tests import BUILT_IN
from trimtab.data.drift import drift
from trimtab.data.drift_tests import DriftOutcome, DriftTest, find_test
from trimtab.testing import (
    DRIFT_TEST_CHECKS,
    a_large_shift_is_seen,
    false_alarms_are_rare,
    false_alarms_are_rare_where_values_repeat,
    few_rows_do_not_raise,
    input_is_left_alone,
    p_values_are_chances,
    same_seed_same_answer,
    ties_are_fine,
    unequal_sizes_are_fine,
)

DEALT = np.random.default_rng(1)
WITHOUT_TORCH = [test for test in BUILT_IN if test.name != "deep_kernel_mmd"]


@pytest.mark.parametrize("check", DRIFT_TEST_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("test", WITHOUT_TORCH, ids=lambda test: test.name)
def test_built_in_tests_pass_the_checks_for_strangers(test, check):
    check(test)


@pytest.mark.calibration
@pytest.mark.parametrize("check", DRIFT_TEST_CHECKS, ids=lambda check: check.__name__)
def test_the_learned_kernel_passes_too(check):
    pytest.importorskip("torch")
    check(find_test("deep_kernel_mmd", BUILT_IN))


def test_units_are_those_that_the_statistics_name():
    from trimtab.stats import density_difference, domain_classifier, mean_embedding, reconstruction
    from trimtab.stats import mean_discrepancy as mmd

    units = {
        "mean_embedding": mean_embedding.UNIT, "mmd": mmd.UNIT, "lsdd": density_difference.UNIT,
        "classifier": domain_classifier.UNIT, "pca_reconstruction": reconstruction.UNIT,
    }  # fmt: skip

    assert {name: find_test(name, BUILT_IN).unit for name in units} == units


@dataclass(frozen=True)
class Wrong:
    """A test of numbers that does one thing wrong."""

    flaw: str
    name: str = "wrong"
    kinds: frozenset[str] = field(default=frozenset({"numbers"}))
    unit: str = "standard deviations"

    def __call__(self, reference: Any, current: Any, *, seed: int) -> DriftOutcome:
        honest = find_test("ks", BUILT_IN)(reference, current, seed=seed)
        if self.flaw == "always":
            return replace(honest, p_value=0.0)
        if self.flaw == "never":
            return replace(honest, p_value=0.5)
        if self.flaw == "one-sided law":
            return replace(honest, p_value=honest.p_value / 2)
        if self.flaw == "unseeded":
            return replace(honest, p_value=np.random.default_rng().random())
        if self.flaw == "sorts":
            reference.sort()
        if self.flaw == "percent":
            return replace(honest, p_value=100 * honest.p_value)
        if self.flaw == "raises" and len(reference) < 5:
            raise ValueError("too few")
        if self.flaw == "equal sizes":
            return replace(honest, p_value=float(len(reference) != len(current)))
        if self.flaw == "breaks ties" and np.ptp(np.append(reference, current)) == 0:
            return replace(honest, p_value=0.0)
        if self.flaw == "law without ties":
            return replace(honest, p_value=cramervonmises_2samp(reference, current).pvalue)
        if self.flaw == "deals of its own":
            a, b = DEALT.permuted(np.append(reference, current))[:2]
            return replace(honest, p_value=float(np.abs(a - b) % 1))
        return honest


@pytest.mark.parametrize(
    ("flaw", "check"),
    [
        ("always", false_alarms_are_rare),
        ("one-sided law", false_alarms_are_rare),
        ("never", a_large_shift_is_seen),
        ("unseeded", same_seed_same_answer),
        ("sorts", input_is_left_alone),
        ("percent", p_values_are_chances),
        ("raises", few_rows_do_not_raise),
        ("equal sizes", unequal_sizes_are_fine),
        ("breaks ties", ties_are_fine),
        ("law without ties", false_alarms_are_rare_where_values_repeat),
        ("deals of its own", same_seed_same_answer),
    ],
)
def test_a_wrong_test_is_caught(flaw, check):
    with pytest.raises(AssertionError, match="expected an honest"):
        check(Wrong(flaw))


@pytest.mark.parametrize("check", DRIFT_TEST_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("wrong", [Wrong("", kinds=frozenset({"number"})), Wrong, object()])
def test_what_is_no_drift_test_passes_no_check(wrong, check):
    with pytest.raises(AssertionError, match="expected a drift test, got"):
        check(wrong)


NUMBERS = pl.DataFrame({"x": np.random.default_rng(0).normal(size=300)})
MOVED = NUMBERS.select(pl.col("x") + 1)

PLUG_IN = """
import numpy as np
from trimtab.data.drift_tests import DriftOutcome

class MeanTest:
    name = "means"
    kinds = frozenset({"numbers"})
    unit = "euros"

    def __call__(self, reference, current, *, seed):
        gap = current.mean() - reference.mean()
        noise = np.sqrt(reference.var() / reference.size + current.var() / current.size)
        return DriftOutcome(gap / noise, float(np.exp(-((gap / noise) ** 2) / 2)), gap)

test = MeanTest()
failing = type(
    "Failing", (MeanTest,), {"name": "failing", "__call__": lambda self, a, b, *, seed: 1 / 0}
)()
no_test = object()
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A distribution of a stranger, as an installer would leave it."""
    (tmp_path / "strange_means.py").write_text(PLUG_IN)
    info = tmp_path / "strange_means-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: strange-means\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[trimtab.drift_tests]\nmeans = strange_means:test\nfailing = strange_means:failing\n"
        "odd = strange_means:no_test\nkind = strange_means:MeanTest\nlost = strange_means:gone\n"
        "absent = no_such_module_of_means:test\nks_like = strange_means:test\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("strange_means", None)


@pytest.mark.usefixtures("installed")
def test_a_test_of_an_installed_package_joins_in():
    report = drift(NUMBERS, MOVED, tests="means")
    found = report.columns["x"]

    assert (found.test, found.unit, found.drifted) == ("means", "euros", True)
    assert found.effect_size == pytest.approx(1)
    assert found.message.startswith("`x` moved by 1 euros")
    assert isinstance(find_test("means", BUILT_IN), DriftTest)


@pytest.mark.usefixtures("installed")
def test_a_test_that_fails_costs_only_its_own_answer():
    report = drift(NUMBERS, MOVED, tests=["ks", "failing"])

    assert report.columns["x"].test == "ks"
    assert report.skipped == {
        "x": "the test `failing` failed: ZeroDivisionError: division by zero"
    }


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("name", "flaw"),
    [
        ("odd", "without all of name, kinds, unit"),
        ("kind", "a class, not an object"),
        ("lost", "AttributeError"),
        ("absent", "ModuleNotFoundError"),
        ("ks_like", "calls itself `means` in place of `ks_like`"),
    ],
)
def test_a_broken_package_is_named_only_when_it_is_asked_for(name, flaw):
    assert drift(NUMBERS, MOVED).drifted == ["x"]
    with pytest.raises(ConfigError, match="package `strange-means`") as caught:
        drift(NUMBERS, MOVED, tests=name)
    assert flaw in caught.value.problem


@pytest.mark.usefixtures("installed")
def test_two_packages_with_a_test_of_one_name_are_named(tmp_path):
    info = tmp_path / "other_means-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other-means\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[trimtab.drift_tests]\nmeans = other:test\n")

    with pytest.raises(ConfigError, match="`means`, got other-means, strange-means"):
        drift(NUMBERS, MOVED, tests="means")


def test_an_unknown_name_gets_the_nearest_and_the_list():
    with pytest.raises(ConfigError, match="a drift test, got `chisquare`") as caught:
        drift(NUMBERS, MOVED, tests="chisquare")

    assert "Did you mean `chi_square`?" in caught.value.hint
    assert "wasserstein" in caught.value.hint


def test_a_test_of_another_kind_is_refused():
    rows = NUMBERS.with_columns(k=pl.lit("a"))

    with pytest.raises(ConfigError, match="a test of levels for `k`, got `ks`, a test of numbers"):
        drift(rows, rows, tests={"k": "ks"})
    with pytest.raises(ConfigError) as caught:
        drift(rows, rows, tests={"x": "lsdd"})
    assert "of numbers for `x`, got `lsdd`" in caught.value.problem
    with pytest.raises(SchemaError, match="of either side in `tests`, got `kk`"):
        drift(rows, rows, tests={"kk": "psi"})


def test_a_name_without_any_column_to_fit_is_told():
    levels = pl.DataFrame({"k": ["a", "b"] * 20})

    report = drift(levels, levels, tests=["wasserstein", "mmd"])

    assert report.columns["k"].test == "chi_square"
    assert set(report.skipped) == {"test `wasserstein`", "test `mmd`"}
