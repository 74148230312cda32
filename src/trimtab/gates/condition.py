"""What a condition says: metrics of models, compared with a threshold that has a tolerance.

A condition is a conjunction of clauses such as `n - o > 0.02 +/- 0.01`, and of unit cases such
as `n passes all of smoke`. These records know the range of a row, the rows that a metric is a
mean over, and what an estimate makes of a clause. They hold no data; `condition_text` reads them
from text, `plan` counts the rows they need, `decide` estimates them.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, get_args

from trimtab.core.records import Record

Metric = Literal["accuracy", "brier", "cost", "recall", "precision", "error", "disagreement"]
Model = Literal["n", "o", "baseline"]
Sense = Literal[">", "<"]
Mode = Literal["fp_free", "fn_free"]
Where = tuple[tuple[str, str], ...]
Population = tuple[Where, tuple[str, ...] | None]

METRICS: tuple[Metric, ...] = get_args(Metric)
MODELS: tuple[Model, ...] = get_args(Model)
BARE = re.compile(r"[^\W\d]\w*|[0-9]+(\.[0-9]+)?")  # values that need no quotes


@dataclass(frozen=True, slots=True)
class Variable(Record):
    """A metric of one model, bounded for each row, on all rows or on a slice of them.

    ===================== ===================================================================
    `accuracy`            share of rows predicted right; written `n` or `accuracy(n)`
    `disagreement`        share of rows where `n` and `o` predict differently; written `d`
    `recall`              accuracy over the rows whose label is `argument`
    `precision`           accuracy over the rows predicted to be `argument`
    `brier`               mean squared error of a probability
    `cost`                mean entry of a cost matrix, whose entries lie in `argument`
    `error`               mean absolute error of a number, each clipped to `argument`
    ===================== ===================================================================

    `where` holds the slice's columns and the value that each must have. Ranges belong to the
    condition and not to the data: a range looked up in the data would break every bound.
    """

    metric: Metric
    model: Model = "n"
    where: Where = ()
    argument: str | tuple[Decimal, Decimal] | None = None

    @property
    def range(self) -> tuple[Decimal, Decimal]:
        """The least and the greatest value of one row."""
        if isinstance(self.argument, tuple):
            return self.argument
        return Decimal(0), Decimal(1)

    @property
    def is_binary(self) -> bool:
        """Whether each row is 0 or 1, so that the sum over rows is binomial."""
        return self.metric in ("accuracy", "recall", "precision", "disagreement")

    @property
    def population(self) -> Population:
        """The rows that the metric is a mean over: the slice, and what else they must be.

        The second part is None for all rows of the slice, ("label", CLASS) for recall and
        ("predicted", MODEL, CLASS) for precision.
        """
        if self.metric == "recall":
            return self.where, ("label", str(self.argument))
        if self.metric == "precision":
            return self.where, ("predicted", self.model, str(self.argument))
        return self.where, None

    def __str__(self) -> str:
        inner: str = "d" if self.metric == "disagreement" else self.model
        if self.where:
            pairs = ", ".join(f"{_word(name)}={_word(value)}" for name, value in self.where)
            inner += f"[{pairs}]"
        if self.metric in ("accuracy", "disagreement"):
            return inner
        if isinstance(self.argument, tuple):
            low, high = self.argument
            return f"{self.metric}({inner}, {_number(low)}..{_number(high)})"
        if self.argument is not None:
            return f"{self.metric}({inner}, {_word(self.argument)})"
        return f"{self.metric}({inner})"


@dataclass(frozen=True, slots=True)
class Term(Record):
    """A variable times a number that is not 0."""

    coefficient: Decimal
    variable: Variable

    @property
    def range(self) -> tuple[Decimal, Decimal]:
        """The least and the greatest value of one row, times the coefficient."""
        ends = [self.coefficient * end for end in self.variable.range]
        return min(ends), max(ends)

    @property
    def width(self) -> Decimal:
        """The length of the range."""
        low, high = self.range
        return high - low


@dataclass(frozen=True, slots=True)
class Clause(Record):
    """A sum of terms, compared with `threshold` give or take `tolerance`.

    With as many rows as the plan asks for, an estimate above threshold + tolerance makes
    `X > threshold` true, one below threshold - tolerance makes it false, and one between them
    leaves it unknown; `<` mirrors that.

    Examples
    --------
    >>> gain = Clause((Term(Decimal(1), Variable("accuracy")),), ">", Decimal("0.8"),
    ...               Decimal("0.05"))
    >>> gain.value(0.9), gain.value(0.84), gain.value(0.7)
    (True, None, False)
    """

    terms: tuple[Term, ...]
    sense: Sense
    threshold: Decimal
    tolerance: Decimal
    text: str = field(default="", compare=False)

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The variables, each once, in order."""
        return tuple(dict.fromkeys(term.variable for term in self.terms))

    @property
    def range(self) -> tuple[Decimal, Decimal]:
        """The least and the greatest value of the left side."""
        ends = [term.range for term in self.terms]
        return sum((low for low, _ in ends), Decimal(0)), sum((top for _, top in ends), Decimal(0))

    def value(self, left: float) -> bool | None:
        """Return whether the clause is true of an estimate of its left side; None if unknown."""
        # a Decimal and a float compare exactly: no rounding moves the limits
        if left > self.threshold + self.tolerance:
            return self.sense == ">"
        if left < self.threshold - self.tolerance:
            return self.sense == "<"
        return None

    def __str__(self) -> str:
        first, *rest = self.terms
        sides = "-" if first.coefficient < 0 else ""
        sides += _times(first)
        for term in rest:
            sides += f" {'-' if term.coefficient < 0 else '+'} {_times(term)}"
        return f"{sides} {self.sense} {_number(self.threshold)} +/- {_number(self.tolerance)}"


