import itertools
import math
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    mean_absolute_error,
    precision_score,
    recall_score,
)

from trimtab.core.errors import ConfigError, SchemaError
from trimtab.gates.decide import gate_decide
from trimtab.gates.plan import gate_plan
from trimtab.stats.bounds import hoeffding_interval

N = 4_000
ARRIVALS = np.array(["JFK", "LGA", "EWR"])


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 3, N)
    new = np.where(rng.random(N) < 0.8, truth, rng.integers(0, 3, N))
    old = np.where(rng.random(N) < 0.6, truth, rng.integers(0, 3, N))
    return truth, new, old, ARRIVALS[rng.integers(0, 3, N)]


def loose(condition, **more):
    """A plan for so few rows that all the tests' rows are enough."""
    return gate_plan(condition, **{"reliability": "0.9", "steps": 1, "method": "hoeffding"} | more)


def estimate(condition, labels, new, old=None, **more):
    verdict = gate_decide(loose(condition), labels, new, old, **more)
    assert verdict.outcome != "not enough data", verdict.reason
    return verdict.estimates


def test_estimates_are_those_of_scikit_learn(data):
    truth, new, old, origin = data
    found = estimate(
        "recall(n, 2) > 0.5 +/- 0.2 and precision(o, 1) > 0.5 +/- 0.2 and n > 0.5 +/- 0.2 "
        "and o[origin=LGA] > 0.5 +/- 0.2 and recall(o[origin=JFK], 0) > 0.1 +/- 0.2",
        truth, new, old, rows=pl.DataFrame({"origin": origin}),
    )  # fmt: skip
    here, there = origin == "LGA", origin == "JFK"

    assert found["recall(n, 2)"] == pytest.approx(
        recall_score(truth, new, labels=[2], average=None)[0]
    )
    assert found["precision(o, 1)"] == pytest.approx(
        precision_score(truth, old, labels=[1], average=None)[0]
    )
    assert found["n"] == pytest.approx(accuracy_score(truth, new))
    assert found["o[origin=LGA]"] == pytest.approx(accuracy_score(truth[here], old[here]))
    assert found["recall(o[origin=JFK], 0)"] == pytest.approx(
        recall_score(truth[there], old[there], labels=[0], average=None)[0]
    )


def test_brier_and_error_are_those_of_scikit_learn(data):
    rng = np.random.default_rng(2)
    truth, scores = rng.random(N) < 0.4, rng.random(N)
    found = estimate("brier(n) < 0.5 +/- 0.3", truth, {"score": scores})
    numbers, guesses = rng.normal(50, 9, N), rng.normal(50, 9, N)
    clipped = estimate("error(n, 0..10) < 5 +/- 2", numbers, guesses)
    wide = estimate("error(n, 0..1000) < 500 +/- 100", numbers, guesses)

    assert found["brier(n)"] == pytest.approx(brier_score_loss(truth, scores))
    assert wide["error(n, 0..1000)"] == pytest.approx(mean_absolute_error(numbers, guesses))
    assert clipped["error(n, 0..10)"] == pytest.approx(
        np.minimum(np.abs(numbers - guesses), 10).mean()
    )


def test_costs_are_looked_up_in_the_matrix(data):
    truth, new, old, _ = data
    names = np.array(["a", "b", "c"])
    costs = {(t, p): abs(i - j) * 1.5 for (i, t), (j, p) in itertools.product(
        enumerate(names), enumerate(names))}  # fmt: skip
    found = estimate("cost(n, 0..3) - cost(o, 0..3) < 0 +/- 2", names[truth], names[new],
                     names[old], costs=costs)  # fmt: skip
    brute = np.mean([costs[t, n] for t, n in zip(names[truth], names[new], strict=True)])

    assert found["cost(n, 0..3)"] == pytest.approx(brute)
    assert found["cost(n, 0..3) - cost(o, 0..3) < 0 +/- 2"] == pytest.approx(
        1.5 * (np.abs(truth - new) - np.abs(truth - old)).mean()
    )


