"""whylogs: one profile of one file."""

import sys

from benchmarks.data.clock import Clock

clock = Clock()
with clock("import"):
    import pandas as pd
    import whylogs

with clock("answer"):
    view = whylogs.log(pd.read_parquet(sys.argv[1])).view()
columns = len(view.get_columns())
assert columns == 50, columns
clock.report(version=whylogs.__version__, says=f"{columns} columns")
