"""The report of a feasibility study as one HTML page that loads nothing, or a part of one."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from trimtab.data.report_frame import fragment, page
from trimtab.effort.feasibility_needs import Need
from trimtab.effort.feasibility_picture import curves_picture, swatch
from trimtab.effort.feasibility_words import (
    by_class_words,
    count_words,
    noise_words,
    sweep_words,
)

if TYPE_CHECKING:
    from trimtab.effort.feasibility_result import Feasibility

_FOLDER = Path(__file__).parent / "templates"


def feasibility_page(found: "Feasibility") -> str:
    """Return a page on whether a target can be reached, with the curves behind it.

    Parameters
    ----------
    found : Feasibility
        What `feasibility` returned.

    Returns
    -------
    str
        HTML that needs no other file.
    """
    values = _values(found)
    return page("feasibility.html", values.pop("title"), folder=_FOLDER, words=_WORDS, **values)


def feasibility_fragment(found: "Feasibility") -> str:
    """Return what the page shows as a piece of HTML, for notebooks."""
    return fragment("feasibility.html", folder=_FOLDER, words=_WORDS, **_values(found))


def spread(need: Need) -> str:
    """Return the fewest and the most, or that they are the same."""
    if need.fewest == need.most:
        return "by all that the data leave possible"
    return f"fewest: {count_words(need.fewest)}; most: {count_words(need.most)}"


_WORDS = (count_words, spread, swatch)


def _values(found: "Feasibility") -> dict[str, Any]:
    sweep = found.sweep
    return {
        "title": f"Accuracy {found.target_accuracy:g}: {found.verdict}",
        "found": found,
        "picture": curves_picture(found),
        "noise_source": noise_words(found),
        "by_class": by_class_words(found),
        "checked": "" if sweep is None else sweep_words(sweep),
        "sweep_rows": []
        if sweep is None
        else list(zip(sweep.replaced, sweep.estimates, sweep.lows, sweep.highs, strict=True)),
    }
