from datetime import UTC, datetime

import numpy as np
import orjson
import pytest

from trimtab.core.errors import SchemaError
from trimtab.serving.protocol import (
    InferRequest,
    answer,
    outputs_of,
    parse_infer,
    parse_labels,
    problem,
    to_json,
)
from trimtab.serving.tensors import RequestError

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def tensor(name: str = "x", data: list[object] | None = None, kind: str = "INT64"):
    values = [1, 2] if data is None else data
    return {"name": name, "shape": [len(values)], "datatype": kind, "data": values}


def infer(**document: object) -> InferRequest:
    return parse_infer(orjson.dumps({"inputs": [tensor()], **document}), now=NOW)


def test_rows_carry_the_ids_and_times_that_were_sent():
    times = ["2013-04-01T12:00:00Z", "2013-04-01T14:00:00+02:00"]

    request = infer(
        id="7", parameters={"request_ids": ["a", "b"], "event_times": times}, outputs=[]
    )

    noon = datetime(2013, 4, 1, 12, tzinfo=UTC)
    assert request.id == "7"
    assert request.outputs is None
    assert request.rows["_id"].to_list() == ["a", "b"]
    assert request.rows["_time"].to_list() == [noon, noon]


def test_rows_without_ids_and_times_are_given_some():
    request = infer()

    assert request.rows["_id"].n_unique() == 2
    assert request.rows["_time"].to_list() == [NOW, NOW]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "expected a JSON document"),
        (b"[]", "expected a JSON object, got a list"),
        (b"{}", "expected `inputs` to be a list of inputs, got none"),
        (b'{"inputs": {}}', "expected `inputs` to be a list of inputs, got an object"),
        (b'{"inputs": []}', "at least one input"),
        (b'{"inputs": [3]}', "expected an object with `name`, got a number"),
        (b'{"inputs": [{"name": "x"}]}', "expected `datatype`"),
    ],
)
def test_document_that_breaks_the_protocol_is_refused(body, message):
    with pytest.raises(RequestError, match=message):
        parse_infer(body, now=NOW)


def test_misspelt_key_is_named():
    with pytest.raises(RequestError) as caught:
        parse_infer(b'{"input": []}', now=NOW)

    assert caught.value.hint == "Did you mean `input`?"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"inputs": [tensor(), tensor()]}, "each input once, got `x` twice"),
        ({"inputs": [tensor(), tensor("y", [1])]}, "2 rows in every input as in `x`, got 1 in"),
        ({"inputs": [tensor("x", [])]}, "at least one row"),
        ({"inputs": [tensor("_id")]}, "got `_id`, a name the event log uses"),
        ({"parameters": {"request_ids": ["a"]}}, "a list of 2, one a row, got 1 values"),
        ({"parameters": {"request_ids": "a"}}, "a list of 2, one a row, got a string"),
        ({"parameters": {"request_ids": ["a", 2]}}, "`request_ids`, row 1: expected a string"),
        ({"parameters": []}, "expected `parameters` to be an object, got a list"),
        ({"id": 7}, "expected `id` to be a string, got a number"),
    ],
)
def test_request_that_does_not_fit_together_is_refused(document, message):
    with pytest.raises(RequestError, match=message):
        infer(**document)


def test_time_that_is_no_time_is_named():
    with pytest.raises(SchemaError, match=r"`event_times`, row 1:.*'yesterday'"):
        infer(parameters={"event_times": ["2013-04-01", "yesterday"]})


def test_binary_scores_become_probability_and_label():
    probability, label = outputs_of(np.array([0.2, 0.5]), kind="binary", classes=None)

    assert probability["data"].tolist() == [0.2, 0.5]
    assert label["data"].tolist() == [0, 1]


def test_scores_of_classes_become_probabilities_row_by_row():
    scores = np.array([[0.1, 0.7, 0.2], [0.5, 0.2, 0.3]])

    probabilities, label = outputs_of(scores, kind="multiclass", classes=["a", "b", "c"])

    assert probabilities["shape"] == [2, 3]
    assert probabilities["data"].tolist() == [0.1, 0.7, 0.2, 0.5, 0.2, 0.3]
    assert probabilities["parameters"] == {"classes": ["a", "b", "c"]}
    assert label["data"] == ["b", "a"]


def test_answer_holds_the_outputs_asked_for():
    request = infer(id="q", outputs=[{"name": "label"}])
    outputs = outputs_of(np.array([0.2, 0.9]), kind="binary", classes=None)

    document = orjson.loads(
        to_json(answer(name="m", version="3", request=request, outputs=outputs, parameters={}))
    )

    assert document["id"] == "q"
    assert document["outputs"] == [
        {"name": "label", "shape": [2], "datatype": "INT64", "data": [0, 1]}
    ]


@pytest.mark.parametrize(
    ("kind", "label", "expected"),
    [("binary", True, 1), ("binary", 0, 0), ("binary", 1.0, 1), ("multiclass", 3, "3"),
     ("regression", 3, 3.0)],
)  # fmt: skip
def test_label_is_taken_as_the_task_has_it(kind, label, expected):
    body = orjson.dumps({"request_ids": ["a"], "labels": [label]})

    request = parse_labels(body, kind=kind, now=NOW)

    assert request.labels == [expected]
    assert request.times == [NOW]


@pytest.mark.parametrize(
    ("kind", "label"),
    [("binary", 2), ("binary", None), ("binary", "1"), ("multiclass", None), ("multiclass", 1.5),
     ("regression", "far"), ("regression", True)],
)  # fmt: skip
def test_label_of_another_kind_is_refused(kind, label):
    body = orjson.dumps({"request_ids": ["a"], "labels": [label]})

    with pytest.raises(SchemaError, match="`labels`, row 0: expected"):
        parse_labels(body, kind=kind, now=NOW)


def test_labels_and_ids_are_equally_many():
    body = orjson.dumps({"request_ids": ["a", "b"], "labels": [1]})

    with pytest.raises(RequestError, match="expected 2 labels, one a request id, got 1"):
        parse_labels(body, kind="binary", now=NOW)


def test_problem_says_what_the_protocol_and_rfc_9457_ask_for():
    document = problem(RequestError("it broke", hint="Mend it.", status=413))

    assert document == {
        "type": "trimtab:RequestError", "title": "it broke", "status": 413,
        "detail": "Mend it.", "error": "it broke\n\nhint: Mend it.",
    }  # fmt: skip
