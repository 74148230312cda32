"""The 50 checks that every validator makes, and our schema of them.

Every tool translates this list into its own words; all 50 hold on the workload.
"""

import json
from typing import Any, NamedTuple

from benchmarks.data.columns import BOOLEAN, FLOATS, INTEGERS, NORMAL, TEXTS, TIME


class Check(NamedTuple):
    """One demand on one column; `than` is the second column of a pair."""

    kind: str
    column: str
    low: float = 0.0
    high: float = 0.0
    pattern: str = ""
    values: tuple[str, ...] = ()
    than: str = ""


QUANTILES = (0.05, 0.95)


def _levels(name: str) -> tuple[str, ...]:
    return tuple(f"{name}_{j:03d}" for j in range(max(TEXTS.values())))


CHECKS = (
    *(Check("not_null", name) for name in [*TEXTS, *INTEGERS, BOOLEAN, TIME]),
    *(Check("range", name, low=-100.0, high=200.0) for name in NORMAL),
    *(Check("one_of", name, values=_levels(name)) for name in TEXTS),
    *(Check("pattern", name, pattern=rf"^{name}_\d{{3}}$") for name in list(TEXTS)[:3]),
    Check("unique", TIME),
    Check("at_least", "i02", than="i01"),
    *(Check("mean", name, low=-10.0, high=10.0) for name in NORMAL[:3]),
    *(Check("quantiles", name, low=-50.0, high=50.0) for name in NORMAL[3:5]),
)
NEEDED = sorted({name for check in CHECKS for name in (check.column, check.than) if name})


def schema_text() -> str:
    """Return our schema: all columns with their types, and the 50 checks."""
    types = dict.fromkeys(FLOATS, "Float64") | dict.fromkeys(TEXTS, "String")
    types |= dict.fromkeys(INTEGERS, "Int64") | {BOOLEAN: "Boolean", TIME: "Datetime"}
    lines = []
    for name, kind in types.items():
        lines += ["", f"[columns.{name}]", f'type = "{kind}"']
        for check in CHECKS:
            if check.column == name and check.kind != "at_least":
                lines += [f"{key} = {value}" for key, value in _demands(check).items()]
    for check in CHECKS:
        if check.kind == "at_least":
            text = json.dumps(f"{check.column} >= {check.than}")
            lines += ["", "[[rules]]", f'name = "{check.column} is not less"', f"check = {text}"]
    return "\n".join(lines).lstrip() + "\n"


def _demands(check: Check) -> dict[str, Any]:
    bounds = f"[{check.low}, {check.high}]"
    both = ", ".join(f'"{p}" = {bounds}' for p in QUANTILES)
    every: dict[str, dict[str, Any]] = {
        "not_null": {"max_null_share": 0.0},
        "range": {"min": check.low, "max": check.high},
        "one_of": {"values": json.dumps(check.values)},
        "pattern": {"pattern": f"'{check.pattern}'"},
        "unique": {"unique": "true"},
        "mean": {"mean": bounds},
        "quantiles": {"quantiles": f"{{ {both} }}"},
    }
    return every[check.kind]
