"""How many rows one clause of a condition needs, by each of the fixed-size bounds.

Each function returns a `Bound`, or the reason (a string) why its method cannot treat the clause.
All of them are one-sided in what they promise: under `fp_free` a clause that is not true passes
with probability at most delta, under `fn_free` a true one fails with probability at most delta.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from trimtab.core.errors import ConfigError
from trimtab.gates.condition import Clause, Population, Where
from trimtab.stats.test_set_bounds import bennett_exponent, binomial_samples

# Metrics whose row has the same value for two models that predict the same.
_OF_PREDICTIONS = ("accuracy", "recall", "cost", "error")
_MOST_EXACT_ROWS = 20_000_000  # above this the exact tail takes seconds, and gains few rows


@dataclass(frozen=True, slots=True)
class Share:
    """What one clause may spend, and what is known of the disagreement of the two models.

    `limits` maps the rows of the condition's own clauses `d < A` to A: if d is A or more, the
    condition is not true, and that clause finds it out at its own share of delta. `known` is a
    bound for all rows that is assumed from outside.
    """

    ln_delta: float
    limits: Mapping[Where, Decimal] = field(default_factory=dict)
    known: Decimal | None = None

    def disagreement(self, clause: Clause) -> Decimal | None:
        """Return the largest share of rows where the two sides of a gain differ, if bounded."""
        populations = {term.variable.population for term in clause.terms}
        models = {term.variable.model for term in clause.terms}
        if gain_width(clause) is None or models != {"n", "o"} or len(populations) != 1:
            return None
        where, given = populations.pop()
        if given is not None:
            return None  # d over all rows says nothing of d over the rows of a class
        bounds = [self.limits[where]] if where in self.limits else []
        if self.known is not None and not where:
            bounds.append(self.known)
        return min(bounds, default=None)

    def is_tested(self, clause: Clause, limit: Decimal | None) -> bool:
        """Return whether a clause of the condition itself tests that limit."""
        return limit is not None and limit == self.limits.get(clause.variables[0].where)


@dataclass(frozen=True, slots=True)
class Bound:
    """Rows of each of the clause's populations, and in words where the number comes from."""

    method: str
    samples: int
    note: str
    assumes: Decimal | None = None


def best_bound(clause: Clause, share: Share) -> Bound:
    """Return the valid bound with the fewest rows; labels are the same share of any of them."""
    best, other = hoeffding(clause, share), bennett(clause, share)
    if isinstance(other, Bound) and other.samples < best.samples:
        best = other
    if _exact_needs_more(clause, share, best.samples):  # the dearest to compute, so asked last
        return best
    other = exact(clause, share)
    return other if isinstance(other, Bound) and other.samples < best.samples else best


def named_bound(clause: Clause, share: Share, method: str) -> Bound:
    """Return the bound of one method, or raise a ConfigError that says why there is none."""
    bound = _METHODS[method](clause, share)
    if isinstance(bound, str):
        raise ConfigError(
            f"expected a clause that method `{method}` can treat, got `{clause}`: {bound}",
            hint="Use method `auto`: it takes the best valid bound of each clause.",
            clause=str(clause),
        )
    return bound


def hoeffding(clause: Clause, share: Share) -> Bound:
    r"""Count rows by Hoeffding's inequality, as ease.ml/ci does.

    For k terms with factors :math:`c_i` and ranges of width :math:`r_i` the tolerance is split
    so that all need as many rows, :math:`\epsilon_i \propto |c_i| r_i`, and each gets delta / k:
    :math:`N = (\sum |c_i| r_i)^2 \ln(k / \delta) / (2 \epsilon^2)`. It holds for any bounded
    metric and is the dearest.
    """
    terms = len(clause.terms)
    ratio = float(sum(term.width for term in clause.terms) / clause.tolerance)
    log = math.log(terms) - share.ln_delta
    note = "Hoeffding's inequality, one-sided"
    if terms > 1:
        note += f"; the tolerance is split over {terms} terms, each with delta/{terms}"
    return Bound("hoeffding", math.ceil(ratio * ratio * log / 2), note)


def exact(clause: Clause, share: Share) -> Bound | str:
    """Count rows by the exact binomial tail, for shares of rows; several are split as above."""
    epsilon = _exact_epsilon(clause)
    if isinstance(epsilon, str):
        return epsilon
    if hoeffding(clause, share).samples > _MOST_EXACT_ROWS:
        return f"exact tails are computed up to {_MOST_EXACT_ROWS:,} rows"
    terms = len(clause.terms)
    note = "Exact binomial tail at the worst share, one-sided"
    if terms > 1:
        note += f"; the tolerance is split over {terms} terms, each with delta/{terms}"
    log = share.ln_delta - math.log(terms)
    return Bound("exact", binomial_samples(epsilon, ln_delta=log), note)


