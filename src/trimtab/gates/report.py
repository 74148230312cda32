"""A verdict as other people's CI reads it: JUnit XML, and Markdown for a pull request.

Both say no more than may be told (`report_parts`). By default that is the outcome: two verdicts
with the same outcome give the same report, whatever their estimates are.
"""

import re
from xml.etree import ElementTree

from trimtab.core.records import Verdict
from trimtab.gates.report_parts import (
    Shown,
    case_part,
    cases_of,
    clauses_of,
    has_parts,
    interval,
    lacks,
    next_step,
    number,
    outcome_in_words,
    parts,
    properties,
    told_outcome,
    told_reason,
    whole,
)

SUITE = "trimtab.gate"
TAGS = {"fail": "failure", "not enough data": "error", None: "skipped"}
# What XML 1.0 cannot hold, not even as a reference.
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(
    verdict: Verdict | None,
    *,
    shown: Shown = "outcome",
    condition: str = "",
    left: int | None = None,
) -> str:
    """Return a verdict as a JUnit test suite, one test case for each thing that may be told.

    What does not hold is a `failure`, what cannot be decided yet an `error`, and a result that
    went to a third party is `skipped`. The reason stands both in the attribute `message`, which
    Jenkins shows, and in the text of the element, which GitLab shows. Names of test cases are
    unique, because GitLab drops doubles. There are no times: nothing was run.

    Parameters
    ----------
    verdict : Verdict or None
        From `gate_decide`; None if it went to a third party.
    shown : {"nothing", "outcome", "evidence"}, default="outcome"
        What may be told. `outcome`: one test case for the condition as a whole, since a result
        for each clause would tell more than the one bit that was paid for. `evidence`: one for
        each clause, with estimates; for a retired test set or the third party. To show more
        than the ledger revealed breaks its promise. Unit cases are always shown.
    condition : str, default=""
        Its text; needed only without a verdict.
    left : int, optional
        Looks that are left on this test set.

    Returns
    -------
    str
        The document, valid against the schema of Jenkins' xUnit plugin (junit-10).

    Examples
    --------
    >>> verdict = Verdict("pass", "n - o > 0.02 +/- 0.01", "", {}, {}, 5496, "hoeffding", 1e-6)
    >>> print(junit_xml(verdict, left=31))
    <?xml version='1.0' encoding='utf-8'?>
    <testsuites tests="1" failures="0" errors="0">
      <testsuite name="trimtab.gate" tests="1" failures="0" errors="0" skipped="0">
        <properties>
          <property name="condition" value="n - o &gt; 0.02 +/- 0.01" />
          <property name="outcome" value="pass" />
          <property name="looks left" value="31" />
        </properties>
        <testcase name="n - o &gt; 0.02 +/- 0.01" classname="trimtab.gate" />
      </testsuite>
    </testsuites>
    <BLANKLINE>
    """
    told = parts(verdict, shown, condition)
    count = [part.outcome for part in told].count
    totals = {
        "tests": str(len(told)),
        "failures": str(count("fail")),
        "errors": str(count("not enough data")),
    }
    root = ElementTree.Element("testsuites", totals)
    suite = ElementTree.SubElement(
        root, "testsuite", {"name": SUITE, **totals, "skipped": str(count(None))}
    )
    facts = ElementTree.SubElement(suite, "properties")
    for name, value in properties(verdict, shown, condition, left).items():
        ElementTree.SubElement(facts, "property", {"name": _clean(name), "value": _clean(value)})
    for part, name in zip(told, _unique([part.name for part in told]), strict=True):
        case = ElementTree.SubElement(suite, "testcase", {"name": name, "classname": SUITE})
        if part.outcome != "pass":
            message = _clean(part.says)
            reason = {"message": message, "type": part.outcome or "withheld"}
            ElementTree.SubElement(case, TAGS[part.outcome], reason).text = message
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document.decode() + "\n"


