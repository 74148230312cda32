from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.gates.condition import Variable, passes
from trimtab.gates.condition_text import parse


def variable(text):
    return parse(f"{text} > 0 +/- 1").clauses[0].variables[0]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("n", "0", "1"),
        ("d", "0", "1"),
        ("brier(o)", "0", "1"),
        ("recall(n, late)", "0", "1"),
        ("cost(n, -2..5.5)", "-2", "5.5"),
        ("error(baseline, 0..30)", "0", "30"),
    ],
)
def test_a_variable_knows_the_range_of_a_row(text, low, high):
    assert variable(text).range == (Decimal(low), Decimal(high))


@pytest.mark.parametrize(
    ("text", "population"),
    [
        ("n", ((), None)),
        ("n[origin=JFK]", ((("origin", "JFK"),), None)),
        ("d[b=2, a=1]", ((("a", "1"), ("b", "2")), None)),
        ("recall(n[a=1], late)", ((("a", "1"),), ("label", "late"))),
        ("precision(o, late)", ((), ("predicted", "o", "late"))),
    ],
)
def test_a_variable_knows_the_rows_that_it_is_a_mean_over(text, population):
    assert variable(text).population == population


def test_the_range_of_a_clause_adds_up_those_of_its_terms():
    clause = parse("2 * n - 0.5 * error(n, 1..3) > 0 +/- 1").clauses[0]

    assert clause.range == (Decimal("-1.5"), Decimal("1.5"))
    assert [term.width for term in clause.terms] == [2, 1]


@pytest.mark.parametrize(
    ("estimate", "above", "below"),
    [
        (0.8500001, True, False),
        (0.85, None, None),  # the float is just below 0.85
        (0.75, None, None),
        (0.7499999, False, True),
    ],
)
def test_a_clause_is_unknown_within_its_tolerance(estimate, above, below):
    assert parse("n > 0.8 +/- 0.05").clauses[0].value(estimate) is above
    assert parse("n < 0.8 +/- 0.05").clauses[0].value(estimate) is below


def test_limits_are_not_moved_by_rounding():
    # 0.02 + 0.01 is 0.03 in decimals, and more than the float 0.03 in floats' own sum
    clause = parse("n - o > 0.1 +/- 0.2").clauses[0]

    assert clause.value(0.3) is None
    assert clause.value(0.1 + 0.2) is True


@given(st.floats(-1, 2), st.floats(0.001, 0.5), st.floats(0, 1))
def test_a_clause_is_true_or_false_only_if_all_values_within_the_tolerance_agree(
    left, tolerance, at
):
    tolerance = round(tolerance, 3)
    clause = parse(f"n - o > 0.1 +/- {tolerance}").clauses[0]
    near = left + (2 * at - 1) * tolerance * 0.999999  # one truth that the estimate allows

    found = clause.value(left)

    assert found is None or found == (near > 0.1)


@pytest.mark.parametrize(("mode", "unknown"), [("fp_free", False), ("fn_free", True)])
def test_the_mode_says_what_unknown_becomes(mode, unknown):
    assert passes(None, mode) is unknown
    assert passes(True, mode) is True
    assert passes(False, mode) is False


def test_conditions_are_equal_however_they_are_written():
    assert parse("n-o>.02±.01 and d<0.1+-0.01") == parse(
        r"n - o > 0.02 +/- 0.01 /\ d < .1 +/- .01"
    )
    assert parse("accuracy(n) > 0.8 +/- 0.1") == parse("n > 0.80 +/- 0.10")
    assert len({variable("n[a=1, b=2]"), variable("n[b=2, a=1]")}) == 1


def test_a_record_is_plain_data():
    assert Variable("accuracy").to_dict() == {
        "metric": "accuracy", "model": "n", "where": [], "argument": None,
    }  # fmt: skip
