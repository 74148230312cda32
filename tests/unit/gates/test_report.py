import re
from dataclasses import replace
from html import escape
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from trimtab.core.records import Verdict
from trimtab.gates.decide import gate_decide
from trimtab.gates.plan import gate_plan
from trimtab.gates.report import junit_xml, markdown

# What junit-10.xsd of Jenkins' xUnit plugin allows: attributes (needed ones first) and children.
ALLOWED = {
    "testsuites": ([], ["name", "time", "tests", "failures", "errors"], ["testsuite"]),
    "testsuite": (
        ["name", "tests", "failures", "errors"],
        ["group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log",
         "url"],
        ["testsuite", "properties", "testcase", "system-out", "system-err"],
    ),
    "properties": ([], [], ["property"]),
    "property": (["name", "value"], [], []),
    "testcase": (
        ["name"], ["time", "classname", "group"],
        ["skipped", "error", "failure", "system-out", "system-err"],
    ),
    "failure": ([], ["type", "message"], []),
    "error": ([], ["type", "message"], []),
    "skipped": ([], ["type", "message"], []),
}  # fmt: skip
MARKDOWN = MarkdownIt("gfm-like", {"linkify": False})
TEXT = {"failure", "error", "skipped"}
CONDITION = r"n - o > 0.02 +/- 0.08 /\ d < 0.7 +/- 0.1 /\ n passes 2 of smoke"


def check(document):
    """Refuse what the schema would, and return the test cases by name."""
    root = ElementTree.fromstring(document.encode())
    assert root.tag == "testsuites"
    for element in root.iter():
        needed, optional, children = ALLOWED[element.tag]
        assert set(needed) <= set(element.attrib) <= {*needed, *optional}
        assert all(child.tag in children for child in element)
        assert element.tag in TEXT or not (element.text or "").strip()
        assert not (element.tail or "").strip()
    (suite,) = root
    cases = suite.findall("testcase")
    for tag, key in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        assert suite.get(key) == str(len(suite.findall(f"testcase/{tag}")))
    assert suite.get("tests") == root.get("tests") == str(len(cases))
    by_name = {case.get("name"): case for case in cases}
    assert len(by_name) == len(cases), "GitLab drops test cases of the same name"
    return by_name


def result(case):
    return case[0].tag if len(case) else "pass"


def decided(*, new_wrong=0.1, rows=40_000, smoke=("cat", "cat", "dog"), mode="fp_free"):
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, rows)
    new, old = (np.where(rng.random(rows) < wrong, 1 - truth, truth) for wrong in (new_wrong, 0.3))
    plan = gate_plan(CONDITION, reliability="0.99", steps=8, mode=mode)
    cases = {"smoke": (["cat", "cat", "cat"], list(smoke))}
    return gate_decide(plan, truth, new, old, cases=cases)


@pytest.fixture(scope="module")
def passed():
    return decided()


@pytest.fixture(scope="module")
def failed():
    return decided(new_wrong=0.3)


@pytest.fixture(scope="module")
def waiting():
    return decided(rows=500)


def test_a_pass_is_one_test_case_that_holds_beside_the_unit_cases(passed):
    cases = check(junit_xml(passed, left=7))

    assert list(cases) == [CONDITION, "n passes 2 of smoke"]
    assert [result(case) for case in cases.values()] == ["pass", "pass"]


def test_a_fail_is_a_failure_whose_reason_stands_where_each_reader_looks(failed):
    (case, _) = check(junit_xml(failed)).values()

    assert result(case) == "failure"
    assert case[0].get("message") == case[0].text == "The condition was not shown to hold."


def test_unit_cases_fail_by_themselves():
    cases = check(junit_xml(decided(smoke=("cat", "dog", "dog"))))

    failure = cases["n passes 2 of smoke"][0]
    assert failure.tag == "failure"
    assert failure.text == "1 of 3 right, 2 needed; wrong in row 2, 3"


def test_too_few_labels_are_an_error_that_says_how_many(waiting):
    assert waiting.outcome == "not enough data"

    (case, _) = check(junit_xml(waiting)).values()

    assert result(case) == "error"
    assert "more" in case[0].text
    assert "label-next" in markdown(waiting)
    assert "missing" in markdown(waiting)


def test_with_evidence_each_clause_is_a_test_case(failed):
    cases = check(junit_xml(failed, shown="evidence"))

    clauses = failed.detail["clauses"]
    assert list(cases) == [*(c["clause"] for c in clauses), "n passes 2 of smoke"]
    assert [result(case) for case in cases.values()] == ["failure", "pass", "pass"]
    estimate = f"{clauses[0]['estimate']:.4g}"
    assert estimate in cases[clauses[0]["clause"]][0].text
    assert estimate in markdown(failed, shown="evidence")


def test_a_condition_of_unit_cases_alone_is_shown_once_with_evidence():
    plan = gate_plan("n passes all of smoke")
    verdict = gate_decide(plan, [1], [1], cases={"smoke": ([1, 0], [1, 1])})

    cases = check(junit_xml(verdict, shown="evidence"))

    assert {name: result(case) for name, case in cases.items()} == {
        "n passes all of smoke": "failure"
    }


def test_a_clause_that_was_not_looked_at_is_skipped():
    verdict = decided(smoke=("dog", "dog", "dog"))

    cases = check(junit_xml(verdict, shown="evidence"))

    assert [result(case) for case in cases.values()] == ["skipped", "skipped", "failure"]
    assert "not looked at" in next(iter(cases.values()))[0].text


