"""The tables of the benchmark, from a fixed seed: `python -m benchmarks.data.workload FOLDER`.

Two tables of 50 columns, the second with five columns shifted (`columns.SHIFTED`); a pair of
5,000 x 32 arrays, the second with a mean shift of 0.1 in four columns; and, with `--big`, 100
Parquet files of 20 columns.
"""

import argparse
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.data.columns import (
    BOOLEAN,
    INTEGERS,
    LOGNORMAL,
    NORMAL,
    SHIFTED,
    TEXTS,
    TIME,
    WITH_ZEROS,
)

MONTH = 30 * 86_400_000_000  # microseconds
START = 1_767_225_600_000_000  # 2026-01-01
NULL_SHARE = 0.02
PARTS = 100


def table(rows: int, *, shifted: bool) -> pa.Table:
    """Return 35 floats with nulls, ten text columns, three integers, a boolean and a time."""
    rng = np.random.default_rng([0, int(shifted)])
    moved = frozenset(SHIFTED) if shifted else frozenset()
    columns: dict[str, pa.Array] = {}
    for j, name in enumerate(NORMAL):
        mean = j + (0.3 if name in moved else 0.0)
        columns[name] = _with_nulls(rng, rng.normal(mean, 1 + j / 10, rows))
    for j, name in enumerate(LOGNORMAL):
        sigma = 0.6 if name in moved else 0.5
        columns[name] = _with_nulls(rng, rng.lognormal(j / 10, sigma, rows))
    for j, name in enumerate(WITH_ZEROS):
        zeros = rng.random(rows) < (0.6 if name in moved else 0.7)
        columns[name] = _with_nulls(rng, np.where(zeros, 0.0, rng.exponential(3.5 + j / 10, rows)))
    for name, levels in TEXTS.items():
        columns[name] = _texts(rng, rows, name, levels, 0.9 if name in moved else 1.1)
    first, second, third = INTEGERS
    least = rng.integers(0, 1000, rows)
    columns[first] = pa.array(rng.poisson(10.5 if first in moved else 10, rows))
    columns[second] = pa.array(least)
    columns[third] = pa.array(least + rng.poisson(5, rows))
    columns[BOOLEAN] = pa.array(rng.random(rows) < 0.3)
    columns[TIME] = _times(rng, rows, START + (MONTH if shifted else 0), MONTH // rows)
    return pa.table(columns)


def big_part(part: int, rows: int) -> pa.Table:
    """Return one of the parts: many repeated values, but ids and users are many and distinct."""
    rng = np.random.default_rng([1, part])
    columns: dict[str, pa.Array] = {
        "id": pa.array(np.arange(part * rows, (part + 1) * rows)),
        "score": _with_nulls(rng, rng.normal(size=rows)),
        "size": _with_nulls(rng, rng.lognormal(2.0, 1.0, rows)),
    }
    for j in range(4):
        columns[f"price_{j}"] = pa.array(np.round(rng.gamma(2.0, 10.0 * (j + 1), rows), 1))
    columns["visits"] = pa.array(rng.poisson(4, rows))
    columns["delay"] = pa.array(rng.geometric(0.02, rows) - 15)
    columns["code"] = pa.array(rng.integers(0, 1000, rows))
    for j, levels in enumerate([5, 20, 50, 200, 2000]):
        columns[f"level_{j}"] = _texts(rng, rows, f"level_{j}", levels, 1.1)
    columns["user"] = _texts(rng, rows, "user", 2_000_000, 0.0)
    columns["open"] = pa.array(rng.random(rows) < 0.3)
    columns["paid"] = _with_nulls(rng, rng.random(rows) < 0.9)
    columns["at"] = _times(rng, rows, START + part * rows * 100_000, 100_000)
    columns["day"] = columns["at"].cast(pa.date32(), safe=False)
    return pa.table(columns)


def pair(*, shifted: bool) -> np.ndarray:
    """Return 5,000 rows of 32 standard normals; shifted by 0.1 in the first four columns."""
    rows = np.random.default_rng([2, int(shifted)]).normal(size=(5000, 32)).astype(np.float32)
    rows[:, :4] += 0.1 if shifted else 0.0
    return rows


def _with_nulls(rng: np.random.Generator, values: np.ndarray) -> pa.Array:
    return pa.array(values, mask=rng.random(len(values)) < NULL_SHARE)


def _texts(
    rng: np.random.Generator, rows: int, name: str, levels: int, exponent: float
) -> pa.Array:
    """Return levels of a Zipf law, the first the commonest."""
    weights = np.cumsum(1.0 / np.arange(1, levels + 1) ** exponent)
    codes = np.searchsorted(weights, rng.random(rows) * weights[-1], side="right")
    taken = pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), _names(name, levels))
    return taken.cast(pa.string())


@cache
def _names(name: str, levels: int) -> pa.Array:
    return pa.array([f"{name}_{j:03d}" for j in range(levels)])


def _times(rng: np.random.Generator, rows: int, start: int, step: int) -> pa.Array:
    """Return increasing times, one in each step."""
    times = start + np.arange(rows, dtype=np.int64) * step + rng.integers(0, step, rows)
    return pa.array(times, pa.timestamp("us"))


def _made(path: Path, make: Callable[[Path], None]) -> None:
    """Write a file unless it is there; a run that was cut off leaves none behind."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"unfinished-{path.name}")
    make(unfinished)
    unfinished.replace(path)


def main() -> None:
    """Write what is missing in the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000, help="of each table, of each part")
    parser.add_argument("--big", action="store_true", help="the 100 parts instead of the tables")
    asked = parser.parse_args()

    def written(rows: pa.Table, file: Path) -> None:
        pq.write_table(rows, file, compression="zstd")

    if asked.big:
        for part in range(PARTS):
            path = asked.folder / f"big-{asked.rows}" / f"part-{part:03d}.parquet"
            _made(path, lambda file, part=part: written(big_part(part, asked.rows), file))
        return
    for shifted, name in enumerate(["reference", "current"]):
        _made(
            asked.folder / f"{name}-{asked.rows}.parquet",
            lambda file, on=bool(shifted): written(table(asked.rows, shifted=on), file),
        )
        _made(
            asked.folder / f"pair-{name}.npy",
            lambda file, on=bool(shifted): np.save(file, pair(shifted=on)),
        )


if __name__ == "__main__":
    main()
