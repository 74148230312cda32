"""What bets of fixed shares make against a candidate mean, and the limits that follow.

The engine of `sequential`; everything here is on values in [0, 1] and about lower limits:
upper ones are lower limits of the mirrored weights.
"""

import math
from collections.abc import Iterator

import numpy as np

from trimtab.stats.arrays import FloatArray, IntArray

# values lie between the nodes of this grid; 0, 1/2 and 1, which are commonest, on nodes
NODES = np.linspace(0.0, 1.0, 129)
_CELLS = NODES.size - 1
# Shares of the money that are bet, from 0.9 down to 0.00006. The best share falls with the rows
# needed, about as 1 / sqrt(rows): those for hundreds to ten thousands of rows weigh most.
_ODDS = np.arange(-3.0, 14.5, 0.5)
SHARES = 1 / (1 + 2.0**_ODDS)
LN_PRIOR = -np.log1p(((_ODDS - 2) / 2) ** 2)
LN_PRIOR -= np.logaddexp.reduce(LN_PRIOR)
_NODES_AT_ONCE = 16_384


def shared_out(unit: FloatArray, part: IntArray, n_parts: int) -> FloatArray:
    """Return how many values of each part lie at each node, shape (n_parts, n_nodes).

    A value between two nodes is shared out between them so that the mean stays. The logarithm
    is concave: the nodes make less money than the values would, by next to nothing, so the
    promise holds.
    """
    scaled = unit * _CELLS
    cell = np.minimum(scaled.astype(np.int64), _CELLS - 1)
    above = scaled - cell
    place = part * NODES.size + cell
    size = n_parts * NODES.size
    counts: FloatArray = np.zeros(size)
    counts += np.bincount(place, weights=1 - above, minlength=size)
    counts[1:] += np.bincount(place, weights=above, minlength=size)[:-1]
    return counts.reshape(n_parts, NODES.size)


def running_weights(unit: FloatArray, times: IntArray) -> Iterator[FloatArray]:
    """Yield the weights of the nodes, shape (some times, n_nodes), until the last time.

    Portions are as large as is quick: the fewer nodes are in use, the cheaper are times that
    turn out to raise no limit, as most do while rows grow by little.
    """
    before, rows, first = np.zeros(NODES.size), 0, 0
    n_used = int(np.count_nonzero(shared_out(unit, np.zeros(unit.size, dtype=np.int64), 1)))
    while first < times.size:
        near = int(np.searchsorted(times, times[first] * (1 + 8 / n_used), side="right"))
        last = min(near, first + _NODES_AT_ONCE // n_used)
        at = times[first:last]
        part = np.repeat(np.arange(at.size), np.diff(at, prepend=rows))
        weights = before + np.cumsum(shared_out(unit[rows : at[-1]], part, at.size), axis=0)
        yield weights
        before, rows, first = weights[-1], int(at[-1]), last


def raised(weights: FloatArray, goal: float, before: float) -> FloatArray:
    """Return the running lower limits, given the one reached before."""
    used = weights[-1] > 0  # weights only grow
    limits = np.full(weights.shape[0], before)
    ready = evidence(weights[:, used], NODES[used], before) > goal
    if ready.any():
        limits[ready] = _solved(weights[ready][:, used], NODES[used], goal, before)
    running: FloatArray = np.maximum.accumulate(limits)
    return running


def evidence(weights: FloatArray, nodes: FloatArray, mean: float) -> FloatArray:
    """Return the logarithm of the money that was made against "the mean is at most `mean`"."""
    if mean == 0:
        return np.where(weights @ nodes > 0, math.inf, 0.0)
    growth = np.log((1 - SHARES) + SHARES * (nodes[:, None] / mean))
    return _ln_of_sum(weights @ growth + LN_PRIOR)


def _ln_of_sum(ln_money: FloatArray) -> FloatArray:
    """Return the logarithm of the sum over bets; the largest is taken out against overflow."""
    most = ln_money.max(axis=1)
    total: FloatArray = most + np.log(np.exp(ln_money - most[:, None]).sum(axis=1))
    return total


def _solved(weights: FloatArray, nodes: FloatArray, goal: float, before: float) -> FloatArray:
    """Return where the evidence falls to the goal, at each time, from below.

    In v = -ln(mean) the evidence rises and is convex, so that Newton's steps, but for the
    first, come down from where it is above the goal: wherever they end, the limit is valid.
    """
    v = np.full(weights.shape[0], -math.log(before) if before > 0 else 1.0)
    for _ in range(200):
        odds = nodes[None, :, None] * np.exp(v)[:, None, None] * SHARES
        money = (1 - SHARES) + odds
        ln_money = np.einsum("tk,tkj->tj", weights, np.log(money)) + LN_PRIOR
        total = _ln_of_sum(ln_money)
        slopes = np.einsum("tk,tkj->tj", weights, odds / money)
        slope = np.einsum("tj,tj->t", np.exp(ln_money - total[:, None]), slopes)
        # exp(600) is still a float
        better = np.minimum(v - (total - goal) / slope, 600.0)
        done = bool((np.abs(better - v) < 1e-7).all())
        v = better
        if done:
            break
    limits: FloatArray = np.exp(-v)
    return limits
