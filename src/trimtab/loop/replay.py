"""A historical table played through the real server as production traffic, labels late.

Window by window: rows are asked in the order of their event time, labels are posted when they
became known, the window is closed (`cycle.py`), and what was served is held against a model that
was never retrained and one that always was. A replay has a scope of its own, named after its
policy and everything it depends on; run again, it goes on where it was cut off.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from trimtab.core.errors import ConfigError, NotEnoughDataError
from trimtab.core.progress import Progress, silent
from trimtab.core.project import Project
from trimtab.core.records import DatasetVersion, Record
from trimtab.core.workspace import Workspace
from trimtab.data.time import windows
from trimtab.loop.admission import admit
from trimtab.loop.baselines import Baselines
from trimtab.loop.cycle import Cycle
from trimtab.loop.traffic import Traffic
from trimtab.loop.window_report import (
    Answers,
    overall_facts,
    performance_facts,
    turn_facts,
)
from trimtab.models.rows import build_rows, rows_between
from trimtab.monitoring.windows import window_label

if TYPE_CHECKING:
    from trimtab.models.registry import Registry
    from trimtab.serving.client import Client
    from trimtab.serving.event_log import EventLog


@dataclass(frozen=True, slots=True)
class ReplayResult(Record):
    """What a replay did: one dict per window, in order (keys: see `loop.window_report`)."""

    scope: str
    policy: str
    training_window: str
    windows: tuple[dict[str, Any], ...]
    overall: dict[str, Any]


def replay(
    workspace: Workspace,
    *,
    policy: str | None = None,
    window: str | None = None,
    auto_approve: bool = False,
    at: datetime,
    progress: Progress = silent,
) -> ReplayResult:
    """Play the task's rows after `train.until` as production, and report per window.

    Parameters
    ----------
    workspace : Workspace
        The project.
    policy : {'never', 'scheduled', 'triggered'}, optional
        When to retrain; the project file's if left out.
    window : str, optional
        Rows to retrain on: `all`, `last 3 months`, `since drift`; likewise.
    auto_approve : bool, default=False
        Take both human reviews as given, and say so on record.
    at : datetime
        The real time, for the record of ingestion. All else runs on the rows' own clock.
    progress : Progress, optional
        Where progress is told.

    Raises
    ------
    WaitingError
        If a person's review is needed; approve, and run again.
    NotEnoughDataError
        If there are no rows after the training window.
    """
    # Imported here: the registry needs mlflow, which takes seconds to load.
    from trimtab.models.registry import Registry
    from trimtab.models.train import train
    from trimtab.serving.event_log import EventLog
    from trimtab.serving.server import running_server

    project = with_policy(workspace.project, policy, window)
    live, until = Workspace(project), project.training_end
    rows = build_rows(live, at=at)
    if rows.time_max is None or rows.time_max < until:
        raise NotEnoughDataError(
            f"expected rows after {until:%Y-%m-%d %H:%M} to replay, got none",
            hint="Set `train.until` in trimtab.toml to an earlier day.",
        )
    scope = Workspace(project, scope=replay_scope(project, rows, live.commit))
    registry = Registry(scope)
    run_id = train(live, rows, until=until, progress=progress)
    admit(scope, registry, run_id, why="first model", at=until, auto_approve=auto_approve)
    log = EventLog.of(scope)
    player = _Player(
        scope, registry, log, rows,
        Cycle(scope, registry, log, rows, auto_approve=auto_approve, progress=progress), progress,
    )  # fmt: skip
    if player.unfinished():
        with running_server(scope) as client:
            player.play(client)
    done = [row["details"] for row in scope.store.rows("replay_windows", order="start")]
    return ReplayResult(
        scope=scope.scope, policy=project.retrain.policy, training_window=project.retrain.window,
        windows=tuple(done), overall=overall_facts(done),
    )  # fmt: skip


class _Player:
    """The windows of one replay, played in order."""

    def __init__(
        self,
        scope: Workspace,
        registry: "Registry",
        log: "EventLog",
        rows: DatasetVersion,
        cycle: Cycle,
        progress: Progress,
    ) -> None:
        self.scope, self.registry, self.log, self.rows = scope, registry, log, rows
        self.cycle, self.progress = cycle, progress
        self.baselines = Baselines(scope, rows, registry.load(1))
        columns = sorted(self.baselines.first.features.columns)
        self.traffic = Traffic(scope, rows, columns, scope.project.training_end)
        self.spans = self._spans()

    def _spans(self) -> list[tuple[datetime, datetime]]:
        """Return the windows; the first begins where training ended, empty ones are left out."""
        until, every = self.scope.project.training_end, self.scope.project.monitor.window
        assert self.rows.time_max is not None
        # windows() covers [start, end); the last row itself belongs to a window too
        spans = windows(until, self.rows.time_max + timedelta(microseconds=1), every)
        return [(max(start, until), end) for start, end in spans if end > until]

    def unfinished(self) -> bool:
        """Whether anything is left to play."""
        last = self.scope.store.rows("progress", step="replay finished")
        return not last

    def play(self, client: "Client") -> None:
        """Play every window that is not done yet, then report again with the late labels."""
        done = {row["start"] for row in self.scope.store.rows("replay_windows", state="done")}
        for number, (start, end) in enumerate(self.spans, 1):
            if start not in done:
                self._play_window(start, end, client)
            self.progress("windows closed", number, len(self.spans))
        end = self.spans[-1][1]
        self.traffic.post_rest(end, client)
        self._report_late_labels()
        self.scope.store.add("progress", step="replay finished", at=end)

    def _play_window(self, start: datetime, end: datetime, client: "Client") -> None:
        window = rows_between(self.scope, self.rows, start, end)
        if window.is_empty():
            return
        label = window_label(self.scope.project, start, end)
        self.cycle.roles(start, start)
        self.scope.store.add("replay_windows", start=start, end=end, state="open")
        client.load(self.scope.model_name)
        self.traffic.send(
            window, start, end, client,
            lambda done: self.progress(f"served {label}", done, window.height),
        )  # fmt: skip
        turn = self.cycle.close(start, end, at=end)
        details = {**self._performance(start, end, known_until=end), **turn_facts(turn)}
        self.scope.store.change(
            "replay_windows", {"state": "done", "details": details}, start=start
        )

    def _performance(
        self, start: datetime, end: datetime, *, known_until: datetime | None
    ) -> dict[str, Any]:
        span = {"window": window_label(self.scope.project, start, end), "start": start, "end": end}
        answers = self._answers(start, end, known_until)
        return {**span, **performance_facts(self.scope, self.baselines, answers)}

    def _answers(self, start: datetime, end: datetime, known_until: datetime | None) -> Answers:
        return Answers.of(
            self.registry, self.baselines, self.log.read(start, end, known_until=known_until),
            rows_between(self.scope, self.rows, start, end), start,
        )  # fmt: skip

    def _report_late_labels(self) -> None:
        """Report again on windows some of whose labels came after they were closed."""
        for row in self.scope.store.rows("replay_windows", state="done", order="start"):
            start, end, details = row["start"], row["end"], row["details"]
            events = self.log.read(start, end)
            if events.height - events["_label"].null_count() > details["labelled"]:
                new = {**details, **self._performance(start, end, known_until=None)}
                self.scope.store.change("replay_windows", {"details": new}, start=start)


def with_policy(project: Project, policy: str | None, window: str | None) -> Project:
    """Return the project with another retraining policy or training window."""
    changes = {"policy": policy, "window": window}
    values = project.model_dump()
    values["retrain"] |= {key: value for key, value in changes.items() if value is not None}
    try:
        return Project.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][-1])
        raise ConfigError(
            f"`--{name}`: {first['msg'].removeprefix('Value error, ')}",
            hint=f"Give another `--{name}`, or leave it out for the project's own.",
        ) from None


def replay_scope(project: Project, rows: DatasetVersion, commit: str) -> str:
    """Return the scope of a replay: its policy, and a hash of all that it depends on."""
    parts = {"project", "tables", "joins", "task", "train", "tune", "gate", "monitor", "retrain"}
    content = f"{project.model_dump_json(include=parts)}|{rows.fingerprint}|{commit}"
    window = project.retrain.window.replace(" ", "-")
    digest = hashlib.sha256(content.encode()).hexdigest()[:8]
    return f"{project.retrain.policy}-{window}-{digest}"
