"""The limit of reading: Polars sums every column of each file (lengths of text, ticks of time)."""

import sys

from benchmarks.data.clock import Clock

clock = Clock()
with clock("import"):
    import polars as pl

with clock("answer"):
    for path in sys.argv[1:]:
        rows = pl.scan_parquet(path)
        sums = [
            pl.col(name).str.len_bytes().sum()
            if kind == pl.String
            else pl.col(name).to_physical().sum()
            for name, kind in rows.collect_schema().items()
        ]
        rows.select(sums).collect()
clock.report(version=pl.__version__)
