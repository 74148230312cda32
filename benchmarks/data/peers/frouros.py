"""frouros: the Kolmogorov-Smirnov and chi-square tests, column by column.

frouros takes arrays without nulls and one column at a time, so that both are done here. It does
not correct for the number of tests: what it flags is each column with p below 0.05.
"""

import sys

from benchmarks.data.clock import Clock
from benchmarks.data.columns import BOOLEAN, COMPARED, NUMBERS, TEXTS

clock = Clock()
with clock("import"):
    import frouros
    import pandas as pd
    from frouros.detectors.data_drift import ChiSquareTest, KSTest

with clock("answer"):
    reference, current = (pd.read_parquet(path, columns=COMPARED) for path in sys.argv[1:3])
    p_values = {}
    for name in NUMBERS:
        test = KSTest()
        test.fit(X=reference[name].dropna().to_numpy())
        p_values[name] = test.compare(X=current[name].dropna().to_numpy())[0].p_value
    for name in [*TEXTS, BOOLEAN]:
        test = ChiSquareTest()
        test.fit(X=reference[name].to_numpy())
        p_values[name] = test.compare(X=current[name].to_numpy())[0].p_value
flagged = [name for name, p in p_values.items() if p < 0.05]
clock.report(version=frouros.__version__, flagged=flagged)