def test_a_clause_on_two_slices_is_a_difference_of_their_means(data):
    truth, new, _, origin = data
    text = "n[origin=JFK] - 2 * n[origin=LGA] > -0.8 +/- 0.4"
    found = estimate(text, truth, new, rows={"origin": origin})
    right = truth == new

    assert found[text] == pytest.approx(
        right[origin == "JFK"].mean() - 2 * right[origin == "LGA"].mean()
    )


rows_of_three = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(0, 1)), min_size=40, max_size=90
).filter(lambda rows: {r[1] for r in rows} == {0, 1})


@settings(max_examples=60, deadline=None)
@given(
    rows_of_three, st.sampled_from(["<", ">"]), st.sampled_from(["fp_free", "fn_free"]),
    st.decimals("-0.5", "0.5", places=2), st.decimals("0.4", "0.7", places=2),
)  # fmt: skip
def test_verdicts_are_those_of_interval_arithmetic(rows, sense, mode, threshold, tolerance):
    truth, new, old = (np.array(column) for column in zip(*rows, strict=True))
    plan = loose(f"n - o {sense} {threshold} +/- {tolerance}", mode=mode)
    verdict = gate_decide(plan, truth, new, old)
    if plan.samples > len(rows):
        assert verdict.outcome == "not enough data"
        return
    gain = Decimal(int((new == truth).sum()) - int((old == truth).sum())) / len(rows)
    above, below = gain > threshold + tolerance, gain < threshold - tolerance
    true, false = (above, below) if sense == ">" else (below, above)
    edge = min(abs(gain - threshold - tolerance), abs(gain - threshold + tolerance))

    if edge > Decimal("1e-9"):  # the mean itself is a float
        assert verdict.outcome == (
            "pass" if (true or (mode == "fn_free" and not false)) else "fail"
        )
    assert verdict.intervals[str(plan.condition)] == pytest.approx(
        (float(gain - tolerance), float(gain + tolerance))
    )


@settings(max_examples=60, deadline=None)
@given(rows_of_three, st.data())
def test_too_few_labels_are_told_from_counts_alone(rows, more):
    truth, new, old = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    condition = more.draw(st.sampled_from(
        ["n - o > 0 +/- 0.6", "n > 0.5 +/- 0.3 and d < 1 +/- 0.4", "precision(n, 1) > 0 +/- 0.4"]
    ))  # fmt: skip
    known = np.array(more.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))))
    other = np.array(more.draw(st.lists(st.integers(0, 1), min_size=len(rows),
                                        max_size=len(rows))), dtype=float)  # fmt: skip
    found = [
        gate_decide(loose(condition), np.where(known, labels, np.nan), new, old)
        for labels in (truth, other)
    ]
    short = {one.outcome == "not enough data" for one in found}

    assert len(short) == 1
    if short == {True}:
        assert found[0] == found[1]


@settings(max_examples=40, deadline=None)
@given(rows_of_three)
def test_labels_of_rows_that_both_answer_alike_are_never_used(rows):
    truth, new, old = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    plan = loose("n - o > 0 +/- 0.6")
    seldom = np.where(new != old, truth, np.nan)
    full, part = gate_decide(plan, truth, new, old), gate_decide(plan, seldom, new, old)

    assert (part.outcome, part.labels_used) == (full.outcome, full.labels_used)
    assert part.labels_used <= (new != old).sum()
    assert "n" not in part.estimates or (new != old).all()


def test_rows_after_the_first_missing_label_do_not_count(data):
    truth, new, _, _ = data
    plan = loose("n > 0.5 +/- 0.1")
    labels = truth.astype(float)
    labels[plan.samples :] = np.nan
    alone = gate_decide(plan, labels, new)
    picked = labels.copy()
    picked[plan.samples + 1 :] = new[plan.samples + 1 :]  # only where the new model is right
    helped = gate_decide(plan, picked, new)

    assert alone.detail["rows_used"] == helped.detail["rows_used"] == plan.samples
    assert helped.estimates == alone.estimates


