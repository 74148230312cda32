from datetime import UTC, datetime, timedelta

from trimtab.gates.ledger import Ledger
from trimtab.web.facts import ScopeFacts

AT = datetime(2026, 1, 2, tzinfo=UTC)


def test_readings_of_the_meter_are_given_newest_first(workspace):
    ledger = Ledger(workspace.store)
    ledger.open(
        "5f0c1e", reliability="0.95", steps=3, adaptivity="full", who="ann", at=AT, name="meter",
        reveals="range", ranges=(0.01, 0.05),
    )  # fmt: skip
    for day, gap in enumerate((0.03, 0.07)):
        ledger.read(
            "5f0c1e", commit=f"a{day}", development_loss=0.1, test_loss=0.1 + gap, rows=20_000,
            who="bob", at=AT + timedelta(days=day),
        )  # fmt: skip
    facts = ScopeFacts(workspace)

    assert [(one.commit, one.step, one.reading.signal) for one in facts.readings()] == [
        ("a1", 2, 2), ("a0", 1, 1),
    ]  # fmt: skip
    assert facts.looks() == []
    assert ScopeFacts(workspace.within("replay-1")).readings() == []
