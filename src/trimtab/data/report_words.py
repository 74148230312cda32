"""How reports put numbers into words: the same in the terminal, on pages and in notebooks."""

import math
import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from trimtab.data.drift_tests import BLOCKS_APART, SD, SHARE
from trimtab.data.effect_words import brief

if TYPE_CHECKING:
    from trimtab.core.records import Violation
    from trimtab.data.checks import ValidationReport
    from trimtab.data.column_profile import ColumnProfile
    from trimtab.data.drift_report import DriftReport, Finding

NONE = "–"
# Least effects that count as small, medium and large. In standard deviations they are Cohen's;
# a normal distribution that shifts so far gives these shares of its rows another value. Other
# shares (missing, never seen before) are judged harder: nobody expects them to move.
_WEIGHTS = {
    SD: (0.2, 0.5, 0.8),
    SHARE: (0.08, 0.2, 0.31),
    BLOCKS_APART: (2.0, 3.0, 5.0),
}
_OF_OTHER_SHARES = (0.01, 0.05, 0.2)
# how the sentence on a moved distribution begins: with the effect
_REPEATED = re.compile(
    r"(?:moved by [^(]*|.* of rows lie elsewhere) ?\((.*)\)|.* of rows have another level, (.*)"
    r"|moved by .*?, (\d[\d,]* columns? taken together.*)"
)
_SIZES = ("slight", "small", "medium", "large")


def number(value: Any, digits: int = 4) -> str:
    """Write a value in few characters: a number, a time, a text or nothing at all.

    Examples
    --------
    >>> number(0.0021349), number(12345.678), number(1_000_000), number(2.0), number(None)
    ('0.002135', '12,346', '1,000,000', '2', '–')
    """
    if value is None or value != value:
        return NONE
    if isinstance(value, float):
        return brief(value, digits)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, bool | date) or not isinstance(value, int):
        return str(value)
    return f"{value:,}"


def figure(score: float) -> str:
    """Write a score between 0 and 1; one that is not quite 1 does not look like it.

    Examples
    --------
    >>> figure(0.98765), figure(1.0), figure(0.99999)
    ('0.988', '1.000', '> 0.999')
    """
    return "> 0.999" if 0.9995 <= score < 1 else f"{score:.3f}"


def share(value: float | None, digits: int = 1) -> str:
    """Write a share in per cent; what is not quite nothing or all does not look like it.

    Examples
    --------
    >>> share(0.1234), share(0.0), share(0.00001), share(0.99999), share(None)
    ('12.3 %', '0 %', '< 0.1 %', '> 99.9 %', '–')
    """
    if value is None:
        return NONE
    least = 10.0**-digits
    if 0 < abs(value) < least / 100:
        return f"< {least:g} %"
    if 1 - least / 100 < value < 1:
        return f"> {100 - least:g} %"
    return "0 %" if value == 0 else "100 %" if value == 1 else f"{100 * value:.{digits}f} %"


def p_value(value: float | None) -> str:
    """Write a p-value; of a very small one only that it is.

    Examples
    --------
    >>> p_value(0.0312), p_value(1e-9), p_value(None)
    ('0.031', '< 0.0001', '–')
    """
    if value is None or value != value:
        return NONE
    return "< 0.0001" if value < 0.0001 else f"{value:.2g}"


def cut(text: str, width: int) -> str:
    """Return a name in at most `width` characters: its end tells it apart, so both ends stay.

    Examples
    --------
    >>> cut("customer_lifetime_value_eur_2013", 20), cut("age", 20)
    ('customer_lif…ur_2013', 'age')
    """
    if len(text) <= width:
        return text
    tail = (width - 1) * 2 // 5
    return f"{text[: width - 1 - tail]}…{text[len(text) - tail :]}"


def names(words: Iterable[str], most: int = 6) -> str:
    """Return a list of names, the first ones only where it is long.

    Examples
    --------
    >>> names(["a", "b", "c"], most=2), names(["a"])
    ('a, b and 1 more', 'a')
    """
    all_of_them = list(words)
    shown = ", ".join(all_of_them[:most])
    more = len(all_of_them) - most
    return f"{shown} and {more:,} more" if more > 0 else shown


