"""Delimited text: its separator, its markers of a missing value, and what is wrong with it."""

import io
import re
from pathlib import Path
from typing import Any

import polars as pl

from trimtab.core.errors import SchemaError, SourceError

MARKERS = ("NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "?")
UNREADABLE = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


def read_csv(
    content: Path | bytes, name: str, separator: str | None, nulls: tuple[str, ...]
) -> pl.LazyFrame:
    """Return the rows of delimited text; types are inferred from all of it."""
    with content.open("rb") if isinstance(content, Path) else io.BytesIO(content) as file:
        head = file.read(65_536)
    if b"\0" in head or head.startswith((b"PAR1", b"ARROW1")):
        raise SourceError(
            f"{name}: expected text in UTF-8, got binary content",
            hint="Check that the file's ending fits its content.",
        )
    if not head.strip():
        raise SourceError(
            f"{name}: expected a header line and at least one row, got an empty file",
            hint="Check how the file was written.",
        )
    options: dict[str, Any] = {
        "separator": separator or _separator(head), "infer_schema_length": None
    }  # fmt: skip
    try:
        frame = pl.scan_csv(content, null_values=list(nulls) or None, **options)
        schema = frame.collect_schema()
        twins = [column.split("_duplicated_")[0] for column in schema if "_duplicated_" in column]
        if twins:
            raise SchemaError(
                f"{name}: expected each column once, got `{twins[0]}` more than once",
                hint="Rename one of them in the header line.",
            )
        if not nulls:
            frame = frame.with_columns(_unmarked(frame, schema))
    except UNREADABLE as error:
        raise unreadable(name, error, content) from None
    return frame


def _separator(head: bytes) -> str:
    """Return the separator that the header line has most of."""
    line = head.splitlines()[0].decode("utf-8", "replace")
    bare = re.sub(r'"[^"]*"', "", line)
    return max((",", ";", "\t", "|"), key=bare.count)


def _unmarked(frame: pl.LazyFrame, schema: pl.Schema) -> list[pl.Expr]:
    """Return the expressions that make markers null, and the columns they spoilt numeric again.

    One pass over the text columns: a column that is numbers and one marker, and nothing else,
    shows that the marker means "missing" in this file.
    """
    texts = [name for name, kind in schema.items() if kind == pl.String]
    if not texts:
        return []
    asks = []
    for index, name in enumerate(texts):
        value = pl.col(name).str.strip_chars()
        marked = value.is_in(MARKERS)
        values = value.filter(~marked)
        asks.append(values.count().alias(f"{index}:values"))
        for kind in (pl.Int64, pl.Float64):
            numbers = values.cast(kind, strict=False).count()
            asks.append(numbers.alias(f"{index}:{kind}"))
        asks.append(value.filter(marked).unique().implode().alias(f"{index}:markers"))
    row = frame.select(asks).collect().row(0, named=True)
    kinds: dict[str, type[pl.DataType]] = {}
    found: set[str] = set()
    for index, name in enumerate(texts):
        count = row[f"{index}:values"]
        if count and row[f"{index}:markers"] and row[f"{index}:Float64"] == count:
            kinds[name] = pl.Int64 if row[f"{index}:Int64"] == count else pl.Float64
            found.update(row[f"{index}:markers"])
    if not found:
        return []
    made = []
    for name in texts:
        text = pl.col(name)
        value = pl.when(~text.str.strip_chars().is_in(sorted(found))).then(text)
        made.append(value.str.strip_chars().cast(kinds[name]) if name in kinds else value)
    return made


def unreadable(name: str, error: BaseException, content: Any = None) -> SourceError:
    """Say what is wrong with a file in the reader's words, as far as it can be told."""
    text = first_line(error)
    if isinstance(error, pl.exceptions.NoDataError):
        problem, hint = "expected a header line and at least one row, got nothing", "Check it."
    elif "utf-8" in text.lower() or "utf8" in text.lower():
        problem = f"expected text in UTF-8, got other bytes{_bad_line(content)}"
        hint = "Save it as UTF-8, for example with `iconv -f latin1 -t utf-8`."
    elif "more fields than defined" in text:
        problem = "expected as many fields in each line as in the header, got a line with more"
        hint = "Quote fields that hold the separator, or mend the line."
    elif isinstance(error, PermissionError):
        problem, hint = "expected a readable file, got no permission", "Check its rights."
    else:
        problem = f"expected a readable table, got: {text}"
        hint = "Check that the file is whole, and that its ending fits its content."
    return SourceError(f"{name}: {problem}", hint=hint, source=name)


def _bad_line(content: Any) -> str:
    """Return `" in line N"` for the first line that is not UTF-8."""
    if content is None:
        return ""
    with content.open("rb") if isinstance(content, Path) else io.BytesIO(content) as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return f" in line {number}"
    return ""


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
