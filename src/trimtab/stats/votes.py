"""Votes of several sources on rows without labels: checked, counted, and told apart by pattern.

A source says one class of a row, or abstains. Rows with the same votes are one *pattern* with
a weight: what a label model has to go through is patterns, not rows.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import FloatArray, IntArray, check_same_rows
from trimtab.stats.label_blocks import label_blocks

ABSTAIN = -1


@dataclass(frozen=True, slots=True)
class Votes:
    """Patterns of votes, shape (n_patterns, n_sources), and how many rows show each.

    Votes are 0 .. `n_classes` - 1 and -1 for an abstention; `pattern_of` leads from a row to its
    pattern. `block_of` leads to its block, where rows of one block are not independent.
    """

    patterns: IntArray
    weights: FloatArray
    pattern_of: IntArray
    n_classes: int
    block_of: IntArray | None = None

    @property
    def n_rows(self) -> int:
        """Rows, those included on which no source says anything."""
        return len(self.pattern_of)

    @property
    def n_blocks(self) -> int | None:
        """Blocks, None where each row stands for itself."""
        return None if self.block_of is None else int(self.block_of.max()) + 1

    @property
    def n_sources(self) -> int:
        """Sources, those included that say nothing."""
        return int(self.patterns.shape[1])

    @property
    def voted(self) -> FloatArray:
        """1 where a source says a class in a pattern, else 0."""
        return np.asarray(self.patterns != ABSTAIN, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class VoteCounts:
    """Of each source, as shares of all rows: it votes, another does too, another disagrees."""

    coverage: FloatArray
    overlap: FloatArray
    conflict: FloatArray


def as_votes(
    votes: ArrayLike, n_classes: int | None = None, blocks: ArrayLike | None = None
) -> Votes:
    """Check votes and put rows with the same votes together.

    Parameters
    ----------
    votes : array_like, shape (n_samples, n_sources)
        Classes as whole numbers from 0; -1, NaN or None for an abstention.
    n_classes : int, optional
        Number of classes; the highest vote plus one, and at least 2, if left out.
    blocks : array_like, shape (n_samples,), optional
        A key a row: rows of one key (a user, a day, a video) are not independent. A row without
        one is a block of its own.

    Returns
    -------
    Votes
        Patterns in no particular order.

    Raises
    ------
    ValueError
        If there is no row or no source, a vote is neither a class nor an abstention, or there
        is not one block a row.

    Examples
    --------
    >>> seen = as_votes([[0, 1], [0, 1], [1, -1]])
    >>> seen.n_rows, sorted(seen.weights.tolist()), seen.n_classes
    (3, [1.0, 2.0], 2)
    """
    table = np.asarray(votes)
    if table.dtype.kind not in "iu":
        table = np.asarray(votes, dtype=np.float64)
        table = np.where(np.isnan(table), float(ABSTAIN), table)
    if table.ndim != 2 or table.size == 0:
        raise ValueError(f"expected votes of shape (n_samples, n_sources), got {table.shape}")
    top = int(table.max()) + 1
    classes = max(top, 2) if n_classes is None else n_classes
    if (table < ABSTAIN).any() or (table != np.floor(table)).any() or top > classes:
        raise ValueError(
            f"expected votes of 0 to {classes - 1}, or -1 to abstain, "
            f"got values from {table.min():g} to {table.max():g}"
        )
    codes = table.astype(np.int64)
    patterns, pattern_of, weights = _grouped(codes, classes)
    block_of = None if blocks is None else _block_codes(blocks, len(codes))
    return Votes(patterns, weights.astype(np.float64), pattern_of.ravel(), classes, block_of)


def count_votes(votes: Votes) -> VoteCounts:
    """Count how often each source votes, votes beside another one, and is contradicted.

    Parameters
    ----------
    votes : Votes
        What `as_votes` returned.

    Returns
    -------
    VoteCounts
        Shares of all rows, in [0, 1], one a source.

    References
    ----------
    .. [1] A. Ratner et al., "Snorkel: rapid training data creation with weak supervision",
       Proceedings of the VLDB Endowment 11 (2017).

    Examples
    --------
    >>> shares = count_votes(as_votes([[0, 0], [1, 0], [1, -1], [-1, -1]]))
    >>> shares.coverage.tolist(), shares.overlap.tolist(), shares.conflict.tolist()
    ([0.75, 0.5], [0.5, 0.5], [0.25, 0.25])
    """
    voted = votes.voted
    others = voted.sum(axis=1, keepdims=True) - voted
    agreeing = np.zeros_like(voted)
    for code in range(votes.n_classes):
        said = (votes.patterns == code).astype(np.float64)
        agreeing += said * (said.sum(axis=1, keepdims=True) - said)
    return VoteCounts(
        coverage=votes.weights @ voted / votes.n_rows,
        overlap=votes.weights @ (voted * (others > 0)) / votes.n_rows,
        conflict=votes.weights @ (voted * (others > agreeing)) / votes.n_rows,
    )


def _block_codes(blocks: ArrayLike, n_rows: int) -> IntArray:
    codes, _ = label_blocks(blocks)
    check_same_rows(n_rows, codes.size, "block")
    return codes


def _grouped(codes: IntArray, n_classes: int) -> tuple[IntArray, IntArray, IntArray]:
    """Return the different rows, the place of each row among them, and their counts."""
    base, n_sources = n_classes + 1, codes.shape[1]
    if n_sources * np.log2(base) >= 62:
        patterns, places, counts = np.unique(
            codes, axis=0, return_inverse=True, return_counts=True
        )
        return patterns, places.astype(np.int64), counts.astype(np.int64)
    # one number a row sorts many times faster than rows do
    digits = base ** np.arange(n_sources, dtype=np.int64)
    _, first, places, counts = np.unique(
        (codes + 1) @ digits, return_index=True, return_inverse=True, return_counts=True
    )
    return codes[first], places.astype(np.int64), counts.astype(np.int64)
