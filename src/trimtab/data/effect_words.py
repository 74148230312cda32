"""How findings put a number, and how far something moved, into words."""

import math

from trimtab.data.drift_tests import SD


def brief(value: float, digits: int = 4) -> str:
    """Write a number in few characters, a large one as a whole number.

    Examples
    --------
    >>> brief(0.0021349), brief(12_345.678), brief(10_000.0), brief(123.4, 2), brief(-0.0)
    ('0.002135', '12,346', '10,000', '123', '0')
    """
    if 10 ** (digits - 1) <= abs(value) < 1e9:
        return f"{value:,.0f}"
    return f"{value + 0.0:.{digits}g}"


def percent(share: float) -> str:
    """Write a share; one that is not quite nothing does not look like it.

    Examples
    --------
    >>> percent(0.1234), percent(0.0), percent(0.00045), percent(0.00005)
    ('12.3%', '0.0%', '0.04%', '0.005%')
    """
    return f"{100 * share:.1g}%" if 0 < share < 0.0005 else f"{share:.1%}"


def moved_by(effect: float, unit: str) -> str:
    """Say how far something moved.

    Examples
    --------
    >>> moved_by(1.0, SD), moved_by(0.123, "share of pairs"), moved_by(2.5, "euros")
    ('moved by 1 sd', 'moved by 12.3% of pairs', 'moved by 2.5 euros')
    """
    if unit == SD and math.isinf(effect):
        return "was constant and is not what it was"
    if unit.startswith("share of "):
        return f"moved by {effect:.1%} of {unit.removeprefix('share of ')}"
    return f"moved by {brief(effect, 2)} {'sd' if unit == SD else unit}"
