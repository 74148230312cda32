import json
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from trimtab.cli.main import app
from trimtab.gates.decide import gate_decide
from trimtab.gates.ledger import fingerprint_of_ids
from trimtab.gates.plan import gate_plan
from trimtab.gates.row_order import fixed_order

run = CliRunner().invoke
N = 6_000
PROMISE = ["--reliability", "0.99", "--steps", "4", "--adaptivity", "none"]
GAIN = "n - o > 0.02 +/- 0.04"


@pytest.fixture(scope="module")
def answers():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, N)
    new = np.where(rng.random(N) < 0.05, 1 - truth, truth)
    old = np.where(rng.random(N) < 0.2, 1 - truth, truth)
    return truth, new, old, np.where(np.arange(N) % 3 == 0, "JFK", "LGA")


@pytest.fixture
def files(tmp_path, answers):
    truth, new, old, origin = answers
    ids = pl.Series("id", np.arange(N))
    label = pl.Series("label", truth)
    known = pl.Series("label", new != old)
    frames = {
        "new": pl.DataFrame({"id": ids, "prediction": new}),
        "old": pl.DataFrame({"id": ids, "prediction": old}),
        "labels": pl.DataFrame({"id": ids, "label": label, "origin": origin}),
        "asked": pl.DataFrame({"id": ids, "label": label.set(~known, None)}),
        "none": pl.DataFrame({"id": ids, "origin": origin}),
    }
    for name, frame in frames.items():
        frame.sample(fraction=1, shuffle=True, seed=1).write_parquet(tmp_path / f"{name}.parquet")
    return tmp_path


def check(files, *more, condition=GAIN, new="new", old="old", labels="labels", command="check"):
    words = [f"--{side}={files / name}.parquet" for side, name in
             {"new": new, "old": old, "labels": labels}.items()]  # fmt: skip
    asked = [] if condition is None else ["--condition", condition]
    return run(app, ["gate", command, *words, *asked, *more])


@pytest.mark.parametrize(
    ("change", "code", "outcome"),
    [
        ({}, 0, "pass"),
        ({"labels": "asked"}, 0, "pass"),
        ({"new": "old", "old": "new"}, 1, "fail"),
        ({"labels": "none"}, 3, "not enough data"),
    ],
)
def test_the_exit_code_is_the_verdict(files, change, code, outcome):
    result = check(files, *PROMISE, "--json", **change)

    assert result.exit_code == code, result.output
    assert json.loads(result.stdout)["outcome"] == outcome


def test_files_and_python_give_the_same_verdict(files, answers):
    truth, new, old, origin = answers
    text = f"{GAIN} and n[origin=JFK] > 0.5 +/- 0.1 and recall(n, 1) > 0.5 +/- 0.1"
    order = fixed_order(np.arange(N), salt=fingerprint_of_ids(np.arange(N)))
    rows = pl.DataFrame({"origin": origin})[order]
    plan = gate_plan(text, reliability="0.99", steps=4, adaptivity="none")
    python = gate_decide(plan, truth[order], new[order], old[order], rows=rows)
    result = check(files, *PROMISE, "--json", condition=text)

    assert json.loads(result.stdout) == python.to_dict()


def test_labels_asked_for_lead_to_a_verdict_and_cost_little(files, answers):
    truth, new, old, _ = answers
    asked = ["--json", "--n", "100000", *PROMISE]
    found = check(files, *asked, labels="none", command="label-next")
    ids = json.loads(found.stdout)["ids"]
    labels = pl.DataFrame({"id": np.arange(N), "label": truth})
    some = labels.with_columns(pl.when(pl.col("id").is_in(ids)).then("label").alias("label"))
    some.write_parquet(files / "some.parquet")

    assert found.exit_code == 0
    assert (new != old)[ids].all()
    assert len(ids) == len(set(ids)) < N / 4
    assert check(files, *PROMISE, labels="some").exit_code == 0
    again = check(files, *asked, labels="some", command="label-next")
    assert json.loads(again.stdout) == {"ids": [], "wanted": 0, "short": None}


def test_rows_to_label_can_be_written_to_a_file(files):
    to = files / "next.csv"
    result = check(files, "--to", str(to), "--n", "7", *PROMISE, labels="none",
                   command="label-next")  # fmt: skip

    assert result.stdout.split() == [str(i) for i in pl.read_csv(to)["id"]]
    assert pl.read_csv(to).columns == ["id", "origin"]