def _exact_needs_more(clause: Clause, share: Share, rows: int) -> bool:
    """Return whether the exact bound surely asks for more than so many rows.

    One tail is enough to know: the exact bound is the least number from which on all tails are
    small enough, so it is larger than any number that has a tail which is not. Tails too small
    for a floating-point number tell nothing.
    """
    from scipy.special import bdtrc

    epsilon = _exact_epsilon(clause)
    if isinstance(epsilon, str) or rows < 1:
        return True
    count = math.ceil(rows * (0.5 + epsilon / 2))
    chance = count / rows - epsilon
    log = share.ln_delta - math.log(len(clause.terms))
    return 0 < chance < 1 and bool(bdtrc(count - 1, rows, chance) > math.exp(log))


def bennett(clause: Clause, share: Share) -> Bound | str:
    r"""Count rows by Bennett's inequality, where a row's value is known to vary little.

    A gain such as `n - o` is 0 on rows where both models predict the same. With their share
    bounded by p, its square has a mean of at most p (pattern 1 of ease.ml/ci):
    :math:`N = \ln(2 / \delta) / (p\, h(\epsilon / p))`. That is two-sided and rounded to the
    nearest row, as the paper prints it; the promise is one-sided and asks for less, so the half
    row is not missed. A share alone, such as `n > A` or `d < A`, errs most easily when it is
    exactly A, with variance A(1 - A): one-sided, and short for A near 0 or 1. That bounds the
    chance of a wrong decision only; the estimate of a share far from A may be further off.
    """
    width = gain_width(clause)
    if width is not None:
        limit = share.disagreement(clause)
        if limit is None:
            return _NO_LIMIT
        exponent = bennett_exponent(float(clause.tolerance / width), float(limit))
        needed = math.ceil(-share.ln_delta / exponent)
        samples = max(needed, round((math.log(2) - share.ln_delta) / exponent))
        note = (
            "Bennett's inequality, two-sided with delta/2 each way, for models that differ on at "
            f"most {limit:f} of the rows"
        )
        return Bound("bennett", samples, note, limit)
    if len(clause.terms) > 1 or not clause.variables[0].is_binary:
        return "Bennett's inequality is for a gain of `n` over `o`, or for one share of rows"
    factor = clause.terms[0].coefficient
    level = clause.threshold / factor
    if not 0 < level < 1:
        return f"a share is never {level:f}, so its variance there says nothing"
    exponent = bennett_exponent(float(clause.tolerance / abs(factor)), float(level * (1 - level)))
    note = f"Bennett's inequality, one-sided, for a share of {level:f}"
    return Bound("bennett", math.ceil(-share.ln_delta / exponent), note)


def gain_width(clause: Clause) -> Decimal | None:
    """Return the largest gain of one row, if the clause is on the gain of one model over another.

    Such a row is 0 where both predict the same, so it needs a label only where they differ.
    """
    if len(clause.terms) != 2:
        return None
    first, second = clause.terms
    same = first.variable.population == second.variable.population
    alike = (first.variable.metric, first.variable.argument) == (
        second.variable.metric,
        second.variable.argument,
    )
    if not (same and alike and first.variable.metric in _OF_PREDICTIONS):
        return None
    return first.width if first.coefficient == -second.coefficient else None


def labels_needed(needs: Sequence[tuple[Clause, int]], share: Share) -> int:
    """Return the labels that clauses with so many rows need together, at most.

    A row that several clauses are about is labelled once. Slices and classes are counted apart,
    as if no row were in two of them.
    """
    every: dict[Population, int] = {}
    some: dict[Population, int] = {}
    for clause, samples in needs:
        if share.disagreement(clause) is None:
            for variable in clause.variables:
                if variable.metric != "disagreement":
                    rows = variable.population
                    every[rows] = max(samples, every.get(rows, 0))
    for clause, samples in needs:
        limit = share.disagreement(clause)
        if limit is not None:  # only rows where the models differ
            rows = clause.variables[0].population
            more = math.ceil(max(samples - every.get(rows, 0), 0) * limit)
            some[rows] = max(more, some.get(rows, 0))
    return sum(every.values()) + sum(some.values())


def _exact_epsilon(clause: Clause) -> float | str:
    """Return the tolerance of each term, or why exact tails do not apply."""
    if not all(variable.is_binary for variable in clause.variables):
        return "the exact tail is for shares of rows: accuracy, recall, precision and d"
    epsilon = float(clause.tolerance / sum(abs(term.coefficient) for term in clause.terms))
    return epsilon if epsilon < 1 else "a tolerance of the whole range asks for no rows"


_NO_LIMIT = (
    "Bennett's inequality needs a bound on the share of rows where the models differ: a clause "
    "such as `d < 0.1 +/- 0.01` on the same rows, or `disagreement`"
)

_METHODS: dict[str, Callable[[Clause, Share], Bound | str]] = {
    "hoeffding": hoeffding,
    "bennett": bennett,
    "exact": exact,
}
