import json
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from tests.unit.cli.data_commands import run


def test_profile_for_people_and_for_programs(orders):
    shown, plain = run("profile", orders), run("profile", orders, "--json")

    assert shown.exit_code == plain.exit_code == 0
    assert "200 rows, 3 columns" in " ".join(shown.stdout.split())
    assert "25.0 %" in shown.stdout
    assert json.loads(plain.stdout)["columns"]["size"]["nulls"] == 50


def test_a_drafted_schema_is_a_file_that_validate_reads(orders, tmp_path):
    drafted = run("schema", orders, "--key", "id")
    (tmp_path / "s.toml").write_text(drafted.stdout)

    held = run("validate", orders, "--schema", tmp_path / "s.toml", "--json")

    assert held.exit_code == 0
    report = json.loads(held.stdout)
    assert report["ok"]
    assert [(v["column"], v["check"], v["count"]) for v in report["violations"]] == [
        ("size", "nulls", 50)
    ]


def test_a_stop_violation_is_exit_code_1(orders, tmp_path):
    text = run("schema", orders).stdout.replace(
        "[columns.size]", '[columns.size]\nseverity="stop"'
    )
    (tmp_path / "s.toml").write_text(text)

    result = run("validate", orders, "--schema", tmp_path / "s.toml")

    assert result.exit_code == 1
    assert "50 of 200 values missing (25.0%)" in result.stdout


def test_drift_is_exit_code_1_and_none_is_0(orders, tmp_path):
    pl.read_csv(orders).with_columns(pl.col("size") + 9).write_csv(tmp_path / "new.csv")

    same, moved = (
        run("drift", orders, orders),
        run("drift", orders, tmp_path / "new.csv", "--json"),
    )

    assert same.exit_code == 0
    assert "None of 3 columns moved" in same.stdout
    assert moved.exit_code == 1
    assert json.loads(moved.stdout)["drifted"] == ["size"]


def test_drift_that_could_not_be_told_is_exit_code_3(tmp_path):
    days = [f"2013-01-{day:02}" for day in range(1, 8) for _ in range(20)]
    pl.DataFrame({"day": days, "x": range(140)}).write_csv(tmp_path / "a.csv")

    result = run("drift", *[tmp_path / "a.csv"] * 2, "--block", "1d", "--time", "day")

    assert result.exit_code == 3
    assert "needs 19 blocks" in result.stderr


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["profile", "no.csv"], "expected a file at no.csv"),
        (["validate", "ORDERS", "--schema", "no.toml"], "expected a schema file"),
        (["validate", "ORDERS"], "Missing option"),
        (["drift", "ORDERS", "ORDERS", "--block", "1d"], "time"),
        (["drift", "ORDERS"], "Missing argument"),
        (["drift", "ORDERS", "ORDERS", "--test", "kss"], "ks"),
        (["drift", "ORDERS", "ORDERS", "--test", "ks", "--test", "size=ks"], "got both"),
        (["drift", "ORDERS", "ORDERS", "--html", "orders.csv/page.html"], "to write a file at"),
        (["profile", "ORDERS", "--save", "orders.csv/p.parquet"], "Give `--save` a file"),
        (["profile", "ORDERS", "--by", "town"], "`town`"),
        (["drift", "ORDERS", "ORDERS", "--alpha", "2"], "equal to 0.5"),
        (["schema", "EMPTY"], "got an empty file"),
        (["schema", "--frobnicate", "ORDERS"], "No such option"),
        (["schema", "diff", "ORDERS"], "Missing argument"),
        (["quality", "ORDERS", "--label", "seize"], "seize"),
        (["quality", "ORDERS", "--history", "--html", "q.html"], "it takes none of"),
        (["quality", "ORDERS", "--max-age", "5x"], "duration such as 6h"),
        (["quality", "ORDERS", "--max-delay", "1h"], "--arrived"),
        (["quality", "ORDERS", "--key", "di"], "orders.csv: expected a column `di`"),
        (["schema", "ORDERS", "--time", "day"], "expected a column `day`"),
        (["profile", "ORDERS", "--time", "id=1h"], "expected `id` to hold times"),
        (["versions"], "expected a `trimtab.toml`"),
    ],
)
def test_bad_input_is_exit_code_2_with_a_message(orders, tmp_path, monkeypatch, words, problem):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.csv").write_text("")
    places = {"ORDERS": str(orders), "EMPTY": str(tmp_path / "empty.csv")}

    result = run(*[places.get(word, word) for word in words])

    assert result.exit_code == 2
    assert problem in result.stderr


def test_one_bad_column_of_a_name_of_markup_does_no_harm(tmp_path):
    pl.DataFrame({"[red]size[/red]": [1.0, 2.0] * 50, "naïve 列": ["a", "b"] * 50}).write_csv(
        tmp_path / "odd.csv"
    )

    for command in ("profile", "quality"):
        shown = run(command, tmp_path / "odd.csv")
        assert shown.exit_code == 0
        assert "naïve 列" in run("profile", tmp_path / "odd.csv").stdout
    assert "[red]size[/red]" in run("profile", tmp_path / "odd.csv").stdout


