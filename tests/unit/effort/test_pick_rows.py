import json
import re

import numpy as np
import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from trimtab.cli import effort_pick
from trimtab.core.errors import KeyClashError, SchemaError
from trimtab.effort.pick_rows import pick_model
from trimtab.effort.picking import ModelPicker

SPLITS = {"a": 0.08, "b": 0.1, "c": 0.3}


def tables(seed=0, n_rows=400):
    """Predictions of three models, and the labels."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(["cat", "dog", "emu"], n_rows)
    said = {"id": [f"row {i}" for i in range(n_rows)]}
    for name, error in SPLITS.items():
        off = rng.random(n_rows) < error
        said[name] = np.where(off, np.where(truth == "cat", "dog", "cat"), truth)
    return pl.DataFrame(said), pl.DataFrame({"id": said["id"], "label": truth})


def totals(said, truth):
    return {name: int((said[name] != truth["label"]).sum()) for name in SPLITS}


@pytest.mark.parametrize("batch", [1, 7])
def test_labelling_what_is_asked_for_ends_with_the_truth(batch):
    said, truth = tables()
    told, rounds = truth.clear(), 0
    while (choice := pick_model(said, told, n=batch)).outcome != "done":
        assert 1 <= len(choice.next_rows) <= batch
        assert choice.next_rows[0] not in told["id"]
        told = pl.concat([told, truth.filter(pl.col("id").is_in(choice.next_rows))])
        rounds += 1

    mistakes = totals(said, truth)
    assert mistakes[choice.best] == min(mistakes.values())
    assert choice.confidence >= 0.95
    assert choice.labels_used <= told.height < choice.rows_apart
    assert choice.labels_left == 0
    assert rounds > 1


def test_the_answer_does_not_depend_on_the_order_of_the_file_or_on_labels_not_asked_for():
    said, truth = tables()
    all_told = pick_model(said, truth)
    shuffled = pick_model(said.sample(fraction=1, shuffle=True, seed=3), truth)

    assert all_told == shuffled
    told = truth.head(0)
    while (choice := pick_model(said, told, n=1)).outcome != "done":
        told = pl.concat([told, truth.filter(pl.col("id").is_in(choice.next_rows))])
    assert told.height == all_told.labels_used


def test_labels_may_be_a_column_of_the_predictions_and_cost_something():
    said, truth = tables()
    choice = pick_model(said.join(truth, on="id"), label_cost=2, cost_unit="EUR")

    assert choice == pick_model(said, truth, label_cost=2, cost_unit="EUR")
    assert choice.cost == 2 * choice.labels_used
    assert choice.to_dict()["standings"][0]["model"] == choice.best


def test_only_models_named_are_compared():
    said, truth = tables()
    choice = pick_model(said, truth, models=("b", "c"))

    assert {standing.model for standing in choice.standings} == {"b", "c"}
    assert choice.best == "b"


def test_ids_of_another_type_are_matched_as_text():
    said = pl.DataFrame({"id": [1, 2, 3, 4], "a": [0, 0, 0, 0], "b": [1, 1, 1, 1]})
    truth = pl.DataFrame({"id": ["1", "2", "3", "4"], "label": [1, 1, 1, 0]})

    assert pick_model(said, truth).best == "b"


def test_a_label_that_is_not_a_number_is_missing_and_no_mistake():
    said = pl.DataFrame({"id": range(40), "a": [0.0] * 40, "b": [1.0] * 40})
    told = pl.DataFrame({"id": range(40), "label": [np.nan, 1.0] * 20})

    assert pick_model(said, told) == pick_model(said, told.fill_nan(None))


def test_a_label_that_no_model_predicts_is_a_mistake_of_all():
    said = pl.DataFrame({"id": [1, 2], "a": [0, 0], "b": [1, 1]})
    truth = pl.DataFrame({"id": [1, 2], "label": [7, 1]})
    choice = pick_model(said, truth)

    assert choice.best == "b"
    assert choice.outcome == "done"


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda t: t.rename({"id": "key"}), SchemaError, "expected a column `id`"),
        (lambda t: pl.concat([t, t.head(2)]), KeyClashError, "got 2 without one"),
        (lambda t: t.select("id", "a"), SchemaError, "two models or more"),
        (lambda t: t.head(0), SchemaError, "got 0 rows"),
        (
            lambda t: t.with_columns(b=pl.when(pl.col("id") != "row 3").then("b")),
            SchemaError,
            "for 1 of 400",
        ),
        (
            lambda t: t.with_columns(
                b=pl.when(pl.col("id") == "row 3").then(np.nan).otherwise(1.0)
            ),
            SchemaError,
            "for 1 of 400",
        ),
    ],
)
def test_tables_that_cannot_be_right_are_refused(change, error, words):
    with pytest.raises(error, match=words):
        pick_model(change(tables()[0]))


def test_labels_that_no_model_ever_predicts_are_refused():
    said, truth = tables()
    with pytest.raises(SchemaError, match="among the classes"):
        pick_model(said, truth.with_columns(label=pl.lit(1)))


def test_labels_of_other_rows_are_refused_rather_than_ignored():
    said, truth = tables()
    other = truth.with_columns(id="no " + pl.col("id"))
    with pytest.raises(SchemaError, match="no `id` of polars DataFrame is there"):
        pick_model(said, other)


def test_a_model_ruled_out_has_mistakes_counted_only_until_then():
    said, truth = tables()
    choice = pick_model(said, truth, delta=0.2)
    standing = {one.model: one for one in choice.standings}

    assert choice.standings[0].model == choice.best
    assert standing[choice.best].labels == choice.labels_used
    assert standing["c"].labels < choice.labels_used
    # of rows on which models differ, by hand: the curve's order is that of the hash of ids
    assert standing["c"].mistakes / standing["c"].labels > 0.5
    assert choice.labels_given == 400


def test_an_answer_is_said_in_words_as_surely_as_it_is_known():
    said, truth = tables()
    unlabelled = pick_model(said)
    three = pl.DataFrame({"id": [1, 2, 3], "a": [0] * 3, "b": [1] * 3, "label": [1] * 3})
    settled = pick_model(three)
    few = pick_model(said, truth.filter(pl.col("id").is_in(unlabelled.next_rows[:1])))

    assert "no label is used yet: any model may be the best" in unlabelled.sentence
    assert {unlabelled.state_of(one) for one in unlabelled.standings} == {"may be the best"}
    # a label that came before its turn is waited with, and that is said
    early = pick_model(said, truth.filter(pl.col("id") == unlabelled.next_rows[5]))
    assert "the first one's label is missing" in early.sentence
    assert "the first one" not in unlabelled.sentence
    assert "leads" in few.sentence
    assert few.labels_used == few.labels_given == 1
    assert settled.confidence == 1
    assert settled.sentence.endswith("for certain")
    assert settled.sentence in repr(settled)


def test_models_that_agree_on_every_row_need_no_label():
    same = pl.DataFrame({"id": [1, 2], "a": [0, 1], "b": [0, 1]})
    choice = pick_model(same)

    assert choice.outcome == "done"
    assert (choice.labels_used, choice.labels_left) == (0, 0)
    assert [choice.state_of(one) for one in choice.standings] == ["the answer", "not better"]
    assert "for certain" in choice.sentence


def test_notebooks_show_the_page_and_the_answer_of_a_picker():
    said, truth = tables()
    choice = pick_model(said.rename({"a": "<b>a</b>"}), truth)
    shown = choice._repr_html_()

    assert "<html" not in shown
    assert "&lt;b&gt;a&lt;/b&gt;" in shown
    assert f">{choice.labels_used:,}<" in shown
    picker = ModelPicker(3)
    if picker.ask(["cat", "dog", "dog"]):
        picker.tell("cat")
    shown = picker.result(label_cost=2)._repr_html_()
    assert "Not enough labels yet" in shown
    assert "0, 1, 2" in shown
    assert "2 minutes" in shown


@pytest.fixture
def command():
    app = typer.Typer()
    app.callback()(lambda: None)
    effort_pick.register(app)
    return lambda *words: CliRunner().invoke(app, ["pick", *map(str, words)])


def test_the_command_names_rows_to_label_and_then_the_best(command, tmp_path):
    said, truth = tables()
    said.write_csv(tmp_path / "said.csv")
    truth.write_csv(tmp_path / "truth.csv")
    before = command(tmp_path / "said.csv", "--label-cost", 0.5, "-n", 3)
    assert before.exit_code == 3
    assert "label next" in before.stdout
    assert "minutes" in before.stdout
    after = command(tmp_path / "said.csv", "--labels", tmp_path / "truth.csv", "--json")
    assert after.exit_code == 0
    assert json.loads(after.stdout) == pick_model(said, truth).to_dict()


def test_the_command_says_when_it_is_sure(command, tmp_path):
    said, truth = tables()
    said.join(truth, on="id").write_parquet(tmp_path / "all.parquet")
    found = command(tmp_path / "all.parquet", "--tolerance", 0.02)

    assert found.exit_code == 0
    assert "within 0.02 of the best" in found.stdout
    assert "not better by more than 0.02" in found.stdout
    assert "random order" in found.stdout


def test_the_page_shows_names_as_text_and_the_way_to_the_answer(command, tmp_path):
    said, truth = tables()
    said = said.rename({"a": "<b>a</b>"})
    said.join(truth, on="id").write_parquet(tmp_path / "all.parquet")
    found = command(tmp_path / "all.parquet", "--html", tmp_path / "page.html", "--json")
    page = (tmp_path / "page.html").read_text()

    assert found.exit_code == 0
    assert "&lt;b&gt;a&lt;/b&gt;" in page
    assert "<b>a</b>" not in page
    assert "default-src &#39;none&#39;" in page
    curve = json.loads(found.stdout)["curve"]
    assert len(curve) == json.loads(found.stdout)["labels_used"]
    assert len(re.findall(r"H[\d.]+V[\d.]+", page)) == len(curve)
    assert curve[-1][2] >= 0.95
