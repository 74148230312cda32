"""DuckDB: SUMMARIZE of one file."""

import sys

from benchmarks.data.clock import Clock

clock = Clock()
with clock("import"):
    import duckdb

with clock("answer"):
    file = duckdb.read_parquet(sys.argv[1])
    summary = file.query("file", "SUMMARIZE file").fetchall()
assert len(summary) == 50, len(summary)
clock.report(version=duckdb.__version__, says=f"{len(summary)} columns")
