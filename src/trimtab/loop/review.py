"""The two human reviews: *analysis* of a model before it may serve, *feedback* before it retrains.

A review is asked for once per subject and remembered in the store. Work that needs it stops with
`WaitingError` and goes on from there when it is run again after `trimtab approve`.
"""

from datetime import datetime
from typing import Any, Literal

from trimtab.core.errors import NotFoundError, StoppedError, WaitingError, nearest
from trimtab.core.workspace import Workspace

Kind = Literal["analysis", "feedback"]


def require_review(
    workspace: Workspace,
    kind: Kind,
    subject: str,
    *,
    auto_approve: bool,
    at: datetime,
    details: dict[str, Any],
) -> None:
    """Go on only if `subject` is approved; ask for the review if nobody has yet.

    Raises
    ------
    WaitingError
        If a person still has to decide (exit code 3).
    StoppedError
        If a person said no (exit code 1).
    """
    status, who = ("approved", "auto-approve") if auto_approve else ("pending", "")
    workspace.store.add(
        "reviews", kind=kind, subject=subject, status=status, who=who, note="", at=at,
        details=details,
    )  # fmt: skip
    (row,) = workspace.store.rows("reviews", kind=kind, subject=subject)
    if row["status"] == "rejected":
        raise StoppedError(
            f"the {kind} of {subject} was rejected by {row['who']}: {row['note'] or 'no reason'}",
            hint="Change the data, features or settings, and run again.",
            subject=subject,
        )
    if row["status"] == "pending" and auto_approve:
        decide_review(workspace, subject, approve=True, who="auto-approve", note="", at=at)
    elif row["status"] == "pending":
        scope = "" if workspace.scope == "live" else f" --scope {workspace.scope}"
        raise WaitingError(
            f"expected a person's review of the {kind} of {subject}, found none yet",
            hint=f"Look at it (`trimtab up`), then run `trimtab approve '{subject}'{scope}` "
            "and run this again.",
            subject=subject,
        )


def decide_review(
    workspace: Workspace, subject: str, *, approve: bool, who: str, note: str, at: datetime
) -> dict[str, Any]:
    """Record a person's answer and return the review.

    Raises
    ------
    NotFoundError
        If no review of `subject` was asked for, or it was answered before.
    """
    waiting = pending_reviews(workspace)
    match = [row for row in waiting if row["subject"] == subject]
    if not match:
        known = [row["subject"] for row in waiting]
        raise NotFoundError(
            f"no review of `{subject}` is waiting in scope `{workspace.scope}`",
            hint=nearest(subject, known) if known else "`trimtab reviews` lists what waits.",
            subject=subject,
        )
    values = {
        "status": "approved" if approve else "rejected", "who": who, "note": note, "at": at,
    }  # fmt: skip
    workspace.store.change("reviews", values, kind=match[0]["kind"], subject=subject)
    return {**match[0], **values}


def pending_reviews(workspace: Workspace) -> list[dict[str, Any]]:
    """Return the reviews that wait for a person, oldest first."""
    return workspace.store.rows("reviews", status="pending", order="at")
