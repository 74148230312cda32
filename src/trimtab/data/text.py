"""Delimited text: its separator, its markers of a missing value, and what is wrong with it."""

import io
import re
from collections.abc import Sequence
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
        "separator": separator or _separator(head), "null_values": list(nulls) or None
    }  # fmt: skip
    try:
        try:
            return _typed(pl.scan_csv(content, infer_schema=False, **options), name, nulls)
        except pl.exceptions.ComputeError:
            if options["separator"] != "\t":
                raise
            # between tabs a quotation mark is often only that
            bare = pl.scan_csv(content, infer_schema=False, quote_char=None, **options)
            return _typed(bare, name, nulls)
    except UNREADABLE as error:
        raise unreadable(name, error, content) from None


def _typed(frame: pl.LazyFrame, name: str, nulls: tuple[str, ...]) -> pl.LazyFrame:
    columns = frame.collect_schema().names()
    twins = [column.split("_duplicated_")[0] for column in columns if "_duplicated_" in column]
    if twins:
        raise SchemaError(
            f"{name}: expected each column once, got `{twins[0]}` more than once",
            hint="Rename one of them in the header line.",
        )
    return frame.with_columns(_types(frame, columns, () if nulls else MARKERS))


def _separator(head: bytes) -> str:
    """Return the separator that the header line has most of."""
    line = head.splitlines()[0].decode("utf-8", "replace")
    bare = re.sub(r'"[^"]*"', "", line)
    return max((",", ";", "\t", "|"), key=bare.count)


def _types(frame: pl.LazyFrame, columns: list[str], markers: Sequence[str]) -> list[pl.Expr]:
    """Return the expressions that give text columns the types that all of their values have.

    One pass over the text. A column that is numbers and a marker, and nothing else, shows that
    the marker means "missing" in this file.
    """
    # few columns have many different values, so that the rest is cheap
    row = frame.select(pl.col(name).unique().implode() for name in columns).collect().row(0)
    kinds: dict[str, type[pl.DataType]] = {}
    found: set[str] = set()
    for name, texts in zip(columns, row, strict=True):
        values = pl.Series(texts, dtype=pl.String).str.strip_chars()
        marked = values.is_in(markers)
        kinds[name] = _type(values.filter(~marked & (values != "")))
        if kinds[name] != pl.String:
            found.update(values.filter(marked))
    return [
        _read_as(pl.col(name), kind, sorted(found)).alias(name) for name, kind in kinds.items()
    ]


def _type(values: pl.Series) -> type[pl.DataType]:
    """Return the narrowest type that all values can be read as."""
    count = values.count()
    if count == 0:
        return pl.String
    if values.cast(pl.Int64, strict=False).count() == count:
        return pl.Int64
    if values.cast(pl.Float64, strict=False).count() == count:
        # a whole number too long for 64 bits is a name, not a quantity
        return pl.Float64 if values.str.contains("[.a-zA-Z]").any() else pl.String
    truths = values.str.to_lowercase().is_in(("true", "false")).sum()
    return pl.Boolean if truths == count else pl.String


def _read_as(text: pl.Expr, kind: type[pl.DataType], markers: list[str]) -> pl.Expr:
    bare = text.str.strip_chars()
    if kind == pl.Boolean:
        lower = bare.str.to_lowercase()
        return pl.when(lower == "true").then(True).when(lower == "false").then(False)
    if kind != pl.String:
        # strict=False: all values were seen to be numbers, so what is left is markers
        return bare.cast(kind, strict=False)
    return pl.when(~bare.is_in(markers)).then(text) if markers else text


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
