from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.core.errors import ConfigError
from trimtab.gates.condition import MODELS, Cases, Clause, Condition, Term, Variable
from trimtab.gates.condition_text import parse


def test_the_paper_s_condition_is_read():
    condition = parse(r"n - o > 0.02 +/- 0.01 /\ d < 0.1 +/- 0.01")

    n, o, d = (Variable("accuracy"), Variable("accuracy", "o"), Variable("disagreement"))
    gain, differ = condition.clauses
    assert gain.terms == (Term(Decimal(1), n), Term(Decimal(-1), o))
    assert (gain.sense, gain.threshold, gain.tolerance) == (">", Decimal("0.02"), Decimal("0.01"))
    assert differ.terms == (Term(Decimal(1), d),)
    assert differ.text == "d < 0.1 +/- 0.01"
    assert condition.cases == ()


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("n*2-.5*o>-1±.5", "2 * n - 0.5 * o > -1 +/- 0.5"),
        ("-n + o < 0 +- 1", "-n + o < 0 +/- 1"),
        ("2*(n - o*3)*-1 > 0 +/- 1", "-2 * n + 6 * o > 0 +/- 1"),
        ("n - (o - (n - d)) > 0 +/- 1", "2 * n - o - d > 0 +/- 1"),
        ("n\n-\to > 0 +/- 1", "n - o > 0 +/- 1"),
        ("n[b = 'two words', a=-1] > 0 +/- 1", 'n[a="-1", b="two words"] > 0 +/- 1'),
        ("n[a=01, 2=b] > -0 +/- 1.50", "n[2=b, a=01] > 0 +/- 1.5"),
        ('n["a \\"b\\" \\\\"=1] > 0 +/- 1', 'n["a \\"b\\" \\\\"=1] > 0 +/- 1'),
        ("recall(n[a=b], 1) > 0 +/- 1", "recall(n[a=b], 1) > 0 +/- 1"),
        ("precision(o, 'a') > 0 +/- 1", "precision(o, a) > 0 +/- 1"),
        ("cost(baseline, -.5..2) < 0 +/- 1", "cost(baseline, -0.5..2) < 0 +/- 1"),
        ("error(n,0..10) < 0 +/- 1", "error(n, 0..10) < 0 +/- 1"),
        ("n passes all of smoke", "n passes all of smoke"),
        ("o passes 8 of 'inc 7' and n>0+/-1", r'n > 0 +/- 1 /\ o passes 8 of "inc 7"'),
        ("d[n=n] < 1 +/- 1", "d[n=n] < 1 +/- 1"),  # words of the language are names as well
    ],
)
def test_a_condition_has_one_spelling_of_its_own(text, canonical):
    assert str(parse(text)) == canonical
    assert parse(canonical) == parse(text)


@pytest.mark.parametrize(
    ("text", "at", "expected", "hint"),
    [
        ("", 0, "a metric, got the end", "accuracy"),
        ("m - o > 0 +/- 1", 0, "a metric, got `m`", "Use one of"),
        ("recal(n, a) > 0 +/- 1", 0, "a metric, got `recal`", "`recall`"),
        ("n - bseline > 0 +/- 1", 4, "a metric, got `bseline`", "`baseline`"),
        ("n >= 0.8 +/- 0.1", 2, "`>`, got `>=`", "mean the same"),
        ("n > 0.8", 7, "`+/-` and a tolerance, got the end", "+/- 0.05"),
        ("n > 0.8 +/- 0", 12, "a tolerance above 0, got 0", "allow one"),
        ("n > 0.8 +/- -1", 12, "a tolerance above 0, got -1", "allow one"),
        ("n > o +/- 0.1", 4, "a number, got `o`", "left side"),
        ("n 0.8 +/- 0.1", 2, "`>` or `<`, got `0.8`", "for example"),
        ("0.5 > 0.8 +/- 0.1", 0, "a metric, got only a number", "0.5 * n"),
        ("n * o > 0 +/- 1", 4, "a number after `*`, got `o`", "product"),
        ("0 * n > 0 +/- 1", 0, "a factor other than 0", "Leave"),
        ("n - o + o - n > 0 +/- 1", 0, "terms that cancel out", "different"),
        ("(n - o > 0 +/- 1", 7, "`)`, got `>`", "for example"),
        ("recall(n) > 0 +/- 1", 8, "`,` and the class of recall, got `)`", "recall(n, CLASS)"),
        ("cost(n) > 0 +/- 1", 6, "`,` and the range of cost, got `)`", "LOW..HIGH"),
        ("error(n, 5..1) > 0 +/- 1", 9, "a range that rises, got 5..1", "0..10"),
        ("error(n, -5..1) > 0 +/- 1", 9, "absolute errors", "Start at 0"),
        ("brier(d) > 0 +/- 1", 6, "a model (`n`, `o` or `baseline`), got `d`", "Use one of"),
        ("n[a=1, a=2] > 0 +/- 1", 7, "each column once", "a clause for each"),
        ("n[a] > 0 +/- 1", 3, "`=`, got `]`", "for example"),
        ("n[a='b > 0 +/- 1", 4, "a closing '", "Add '"),
        ("n > 0 +/- 1 n > 0 +/- 1", 12, "`/\\`, `and` or the end, got `n`", "Join"),
        ("n > 0 +/- 1 & d < 1 +/- 1", 12, "got `&`", "`and`"),
        ("n > 0 +/- 1 /\\", 14, "a metric, got the end", "accuracy"),
        ("n passes most of smoke", 9, "`all` or a whole number, got `most`", "passes all"),
        ("n passes 0 of smoke", 9, "at least 1 case, got 0", "passes"),
        ("n passes 1.5 of smoke", 9, "`all` or a whole number, got `1.5`", "passes"),
        ("n passes all smoke", 13, "`of`, got `smoke`", "of NAME"),
        ("n > 0.1234567890123456789 +/- 1", 4, "at most 18 digits", "Round"),
        ("(" * 50 + "n", 21, "at most 20 brackets", "Remove"),
        ("n > 0;8 +/- 1", 5, "got `;`", "for example"),
    ],
)
def test_an_error_points_at_the_character_and_says_what_was_expected(text, at, expected, hint):
    with pytest.raises(ConfigError) as caught:
        parse(text)

    problem, shown, caret = caught.value.problem.split("\n")
    assert expected in problem
    assert shown == f"  {text}"
    assert caret == f"  {' ' * at}^"
    assert hint in caught.value.hint
    assert caught.value.context["position"] == at


