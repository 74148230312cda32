"""What two schemas ask differently of the same columns; types, names and words have no part."""

from collections.abc import Iterator
from typing import Any

from trimtab.data.schema import Schema


def changed_demands(old: Schema, new: Schema) -> Iterator[tuple[str | None, str]]:
    """Give what two schemas ask differently, each with its column; None is the whole table."""
    skipped = {"columns", "rules", "foreign_keys", "owner", "note"}
    yield from _keys(old.model_dump(exclude=skipped), new.model_dump(exclude=skipped), None)
    for name, column in old.columns.items():
        if name in new.columns:
            words = {"type", "owner", "note"}
            if None not in (column.time_zone, new.columns[name].time_zone):
                words.add("time_zone")
            yield from _keys(
                column.model_dump(exclude=words), new.columns[name].model_dump(exclude=words), name
            )
    for what, before, after in (
        ("rule", _named(old.rules, "name"), _named(new.rules, "name")),
        ("foreign key", _named(old.foreign_keys, "columns"),
         _named(new.foreign_keys, "columns")),
    ):  # fmt: skip
        for name in before.keys() - after.keys():
            yield None, f"the {what} `{name}` is no longer asked"
        for name in after.keys() - before.keys():
            yield None, f"the {what} `{name}` is asked now"
        for name in before.keys() & after.keys():
            yield from _keys(before[name], after[name], None, f"the {what} `{name}`: ")


def _named(parts: Any, key: str) -> dict[str, dict[str, Any]]:
    named = {}
    for part in parts:
        name = getattr(part, key)
        values = part.model_dump(exclude={"owner", "note"})
        named[name if isinstance(name, str) else ", ".join(name)] = values
    return named


def _keys(
    old: dict[str, Any], new: dict[str, Any], column: str | None, subject: str = ""
) -> Iterator[tuple[str | None, str]]:
    subject = f"`{column}`: " if column else subject
    for key, value in old.items():
        if new[key] != value:
            text = f"{subject}`{key}` was {_word(value)}, is {_word(new[key])}"
            yield column, text


def _word(value: Any) -> str:
    return "not set" if value in (None, [], {}, "") else str(value)
