"""Who moved which version to which stage, when and why: the store's own history."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, get_args

from trimtab.core.errors import ConfigError
from trimtab.core.records import Stage
from trimtab.core.store import Store

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

STAGES: tuple[Stage, ...] = get_args(Stage)

_MOVES: dict[Stage, tuple[Stage, ...]] = {
    "dev": ("staging", "production", "archived"),
    "staging": ("dev", "production", "archived"),
    "production": ("archived",),
    "archived": ("staging", "production"),
}

Row = dict[str, Any]


class StageHistory:
    """The moves of one model's versions between stages, in one scope.

    Parameters
    ----------
    store : Store
        Where moves are kept; its scope is theirs.
    model : str
        Name of the model.
    """

    def __init__(self, store: Store, model: str) -> None:
        self.store, self.model = store, model

    def rows(self) -> list[Row]:
        """Return every move, oldest first."""
        return _in_order(self.store.rows("stage_moves", model=self.model))

    def stages(self) -> dict[int, Stage]:
        """Return where each version is now."""
        return _stages(self.rows())

    def current(self, stage: Stage) -> int | None:
        """Return the version moved to a stage last, among those still there."""
        rows = self.rows()
        stages = _stages(rows)
        there = [
            row["version"]
            for row in rows
            if row["stage"] == stage and stages[row["version"]] == stage
        ]
        return there[-1] if there else None

    def enter(
        self, connection: "Connection", version: int, *, who: str, why: str, at: datetime
    ) -> None:
        """Put a new version in *dev*, within a caller's transaction; once."""
        if version not in _stages(self._read(connection)):
            self._write(connection, version, "dev", None, who=who, why=why, at=at)

    def move(self, version: int, stage: Stage, *, who: str, why: str, at: datetime) -> None:
        """Move a version, and what it replaces in production, in one transaction.

        Raises
        ------
        ConfigError
            If there is no such stage, it cannot be reached from here, or `why` is empty.
        """
        if stage not in STAGES:
            raise ConfigError(
                f"expected a stage, got `{stage}`", hint=f"Use one of: {', '.join(STAGES)}."
            )
        if not why.strip():
            raise ConfigError("expected a reason, got none", hint="Say why with --why TEXT.")
        with self.store.transaction() as connection:
            stages = _stages(self._read(connection))
            now = stages[version]
            if stage == now:
                return
            if stage not in _MOVES[now]:
                raise ConfigError(
                    f"v{version} is in {now}, from where it cannot move to {stage}",
                    hint=f"Move it to one of: {', '.join(_MOVES[now])}.",
                )
            for old in [n for n, s in stages.items() if s == stage == "production"]:
                reason = f"replaced by v{version}: {why}"
                self._write(connection, old, "archived", "production", who=who, why=reason, at=at)
            self._write(connection, version, stage, now, who=who, why=why, at=at)

    def _read(self, connection: "Connection") -> list[Row]:
        return _in_order(self.store.rows_within(connection, "stage_moves", model=self.model))

    def _write(
        self,
        connection: "Connection",
        version: int,
        stage: Stage,
        previous: Stage | None,
        *,
        who: str,
        why: str,
        at: datetime,
    ) -> None:
        """Add a move; one with the words of an earlier one is a row of its own."""
        step = len(self._read(connection)) + 1
        words, again = why, 2
        while not self.store.add_within(
            connection, "stage_moves", model=self.model, version=version, stage=stage,
            previous=previous, who=who, why=words, at=at, details={"step": step},
        ):  # fmt: skip
            words, again = f"{why} ({again})", again + 1


def _in_order(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: int(row["details"]["step"]))


def _stages(rows: list[Row]) -> dict[int, Stage]:
    return {row["version"]: row["stage"] for row in rows}
