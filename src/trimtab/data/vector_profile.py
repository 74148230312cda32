"""What a column of number lists (embeddings) holds: lengths, norms, mean vector, covariance."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from trimtab.stats.arrays import FloatArray
from trimtab.stats.cells import N_CELLS, log_linear
from trimtab.stats.log_linear import LogLinear
from trimtab.stats.moments import Moments, moments_of

# beyond so many dimensions the covariance is that of a random projection onto so many
N_DIRECTIONS = 64


@dataclass(frozen=True, eq=False)
class VectorProfile:
    """What a column of number lists holds.

    Attributes
    ----------
    n : int
        Vectors with finite numbers only: those that `mean` to `norms` describe.
    dimension : int or None
        Their common length; None if lengths differ, and then nothing else is told.
    lengths : tuple of int
        Least and greatest length.
    mean : ndarray of shape (dimension,)
        Mean vector.
    scatter : ndarray of shape (d, d)
        Sum of outer products of deviations from the mean; d = min(dimension, 64). Of more than
        64 dimensions, after the fixed random projection `directions`.
    norms, norm_cells : Moments, LogLinear
        Of the Euclidean lengths.
    """

    n: int
    dimension: int | None
    lengths: tuple[int, int]
    mean: FloatArray
    scatter: FloatArray
    norms: Moments
    norm_cells: LogLinear

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VectorProfile) and (
            (self.n, self.dimension, self.lengths, self.norms, self.norm_cells)
            == (other.n, other.dimension, other.lengths, other.norms, other.norm_cells)
            and np.array_equal(self.mean, other.mean)
            and np.array_equal(self.scatter, other.scatter)
        )

    def __hash__(self) -> int:
        return hash((self.n, self.dimension, self.mean.tobytes()))

    @property
    def covariance(self) -> FloatArray | None:
        """Unbiased covariance (of the projection beyond 64 dimensions); None under 2 vectors."""
        return self.scatter / (self.n - 1) if self.n > 1 else None

    def merged(self, other: "VectorProfile") -> "VectorProfile":
        """Return the profile of both sets of vectors."""
        lengths = (min(self.lengths[0], other.lengths[0]), max(self.lengths[1], other.lengths[1]))
        if self.dimension is None or self.dimension != other.dimension:
            return ragged(lengths)
        if self.n == 0 or other.n == 0:
            return other if self.n == 0 else self
        n, gap = self.n + other.n, other.mean - self.mean
        seen = gap if self.dimension <= N_DIRECTIONS else gap @ directions(self.dimension)
        scatter = self.scatter + other.scatter
        scatter = scatter + np.outer(seen, seen) * (self.n * other.n / n)
        return VectorProfile(
            n, self.dimension, lengths, self.mean + gap * (other.n / n), scatter,
            self.norms.merged(other.norms),
            self.norm_cells.merged(other.norm_cells).reduced(N_CELLS),
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return the fields but `scatter`, as plain values."""
        return {
            "n": self.n, "dimension": self.dimension, "lengths": list(self.lengths),
            "mean": self.mean.tolist(),
            "mean_norm": self.norms.mean, "std_norm": self.norms.std,
        }  # fmt: skip


def ragged(lengths: tuple[int, int]) -> VectorProfile:
    """Return the profile of lists of several lengths."""
    return VectorProfile(
        0, None, lengths, np.empty(0), np.empty((0, 0)), Moments(), log_linear(())
    )


def directions(dimension: int) -> FloatArray:
    """Return the random projection for vectors of a dimension, the same at every call.

    Entries are +-1 / sqrt(64), so that squared lengths are kept on average.
    """
    signs = np.random.default_rng(dimension).integers(0, 2, (dimension, N_DIRECTIONS))
    made: FloatArray = (2.0 * signs - 1) / np.sqrt(N_DIRECTIONS)
    return made


def is_vector(kind: pl.DataType) -> bool:
    """Return whether a type is a list of numbers."""
    inner = getattr(kind, "inner", None)
    return isinstance(kind, (pl.List, pl.Array)) and inner is not None and inner.is_numeric()


def as_matrix(values: pl.Series) -> tuple[FloatArray | None, tuple[int, int]]:
    """Return lists as rows of a matrix, None if their lengths differ; least and greatest length.

    Rows with a missing, NaN or infinite number are left out.
    """
    lists = values.drop_nulls()
    if isinstance(lists.dtype, pl.Array):
        lists = lists.arr.to_list()
    sizes = lists.list.len()
    low, high = int(sizes.min() or 0), int(sizes.max() or 0)  # type: ignore[arg-type]
    if low != high or high == 0:
        return None, (low, high)
    flat = lists.explode().cast(pl.Float64).to_numpy()
    rows = flat.reshape(-1, high)
    return rows[np.isfinite(rows).all(axis=1)], (low, high)


def vector_part(rows: FloatArray) -> VectorProfile:
    """Return the profile of the rows of a matrix, shape (n, dimension)."""
    n, dimension = rows.shape
    mean = rows.mean(axis=0) if n else np.zeros(dimension)
    seen = rows - mean
    if dimension > N_DIRECTIONS:
        seen = seen @ directions(dimension)
    norms = np.linalg.norm(rows, axis=1)
    return VectorProfile(
        n, dimension, (dimension, dimension), mean, seen.T @ seen,
        moments_of(norms), log_linear(norms),
    )  # fmt: skip
