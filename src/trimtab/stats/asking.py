"""The published rule of Model Picker: with which chance to ask for a row's label.

Nothing here draws at random. The evidence that labels give is in `selection`.
"""

import math

import numpy as np

from trimtab.stats.arrays import FloatArray, IntArray


def learning_rate(n_models: int, n_rows: float) -> float:
    """Return how sharply losses are turned into weights after so many rows (Model Picker)."""
    return math.sqrt(math.log(n_models) / (2 * n_rows))


def asking_chance(
    predictions: IntArray, losses: FloatArray, *, eta: float, rate: float = 1.0
) -> float:
    r"""Return the chance with which Model Picker asks for a row's label.

    With weights :math:`w_i \propto e^{-\eta L_i}` and :math:`m_c` the weight of the models that
    would be wrong if the label were c, it is :math:`\max_c m_c (1 - m_c)` times `rate`, at
    least `eta` and at most 1; 0 where all models agree. Rows on which the models that look good
    are at odds are asked most.

    Parameters
    ----------
    predictions : ndarray of int, shape (n_models,)
        The class that each model predicts for the row.
    losses : ndarray of float, shape (n_models,)
        The models' estimated numbers of mistakes so far.
    eta : float
        From `learning_rate`.
    rate : float, default=1
        The more, the more labels; gamma in some texts.

    Returns
    -------
    float
        Chance in [0, 1]. To keep losses unbiased, a mistake then counts one over the chance.

    References
    ----------
    .. [1] M. R. Karimi et al., "Online active model selection for pre-trained classifiers",
       AISTATS (2021).

    Examples
    --------
    >>> asking_chance(np.array([0, 0, 1, 1]), np.zeros(4), eta=0.1)
    0.25
    >>> asking_chance(np.array([1, 1, 1, 1]), np.zeros(4), eta=0.1)
    0.0
    """
    if (predictions == predictions[0]).all():
        return 0.0
    weights = np.exp(-eta * (losses - losses.min()))
    weights /= weights.sum()
    _, place = np.unique(predictions, return_inverse=True)
    wrong = 1 - np.bincount(place, weights=weights)
    return min(1.0, max(rate * float((wrong * (1 - wrong)).max()), eta))
