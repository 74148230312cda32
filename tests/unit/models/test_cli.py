import json
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from trimtab.cli.main import app
from trimtab.models.registry import Registry
from trimtab.models.train import train

NOW = datetime(2024, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop(tmp_path_factory, make_shop, build):
    workspace = make_shop(tmp_path_factory.mktemp("shop"), estimator="logistic")
    run = train(workspace, build(workspace), until=datetime(2024, 3, 15, tzinfo=UTC))
    Registry(workspace).register(run, who="me", why="first", at=NOW)
    return str(workspace.project.root)


def call(*words: str):
    return CliRunner().invoke(app, ["model", *words])


def test_list_and_show(shop: str) -> None:
    listed = call("list", "--project", shop)
    assert listed.exit_code == 0
    assert "back: 1 version" in listed.stdout
    shown = call("show", "v1", "--project", shop)
    assert "metrics on" in shown.stdout
    assert "slices, the worst first" in shown.stdout
    found = json.loads(call("show", "1", "--project", shop, "--json").stdout)
    assert found["card"]["estimator"] == "logistic"
    assert found["analysis"]["metrics"]["auc"]["estimate"] > 0.5


def test_move_and_history(shop: str) -> None:
    moved = call("move", "1", "staging", "--why", "looks good", "--who", "ann", "-p", shop)
    assert (moved.exit_code, moved.stdout.strip()) == (0, "back v1 is in staging.")
    history = json.loads(call("history", "--project", shop, "--json").stdout)
    assert [(m["stage"], m["who"], m["why"]) for m in history] == [
        ("dev", "me", "first"), ("staging", "ann", "looks good"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [("show", "9"), ("show", "x"), ("move", "1", "live", "--why", "x"), ("move", "1", "staging")],
)
def test_bad_input_ends_with_2(shop: str, words: tuple[str, ...]) -> None:
    assert call(*words, "--project", shop).exit_code == 2
