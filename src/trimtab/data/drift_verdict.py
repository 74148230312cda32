"""Which findings are drift, and the report that holds them all."""

import math
from dataclasses import dataclass, replace

from trimtab.data.drift_report import DriftReport, Finding, by_weight, first_of_each
from trimtab.data.drift_sides import Side
from trimtab.stats.multiplicity import Correction, correct

CORRECTIONS: dict[str, str] = {
    "bh": "Benjamini-Hochberg", "by": "Benjamini-Yekutieli", "holm": "Holm",
    "bonferroni": "Bonferroni", "none": "not corrected for the number of findings",
}  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """What makes a finding drift."""

    alpha: float
    correction: Correction
    min_effect: float

    def judged(self, found: list[Finding]) -> list[Finding]:
        """Return findings with p-values corrected for their number, and what follows."""
        tested = [each for each in found if each.p_value is not None]
        if not tested:
            return found
        p_values = [math.nan if each.p_value is None else each.p_value for each in tested]
        corrected = correct(p_values, self.correction)
        judged = [
            replace(
                each, adjusted_p=float(p), drifted=bool(p <= self.alpha) and self._matters(each)
            )
            for each, p in zip(tested, corrected, strict=True)
        ]
        return [each for each in found if each.p_value is None] + judged

    def _matters(self, finding: Finding) -> bool:
        # an effect that could not be told (NaN) is not known to be small
        return not abs(finding.effect_size or 0.0) < self.min_effect


def report_of(
    old: Side,
    new: Side,
    alpha: float,
    block: str | None,
    method: str,
    findings: list[Finding],
    joint: list[Finding],
    skipped: dict[str, str],
    conclusive: bool = True,
) -> DriftReport:
    """Return all findings as a report, worst first."""
    every = by_weight([*findings, *joint])
    return DriftReport(
        old.name, new.name, old.rows, new.rows, alpha, block, method, conclusive,
        first_of_each(every), tuple(every), skipped, tuple(by_weight(joint)),
    )  # fmt: skip
