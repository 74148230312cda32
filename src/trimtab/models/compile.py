"""The whole model as one ONNX graph: from features as they are to scores.

Two inputs feed it: `numbers` (float32, NaN for missing) and one `text_i` for each text feature.
It is used only where it gives the scores of the original on rows it was not trained on.
"""

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from trimtab.models.encode import UNKNOWN, Encoder
from trimtab.models.expressions import first_line
from trimtab.models.fitted import FittedModel, Scores
from trimtab.models.loaded import MISSING_TEXT, OnnxRunner

TOLERANCE = 1e-5
"""Largest difference in probability (of regressions: in share of the spread) that is parity."""

_OPSETS = {"": 15, "ai.onnx.ml": 3}
_PARITY_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Compiled:
    """A compiled model, or the reason why there is none.

    Parameters
    ----------
    content : bytes or None
        The ONNX file if parity holds.
    difference : float or None
        Largest difference found between it and the original.
    reason : str
        Why the model runs the way it does.
    """

    content: bytes | None
    difference: float | None
    reason: str


def compile_model(model: FittedModel, validation: pl.DataFrame) -> Compiled:
    """Compile a model and hold it against the original on validation features.

    Missing values and unseen levels are tried too, on copies of the first rows. A model that
    cannot be compiled, or answers differently, is served by its original; the reason says so.
    """
    try:
        content = to_onnx(model)
        runner = OnnxRunner(content, model.encoder, model.kind, model.classes)
        rows = validation.gather_every(max(1, validation.height // _PARITY_ROWS))
        difference = max(
            _difference(model, runner, rows),
            _difference(model, runner, _with_holes(rows.head(200), model.encoder)),
        )
    except Exception as error:  # noqa: BLE001 - converters fail in many ways, all of them alike
        reason = f"cannot be compiled: {type(error).__name__}: {first_line(error)}"
        return Compiled(None, None, reason[:200])
    if not difference <= TOLERANCE:
        return Compiled(
            None, difference, f"compiled scores differ by up to {difference:.2g}, over {TOLERANCE}"
        )
    return Compiled(content, difference, f"compiled scores differ by at most {difference:.1g}")


def to_onnx(model: FittedModel) -> bytes:
    """Return the model as an ONNX file; the same model gives the same bytes."""
    from onnx import TensorProto, helper

    core = _estimator_graph(model)
    encoder = model.encoder
    inputs, nodes, parts = [], [], []
    if encoder.numbers:
        shape = [None, len(encoder.numbers)]
        inputs.append(helper.make_tensor_value_info("numbers", TensorProto.FLOAT, shape))
        parts.append("numbers")
    for place, name in enumerate(encoder.texts):
        inputs.append(
            helper.make_tensor_value_info(f"text_{place}", TensorProto.STRING, [None, 1])
        )
        levels = encoder.levels[name]
        nodes.append(
            helper.make_node(
                "LabelEncoder", [f"text_{place}"], [f"code_{place}"], domain="ai.onnx.ml",
                keys_strings=[*levels, MISSING_TEXT],
                values_floats=[*map(float, range(len(levels))), float("nan")],
                default_float=UNKNOWN, name=f"encode_{place}",
            )
        )  # fmt: skip
        parts.append(f"code_{place}")
    (source,) = core.graph.input
    answer = next(o for o in core.graph.output if o.name in ("probabilities", "variable"))
    nodes.append(helper.make_node("Concat", parts, [source.name], axis=1, name="features"))
    nodes.extend(core.graph.node)
    nodes.append(helper.make_node("Identity", [answer.name], ["scores"], name="answer"))
    output = helper.make_tensor_value_info("scores", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "trimtab", inputs, [output], list(core.graph.initializer))
    opsets = [helper.make_opsetid(domain, number) for domain, number in _OPSETS.items()]
    made = helper.make_model(graph, opset_imports=opsets, producer_name="trimtab", ir_version=8)
    content: bytes = made.SerializeToString(deterministic=True)
    return content


def _estimator_graph(model: FittedModel) -> Any:
    """Return the ONNX model of the estimator alone: one float matrix in."""
    estimator, width = model.estimator, len(model.encoder.columns)
    if type(estimator).__module__.startswith("lightgbm"):
        from onnxmltools import convert_lightgbm
        from onnxmltools.convert.common.data_types import FloatTensorType

        return convert_lightgbm(
            _with_float_thresholds(estimator), name="estimator", zipmap=False,
            initial_types=[("features", FloatTensorType([None, width]))],
            target_opset=_OPSETS[""],
        )  # fmt: skip
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    options = None if model.kind == "regression" else {id(estimator): {"zipmap": False}}
    return to_onnx(
        estimator, initial_types=[("features", FloatTensorType([None, width]))], name="estimator",
        options=options, target_opset=_OPSETS,
    )  # fmt: skip


def _with_float_thresholds(estimator: Any) -> Any:
    """Return a copy of a LightGBM model with each threshold rounded down to float32.

    ONNX trees hold float32. For a float32 feature, `x <= t` and `x <= t rounded down` are the
    same test; rounded to nearest, the converter's way, they are not.
    """
    from lightgbm import Booster

    lines = []
    for line in estimator.booster_.model_to_string().split("\n"):
        if line.startswith("tree_sizes="):
            continue  # byte counts, which the new thresholds change; they are optional
        if line.startswith("threshold="):
            values = [_rounded_down(float(v)) for v in line.removeprefix("threshold=").split()]
            line = "threshold=" + " ".join(repr(value) for value in values)
        lines.append(line)
    twin = copy.copy(estimator)
    twin._Booster = Booster(model_str="\n".join(lines))
    return twin


def _rounded_down(value: float) -> float:
    with np.errstate(over="ignore"):
        near = np.float32(value)
    return float(near if float(near) <= value else np.nextafter(near, np.float32(-np.inf)))


def _difference(model: FittedModel, runner: OnnxRunner, features: pl.DataFrame) -> float:
    if not features.height:
        return 0.0
    wanted, got = model.predict(features), runner.predict(features)
    return float(np.max(np.abs(wanted - got) / _unit(model, wanted)))


def _unit(model: FittedModel, scores: Scores) -> Scores | float:
    if model.kind != "regression":
        return 1.0
    return np.maximum(np.abs(scores), max(float(scores.std()), 1e-12))


def _with_holes(features: pl.DataFrame, encoder: Encoder) -> pl.DataFrame:
    """Return rows with everything missing, then each text unknown, then each feature missing."""
    if not features.height:
        return features
    empty = features.with_columns(
        pl.lit(None).cast(t).alias(n) for n, t in features.schema.items()
    )
    strange = features.with_columns(
        pl.lit("\x00strange").alias(name) for name in encoder.texts
    ).cast(dict.fromkeys(encoder.texts, pl.String))
    plain = features.cast(dict.fromkeys(encoder.texts, pl.String))
    each = [
        plain.with_columns(pl.lit(None).cast(plain.schema[name]).alias(name))
        for name in features.columns
    ]
    return pl.concat([empty.cast(dict(plain.schema)), strange, *each])  # type: ignore[arg-type]
