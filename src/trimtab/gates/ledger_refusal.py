"""When the ledger refuses: nothing left, the wrong kind of step, too large a share of delta."""

import math
from collections.abc import Mapping
from typing import Any

from trimtab.core.errors import ConfigError, StoppedError
from trimtab.core.records import Verdict
from trimtab.gates.delta import ln_delta_per_step
from trimtab.gates.ledger_delivery import refuse_unusable
from trimtab.gates.ledger_sets import KnownTestSet, StepKind
from trimtab.gates.plan_words import scientific

_ROUNDING = 1e-9  # of ln delta: decimals and floats round a share differently


class SpentTestSetError(StoppedError):
    """All the steps that were agreed on for a test set have been taken, or it was retired."""


def refuse(known: KnownTestSet, kind: StepKind, *, open_look: int | None = None) -> None:
    """Refuse a look or a reading that the test set is not, or no longer, open for.

    An `open_look` has been paid for: it may be decided as long as the set is not retired.
    """
    if known.step_kind != kind:
        raise ConfigError(
            f"expected a test set that was opened for {kind}s, got `{known.label}`, which was "
            f"opened for {known.step_kind}s",
            hint="Its delta is shared for the one kind alone: give the other rows of its own.",
            test_set=known.fingerprint,
        )
    retired = known.state == "retired"
    if retired or (open_look is None and not known.left):
        hint = "Take a fresh test set (a later window); the old one may now be trained on."
        if not retired:
            hint = "Take a fresh test set. What is open here may still be decided: label more."
        raise SpentTestSetError(
            f"expected a {kind} left at test set `{known.label}`, got {known.taken} taken of "
            f"{known.steps}{_why_spent(known)}",
            hint=f"{hint} `trimtab gate ledger list` shows who looked.",
            test_set=known.fingerprint, steps=known.steps, taken=known.taken,
        )  # fmt: skip
    if known.adaptivity == "none" and known.to is not None:
        refuse_unusable(known.to)


def _why_spent(known: KnownTestSet) -> str:
    """Return what else there is to say of a set without a step that may be taken."""
    if known.state == "open":
        return f", open: look {', look '.join(map(str, known.open_looks))}"
    every = known.retired_why == f"all {known.steps} {known.step_kind}s were taken"
    return "" if every else f" and the set retired ({known.retired_why})"


def refuse_other_inputs(known: KnownTestSet, row: Mapping[str, Any], inputs: str) -> None:
    """Refuse to go on with an open look on other answers: that would be a free look at them."""
    if row["details"]["inputs"] == inputs:
        return
    raise ConfigError(
        f"expected the answers that look {row['step']} at `{known.label}` was opened with, got "
        f"others under the same names ({row['challenger']} against {row['champion']})",
        hint="Ask with the same files, only more labels; a model built anew needs another "
        "`--commit`, and spends a look of its own.",
        test_set=known.fingerprint,
    )


def refuse_larger_share(known: KnownTestSet, verdict: Verdict) -> None:
    """Refuse a verdict that may be wrong more often than one step of the test set allows.

    Raises
    ------
    ConfigError
        If it was made for a larger share of delta.
    """
    allowed = ln_delta_per_step(known.reliability, steps=known.steps, adaptivity=known.adaptivity)
    made_for = verdict.detail.get("ln_delta")  # `delta` of a thousand looks is 0 as a float
    if made_for is None:
        made_for = _ln(verdict.delta)
    if made_for <= allowed + _ROUNDING:
        return
    had = scientific(made_for) if math.isfinite(made_for) else f"{verdict.delta:g}"
    raise ConfigError(
        f"expected a verdict made for a delta of at most {scientific(allowed)}, a step's share "
        f"of test set `{known.label}`, got one made for {had}",
        hint=f'Plan with what it was opened with: reliability="{known.reliability}", '
        f'steps={known.steps}, adaptivity="{known.adaptivity}".',
        test_set=known.fingerprint,
    )


def _ln(delta: float) -> float:
    """Return the logarithm of a chance; infinite for what is none, as NaN or -1."""
    if delta == 0:
        return -math.inf
    return math.log(delta) if delta > 0 else math.inf
