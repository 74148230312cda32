import numpy as np
import polars as pl
import pytest
from tests.unit.effort.cleaning_tables import tables

from trimtab.core.errors import NotEnoughDataError, NotFoundError, SchemaError, SourceError
from trimtab.effort.active_start import start_active_cleaning
from trimtab.effort.cleaning_fix import cell_texts
from trimtab.effort.cleaning_open import open_cleaning
from trimtab.effort.cleaning_table import start_cleaning


def test_candidates_hold_the_plain_repairs_of_the_column(tmp_path):
    full, dirty = tables()
    _, table = start_cleaning(dirty, full, "late", tmp_path / "clean.db")

    known = dirty["distance"].drop_nulls().to_numpy()
    wanted = [known.mean(), *np.quantile(known, [0.25, 0.75]), known.min(), known.max()]
    origins = [cells["distance"] for cells in table.origins(0)]
    found = dict(zip(origins, (c["distance"] for c in table.candidates(0)), strict=True))
    names = ["mean", "lower quarter", "upper quarter", "least", "most"]
    assert [found[name] for name in names] == pytest.approx(wanted)
    assert origins[:2] == ["model", "neighbours"]
    assert {c["way"] for c in table.candidates(1)} == {"air", "road", "sea"}
    assert 2 not in table.dirty
    assert table.unsure(0) == ("distance",)
    assert table.reasons[0] == {"distance": "empty"}


@pytest.mark.parametrize("suspects", [None, "auto"])
def test_labels_do_not_change_a_candidate(tmp_path, suspects):
    full, dirty = tables(200)
    wrong = dirty.with_columns(
        way=pl.when(pl.int_range(200) == 5).then(pl.lit("roat")).otherwise("way")
    )
    shuffled = wrong.with_columns(pl.col("late").shuffle(seed=3))
    assert (shuffled["late"] != wrong["late"]).sum() > 50

    _, one = start_cleaning(wrong, full, "late", tmp_path / "one.db", suspects=suspects)
    _, other = start_cleaning(shuffled, full, "late", tmp_path / "other.db", suspects=suspects)

    assert one.options == other.options
    assert one.columns == other.columns


def test_a_suspect_makes_a_row_dirty_and_may_be_right(tmp_path):
    full, _ = tables(200)
    wrong = full.with_columns(
        way=pl.when(pl.int_range(200) == 5).then(pl.lit("roat")).otherwise("way")
    )

    session, table = start_cleaning(wrong, full, "late", tmp_path / "s.db", suspects="auto", k=1)

    assert set(table.dirty) == {5}
    assert table.dirty[5]["way"] == "roat"
    assert [c["way"] for c in table.candidates(5)] == ["road", "roat"]
    assert "occurs once, and road" in table.reasons[5]["way"]
    assert (
        session.candidates(5).tolist()
        == table.features([{**table.dirty[5], **cells} for cells in table.candidates(5)]).tolist()
    )
    assert table.repaired(5, {}).tolist() == session.candidates(5)[1].tolist()


def test_named_suspects_and_own_candidates_are_taken(tmp_path):
    full, dirty = tables()
    suspects = pl.DataFrame({"row": [2, 0], "column": ["distance", "way"]})
    yours = pl.DataFrame(
        {
            "row": [0, 0, 5],
            "column": ["distance", "distance", "way"],
            "value": ["7", "8.5", "rail"],
        }
    )

    _, table = start_cleaning(
        dirty, full, "late", tmp_path / "s.db", suspects=suspects, candidates=yours
    )

    assert table.unsure(0) == ("distance", "way")
    assert table.reasons[0] == {"distance": "empty", "way": "named by you"}
    assert [option.value for option in table.options[0]["distance"][:2]] == [7.0, 8.5]
    assert len(table.options[0]["distance"]) > 4
    standing = [o.value for o in table.options[2]["distance"] if o.origin == "as it stands"]
    assert standing == [dirty["distance"][2]]
    assert [o.origin for o in table.options[5]["way"][:2]] == ["yours", "as it stands"]
    assert table.reasons[5] == {"way": "you gave candidates for it"}
    assert "rail" in table.columns[1].levels


