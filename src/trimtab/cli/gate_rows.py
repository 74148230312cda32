"""The rows that `trimtab gate` judges a condition on: joined by id, in the fixed order."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trimtab.cli.gate_files import (
    Columns,
    answers_to,
    digest,
    named_files,
    read_costs,
    read_rows,
)
from trimtab.core.errors import ConfigError

if TYPE_CHECKING:
    import polars as pl

    from trimtab.gates.condition import Condition

SIDES = {"n": "new", "o": "old", "baseline": "baseline"}


@dataclass(frozen=True, slots=True)
class GateSources:
    """Where the rows and the answers to them are, as the options say."""

    labels: str
    models: Mapping[str, str | None]
    cases: tuple[str, ...]
    costs: str | None
    columns: Columns
    project: Path | None


@dataclass(frozen=True, slots=True, eq=False)
class GateRows:
    """A test set in its fixed order, and what the models answered.

    `fingerprint` is that of the ids; `names` stand for the answers of each side for ever.
    """

    fingerprint: str
    rows: "pl.DataFrame"
    models: Mapping[str, Any]
    cases: Mapping[str, Any]
    costs: dict[tuple[Any, Any], float] | None
    names: Mapping[str, str]

    @property
    def evidence(self) -> dict[str, Any]:
        """The arguments of `gate_decide` and `label_next`, but for unit cases."""
        return {
            "labels": self.rows["_label"],
            "new": self.models["n"],
            "old": self.models.get("o"),
            "baseline": self.models.get("baseline"),
            "rows": self.rows,
            "costs": self.costs,
        }


def read_gate_rows(sources: GateSources, condition: "Condition") -> GateRows:
    """Read labels and answers, join them by id, and put them in the order of the test set.

    Where the condition names a baseline and none is given, it is the best constant answer to
    the labels, which `gate_decide` finds on the rows that count; it refuses that where a
    constant fitted to the labels would break the promise (`best_constant.refuse_unsound`).
    """
    from trimtab.gates.best_constant import CONSTANT

    _refuse_unused(sources, condition)
    rows, fingerprint = ordered_rows(sources)
    models: dict[str, Any] = {}
    for model, source in sources.models.items():
        if source is not None:
            models[model] = answers_to(rows, source, sources.columns, project=sources.project)
    names = {model: digest(said) for model, said in models.items()}
    if needs_constant(sources, condition):
        names["baseline"] = models["baseline"] = CONSTANT
    return GateRows(
        fingerprint=fingerprint,
        rows=rows,
        models=models,
        cases=_cases(sources, condition),
        costs=None if sources.costs is None else read_costs(sources.costs),
        names=names,
    )


def ordered_rows(sources: GateSources) -> "tuple[pl.DataFrame, str]":
    """Return the rows of the test set in its fixed order, and its fingerprint."""
    from trimtab.gates.ledger import fingerprint_of_ids
    from trimtab.gates.row_order import fixed_order

    rows = read_rows(sources.labels, sources.columns)
    fingerprint = fingerprint_of_ids(rows["_id"])
    return rows[fixed_order(rows["_id"], salt=fingerprint)], fingerprint


def needs_constant(sources: GateSources, condition: "Condition") -> bool:
    """Return whether the condition is about a baseline, and none is given."""
    named = any(variable.model == "baseline" for variable in condition.variables)
    return named and sources.models.get("baseline") is None


def _refuse_unused(sources: GateSources, condition: "Condition") -> None:
    """Refuse what was given to be looked at, and the condition is not about."""
    named = {case.name for case in condition.cases}
    unused = [f"--cases {name}" for name in named_files(sources.cases) if name not in named]
    if sources.costs is not None and all(v.metric != "cost" for v in condition.variables):
        unused.append("--costs")
    asked = {v.model for v in condition.variables} | {case.model for case in condition.cases}
    if sources.models.get("baseline") is not None and "baseline" not in asked:
        unused.append("--baseline")
    if unused:
        raise ConfigError(
            f"expected a condition that uses {' and '.join(unused)}, got `{condition}`",
            hint="Leave the option out, or add a clause: `n passes all of NAME` for --cases, "
            "`cost(n, LOW..HIGH)` for --costs, `n - baseline` for --baseline.",
        )


def _cases(sources: GateSources, condition: "Condition") -> dict[str, Any]:
    """Return the unit cases the condition asks for: labels, and what each model asked answered.

    A file of cases with a column of predictions has those of the one model that is asked; else
    its ids are looked up in the answers of each.
    """
    files = named_files(sources.cases)
    found = {}
    for name, file in files.items():
        rows = read_rows(file, sources.columns)
        asked = [case.model for case in condition.cases if case.name == name]
        own = sources.columns.prediction
        answers = {}
        for model in asked:
            source = sources.models.get(model)
            if own in rows.columns and len(set(asked)) == 1:
                answers[SIDES[model]] = rows[own]
            elif source is None:
                raise ConfigError(
                    f"expected the answers of `{SIDES[model]}` to the unit cases `{name}`, got "
                    "none",
                    hint=f"Give --{SIDES[model]}, or a column `{own}` in {file}.",
                )
            else:
                said = answers_to(rows, source, sources.columns, project=sources.project)
                answers[SIDES[model]] = said["prediction"]
        found[name] = (rows["_label"], answers)
    return found
