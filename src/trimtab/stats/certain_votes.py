"""From the votes of each class to the winner of a vote, as truncated polynomials.

A polynomial is a list of arrays, lowest power first: coefficient m is the chance that a class
has m of its rows among the k nearest. A vote has k votes; the smaller class wins a tie.
"""

from collections.abc import Sequence

import numpy as np

from trimtab.stats.arrays import BoolArray, FloatArray

Polynomial = list[FloatArray]


def multiply(left: Sequence[FloatArray], right: Sequence[FloatArray], size: int) -> Polynomial:
    """Return the product of two polynomials, its first `size` coefficients."""
    product: Polynomial = []
    for power in range(min(len(left) + len(right) - 1, size)):
        begin, end = max(0, power - len(right) + 1), min(power, len(left) - 1)
        total = left[begin] * right[power - begin]
        for i in range(begin + 1, end + 1):
            total += left[i] * right[power - i]
        product.append(total)
    return product


def slope(target: Sequence[FloatArray], other: Sequence[FloatArray], size: int) -> Polynomial:
    """Return how a sum over a product's coefficients, weighted by `target`, changes with a factor.

    `other` is the other factor; `size` is how many coefficients the factor has.
    """
    slopes: Polynomial = []
    for power in range(size):
        total = target[power] * other[0]
        for i in range(1, min(len(other), len(target) - power)):
            total += target[power + i] * other[i]
        slopes.append(total)
    return slopes


def with_own_vote(chances: Sequence[FloatArray], own: BoolArray) -> Polynomial:
    """Return the polynomials with one sure vote more for the class of the event's row.

    `chances` are k arrays (n_classes, ...) without that row; `own` has the same shape.
    """
    votes = [np.where(own, 0.0, chances[0])]
    votes += [np.where(own, chances[m - 1], chances[m]) for m in range(1, len(chances))]
    votes.append(np.where(own, chances[-1], 0.0))
    return votes


def winning_chances(votes: Sequence[FloatArray]) -> FloatArray:
    """Return the chance that each class wins with exactly k votes cast, shape as a coefficient.

    For each number of winning votes, smaller classes are cut below it and larger ones above it;
    products from either side then leave one class out each.
    """
    k, n_classes = len(votes) - 1, votes[0].shape[0]
    chances = np.zeros_like(votes[0])
    one = [np.ones(votes[0].shape[1:])]
    for won in range(1, k + 1):
        size = k - won + 1
        above = [one]
        for label in range(n_classes - 1, 0, -1):
            above.append(multiply(above[-1], [v[label] for v in votes[: won + 1]], size))
        below = one
        for label in range(n_classes):
            others = multiply(below, above.pop(), size)
            if len(others) == size:
                chances[label] += votes[won][label] * others[-1]
            below = multiply(below, [v[label] for v in votes[:won]], size)
    return chances


def winning_slopes(votes: Sequence[FloatArray]) -> list[FloatArray]:
    """Return how the chance that a class wins changes with each coefficient of `votes`.

    Returns k + 1 arrays (n_classes that win, n_classes, ...): all of them sums of products of
    chances, so that small values keep their digits.
    """
    k, n_classes = len(votes) - 1, votes[0].shape[0]
    slopes = [np.zeros((n_classes, *votes[0].shape)) for _ in votes]
    for won in range(1, k + 1):
        size = k - won + 1
        for winner in range(n_classes):
            labels = [label for label in range(n_classes) if label != winner]
            capped = [[v[b] for v in votes[: won + (b > winner)]] for b in labels]
            for label, rest, length in _leaving_one_out(labels, capped, size, votes[0][0]):
                for m in range(length):
                    if size - 1 - m < len(rest) and size - 1 - m >= 0:
                        slopes[m][winner, label] += votes[won][winner] * rest[size - 1 - m]
            everyone = [np.ones_like(votes[0][0])]
            for factor in capped:
                everyone = multiply(everyone, factor, size)
            if len(everyone) == size:
                slopes[won][winner, winner] += everyone[-1]
    return slopes


def _leaving_one_out(
    labels: Sequence[int], factors: Sequence[Polynomial], size: int, like: FloatArray
) -> list[tuple[int, Polynomial, int]]:
    """Return each label with the product of all other factors and its own factor's length."""
    above: list[Polynomial] = [[np.ones_like(like)]]
    for factor in factors[:0:-1]:
        above.append(multiply(above[-1], factor, size))
    below: Polynomial = [np.ones_like(like)]
    found = []
    for label, factor in zip(labels, factors, strict=True):
        found.append((label, multiply(below, above.pop(), size), len(factor)))
        below = multiply(below, factor, size)
    return found
