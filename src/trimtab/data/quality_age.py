"""How the age of rows compares with what the task needs, and which columns stand still."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from pydantic import TypeAdapter, ValidationError

from trimtab.core.records import Violation
from trimtab.core.settings import Duration
from trimtab.data.quality_faults import Counts, Fault
from trimtab.data.quality_markers import Column
from trimtab.data.quality_report import Part
from trimtab.data.sources import collect
from trimtab.data.time import offset

_WINDOWS = 100
_LATE, _OLD = "late", "old"


@dataclass(frozen=True)
class Need:
    """What a task needs of time.

    Attributes
    ----------
    max_age, max_row_age : duration or None
        How old the newest row, and any row, may be.
    arrived, max_delay : str or None, duration or None
        Column with the time of arrival, and how long after the event time that may be.

    Raises
    ------
    ValueError
        If one of these is no duration, or there is a `max_delay` and nothing to see it by.
    """

    now: datetime | None = None
    max_age: str | None = None
    max_row_age: str | None = None
    arrived: str | None = None
    max_delay: str | None = None

    def __post_init__(self) -> None:
        for name in ("max_age", "max_row_age", "max_delay"):
            duration = getattr(self, name)
            if duration is not None and not is_duration(duration):
                raise ValueError(
                    f"`{name}`: a duration such as 6h, 1d or 2w was expected, got {duration!r}"
                )
        if self.max_delay is not None and self.arrived is None:
            raise ValueError("`arrived` was expected beside `max_delay`, got none")


def is_duration(text: str) -> bool:
    """Return whether a text is a length of time, such as `6h`."""
    try:
        TypeAdapter(Duration).validate_python(text)
    except ValidationError:
        return False
    return True


def age_faults(
    need: Need, time: pl.Expr, arrived: pl.Expr | None, names: Sequence[str]
) -> list[Fault]:
    """Return the rows that came late, those that are too old, and those dated after now.

    The last contradict the clock, and count as inconsistent; `names` are the columns that date.
    """
    faults = []
    if need.now is not None:
        faults.append(
            Fault("consistency", "", "future", None,
                  (time > pl.lit(need.now)).fill_null(value=False),
                  "rows: {count} of {rows} are dated after now",
                  "Correct the clock or the time zone they were dated by.",
                  {name: pl.col(name) for name in names})
        )  # fmt: skip
    if arrived is not None and need.max_delay is not None:
        both = time.is_not_null() & arrived.is_not_null()
        late = (arrived > time.dt.offset_by(need.max_delay)).fill_null(value=False)
        faults.append(
            Fault("timeliness", _LATE, _LATE, None, late,
                  f"{{count}} of {{rows}} rows arrived over {need.max_delay} after the event",
                  "Shorten the way of these rows, or allow the task a longer `max_delay`.",
                  {"time": time, "arrived": arrived}, both.sum())
        )  # fmt: skip
    if need.now is not None and need.max_row_age is not None:
        oldest = pl.lit(offset(need.now, f"-{need.max_row_age}"))
        faults.append(
            Fault("timeliness", _OLD, _OLD, None, (time < oldest).fill_null(value=False),
                  f"{{count}} of {{rows}} rows are older than {need.max_row_age}",
                  "Leave these rows out, or refresh them.",
                  {"time": time}, time.is_not_null().sum())
        )  # fmt: skip
    return faults


def newest_asks(need: Need, time: pl.Expr, arrived: pl.Expr | None) -> list[pl.Expr]:
    """Return what has to be known of the clock columns, in the same pass as all faults.

    Rows dated after now are no sign of freshness, and are left out.
    """
    asks = []
    if need.now is not None:
        asks.append(time.filter(time <= pl.lit(need.now)).max().alias("newest"))
    if arrived is not None:
        delay = (arrived - time).dt.total_microseconds()
        asks += [delay.median().alias("delay"), delay.quantile(0.95).alias("delay:95")]
    return asks


def age_part(need: Need, newest: datetime | None) -> Part | None:
    """Return how the age of the newest row compares with the need; None if there is no need."""
    if need.now is None or need.max_age is None or newest is None:
        return None
    allowed = (need.now - offset(need.now, f"-{need.max_age}")).total_seconds()
    age = max(0.0, (need.now - newest).total_seconds())
    score = 1.0 if age <= allowed else allowed / age
    text = (
        f"the newest row is of {newest:%Y-%m-%d %H:%M}, {_words(age)} before "
        f"{need.now:%Y-%m-%d %H:%M}; at most {need.max_age} is needed"
    )
    act = "" if score == 1 else "Load newer rows, or find out why none come."
    return Part("timeliness", "age", None, int(score < 1), 1, "age", score, 0.0, text, act,
                ({"newest": newest},))  # fmt: skip


def delay_part(need: Need, counts: Counts) -> Part | None:
    """Return the usual delay in words, where no limit says what it should be."""
    delay = counts.facts.get("delay")
    if delay is None or need.max_delay is not None:
        return None
    text = (
        f"half of the rows arrive within {_words(delay / 1e6)} of the event, 95 % within "
        f"{_words(counts.facts['delay:95'] / 1e6)}; no figure without `max_delay`"
    )
    return Part("timeliness", _LATE, None, 0, counts.rows, "rows", None, 0.0, text)


def covers_part(violations: Sequence[Violation], times: pl.Series | None) -> Part | None:
    """Return which share of another table's rows ours does not reach."""
    for found in violations:
        if found.check == "covers" and times is not None:
            of = times.count()
            return Part("timeliness", "covers", None, found.count, of, "rows",
                        1 - found.count / of, 0.0, found.message,
                        "Load the rows up to the other's newest.", found.examples)  # fmt: skip
    return None


