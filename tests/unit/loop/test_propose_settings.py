"""How many rows a window has where the order of the rows is the clock."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from trimtab.loop.propose_settings import propose_plan

START = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("rows", [1_000, 4_321, 41_188])
def test_windows_counted_in_rows_hold_enough_blocks(rows: int) -> None:
    end = START + timedelta(minutes=rows)
    times = pl.datetime_range(
        START, end, "1m", closed="left", time_unit="us", time_zone="UTC", eager=True
    )
    labels = pl.Series([i % 2 for i in range(rows)])

    plan = propose_plan(times, labels, kind="binary", row_clock=True)

    window, reference, block = (
        int(text.removesuffix("m")) for text in (plan.window, plan.reference_block, plan.block)
    )
    assert 8 <= plan.windows <= 12
    assert window == 5 * reference == 20 * block
    assert plan.train_rows == pytest.approx(0.35 * rows, rel=0.15)
