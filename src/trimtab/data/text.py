"""Delimited text: its separator, its markers of a missing value, and what is wrong with it."""

import io
import re
from pathlib import Path
from typing import Any

import polars as pl

from trimtab.core.errors import SchemaError, SourceError
from trimtab.data.text_types import typed_columns

MARKERS = ("NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "?")
UNREADABLE = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


def read_csv(
    content: Path | bytes,
    name: str,
    separator: str | None,
    nulls: tuple[str, ...],
    text: tuple[str, ...],
) -> pl.LazyFrame:
    """Return the rows of delimited text; types, but of `text`, are inferred from all of it."""
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
        "separator": separator or _separator(head), "null_values": list(nulls) or None
    }  # fmt: skip
    try:
        try:
            frame = pl.scan_csv(content, infer_schema=False, **options)
            return _typed(frame, name, nulls, text)
        except pl.exceptions.ComputeError:
            if options["separator"] != "\t":
                raise
            # between tabs a quotation mark is often only that
            bare = pl.scan_csv(content, infer_schema=False, quote_char=None, **options)
            return _typed(bare, name, nulls, text)
    except UNREADABLE as error:
        raise unreadable(name, error, content) from None


def _typed(
    frame: pl.LazyFrame, name: str, nulls: tuple[str, ...], text: tuple[str, ...]
) -> pl.LazyFrame:
    columns = frame.collect_schema().names()
    twins = [column.split("_duplicated_")[0] for column in columns if "_duplicated_" in column]
    if twins:
        raise SchemaError(
            f"{name}: expected each column once, got `{twins[0]}` more than once",
            hint="Rename one of them in the header line.",
        )
    return frame.with_columns(typed_columns(frame, columns, () if nulls else MARKERS, text))


def _separator(head: bytes) -> str:
    """Return the separator that the header line has most of."""
    line = head.splitlines()[0].decode("utf-8", "replace")
    bare = re.sub(r'"[^"]*"', "", line)
    return max((",", ";", "\t", "|"), key=bare.count)


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
    elif "from `u64` to `i64` failed" in text:
        column = (re.findall(r"in column '([^']*)'", text) or ["a column"])[0]
        problem = f"expected whole numbers up to {2**63 - 1:,} in `{column}`, got larger ones"
        hint = "Cast it to text if it names things, and to Float64 if it counts them."
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
