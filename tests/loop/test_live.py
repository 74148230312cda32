"""Production without a replay: real requests to a real server, windows closed by `trimtab run`."""

from datetime import UTC, datetime

import polars as pl
import pytest
from tests.loop.shop import write_project

from trimtab.core.workspace import Workspace
from trimtab.loop.pipeline import run_pipeline
from trimtab.models.registry import Registry
from trimtab.serving.server import running_server

pytestmark = pytest.mark.service
TRAINED, FIRST_END = datetime(2024, 2, 5, tzinfo=UTC), datetime(2024, 2, 19, tzinfo=UTC)


def post_traffic(workspace, until):
    """Ask for, and label, the orders that were placed between training and `until`."""
    rows = pl.read_parquet(workspace.project.root / "orders.parquet").filter(
        pl.col("placed").is_between(TRAINED, until, closed="left")
    )
    with running_server(workspace) as client:
        for batch in rows.iter_slices(200):
            client.infer(
                "returned", batch.select("price", "items", "channel", "placed"),
                ids=batch["order"], times=batch["placed"],
            )  # fmt: skip
        client.labels(
            "returned", ids=rows["order"], labels=rows["back"].cast(pl.Int8),
            label_times=rows["back_at"],
        )  # fmt: skip
    return rows.height


def test_run_closes_the_windows_that_have_ended_once(tmp_path):
    workspace = Workspace.open(write_project(tmp_path / "shop"))
    run_pipeline(workspace, at=TRAINED, auto_approve=True)
    asked = post_traffic(workspace, FIRST_END)

    early = run_pipeline(workspace, at=datetime(2024, 2, 18, tzinfo=UTC), auto_approve=True)
    first = run_pipeline(workspace, at=FIRST_END, auto_approve=True)
    again = run_pipeline(workspace, at=FIRST_END, auto_approve=True)

    (window,) = workspace.store.rows("windows")
    assert [run.steps[-1]["result"] for run in (early, first, again)] == [
        "0 windows", "1 windows", "0 windows",
    ]  # fmt: skip
    assert window["rows"] == asked
    # the policy is *scheduled*: a challenger now answers in the champion's shadow
    assert Registry(workspace).current("staging").version == 2
