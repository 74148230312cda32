"""From a dirty table to its clean twin: what is suspected, what is cleaned, what is left.

`python -m benchmarks.effort.clean_pairs --hospital FOLDER --flights FOLDER --out PAGE`, where a
FOLDER holds dirty.csv and clean.csv, rows in the same order. Every tenth row, taken from the clean
file, is a validation row; the others are the dirty table. A session then asks for rows in its own
order, and each answer sets the unsure cells of the row to what the clean file holds.

Labels come from the clean file, since a session takes them to be right. Hospital: `Condition`.
Flights: whether the true arrival is after the scheduled one, a thing one would predict; `src`
names the web site that a row was read from, which no time of a flight can tell.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from trimtab.effort.cleaning_session import CleaningSession
from trimtab.effort.cleaning_table import CleaningTable, start_cleaning
from trimtab.stats.exact_share import exact_share_interval

HELD_OUT = 10
SAMPLE = 32
TIMES = "sched_dep_time", "act_dep_time", "sched_arr_time", "act_arr_time"


@dataclass(frozen=True)
class Pair:
    """A dirty table and its clean twin, all cells as text, with true labels."""

    name: str
    dirty: pl.DataFrame
    clean: pl.DataFrame
    label: str
    ignore: tuple[str, ...]

    @property
    def held_out(self) -> pl.Series:
        """Which rows are for validation."""
        return self.clean.select(pl.int_range(pl.len()) % HELD_OUT == 0).to_series()

    @property
    def features(self) -> list[str]:
        """The columns that rows are compared by."""
        return [name for name in self.clean.columns if name not in (self.label, *self.ignore)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the pairs that are given, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hospital", type=Path)
    parser.add_argument("--flights", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(arguments)
    lines = ["# From the dirty table to the clean one", "", *INTRODUCTION]
    if options.hospital:
        pair = read_hospital(options.hospital)
        lines += ["", "## Hospital", "", *report(pair, "auto")]
    if options.flights:
        pair = read_flights(options.flights)
        lines += ["", "## Flights: suspects found by themselves", "", *report(pair, "auto")]
        lines += [
            "", "## Flights: suspects by a rule of the user's", "",
            "The rule: a time is suspect unless all web sites give the same one for the flight.",
            "",
            *report(pair, contested(pair)),
        ]  # fmt: skip
    page = "\n".join(lines) + "\n"
    print(page)
    if options.out:
        options.out.write_text(page, encoding="utf-8")


def read_hospital(folder: Path) -> Pair:
    """Read the hospitals; the class is the condition that a measure is about."""
    dirty, clean = read_pair(folder)
    dirty = dirty.with_columns(clean["Condition"])
    return Pair("hospital", dirty, clean, "Condition", ("index",))


def read_flights(folder: Path) -> Pair:
    """Read the flights; the class is whether one truly arrived late."""
    dirty, clean = read_pair(folder)
    late = (minutes("act_arr_time") - minutes("sched_arr_time") + 720) % 1440 > 720
    label = clean.select(late=late)["late"]
    return Pair(
        "flights", dirty.with_columns(label), clean.with_columns(label), "late",
        ("tuple_id", "src", "flight"),
    )  # fmt: skip


def read_pair(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read both files as text, the clean one by the names of the dirty one."""
    dirty, clean = (
        pl.read_csv(folder / f"{name}.csv", infer_schema=False) for name in ("dirty", "clean")
    )
    return dirty, clean.rename(dict(zip(clean.columns, dirty.columns, strict=True)))


def minutes(column: str) -> pl.Expr:
    """Return a time such as `7:10 a.m.` in minutes after midnight."""
    parts = pl.col(column).str.extract_groups(r"^(\d+):(\d+) ([ap])").struct
    hours = parts.field("1").cast(pl.Int64) % 12 + 12 * (parts.field("3") == "p").cast(pl.Int64)
    return 60 * hours + parts.field("2").cast(pl.Int64)


def contested(pair: Pair) -> pl.DataFrame:
    """Return the times that web sites disagree about, by row of the dirty table."""
    rows = pair.dirty.filter(~pair.held_out).with_row_index("row")
    parts = [
        rows.filter(
            pl.col(time).is_not_null() & (pl.col(time).drop_nulls().n_unique().over("flight") > 1)
        ).select("row", column=pl.lit(time))
        for time in TIMES
    ]
    return pl.concat(parts)


def report(pair: Pair, suspects: str | pl.DataFrame) -> list[str]:
    """Clean a pair, and return what happened."""
    held = pair.held_out
    with TemporaryDirectory() as folder:
        session, table = start_cleaning(
            pair.dirty.filter(~held), pair.clean.filter(held), pair.label,
            Path(folder) / "session.db",
            suspects=suspects, ignore=pair.ignore, sample=SAMPLE,
        )  # fmt: skip
        truth = pair.clean.filter(~held)
        lines = [table.sentence + ".", "", *found(pair, table, truth)]
        before = session.status()
        order = clean_up(session, table, truth)
        after = session.status()
    steps = [
        ("nobody looks", []),
        ("likeliest candidates, nobody looks", None),
        ("until all predictions are certain", order),
        ("every row with an unsure cell", list(table.dirty)),
    ]
    lines += [
        "", "| | rows fixed | cells right | cells wrong or empty |",
        "| --- | ---: | ---: | ---: |",
        *(cells_line(name, rows, pair, table, truth) for name, rows in steps),
        "", f"Before: {before.sentence}.", "", f"After: {after.sentence}.", "",
        f"{len(order):,} of {len(table.dirty):,} rows were looked at "
        f"({len(order) / len(table.dirty):.0%}). Trained on the clean rows instead, the same "
        f"classifier is right on {clean_accuracy(pair):.3f} of the validation rows.",
    ]  # fmt: skip
    return lines


