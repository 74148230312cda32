"""What every test of whole rows shares: checked rows, relabellings, the result record.

The tests themselves are in `mean_discrepancy`, `deep_kernel`, `density_difference`,
`domain_classifier`, `reconstruction` and `mean_embedding`.
"""

import math
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import BoolArray, FloatArray
from trimtab.stats.interval import finite_or_none


@dataclass(frozen=True, slots=True)
class MultivariateResult:
    """Outcome of a two-sample test of whole rows.

    Parameters
    ----------
    statistic : float
        What the test computes; its scale is the test's own.
    p_value : float
        Chance of a statistic this large between samples of one distribution.
    n_reference, n_current : int
        Rows used; a row with a NaN in it is left out.
    effect_size : float
        How far apart the samples are, in `unit`; 0 for no difference, never below.
    unit : str
        What one of `effect_size` is, in words for a reader.
    permutations : int
        Relabellings behind the p-value, so that it is at least 1 / (1 + permutations);
        0 if the p-value comes from a known law.
    """

    statistic: float
    p_value: float
    n_reference: int
    n_current: int
    effect_size: float
    unit: str
    permutations: int

    @classmethod
    def unknown(cls, n_reference: int, n_current: int, unit: str) -> "MultivariateResult":
        """Return the outcome of a test that had too few rows: NaN throughout."""
        return cls(math.nan, math.nan, n_reference, n_current, math.nan, unit, 0)

    def to_dict(self) -> dict[str, float | str | None]:
        """Return the fields for JSON, with None where a number is NaN."""
        return {
            key: finite_or_none(x) if isinstance(x, float) else x
            for key, x in asdict(self).items()
        }


def as_row_pair(x: ArrayLike, y: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return both samples as rows without NaN, of one width; refuse infinities.

    Raises
    ------
    ValueError
        If an array is not two-dimensional, the widths differ or a value is infinite.

    Examples
    --------
    >>> a, b = as_row_pair([[1, 2], [3, np.nan]], [[5, 6]])
    >>> a.tolist(), b.tolist()
    ([[1.0, 2.0]], [[5.0, 6.0]])
    """
    reference, current = _as_rows(x, "x"), _as_rows(y, "y")
    if reference.shape[1] != current.shape[1]:
        raise ValueError(
            f"expected as many columns in `y` as in `x` ({reference.shape[1]}), "
            f"got {current.shape[1]}"
        )
    return reference, current


def standardised(rows: FloatArray, like: FloatArray) -> FloatArray:
    """Return rows less the column means of `like`, over its standard deviations.

    A column that is constant in `like` is 0 there, and keeps its unit elsewhere. For a test by
    relabelling `like` must be both samples together: then the scale does not depend on the
    labels.
    """
    spread = like.std(axis=0)
    # of a constant column, rounding may leave a tiny spread
    constant = spread <= 1e-12 * np.abs(like).max(axis=0)
    centre = np.where(constant, like[0], like.mean(axis=0))
    scaled: FloatArray = (rows - centre) / np.where(constant, 1.0, spread)
    return scaled


def relabellings(n_reference: int, n_current: int, permutations: int, seed: int) -> BoolArray:
    """Draw which of the pooled rows count as reference.

    Returns
    -------
    ndarray of bool, shape (1 + permutations, n_reference + n_current)
        True for reference; the first row holds the labels as they are.

    Raises
    ------
    ValueError
        If there is not at least one permutation.

    Examples
    --------
    >>> relabellings(1, 2, 3, seed=0).sum(axis=1).tolist()
    [1, 1, 1, 1]
    """
    if permutations < 1:
        raise ValueError(f"expected at least 1 of `permutations`, got {permutations}")
    rng = np.random.default_rng(seed)
    n_rows = n_reference + n_current
    labels = np.zeros((1 + permutations, n_rows), dtype=np.bool_)
    labels[0, :n_reference] = True
    for row in labels[1:]:
        row[rng.permutation(n_rows)[:n_reference]] = True
    return labels


def permutation_p_value(statistics: FloatArray) -> float:
    """Return the share of statistics that reach the first, itself included.

    Counting the first makes the test exact: under equality each of the statistics is as likely
    to be the largest. Those that differ by rounding only count as reached.

    Examples
    --------
    >>> permutation_p_value(np.array([3.0, 1.0, 2.0, 3.0]))
    0.5
    """
    rounding = 1e-6 * float(statistics.std()) + 1e-12
    return float((statistics >= statistics[0] - rounding).mean())


def in_spreads(gap: float, spread: float) -> float:
    """Return a gap between samples in the unit `spread`; 0 for none, never below.

    Examples
    --------
    >>> in_spreads(1.0, 2.0), in_spreads(-1.0, 2.0), in_spreads(1.0, 0.0)
    (0.5, 0.0, inf)
    """
    if gap <= 1e-12:  # rounding
        return 0.0
    return gap / spread if spread > 0 else math.inf


def spread_within(a: FloatArray, b: FloatArray) -> float:
    """Return the standard deviation within two samples of numbers, pooled."""
    squares = ((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum()
    spread = math.sqrt(float(squares) / (len(a) + len(b) - 2))
    # of constant samples, rounding may leave a tiny spread
    return spread if spread > 1e-12 * max(np.abs(a).max(), np.abs(b).max()) else 0.0


def _as_rows(values: ArrayLike, name: str) -> FloatArray:
    rows = np.asarray(values, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise ValueError(f"expected `{name}` of shape (rows, columns), got {rows.shape}")
    if np.isinf(rows).any():
        raise ValueError(f"expected finite values (or NaN) in `{name}`, got infinity")
    complete = ~np.isnan(rows).any(axis=1)
    return rows if complete.all() else rows[complete]
