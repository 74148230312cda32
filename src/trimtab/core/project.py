"""The project file: `trimtab.toml` read into a typed record, with errors that name the line."""

import hashlib
import json
import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field, ValidationError, model_validator

from trimtab.core.errors import ConfigError, nearest
from trimtab.core.settings import (
    AlertSection,
    GateSection,
    JoinSection,
    MonitorSection,
    ProjectSection,
    RetrainSection,
    Section,
    ServeSection,
    StoreSection,
    TableSection,
    TaskSection,
    TrainSection,
    TuneSection,
)

FILE_NAME = "trimtab.toml"


class Project(Section):
    """A project: the folder it lives in, and what its file says.

    Examples
    --------
    >>> project = Project.model_validate({
    ...     "root": ".",
    ...     "project": {"name": "shop"},
    ...     "tables": [{"name": "orders", "source": "orders.parquet", "time": "placed"}],
    ...     "task": {"name": "returned", "table": "orders", "kind": "binary", "label": "back"},
    ...     "train": {"until": "2024-04-01"},
    ... })
    >>> project.table("orders").time
    'placed'
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    root: Path
    project: ProjectSection
    store: StoreSection = StoreSection()
    tables: list[TableSection] = Field(min_length=1)
    joins: list[JoinSection] = []
    task: TaskSection
    train: TrainSection
    tune: TuneSection = TuneSection()
    gate: GateSection = GateSection()
    serve: ServeSection = ServeSection()
    monitor: MonitorSection = MonitorSection()
    retrain: RetrainSection = RetrainSection()
    alerts: AlertSection = AlertSection()

    @model_validator(mode="after")
    def _tables_exist(self) -> "Project":
        names = [table.name for table in self.tables]
        for wanted in [self.task.table, *(join.table for join in self.joins)]:
            if wanted not in names:
                raise ValueError(f"no [[tables]] is called `{wanted}`; {nearest(wanted, names)}")
        if self.table(self.task.table).time is None:
            raise ValueError(f"table `{self.task.table}` needs `time`: the task is asked at it")
        return self

    def table(self, name: str) -> TableSection:
        """Return the section of the table called `name`."""
        for table in self.tables:
            if table.name == name:
                return table
        known = (table.name for table in self.tables)
        raise ConfigError(f"no table is called `{name}`", hint=nearest(name, known), name=name)

    def source(self, name: str) -> str | list[str]:
        """Return a table's source, with relative paths taken from the project's folder."""
        source = self.table(name).source
        if isinstance(source, list):
            return [self.resolve(part) for part in source]
        return self.resolve(source)

    def resolve(self, source: str) -> str:
        """Return a source with its path, if it is a relative one, taken from the folder."""
        sqlite = "sqlite:///"
        if source.startswith(sqlite) and not source.startswith(sqlite + "/"):
            return sqlite + str(self.root / source.removeprefix(sqlite))
        return source if ":" in source.split("/")[0] else str(self.root / source)

    @property
    def features_file(self) -> Path:
        """Path of `features.py`."""
        return self.root / "features.py"

    @property
    def state(self) -> Path:
        """Folder that holds tables, caches, logs and the embedded databases."""
        return self.root / self.store.root

    @property
    def training_end(self) -> datetime:
        """`train.until` as a moment in UTC: the first model learns from what was known by then."""
        until = self.train.until
        if not isinstance(until, datetime):
            until = datetime(until.year, until.month, until.day, tzinfo=UTC)
        return until.astimezone(UTC) if until.tzinfo else until.replace(tzinfo=UTC)

    @property
    def config_hash(self) -> str:
        """Hash of what shapes a model (the task and its training), not of where things run."""
        parts = self.model_dump(
            mode="json", include={"project", "tables", "joins", "task", "train", "tune"}
        )
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def find_project(start: Path | str = ".") -> Path:
    """Return the project file at `start` or the nearest one above it."""
    here = Path(start).resolve()
    if here.is_file():
        return here
    for folder in [here, *here.parents]:
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    raise ConfigError(
        f"expected a `{FILE_NAME}` in {here} or above it, found none",
        hint="Run `trimtab init TABLE --time COL --label COL`, or give `--project FOLDER`.",
    )


def load_project(path: Path | str = ".") -> Project:
    """Read a project from its folder or file.

    Parameters
    ----------
    path : path-like
        The project file, its folder, or a folder below it.

    Raises
    ------
    ConfigError
        If there is no file, it is not TOML, or a key or value is wrong; the message names the
        file, the line and the nearest right word.
    """
    file = find_project(path)
    values = _merged(file)
    try:
        return Project.model_validate({**values, "root": file.parent})
    except ValidationError as error:
        raise _config_error(error, file) from None


def _merged(file: Path, seen: tuple[Path, ...] = ()) -> dict[str, Any]:
    """Return the file's values laid over those of the file it extends."""
    if file in seen:
        raise ConfigError(f"{file.name} extends itself", hint="Remove one `extend` line.")
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"expected a file to extend at {file}, found none", hint="Mend the `extend` line."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{file}: expected TOML, got {error}", hint="Mend the line it names."
        ) from None
    parent = values.pop("extend", None)
    return _overlay(_merged(file.parent / parent, (*seen, file)), values) if parent else values


def _overlay(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    out = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(out.get(key), dict)
        out[key] = _overlay(out[key], value) if both else value
    return out


def _config_error(error: ValidationError, file: Path) -> ConfigError:
    """Turn pydantic's first complaint into one line that names the place and a way out."""
    # A misspelt key is also a missing one; what is in the file is the better place to point at.
    first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
    place = [part for part in first["loc"] if isinstance(part, str)]
    name = ".".join(place) or "the file"
    line = _line_of(file.read_text(encoding="utf-8"), place)
    where = f"{file.name}, line {line}" if line else file.name
    if first["type"] == "extra_forbidden":
        allowed = _keys_beside(place)
        return ConfigError(
            f"{where}: unknown key `{name}`",
            hint=nearest(place[-1], allowed),
            key=name,
            line=line,
        )
    if first["type"] == "missing":
        return ConfigError(
            f"{where}: expected a value for `{name}`, found none",
            hint=f"Add `{place[-1]}` to {file.name}.",
            key=name,
        )
    message = first["msg"].removeprefix("Value error, ")
    if not place:  # sections that do not fit together: the message names them
        return ConfigError(f"{where}: {message}", hint=f"Change one of them in {file.name}.")
    if first["type"] != "value_error":
        message += f", got {first['input']!r}"
    return ConfigError(
        f"{where}: `{name}`: {message}",
        hint=f"Change `{name}` in {file.name}.",
        key=name,
        line=line,
    )


def _keys_beside(place: list[str]) -> list[str]:
    """Return the keys allowed where the last part of `place` stands."""
    model: Any = Project
    for part in place[:-1]:
        annotation = model.model_fields[part].annotation
        model = getattr(annotation, "__args__", (annotation,))[0]
    return [key for key in model.model_fields if key != "root"]


def _line_of(text: str, place: list[str]) -> int | None:
    """Return the line on which the key at `place` is set, if it can be found."""
    section: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line)
        if header:
            section = [part.strip().strip('"') for part in header.group(1).split(".")]
            if section == place:
                return number
            continue
        key = re.match(r'\s*"?([^"=]+?)"?\s*=', line)
        if key and [*section, key.group(1)] == place:
            return number
    return None