def test_ignored_columns_are_no_features_but_tell_groups(tmp_path):
    full, _ = tables(200)
    keyed = full.with_columns(
        shop=pl.int_range(200) // 10, town=(pl.int_range(200) // 10).cast(pl.String) + "ville"
    )
    holed = keyed.with_columns(town=pl.when(pl.int_range(200) != 25).then("town"))

    _, table = start_cleaning(
        holed, keyed.drop("shop"), "late", tmp_path / "s.db", ignore=["shop"]
    )

    assert [c.name for c in table.columns] == ["distance", "way", "town"]
    assert table.options[25]["town"][0] == ("2ville", "same shop")


@pytest.mark.parametrize("kind", [pl.Date, pl.Datetime("us", "UTC"), pl.String])
def test_ignored_times_tell_groups_as_their_text_does(tmp_path, kind):
    row = pl.int_range(60)
    rows = pl.select(
        day=(pl.date(2024, 1, 1) + pl.duration(days=row % 10)).cast(kind),
        gate=pl.when(row != 33).then((100 + row % 10).cast(pl.String) + "th gate"),
        x=row * 7 % 13,
        late=row % 2,
    )

    _, table = start_cleaning(rows, rows, "late", tmp_path / "s.db", ignore=["day"])
    _, active = start_active_cleaning(
        rows, "late", tmp_path / "a.db", ignore=["day"], suspects="auto"
    )

    assert table.options[33]["gate"][0] == ("103th gate", "same day")
    assert active.options[33]["gate"][0] == ("103th gate", "same day")


def test_times_are_left_out_of_the_features_and_named(tmp_path):
    rows = pl.select(
        day=pl.date(2024, 1, 1) + pl.duration(days=pl.int_range(60)),
        x=pl.int_range(60) * 7 % 13,
        late=pl.int_range(60) % 2,
    )

    _, table = start_cleaning(rows, rows, "late", tmp_path / "s.db")
    _, active = start_active_cleaning(rows, "late", tmp_path / "a.db")
    _, told = start_cleaning(rows, rows, "late", tmp_path / "t.db", ignore=["day"])

    assert [c.name for c in table.columns] == ["x"]
    assert active.feature_names() == ["x"]
    assert table.notes[0].startswith("`day` holds times")
    assert active.notes[0].startswith("`day` holds times")
    assert told.notes == ()


@pytest.mark.parametrize("value", ["01003", "2024-01-02 10:00", "1.50", "TRUE"])
def test_candidates_in_a_csv_file_are_taken_as_they_are_written(tmp_path, value):
    rows = pl.DataFrame({"x": ["a", "b", value, value], "y": [0, 0, 1, 1]})
    pl.DataFrame({"row": [1], "column": ["x"], "value": [value]}).write_csv(tmp_path / "c.csv")

    _, table = start_cleaning(
        rows, rows, "y", tmp_path / "s.db", candidates=tmp_path / "c.csv", k=1
    )

    assert table.options[1]["x"][0] == (value, "yours")
    assert table.columns[0].levels == tuple(sorted(["a", "b", value]))


