"""Feature tables kept by what they depend on: dataset content, expressions and row window."""

import hashlib
import os
from datetime import datetime

import polars as pl

from trimtab.core.records import DatasetVersion
from trimtab.core.workspace import Workspace
from trimtab.models.features import FeatureSet


def cached_features(
    workspace: Workspace,
    version: DatasetVersion,
    features: FeatureSet,
    rows: pl.DataFrame,
    *,
    start: datetime | None,
    until: datetime,
) -> pl.DataFrame:
    """Return the features of `rows`, read from the cache if they were computed before.

    Parameters
    ----------
    workspace : Workspace
        Whose cache.
    version : DatasetVersion
        Version that the rows are from.
    features : FeatureSet
        What to compute.
    rows : polars.DataFrame
        The rows of that version between `start` and `until` (see `known_rows`).
    start, until : datetime
        The window; with the fingerprint and the features' hash it names the file.
    """
    parts = f"{version.fingerprint} {features.hash} {start} {until}"
    name = hashlib.sha256(parts.encode()).hexdigest()[:32]
    file = workspace.cache_folder / "features" / f"{name}.parquet"
    try:
        kept = pl.read_parquet(file)
        if kept.columns == features.names and kept.height == rows.height:
            return kept
    except (OSError, pl.exceptions.PolarsError):
        pass  # not there, or cut off and damaged: computed again
    computed = features.compute(rows)
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(f".{os.getpid()}.part")
    computed.write_parquet(part)
    part.replace(file)
    return computed
