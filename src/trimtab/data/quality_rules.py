"""What makes a value doubtful (accuracy) and a row contradict a rule (consistency), as faults."""

from collections.abc import Mapping, Sequence

import polars as pl

from trimtab.core.records import Violation
from trimtab.data.quality_faults import Fault, quoted
from trimtab.data.quality_markers import Column
from trimtab.data.row_checks import RowCheck
from trimtab.data.schema import Schema
from trimtab.data.time import time_columns

VALUES, LABELS = "values", "labels"
# checks of a column that hold its rows against each other, or against a clock
_BETWEEN_ROWS = ("unique", "increasing", "time zone")
_ACTS = {
    "type": "Write {column} as the schema's type at its source.",
    "encoding": "Save {column} as UTF-8 at its source.",
    "min": "Check unit and source of {column}; correct these values, or lower the schema's `min`.",
    "max": "Check unit and source of {column}; correct these values, or raise the schema's `max`.",
    "values": "Map these levels of {column} to known ones, or add them to the schema's `values`.",
    "pattern": "Correct these texts of {column}, or the schema's `pattern`.",
    "finite": "Find out which computation of {column} divides by zero or overflows.",
    "key": "Keep one row of each key.",
    "unique": "Keep one row of each value of {column}.",
    "increasing": "Sort the rows, or correct {column} where it steps back.",
    "time": "Correct the columns that date these rows.",
    "time zone": "Convert {column} to the schema's time zone at its source.",
}


def value_faults(
    checks: Sequence[RowCheck], failed: Sequence[Violation], columns: Mapping[str, Column]
) -> list[Fault]:
    """Return the checks that failed and that doubt one value, in cells that have a value."""
    found = {(violation.column, violation.check) for violation in failed}
    faults = []
    for check in checks:
        if check.column is None or (check.column, check.check) not in found:
            continue
        if check.check == "nulls" or check.check in _BETWEEN_ROWS:
            continue
        # what stands for "missing" is no value, and is counted as missing
        fails = check.fails & ~columns[check.column].missing
        faults.append(
            Fault("accuracy", f"{VALUES}:{check.column}", check.check, check.column, fails,
                  f"{quoted(check.column)}: {check.text}", _act(check), check.shown, check.held)
        )  # fmt: skip
    return faults


def label_faults(
    label: str, schema: Schema, columns: Mapping[str, Column], kinds: pl.Schema
) -> list[Fault]:
    """Return the labels that another row contradicts: all features alike, and another label.

    Features are the columns that neither name nor date a row.
    """
    left_out = {label, *schema.key, *time_columns(schema.time, kinds)}
    features = [
        name
        for name, column in schema.columns.items()
        if name in columns
        and name not in left_out
        and not column.unique
        and _is_plain(kinds[name])
    ]
    if label not in columns or not features:
        return []
    value = pl.when(~columns[label].missing).then(pl.col(label))
    contradicted = (value.min().over(features) != value.max().over(features)).fill_null(
        value=False
    )
    text = "{count} of {rows} labels are contradicted by a row alike in all features"
    return [
        Fault("accuracy", LABELS, "label", label, contradicted & ~columns[label].missing,
              f"{quoted(label)}: {text}",
              "Label these rows again, or add a feature that tells them apart.",
              {name: pl.col(name) for name in [label, *features[:4]]},
              (~columns[label].missing).sum())
    ]  # fmt: skip


def rule_faults(
    checks: Sequence[RowCheck], failed: Sequence[Violation], columns: Mapping[str, Column]
) -> list[Fault]:
    """Return the checks that failed and that concern a row as a whole, and double spellings."""
    found = {(violation.column, violation.check) for violation in failed}
    faults = []
    for check in checks:
        between = check.column is None or check.check in _BETWEEN_ROWS
        if (check.column, check.check) in found and between:
            subject = quoted(check.column) if check.column else "rows"
            faults.append(
                Fault("consistency", "", check.check, check.column, check.fails,
                      f"{subject}: {check.text}", _act(check), check.shown, check.held)
            )  # fmt: skip
    for name, column in columns.items():
        if column.spellings:
            faults.append(_spelling(name, column))
    return faults


def doubted(faults: Sequence[Fault]) -> dict[str, pl.Expr]:
    """Return where each column has a value in doubt."""
    made: dict[str, pl.Expr] = {}
    for fault in faults:
        if fault.dimension == "accuracy" and fault.group != LABELS and fault.column is not None:
            earlier = made.get(fault.column)
            made[fault.column] = fault.fails if earlier is None else earlier | fault.fails
    return made


def _is_plain(kind: pl.DataType) -> bool:
    return not (kind.is_nested() or kind == pl.Binary or kind == pl.Null)


def _spelling(name: str, column: Column) -> Fault:
    others = [text for texts in column.spellings.values() for text in texts]
    best, ways = next(iter(column.spellings.items()))
    told = f"{len(column.spellings)} of its levels are written in several ways"
    example = f"{ways[0]!r} for {best!r}".replace("{", "{{").replace("}", "}}")
    return Fault(
        "consistency", "", "spelling", name,
        pl.col(name).is_in(others).fill_null(value=False),
        f"{quoted(name)}: {{count}} of {{rows}} values in a second spelling; {told} ({example})",
        f"Write one spelling of each level of `{name}`.",
        {name: pl.col(name)},
    )  # fmt: skip


def _act(check: RowCheck) -> str:
    text = _ACTS.get(check.check, "Correct these rows, or the rule.")
    return text.format(column=f"`{check.column}`")
