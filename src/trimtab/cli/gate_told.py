"""What `trimtab gate check` says of a look that was counted, in words and as reports."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from trimtab.cli.data_options import writing

if TYPE_CHECKING:
    from trimtab.core.records import Verdict
    from trimtab.gates.ledger_evidence import LookResult
    from trimtab.gates.plan import GatePlan
    from trimtab.gates.report_parts import Shown

MOMENT = (
    "The moment at which a look is decided tells more than its bit: whoever labels knows it, and "
    "developers should not. Where that cannot be kept, use a fixed-size --method."
)


def told_in_words(result: "LookResult", steps: int, *, retired: bool) -> str:
    """Return what may be told: the bit, failed unit cases, and what is left of the budget."""
    verdict, left = result.verdict, f"{result.left:,} of {steps:,} looks left."
    if result.is_open and verdict is not None:
        again = "Asked again, it goes on for nothing:"
        return f"{verdict.outcome}: {verdict.reason}. {again} {left}"
    if result.repeated:
        left = f"The same look as before, which costs nothing: {left}"
    if verdict is None:
        return f"taken: look {result.step:,}. Its result goes to the third party. {left}"
    if verdict.outcome == "not enough data":
        return f"{verdict.outcome}: {verdict.reason} No look was spent: {left}"
    kept = "Estimates stay in the ledger until the test set is retired."
    if retired:
        kept = "The test set is retired: `trimtab gate ledger list --evidence` has the estimates."
    return f"{verdict.outcome}.{_cases_told(verdict)} {left} {kept}"


def _cases_told(verdict: "Verdict") -> str:
    """Return the unit cases that went wrong, each in a sentence."""
    from trimtab.gates.report_parts import case_part, cases_of

    wrong = [case_part(case) for case in cases_of(verdict) if not case["passes"]]
    return "".join(f" {case.name}: {case.says}." for case in wrong)


def write_reports(
    reports: Iterable[tuple[str, Path]],
    verdict: "Verdict | None",
    *,
    shown: "Shown",
    plan: "GatePlan",
    left: int | None,
) -> None:
    """Write the reports that were asked for, each with the option that names it."""
    from trimtab.gates.report import junit_xml, markdown

    writers = {"--junit": junit_xml, "--markdown": markdown}
    for option, path in reports:
        text = writers[option](verdict, shown=shown, condition=str(plan.condition), left=left)
        with writing(path, option):
            path.write_text(text, encoding="utf-8")


def refuse_unwritable(path: Path, option: str) -> None:
    """Refuse a report that could not be written, before a look is spent on it."""
    with writing(path, option):
        there = path.exists()
        path.open("a").close()
        if not there:
            path.unlink()
