"""The words of a plan's explanation."""

import math

from trimtab.gates.condition import Clause, Mode, Population
from trimtab.gates.delta import Adaptivity

PROMISES: dict[Mode, str] = {
    "fp_free": "fp_free: what is unknown fails. A condition that is not true passes",
    "fn_free": "fn_free: what is unknown passes. A condition that is true fails",
}
SHARES: dict[Adaptivity, str] = {
    "none": "none: no result is seen by those who make models, so a look has {delta}/{steps}",
    "first_change": "first_change: the test set is retired at the first pass, so a look has "
    "{delta}/{steps}",
    "full": "full: one bit is seen after each look, so a look has {delta}/2^{steps}",
}
STOPPING_TELLS = (
    "The moment at which a sequential gate is decided tells more than its one bit. Whoever labels "
    "knows that moment; those who make models should not. Where that cannot be kept from them, "
    "use a method of fixed size."
)


def rows_in_words(clause: Clause) -> str:
    """Return which rows a clause is about.

    Examples
    --------
    >>> from trimtab.gates.condition_text import parse
    >>> rows_in_words(parse("n[origin=JFK] - n[origin=LGA] > 0 +/- 0.05").clauses[0])
    'rows with origin=JFK and as many rows with origin=LGA'
    >>> rows_in_words(parse("precision(n, late) > 0.7 +/- 0.05").clauses[0])
    'rows where n predicts late'
    """
    populations = dict.fromkeys(variable.population for variable in clause.variables)
    return " and as many ".join(map(_population, populations))


def beyond_reach(clause: Clause, mode: Mode) -> str:
    """Return a warning if a clause passes, or fails, whatever its estimate is; else "".

    Under `fp_free` it passes if it is true, under `fn_free` it fails if it is false.

    Examples
    --------
    >>> from trimtab.gates.condition_text import parse
    >>> beyond_reach(parse("n > 0.9 +/- 0.1").clauses[0], "fp_free")
    ' No estimate can make it true: the left side is never more than 1.'
    >>> beyond_reach(parse("n > 0.1 +/- 0.1").clauses[0], "fn_free")
    ' No estimate can make it fail: the left side is never less than 0.'
    """
    low, high = clause.range
    bound, word = clause.tolerance, "true" if mode == "fp_free" else "fail"
    upwards = (clause.sense == ">") == (mode == "fp_free")  # where the estimate has to go
    if upwards:
        bar = clause.threshold + bound
        never, always, end = high <= bar, low > bar, f"never more than {high:f}"
    else:
        bar = clause.threshold - bound
        never, always, end = low >= bar, high < bar, f"never less than {low:f}"
    if never:
        return f" No estimate can make it {word}: the left side is {end}."
    return f" Every estimate makes it {word}." if always else ""


def scientific(ln: float) -> str:
    """Return e to the power `ln`, however small that is.

    Examples
    --------
    >>> scientific(-702.3575)
    '9.3e-306'
    >>> scientific(-7000.0)
    '8.7e-3041'
    """
    power = ln / math.log(10)
    whole = math.floor(power)
    digits = f"{10 ** (power - whole):.1f}"
    return f"{digits}e{whole}" if digits != "10.0" else f"1.0e{whole + 1}"


def _population(population: Population) -> str:
    where, given = population
    parts = [f"with {' and '.join(f'{name}={value}' for name, value in where)}"] if where else []
    if given is not None and given[0] == "label":
        parts.append(f"whose label is {given[1]}")
    elif given is not None:
        parts.append(f"where {given[1]} predicts {given[2]}")
    return " ".join(["rows", *parts])
