"""How `trimtab effort clean` shows rows to clean, and where a session stands."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trimtab.cli.output import emit, table, talk

if TYPE_CHECKING:
    from rich.console import RenderableType

    from trimtab.effort.active_answers import ActiveStep
    from trimtab.effort.active_session import ActiveSession
    from trimtab.effort.cleaning_answers import CleaningStep
    from trimtab.effort.cleaning_table import CleaningTable


def show_status(session: Any, *, as_json: bool, notes: Sequence[str] | None = None) -> None:
    """Print where a session of either kind stands; notes and warnings go to stderr."""
    facts, warnings = status_facts(session), getattr(session.status(), "warnings", ())
    if notes is not None:
        facts["notes"] = list(notes)
    if not as_json:
        for note in notes or ():
            tell(f"warning: {note}")
    emit(facts, as_json=as_json, text=status_text(session))
    if not as_json:
        for warning in warnings:
            tell(f"warning: {warning}")


def tell(text: str) -> None:
    """Say a text that holds the user's own words: their brackets are no markup."""
    from rich.markup import escape

    talk(escape(text))


def status_facts(session: Any) -> dict[str, Any]:
    """Return where a session stands as plain values, with its sentence."""
    found = session.status()
    facts = {**found.to_dict(), "is_done": found.is_done, "sentence": found.sentence}
    score = _score(session)
    return facts if score is None else {**facts, "score": score.to_dict()}


def status_text(session: Any) -> str:
    """Return where a session stands in words."""
    score = _score(session)
    sentences = [session.status().sentence, *([] if score is None else [score.sentence])]
    return ".\n".join(sentences)


def row_facts(step: "CleaningStep | ActiveStep", about: "CleaningTable") -> dict[str, Any]:
    """Return a row to clean as plain values."""
    label = (
        about.classes[step.label] if hasattr(step, "label") else about.dirty[step.row][about.label]
    )
    return {
        **step.to_dict(),
        "label": label,
        "cells": dict(about.dirty[step.row]),
        "why": dict(about.reasons[step.row]),
        "candidates": about.candidates(step.row),
        "origins": about.origins(step.row),
    }


def row_text(step: "CleaningStep | ActiveStep", about: "CleaningTable") -> list["RenderableType"]:
    """Return a row for people: why it matters, what is sure, what is not, and the candidates."""
    from rich.markup import escape

    from trimtab.effort.cleaning_columns import shown

    row = step.row
    cells, why = about.dirty[row], about.reasons[row]
    sure = [f"{name} {shown(cells[name], most=20)}" for name in cells if name not in why]
    doubts = [
        f"  {name} is empty" if cells[name] is None else f"  {name} {shown(cells[name])}? {reason}"
        for name, reason in why.items()
    ]
    if hasattr(step, "label"):
        sure = [f"{about.label} {about.classes[step.label]}", *sure]
    lines = [step.sentence, *doubts, f"  {', '.join(sure)}"]
    rows = []
    for number, (values, origins) in enumerate(
        zip(about.candidates(row), about.origins(row), strict=True)
    ):
        sources = dict.fromkeys(origins.values())
        rows.append([number, *(shown(value) for value in values.values()), ", ".join(sources)])
    names = [escape(name) for name in why]
    return [escape("\n".join(lines)), table("", ["candidate>", *names, "from"], rows), ""]


def batch_text(session: "ActiveSession", about: Any) -> list["RenderableType"]:
    """Return the rows of a batch for people, a line each."""
    from trimtab.effort.cleaning_columns import shown

    drawn, steps, rows = session.drawn, session.next(), []
    for step in steps:
        cells, why = about.dirty[step.row], about.reasons[step.row]
        named = [
            f"{name} is empty" if cells[name] is None else f"{name}? {reason}"
            for name, reason in why.items()
            if name != about.label or about.is_named(step.row)
        ]
        if not about.is_named(step.row):
            named.append("any other cell" if named else "any cell")
        stands = [f"{name} {shown(value, most=20)}" for name, value in cells.items()]
        dirty = "" if step.dirty is None else f"{step.dirty:.2f}"
        times = f"{step.chance / step.even_chance:.2g}×"
        rows.append([step.row, times, dirty, "; ".join(named), ", ".join(stands)])
    columns = ["row>", "drawn>", "dirty>", "look at", "as it stands"]
    text = (
        f"batch {session.status().steps + 1}: {len(drawn) - len(steps):,} of "
        f"{len(drawn):,} rows are answered; the model moves when all are"
    )
    note = (
        "drawn: how likely, against an average row; dirty: the chance that it is, by the rows "
        "cleaned so far"
    )
    return [text, table("", columns, rows), note]


def _score(session: Any) -> Any:
    return session.score() if hasattr(session, "score") else None
