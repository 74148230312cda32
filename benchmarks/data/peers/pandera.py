"""pandera on Polars: `python -m benchmarks.data.peers.pandera WHAT FILE`.

WHAT is `file` (all columns are read: the schema names all), `needed` (only those with a check
are read, which the caller must know) or `table` (reading is not timed).
"""

import sys

from benchmarks.data.checks import CHECKS, NEEDED, QUANTILES, Check
from benchmarks.data.clock import Clock

clock = Clock()
with clock("import"):
    import pandera
    import pandera.polars as pa
    import polars as pl


def demand(check: Check) -> "pa.Check":
    """Return one of our checks in pandera's words."""
    if check.kind == "range":
        return pa.Check.in_range(check.low, check.high)
    if check.kind == "one_of":
        return pa.Check.isin(check.values)
    if check.kind == "pattern":
        return pa.Check.str_matches(check.pattern)
    # pandera has no checks of means and quantiles; these are one expression each.
    each = [pl.col(check.column).mean()]
    if check.kind == "quantiles":
        each = [pl.col(check.column).quantile(p) for p in QUANTILES]
    within = pl.all_horizontal(value.is_between(check.low, check.high) for value in each)
    return pa.Check(lambda data: data.lazyframe.select(within))


def column(name: str, kind: "pl.DataType") -> "pa.Column":
    """Return the demands on one column."""
    own = [check for check in CHECKS if check.column == name]
    plain = ("not_null", "unique", "at_least")
    return pa.Column(
        kind,
        checks=[demand(check) for check in own if check.kind not in plain],
        nullable=all(check.kind != "not_null" for check in own),
        unique=any(check.kind == "unique" for check in own),
    )


what, path = sys.argv[1:3]
wanted = NEEDED if what == "needed" else None
with clock("setup"):
    types = pl.read_parquet_schema(path)
    pairs = [
        pa.Check(
            lambda data, it=check: data.lazyframe.select(pl.col(it.column) >= pl.col(it.than))
        )
        for check in CHECKS
        if check.kind == "at_least"
    ]
    schema = pa.DataFrameSchema(
        {name: column(name, types[name]) for name in wanted or types}, checks=pairs
    )
if what == "table":
    with clock("load"):
        rows = pl.read_parquet(path)
    with clock("answer"):
        schema.validate(rows, lazy=True)
else:
    with clock("answer"):
        schema.validate(pl.read_parquet(path, columns=wanted), lazy=True)
clock.report(version=pandera.__version__, says="all hold")
