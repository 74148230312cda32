"""What wrong labels add to the Bayes error, and how many are wrong by people who disagree.

Noise is even over the classes here, by class in `class_noise`. Which labels are wrong is the
business of `confident`.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import BoolArray, IntArray
from trimtab.stats.bayes_error import check_error, cover_hart


def noisy_error(clean: float, wrong: float, n_classes: int) -> float:
    r"""Return the Bayes error under labels of which a share is wrong, evenly over the classes.

    :math:`R^* + q (1 - \frac{C}{C-1} R^*)` for a share q of wrong labels. With labels replaced
    by a random one of all C classes with probability rho, q is :math:`\rho (1 - 1/C)` and this is
    :math:`R^* + \rho (1 - 1/C - R^*)`. It is exact for that noise; for other noise see
    `class_noise.clean_error_limits`.

    Parameters
    ----------
    clean : float
        Bayes error under the true labels.
    wrong : float
        Share of labels that are wrong, up to 1 - 1 / n_classes.
    n_classes : int
        Classes, at least 2.

    Returns
    -------
    float
        Bayes error under the labels as they are.

    Raises
    ------
    ValueError
        If an error or share is outside [0, 1] or there are fewer than 2 classes.

    Examples
    --------
    >>> round(noisy_error(0.1, wrong=0.2, n_classes=2), 3)
    0.26
    """
    check_error(clean, n_classes, "clean")
    check_error(wrong, n_classes, "wrong")
    return clean + wrong * (1 - clean / (1 - 1 / n_classes))


def clean_error(noisy: float, wrong: float, n_classes: int) -> float:
    """Return the Bayes error under true labels: the inverse of `noisy_error`, at least 0.

    Parameters
    ----------
    noisy : float
        Bayes error under the labels as they are.
    wrong : float
        Share of labels that are wrong, evenly over the classes.
    n_classes : int
        Classes, at least 2.

    Returns
    -------
    float
        That of a guess where so many wrong labels leave nothing to tell.

    Raises
    ------
    ValueError
        If an error or share is outside [0, 1] or there are fewer than 2 classes.

    Examples
    --------
    >>> round(clean_error(0.26, wrong=0.2, n_classes=2), 3)
    0.1
    """
    check_error(noisy, n_classes, "noisy")
    check_error(wrong, n_classes, "wrong")
    guess = 1 - 1 / n_classes
    if wrong >= guess:
        return guess if noisy >= guess else 0.0
    return min(guess, max(0.0, (noisy - wrong) / (1 - wrong / guess)))


@dataclass(frozen=True, slots=True)
class NoiseSweep:
    """What an estimate says as more and more labels are made random, and what it may say.

    Parameters
    ----------
    replaced : tuple of float
        Shares of labels replaced by a random one of all classes.
    estimates : tuple of float
        Of the Bayes error, at each.
    lows, highs : tuple of float
        Between which the Bayes error must lie: what the noise alone makes, and what it makes of
        the error of the best classifier known.
    too_high, too_low : float
        Mean distance of the estimates above and below those limits: how pessimistic and how
        optimistic the estimate is on this data.
    """

    replaced: tuple[float, ...]
    estimates: tuple[float, ...]
    lows: tuple[float, ...]
    highs: tuple[float, ...]
    too_high: float
    too_low: float

    def to_dict(self) -> dict[str, object]:
        """Return the fields for JSON."""
        return {key: list(x) if isinstance(x, tuple) else x for key, x in asdict(self).items()}


def noise_sweep(
    nearest_labels: ArrayLike,
    query_labels: ArrayLike,
    *,
    n_classes: int,
    best_error: float,
    replaced: Sequence[float] = tuple(np.linspace(0, 1, 11)),
    seed: int = 0,
) -> NoiseSweep:
    """Hold an estimate of the Bayes error against data whose Bayes error is made larger.

    FeeBee's check: labels are replaced at random, which moves the Bayes error by a known amount
    (`noisy_error`), while neighbours stay. In expectation the estimate moves by the same amount,
    so that what is left is how far it starts above the best known classifier, and chance.

    Parameters
    ----------
    nearest_labels, query_labels : array_like of int, shape (n_queries,)
        Label of the row nearest to each query, and of the query.
    n_classes : int
        Classes, at least 2.
    best_error : float
        Error of the best classifier known on this task.
    replaced : sequence of float, optional
        Shares of labels to replace; 0 to 1 by tenths.
    seed : int, default=0
        Of the labels that are replaced.

    Returns
    -------
    NoiseSweep
        Estimates beside the limits. Queries that share a row are treated as if they did not.

    References
    ----------
    .. [1] C. Renggli et al., "Evaluating Bayes error estimators on real-world datasets with
       FeeBee", NeurIPS Datasets and Benchmarks (2021).

    Examples
    --------
    >>> sweep = noise_sweep([0, 1] * 500, [0, 1] * 500, n_classes=2, best_error=0.0)
    >>> sweep.estimates[0], sweep.highs[10], sweep.too_low < 0.02
    (0.0, 0.5, True)
    """
    near, truth = (np.asarray(x, dtype=np.int64) for x in (nearest_labels, query_labels))
    rng = np.random.default_rng((seed, 11))
    guess = 1 - 1 / n_classes
    estimates = []
    for share in replaced:
        sides = [_replaced(labels, share, n_classes, rng) for labels in (near, truth)]
        estimates.append(cover_hart(float((sides[0] != sides[1]).mean()), n_classes))
    lows = [float(share * guess) for share in replaced]
    highs = [noisy_error(min(best_error, guess), low, n_classes) for low in lows]
    off = np.array(estimates)
    above = float(np.maximum(0, off - np.array(highs)).mean())
    below = float(np.maximum(0, np.array(lows) - off).mean())
    return NoiseSweep(
        tuple(map(float, replaced)), tuple(estimates), tuple(lows), tuple(highs), above, below
    )


def wrong_share_from_repeats(first: ArrayLike, second: ArrayLike, n_classes: int) -> float:
    r"""Estimate the share of wrong labels from two people who labelled the same rows.

    Two labels that are each wrong with chance q, independently and evenly over the classes,
    differ with chance :math:`2q - \frac{C}{C-1} q^2`; this is solved for q. People who make the
    same mistakes, on hard rows, agree more than that: q then comes out too small.

    Parameters
    ----------
    first, second : array_like of int, shape (n_rows,)
        Labels of the same rows.
    n_classes : int
        Classes, at least 2.

    Returns
    -------
    float
        At most that of a guess; 0 if the two never differ.

    Raises
    ------
    ValueError
        If the lengths differ or there is no row.

    Examples
    --------
    >>> round(wrong_share_from_repeats([0, 1, 0, 1, 0], [0, 1, 0, 1, 1], 2), 3)
    0.113
    """
    one, other = np.asarray(first), np.asarray(second)
    if one.shape != other.shape or one.ndim != 1 or not one.size:
        raise ValueError(f"expected labels of the same rows, got {one.shape} and {other.shape}")
    # the same equation as Cover and Hart's: the error of a label against another such label
    return cover_hart(float((one != other).mean()), n_classes)


def _replaced(
    labels: IntArray, share: float, n_classes: int, rng: np.random.Generator
) -> IntArray:
    chosen: BoolArray = rng.random(labels.size) < share
    return np.where(chosen, rng.integers(0, n_classes, labels.size), labels)
