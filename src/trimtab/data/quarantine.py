"""Rows that an ingest set aside: a table beside the table, all as text, with the reason."""

from pathlib import Path

import polars as pl

from trimtab.core.errors import SourceError
from trimtab.data.delta_log import (
    VERSION,
    commit_facts,
    data_files,
    has_content,
    open_delta,
    write_rows,
)
from trimtab.data.intake import REASON, Intake

_INGEST = "_ingest"
_TRIES = 50


def set_aside(folder: Path, table: str, intake: Intake, content: str) -> None:
    """Write rejected rows, once for each content; to be done before the others are written."""
    if intake.rejected.height == 0:
        return
    place = folder / f"{table}__quarantine"
    rows = intake.rejected.with_columns(pl.lit(content).alias(_INGEST))
    for _ in range(_TRIES):
        delta = open_delta(place)
        if has_content(delta, content):
            return
        if write_rows(place, delta, rows, content, facts={}, merge=True):
            return
    raise SourceError(
        f"{place.name}: lost {_TRIES} races against other writers", hint="Ingest one at a time."
    )


def read_aside(folder: Path, table: str, columns: list[str]) -> pl.LazyFrame:
    """Return the rows set aside of a table; `columns` are its own, for when there are none."""
    delta, aside = open_delta(folder / table), open_delta(folder / f"{table}__quarantine")
    if aside is None:
        return pl.LazyFrame(
            schema=dict.fromkeys([*columns, REASON], pl.String) | {VERSION: pl.Int64}
        )
    made = [] if delta is None else commit_facts(delta)
    versions = pl.LazyFrame(
        {_INGEST: [facts["content"] for facts in made],
         VERSION: [facts["version"] for facts in made]},
        schema={_INGEST: pl.String, VERSION: pl.Int64},
    )  # fmt: skip
    files = sorted(data_files(aside))
    rows = pl.scan_parquet(files, hive_partitioning=False, glob=False, missing_columns="insert")
    return rows.join(versions, on=_INGEST, how="left").drop(_INGEST)
