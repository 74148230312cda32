"""Whether a block of rows is unlike the blocks before it, or only a block like any other.

Days differ from each other without anything being wrong, so a test that treats rows as
independent alarms on every ordinary day. Here a block's distance from the rest is held
against the distances of past blocks *of the same kind* (Mondays against Mondays). For one
number a block (a mean, a null share, a volume), see `block_summaries`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import FloatArray, as_counts
from trimtab.stats.distances import total_variation
from trimtab.stats.interval import finite_or_none
from trimtab.stats.laws import student_tail

# from trimtab.stats.distances: counts, counts -> distances along the last axis
Distance = Callable[[FloatArray, FloatArray], FloatArray]
# distances that differ by rounding only are ties
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class BlockShift:
    """How a block's histogram stands among those of the reference blocks.

    Parameters
    ----------
    statistic : float
        Distance between the block and the pooled reference blocks.
    typical : float
        Median distance between a reference block and the other reference blocks.
    effect : float
        `statistic` / `typical`: how many ordinary block-to-block distances away. 1 is
        ordinary; infinite if reference blocks are all alike and this one is not.
    p_value : float
        Conformal p-value, at least 1 / (n_reference + 1): valid without assumptions on
        shapes if nothing changed.
    family_p_value : float
        The same, corrected for all columns that were tested together.
    tail_p_value : float
        P-value extrapolated past the smallest conformal one; leans on a model of the
        distances, so use it to rank and to correct across families, not as a promise.
    n_reference : int
        Reference blocks compared with.
    """

    statistic: float
    typical: float
    effect: float
    p_value: float
    family_p_value: float
    tail_p_value: float
    n_reference: int

    def to_dict(self) -> dict[str, float | None]:
        """Return the fields for JSON, with None where a number is infinite."""
        return {key: finite_or_none(x) for key, x in asdict(self).items()}


def block_shift(
    reference: ArrayLike, current: ArrayLike, *, distance: Distance = total_variation
) -> BlockShift:
    r"""Test whether a block's histogram is further from the rest than reference blocks are.

    Each of the n + 1 blocks gets a score: its distance from the pool of all *other* blocks,
    the current one included. If the current block is like the others, every order of scores is
    equally likely, so the share of scores at least as large as the current one's is a p-value:
    :math:`P(p \le \alpha) \le \alpha` for any distance, any dependence between rows of a block,
    and any number of blocks. The reported statistic and the current block's score are one
    number; `typical` and `effect` leave the current block out of the reference's pools.

    Assumes that blocks are exchangeable if nothing changed: of one kind (weekday against
    weekday), without trend, of similar volume (a half-filled block is noisier, hence further
    away: wait until it closes). The p-value cannot fall below 1 / (n + 1), so a level of 0.05
    needs 19 reference blocks; with fewer, read `effect`. `tail_p_value` fits Student's t to
    the logarithms of the scores. In simulations it kept levels down to 0.001 on blocks of one
    volume, alarmed about twice too often at 0.001 where volumes varied twentyfold, and ten
    times too often where one block in ten was wild.

    Parameters
    ----------
    reference : array_like of int, shape (n_blocks, n_bins)
        Counts of each reference block over the same bins. Blocks without rows are left out.
    current : array_like of int, shape (n_bins,)
        Counts of the block in question.
    distance : callable, default=total_variation
        Distance between counts along the last axis, from `trimtab.stats.distances`.

    Returns
    -------
    BlockShift
        Statistic, effect and p-values.

    Raises
    ------
    ValueError
        If bins differ, a count is negative, fewer than two reference blocks have rows, or the
        current block has none.

    See Also
    --------
    block_shifts : Many columns of the same blocks at once.
    trimtab.stats.block_summaries.summary_shift : For one number a block.

    References
    ----------
    .. [1] V. Vovk, A. Gammerman and G. Shafer, "Algorithmic learning in a random world",
       Springer (2005), chapter 2.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> days = rng.multinomial(500, rng.dirichlet([60, 30, 10], size=30))
    >>> ordinary, strange = days[-1], [100, 200, 200]
    >>> block_shift(days[:-1], ordinary).p_value > 0.05
    True
    >>> shift = block_shift(days[:-1], strange)
    >>> round(shift.p_value, 3), round(shift.effect)
    (0.033, 9)
    """
    return block_shifts([reference], [current], distance=distance)[0]


def block_shifts(
    references: Sequence[ArrayLike],
    currents: Sequence[ArrayLike],
    *,
    distance: Distance = total_variation,
) -> tuple[BlockShift, ...]:
    """Test many columns of the same blocks, with one correction for having looked at all.

    Each column is tested as in `block_shift`. For `family_p_value`, scores are divided by
    their column's median, and a column is held against the *largest* of all columns' scores
    in each reference block: the chance that any unchanged column gets a value of at most
    alpha is at most alpha, however columns depend on each other, and without dividing alpha
    by their number. So 19 blocks are enough for a thousand columns at 0.05, where
    `multiplicity.holm` would need 20,000. A column with occasional wild blocks raises the
    bar for all: leave such columns out, or test them apart.

    Parameters
    ----------
    references : sequence of array_like, each of shape (n_blocks, n_bins of that column)
        Counts of each column; the same blocks in the same order throughout.
    currents : sequence of array_like, each of shape (n_bins of that column,)
        Counts of the block in question.
    distance : callable, default=total_variation
        Distance between counts along the last axis, from `trimtab.stats.distances`.

    Returns
    -------
    tuple of BlockShift
        One per column, in the given order.

    Raises
    ------
    ValueError
        If the sequences are empty or of different lengths, columns have different numbers of
        blocks with rows, or a column is refused by `block_shift`.

    References
    ----------
    .. [1] P. H. Westfall and S. S. Young, "Resampling-based multiple testing", Wiley (1993).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> columns = [rng.multinomial(500, rng.dirichlet([60, 40], size=40)) for _ in range(20)]
    >>> today = [days[-1] for days in columns]
    >>> today[3] = [100, 400]
    >>> shifts = block_shifts([days[:-1] for days in columns], today)
    >>> [i for i, shift in enumerate(shifts) if shift.family_p_value <= 0.05]
    [3]
    """
    if not references or len(references) != len(currents):
        raise ValueError(
            f"expected as many currents as references, got {len(currents)} and {len(references)}"
        )
    pairs = [_checked(r, c) for r, c in zip(references, currents, strict=True)]
    sizes = {len(counts) for counts in pairs}
    if len(sizes) > 1:
        raise ValueError(
            f"expected the same blocks in every column, got {sorted(n - 1 for n in sizes)}"
        )
    scores = np.array([_distances_to_rest(counts, distance) for counts in pairs])
    medians = np.median(scores, axis=1, keepdims=True)
    # a column whose blocks are all alike has no unit: any difference in it is large
    relative = np.divide(
        scores, medians, out=np.where(scores > _ROUNDING, np.inf, 0.0), where=medians > _ROUNDING
    )
    worst = relative[:, :-1].max(axis=0)
    return tuple(
        _described(counts, own, _conformal(worst, scaled[-1]), distance)
        for counts, own, scaled in zip(pairs, scores, relative, strict=True)
    )


def _described(
    counts: FloatArray, scores: FloatArray, family_p_value: float, distance: Distance
) -> BlockShift:
    statistic = float(scores[-1])
    p_value = _conformal(scores[:-1], statistic)
    typical = float(np.median(_distances_to_rest(counts[:-1], distance)))
    if typical > _ROUNDING:
        effect = statistic / typical
    else:
        effect = math.inf if statistic > _ROUNDING else 1.0
    tail = _tail_p_value(scores[:-1], statistic, p_value)
    return BlockShift(statistic, typical, effect, p_value, family_p_value, tail, len(scores) - 1)


def _checked(reference: ArrayLike, current: ArrayLike) -> FloatArray:
    """Return the reference blocks that have rows and, last, the current one."""
    past, now = as_counts(reference, "reference"), as_counts(current, "current")
    if past.ndim != 2 or now.shape != past.shape[1:]:
        raise ValueError(
            f"expected blocks by bins and one block of them, got {past.shape} and {now.shape}"
        )
    past = past[past.sum(axis=1) > 0]
    if len(past) < 2 or now.sum() == 0:
        raise ValueError(
            "expected two reference blocks and a current one with rows, "
            f"got {len(past)} and {int(now.sum() > 0)}"
        )
    return np.vstack([past, now])


def _distances_to_rest(counts: FloatArray, distance: Distance) -> FloatArray:
    """Return the distance of each block from the pool of all others."""
    return distance(counts.sum(axis=0) - counts, counts)


def _conformal(past: FloatArray, score: float) -> float:
    """Return the share of all scores, this one included, that are at least as large."""
    n_as_large = int(np.count_nonzero(past >= score - _ROUNDING))
    return (1 + n_as_large) / (len(past) + 1)


def _tail_p_value(past: FloatArray, score: float, fallback: float) -> float:
    """Extrapolate by Student's t on logarithms, where there is a spread to do it with."""
    if not (past > _ROUNDING).all() or score <= _ROUNDING:
        return fallback
    logs = np.log(past)
    spread = float(logs.std(ddof=1))
    if spread <= _ROUNDING:
        return fallback
    n = len(past)
    t = (math.log(score) - float(logs.mean())) / (spread * math.sqrt(1 + 1 / n))
    return student_tail(t, n - 1)
