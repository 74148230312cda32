"""Where rows come from: files, data frames, database queries, data sets inside packages.

Reading is lazy where the format allows it. Nothing here changes a value, except that markers of
a missing value (see `read_source`) become null; types are those of the file.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from trimtab.core.errors import MissingExtraError, SchemaError, SourceError
from trimtab.core.records import DatasetVersion
from trimtab.data.files import beside, find_files, read_files, with_nulls
from trimtab.data.text import UNREADABLE, first_line, unreadable

_COLUMNAR = (".parquet", ".pq")
_SQL = ("sqlite://", "postgresql://", "postgres://")


def read_source(
    source: Any, *, query: str | None = None, nulls: Sequence[str] = (), text: Sequence[str] = ()
) -> pl.LazyFrame:
    """Read rows from anything that holds a table.

    Parameters
    ----------
    source : path-like, list of path-like, str or data frame
        A path or glob (`.csv`, `.tsv`, `.parquet`, `.pq`, `.jsonl`, `.ndjson`, `.arrow`, `.ipc`,
        `.feather`; `.csv.gz`, `.csv.zip` and the like), a list of them, a polars, pandas or
        Arrow table, a dataset version that `Tables` gave, `sqlite:///FILE` or `postgresql://…`
        with `query`, or `package:NAME/path/inside.csv` for a file that a Python package brings
        along.
    query : str, optional
        The SQL query, for a database. It is run on a read-only connection.
    nulls : sequence of str, optional
        Texts that stand for "missing" in text files. When none are given, a usual marker (`NA`,
        `null`, `?` …) is taken for one if it is all that keeps some column from being numbers,
        truth values or times.
    text : sequence of str, optional
        Columns of delimited text that stay as they are written (`007`), whatever they look like.

    Returns
    -------
    polars.LazyFrame
        The rows in their order. Types are inferred from the whole of a text file: whole numbers,
        numbers, truth values, dates and times of ISO 8601 (one format a column), else text; what
        is text in one of several files is text, as it is written, in all of them.

    Raises
    ------
    SourceError
        If there is nothing at `source`, or its content is not what its name promises.
    SchemaError
        If two columns have the same name, or a column holds values of mixed types.
    """
    if query is not None and not _is_sql(source):
        raise SourceError(
            f"expected a database URL with `query`, got {source_name(source)}",
            hint="Leave `query` out, or give sqlite:///FILE or postgresql://HOST/NAME.",
        )
    if _is_sql(source):
        return _read_sql(str(source), query)
    if isinstance(source, (str, Path)):
        return read_files(find_files(source), tuple(nulls), tuple(text))
    if isinstance(source, (list, tuple)) and all(isinstance(s, (str, Path)) for s in source):
        if not source:
            raise SourceError("expected at least one file, got none", hint="Name one.")
        files = [file for item in source for file in find_files(item)]
        return read_files(files, tuple(nulls), tuple(text))
    if isinstance(source, DatasetVersion):
        return _read_version(source)
    return with_nulls(_read_frame(source), nulls)


def source_name(source: Any) -> str:
    """Return a source as people write it, without any password in it.

    Examples
    --------
    >>> source_name("postgresql://ann:secret@db.example/shop")
    'postgresql://ann@db.example/shop'
    """
    if isinstance(source, (str, Path)):
        text = re.sub(r"(://[^:/?@]*):[^@/]*@", r"\1@", str(source))
        return re.sub(r"([?&]password=)[^&]*", r"\1***", text)
    if isinstance(source, DatasetVersion):
        return source.name
    if isinstance(source, (list, tuple)):
        return ", ".join(source_name(item) for item in source)
    kind = type(source)
    return f"{kind.__module__.partition('.')[0]} {kind.__name__}"


def is_columnar(source: Any) -> bool:
    """Return whether a few columns of a source can be read without the others: Parquet files."""
    if isinstance(source, DatasetVersion):
        return True
    files = source if isinstance(source, (list, tuple)) else [source]
    return all(
        isinstance(file, (str, Path)) and str(file).lower().endswith(_COLUMNAR) for file in files
    )


def collect(frame: pl.LazyFrame, name: str) -> pl.DataFrame:
    """Run a lazy frame read from `name`; what is wrong with the file becomes a SourceError."""
    try:
        return frame.collect()
    except UNREADABLE as error:
        raise unreadable(name, error) from None


def _is_sql(source: Any) -> bool:
    return isinstance(source, str) and source.startswith(_SQL)


def _read_version(version: DatasetVersion) -> pl.LazyFrame:
    if version.reader is None:
        raise SourceError(
            f"expected a version that knows its table, got a bare record of `{version.name}`",
            hint=f"Take it from its tables: `Tables(FOLDER).get({version.name!r})`.",
        )
    rows: pl.LazyFrame = version.reader()
    return rows


def _read_frame(source: Any) -> pl.LazyFrame:
    if isinstance(source, pl.LazyFrame):
        return source
    if isinstance(source, pl.DataFrame):
        return source.lazy()
    try:
        if type(source).__module__.startswith("pandas"):
            _refuse_twins(list(map(str, source.columns)))
            return pl.from_pandas(source, include_index=False).lazy()
        if hasattr(source, "__arrow_c_stream__"):
            return pl.DataFrame(source).lazy()
    except (pl.exceptions.PolarsError, ValueError, TypeError) as error:
        mixed = mixed_columns(source)
        where = f" in `{mixed[0]}`" if mixed else ""
        raise SchemaError(
            f"{source_name(source)}: expected one type in each column, got{where}: "
            f"{first_line(error)}",
            hint=f"Convert {f'`{mixed[0]}`' if mixed else 'it'} to text or to numbers.",
        ) from None
    raise SourceError(
        f"expected a path, a database URL or a table, got {source_name(source)}",
        hint="Give a file's path, or a polars, pandas or Arrow table.",
    )


def mixed_columns(source: Any) -> list[str]:
    """Return the columns of a pandas table that hold values of types that do not go together."""
    if not type(source).__module__.startswith("pandas") or not hasattr(source, "columns"):
        return []
    found = []
    for place, name in enumerate(source.columns):
        try:
            pl.from_pandas(source.iloc[:, place])
        except (pl.exceptions.PolarsError, ValueError, TypeError):
            found.append(str(name))
    return found


def _refuse_twins(columns: list[str]) -> None:
    twins = [name for name in columns if columns.count(name) > 1]
    if twins:
        raise SchemaError(
            f"expected each column once, got `{twins[0]}` more than once", hint="Rename one."
        )


def _read_sql(url: str, query: str | None) -> pl.LazyFrame:
    """Run a query on a connection that can only read."""
    name = source_name(url)
    if not query or not query.strip():
        raise SourceError(
            f"expected a `query` to run on {name}, got none",
            hint='Add one, for example `query = "select * from orders"`.',
        )
    import adbc_driver_manager

    try:
        with _connect(url, name) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            table = cursor.fetch_arrow_table()
    except adbc_driver_manager.Error as error:
        raise SourceError(
            f"{name}: the query failed: {first_line(error)}",
            hint="Mend the query, and check the address and the rights of its user.",
        ) from None
    return pl.DataFrame(_plain_arrow(table)).lazy()


def _connect(url: str, name: str) -> Any:
    if url.startswith("sqlite://"):
        import adbc_driver_sqlite.dbapi as sqlite

        file = Path(url.removeprefix("sqlite://").removeprefix("/")).expanduser()
        if not file.is_file():
            raise SourceError(f"expected a file at {file}, found none", hint=beside(file))
        return sqlite.connect(f"{file.resolve().as_uri()}?mode=ro")
    try:
        import adbc_driver_postgresql.dbapi as postgresql  # type: ignore[import-untyped]
    except ModuleNotFoundError:
        raise MissingExtraError(
            f"expected the package `adbc-driver-postgresql` to read {name}, found none",
            hint="Run `pip install 'trimtab[postgres]'`.",
        ) from None
    mark = "&" if "?" in url else "?"
    if "options=" not in url:
        url = f"{url}{mark}options=-cdefault_transaction_read_only%3Don"
    return postgresql.connect(url)


def _plain_arrow(table: Any) -> Any:
    """Turn what Arrow has no type for (PostgreSQL's NUMERIC) into numbers, or leave it text."""
    for index, field in enumerate(table.schema):
        if "opaque" not in str(field.type):
            continue
        column = pl.Series(field.name, table.column(index).combine_chunks().storage)
        numbers = column.cast(pl.Float64, strict=False)
        exact = numbers.null_count() == column.null_count()
        kept = numbers if exact else column
        table = table.set_column(index, field.name, kept.to_arrow())
    return table
