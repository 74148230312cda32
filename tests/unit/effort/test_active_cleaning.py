import json

import numpy as np
import pytest

import trimtab as tt
from trimtab.core.errors import NotFoundError
from trimtab.effort.active_detector import dirty_chances
from trimtab.stats.convex_losses import ConvexLoss
from trimtab.stats.convex_models import fit_linear, mean_gradient, with_ones


def classes_called_wrong(seed=0, n_rows=240):
    """Return rows, wrong and true labels: half of the ones with a large first feature are 0."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n_rows, 3))
    labels = (rows @ [1.0, -1.0, 0.5] + rng.normal(size=n_rows) > 0).astype(int)
    wrong = (labels == 1) & (rows[:, 0] > 0) & (rng.random(n_rows) < 0.5)
    return rows, np.where(wrong, 0, labels), labels


def clean_all(session, rows, labels, n_batches):
    for _ in range(n_batches):
        asked = list(session.ask().rows)
        session.tell(asked, rows[asked], labels[asked])


def test_a_mix_is_worse_than_no_cleaning_on_a_shifted_line_and_active_clean_is_not():
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 0.3, 500)
    y = -x + rng.normal(0, 0.03, 500)
    dirty_x, dirty_y = x + 0.5, y + 0.5
    best = fit_linear(x[:, None], y, ConvexLoss("squared"), penalty=1e-6).parameters
    session = tt.ActiveClean(
        dirty_x[:, None], dirty_y, loss="squared", penalty=1e-6, batch=25, seed=1
    )
    not_cleaned = np.linalg.norm(session.model.parameters - best)

    clean_all(session, x[:, None], y, 4)

    mixed_x, mixed_y = dirty_x.copy(), dirty_y.copy()
    mixed_x[:100], mixed_y[:100] = x[:100], y[:100]
    mixed = fit_linear(mixed_x[:, None], mixed_y, ConvexLoss("squared"), penalty=1e-6).parameters
    assert np.linalg.norm(mixed - best) > 1.5 * not_cleaned
    assert np.linalg.norm(session.model.parameters - best) < 0.5 * not_cleaned


@pytest.mark.parametrize("update", ["difference", "published"])
@pytest.mark.parametrize("loss", ["logistic", "hinge", "squared"])
def test_with_all_rows_cleaned_the_model_is_that_of_clean_data(loss, update):
    rows, wrong, labels = classes_called_wrong()
    session = tt.ActiveClean(rows, wrong, loss=loss, update=update, penalty=0.01)

    run = session.run(rows, labels)

    best = fit_linear(rows, labels, ConvexLoss(loss), penalty=0.01)
    np.testing.assert_allclose(session.model.parameters, best.parameters, atol=1e-5)
    assert run.cleaned == (0, 50, 100, 150, 200, 240)
    assert run.distance[-1] < 1e-5
    assert run.excess[-1] == pytest.approx(0, abs=1e-9)
    assert session.status().is_done
    assert session.status().gradient.estimate < 1e-5
    assert session.ask().rows == ()
    assert session.next() == []


def test_small_steps_alone_come_near_the_clean_model_before_the_last_row():
    rows, wrong, labels = classes_called_wrong(n_rows=1_500)

    run = tt.ActiveClean(rows, wrong, batch=25, penalty=0.05).run(rows, labels, budget=1_000)

    assert run.cleaned[-1] == 1_000
    assert run.distance[-1] < 0.1 * run.distance[0]
    assert run.excess[-1] < 0.02 * run.excess[0]


def test_three_classes_are_cleaned_too():
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(150, 2))
    labels = np.digitize(rows[:, 0], [-0.4, 0.4])
    wrong = np.where((labels == 2) & (rng.random(150) < 0.6), 0, labels)

    session = tt.ActiveClean(rows, wrong, batch=40)
    run = session.run(rows, labels)

    assert session.model.coefficients.shape == (3, 2)
    assert run.distance[-1] < 1e-3


def test_a_step_is_the_formula_by_hand():
    rows, wrong, labels = classes_called_wrong()
    suspects = np.arange(240) < 200
    session = tt.ActiveClean(
        rows, wrong, suspects=suspects, batch=20, step=0.5, update="published", penalty=0.1
    )
    before, asked = session.model.parameters, session.ask()
    at, loss = list(asked.rows), ConvexLoss("logistic")
    session.tell(at, rows[at], labels[at])

    ones = with_ones(rows)
    of_sample = np.zeros((4, 1))
    for row, chance in zip(asked.rows, asked.chances, strict=True):
        # the batch of 20 at once: 1 / (b p_i) is one over the chance to be in it
        gradient = mean_gradient(ones[[row]], labels[[row]].astype(float), before, loss)
        of_sample += gradient / (200 * chance)
    of_clean = mean_gradient(ones[200:], wrong[200:].astype(float), before, loss)
    slope = 200 / 240 * of_sample + 40 / 240 * of_clean + 0.1 * before
    np.testing.assert_allclose(session.model.parameters, before - 0.5 * slope)


def test_only_suspects_are_asked_for_and_clean_ones_are_not_taken():
    rows, wrong, labels = classes_called_wrong()
    suspects = wrong != labels
    session = tt.ActiveClean(rows, wrong, suspects=suspects, batch=10)

    asked = session.ask()

    assert suspects[list(asked.rows)].all()
    assert len(set(asked.rows)) == 10
    with pytest.raises(NotFoundError, match="expected a row of the batch"):
        session.fix(int(np.flatnonzero(~suspects)[0]), rows[0], 1)


def test_no_suspects_leave_nothing_to_do():
    rows, wrong, _ = classes_called_wrong()
    session = tt.ActiveClean(rows, wrong, suspects=np.zeros(240, dtype=bool))

    assert session.status().is_done
    assert session.next(3) == []


def test_no_chance_is_ever_zero_whatever_the_detector_says():
    rows, wrong, labels = classes_called_wrong(n_rows=400)
    session = tt.ActiveClean(rows, wrong, batch=40, floor=0.2)
    clean_all(session, rows, labels, 4)

    chances = np.array(session.ask().chances)

    assert (chances >= 0.2 * 40 / 240 - 1e-12).all()
    assert chances.max() > 2 * chances.min()


def test_the_order_within_a_batch_does_not_matter_and_half_a_batch_moves_nothing():
    rows, wrong, labels = classes_called_wrong()
    one, other = (tt.ActiveClean(rows, wrong, batch=10) for _ in range(2))
    start = one.model.parameters
    asked = one.ask().rows

    for row in asked[:9]:
        one.fix(row, rows[row], labels[row])
    np.testing.assert_array_equal(one.model.parameters, start)
    assert one.ask().rows == asked[9:]
    assert one.status().waiting == 9
    one.fix(asked[9], rows[asked[9]], labels[asked[9]])
    for row in reversed(asked):
        other.fix(row, rows[row], labels[row])

    np.testing.assert_array_equal(one.model.parameters, other.model.parameters)
    assert one.ask() == other.ask()
    assert one.status().waiting == 0


def test_settings_and_history_bring_a_session_back_with_corrections():
    rows, wrong, labels = classes_called_wrong()
    told = []
    session = tt.ActiveClean(
        rows, wrong, batch=15, seed=4, label_cost=2.5, cost_unit="EUR",
        remember=lambda row, value: told.append((row, value)),
    )  # fmt: skip
    clean_all(session, rows, labels, 3)
    first = told[0][0]
    session.fix(first, rows[first] + 1, 1 - labels[first])
    clean_all(session, rows, labels, 1)
    half = session.ask(6).rows
    session.tell(half, rows[list(half)], labels[list(half)])

    settings = json.loads(json.dumps(session.to_dict()))
    again = tt.ActiveClean(rows, wrong, history=told, **settings)

    np.testing.assert_array_equal(again.model.parameters, session.model.parameters)
    assert again.status() == session.status()
    assert again.ask() == session.ask()
    assert again.to_dict() == session.to_dict()


def test_status_counts_rows_and_prices_them():
    rows, wrong, labels = classes_called_wrong()
    session = tt.ActiveClean(rows, wrong, batch=20, label_cost=2, cost_unit="EUR")
    clean_all(session, rows, labels, 2)
    asked = session.ask(3).rows
    session.tell(asked, rows[list(asked)], 1 - wrong[list(asked)])

    status = session.status()

    assert (status.cleaned, status.rows_left, status.steps, status.waiting) == (43, 197, 2, 3)
    cleaned = [row for row, _ in session.history]
    assert status.changed == (wrong != labels)[cleaned[:40]].sum() + 3
    assert (status.cost_so_far, status.cost_at_most) == (86, 394)
    assert "197 may be dirty (at most 394 EUR more)" in status.sentence
    assert status.gradient.low <= status.gradient.estimate <= status.gradient.high
    json.dumps(status.to_dict())


def test_columns_of_other_units_and_small_batches_are_warned_of_while_rows_are_left():
    rows, wrong, labels = classes_called_wrong()

    plain, small = tt.ActiveClean(rows, wrong), tt.ActiveClean(rows, wrong, batch=10)
    large, tiny = tt.ActiveClean(rows * [1, 1, 1e3], wrong), tt.ActiveClean(rows * 1e-3, wrong)
    sparse = np.column_stack([rows, np.arange(240) == 7])  # one row of a category

    assert plain.status().warnings == tt.ActiveClean(sparse, wrong).status().warnings == ()
    assert small.status().warnings[0].startswith("batches of 10 move the model 0.4 times as far")
    assert tt.ActiveClean(rows, wrong, batch=10, step=0.1).status().warnings == ()
    assert large.status().warnings[0].startswith("feature 2 has numbers of about")
    assert tiny.status().warnings[0].startswith("the intercept has numbers of about 1, feature")
    large.run(rows * [1, 1, 1e3], labels)
    assert large.status().warnings == ()


def test_a_step_of_few_rows_is_as_much_shorter_unless_its_length_is_given():
    rows, wrong, labels = classes_called_wrong()

    def moved(batch, **settings):
        session = tt.ActiveClean(rows, wrong, batch=batch, floor=1, update="published", **settings)
        before = session.model.parameters
        clean_all(session, rows, labels, 1)
        return np.linalg.norm(session.model.parameters - before) / (
            session.status().gradient.estimate
        )

    assert moved(5) == pytest.approx(0.2 * moved(25))
    assert moved(25) == pytest.approx(moved(100))
    assert moved(5, step=0.5) == pytest.approx(0.5)


def test_before_the_first_step_and_after_tiny_ones_there_is_not_enough_data():
    rows, wrong, labels = classes_called_wrong()
    session = tt.ActiveClean(rows, wrong, batch=3)

    assert session.status().gradient is None
    assert "not enough data" in session.status().sentence
    clean_all(session, rows, labels, 1)
    assert session.status().gradient.high == np.inf
    assert "fewer than 5 dirty rows" in session.status().sentence


def test_next_names_rows_with_reasons():
    rows, wrong, _ = classes_called_wrong()
    session = tt.ActiveClean(rows, wrong, batch=20)

    steps = session.next(4)

    assert tuple(step.row for step in steps) == session.ask(4).rows
    assert steps[0].even_chance == pytest.approx(20 / 240)
    assert f"row {steps[0].row} was drawn with a chance of" in steps[0].sentence


def test_the_detector_finds_dirt_that_can_be_seen_and_is_silent_with_few_rows():
    rng = np.random.default_rng(5)
    facts = rng.normal(size=(400, 3))
    dirty = facts[:, 1] > 1
    cleaned = rng.random(400) < 0.4

    found = dirty_chances(facts, cleaned, dirty & cleaned, seed=0)
    few = dirty_chances(facts, np.arange(400) < 4, dirty & (np.arange(400) < 4), seed=0)

    assert found[dirty & ~cleaned].mean() > 0.7
    assert found[~dirty & ~cleaned].mean() < 0.1
    assert ((found > 0) & (found < 1)).all()
    assert len(set(few)) == 1


def test_kinds_of_error_get_to_the_clean_model_sooner():
    rng = np.random.default_rng(6)
    rows = rng.normal(size=(1_200, 2))
    targets = rows @ [2.0, -1.0] + rng.normal(0, 0.3, 1_200)
    kinds = rng.integers(0, 3, 1_200)
    dirty = targets + np.array([0.0, 6.0, -6.0])[kinds]
    settings = {"loss": "squared", "batch": 30, "penalty": 0.01}

    plain = tt.ActiveClean(rows, dirty, **settings).run(rows, targets, budget=150)
    told = tt.ActiveClean(rows, dirty, errors=kinds, **settings).run(rows, targets, budget=150)

    assert told.distance[-1] < plain.distance[-1]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"loss": "logistc"}, "Did you mean `logistic`"),
        ({"update": "publish"}, "Did you mean `published`"),
        ({"batch": 0}, "`batch` of 1 or more"),
        ({"batch": 2.5}, "a whole number, got 2.5"),
        ({"batch": "5"}, "a whole number, got '5'"),
        ({"batch": True}, "a whole number, got True"),
        ({"floor": 0}, "`floor` in"),
        ({"step": -1}, "`step` above 0"),
        ({"penalty": 0}, "`penalty` above 0"),
        ({"delta": 1}, "`delta` between 0 and 1"),
        ({"label_cost": -1}, "`label_cost` of 0 or more"),
        ({"label_cost": float("inf")}, "`label_cost` of 0 or more"),
        ({"suspects": [1, 0]}, "`suspects` of bool"),
        ({"errors": ["a"]}, "240 rows of `errors`, got 1"),
    ],
)
def test_wrong_settings_are_refused(wrong, message):
    rows, dirty, _ = classes_called_wrong()

    with pytest.raises(ValueError, match=message):
        tt.ActiveClean(rows, dirty, **wrong)


def test_wrong_values_are_refused_before_anything_is_remembered():
    rows, wrong, _ = classes_called_wrong()
    told = []
    session = tt.ActiveClean(rows, wrong, remember=lambda *given: told.append(given))
    row = session.ask().rows[0]

    for features, target in [([1.0, 2.0], 0), ([1.0, 2.0, np.nan], 0), ([1.0, 2.0, 3.0], 2)]:
        with pytest.raises(ValueError, match="expected"):
            session.fix(row, features, target)
    assert told == []
    assert session.status().cleaned == 0


def test_a_class_that_is_a_name_is_refused_before_parameters_are_made_for_it():
    with pytest.raises(ValueError, match="classes from 0 to below 1,000, got 1e"):
        tt.ActiveClean([[0.0], [1.0]], [0, 10**9])


def test_no_rows_and_clean_rows_of_another_table_are_refused():
    rows, dirty, _ = classes_called_wrong()

    with pytest.raises(ValueError, match="at least one row to fit"):
        tt.ActiveClean(rows[:0], dirty[:0])
    with pytest.raises(ValueError, match=r"shape \(240, 3\), got \(10, 3\)"):
        tt.ActiveClean(rows, dirty).run(rows[:10], dirty[:10])


def test_a_kind_of_error_may_be_none():
    rows, dirty, _ = classes_called_wrong()
    kinds = np.array([None, "typing"] * 120, dtype=object)

    assert len(tt.ActiveClean(rows, dirty, errors=kinds).ask().rows) == 50