def test_a_validation_table_without_typos_may_read_as_numbers(tmp_path):
    rows = pl.DataFrame({"zip": ["10", "x0", "20", "20"], "y": [0, 0, 1, 1]})
    points = pl.DataFrame({"zip": [10, 20], "y": [0, 1]})

    session, _ = start_cleaning(rows, points, "y", tmp_path / "s.db", k=1)

    assert session.status().accuracy_now == 1


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
        ({"x": [1.0, 2], "y": [1, 3]}, {"x": [1.0], "y": [2]}, "class of the training table"),
        ({"x": [1.0, 2], "y": [1, 3]}, {"x": [1.0], "y": [None]}, "got an empty label in"),
        ({"x": [1.0], "y": [1]}, {"x": [float("inf")]}, "in `x` of the validation table, got inf"),
        ({"x": ["a"], "y": [1]}, {"x": [["a"]]}, "text in `x` of the validation table, got List"),
        ({"x": [1.0], "y": [[1]]}, {"x": [1.0]}, r"one class a row in `y`, got List"),
        ({"x": [1e308, -1e308], "y": [1, 2]}, {"x": [1.0]}, "numbers to reckon with in `x`"),
        ({"x": [1.0], "y": [1]}, {"x": ["a"]}, "numbers in `x` of the validation table"),
    ],
)
def test_tables_that_do_not_fit_are_named(tmp_path, rows, points, message):
    with pytest.raises(SchemaError, match=message):
        start_cleaning(pl.DataFrame(rows), pl.DataFrame(points), "y", tmp_path / "s.db", k=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ignore": ["wey"]}, "a feature to ignore, got 'wey'"),
        ({"ignore": ["late"]}, "a feature to ignore, got 'late'"),
        ({"ignore": ["way", "distance"]}, "columns beside `late`"),
        ({"suspects": {"row": [1]}}, "a column `column`, got none"),
        ({"suspects": {"row": [60], "column": ["way"]}}, "rows from 0 to 59, got 60"),
        ({"suspects": {"row": ["x"], "column": ["way"]}}, "rows from 0 to 59, got 'x'"),
        ({"suspects": {"row": [None], "column": ["way"]}}, "an empty cell"),
        ({"suspects": {"row": [0], "column": ["late"]}}, "a column to clean, got 'late'"),
        ({"candidates": {"row": [0], "column": ["way"]}}, "a column `value`, got none"),
        (
            {"candidates": {"row": [0], "column": ["distance"], "value": ["far"]}},
            "candidates of row 0: expected a number for `distance`, got 'far'",
        ),
        (
            {"candidates": {"row": [0], "column": ["distance"], "value": ["nan"]}},
            "a number for `distance`, got 'nan'",
        ),
    ],
)
def test_lists_that_do_not_fit_are_named_and_nothing_is_begun(tmp_path, options, message):
    full, dirty = tables()
    given = {
        name: pl.DataFrame(value) if isinstance(value, dict) else value
        for name, value in options.items()
    }

    with pytest.raises(SchemaError, match=message):
        start_cleaning(dirty, full, "late", tmp_path / "s.db", **given)

    assert not (tmp_path / "s.db").exists()


def test_a_candidate_said_in_words_is_the_same_candidate(tmp_path):
    full, dirty = tables()
    session, table = start_cleaning(dirty, full, "late", tmp_path / "s.db", suspects="auto")

    for row in table.dirty:
        for cells, features in zip(table.candidates(row), session.candidates(row), strict=True):
            texts = cell_texts(cells, table.dirty[row])
            told = {name: text for name, text in texts.items() if text is not None}
            assert table.repaired(row, told).tolist() == features.tolist()


def test_too_few_rows_are_not_enough_data(tmp_path):
    rows = pl.DataFrame({"x": [1.0], "y": [1]})

    with pytest.raises(NotEnoughDataError, match="got 1 and 1"):
        start_cleaning(rows, rows, "y", tmp_path / "s.db", k=3)


def test_one_class_is_not_enough_data(tmp_path):
    full, dirty = tables()
    with pytest.raises(
        NotEnoughDataError, match="two classes or more in `late`, got 'true' alone"
    ):
        start_cleaning(dirty.with_columns(late=True), full, "late", tmp_path / "s.db")


def test_classes_are_alike_as_whole_numbers_and_as_floats(tmp_path):
    full, dirty = tables()
    one, _ = start_cleaning(
        dirty.with_columns(pl.col("late").cast(pl.Float64)),
        full.with_columns(pl.col("late").cast(pl.Int8)),
        "late", tmp_path / "one.db",
    )  # fmt: skip
    other, _ = start_cleaning(dirty, full, "late", tmp_path / "other.db")
    assert one.status() == other.status()


