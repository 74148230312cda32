"""The process that serves: granian in the foreground, or a server in the background.

One process, one event loop: granian's embedded server, so that killing the process kills all of
it and no orphan keeps the port. Anything not under /v2 can go to a second ASGI application, named
by an import string (`trimtab up` names the pages), so that serving knows nothing of it.

Run as `python -m trimtab.serving.server --project DIR --scope S --port N`.
"""

import argparse
import asyncio
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from trimtab.core.errors import ConfigError, SourceError, TrimtabError
from trimtab.core.workspace import Workspace

if TYPE_CHECKING:
    from trimtab.serving.client import Client
    from trimtab.serving.rest import Asgi

START_SECONDS = 120.0
"""How long a server in the background may take to be ready; MLflow is slow to load."""


def serve(
    workspace: Workspace,
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    extra_app: str | None = None,
    on_start: Callable[[str], None] | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Serve the inference API until SIGINT or SIGTERM.

    Parameters
    ----------
    workspace : Workspace
        The project, seen from the scope whose models answer.
    host, port : str, int
        Where to listen; port 0 takes a free one.
    extra_app : str, optional
        `module:factory` of an ASGI application that answers everything not under /v2. The
        factory finds the project in the environment: `TRIMTAB_PROJECT`, `TRIMTAB_SCOPE`.
    on_start : callable, optional
        Told the URL once the socket listens.
    stop : threading.Event, optional
        Set it, from any thread, to stop.

    Raises
    ------
    ConfigError
        If the port is taken, the host is not this machine's, or `extra_app` cannot be imported.
    """
    from trimtab.serving.rest import create_app

    port = free_port(host, port)
    other = None if extra_app is None else _extra(extra_app, workspace)
    api = create_app(workspace)
    app: Asgi = api if other is None else side_by_side(api, other)
    shown = f"[{host}]" if ":" in host else host
    try:
        asyncio.run(_listen(app, host, port, f"http://{shown}:{port}", on_start, stop))
    finally:
        api.close()


async def _listen(
    app: "Asgi",
    host: str,
    port: int,
    url: str,
    on_start: Callable[[str], None] | None,
    stop: threading.Event | None,
) -> None:
    """Run granian in this event loop until a signal comes."""
    from granian.constants import Interfaces
    from granian.server.embed import Server

    server = Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        log_enabled=False,
        websockets=False,
    )
    server.workers_kill_timeout = 10
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, ValueError, RuntimeError):  # only in a main thread
            loop.add_signal_handler(name, server.stop)
    if stop is not None:
        waiter = threading.Thread(
            target=lambda: (stop.wait(), loop.call_soon_threadsafe(server.stop)), daemon=True
        )
        waiter.start()
    announced = loop.create_task(_announce(host, port, lambda: on_start and on_start(url)))
    try:
        await server.serve()
    finally:
        announced.cancel()


async def _announce(host: str, port: int, tell: Callable[[], object]) -> None:
    """Tell once the socket listens; granian opens it in a thread of its own."""
    while True:
        try:
            _, writer = await asyncio.open_connection(_reachable(host), port)
        except OSError:
            await asyncio.sleep(0.01)
            continue
        writer.close()
        tell()
        return


def _reachable(host: str) -> str:
    """Return the address under which this machine reaches what listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - not bound here


def side_by_side(api: "Asgi", other: "Asgi") -> "Asgi":
    """Return one application: `api` answers under /v2, `other` everything else."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        ours = scope["type"] == "http" and (path == "/v2" or path.startswith("/v2/"))
        await (api if ours else other)(scope, receive, send)

    return app


def free_port(host: str, port: int) -> int:
    """Return `port` if it can be listened on, or a free one for 0.

    Raises
    ------
    ConfigError
        If it is taken. (Granian shares a port with whoever else shares it, so that it has to be
        asked beforehand.)
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f"expected to listen on {host}:{port}, got: {error.strerror or error}",
                hint="Give another `--port`, 0 for any free one, or stop what listens there.",
                port=port,
            ) from None
        return int(probe.getsockname()[1])


