"""`trimtab model …`: the versions of a project's model, what they are, and moving them."""

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group

from trimtab.cli.output import AsJson, ProjectPath, emit, group, table

if TYPE_CHECKING:
    from trimtab.core.records import ModelVersion
    from trimtab.models.registry import Registry

app = group("List, show and move the versions of the project's model.")

Scope = Annotated[str, typer.Option(help="`live`, or the name of a replay.")]
Version = Annotated[
    str, typer.Argument(help="Number of the version, with or without a `v`.", metavar="VERSION")
]


@app.command("list")
def list_versions(
    project: ProjectPath = Path(),
    scope: Scope = "live",
    as_json: AsJson = False,
) -> None:
    """List all versions: stage, metrics, and what they were trained on."""
    versions = _registry(project, scope).versions()
    names = list(dict.fromkeys(name for version in versions for name in version.metrics))[:4]
    shown = table(
        f"{versions[0].name}: {len(versions)} version{'s' * (len(versions) > 1)}"
        if versions
        else "no version yet",
        ["version", "stage", "trained until", *(f"{name}>" for name in names), "dataset",
         "runtime", "commit"],
        [
            [f"v{v.version}", v.stage, _day(v.trained_until),
             *(_number(v.metrics.get(name)) for name in names), v.dataset, v.runtime, v.commit]
            for v in versions
        ],
    )  # fmt: skip
    emit([version.to_dict() for version in versions], as_json=as_json, text=shown)


@app.command()
def show(
    version: Version,
    project: ProjectPath = Path(),
    scope: Scope = "live",
    as_json: AsJson = False,
) -> None:
    """Show what made a version, and its analysis: metrics, slices, importance."""
    registry = _registry(project, scope)
    found = registry.get(_parsed(version))
    card, analysis = registry.card(found), registry.analysis(found)
    result = {**found.to_dict(), "card": card, "analysis": analysis}
    parts = [_facts(found, card), _metrics(analysis), _importance(analysis)]
    if analysis["slices"]:
        parts.insert(2, _slices(analysis))
    emit(result, as_json=as_json, text=Group(*parts))


@app.command()
def history(
    project: ProjectPath = Path(),
    scope: Scope = "live",
    as_json: AsJson = False,
) -> None:
    """Show who moved which version to which stage, when and why."""
    moves = _registry(project, scope).history()
    shown = table(
        "moves between stages",
        ["at", "version", "from", "to", "who", "why"],
        [
            [f"{move['at']:%Y-%m-%d %H:%M}", f"v{move['version']}", move["previous"],
             move["stage"], move["who"], move["why"]]
            for move in moves
        ],
    )  # fmt: skip
    emit(moves, as_json=as_json, text=shown)


@app.command()
def move(
    version: Version,
    stage: Annotated[str, typer.Argument(help="dev, staging, production or archived.")],
    why: Annotated[str, typer.Option(help="The reason, kept in the history.")],
    who: Annotated[str | None, typer.Option(help="Who decides; your login if left out.")] = None,
    project: ProjectPath = Path(),
    scope: Scope = "live",
    as_json: AsJson = False,
) -> None:
    """Move a version to a stage; the one that was in production is archived."""
    registry, now = _registry(project, scope), datetime.now(UTC)
    moved = registry.move(
        _parsed(version),
        stage,  # type: ignore[arg-type]  # the registry says which stages there are
        who=who or getpass.getuser(), why=why, at=now,
    )  # fmt: skip
    emit(moved.to_dict(), as_json=as_json, text=f"{moved.label} is in {moved.stage}.")


def _registry(project: Path, scope: str) -> "Registry":
    from trimtab.core.workspace import Workspace
    from trimtab.models.registry import Registry

    return Registry(Workspace.open(project, scope=scope))


def _parsed(version: str) -> int:
    number = version.strip().lower().removeprefix("v")
    if not number.isdecimal():
        raise typer.BadParameter(f"a number such as 3 or v3 was expected, got {version!r}")
    return int(number)


def _facts(found: "ModelVersion", card: dict[str, Any]) -> Any:
    window = f"{_day(found.trained_from) or 'the first row'} to {_day(found.trained_until)}"
    rows = [
        ["stage", found.stage],
        ["kind", card["kind"] + (f" ({', '.join(card['classes'])})" if card["classes"] else "")],
        ["dataset", found.dataset],
        ["trained on", window],
        ["estimator", f"{card['estimator']} {card['params']}"],
        ["runtime", f"{found.runtime}: {card['runtime_reason']}"],
        ["feature hash", found.feature_hash],
        ["commit", found.commit],
        ["config hash", found.config_hash],
        ["seed", found.seed],
        ["model hash", found.model_hash],
        ["run", found.run_id],
    ]
    return table(found.label, ["what", "value"], rows)


def _metrics(analysis: dict[str, Any]) -> Any:
    rows = [[name, *_figures(value)] for name, value in analysis["metrics"].items()]
    title = f"metrics on {analysis['scored']:,} out-of-fold rows"
    return table(title, ["metric", "estimate>", "low>", "high>"], rows)


def _slices(analysis: dict[str, Any]) -> Any:
    name = analysis["headline"]
    rows = [
        [f"{s['column']} = {s['value']}", f"{s['rows']:,}", *_figures(s["metrics"]["loss"]),
         _number(s["metrics"][name]["estimate"])]
        for s in analysis["slices"][:10]
    ]  # fmt: skip
    columns = ["slice", "rows>", "loss>", "low>", "high>", f"{name}>"]
    return table("slices, the worst first", columns, rows)


def _importance(analysis: dict[str, Any]) -> Any:
    rows = [
        [item["feature"], _number(item["permutation"]), _number(item["gain"])]
        for item in analysis["importance"][:15]
    ]
    return table("importance", ["feature", "loss if shuffled>", "share of gain>"], rows)


def _figures(value: dict[str, float | None]) -> list[str]:
    return [_number(value[key]) for key in ("estimate", "low", "high")]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _day(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d}"
