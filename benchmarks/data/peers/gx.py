"""great_expectations on pandas, the shortest result format."""

import sys

from benchmarks.data.checks import CHECKS, QUANTILES, Check
from benchmarks.data.clock import Clock

clock = Clock()
with clock("import"):
    import great_expectations as gx
    import great_expectations.expectations as expect
    import pandas as pd


def expectation(check: Check) -> "expect.Expectation":
    """Return one of our checks as an expectation."""
    name = check.column
    bounds = {"min_value": check.low, "max_value": check.high}
    if check.kind == "not_null":
        return expect.ExpectColumnValuesToNotBeNull(column=name)
    if check.kind == "range":
        return expect.ExpectColumnValuesToBeBetween(column=name, **bounds)
    if check.kind == "one_of":
        return expect.ExpectColumnValuesToBeInSet(column=name, value_set=list(check.values))
    if check.kind == "pattern":
        return expect.ExpectColumnValuesToMatchRegex(column=name, regex=check.pattern)
    if check.kind == "unique":
        return expect.ExpectColumnValuesToBeUnique(column=name)
    if check.kind == "at_least":
        return expect.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A=name, column_B=check.than, or_equal=True
        )
    if check.kind == "mean":
        return expect.ExpectColumnMeanToBeBetween(column=name, **bounds)
    ranges = {
        "quantiles": list(QUANTILES), "value_ranges": [[check.low, check.high] for _ in QUANTILES]
    }  # fmt: skip
    return expect.ExpectColumnQuantileValuesToBeBetween(column=name, quantile_ranges=ranges)


with clock("setup"):
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("files").add_dataframe_asset("table")
    whole = asset.add_batch_definition_whole_dataframe("all")
    suite = gx.ExpectationSuite(name="fifty", expectations=[expectation(it) for it in CHECKS])
with clock("answer"):
    batch = whole.get_batch({"dataframe": pd.read_parquet(sys.argv[1])})
    result = batch.validate(suite, result_format="BOOLEAN_ONLY")
assert len(result.results) == len(CHECKS)
assert result.success, result
clock.report(version=gx.__version__, says="all hold")
