"""A text embedder that a command names: MODULE:FUNCTION, found in the current folder too."""

import sys
from collections.abc import Callable
from functools import reduce
from importlib import import_module
from pathlib import Path
from typing import Any

from trimtab.core.errors import ConfigError, nearest

_FORM = "Name it as in `--embedder my_texts:embed`, for embed() in my_texts.py in this folder."


def load_embedder(name: str) -> Callable[[list[str]], Any]:
    """Import a function from texts to rows of numbers.

    Parameters
    ----------
    name : str
        Such as `my_texts:embed`, or `my_texts:model.encode` for the method of an object.

    Returns
    -------
    callable
        What fails in it is raised as a `ConfigError` that names it.

    Raises
    ------
    ConfigError
        If the module cannot be imported, or holds no such function.
    """
    place, _, path = name.partition(":")
    if not place or not path:
        raise ConfigError(f"expected an embedder as MODULE:FUNCTION, got {name!r}", hint=_FORM)
    function = _found(_imported(place, name), path, name)
    if not callable(function) or isinstance(function, type):
        raise ConfigError(
            f"expected a function at `{name}`, got {_kind(function)}",
            hint="Name a function that takes a list of texts and returns a row of numbers each.",
        )

    def embed(texts: list[str]) -> Any:
        try:
            return function(texts)
        except Exception as error:
            raise ConfigError(
                f"expected `{name}` to embed {len(texts):,} texts, got {_said(error)}",
                hint="It is called with a list of texts, and has to return a row for each.",
            ) from error

    return embed


def _imported(place: str, name: str) -> Any:
    # as `python -m` does: the current folder comes first, and stays for what is imported later
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        return import_module(place)
    except (Exception, SystemExit) as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name == place
        raise ConfigError(
            f"expected a module `{place}` for the embedder `{name}`, "
            + ("found none" if missing else f"got {_said(error)}"),
            hint=_FORM if missing else f"Mend `{place}`, or install what it imports.",
        ) from error


def _found(module: Any, path: str, name: str) -> Any:
    try:
        return reduce(getattr, path.split("."), module)
    except AttributeError:
        known = [one for one, value in vars(module).items() if callable(value)]
        raise ConfigError(
            f"expected `{path}` in {module.__name__} for the embedder `{name}`, found none",
            hint=nearest(path, [one for one in known if not one.startswith("_")]),
        ) from None


def _kind(found: Any) -> str:
    return f"the class {found.__name__}" if isinstance(found, type) else type(found).__name__


def _said(error: BaseException) -> str:
    words = str(error).strip().splitlines()
    return f"{type(error).__name__}: {words[0]}" if words else type(error).__name__
