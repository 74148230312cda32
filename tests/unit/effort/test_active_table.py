import numpy as np
import polars as pl
import pytest
from tests.unit.effort.active_tables import parcels

from trimtab.core.errors import NotEnoughDataError, NotFoundError, SchemaError
from trimtab.effort.active_start import start_active_cleaning
from trimtab.effort.cleaning_open import open_cleaning


def begin(folder, rows, label="late", **options):
    return start_active_cleaning(rows, label, folder / "s.db", **options)


def test_numbers_are_standardised_categories_are_levels_and_the_label_is_the_target(tmp_path):
    full, _ = parcels()

    session, table = begin(tmp_path, full)

    values = session.state.rows[:, :-1]
    km, kg = values[:, 0], values[:, 4]
    np.testing.assert_allclose(
        [km.mean(), km.std(), kg.mean(), kg.std()], [0, 1, 0, 1], atol=1e-12
    )
    ways = [full["way"].eq(way).to_numpy() * np.sqrt(0.5) for way in ("air", "road", "sea")]
    np.testing.assert_allclose(values[:, 1:4].T, ways)
    np.testing.assert_array_equal(session.state.targets, full["late"].eq("yes"))
    assert table.feature_names() == ["km", "way air", "way road", "way sea", "kg"]


def test_numbers_far_outside_do_not_squeeze_the_others_and_are_warned_of(tmp_path):
    full, _ = parcels()
    row = pl.int_range(240)
    far = full.with_columns(km=pl.when(row == 7).then(1e9).otherwise("km"))

    session, _ = begin(tmp_path, far)

    others = np.delete(session.state.rows[:, 0], 7)
    assert others.std() == pytest.approx(1)
    (warning,) = session.status().warnings
    assert warning.startswith("km has numbers of about")
    assert "stands nearly still" in warning
    assert 7 in session.drawn


def test_an_empty_cell_stands_at_its_likeliest_repair(tmp_path):
    _, dirty = parcels()

    session, table = begin(tmp_path, dirty, suspects="auto")

    assert sorted(table.dirty) == np.flatnonzero(dirty["km"].is_null()).tolist()
    row = sorted(table.dirty)[0]
    first = table.candidates(row)[0]
    assert table.unsure(row) == ("km",)
    told = table.repaired(row, {"km": repr(first["km"])})
    np.testing.assert_array_equal(session.state.rows[row, :-1], told[:-1])
    assert "the others are taken as clean" in table.sentence


def test_suspects_are_rows_or_cells_and_the_label_may_be_one(tmp_path):
    full, _ = parcels()
    suspects = pl.DataFrame({"row": [3, 5, 9], "column": ["km", None, "late"]})

    session, table = begin(tmp_path, full, suspects=suspects)

    assert sorted(session.drawn) == [3, 5, 9]
    assert [table.unsure(row) for row in (3, 5, 9)] == [("km",), ("late",), ("late",)]
    assert [table.is_named(row) for row in (3, 5, 9)] == [True, False, True]
    assert table.fillable(5) == ("km", "way", "kg", "late")
    _, again = open_cleaning(tmp_path / "s.db")
    assert [again.is_named(row) for row in (3, 5, 9)] == [True, False, True]
    assert again.columns == table.columns


def test_a_number_is_predicted_in_its_own_units(tmp_path):
    rng = np.random.default_rng(0)
    km = rng.uniform(0, 100, 300)
    full = pl.DataFrame({"km": km, "price": 5_000 + 40 * km + rng.normal(0, 10, 300)})
    dirty = full.with_columns(price=pl.when(pl.int_range(300) < 60).then(0.0).otherwise("price"))

    session, table = begin(
        tmp_path, dirty[:200], "price", loss="squared", validation=full[200:], penalty=1e-6,
        suspects=pl.DataFrame({"row": range(70)}), batch=70,
    )  # fmt: skip
    before = session.score()
    for step in session.next():
        told = {"price": repr(full["price"][step.row])}
        session.fix(step.row, table.repaired(step.row, told), cells=told)

    score = session.score()
    assert score.name == "mean squared error"
    assert before.now.estimate > 100 * score.now.estimate
    assert 80 < score.now.estimate < 130  # the square of a deviation of 10
    assert session.status().is_done


@pytest.mark.parametrize(
    ("rows", "options", "error", "message"),
    [
        ({"late": [0.5, 1.0, 2.0]}, {}, SchemaError, "numbers with fractions"),
        ({"late": ["a", "b", "c"]}, {"loss": "hinge"}, SchemaError, "at most 2 classes"),
        ({"late": [str(i) for i in range(3)] * 1}, {"loss": "squared"}, SchemaError, "got String"),
        ({"late": [1.0, 1.0, 1.0]}, {"loss": "squared"}, NotEnoughDataError, "got 1 alone"),
        ({"late": [1.0, 2.0, np.inf]}, {"loss": "squared"}, SchemaError, "got infinity"),
        ({"late": ["a", "a", "a"]}, {}, NotEnoughDataError, "'a' alone"),
        ({"late": ["a", "b", None]}, {}, SchemaError, "label in every training row"),
        (
            {"late": ["a", "b", "a"]},
            {"suspects": pl.DataFrame({"row": [3]})},
            SchemaError,
            "0 to 2",
        ),
        ({"late": ["a", "b", "a"]}, {"suspects": pl.DataFrame({"x": [3]})}, SchemaError, "`row`"),
        ({"late": ["a", "b", "a"]}, {"suspects": "auot"}, NotFoundError, "auot"),
    ],
)
def test_tables_that_do_not_suit_the_model_are_refused_and_leave_no_file(
    tmp_path, rows, options, error, message
):
    with pytest.raises(error, match=message):
        begin(tmp_path, pl.DataFrame({"km": [1.0, 2.0, 4.0], **rows}), **options)

    assert not (tmp_path / "s.db").exists()


@pytest.mark.parametrize("batch", [2.5, "5", 0, True])
def test_a_batch_that_is_no_number_of_rows_is_refused(tmp_path, batch):
    with pytest.raises(ValueError, match="`batch` of 1 or more, a whole number"):
        begin(tmp_path, parcels()[0], batch=batch)

    assert not (tmp_path / "s.db").exists()


def test_a_chance_to_miss_that_is_none_is_refused(tmp_path):
    with pytest.raises(ValueError, match="`delta` between 0 and 1"):
        begin(tmp_path, parcels()[0], delta=2)

    assert not (tmp_path / "s.db").exists()


def test_validation_rows_of_other_classes_or_none_are_refused(tmp_path):
    full, _ = parcels()
    other = full.with_columns(late=pl.lit("perhaps"))

    with pytest.raises(SchemaError, match="one of the classes no, yes in `late`, got 'perhaps'"):
        begin(tmp_path, full, validation=other)
    with pytest.raises(SchemaError, match="`late` in the validation table, got none"):
        begin(tmp_path, full, validation=full.drop("late"))
    with pytest.raises(NotEnoughDataError, match="a row or more in each table"):
        begin(tmp_path, full, validation=full[:0])
    assert not (tmp_path / "s.db").exists()
