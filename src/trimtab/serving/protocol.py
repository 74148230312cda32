"""The Open Inference Protocol v2 as documents: requests to rows, scores to answers, faults.

Our words on top of the protocol: `parameters.request_ids` and `parameters.event_times` name and
date the rows of an infer request, and `/labels` takes what turned out true. How a column becomes
a tensor is `tensors.py`'s. Nothing here knows which model answers.

See https://github.com/kserve/open-inference-protocol.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import orjson
import polars as pl
from numpy.typing import NDArray

from trimtab.core.errors import SchemaError, TrimtabError, nearest
from trimtab.core.records import TaskKind
from trimtab.data.time import UTC_TIME
from trimtab.serving.batches import ID, TIME
from trimtab.serving.event_log import Label
from trimtab.serving.tensors import (
    RequestError,
    member,
    parse_times,
    read_tensor,
    shown,
    word_for,
)


class UnavailableError(TrimtabError):
    """No model answers at the moment."""

    status = 503


@dataclass(frozen=True, slots=True, eq=False)
class InferRequest:
    """An infer request: rows with `_id`, `_time` and the inputs as they were sent."""

    id: str | None
    rows: pl.DataFrame
    outputs: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class LabelsRequest:
    """Labels that have become known, by request id."""

    ids: list[str]
    labels: list[Label]
    times: list[datetime]


def parse_infer(body: bytes, *, now: datetime) -> InferRequest:
    """Read an infer request strictly.

    Parameters
    ----------
    body : bytes
        The JSON document.
    now : datetime
        When it came: the event time of rows that carry none.

    Raises
    ------
    RequestError, SchemaError
        If the document breaks the protocol, or a value does not have the datatype of its input;
        the message names the input and the row.
    """
    document = _document(body)
    inputs = member(document, "inputs", list, "a list of inputs")
    if not inputs:
        raise RequestError("expected at least one input, got none", hint="Fill `inputs`.")
    columns: dict[str, pl.Series] = {}
    for place, one in enumerate(inputs):
        series = read_tensor(one, place)
        if series.name in columns:
            raise RequestError(
                f"expected each input once, got `{series.name}` twice", hint="Drop one of them."
            )
        columns[series.name] = series
    n_rows = _same_length(columns)
    parameters = member(document, "parameters", dict, "an object", default={})
    columns[ID] = _request_ids(parameters.get("request_ids"), n_rows)
    columns[TIME] = _event_times(parameters.get("event_times"), n_rows, now)
    outputs = member(document, "outputs", list, "a list of outputs", default=None)
    names = outputs and tuple(member(one, "name", str, "the name of an output") for one in outputs)
    request_id = member(document, "id", str, "a string", default=None)
    return InferRequest(request_id, pl.DataFrame(list(columns.values())), names or None)


def parse_labels(body: bytes, *, kind: TaskKind, now: datetime) -> LabelsRequest:
    """Read a labels request; labels without `label_times` became known `now`."""
    document = _document(body)
    ids = member(document, "request_ids", list, "a list of request ids")
    labels = member(document, "labels", list, "a list of labels")
    times = member(document, "label_times", list, "a list of ISO 8601 times", default=None)
    for name, values in (("labels", labels), ("label_times", times)):
        if values is not None and len(values) != len(ids):
            raise RequestError(
                f"expected {len(ids):,} {name}, one a request id, got {len(values):,}",
                hint=f"Make `request_ids` and `{name}` equally long.",
            )
    _require_texts(ids, "request_ids")
    moments = [now] * len(ids) if times is None else parse_times(times, "label_times").to_list()
    checked = [_label(value, kind, row) for row, value in enumerate(labels)]
    return LabelsRequest(ids, checked, moments)


def answer(
    *,
    name: str,
    version: str,
    request: InferRequest,
    outputs: list[dict[str, Any]],
    parameters: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the infer response as a document: the outputs asked for, or all."""
    wanted = request.outputs
    names = [one["name"] for one in outputs]
    for output in wanted or ():
        if output not in names:
            raise RequestError(
                f"expected an output of `{name}`, got `{output}`", hint=nearest(output, names)
            )
    document: dict[str, Any] = {"model_name": name, "model_version": version}
    if request.id is not None:
        document["id"] = request.id
    document["parameters"] = dict(parameters)
    document["outputs"] = [one for one in outputs if wanted is None or one["name"] in wanted]
    return document


