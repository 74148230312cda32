"""Tests of one column between two profiles: counts over the same cells, no rows.

A statistic on cells can only be smaller than that on the rows, so p-values are on the safe
side; each finding says by how much its statistic may be off.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from trimtab.data.built_in_tests import KS, MEANS
from trimtab.data.cell_drift import (
    area_between,
    common_values,
    exact_values,
    grouped,
    largest_hidden_gap,
    median,
    picture,
)
from trimtab.data.column_profile import ColumnProfile
from trimtab.data.count_drift import (
    OTHERS,
    Answer,
    LevelTable,
    Unseen,
    distribution_of_levels,
    nulls_finding,
    unseen_levels,
)
from trimtab.data.drift_report import Finding
from trimtab.data.drift_tests import SD, DriftOutcome
from trimtab.data.effect_words import moved_by
from trimtab.data.row_drift import (
    UNLIKE,
    Question,
    may_be_unit,
    not_enough,
    numbers_finding,
    too_few,
)
from trimtab.data.scale_change import other_unit
from trimtab.data.vector_profile import N_DIRECTIONS, VectorProfile, directions
from trimtab.stats.log_linear import aligned
from trimtab.stats.two_sample import binned_ks_of


def compared_by_profile(question: Question, old: ColumnProfile, new: ColumnProfile) -> Answer:
    """Compare one column of two profiles."""
    answer = Answer()
    rows = old.count + old.nulls, new.count + new.nulls
    there = old.usable, new.usable
    missing = rows[0] - there[0], rows[1] - there[1]
    if max(there) == 0:
        answer.left_out.append("no value on either side")
        return answer
    answer.findings += nulls_finding(question.column, missing, rows, (old.infinite, new.infinite))
    if question.family in UNLIKE:
        answer.left_out.append(UNLIKE[question.family])
    elif too_few(*there) and min(there) > 0:
        answer.left_out.append(not_enough(*there))
    elif min(there) > 0:  # else the finding on missing values says it
        _BY_FAMILY[question.family](question, old, new, answer)
    return answer


def _numbers(question: Question, old: ColumnProfile, new: ColumnProfile, answer: Answer) -> None:
    assert old.histogram is not None
    assert new.histogram is not None
    exact = old.top_complete and new.top_complete
    if exact:
        lower, a, b = exact_values(old, new)
        upper = lower
    else:
        lower, upper, a, b = aligned(old.histogram, new.histogram)
    ends = a.cumsum(), b.cumsum()
    result = binned_ks_of(*ends)
    n, m = result.n_reference, result.n_current
    negative = old.negative / n
    positive = 1 - negative - old.zeros / n
    far = may_be_unit(result.statistic, positive, negative)
    if result.statistic > 0 and (unit := other_unit(old, new, far=far)):
        answer.findings.append(Finding.of_schema(question.column, unit))
        return
    below = ends[0] / n, ends[1] / m
    whole = old.type.startswith("Int")
    bins = picture(lower, upper, below, whole=whole)
    medians = median(lower, upper, below[0], whole), median(lower, upper, below[1], whole)
    for test in question.tests:
        error = 0.0
        found: DriftOutcome | None
        if test.name == KS:
            if not exact:
                most = largest_hidden_gap(lower, below, common_values(old, new))
                error = max(0.0, most - result.statistic)
            moved = area_between(lower, upper, below[0] - below[1])
            moved = moved / old.std if old.std else math.inf if moved else 0.0
            found = DriftOutcome(result.statistic, result.p_value, moved)
        elif "levels" in test.kinds:
            found = answer.ask(test, *grouped(a, b), question.seed)
        else:
            answer.left_out.append(f"the test `{test.name}` needs rows, a profile has none")
            found = None
        if found is not None:
            answer.findings.append(
                numbers_finding(question.column, test, found, (n, m), medians, bins, error)
            )


def _levels(question: Question, old: ColumnProfile, new: ColumnProfile, answer: Answer) -> None:
    counts = [{_text(value): n for value, n in side.top} for side in (old, new)]
    levels = _table(counts[0], counts[1])
    if old.top_complete and new.top_complete:
        distribution_of_levels(question.column, levels, question.tests, question.seed, answer)
    else:
        _commonest_levels(question, (old, new), counts, answer)
    asked: list[tuple[Unseen, ColumnProfile]] = [("new", old), ("vanished", new)]
    for word, known in asked:
        if known.top_complete:
            answer.findings.append(unseen_levels(question.column, levels, word))
        else:
            answer.left_out.append(
                f"{word} levels cannot be told: the profile keeps the commonest "
                f"{len(known.top)} of {known.distinct:,}"
            )


def _commonest_levels(
    question: Question,
    sides: tuple[ColumnProfile, ColumnProfile],
    counts: list[dict[str, int]],
    answer: Answer,
) -> None:
    """Compare the levels that both profiles list, and all others as one.

    A count may be short by as much as `top_error` says. Within that, shares are taken to be as
    alike as they can be; what the listed counts themselves would give is within `error`.
    """
    shared = [name for name in counts[0] if name in counts[1]]
    listed = [np.array([own[name] for name in shared], np.int64) for own in counts]
    totals = [side.count for side in sides]
    least = [own / total for own, total in zip(listed, totals, strict=True)]
    most = [
        (own + side.top_error) / total
        for own, side, total in zip(listed, sides, totals, strict=True)
    ]
    nearest = np.minimum(np.maximum(*least), np.minimum(*most))
    likely = [
        np.rint(np.clip(nearest, low, high) * total).astype(np.int64)
        for low, high, total in zip(least, most, totals, strict=True)
    ]
    tables = [
        LevelTable(
            [*shared, OTHERS],
            np.append(pair[0], max(0, totals[0] - pair[0].sum())),
            np.append(pair[1], max(0, totals[1] - pair[1].sum())),
        )
        for pair in (listed, likely)
    ]
    as_listed, found = Answer(), Answer()
    distribution_of_levels(question.column, tables[0], question.tests, question.seed, as_listed)
    distribution_of_levels(question.column, tables[1], question.tests, question.seed, found)
    for finding, other in zip(found.findings, as_listed.findings, strict=True):
        assert finding.statistic is not None
        assert other.statistic is not None
        error = abs(other.statistic - finding.statistic)
        answer.findings.append(replace(finding, error=error, bins=other.bins))
    answer.left_out += found.left_out


def _table(old: dict[str, int], new: dict[str, int]) -> LevelTable:
    names = sorted({*old, *new}, key=lambda name: (-old.get(name, 0), name))
    a, b = (np.array([own.get(name, 0) for name in names], np.int64) for own in (old, new))
    return LevelTable(names, a, b)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _vectors(question: Question, old: ColumnProfile, new: ColumnProfile, answer: Answer) -> None:
    """Test the mean vectors by Hotelling's law, for which means, not rows, must be normal."""
    a, b = old.vector, new.vector
    if a is None or b is None or a.dimension is None or a.dimension != b.dimension:
        answer.left_out.append("lists of different lengths")
        return
    for test in question.tests:
        if test.name == MEANS:
            found = _hotelling(a, b)
            answer.findings += [] if found is None else [_of_means(question, found, a.n, b.n)]
        else:
            answer.left_out.append(f"the test `{test.name}` needs rows, a profile has none")


