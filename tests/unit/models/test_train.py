"""From a project on disk to a filed, analysed, loadable model."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from trimtab.core.errors import ConfigError, LeakageError, NotEnoughDataError, SchemaError
from trimtab.core.workspace import Workspace
from trimtab.models.registry import Registry
from trimtab.models.rows import known_rows
from trimtab.models.train import train

UNTIL = datetime(2024, 3, 1, tzinfo=UTC)
NOW = datetime(2024, 6, 1, tzinfo=UTC)


def trained(workspace: Workspace, version, **options) -> Registry:
    run = train(workspace, version, until=UNTIL, **options)
    registry = Registry(workspace)
    registry.register(run, who="test", why="trained", at=NOW)
    return registry


@pytest.fixture(scope="module", params=["binary", "multiclass", "regression"])
def registry(request, tmp_path_factory, make_shop, build) -> Registry:
    workspace = make_shop(tmp_path_factory.mktemp(request.param), request.param)
    return trained(workspace, build(workspace))


def test_a_version_knows_what_made_it(registry: Registry) -> None:
    version, workspace = registry.get(1), registry.workspace
    assert version.stage == "dev"
    assert version.dataset.startswith("back_rows-")
    assert version.commit == workspace.commit
    assert version.config_hash == workspace.project.config_hash
    assert version.feature_hash == registry.load(1).features.hash
    assert version.seed == 7
    assert (version.trained_from, version.trained_until) == (None, UNTIL)
    assert version.created_at == NOW
    assert version.runtime == "onnx"
    assert all(isinstance(value, float) for value in version.metrics.values())


def test_a_loaded_model_answers_raw_rows(registry: Registry) -> None:
    model, workspace = registry.load(1), registry.workspace
    rows = known_rows(workspace, registry.get(1).dataset, until=NOW)
    scores = model.predict(rows)
    assert scores.shape == ((len(rows), 3) if model.kind == "multiclass" else (len(rows),))
    assert np.isfinite(scores).all()
    assert model.columns == sorted(model.inputs)
    one = model.predict(rows[5:6].select(model.columns))
    np.testing.assert_allclose(one[0], scores[5], atol=1e-6)


def test_rows_may_come_as_json_had_them(registry: Registry) -> None:
    model = registry.load(1)
    rows = known_rows(registry.workspace, registry.get(1).dataset, until=NOW)[:8]
    sent = json.loads(json.dumps(rows.select(model.columns).to_dicts(), default=str))
    np.testing.assert_array_equal(model.predict(pl.DataFrame(sent)), model.predict(rows))
    with pytest.raises(SchemaError, match="expected a column `price`, found none"):
        model.predict(rows.drop("price"))
    with pytest.raises(SchemaError, match="expected `items` to be Int64, got String such as 'x'"):
        model.predict(rows.with_columns(items=pl.lit("x")))
    with pytest.raises(SchemaError, match="expected `items` to be Int64, got Float64 such as 1.5"):
        model.predict(rows.with_columns(items=pl.lit(1.5)))


def test_reference_has_rows_features_and_out_of_fold_scores(registry: Registry) -> None:
    reference, model = registry.reference(1), registry.load(1)
    known = known_rows(registry.workspace, registry.get(1).dataset, until=UNTIL)
    assert reference["_id"].to_list() == known["_id"].to_list()
    assert {"f:price", "f:weekday", "price", "shop"} <= set(reference.columns)
    holes = reference["_score"].is_null()
    # the first part has nothing before it to learn from, and is the only one without a score
    assert 0.1 < holes.mean() < 0.35
    assert holes[: int(holes.sum())].all()
    if model.kind == "multiclass":
        assert set(reference["_predicted"].drop_nulls()) <= set(model.classes)
        assert reference["_scores"].list.len().unique().to_list() == [3]
        np.testing.assert_allclose(
            reference["_scores"].list.max().fill_nan(None).drop_nulls(),
            reference["_score"].drop_nulls(),
        )


def test_the_analysis_is_measured_on_rows_not_learnt_from(registry: Registry) -> None:
    analysis = registry.analysis(1)
    assert analysis["scored"] == registry.reference(1)["_score"].is_not_null().sum()
    headline = analysis["metrics"][analysis["headline"]]
    assert headline["low"] < headline["estimate"] < headline["high"]
    assert analysis["baselines"]["model"] < analysis["baselines"]["constant"]
    assert "linear" in analysis["baselines"]
    assert analysis["importance"][0]["feature"] in ("price", "shop")
    assert {item["feature"] for item in analysis["importance"]} >= {"empty", "constant"}
    slices = analysis["slices"]
    assert {s["column"] for s in slices} == {"shop", "price"}
    worst = [s["metrics"]["loss"]["estimate"] for s in slices]
    assert worst == sorted(worst, reverse=True)
    assert sum(item["rows"] for item in analysis["calibration"]) == analysis["scored"]


def test_the_same_training_is_found_and_not_repeated(tmp_path, make_shop, build) -> None:
    workspace = make_shop(tmp_path, estimator="logistic")
    version = build(workspace)
    first = train(workspace, version, until=UNTIL)
    assert train(workspace, version, until=UNTIL) == first
    assert train(workspace.within("replay-1"), version, until=UNTIL) == first
    assert train(workspace, version, until=UNTIL, params={"C": 0.1}) != first
    assert train(workspace, version, until=UNTIL, start=datetime(2024, 1, 9, tzinfo=UTC)) != first


@pytest.mark.parametrize("estimator", ["lightgbm", "hist_gradient_boosting"])
def test_two_machines_make_the_same_model_bytes(tmp_path, make_shop, build, estimator) -> None:
    hashes, files = [], []
    for name in ("one", "two"):
        workspace = make_shop(tmp_path / name, estimator=estimator, trials=3)
        registry = trained(workspace, build(workspace))
        hashes.append(registry.get(1).model_hash)
        files.append({n: registry._file(registry.get(1), n) for n in (
            "model.json", "analysis.json", "features.json", "reference.parquet", "model.pickle"
        )})  # fmt: skip
    assert hashes[0] == hashes[1]
    assert files[0] == files[1]


def test_a_model_that_cannot_be_compiled_is_served_by_the_original(
    tmp_path, make_shop, build
) -> None:
    workspace = make_shop(tmp_path, estimator="hist_gradient_boosting")
    registry = trained(workspace, build(workspace))
    model = registry.load(1)
    assert (model.runtime, registry.get(1).runtime) == ("python", "python")
    assert registry.card(1)["runtime_reason"].startswith("cannot be compiled")
    rows = known_rows(workspace, registry.get(1).dataset, until=NOW)
    assert model.predict(rows).shape == (len(rows),)


def test_the_search_is_told_in_the_card(tmp_path, make_shop, build) -> None:
    workspace = make_shop(tmp_path, trials=9, patience=2, min_gain=0.5)
    seen = []
    registry = trained(workspace, build(workspace), progress=lambda *told: seen.append(told))
    study = registry.card(1)["search"]
    assert study["stopped"] == "the last 2 trials gained less than 0.5"
    assert len(study["trials"]) == 3
    assert ("Searching parameters", 9, 9) in seen
    assert seen[-1][0] == "Training"
    assert seen[-1][1] == seen[-1][2]


def test_given_parameters_are_used_as_they_are(tmp_path, make_shop, build) -> None:
    workspace = make_shop(tmp_path)
    registry = trained(workspace, build(workspace), params={"n_estimators": 7})
    assert registry.load(1).params["n_estimators"] == 7
    assert registry.card(1)["search"] is None


def test_the_cache_is_used_and_a_damaged_file_is_made_anew(
    tmp_path, make_shop, build, monkeypatch
) -> None:
    workspace = make_shop(tmp_path, estimator="logistic")
    version = build(workspace)
    train(workspace, version, until=UNTIL)
    (file,) = (workspace.cache_folder / "features").glob("*.parquet")
    whole = file.read_bytes()
    train(workspace, version, until=UNTIL, params={"C": 0.2})
    assert file.read_bytes() == whole
    file.write_bytes(whole[:100])
    train(workspace, version, until=UNTIL, params={"C": 0.3})
    assert file.read_bytes() == whole
    assert not list(file.parent.glob("*.part"))


def test_a_kill_before_the_run_is_finished_is_trained_again(
    tmp_path, make_shop, build, monkeypatch
) -> None:
    workspace = make_shop(tmp_path, estimator="logistic")
    version = build(workspace)

    def killed(*args, **options) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("mlflow.MlflowClient.set_terminated", killed)
        with pytest.raises(KeyboardInterrupt):
            train(workspace, version, until=UNTIL)
    run = train(workspace, version, until=UNTIL)
    assert train(workspace, version, until=UNTIL) == run
    assert Registry(workspace).register(run, who="t", why="w", at=NOW).version == 1


def test_leaks_are_refused_by_the_label_and_by_after(tmp_path, make_shop, build) -> None:
    code = "import polars as pl\n\ndef features():\n    return {'x': pl.col('%s').cast(pl.Int8)}\n"
    workspace = make_shop(tmp_path, features=code % "returned")
    version = build(workspace)
    with pytest.raises(LeakageError, match="feature `x` uses column `returned`.*label is made"):
        train(workspace, version, until=UNTIL)
    (tmp_path / "features.py").write_text(code % "known")
    with pytest.raises(LeakageError, match="feature `x` uses column `known`"):
        train(workspace, version, until=UNTIL)


def test_too_little_is_said_in_numbers(tmp_path, make_shop, build) -> None:
    workspace = make_shop(tmp_path)
    version = build(workspace)
    with pytest.raises(NotEnoughDataError, match="at least 40 rows with a label known.*got 0"):
        train(workspace, version, until=datetime(2023, 1, 1, tzinfo=UTC))
    with pytest.raises(NotEnoughDataError, match="got 11"):
        train(workspace, version, until=datetime(2024, 1, 5, tzinfo=UTC))


def test_wrong_parameters_are_said_to_be_wrong(tmp_path, make_shop, build) -> None:
    workspace = make_shop(tmp_path, estimator="logistic")
    with pytest.raises(ConfigError, match="estimator `logistic` does not take its parameters"):
        train(workspace, build(workspace), until=UNTIL, params={"depth": 3})


def test_nothing_is_left_in_the_folder_of_the_caller(tmp_path, make_shop, build, monkeypatch):
    workspace = make_shop(tmp_path / "project", estimator="logistic")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    trained(workspace, build(workspace))
    assert list(Path().iterdir()) == []
