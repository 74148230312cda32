"""Files of rows: which ones a path, glob or `package:` address names, and how each is read."""

import gzip
import importlib.util
import io
import zipfile
from collections.abc import Iterable
from difflib import get_close_matches
from glob import glob
from pathlib import Path, PurePosixPath
from typing import Any

import polars as pl

from trimtab.core.errors import SchemaError, SourceError
from trimtab.data.text import UNREADABLE, read_csv, unreadable

KINDS = {
    ".csv": "csv", ".tsv": "tsv", ".txt": "csv", ".parquet": "parquet", ".pq": "parquet",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".arrow": "arrow", ".ipc": "arrow",
    ".feather": "arrow",
}  # fmt: skip
PACKED = (".zip", ".gz")


def find_files(source: str | Path) -> list[Path]:
    """Return the files that a path, glob or `package:` address names, in name order."""
    text = str(source)
    if text.startswith("package:"):
        return [_package_file(text.removeprefix("package:"))]
    path = Path(text).expanduser()
    if path.is_file():
        return [path]
    found = sorted(Path(name) for name in glob(str(path), recursive=True))  # noqa: PTH207
    files = [file for file in found if file.is_file()]
    if files and not path.is_dir():
        return files
    if path.is_dir():
        raise SourceError(
            f"expected a file, got the folder {text}",
            hint=f"Name its files, for example '{text.rstrip('/')}/*.parquet'.",
        )
    raise SourceError(f"expected a file at {text}, found none", hint=beside(path), source=text)


def beside(path: Path) -> str:
    """Return a hint that names the file nearest to a path that holds none."""
    names = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
    close = get_close_matches(path.name, names, n=1)
    return f"Did you mean {path.parent / close[0]}?" if close else "Check the path."


def _package_file(address: str) -> Path:
    """Locate a file of an installed package without importing the package."""
    package, _, inside = address.partition("/")
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        spec = None
    folders = list(spec.submodule_search_locations or []) if spec else []
    if not folders:
        raise SourceError(
            f"expected the package `{package}` to be installed, found none",
            hint=f"Run `pip install {package}`.",
        )
    for folder in folders:
        if (Path(folder) / inside).is_file():
            return Path(folder) / inside
    raise SourceError(
        f"expected a file `{inside}` in the package `{package}`, found none",
        hint=beside(Path(folders[0]) / inside).replace(f"{folders[0]}/", f"package:{package}/"),
    )


def _kind(path: PurePosixPath | Path) -> str:
    """Return the format that a file's name promises."""
    suffixes = [part.lower() for part in path.suffixes]
    packed = bool(suffixes) and suffixes[-1] in PACKED
    ending = suffixes[-2] if packed and len(suffixes) > 1 else (suffixes or [""])[-1]
    if ending == ".zip":
        return "zip"
    if ending not in KINDS:
        raise SourceError(
            f"expected a file of a known kind, got {path.name}",
            hint=f"Rename it to end in one of: {', '.join(KINDS)} (or .csv.gz, .csv.zip).",
        )
    return KINDS[ending]


def read_files(
    files: list[Path], nulls: tuple[str, ...], text: tuple[str, ...] = ()
) -> pl.LazyFrame:
    """Return the rows of all files, one after the other.

    Labels may come in some of the files only: a column that a file lacks, or has no value of, is
    null in its rows. A column of several types gets the narrowest one that holds them all; if
    that is text, delimited text stays as it is written.

    Raises
    ------
    SchemaError
        If a file shares no column with the first, or the types of a column have nothing in
        common.
    """
    frames = [_read_file(file, nulls, text) for file in files]
    if len(frames) == 1:
        return frames[0]
    mixed = _partly_text(frames)
    frames = _without_empty(frames, mixed, files)
    written = _partly_text(frames)
    if written:  # `007` that is read as a number first, and then as text, would be `7`
        frames = [_read_file(file, nulls, (*text, *written)) for file in files]
        frames = _without_empty(frames, [name for name in mixed if name not in written], files)
    frames = [
        frame.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String)) for frame in frames
    ]
    schemas = [frame.collect_schema() for frame in frames]
    for file, schema in zip(files, schemas, strict=True):
        if not set(schema) & set(schemas[0]):
            raise SchemaError(
                f"expected files of one table; {file.name} has no column of {files[0].name}",
                hint="Give each table a source of its own.",
            )
    together = pl.concat(frames, how="diagonal_relaxed")
    try:
        together.collect_schema()
    except pl.exceptions.PolarsError:
        raise _unlike(files, schemas) from None
    return together


