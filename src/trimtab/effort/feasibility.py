"""Whether a model can reach an accuracy at all, before anyone trains one."""

from collections.abc import Callable
from typing import Any

from trimtab.effort.feasibility_needs import Need
from trimtab.effort.feasibility_result import Feasibility
from trimtab.effort.feasibility_study import LEAST_ROWS, FeasibilityStudy
from trimtab.effort.feasibility_table import LabelledTable, read_labelled
from trimtab.effort.feasibility_words import ASSUMPTIONS
from trimtab.effort.representations import Representations
from trimtab.stats.arrays import check_cost, check_fraction

_MAX_ROWS = 110_000


def feasibility(
    data: Any,
    label: Any,
    *,
    target_accuracy: float,
    representations: Representations = None,
    noise: Any = None,
    embedder: Callable[[list[str]], Any] | None = None,
    block: str | None = None,
    delta: float = 0.05,
    label_cost: float | None = None,
    cost_unit: str = "minutes",
    max_rows: int = _MAX_ROWS,
    seed: int = 0,
) -> Feasibility:
    """Say whether a target accuracy is realistic, from the Bayes error of the data.

    The Bayes error is the least error that any classifier could have. It is estimated from the
    error of the nearest neighbour in several representations of the rows, the best of which is
    found by successive halving [1]_. Its interval runs from what Cover and Hart's bound leaves
    at infinitely many rows, extrapolated by a power law, to what the best of several classifiers
    shows on rows held back. The verdict is read from the interval, never from the estimate.

    The upper end holds for any independent rows. The lower end assumes that errors fall by a
    power law; with many dimensions it is near 0, and with under 120 rows it is 0: then nothing
    is found *unrealistic*. Label noise that is given raises it to the share of wrong labels:
    no classifier agrees with labels that are wrong by chance. The estimate is too high with
    few rows or many dimensions and no good embedding, and too low, by up to half, where rows
    differ in how hard they are and there are many. A poor choice for rows of one user or day
    without `block`, for a class so rare that guessing the other meets the target, and with
    columns that are known only after the label.

    Parameters
    ----------
    data : path-like, data frame or array of shape (n_rows, n_features)
        As for `read_source`; lists of numbers in a column are embeddings. An array of no columns
        if all is in `representations`.
    label : str or array_like of shape (n_rows,)
        The column to predict, or the classes themselves. Rows without one are left out.
    target_accuracy : float
        Share of rows to get right, in (0, 1).
    representations : sequence of str or mapping, optional
        Some of `raw`, `ranks`, `pca`, `projection`, `leaves` and `scores`, instead of all; or
        one's own by name, beside all: arrays, or functions from the table to one.
    noise : float, array_like of shape (n_classes, n_classes), path-like or frame, optional
        Share of labels that are wrong, taken as even over the classes; or the chance of each
        given label (column) for each true class (row), classes in sorted order; or a table of
        that with the true class in its first column and a column a class. Estimated if not given.
    embedder : callable, optional
        From a list of texts to an array with a row each, for columns of texts; else by words.
    block : str, optional
        Column whose rows of one value depend on each other: a day, a user.
    delta : float, default=0.05
        Chance that the interval misses the Bayes error, half on each side.
    label_cost, cost_unit : float, str, optional
        What one label costs, and in what: minutes, or money.
    max_rows : int, default=110,000
        Rows used, drawn at random from more.
    seed : int, default=0
        Of everything drawn at random.

    Returns
    -------
    Feasibility
        The verdict, the estimate with its interval, what label noise is in it, and how many
        labels to clean or rows to add. Under 40 rows *not enough data*, with no estimate.

    Raises
    ------
    SchemaError
        If the label is not there or is no class, or an array does not fit.
    ConfigError
        If there is no representation of a name, or a table of noise does not fit.
    ValueError
        If `target_accuracy`, `delta` or `noise` is out of range.

    References
    ----------
    .. [1] C. Renggli et al., "Automatic feasibility study via data quality analysis for ML: a
       case-study on label noise", ICDE (2023).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> late = rng.integers(0, 2, 2_000)
    >>> hours = np.column_stack([late * 4.0 + rng.normal(size=2_000), rng.normal(size=2_000)])
    >>> feasibility(hours, late, target_accuracy=0.9, noise=0.0).verdict
    'realistic'
    """
    check_fraction(target_accuracy, "target_accuracy")
    check_fraction(delta, "delta")
    check_cost(label_cost)
    table = read_labelled(data, label, block=block, max_rows=max_rows, seed=seed)
    if table.labels.size < LEAST_ROWS:
        return _too_few(table, target_accuracy, delta, label_cost, cost_unit)
    study = FeasibilityStudy(
        table, target_accuracy=target_accuracy, representations=representations, noise=noise,
        embedder=embedder, delta=delta, label_cost=label_cost, cost_unit=cost_unit, seed=seed,
    )  # fmt: skip
    return study.result()