def test_one_label_too_few_is_not_enough_data_and_is_counted(data):
    truth, new, _, _ = data
    plan = loose("n > 0.5 +/- 0.1")
    labels = truth.astype(float)
    labels[3] = np.nan
    verdict = gate_decide(plan, labels, new)
    (clause,) = verdict.detail["clauses"]

    assert verdict.outcome == "not enough data"
    assert (clause["lacking_labels"], clause["lacking_rows"]) == (1, 0)
    assert "at least 1 more label" in verdict.reason
    assert verdict.estimates == {}
    assert verdict.labels_used == 0


def test_too_small_a_slice_asks_for_rows(data):
    truth, new, _, origin = data
    plan = loose("n[origin=JFK] > 0.5 +/- 0.02")
    verdict = gate_decide(plan, truth, new, rows={"origin": origin})
    (clause,) = verdict.detail["clauses"]

    assert verdict.outcome == "not enough data"
    assert clause["lacking_rows"] == plan.samples - (origin == "JFK").sum()
    assert "larger test set" in verdict.reason


def test_what_needs_no_labels_is_looked_at_first(data):
    _, new, old, _ = data
    nothing = np.full(N, np.nan)
    text = r"n - o > 0 +/- 0.1 /\ d < {} +/- 0.1"
    fails = gate_decide(loose(text.format("0.2")), nothing, new, old)
    waits = gate_decide(loose(text.format("0.9")), nothing, new, old)
    cases = {"smoke": ([1, 0], [1, 1])}
    wrong = gate_decide(loose("n > 0.5 +/- 0.1 and n passes all of smoke"), nothing, new,
                        cases=cases)  # fmt: skip

    assert (new != old).mean() > 0.3
    assert (fails.outcome, fails.labels_used) == ("fail", 0)
    assert waits.outcome == "not enough data"
    assert waits.estimates["d"] == pytest.approx((new != old).mean())
    assert (wrong.outcome, wrong.labels_used) == ("fail", 0)
    assert "1 of 2 right" in wrong.reason


@pytest.mark.parametrize("mode", ["fp_free", "fn_free"])
@pytest.mark.parametrize("method", ["bennett", "sequential"])
def test_a_bound_whose_assumption_is_refuted_decides_nothing(data, mode, method):
    truth, new, old, _ = data
    said = {"method": method, "disagreement": "0.1", "mode": mode}
    text = "n - o > 0 +/- 0.05"
    refuted = gate_decide(loose(f"{text} and n > 0.1 +/- 0.2", **said | {"method": "auto"}),
                          truth, new, old)  # fmt: skip
    alone = gate_decide(loose(text, **said), truth, new, old)
    near = np.where(np.arange(N) % 10 == 0, old, new)  # differs on less than a tenth

    for one in (refuted, alone):
        assert (one.outcome, one.labels_used, one.estimates) == ("not enough data", 0, {})
        assert "differ on at most 0.1" in one.reason
        assert "Plan again with a larger `disagreement`" in one.reason
        assert "more labels" not in one.reason
        assert not one.detail["used_labels"]
    assert gate_decide(loose(text, **said), truth, near, new).detail["clauses"][0]["estimate"]


def test_a_limit_that_the_condition_tests_itself_is_never_refuted():
    """Under fn_free its clause may be unknown and pass; the gain is then judged all the same."""
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 2, 20_000)
    old, worse = truth, np.where(rng.random(20_000) < 0.15, 1 - truth, truth)
    text = r"n - o > 0 +/- 0.03 /\ d < 0.1 +/- 0.09"
    plan = loose(text, mode="fn_free", method="bennett")
    bad = gate_decide(plan, truth, worse, old)
    every = gate_decide(plan, truth, 1 - truth, old)

    assert [one["value"] for one in bad.detail["clauses"]] == ["false", "unknown"]
    assert bad.outcome == every.outcome == "fail"
    assert every.labels_used == 0


