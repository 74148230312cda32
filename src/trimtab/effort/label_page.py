"""Labels from votes, and labels that look wrong, each as a page in one file that loads nothing."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trimtab.data.report_frame import page
from trimtab.effort.label_pictures import certainty_bars, dot_interval
from trimtab.stats.label_answer import LabelModel
from trimtab.stats.label_errors import LabelErrors

_TEMPLATES = Path(__file__).parent / "templates"
_MOST_PAIRS = 20
_MOST_ROWS = 500


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
    return page(
        "labels.html",
        f"Labels of {len(found.probabilities):,} rows from {len(found.sources)} sources",
        folder=_TEMPLATES,
        words=(share, dot_interval),
        found=found,
        n_rows=len(found.probabilities),
        doubt=doubt,
        doubted=found.in_doubt(doubt).size,
        cost=None if label_cost is None else found.cost(label_cost, doubt),
        cost_unit=cost_unit,
        level=found.accuracy_intervals[0].level,
        pairs=found.independence[:_MOST_PAIRS],
        bars=certainty_bars(found.probabilities, doubt),
    )


def label_errors_page(
    found: LabelErrors,
    classes: Sequence[Any],
    *,
    n_rows: int,
    label_cost: float | None = None,
    cost_unit: str = "minutes",
) -> str:
    """Return a page on which labels look wrong, how many are, and between which classes.

    Parameters
    ----------
    found : LabelErrors
        What `label_errors` returned.
    classes : sequence
        Names of the columns of the probabilities.
    n_rows : int
        All rows that were looked at.
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
    >>> from trimtab.stats.label_errors import label_errors
    >>> sure = [[0.9, 0.1], [0.05, 0.95], [0.1, 0.9], [0.9, 0.1]]
    >>> shown = label_errors_page(label_errors([0, 0, 1, 0], sure), ["ham", "spam"], n_rows=4)
    >>> "1 of 4 labels look wrong" in shown
    True
    """
    surest = zip(
        *(part[:_MOST_ROWS].tolist() for part in (found.rows, found.given, found.suggested)),
        found.margins[:_MOST_ROWS].tolist(),
        strict=True,
    )
    return page(
        "label_errors.html",
        f"{found.rows.size:,} of {n_rows:,} labels look wrong",
        folder=_TEMPLATES,
        words=(share, dot_interval),
        found=found,
        classes=list(classes),
        n_rows=n_rows,
        rows=list(surest),
        cost=None if label_cost is None else found.cost(label_cost),
        cost_unit=cost_unit,
    )


def share(x: float) -> str:
    """Return a share as percent, or that it is unknown."""
    return f"{x:.1%}" if math.isfinite(x) else "unknown"
