"""How much labelled data a gate needs before it can see a gain. It looks at no model."""

import math
from dataclasses import dataclass

from trimtab.core.records import Record
from trimtab.core.settings import GateSection
from trimtab.stats.bounds import MIN_BLOCKS, hoeffding_samples
from trimtab.stats.laws import safe_student_critical

GAIN_RANGE = 2.0  # a difference of two losses in [0, 1] lies in [-1, 1]


@dataclass(frozen=True, slots=True)
class Plan(Record):
    """What it takes for the interval of the gain to be as narrow as plus or minus `tolerance`.

    A challenger that is truly better by twice the tolerance then passes more often than not,
    and the gate no longer answers *not enough data*.
    """

    tolerance: float
    delta: float
    steps: int
    delta_per_look: float
    rows: int
    blocks: int | None
    block_sd: float | None

    @property
    def sentence(self) -> str:
        """The plan in words."""
        rows = (
            f"{self.rows:,} independent labelled rows show a gain of mean loss to within "
            f"{self.tolerance:g}, whatever its distribution"
        )
        if self.blocks is None:
            return f"{rows}."
        return (
            f"{self.blocks:,} blocks do if the gain of a block varies by {self.block_sd:.4g}, as "
            f"seen; {rows}."
        )


def plan(settings: GateSection, *, block_sd: float | None = None) -> Plan:
    """Return the size of test set that a gate's tolerance asks for.

    The rows are those of Hoeffding's two-sided inequality: enough for any distribution of
    independent rows, and dear when the two models mostly agree.

    Parameters
    ----------
    settings : GateSection
        Tolerance, delta and the number of looks that share it.
    block_sd : float, optional
        Standard deviation of the gain between blocks (days), from an earlier comparison; a
        guess, so the blocks it leads to are a forecast and not a guarantee.

    Examples
    --------
    >>> planned = plan(GateSection(tolerance=0.01, delta=0.05, steps=4), block_sd=0.02)
    >>> planned.rows, planned.blocks
    (101504, 29)
    """
    share = settings.delta / settings.steps
    blocks = None if block_sd is None else blocks_needed(block_sd, settings.tolerance, delta=share)
    return Plan(
        tolerance=settings.tolerance,
        delta=settings.delta,
        steps=settings.steps,
        delta_per_look=share,
        rows=hoeffding_samples(settings.tolerance, delta=share, value_range=GAIN_RANGE),
        blocks=blocks,
        block_sd=block_sd,
    )


def blocks_needed(block_sd: float, tolerance: float, *, delta: float) -> int:
    r"""Return the blocks at which Student's half-width is at most `tolerance`.

    The smallest :math:`n \ge 5` with :math:`t_{n-1, 1-\delta/2}\, s / \sqrt n \le \epsilon`, for
    blocks that are independent of each other and whose gains vary by `block_sd`.
    """
    if not 0 < tolerance < 1 or not 0 < delta < 1:
        raise ValueError(
            f"expected `tolerance` and `delta` between 0 and 1, got {tolerance} and {delta}"
        )
    if not 0 <= block_sd < math.inf:
        raise ValueError(f"expected a finite `block_sd` of at least 0, got {block_sd}")

    def enough(n: int) -> bool:
        half_width = safe_student_critical(delta, n - 1) * block_sd / math.sqrt(n)
        return half_width <= tolerance

    high = MIN_BLOCKS
    while not enough(high):
        high *= 2
    low = max(high // 2, MIN_BLOCKS - 1)
    while high - low > 1:  # the half-width falls with n: bisect
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