def outputs_of(
    scores: NDArray[np.float64], *, kind: TaskKind, classes: Sequence[str] | None
) -> list[dict[str, Any]]:
    """Return scores as output tensors.

    Binary models give `probability` and `label` (1 from one half on), multi-class models
    `probabilities` (row by row, the classes in `parameters.classes`) and `label`, numeric ones
    `prediction`.
    """
    n_rows = len(scores)
    if kind == "regression":
        return [_tensor("prediction", "FP64", [n_rows], scores)]
    if kind == "binary":
        labels = (scores >= 0.5).astype(np.int64)
        return [
            _tensor("probability", "FP64", [n_rows], scores),
            _tensor("label", "INT64", [n_rows], labels),
        ]
    assert classes is not None
    best = [classes[place] for place in scores.argmax(axis=1)]
    probabilities = _tensor(
        "probabilities", "FP64", [n_rows, len(classes)], np.ascontiguousarray(scores).reshape(-1)
    )
    return [
        {**probabilities, "parameters": {"classes": list(classes)}},
        _tensor("label", "BYTES", [n_rows], best),
    ]


def output_metadata(kind: TaskKind, n_classes: int) -> list[dict[str, Any]]:
    """Return name, datatype and shape of the outputs of a kind of model."""
    score = {
        "regression": [("prediction", "FP64", [-1])],
        "binary": [("probability", "FP64", [-1]), ("label", "INT64", [-1])],
        "multiclass": [("probabilities", "FP64", [-1, n_classes]), ("label", "BYTES", [-1])],
    }[kind]
    return [{"name": name, "datatype": kind_, "shape": shape} for name, kind_, shape in score]


def problem(error: TrimtabError) -> dict[str, Any]:
    """Return an error as problem+json (RFC 9457), with the `error` text the protocol asks for."""
    return {**error.to_dict(), "error": str(error)}


def to_json(document: object) -> bytes:
    """Return a document as JSON; NaN becomes null."""
    return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)


def _tensor(name: str, kind: str, shape: list[int], data: object) -> dict[str, Any]:
    return {"name": name, "shape": shape, "datatype": kind, "data": data}


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestError(
            f"expected a JSON document, got: {error}", hint="Mend the place it names."
        ) from None
    if not isinstance(document, dict):
        raise RequestError(
            f"expected a JSON object, got {word_for(document)}",
            hint="Send an object with `inputs` (or `request_ids` and `labels`).",
        )
    return document


def _same_length(columns: Mapping[str, pl.Series]) -> int:
    lengths = {name: len(series) for name, series in columns.items()}
    first, n_rows = next(iter(lengths.items()))
    for name, length in lengths.items():
        if length != n_rows:
            raise RequestError(
                f"expected {n_rows:,} rows in every input as in `{first}`,"
                f" got {length:,} in `{name}`",
                hint="Send one value a row in every input, null where one is missing.",
            )
    if n_rows == 0:
        raise RequestError("expected at least one row, got none", hint="Fill `data`.")
    return n_rows


def _request_ids(ids: Any, n_rows: int) -> pl.Series:
    """Return the ids of the rows; a row without one is given one that nobody else has."""
    if ids is None:
        return pl.Series(ID, [uuid.uuid4().hex for _ in range(n_rows)])
    _require_list(ids, "request_ids", n_rows)
    _require_texts(ids, "request_ids")
    return pl.Series(ID, ids, dtype=pl.String)


def _event_times(times: Any, n_rows: int, now: datetime) -> pl.Series:
    if times is None:
        return pl.Series(TIME, [now] * n_rows, dtype=UTC_TIME)
    _require_list(times, "event_times", n_rows)
    return parse_times(times, "event_times").alias(TIME)


def _require_list(values: object, name: str, n_rows: int) -> None:
    if not isinstance(values, list) or len(values) != n_rows:
        found = f"{len(values):,} values" if isinstance(values, list) else word_for(values)
        raise RequestError(
            f"expected `{name}` to be a list of {n_rows:,}, one a row, got {found}",
            hint=f"Send one of `{name}` a row, or leave the parameter out.",
        )


def _require_texts(values: Any, name: str) -> None:
    for row, value in enumerate(values):
        if not isinstance(value, str) or not value:
            raise RequestError(
                f"`{name}`, row {row}: expected a string, got {shown(value)}",
                hint=f"Send `{name}` as strings that are not empty.",
            )


def _label(value: object, kind: TaskKind, row: int) -> Label:
    """Return a label as the task has it: 0 or 1, a class, or a number."""
    if kind == "binary" and (isinstance(value, bool) or value in (0, 1)):
        return int(value)
    if kind == "multiclass" and isinstance(value, (str, int)) and not isinstance(value, bool):
        return str(value)
    if kind == "regression" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    what = {"binary": "0 or 1", "multiclass": "a class (a string)", "regression": "a number"}[kind]
    raise SchemaError(
        f"`labels`, row {row}: expected {what}, got {shown(value)}",
        hint="Leave a request out while its label is not known.",
        row=row,
    )
