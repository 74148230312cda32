"""What a new project says, before it is worded: decided in `draft_project.py`."""

import json
from dataclasses import dataclass

from trimtab.data.schema import Schema
from trimtab.loop.inspect_table import Clock, Label
from trimtab.loop.propose_features import Column
from trimtab.loop.propose_settings import Plan
from trimtab.loop.read_dates import col

LATER_SUFFIX = "_later"


@dataclass(frozen=True, slots=True)
class LabelsTable:
    """A table of labels that came later, joined by its key.

    `shared` names what the table of rows holds too: there, the file fills the holes.
    """

    name: str
    source: str
    key: tuple[str, ...]
    schema: Schema
    shared: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """All that the files of a project say."""

    name: str
    table: str
    task: str
    sources: tuple[str, ...]
    clock: Clock
    key: tuple[str, ...]
    label_column: str
    label: Label
    label_time: str | None
    labels: LabelsTable | None
    plan: Plan
    columns: tuple[Column, ...]
    slices: tuple[str, ...]
    estimator: str
    loss_scale: float | None
    rows: int
    labelled: int
    schema: Schema
    notes: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def label_code(self) -> str | None:
        """Python source of the label, where it is more than a plain column."""
        code = self._filled(self.label_column)
        if isinstance(self.label.positive, str):
            positive = json.dumps(self.label.positive, ensure_ascii=False)
            return f"{code} == {positive}"
        return None if self._is_plain(code, self.label_column) else code

    @property
    def label_time_code(self) -> str | None:
        """Python source of the label's time, where it is more than a plain column."""
        if self.label_time is None:
            return None
        code = self._filled(self.label_time)
        return None if self._is_plain(code, self.label_time) else code

    def _filled(self, name: str) -> str:
        """Return the source of a column, its holes filled from the labels table."""
        if self.labels is None or name not in self.labels.shared:
            return col(name)
        return f"pl.coalesce({col(name)}, {col(name + LATER_SUFFIX)})"

    def _is_plain(self, code: str, name: str) -> bool:
        return code == col(name) and name.isidentifier()

    @property
    def after(self) -> list[Column]:
        """Columns that are known only after the question was asked."""
        return [column for column in self.columns if column.after]
