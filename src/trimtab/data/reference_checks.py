"""The check that columns are distributed as in a named reference profile, within a bound.

The bound is on an effect, not on a p-value: with many rows the smallest difference is
significant, and a schema says what matters. For numbers and times it is the largest distance
between the two distribution functions (the Kolmogorov-Smirnov statistic), at the edges of the
cells that both histograms share; for other columns half the sum of the differences between the
shares of the levels (total variation). Both are shares of the rows, from 0 to 1. Missing values
have no part in them. Where a profile keeps only the commonest levels, the others count as one.
"""

import numpy as np
import polars as pl

from trimtab.core.errors import SchemaError, SourceError, nearest
from trimtab.core.records import Violation
from trimtab.data.column_profile import ColumnProfile
from trimtab.data.profile import Profile, profile
from trimtab.data.scale_change import scale_change
from trimtab.data.schema import Environment, Schema
from trimtab.data.table_checks import Outcome
from trimtab.data.unit_change import times_told, unit_change
from trimtab.stats.log_linear import aligned


def load_references(schema: Schema, environment: Environment) -> dict[str, Profile]:
    """Return the reference profiles that the schema's checks compare with, by name.

    Raises
    ------
    SourceError
        If one of them is no saved profile.
    """
    names = {
        column.reference or schema.reference
        for column in schema.columns.values()
        if column.max_drift is not None and environment in column.environments
    }
    if schema.max_row_change is not None:
        names.add(schema.reference)
    return {name: Profile.load(schema.path_of(schema.references[name])) for name in names if name}


def drift_checks(
    frame: pl.LazyFrame,
    schema: Schema,
    environment: Environment,
    table: str,
    references: dict[str, Profile],
) -> Outcome:
    """Compare each column that has `max_drift` with its reference; one pass over those columns.

    Raises
    ------
    SchemaError
        If a reference profile lacks the column.
    """
    found = Outcome()
    columns = frame.collect_schema()
    bounds: dict[str, dict[str, float]] = {}
    for name, column in schema.columns.items():
        if column.max_drift is None or environment not in column.environments:
            continue
        if name not in columns:
            found.skipped.append(f"drift of `{name}`: no such column")
            continue
        bounds.setdefault(str(column.reference or schema.reference), {})[name] = column.max_drift
    for reference, wanted in bounds.items():
        against = references[reference]
        for name in wanted:
            if name not in against.columns:
                raise SchemaError(
                    f"expected the reference `{reference}` to describe `{name}`, it does not",
                    hint=nearest(name, against.columns), column=name,
                )  # fmt: skip
        try:
            current = profile(frame.select(list(wanted)), reference=against)
        except SourceError as error:
            found.skipped.append(f"drift against `{reference}`: {error.problem}")
            continue
        for name, bound in wanted.items():
            _compare(against.columns[name], current.columns[name], bound, schema, table,
                     reference, found)  # fmt: skip
    return found


def _compare(
    old: ColumnProfile,
    new: ColumnProfile,
    bound: float,
    schema: Schema,
    table: str,
    reference: str,
    found: Outcome,
) -> None:
    severity = schema.columns[new.name].severity

    def told(check: str, count: int, text: str) -> None:
        found.violations.append(
            Violation(table, new.name, check, severity, count, new.count, text)
        )

    if old.type != new.type:
        found.made += 1
        told("schema change", new.count, f"`{new.name}`: {new.type} here, {old.type} in the "
             f"reference `{reference}`: the schema changed, no drift is told")  # fmt: skip
        return
    distance = distance_between(old, new)
    if distance is None:
        found.skipped.append(f"drift of `{new.name}`: too little is known of its distribution")
        return
    found.made += 1
    if distance <= bound:
        return
    factor = unit_change(old, new)
    if factor is not None:
        times = times_told(old, new, factor)
        told("unit", new.count, f"`{new.name}`: all values are {times} times those of the "
             f"reference `{reference}`: another unit, no drift is told")  # fmt: skip
        return
    scale = scale_change(old, new)
    if scale is not None:
        told("unit", new.count, f"`{new.name}`: {scale.words} since the reference `{reference}`: "
             "another unit, no drift is told")  # fmt: skip
        return
    told(
        "drift", round(distance * new.count),
        f"`{new.name}`: {distance:.1%} of its distribution moved against the reference "
        f"`{reference}` ({old.count:,} values), at most {bound:.1%} allowed",
    )  # fmt: skip


def distance_between(old: ColumnProfile, new: ColumnProfile) -> float | None:
    """Return how far two profiled columns' distributions are apart, in [0, 1].

    None where one of them has no values or the profile says too little of them.
    """
    if old.histogram is not None and new.histogram is not None:
        _, _, before, after = aligned(old.histogram, new.histogram)
        if not before.sum() or not after.sum():
            return None
        gaps = np.cumsum(before / before.sum()) - np.cumsum(after / after.sum())
        return float(np.abs(gaps).max())
    if not old.top or not new.top:
        return None
    before_shares, after_shares = _shares(old), _shares(new)
    if old.top_complete and new.top_complete:
        listed = before_shares.keys() | after_shares.keys()
    else:
        listed = before_shares.keys() & after_shares.keys()
    gaps = [before_shares.get(level, 0.0) - after_shares.get(level, 0.0) for level in listed]
    rest = sum(gaps)  # what the levels listed lost, the others gained
    return float(np.abs([*gaps, rest]).sum() / 2)


def _shares(column: ColumnProfile) -> dict[object, float]:
    return {level: count / column.count for level, count in column.top}
