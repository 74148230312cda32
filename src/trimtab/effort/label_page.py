"""Labels from votes, and labels that look wrong: a page that loads nothing, or a part of one."""

import math
from pathlib import Path
from typing import Any

from trimtab.data.report_frame import fragment, page
from trimtab.effort.label_pictures import certainty_bars, dot_interval
from trimtab.stats.interval import Interval
from trimtab.stats.label_answer import LabelModel
from trimtab.stats.label_errors import LabelErrors

_TEMPLATES = Path(__file__).parent / "templates"
_MOST_PAIRS = 20
_MOST_ROWS = 500
_MOST_ROWS_BETWEEN = 20  # in a notebook there is other work around it


def label_page(
    found: LabelModel,
    *,
    doubt: float = 0.9,
    label_cost: float | None = None,
    cost_unit: str = "minutes",
) -> str:
    """Return a page on how good sources are, how sure labels are, and what speaks against both.

    Parameters
    ----------
    found : LabelModel
        What `label_model` returned.
    doubt : float, default=0.9
        Rows whose likeliest class is less probable are in doubt.
    label_cost : float, optional
        What one label by a person costs, in `cost_unit`.
    cost_unit : str, default="minutes"
        Minutes, or money.

    Returns
    -------
    str
        HTML that needs no other file.

    Examples
    --------
    >>> from trimtab.effort.label_tables import label_model
    >>> shown = label_page(label_model([[0, 1, 0], [1, 1, 1]], method="majority"))
    >>> "in doubt" in shown, "src=" in shown
    (True, False)
    """
    values = _label_values(found, doubt, label_cost, cost_unit)
    title = f"Labels of {len(found.probabilities):,} rows from {len(found.sources)} sources"
    return page("labels.html", title, folder=_TEMPLATES, words=_WORDS, **values)


def label_fragment(found: LabelModel) -> str:
    """Return what the page shows as a piece of HTML, for notebooks."""
    values = _label_values(found, 0.9, None, "minutes")
    return fragment("labels.html", folder=_TEMPLATES, words=_WORDS, **values)


def label_errors_page(
    found: LabelErrors, *, label_cost: float | None = None, cost_unit: str = "minutes"
) -> str:
    """Return a page on which labels look wrong, how many are, and between which classes.

    Parameters
    ----------
    found : LabelErrors
        What `label_errors` returned.
    label_cost : float, optional
        What a look at one row costs, in `cost_unit`.
    cost_unit : str, default="minutes"
        Minutes, or money.

    Returns
    -------
    str
        HTML that needs no other file; of the rows found, the 500 surest.

    Examples
    --------
    >>> from trimtab.effort.label_errors import label_errors
    >>> sure = [[0.9, 0.1], [0.05, 0.95], [0.1, 0.9], [0.9, 0.1]]
    >>> shown = label_errors_page(label_errors([0, 0, 1, 0], sure))
    >>> "1 of 4 labels look wrong" in shown
    True
    """
    values = _error_values(found, _MOST_ROWS, label_cost, cost_unit)
    title = f"{found.rows.size:,} of {found.n_rows:,} labels look wrong"
    return page("label_errors.html", title, folder=_TEMPLATES, words=_WORDS, **values)


def label_errors_fragment(found: LabelErrors) -> str:
    """Return what the page shows as a piece of HTML, for notebooks, with the 20 surest rows."""
    values = _error_values(found, _MOST_ROWS_BETWEEN, None, "minutes")
    return fragment("label_errors.html", folder=_TEMPLATES, words=_WORDS, **values)


def share(x: float) -> str:
    """Return a share as percent, or that it is unknown."""
    return f"{x:.1%}" if math.isfinite(x) else "unknown"


def limits_words(limits: Interval) -> str:
    """Return two limits as percent, or that there are none."""
    if limits.low == 0 and limits.high == 1:
        return "none"
    return f"{limits.low:.1%} to {limits.high:.1%}"


_WORDS = (share, limits_words, dot_interval)


def _label_values(
    found: LabelModel, doubt: float, label_cost: float | None, cost_unit: str
) -> dict[str, Any]:
    return {
        "found": found,
        "n_rows": len(found.probabilities),
        "doubt": doubt,
        "doubted": found.in_doubt(doubt).size,
        "cost": None if label_cost is None else found.cost(label_cost, doubt),
        "cost_unit": cost_unit,
        "level": found.accuracy_intervals[0].level,
        "pairs": found.independence[:_MOST_PAIRS],
        "bars": certainty_bars(found.probabilities, doubt),
    }


def _error_values(
    found: LabelErrors, most: int, label_cost: float | None, cost_unit: str
) -> dict[str, Any]:
    columns = (found.rows, found.given, found.suggested, found.margins)
    return {
        "found": found,
        "classes": found.classes,
        "rows": list(zip(*(column[:most].tolist() for column in columns), strict=True)),
        "cost": None if label_cost is None else found.cost(label_cost),
        "cost_unit": cost_unit,
    }