def test_without_a_baseline_it_is_the_best_constant(files, answers):
    truth, new, *_ = answers
    text = "n - baseline > 0.3 +/- 0.1"
    passed = check(files, *PROMISE, "--json", condition=text)
    waits = check(files, *PROMISE, condition=text, labels="none")
    wanted = check(files, *PROMISE, "--json", condition=text, labels="none", command="label-next")
    estimates = json.loads(passed.stdout)["estimates"]

    assert passed.exit_code == 0
    ids = pl.Series("id", np.arange(N))
    counted = fixed_order(ids, salt=fingerprint_of_ids(ids))[: gate_plan(
        text, reliability="0.99", steps=4, adaptivity="none").samples]  # fmt: skip
    share = truth[counted].mean()
    assert estimates["baseline"] == pytest.approx(max(share, 1 - share))
    assert estimates["n"] == pytest.approx((truth == new)[counted].mean())
    assert waits.exit_code == 3
    assert len(json.loads(wanted.stdout)["ids"]) == 100
    assert check(files, *PROMISE, condition=text, labels="asked").exit_code == 3


def test_a_constant_that_would_help_the_model_is_refused(files):
    """Fitted to the labels, it looks better than it is."""
    for text, mode in (("n - baseline < 0.5 +/- 0.1", "fp_free"),
                       ("n - baseline > 0.3 +/- 0.1", "fn_free")):  # fmt: skip
        result = check(files, *PROMISE, "--mode", mode, condition=text)

        assert result.exit_code == 2
        assert "--baseline FILE" in result.stderr.replace("\n", " ")


def test_a_constant_is_not_fitted_to_labels_picked_by_hand(files, answers):
    """Labels known only where the new model is right would make any constant look bad."""
    truth, new, *_ = answers
    label = pl.Series("label", truth).set(pl.Series(new != truth), None)
    pl.DataFrame({"id": np.arange(N), "label": label}).write_parquet(files / "picked.parquet")

    picked = check(files, *PROMISE, condition="n - baseline > 0.3 +/- 0.1", labels="picked")

    assert picked.exit_code == 3


def test_brier_and_costs_come_from_their_columns_and_files(files, answers):
    truth, new, *_ = answers
    scores = np.clip(new * 0.8 + 0.1, 0, 1)
    pl.DataFrame({"id": np.arange(N), "p": scores, "said": new}).write_csv(files / "both.csv")
    pl.DataFrame({"truth": [0, 0, 1, 1], "predicted": [0, 1, 0, 1], "cost": [0.0, 1.0, 4.0, 0.5]}
                 ).write_csv(files / "costs.csv")  # fmt: skip
    result = check(
        files, *PROMISE, f"--new={files}/both.csv", f"--old={files}/both.csv",
        "--score", "p", "--prediction", "said",
        f"--costs={files}/costs.csv", "--json",
        condition="brier(n) < 0.4 +/- 0.1 and cost(n, 0..4) < 3 +/- 0.5",
    )  # fmt: skip
    estimates = json.loads(result.stdout)["estimates"]
    costs = np.array([[0, 1], [4, 0.5]])

    assert result.exit_code == 0
    assert estimates["brier(n)"] == pytest.approx(((scores - truth) ** 2).mean())
    assert estimates["cost(n, 0..4)"] == pytest.approx(costs[truth, new].mean())


def test_unit_cases_have_their_own_answers_or_are_looked_up_by_id(files, answers):
    truth, new, *_ = answers
    right = np.flatnonzero(truth == new)[:3]
    pl.DataFrame({"id": right, "label": truth[right]}).write_csv(files / "known.csv")
    pl.DataFrame({"id": ["a", "b"], "label": [1, 1], "prediction": [1, 0]}).write_csv(
        files / "own.csv"
    )
    cases = ["--cases", f"known={files}/known.csv", "--cases", f"own={files}/own.csv"]
    both = "n passes all of known and n passes {} of own"

    assert check(files, *cases, *PROMISE, condition=both.format(1)).exit_code == 0
    failed = check(files, *cases, *PROMISE, condition=both.format("all"))
    assert failed.exit_code == 1
    assert "1 of 2 right, 2 needed" in failed.stdout


def test_reports_for_other_peoples_ci_are_written(files):
    junit, page = files / "gate.xml", files / "gate.md"
    check(files, *PROMISE, "--junit", str(junit), "--markdown", str(page))

    assert ElementTree.parse(junit).getroot().get("failures") == "0"
    assert page.read_text().startswith("### Gate: pass")


