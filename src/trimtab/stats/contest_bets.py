"""What bets between models make, and how many rows are left to bet on; used by `selection`."""

import numpy as np

from trimtab.stats.arrays import FloatArray, IntArray
from trimtab.stats.betting import LN_PRIOR, SHARES


def rows_left(n_models: int, rows: "int | IntArray | None") -> "tuple[int | None, IntArray]":
    """Return the number of rows, and on how many of them each pair may differ."""
    if rows is None:
        return None, np.zeros((0, 0), dtype=np.int64)
    if isinstance(rows, int):
        if rows < 1:
            raise ValueError(f"expected `rows` of 1 or more, got {rows}")
        return rows, np.full((n_models, n_models), rows, dtype=np.int64)
    if rows.ndim != 2 or rows.shape[1] != n_models or not rows.shape[0]:
        raise ValueError(f"expected `rows` of shape (n_rows, {n_models}), got {rows.shape}")
    columns = rows.T
    left = [(columns != column).sum(axis=1) for column in columns]
    return rows.shape[0], np.array(left, dtype=np.int64)


def growth_of(values: FloatArray, means: FloatArray) -> FloatArray:
    """Return by how much the logarithm of each bet's money grows, shape (n, n_shares).

    A value is in [-1, 1]; a mean below -1 cannot be, and any value is proof against it.
    """
    room = 1 + means
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.where(room > 0, (1 + values) / room, np.where(1 + values > room, np.inf, 1.0))
    growth: FloatArray = np.log((1 - SHARES) + SHARES * gain[:, None])
    return growth


def ln_money(ln_bets: FloatArray) -> FloatArray:
    """Return the logarithm of the money in all bets of each row; infinite where one is."""
    ln_each = ln_bets + LN_PRIOR
    most = ln_each.max(axis=-1)
    with np.errstate(invalid="ignore"):
        total = most + np.log(np.exp(ln_each - most[..., None]).sum(axis=-1))
    money: FloatArray = np.where(np.isinf(most), most, total)
    return money
