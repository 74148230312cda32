"""The settings of a new project: where training ends, how long a window is, what a block is."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

from trimtab.core.errors import NotEnoughDataError
from trimtab.core.records import TaskKind
from trimtab.data.time import offset, windows

TRAIN_SHARE = 0.35
WINDOWS = 10
FULL_WINDOW = 100
"""A window with fewer rows than this says little; a longer one is preferred."""
MIN_TRAIN = 20
MIN_PER_CLASS = 5
MIN_BLOCKS = 5
MIN_MOMENTS = 5
"""Training rows of fewer moments cannot be cut into past and future."""

# window: (reference block, block of dependent rows, delay of labels)
CALENDAR = {
    "1y": ("1mo", "1w", "1d"),
    "1q": ("1w", "1w", "1d"),
    "1mo": ("1w", "1d", "1d"),
    "1w": ("1d", "1d", "1d"),
    "1d": ("6h", "1h", "1h"),
    "1h": ("10m", "1m", "1m"),
    "1m": ("10s", "1s", "1s"),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """How the rows are cut: training before `until`, then `windows` windows of production."""

    until: datetime
    window: str
    reference_block: str
    block: str
    label_delay: str
    min_rows: int
    windows: int
    train_rows: int
    train_labelled: int
    seasons: bool


def is_coarse(times: pl.Series) -> bool:
    """Whether rows are in the order of a clock that tells too few of them apart.

    A year alone, for example. The order of such rows says more than their clock does.
    """
    if times.null_count() or not times.is_sorted():
        return False
    return times.head(int(TRAIN_SHARE * len(times))).n_unique() < MIN_MOMENTS


@dataclass(frozen=True, slots=True)
class _Cut:
    until: datetime
    window: str
    score: float
    windows: int
    rows_per_window: float


def propose_plan(times: pl.Series, labels: pl.Series, *, kind: TaskKind, row_clock: bool) -> Plan:
    """Cut the rows so that about a third trains the first model and ten windows follow.

    Parameters
    ----------
    times, labels : polars.Series
        Event time (UTC) and label of every row; either may hold nulls.
    kind : {"binary", "multiclass", "regression"}
        Classes have to be in the training rows before anything can be learnt.
    row_clock : bool
        Whether the order of the rows is the clock.

    Raises
    ------
    NotEnoughDataError
        If no cut leaves labelled rows of two classes before it and rows after it.
    """
    rows = pl.DataFrame({"time": times, "label": labels}).drop_nulls("time").sort("time")
    lengths = _row_windows(rows.height) if row_clock else CALENDAR
    cuts = [cut for window in lengths for cut in _cuts(rows, window, kind)]
    if not cuts:
        raise NotEnoughDataError(
            "expected labelled rows to train on in the first part of the table and rows to "
            f"replay after it, found no time to cut {rows.height:,} rows at",
            hint="Bring rows of more than one period; if the rows are sorted by label, give "
            "`--time` with the column that tells when each was asked.",
        )
    best = min(cuts, key=lambda cut: cut.score)
    reference, block, delay = lengths[best.window]
    if _blocks_per_window(rows["time"], best.window, block) < MIN_BLOCKS:
        block = "row"
    before = rows.filter(pl.col("time") < best.until)
    span = best.until - rows["time"][0]
    return Plan(
        until=best.until,
        window=best.window,
        reference_block=reference,
        block=block,
        label_delay=delay,
        min_rows=max(5, min(FULL_WINDOW, int(best.rows_per_window // 4))),
        windows=best.windows,
        train_rows=before.height,
        train_labelled=before["label"].count(),
        seasons=not row_clock and span.days >= 364,
    )


def _row_windows(rows: int) -> dict[str, tuple[str, str, str]]:
    """Windows, reference blocks, blocks and delay counted in rows (one minute each).

    How far neighbours in a file depend on each other nobody knows: blocks are as long as leaves
    twenty in a window, enough for an interval.
    """
    length = max(round((1 - TRAIN_SHARE) * rows / WINDOWS), min(50, rows // 5))
    block = _round(length / 20)
    reference = 4 * block if length >= 20 else max(1, length // 5)
    window = 20 * block if length >= 20 else length
    return {f"{window}m": (f"{reference}m", f"{block}m", f"{block}m")}


def _round(value: float) -> int:
    """Round up to two digits: lengths that people can say."""
    step = int(10 ** max(0, math.floor(math.log10(max(value, 1))) - 1))
    return math.ceil(value / step) * step


def _cuts(rows: pl.DataFrame, window: str, kind: TaskKind) -> list[_Cut]:
    """Return the cuts at the edges of such windows that leave enough on both sides, scored."""
    times = rows["time"]
    first, last = times[0], times[-1]
    if first == last or (last - first) / _length(window) > 2000:
        return []  # nothing to cut, or far too many windows of this length
    # windows() leaves its end out; the last row belongs to a window too
    edges = windows(first, last + timedelta(microseconds=1), window)
    starts = pl.Series([start for start, _ in edges], dtype=times.dtype)
    before = times.search_sorted(starts, side="left").to_list()
    sizes = [*before[1:], rows.height]
    counts = [after - at for at, after in zip(before, sizes, strict=True)]
    made = []
    for index in range(1, len(edges)):
        share = before[index] / rows.height
        after = counts[index:]
        if not (0.1 <= share <= 0.8 and _trains(rows["label"][: before[index]], kind)):
            continue
        if rows["label"][before[index] :].count() == 0:
            continue
        empty = sum(count == 0 for count in after) / len(after)
        typical = sorted(after)[len(after) // 2]
        score = (
            abs(math.log(len(after) / WINDOWS))
            + 4 * abs(share - TRAIN_SHARE)
            + max(0.0, math.log(FULL_WINDOW / max(1, typical)))
            + 5 * empty
            - 0.25 * _whole_years(first, edges[index][0])
        )
        made.append(_Cut(edges[index][0], window, score, len(after), typical))
    return made


def _length(window: str) -> timedelta:
    """Return roughly how long a window is."""
    start = datetime(2000, 1, 1, tzinfo=UTC)
    return offset(start, window) - start


def _whole_years(first: datetime, cut: datetime) -> bool:
    """Whether the cut is at a new year, and leaves every season before it."""
    return (cut.month, cut.day) == (1, 1) and (cut - first).days >= 364


def _trains(labels: pl.Series, kind: TaskKind) -> bool:
    held = labels.drop_nulls()
    if len(held) < MIN_TRAIN:
        return False
    if kind == "regression":
        return held.n_unique() > 1
    common = held.value_counts().filter(pl.col("count") >= MIN_PER_CLASS)
    return common.height >= 2


def _blocks_per_window(times: pl.Series, window: str, block: str) -> float:
    cut = pl.DataFrame({"window": times.dt.truncate(window), "block": times.dt.truncate(block)})
    held = cut.group_by("window").agg(pl.col("block").n_unique())["block"].median()
    return float(held) if isinstance(held, (int, float)) else 0.0


def loss_scale(labels: pl.Series) -> float | None:
    """Return the range of errors that losses are measured in: all but 0.5 % of the labels'.

    Distances are from the median, as an error of the best constant prediction would be.
    """
    held = labels.drop_nulls().cast(pl.Float64)
    middle = held.median()
    if not isinstance(middle, float):
        return None
    wide = (held - middle).abs().quantile(0.995)
    return float(f"{wide:.3g}") if wide else None
