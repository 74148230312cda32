"""`trimtab effort clean report`: what cleaning has brought, and what going on may bring."""

from typing import TYPE_CHECKING, Annotated

import typer

from trimtab.cli.data_options import Html, write_page
from trimtab.cli.effort_clean_files import Session
from trimtab.cli.output import AsJson, emit

if TYPE_CHECKING:
    from trimtab.effort.cleaning_report import CleaningReport


def register(clean: typer.Typer) -> None:
    """Add the command to the group `clean`."""
    clean.command()(report)


def report(
    session: Session,
    n: Annotated[int, typer.Option("--rows", "-n", min=1, help="Rows to name.")] = 10,
    worlds: Annotated[
        int,
        typer.Option(
            min=3, help="Worlds drawn; more of them take longer, for bands of a higher level."
        ),
    ] = 19,
    seed: Annotated[int, typer.Option(help="Of the worlds.")] = 0,
    html: Html = None,
    as_json: AsJson = False,
) -> None:
    """Say what cleaning has brought, what going on may bring, and whether it beats doing less.

    Plays the session on in drawn worlds, which takes from seconds to minutes.
    """
    from trimtab.effort.cleaning_page import cleaning_page
    from trimtab.effort.cleaning_report import cleaning_report
    from trimtab.effort.cleaning_table import open_cleaning

    found = cleaning_report(*open_cleaning(session), n=n, n_worlds=worlds, seed=seed)
    write_page(html, lambda: cleaning_page(found))
    emit(found.to_dict(), as_json=as_json, text=_text(found))


def _text(found: "CleaningReport") -> str:
    lines = [f"{found.status.sentence}.", "", found.forecast.sentence]
    if found.baselines.ways:
        width = max(len(way.name) for way in found.baselines.ways)
        lines += ["", f"{'rows filled by':<{width}}  accuracy (from, to)"]
        lines += [
            f"{way.name:<{width}}  {way.accuracy.estimate:.3f} ({way.accuracy.low:.3f}, "
            f"{way.accuracy.high:.3f})  {way.verdict}"
            for way in found.baselines.ways
        ]
    if found.baselines.random_order is not None:
        lines += ["", found.baselines.random_order.sentence]
    if found.rows:
        lines += ["", f"clean next: {', '.join(str(row.row) for row in found.rows)}"]
    lines += ["", *(f"assumed: {text}" for text in found.assumptions)]
    lines += [f"a poor choice for: {text}" for text in found.poor_choice]
    return "\n".join(lines)
