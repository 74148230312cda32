"""What a table should look like, as people review it: the model of a schema file.

How the file is read and written is in `schema_file`, its first draft in `infer`, how rows are
held against it in `checks`::

    time = "time_hour"
    key = ["origin", "time_hour"]
    max_age = "2d"
    reference = "january"       # profile that `max_drift` and `max_row_change` compare with
    max_row_change = 0.5

    [references]
    january = "profiles/january.parquet"

    [columns.wind_speed]
    type = "Float64"
    min = 0.0
    max = 110.0
    max_null_share = 0.0
    median = [5.0, 15.0]
    max_drift = 0.1
    severity = "warn"           # or "stop"
    reject = false              # true: such rows go to the quarantine table at ingest
    owner = "weather team"
    note = "mph"

    [[rules]]
    name = "a gust is faster than the wind"
    check = "wind_gust >= wind_speed"

    [[foreign_keys]]
    columns = ["origin"]
    source = "airports.csv"
    references = ["faa"]
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, Field, PrivateAttr, model_validator

from trimtab.core.errors import SchemaError, nearest
from trimtab.core.records import Severity
from trimtab.core.settings import Duration
from trimtab.data.conditions import refuse_wrong
from trimtab.data.schema_column import ColumnSchema, Environment, Section, Value
from trimtab.data.schema_file import read_schema, schema_text, write_schema
from trimtab.data.schema_links import ForeignKey, Rule

# Keys that came after the first release count in `version` only where they are set, so that
# a schema without them keeps the version it had.
_FIRST_KEYS = frozenset({
    "time", "key", "min_rows", "max_rows", "covers", "covers_within", "max_age", "severity",
    "columns",
})  # fmt: skip
_FIRST_COLUMN_KEYS = frozenset({
    "type", "max_null_share", "min", "max", "values", "pattern", "unique", "severity", "reject",
    "environments",
})  # fmt: skip
_WORDS_ONLY = ("note", "owner")


class Schema(Section):
    """What a table should look like.

    Attributes
    ----------
    columns : dict of str to ColumnSchema
        One entry for each column; a column of the data that is not named here is a *warn*.
    rules, foreign_keys : list of Rule, list of ForeignKey
        What holds between columns, and between tables.
    time : str, list of str or None
        What dates a row (see `trimtab.data.time.time_expression`).
    key : list of str
        Columns that together name a row.
    min_rows, max_rows : int or None
        Bounds of the row count.
    max_row_change : float or None
        How far the row count may be from the previous one, as a share of that.
    covers, covers_within : str or None, duration
        The table whose newest row ours must reach, and how far short is allowed.
    max_age : duration or None
        How old the newest row may be, seen from `now`.
    references : dict of str to str
        Files of saved profiles by name, relative to the schema file.
    reference : str or None
        The profile that the table is compared with, unless a column names another.
    severity : {"warn", "stop"}
        Of the checks on the whole table; a repeated key is always a *stop*.

    Raises
    ------
    SchemaError
        If a condition cannot be asked of the columns, or what is named is not there.

    Examples
    --------
    >>> schema = Schema(
    ...     columns={"left": ColumnSchema(type="Int64"), "back": ColumnSchema(type="Int64")},
    ...     rules=[Rule(name="back after it left", check="left <= back")],
    ... )
    >>> schema.rules[0].severity
    'warn'
    """

    time: str | list[str] | None = None
    key: list[str] = []
    min_rows: int | None = Field(default=None, ge=0)
    max_rows: int | None = Field(default=None, ge=0)
    max_row_change: float | None = Field(default=None, ge=0)
    covers: str | None = None
    covers_within: Duration = "1h"
    max_age: Duration | None = None
    reference: str | None = None
    severity: Severity = "warn"
    owner: str = ""
    note: str = ""
    references: dict[str, str] = {}
    columns: dict[str, ColumnSchema]
    rules: list[Rule] = []
    foreign_keys: list[ForeignKey] = []
    _folder: Path = PrivateAttr(default_factory=Path)

    @model_validator(mode="after")
    def _conditions_and_names_fit(self) -> Self:
        types = {name: column.type for name, column in self.columns.items()}
        for place, text in self._conditions():
            refuse_wrong(text, types, place)
        for place, name, known in self._names():
            if name not in known:
                key = ".".join(str(part) for part in place)
                raise SchemaError(
                    f"`{key}`: expected a name that the schema has, got `{name}`",
                    hint=nearest(name, known), key=key, place=place,
                )  # fmt: skip
        names = [rule.name for rule in self.rules]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise SchemaError(
                f"`rules`: expected each name once, got {twice[0]!r} twice",
                hint="Rename one of them.", key="rules", place=("rules", 1, "name"),
            )  # fmt: skip
        return self

    def _conditions(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        for name, column in self.columns.items():
            if column.when is not None:
                yield ("columns", name, "when"), column.when
        for index, rule in enumerate(self.rules):
            yield ("rules", index, "check"), rule.check
            if rule.when is not None:
                yield ("rules", index, "when"), rule.when

    def _names(self) -> Iterator[tuple[tuple[str | int, ...], str, set[str]]]:
        """Give each place that names something, the name, and the names it may be."""
        profiles = set(self.references)
        if self.reference is not None:
            yield ("reference",), self.reference, profiles
        for name, column in self.columns.items():
            if column.reference is not None:
                yield ("columns", name, "reference"), column.reference, profiles
            elif column.max_drift is not None and self.reference is None:
                raise SchemaError(
                    f"`columns.{name}.max_drift`: expected a `reference` beside it, got none",
                    hint="Add `reference = \"NAME\"`, and NAME with a profile's file to "
                    "[references].",
                    key=f"columns.{name}.max_drift", place=("columns", name, "max_drift"),
                )  # fmt: skip
        for index, key in enumerate(self.foreign_keys):
            for column_name in key.columns:
                yield ("foreign_keys", index, "columns"), column_name, set(self.columns)

    @property
    def version(self) -> str:
        """Hash of what the schema demands; owners and notes have no part in it."""
        content = _demands(self, _FIRST_KEYS)
        content["columns"] = {
            name: _demands(column, _FIRST_COLUMN_KEYS) for name, column in self.columns.items()
        }
        for parts in ("rules", "foreign_keys"):
            for part in content.get(parts, ()):
                for word in _WORDS_ONLY:
                    part.pop(word)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]

    @property
    def texts(self) -> list[str]:
        """Names of the columns that are text."""
        return [name for name, column in self.columns.items() if column.type == "String"]

    def of_stored(self) -> Self:
        """Return what holds of the table once `Tables` has stored it: its times are UTC then."""
        zoned = {n: column for n, column in self.columns.items() if column.time_zone is not None}
        if not zoned:
            return self
        free = {n: column.model_copy(update={"time_zone": None}) for n, column in zoned.items()}
        return self.model_copy(update={"columns": {**self.columns, **free}})

    def path_of(self, address: str) -> str:
        """Return a file's path as seen from here, from its path as seen from the schema file."""
        if "://" in address or address.startswith("package:"):
            return address
        return str(self._folder / Path(address).expanduser())

    def at(self, folder: Path | str) -> Self:
        """Return the same schema with its file in `folder`: paths in it are relative to that."""
        copy = self.model_copy()
        copy._folder = Path(folder)
        return copy

    def __eq__(self, other: object) -> bool:
        """Compare what is demanded, not where the file lies."""
        return isinstance(other, Schema) and self.__dict__ == other.__dict__

    __hash__ = None  # type: ignore[assignment]

    def to_toml(self) -> str:
        """Return the text of the schema file."""
        return schema_text(self)

    def save(self, path: Path | str) -> None:
        """Write the schema file, whole or not at all."""
        write_schema(self, Path(path))

    @classmethod
    def load(cls, path: Path | str) -> "Schema":
        """Read a schema file.

        Raises
        ------
        SchemaError
            If there is no such file, it is not TOML, or a key or value in it is wrong.
        """
        return read_schema(Path(path), cls)


def _demands(section: BaseModel, always: frozenset[str]) -> dict[str, Any]:
    """Return what a section demands: its first keys always, later ones where they are set."""
    every = section.model_dump(mode="json", exclude=set(_WORDS_ONLY))
    set_here = section.model_dump(mode="json", exclude_defaults=True)
    return {key: value for key, value in every.items() if key in always or key in set_here}


__all__ = ["ColumnSchema", "Environment", "ForeignKey", "Rule", "Schema", "Value"]
