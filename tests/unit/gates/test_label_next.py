import numpy as np
import pytest

from trimtab.gates.decide import gate_decide
from trimtab.gates.label_next import label_next
from trimtab.gates.plan import gate_plan

N = 3_000


def loose(condition, **more):
    return gate_plan(condition, **{"reliability": "0.9", "steps": 1, "method": "hoeffding"} | more)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, N).astype(float)
    new = np.where(rng.random(N) < 0.1, 1 - truth, truth)
    old = np.where(rng.random(N) < 0.2, 1 - truth, truth)
    return truth, new, old


def label_until_decided(plan, truth, *answers, n, **more):
    """Label what is asked for until nothing is; return the labels."""
    labels = np.full(len(truth), np.nan)
    while (rows := label_next(plan, labels, *answers, n=n, **more)).size:
        assert np.isnan(labels[rows]).all()
        assert rows.size <= n
        labels[rows] = truth[rows]
    return labels


def test_a_gain_asks_for_disagreements_alone(data):
    truth, new, old = data
    plan = loose("n - o > 0 +/- 0.1")
    labels = label_until_decided(plan, truth, new, old, n=17)
    first = np.arange(N) < plan.samples

    assert np.array_equal(~np.isnan(labels), first & (new != old))
    assert gate_decide(plan, labels, new, old).outcome != "not enough data"


@pytest.mark.parametrize(
    "condition",
    ["n - o > 0 +/- 0.1", "n > 0.8 +/- 0.05 and n - o > 0 +/- 0.1", "recall(n, 1) > 0.8 +/- 0.1",
     "precision(n, 1) - precision(o, 1) > 0 +/- 0.2"],
)  # fmt: skip
def test_the_estimate_is_that_of_a_first_part_labelled_in_full(data, condition):
    truth, new, old = data
    plan = loose(condition)
    labels = label_until_decided(plan, truth, new, old, n=40)
    found = gate_decide(plan, labels, new, old)

    assert found.outcome != "not enough data"
    for clause in found.detail["clauses"]:
        part = clause["rows_used"]
        if condition == "n > 0.8 +/- 0.05 and n - o > 0 +/- 0.1" and "o" not in clause["clause"]:
            assert clause["estimate"] == pytest.approx((truth == new)[:part].mean())
        if clause["clause"].startswith("n - o"):
            gain = (truth == new).astype(float) - (truth == old)
            assert clause["estimate"] == pytest.approx(gain[:part].mean())
        if clause["clause"].startswith("recall"):
            assert clause["estimate"] == pytest.approx((new == 1)[truth == 1][:part].mean())


def test_disagreements_come_first_and_then_rows_in_order(data):
    truth, new, old = data
    plan = loose("n > 0.8 +/- 0.05 and n - o > 0 +/- 0.1")
    rows = label_next(plan, np.full(N, np.nan), new, old, n=N)
    differ = new[rows] != old[rows]
    turn = int(np.argmin(differ))

    assert differ[:turn].all()
    assert not differ[turn:].any()
    assert (np.diff(rows[:turn]) > 0).all()
    assert (np.diff(rows[turn:]) > 0).all()


def test_nothing_is_asked_where_no_label_can_change_the_verdict(data):
    _, new, old = data
    nothing = np.full(N, np.nan)

    assert not label_next(loose("n - o > 0 +/- 0.1 and d < 0.05 +/- 0.05"), nothing, new, old).size
    assert not label_next(loose("d < 0.5 +/- 0.1"), nothing, new, old).size


def test_a_sequential_plan_asks_for_far_fewer(data):
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 2, 60_000).astype(float)
    new, old = truth.copy(), np.where(rng.random(60_000) < 0.15, 1 - truth, truth)
    fixed, stops = (gate_plan("n - o > 0.02 +/- 0.02", steps=4, method=m)
                    for m in ("auto", "sequential"))  # fmt: skip
    many, few = (
        np.count_nonzero(~np.isnan(label_until_decided(plan, truth, new, old, n=n)))
        for plan, n in ((fixed, 5_000), (stops, 50))
    )

    assert few < many / 5


@pytest.mark.parametrize(
    "condition", ["n > 0.9 +/- 0.02", "n > 0.9 +/- 0.02 and n - o > 0.02 +/- 0.02"]
)
@pytest.mark.parametrize("n", [50, 400])
def test_a_sequential_plan_asks_for_at_most_a_portion_more_than_it_uses(condition, n):
    """Rows where models differ are many here, and far apart from those that are counted."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 20_000).astype(float)
    new = np.where(rng.random(20_000) < 0.02, 1 - truth, truth)
    old = np.where(rng.random(20_000) < 0.3, 1 - truth, truth)
    plan = gate_plan(condition, adaptivity="none", method="sequential")
    labels = label_until_decided(plan, truth, new, old, n=n)
    verdict = gate_decide(plan, labels, new, old)

    assert verdict.outcome == "pass"
    assert np.count_nonzero(~np.isnan(labels)) <= verdict.labels_used + n
    assert (np.diff(label_next(plan, np.full(20_000, np.nan), new, old, n=n)) > 0).all()


def test_nothing_is_asked_where_the_models_differ_more_than_the_plan_assumes(data):
    _, new, old = data
    plan = loose("n - o > 0 +/- 0.1 and n > 0.5 +/- 0.1", method="auto", disagreement="0.01")

    assert not label_next(plan, np.full(N, np.nan), new, old).size


def test_labels_for_a_constant_are_asked_in_order(data):
    _, new, _ = data
    plan = loose("n - baseline > 0.1 +/- 0.2")
    rows = label_next(plan, np.full(N, np.nan), new, baseline="constant", n=N)

    assert np.array_equal(rows, np.arange(plan.samples))


def test_no_more_is_asked_than_n_and_n_must_be_a_number_of_rows(data):
    _, new, old = data
    plan = loose("n > 0.8 +/- 0.05")

    assert label_next(plan, np.full(N, np.nan), new, old, n=3).size == 3
    with pytest.raises(ValueError, match="at least 1"):
        label_next(plan, np.full(N, np.nan), new, old, n=0)
