"""Tables of predictions and labels for `pick_rows`: read, checked, and put into random order."""

from hashlib import blake2b
from typing import Any

import numpy as np
import polars as pl
import polars.selectors as cs
from numpy.typing import NDArray

from trimtab.core.errors import KeyClashError, SchemaError, nearest
from trimtab.data.sources import collect, read_source, source_name

_KEY = b"trimtab effort pick"


def rows_to_pick_on(
    predictions: Any, labels: Any, *, models: tuple[str, ...], key: str, label: str
) -> tuple[pl.DataFrame, list[str]]:
    """Return predictions with a column of labels, null where there is none, and the models."""
    table = _table(predictions, labels, key=key, label=label)
    names = _models(table, models, key=key, label=label, source=source_name(predictions))
    _check_classes(table, names, label)
    return table, names


def _table(predictions: Any, labels: Any, *, key: str, label: str) -> pl.DataFrame:
    """Return predictions with a column of labels, null where there is none."""
    table = _read(predictions, key)
    if labels is None:
        return table if label in table.columns else table.with_columns(pl.lit(None).alias(label))
    told = _read(labels, key)
    _need(told, label, source_name(labels))
    if told.schema[key] != table.schema[key]:
        told = told.with_columns(pl.col(key).cast(pl.String))
        table = table.with_columns(pl.col(key).cast(pl.String))
    told = told.select(key, label).drop_nulls(label)
    if told.height and not told.join(table, on=key, how="semi").height:
        raise SchemaError(
            f"expected labels of rows in {source_name(predictions)}, got none: no `{key}` of "
            f"{source_name(labels)} is there",
            hint=f"Write `{key}` in both in the same way, as in {_few(set(table[key].head(3)))}.",
        )
    return table.drop(label, strict=False).join(told, on=key, how="left", maintain_order="left")


def _read(source: Any, key: str) -> pl.DataFrame:
    name = source_name(source)
    table = collect(read_source(source), name).with_columns(cs.float().fill_nan(None))
    _need(table, key, name)
    twins = table.height - table[key].drop_nulls().n_unique()
    if twins:
        raise KeyClashError(
            f"expected one row for each `{key}` in {name}, got {twins:,} without one of their own",
            hint=f"Name the column of ids, or drop the rows where `{key}` is missing or double.",
        )
    return table


def _need(table: pl.DataFrame, column: str, name: str) -> None:
    if column not in table.columns:
        raise SchemaError(
            f"expected a column `{column}` in {name}, found none",
            hint=nearest(column, table.columns),
            column=column,
        )


def _models(
    table: pl.DataFrame, models: tuple[str, ...], *, key: str, label: str, source: str
) -> list[str]:
    """Return the columns of models: those named, or all that are neither ids nor labels."""
    names = list(models) or [name for name in table.columns if name not in (key, label)]
    for name in names:
        _need(table, name, source)
        if table[name].null_count():
            raise SchemaError(
                f"expected a prediction of `{name}` for each row, got none for "
                f"{table[name].null_count():,} of {table.height:,} in {source}",
                hint="All models have to answer the same rows: predict the missing ones.",
            )
    if len(names) < 2 or len(set(names)) < len(names) or not table.height:
        raise SchemaError(
            f"expected rows with predictions of two models or more, got {table.height:,} rows "
            f"of {', '.join(names) or 'none'} in {source}",
            hint="Give a table with one column for each model.",
        )
    return names


def _check_classes(table: pl.DataFrame, names: list[str], label: str) -> None:
    """Refuse labels none of which any model predicts: 1 is not "1"."""
    told = set(table[label].drop_nulls().to_list())
    said = {value for name in names for value in table[name].unique().to_list()}
    if told and not told & said:
        raise SchemaError(
            f"expected labels among the classes that models predict, got {_few(told)} for "
            f"predictions of {_few(said)}",
            hint="Write labels and predictions in the same way: 1 is not '1'.",
        )


def _few(values: set[Any]) -> str:
    shown = sorted(map(repr, values))
    return ", ".join(shown[:3]) + (" ..." if len(shown) > 3 else "")


def random_order(ids: pl.Series) -> NDArray[np.int64]:
    """Return places in the order of a hash of ids: the same however the file is sorted."""
    texts = ids.cast(pl.String).to_list()
    hashes = [blake2b(text.encode(), digest_size=8, key=_KEY).digest() for text in texts]
    numbers = np.frombuffer(b"".join(hashes), dtype=">u8").astype(np.uint64)
    order: NDArray[np.int64] = np.argsort(numbers, kind="stable")
    return order
