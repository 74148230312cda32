from decimal import Decimal

import polars as pl
import pytest

from trimtab.core.errors import SchemaError
from trimtab.effort.cell_placing import with_cells


@pytest.mark.parametrize(
    ("values", "kind", "text", "value", "new_kind"),
    [
        ([1, None], pl.UInt8, "7.0", 7, pl.UInt8),
        ([1, None], pl.UInt8, "300", 300, pl.Int64),
        ([1, None], pl.Int64, "2.5", 2.5, pl.Float64),
        ([2**53 + 1, None], pl.Int64, "9007199254740993", 2**53 + 1, pl.Int64),
        ([0.5, None], pl.Float32, "0.25", 0.25, pl.Float32),
        ([0.5, None], pl.Float64, "0.1", 0.1, pl.Float64),
        ([Decimal("1.10"), None], pl.Decimal(10, 2), "2.5", Decimal("2.50"), pl.Decimal(10, 2)),
        ([True, None], pl.Boolean, "FALSE", False, pl.Boolean),
        (["x", None], pl.String, " =1\n", " =1\n", pl.String),
        (["x", None], pl.Categorical, "new", "new", pl.Categorical),
        (["x", None], pl.Enum(["x", "y"]), "y", "y", pl.Enum(["x", "y"])),
        (["x", None], pl.Enum(["x", "y"]), "new", "new", pl.String),
    ],
)
def test_a_cell_comes_in_its_columns_type_or_the_next_that_holds_it(
    values, kind, text, value, new_kind
):
    made = with_cells(pl.Series("a", values, dtype=kind), {1: text})

    assert made.to_list() == [values[0], value]
    assert made.dtype == new_kind
    assert made.name == "a"


def test_cells_that_are_not_named_stay_as_they_are():
    column = pl.Series("a", [1.0, None, float("nan"), 4.0])

    assert with_cells(column, {}) is column
    made = with_cells(column, {3: "5"})
    assert made[:3].equals(column[:3], null_equal=True)


@pytest.mark.parametrize(
    ("values", "kind", "text"),
    [
        ([1, None], pl.Int64, "far"),
        ([1, None], pl.Int64, "NaN"),
        ([1.0, None], pl.Float64, "Infinity"),
        ([True, None], pl.Boolean, "perhaps"),
        ([Decimal("1.10"), None], pl.Decimal(10, 2), "2.555"),
    ],
)
def test_a_text_that_is_no_value_of_the_type_is_named(values, kind, text):
    with pytest.raises(SchemaError, match=f"in row 1 of `a`, got '{text}'"):
        with_cells(pl.Series("a", values, dtype=kind), {1: text})


def test_large_whole_numbers_are_not_rounded_for_a_fraction_beside_them():
    with pytest.raises(SchemaError, match="too large to stand beside fractions"):
        with_cells(pl.Series("a", [2**60, None]), {1: "2.5"})
