"""The Open Inference Protocol v2 as JSON: requests to rows, scores to answers, faults to problems.

Our words on top of the protocol: `parameters.request_ids` and `parameters.event_times` name and
date the rows of an infer request. A null in `data` is a missing value; `"NaN"`, `"Infinity"` and
`"-Infinity"` stand for what JSON has no number for; dates and times travel as BYTES in ISO 8601.

Nothing here knows which model answers. See https://github.com/kserve/open-inference-protocol.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import numpy as np
import orjson
import polars as pl
from numpy.typing import NDArray

from trimtab.core.errors import SchemaError, TrimtabError, nearest
from trimtab.core.records import TaskKind
from trimtab.serving.event_log import ID, RESERVED, TIME, UTC_TIME, Label

DATATYPES: dict[str, pl.DataType] = {
    "BOOL": pl.Boolean(),
    "UINT8": pl.UInt8(), "UINT16": pl.UInt16(), "UINT32": pl.UInt32(), "UINT64": pl.UInt64(),
    "INT8": pl.Int8(), "INT16": pl.Int16(), "INT32": pl.Int32(), "INT64": pl.Int64(),
    "FP16": pl.Float32(), "FP32": pl.Float32(), "FP64": pl.Float64(),
    "BYTES": pl.String(),
}  # fmt: skip
_NAMES = {kind: name for name, kind in DATATYPES.items() if name != "FP16"}
_BEYOND_JSON = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


class RequestError(TrimtabError):
    """A request that the protocol does not allow; `status` says how."""

    def __init__(
        self, problem: str, *, hint: str, status: int = 400, **context: object
    ) -> None:
        super().__init__(problem, hint=hint, **context)
        self.status = status


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


def datatype(kind: pl.DataType) -> str:
    """Return the protocol's name of a column type; what it has no name for travels as BYTES."""
    return _NAMES.get(kind, "BYTES")


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
    inputs = _get(document, "inputs", list, "a list of inputs")
    if not inputs:
        raise RequestError("expected at least one input, got none", hint="Fill `inputs`.")
    columns: dict[str, pl.Series] = {}
    for place, one in enumerate(inputs):
        series = _column(one, place)
        if series.name in columns:
            raise RequestError(
                f"expected each input once, got `{series.name}` twice", hint="Drop one of them."
            )
        columns[series.name] = series
    n_rows = _same_length(columns)
    parameters = _get(document, "parameters", dict, "an object", default={})
    columns[ID] = _request_ids(parameters.get("request_ids"), n_rows)
    columns[TIME] = _event_times(parameters.get("event_times"), n_rows, now)
    outputs = _get(document, "outputs", list, "a list of outputs", default=None)
    names = outputs and tuple(_get(one, "name", str, "the name of an output") for one in outputs)
    request_id = _get(document, "id", str, "a string", default=None)
    return InferRequest(request_id, pl.DataFrame(list(columns.values())), names or None)


def parse_labels(body: bytes, *, kind: TaskKind, now: datetime) -> LabelsRequest:
    """Read a labels request; labels without `label_times` became known `now`."""
    document = _document(body)
    ids = _get(document, "request_ids", list, "a list of request ids")
    labels = _get(document, "labels", list, "a list of labels")
    times = _get(document, "label_times", list, "a list of ISO 8601 times", default=None)
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


def parse_times(values: Sequence[object], name: str) -> pl.Series:
    """Return ISO 8601 times as UTC; a time without a zone is taken as UTC."""
    moments = _parse_texts(pl.Series(name, values, dtype=pl.Object), datetime.fromisoformat, name)
    aware = [m.replace(tzinfo=UTC) if m.tzinfo is None else m.astimezone(UTC) for m in moments]
    return pl.Series(name, aware, dtype=UTC_TIME)


