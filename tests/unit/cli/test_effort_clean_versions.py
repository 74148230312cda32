"""`trimtab effort clean` on a dataset version of a project."""

import json

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.unit.cli.clean_commands import SHOP, START, clean, fix, lay_out
from tests.unit.cli.data_commands import run
from tests.unit.effort.cleaning_tables import orders

FULL, DIRTY = (
    rows.with_columns(order=pl.format("A{}", pl.int_range(rows.height))) for rows in orders()
)
MORE = FULL[:1].with_columns(order=pl.lit("new"))


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A project with a version of the table, and a session that began from it."""
    lay_out(tmp_path, monkeypatch, FULL, DIRTY)
    (tmp_path / "trimtab.toml").write_text(SHOP)
    assert run("ingest").exit_code == 0
    assert begin("s.db").exit_code == 0
    return tmp_path


def begin(session):
    return clean("start", session, "orders@0", *START[3:], "--ignore", "order")


def test_a_version_is_cleaned_in_place_and_the_source_goes_on(shop):
    fix(1, way="sea")
    fix(0, distance="12", way="air", by="bob")

    made = clean("finish", "s.db", "--into", "orders")
    assert made.stdout.splitlines()[-1] == "orders@1 replaces orders@0"
    assert "orders@1" in run("ingest").stdout
    pl.concat([DIRTY, MORE]).write_csv("dirty.csv")
    assert json.loads(run("ingest", "--json").stdout)[0]["rows"] == 61

    rows = pl.DataFrame(json.loads(run("show", "orders", "--limit", 61, "--json").stdout))
    assert rows[1]["way"].item() == "sea"
    assert rows[0].select("distance", "way").row(0) == (12, "air")
    assert_frame_equal(rows[2:60], DIRTY[2:], check_dtypes=False)
    old = pl.DataFrame(json.loads(run("show", "orders@0", "--limit", 60, "--json").stdout))
    assert_frame_equal(old, DIRTY, check_dtypes=False)
    listed = run("versions").stdout
    assert "mends @0" in listed
    assert "adds to @1" in listed
    assert "2 rows cleaned by ann, bob" in " ".join(listed.split())
    told = json.loads(run("versions", "orders", "--json").stdout)[1]["lineage"]
    assert (told["source_version"], told["by"]) == ("orders@0", {"ann": 1, "bob": 1})


def test_finishing_on_a_table_that_moved_on_says_what_stays(shop):
    pl.concat([DIRTY, MORE]).write_csv("dirty.csv")
    run("ingest")
    fix(1, way="sea")

    made = clean("finish", "s.db", "--into", "orders")

    assert "orders@2 replaces orders@1; what came after orders@0 stays as it came" in made.stdout
    assert "orders@2 replaces" in clean("finish", "s.db", "--into", "orders").stdout
    begin("t.db")
    clean("fix", "t.db", 1, "--set", "way=canal")
    clash = clean("finish", "t.db", "--into", "orders")
    assert clash.exit_code == 2
    assert "row 1, `way`: canal here, sea there" in " ".join(clash.stderr.split())


def test_a_type_that_changes_is_said(shop):
    fix(0, distance="12.5", way="air")

    made = clean("finish", "s.db", "--out", "c.parquet", "--json")

    (note,) = json.loads(made.stdout)["notes"]
    assert note == "`distance` is Float64 now: Int64 cannot hold '12.5' (row 0)"


def test_a_schema_of_the_project_holds_for_the_cleaned_rows_too(shop):
    (shop / "schema").mkdir()
    (shop / "schema/orders.toml").write_text(run("schema", "orders@0").stdout)
    fix(0, distance="12.5", way="air")

    found = clean("finish", "s.db", "--into", "orders")

    assert found.exit_code == 2
    assert "expected Int64, got 12.5" in " ".join(found.stderr.split())


def test_the_project_is_named_from_elsewhere(shop, tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))

    lost = clean("finish", shop / "s.db", "--out", "c.csv")
    assert lost.exit_code == 2
    assert "--project FOLDER" in lost.stderr
    assert clean("export", shop / "s.db", "todo.csv").exit_code == 0
    assert clean("finish", shop / "s.db", "--out", "c.csv", "--project", shop).exit_code == 0
    assert_frame_equal(pl.read_csv("c.csv"), DIRTY)


def test_another_persons_fix_is_replaced_on_demand_only(shop):
    fix(1, way="sea")

    second = fix(1, way="air", by="bob")

    assert second.exit_code == 2
    assert "way sea; got way air from bob" in " ".join(second.stderr.split())
    assert clean("fix", "s.db", 1, "--set", "way=air", "--by", "bob", "--replace").exit_code == 0
