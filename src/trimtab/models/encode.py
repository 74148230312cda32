"""From a table of features to the numbers an estimator takes: float32, NaN where missing.

Part of the model: it is fitted, saved and compiled with it. Text becomes the place of its level
in a sorted list, -1 for a level that training did not see. Dates become days since 1970.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from trimtab.core.errors import SchemaError, nearest

FloatMatrix = npt.NDArray[np.float32]
Role = Literal["number", "text", "empty"]

UNKNOWN = -1.0
"""Code of a level that training did not see."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """How each feature becomes a number.

    Parameters
    ----------
    roles : dict of str to {'number', 'text', 'empty'}
        The features, in the order of features.py; those without any value in training are
        *empty*, and left out.
    levels : dict of str to tuple of str
        Sorted levels of each text feature; a level's place is its code.
    """

    roles: dict[str, Role]
    levels: dict[str, tuple[str, ...]]

    @classmethod
    def fit(cls, features: pl.DataFrame, *, max_levels: int) -> "Encoder":
        """Learn the levels of the text features.

        Parameters
        ----------
        features : polars.DataFrame
            Training features.
        max_levels : int
            Only so many of the commonest levels are kept; others count as unknown.

        Raises
        ------
        SchemaError
            If a feature is neither number, truth value, text, date nor time.
        """
        roles: dict[str, Role] = {
            column.name: "empty" if _is_empty(column) else _role(column) for column in features
        }
        if all(role == "empty" for role in roles.values()):
            raise SchemaError(
                "expected a feature with values, got nulls alone",
                hint="Look at the columns that features.py reads.",
            )
        levels = {
            name: _levels(features[name], max_levels)
            for name, role in roles.items()
            if role == "text"
        }
        return cls(roles, levels)

    @property
    def numbers(self) -> list[str]:
        """The features that are numbers, in order."""
        return [name for name, role in self.roles.items() if role == "number"]

    @property
    def texts(self) -> list[str]:
        """The features that are text, in order."""
        return [name for name, role in self.roles.items() if role == "text"]

    @property
    def columns(self) -> list[str]:
        """The features in the order of the matrix: numbers first, then text."""
        return [*self.numbers, *self.texts]

    def matrix(self, features: pl.DataFrame) -> FloatMatrix:
        """Return all features as numbers, shape (n_rows, n_features)."""
        self._require(features)
        codes = [_as_code(features[name], self.levels[name]) for name in self.texts]
        return np.hstack([self.number_block(features), _stacked(codes, features.height)])

    def number_block(self, features: pl.DataFrame) -> FloatMatrix:
        """Return the number features alone, shape (n_rows, n_numbers)."""
        self._require(features)
        block = _stacked([_as_number(features[name]) for name in self.numbers], features.height)
        block[~np.isfinite(block)] = np.nan
        return block

    def text_blocks(
        self, features: pl.DataFrame, *, missing: str
    ) -> list[npt.NDArray[np.object_]]:
        """Return each text feature as an array of shape (n_rows, 1), `missing` for null."""
        self._require(features)
        texts = (_as_text(features[name]).to_list() for name in self.texts)
        filled = ([missing if text is None else text for text in column] for column in texts)
        return [np.array(column, dtype=object).reshape(-1, 1) for column in filled]

    def to_dict(self) -> dict[str, Any]:
        """Return roles and levels as values that JSON can hold."""
        return {"roles": dict(self.roles), "levels": {k: list(v) for k, v in self.levels.items()}}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Encoder":
        """Read what `to_dict` wrote."""
        return cls(dict(values["roles"]), {k: tuple(v) for k, v in values["levels"].items()})

    def _require(self, features: pl.DataFrame) -> None:
        kinds = dict(features.schema)  # once: this is on the path of every request
        for name, role in self.roles.items():
            if name not in kinds:
                raise SchemaError(
                    f"expected a feature `{name}`, found none",
                    hint=nearest(name, kinds),
                    feature=name,
                )
            kind = kinds[name]
            if role != "empty" and kind != pl.Null and _role(features[name]) != role:
                raise SchemaError(
                    f"expected feature `{name}` to be {role}, as in training, got {kind}",
                    hint=f"Send columns that make `{name}` a {role}.",
                    feature=name,
                )


def _role(column: pl.Series) -> Role:
    kind = column.dtype
    if kind in (pl.String, pl.Categorical, pl.Enum):
        return "text"
    if kind.is_numeric() or kind.is_temporal() or kind in (pl.Boolean, pl.Null):
        return "number"
    raise SchemaError(
        f"feature `{column.name}`: expected numbers, truth values, text or times, got {kind}",
        hint="Make numbers of it in features.py, for example with .list.len() or .struct.field().",
        feature=column.name,
    )


def _is_empty(column: pl.Series) -> bool:
    """Tell whether a column has no value at all; a type that is no feature is refused first."""
    if _role(column) == "text":
        return column.null_count() == column.len()
    return not bool(np.isfinite(_as_number(column)).any())


def _levels(column: pl.Series, max_levels: int) -> tuple[str, ...]:
    counts = (
        column.cast(pl.String).drop_nulls().alias("level").value_counts(name="count")
        .sort(["count", "level"], descending=[True, False])
    )  # fmt: skip
    return tuple(counts["level"].head(max_levels).sort().to_list())


def _as_text(column: pl.Series) -> pl.Series:
    return column if column.dtype == pl.String else column.cast(pl.String)


def _as_code(column: pl.Series, levels: Sequence[str]) -> FloatMatrix:
    text = _as_text(column)
    if not levels:
        codes = pl.Series([UNKNOWN], dtype=pl.Float32).new_from_index(0, text.len())
    else:
        places = pl.Series(np.arange(len(levels), dtype=np.float32))
        codes = text.replace_strict(
            pl.Series(levels), places, default=UNKNOWN, return_dtype=pl.Float32
        )
    found: FloatMatrix = codes.to_numpy().copy()
    found[text.is_null().to_numpy()] = np.nan
    return found


def _as_number(column: pl.Series) -> FloatMatrix:
    """Return a column as float32, NaN where it has no value."""
    kind = column.dtype
    if kind == pl.Date:
        column = column.cast(pl.Int32)
    elif isinstance(kind, pl.Datetime):
        column = column.dt.epoch("us") / 86_400e6
    elif isinstance(kind, pl.Duration):
        column = column.dt.total_microseconds() / 1e6
    elif kind == pl.Time:
        column = column.cast(pl.Int64) / 1e9
    found: FloatMatrix = column.cast(pl.Float32).to_numpy()
    return found


def _stacked(columns: Sequence[FloatMatrix], height: int) -> FloatMatrix:
    block = np.empty((height, len(columns)), dtype=np.float32)
    for place, column in enumerate(columns):
        block[:, place] = column
    return block
