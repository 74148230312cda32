"""evidently: DataDriftPreset with its defaults."""

import sys

from benchmarks.data.clock import Clock
from benchmarks.data.columns import BOOLEAN, COMPARED, NUMBERS, TEXTS

clock = Clock()
with clock("import"):
    import evidently
    import pandas as pd
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

with clock("answer"):
    columns = DataDefinition(numerical_columns=NUMBERS, categorical_columns=[*TEXTS, BOOLEAN])
    reference, current = (
        Dataset.from_pandas(pd.read_parquet(path, columns=COMPARED), data_definition=columns)
        for path in sys.argv[1:3]
    )
    metrics = Report([DataDriftPreset()]).run(current, reference).dict()["metrics"]
each = [metric for metric in metrics if "column" in metric["config"]]
assert len(each) == len(COMPARED), len(each)
methods = sorted({metric["config"]["method"] for metric in each})
# Its distances are drift above the threshold, its p-values below it.
flagged = [
    metric["config"]["column"]
    for metric in each
    if (metric["value"] < metric["config"]["threshold"])
    == ("p_value" in metric["config"]["method"])
]
clock.report(version=evidently.__version__, flagged=flagged, says="; ".join(methods))
