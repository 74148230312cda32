"""What a table should look like: a TOML file that people review, and its first draft.

::

    time = "time_hour"
    key = ["origin", "time_hour"]
    covers = "flights"          # our last row is not more than `covers_within` before theirs
    covers_within = "1h"

    [columns.wind_speed]
    type = "Float64"
    min = 0.0
    max = 110.0
    max_null_share = 0.0
    severity = "warn"           # or "stop"
    reject = false              # true: such rows go to the quarantine table at ingest
    note = "mph"
"""

import hashlib
import json
import math
import os
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from trimtab.core.errors import SchemaError, nearest
from trimtab.core.records import Severity
from trimtab.core.settings import Duration
from trimtab.data.column_profile import ColumnProfile
from trimtab.data.profile import Profile, profile
from trimtab.data.types import TYPES

Environment = Literal["training", "serving"]
Value = bool | int | float | str


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnSchema(_Section):
    """What one column should hold. A missing column or another type is always a *stop*.

    `environments` says where the column is expected: a label is not there in serving.
    """

    type: str
    max_null_share: float = Field(default=1.0, ge=0, le=1)
    min: int | float | None = None
    max: int | float | None = None
    values: list[Value] | None = None
    pattern: str | None = None
    unique: bool = False
    severity: Severity = "warn"
    reject: bool = False
    environments: list[Environment] = ["training", "serving"]
    note: str = ""

    @field_validator("type")
    @classmethod
    def _known_type(cls, text: str) -> str:
        if text not in TYPES:
            raise ValueError(f"unknown type {text!r}. {nearest(text, TYPES)}")
        return text


class Schema(_Section):
    """What a table should look like.

    Attributes
    ----------
    columns : dict of str to ColumnSchema
        One entry for each column; a column of the data that is not named here is a *warn*.
    time : str, list of str or None
        What dates a row (see `trimtab.data.time.time_expression`).
    key : list of str
        Columns that together name a row.
    min_rows, max_rows : int or None
        Bounds of the row count.
    covers, covers_within : str or None, duration
        The table whose newest row ours must reach, and how far short is allowed.
    max_age : duration or None
        How old the newest row may be, seen from `now`.
    severity : {"warn", "stop"}
        Of the checks on the whole table; a repeated key is always a *stop*.
    """

    time: str | list[str] | None = None
    key: list[str] = []
    min_rows: int | None = Field(default=None, ge=0)
    max_rows: int | None = Field(default=None, ge=0)
    covers: str | None = None
    covers_within: Duration = "1h"
    max_age: Duration | None = None
    severity: Severity = "warn"
    note: str = ""
    columns: dict[str, ColumnSchema]

    @property
    def version(self) -> str:
        """Hash of what the schema demands; notes have no part in it."""
        content = self.model_dump(mode="json", exclude={"note": True})
        for column in content["columns"].values():
            column.pop("note")
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]

    def to_toml(self) -> str:
        """Return the text of the schema file."""
        lines = [f"# Schema {self.version}. Review it: what is here was only observed."]
        lines += _lines(self.model_dump(exclude_defaults=True, exclude={"columns"}))
        for name, column in self.columns.items():
            lines += ["", f"[columns.{_quoted(name)}]", f"type = {json.dumps(column.type)}"]
            lines += _lines(column.model_dump(exclude_defaults=True, exclude={"type"}))
        return "\n".join(lines) + "\n"

    def save(self, path: Path | str) -> None:
        """Write the schema file, whole or not at all."""
        file = Path(path)
        part = file.with_name(f".{file.name}.{os.getpid()}.part")
        part.write_text(self.to_toml(), encoding="utf-8")
        part.replace(file)

    @classmethod
    def load(cls, path: Path | str) -> "Schema":
        """Read a schema file.

        Raises
        ------
        SchemaError
            If there is no such file, it is not TOML, or a key or value in it is wrong.
        """
        file = Path(path)
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise SchemaError(
                f"expected a schema file at {file}, found none",
                hint=f"Run `trimtab data schema TABLE > {file}`, and review it.",
            ) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise SchemaError(
                f"{file}: expected TOML, got {error}", hint="Mend the line it names."
            ) from None
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise _schema_error(error, file) from None


def _lines(values: dict[str, Any]) -> list[str]:
    # TOML's strings, numbers, booleans and flat lists are written as JSON writes them.
    return [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]


def _quoted(name: str) -> str:
    bare = name.replace("_", "").replace("-", "")
    plain = bare.isascii() and bare.isalnum()
    return name if plain else json.dumps(name, ensure_ascii=False)


