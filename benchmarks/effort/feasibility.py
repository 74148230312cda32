"""What `feasibility` says where the truth is known, or is known well, and how long it takes.

`python -m benchmarks.effort.feasibility --out FOLDER [--flights FILE] [--weather FILE]
[--adult FILE] [--cifar-10n FILE] [--draws 20]` writes `effort_feasibility.md` and `.svg`; tables
that are not given are left out. Flights are those of 2013 out of New York that arrived, late if
by more than 15 minutes.
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
from benchmarks.effort.feasibility_people import people
from benchmarks.effort.feasibility_plot import svg
from benchmarks.effort.feasibility_worlds import Coverage, coverage, worlds
from trimtab.stats.neighbours import NearestNeighbours

SCHEDULE = ["carrier", "origin", "dest", "sched_dep_time", "sched_arr_time", "distance"]
WEATHER = ["temp", "dewp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib"]
N_ROWS = 1_500
WORLDS = """
## Worlds whose Bayes error is known

{draws} draws of {rows:,} rows of each. The interval promises to hold the Bayes error in 95 of 100,
where theory says that it should: independent rows whose nearest-neighbour error falls by a power
law. *Share held* has exact 95 % limits of the share of draws. *Warned* counts draws whose report
named why the interval may not hold, or says little. Wrong labels are estimated, not given.

![Interval and estimate beside the truth, for each world](effort_feasibility.svg)

| world | Bayes error | estimate, mean | interval, mean | held | share held | should hold | \
warned | labels wrong | estimated |
| --- | ---: | ---: | --- | --- | --- | --- | --- | ---: | ---: |
"""
REAL = """
## Data

| data | rows | target | verdict | Bayes error | interval | labels wrong, estimated | truth | \
seconds |
| --- | ---: | ---: | --- | ---: | --- | ---: | --- | ---: |
"""


def digits() -> Iterator[tuple[str, Any, Any, float, str]]:
    """Yield scikit-learn's digits with a share of labels made random."""
    data = load_digits()
    rng = np.random.default_rng(0)
    for replaced in (0.0, 0.2, 0.4):
        chosen = rng.random(data.target.size) < replaced
        label = np.where(chosen, rng.integers(0, 10, chosen.size), data.target)
        wrong = (label != data.target).mean()
        truth = f"{wrong:.3f} of labels wrong; Bayes error about {wrong + 0.01:.2f}"
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
    seconds = time.perf_counter() - start
    low, high = found.interval
    least, most = found.label_noise_interval
    return (
        f"| {name} | {found.n_rows:,} | {target:g} | {found.verdict} | {found.bayes_error:.3f} | "
        f"{low:.3f} to {high:.3f} | {found.label_noise:.3f} ({least:.3f} to {most:.3f}) | {truth} "
        f"| {seconds:.1f} |\n"
    )


def speed() -> str:
    """Return how long neighbours take, and the answer after a label is put right."""
    rng = np.random.default_rng(0)
    near = NearestNeighbours(rng.normal(size=(10_000, 64)))
    rows = rng.normal(size=(100_000, 64))
    start, busy = time.perf_counter(), time.process_time()
    near.add(rows)
    wall, busy = time.perf_counter() - start, time.process_time() - busy
    label = (rows[:20_000, 0] > 0).astype(int)
    study = tt.feasibility_study(rows[:20_000, :8], label, target_accuracy=0.8)
    start = time.perf_counter()
    study.fix(0, 1 - int(label[0]))
    study.result()
    fixed = time.perf_counter() - start
    return (
        f"Nearest rows of 10,000 queries among 100,000 of 64 columns: {wall:.1f} s, of processor "
        f"time {busy:.1f} s, in blocks of 4 MB. The answer after a label is put right, 20,000 "
        f"rows: {fixed:.2f} s.\n"
    )


def tables(flights_file: Path | None, weather: Path | None, adult: Path | None) -> str:
    """Return what is said of digits and of the tables that were given."""
    page = REAL
    for case in digits():
        page += row(*case)
    if flights_file and weather:
        table = flights(flights_file, weather)
        for target, truth in ((0.75, "boosted trees reach it"), (0.9, "unknown")):
            page += row("flights, late", table, "late", target, truth)
    if adult:
        label = pl.scan_parquet(adult).collect_schema().names()[-1]
        for target in (0.8, 0.95):
            page += row("adult, income", adult, label, target, "at most 0.13, by published models")
    return page


def known(n_draws: int) -> tuple[str, list[Coverage]]:
    """Return what is said of worlds whose truth is known."""
    found = [coverage(world, n_rows=N_ROWS, n_draws=n_draws) for world in worlds()]
    text = WORLDS.format(draws=n_draws, rows=N_ROWS) + "".join(one.line() for one in found)
    return text, found


def main() -> None:
    """Run all that files were given for, and write the page and its picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=20)
    for name in ("flights", "weather", "adult", "cifar-10n"):
        parser.add_argument(f"--{name}", type=Path)
    given = parser.parse_args()
    facts = machine()
    page = (
        "# What does feasibility say where the truth is known?\n\nWritten by `python -m "
        f"benchmarks.effort.feasibility`, on {facts['cores']} cores of {facts['processor']} with "
        f"a load of {facts['load']} before it began.\n\n"
    )
    page += speed() + tables(given.flights, given.weather, given.adult)
    text, found = known(given.draws)
    page += text
    if given.cifar_10n:
        page += people(given.cifar_10n)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "effort_feasibility.md").write_text(page, encoding="utf-8")
    (given.out / "effort_feasibility.svg").write_text(svg(found), encoding="utf-8")


if __name__ == "__main__":
    main()
