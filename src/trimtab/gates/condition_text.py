r"""Read a condition from text.

::

    CONDITION  := PART  { ("/\" | "and") PART }
    PART       := CLAUSE | CASES
    CLAUSE     := SUM (">" | "<") NUMBER ("+/-" | "+-" | "±") NUMBER
    SUM        := PRODUCT { ("+" | "-") PRODUCT }
    PRODUCT    := one VARIABLE or "(" SUM ")", with numbers before or after it, joined by "*"
    VARIABLE   := MODEL | "d" [SLICE] | METRIC "(" MODEL ["," ARGUMENT] ")"
    MODEL      := ("n" | "o" | "baseline") [SLICE]
    SLICE      := "[" COLUMN "=" VALUE { "," COLUMN "=" VALUE } "]"
    ARGUMENT   := CLASS, for recall and precision | LOW ".." HIGH, for cost and error
    CASES      := MODEL "passes" ("all" | COUNT) "of" NAME

COLUMN, VALUE, CLASS and NAME are words, numbers or quoted text.
"""

from decimal import Decimal

from trimtab.core.errors import nearest
from trimtab.gates.condition import (
    METRICS,
    MODELS,
    Cases,
    Clause,
    Condition,
    Metric,
    Model,
    Sense,
    Term,
    Variable,
    Where,
)
from trimtab.gates.condition_tokens import MAX_DIGITS, Reader, Token, either

FUNCTIONS: tuple[Metric, ...] = tuple(name for name in METRICS if name != "disagreement")
MAX_DEPTH = 20  # brackets in brackets: Python's own stack is not the user's limit


def parse(text: str) -> Condition:
    r"""Read a condition.

    `>=` and `<=` are refused: a threshold has a tolerance, within which an estimate decides
    nothing, so they would only look as if they meant something else than `>` and `<`. Terms on
    the same variable are added up. A slice's columns may be in any order.

    Parameters
    ----------
    text : str
        For example `n - o > 0.02 +/- 0.01 /\ d < 0.1 +/- 0.01`; the module has the grammar.

    Raises
    ------
    ConfigError
        If it is no condition; the message points at the character and says what was expected.

    Examples
    --------
    >>> condition = parse("recall(n, late) - recall(o, late) > -0.01 +/- 0.02 and "
    ...                   "n[origin=JFK] > 0.8 +/- 0.05 and n passes all of smoke")
    >>> len(condition.clauses), condition.clauses[1].variables[0].where, condition.cases[0].name
    (2, (('origin', 'JFK'),), 'smoke')
    >>> print(parse("n - o > 0.02").clauses)
    Traceback (most recent call last):
    ...
    trimtab.core.errors.ConfigError: expected `+/-` and a tolerance, got the end
      n - o > 0.02
                  ^
    <BLANKLINE>
    hint: Say how far off an estimate may be, for example `n > 0.8 +/- 0.05`.
    """
    read = Reader(text)
    clauses: list[Clause] = []
    cases: list[Cases] = []
    while True:
        if read.sees(*MODELS) and read.sees("passes", ahead=1):
            cases.append(_cases(read))
        else:
            clauses.append(_clause(read))
        if read.next.kind == "end":
            return Condition(tuple(clauses), tuple(cases), text.strip())
        if not read.take("/\\", "and"):
            raise read.expected("`/\\`, `and` or the end", "Join clauses with `/\\`.")


def _clause(read: Reader) -> Clause:
    first = read.next
    terms = _merged(read, _sum(read, depth=0), first)
    if read.sees(">=", "<="):
        sign = read.next.value[0]
        hint = f"Write `{sign}`: with a tolerance the two would mean the same."
        raise read.expected(f"`{sign}`", hint)
    sense: Sense = ">" if read.need(">", "<") == ">" else "<"
    threshold = read.number("Move every metric to the left side: `n - o > 0.02 +/- 0.01`.")
    if not read.take("+/-", "+-", "±"):
        hint = "Say how far off an estimate may be, for example `n > 0.8 +/- 0.05`."
        raise read.expected("`+/-` and a tolerance", hint)
    token = read.next
    tolerance = read.number("Give a tolerance, for example `n > 0.8 +/- 0.05`.")
    if tolerance <= 0:
        hint = "No number of rows gives an estimate without error: allow one."
        raise read.wrong(token, f"expected a tolerance above 0, got {tolerance:f}", hint)
    end = read.tokens[read.place - 1].end
    return Clause(terms, sense, threshold, tolerance, text=read.text[first.start : end])


def _sum(read: Reader, depth: int) -> list[Term]:
    terms = _product(read, depth, -1 if read.take("-") else 1)
    while sign := read.take("+", "-"):
        terms += _product(read, depth, -1 if sign == "-" else 1)
    return terms


