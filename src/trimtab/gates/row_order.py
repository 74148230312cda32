"""The order of a test set's rows: random, and fixed before any label is seen."""

from hashlib import blake2b
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray


def fixed_order(ids: Any, *, salt: str) -> NDArray[np.int64]:
    """Return the order in which a gate goes through the rows of a test set.

    Rows are ordered by a keyed hash of their ids, so that the order is the same on every machine
    and in every file of the same rows, and any first part of it is a random sample: no matter
    how the file is sorted, or which rows were labelled first. It is random only to those who
    cannot choose ids; take ids that were given before models were made.

    Parameters
    ----------
    ids : polars.Series, array or sequence, shape (n_rows,)
        One id a row; 7 and "7" are the same id.
    salt : str
        What sets this test set apart: its fingerprint (`gates.ledger.fingerprint_of_ids`).

    Returns
    -------
    ndarray of int, shape (n_rows,)
        Places of the rows, the first first.

    Examples
    --------
    >>> ids = ["10", "11", "12", "13", "14", "15"]
    >>> [ids[place] for place in fixed_order(ids, salt="abc")]
    ['13', '11', '15', '12', '10', '14']
    >>> ids = [15, 14, 13, 12, 11, 10]
    >>> [ids[place] for place in fixed_order(ids, salt="abc")]
    [13, 11, 15, 12, 10, 14]
    """
    key = blake2b(salt.encode(), digest_size=32).digest()
    texts = pl.Series("id", ids).cast(pl.String).to_list()
    hashes = b"".join(blake2b(str(t).encode(), digest_size=8, key=key).digest() for t in texts)
    numbers = np.frombuffer(hashes, dtype=">u8").astype(np.uint64)
    order: NDArray[np.int64] = np.argsort(numbers, kind="stable")
    return order
