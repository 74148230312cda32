from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from trimtab.core.errors import ConfigError, NotFoundError, SourceError
from trimtab.core.workspace import Workspace
from trimtab.models.registry import Registry, _open_mlflow
from trimtab.models.train import train

NOW = datetime(2024, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def shop(tmp_path_factory, make_shop, build) -> tuple[Workspace, list[str]]:
    """A project with three runs; each test takes a scope of its own."""
    workspace = make_shop(tmp_path_factory.mktemp("shop"), estimator="logistic")
    version = build(workspace)
    days = (20, 30, 45)
    runs = [
        train(workspace, version, until=datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day))
        for day in days
    ]
    return workspace, runs


@pytest.fixture
def registry(shop, request) -> Registry:
    return Registry(shop[0].within(request.node.name))


@pytest.fixture
def register(shop, registry) -> Callable[[int], int]:
    def one(number: int) -> int:
        return registry.register(shop[1][number], who="me", why="new", at=NOW).version

    return one


def move(registry: Registry, version: int, stage: str, why: str = "because", at=NOW):
    return registry.move(version, stage, who="me", why=why, at=at)  # type: ignore[arg-type]


def test_versions_count_from_one_in_each_scope(shop, registry, register) -> None:
    assert registry.versions() == []
    assert registry.current("production") is None
    assert [register(1), register(0), register(1)] == [1, 2, 1]
    assert [v.run_id for v in registry.versions()] == [shop[1][1], shop[1][0]]
    other = Registry(shop[0].within("elsewhere"))
    assert other.register(shop[1][2], who="me", why="new", at=NOW).version == 1
    assert len(registry.history()) == 2


def test_a_promotion_archives_the_one_before(registry, register) -> None:
    register(0), register(1)
    assert move(registry, 1, "production").stage == "production"
    move(registry, 2, "staging")
    assert registry.current("staging").version == 2
    move(registry, 2, "production", "better")
    assert registry.current("production").version == 2
    assert registry.get(1).stage == "archived"
    assert registry.current("staging") is None
    told = [(m["version"], m["previous"], m["stage"], m["why"]) for m in registry.history()]
    assert told == [
        (1, None, "dev", "new"),
        (2, None, "dev", "new"),
        (1, "dev", "production", "because"),
        (2, "dev", "staging", "because"),
        (1, "production", "archived", "replaced by v2: better"),
        (2, "staging", "production", "better"),
    ]


def test_moving_again_changes_nothing(registry, register) -> None:
    register(0)
    first = move(registry, 1, "production")
    before = registry.history()
    assert move(registry, 1, "production", at=NOW + HOUR) == first
    assert registry.history() == before


def test_rolling_back_twice_for_the_same_reason_is_kept_twice(registry, register) -> None:
    register(0), register(1)
    for version in (1, 2, 1, 2, 1):
        move(registry, version, "production", "rollback")
    assert registry.current("production").version == 1
    assert [m["why"] for m in registry.history() if m["stage"] == "production"] == [
        "rollback", "rollback", "rollback (2)", "rollback (2)", "rollback (3)",
    ]  # fmt: skip


def test_aliases_in_mlflow_follow(registry, register) -> None:
    register(0), register(1)
    move(registry, 1, "production")
    move(registry, 2, "production")
    aliases = registry._client.get_registered_model(registry.name).aliases
    assert {name: int(v) for name, v in aliases.items()} == {"production": 2, "archived": 1}


@pytest.mark.parametrize(
    ("moves", "words"),
    [
        ([("production", "x"), ("staging", "x")], "is in production, from where it cannot move"),
        ([("live", "x")], "expected a stage, got `live`"),
        ([("staging", " ")], "expected a reason, got none"),
    ],
)
def test_moves_that_make_no_sense_are_refused(registry, register, moves, words) -> None:
    register(0)
    *before, (stage, why) = moves
    for early, reason in before:
        move(registry, 1, early, reason)
    with pytest.raises(ConfigError, match=words):
        move(registry, 1, stage, why)


def test_an_unknown_version_names_the_known(registry, register) -> None:
    with pytest.raises(NotFoundError) as caught:
        registry.get(1)
    assert caught.value.hint == "Train one with `trimtab run`."
    register(0)
    with pytest.raises(NotFoundError, match="has no version 4") as caught:
        registry.load(4)
    assert caught.value.hint == "It has v1."


def test_a_changed_file_is_not_loaded(registry, register) -> None:
    version = registry.get(register(2))
    file = registry._artifacts / version.run_id / "artifacts" / "model.onnx"
    whole = file.read_bytes()
    try:
        file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        with pytest.raises(SourceError, match=r"model.onnx of back--.* v1 is not the file that"):
            registry.load(1)
        file.unlink()
        with pytest.raises(NotFoundError, match=r"expected model.onnx of"):
            registry.load(1)
    finally:
        file.write_bytes(whole)
    assert registry.load(1).predict_features is not None


def test_another_process_sees_the_same(shop, registry, register) -> None:
    register(0)
    other = Registry(shop[0].within(registry.workspace.scope))
    move(other, 1, "production")
    assert registry.current("production") == other.current("production")
    assert registry.load(1).version.stage == "production"


def test_mlflows_database_appears_whole_or_not_at_all(tmp_path, monkeypatch) -> None:
    file = tmp_path / "mlflow.db"

    def killed(*args, **options) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("mlflow.MlflowClient.search_experiments", killed)
        with pytest.raises(KeyboardInterrupt):
            _open_mlflow(f"sqlite:///{file}")
    assert not file.exists()
    assert _open_mlflow(f"sqlite:///{file}").search_experiments()
    assert list(tmp_path.iterdir()) == [file]