def cast(series: pl.Series, kind: pl.DataType) -> pl.Series:
    """Return an input as the type the model was trained with, if nothing is lost by it.

    Raises
    ------
    SchemaError
        If a value does not fit; the message names the column, the row and the value.
    """
    if series.dtype == kind:
        return series
    if series.null_count() == len(series):
        return pl.Series(series.name, [None] * len(series), dtype=kind)
    if series.dtype == pl.String and kind.is_temporal():
        return _cast_time(series, kind)
    like = (series.dtype.is_numeric() and kind.is_numeric()) or (
        series.dtype == pl.String and isinstance(kind, (pl.Categorical, pl.Enum, pl.Decimal))
    )
    if not like:
        row = series.is_not_null().arg_max() or 0
        raise _misfit(series, row, kind)
    out = series.cast(kind, strict=False)
    lost = out.is_null() & series.is_not_null()
    if series.dtype.is_float() and kind.is_integer():
        lost |= (series.fill_nan(None) != out.cast(series.dtype)).fill_null(False)
    if lost.any():
        raise _misfit(series, int(lost.arg_max() or 0), kind)
    return out


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
            f"expected a JSON object, got {_word(document)}",
            hint="Send an object with `inputs` (or `request_ids` and `labels`).",
        )
    return document


_REQUIRED = object()


def _get(where: Any, key: str, kind: type, what: str, *, default: Any = _REQUIRED) -> Any:
    """Return a member of a JSON object that must have one type."""
    if not isinstance(where, dict):
        raise RequestError(
            f"expected an object with `{key}`, got {_word(where)}", hint=f"Send {what}."
        )
    value = where.get(key)
    if value is None and default is not _REQUIRED:
        return default
    if not isinstance(value, kind):
        found = "none" if value is None else _word(value)
        near = nearest(key, where) if value is None and where else f"Send `{key}` as {what}."
        raise RequestError(
            f"expected `{key}` to be {what}, got {found}",
            hint=near if near.startswith("Did") else f"Send `{key}` as {what}.",
        )
    return value


def _column(one: Any, place: int) -> pl.Series:
    """Return one input as a column."""
    name = _get(one, "name", str, f"the name of input {place}")
    if name in RESERVED:
        raise RequestError(
            f"expected the name of a raw column, got `{name}`, a name the event log uses",
            hint="Send ids and times as `parameters.request_ids` and `parameters.event_times`.",
        )
    kind = _get(one, "datatype", str, f"the datatype of input `{name}`")
    if kind not in DATATYPES:
        raise RequestError(
            f"input `{name}`: expected a datatype of the protocol, got `{kind}`",
            hint=nearest(kind, DATATYPES),
        )
    data = _get(one, "data", list, f"the values of input `{name}`")
    shape = _get(one, "shape", list, f"the shape of input `{name}`")
    if shape == [len(data), 1]:
        data = [cell[0] if isinstance(cell, list) and len(cell) == 1 else cell for cell in data]
    elif shape != [len(data)]:
        raise RequestError(
            f"input `{name}`: expected shape [{len(data)}] for {len(data)} values, got {shape}",
            hint="A column has one value a row: make `shape` the number of rows.",
        )
    return _typed(name, kind, data)


def _typed(name: str, kind: str, data: list[Any]) -> pl.Series:
    """Return values as a column of one datatype, or name the first that does not have it."""
    allowed: tuple[type, ...] = (str,) if kind == "BYTES" else (bool,) if kind == "BOOL" else (int,)
    if kind.startswith("FP"):
        allowed = (int, float)
        if str in set(map(type, data)):
            data = [_BEYOND_JSON.get(v, v) if isinstance(v, str) else v for v in data]
    if not set(map(type, data)) <= {*allowed, type(None)}:
        row = next(r for r, v in enumerate(data) if v is not None and type(v) not in allowed)
        raise _wrong(name, row, kind, data[row])
    try:
        return pl.Series(name, data, dtype=DATATYPES[kind])
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        row = next(r for r, v in enumerate(data) if not _fits(v, DATATYPES[kind]))
        raise _wrong(name, row, kind, data[row]) from None


def _fits(value: object, kind: pl.DataType) -> bool:
    try:
        pl.Series([value], dtype=kind)
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        return False
    return True


def _wrong(name: str, row: int, kind: str, value: object) -> SchemaError:
    return SchemaError(
        f"input `{name}`, row {row}: expected {kind}, got {_short(value)}",
        hint=f"Send {kind} values (null where one is missing), or change `datatype`.",
        column=name,
        row=row,
    )


def _misfit(series: pl.Series, row: int, kind: pl.DataType) -> SchemaError:
    return SchemaError(
        f"column `{series.name}`, row {row}: expected {_said(kind)} as in training,"
        f" got {_short(series[row])} ({datatype(series.dtype)})",
        hint=f"Send `{series.name}` as {datatype(kind)}"
        + (" in ISO 8601." if kind.is_temporal() else "."),
        column=series.name,
        row=row,
    )


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