def _product(read: Reader, depth: int, sign: int) -> list[Term]:
    first, factor, terms = read.next, Decimal(sign), None
    while True:
        token = read.next
        if token.kind == "number" or (terms is not None and read.sees("-")):
            factor *= read.number("Multiply a metric by numbers: `0.5 * n`.")
            if not factor:
                hint = "Leave the metric out, or multiply it by another number."
                raise read.wrong(token, "expected a factor other than 0, got 0", hint)
        elif terms is None:
            terms = _bracket(read, depth) if read.take("(") else [_term(read)]
        else:
            hint = "No bound holds for a product of two metrics: use a sum of them."
            raise read.expected("a number after `*`", hint)
        if not read.take("*"):
            break
    if terms is None:
        hint = "Numbers multiply metrics, as in `0.5 * n`, or stand right of `>` or `<`."
        raise read.wrong(first, "expected a metric, got only a number", hint)
    return [Term(factor * term.coefficient, term.variable) for term in terms]


def _bracket(read: Reader, depth: int) -> list[Term]:
    if depth == MAX_DEPTH:
        raise read.expected(f"at most {MAX_DEPTH} brackets in one another", "Remove some.")
    terms = _sum(read, depth + 1)
    read.need(")")
    return terms


def _merged(read: Reader, terms: list[Term], first: Token) -> tuple[Term, ...]:
    """Add up the terms on the same variable: it is estimated once, with one share of delta."""
    sums: dict[Variable, Decimal] = {}
    for term in terms:
        sums[term.variable] = sums.get(term.variable, Decimal(0)) + term.coefficient
    left = tuple(Term(factor, variable) for variable, factor in sums.items() if factor)
    if not left:
        problem = "expected a metric on the left side, got terms that cancel out"
        raise read.wrong(first, problem, "Compare two different models or slices.")
    longest = max((f"{abs(term.coefficient):f}" for term in left), key=len)
    if len(longest) > MAX_DIGITS:
        problem = f"expected factors of at most {MAX_DIGITS} digits, got {longest}"
        raise read.wrong(first, problem, "Round them.")
    return left


def _term(read: Reader) -> Term:
    return Term(Decimal(1), _variable(read))


def _variable(read: Reader) -> Variable:
    if read.take("d"):
        return Variable("disagreement", where=_where(read))
    if read.sees(*MODELS):
        return Variable("accuracy", _model(read), _where(read))
    if not read.sees(*FUNCTIONS):
        known = (*MODELS, "d", *FUNCTIONS)
        raise read.expected("a metric", nearest(read.next.value, known))
    metric = FUNCTIONS[FUNCTIONS.index(read.step().value)]
    read.need("(")
    model, where = _model(read), _where(read)
    argument = _argument(read, metric)
    read.need(")")
    return Variable(metric, model, where, argument)


def _argument(read: Reader, metric: Metric) -> str | tuple[Decimal, Decimal] | None:
    if metric in ("recall", "precision"):
        if not read.take(","):
            hint = f"Write `{metric}(n, CLASS)`."
            raise read.expected(f"`,` and the class of {metric}", hint)
        return read.name("a class")
    if metric in ("cost", "error"):
        if not read.take(","):
            hint = f"Write `{metric}(n, LOW..HIGH)`: the least and the greatest of a row."
            raise read.expected(f"`,` and the range of {metric}", hint)
        return _range(read, metric)
    return None


def _range(read: Reader, metric: Metric) -> tuple[Decimal, Decimal]:
    token = read.next
    low = read.number("Give the least value that a row can have.")
    read.need("..")
    high = read.number("Give the greatest value that a row can have.")
    if not low < high:
        problem = f"expected a range that rises, got {low:f}..{high:f}"
        raise read.wrong(token, problem, "Write the lower end first: `0..10`.")
    if metric == "error" and low < 0:
        problem = f"expected a range of absolute errors, got {low:f}..{high:f}"
        raise read.wrong(token, problem, "Start at 0: an absolute error is never less.")
    return low, high


def _where(read: Reader) -> Where:
    pairs: dict[str, str] = {}
    more = bool(read.take("["))
    while more:
        token, name = read.next, read.name("a column")
        if name in pairs:
            hint = "Rows with either value are no slice: write a clause for each."
            raise read.wrong(token, f"expected each column once, got `{name}` again", hint)
        read.need("=")
        pairs[name] = read.name("a value")
        more = read.need(",", "]") == ","
    return tuple(sorted(pairs.items()))


def _model(read: Reader) -> Model:
    if not read.sees(*MODELS):
        raise read.expected(f"a model ({either(MODELS)})", nearest(read.next.value, MODELS))
    return MODELS[MODELS.index(read.step().value)]


def _cases(read: Reader) -> Cases:
    model = _model(read)
    read.step()  # `passes`
    token, count = read.next, None
    if not read.take("all"):
        hint = "Write `n passes all of NAME` or `n passes 8 of NAME`."
        if token.kind != "number" or not token.value.isdigit():
            raise read.expected("`all` or a whole number", hint)
        count = int(read.number(hint))
        if not count:
            raise read.wrong(token, "expected at least 1 case, got 0", hint)
    if not read.take("of"):
        raise read.expected("`of`", "Write `n passes all of NAME`.")
    return Cases(model, read.name("the name of a set of cases"), count)
