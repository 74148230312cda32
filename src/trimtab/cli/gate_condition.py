"""`trimtab gate check --condition` and `label-next`: a condition on files or versions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from trimtab.cli.gate_ledger import login, open_ledger
from trimtab.cli.gate_rows import (
    GateRows,
    GateSources,
    first_labelled,
    needs_constant,
    ordered_rows,
    read_gate_rows,
)
from trimtab.cli.output import emit, talk
from trimtab.core.errors import ConfigError

if TYPE_CHECKING:
    import polars as pl

    from trimtab.core.records import Verdict
    from trimtab.gates.condition import Condition
    from trimtab.gates.ledger import Ledger
    from trimtab.gates.ledger_evidence import LookResult
    from trimtab.gates.ledger_sets import KnownTestSet
    from trimtab.gates.plan import GatePlan

EXIT_CODES = {"pass": 0, "fail": 1, "not enough data": 3}
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
    method: Any
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
        return gate_plan(
            self.asked(), **chosen, method=self.method, disagreement=self.disagreement,
        )  # fmt: skip

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


def check_condition(promise: Promise, sources: GateSources, look: Look, *, as_json: bool) -> None:
    """Decide a condition, tell what may be told, and exit with the code of the verdict."""
    from trimtab.gates.decide import gate_decide

    found = read_gate_rows(sources, promise.asked())
    if look.is_counted:
        _check_counted(promise, found, look, as_json=as_json)
        return
    if look.to or look.commit:
        raise typer.BadParameter("--to and --commit are for a look that a --ledger counts")
    plan = promise.settled()
    verdict = gate_decide(plan, **found.evidence, cases=found.cases)
    talk("No ledger counts this look: the promise is for the first of them. See --ledger.")
    _write_reports(look, verdict, shown="evidence", plan=plan, left=None)
    emit(verdict.to_dict(), as_json=as_json, text=f"{verdict.outcome}: {verdict.reason}")
    raise typer.Exit(EXIT_CODES[verdict.outcome])


def next_labels(
    promise: Promise, sources: GateSources, *, ledger: str | None, n: int
) -> "pl.DataFrame":
    """Return the rows to label next, with all their columns, the most urgent first.

    With a ledger the budget that the test set was opened with is the plan's.
    """
    from trimtab.gates.decide import gate_decide
    from trimtab.gates.label_next import label_next

    rows, fingerprint = ordered_rows(sources)
    opened = None
    if ledger is not None or sources.project is not None:
        project = sources.project if ledger is None else None
        opened = _opened(open_ledger(ledger, project, create=False), fingerprint)
    plan = promise.settled(opened)
    if not needs_constant(sources, plan.condition):
        found = read_gate_rows(sources, plan.condition)
        return found.rows[label_next(plan, **found.evidence, n=n)]
    if first_labelled(rows["_label"]):
        found = read_gate_rows(sources, plan.condition)
        verdict = gate_decide(plan, **found.evidence, cases=found.cases)
        if verdict.outcome != "not enough data":
            return rows.clear()
    return rows.filter(rows["_label"].is_null()).head(n)


def _check_counted(promise: Promise, found: GateRows, look: Look, *, as_json: bool) -> None:
    """Take the look through the ledger: one step, and no more told than it pays for."""
    from trimtab.gates.decide import gate_decide

    project = look.project if look.ledger is None else None
    ledger, now, who = open_ledger(look.ledger, project), datetime.now(UTC), look.who
    known = _opened(ledger, found.fingerprint)
    plan = promise.settled(known)
    if "sequential" in plan.method:
        talk("Whether a sequential gate needs more labels is for those who label to know alone.")
    opened = ledger.open(
        found.fingerprint, reliability=plan.reliability, steps=plan.steps,
        adaptivity=plan.adaptivity, who=who or login(), at=now,
        to=look.to or (known.to if known else None),
    )  # fmt: skip
    result = ledger.look(
        opened.fingerprint,
        champion=_champion(found.names),
        challenger=look.commit or found.names["n"],
        condition=_asked(plan, found),
        who=who or login(), at=now,
        decide=lambda: gate_decide(plan, **found.evidence, cases=found.cases),
    )  # fmt: skip
    _tell(plan, result, look, as_json=as_json)


def _opened(ledger: "Ledger", fingerprint: str) -> "KnownTestSet | None":
    return next((one for one in ledger.test_sets() if one.fingerprint == fingerprint), None)


def _champion(names: Mapping[str, str]) -> str:
    """Return what stands for the models that the new one is compared with."""
    return "+".join(names[side] for side in ("o", "baseline") if side in names) or "none"


def _asked(plan: "GatePlan", found: GateRows) -> str:
    """Return the question in words that hold every number of it."""
    words = f"{plan.condition} ({plan.mode}, {plan.method}, {plan.samples} rows)"
    return words if found.costs is None else f"{words} with costs {sorted(found.costs.items())}"


def _tell(plan: "GatePlan", result: "LookResult", look: Look, *, as_json: bool) -> None:
    if result.alarm:
        talk(f"alarm: {result.alarm}")
    for problem in result.undelivered:
        talk(f"not delivered yet: {problem}")
    verdict = result.verdict
    _write_reports(
        look, verdict, shown="outcome" if verdict else "nothing", plan=plan, left=result.left
    )
    if verdict is None:
        text = f"taken: look {result.step}; its result goes to the third party"
    else:
        text = f"{verdict.outcome}: {verdict.reason}"
    facts = {**result.to_dict(), "outcome": verdict.outcome if verdict else None}
    emit(facts, as_json=as_json, text=f"{text} ({result.left} looks left)")
    raise typer.Exit(EXIT_CODES[verdict.outcome] if verdict else 0)


def _write_reports(
    look: Look, verdict: "Verdict | None", *, shown: Any, plan: "GatePlan", left: int | None
) -> None:
    from trimtab.gates.report import junit_xml, markdown

    for path, write in ((look.junit, junit_xml), (look.markdown, markdown)):
        if path is not None:
            text = write(verdict, shown=shown, condition=str(plan.condition), left=left)
            path.write_text(text, encoding="utf-8")