@pytest.mark.parametrize("mode", ["fp_free", "fn_free"])
def test_an_unknown_clause_counts_as_the_mode_says(mode):
    verdict = decided(new_wrong=0.28, mode=mode)
    first = verdict.detail["clauses"][0]
    assert first["value"] == "unknown"

    cases = check(junit_xml(verdict, shown="evidence"))

    assert result(cases[first["clause"]]) == ("pass" if mode == "fn_free" else "failure")


def test_a_result_of_a_third_party_is_skipped(passed):
    (case,) = check(junit_xml(None, shown="nothing", condition="n > 0.8 +/- 0.1")).values()

    assert (case.get("name"), result(case)) == ("n > 0.8 +/- 0.1", "skipped")
    assert "not shown here" in markdown(None, condition="n > 0.8 +/- 0.1")
    assert result(check(junit_xml(passed, shown="nothing"))[CONDITION]) == "skipped"


def test_a_test_set_that_is_used_up_asks_for_a_fresh_one(passed):
    assert "`trimtab gate ledger open`" in markdown(passed, left=0)
    assert "promote" in markdown(passed, left=1)


def test_a_verdict_on_mean_loss_is_reported_too():
    verdict = Verdict(
        "fail", "loss gain > 0", "gain 0.01 (-0.1 to 0.2)", {"gain": 0.01},
        {"gain": (-0.1, 0.2)}, 900, "blocks", 0.0125,
    )  # fmt: skip

    (case,) = check(junit_xml(verdict, shown="evidence")).values()

    assert "gain 0.01" in case[0].text
    assert "| `gain` | 0.01 | -0.1 to 0.2 |" in markdown(verdict, shown="evidence")
    assert "0.01" not in junit_xml(verdict) + markdown(verdict)


# What a look must not tell beyond its outcome: all of it depends on the values of labels.
numbers = st.floats(-1, 1)
secrets = st.fixed_dictionaries(
    {
        "value": st.sampled_from(["true", "false", "unknown"]),
        "outcome": st.sampled_from(["pass", "fail", "not enough data"]),
        "lacking_labels": st.integers(0, 10_000),
        "decided": st.booleans(),
        "estimate": numbers,
        "interval": st.tuples(numbers, numbers),
        "margin": numbers,
        "rows_used": st.integers(0, 10_000),
        "labels_used": st.integers(0, 10_000),
        "note": st.text(),
        "estimates": st.just({}),
        "intervals": st.just({}),
    }
)


@pytest.mark.parametrize("outcome", ["pass", "fail"])
@given(st.tuples(secrets, secrets), st.text(), numbers, st.integers(0, 10_000))
def test_two_verdicts_of_one_outcome_give_the_same_report(passed, outcome, found, reason, x, n):
    clauses = [{**c, **s} for c, s in zip(passed.detail["clauses"], found, strict=True)]
    other = replace(
        passed, outcome=outcome, reason=reason, estimates={"n": x}, intervals={"n": (x, x)},
        labels_used=n, detail={**passed.detail, "clauses": clauses, "rows_used": n},
    )  # fmt: skip
    plain = replace(passed, outcome=outcome)

    for write in (junit_xml, markdown):
        assert write(other) == write(plain)
        hidden = write(other, shown="nothing")
        assert hidden == write(replace(plain, outcome="pass"), shown="nothing")
        assert hidden == write(replace(plain, outcome="fail"), shown="nothing")


@given(st.text(), st.text())
def test_any_text_gives_xml_that_can_be_read_and_names_that_differ(passed, condition, case):
    cases = [{**passed.detail["cases"][0], "clause": case}] * 3
    verdict = replace(passed, condition=condition, detail={**passed.detail, "cases": cases})

    assert len(check(junit_xml(verdict))) == 4


hostile = st.text(st.sampled_from("`|\\ *_[]()<>&#@!~\n-ax1"), max_size=30)


@example("`a|b`", "*x* [a](x) <a> `x` a|b &lt; ![a](x)")
@example("\\|", "\\|")
@given(hostile, hostile)
def test_every_text_is_shown_as_it_is(passed, condition, note):
    clauses = [
        {**clause, "clause": condition, "note": note} for clause in passed.detail["clauses"]
    ]
    verdict = replace(passed, condition=condition, detail={**passed.detail, "clauses": clauses})

    page = MARKDOWN.render(markdown(verdict, shown="evidence"))

    rows = [re.findall(r"<td>(.*?)</td>", row, re.DOTALL) for row in page.split("<tr>")]
    found = [(row[0], row[-1]) for row in rows if len(row) == 11]
    code = f"<code>{escape(' '.join(condition.split()), quote=False)}</code>"
    code = code.replace('"', "&quot;") if condition.split() else ""
    shown = escape(" ".join(note.split()), quote=False).replace("@", "@\u200b")
    assert found == [(code, shown)] * len(clauses)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("n[a=`x`] > 0.8", "`` n[a=`x`] > 0.8 ``".replace("`` n", "``n").replace("8 ``", "8``")),
        ("`x`", "`` `x` ``"),
        ("a\n# b", "`a # b`"),
        ("a | b", "`a | b`"),
    ],
)
def test_a_condition_cannot_write_markdown(passed, text, span):
    assert span in markdown(replace(passed, condition=text)).splitlines()


def test_a_bar_in_a_name_does_not_end_a_cell(passed):
    cases = [{**passed.detail["cases"][0], "clause": 'n passes all of "a|b"'}]

    page = markdown(replace(passed, detail={**passed.detail, "cases": cases}))

    assert r'| `n passes all of "a\|b"` | pass |' in page
