"""A table with wrong labels and empty cells, its truth, and a person who knows it."""

import numpy as np
import polars as pl

from trimtab.effort.active_start import start_active_cleaning


def parcels(n=240, seed=3):
    """Return parcels as they are and as they were written down: late ones from afar are not."""
    rng = np.random.default_rng(seed)
    km, way = rng.uniform(0, 100, n).round(1), rng.choice(["air", "road", "sea"], n)
    late = km / 25 + (way == "sea") * 2 + rng.normal(size=n) > 3
    full = pl.DataFrame(
        {"km": km, "way": way, "kg": rng.integers(1, 9, n), "late": np.where(late, "yes", "no")}
    )
    wrong, empty = late & (km > 60) & (rng.random(n) < 0.6), rng.random(n) < 0.1
    dirty = full.with_columns(
        late=pl.when(pl.Series(wrong)).then(pl.lit("no")).otherwise("late"),
        km=pl.when(~pl.Series(empty)).then("km"),
    )
    return full, dirty


def start(folder, **options):
    full, dirty = parcels()
    session, table = start_active_cleaning(dirty, "late", folder / "s.db", batch=30, **options)
    return full, dirty, session, table


def truth(full, table, row):
    """Return what a person who knows says: each cell that is otherwise than it stands."""
    return {
        name: str(full[name][row])
        for name, stands in table.dirty[row].items()
        if stands is None
        or str(full[name][row])
        not in (str(stands), f"{stands:g}" if isinstance(stands, float) else "")
    }


def answer(session, table, full, row, **said):
    told = truth(full, table, row)
    cells = {**dict.fromkeys(table.unsure(row)), **told}
    session.fix(row, table.repaired(row, told), cells=cells, **said)
