"""Numbers, times and names as people read them; the filters of the templates."""

from datetime import UTC, date, datetime
from typing import Any

METRICS = {
    "auc": ("AUC", "higher is better"),
    "auc_ovr": ("AUC, one class against the rest", "higher is better"),
    "accuracy": ("Accuracy", "higher is better"),
    "brier_skill": ("Brier skill", "higher is better"),
    "average_precision": ("Average precision", "higher is better"),
    "r2": ("R²", "higher is better"),
    "mae": ("Mean absolute error", "lower is better"),
    "rmse": ("Root mean squared error", "lower is better"),
    "brier": ("Brier score", "lower is better"),
    "log_loss": ("Log loss", "lower is better"),
    "loss": ("Mean loss", "lower is better"),
}
NONE = "–"


def metric_name(metric: str | None) -> str:
    """Return a metric's name as people write it.

    Examples
    --------
    >>> metric_name("auc"), metric_name("f1_macro"), metric_name(None)
    ('AUC', 'F1 macro', 'Metric')
    """
    if not metric:
        return "Metric"
    plain = metric.replace("_", " ")
    return METRICS.get(metric, (plain[:1].upper() + plain[1:], ""))[0]


def metric_sense(metric: str | None) -> str:
    """Return whether more of a metric is better, or nothing if that is not known."""
    return METRICS.get(metric or "", ("", ""))[1]


def number(value: Any, digits: int = 3) -> str:
    """Write a number with thousands separated, or a dash for none.

    Examples
    --------
    >>> number(0.71234), number(28_000), number(12345.6), number(-0.02), number(None)
    ('0.712', '28,000', '12,346', '−0.020', '–')
    """
    if value is None or value != value:
        return NONE
    if isinstance(value, int) or (isinstance(value, float) and abs(value) >= 1000):
        return f"{value:,.0f}".replace("-", "−")
    if 0 < abs(value) < 10**-digits:
        return f"{value:.1e}".replace("-", "−")
    return f"{value:.{digits}f}".replace("-", "−")


def signed(value: Any, digits: int = 3) -> str:
    """Write a difference with its sign.

    Examples
    --------
    >>> signed(0.031), signed(-0.002), signed(None)
    ('+0.031', '−0.002', '–')
    """
    if value is None or value != value:
        return NONE
    return ("+" if value > 0 else "") + number(float(value), digits)


def percent(value: Any, digits: int = 1) -> str:
    """Write a share in per cent.

    Examples
    --------
    >>> percent(0.2164), percent(None)
    ('21.6 %', '–')
    """
    return NONE if value is None or value != value else f"{100 * value:.{digits}f} %"


def p_value(value: Any) -> str:
    """Write a p-value; very small ones say no more than that.

    Examples
    --------
    >>> p_value(0.0312), p_value(1e-9), p_value(None)
    ('0.031', '< 0.001', '–')
    """
    return NONE if value is None else "< 0.001" if value < 0.001 else f"{value:.3f}"


def day(value: datetime | date | str | None) -> str:
    """Write a day.

    Examples
    --------
    >>> day(datetime(2013, 4, 1, tzinfo=UTC)), day(None)
    ('1 Apr 2013', '–')
    """
    moment = _moment(value)
    return NONE if moment is None else f"{moment.day} {moment:%b %Y}"


def minute(value: datetime | str | None) -> str:
    """Write a moment, with its time zone.

    Examples
    --------
    >>> minute(datetime(2013, 4, 1, 9, 30, tzinfo=UTC))
    '1 Apr 2013, 09:30 UTC'
    """
    moment = _moment(value)
    return NONE if moment is None else f"{day(moment)}, {moment:%H:%M} UTC"


def interval(estimate: Any, digits: int = 3) -> str:
    """Write the two ends of an estimate's interval, or nothing where it has none."""
    if estimate is None or estimate.low is None or estimate.high is None:
        return ""
    return f"[{number(float(estimate.low), digits)}, {number(float(estimate.high), digits)}]"


def figure(value: Any) -> str:
    """Write any value of an analysis or a verdict's detail."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: NONE}[value]
    return number(value) if isinstance(value, int | float) else str(value)


def _moment(value: datetime | date | str | None) -> datetime | None:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if value is None or value.tzinfo is None:
        return value
    return value.astimezone(UTC)
