"""`trimtab gate check --condition`: a condition on files or versions, and what is told of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.markup import escape

from trimtab.cli.gate_ledger import login, open_ledger
from trimtab.cli.gate_rows import GateRows, GateSources, ordered_rows, read_gate_rows
from trimtab.cli.gate_told import MOMENT, refuse_unwritable, told_in_words, write_reports
from trimtab.cli.output import EXIT_CODES, emit, talk
from trimtab.core.errors import ConfigError

if TYPE_CHECKING:
    from trimtab.gates.condition import Condition
    from trimtab.gates.ledger import Ledger
    from trimtab.gates.ledger_evidence import LookResult
    from trimtab.gates.ledger_sets import KnownTestSet
    from trimtab.gates.plan import GatePlan
    from trimtab.gates.report_parts import Shown

DEFAULTS: dict[str, Any] = {
    "reliability": "0.9999",
    "steps": 32,
    "adaptivity": "full",
    "mode": "fp_free",
}


@dataclass(frozen=True, slots=True)
class Promise:
    """What a condition promises, as the options say; None where they say nothing."""

    condition: str | None
    ci_file: Path | None
    reliability: str | None
    steps: int | None
    adaptivity: str | None
    mode: str | None
    method: str | None
    disagreement: str | None

    def settled(self, opened: "KnownTestSet | None" = None) -> "GatePlan":
        """Return the plan: by the options, else the file, else what the test set was opened with.

        An option that says otherwise than the test set was opened with is refused by the ledger.
        """
        from trimtab.gates.plan import gate_plan

        said = self._file()
        had = {} if opened is None else opened.to_dict()
        chosen = {
            name: next(
                (v for v in (getattr(self, name), said.get(name), had.get(name)) if v is not None),
                default,
            )
            for name, default in DEFAULTS.items()
        }
        method: Any = self.method or "auto"
        return gate_plan(self.asked(), **chosen, method=method, disagreement=self.disagreement)

    def asked(self) -> "Condition":
        """Return the condition."""
        from trimtab.gates.condition_text import parse

        text = self.condition or self._file().get("condition")
        if text is None:
            raise ConfigError(
                "expected a condition, got none",
                hint='Give --condition "n - o > 0.02 +/- 0.01", or --ci-file.',
            )
        return parse(text)

    def notes(self, *, to: str | None) -> list[str]:
        """Return what the file says and nobody does, but for its `script`, which is never run."""
        said = self._file()
        notes = []
        if said.get("ignored"):
            notes.append(f"{self.ci_file}: not used: {', '.join(said['ignored'])}.")
        if said.get("third_party") and to is None and self.adaptivity in (None, "none"):
            notes.append(
                f"{self.ci_file}: nothing is sent to {said['third_party']}; --to says where to."
            )
        return notes

    def _file(self) -> dict[str, Any]:
        from trimtab.gates.ci_file import read_ci_file

        return {} if self.ci_file is None else read_ci_file(self.ci_file).to_dict()


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks, at which ledger, and where the answer is written."""

    ledger: str | None
    project: Path | None
    commit: str | None
    who: str | None
    to: str | None
    junit: Path | None
    markdown: Path | None

    @property
    def is_counted(self) -> bool:
        """Whether a ledger counts it."""
        return self.ledger is not None or self.project is not None

    @property
    def reports(self) -> list[tuple[str, Path]]:
        """The files to write, each with its option."""
        asked = (("--junit", self.junit), ("--markdown", self.markdown))
        return [(option, path) for option, path in asked if path is not None]


