"""The paths of the Open Inference Protocol v2, on a real server, by plain HTTP."""

from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import polars as pl
import pytest

from trimtab.core.errors import KeyClashError, NotFoundError, SchemaError
from trimtab.models.registry import Registry
from trimtab.serving.event_log import EventLog
from trimtab.serving.tensors import RequestError, write_tensor

pytestmark = pytest.mark.service

RAW = ["city", "due", "express", "sent", "stops", "weight"]


@pytest.fixture
def http(server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server[0].url, trust_env=False) as client:
        yield client


def body(rows: pl.DataFrame, **parameters: Any) -> dict[str, Any]:
    inputs = [write_tensor(column) for column in rows.iter_columns()]
    return {"inputs": inputs, "parameters": parameters}


def test_server_says_what_it_is(http):
    found = http.get("/v2")

    assert found.status_code == 200
    assert found.json()["name"] == "trimtab"
    assert "model_repository" in found.json()["extensions"]


@pytest.mark.parametrize(
    "path",
    ["/v2/health/live", "/v2/health/ready", "/v2/models/late/ready",
     "/v2/models/late/versions/1/ready"],
)  # fmt: skip
def test_health_is_told(http, path):
    assert http.get(path).status_code == 200


def test_metadata_tells_inputs_and_outputs(http):
    found = http.get("/v2/models/late/versions/1").json()

    assert found["versions"] == ["1", "2"]
    assert found["platform"] == "onnx_onnxv1"
    assert {one["name"]: one["datatype"] for one in found["inputs"]} == {
        "city": "BYTES", "due": "BYTES", "express": "BOOL", "sent": "BYTES", "stops": "INT64",
        "weight": "FP64",
    }  # fmt: skip
    assert [one["name"] for one in found["outputs"]] == ["probability", "label"]


def test_answer_is_what_the_model_says_of_the_raw_rows(server):
    client, parcels = server
    rows = parcels.rows[100:150]

    answer = client.infer("late", rows.select(RAW), ids=rows["_id"], times=rows["_time"])

    model = Registry(parcels.workspace).load(1)
    np.testing.assert_array_equal(answer.scores, model.predict(rows))
    assert answer.version == 1
    assert answer.outputs["label"] == (answer.scores >= 0.5).astype(int).tolist()


def test_answer_by_hand_in_plain_json(http):
    request = {
        "id": "by-hand",
        "inputs": [
            {"name": "city", "shape": [1], "datatype": "BYTES", "data": ["Oslo"]},
            {"name": "due", "shape": [1], "datatype": "BYTES", "data": ["2024-04-03"]},
            {
                "name": "sent",
                "shape": [1, 1],
                "datatype": "BYTES",
                "data": [["2024-04-02T10:00Z"]],
            },
            {"name": "express", "shape": [1], "datatype": "BOOL", "data": [False]},
            {"name": "stops", "shape": [1], "datatype": "INT32", "data": [4]},
            {"name": "weight", "shape": [1], "datatype": "FP32", "data": [None]},
        ],
    }

    found = http.post("/v2/models/late/versions/1/infer", json=request)

    assert found.status_code == 200
    assert found.headers["content-type"] == "application/json"
    document = found.json()
    assert (document["id"], document["model_name"], document["model_version"]) == (
        "by-hand", "late", "1",
    )  # fmt: skip
    assert 0 < document["outputs"][0]["data"][0] < 1


def test_columns_that_the_model_does_not_read_are_logged(server):
    client, parcels = server
    rows = parcels.rows[150:151]

    client.infer("late", rows.select(*RAW, pl.lit("red").alias("colour")), ids=["extra"])

    events = EventLog.of(parcels.workspace).read()
    assert events.filter(pl.col("_id") == "extra")["colour"].to_list() == ["red"]


def test_both_arms_are_on_record(server):
    client, parcels = server
    rows = parcels.rows[160:170]

    client.infer("late", rows.select(RAW), ids=rows["_id"], times=rows["_time"])

    events = EventLog.of(parcels.workspace).read().join(rows.select("_id"), on="_id").sort("_id")
    shadow = Registry(parcels.workspace).load(2).predict(rows.sort("_id"))
    assert events["champion_version"].unique().to_list() == [1]
    assert events["shadow_version"].unique().to_list() == [2]
    np.testing.assert_array_equal(events["shadow_score"].to_numpy(), shadow)


