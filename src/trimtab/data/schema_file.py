"""Schema files: TOML in and out, and which line is at fault when one is wrong."""

import json
import math
import os
import tomllib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from trimtab.core.errors import SchemaError, nearest
from trimtab.data.schema_column import ColumnSchema
from trimtab.data.schema_links import ForeignKey, Rule

if TYPE_CHECKING:
    from trimtab.data.schema import Schema

Place = tuple[str | int, ...]
_PARTS: dict[str, type[BaseModel]] = {
    "columns": ColumnSchema, "rules": Rule, "foreign_keys": ForeignKey
}  # fmt: skip


def schema_text(schema: "Schema") -> str:
    """Return a schema as the text of its file; only what differs from the default is written."""
    lines = [f"# Schema {schema.version}. Review it: what is here was only observed."]
    lines += _lines(schema.model_dump(exclude_defaults=True, exclude={"references", *_PARTS}))
    if schema.references:
        lines += ["", "[references]", *_lines(schema.references)]
    for name, column in schema.columns.items():
        lines += ["", f"[columns.{_bare(name)}]", f"type = {_value(column.type)}"]
        lines += _lines(column.model_dump(exclude_defaults=True, exclude={"type"}))
    for header, parts in (("rules", schema.rules), ("foreign_keys", schema.foreign_keys)):
        for part in parts:
            lines += ["", f"[[{header}]]", *_lines(part.model_dump(exclude_defaults=True))]
    return "\n".join(lines) + "\n"


def _lines(values: dict[str, Any]) -> list[str]:
    return [f"{_bare(key)} = {_value(value)}" for key, value in values.items()]


def _value(value: Any) -> str:
    """Return a value as TOML writes it: as JSON does, but for tables, times and infinity."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_bare(key)} = {_value(x)}" for key, x in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    # DEL is the one character that JSON leaves bare and TOML does not allow.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _bare(name: str) -> str:
    plain = name.replace("_", "").replace("-", "")
    return name if plain.isascii() and plain.isalnum() else _value(name)


def write_schema(schema: "Schema", file: Path) -> None:
    """Write a schema file, whole or not at all."""
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    part.write_text(schema_text(schema), encoding="utf-8")
    part.replace(file)


def read_schema(file: Path, model: "type[Schema]") -> "Schema":
    """Read a schema file into a schema.

    Raises
    ------
    SchemaError
        If there is no such file, it is not TOML, or a key or value in it is wrong; the message
        tells the line where it can.
    """
    try:
        text = file.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except FileNotFoundError:
        raise SchemaError(
            f"expected a schema file at {file}, found none",
            hint=f"Run `trimtab data schema TABLE > {file}`, and review it.",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SchemaError(
            f"{file}: expected TOML, got {error}", hint="Mend the line it names."
        ) from None
    try:
        return model.model_validate(values).at(file.parent)
    except ValidationError as error:
        raise _schema_error(error, file, text, model) from None
    except SchemaError as error:
        place = error.context.get("place", ())
        assert isinstance(place, tuple)
        where = f"{file.name}{_line(text, place)}"
        raise SchemaError(f"{where}: {error.problem}", hint=error.hint, key=error.context["key"]) \
            from None  # fmt: skip


def _schema_error(
    error: ValidationError, file: Path, text: str, whole: type[BaseModel]
) -> SchemaError:
    # A key that is misspelt is also missing: what is there says more.
    first = min(error.errors(), key=lambda item: item["type"] != "extra_forbidden")
    place: Place = first["loc"]
    model = whole
    if place and place[0] in _PARTS:
        model, place = _PARTS[str(place[0])], place[:3]
    else:
        place = place[:1]
    where = f"{file.name}{_line(text, place)}"
    name = ".".join(str(part) for part in place)
    if first["type"] == "extra_forbidden":
        hint = nearest(str(place[-1]), model.model_fields)
        return SchemaError(f"{where}: unknown key `{name}`", hint=hint, key=name)
    message = first["msg"].removeprefix("Value error, ")
    return SchemaError(
        f"{where}: `{name}`: {message}", hint=f"Change `{name}` in {file}.", key=name
    )


def _line(text: str, place: Place) -> str:
    """Return `", line N"` for the line that a key stands in, else the one its section begins."""
    section: Place = ()
    begins = found = 0
    seen: dict[Place, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if bare.startswith("["):
            section = _header(bare, seen)
            if section and section == place[: len(section)]:
                begins = number
        elif "=" in bare and section + _path(bare.split("=")[0] + "= 0") == place:
            found = number
    number = found or begins
    return f", line {number}" if number else ""


def _header(line: str, seen: dict[Place, int]) -> Place:
    """Return the place that a header line opens, counting the entries of lists."""
    path = _path(line)
    if not line.startswith("[["):
        return path
    seen[path] = seen.get(path, -1) + 1
    return (*path, seen[path])


def _path(line: str) -> Place:
    """Return the keys that one line of TOML leads through."""
    try:
        value: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return ()
    path: list[str] = []
    while isinstance(value, (dict, list)) and value:
        if isinstance(value, list):
            value = value[0]
            continue
        key, value = next(iter(value.items()))
        path.append(key)
    return tuple(path)
