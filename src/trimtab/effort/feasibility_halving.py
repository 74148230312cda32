"""Which of several learning curves ends lowest, without following all of them to the end."""

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Halving:
    """Outcome of a race.

    Attributes
    ----------
    winner : int
        The arm that was followed to the end, and led there.
    curves : tuple of tuple of float
        Errors of each arm after each of its pulls.
    """

    winner: int
    curves: tuple[tuple[float, ...], ...]

    @property
    def n_pulls(self) -> int:
        """Pulls of all arms together."""
        return sum(len(curve) for curve in self.curves)


def successive_halving(
    pull: Callable[[int], float],
    n_arms: int,
    n_pulls: int,
    *,
    tangent: bool = True,
) -> Halving:
    """Follow the arms whose error is low, with a budget that doubles until one is at its end.

    In a round each arm left is pulled up to the same number of times, and the better half of
    them stays. With `tangent` an arm is given up within a round as soon as its last step, carried
    on to the round's end, leaves it above enough of the others. A convex, falling curve stays
    above its tangent, so that this drops only arms that the round would have dropped: the winner
    is the same. Curves of real errors are convex on the whole, not step by step: then the
    winner may differ between arms that are nearly as good.

    Parameters
    ----------
    pull : callable
        Adds a batch to an arm, by number, and returns its error then.
    n_arms, n_pulls : int
        Arms, and pulls after which an arm is at its end.
    tangent : bool, default=True
        Whether to give arms up within a round.

    Returns
    -------
    Halving
        The winner and what was seen of each curve.

    Raises
    ------
    ValueError
        If there is no arm or no pull.

    References
    ----------
    .. [1] K. Jamieson and A. Talwalkar, "Non-stochastic best arm identification and
       hyperparameter optimization", AISTATS (2016).
    .. [2] C. Renggli et al., "Automatic feasibility study via data quality analysis for ML: a
       case-study on label noise", ICDE (2023).

    Examples
    --------
    >>> levels = [0.3, 0.1, 0.2]
    >>> seen = [0, 0, 0]
    >>> def pull(arm):
    ...     seen[arm] += 1
    ...     return levels[arm] + 0.5 / seen[arm]
    >>> race = successive_halving(pull, 3, 16)
    >>> race.winner, race.n_pulls < 3 * 16
    (1, True)
    """
    if n_arms < 1 or n_pulls < 1:
        raise ValueError(f"expected an arm and a pull or more, got {n_arms} and {n_pulls}")
    race = _Race(pull, n_arms, tangent)
    rounds = max(1, math.ceil(math.log2(n_arms)))
    budget = n_arms * rounds
    while True:
        winner, reached = race.run(rounds, budget, n_pulls)
        if reached == n_pulls:
            return Halving(winner, tuple(map(tuple, race.curves)))
        budget *= 2


class _Race:
    def __init__(self, pull: Callable[[int], float], n_arms: int, tangent: bool) -> None:
        self._pull, self._tangent = pull, tangent
        self.curves: list[list[float]] = [[] for _ in range(n_arms)]

    def run(self, rounds: int, budget: int, n_pulls: int) -> tuple[int, int]:
        """Go through all rounds once; return the winner and how far it was followed."""
        arms, reached = list(range(len(self.curves))), 0
        for _ in range(rounds):
            reached = min(n_pulls, reached + max(1, budget // (len(arms) * rounds)))
            keep = max(1, len(arms) // 2)
            stayed = self._round(arms, reached, keep)
            arms = sorted(stayed, key=lambda arm: (self.curves[arm][reached - 1], arm))[:keep]
        return arms[0], reached

    def _round(self, arms: list[int], reached: int, keep: int) -> list[int]:
        # the leaders first: the sooner others can be seen to stay behind them
        ordered = sorted(arms, key=lambda arm: (self.curves[arm] or [0.0])[-1])
        stayed: list[int] = []
        for arm in ordered:
            ends = sorted(self.curves[other][reached - 1] for other in stayed)
            if self._follow(arm, reached, ends, keep):
                stayed.append(arm)
        return stayed

    def _follow(self, arm: int, reached: int, ends: list[float], keep: int) -> bool:
        """Pull an arm up to `reached`; False if it was given up before."""
        curve = self.curves[arm]
        while len(curve) < reached:
            if self._tangent and len(curve) >= 2 and len(ends) >= keep:
                slope = max(0.0, curve[-2] - curve[-1])
                if curve[-1] - slope * (reached - len(curve)) > ends[keep - 1]:
                    return False
            curve.append(self._pull(arm))
        return True
