"""Products of queries with blocks of rows, in single precision: by numpy, or on a GPU by torch.

They only sieve. `neighbours` compares what is left in double precision, so that the answer is the
same on either, whatever a product is rounded to. PyTorch is not needed: where it is not installed,
or sees no GPU, numpy does it.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from trimtab.stats.arrays import FloatArray, IntArray

Singles = NDArray[np.float32]


class ScoreBlocks(Protocol):
    """Scores of queries against a block of rows; a table of scores stays on its device.

    `queries` and `rows` are the sizes of a block, which bound the memory.
    """

    queries: int
    rows: int

    def each(self, work: Callable[[int], None], starts: Sequence[int]) -> None:
        """Do some work for the blocks of queries that start there, which may be at once."""

    def load(self, right: Singles) -> Any:
        """Return rows, as columns, where products are made."""

    def scores(self, some: slice, right: Any) -> Any:
        """Return the products of some queries with all rows of a block."""

    def largest(self, scores: Any) -> FloatArray:
        """Return the largest score of each query."""

    def at_least(
        self, scores: Any, asked: IntArray, levels: FloatArray
    ) -> tuple[IntArray, IntArray]:
        """Return which of the queries asked reach their level, and in which rows, in order."""


class _Numpy:
    """Blocks large enough that the product runs at full speed, small enough for 4 MB a thread."""

    queries, rows = 512, 2_048

    def __init__(self, left: Singles) -> None:
        self._left = left

    def each(self, work: Callable[[int], None], starts: Sequence[int]) -> None:
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        workers = min(os.cpu_count() or 1, len(starts))
        if workers < 2:
            list(map(work, starts))
            return
        # threads of our own: those of a product wait for each other at the end of each, at full
        # speed, which takes ten times as long where others use the processors too
        with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(workers) as pool:
            list(pool.map(work, starts))

    def load(self, right: Singles) -> Singles:
        return right

    def scores(self, some: slice, right: Singles) -> Singles:
        made: Singles = self._left[some] @ right
        return made

    def largest(self, scores: Singles) -> FloatArray:
        made: FloatArray = scores.max(axis=1).astype(np.float64)
        return made

    def at_least(
        self, scores: Singles, asked: IntArray, levels: FloatArray
    ) -> tuple[IntArray, IntArray]:
        # over one axis numpy finds them several times as fast as over two
        found = np.flatnonzero(scores[asked] >= _below(levels)[:, np.newaxis])
        which, place = np.divmod(found, scores.shape[1])
        return which, place


class _Torch:
    """Blocks that keep a GPU busy and take some 400 MB of it."""

    queries, rows = 4_096, 8_192

    def __init__(self, left: Singles, torch: Any, device: str) -> None:
        self._torch, self._device = torch, device
        self._left = self.load(left)

    def each(self, work: Callable[[int], None], starts: Sequence[int]) -> None:
        list(map(work, starts))

    def load(self, right: Singles) -> Any:
        return self._torch.from_numpy(right).to(self._device)

    def scores(self, some: slice, right: Any) -> Any:
        with _full_precision(self._torch):
            return self._left[some] @ right

    def largest(self, scores: Any) -> FloatArray:
        return self._doubles(scores.amax(dim=1))

    def at_least(
        self, scores: Any, asked: IntArray, levels: FloatArray
    ) -> tuple[IntArray, IntArray]:
        limits = self._there(_below(levels))[:, None]
        found = (scores[self._there(asked)] >= limits).nonzero().cpu().numpy().astype(np.int64)
        return found[:, 0], found[:, 1]

    def _there(self, values: Any) -> Any:
        return self._torch.from_numpy(values).to(self._device)

    def _doubles(self, values: Any) -> FloatArray:
        made: FloatArray = values.cpu().numpy().astype(np.float64)
        return made


def numpy_blocks(left: Singles) -> ScoreBlocks:
    """Return blocks of queries, shape (n_queries, n_columns), on the processor."""
    return _Numpy(left)


def torch_blocks(left: Singles, device: str) -> ScoreBlocks:
    """Return blocks of queries on a device of PyTorch, which has to be installed."""
    return _Torch(left, import_module("torch"), device)


def gpu_blocks(left: Singles) -> ScoreBlocks | None:
    """Return blocks on a GPU; None without PyTorch, without a GPU, or where it has no room."""
    if not _has_gpu():
        return None
    try:
        made = torch_blocks(left, "cuda")
        # takes the room now, while the processor can still do it instead
        room = np.zeros((left.shape[1], made.rows), left.dtype)
        made.scores(slice(made.queries), made.load(room))
    except RuntimeError:  # others fill it
        return None
    return made


@cache
def _has_gpu() -> bool:
    try:
        torch = import_module("torch")
    except (ImportError, OSError):  # not there, or there and not fit for this machine
        return False
    return bool(torch.cuda.is_available())


@contextmanager
def _full_precision(torch: Any) -> Iterator[None]:
    """Keep products from being rounded to fewer digits than the sieve allows for."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def _below(levels: FloatArray) -> Singles:
    """Return levels in single precision, rounded down: none that reaches one is lost."""
    return np.nextafter(levels.astype(np.float32), np.float32(-np.inf))
