"""A model read back from the registry: from raw rows to scores, with the training code left out.

ONNX Runtime answers if the compiled model agreed with the original on validation rows; the
original estimator answers otherwise.
"""

import base64
import io
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import polars as pl

from trimtab.core.errors import SchemaError, nearest
from trimtab.core.records import ModelVersion, TaskKind
from trimtab.data.time import time_expression
from trimtab.models.encode import Encoder
from trimtab.models.features import FeatureSet
from trimtab.models.fitted import Scores, estimator_from, scores_of

MISSING_TEXT = "\x00missing"
"""What stands for a missing text inside a compiled model, which knows no nulls in text."""


class Runner(Protocol):
    """Whatever turns features into scores."""

    def predict(self, features: pl.DataFrame) -> Scores:
        """Return scores, rows first."""


class LoadedModel:
    """A registered model, ready to answer.

    Parameters
    ----------
    version : ModelVersion
        What the registry knows of it.
    features : FeatureSet
        The expressions saved with the model, not those of today's features.py.
    inputs : polars.Schema
        The raw columns it reads, with the types they had in training.
    card : mapping
        `model.json`: kind, classes, params and the like.
    runner : Runner
        From features to scores.
    """

    def __init__(
        self,
        version: ModelVersion,
        features: FeatureSet,
        inputs: pl.Schema,
        card: Mapping[str, Any],
        runner: Runner,
    ) -> None:
        self.version, self.features, self.inputs = version, features, inputs
        self.kind: TaskKind = card["kind"]
        self.classes: tuple[str, ...] = tuple(card["classes"])
        self.params: dict[str, Any] = dict(card["params"])
        self.runtime: str = card["runtime"]
        self._runner = runner

    @property
    def columns(self) -> list[str]:
        """The raw columns it reads, sorted."""
        return self.inputs.names()

    def predict(self, rows: pl.DataFrame) -> Scores:
        """Return scores for raw rows: (n,) or, for several classes, (n, k).

        Raises
        ------
        SchemaError
            If a column is missing, or holds what cannot be read as its type in training.
        """
        return self.predict_features(self.compute_features(rows))

    def compute_features(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the features of raw rows."""
        return self.features.compute(conform(rows, self.inputs))

    def predict_features(self, features: pl.DataFrame) -> Scores:
        """Return scores for features that are computed already."""
        return self._runner.predict(features)


class OnnxRunner:
    """A compiled model.

    Parameters
    ----------
    content : bytes
        The ONNX file.
    encoder : Encoder
        Which features are numbers and which text.
    kind : {'binary', 'multiclass', 'regression'}
        What it predicts.
    classes : tuple of str
        Names of its classes.
    """

    def __init__(
        self, content: bytes, encoder: Encoder, kind: TaskKind, classes: tuple[str, ...]
    ) -> None:
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        self._encoder, self._kind, self._classes = encoder, kind, classes

    def predict(self, features: pl.DataFrame) -> Scores:
        """Return scores, rows first."""
        if not features.height:
            return np.empty((0, len(self._classes)) if self._kind == "multiclass" else 0)
        feed: dict[str, Any] = {}
        if self._encoder.numbers:
            feed["numbers"] = self._encoder.number_block(features)
        blocks = self._encoder.text_blocks(features, missing=MISSING_TEXT)
        feed |= {f"text_{place}": block for place, block in enumerate(blocks)}
        found = np.asarray(self._session.run(["scores"], feed)[0], dtype=np.float64)
        if self._kind == "regression":
            return found.reshape(-1)
        return found[:, 1].copy() if self._kind == "binary" else found


class PythonRunner:
    """The original estimator, for models that cannot be compiled faithfully."""

    def __init__(
        self, content: bytes, encoder: Encoder, kind: TaskKind, classes: tuple[str, ...]
    ) -> None:
        self._estimator = estimator_from(content)
        self._encoder, self._kind, self._classes = encoder, kind, classes

    def predict(self, features: pl.DataFrame) -> Scores:
        """Return scores, rows first."""
        matrix = self._encoder.matrix(features)
        return scores_of(self._estimator, matrix, self._kind, self._classes)


def conform(rows: pl.DataFrame, inputs: pl.Schema) -> pl.DataFrame:
    """Return the columns of `inputs` with its types, whatever way the values were sent.

    Raises
    ------
    SchemaError
        If a column is missing, or a value cannot be read as its type without loss.
    """
    for name in inputs:
        if name not in rows.columns:
            raise SchemaError(
                f"expected a column `{name}`, found none",
                hint=nearest(name, rows.columns),
                column=name,
            )
    rows = rows.select(inputs.names())
    if rows.schema == inputs:
        return rows
    return rows.with_columns(
        _conformed(rows[name], kind) for name, kind in inputs.items() if rows.schema[name] != kind
    )


def _conformed(values: pl.Series, kind: pl.DataType) -> pl.Series:
    try:
        if kind.is_temporal() and values.dtype == pl.String:
            cast = _time_from_text(values, kind)
        else:
            cast = values.cast(kind, strict=False)
        lost = cast.is_null() & values.is_not_null()
        if values.dtype.is_float() and kind.is_integer():
            lost |= (cast.cast(values.dtype) != values).fill_null(False)
    except pl.exceptions.PolarsError:
        cast, lost = values, pl.Series([True])
    if lost.any():
        at = lost.arg_max() or 0
        raise SchemaError(
            f"expected `{values.name}` to be {kind}, got {values.dtype} such as {values[at]!r}",
            hint=f"Send `{values.name}` as {kind}, as it was in training.",
            column=values.name,
        )
    return cast


def _time_from_text(values: pl.Series, kind: pl.DataType) -> pl.Series:
    if kind == pl.Time:
        return values.str.to_time(strict=False)
    frame = values.to_frame()
    moment = frame.select(time_expression(values.name, frame.schema)).to_series()
    if isinstance(kind, pl.Datetime):
        moment = moment.dt.convert_time_zone(kind.time_zone or "UTC")
        moment = moment if kind.time_zone else moment.dt.replace_time_zone(None)
        return moment.dt.cast_time_unit(kind.time_unit).alias(values.name)
    return moment.cast(kind).alias(values.name)


def schema_to_text(schema: pl.Schema) -> str:
    """Return column names and types as text that `schema_from_text` reads back."""
    target = io.BytesIO()
    pl.DataFrame(schema=schema).write_ipc(target)
    return base64.b64encode(target.getvalue()).decode()


def schema_from_text(text: str) -> pl.Schema:
    """Read what `schema_to_text` wrote."""
    return pl.read_ipc(io.BytesIO(base64.b64decode(text))).schema
