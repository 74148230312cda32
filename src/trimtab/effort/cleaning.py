"""Which row to clean first: the one that settles most predictions, until none is open (CPClean).

A session asks, a person answers. Its file (`cleaning_file`) survives a crash; certain
predictions themselves are in `stats/certain.py`.
"""

from collections.abc import Iterable

from numpy.typing import ArrayLike

from trimtab.effort.cleaning_session import CleaningSession


def cleaning_order(
    candidates: Iterable[ArrayLike],
    labels: ArrayLike,
    queries: ArrayLike,
    *,
    k: int = 3,
    query_labels: ArrayLike | None = None,
    sample: int | None = None,
    seed: int = 0,
    label_cost: float = 1.0,
    cost_unit: str = "minutes",
    delta: float = 0.05,
) -> CleaningSession:
    """Open a session that names the row to clean next, and says when to stop.

    CPClean [1]_: the next row is the one that, over its candidates, lowers most the mean entropy
    of the predictions that are still open, where a prediction is open if possible worlds
    disagree about it (see `certain_predictions`). When all are certain, the rows left cannot
    change one of them: cleaning more is in vain as far as these points can tell.

    Assumes that the truth is among a row's candidates (`fix` also takes a value that is not, and
    then looks again at what it may have opened), that labels are right, and that a k-nearest-
    neighbour classifier on these features is a fair stand-in for the model to be trained. A poor
    choice where cells are missing at random and their repairs hardly matter: then random order
    or mean repair do as well. Choosing by the validation points' features does not use their
    labels, so that `CleaningStatus.accuracy` keeps its promise at every moment at once.

    Parameters
    ----------
    candidates : sequence of array_like, each of shape (n_candidates_i, n_features)
        The values that each training row may have, the default repair first. Scale features.
    labels : array_like of int, shape (n_rows,)
        Classes 0 to n_classes - 1.
    queries : array_like, shape (n_queries, n_features)
        Validation points; their predictions shall become certain.
    k : int, default=3
        Neighbours that vote.
    query_labels : array_like of int, shape (n_queries,), optional
        Labels of the validation points, for the accuracy in `status`. Never used for choosing.
    sample : int, optional
        Open points drawn at random for each choice; all of them if not given.
    seed : int, default=0
        For `sample`.
    label_cost : float, default=1.0
        What cleaning one row costs, in `cost_unit`.
    cost_unit : str, default="minutes"
        Of `label_cost`: minutes, or a currency.
    delta : float, default=0.05
        Chance that the interval of the accuracy on new data is ever wrong.

    Returns
    -------
    CleaningSession
        `.next()`, `.fix(row, candidate)`, `.status()`; `.run(truth)` where the truth is known.

    Raises
    ------
    ValueError
        If shapes do not agree, there is no query, or a number is out of its range.

    References
    ----------
    .. [1] B. Karlaš, P. Li, R. Wu, N. M. Gürel, X. Chu, W. Wu, C. Zhang, "Nearest neighbor
       classifiers over incomplete information: from certain answers to certain predictions",
       PVLDB 14(3) (2020).

    Examples
    --------
    Row 1 may be near the query or far; row 2 is far whatever its value.

    >>> rows = [[[0.0]], [[1.0], [4.5]], [[9.0], [8.0]]]
    >>> session = cleaning_order(rows, [0, 1, 1], [[2.0]], k=1)
    >>> step = session.next()[0]
    >>> step.row, step.gain, step.matters_to
    (1, 1.0, 1)
    >>> session.fix(1, 0)
    >>> session.status().is_done
    True
    """
    return CleaningSession(
        candidates, labels, queries, k=k, query_labels=query_labels, sample=sample, seed=seed,
        label_cost=label_cost, cost_unit=cost_unit, delta=delta,
    )  # fmt: skip