@dataclass(frozen=True, slots=True)
class Cases(Record):
    """A named set of cases that a model must get right: all (`at_least` None) or so many."""

    model: Model
    name: str
    at_least: int | None = None

    def __str__(self) -> str:
        count = "all" if self.at_least is None else self.at_least
        return f"{self.model} passes {count} of {_word(self.name)}"


@dataclass(frozen=True, slots=True)
class Condition(Record):
    r"""A conjunction of clauses and unit cases; `text` is what was written.

    `str(condition)` is the condition in the language's own spelling; it parses to an equal one.

    Examples
    --------
    >>> from trimtab.gates.condition_text import parse
    >>> condition = parse(r"accuracy(n)-o > .02 ± .01 /\ d < 0.1 +- 0.01")
    >>> print(condition)
    n - o > 0.02 +/- 0.01 /\ d < 0.1 +/- 0.01
    >>> [str(variable) for variable in condition.variables]
    ['n', 'o', 'd']
    """

    clauses: tuple[Clause, ...]
    cases: tuple[Cases, ...] = ()
    text: str = field(default="", compare=False)

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The variables of all clauses, each once, in order."""
        return tuple(dict.fromkeys(v for clause in self.clauses for v in clause.variables))

    def __str__(self) -> str:
        return r" /\ ".join(str(part) for part in (*self.clauses, *self.cases))


def passes(value: bool | None, mode: Mode) -> bool:
    """Return the one bit that a gate tells: what is unknown fails under `fp_free` only.

    Examples
    --------
    >>> passes(None, "fp_free"), passes(None, "fn_free"), passes(True, "fp_free")
    (False, True, True)
    """
    return mode == "fn_free" if value is None else value


def _times(term: Term) -> str:
    size = abs(term.coefficient)
    return str(term.variable) if size == 1 else f"{_number(size)} * {term.variable}"


def _number(number: Decimal) -> str:
    """Return a number without zeros at its end: 0.80 and 0.8 are one threshold."""
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _word(value: str) -> str:
    """Return a name or value as the language writes it: bare if it can be, else quoted."""
    if BARE.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
