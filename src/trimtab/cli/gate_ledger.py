"""`trimtab gate ledger`: open a test set, see who looked, verify the chain, retire a set."""

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trimtab.cli.gate_ledger_view import listing
from trimtab.cli.gate_reading import read_cuts
from trimtab.cli.output import AsJson, emit, group, talk
from trimtab.core.errors import NotFoundError, SchemaError, nearest

if TYPE_CHECKING:
    from trimtab.gates.ledger import Ledger

app = group("Test sets, their budgets, and who looked at them.")

FILE = "gate-ledger.db"

LedgerAt = Annotated[
    str | None, typer.Option("--ledger", help="A file, or the URL of a database.")
]
ProjectAt = Annotated[
    Path | None, typer.Option("--project", "-p", help="The ledger of this project.")
]
Scope = Annotated[str, typer.Option(help="`live`, or the name of a replay.")]
Who = Annotated[str | None, typer.Option(help="Who does it; your login if left out.")]


def open_ledger(
    ledger: str | None, project: Path | None, *, scope: str = "live", create: bool = True
) -> "Ledger":
    """Open the ledger that the options name.

    Without options it is that of the project in this folder, or else `gate-ledger.db` here.

    Parameters
    ----------
    ledger : str or None
        A file, or the URL of a database.
    project : Path or None
        Folder of a project, or its trimtab.toml.
    scope : str, default="live"
        `live`, or the name of a replay.
    create : bool, default=True
        Whether a ledger file that is not there is made.

    Raises
    ------
    NotFoundError
        If it is not made and not there.
    """
    from trimtab.core.project import FILE_NAME
    from trimtab.core.store import Store
    from trimtab.core.workspace import Workspace
    from trimtab.gates.ledger import Ledger

    if ledger is not None and project is not None:
        raise typer.BadParameter("expected one of --ledger and --project, got both")
    if project is None and ledger is None and Path(FILE_NAME).exists():
        project = Path()
    if project is not None:
        return Ledger(Workspace.open(project, scope=scope).store)
    place = ledger or FILE
    if "://" in place:
        return Ledger(Store(place, scope=scope))
    if not create and not Path(place).exists():
        raise NotFoundError(
            f"expected a ledger in `{place}`, found no such file",
            hint="Say where it is with --ledger or --project; `trimtab gate ledger open` makes "
            "one.",
        )
    return Ledger(Store(f"sqlite:///{place}", scope=scope))


def login() -> str:
    """Return who is at the terminal, or `someone` where nobody is known."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may have no name for its user
        return "someone"


@app.command("open")
def open_test_set(
    labels: Annotated[str, typer.Argument(help="A file with the ids of the test set's rows.")],
    key: Annotated[str, typer.Option("--id", help="Column of the ids.")] = "id",
    reliability: Annotated[
        str, typer.Option(help="Chance that no look is wrong, such as 0.9999.")
    ] = "0.9999",
    steps: Annotated[int, typer.Option(help="How many looks or readings it is for.")] = 32,
    adaptivity: Annotated[str, typer.Option(help="none, first_change or full.")] = "full",
    ranges: Annotated[
        str | None, typer.Option(help="For readings of the meter: ends of its ranges, 0.01,0.05.")
    ] = None,
    name: Annotated[str, typer.Option(help="What to call it.")] = "",
    to: Annotated[
        str | None, typer.Option(help="File or URL for results the developer is not told.")
    ] = None,
    who: Who = None,
    ledger: LedgerAt = None,
    project: ProjectAt = None,
    scope: Scope = "live",
    as_json: AsJson = False,
) -> None:
    """Open a test set with its budget; the same again changes nothing.

    It is for looks of the gate, or with --ranges for readings of the overfitting meter.
    """
    from trimtab.gates.ledger import fingerprint_of_ids

    cuts = () if ranges is None else read_cuts(ranges)
    opened = open_ledger(ledger, project, scope=scope).open(
        fingerprint_of_ids(ids_of(labels, key)),
        reliability=reliability, steps=steps, adaptivity=adaptivity,  # type: ignore[arg-type]
        who=who or login(), at=datetime.now(UTC), name=name, to=to,
        reveals="range" if cuts else "bit", ranges=cuts,
    )  # fmt: skip
    emit(
        _shown_set(opened),
        as_json=as_json,
        text=f"{opened.fingerprint}: {opened.left} of {opened.steps} {opened.step_kind}s left, "
        f"reliability {opened.reliability}, adaptivity {opened.adaptivity}",
    )


@app.command("list")
def list_looks(
    evidence: Annotated[
        bool, typer.Option("--evidence", help="Show the evidence that may be shown.")
    ] = False,
    ledger: LedgerAt = None,
    project: ProjectAt = None,
    scope: Scope = "live",
    as_json: AsJson = False,
) -> None:
    """List the test sets, every look at them (evidence of retired sets only) and reading."""
    opened = open_ledger(ledger, project, scope=scope, create=False)
    sets, looks, readings = opened.test_sets(), opened.looks(), opened.readings()
    if as_json:
        rows = [look if evidence else {**look, "details": None} for look in looks]
        found = {"test_sets": [_shown_set(one) for one in sets], "looks": rows}
        found["readings"] = [one.to_dict() for one in readings]
        emit(found, as_json=True, text="")
        return
    emit([], as_json=False, text=listing(sets, looks, readings, evidence=evidence))


@app.command("verify")
def verify(
    head: Annotated[
        str | None, typer.Option(help="A head hash noted earlier: finds a cut-off tail too.")
    ] = None,
    ledger: LedgerAt = None,
    project: ProjectAt = None,
    scope: Scope = "live",
    as_json: AsJson = False,
) -> None:
    """Read the whole hash chain: exit 0 if nothing was changed, 1 if something was."""
    found = open_ledger(ledger, project, scope=scope, create=False).verify(head=head)
    said = "\n".join(found.problems) or "nothing was changed"
    emit(
        found.to_dict() | {"holds": found.holds},
        as_json=as_json,
        text=f"{said}\n{found.entries} entries, head {found.head or 'none'}",
    )
    raise typer.Exit(0 if found.holds else 1)


@app.command("retire")
def retire(
    test_set: Annotated[str, typer.Argument(help="Its fingerprint, the start of it, or name.")],
    why: Annotated[str, typer.Option(help="Why it is retired.")] = "retired by a person",
    who: Who = None,
    ledger: LedgerAt = None,
    project: ProjectAt = None,
    scope: Scope = "live",
    as_json: AsJson = False,
) -> None:
    """Release a test set to development: no more looks or readings, and its evidence is shown."""
    opened = open_ledger(ledger, project, scope=scope, create=False)
    alarm = opened.retire(test_set, who=who or login(), at=datetime.now(UTC), why=why)
    talk(f"alarm: {alarm}")
    known = opened.test_set(test_set)
    emit(_shown_set(known), as_json=as_json, text=f"{known.fingerprint}: {known.state}")


def ids_of(source: str, key: str) -> Any:
    """Return the column of a file that names its rows."""
    from trimtab.data.sources import collect, read_source

    frame = read_source(source)
    have = frame.collect_schema().names()
    if key not in have:
        raise SchemaError(
            f"expected a column `{key}` in {source}, found none",
            hint=nearest(key, have),
            column=key,
        )
    return collect(frame.select(key), source)[key]


def _shown_set(known: Any) -> dict[str, Any]:
    """Return a test set without the secrets that an address may hold."""
    from trimtab.gates.ledger_delivery import place_of

    return {**known.to_dict(), "to": None if known.to is None else place_of(known.to)}
