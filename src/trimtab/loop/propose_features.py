"""What each column is good for: a feature as a line of Python, or the reason why it is none."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from trimtab.loop.inspect_table import Clock

FREE_TEXT_LENGTH = 60
ID_SHARE = 0.95
DATE_SHARE = 0.95
DATE_FORMATS = (
    "%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z",
)  # fmt: skip
_UTC: Any = {"time_unit": "us", "time_zone": "UTC"}
DAY_NAMES = frozenset("day weekday hour month quarter week minute".split())
ID_NAME = re.compile(r"(^|_|\.)(id|no|nr|num|number|index|idx|key|uuid|guid|row)s?$", re.I)
LEAK_NAME = re.compile(r"(^|_|\.)(pred|predicted|prediction|proba|probability|score|y_hat|target|"
                       r"outcome|result|actual|label)(_|\.|$)", re.I)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table: the features it makes, or why it makes none.

    `features` maps a feature's name to its expression as Python source. `after` is true where
    the column is known only after the question was asked.
    """

    name: str
    features: dict[str, str] = field(default_factory=dict)
    why: str = ""
    after: bool = False
    text: bool = False


def propose_columns(
    frame: pl.DataFrame,
    *,
    times: pl.Series,
    clock: Clock,
    label: str,
    label_time: str | None,
    key: Sequence[str],
    seasons: bool,
) -> list[Column]:
    """Return what each column of the table is good for, in the table's order.

    Parameters
    ----------
    frame : polars.DataFrame
        All rows.
    times : polars.Series
        Event time of each row.
    clock : str or list of str
        The time setting; its columns give the hour and the weekday, never absolute time.
    label, label_time, key :
        Columns with a part to play.
    seasons : bool
        Whether the training rows span a year, so that a month can be learnt.
    """
    parts = {label: "the label"}
    if label_time:
        parts[label_time] = "known only with the label"
    if len(key) == 1:
        parts[key[0]] = "the key"
    clocks = [] if clock == "row_number" else [clock] if isinstance(clock, str) else clock
    made = []
    for name in frame.columns:
        if name in parts:
            made.append(Column(name, why=parts[name], after=name != key[:1]))
        elif name in clocks:
            made.append(_of_clock(frame[name], times, seasons=seasons, alone=len(clocks) == 1))
        else:
            made.append(_of(frame[name], times if clocks else None, seasons=seasons))
    return _with_distinct_names(made)


def _of(column: pl.Series, times: pl.Series | None, *, seasons: bool) -> Column:
    """Propose features of an ordinary column; `times` is None where rows have no real time."""
    name, dtype, code = column.name, column.dtype, col(column.name)
    plain = feature_name(name)
    if column.null_count() == len(column):
        return Column(name, why="no row has a value")
    if dtype.is_nested() or dtype in (pl.Binary, pl.Object):
        return Column(name, why=f"{dtype} is no single value")
    if column.n_unique() == 1:
        return Column(name, why=f"every row has the same value ({column[0]!r})")
    if looks_like_id(column):
        return Column(name, why="looks like an id: nearly every value differs")
    if dtype == pl.Boolean:
        return Column(name, {plain: code}, text=True)
    if dtype.is_numeric():
        return Column(name, {plain: f"{code}.cast(pl.Float64)"})
    if dtype == pl.Duration:
        return Column(name, {f"{plain}_seconds": f"{code}.dt.total_seconds().cast(pl.Float64)"})
    if dtype == pl.Time:
        return Column(name, {f"{plain}_hour": f"{code}.dt.hour().cast(pl.Float64)"})
    moment = read_dates(column)
    if moment is not None:
        return _of_date(column, moment, times, seasons=seasons)
    if _is_free_text(column):
        return Column(name, why="free text: make features of its words yourself")
    as_text = "" if dtype == pl.String else ".cast(pl.String)"
    return Column(name, {plain: code + as_text}, text=True)


def _of_date(
    column: pl.Series, moment: pl.Series, times: pl.Series | None, *, seasons: bool
) -> Column:
    """A date other than the clock: its parts, and how long before the question it was."""
    name, plain, code = column.name, feature_name(column.name), date_code(column)
    if times is not None and float((moment > times).mean() or 0.0) > 0.5:
        return Column(name, why="mostly later than the question: known only afterwards",
                      after=True)  # fmt: skip
    return Column(name, _parts(plain, code, moment, seasons=seasons))


def _of_clock(column: pl.Series, times: pl.Series, *, seasons: bool, alone: bool) -> Column:
    """Parts of the event time that come again; what never comes again cannot be learnt."""
    name = column.name
    if alone and not column.dtype.is_numeric():
        found = _parts(feature_name(name), date_code(column), times, seasons=seasons)
        return Column(name, found, why="" if found else "the clock")
    again = name.lower() in DAY_NAMES and name.lower() not in ("day", "minute")
    if again and (seasons or name.lower() in ("hour", "weekday")) and column.n_unique() > 1:
        return Column(name, {feature_name(name): f"{col(name)}.cast(pl.Float64)"})
    return Column(name, why="the clock: it would only tell one period from the next")