def _schema_error(error: ValidationError, file: Path) -> SchemaError:
    first = error.errors()[0]
    place = [str(part) for part in first["loc"]]
    name = ".".join(place)
    if first["type"] == "extra_forbidden":
        model = ColumnSchema if place[0] == "columns" and len(place) > 1 else Schema
        return SchemaError(
            f"{file.name}: unknown key `{name}`",
            hint=nearest(place[-1], model.model_fields),
            key=name,
        )
    message = first["msg"].removeprefix("Value error, ")
    return SchemaError(
        f"{file.name}: `{name}`: {message}", hint=f"Change `{name}` in {file}.", key=name
    )


def infer_schema(
    source: Any,
    *,
    query: str | None = None,
    nulls: Sequence[str] = (),
    time: str | list[str] | None = None,
    key: Sequence[str] = (),
    covers: str | None = None,
) -> Schema:
    """Draft a schema from what a table holds; a person should review it.

    Nothing may be missing, so that what is missing is told the first time. Numbers may be as
    far beyond the 99.9 % quantile as four times its distance from the median (with few rows,
    a quantile that leaves out five), on either side; with zeros and no negative values, 0 is
    the least. That lets a long tail pass and catches what is far from all other values, in
    the very rows it was drafted from. Text of few levels keeps to them. All of it is *warn*,
    except that keys and times are needed (*stop*).

    Parameters
    ----------
    source : path-like, data frame or Profile
        Anything that `profile` describes (with `query` and `nulls`), or a profile.
    time, key, covers
        Taken over into the schema.

    Examples
    --------
    >>> import polars as pl
    >>> rows = pl.DataFrame({"speed": [*range(100), *range(100), 9_000]})
    >>> column = infer_schema(rows).columns["speed"]
    >>> column.min, column.max
    (0, 240)
    """
    about = source if isinstance(source, Profile) else profile(source, query=query, nulls=nulls)
    needed = {*key, *([time] if isinstance(time, str) else time or [])}
    columns = {name: _drafted(column, name in needed) for name, column in about.columns.items()}
    for name in needed & set(columns):
        columns[name] = columns[name].model_copy(
            update={"max_null_share": 0.0, "severity": "stop"}
        )
    return Schema(time=time, key=list(key), min_rows=1, covers=covers, columns=columns)


def _drafted(column: ColumnProfile, needed: bool) -> ColumnSchema:
    rows = column.count + column.nulls
    notes = list(column.notes)
    if column.count == 0 or rows == 1 or column.type == "Nested":
        return ColumnSchema(type=column.type, note="; ".join(notes))
    if column.nulls:
        notes.append(f"{column.nulls:,} of {rows:,} were missing ({column.null_share:.1%})")
    low, high = _fences(column)
    values: list[Value] | None = None
    if column.type == "String" and column.distinct <= 50 and rows >= 20 * column.distinct:
        values = [*sorted(str(value) for value, _ in column.top)]
    names_row = column.distinct == column.count == rows and rows >= 100
    return ColumnSchema(
        type=column.type, max_null_share=0.0, min=low, max=high, values=values,
        unique=names_row and column.type in ("String", "Int32", "Int64") and not needed,
        note="; ".join(notes),
    )  # fmt: skip


def _fences(column: ColumnProfile) -> tuple[float | None, float | None]:
    """Return how low and high a number may be: what is far outside is not of the same kind."""
    n = column.usable
    whole = column.type.startswith("Int")
    if not column.grid or n < 50 or (whole and column.distinct > 0.9 * n):
        return None, None
    tail = max(0.001, 5 / n)
    middle = column.quantile(0.5)
    bottom, top = column.quantile(tail), column.quantile(1 - tail)
    low = _outward(bottom - 3 * (middle - bottom), -1, whole) if bottom < middle else None
    high = _outward(top + 3 * (top - middle), 1, whole) if top > middle else None
    if column.zeros and not column.negative:
        low = 0 if whole else 0.0
    return low, high


def _outward(value: float, side: int, whole: bool) -> float:
    """Return the value rounded away from the middle to two digits."""
    if value == 0 or not math.isfinite(value):
        return 0 if whole else value
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - 1)
    steps = math.ceil(value / unit) if side > 0 else math.floor(value / unit)
    rounded = steps * unit if unit >= 1 else steps / round(1 / unit)
    return (math.ceil(rounded) if side > 0 else math.floor(rounded)) if whole else rounded
