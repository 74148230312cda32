"""What a comparison of two sets of rows found: one finding a question, all of them a report."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from trimtab.core.records import jsonable

Kind = Literal["distribution", "nulls", "levels", "schema"]
# what a finding on all numeric columns together stands under in place of a column's name
JOINT = "(all numbers)"


@dataclass(frozen=True)
class Bins:
    """Shares of the rows of both sides, for a small picture.

    Attributes
    ----------
    labels : tuple of str or None
        The levels, of a column of levels; all that have no bin of their own are the last one.
    edges : tuple of float or None
        Of numbers: one more than there are bins. What lies beyond the outer edges is counted in
        the outer bins.
    reference, current : tuple of float
        Shares of rows, at most 24 of them; they add up to 1 on either side that has values.
    """

    labels: tuple[str, ...] | None
    edges: tuple[float, ...] | None
    reference: tuple[float, ...]
    current: tuple[float, ...]


@dataclass(frozen=True)
class Finding:
    """What one test says of one column.

    Attributes
    ----------
    kind : {"distribution", "nulls", "levels", "schema"}
        What was compared.
    statistic, p_value, adjusted_p : float or None
        Of the test named by `test`; p-values are None for `schema`.
    effect_size, unit : float or None, str
        How much it moved, in a unit that a person knows.
    drifted : bool
        Whether the adjusted p-value and the effect size say so; always for `schema`.
    n_reference, n_current : int
        Rows that the test used: those with a value, for `distribution` and `levels`.
    error : float
        How much `statistic` may differ from that on the rows themselves; 0 if these were
        compared, more if a profile stood for them.
    bins : Bins or None
        Both distributions in a few bins, of a finding on a column's distribution.
    """

    column: str
    kind: Kind
    test: str
    statistic: float | None
    p_value: float | None
    adjusted_p: float | None
    effect_size: float | None
    unit: str
    drifted: bool
    message: str
    n_reference: int = 0
    n_current: int = 0
    error: float = 0.0
    bins: Bins | None = None

    @classmethod
    def of_schema(cls, column: str, what: str) -> "Finding":
        """Return the finding that a column is gone, new, of another type or in another unit."""
        text = f"`{column}` {what}"
        return cls(column, "schema", "columns", None, None, None, None, "", True, text)

    def to_dict(self) -> dict[str, Any]:
        """Return all fields."""
        return asdict(self)


@dataclass(frozen=True, repr=False)
class DriftReport:
    """What moved, and by how much.

    Attributes
    ----------
    columns : dict of str to Finding
        For each column the finding that says most, worst first.
    findings : tuple of Finding
        All of them, those on all numbers together included, worst first.
    skipped : dict of str to str
        Columns, and tests of all numbers together, that were not compared or not in full, and
        why.
    method : str
        What p-values rest on, and how they were corrected for the number of findings.
    conclusive : bool
        False if there were too few reference blocks for any distance to be drift at this alpha:
        then nothing drifted in distribution that could be told.
    joint : tuple of Finding
        Those on all numeric columns together.
    """

    reference: str
    current: str
    reference_rows: int
    current_rows: int
    alpha: float
    block: str | None
    method: str
    conclusive: bool
    columns: dict[str, Finding]
    findings: tuple[Finding, ...]
    skipped: dict[str, str]
    joint: tuple[Finding, ...] = field(default=())

    @property
    def drifted(self) -> list[str]:
        """Names of what drifted, worst first: columns, then `(all numbers)` together."""
        moved = [name for name, finding in self.columns.items() if finding.drifted]
        return moved + [JOINT] * any(finding.drifted for finding in self.joint)

    def to_dict(self) -> dict[str, Any]:
        """Return all fields, and `drifted`, as plain values."""
        return {
            "reference": self.reference, "current": self.current,
            "reference_rows": self.reference_rows, "current_rows": self.current_rows,
            "alpha": self.alpha, "block": self.block, "method": self.method,
            "conclusive": self.conclusive,
            "drifted": self.drifted, "skipped": self.skipped,
            "findings": [jsonable(finding.to_dict()) for finding in self.findings],
        }  # fmt: skip

    def __repr__(self) -> str:
        """Say in one line what drifted."""
        moved = self.drifted
        named = ", ".join(moved[:5]) + (", …" if len(moved) > 5 else "")
        return (
            f"<DriftReport: {len(moved)} of {len(self.columns)} columns drifted"
            f"{': ' if moved else ''}{named}>"
        )

    def _repr_html_(self) -> str:
        from trimtab.data.report import drift_fragment

        return drift_fragment(self)


def by_weight(findings: list[Finding]) -> list[Finding]:
    """Return findings worst first: what drifted, then the surest, then the largest."""
    return sorted(findings, key=_weight)


def first_of_each(findings: list[Finding]) -> dict[str, Finding]:
    """Return the first finding of each column, in their order."""
    columns: dict[str, Finding] = {}
    for finding in findings:
        if finding.column != JOINT:
            columns.setdefault(finding.column, finding)
    return columns


def _weight(finding: Finding) -> tuple[bool, float, float]:
    return (
        not finding.drifted,
        -1.0 if finding.adjusted_p is None else finding.adjusted_p,
        -abs(finding.effect_size or 0.0),
    )
