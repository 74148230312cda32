"""When a challenger is trained, and on which rows."""

import re
from collections.abc import Sequence
from datetime import datetime

from trimtab.core.records import Alert
from trimtab.core.settings import RetrainSection
from trimtab.data.time import offset

UNITS = {"day": "d", "week": "w", "month": "mo", "year": "y"}

RETRAINING_MONITORS = ("performance", "bias", "prediction drift")
"""Alerts of these monitors say that the model, not only its surroundings, has moved."""


def retrain_reason(settings: RetrainSection, alerts: Sequence[Alert], growth: float) -> str | None:
    """Say why a challenger should be trained now, or None if it should not.

    Parameters
    ----------
    settings : RetrainSection
        The policy: *never*; *scheduled*, at every window's end; *triggered*, when an alert of
        the window says that predictions or their errors have left what was promised, or when
        there is much to learn from that the champion has not seen.
    alerts : sequence of Alert
        Alerts of the window that has just closed.
    growth : float
        Labelled rows since the champion was trained, as a share of those it learned from.
    """
    if settings.policy == "never":
        return None
    if settings.policy == "scheduled":
        return "scheduled at the end of each window"
    fired = [alert for alert in alerts if alert.monitor in RETRAINING_MONITORS]
    if fired:
        return f"triggered by {fired[0].monitor}: {fired[0].message}"
    if growth >= settings.growth:
        return f"triggered by new rows: {growth:.0%} of what the champion learned from"
    return None


def training_start(window: str, until: datetime, drift_since: datetime | None) -> datetime | None:
    """Return the first moment of the training rows, or None for all of history.

    Parameters
    ----------
    window : str
        `all`, `last 3 months` (any count of days, weeks, months or years), or `since drift`.
    until : datetime
        End of the training rows.
    drift_since : datetime or None
        Start of the first window of the present run of alerts; `since drift` begins there, and
        takes all of history while there is none.

    Examples
    --------
    >>> from datetime import UTC
    >>> training_start("last 3 months", datetime(2013, 10, 1, tzinfo=UTC), None).month
    7
    """
    if window == "since drift":
        return drift_since
    match = re.fullmatch(r"last (\d+) (day|week|month|year)s?", window)
    if match is None:
        return None
    return offset(until, f"-{match.group(1)}{UNITS[match.group(2)]}")
