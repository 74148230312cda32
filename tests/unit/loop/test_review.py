from datetime import UTC, datetime

import pytest

from trimtab.core.errors import NotFoundError, StoppedError, WaitingError
from trimtab.core.project import Project
from trimtab.core.workspace import Workspace
from trimtab.loop.review import decide_review, pending_reviews, require_review

NOW = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def workspace(tmp_path):
    project = Project.model_validate({
        "root": tmp_path,
        "project": {"name": "shop"},
        "tables": [{"name": "orders", "source": "o.parquet", "time": "placed"}],
        "task": {"name": "returned", "table": "orders", "kind": "binary", "label": "back"},
        "train": {"until": "2024-02-01"},
    })  # fmt: skip
    return Workspace(project)


def ask(workspace, *, auto_approve=False):
    require_review(
        workspace, "analysis", "returned v1", auto_approve=auto_approve, at=NOW, details={"auc": 1}
    )


def test_work_waits_with_exit_code_3_until_a_person_decides(workspace):
    with pytest.raises(WaitingError, match="expected a person's review") as waiting:
        ask(workspace)

    assert waiting.value.exit_code == 3
    assert "trimtab approve 'returned v1'" in waiting.value.hint
    assert [row["subject"] for row in pending_reviews(workspace)] == ["returned v1"]


def test_work_goes_on_after_approval(workspace):
    with pytest.raises(WaitingError):
        ask(workspace)
    decide_review(workspace, "returned v1", approve=True, who="ada", note="fine", at=NOW)

    ask(workspace)

    assert pending_reviews(workspace) == []


def test_rejection_stops_the_work_and_names_who_and_why(workspace):
    with pytest.raises(WaitingError):
        ask(workspace)
    decide_review(workspace, "returned v1", approve=False, who="ada", note="too small", at=NOW)

    with pytest.raises(StoppedError, match="rejected by ada: too small"):
        ask(workspace)


def test_auto_approval_is_on_record_as_such(workspace):
    ask(workspace, auto_approve=True)

    (row,) = workspace.store.rows("reviews")
    assert (row["status"], row["who"]) == ("approved", "auto-approve")


def test_approving_what_nobody_asked_for_is_refused(workspace):
    with pytest.raises(NotFoundError, match="no review of `returned v9` is waiting"):
        decide_review(workspace, "returned v9", approve=True, who="ada", note="", at=NOW)
