import json

import numpy as np
import pytest

from trimtab.effort.picking import ModelPicker


def stream(seed, errors, n_rows=300, n_classes=3):
    """Labels, and the predictions of models that err independently."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, n_classes, n_rows)
    off = rng.integers(1, n_classes, (n_rows, len(errors)))
    wrong = rng.random((n_rows, len(errors))) < errors
    return truth, np.where(wrong, (truth[:, None] + off) % n_classes, truth[:, None])


def run(picker, truth, predictions):
    """The rows that were asked about."""
    asked = []
    for place, (label, row) in enumerate(zip(truth, predictions, strict=True)):
        if picker.ask(row):
            picker.tell(label)
            asked.append(place)
    return asked


def mistakes(truth, predictions):
    return (predictions != truth[:, None]).sum(axis=0)


@pytest.mark.parametrize("rule", ["contenders", "weighted", "disagreement"])
def test_no_label_is_asked_for_where_all_models_agree(rule):
    truth, predictions = stream(0, [0.1, 0.12, 0.14])
    rate = 1.0 if rule == "contenders" else 5.0
    asked = run(ModelPicker(3, rule=rule, rate=rate), truth, predictions)

    apart = (predictions != predictions[:, :1]).any(axis=1)
    assert asked
    assert apart[asked].all()


@pytest.mark.parametrize("seed", range(10))
def test_asking_wherever_models_disagree_finds_the_best_on_the_stream(seed):
    truth, predictions = stream(seed, [0.2, 0.22, 0.24, 0.21])
    picker = ModelPicker(4, rule="weighted", rate=1e9, delta=1e-300)
    asked = run(picker, truth, predictions)

    apart = (predictions != predictions[:, :1]).any(axis=1)
    assert len(asked) == apart.sum() == picker.labels_used
    assert picker.best() == mistakes(truth, predictions).argmin()


@pytest.mark.parametrize("known", ["number", "predictions"])
@pytest.mark.parametrize("seed", range(10))
def test_among_known_rows_it_ends_with_the_truth_however_sure_it_must_be(seed, known):
    truth, predictions = stream(seed, [0.2, 0.22, 0.24, 0.21])
    rows = len(truth) if known == "number" else predictions
    picker = ModelPicker(4, rows=rows, delta=1e-300)
    asked = run(picker, truth, predictions)

    totals = mistakes(truth, predictions)
    assert picker.is_done()
    assert totals[picker.best()] == totals.min()
    assert len(asked) < (predictions != predictions[:, :1]).any(axis=1).sum()


def test_losses_of_the_published_rule_are_unbiased():
    truth, predictions = stream(3, [0.1, 0.3, 0.3], n_rows=60)
    apart = (predictions != predictions[:, :1]).any(axis=1)
    expected = mistakes(truth[apart], predictions[apart])
    found = []
    for seed in range(400):
        picker = ModelPicker(3, rule="weighted", rate=1.0, delta=1e-300, seed=seed)
        run(picker, truth, predictions)
        found.append(picker._losses.sums.copy())

    error = np.std(found, axis=0) / np.sqrt(len(found))
    assert (np.abs(np.mean(found, axis=0) - expected) < 4 * error).all()
    assert np.mean([f[0] for f in found]) > 0


def test_the_published_rule_asks_as_its_definition_does():
    truth, predictions = stream(4, [0.1, 0.2, 0.25], n_rows=200)
    asked = run(
        ModelPicker(3, rule="weighted", rate=2.0, delta=1e-300, seed=9), truth, predictions
    )
    rng, losses, expected = np.random.default_rng(9), np.zeros(3), []
    for t, (label, row) in enumerate(zip(truth, predictions, strict=True), start=1):
        if len(set(row)) == 1:
            continue
        eta = np.sqrt(np.log(3) / (2 * t))
        w = np.exp(-eta * losses) / np.exp(-eta * losses).sum()
        m = [w[row != c].sum() for c in range(3)]
        u = min(1, max(2.0 * max(x * (1 - x) for x in m), eta))
        if u >= 1 or rng.random() < u:
            losses += (row != label) / u
            expected.append(t - 1)

    assert asked == expected


def test_a_model_that_is_ruled_out_is_not_asked_about_and_the_sure_stop_asking():
    truth, predictions = stream(5, [0.05, 0.06, 0.6], n_rows=400)
    picker = ModelPicker(3, rows=predictions)
    asked = run(picker, truth, predictions)

    apart = (predictions != predictions[:, :1]).any(axis=1)
    assert len(asked) < apart.sum() / 2
    assert picker.is_done()
    assert picker.confidence >= 0.95
    assert not picker.ask([0, 1, 2])


def test_in_a_moving_world_recent_rows_count():
    early, late = stream(6, [0.1, 0.4], n_rows=600), stream(7, [0.4, 0.1], n_rows=300)
    truth, predictions = (np.concatenate(parts) for parts in zip(early, late, strict=True))
    for window, best in [(None, 0), (100, 1)]:
        picker = ModelPicker(2, rule="disagreement", delta=1e-9, window=window)
        run(picker, truth, predictions)

        assert picker.best() == best


def moving(seed, spans, n_rows=300):
    """A stream whose best model changes from span to span, and the best at each row."""
    parts = [stream(seed + i, errors, n_rows) for i, errors in enumerate(spans)]
    truth, predictions = (np.concatenate(part) for part in zip(*parts, strict=True))
    return truth, predictions, np.repeat([np.argmin(errors) for errors in spans], n_rows)


@pytest.mark.parametrize("drift", [0.0, 0.1])
def test_the_default_rule_follows_a_world_that_moves(drift):
    spans = [[0.05, 0.5, 0.5], [0.5, 0.5, 0.05], [0.5, 0.05, 0.5]]
    truth, predictions, best = moving(3, spans)
    picker = ModelPicker(3, window=150, drift=drift)
    right, sure, asked = [], [], 0
    for place, (label, row) in enumerate(zip(truth, predictions, strict=True)):
        if picker.ask(row):
            picker.tell(label)
            asked += 1
        right.append(picker.best() == best[place])
        sure.append(picker.is_done())

    assert np.mean(right) > 0.8
    assert np.mean(np.array(right)[sure]) > 0.98
    assert np.mean(sure) > 0.3
    assert asked < (predictions != predictions[:, :1]).any(axis=1).sum()
    assert f"{150:,} rows" in picker.result().assumptions[0]


def test_a_model_that_was_ruled_out_is_the_answer_when_the_world_has_turned_to_it():
    early, late = stream(6, [0.1, 0.6, 0.12], n_rows=200), stream(7, [0.5, 0.05, 0.5], 200)
    picker = ModelPicker(3, window=200)
    run(picker, *early)
    assert 1 not in picker.contenders
    run(picker, *late)

    assert picker.best() == 1
    assert picker.is_done()


def test_the_gap_of_a_model_that_is_ruled_out_stays_as_it_was():
    """Asked are only rows on which others disagree: on those, its mistakes say nothing."""
    picker = ModelPicker(3, window=10_000)
    while picker.ask([0, 0, 1]):
        picker.tell(0)
    assert picker.contenders == (0, 1)
    gap = picker._losses.sums[2] - picker._losses.sums[:2].min()
    for _ in range(30):  # it is right, and both others wrong: not asked
        assert not picker.ask([0, 0, 1])
    for label in [0, 1] * 15:
        assert picker.ask([0, 1, 1])
        picker.tell(label)

    assert picker._losses.sums[2] - picker._losses.sums[:2].min() == pytest.approx(gap, rel=0.01)


def test_texts_are_classes_and_gaps_are_refused():
    picker = ModelPicker(2)
    assert not picker.ask(["ham", "ham"])
    assert picker.ask(["ham", "spam"])
    picker.tell("spam")
    assert picker.best() == 1
    with pytest.raises(ValueError, match="gap"):
        picker.ask(["ham", None])
    with pytest.raises(ValueError, match="gap"):
        picker.ask([1.0, float("nan")])


def test_ask_and_tell_take_turns():
    picker = ModelPicker(2)
    with pytest.raises(ValueError, match="expected a row first"):
        picker.tell(0)
    assert picker.ask([0, 1])
    with pytest.raises(ValueError, match="expected `tell"):
        picker.ask([0, 1])
    picker.tell(0)
    with pytest.raises(ValueError, match="expected 2 predictions"):
        picker.ask([0, 1, 1])


def test_result_says_what_it_rests_on_and_what_it_cost():
    picker = ModelPicker(2, rows=np.int64(10))
    assert picker.result().outcome == "not enough data"
    for _ in range(3):
        assert picker.ask([0, 1])
        picker.tell(0)
    found = picker.result(label_cost=1.5).to_dict()

    assert found["best"] == 0
    assert found["cost"] == 4.5
    assert found["contenders"] == [0, 1]
    assert "random order" in found["assumptions"][0]
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize(
    "arguments",
    [
        {"rule": "contender"},
        {"delta": 0.0},
        {"rate": 2.0},
        {"window": 10, "rows": 20},
        {"drift": 0.1},
        {"drift": 1.0, "window": 10},
        {"rule": "weighted", "rows": 10},
        {"rule": "disagreement", "window": 0},
        {"rule": "disagreement", "rate": 0.5, "rows": 10},
        {"tolerance": -0.1},
    ],
)
def test_impossible_arguments_are_refused(arguments):
    with pytest.raises(ValueError, match="expected"):
        ModelPicker(2, **arguments)


@pytest.mark.parametrize("cost", [-1, float("nan"), float("inf")])
def test_a_price_that_is_none_is_refused(cost):
    with pytest.raises(ValueError, match="`label_cost` of 0 or more, and finite"):
        ModelPicker(2).result(label_cost=cost)
