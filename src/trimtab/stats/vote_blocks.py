"""Sums over blocks of rows that are not independent; used by `vote_scores` and `vote_tests`."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from trimtab.stats.arrays import FloatArray
from trimtab.stats.votes import Votes

_CHUNK = 4_096


class BlockSums:
    """Sums of figures of rows over each block, from figures of patterns some at a time.

    Where each row stands for itself, `sums` is None.
    """

    def __init__(self, votes: Votes, n_figures: int) -> None:
        self._counts = None if votes.block_of is None else _counts(votes)
        n_blocks = votes.n_blocks or 0
        self.sums: FloatArray | None = (
            None if self._counts is None else np.zeros((n_blocks, n_figures))
        )
        self._first = 0

    def add(self, figures: FloatArray) -> None:
        """Add the figures of the next patterns, shape (n_patterns, n_figures)."""
        last = self._first + len(figures)
        if self.sums is not None:
            assert self._counts is not None
            self.sums += self._counts[:, self._first : last] @ figures
        self._first = last


def chunks(votes: Votes) -> Iterator[tuple[Votes, FloatArray]]:
    """Yield the patterns some thousand at a time, each part with its weights."""
    for i in range(0, len(votes.patterns), _CHUNK):
        patterns, weights = votes.patterns[i : i + _CHUNK], votes.weights[i : i + _CHUNK]
        yield Votes(patterns, weights, np.arange(len(patterns)), votes.n_classes), weights


def spread_of_sums(sums: FloatArray) -> FloatArray:
    """Return the covariance of the total of blocks, from each block's sum (a row of `sums`)."""
    return np.asarray(sums.T @ sums * (len(sums) / (len(sums) - 1)))


def spreads_of_sums(sums: FloatArray, n_fitted: int) -> FloatArray:
    """Return the variance of each total alone, of sums that so many parameters were fitted to."""
    return np.asarray((sums**2).sum(axis=0) * (len(sums) / (len(sums) - n_fitted - 1)))


def _counts(votes: Votes) -> Any:
    """Return how many rows of each block show each pattern, sparse and quick by columns."""
    from scipy.sparse import csc_array

    shape = (votes.n_blocks, len(votes.patterns))
    ones = np.ones(votes.n_rows)
    return csc_array((ones, (votes.block_of, votes.pattern_of)), shape=shape)
