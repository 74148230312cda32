"""Every estimator on every kind of label it learns: fitted, compiled, held to the original."""

import os
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

from trimtab.core.errors import ConfigError, NotEnoughDataError, SchemaError
from trimtab.models.compile import TOLERANCE, compile_model, to_onnx
from trimtab.models.estimators import ESTIMATORS, find_estimator
from trimtab.models.fit import fit
from trimtab.models.fitted import FittedModel
from trimtab.models.loaded import OnnxRunner

DATA = {"binary": load_breast_cancer, "multiclass": load_wine, "regression": load_diabetes}
PAIRS = [(name, kind) for name, e in ESTIMATORS.items() for kind in e.kinds]


def table(kind: str) -> tuple[pl.DataFrame, np.ndarray]:
    """Measured features with holes, and text, a truth value, a constant and an empty one."""
    values, labels = DATA[kind](return_X_y=True)
    rng = np.random.default_rng(0)
    holes = rng.random((len(labels), 5)) < 0.1
    features = pl.DataFrame(
        {f"x{i}": np.where(holes[:, i], np.nan, values[:, i]) for i in range(5)}
    ).with_columns(
        pl.Series("town", rng.choice(["Rome", "Oslo", ""], len(labels))),
        pl.Series("pet", [[None, "cat", "dog"][i % 3] for i in range(len(labels))]),
        pl.Series("even", [i % 2 == 0 for i in range(len(labels))]),
        one=pl.lit(1),
        void=pl.lit(None, dtype=pl.Float64),
    )
    if kind == "multiclass":
        labels = np.array(["red", "white", "green"], dtype=object)[labels]
    return features, labels


def fitted(name: str, kind: str) -> FittedModel:
    features, labels = table(kind)
    return fit(features, labels, kind=kind, estimator=name, params={}, seed=1)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_scores_have_their_shape_and_follow_the_labels(name: str, kind: str) -> None:
    features, labels = table(kind)
    model = fitted(name, kind)
    scores = model.predict(features)
    if kind == "regression":
        assert np.corrcoef(scores, labels)[0, 1] > 0.5
    elif kind == "binary":
        assert scores[labels == 1].mean() > scores[labels == 0].mean() + 0.5
    else:
        assert model.classes == ("green", "red", "white")
        np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-6)
        assert (np.array(model.classes)[scores.argmax(axis=1)] == labels).mean() > 0.8
    assert len(model.predict(features.clear())) == 0


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_a_model_is_compiled_faithfully_or_not_at_all(name: str, kind: str) -> None:
    features, _ = table(kind)
    model = fitted(name, kind)
    compiled = compile_model(model, features)
    if name == "hist_gradient_boosting":  # its converter fails today; the reason must say so
        assert compiled.content is None
        assert compiled.reason.startswith("cannot be compiled: ")
        return
    assert compiled.content is not None, compiled.reason
    runner = OnnxRunner(compiled.content, model.encoder, model.kind, model.classes)
    wanted, got = model.predict(features), runner.predict(features)
    assert wanted.shape == got.shape
    unit = max(1.0, np.abs(wanted).max())
    assert np.abs(wanted - got).max() <= TOLERANCE * unit
    assert runner.predict(features.clear()).shape == (0, *wanted.shape[1:])


@pytest.mark.parametrize("name", ["lightgbm", "random_forest", "logistic"])
def test_fitting_twice_gives_the_same_bytes(name: str) -> None:
    first, second = fitted(name, "binary"), fitted(name, "binary")
    assert first.to_bytes() == second.to_bytes()
    assert to_onnx(first) == to_onnx(second)


def test_another_process_makes_the_same_bytes() -> None:
    code = """
import hashlib, sys, numpy as np, polars as pl
from trimtab.models.compile import to_onnx
from trimtab.models.fit import fit
x = np.random.default_rng(0).normal(size=(400, 3))
rows = pl.DataFrame(x, schema=["a", "b", "c"]).with_columns(t=pl.Series(list("wxyz") * 100))
for name in ("lightgbm", "random_forest", "logistic"):
    labels = (x[:, 0] > 0).astype(int)
    model = fit(rows, labels, kind="binary", estimator=name, params={}, seed=3)
    print(hashlib.sha256(to_onnx(model) + model.to_bytes()).hexdigest())
"""
    answers = [
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert answers[0] == answers[1]
    assert len(answers[0].split()) == 3


def test_trees_split_float32_values_alike_at_every_threshold() -> None:
    # LightGBM's threshold between 42.32 and 42.34 is a double just below float32(42.33)
    values = np.repeat(np.array([42.32, 42.34], dtype=np.float32), 50)
    labels = np.repeat([0, 1], 50)
    model = fit(
        pl.DataFrame({"x": values}), labels, kind="binary", estimator="lightgbm",
        params={"n_estimators": 5}, seed=0,
    )  # fmt: skip
    near = np.float32(42.33)
    around = [np.nextafter(near, np.float32(0)), near, np.nextafter(near, np.float32(99))]
    rows = pl.DataFrame({"x": [*around, 42.32, 42.34]}, schema={"x": pl.Float32})
    runner = OnnxRunner(to_onnx(model), model.encoder, "binary", ())
    np.testing.assert_allclose(runner.predict(rows), model.predict(rows), atol=1e-6)


def test_a_model_that_answers_otherwise_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = table("binary")
    model = fitted("logistic", "binary")
    other = fit(features, 1 - labels, kind="binary", estimator="logistic", params={}, seed=1)
    monkeypatch.setattr("trimtab.models.compile.to_onnx", lambda _: to_onnx(other))
    compiled = compile_model(model, features)
    assert compiled.content is None
    assert compiled.difference is not None
    assert compiled.difference > 0.5
    assert "compiled scores differ by up to" in compiled.reason


def test_unknown_estimators_and_wrong_kinds_are_refused_with_the_right_word() -> None:
    with pytest.raises(ConfigError) as caught:
        find_estimator("lightbgm", "binary")
    assert "Did you mean `lightgbm`?" in caught.value.hint
    with pytest.raises(ConfigError, match="`logistic` learns binary and multiclass tasks"):
        find_estimator("logistic", "regression")


@pytest.mark.parametrize(
    ("labels", "kind", "words"),
    [
        (np.zeros(50, dtype=np.int8), "binary", "two different labels at least, got only 0"),
        (np.full(50, 2.5), "regression", "two different labels at least, got only 2.5"),
        (np.array([], dtype=np.int8), "binary", "expected rows to learn from"),
    ],
)
def test_one_label_teaches_nothing(labels: np.ndarray, kind: str, words: str) -> None:
    features = pl.DataFrame({"x": np.arange(len(labels), dtype=float)})
    with pytest.raises(NotEnoughDataError, match=words):
        fit(features, labels, kind=kind, estimator="lightgbm", params={}, seed=0)  # type: ignore[arg-type]


def test_ids_are_no_classes() -> None:
    labels = np.array([f"c{i}" for i in range(50)], dtype=object)
    with pytest.raises(SchemaError, match="expected classes, got 50 different labels"):
        fit(
            pl.DataFrame({"x": range(50)}), labels, kind="multiclass", estimator="lightgbm",
            params={}, seed=0,
        )  # fmt: skip