def markdown(
    verdict: Verdict | None,
    *,
    shown: Shown = "outcome",
    condition: str = "",
    left: int | None = None,
) -> str:
    """Return a verdict as a short page of Markdown, for a pull request or a job's summary.

    It gives the outcome, a table of what may be told, the looks that are left, and what to do
    next. Text from outside stands in code spans, so that nothing in it is read as Markdown.

    Parameters
    ----------
    verdict : Verdict or None
        From `gate_decide`; None if it went to a third party.
    shown : {"nothing", "outcome", "evidence"}, default="outcome"
        What may be told, as for `junit_xml`.
    condition : str, default=""
        Its text; needed only without a verdict.
    left : int, optional
        Looks that are left on this test set.

    Returns
    -------
    str
        GitHub-flavoured Markdown, which GitLab reads too.

    Examples
    --------
    >>> verdict = Verdict("fail", "n - o > 0.02 +/- 0.01", "", {}, {}, 5496, "hoeffding", 1e-6)
    >>> print(markdown(verdict, left=3))
    ### Gate: fail
    <BLANKLINE>
    `n - o > 0.02 +/- 0.01`
    <BLANKLINE>
    The condition was not shown to hold.
    <BLANKLINE>
    **Looks left on this test set:** 3
    <BLANKLINE>
    **Next:** improve the model on development data, then look again with the new commit.
    <BLANKLINE>
    """
    outcome = told_outcome(verdict, shown)
    name = whole(verdict, shown, condition).name
    said = outcome_in_words(verdict, shown)
    lines = [f"### Gate: {outcome or 'not shown here'}", "", _code(name), "", said]
    tabled = clauses_of(verdict) if outcome == "not enough data" else has_parts(verdict)
    if not tabled and (reason := told_reason(verdict, shown)):
        lines += ["", _plain(reason)]
    lines += _clause_table(verdict, shown)
    cases = [case_part(case) for case in cases_of(verdict)]
    lines += _table("Unit cases | Result | Found", [
        [_cell(case.name), str(case.outcome), case.says] for case in cases
    ])  # fmt: skip
    if verdict is not None and shown == "evidence":
        lines += _table("Quantity | Estimate | Interval", [
            [_cell(name), number(value), interval(verdict.intervals.get(name))]
            for name, value in verdict.estimates.items()
        ])  # fmt: skip
        lines += ["", f"Method {_code(verdict.method)}, delta of this look {verdict.delta:.3g}."]
    if left is not None:
        lines += ["", f"**Looks left on this test set:** {left:,}"]
    return "\n".join([*lines, "", f"**Next:** {next_step(outcome, left)}", ""])


def _clause_table(verdict: Verdict | None, shown: Shown) -> list[str]:
    """Return a table of clauses: what each needs, what it lacks, and with evidence what it is."""
    rows = []
    waits = told_outcome(verdict, shown) == "not enough data"
    for clause in clauses_of(verdict):
        row = [
            _cell(clause["clause"]), _cell(clause["rows_of"]), f"{clause['samples']:,}",
            f"{clause['labels']:,}",
        ]  # fmt: skip
        if waits:
            row.append(lacks(clause))
        if shown == "evidence":
            row += [
                clause["outcome"], clause["value"],
                number(clause["estimate"]), interval(clause["interval"]),
                f"{clause['rows_used']:,}", f"{clause['labels_used']:,}", _plain(clause["note"]),
            ]  # fmt: skip
        rows.append(row)
    heads = "Clause | Rows | How many are needed | Labels among them, at most"
    if waits:
        heads += " | Missing"
    if shown == "evidence":
        heads += " | Result | Value | Estimate | Interval | Rows used | Labels used | Note"
    return _table(heads, rows)


def _table(heads: str, rows: list[list[str]]) -> list[str]:
    """Return a table of Markdown, with an empty line above; nothing for no rows."""
    if not rows:
        return []
    rule = " | ".join("---" for _ in heads.split("|"))
    return ["", *(f"| {line} |" for line in (heads, rule, *map(" | ".join, rows)))]


def _unique(names: list[str]) -> list[str]:
    """Return names that XML can hold, each once: doubles get a number."""
    given: list[str] = []
    for name in map(_clean, names):
        number_of, unique = 1, name
        while unique in given:
            number_of += 1
            unique = f"{name} ({number_of})"
        given.append(unique)
    return given


def _clean(text: str) -> str:
    return FORBIDDEN.sub("\ufffd", text)


def _cell(text: str) -> str:
    """Return text as a code span in a cell of a table."""
    return _code(text).replace("|", "\\|")


def _code(text: str) -> str:
    """Return text as a code span; backticks in it do not end it."""
    line = " ".join(_clean(text).split())
    if not line:
        return ""
    fence = "`" * (max(map(len, re.findall("`+", line)), default=0) + 1)
    pad = " " if line[:1] == "`" or line[-1:] == "`" else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def _plain(text: str) -> str:
    """Return text in which no character is Markdown or HTML, and `@` calls nobody."""
    line = " ".join(_clean(text).split())
    return re.sub(r"([\\`*_\[\]<>|~#&!])", r"\\\1", line).replace("@", "@\u200b")
