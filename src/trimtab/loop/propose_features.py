"""What each column is good for: a feature as a line of Python, or the reason why it is none."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from trimtab.loop.inspect_table import Clock
from trimtab.loop.read_dates import col, date_code, read_dates

FREE_TEXT_LENGTH = 60
ID_SHARE = 0.95
SLICE_VALUES = 20
LATER = "a date that mostly lies after the question: known only afterwards"
ONCE = "a time that never comes again"
AGAIN = ("hour", "weekday", "month", "quarter", "week")
ID_NAME = re.compile(r"(^|_|\.)(id|no|nr|num|number|index|idx|key|uuid|guid|row)s?$", re.I)


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
    slices: bool = False


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
    now = None
    if len(clocks) == 1 and not frame[clocks[0]].dtype.is_numeric():
        now = date_code(frame[clocks[0]])
    made = []
    for name in frame.columns:
        if name in parts:
            made.append(Column(name, why=parts[name], after=name in (label, label_time)))
        elif name in clocks:
            made.append(_of_clock(frame[name], times, seasons=seasons, alone=len(clocks) == 1))
        else:
            column = _of(frame[name], now, seasons=seasons)
            late = bool(clocks) and _lies_after(frame[name], times)
            made.append(Column(name, why=LATER, after=True) if late else column)
    return _with_distinct_names(made)


def _of(column: pl.Series, now: str | None, *, seasons: bool) -> Column:
    """Propose features of an ordinary column; `now` is the source of the event time, if any."""
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
    if dtype.is_numeric() or dtype == pl.Boolean:
        return Column(name, {plain: f"{code}.cast(pl.Float64)"}, slices=dtype == pl.Boolean)
    moment = read_dates(column)
    if moment is not None:
        return _of_date(column, moment, now, seasons=seasons)
    if _is_free_text(column):
        return Column(name, why="free text: make features of its words yourself")
    few = 2 <= column.drop_nulls().n_unique() <= SLICE_VALUES
    return Column(name, {plain: code}, slices=few)


def _of_date(column: pl.Series, moment: pl.Series, now: str | None, *, seasons: bool) -> Column:
    """Propose the parts of a date, and how many days before the question it was."""
    plain, code = feature_name(column.name), date_code(column)
    found = _parts(plain, code, moment, seasons=seasons)
    if now is not None:
        found[f"days_since_{plain}"] = f"({now} - {code}).dt.total_days().cast(pl.Float64)"
    return Column(column.name, found, why="" if found else ONCE)


def _lies_after(column: pl.Series, times: pl.Series) -> bool:
    """Whether a column is a date that mostly lies after the question."""
    moment = read_dates(column)
    return moment is not None and (moment > times).sum() > moment.count() / 2


def _of_clock(column: pl.Series, times: pl.Series, *, seasons: bool, alone: bool) -> Column:
    """Propose parts of the event time that come again: nothing is learnt from the others."""
    name = column.name
    if alone and not column.dtype.is_numeric():
        found = _parts(feature_name(name), date_code(column), times, seasons=seasons)
        return Column(name, found, why="" if found else ONCE)
    wanted = AGAIN if seasons else AGAIN[:2]
    if name.lower() in wanted and column.n_unique() > 1:
        return Column(name, {feature_name(name): f"{col(name)}.cast(pl.Float64)"})
    return Column(name, why=ONCE)


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


def _with_distinct_names(columns: list[Column]) -> list[Column]:
    """Return the columns with features numbered whose names became the same (`a.b`, `a b`)."""
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
        made.append(Column(column.name, renamed, column.why, column.after, column.slices))
    return made
