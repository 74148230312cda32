"""Readings of the overfitting meter as people see them, and those that a ledger counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from trimtab.cli.output import emit, table, talk

if TYPE_CHECKING:
    from trimtab.gates.ledger import Ledger
    from trimtab.gates.ledger_reading import StoredReading
    from trimtab.gates.ledger_sets import KnownTestSet
    from trimtab.gates.meter import MeterReading

RANGES, RELIABILITY, STEPS = "0.01,0.02,0.05,0.1", "0.9999", 32
_CELL = 12  # characters of the gauge for each range


@dataclass(frozen=True, slots=True)
class Asked:
    """What the options say of a reading that is counted; None where they say nothing."""

    ranges: str | None
    reliability: str | None
    steps: int | None
    epsilon: float | None
    commit: str | None
    who: str


def read_cuts(text: str) -> tuple[float, ...]:
    """Return where ranges of the gap end, from numbers with commas."""
    from trimtab.gates.meter import checked_cuts

    try:
        return checked_cuts([float(part) for part in text.split(",")])
    except ValueError:
        raise typer.BadParameter(
            f"expected numbers that rise between 0 and 1, with commas, got {text!r}",
            param_hint="--ranges",
        ) from None


def counted_reading(
    ledger: "Ledger", ids: Any, losses: Sequence[Any], asked: Asked, *, as_json: bool
) -> None:
    """Read the meter through the ledger, which opens the test set if it does not know it.

    What the options leave out is as the test set was opened with; what they say otherwise is
    refused by the ledger.
    """
    from trimtab.gates.ledger import fingerprint_of_ids

    if not asked.commit:  # before a test set is opened for nothing
        raise typer.BadParameter(
            "expected the commit whose model is read: read twice, it costs one step",
            param_hint="--commit",
        )
    now, fingerprint = datetime.now(UTC), fingerprint_of_ids(ids)
    known = next((one for one in ledger.test_sets() if one.fingerprint == fingerprint), None)
    if known is None or known.step_kind == "reading":  # else the reading says that it is for looks
        _open(ledger, fingerprint, known, asked, at=now)
    result = ledger.read(
        fingerprint, commit=asked.commit, development_loss=losses[0], test_loss=losses[1],
        who=asked.who, at=now, epsilon=asked.epsilon,
    )  # fmt: skip
    if result.alarm:
        talk(f"alarm: {result.alarm}")
    said = "read before, told again" if result.repeated else "counted"
    steps = f"{said}: reading {result.step} of {result.reading.steps} ({result.left} left)"
    emit(result.to_dict(), as_json=as_json, text=Group(gauge(result.reading), Text(steps)))


def _open(
    ledger: "Ledger", fingerprint: str, known: "KnownTestSet | None", asked: Asked, *, at: datetime
) -> None:
    had = (known.ranges, known.reliability, known.steps) if known else None
    ranges, reliability, steps = had or (read_cuts(RANGES), RELIABILITY, STEPS)
    ledger.open(
        fingerprint,
        reliability=asked.reliability or reliability,
        steps=asked.steps or steps,
        adaptivity="full",
        reveals="range",
        ranges=ranges if asked.ranges is None else read_cuts(asked.ranges),
        who=asked.who,
        at=at,
    )


def say_samples(
    development: str | None,
    ranges: int,
    epsilon: float | None,
    delta: float,
    steps: int,
    *,
    as_json: bool,
) -> None:
    """Print the size of test set where there is nothing to read yet."""
    from trimtab.gates.meter import meter_samples

    if development is not None or epsilon is None or not epsilon > 0:
        raise typer.BadParameter(
            "expected two losses or files, or only --epsilon above 0 to plan a test set",
            param_hint="DEVELOPMENT TEST",
        )
    samples = meter_samples(ranges, epsilon, delta, steps)
    told = {"samples": samples, "ranges": ranges, "epsilon": epsilon, "steps": steps}
    emit(
        told | {"delta": delta},
        as_json=as_json,
        text=f"{samples:,} labelled rows: {steps} readings in {ranges} ranges, each to within "
        f"{epsilon:g}, wrong with a chance of at most {delta:g}.",
    )


def gauge(reading: "MeterReading") -> Group:
    """Draw the ranges side by side, with the one that the gap is in filled."""
    last = len(reading.ranges) - 1
    bar = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    cells = []
    for i, (low, high) in enumerate(reading.ranges):
        bar.add_column(f"from {low:g}" if i == last else f"{low:g} to {high:g}")
        colour = "green" if i == 0 else "red" if i == last else "yellow"
        here = i == reading.signal
        cells.append(Text(("█" if here else "░") * _CELL, style=colour if here else "dim"))
    bar.add_row(*cells)
    return Group("Gap between development and test loss", bar, Text(reading.sentence))


def readings_table(readings: Sequence["StoredReading"]) -> Table:
    """Return stored readings as a table, each with a small gauge: a character for each range."""
    columns = ["step>", "commit", "gauge", "gap", "who", "when"]
    rows = []
    for one in readings:
        reading = one.reading
        bar = "".join("█" if i == reading.signal else "░" for i in range(len(reading.ranges)))
        low, high = reading.gap
        rows.append([
            one.step, one.commit, bar, f"{low:.4g} to {high:.4g}", one.who,
            f"{one.at:%Y-%m-%d %H:%M}",
        ])  # fmt: skip
    return table("", columns, rows)