def _parts(plain: str, code: str, moment: pl.Series, *, seasons: bool) -> dict[str, str]:
    hours = moment.dt.hour().n_unique() > 1
    days = moment.dt.weekday().n_unique() > 2
    months = seasons and moment.dt.month().n_unique() > 1
    wanted = {"hour": hours, "weekday": days, "month": months}
    return {
        f"{plain}_{part}": f"{code}.dt.{part}().cast(pl.Float64)"
        for part, holds in wanted.items()
        if holds
    }


def lead_features(
    frame: pl.DataFrame, columns: Iterable[Column], clock: Clock
) -> dict[str, str]:
    """Return *days before the question* for each date column used, where the clock is one column."""
    if not isinstance(clock, str) or clock == "row_number" or clock not in frame.columns:
        return {}
    now = frame[clock]
    if now.dtype.is_numeric():
        return {}
    made = {}
    for column in columns:
        dated = column.name != clock and read_dates(frame[column.name]) is not None
        if dated and not column.after and (column.features or not column.why):
            made[f"days_since_{feature_name(column.name)}"] = (
                f"({date_code(now)} - {date_code(frame[column.name])})"
                ".dt.total_days().cast(pl.Float64)"
            )
    return made


def read_dates(column: pl.Series) -> pl.Series | None:
    """Return the column as UTC times, or None if it does not hold dates."""
    if column.dtype == pl.Date:
        return column.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if isinstance(column.dtype, pl.Datetime):
        zone = column.dtype.time_zone
        moment = column.cast(pl.Datetime("us", zone))
        return moment.dt.convert_time_zone("UTC") if zone else moment.dt.replace_time_zone("UTC")
    if column.dtype != pl.String:
        return None
    form = _date_format(column)
    return column.str.to_datetime(form, **_UTC, strict=False) if form else None


def _date_format(column: pl.Series) -> str | None:
    """Return the ISO 8601 format that nearly all of a text column is written in."""
    sample = column.drop_nulls().head(1000)
    if not len(sample) or not sample.str.contains(r"^\d{4}-\d{2}-\d{2}").all():
        return None
    held = column.count()
    for form in DATE_FORMATS:
        if column.str.to_datetime(form, **_UTC, strict=False).count() >= DATE_SHARE * held:
            return form
    return None


def date_code(column: pl.Series) -> str:
    """Return Python source that reads the column as a UTC time."""
    code = col(column.name)
    if column.dtype == pl.String:
        form = json.dumps(_date_format(column))
        return f'{code}.str.to_datetime({form}, time_unit="us", time_zone="UTC", strict=False)'
    zone = column.dtype.time_zone if isinstance(column.dtype, pl.Datetime) else None
    cast = f'{code}.cast(pl.Datetime("us"{f", {json.dumps(zone)}" if zone else ""}))'
    to_utc = "convert_time_zone" if zone else "replace_time_zone"
    return f'{cast}.dt.{to_utc}("UTC")'


def looks_like_id(column: pl.Series) -> bool:
    """Whether the column names rows: text that hardly repeats, or whole numbers that count up."""
    held = column.drop_nulls()
    if len(held) < 20 or not (held.dtype == pl.String or held.dtype.is_integer()):
        return False
    if held.n_unique() < ID_SHARE * len(held):
        return False
    if held.dtype == pl.String:
        return read_dates(column) is None and not _is_free_text(column)
    low, high = held.min(), held.max()
    assert isinstance(low, int)
    assert isinstance(high, int)
    dense = high - low < 1.1 * len(held)
    return dense or held.is_sorted() or bool(ID_NAME.search(column.name))


def _is_free_text(column: pl.Series) -> bool:
    held = column.drop_nulls()
    if held.dtype != pl.String or not len(held):
        return False
    length = held.str.len_chars().mean()
    assert isinstance(length, float)
    return length > FREE_TEXT_LENGTH and held.n_unique() > len(held) / 2


def feature_name(column: str) -> str:
    """Return a name that every library takes: letters, digits and underscores."""
    name = re.sub(r"\W+", "_", column, flags=re.ASCII).strip("_") or "column"
    return f"c_{name}" if name[0].isdigit() else name


def col(name: str) -> str:
    """Return Python source of a column."""
    return f"pl.col({json.dumps(name, ensure_ascii=False)})"


def _with_distinct_names(columns: list[Column]) -> list[Column]:
    """Number features whose names became the same (`a.b` and `a b`)."""
    taken: set[str] = set()
    made = []
    for column in columns:
        renamed = {}
        for name, code in column.features.items():
            fresh, count = name, 2
            while fresh in taken:
                fresh, count = f"{name}_{count}", count + 1
            taken.add(fresh)
            renamed[fresh] = code
        made.append(Column(column.name, renamed, column.why, column.after, column.text))
    return made
