"""What holds between columns and between tables: the `[[rules]]` and `[[foreign_keys]]`."""

from typing import Self

from pydantic import Field, model_validator

from trimtab.core.records import Severity
from trimtab.data.schema_column import Section


class Rule(Section):
    """An SQL condition that holds in every row; where it is not known (null), it is no failure.

    `check` and `when` are conditions on the columns of the schema, such as
    `dep_time <= arr_time`.
    """

    name: str
    check: str
    when: str | None = None
    severity: Severity = "warn"
    owner: str = ""
    note: str = ""

    @property
    def conditions(self) -> tuple[str, ...]:
        """Both conditions, as far as they are there."""
        return (self.check,) if self.when is None else (self.check, self.when)


class ForeignKey(Section):
    """Values that another table has to hold: of `columns` here, of `references` there.

    The other table is a file, or anything else that can be read (`source`, relative to the
    schema file), or one that the caller of `validate` hands over by name (`table`). A row in
    which one of the columns is missing is no failure.
    """

    columns: list[str] = Field(min_length=1)
    source: str | None = None
    table: str | None = None
    references: list[str] = []
    severity: Severity = "warn"
    owner: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.source is None) == (self.table is None):
            raise ValueError("either `source` or `table` was expected")
        if self.references and len(self.references) != len(self.columns):
            raise ValueError(f"as many `references` as `columns` were expected, got "
                             f"{len(self.references)} and {len(self.columns)}")  # fmt: skip
        return self

    @property
    def there(self) -> list[str]:
        """The columns of the other table."""
        return self.references or self.columns