def test_a_condition_of_many_lines_is_shown_on_one_with_the_caret_in_place():
    with pytest.raises(ConfigError) as caught:
        parse("n > 0.8 +/- 0.1\n\tand m < 1 +/- 1")

    _, shown, caret = caught.value.problem.split("\n")
    assert shown[caret.index("^")] == "m"


numbers = st.decimals(
    min_value=-1000, max_value=1000, allow_nan=False, allow_infinity=False, places=6
)
positive = numbers.filter(lambda number: number > 0)
names = st.text(min_size=1, max_size=6) | st.sampled_from(["n", "d", "all", "and", "01", "-1"])
wheres = st.dictionaries(names, names | st.just(""), max_size=3).map(
    lambda pairs: tuple(sorted(pairs.items()))
)
models = st.sampled_from(MODELS)
ranges = st.tuples(numbers, positive).map(lambda pair: (pair[0], pair[0] + pair[1]))
variables = (
    st.builds(Variable, st.sampled_from(["accuracy", "brier"]), models, wheres)
    | st.builds(Variable, st.just("disagreement"), st.just("n"), wheres)
    | st.builds(Variable, st.sampled_from(["recall", "precision"]), models, wheres, names)
    | st.builds(Variable, st.just("cost"), models, wheres, ranges)
    | st.builds(
        Variable, st.just("error"), models, wheres, st.tuples(st.just(Decimal(0)), positive)
    )
)
clauses = st.builds(
    Clause,
    st.lists(
        st.builds(Term, numbers.filter(bool), variables),
        min_size=1, max_size=4, unique_by=lambda term: term.variable,
    ).map(tuple),
    st.sampled_from([">", "<"]),
    numbers,
    positive,
)  # fmt: skip
case_sets = st.builds(Cases, models, names, st.none() | st.integers(1, 10**6))
conditions = st.builds(
    Condition,
    st.lists(clauses, min_size=1, max_size=3).map(tuple),
    st.lists(case_sets, max_size=2).map(tuple),
)


@given(conditions)
def test_what_is_printed_reads_back_the_same(condition):
    assert parse(str(condition)) == condition


pieces = st.sampled_from(
    ["n", "o", "d", "baseline", "recall", "cost", "(", ")", "[", "]", ",", "=", "..", ".", "0",
     "0.5", "-", "+", "*", "+/-", "±", ">", "<", ">=", "/\\", "and", "passes", "all", "of", "x",
     "'", '"', " ", "\\", "1e5", "²", "\n", "٣"]
)  # fmt: skip


@settings(max_examples=500)
@given(st.text() | st.lists(pieces, max_size=15).map(" ".join) | st.lists(pieces).map("".join))
def test_any_text_is_read_or_refused_with_a_place(text):
    condition, place = read_or_place(text)

    assert (place is None) or 0 <= place <= len(text)
    assert condition is None or parse(str(condition)) == condition


@given(conditions, st.data())
def test_a_condition_with_one_character_changed_is_read_or_refused(condition, data):
    text = str(condition)
    at = data.draw(st.integers(0, len(text) - 1))
    mark = data.draw(st.sampled_from(list("no d0.1()[]=,+-*/><'\"\\x")) | st.just(""))
    changed, _ = read_or_place(text[:at] + mark + text[at + 1 :])

    assert changed is None or parse(str(changed)) == changed


def read_or_place(text):
    """Return the condition that a text is, or the place where it is none."""
    try:
        return parse(text), None
    except ConfigError as error:
        return None, error.context["position"]