@pytest.mark.parametrize("name", ["there.db", "nowhere/new.db"])
def test_a_place_that_cannot_be_written_is_refused_before_any_work(tmp_path, name):
    (tmp_path / "there.db").touch()
    with pytest.raises(SourceError, match=r"no file at there\.db|folder .*nowhere, found none"):
        start_cleaning("no table is read", "none", "late", tmp_path / name)


def test_an_empty_text_is_no_value_unless_the_column_has_it(tmp_path):
    full, dirty = tables()
    _, table = start_cleaning(dirty, full, "late", tmp_path / "one.db")
    with pytest.raises(SchemaError, match="a value for `way`, got an empty text"):
        table.repaired(1, {"way": " "})

    blank = dirty.with_columns(pl.col("way").replace({"air": " ", "sea": ""}))
    _, table = start_cleaning(blank, full, "late", tmp_path / "other.db")
    assert table.repaired(1, {"way": " "}).size
    with pytest.raises(SchemaError, match="got an empty text"):
        table.repaired(1, {"way": ""})


def test_a_far_number_that_nobody_suspects_leaves_the_others_their_scale(tmp_path):
    full, dirty = tables(300)
    row = pl.int_range(300)
    # rows 16 and 17 are far off: the one typed in wrong, the other far indeed
    far = dirty.with_columns(
        distance=pl.when(row == 17).then(1e9).when(row == 16).then(-1e7).otherwise("distance")
    )
    known = dirty.with_columns(distance=pl.when(~row.is_in([16, 17])).then("distance"))
    session, table = start_cleaning(far, full, "late", tmp_path / "a.db")
    found = known["distance"].drop_nulls()

    assert table.columns[0].low == found.min()
    assert table.columns[0].width == pytest.approx(found.max() - found.min())
    assert table.columns[0].repairs[0] == pytest.approx(found.mean())
    for cells in table.options[0].values():
        assert all(found.min() <= option.value <= found.max() for option in cells)
    assert len(table.notes) == 1
    assert "`distance` in row 16 is -10000000, far outside" in table.notes[0]
    assert "(1 more are)" in table.notes[0]
    assert 17 not in table.dirty or "distance" not in table.unsure(17)
    # such a row stays as it is, and is a neighbour of nobody
    assert session.candidates(17)[:, 0].min() > 1e6


def test_far_numbers_that_are_suspect_are_not_warned_of(tmp_path):
    full, dirty = tables(300)
    far = dirty.with_columns(
        distance=pl.when(pl.int_range(300) == 17).then(1e9).otherwise("distance")
    )
    _, table = start_cleaning(far, full, "late", tmp_path / "a.db", suspects="auto")

    assert table.notes == ()
    assert "distance" in table.unsure(17)


@pytest.mark.parametrize("words", ["atuo", "Auto", "auot"])
def test_a_slip_in_auto_is_named(tmp_path, words):
    full, dirty = tables()

    with pytest.raises(NotFoundError, match="Did you mean `auto`"):
        start_cleaning(dirty, full, "late", tmp_path / "a.db", suspects=words)


def test_a_feature_that_names_rows_is_warned_of(tmp_path):
    rows = pl.DataFrame(
        {
            "id": range(30),
            "age": [float(i) if i % 5 else None for i in range(30)],
            "y": [0, 1] * 15,
        }
    )
    kept = start_cleaning(rows, rows, "y", tmp_path / "a.db")[1]
    left = start_cleaning(rows, rows, "y", tmp_path / "b.db", ignore=["id"])[1]

    assert len(kept.notes) == 1
    assert "--ignore id" in kept.notes[0]
    assert left.notes == ()
    assert open_cleaning(tmp_path / "a.db")[1].notes == kept.notes
