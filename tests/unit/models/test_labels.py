import polars as pl
import pytest

from trimtab.core.errors import SchemaError
from trimtab.models.labels import label_values


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([True, False, None], [1, 0, None]),
        ([1, 0, None], [1, 0, None]),
        ([1.0, 0.0, float("nan")], [1, 0, None]),
        (["no", "Yes", None], [0, 1, None]),
        (["cat", "dog"], [0, 1]),
        ([1, 2], [0, 1]),
        (["no", "no"], [0, 0]),
        ([1, 1], [1, 1]),
        ([None, None], [None, None]),
    ],
)
def test_two_values_become_0_and_1(values: list[object], expected: list[int | None]) -> None:
    made = label_values(pl.Series(values), "binary")
    assert made.dtype == pl.Int8
    assert made.to_list() == expected


@pytest.mark.parametrize("values", [["a", "b", "c"], [0, 1, 2], ["maybe"]])
def test_other_numbers_of_values_are_no_binary_label(values: list[object]) -> None:
    with pytest.raises(SchemaError, match="expected two values in a binary label, got"):
        label_values(pl.Series(values), "binary")


def test_classes_are_text_and_whole_floats_are_whole() -> None:
    assert label_values(pl.Series([3.0, None]), "multiclass").to_list() == ["3", None]
    assert label_values(pl.Series([1.5]), "multiclass").to_list() == ["1.5"]
    assert label_values(pl.Series(["x"], dtype=pl.Categorical), "multiclass").to_list() == ["x"]


def test_numbers_are_floats_and_infinities_unknown() -> None:
    assert label_values(pl.Series([1, 2]), "regression").to_list() == [1.0, 2.0]
    assert label_values(pl.Series([float("inf"), 2.0]), "regression").to_list() == [None, 2.0]
    with pytest.raises(SchemaError, match="expected numbers as label of a regression"):
        label_values(pl.Series(["a"]), "regression")