def counted(count: int, what: str) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> counted(1, "row"), counted(2_000, "row")
    ('1 row', '2,000 rows')
    """
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def effect(finding: "Finding") -> str:
    """Return how much a column moved: in standard deviations (sd), or as a share of rows."""
    size, unit = finding.effect_size, finding.unit
    if size is None:
        return NONE
    if unit == SD:
        return f"{size:.2f} sd"
    if unit == SHARE:
        sign = "+" if finding.kind == "nulls" and size > 0 else ""
        return f"{sign}{share(size)}"
    if unit == BLOCKS_APART:
        return "beyond all blocks" if size == math.inf else f"{size:.1f} × usual"
    return f"{number(size, 3)} {unit}".strip()


def weight(finding: "Finding") -> str:
    """Return whether a move matters, by rules of thumb: slight, small, medium or large.

    Nothing for units without such a rule, and for columns that are gone, new or of another
    type: those need a person whatever their size.
    """
    if finding.kind == "schema" or finding.effect_size is None:
        return ""
    limits = _WEIGHTS.get(finding.unit)
    if limits is None:
        return ""
    if finding.unit == SHARE and finding.kind != "distribution":
        limits = _OF_OTHER_SHARES
    return _SIZES[sum(abs(finding.effect_size) >= limit for limit in limits)]


def said(finding: "Finding") -> str:
    """Return what a finding says, without the column and the effect that stand beside it."""
    words = unnamed(finding.message, finding.column)
    inner = _REPEATED.fullmatch(words)
    return inner[inner.lastindex or 0] if inner else words


def unnamed(message: str, column: str | None) -> str:
    """Return a message without the name of its column in front.

    Examples
    --------
    >>> unnamed("`age`: 3 values missing", "age")
    '3 values missing'
    """
    return message.removeprefix(f"`{column}`").lstrip(": ")


def by_column(findings: "Iterable[Finding]") -> "list[Finding]":
    """Return findings with those of one column side by side, each where its first one stood."""
    columns: dict[str, list[Finding]] = {}
    for finding in findings:
        columns.setdefault(finding.column, []).append(finding)
    return [finding for group in columns.values() for finding in group]


def headline(report: "DriftReport") -> str:
    """Return the answer to what was asked: how many columns moved."""
    moved = sum(found.drifted for found in report.columns.values())
    asked = counted(len(report.columns), "column")
    together = any(found.drifted for found in report.joint)
    if moved:
        return f"{moved:,} of {asked} moved{', and all numbers together' if together else ''}"
    if together:
        return f"None of {asked} moved alone, but all numbers together did"
    if not report.columns:
        return "No column could be compared"
    if not report.conclusive:
        return f"Not enough data to tell whether {asked} moved"
    return f"None of {asked} moved"


def grouped(reasons: "Iterable[tuple[str, str]]") -> list[tuple[str, str]]:
    """Return pairs of a name and a reason as pairs of the names and their common reason.

    Examples
    --------
    >>> grouped([("a", "constant"), ("b", "odd"), ("c", "constant")])
    [('a, c', 'constant'), ('b', 'odd')]
    """
    about: dict[str, list[str]] = {}
    for name, reason in reasons:
        about.setdefault(reason, []).append(name)
    return [(names(columns), reason) for reason, columns in about.items()]


def distinct(column: "ColumnProfile") -> str:
    """Return how many different values there are, marked where that is an estimate.

    Nothing where values are not told apart: lists, structures, bytes.
    """
    if column.count and not column.distinct:
        return ""
    sign = "≈ " if column.distinct_error else ""
    return f"{sign}{column.distinct:,}"


def middle(column: "ColumnProfile") -> Any:
    """Return the median of numbers and times, and the commonest value of all else.

    Of number lists, the median norm in words.
    """
    if column.vector is not None and column.vector.norm_cells.total:
        return f"norm {number(column.vector.norm_cells.quantile(0.5), 3)}"
    found = column.quantiles.get(0.5)
    return column.top[0][0] if found is None and column.top else found


def verdict(report: "ValidationReport") -> str:
    """Return the answer to whether a table may be used."""
    stops = sum(violation.severity == "stop" for violation in report.violations)
    warnings = len(report.violations) - stops
    if stops:
        more = f", {counted(warnings, 'warning')}" if warnings else ""
        return f"Stop: {counted(stops, 'check')} failed{more}"
    return f"Valid, with {counted(warnings, 'warning')}" if warnings else "Valid: all checks hold"


def example(violation: "Violation") -> str:
    """Return the first row behind a violation."""
    if not violation.examples:
        return ""
    shown = violation.examples[0].items()
    return ", ".join(f"{cut(key, 40)}={cut(number(value), 60)}" for key, value in shown)
