"""The noise of labels as people write it down: a table with a row for each true class."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from trimtab.core.errors import ConfigError, nearest
from trimtab.data.sources import collect, read_source, source_name
from trimtab.stats.arrays import FloatArray
from trimtab.stats.matrix_faults import matrix_fault

_FORM = (
    "Write the true class in the first column and a column for each label that is given: "
    "`true,no,yes`, then `no,0.95,0.05` and `yes,0.2,0.8`."
)


def read_noise(source: Any, classes: Sequence[Any]) -> FloatArray:
    """Read the chance of each given label (column) for each true class (row) from a table.

    The first column, whatever its name, holds the true class. Rows and columns may come in any
    order, and are found by the names of the classes.

    Parameters
    ----------
    source : path-like or data frame
        As for `read_source`.
    classes : sequence
        Values of the label, in the order that the matrix is to have.

    Returns
    -------
    ndarray of float, shape (n_classes, n_classes)
        Each row adds up to 1.

    Raises
    ------
    ConfigError
        If a class has no row or no column, there is one too many, or the chances cannot be.
    SourceError
        If there is no such file.

    Examples
    --------
    >>> told = pl.DataFrame({"true": ["yes", "no"], "no": [0.2, 1.0], "yes": [0.8, 0.0]})
    >>> read_noise(told, ["no", "yes"]).tolist()
    [[1.0, 0.0], [0.2, 0.8]]
    """
    name = source_name(source)
    frame = collect(read_source(source), name)
    first, *labels = frame.columns
    rows = _places(frame[first].cast(pl.String).to_list(), classes, f"rows of {name}")
    columns = _places(labels, classes, f"columns of {name} after `{first}`")
    try:
        values = frame.select(labels).cast(pl.Float64).to_numpy()
    except pl.exceptions.PolarsError:
        raise ConfigError(f"expected chances in {name}, got text", hint=_FORM) from None
    matrix: FloatArray = np.asarray(values, dtype=np.float64)[np.ix_(rows, columns)]
    fault = matrix_fault(matrix, classes)
    if fault:
        raise ConfigError(f"{name}: {fault[0]}", hint=fault[1])
    return matrix


def _places(found: Sequence[str | None], classes: Sequence[Any], what: str) -> list[int]:
    """Return where each class is among the names found, each of which is one."""
    names = ["" if name is None else _spelled(name) for name in found]
    wanted = [_spelled(one) for one in classes]
    strange = [given for given, name in zip(found, names, strict=True) if name not in wanted]
    if strange:
        raise ConfigError(
            f"expected classes of the label in the {what}, got {strange[0]!r}",
            hint=f"{nearest(str(strange[0]), [str(one) for one in classes])} {_FORM}",
        )
    for one, name in zip(classes, wanted, strict=True):
        if names.count(name) != 1:
            raise ConfigError(
                f"expected class `{one}` once in the {what}, got it {names.count(name)} times",
                hint=_FORM,
            )
    return [names.index(name) for name in wanted]


def _spelled(value: Any) -> str:
    """Return a class as text, the same whether it was read as a number, a truth value or text."""
    text = str(value).strip()
    if text.lower() in ("true", "false"):
        return text.lower()
    try:
        number = float(text)
    except ValueError:
        return text
    return str(int(number)) if number.is_integer() else text
