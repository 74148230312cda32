"""`trimtab effort clean report`: what cleaning has brought, and what going on may bring."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trimtab.cli.data_options import Html, write_page
from trimtab.cli.effort_clean_files import Session
from trimtab.cli.effort_clean_show import status_text
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
    from trimtab.effort.active_session import ActiveSession
    from trimtab.effort.cleaning_open import open_cleaning
    from trimtab.effort.cleaning_page import cleaning_page
    from trimtab.effort.cleaning_report import cleaning_report

    made, about = open_cleaning(session)
    if isinstance(made, ActiveSession):
        _report_active(made, about, session, n, html, as_json=as_json)
        return
    found = cleaning_report(made, about, n=n, n_worlds=worlds, seed=seed)
    write_page(html, lambda: cleaning_page(found))
    emit(found.to_dict(), as_json=as_json, text=_text(found))


def _report_active(
    made: Any, about: Any, session: Path, n: int, html: Path | None, *, as_json: bool
) -> None:
    from trimtab.effort.active_report import active_page, active_report

    found = active_report(made, about, session, n=n)
    write_page(html, lambda: active_page(found))
    lines = [
        f"{status_text(made)}.",
        "",
        f"rows cleaned  {'gradient (from, to)':<24}  score (from, to)",
    ]
    lines += [
        f"{moment.cleaned:12,}  {_limits(moment.gradient):<24}  {_limits(moment.score)}".rstrip()
        for moment in found.course
    ]
    lines += ["", *found.rows, "", *_grounds(found)]
    emit(found.to_dict(), as_json=as_json, text="\n".join(lines))


def _limits(found: Any) -> str:
    if found is None:
        return "-"
    if not found.is_finite:
        return "not enough data"
    return f"{found.estimate:.3g} ({found.low:.3g}, {found.high:.3g})"


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
    return "\n".join([*lines, "", *_grounds(found)])


def _grounds(found: Any) -> list[str]:
    """Return what a report rests on, a line each."""
    assumed = [f"assumed: {text}" for text in found.assumptions]
    return assumed + [f"a poor choice for: {text}" for text in found.poor_choice]
