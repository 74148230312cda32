"""What the labels of rows are, and how good each source of votes is, without one true label.

This is the answer on arrays: probabilities, accuracies with limits, and what speaks against
trusting them. Votes from tables, and labelling functions, are in the room `effort`.
"""

from collections.abc import Callable, Sequence
from typing import Any, get_args

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import FloatArray, check_fraction, check_same_rows
from trimtab.stats.interval import Interval
from trimtab.stats.label_answer import Abstentions, LabelModel, Method, label_assumptions
from trimtab.stats.label_blocks import missing
from trimtab.stats.label_fits import Fitted, fitted_majority, fitted_skene, fitted_triplets
from trimtab.stats.votes import Votes, as_votes, count_votes

_MIN_SLICE = 30


def fit_label_model(
    votes: ArrayLike,
    *,
    method: Method = "dawid_skene",
    class_balance: Sequence[float] | None = None,
    abstentions: Abstentions = "inform",
    slices: ArrayLike | None = None,
    block: ArrayLike | None = None,
    sources: Sequence[str] | None = None,
    classes: Sequence[Any] | None = None,
    delta: float = 0.05,
) -> LabelModel:
    """Combine votes into probabilities, and estimate how often each source is right.

    All but `majority` assume that sources are independent given the class; that is tested, and
    `warnings` names pairs that are not. `dawid_skene` lets a source be better on one class than
    on another; it needs three sources, and some hundred rows for its limits. `triplet` is in
    closed form, for two classes, and assumes that a source is as accurate on one class as on
    the other and abstains regardless of the class. `majority` assumes nothing: its
    probabilities are shares of votes, its accuracies agreement with the majority, and it
    promises nothing of either. Where `warnings` speak of dependence it is the one to use: the
    others count two copies of a source as two witnesses. Whole copies are named as never
    differing, as no test can tell them from sources that are never wrong. Take the majority
    too where `dawid_skene` says that its probabilities are too sure, which it is with few rows,
    weak sources or rare classes; it says so in most such cases, not in all.

    Parameters
    ----------
    votes : array_like, shape (n_samples, n_sources)
        Classes as whole numbers from 0; -1, NaN or None for an abstention.
    method : {"majority", "dawid_skene", "triplet"}, default="dawid_skene"
        How votes are combined.
    class_balance : sequence of float, shape (n_classes,), optional
        Known share of each class, adding up to 1; estimated if left out.
    abstentions : {"inform", "ignore"}, default="inform"
        Whether abstaining may depend on the class, as with functions that look for one class;
        "ignore" where people were asked at random. `triplet` always ignores.
    slices : array_like, shape (n_samples,), optional
        A key a row: accuracies are estimated for the rows of each key alone as well.
    block : array_like, shape (n_samples,), optional
        A key a row: rows of one key (a user, a day, a video) may depend on each other, and
        limits and tests allow for it. They need 40 blocks or more; estimates stay the same. A
        row without a key (None, NaN) is a block of its own, and `assumptions` count them.
    sources, classes : sequence, optional
        Names; numbers if left out.
    delta : float, default=0.05
        Chance that the limits of an accuracy miss it, and that the test of independence warns
        of sources that are independent, in (0, 1).

    Returns
    -------
    LabelModel
        Limits from 0 to 1 where the votes do not determine an accuracy.

    Raises
    ------
    ValueError
        If the method is unknown, a vote is not a class, `triplet` is asked for more than two
        classes, or names or shares do not fit.

    References
    ----------
    .. [1] A. P. Dawid and A. M. Skene, "Maximum likelihood estimation of observer error-rates
       using the EM algorithm", Applied Statistics 28 (1979).
    .. [2] D. Fu et al., "Fast and three-rious: speeding up weak supervision with triplet
       methods", International Conference on Machine Learning (2020).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.integers(2, size=4_000)
    >>> wrong = rng.random((4_000, 4)) > [0.9, 0.8, 0.7, 0.6]
    >>> found = fit_label_model(np.where(wrong, 1 - truth[:, None], truth[:, None]))
    >>> found.accuracies.round(1).tolist(), found.warnings
    ([0.9, 0.8, 0.7, 0.6], ())
    """
    if method not in get_args(Method) or abstentions not in get_args(Abstentions):
        allowed = f"method {', '.join(get_args(Method))}; abstentions inform, ignore"
        raise ValueError(f"expected {allowed}; got {method!r} and {abstentions!r}")
    check_fraction(delta, "delta")
    if classes is None and class_balance is not None:
        classes = range(len(class_balance))
    seen = as_votes(votes, None if classes is None else len(classes), block)
    if method == "triplet" and seen.n_classes != 2:
        raise ValueError(f"expected two classes for method triplet, got {seen.n_classes}")
    names = tuple(sources or (f"source {j}" for j in range(seen.n_sources)))
    if len(names) != seen.n_sources:
        raise ValueError(f"expected {seen.n_sources} names of sources, got {len(names)}")
    balance = _checked_balance(class_balance, seen.n_classes)
    fit = _fit_by(method, names, balance, delta, informs=abstentions == "inform")
    whole, counts = fit(seen), count_votes(seen)
    n_alone = 0 if block is None else int(missing(np.asarray(block)).sum())
    return LabelModel(
        method=method,
        sources=names,
        classes=tuple(range(seen.n_classes) if classes is None else classes),
        probabilities=whole.chances[seen.pattern_of],
        accuracies=np.array([interval.estimate for interval in whole.accuracies]),
        accuracy_intervals=whole.accuracies,
        class_balance=np.array([interval.estimate for interval in whole.balance]),
        class_balance_intervals=whole.balance,
        coverage=counts.coverage,
        overlap=counts.overlap,
        conflict=counts.conflict,
        independence=whole.pairs,
        slices=_by_slice(seen, slices, fit),
        warnings=whole.warnings,
        n_blocks=seen.n_blocks,
        assumptions=label_assumptions(
            method, abstentions, blocks=block is not None, n_alone=n_alone
        ),
    )