def feasibility_study(
    data: Any,
    label: Any,
    *,
    target_accuracy: float,
    block: str | None = None,
    max_rows: int = _MAX_ROWS,
    seed: int = 0,
    **settings: Any,
) -> FeasibilityStudy:
    """Return what `feasibility` does, kept: each label put right changes its answer at once.

    Neighbours do not depend on labels, so that after `fix` the next `result` counts anew and
    looks for nothing: a tenth of a second where the study took ten.

    Parameters
    ----------
    data, label, target_accuracy, block, max_rows, seed
        As for `feasibility`.
    **settings
        `representations`, `noise`, `embedder`, `delta`, `label_cost` and `cost_unit`, as there.

    Returns
    -------
    FeasibilityStudy
        With `fix(row, label)` and `result()`.

    Raises
    ------
    NotEnoughDataError
        If there are under 40 rows with a label.
    SchemaError, ConfigError, ValueError
        As `feasibility` does.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.integers(0, 2, 1_000)
    >>> given = np.where(rng.random(1_000) < 0.2, 1 - truth, truth)
    >>> points = np.column_stack([truth * 6.0 + rng.normal(size=1_000), rng.normal(size=1_000)])
    >>> study = feasibility_study(points, given, target_accuracy=0.9, representations=["raw"])
    >>> before = study.result().bayes_error
    >>> for row in np.flatnonzero(given != truth):
    ...     study.fix(row, truth[row])
    >>> before > 0.15, study.result().bayes_error < 0.01
    (True, True)
    """
    check_fraction(target_accuracy, "target_accuracy")
    check_fraction(settings.get("delta", 0.05), "delta")
    table = read_labelled(data, label, block=block, max_rows=max_rows, seed=seed)
    return FeasibilityStudy(table, target_accuracy=target_accuracy, seed=seed, **settings)


def _too_few(
    table: LabelledTable, target: float, delta: float, label_cost: float | None, cost_unit: str
) -> Feasibility:
    n_rows = table.labels.size
    nan, unknown, anything = float("nan"), Need(None, None, None), (0.0, 1.0)
    return Feasibility(
        verdict="not enough data",
        reason=f"{n_rows} rows with a label; at least {LEAST_ROWS} are needed to say anything",
        target_accuracy=target, bayes_error=nan, interval=anything, level=1 - delta,
        label_noise=nan, label_noise_interval=anything, label_noise_limits=anything,
        label_noise_given=False,
        error_without_noise=nan, error_without_noise_limits=anything,
        clean=unknown, clean_by_class=None, add=unknown, curves=(), classifiers=(), sweep=None,
        noise_matrix=None, confident_noise=None, confident_matrix=None,
        classes=tuple(table.classes), n_rows=n_rows, n_test=0, n_classes=len(table.classes),
        label_cost=label_cost, cost_unit=cost_unit, assumptions=ASSUMPTIONS, warnings=(),
    )  # fmt: skip