def test_missing_column_is_named_with_the_nearest(server):
    client, parcels = server

    with pytest.raises(SchemaError, match="expected a column `weight` for late v1") as caught:
        client.infer("late", parcels.rows[:2].select(RAW).rename({"weight": "wieght"}))

    assert caught.value.hint.startswith("Did you mean `wieght`?")


def test_wrong_type_names_column_and_row(server):
    client, parcels = server
    rows = parcels.rows[:3].select(RAW).with_columns(stops=pl.Series([1.0, 2.0, 2.5]))

    with pytest.raises(SchemaError, match=r"column `stops`, row 2: expected Int64.*got 2\.5"):
        client.infer("late", rows)


def test_refused_request_leaves_no_trace(server):
    client, parcels = server
    rows = parcels.rows[:2].select(RAW)
    log = EventLog.of(parcels.workspace)
    before = log.count()

    for wrong in (rows.drop("city"), rows.with_columns(due=pl.lit("soon"))):
        with pytest.raises(SchemaError):
            client.infer("late", wrong)

    assert log.count() == before


def test_request_id_with_other_inputs_is_a_clash(server, http):
    client, parcels = server
    rows = parcels.rows[170:172].select(RAW)
    client.infer("late", rows[:1], ids=["clash"])

    found = http.post("/v2/models/late/infer", json=body(rows[1:], request_ids=["clash"]))

    assert found.status_code == 409
    assert found.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "error"} <= found.json().keys()
    with pytest.raises(KeyClashError, match="`clash`"):
        client.infer("late", rows[1:], ids=["clash"])


def test_label_for_an_unknown_id_is_named_and_the_others_are_kept(server):
    client, parcels = server
    rows = parcels.rows[180:183]
    client.infer("late", rows.select(RAW), ids=rows["_id"], times=rows["_time"])

    times = [*rows["_label_time"], rows["_label_time"][0]]

    with pytest.raises(NotFoundError, match="1 for unknown ids: `nobody`") as caught:
        client.labels("late", [*rows["_id"], "nobody"], [*rows["_label"], 1], times)

    assert caught.value.context["recorded"] == 3
    log = EventLog.of(parcels.workspace)
    kept = log.read().join(rows.select("_id"), on="_id").sort("_time", "_id")
    assert kept["_label"].to_list() == rows["_label"].to_list()
    assert log.quarantined_labels()["_id"].to_list() == ["nobody"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v2/models/lat", 404),
        ("GET", "/v2/models/late/versions/7", 404),
        ("POST", "/v2/models/late/versions/2/infer", 409),
        ("GET", "/v2/models/late/infer", 405),
        ("POST", "/v2", 405),
        ("GET", "/v2/nothing", 404),
        ("GET", "/", 404),
        ("POST", "/v2/models/late/versions/1/labels", 404),
        ("POST", "/v2/repository/models/other/load", 404),
    ],
)
def test_wrong_path_or_method_is_a_problem_document(http, method, path, status):
    found = http.request(method, path)

    assert found.status_code == status
    assert found.json()["status"] == status
    assert found.json()["detail"]
    assert ("allow" in found.headers) == (status == 405)


def test_body_that_is_too_large_is_refused(http):
    found = http.post("/v2/models/late/infer", content=b" " * (32 * 1024**2 + 1))

    assert found.status_code == 413


def test_unknown_output_is_refused_before_anything_is_recorded(server, http):
    _, parcels = server
    log = EventLog.of(parcels.workspace)
    before = log.count()
    request = body(parcels.rows[:1].select(RAW)) | {"outputs": [{"name": "probabilty"}]}

    found = http.post("/v2/models/late/infer", json=request)

    assert found.status_code == 400
    assert found.json()["detail"] == "Did you mean `probability`?"
    assert log.count() == before


def test_index_lists_the_versions_that_answer(server):
    client, _ = server

    found = client.index()

    assert [(one["version"], one["state"], one["reason"]) for one in found] == [
        ("1", "READY", "production"),
        ("2", "READY", "staging"),
    ]


def test_client_raises_request_errors_as_the_server_said_them(server):
    client, _ = server

    with pytest.raises(RequestError, match="at least one input") as caught:
        client.infer("late", pl.DataFrame())

    assert caught.value.status == 400
