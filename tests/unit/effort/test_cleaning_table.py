import json

import numpy as np
import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from trimtab.cli.effort_clean import register
from trimtab.cli.output import TrimtabGroup
from trimtab.core.errors import NotEnoughDataError, SchemaError
from trimtab.effort.cleaning_table import open_cleaning, start_cleaning


def tables(n=60):
    """Orders that are late from afar or by sea; every third distance or way is empty."""
    rng = np.random.default_rng(0)
    full = pl.DataFrame(
        {
            "distance": rng.uniform(0, 100, n).round(1),
            "way": rng.choice(["air", "road", "sea"], n, p=[0.3, 0.5, 0.2]),
        }
    ).with_columns(late=(pl.col("distance") > 50) | (pl.col("way") == "sea"))
    row = pl.int_range(n)
    dirty = full.with_columns(
        distance=pl.when(row % 3 != 0).then("distance"), way=pl.when(row % 3 != 1).then("way")
    )
    return full, dirty


def test_candidates_are_the_plain_repairs_of_the_column(tmp_path):
    full, dirty = tables()
    _, table = start_cleaning(dirty, full, "late", tmp_path / "clean.db")

    known = dirty["distance"].drop_nulls().to_numpy()
    wanted = [known.mean(), *np.quantile(known, [0.25, 0.75]), known.min(), known.max()]
    assert [c["distance"] for c in table.candidates(0)] == pytest.approx(wanted)
    ways = dirty["way"].value_counts(sort=True).drop_nulls()["way"].to_list()
    assert [c["way"] for c in table.candidates(1)] == ways
    assert 2 not in table.dirty


def test_two_levels_are_as_far_apart_as_the_ends_of_a_column_of_numbers(tmp_path):
    full, dirty = tables()
    _, table = start_cleaning(dirty, full, "late", tmp_path / "clean.db")
    distance, way = table.columns

    ends = distance.features([distance.low, distance.low + distance.width])
    levels = way.features(["air", "sea"])

    assert np.linalg.norm(ends[0] - ends[1]) == pytest.approx(1)
    assert np.linalg.norm(levels[0] - levels[1]) == pytest.approx(1)


def test_cleaning_with_true_values_ends_with_the_predictions_of_the_clean_table(tmp_path):
    full, dirty = tables()
    session, table = start_cleaning(dirty, full, "late", tmp_path / "clean.db", k=1)
    assert not session.status().is_done

    while step := session.next():
        row = step[0].row
        session.fix(row, table.repaired(row, {c: str(full[c][row]) for c in ("distance", "way")}))

    status = session.status()
    assert status.is_done
    assert status.accuracy_low == status.accuracy_high == status.accuracy_now
    again, _ = open_cleaning(tmp_path / "clean.db")
    assert again.status() == status


def test_a_table_read_back_means_the_same(tmp_path):
    full, dirty = tables()
    _, table = start_cleaning(dirty, full, "late", tmp_path / "clean.db")

    _, again = open_cleaning(tmp_path / "clean.db")

    assert again == table


def test_bool_and_nan_and_empty_validation_cells_are_taken(tmp_path):
    rows = pl.DataFrame({"x": [1.0, float("nan"), 3.0], "b": [True, None, False], "y": [0, 1, 1]})
    points = pl.DataFrame({"x": [None, 2.0], "b": [None, True]}, schema=rows.drop("y").schema)

    session, table = start_cleaning(rows, points, "y", tmp_path / "clean.db", k=1)

    assert set(table.dirty) == {1}
    assert table.columns[1].levels == ("false", "true")
    assert session.status().accuracy is None


