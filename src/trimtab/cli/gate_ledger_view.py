"""`trimtab gate ledger list` as people read it: a block for each test set, 80 columns wide."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

from trimtab.cli.gate_reading import readings_table
from trimtab.cli.output import table

if TYPE_CHECKING:
    from trimtab.gates.ledger_reading import StoredReading
    from trimtab.gates.ledger_sets import KnownTestSet

# hashes of models and commits are told apart by so many characters
_SHORT = 12


def listing(
    sets: Sequence["KnownTestSet"],
    looks: Sequence[Mapping[str, Any]],
    readings: Sequence["StoredReading"],
    *,
    evidence: bool,
) -> Group:
    """Return each test set with its budget, its looks and its readings."""
    parts: list[RenderableType] = []
    for known in sets:
        parts += [Text(_head(known), style="bold"), Text(_budget(known))]
        mine = [look for look in looks if look["test_set"] == known.fingerprint]
        read = [one for one in readings if one.test_set == known.fingerprint]
        if mine:
            parts.append(_looks(mine))
        if evidence:
            parts += [_evidence(look) for look in mine]
        if read:
            parts.append(readings_table(read))
        parts.append(Text(""))
    return Group(*parts[:-1]) if parts else Group("No test set was opened yet.")


def _head(known: "KnownTestSet") -> str:
    return f"{known.fingerprint}  {known.name}".rstrip()


def _budget(known: "KnownTestSet") -> str:
    kind = {"look": "looks", "reading": "readings"}[known.step_kind]
    state = f"{known.left} of {known.steps} {kind} left"
    if known.open_looks:
        state += f", open: look {', look '.join(map(str, known.open_looks))}"
    if known.state == "retired":
        state = f"retired ({known.retired_why}) after {known.taken} of {known.steps} {kind}"
    return (
        f"{state}; reliability {known.reliability}, {known.adaptivity}; opened by "
        f"{known.opened_by}, {known.opened_at:%Y-%m-%d %H:%M}"
    )


def _looks(looks: Sequence[Mapping[str, Any]]) -> RenderableType:
    columns = ["step>", "challenger", "champion", "verdict", "who", "when"]
    rows = [
        [
            look["step"], _short(look["challenger"]), _short(look["champion"]),
            look["outcome"] or "not told", look["who"], f"{look['at']:%Y-%m-%d %H:%M}",
        ]
        for look in looks
    ]  # fmt: skip
    return table("", columns, rows)


def _evidence(look: Mapping[str, Any]) -> RenderableType:
    verdict = (look["details"] or {}).get("verdict") or {}
    told = {name: x for name, x in verdict.get("estimates", {}).items() if x is not None}
    estimates = ", ".join(f"{name} {value:.4g}" for name, value in told.items())
    lines = [f"step {look['step']}, {look['condition']}"]
    lines += [estimates] if estimates else []
    lines.append(verdict.get("reason") or "Its evidence is kept until the set is retired.")
    return Padding(escape("\n".join(lines)), (0, 0, 1, 2))


def _short(name: str) -> str:
    """Return the start of a hash, and any other name whole."""
    if len(name) > _SHORT and all(letter in "0123456789abcdef" for letter in name):
        return name[:_SHORT]
    return name