@contextmanager
def running_server(workspace: Workspace, *, extra_app: str | None = None) -> Iterator["Client"]:
    """Run a server of this workspace in the background, on a free port of this machine.

    It is ready when the block begins, and gone when it ends; it also ends by itself when this
    process dies, even by SIGKILL.

    Yields
    ------
    Client
        Connected to it.

    Raises
    ------
    SourceError
        If the server does not come up; the message has the last words it said.
    """
    from trimtab.serving.client import Client

    log = workspace.scope_folder / "server.log"
    with log.open("wb") as words:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            _command(workspace, extra_app),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=words,
            # the rows of a request are few: more threads than one only get in their own way
            env={"POLARS_MAX_THREADS": "1", **os.environ},
        )  # fmt: skip
    try:
        with Client(_url_of(process, log)) as client:
            client.wait_live(START_SECONDS)
            yield client
    finally:
        _end(process)


def _command(workspace: Workspace, extra_app: str | None) -> list[str]:
    """Return the command line of a server that ends when its standard input does."""
    words = [
        sys.executable, "-m", "trimtab.serving.server", "--project", str(workspace.project.root),
        "--scope", workspace.scope, "--port", "0", "--until-stdin-ends",
    ]  # fmt: skip
    return words if extra_app is None else [*words, "--extra-app", extra_app]


def _url_of(process: "subprocess.Popen[bytes]", log: Path) -> str:
    """Wait for the line in which the server says where it listens."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        process.wait()
        said = log.read_text(errors="replace").strip().splitlines()
        raise SourceError(
            f"expected a server for {log.parent}, got: {' '.join(said[-3:]) or 'nothing'}",
            hint=f"Read {log} for all it said.",
            exit_code=process.returncode,
        )
    return str(json.loads(line)["url"])


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End our own child: politely, then, after ten seconds, for sure."""
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def _extra(name: str, workspace: Workspace) -> "Asgi":
    """Return the application that an import string names."""
    os.environ["TRIMTAB_PROJECT"] = str(workspace.project.root)
    os.environ["TRIMTAB_SCOPE"] = workspace.scope
    module, _, factory = name.partition(":")
    try:
        made: Asgi = getattr(importlib.import_module(module), factory)()
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"expected an application at `{name}`, got: {error}",
            hint="Name it as `package.module:factory`.",
        ) from None
    return made


def _stop_at_end_of_stdin(stop: threading.Event) -> None:
    """Set `stop` when whoever started us closes the pipe, or dies."""
    with suppress(OSError):
        while os.read(0, 4096):
            pass
    stop.set()


def _main() -> int:
    """Serve as a process of its own; its first line on stdout says where."""
    parser = argparse.ArgumentParser(prog="python -m trimtab.serving.server")
    parser.add_argument("--project", type=Path, default=Path())
    parser.add_argument("--scope", default="live")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--extra-app")
    parser.add_argument("--until-stdin-ends", action="store_true")
    given = parser.parse_args()
    stop = threading.Event()
    if given.until_stdin_ends:
        threading.Thread(target=_stop_at_end_of_stdin, args=(stop,), daemon=True).start()
    try:
        serve(
            Workspace.open(given.project, scope=given.scope),
            host=given.host,
            port=given.port,
            extra_app=given.extra_app,
            on_start=lambda url: _say(json.dumps({"url": url, "pid": os.getpid()})),
            stop=stop,
        )
    except TrimtabError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    return 0


def leave(code: int = 0) -> NoReturn:
    """End the process after `serve`, without taking the interpreter apart.

    Granian's thread lives on for a moment after the server has stopped. If it wants the
    interpreter just while that is being taken apart, the process aborts (seen now and then under
    load, granian 2.8). All that matters is on disk by then.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    leave(_main())