def _partly_text(frames: list[pl.LazyFrame]) -> list[str]:
    """Return the columns that are text in some of the frames and something else in others."""
    kinds: dict[str, set[pl.DataType]] = {}
    for frame in frames:
        for name, kind in frame.collect_schema().items():
            kinds.setdefault(name, set()).add(kind)
    return [name for name, held in kinds.items() if pl.String in held and len(held) > 1]


def _without_empty(
    frames: list[pl.LazyFrame], columns: list[str], files: list[Path]
) -> list[pl.LazyFrame]:
    """Return frames in which those of the columns that hold no value have no type either."""
    made = []
    for frame, file in zip(frames, files, strict=True):
        types = frame.collect_schema()
        texts = [name for name in columns if types.get(name) == pl.String]
        try:
            counts = frame.select(pl.col(texts).count()).collect().to_dicts() if texts else [{}]
        except UNREADABLE as error:
            raise unreadable(file.name, error) from None
        empty = [name for name, count in counts[0].items() if count == 0]
        made.append(frame.with_columns(pl.lit(None).alias(name) for name in empty))
    return made


def _unlike(files: list[Path], schemas: list[pl.Schema]) -> SchemaError:
    """Say which column has types that no common type holds."""
    first: dict[str, tuple[Path, pl.DataType]] = {}
    for file, schema in zip(files, schemas, strict=True):
        for name, kind in schema.items():
            there, known = first.setdefault(name, (file, kind))
            try:
                pl.concat(
                    [pl.Series([], dtype=t).to_frame() for t in (known, kind)],
                    how="vertical_relaxed",
                )
            except pl.exceptions.PolarsError:
                return SchemaError(
                    f"expected one type of `{name}` in all files, got {known} in {there.name} "
                    f"and {kind} in {file.name}",
                    hint=f"Convert `{name}` in one of them.",
                    column=name,
                )
    return SchemaError(
        f"expected files of one table, got {len(files)} that do not fit together",
        hint="Read them one by one, and compare `trimtab data profile` of each.",
    )


def _read_file(file: Path, nulls: tuple[str, ...], text: tuple[str, ...]) -> pl.LazyFrame:
    kind = _kind(file)
    content = _unpacked(file)
    if isinstance(content, tuple):
        kind, content = content
    try:
        if kind in ("csv", "tsv"):
            return read_csv(content, file.name, "\t" if kind == "tsv" else None, nulls, text)
        if kind == "jsonl":
            frame = pl.scan_ndjson(content, infer_schema_length=None)
        elif kind == "parquet":
            frame = pl.scan_parquet(content, glob=False)
        else:
            frame = _scan_arrow(content)
        frame.collect_schema()
    except UNREADABLE as error:
        raise unreadable(file.name, error) from None
    return with_nulls(frame, nulls)


def with_nulls(frame: pl.LazyFrame, nulls: Iterable[str]) -> pl.LazyFrame:
    """Return the rows with the texts in `nulls` replaced by null."""
    markers = list(nulls)
    if not markers:
        return frame
    text = pl.col(pl.String)
    return frame.with_columns(pl.when(~text.is_in(markers)).then(text))


def _scan_arrow(content: Any) -> pl.LazyFrame:
    """Scan an Arrow file; the streaming form of the format has to be read at once."""
    with content.open("rb") if isinstance(content, Path) else io.BytesIO(content) as file:
        seekable = file.read(6) == b"ARROW1"
    return pl.scan_ipc(content) if seekable else pl.read_ipc_stream(content).lazy()


def _unpacked(file: Path) -> Path | bytes | tuple[str, bytes]:
    """Return a plain file as its path, a packed one as its content (and kind, for a zip)."""
    ending = file.suffix.lower()
    try:
        if ending == ".gz":
            with gzip.open(file) as stream:
                return stream.read()
        if ending == ".zip":
            with zipfile.ZipFile(file) as archive:
                inside = [
                    name for name in archive.namelist()
                    if PurePosixPath(name).suffix.lower() in KINDS and "__MACOSX" not in name
                ]  # fmt: skip
                if len(inside) != 1:
                    raise SourceError(
                        f"{file.name}: expected one table inside, got {len(inside)}",
                        hint="Unpack it, and name the file you mean.",
                    )
                return _kind(PurePosixPath(inside[0])), archive.read(inside[0])
    except (zipfile.BadZipFile, gzip.BadGzipFile, EOFError, OSError) as error:
        raise unreadable(file.name, error) from None
    return file
