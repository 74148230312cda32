"""The web application: routes, headers and errors. What a page shows is shaped in `view.py`."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from functools import partial
from threading import Lock
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from trimtab.core.errors import NotFoundError, TrimtabError
from trimtab.core.workspace import Workspace
from trimtab.web.facts import ScopeFacts
from trimtab.web.render import STATIC, render
from trimtab.web.runbook import find_runbook, to_html
from trimtab.web.view import home_view, model_view

HEADERS = {
    b"content-security-policy": b"default-src 'none'; script-src 'self'; style-src 'self'; "
    b"img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    b"frame-ancestors 'none'",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
}


def create_app(workspace: Workspace) -> Starlette:
    """Return the pages of a project.

    Parameters
    ----------
    workspace : Workspace
        The project. Its scope comes first in the list of scopes, even while it is empty.

    Returns
    -------
    Starlette
        An ASGI application that reads the store and the registry and writes to neither.
    """
    scopes = Scopes(workspace)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        scopes.close()

    # Handlers are plain functions: Starlette runs them in threads, so that a slow read of the
    # store does not hold up other requests.
    app = Starlette(
        routes=[
            Route("/", partial(_home, scopes), name="home"),
            Route("/scopes/{scope}/models/{model}", partial(_model, scopes), name="model"),
            Route("/runbook", partial(_runbook, scopes), name="runbook"),
            Route("/healthz", partial(_health, scopes), name="health"),
            Mount("/static", StaticFiles(directory=STATIC), name="static"),
        ],
        exception_handlers={
            HTTPException: _http_error,
            TrimtabError: _trimtab_error,
            Exception: _unforeseen,
        },
        lifespan=lifespan,
    )
    app.add_middleware(SafeHeaders)
    return app


def from_environment() -> Starlette:
    """Return the pages of the project that `TRIMTAB_PROJECT` names.

    `TRIMTAB_SCOPE`, if set, is the scope that comes first.
    """
    project = os.environ.get("TRIMTAB_PROJECT", ".")
    scope = os.environ.get("TRIMTAB_SCOPE") or "live"
    return create_app(Workspace.open(project, scope=scope))


def model_path(workspace: Workspace) -> str:
    """Return the path of the page of a scope's model, to print after the server's address."""
    return f"/scopes/{workspace.scope}/models/{workspace.project.task.name}"


class Scopes:
    """The scopes of a project, each opened once.

    Parameters
    ----------
    workspace : Workspace
        The project, seen from the scope that comes first.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._opened = {workspace.scope: ScopeFacts(workspace)}
        self._lock = Lock()

    def names(self) -> list[str]:
        """Return all scopes: the workspace's own, then `live`, then the replays."""
        known = {*self.workspace.store.scopes(), self.workspace.scope}
        return sorted(known, key=lambda name: (name != self.workspace.scope, name != "live", name))

    def get(self, name: str) -> ScopeFacts:
        """Return the facts of a scope.

        Raises
        ------
        NotFoundError
            If nothing was ever done in a scope of that name.
        """
        # Opening a scope makes its folder, so a name that a stranger typed must not get there.
        if name not in self.names():
            raise NotFoundError(
                f"no scope is called `{name}`", hint="Choose one from the list of models."
            )
        with self._lock:
            if name not in self._opened:
                self._opened[name] = ScopeFacts(self.workspace.within(name))
            return self._opened[name]

    def close(self) -> None:
        """Give the connections back."""
        for facts in self._opened.values():
            facts.workspace.store.close()


def _home(scopes: Scopes, request: Request) -> Response:
    facts = [scopes.get(name) for name in scopes.names()]
    return _page(request, "home.html", home_view(scopes.workspace.project, facts))


def _model(scopes: Scopes, request: Request) -> Response:
    facts = scopes.get(request.path_params["scope"])
    model = request.path_params["model"]
    if not facts.is_called(model):
        raise NotFoundError(
            f"no model is called `{model}` in scope `{facts.scope}`",
            hint=f"Its model is `{facts.task}`.",
        )
    return _page(request, "model.html", model_view(facts))


def _runbook(scopes: Scopes, request: Request) -> Response:
    project = scopes.workspace.project
    path = find_runbook(project)
    text = path.read_text(encoding="utf-8") if path else None
    view = {"title": "Runbook", "project": project, "runbook": to_html(text) if text else None}
    return _page(request, "runbook.html", view)


def _health(scopes: Scopes, _request: Request) -> Response:
    return JSONResponse({"status": "ok", "scopes": len(scopes.workspace.store.scopes())})


def _page(
    request: Request, template: str, view: dict[str, Any], *, status: int = 200
) -> HTMLResponse:
    def link(name: str, **values: str) -> str:
        path = request.app.url_path_for(name, **values)
        return f"{request.scope.get('root_path', '').rstrip('/')}{path}"

    return HTMLResponse(render(template, {**view, "link": link, "inline": False}), status)


def _error(request: Request, status: int, problem: str, hint: str) -> Response:
    view = {"title": problem, "problem": problem, "hint": hint, "project": None}
    return _page(request, "error.html", view, status=status)


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return _error(request, 404, "There is no such page", "Start from the list of models.")
    return _error(request, error.status_code, error.detail, "Go back to the list of models.")


def _trimtab_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, TrimtabError)
    return _error(request, error.status, error.problem, error.hint)


def _unforeseen(request: Request, _error_: Exception) -> Response:
    return _error(
        request, 500, "The page could not be made",
        "The server's log has the reason; the data are untouched.",
    )  # fmt: skip


Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


class SafeHeaders:
    """Middleware: every answer says that nothing from elsewhere may run or load on it."""

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer with the headers added."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *HEADERS.items()]
            await send(message)

        await self.app(scope, receive, send_with_headers)
