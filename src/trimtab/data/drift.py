"""Whether rows are still from where the reference rows came, column by column.

Four things can move, and each is a finding of its own: the distribution of a column's values,
the share that is missing, levels never seen before or seen no more, and the set of columns.
Without `block` rows count as independent, and with many of them everything is significant: read
the effect. With `block`, the current rows are held against reference blocks of the same kind
(weeks against weeks), so that what ordinary weeks do to all their rows together does not alarm.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from trimtab.core.errors import ConfigError, SchemaError, nearest
from trimtab.data.block_drift import BLOCKS, compared_by_block, is_conclusive, only_time
from trimtab.data.count_drift import Answer
from trimtab.data.drift_plan import Wanted, plan
from trimtab.data.drift_report import DriftReport
from trimtab.data.drift_sides import (
    Described,
    Rows,
    Side,
    by_column,
    open_profile,
    open_rows,
    structure,
)
from trimtab.data.drift_tests import DriftTest
from trimtab.data.drift_verdict import CORRECTIONS, Verdict, report_of
from trimtab.data.joint_drift import TOGETHER, JointRows
from trimtab.data.profile import Profile, is_profile, profile
from trimtab.data.profile_drift import compared_by_profile
from trimtab.data.row_drift import Question, compared
from trimtab.data.time import TimeSpec, time_columns
from trimtab.stats.multiplicity import Correction

# times a block of the reference, from which on the current rows hide in their own number
_MANY_BLOCKS = 3
_BLOCKED = ("numbers", "levels")
_UNLIKE_BY_BLOCK = "by block, only numbers and levels are compared"


def drift(
    reference: Any,
    current: Any,
    *,
    tests: Wanted = None,
    alpha: float = 0.05,
    correction: Correction = "bh",
    block: str | None = None,
    time: TimeSpec | None = None,
    min_effect: float = 0.0,
    nulls: Sequence[str] = (),
    seed: int = 0,
) -> DriftReport:
    """Compare two sets of rows, column by column.

    Whatever is asked, missing values, new and vanished levels, and columns that are new, gone
    or of another type are findings of their own. So are numbers in another unit (all values
    times a constant), which is then no drift of their distribution. NaN and infinite numbers
    count as missing. Rows count as independent unless `block` is given: rows of one day, user
    or device seldom are, and then alarms come too often.

    From Parquet files a few columns at a time are read, so that tables larger than memory are
    fine as long as a column of both sides fits.

    Parameters
    ----------
    reference, current : path-like, data frame or Profile
        Anything that `read_source` reads, a profile or the file of a saved one. If either is a
        profile, the other is profiled too, and counts over their common cells are compared: each
        finding has the `error` of that.
    tests : str, sequence of str, or mapping of column to those, optional
        Names of tests. Unless named otherwise, numbers are compared by `ks`, levels by
        `chi_square`, number lists by `mean_embedding`; times move on by themselves and are not
        compared. For numbers also `cvm` and `wasserstein`; for numbers (in some 20 bins) and
        levels `chi_square`, `jensen_shannon`, `hellinger`, `psi`, `l_infinity` and
        `total_variation`, with p-values by permutation; for all numeric columns together
        `mmd`, `lsdd`, `classifier`, `pca_reconstruction` and `deep_kernel_mmd`, on at most
        5,000 rows a side drawn at random; and tests of installed packages (see
        `trimtab.data.drift_tests`). A test takes the place of the default in the columns it
        fits.
    alpha : float, default=0.05
        Adjusted p-values up to this are drift. With `bh`: the expected share of wrong findings
        among all findings.
    correction : {"bh", "by", "holm", "bonferroni", "none"}
        For the number of findings: expected share of wrong ones (`bh`, `by`), or the chance of
        any (`holm`, `bonferroni`). Findings on all numbers together are a family of their own.
    block : str, optional
        Length of a block: hour, day, week, month, or a duration such as `6h`. The current rows
        should be about one block: of several, their whole is compared with single blocks, which
        alarms less often than it might. A first or last reference block of less than
        half the median block's rows is left out. `alpha` is then the chance that any column at
        all is found to have drifted if none has, whatever `correction`; that takes
        1 / alpha - 1 reference blocks.
    time : str or list of str, optional
        What dates a row (see `time_expression`); not compared itself. With `block`, the only
        column of times unless given.
    min_effect : float, default=0
        Smaller effects, each in its unit, are no drift however sure they are.
    nulls : sequence of str, optional
        See `read_source`.
    seed : int, default=0
        Of the tests and samples that draw at random.

    Returns
    -------
    DriftReport
        All findings, worst first.

    Raises
    ------
    ConfigError
        If there is no such test, correction or block, or a test does not fit its column.
    NotEnoughDataError
        If there are fewer than two reference blocks.
    SchemaError
        If rows are to be cut into blocks and what dates them cannot be told.
    SourceError
        If a side cannot be read or has no rows.

    References
    ----------
    .. [1] Y. Benjamini and Y. Hochberg, "Controlling the false discovery rate", Journal of the
       Royal Statistical Society B 57 (1995).

    Examples
    --------
    >>> ordinary = pl.DataFrame({"size": range(1_000)})
    >>> report = drift(ordinary, ordinary.select(pl.col("size") + 300))
    >>> report.drifted, report.columns["size"].statistic
    (['size'], 0.3)
    """
    if not 0 < alpha < 1:
        raise ValueError(f"expected `alpha` between 0 and 1, got {alpha}")
    if not min_effect >= 0:
        raise ValueError(f"expected `min_effect` of 0 or more, got {min_effect}")
    if correction not in CORRECTIONS:
        raise ConfigError(
            f"expected a correction for many findings, got `{correction}`",
            hint=nearest(correction, CORRECTIONS),
        )
    reference, current = _loaded(reference), _loaded(current)
    if block is not None:
        if tests is not None:
            raise ConfigError(
                "expected either `tests` or `block`, got both",
                hint="Leave `tests` out: blocks are compared by ranks of their distances.",
            )
        return _by_block(reference, current, block, time, alpha, min_effect, nulls)
    old, new = _sides(reference, current, nulls)
    dating = _dating(time, old)
    found, families, skipped = structure(old, new, dating)
    wanted = plan(tests, families, [*dict.fromkeys([*old.columns, *new.columns])])
    skipped |= wanted.idle
    questions = {
        name: Question(name, family, wanted.columns[name], seed)
        for name, family in families.items()
    }
    answers, together, method = _answers(old, new, questions, wanted.joint, seed)
    if together.left_out:
        skipped[TOGETHER] = "; ".join(together.left_out)
    for name, answer in answers.items():
        found += answer.findings
        if answer.left_out:
            skipped[name] = "; ".join(answer.left_out)
    method += f"; {CORRECTIONS[correction]}"
    verdict = Verdict(alpha, correction, min_effect)
    joint = verdict.judged(together.findings)
    return report_of(old, new, alpha, None, method, verdict.judged(found), joint, skipped)


def _loaded(side: Any) -> Any:
    """Return the profile that a file holds, where it is that of one."""
    saved = isinstance(side, (str, Path)) and "://" not in str(side) and is_profile(side)
    return Profile.load(side) if saved else side


def _sides(reference: Any, current: Any, nulls: Sequence[str]) -> tuple[Side, Side]:
    """Open both sides; a profile on one asks for one of the other, over the same cells."""
    if isinstance(reference, Profile) or isinstance(current, Profile):
        old = reference if isinstance(reference, Profile) else None
        new = current if isinstance(current, Profile) else None
        if new is None:
            new = profile(current, reference=old, nulls=nulls)
        if old is None:
            old = profile(reference, reference=new, nulls=nulls)
        return open_profile(old), open_profile(new)
    return open_rows(reference, nulls), open_rows(current, nulls)


def _dating(time: TimeSpec | None, reference: Side) -> list[str]:
    dating = time_columns(time, pl.Schema(dict.fromkeys(reference.columns, pl.Null())))
    for name in dating:
        if name not in reference.columns:
            raise SchemaError(
                f"expected a column `{name}` to date rows by, found none",
                hint=nearest(name, reference.columns),
                column=name,
            )
    return dating


def _answers(
    old: Side, new: Side, questions: dict[str, Question], joint: Sequence[DriftTest], seed: int
) -> tuple[dict[str, Answer], Answer, str]:
    """Return what was found of each column and of all numbers together, and from what."""
    if isinstance(old, Rows) and isinstance(new, Rows):
        return *_by_rows(old, new, questions, joint, seed), "rows taken as independent"
    assert isinstance(old, Described)
    assert isinstance(new, Described)
    before, after = old.profile.columns, new.profile.columns
    answers = {
        name: compared_by_profile(question, before[name], after[name])
        for name, question in questions.items()
    }
    together = Answer(left_out=["they need rows, a profile has none"] if joint else [])
    return answers, together, "profiles compared on common cells, rows taken as independent"


def _by_rows(
    old: Rows, new: Rows, questions: dict[str, Question], joint: Sequence[DriftTest], seed: int
) -> tuple[dict[str, Answer], Answer]:
    picked = JointRows(old.rows, new.rows, seed)

    def ask(was: pl.Series, now: pl.Series) -> Answer:
        question = questions[was.name]
        if joint and question.family == "numbers":
            picked.take(was, now)
        return compared(question, was, now)

    answers = dict(by_column(old, new, [*questions], ask))
    if not joint:
        return answers, Answer()
    numbers = [name for name, question in questions.items() if question.family == "numbers"]
    return answers, picked.compared(numbers, joint)


def _by_block(
    reference: Any,
    current: Any,
    block: str,
    time: TimeSpec | None,
    alpha: float,
    min_effect: float,
    nulls: Sequence[str],
) -> DriftReport:
    if isinstance(reference, Profile) or isinstance(current, Profile):
        raise ConfigError(
            "expected rows on both sides to compare by `block`, got a profile",
            hint="Give the tables themselves, or leave `block` out.",
        )
    old, new = open_rows(reference, nulls), open_rows(current, nulls)
    time = only_time(old) if time is None else time
    found, families, skipped = structure(old, new, _dating(time, old))
    skipped |= {name: _UNLIKE_BY_BLOCK for name, kind in families.items() if kind not in _BLOCKED}
    shared = [name for name in families if name not in skipped]
    length = BLOCKS.get(block, block)
    findings, left_out, count = compared_by_block(
        old, new, shared, time=time, block=length, alpha=alpha
    )
    skipped |= left_out
    method, conclusive = (
        f"ranks among {count} reference blocks of {length}, all columns at once",
        is_conclusive(count, alpha),
    )
    if not conclusive:
        method += f"; alpha {alpha:g} needs {math.ceil(1 / alpha) - 1} blocks to find drift"
    if new.rows > _MANY_BLOCKS * old.rows / count:
        method += f"; the current rows make about {new.rows * count / old.rows:,.0f} blocks and "
        method += "are compared as one: give one block at a time to see more"
    findings = [
        replace(each, drifted=each.drifted and abs(each.effect_size or 0.0) >= min_effect)
        for each in findings
    ]
    return report_of(old, new, alpha, length, method, [*found, *findings], [], skipped, conclusive)