@pytest.mark.parametrize("command", ["profile", "drift", "validate", "quality"])
def test_a_page_is_written_beside_the_answer(orders, tmp_path, command):
    (tmp_path / "s.toml").write_text(run("schema", orders).stdout)
    words = {
        "drift": [orders, orders], "validate": [orders, "--schema", tmp_path / "s.toml"]
    }.get(command, [orders])  # fmt: skip

    plain = run(command, *words, "--json")
    both = run(command, *words, "--json", "--html", tmp_path / "pages" / "page.html")

    assert json.loads(both.stdout) == json.loads(plain.stdout)
    assert "page.html" in both.stderr
    assert "<h1>" in (tmp_path / "pages" / "page.html").read_text()


def test_a_saved_profile_stands_for_its_table(orders, tmp_path):
    pl.read_csv(orders).with_columns(pl.col("size") + 9).write_csv(tmp_path / "new.csv")
    saved = tmp_path / "orders.profile.parquet"

    kept = run("profile", orders, "--save", saved)
    again = run("profile", saved, "--json")
    moved = run("drift", saved, tmp_path / "new.csv", "--json")

    assert kept.exit_code == again.exit_code == 0
    assert json.loads(again.stdout)["columns"] == json.loads(
        run("profile", orders, "--json").stdout
    )["columns"]  # fmt: skip
    assert moved.exit_code == 1
    assert json.loads(moved.stdout)["drifted"] == ["size"]


def test_bins_of_a_table_or_a_saved_profile_are_used_again(orders, tmp_path):
    run("profile", orders, "--save", tmp_path / "p.parquet")

    for reference in (orders, tmp_path / "p.parquet"):
        assert run("profile", orders, "--reference", reference).exit_code == 0


def test_the_number_of_rows_before_is_held_against_the_schema(orders, tmp_path):
    text = "max_row_change = 0.5\n" + run("schema", orders).stdout
    (tmp_path / "s.toml").write_text(text)
    words = ("validate", orders, "--schema", tmp_path / "s.toml", "--json", "--previous-rows")

    changed, same = (json.loads(run(*words, rows).stdout) for rows in (50, 200))

    assert "row change" in {found["check"] for found in changed["violations"]}
    assert "row change" not in {found["check"] for found in same["violations"]}


def test_groups_are_counted(orders, tmp_path):
    pl.read_csv(orders).with_columns(city=pl.Series(["a", "b"] * 100)).write_csv(orders)

    shown = run("profile", orders, "--by", "city")

    assert shown.exit_code == 0
    assert "2 groups" in shown.stdout


def test_tests_are_chosen_for_all_columns_or_for_one(orders):
    chosen = json.loads(run("drift", orders, orders, "--test", "cvm", "--json").stdout)
    named = json.loads(run("drift", orders, orders, "--test", "size=cvm", "--json").stdout)

    for report in (chosen, named):
        assert {f["test"] for f in report["findings"] if f["column"] == "size"} >= {"cvm"}