def still_part(
    frame: pl.LazyFrame,
    time: pl.Expr,
    columns: Mapping[str, Column],
    doubted: Mapping[str, pl.Expr],
    newest: datetime,
    every: str,
    table: str,
) -> Part | None:
    """Return the columns that stood still in the last window of time, and never did before.

    Windows are of the length `every` and end with the newest row. A column stands still in one
    if it has at most one value there, doubted ones left out. At least 100 earlier windows with
    rows are needed: if the last is like the others, a column is told by chance at most once in
    a hundred tables. A poor choice for a column whose source has fallen silent before.
    """
    kinds = frame.collect_schema()
    names = [name for name in columns if not (kinds[name].is_nested() or kinds[name] == pl.Binary)]
    length = newest - offset(newest, f"-{every}")
    asks = []
    for name in names:
        usable = ~columns[name].missing
        if name in doubted:
            usable = usable & ~doubted[name]
        value = pl.when(usable).then(pl.col(name))
        asks.append((value.min() != value.max()).fill_null(value=False).alias(name))
    age = (pl.lit(newest) - time).dt.total_microseconds()
    window = age // (length.total_seconds() * 1e6)
    moves = collect(
        frame.group_by(window.alias("__window")).agg(*asks)
        .filter(pl.col("__window") >= 0).sort("__window"),
        table,
    )  # fmt: skip
    if moves.height <= _WINDOWS or not names:
        return None
    last, before = moves[0], moves[1:]
    always = before.select(pl.col(names).all()).row(0, named=True)
    still = [name for name in names if always[name] and not last[name].item()]
    if not still:
        return None
    told = ", ".join(f"`{name}`" for name in still[:5])
    text = f"{len(still)} of {len(names)} columns stood still in the last {every}: {told}"
    return Part("timeliness", "still", None, len(still), len(names), "columns",
                1 - len(still) / len(names), 0.0, text,
                "Check whether their source still sends anything new.",
                tuple({"column": name} for name in still[:5]))  # fmt: skip


def _words(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if abs(seconds) >= 2 * length:
            return f"{seconds / length:,.1f} {unit}"
    return f"{seconds:,.0f} seconds"