@pytest.mark.parametrize(
    ("rows", "points", "message"),
    [
        ({"x": [1.0], "z": [1]}, {"x": [1.0]}, "column `y`, got none"),
        ({"y": [1]}, {"x": [1.0]}, "columns beside `y`"),
        ({"x": [1.0, 2.0], "y": [1, None]}, {"x": [1.0]}, "1 empty ones"),
        ({"x": [1.0], "y": [1]}, {"w": [1.0]}, "column `x` in the validation table"),
        ({"x": [None], "y": [1]}, {"x": [1.0]}, "some values in `x`"),
        ({"x": [[1.0]], "y": [1]}, {"x": [[1.0]]}, "numbers or text in `x`"),
        ({"x": [float("inf")], "y": [1]}, {"x": [1.0]}, "finite numbers in `x`"),
        ({"x": [1.0], "y": [1]}, {"x": [1.0], "y": [2]}, "class of the training table"),
    ],
)
def test_tables_that_do_not_fit_are_named(tmp_path, rows, points, message):
    with pytest.raises(SchemaError, match=message):
        start_cleaning(pl.DataFrame(rows), pl.DataFrame(points), "y", tmp_path / "s.db", k=1)


def test_too_few_rows_are_not_enough_data(tmp_path):
    rows = pl.DataFrame({"x": [1.0], "y": [1]})

    with pytest.raises(NotEnoughDataError, match="got 1 and 1"):
        start_cleaning(rows, rows, "y", tmp_path / "s.db", k=3)


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """Run a command in a folder that holds the tables."""
    monkeypatch.chdir(tmp_path)
    full, dirty = tables()
    full.write_parquet("full.parquet")
    dirty.write_csv("dirty.csv")
    app = typer.Typer(cls=TrimtabGroup)
    app.callback()(lambda: None)
    register(app)

    def call(*words):
        found = CliRunner().invoke(app, ["clean", *words])
        assert found.exception is None or isinstance(found.exception, SystemExit)
        return found

    return call


START = "start", "s.db", "dirty.csv", "--validation", "full.parquet", "--label", "late"


def test_a_person_can_clean_from_start_to_end_on_the_command_line(ask):
    full, _ = tables()
    assert ask(*START, "-k", "1", "--label-cost", "2").exit_code == 0
    assert ask("status", "s.db").exit_code == 3
    for _ in range(60):
        found = json.loads(ask("next", "s.db", "--json").stdout)
        if isinstance(found, dict):
            break
        row, cells = found[0]["row"], found[0]["candidates"][0]
        words = [word for name in cells for word in ("--set", f"{name}={full[name][row]}")]
        assert ask("fix", "s.db", str(row), *words).exit_code == 0

    done = ask("status", "s.db", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["is_done"]
    assert json.loads(done.stdout)["cost_so_far"] == 2 * json.loads(done.stdout)["cleaned"]


def test_next_shows_why_a_row_matters_and_what_it_may_hold(ask):
    ask(*START)

    text = ask("next", "s.db", "-n", "2").stdout

    assert text.count("predictions; cleaning it is expected to settle") == 2
    assert "candidate 0: " in text
    assert "late " in text


def test_a_candidate_is_fixed_by_its_number(ask):
    ask(*START)
    row = json.loads(ask("next", "s.db", "--json").stdout)[0]["row"]

    assert ask("fix", "s.db", str(row), "--candidate", "1").exit_code == 0
    assert json.loads(ask("status", "s.db", "--json").stdout)["cleaned"] == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("fix", "s.db", "0"), "got neither"),
        (("fix", "s.db", "0", "--candidate", "0", "--set", "way=sea"), "got both"),
        (("fix", "s.db", "2", "--candidate", "0"), "a row with empty cells, got 2"),
        (("fix", "s.db", "0", "--candidate", "7"), "candidate from 0 to 4"),
        (("fix", "s.db", "0", "--set", "distanze=3"), "got 'distanze'"),
        (("fix", "s.db", "0", "--set", "distance=far"), "a number for `distance`"),
        (("fix", "s.db", "0", "--set", "distance"), "COLUMN=VALUE"),
        (("fix", "s.db", "0", "--set", "way=sea"), "got none for `distance`"),
        (("status", "t.db"), "got no file"),
        (START, "expected no file at s.db"),
    ],
)
def test_wrong_words_are_named_and_change_nothing(ask, words, message):
    ask(*START)

    found = ask(*words)

    assert found.exit_code == 2
    assert message in found.stderr
    assert "hint:" in found.stderr
    assert json.loads(ask("status", "s.db", "--json").stdout)["cleaned"] == 0
