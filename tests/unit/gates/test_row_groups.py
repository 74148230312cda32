import itertools
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.gates.condition import Clause, Term, Variable
from trimtab.gates.condition_text import parse
from trimtab.gates.judged_rows import judged_rows
from trimtab.gates.plan import gate_plan
from trimtab.gates.row_groups import group_values, row_groups
from trimtab.gates.row_values import label_needs

CLASSES = (0, 1, 2, 3)  # 3 is predicted by nobody: a label may be what no model says
COSTS = {(t, p): float(abs(t - p)) for t, p in itertools.product(CLASSES, CLASSES)}
COEFFICIENTS = st.decimals("-2", "2", places=1).filter(lambda c: c != 0)


def rows_of(labels, new, old=None, baseline=None, **more):
    models = {"n": new, "o": old, "baseline": baseline}
    return judged_rows(labels, models, metrics={"accuracy"}, **more)


def groups_of(text, rows):
    return row_groups(rows, parse(text).clauses[0])


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(0, 2)] * 3), min_size=1, max_size=12),
    st.lists(st.tuples(st.sampled_from(["n", "o", "baseline"]), COEFFICIENTS), min_size=1,
             max_size=3),
    st.sampled_from(["accuracy", "cost"]),
)  # fmt: skip
def test_a_row_needs_a_label_where_some_label_would_change_it_from_0(answers, terms, metric):
    new, old, baseline = zip(*answers, strict=True)
    argument = (Decimal(0), Decimal(3)) if metric == "cost" else None
    asked = [Term(c, Variable(metric, model, (), argument)) for model, c in terms]
    rows = rows_of([None] * len(new), new, old, baseline)
    needs = label_needs(rows, asked)

    for i, said in enumerate(zip(new, old, baseline, strict=True)):
        by_model = dict(zip(("n", "o", "baseline"), said, strict=True))
        worth = [
            sum(c * (int(by_model[m] == label) if metric == "accuracy"
                     else int(COSTS[label, by_model[m]])) for m, c in terms)
            for label in CLASSES
        ]  # fmt: skip
        if metric == "accuracy":
            assert needs[i] == any(worth)
        else:  # costs of different answers may be equal by accident: then one label is too many
            assert needs[i] or not any(worth)


def test_decimals_cancel_exactly():
    rows = rows_of([None] * 3, [1, 1, 0], [1, 0, 0], [1, 1, 1])
    terms = [Term(Decimal(c), Variable("accuracy", m)) for m, c in
             (("n", "0.3"), ("o", "-0.1"), ("baseline", "-0.2"))]  # fmt: skip

    assert label_needs(rows, terms).tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("text", "values", "low", "high"),
    [
        ("n - o > 0 +/- 0.1", [0, 1, -1, 0, 0], -1, 1),
        ("2 * n - o > 0 +/- 0.1", [1, 2, -1, 1, 0], -1, 2),
        ("n + d > 0 +/- 0.1", [1, 2, 1, 1, 1], 0, 2),
        ("n - o - 0.5 * d > 0 +/- 0.1", [0, 0.5, -1.5, 0, -0.5], -1.5, 1),
        ("d < 1 +/- 0.1", [0, 1, 1, 0, 1], 0, 1),
    ],
)
def test_terms_on_the_same_rows_are_added_up_row_by_row(text, values, low, high):
    rows = rows_of([1, 1, 0, 0, 3], [1, 1, 1, 0, 1], [1, 0, 0, 0, 2])
    (group,) = groups_of(text, rows)

    assert group_values(rows, group, 5).tolist() == pytest.approx(values)
    assert (group.low, group.high) == (low, high)


def test_rows_without_a_needed_label_are_unknown_and_others_are_0():
    rows = rows_of([None, None, 1, None], [1, 1, 1, 0], [1, 0, 0, 0])
    (group,) = groups_of("n - o > 0 +/- 0.1", rows)
    values = group_values(rows, group, 4)

    assert group.usable == 1
    assert values[[0, 2, 3]].tolist() == [0, 1, 0]
    assert np.isnan(values[1])
    assert group.lacking(4) == (1, 0)
    assert group.lacking(6) == (1, 2)
    assert group.unlabelled(4).tolist() == [1]
    assert group.unlabelled(1).tolist() == []
    assert group.labelled(4).tolist() == [1, 2]


def test_rows_of_a_class_are_known_up_to_the_first_missing_label():
    rows = rows_of([1, 0, 1, None, 1, None], [1] * 6)
    (group,) = groups_of("recall(n, 1) > 0 +/- 0.1", rows)

    assert group.index.tolist() == [0, 2]
    assert group.unlabelled(2).tolist() == []
    assert group.unlabelled(3).tolist() == [3, 5]
    assert group.labelled(1).tolist() == [0]
    assert group.labelled(2).tolist() == [0, 1, 2]
    assert group.lacking(3) == (1, 0)
    assert group.lacking(5) == (2, 1)


def test_rows_of_a_slice_keep_their_places_and_order():
    rows = rows_of(
        [1, 0, None, 1], [1, 1, 1, 0], rows={"at": ["x", "y", "x", "x"], "k": [1, 2] * 2}
    )
    (group,) = groups_of("n[at=x, k=1] > 0 +/- 0.1", rows)

    assert group.index.tolist() == [0, 2]
    assert gate_plan("n[at=x, k=1] > 0 +/- 0.1").clauses[0].rows_of == "rows with at=x and k=1"
    assert group.missing.tolist() == [False, True]


def test_precision_is_over_what_was_predicted_and_needs_all_labels():
    rows = rows_of([1, None, 0, 1], [1, 1, 1, 0])
    (group,) = groups_of("precision(n, 1) > 0 +/- 0.1", rows)

    assert group.index.tolist() == [0, 1, 2]
    assert group.needs_label.all()
    assert np.array_equal(group_values(rows, group, 3), [1, np.nan, 0], equal_nan=True)


def test_numbers_and_truth_values_make_slices_too():
    columns = pl.DataFrame({"size": [1.0, 2.5, 1.0], "big": [True, False, True]})
    rows = rows_of([1, 1, 1], [1, 1, 1], rows=columns)

    assert groups_of("n[size=1] > 0 +/- 0.1", rows)[0].index.tolist() == [0, 2]
    assert groups_of("n[big=false] > 0 +/- 0.1", rows)[0].index.tolist() == [1]


def test_no_rows_are_no_trouble():
    (group,) = groups_of("n - o > 0 +/- 0.1", rows_of([], [], []))

    assert (group.usable, group.lacking(5)) == (0, (0, 5))


def test_groups_are_one_for_each_set_of_rows():
    clause = Clause(
        tuple(Term(Decimal(1), Variable("precision", m, (), "1")) for m in ("n", "o")),
        ">", Decimal(0), Decimal(1),
    )  # fmt: skip

    assert len(row_groups(rows_of([1, 1], [1, 1], [0, 1]), clause)) == 2
