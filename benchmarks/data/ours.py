"""Trimtab's answers, by its public functions: `python -m benchmarks.data.ours WHAT FILES`."""

import sys
from importlib.metadata import version
from typing import Any

from benchmarks.data.clock import Clock


def profile(clock: Clock, path: str) -> dict[str, Any]:
    """Profile a file, or a glob of files."""
    with clock("import"):
        from trimtab import profile
    with clock("answer"):
        made = profile(path)
    errors = [column.rank_error for column in made.columns.values()]
    return {
        "says": f"{made.rows:,} x {len(made.columns)}; ranks within {max(errors):.2g} of the rows"
    }


def store(clock: Clock, *paths: str) -> dict[str, Any]:
    """Save the profiles of two files; the last two paths are where."""
    with clock("import"):
        from trimtab import profile
    with clock("answer"):
        for source, target in zip(paths[:2], paths[2:], strict=True):
            profile(source).save(target)
    return {}


def drift(clock: Clock, reference: str, current: str) -> dict[str, Any]:
    """Compare two files, all columns, with the default tests."""
    with clock("import"):
        # as the others import it: with what is otherwise loaded when first needed
        import scipy.special  # noqa: F401

        from trimtab import drift
    with clock("answer"):
        report = drift(reference, current)
    return {"flagged": list(report.drifted)}


def drift_of_profiles(clock: Clock, reference: str, current: str) -> dict[str, Any]:
    """Compare two stored profiles; then once more, as a process that goes on would."""
    with clock("import"):
        import scipy.special  # noqa: F401

        from trimtab import Profile, drift
    with clock("load"):
        old, new = Profile.load(reference), Profile.load(current)
    with clock("answer"):
        report = drift(old, new)
    with clock("reload"):
        old, new = Profile.load(reference), Profile.load(current)
    with clock("again"):
        drift(old, new)
    return {"flagged": list(report.drifted)}


def checks_of_file(clock: Clock, schema: str, path: str) -> dict[str, Any]:
    """Hold a file against the 50 checks."""
    with clock("import"):
        from trimtab import Schema, validate
    with clock("setup"):
        wanted = Schema.load(schema)
    with clock("answer"):
        report = validate(path, wanted)
    assert not report.violations, report.violations
    return {"says": "all hold"}


def checks_of_table(clock: Clock, schema: str, path: str) -> dict[str, Any]:
    """Hold a table in memory against the 50 checks."""
    with clock("import"):
        import polars as pl

        from trimtab import Schema, validate
    with clock("setup"):
        wanted = Schema.load(schema)
    with clock("load"):
        rows = pl.read_parquet(path)
    with clock("answer"):
        report = validate(rows, wanted)
    assert not report.violations, report.violations
    return {"says": "all hold"}


def mmd(clock: Clock, reference: str, current: str) -> dict[str, Any]:
    """Compare two arrays by MMD with 100 permutations."""
    with clock("import"):
        import numpy as np

        from trimtab import mmd
    with clock("answer"):
        result = mmd(np.load(reference), np.load(current), permutations=100, seed=0)
    return {"says": f"p = {result.p_value:.3g}"}


if __name__ == "__main__":
    timer = Clock()
    tell = {
        "profile": profile, "store": store, "drift": drift, "mmd": mmd,
        "drift_of_profiles": drift_of_profiles, "checks_of_file": checks_of_file,
        "checks_of_table": checks_of_table,
    }[sys.argv[1]]  # fmt: skip
    found = tell(timer, *sys.argv[2:])
    timer.report(version=version("trimtab"), **found)
