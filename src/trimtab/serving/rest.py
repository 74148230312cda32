"""The inference API as a bare ASGI application: paths and methods, no framework.

Paths of the Open Inference Protocol v2 (https://github.com/kserve/open-inference-protocol), of
its model repository extension, and one of ours for labels:

======  ====================================================  =================================
GET     /v2                                                   name, version, extensions
GET     /v2/health/live, /v2/health/ready                     is it up; does a model answer
GET     /v2/models/M[/versions/V][/ready]                     inputs and outputs; does it answer
POST    /v2/models/M[/versions/V]/infer                       predictions
POST    /v2/models/M/labels                                   what turned out true, by request id
POST    /v2/repository/index                                  all registered versions
POST    /v2/repository/models/M/load                          take up what was promoted
======  ====================================================  =================================
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from importlib.metadata import version as package_version
from typing import Any

from trimtab.core.errors import NotFoundError, TrimtabError, nearest
from trimtab.core.records import TaskKind
from trimtab.core.workspace import Workspace
from trimtab.models.loaded import LoadedModel
from trimtab.models.registry import Registry
from trimtab.serving.event_log import EventLog
from trimtab.serving.predictor import Predictor
from trimtab.serving.protocol import (
    UnavailableError,
    answer,
    output_metadata,
    outputs_of,
    parse_infer,
    parse_labels,
    problem,
    to_json,
)
from trimtab.serving.tensors import RequestError, datatype
from trimtab.serving.worker import Worker

MAX_BODY_BYTES = 32 * 1024 * 1024

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

_EXTENSIONS = ["model_repository", "trimtab_labels"]
logger = logging.getLogger("trimtab.serving")


def create_app(
    workspace: Workspace, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> "InferenceApi":
    """Return the inference API of a workspace as an ASGI application.

    Parameters
    ----------
    workspace : Workspace
        The project, seen from the scope whose models answer.
    clock : callable, optional
        Says when a request arrives.
    """
    predictor = Predictor(Registry(workspace))
    return InferenceApi(predictor, EventLog.of(workspace), workspace.project.task.kind, clock)


class InferenceApi:
    """The ASGI application.

    Parameters
    ----------
    predictor : Predictor
        The models that answer.
    log : EventLog
        Where every answer and label is written.
    kind : {"binary", "multiclass", "regression"}
        What labels are.
    clock : callable
        Says when a request arrives.
    """

    def __init__(
        self,
        predictor: Predictor,
        log: EventLog,
        kind: TaskKind,
        clock: Callable[[], datetime],
    ) -> None:
        self.predictor, self.log, self.kind, self._clock = predictor, log, kind, clock
        self._worker = Worker(predictor.predict, log)

    def close(self) -> None:
        """Finish what waits and close the event log."""
        self._worker.close()
        self.log.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            status, document = await self._respond(scope, receive)
            await _reply(send, status, document)

    async def _respond(self, scope: Scope, receive: Receive) -> tuple[int, object]:
        """Return status and document; every failure becomes a problem document."""
        try:
            parts = [part for part in scope["path"].split("/") if part]
            return 200, await self._route(scope["method"], parts, scope, receive)
        except TrimtabError as error:
            return error.status, problem(error)
        except sqlite3.OperationalError as error:
            logger.exception("the event log cannot be written")
            return 503, problem(
                UnavailableError(
                    f"expected to write the event log, got: {error}",
                    hint="Nothing was recorded. Free the disk or the lock, and send it again.",
                )
            )
        except Exception:
            logger.exception("%s %s failed", scope["method"], scope["path"])
            return 500, problem(
                RequestError(
                    "expected an answer, got a fault of the server",
                    hint="Look at the log of the server for what happened, and report it.",
                    status=500,
                )
            )

    async def _route(
        self, method: str, parts: list[str], scope: Scope, receive: Receive
    ) -> object:
        """Find the handler of a path, and hold the method against it."""
        match parts:
            case ["v2", "models", name, "labels"] if _allow(method, "POST"):
                self._require_name(name)
                return await self._labels(await _body(scope, receive))
            case ["v2", "models", name, "versions", version, *rest]:
                model = self._model(name, version)
            case ["v2", "models", name, *rest] if rest[:1] != ["versions"]:
                model = self._model(name, None)
            case _:
                return await self._route_server(method, parts, scope, receive)
        match rest:
            case [] if _allow(method, "GET"):
                return self._metadata(model)
            case ["ready"] if _allow(method, "GET"):
                return {"name": self.predictor.name, "ready": True}
            case ["infer"] if _allow(method, "POST"):
                return await self._infer(model, await _body(scope, receive))
        raise _no_path(parts)

    async def _route_server(
        self, method: str, parts: list[str], scope: Scope, receive: Receive
    ) -> object:
        match parts:
            case ["v2"] if _allow(method, "GET"):
                return {
                    "name": "trimtab",
                    "version": package_version("trimtab"),
                    "extensions": _EXTENSIONS,
                }
            case ["v2", "health", "live"] if _allow(method, "GET"):
                return {"live": True}
            case ["v2", "health", "ready"] if _allow(method, "GET"):
                self.predictor.champion()
                return {"live": True, "ready": True}
            case ["v2", "repository", "index"] if _allow(method, "POST"):
                await _body(scope, receive)
                return await asyncio.to_thread(self._index)
            case ["v2", "repository", "models", name, "load"] if _allow(method, "POST"):
                self._require_name(name)
                await _body(scope, receive)
                arms = await asyncio.to_thread(self.predictor.reload)
                return {
                    "name": self.predictor.name,
                    "champion": arms.champion and arms.champion.version.version,
                    "shadow": arms.shadow and arms.shadow.version.version,
                }
        raise _no_path(parts)

    def _require_name(self, name: str) -> None:
        if name != self.predictor.name:
            raise NotFoundError(
                f"no model is called `{name}`", hint=nearest(name, [self.predictor.name])
            )

    def _model(self, name: str, version: str | None) -> LoadedModel:
        """Return the champion, or the arm of the version asked for."""
        self._require_name(name)
        arms = self.predictor.arms
        champion = self.predictor.champion(arms)
        loaded = {str(arm.version.version): arm for arm in (arms.shadow, champion) if arm}
        if version is None:
            return champion
        if version not in loaded:
            raise NotFoundError(
                f"version {version} of `{name}` is not served",
                hint=f"Ask for {' or '.join(sorted(loaded))}, or leave the version out.",
            )
        return loaded[version]

    def _metadata(self, model: LoadedModel) -> dict[str, Any]:
        arms = self.predictor.arms
        served = [str(arm.version.version) for arm in (arms.champion, arms.shadow) if arm]
        return {
            "name": self.predictor.name,
            "versions": served,
            "platform": "onnx_onnxv1" if model.runtime == "onnx" else "trimtab_python",
            "inputs": [
                {"name": name, "datatype": datatype(kind), "shape": [-1]}
                for name, kind in model.inputs.items()
            ],
            "outputs": output_metadata(model.kind, len(model.classes)),
        }

    async def _infer(self, model: LoadedModel, body: bytes) -> dict[str, Any]:
        now = self._clock()
        champion = self.predictor.champion()
        if model.version.version != champion.version.version:
            raise RequestError(
                f"version {model.version.version} is in {model.version.stage} and answers nobody",
                hint=f"Ask version {champion.version.version}; what the other would have said"
                " is in the event log.",
                status=409,
            )
        request = parse_infer(body, now=now)
        _require_outputs(request.outputs, model)
        recorded = await self._worker.answer(request.rows, now)
        versions = sorted(set(recorded.versions))
        parameters: dict[str, Any] = {
            "request_ids": request.rows["_id"].to_list(),
            "repeated": len(recorded.versions) - recorded.new,
        }
        if len(versions) > 1:  # some rows were asked before, of an earlier champion
            parameters["versions"] = recorded.versions
        return answer(
            name=self.predictor.name,
            version=str(versions[-1]),
            request=request,
            outputs=outputs_of(recorded.scores, kind=model.kind, classes=model.classes),
            parameters=parameters,
        )

    async def _labels(self, body: bytes) -> object:
        now = self._clock()
        labels = parse_labels(body, kind=self.kind, now=now)
        return await self._worker.call(
            lambda: self.log.add_labels(labels.ids, labels.labels, labels.times, now)
        )

    def _index(self) -> list[dict[str, Any]]:
        arms = self.predictor.arms
        served = {arm.version.version for arm in (arms.champion, arms.shadow) if arm}
        return [
            {
                "name": self.predictor.name,
                "version": str(one.version),
                "state": "READY" if one.version in served else "UNAVAILABLE",
                "reason": one.stage,
            }
            for one in self.predictor.versions()
        ]


def _allow(method: str, allowed: str) -> bool:
    if method != allowed:
        raise RequestError(
            f"expected {allowed}, got {method}",
            hint=f"Use {allowed} here.",
            status=405,
            allow=allowed,
        )
    return True


def _no_path(parts: list[str]) -> RequestError:
    return RequestError(
        f"nothing is served at /{'/'.join(parts)}",
        hint="Try /v2, /v2/health/ready, /v2/models/NAME or /v2/models/NAME/infer.",
        status=404,
    )


def _require_outputs(wanted: tuple[str, ...] | None, model: LoadedModel) -> None:
    """Refuse an unknown output before anything is recorded."""
    names = [one["name"] for one in output_metadata(model.kind, len(model.classes))]
    for name in wanted or ():
        if name not in names:
            raise RequestError(
                f"`outputs`: expected an output of {model.version.label}, got `{name}`",
                hint=nearest(name, names),
            )


async def _body(scope: Scope, receive: Receive) -> bytes:
    """Return the body of a request, if it is not too large."""
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"")
    chunks, size, more = [], int(length) if length.isdigit() else 0, True
    if size > MAX_BODY_BYTES:
        raise _too_large(size)
    size = 0
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RequestError("expected a body, got the end of the connection", hint="Resend.")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise _too_large(size)
        chunks.append(chunk)
        more = message.get("more_body", False)
    return b"".join(chunks)


def _too_large(size: int) -> RequestError:
    limit = MAX_BODY_BYTES // 1024**2
    return RequestError(
        f"expected a body of at most {limit} MiB, got {size / 1024**2:.0f} MiB or more",
        hint="Send the rows in several requests.",
        status=413,
    )


async def _reply(send: Send, status: int, document: object) -> None:
    body = to_json(document)
    kind = b"application/json" if status < 400 else b"application/problem+json"
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    if status == 405 and isinstance(document, dict):
        headers.append((b"allow", document["allow"].encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _lifespan(receive: Receive, send: Send) -> None:
    """Say yes to a server that asks; all is ready when the application is made."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