def test_an_ease_ml_ci_file_says_what_is_asked(files):
    (files / "ci.yml").write_text(
        "ml:\n- script : ./x.py\n- condition : n - o > 0.02 +/- 0.04\n- reliability: 0.99\n"
        "- mode : fp-free\n- adaptivity : none\n- steps : 4\n"
    )
    by_file = check(files, "--ci-file", str(files / "ci.yml"), "--json", condition=None)

    assert json.loads(by_file.stdout) == json.loads(check(files, *PROMISE, "--json").stdout)


def test_more_labels_do_not_make_another_look_against_a_constant(files):
    asked = {"condition": "n - baseline > 0.3 +/- 0.2"}
    part = pl.read_parquet(files / "labels.parquet")
    order = fixed_order(part["id"], salt=fingerprint_of_ids(part["id"]))
    first = (
        part[order]
        .with_row_index()
        .with_columns(pl.when(pl.col("index") < 3_000).then("label").alias("label"))
    )
    first.drop("index").write_parquet(files / "first.parquet")

    assert json.loads(looked(files, labels="first", **asked).stdout)["step"] == 1
    assert json.loads(looked(files, **asked).stdout)["repeated"]


def test_label_next_says_how_many_rows_are_left_and_whether_the_test_set_is_too_small(files):
    asked = check(files, "--n", "3", *PROMISE, labels="none", command="label-next")
    small = ["--reliability", "0.9999", "--steps", "32"]
    lacks = check(files, *small, command="label-next")
    facts = json.loads(check(files, *small, "--json", command="label-next").stdout)

    assert len(asked.stdout.split()) == 3
    assert "3 of 1" in asked.stderr  # the models differ on more than a thousand rows
    assert lacks.stdout == ""
    assert "take a larger test set" in lacks.stderr.replace("\n", " ")
    assert facts["ids"] == []
    assert facts["wanted"] == 0
    assert facts["short"].endswith("more rows")


def test_labels_for_a_constant_are_asked_without_the_unit_cases(files):
    text = "n - baseline > 0.3 +/- 0.3 and n passes all of smoke"
    result = check(files, *PROMISE, condition=text, command="label-next")

    assert result.exit_code == 0, result.output
    assert result.stdout == ""


def test_a_file_without_the_column_of_labels_is_named(files):
    result = check(files, *PROMISE, "--label", "lable")

    assert result.exit_code == 3
    assert "has no column `lable`" in result.stderr.replace("\n", " ")


def test_what_an_ease_ml_ci_file_says_in_vain_is_named(files):
    (files / "ci.yml").write_text(
        "ml:\n- condition : n - o > 0.02 +/- 0.04\n- reliability: 0.99\n- mode : fp-free\n"
        "- adaptivity : none -> ann@example.org\n- steps : 4\n- colour : blue\n"
    )
    said = check(files, "--ci-file", str(files / "ci.yml"), condition=None).stderr

    assert "not used: colour" in said.replace("\n", " ")
    assert "nothing is sent to ann@example.org" in said.replace("\n", " ")


# ---- with a ledger


def looked(files, *more, **change):
    at = ["--ledger", str(files / "gate.db"), "--who", "ann", "--reliability", "0.9",
          "--steps", "2"]  # fmt: skip
    return check(files, *at, *more, "--json", **change)


def test_a_counted_look_tells_one_bit(files):
    result = looked(files)
    said = json.loads(result.stdout)

    assert result.exit_code == 0
    assert (said["outcome"], said["step"], said["left"]) == ("pass", 1, 1)
    assert said["verdict"]["estimates"] == said["verdict"]["intervals"] == {}
    assert "0.1" not in said["verdict"]["reason"]


def test_the_same_commit_costs_one_step_and_the_budget_ends(files):
    first = looked(files, "--commit", "abc")
    again = looked(files, "--commit", "abc", new="old")
    last = looked(files, "--commit", "def")
    spent = looked(files, "--commit", "ghi")

    assert [json.loads(r.stdout)["left"] for r in (first, again, last)] == [1, 1, 0]
    assert json.loads(again.stdout)["outcome"] == "pass"
    assert "alarm" in last.stderr
    assert spent.exit_code == 1
    assert "fresh test set" in spent.stderr.replace("\n", " ")