def _hotelling(a: VectorProfile, b: VectorProfile) -> DriftOutcome | None:
    from scipy.special import fdtrc

    gap = b.mean - a.mean
    if a.dimension is not None and a.dimension > N_DIRECTIONS:
        gap = gap @ directions(a.dimension)
    n, m = a.n, b.n
    if min(n, m) < 2:
        return None
    covariance = (a.scatter + b.scatter) / (n + m - 2)
    rank = int(np.linalg.matrix_rank(covariance))
    free = n + m - rank - 1
    if rank == 0 or free < 1:
        return None
    squared = n * m / (n + m) * float(gap @ np.linalg.pinv(covariance) @ gap)
    p_value = float(fdtrc(rank, free, squared * free / (rank * (n + m - 2))))
    along = float(gap @ covariance @ gap)
    effect = float(gap @ gap) / math.sqrt(along) if along > 0 else 0.0
    return DriftOutcome(squared, p_value, effect)


def _of_means(question: Question, found: DriftOutcome, n: int, m: int) -> Finding:
    text = f"`{question.column}`: the mean vector {moved_by(found.effect_size, SD)}"
    return Finding(
        question.column, "distribution", "hotelling", found.statistic, found.p_value, None,
        found.effect_size, SD, False, text, n, m,
    )  # fmt: skip


_BY_FAMILY: dict[str, Callable[[Question, ColumnProfile, ColumnProfile, Answer], None]] = {
    "numbers": _numbers, "levels": _levels, "vector": _vectors,
}  # fmt: skip