def test_exact_counts_no_more_rows_than_planned(data):
    """Its promise is for one number of rows: asked again with each label, it would be broken."""
    truth, new, _, _ = data
    plans = {method: loose("n > 0.5 +/- 0.1", method=method) for method in ("exact", "hoeffding")}
    found = {method: gate_decide(plan, truth, new) for method, plan in plans.items()}
    rows = plans["exact"].samples

    assert found["exact"].detail["rows_used"] == found["exact"].labels_used == rows
    assert found["exact"].estimates["n"] == pytest.approx((truth == new)[:rows].mean())
    assert found["hoeffding"].detail["rows_used"] == N


def test_asking_again_as_labels_come_in_keeps_the_promise_of_a_fixed_size():
    """All numbers of rows from the planned one to three times it, as one may ask at each."""
    rng = np.random.default_rng(0)
    plans = {method: loose("n > 0.5 +/- 0.1", method=method) for method in ("exact", "hoeffding")}
    rows = 3 * plans["hoeffding"].samples
    truth = np.ones(rows, dtype=int)
    broken = dict.fromkeys(plans, 0)
    too_many = 0
    for new in (rng.random((300, rows)) < 0.5).astype(int):
        sums = np.cumsum(new)
        for method, plan in plans.items():
            at = np.arange(plan.samples, rows + 1, 7)
            high = at[sums[at - 1] / at > 0.6][:1].tolist() or [rows]
            # where the mean of all rows is above the bar first, if it ever is
            verdict = gate_decide(plan, truth[: high[0]], new[: high[0]])
            broken[method] += verdict.outcome == "pass"
            too_many += method == "exact" and high != [rows]

    assert stats.binomtest(broken["exact"], 300, 0.1, alternative="greater").pvalue > 0.01
    assert stats.binomtest(broken["hoeffding"], 300, 0.1, alternative="greater").pvalue > 0.01
    assert too_many > broken["exact"]


def test_a_verdict_says_whether_it_used_the_value_of_a_label(data):
    truth, new, old, _ = data
    nothing, part = np.full(N, np.nan), truth.astype(float)
    part[40:] = np.nan
    stops = loose("n > 0.6 +/- 0.02", method="sequential")
    both = loose("n - o > 0 +/- 0.1 and d < 0.1 +/- 0.05")
    used = {
        "decided": gate_decide(loose("n > 0.5 +/- 0.1"), truth, new),
        "waits by what labels say": gate_decide(stops, part, new),
        "waits for the first label": gate_decide(stops, nothing, new),
        "waits by counts": gate_decide(loose("n > 0.5 +/- 0.1"), part, new),
        "fails on d alone": gate_decide(both, nothing, new, old),
    }

    assert {name for name, one in used.items() if one.detail["used_labels"]} == {
        "decided", "waits by what labels say"
    }  # fmt: skip
    assert used["waits by what labels say"].labels_used == 40


@pytest.mark.parametrize(
    "text", ["0.1 * n + 0.2 * o > 0.1 +/- 0.05", "0.1 * n + 0.7 * o > 0.2 +/- 0.05"]
)
def test_sums_of_floats_stay_in_the_range_that_a_sequential_plan_counts_on(data, text):
    truth, new, old, _ = data

    assert gate_decide(loose(text, method="sequential"), truth, new, old).outcome == "pass"