def test_words_tell_the_bit_the_budget_and_whether_it_is_a_repeat(files):
    at = ["--ledger", str(files / "gate.db"), "--reliability", "0.9", "--steps", "2"]
    first, again = (check(files, *at, "--commit", "abc") for _ in range(2))
    last = check(files, *at, "--commit", "def")

    assert "Opened test set" in first.stderr
    assert "Opened" not in again.stderr
    assert first.stdout.startswith("pass. 1 of 2 looks left. Estimates stay in the ledger")
    assert "The same look as before, which costs nothing: 1 of 2" in again.stdout
    assert "--evidence" in last.stdout


def test_a_report_that_cannot_be_written_costs_no_look(files):
    (files / "folder").mkdir()
    bad = looked(files, "--junit", str(files / "folder"))
    made = looked(files, "--junit", str(files / "new" / "gate.xml"))

    assert bad.exit_code == 2
    assert "--junit" in bad.stderr
    assert json.loads(made.stdout)["step"] == 1
    assert not json.loads(made.stdout)["repeated"]
    assert (files / "new" / "gate.xml").exists()


def test_too_few_labels_cost_no_step(files):
    waits, then = looked(files, labels="none"), looked(files)

    assert waits.exit_code == 3
    assert json.loads(waits.stdout)["step"] is None
    assert "label-next" in json.loads(waits.stdout)["verdict"]["reason"]
    assert json.loads(then.stdout)["step"] == 1


def labelled_first(files, rows):
    """The labels of so many rows, in the order of the test set."""
    labels = pl.read_parquet(files / "labels.parquet")
    order = fixed_order(labels["id"], salt=fingerprint_of_ids(labels["id"]))
    known = pl.Series(np.arange(N) < rows)
    first = labels[order].with_columns(pl.when(known).then("label").alias("label"))
    first.write_parquet(files / f"first{rows}.parquet")
    return f"first{rows}"


SEQUENTIAL = ["--method", "sequential", "--adaptivity", "first_change"]


def test_an_open_look_is_paid_for_and_goes_on_for_nothing(files):
    at = ["--ledger", str(files / "gate.db"), "--reliability", "0.9", "--steps", "2"]
    reports = ["--junit", str(files / "gate.xml"), "--markdown", str(files / "gate.md")]
    few = labelled_first(files, 40)
    waits = check(files, *at, *SEQUENTIAL, *reports, labels=few)
    again = looked(files, *SEQUENTIAL, labels=few)
    listed = run(app, ["gate", "ledger", "list", "--ledger", str(files / "gate.db")])
    done = looked(files, *SEQUENTIAL)

    assert waits.exit_code == 3, waits.output
    assert waits.stdout.startswith(
        "not enough data: look 1 is open: more labels are needed. "
        "Asked again, it goes on for nothing: 1 of 2 looks left."
    )
    assert "developers should not" in waits.stderr.replace("\n", " ")
    for report in ("gate.xml", "gate.md"):
        assert "look 1 is open: more labels are needed" in (files / report).read_text()
        assert "no look was spent" not in (files / report).read_text()
    said = json.loads(again.stdout)
    assert (again.exit_code, said["step"], said["left"], said["open"]) == (3, 1, 1, True)
    assert "1 of 2 looks left, open: look 1" in listed.stdout
    said = json.loads(done.stdout)
    assert (done.exit_code, said["outcome"], said["step"], said["open"]) == (0, "pass", 1, False)
    assert "first pass" in done.stderr.replace("\n", " ")


def test_looks_that_are_dropped_use_the_budget_up(files):
    few = labelled_first(files, 40)
    codes = [looked(files, *SEQUENTIAL, "--commit", name, labels=few).exit_code for name in "abab"]
    refused = looked(files, *SEQUENTIAL, "--commit", "c", labels=few)
    decided = looked(files, *SEQUENTIAL, "--commit", "a")

    assert codes == [3] * 4
    assert refused.exit_code == 1
    assert "2 taken of 2, open: look 1, look 2" in refused.stderr.replace("\n", " ")
    assert json.loads(decided.stdout)["step"] == 1


@pytest.mark.parametrize("condition", [GAIN, "n[origin=JFK] - o[origin=JFK] > 0.02 +/- 0.05"])
def test_another_model_under_the_same_commit_is_no_part_of_an_open_look(files, condition):
    few = labelled_first(files, 40)
    asked = [*SEQUENTIAL, "--commit", "abc"]
    first = looked(files, *asked, labels=few, condition=condition)
    other = looked(files, *asked, labels=few, condition=condition, new="old")

    assert first.exit_code == 3
    assert other.exit_code == 2
    assert "others under the same names" in other.stderr.replace("\n", " ")


