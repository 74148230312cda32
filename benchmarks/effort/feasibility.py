"""What `feasibility` says where the truth is known, or is known well, and how long it takes.

`python -m benchmarks.effort.feasibility --out FOLDER [--flights FILE] [--weather FILE]
[--adult FILE] [--cifar-10n FILE]` writes `effort_feasibility.md`; tables that are not given are
left out. Flights are those of 2013 out of New York that arrived, late if by more than 15 minutes.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn.datasets import load_digits

import trimtab as tt
from benchmarks.data.measure import machine
from trimtab.stats.label_noise import wrong_share_from_repeats
from trimtab.stats.laws import normal_cdf
from trimtab.stats.neighbours import NearestNeighbours

SCHEDULE = ["carrier", "origin", "dest", "sched_dep_time", "sched_arr_time", "distance"]
WEATHER = ["temp", "dewp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib"]
HEAD = "| data | rows | target | verdict | Bayes error | interval | truth | seconds |\n"


def bells() -> Iterator[tuple[str, Any, Any, float, str]]:
    """Yield two normal classes whose Bayes error is known, in more and more dimensions."""
    rng = np.random.default_rng(0)
    for columns in (2, 5, 10, 30, 100):
        label = rng.integers(0, 2, 10_000)
        points = rng.normal(size=(10_000, columns))
        points[:, 0] += 2 * label
        yield f"two bells, {columns} columns", points, label, 0.9, f"{normal_cdf(-1):.3f}"


def digits() -> Iterator[tuple[str, Any, Any, float, str]]:
    """Yield scikit-learn's digits with a share of labels made random."""
    data = load_digits()
    rng = np.random.default_rng(0)
    for replaced in (0.0, 0.2, 0.4):
        chosen = rng.random(data.target.size) < replaced
        label = np.where(chosen, rng.integers(0, 10, chosen.size), data.target)
        truth = f"about {(label != data.target).mean() + 0.01:.2f}"
        yield f"digits, {replaced:.0%} of labels random", data.data, label, 0.9, truth


def flights(file: Path, weather: Path) -> pl.DataFrame:
    """Return flights with what was known when they were due to leave, and whether late."""
    hours = pl.read_parquet(weather).select("origin", "time_hour", *WEATHER)
    rows = pl.read_parquet(file).filter(pl.col("arr_delay").is_not_null())
    return rows.join(hours, on=["origin", "time_hour"], how="left").select(
        pl.date("year", "month", "day").dt.weekday().alias("weekday"),
        (pl.col("arr_delay") > 15).alias("late"),
        *SCHEDULE,
        *WEATHER,
    )


def row(name: str, data: Any, label: Any, target: float, truth: str) -> str:
    """Return one answer as a line of the table."""
    start = time.perf_counter()
    found = tt.feasibility(data, label, target_accuracy=target)
    low, high = found.interval
    return (
        f"| {name} | {found.n_rows:,} | {target:g} | {found.verdict} | {found.bayes_error:.3f} | "
        f"{low:.3f} to {high:.3f} | {truth} | {time.perf_counter() - start:.1f} |\n"
    )


def neighbours_seconds() -> float:
    """Return the time for 10,000 queries among 100,000 rows of 64 columns."""
    rng = np.random.default_rng(0)
    near = NearestNeighbours(rng.normal(size=(10_000, 64)))
    rows = rng.normal(size=(100_000, 64))
    start = time.perf_counter()
    near.add(rows)
    return time.perf_counter() - start


def labellers(file: Path) -> str:
    """Return what pairs of labellers say of wrong labels, beside how many are wrong."""
    labels = pl.read_parquet(file)
    text = "\n| labellers | estimate | wrong |\n| --- | --- | --- |\n"
    truth = labels["clean_label"].to_numpy()
    for a, b in ((1, 2), (1, 3), (2, 3)):
        one, other = (labels[f"random_label{i}"].to_numpy() for i in (a, b))
        wrong = ((one != truth).mean() + (other != truth).mean()) / 2
        text += f"| {a} and {b} | {wrong_share_from_repeats(one, other, 10):.3f} | {wrong:.3f} |\n"
    return text


def main() -> None:
    """Run all that files were given for, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    for name in ("flights", "weather", "adult", "cifar-10n"):
        parser.add_argument(f"--{name}", type=Path)
    given = parser.parse_args()
    page = f"# Feasibility\n\n{machine()}\n\n"
    page += f"10,000 queries, 100,000 rows of 64 columns: {neighbours_seconds():.1f} s.\n\n"
    page += HEAD + "| --- " * 8 + "|\n"
    for case in (*bells(), *digits()):
        page += row(*case)
    if given.flights and given.weather:
        table = flights(given.flights, given.weather)
        for target in (0.75, 0.9):
            page += row("flights", table, "late", target, "unknown")
    if given.adult:
        label = pl.scan_parquet(given.adult).collect_schema().names()[-1]
        for target in (0.8, 0.95):
            page += row("adult", given.adult, label, target, "at most 0.13")
    if given.cifar_10n:
        page += labellers(given.cifar_10n)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "effort_feasibility.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
