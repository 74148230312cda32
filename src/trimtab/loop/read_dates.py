"""Columns that hold dates: how they are recognised, and the Python source that reads them."""

import json
from typing import Any

import polars as pl

from trimtab.data.text_types import DAY_FORMAT, TIME_FORMATS

DATE_SHARE = 0.95
_UTC: Any = {"time_unit": "us", "time_zone": "UTC"}


def read_dates(column: pl.Series) -> pl.Series | None:
    """Return the column as UTC times, or None if it does not hold dates."""
    if column.dtype == pl.Date:
        return column.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if isinstance(column.dtype, pl.Datetime):
        return column
    if column.dtype != pl.String:
        return None
    form = _date_format(column)
    return column.str.to_datetime(form, **_UTC, strict=False) if form else None


def _date_format(column: pl.Series) -> str | None:
    """Return the ISO 8601 format that nearly all of a text column is written in."""
    sample = column.drop_nulls().head(1000)
    if not len(sample) or not sample.str.contains(r"^\d{4}-\d{2}-\d{2}").all():
        return None
    held = column.count()
    for form in (DAY_FORMAT, *TIME_FORMATS):
        if column.str.to_datetime(form, **_UTC, strict=False).count() >= DATE_SHARE * held:
            return form
    return None


def date_code(column: pl.Series) -> str:
    """Return Python source that reads the column as a UTC time."""
    code = col(column.name)
    if column.dtype == pl.String:
        form = json.dumps(_date_format(column))
        return f'{code}.str.to_datetime({form}, time_unit="us", time_zone="UTC", strict=False)'
    if column.dtype == pl.Date:
        return f'{code}.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")'
    return code


def col(name: str) -> str:
    """Return Python source of a column."""
    return f"pl.col({json.dumps(name, ensure_ascii=False)})"