def test_other_slices_are_no_part_of_an_open_look(files):
    asked = {"condition": "n[origin=JFK] - o[origin=JFK] > 0.02 +/- 0.05"}
    few = labelled_first(files, 40)
    rows = pl.read_parquet(files / f"{few}.parquet")
    rows.with_columns(origin=pl.col("origin").reverse()).write_parquet(files / "turned.parquet")
    first = looked(files, *SEQUENTIAL, labels=few, **asked)
    other = looked(files, *SEQUENTIAL, labels="turned", **asked)

    assert (first.exit_code, other.exit_code) == (3, 2), other.output


def test_under_none_the_third_party_is_told_and_nobody_else(files):
    to = files / "results.jsonl"
    report = files / "gate.md"
    told = looked(files, "--adaptivity", "none", "--to", str(to), "--markdown", str(report))
    bad = looked(files, "--adaptivity", "none", new="old", old="new")

    assert (told.exit_code, bad.exit_code) == (0, 0)
    assert json.loads(told.stdout)["outcome"] is json.loads(told.stdout)["verdict"] is None
    assert "pass" not in report.read_text()
    outcomes = [json.loads(line)["verdict"]["outcome"] for line in to.read_text().splitlines()]
    assert outcomes == ["pass", "fail"]


def test_the_budget_of_an_opened_test_set_is_the_plans(files):
    at = ["--ledger", str(files / "gate.db")]
    run(app, ["gate", "ledger", "open", f"{files}/labels.parquet", *at, "--reliability", "0.95",
              "--steps", "3", "--adaptivity", "first_change"])  # fmt: skip
    fine = check(files, *at, "--json")
    other = check(files, *at, "--steps", "9", "--commit", "x")

    assert json.loads(fine.stdout)["verdict"]["delta"] == pytest.approx(0.05 / 3)
    assert "first pass" in fine.stderr
    assert other.exit_code == 2
    assert "opened with" in other.stderr.replace("\n", " ")
    wanted = check(files, *at, "--json", labels="none", command="label-next")
    assert wanted.exit_code == 0


@pytest.mark.parametrize(
    ("more", "change", "said"),
    [
        (["--min-gain", "0.1"], {}, "--min-gain"),
        (["--baseline", "x.csv"], {"condition": None}, "--baseline"),
        (["--commit", "abc"], {}, "--ledger counts"),
        (["--cases", "smoke"], {}, "NAME=FILE"),
        (["--method", "magic"], {}, "method"),
        (["--reliability", "2"], {}, "reliability"),
        (["--id", "idd"], {}, "Did you mean `id`?"),
        (["--prediction", "x"], {}, "expected a column `x` or `score`"),
        (["--old", "nowhere.csv"], {}, "nowhere.csv"),
        ([], {"condition": "n - o > "}, "^"),
        ([], {"condition": "n[orign=JFK] > 0.1 +/- 0.1"}, "Did you mean `origin`?"),
        ([], {"condition": "n passes all of smoke"}, "unit cases `smoke`"),
        (["--costs", "x.csv"], {"condition": "cost(n, 0..1) < 0.5 +/- 0.1"}, "x.csv"),
        (["--costs", "x.csv"], {}, "uses --costs"),
        (["--cases", "smoke=x.csv"], {}, "uses --cases smoke"),
        (["--baseline", "x.csv"], {}, "uses --baseline"),
        (["--who", "ann"], {}, "--ledger counts"),
        (["--old", "v3"], {}, "no --project"),
    ],
)
def test_bad_input_ends_with_code_2(files, more, change, said):
    result = check(files, *more, **change)

    assert result.exit_code == 2, result.output
    assert said in result.output.replace("\n", " ").replace("│", "")


def test_answers_must_be_complete_and_ids_alike(files):
    pl.read_parquet(files / "new.parquet").head(N - 9).write_parquet(files / "part.parquet")
    pl.read_parquet(files / "new.parquet").cast({"id": pl.String}).write_parquet(
        files / "text.parquet"
    )

    assert "got none for 9 of 6,000" in check(files, new="part").output.replace("\n", " ")
    assert "of one type" in check(files, new="text").output.replace("\n", " ")
