"""Options that several `trimtab data` commands share, and how they read and write files."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from trimtab.core.errors import SourceError

Source = Annotated[
    str,
    typer.Argument(
        help="A file, glob, database URL, package:NAME/FILE, or a version of the project here: "
        "flights@3.",
        metavar="TABLE",
    ),
]
_VERSION = re.compile(r"[A-Za-z][A-Za-z0-9_-]*@\d+")
Nulls = Annotated[
    list[str] | None, typer.Option("--null", help="A text that stands for 'missing'.")
]
Query = Annotated[str | None, typer.Option(help="SQL query, for a database URL.")]
Time = Annotated[
    list[str] | None, typer.Option(help="Column that dates a row; repeat for year, month …")
]
Key = Annotated[list[str] | None, typer.Option(help="Column that names a row; repeatable.")]
Html = Annotated[
    Path | None, typer.Option("--html", help="Also write a page to this file.", metavar="FILE")
]
All = Annotated[bool, typer.Option("--all", help="Show every column, however dull.")]


def duration(text: str | None) -> str | None:
    """Refuse the value of an option that is no length of time."""
    from trimtab.data.quality_age import is_duration

    if text is not None and not is_duration(text):
        raise typer.BadParameter(f"expected a duration such as 6h, 1d or 2w, got {text!r}")
    return text


def spec(columns: list[str] | None) -> str | list[str] | None:
    """Return one column as a name, several as a list."""
    if not columns:
        return None
    return columns[0] if len(columns) == 1 else columns


def table_of(place: str, project: Path = Path()) -> Any:
    """Return the dataset version that `flights@3` names in a folder's project, or the place."""
    if not _VERSION.fullmatch(place) or Path(place).exists():
        return place
    from trimtab.core.workspace import Workspace
    from trimtab.data.tables import Tables

    return Tables(Workspace.open(project).tables_folder).get(place)


def side(place: str) -> Any:
    """Return a saved profile if there is one at a path, else what `table_of` does."""
    from trimtab.data.profile import Profile, is_profile

    return Profile.load(place) if is_profile(place) else table_of(place)


def write_page(path: Path | None, page: Callable[[], str]) -> None:
    """Write a page where one is asked for, and say on stderr where it is."""
    if path is None:
        return
    with writing(path, "--html"):
        path.write_text(page(), encoding="utf-8")
    say(f"page: {path}")


@contextmanager
def writing(path: Path, option: str) -> Iterator[None]:
    """Make the folder of a file that an option names; what forbids to write becomes an error."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise SourceError(
            f"expected to write a file at {path}, got: {error.strerror or error}",
            hint=f"Give `{option}` a file in a folder that you can write to.",
        ) from None


def say(words: str) -> None:
    """Say on stderr where a file is: in one line, so that its path can be copied."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(words, markup=False)


def plain_table() -> Table:
    """Return a table with a line under its head only: more room for what it holds."""
    return Table(
        box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold"
    )