def _request_ids(ids: object, n_rows: int) -> pl.Series:
    """Return the ids of the rows; a row without one is given one that nobody else has."""
    if ids is None:
        return pl.Series(ID, [uuid.uuid4().hex for _ in range(n_rows)])
    _require_list(ids, "request_ids", n_rows)
    _require_texts(ids, "request_ids")
    return pl.Series(ID, ids, dtype=pl.String)


def _event_times(times: object, n_rows: int, now: datetime) -> pl.Series:
    if times is None:
        return pl.Series(TIME, [now] * n_rows, dtype=UTC_TIME)
    _require_list(times, "event_times", n_rows)
    assert isinstance(times, list)
    return parse_times(times, "event_times").alias(TIME)


def _require_list(values: object, name: str, n_rows: int) -> None:
    if not isinstance(values, list) or len(values) != n_rows:
        found = f"{len(values):,} values" if isinstance(values, list) else _word(values)
        raise RequestError(
            f"expected `{name}` to be a list of {n_rows:,}, one a row, got {found}",
            hint=f"Send one of `{name}` a row, or leave the parameter out.",
        )


def _require_texts(values: Any, name: str) -> None:
    for row, value in enumerate(values):
        if not isinstance(value, str) or not value:
            raise RequestError(
                f"`{name}`, row {row}: expected a string, got {_short(value)}",
                hint=f"Send `{name}` as strings that are not empty.",
            )


def _parse_texts(values: Any, parse: Callable[[str], Any], name: str) -> list[Any]:
    """Return every text parsed, or name the first that cannot be."""
    found = []
    for row, value in enumerate(values):
        try:
            found.append(parse(value))
        except (TypeError, ValueError):
            raise SchemaError(
                f"`{name}`, row {row}: expected a date or time in ISO 8601, got {_short(value)}",
                hint="Write it as 2013-04-01T12:00:00Z (a date as 2013-04-01).",
                column=name,
                row=row,
            ) from None
    return found


def _cast_time(series: pl.Series, kind: pl.DataType) -> pl.Series:
    """Return ISO 8601 texts as dates, times of day, or times with or without a zone."""
    parse: Callable[[str], Any] = datetime.fromisoformat
    if kind == pl.Date:
        parse = date.fromisoformat
    elif kind == pl.Time:
        parse = time.fromisoformat
    elif not isinstance(kind, pl.Datetime):
        raise _misfit(series, int(series.is_not_null().arg_max() or 0), kind)
    values = _parse_texts(
        series, lambda text: None if text is None else parse(text), series.name
    )
    if not isinstance(kind, pl.Datetime):
        return pl.Series(series.name, values, dtype=kind)
    in_utc = [
        v if v is None or v.tzinfo is None else v.astimezone(UTC).replace(tzinfo=None)
        for v in values
    ]
    times = pl.Series(series.name, in_utc, dtype=pl.Datetime(kind.time_unit))
    if kind.time_zone is None:
        return times
    return times.dt.replace_time_zone("UTC").dt.convert_time_zone(kind.time_zone)


def _label(value: object, kind: TaskKind, row: int) -> Label:
    """Return a label as the task has it: 0 or 1, a class, or a number."""
    if kind == "binary" and (isinstance(value, bool) or value in (0, 1)):
        return int(value)  # type: ignore[call-overload, no-any-return]
    if kind == "multiclass" and isinstance(value, (str, int)) and not isinstance(value, bool):
        return str(value)
    if kind == "regression" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    what = {"binary": "0 or 1", "multiclass": "a class (a string)", "regression": "a number"}[kind]
    raise SchemaError(
        f"`labels`, row {row}: expected {what}, got {_short(value)}",
        hint="Leave a request out while its label is not known.",
        row=row,
    )


def _said(kind: pl.DataType) -> str:
    return "text" if kind == pl.String else str(kind)


def _short(value: object) -> str:
    text = repr(value) if not isinstance(value, (datetime, date)) else value.isoformat()
    return text if len(text) <= 60 else f"{text[:57]}..."


def _word(value: object) -> str:
    words = {dict: "an object", list: "a list", str: "a string", bool: "a boolean"}
    return "null" if value is None else words.get(type(value), "a number")