def test_a_sequential_plan_stops_early_and_waits_when_it_must():
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 2, 60_000).astype(float)
    old = np.where(rng.random(60_000) < 0.2, 1 - truth, truth)
    new = np.where(rng.random(60_000) < 0.05, 1 - truth, truth)
    fixed, stops = (gate_plan("n - o > 0.02 +/- 0.02", reliability="0.99", steps=4, method=m)
                    for m in ("auto", "sequential"))  # fmt: skip
    all_of_it, early = (gate_decide(plan, truth, new, old) for plan in (fixed, stops))
    few = truth.copy()
    few[30:] = np.nan
    waits = gate_decide(stops, few, new, old)

    assert (all_of_it.outcome, early.outcome) == ("pass", "pass")
    assert early.labels_used < 0.2 * all_of_it.labels_used
    assert early.intervals["n - o > 0.02 +/- 0.02"][0] > 0.02
    assert waits.outcome == "not enough data"
    assert "up to" in waits.reason


def test_intervals_of_variables_are_hoeffdings(data):
    truth, new, _, _ = data
    plan = loose("n > 0.5 +/- 0.1")
    verdict = gate_decide(plan, truth, new)
    right = (truth == new).astype(float)
    expected = hoeffding_interval(right, low=0, high=1, delta=math.exp(plan.ln_delta_per_step))

    assert verdict.intervals["n"] == pytest.approx((expected.low, expected.high))


def test_delta_too_small_for_a_float_still_decides(data):
    truth, new, _, _ = data
    plan = gate_plan("n > 0.2 +/- 0.4", steps=2_000, method="hoeffding")
    verdict = gate_decide(plan, np.tile(truth, 3), np.tile(new, 3))

    assert verdict.outcome == "pass"
    assert verdict.delta == 0
    assert verdict.detail["ln_delta"] == pytest.approx(math.log(1e-4) - 2_000 * math.log(2))


def test_answers_may_be_frames_mappings_lists_and_any_spelling_of_a_type(data):
    truth, new, old, _ = data
    plan = loose("n - o > 0 +/- 0.1")
    first = gate_decide(plan, truth, new, old)
    pandas = pl.DataFrame({"prediction": new}).to_pandas()
    others = [
        (truth.astype(float), pandas, {"prediction": old}),
        (list(map(int, truth)), new.astype(np.int8), pl.Series(old).cast(pl.Float32)),
        (truth.astype(object), pl.DataFrame({"prediction": new, "score": 0.5}), old),
        (truth.astype(str), pl.Series(new).cast(pl.String), old.astype(str).astype(object)),
    ]

    assert all(gate_decide(plan, *other) == first for other in others)


def test_the_first_labels_may_all_be_of_a_class_that_one_model_never_predicts():
    labels = [None] * 60 + [1] * 40

    assert gate_decide(loose("n - o > 0 +/- 0.6"), labels, [0] * 60 + [1] * 40, [0] * 100).outcome
    assert gate_decide(loose("n > 0 +/- 0.1"), labels, [0] * 100).outcome == "not enough data"


def test_a_list_may_mix_whole_and_other_numbers():
    found = estimate("error(n, 0..10) < 5 +/- 4", [1, 2.5] * 30 + [None], [0.5, 2] * 30 + [3])

    assert found["error(n, 0..10)"] == 0.5


def test_true_and_one_are_one_class():
    truth, new = [True, False] * 50, [1, 0] * 50

    assert estimate("recall(n, true) > 0.2 +/- 0.4", truth, new)["recall(n, true)"] == 1