def check_condition(promise: Promise, sources: GateSources, look: Look, *, as_json: bool) -> None:
    """Decide a condition, tell what may be told, and exit with the code of the verdict."""
    from trimtab.gates.decide import gate_decide

    for option, path in look.reports:
        refuse_unwritable(path, option)
    for note in promise.notes(to=look.to):
        talk(escape(note))
    found = read_gate_rows(sources, promise.asked())
    if sources.columns.label not in found.rows.columns:
        talk(escape(f"{sources.labels} has no column `{sources.columns.label}`: no labels yet."))
    if look.is_counted:
        _check_counted(promise, found, sources, look, as_json=as_json)
        return
    if look.to or look.commit or look.who:
        raise typer.BadParameter("--to, --commit and --who are for a look that a --ledger counts")
    plan = promise.settled()
    verdict = gate_decide(plan, **found.evidence, cases=found.cases)
    if verdict.outcome != "not enough data":
        talk("No ledger counts this look: the promise is for the first of them. See --ledger.")
    write_reports(look.reports, verdict, shown="evidence", plan=plan, left=None)
    emit(verdict.to_dict(), as_json=as_json, text=f"{verdict.outcome}: {verdict.reason}")
    raise typer.Exit(EXIT_CODES[verdict.outcome])


def _check_counted(
    promise: Promise, found: GateRows, sources: GateSources, look: Look, *, as_json: bool
) -> None:
    """Take the look through the ledger: one step, and no more told than it pays for."""
    from trimtab.gates.decide import gate_decide

    project = look.project if look.ledger is None else None
    ledger, now, who = open_ledger(look.ledger, project), datetime.now(UTC), look.who
    known = opened_set(ledger, found.fingerprint)
    plan = promise.settled(known)
    opened = ledger.open(
        found.fingerprint, reliability=plan.reliability, steps=plan.steps,
        adaptivity=plan.adaptivity, who=who or login(), at=now,
        to=look.to or (known.to if known else None),
    )  # fmt: skip
    if known is None:
        talk(
            f"Opened test set `{opened.fingerprint}` for {opened.steps:,} looks: reliability "
            f"{opened.reliability}, adaptivity {opened.adaptivity}."
        )
    result = ledger.look(
        opened.fingerprint,
        champion=_champion(found.names),
        challenger=look.commit or found.names["n"],
        condition=_asked(plan, found),
        who=who or login(), at=now, inputs=_inputs(plan, found, sources),
        decide=lambda: gate_decide(plan, **found.evidence, cases=found.cases),
    )  # fmt: skip
    retired = ledger.test_set(opened.fingerprint).state == "retired"
    _tell(plan, result, look, retired=retired, as_json=as_json)


def opened_set(ledger: "Ledger", fingerprint: str) -> "KnownTestSet | None":
    """Return the test set as it was opened in a ledger, or None if it was not."""
    return next((one for one in ledger.test_sets() if one.fingerprint == fingerprint), None)


def _champion(names: Mapping[str, str]) -> str:
    """Return what stands for the models that the new one is compared with."""
    return "+".join(names[side] for side in ("o", "baseline") if side in names) or "none"


def _asked(plan: "GatePlan", found: GateRows) -> str:
    """Return the question in words that hold every number of it."""
    words = f"{plan.condition} ({plan.mode}, {plan.method}, {plan.samples} rows)"
    return words if found.costs is None else f"{words} with costs {sorted(found.costs.items())}"


def _inputs(plan: "GatePlan", found: GateRows, sources: GateSources) -> str:
    """Return what stands for the answers, and the columns of slices, that an open look keeps."""
    from trimtab.cli.gate_files import digest

    columns = sorted({name for one in plan.condition.variables for name, _ in one.where})
    if not columns:
        return found.names["n"]
    rows, _ = ordered_rows(sources)  # all of them: with a constant baseline some are left out
    return f"{found.names['n']}+{digest(rows.select(columns))}"


def _tell(
    plan: "GatePlan", result: "LookResult", look: Look, *, retired: bool, as_json: bool
) -> None:
    if result.alarm:
        talk(escape(f"alarm: {result.alarm}"))
    for problem in result.undelivered:
        talk(escape(f"not delivered yet: {problem}"))
    verdict = result.verdict
    if result.is_open:
        talk(MOMENT)
    shown: Shown = "outcome" if verdict else "nothing"
    write_reports(look.reports, verdict, shown=shown, plan=plan, left=result.left)
    facts = {**result.to_dict(), "outcome": verdict.outcome if verdict else None}
    facts["open"] = result.is_open
    emit(facts, as_json=as_json, text=told_in_words(result, plan.steps, retired=retired))
    raise typer.Exit(EXIT_CODES[verdict.outcome] if verdict else 0)
