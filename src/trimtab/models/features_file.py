"""Running the project's features.py: afresh each time, with errors that name its line."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from trimtab.core.errors import ConfigError, nearest
from trimtab.core.project import Project
from trimtab.models.expressions import first_line


def call_function(project: Project, function: str) -> Any:
    """Return what a function of features.py returns."""
    file = project.features_file
    if not file.is_file():
        raise ConfigError(
            f"expected a file {file.name} beside trimtab.toml, found none",
            hint="Write a function features() there that returns {'name': pl.col('column')}.",
        )
    try:
        module = _run_file(file)
    except (Exception, SystemExit) as error:
        raise _user_error(error, file) from error
    made = getattr(module, function, None)
    if not callable(made):
        known = [name for name, value in vars(module).items() if callable(value)]
        raise ConfigError(
            f"expected a function {function}() in {file.name}, found none",
            hint=nearest(function, known) if known else "Write it there.",
        )
    try:
        return made()
    except (Exception, SystemExit) as error:
        raise _user_error(error, file) from error


def _run_file(file: Path) -> ModuleType:
    """Run features.py afresh, leaving nothing of it in `sys.modules` or in a cache."""
    spec = importlib.util.spec_from_loader("trimtab_project_features", loader=None)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    module.__file__ = str(file)
    sys.path.insert(0, str(file.parent))
    try:
        exec(compile(file.read_bytes(), str(file), "exec"), vars(module))  # noqa: S102
    finally:
        sys.path.remove(str(file.parent))
    return module


def _user_error(error: BaseException, file: Path) -> ConfigError:
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            line = trace.tb_lineno
        trace = trace.tb_next
    if isinstance(error, SyntaxError):
        line = error.lineno
    return ConfigError(
        f"{file.name}{f', line {line}' if line else ''}: {type(error).__name__}: "
        f"{first_line(error)}",
        hint=f"Mend {file.name}.",
        line=line,
    )