def _fit_by(
    method: Method,
    names: Sequence[str],
    balance: FloatArray | None,
    delta: float,
    *,
    informs: bool,
) -> Callable[[Votes], Fitted]:
    """Return a method as a function of votes: of all rows, and of those of each slice."""
    match method:
        case "majority":
            return lambda votes: fitted_majority(votes, names, delta)
        case "triplet":
            return lambda votes: fitted_triplets(votes, names, balance, delta)
        case "dawid_skene":
            return lambda votes: fitted_skene(votes, names, balance, delta, informs=informs)


def _checked_balance(shares: Sequence[float] | None, n_classes: int) -> FloatArray | None:
    if shares is None:
        return None
    balance = np.asarray(shares, dtype=np.float64)
    if balance.shape != (n_classes,) or not (balance > 0).all() or abs(balance.sum() - 1) > 1e-6:
        raise ValueError(
            f"expected a share above 0 for each of {n_classes} classes, adding up to 1, "
            f"got {balance.tolist()}"
        )
    return np.asarray(balance / balance.sum())


def _by_slice(
    votes: Votes, slices: ArrayLike | None, fit: Callable[[Votes], Fitted]
) -> dict[str, tuple[Interval, ...]]:
    """Fit the rows of each slice by themselves: the whole's accuracies would pull them along."""
    if slices is None:
        return {}
    keys = np.asarray(slices)
    check_same_rows(votes.n_rows, keys.size, "slices")
    texts = np.where(missing(keys), "null", keys.astype(str))
    found, codes = np.unique(texts, return_inverse=True)
    limits: dict[str, tuple[Interval, ...]] = {}
    for code, key in enumerate(found):
        rows = votes.pattern_of[codes == code]
        if rows.size < _MIN_SLICE:
            nothing = Interval(float("nan"), 0.0, 1.0, 1.0, f"fewer than {_MIN_SLICE} rows")
            limits[str(key)] = (nothing,) * votes.n_sources
            continue
        blocks = None if votes.block_of is None else votes.block_of[codes == code]
        part = as_votes(votes.patterns[rows], votes.n_classes, blocks)
        limits[str(key)] = fit(part).accuracies
    return limits
