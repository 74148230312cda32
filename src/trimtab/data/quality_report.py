"""What `quality` returns: four figures, the parts each is made of, and the rows behind them.

How they are made stands in `quality` and its neighbours; nothing here looks at data.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from trimtab.core.records import Record

DimensionName = Literal["accuracy", "completeness", "consistency", "timeliness"]
DIMENSIONS: tuple[DimensionName, ...] = (
    "accuracy", "completeness", "consistency", "timeliness"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part(Record):
    """One thing that is wrong, or could have been, and what it costs.

    Attributes
    ----------
    dimension, name, column : str, str, str or None
        Where it counts, what it is (`nulls`, `marker`, `gap`, `min`, `key` …), and in which
        column, if in one.
    faults, of : int
        How many cells, rows or columns (see `unit`) are at fault, of how many. Exact.
    unit : {"cells", "rows", "columns", "age"}
        What is counted; "age" for a part whose score is a ratio of times.
    score : float or None
        Share that is not at fault, in [0, 1]; None if it cannot be told (`message` says why).
    gain : float
        By how much the dimension's figure would rise if this part alone were mended. What is at
        fault in two ways is no gain of either, so that gains may add up to less than what is
        missing to 1.
    message : str
        The finding, in one sentence.
    act : str
        What would mend it; empty if nothing has to be.
    examples : tuple of dict
        The first rows behind it, by key, or by row number (from 1) without one; at most five.
    """

    dimension: DimensionName
    name: str
    column: str | None
    faults: int
    of: int
    unit: Literal["cells", "rows", "columns", "age"]
    score: float | None
    gain: float
    message: str
    act: str = ""
    examples: tuple[dict[str, Any], ...] = ()

    @property
    def gain_per_fault(self) -> float:
        """What the dimension's figure gains by each cell or row that is mended."""
        return self.gain / self.faults if self.faults else 0.0


@dataclass(frozen=True, slots=True)
class Dimension(Record):
    """One figure and its parts.

    Attributes
    ----------
    score : float or None
        In [0, 1]; None if it cannot be told, and then `meaning` says why.
    meaning : str
        The figure in words.
    parts : tuple of Part
        What costs most comes first. Parts without a fault are left out, except where their
        figure says more than that.
    rows : int
        How many rows have at least one fault that counts here.
    """

    name: DimensionName
    score: float | None
    meaning: str
    parts: tuple[Part, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class QualityReport(Record):
    """The quality of a table on four dimensions.

    Attributes
    ----------
    table : str
        What was looked at, for example `flights@3`.
    rows : int
        How many rows it has.
    schema_version : str
        The schema it was held against.
    drafted : bool
        Whether that schema was drafted from the table itself. Then the figures tell what is odd
        within the table, and cannot be compared with those of another one.
    accuracy, completeness, consistency, timeliness : Dimension
        The figures.
    notes : tuple of str
        What was found and has no part in a figure, since it points at no cell or row.
    """

    table: str
    rows: int
    schema_version: str
    drafted: bool
    accuracy: Dimension
    completeness: Dimension
    consistency: Dimension
    timeliness: Dimension
    notes: tuple[str, ...] = ()

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """The four, in the order of their names."""
        return (self.accuracy, self.completeness, self.consistency, self.timeliness)

    @property
    def scores(self) -> dict[str, float | None]:
        """The four figures by name."""
        return {dimension.name: dimension.score for dimension in self.dimensions}

    def worst(self, limit: int = 5) -> tuple[Part, ...]:
        """Return the parts whose mending would raise a figure most, the greatest gain first.

        Among equal gains, what takes fewer cells or rows to mend comes first.
        """
        parts = [part for dimension in self.dimensions for part in dimension.parts]
        costly = [part for part in parts if part.gain > 0]
        costly.sort(key=lambda part: (-part.gain, part.faults, part.name, part.column or ""))
        return tuple(costly[:limit])

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "QualityReport":
        """Return the report that `to_dict` made these values of (times stay text)."""
        own = {**values, "notes": tuple(values["notes"])}
        own.update({name: _dimension(values[name]) for name in DIMENSIONS})
        return cls(**own)

    def _repr_html_(self) -> str:
        from trimtab.data.report import quality_fragment

        return quality_fragment(self)


def _dimension(values: Mapping[str, Any]) -> Dimension:
    parts = (Part(**{**part, "examples": tuple(part["examples"])}) for part in values["parts"])
    return Dimension(**{**values, "parts": tuple(parts)})
