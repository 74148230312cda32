"""What a person said of a row: the value that a session reckons with, and the words behind it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from trimtab.stats.arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class RowFix:
    """The true value of a row, and who gave it.

    `value` holds the features. `cells` maps a column to its true cell as text, or to None where
    the cell is right as it stands; it is None where features are all that was given. `by`, `at`
    and `note` say who, when and what else.
    """

    row: int
    value: FloatArray
    cells: Mapping[str, str | None] | None = None
    by: str | None = None
    at: datetime | None = None
    note: str | None = None

    @property
    def sentence(self) -> str:
        """What was said of the row in words."""
        if self.cells is None:
            return f"features {np.asarray(self.value).round(4).tolist()}"
        return cells_in_words(self.cells)


def cell_texts(cells: Mapping[str, Any], stands: Mapping[str, Any]) -> dict[str, str | None]:
    """Return cells, a candidate's for example, as they are kept with the row that is fixed.

    `stands` holds the row's cells as they are: one that is right is not written anew.

    Examples
    --------
    >>> cell_texts({"age": 41.0, "way": "sea"}, {"age": None, "way": "sea"})
    {'age': '41.0', 'way': None}
    """
    return {name: None if value == stands[name] else str(value) for name, value in cells.items()}


def cells_in_words(cells: Mapping[str, str | None]) -> str:
    """Return what was said of a row's cells in words.

    Examples
    --------
    >>> cells_in_words({"age": "41", "way": None})
    'age 41, way right as it is'
    """
    return ", ".join(f"{name} {'right as it is' if x is None else x}" for name, x in cells.items())
