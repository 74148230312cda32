"""What happens when a window closes: watch it, judge the challenger, perhaps train the next.

The same steps serve production (`trimtab run` closes the windows that have ended) and a replay.
Each step writes its facts under a natural key, so that a window that was cut off half way is
gone through again with the same result.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from trimtab.core.errors import NotEnoughDataError, StoppedError, WaitingError
from trimtab.core.progress import Progress
from trimtab.core.records import Alert, DatasetVersion, ModelVersion, Record, Verdict
from trimtab.core.workspace import Workspace
from trimtab.loop.admission import admit, judge
from trimtab.loop.retraining import RETRAINING_MONITORS, retrain_reason, training_start
from trimtab.loop.review import require_review
from trimtab.models.rows import LABEL, known_rows
from trimtab.models.scoring import known_classes
from trimtab.monitoring.alerts import alerts_for, raise_alerts
from trimtab.monitoring.windows import Reference, close_window

if TYPE_CHECKING:
    from trimtab.models.registry import Registry
    from trimtab.serving.event_log import EventLog


@dataclass(frozen=True, slots=True)
class Turn(Record):
    """One turn of the loop: a closed window and what came of it."""

    start: datetime
    end: datetime
    champion: int
    challenger: int | None
    alerts: tuple[Alert, ...]
    verdict: Verdict | None
    promoted: bool
    retrained: str | None
    next_challenger: int | None


class Cycle:
    """The loop of one model in one scope.

    Parameters
    ----------
    workspace : Workspace
        The project, seen from the scope that serves.
    registry : Registry
        Its models.
    log : EventLog
        Its requests, predictions and labels.
    rows : DatasetVersion
        The task's rows, from which challengers are trained; only those whose label was known
        at the moment are used.
    auto_approve : bool
        Whether the two human reviews are taken as given.
    progress : Progress
        Where progress is told.
    """

    def __init__(
        self,
        workspace: Workspace,
        registry: "Registry",
        log: "EventLog",
        rows: DatasetVersion,
        *,
        auto_approve: bool,
        progress: Progress,
    ) -> None:
        self.workspace, self.registry, self.log, self.rows = workspace, registry, log, rows
        self.auto_approve, self.progress = auto_approve, progress
        self._references: dict[int, Reference] = {}

    def roles(self, start: datetime, at: datetime) -> tuple[ModelVersion, ModelVersion | None]:
        """Return champion and challenger of the window that starts, as its first try found them.

        A try that was cut off after a promotion must not be judged with the new champion.
        """
        champion, shadow = self.registry.current("production"), self.registry.current("staging")
        if champion is None:
            scope = self.workspace.scope
            raise StoppedError(
                f"expected a model in production in scope `{scope}`, found none",
                hint=f"Run `trimtab model move VERSION production --scope {scope}`.",
            )
        found = {"champion": champion.version, "challenger": shadow.version if shadow else None}
        step = f"window {start.isoformat()} opened"
        self.workspace.store.add("progress", step=step, at=at, details=found)
        (row,) = self.workspace.store.rows("progress", step=step)
        known = row["details"]["challenger"]
        return (
            self.registry.get(row["details"]["champion"]),
            None if known is None else self.registry.get(known),
        )

    def close(self, start: datetime, end: datetime, *, at: datetime) -> Turn:
        """Close the window [start, end)."""
        champion, challenger = self.roles(start, at)
        alerts = self._watch(start, end, champion, at)
        verdict = self._judge(champion, challenger, end, at) if challenger else None
        promoted, reason, trained = False, None, None
        if challenger is not None and verdict is not None:
            promoted, reason = self._act(challenger, verdict, end, at)
        if challenger is None or self.registry.get(challenger.version).stage != "staging":
            reason = reason or retrain_reason(
                self.workspace.project.retrain, alerts, self._growth(champion, end)
            )
            if reason:
                trained, reason = self._retrain(start, end, reason, champion, at)
        return Turn(
            start=start, end=end, champion=champion.version,
            challenger=challenger.version if challenger else None,
            alerts=tuple(alerts), verdict=verdict, promoted=promoted, retrained=reason,
            next_challenger=trained.version if trained else None,
        )  # fmt: skip

    def _watch(
        self, start: datetime, end: datetime, champion: ModelVersion, at: datetime
    ) -> list[Alert]:
        """Close the window in the eyes of monitoring, and tell people what they should know."""
        if champion.version not in self._references:
            self._references[champion.version] = Reference.build(
                self.workspace, self.registry, champion
            )
        report = close_window(
            self.workspace, start, end,
            events=self.log.read(start, end, known_until=at), champion=champion,
            reference=self._references[champion.version], at=at,
        )  # fmt: skip
        alerts = alerts_for(self.workspace, report)
        raise_alerts(self.workspace, alerts)
        return alerts

    def _judge(
        self, champion: ModelVersion, challenger: ModelVersion, end: datetime, at: datetime
    ) -> Verdict:
        """Compare both on all labelled traffic since the challenger began to shadow."""
        task = self.workspace.project.task
        since = challenger.trained_until or challenger.created_at
        seen = self.log.read(since, end, known_until=at).filter(
            pl.col(LABEL).is_not_null(),
            pl.col("champion_version") == champion.version,
            pl.col("shadow_version") == challenger.version,
        )
        labels = seen[LABEL].to_numpy()
        sides = []
        for model, column in ((champion, "champion_score"), (challenger, "shadow_score")):
            classes = self.registry.load(model.version).classes
            scores = np.asarray(seen[column].to_list(), dtype=float)
            sides.append((scores, classes, known_classes(task.kind, labels, classes)))
        both = sides[0][2] & sides[1][2]
        (old, old_classes, _), (new, new_classes, _) = sides
        return judge(
            self.workspace,
            labelled=seen.filter(pl.Series(both)),
            champion=f"v{champion.version}",
            challenger=f"v{challenger.version}",
            old=(old[both], old_classes),
            new=(new[both], new_classes),
            at=at,
        )

    def _act(
        self, challenger: ModelVersion, verdict: Verdict, end: datetime, at: datetime
    ) -> tuple[bool, str | None]:
        """Promote, archive, replace by a fresher one, or leave in shadow for another look.

        Returns
        -------
        tuple of (bool, str or None)
            Whether it was promoted, and why another is to be trained in its place.
        """
        number, move = challenger.version, self.registry.move
        if verdict.outcome == "pass":
            why = f"passed the gate: {verdict.reason}"
            move(number, "production", who="gate", why=why, at=at)
            return True, None
        if verdict.outcome == "fail":
            why = f"refused by the gate: {verdict.reason}"
            move(number, "archived", who="gate", why=why, at=at)
            return False, None
        if self._growth(challenger, end) >= self.workspace.project.retrain.growth:
            why = "undecided, and there is much to learn from since it was trained"
            move(number, "archived", who="gate", why=why, at=at)
            return False, f"the challenger v{number} was {why}"
        looks = self.workspace.store.rows("looks", challenger=f"v{number}")
        taken = sum(row["champion"] != "constant" for row in looks)
        if taken >= self.workspace.project.gate.steps:
            why = f"not decided in as many looks as the gate allows: {verdict.reason}"
            move(number, "archived", who="gate", why=why, at=at)
        return False, None

    def _growth(self, model: ModelVersion, end: datetime) -> float:
        """Return the rows known since a model was trained, as a share of those it learned from."""
        until = model.trained_until
        if until is None:
            return 0.0
        learned = known_rows(self.workspace, self.rows, start=model.trained_from, until=until)
        known = known_rows(self.workspace, self.rows, start=model.trained_from, until=end)
        return (known.height - learned.height) / max(learned.height, 1)

    def _retrain(
        self, start: datetime, end: datetime, reason: str, champion: ModelVersion, at: datetime
    ) -> tuple[ModelVersion | None, str]:
        """Train a challenger on what is known now.

        Returns
        -------
        tuple of (ModelVersion or None, str)
            The challenger, None if a reviewer said no or there are too few rows; and why it
            was called for, or did not come about.
        """
        from trimtab.models.train import train

        subject = f"{self.workspace.project.task.name} {start:%Y-%m-%d} to {end:%Y-%m-%d}"
        try:
            require_review(
                self.workspace, "feedback", subject, auto_approve=self.auto_approve, at=at,
                details={"reason": reason},
            )  # fmt: skip
            settings = self.workspace.project.retrain
            run_id = train(
                self.workspace, self.rows, until=end,
                start=training_start(settings.window, end, self._drift_since(start)),
                params=self._params(champion), progress=self.progress,
            )  # fmt: skip
            made = admit(
                self.workspace, self.registry, run_id, why=reason, at=at,
                auto_approve=self.auto_approve,
            )  # fmt: skip
        except WaitingError:
            raise
        except (StoppedError, NotEnoughDataError) as error:
            return None, f"{reason}; no challenger: {error.problem}"
        return made, reason

    def _params(self, champion: ModelVersion) -> dict[str, Any] | None:
        """Return the champion's parameters, searched for once, since they move little.

        None, which means a new search, if the project has another estimator by now.
        """
        kept = self.registry.card(champion)["estimator"] == self.workspace.project.train.estimator
        return self.registry.load(champion).params if kept else None

    def _drift_since(self, start: datetime) -> datetime | None:
        """Return the start of the unbroken run of alerted windows that ends with this one."""
        fired = {
            row["window_start"]
            for row in self.workspace.store.rows("alerts")
            if row["monitor"] in RETRAINING_MONITORS
        }
        closed = self.workspace.store.rows("windows", order="start")
        since = None
        for row in reversed([row for row in closed if row["start"] <= start]):
            if row["start"] not in fired:
                break
            since = row["start"]
        return since