def found(pair: Pair, table: CleaningTable, truth: pl.DataFrame) -> list[str]:
    """Compare the suspects, and the candidates, with the clean file."""
    dirty = pair.dirty.filter(~pair.held_out)
    wrong = {
        (row, name)
        for name in pair.features
        for row in dirty.select(
            pl.arg_where(pl.col(name).is_not_null() & (pl.col(name) != truth[name]))
        ).to_series()
    }
    cells = {(row, name): why for row, by in table.reasons.items() for name, why in by.items()}
    suspected = {cell for cell, why in cells.items() if why != "empty"}
    empty = [cell for cell, why in cells.items() if why == "empty"]
    right = wrong & suspected
    lines = [
        f"Suspects that are wrong (precision): {share(len(right), len(suspected))}. Wrong cells "
        f"that are suspects (recall): {share(len(right), len(wrong))}.",
    ]
    groups = ("wrong suspects", sorted(right)), ("empty cells", sorted(empty))
    for name, among in groups:
        if among:
            options = [[o.value for o in table.options[row][c]] for row, c in among]
            true = [truth[c][row] for row, c in among]
            likeliest = sum(some[0] == t for some, t in zip(options, true, strict=True))
            holds = sum(t in some for some, t in zip(options, true, strict=True))
            lines.append(
                f"Of the {name}, the truth is the likeliest candidate in "
                f"{share(likeliest, len(among))}, among the candidates in "
                f"{share(holds, len(among))}."
            )
    return [" ".join(lines)]


def clean_up(session: CleaningSession, table: CleaningTable, truth: pl.DataFrame) -> list[int]:
    """Fix the row that the session asks for, until it asks for none."""
    order: list[int] = []
    while steps := session.next():
        row = steps[0].row
        cells = {name: truth[name][row] for name in table.unsure(row)}
        session.fix(row, table.repaired(row, cells))
        order.append(row)
    return order


def cells_line(
    name: str, rows: list[int] | None, pair: Pair, table: CleaningTable, truth: pl.DataFrame
) -> str:
    """Count the cells that are as in the clean file when some rows are fixed."""
    dirty = pair.dirty.filter(~pair.held_out)
    columns = {column: dirty[column].to_list() for column in pair.features}
    for row in table.dirty if rows is None else rows:
        likeliest = table.candidates(row)[0]
        for column in table.unsure(row):
            columns[column][row] = likeliest[column] if rows is None else truth[column][row]
    right = sum((pl.Series(columns[c]).eq_missing(truth[c])).sum() for c in pair.features)
    n = dirty.height * len(pair.features)
    return f"| {name} | {len(rows or []):,} | {right:,} | {n - right:,} ({1 - right / n:.2%}) |"


def clean_accuracy(pair: Pair) -> float:
    """Return the accuracy on the validation rows when trained on clean ones."""
    held = pair.held_out
    with TemporaryDirectory() as folder:
        session, _ = start_cleaning(
            pair.clean.filter(~held), pair.clean.filter(held), pair.label,
            Path(folder) / "session.db", ignore=pair.ignore,
        )  # fmt: skip
    accuracy = session.status().accuracy_now
    assert accuracy is not None
    return accuracy


def share(count: int, total: int) -> str:
    """Return a share with its count and limits."""
    if not total:
        return "none"
    limits = exact_share_interval(count, total, delta=0.05)
    return f"{count / total:.1%} ({count:,} of {total:,}; {limits.low:.1%} to {limits.high:.1%})"


INTRODUCTION = (
    "Written by `python -m benchmarks.effort.clean_pairs`. Cells are compared as text. Every "
    "tenth row is held out and taken from the clean file: the validation rows. The classifier is "
    "3 nearest neighbours on all columns but those that name a row, each column of weight one. "
    "`fix` sets the unsure cells of a row to what the clean file holds, in the session's order, "
    f"until all validation predictions are certain, gains being taken over {SAMPLE} open ones "
    "drawn anew each time. Limits are exact at 95 % (Clopper and Pearson), and take cells to be "
    "independent.",
    "",
    "Cleaning until predictions are certain serves the classifier, not the table: few rows settle "
    "it, and most wrong cells stay; likeliest candidates, taken unseen, mend more. On hospital 3 "
    "neighbours are a poor stand-in for a model, even on clean rows: most columns name the "
    "hospital, not the condition. On flights many web sites share an error, so that the table "
    "itself gives few of them away; a rule finds all, at the price of looking at right cells.",
)

if __name__ == "__main__":
    main()
