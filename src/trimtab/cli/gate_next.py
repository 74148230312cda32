"""The rows that `trimtab gate label-next` names, and how many more there are."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trimtab.cli.gate_condition import Promise, opened_set
from trimtab.cli.gate_ledger import open_ledger
from trimtab.cli.gate_rows import GateSources, ordered_rows, read_gate_rows

if TYPE_CHECKING:
    import polars as pl

    from trimtab.gates.judge_clause import ClauseJudgement
    from trimtab.gates.plan import GatePlan


@dataclass(frozen=True, slots=True, eq=False)
class NextRows:
    """Rows to label, with all their columns, the most urgent first.

    `short` says which rows the test set lacks altogether, such as `1,512 more rows`; "" if none.
    """

    rows: "pl.DataFrame"
    short: str

    def in_words(self, named: int) -> str:
        """Return what is said to the person at the terminal, of whom `named` rows are asked."""
        if self.rows.height:
            said = f"{named:,} of {self.rows.height:,} rows that may still need a label."
        elif self.short:
            said = "No row: all that count are labelled."
        else:
            said = "No row: more labels would not change the verdict."
        more = f" The plan asks for {self.short}: take a larger test set."
        return said + more * bool(self.short)


def next_labels(promise: Promise, sources: GateSources, *, ledger: str | None) -> NextRows:
    """Return all rows that the verdict may still need labels of, the most urgent first.

    With a ledger the budget that the test set was opened with is the plan's. Unit cases are left
    aside: they have their labels.
    """
    from trimtab.gates.label_next import label_next

    _, fingerprint = ordered_rows(sources)
    opened = None
    if ledger is not None or sources.project is not None:
        project = sources.project if ledger is None else None
        opened = opened_set(open_ledger(ledger, project, create=False), fingerprint)
    plan = promise.settled(opened)
    found = read_gate_rows(sources, plan.condition)
    places = label_next(plan, **found.evidence, n=max(found.rows.height, 1))
    return NextRows(found.rows[places], _short(plan, found.evidence) or "")


def _short(plan: "GatePlan", evidence: dict[str, Any]) -> str | None:
    """Return in words the rows that the clause which lacks most of them lacks.

    It is "" where none are lacking, and None where the verdict stands.
    """
    from trimtab.gates.decide import clause_judgements, rows_of

    judged, outcome = clause_judgements(plan, rows_of(plan, **evidence))
    if outcome != "not enough data":
        return None
    most = max((one for one in judged if not one.decided), key=_lacking)
    return f"{most.lacking_rows:,} more {most.rows_of}" if most.lacking_rows else ""


def _lacking(one: "ClauseJudgement") -> int:
    return one.lacking_rows