def test_all_columns_are_shown_when_asked_for(orders):
    folded = run("drift", orders, orders).stdout
    shown = run("drift", orders, orders, "--all").stdout

    assert "3 columns did not move" in folded
    assert "did not move" not in shown
    assert "median" in shown


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_no_line_is_wider_than_the_terminal(orders, tmp_path, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    wide = pl.read_csv(orders).rename({"size": "a_name_that_is_longer_than_any_line_has_room_for"})
    wide.write_csv(tmp_path / "a.csv")
    wide.with_columns(pl.col(wide.columns[1]) + 9, new=1).write_csv(tmp_path / "b.csv")

    for words in (["drift", tmp_path / "a.csv", tmp_path / "b.csv"], ["quality", orders]):
        lines = run(*words).stdout.splitlines()
        tables = [line for line in lines if "csv" not in line]
        assert max(map(len, tables)) <= width


def test_schemas_and_tables_are_compared(orders, tmp_path):
    (tmp_path / "s.toml").write_text(run("schema", orders).stdout)
    pl.read_csv(orders).with_columns(extra=1).drop("city").write_csv(tmp_path / "new.csv")

    same = run("schema", "diff", orders, orders)
    moved = run("schema", "diff", orders, tmp_path / "new.csv", "--json")
    mixed = run("schema", "diff", tmp_path / "s.toml", tmp_path / "new.csv")

    assert (same.exit_code, moved.exit_code, mixed.exit_code) == (0, 1, 1)
    assert "no change" in same.stdout
    changes = {(c["column"], c["kind"]) for c in json.loads(moved.stdout)["changes"]}
    assert changes == {("city", "gone"), ("extra", "new")}


def test_a_schema_is_drafted_wherever_its_options_stand(orders):
    drafts = [
        run("schema", orders, "--key", "id"), run("schema", "--key", "id", orders),
        run("schema", "draft", orders, "--key", "id"),
    ]  # fmt: skip

    assert {draft.exit_code for draft in drafts} == {0}
    assert len({draft.stdout for draft in drafts}) == 1
    assert "diff" in run("schema", "--help").stdout


def test_quality_says_what_to_mend(orders):
    shown, plain = run("quality", orders), run("quality", orders, "--json")

    assert shown.exit_code == plain.exit_code == 0
    assert "mend first" in shown.stdout
    assert "50 cells" in shown.stdout
    assert json.loads(plain.stdout)["completeness"]["score"] == pytest.approx(550 / 600)


def test_an_error_is_json_too(orders):
    result = run("profile", "no.csv", "--json")

    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["type"] == "trimtab:SourceError"


def test_one_row_is_described_and_an_empty_table_is_refused(tmp_path):
    (tmp_path / "one.csv").write_text("a\n1\n")
    (tmp_path / "none.csv").write_text("a\n")

    assert "one row" in run("profile", tmp_path / "one.csv").stdout
    for command in ("profile", "schema"):
        result = run(command, tmp_path / "none.csv")
        assert result.exit_code == 2
        assert "expected at least one row, got none" in result.stderr


def test_quality_asks_for_all_that_a_task_needs_of_time(tmp_path):
    start = datetime(2026, 1, 1, tzinfo=UTC)
    rows = pl.DataFrame({
        "at": [start + timedelta(hours=i // 2) for i in range(96)], "town": ["a", "b"] * 48,
        "came": [start + timedelta(hours=i // 2, minutes=i) for i in range(96)],
    })  # fmt: skip
    rows.filter(~((pl.col("town") == "a") & pl.col("at").dt.hour().is_in([5]))).write_parquet(
        tmp_path / "a.parquet"
    )

    made = run(
        "quality", tmp_path / "a.parquet", "--time", "at", "--by", "town", "--arrived", "came",
        "--max-delay", "1h", "--max-row-age", "1d", "--now", "2026-01-03", "--json",
    )  # fmt: skip

    report, dimensions = json.loads(made.stdout), ("completeness", "timeliness")
    parts = {p["name"]: p["faults"] for d in dimensions for p in report[d]["parts"]}
    # one row in town a at five on each of two days is not there
    assert parts["gap"] == 2
    assert parts["late"] == 35
    assert parts["old"] == 47


def test_windows_may_say_whose_times_they_are_of(tmp_path):
    start = datetime(2026, 1, 1, tzinfo=UTC)
    times = [start + timedelta(hours=i) for i in range(48)]
    pl.DataFrame({"a": times, "b": [start] * 48}).write_parquet(tmp_path / "a.parquet")

    assert run("profile", tmp_path / "a.parquet", "--time", "1d").exit_code == 2
    made = run("profile", tmp_path / "a.parquet", "--time", "a=1d", "--json")

    assert [group["rows"] for group in json.loads(made.stdout)["groups"]] == [24, 24]


def test_changes_of_a_schema_are_written_as_a_page_too(orders, tmp_path):
    made = run("schema", "diff", orders, orders, "--html", tmp_path / "diff.html")

    assert made.exit_code == 0
    assert "No change" in (tmp_path / "diff.html").read_text()


def test_a_version_of_the_project_here_is_a_table_too(orders, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trimtab.toml").write_text(
        '[project]\nname = "p"\n[[tables]]\nname = "orders"\nsource = "orders.csv"\n'
        'time = "day"\nkey = ["id"]\n[task]\nname = "size"\ntable = "orders"\n'
        'kind = "regression"\nlabel = "size"\n[train]\nuntil = 2013-04-01\n'
    )
    days = pl.date_range(date(2013, 1, 1), date(2013, 7, 19), eager=True)
    pl.read_csv(orders).with_columns(days.alias("day")).write_csv(orders)
    assert run("ingest").exit_code == 0, run("ingest").stderr

    described = run("profile", "orders@0", "--json")
    assert described.exit_code == 0
    assert json.loads(described.stdout)["rows"] == 200
    assert run("drift", orders, "orders@0").exit_code == 0
    assert run("schema", "diff", "orders@0", "orders@0").exit_code == 0
    unknown = run("profile", "orders@7")
    assert unknown.exit_code == 2
    assert "orders@0" in unknown.stderr


def test_a_comparison_of_nothing_is_exit_code_3(tmp_path):
    path = tmp_path / "one.csv"
    path.write_text("a,b\n1,x\n")

    result = run("drift", path, path)

    assert result.exit_code == 3
    assert "No column could be compared" in result.stdout
