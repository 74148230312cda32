"""Mistakes of models, old ones counting less where the world moves; and whom they make ask."""

import numpy as np

from trimtab.effort.pick_answer import Rule
from trimtab.stats.arrays import BoolArray, FloatArray, IntArray
from trimtab.stats.asking import asking_chance, learning_rate


class FadingLosses:
    """Sums of mistakes, shape (n_models,), that can be compared between models.

    `half_life` is the number of rows after which a mistake counts half, None for never; `rows`
    the number of rows so far, old ones counted in part.

    Examples
    --------
    >>> losses = FadingLosses(2, half_life=1)
    >>> for mistakes in ([1, 0], [0, 1]):
    ...     losses.next_row()
    ...     losses.add(np.array(mistakes))
    >>> losses.sums.tolist(), losses.rows
    ([0.5, 1.0], 1.5)
    """

    def __init__(self, n_models: int, half_life: int | None) -> None:
        self.sums: FloatArray = np.zeros(n_models)
        self.rows = 0.0
        self._keep = 1.0 if half_life is None else 0.5 ** (1 / half_life)

    def next_row(self) -> None:
        """Let all that is there fade by a row."""
        self.sums *= self._keep
        self.rows = self.rows * self._keep + 1

    def add(self, mistakes: FloatArray, watched: BoolArray | None = None) -> None:
        """Add the mistakes on a row.

        Where rows are asked about on account of `watched` models only, what the others do on
        them is no sample of what they do: their gap to the best of the watched stays.
        """
        if watched is None:
            self.sums += mistakes
            return
        before = self.sums[watched].min()
        self.sums[watched] += mistakes[watched]
        self.sums[~watched] += self.sums[watched].min() - before


def chance_of_asking(
    rule: Rule, rate: float, row: IntArray, out: BoolArray, losses: FadingLosses
) -> tuple[float, float]:
    """Return the chance of asking about a row, and the least there was before it came.

    `row` holds the class that each model predicts, `out` which models are ruled out.
    """
    share = min(1.0, rate)
    match rule:
        case "random":
            return share, share
        case "disagreement":
            return (share if (row != row[0]).any() else 0.0), share
        case "contenders":
            still = row[~out]
            return float((still != still[0]).any()), 1.0
    eta = learning_rate(row.size, max(1.0, losses.rows))
    return asking_chance(row, losses.sums, eta=eta, rate=rate), min(1.0, eta)
