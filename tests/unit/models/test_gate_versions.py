"""`trimtab gate check` on versions of a project's registry."""

import json
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from trimtab.cli.main import app
from trimtab.models.registry import Registry
from trimtab.models.train import train

NOW = datetime(2024, 6, 1, tzinfo=UTC)
ASKED = ["--reliability", "0.9", "--steps", "4", "--id", "order", "--json"]


@pytest.fixture(scope="module", params=["binary", "multiclass", "regression"])
def shop(request, tmp_path_factory, make_shop, build):
    """A project with a registered version, and a file of rows with labels."""
    workspace = make_shop(
        tmp_path_factory.mktemp(request.param),
        request.param,
        estimator="logistic" if request.param != "regression" else "lightgbm",
    )
    run = train(workspace, build(workspace), until=datetime(2024, 3, 15, tzinfo=UTC))
    registry = Registry(workspace)
    registry.register(run, who="me", why="first", at=NOW)
    return workspace.project.root, registry.load(1)


def check(folder, *more):
    words = ["gate", "check", "--project", str(folder), "--labels", f"{folder}/orders.parquet"]
    return CliRunner().invoke(app, [*words, *ASKED, *more])


def test_a_version_answers_the_rows_of_the_labels(shop):
    folder, model = shop
    label, text = {
        "binary": ("returned", "n - baseline > -0.7 +/- 0.2 and brier(n) < 0.9 +/- 0.1"),
        "multiclass": ("grade", "n - baseline > -0.7 +/- 0.2"),
        "regression": ("cost", "error(n, 0..3) - error(baseline, 0..3) < 2.5 +/- 0.4"),
    }[model.kind]
    # the exact bound would count the first rows only, as many as were planned
    asked = ["--condition", text, "--label", label, "--new", "v1", "--method", "hoeffding"]
    result = check(folder, *asked)
    again = check(folder, *asked)
    rows = pl.read_parquet(folder / "orders.parquet")

    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["step"] == 1
    assert json.loads(again.stdout)["repeated"]
    (look,) = _retired(folder)
    estimates = look["details"]["verdict"]["estimates"]
    if model.kind == "binary":
        scores, truth = model.predict(rows), rows["returned"].to_numpy()
        assert estimates["n"] == pytest.approx(((scores >= 0.5) == truth).mean())
        assert estimates["brier(n)"] == pytest.approx(((scores - truth) ** 2).mean())
    if model.kind == "regression":
        away = np.abs(model.predict(rows) - rows["cost"].to_numpy())
        assert estimates["error(n, 0..3)"] == pytest.approx(np.minimum(away, 3).mean())


def test_versions_are_compared_by_mean_loss_without_a_condition(shop):
    folder, model = shop
    label = {"binary": "returned", "multiclass": "grade", "regression": "cost"}[model.kind]
    scale = ["--scale", "3"] if model.kind == "regression" else []
    rows = pl.read_parquet(folder / "orders.parquet")
    words = ["gate", "check", "--project", str(folder), "--labels", f"{folder}/orders.parquet",
             "--id=order", "--json", "--label", label, "--new=v1", "--old=v1"]  # fmt: skip
    result = CliRunner().invoke(app, [*words, *scale])

    if model.kind == "multiclass":
        assert result.exit_code == 2
        assert "--condition" in result.stderr
        return
    away = np.abs(model.predict(rows) - rows[label].to_numpy())
    losses = np.minimum(away / 3, 1) if model.kind == "regression" else away**2
    estimates = json.loads(result.stdout)["estimates"]
    assert estimates["new_loss"] == pytest.approx(losses.mean())
    assert estimates["gain"] == 0


def test_a_version_that_is_not_there_is_refused(shop):
    folder, _ = shop
    result = check(folder, "--condition", "n > 0.1 +/- 0.1", "--new", "v9")

    assert result.exit_code == 2
    assert "no version 9" in result.stdout


def _retired(folder):
    """Retire the test set, so that its evidence is shown, and return the looks."""
    call = CliRunner().invoke
    at = ["--project", str(folder), "--json"]
    listed = json.loads(call(app, ["gate", "ledger", "list", *at]).stdout)
    for one in listed["test_sets"]:
        call(app, ["gate", "ledger", "retire", one["fingerprint"], *at])
    return json.loads(call(app, ["gate", "ledger", "list", "--evidence", *at]).stdout)["looks"]
