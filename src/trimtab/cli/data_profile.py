"""`trimtab data profile`: what the columns of a table hold."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from trimtab.cli.data_options import (
    Html,
    Nulls,
    Query,
    Source,
    plain_table,
    say,
    side,
    write_page,
    writing,
)
from trimtab.cli.output import AsJson, emit

if TYPE_CHECKING:
    from trimtab.data.column_profile import ColumnProfile
    from trimtab.data.profile import Profile

# widths of the terminal from which on types with a picture, and then means, have room
_FOR_PICTURES, _FOR_MEANS = 90, 120
_GROUPS_SHOWN = 12


def profile(
    source: Source,
    reference: Annotated[
        str | None,
        typer.Option(help="A table, or saved profile, whose bins to use again.", metavar="TABLE"),
    ] = None,
    by: Annotated[
        list[str] | None, typer.Option(help="Column to group by; repeatable.", metavar="COLUMN")
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(
            help="Length of the windows to group by: 1h, 1d, 1w …; COLUMN=1h says whose times.",
            metavar="LENGTH",
        ),
    ] = None,
    save: Annotated[
        Path | None, typer.Option(help="Also keep the profile, as Parquet.", metavar="FILE")
    ] = None,
    query: Query = None,
    null: Nulls = None,
    html: Html = None,
    as_json: AsJson = False,
) -> None:
    """Describe every column of a table, or show a saved profile."""
    from trimtab.data.profile import Profile
    from trimtab.data.profile import profile as describe
    from trimtab.data.report import profile_page

    like = side(reference) if reference else None
    if like is not None and not isinstance(like, Profile):
        like = describe(like, nulls=null or ())
    made = side(source)
    if not isinstance(made, Profile):
        made = describe(
            made, reference=like, by=by, time=_windows(time), query=query, nulls=null or ()
        )
    if save is not None:
        with writing(save, "--save"):
            made.save(save)
        say(f"profile: {save}")
    write_page(html, lambda: profile_page(made))
    emit(made.to_dict(), as_json=as_json, text=ProfileTable(made))


def _windows(words: str | None) -> str | tuple[str, str] | None:
    """Return the length of windows, with the column of times where one is named."""
    column, named, length = (words or "").rpartition("=")
    return (column, length) if named else words


@dataclass(frozen=True)
class ProfileTable:
    """A profile as a table, as wide as the terminal."""

    profile: "Profile"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield a line on each column, then what is odd about some of them."""
        from trimtab.data.report_words import counted

        made = self.profile
        rows, columns = counted(made.rows, "row"), counted(len(made.columns), "column")
        yield Text(f"{made.source}: {rows}, {columns}", style="bold")
        yield ""
        yield _table(made, options.max_width)
        yield from _notes(made)
        yield from _groups(made)


def _table(made: "Profile", width: int) -> Table:
    pictures, means = width >= _FOR_PICTURES, width >= _FOR_MEANS
    drawn = plain_table()
    drawn.add_column("column", no_wrap=True)
    if pictures:
        drawn.add_column("type", no_wrap=True, overflow="ellipsis", style="dim")
    drawn.add_column("missing", justify="right", no_wrap=True)
    drawn.add_column("distinct", justify="right", no_wrap=True)
    if pictures:
        drawn.add_column("values", no_wrap=True, style="blue")
    # typical: the median of numbers and times, the commonest value of all else
    for name in (*(("mean", "sd") if means else ()), "min", "typical", "max"):
        drawn.add_column(name, justify="right", no_wrap=True, overflow="ellipsis")
    for column in made.columns.values():
        drawn.add_row(*map(escape, _cells(column, width, pictures=pictures, means=means)))
    return drawn


def _cells(column: "ColumnProfile", width: int, *, pictures: bool, means: bool) -> list[str]:
    from trimtab.data.report_pictures import folded, shape, spark
    from trimtab.data.report_words import cut, distinct, middle, number, share

    digits, room = (4, 16) if means else (3, 10)
    cells = [cut(column.name, max(16, width // 5))]
    if pictures:
        cells.append(column.type)
    cells += [share(column.null_share) if column.nulls else "", distinct(column)]
    if pictures:
        shares = folded(shape(column)[1], 12)
        cells.append(spark(shares, max(shares, default=0.0), 12))
    facts = [column.mean, column.std] if means else []
    for value in (*facts, column.min, middle(column), column.max):
        text = "" if value is None else number(value, digits)
        is_time = isinstance(value, date)  # its first characters say most
        cells.append(text[:room] if is_time else cut(text, room))
    return cells


def _notes(made: "Profile") -> RenderResult:
    """Yield each note once, with the columns that it is about."""
    from trimtab.data.report_words import grouped

    about = grouped(
        (column.name, note) for column in made.columns.values() for note in column.notes
    )
    if about:
        yield ""
    for columns, note in about:
        yield Text(f"{columns}: {note}")


def _groups(made: "Profile") -> RenderResult:
    from trimtab.data.report_words import counted, number

    if not made.groups:
        return
    yield ""
    yield Text(counted(len(made.groups), "group"), style="bold")
    drawn = plain_table()
    drawn.add_column("group")
    drawn.add_column("rows", justify="right")
    for key, group in list(made.groups.items())[:_GROUPS_SHOWN]:
        drawn.add_row(escape(", ".join(number(part) for part in key)), f"{group.rows:,}")
    yield drawn
    if len(made.groups) > _GROUPS_SHOWN:
        yield Text(f"and {len(made.groups) - _GROUPS_SHOWN:,} more (--json has them)")
