"""Tables with holes and their truth, and what people do to a file of answers."""

import csv

import numpy as np
import polars as pl


def orders(n=60):
    """Orders that are late from afar or by sea; every third distance or way is empty."""
    rng = np.random.default_rng(0)
    full = pl.DataFrame(
        {
            "order": [f"=A{i}" for i in range(n)],
            "distance": rng.integers(0, 100, n),
            "way": rng.choice(["air", "road", "sea"], n, p=[0.3, 0.5, 0.2]),
        }
    ).with_columns(late=(pl.col("distance") > 50) | (pl.col("way") == "sea"))
    row = pl.int_range(n)
    dirty = full.with_columns(
        distance=pl.when(row % 3 != 0).then("distance"),
        way=pl.when((row % 3 != 1) & (row % 6 != 0)).then("way"),
    )
    return full, dirty


def tables(n=60):
    """Orders that are late from afar or by sea; every third distance or way is empty."""
    rng = np.random.default_rng(0)
    full = pl.DataFrame(
        {
            "distance": rng.uniform(0, 100, n).round(1),
            "way": rng.choice(["air", "road", "sea"], n, p=[0.3, 0.5, 0.2]),
        }
    ).with_columns(late=(pl.col("distance") > 50) | (pl.col("way") == "sea"))
    row = pl.int_range(n)
    dirty = full.with_columns(
        distance=pl.when(row % 3 != 0).then("distance"), way=pl.when(row % 3 != 1).then("way")
    )
    return full, dirty


def read_lines(file):
    with file.open(newline="", encoding="utf-8-sig") as lines:
        return list(csv.DictReader(lines))


def write_lines(file, lines, *, encoding="utf-8-sig", delimiter=",", columns=None):
    with file.open("w", newline="", encoding=encoding) as out:
        writer = csv.DictWriter(
            out, columns or list(lines[0]), delimiter=delimiter, extrasaction="ignore"
        )
        writer.writeheader()
        writer.writerows(lines)


def fill(lines, full, **others):
    """Write the true value into each cell to look at."""
    filled = []
    for line in lines:
        row, new = int(line["row"]), dict(line)
        for name in ("distance", "way"):
            if f"fix:{name}" in line and line[name] == "":
                new[f"fix:{name}"] = str(full[name][row])
        filled.append(new | others)
    return filled
