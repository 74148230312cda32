"""How a trained run earns a place: reviewed, judged, and moved to the stage it deserves.

The first model has to prove itself against a constant prediction; every later one goes to
*staging*, answers in the shadow of the champion, and is judged on live, labelled traffic.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from trimtab.core.errors import NotEnoughDataError, StoppedError
from trimtab.core.records import ModelVersion, Verdict
from trimtab.core.workspace import Workspace
from trimtab.gates.gain import condition, decide
from trimtab.gates.gain_look import look_at_gain
from trimtab.gates.ledger import Ledger
from trimtab.gates.rank import decide_by_rank, rank_condition
from trimtab.loop.review import require_review
from trimtab.models.rows import ID, LABEL, TIME
from trimtab.models.scoring import constant_scores, row_losses, task_blocks

if TYPE_CHECKING:
    from trimtab.models.registry import Registry

Scores = tuple[np.ndarray[Any, Any], Sequence[str]]


def admit(
    workspace: Workspace,
    registry: "Registry",
    run_id: str,
    *,
    why: str,
    at: datetime,
    auto_approve: bool,
) -> ModelVersion:
    """Register a run, have its analysis reviewed, and move it where it may go.

    Returns
    -------
    ModelVersion
        In *production* if it is the first and better than a constant, else in *staging*.

    Raises
    ------
    WaitingError
        If the analysis waits for a person.
    StoppedError
        If the analysis was rejected, or a first model is no better than a constant.
    NotEnoughDataError
        If there is too little data to say whether it is.
    """
    version = registry.register(run_id, who="trimtab", why=why, at=at)
    if version.stage != "dev" and not _was_refused(registry, version):
        return version
    subject = f"{version.name} v{version.version}"
    try:
        require_review(
            workspace, "analysis", subject, auto_approve=auto_approve, at=at,
            details={"metrics": version.metrics, "why": why},
        )  # fmt: skip
    except StoppedError:
        registry.move(version.version, "archived", who="reviewer", why="rejected", at=at)
        raise
    if registry.current("production") is not None:
        return registry.move(version.version, "staging", who="trimtab", why=why, at=at)
    verdict = judge_against_constant(workspace, registry, version, at=at)
    if verdict.outcome == "pass":
        return registry.move(
            version.version, "production", who="gate", why=f"passed: {verdict.reason}", at=at
        )
    registry.move(version.version, "archived", who="gate", why=verdict.reason, at=at)
    error = StoppedError if verdict.outcome == "fail" else NotEnoughDataError
    raise error(
        f"{subject} is not better than a constant prediction: {verdict.reason}",
        hint="Look at `trimtab model show`, add rows or features, and run again.",
        model=subject,
    )


def _was_refused(registry: "Registry", version: ModelVersion) -> bool:
    """Whether a version was archived right here: run again, it is refused again."""
    moves = [row for row in registry.history() if row["version"] == version.version]
    last = (moves[-1]["previous"], moves[-1]["stage"], moves[-1]["who"])
    return last in (("dev", "archived", "gate"), ("dev", "archived", "reviewer"))


def judge_against_constant(
    workspace: Workspace, registry: "Registry", version: ModelVersion, *, at: datetime
) -> Verdict:
    """Hold a model's out-of-fold scores against the best constant, by the project's gate."""
    task = workspace.project.task
    reference = registry.reference(version.version)
    model = registry.load(version.version)
    labels = reference[LABEL].to_numpy()
    scores = reference_scores(reference)
    scored = np.isfinite(scores if scores.ndim == 1 else scores[:, 0])
    labels, scores = labels[scored], scores[scored]
    constant = constant_scores(task.kind, labels, model.classes)
    return judge(
        workspace,
        labelled=reference.filter(scored),
        champion="constant",
        challenger=f"v{version.version}",
        new=(scores, model.classes),
        old=(constant, model.classes),
        at=at,
    )


def judge(
    workspace: Workspace,
    *,
    labelled: pl.DataFrame,
    champion: str,
    challenger: str,
    new: Scores,
    old: Scores,
    at: datetime,
) -> Verdict:
    """Hold a challenger against the champion on the same labelled rows, by the project's gate.

    Parameters
    ----------
    labelled : polars.DataFrame
        The canonical columns of the rows both have answered and whose label is known.
    new, old : tuple of (array, list of str)
        Scores of challenger and champion, and the classes their columns stand for.
    """
    task, gate = workspace.project.task, workspace.project.gate
    labels, block = labelled[LABEL].to_numpy(), task_blocks(task, labelled[TIME])
    new_loss, old_loss = (row_losses(task, labels, *side) for side in (new, old))
    # Which of two models ranks better has no meaning where one label never came.
    by_rank = task.kind == "binary" and gate.metric != "loss" and len(np.unique(labels)) == 2

    def decided(delta: float) -> Verdict:
        if not by_rank:
            return decide(new_loss, old_loss, blocks=block, settings=gate, delta=delta)
        return decide_by_rank(
            labels, new[0], old[0], new_loss=new_loss, old_loss=old_loss, blocks=block,
            settings=gate, delta=delta, seed=workspace.project.project.seed,
        )  # fmt: skip

    return look(
        workspace, labelled=labelled, champion=champion, challenger=challenger,
        condition=rank_condition(gate) if by_rank else condition(gate), at=at, decide=decided,
    )  # fmt: skip


def look(
    workspace: Workspace,
    *,
    labelled: pl.DataFrame,
    champion: str,
    challenger: str,
    condition: str,
    at: datetime,
    decide: Callable[[float], Verdict],
) -> Verdict:
    """Spend one look at the test set `labelled`, known by its ids and labels in their order."""
    gate = workspace.project.gate
    content = labelled.select(pl.col(ID), pl.col(LABEL).cast(pl.String)).hash_rows(seed=0)
    return look_at_gain(
        Ledger(workspace.store),
        hashlib.sha256(content.to_numpy().tobytes()).hexdigest()[:24],
        champion=champion,
        challenger=challenger,
        condition=condition,
        steps=gate.steps,
        delta=gate.delta,
        who="trimtab",
        at=at,
        decide=decide,
    )


def reference_scores(reference: pl.DataFrame) -> np.ndarray[Any, Any]:
    """Return the out-of-fold scores of a reference frame as an array, rows first."""
    column = reference["_scores"] if "_scores" in reference.columns else reference["_score"]
    return np.asarray(column.to_list(), dtype=float)