BAD = [
    ("n - o > 0 +/- 0.1", {"old": None}, ConfigError, "calls `o`"),
    ("n - baseline > 0 +/- 0.1", {}, ConfigError, "calls `baseline`"),
    ("n > 0 +/- 0.1", {"new": [1, 0]}, SchemaError, "expected 4 answers in `new`"),
    ("n > 0 +/- 0.1", {"new": [0.2, 0.9, 0.1, 0.8]}, SchemaError, "expected classes in `new`"),
    ("n > 0 +/- 0.1", {"new": {"score": [0.2] * 4}}, SchemaError, "a column `prediction`"),
    ("n > 0 +/- 0.1", {"new": {"predicted": [1] * 4}}, SchemaError, "`prediction` or `score`"),
    ("n > 0 +/- 0.1", {"new": [1, 0, None, 1]}, SchemaError, "1 missing"),
    ("n > 0 +/- 0.1", {"new": [5, 6, 7, 8], "old": None}, SchemaError,
     "classes of the labels (0, 1)"),
    ("n > 0 +/- 0.1", {"new": ["a", "b", "a", "b"]}, SchemaError, "of one type"),
    ("n > 0 +/- 0.1", {"new": [[1], [0], [1], [0]]}, SchemaError, "`new`"),
    ("n > 0 +/- 0.1", {"new": np.ones((4, 2))}, SchemaError, "shape (4, 2)"),
    ("brier(n) < 1 +/- 0.1", {"new": [2, 0, 1, 1]}, SchemaError, "expected probabilities"),
    ("brier(n) < 1 +/- 0.1", {"labels": [2, 0, 1, 1]}, SchemaError, "labels of 0 and 1"),
    ("n[origin=JFK] > 0 +/- 0.1", {}, SchemaError, "a column `origin`"),
    ("n[orgin=JFK] > 0 +/- 0.1", {"rows": True}, SchemaError, "Did you mean `origin`?"),
    ("n[origin=JKF] > 0 +/- 0.1", {"rows": True}, SchemaError, "Did you mean `JFK`?"),
    ("recall(n, 7) > 0 +/- 0.1", {}, SchemaError, "got `7`, which no row has"),
    ("error(n, 0..9) < 1 +/- 0.1", {"new": [1, 0, np.inf, 1]}, SchemaError, "finite numbers"),
    ("error(n, 0..9) < 1 +/- 0.1", {"labels": [1, 0, -np.inf, 1]}, SchemaError, "finite numbers"),
    ("cost(n, 0..1) < 1 +/- 0.1", {}, ConfigError, "a cost matrix"),
    ("cost(n, 0..1) < 1 +/- 0.1", {"costs": {(0, 0): 0, (1, 1): 0, (0, 1): 1}}, SchemaError,
     "answering 0 where 1 is true"),
    ("cost(n, 0..1) < 1 +/- 0.1", {"costs": {(0, 0): 0, (1, 1): 0, (0, 1): 1, (1, 0): 5}},
     SchemaError, "costs from 0 to 1"),
    ("cost(n, 0..1) < 1 +/- 0.1", {"costs": {(0, 0): 0}}, SchemaError, "none for the"),
    ("n passes all of smoke", {}, ConfigError, "unit cases `smoke`"),
    ("n passes 3 of smoke", {"cases": {"smoke": ([1], [1])}}, ConfigError, "at least 3"),
    ("n passes all of smoke", {"cases": {"smoke": ([1, None], [1, 1])}}, SchemaError, "a label"),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "change", "error", "said"), BAD)
def test_bad_input_is_refused_in_plain_words(condition, change, error, said):
    usual = {"labels": [1, 0, 1, 0], "new": [1, 0, 1, 1], "old": [1, 0, 0, 1]} | change
    if usual.get("rows"):
        usual["rows"] = {"origin": ["JFK", "LGA", "JFK", "LGA"]}
    with pytest.raises(error) as caught:
        gate_decide(loose(condition), usual.pop("labels"), usual.pop("new"), **usual)

    assert said in str(caught.value)


def test_one_case_that_is_wrong_is_a_failure_and_no_error():
    verdict = gate_decide(loose("n passes all of smoke"), [1], [1], cases={"smoke": ([1], [0])})

    assert verdict.outcome == "fail"
    assert verdict.detail["cases"][0]["wrong"] == [0]


def test_a_verdict_of_unit_cases_alone_passes():
    cases = {"smoke": (["a", "b"], {"new": ["a", "b"], "old": ["b", "b"]})}
    plan = loose("n passes all of smoke and o passes 1 of smoke")

    assert gate_decide(plan, ["a"], ["a"], cases=cases).outcome == "pass"
