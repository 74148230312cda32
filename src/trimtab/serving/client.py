"""The other end of the wire: rows to a server, answers back, over one connection kept alive.

Every call may be repeated without harm: the server answers a request id that it knows as it did
the first time.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import httpx
import numpy as np
import orjson
import polars as pl
from numpy.typing import NDArray

from trimtab.core import errors
from trimtab.core.errors import SourceError, TrimtabError
from trimtab.serving.protocol import UnavailableError, to_json
from trimtab.serving.tensors import RequestError, write_tensor

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What the server said about rows.

    `scores` is (n,), or (n, k) for k classes; `outputs` holds the tensors as they came.
    """

    model: str
    version: int
    ids: list[str]
    repeated: int
    scores: NDArray[np.float64]
    outputs: dict[str, list[Any]]


class Client:
    """A client of one inference server.

    Parameters
    ----------
    url : str
        Where it listens, for example `http://127.0.0.1:8080`.
    timeout_seconds : float, default=60
        How long a call may take.
    """

    def __init__(self, url: str, *, timeout_seconds: float = 60.0) -> None:
        self.url = url.rstrip("/")
        self._http = httpx.Client(
            base_url=self.url,
            timeout=timeout_seconds,
            trust_env=httpx.URL(url).host not in _LOOPBACK,  # no proxy to our own machine
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def infer(
        self,
        name: str,
        rows: pl.DataFrame,
        ids: Sequence[str] | pl.Series | None = None,
        times: Sequence[datetime] | pl.Series | None = None,
    ) -> Answer:
        """Ask for predictions.

        Parameters
        ----------
        name : str
            The model.
        rows : polars.DataFrame
            Raw columns; those the model does not read are logged all the same.
        ids : sequence of str, optional
            Request ids, by which labels will come; the server makes some without them.
        times : sequence of datetime, optional
            Event times; the time of arrival without them.

        Raises
        ------
        TrimtabError
            The error that the server's problem document names.
        """
        parameters: dict[str, Any] = {}
        if ids is not None:
            parameters["request_ids"] = list(ids)
        if times is not None:
            parameters["event_times"] = list(times)
        tensors = [write_tensor(column) for column in rows.iter_columns()]
        found = self._post(
            f"/v2/models/{name}/infer", {"inputs": tensors, "parameters": parameters}
        )
        outputs = {one["name"]: one for one in found["outputs"]}
        score = next(iter(outputs.values()))  # the score always comes first
        return Answer(
            model=found["model_name"],
            version=int(found["model_version"]),
            ids=found["parameters"]["request_ids"],
            repeated=found["parameters"]["repeated"],
            scores=np.asarray(score["data"], dtype=np.float64).reshape(score["shape"]),
            outputs={key: one["data"] for key, one in outputs.items()},
        )

    def labels(
        self,
        name: str,
        ids: Sequence[str] | pl.Series,
        labels: Sequence[Any] | pl.Series,
        label_times: Sequence[datetime] | pl.Series | None = None,
    ) -> dict[str, int]:
        """Send what turned out true; return how many labels were `recorded` and `repeated`."""
        body: dict[str, Any] = {"request_ids": list(ids), "labels": list(labels)}
        if label_times is not None:
            body["label_times"] = list(label_times)
        return dict(self._post(f"/v2/models/{name}/labels", body))

    def load(self, name: str) -> dict[str, Any]:
        """Let the server take up what is in production and staging now."""
        return dict(self._post(f"/v2/repository/models/{name}/load", {}))

    def index(self) -> list[dict[str, Any]]:
        """Return all registered versions, and which of them answer."""
        return list(self._post("/v2/repository/index", {}))

    def metadata(self, name: str) -> dict[str, Any]:
        """Return inputs and outputs of a model."""
        return dict(self._read(self._send("GET", f"/v2/models/{name}")))

    def is_live(self) -> bool:
        """Whether the server is up."""
        return self._status("/v2/health/live") == 200

    def is_ready(self) -> bool:
        """Whether a model answers."""
        return self._status("/v2/health/ready") == 200

    def wait_ready(self, timeout_seconds: float = 60.0) -> None:
        """Wait until a model answers.

        Raises
        ------
        UnavailableError
            If none does in time.
        """
        self._wait(self.is_ready, "a model that answers", timeout_seconds)

    def wait_live(self, timeout_seconds: float = 60.0) -> None:
        """Wait until the server is up, whether or not it has a model to answer with."""
        self._wait(self.is_live, "a server", timeout_seconds)

    def _wait(self, done: Callable[[], bool], what: str, timeout_seconds: float) -> None:
        end = time.monotonic() + timeout_seconds
        while not done():
            if time.monotonic() > end:
                raise UnavailableError(
                    f"expected {what} at {self.url}, got none in {timeout_seconds:g} s",
                    hint="Start it with `trimtab serve`, promote a model, or wait longer.",
                )
            time.sleep(0.02)

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        content = to_json(body)
        return self._read(self._send("POST", path, content=content))

    def _send(self, method: str, path: str, content: bytes | None = None) -> httpx.Response:
        try:
            return self._http.request(method, path, content=content)
        except httpx.TransportError as error:
            raise SourceError(
                f"expected an answer from {self.url}, got: {str(error) or type(error).__name__}",
                hint="See whether the server runs (`trimtab serve`), then send it again.",
            ) from None

    def _read(self, response: httpx.Response) -> Any:
        """Return the document, or raise the error it describes."""
        try:
            document = orjson.loads(response.content)
        except orjson.JSONDecodeError:
            document = {}
        if response.is_success:
            return document
        raise _error_of(document, response.status_code)

    def _status(self, path: str) -> int:
        try:
            return self._http.get(path).status_code
        except httpx.TransportError:
            return 0


def _error_of(document: dict[str, Any], status: int) -> TrimtabError:
    """Return the error of a problem document, of the class it had in the server."""
    known = {"type", "title", "status", "detail", "error"}
    context = {key: value for key, value in document.items() if key not in known}
    problem = document.get("title", f"the server answered {status} without saying why")
    hint = document.get("detail", "Look at the log of the server.")
    name = str(document.get("type", "")).removeprefix("trimtab:")
    kind = UnavailableError if name == "UnavailableError" else getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, TrimtabError):
        return kind(problem, hint=hint, **context)
    return RequestError(problem, hint=hint, status=status, **context)
