"""Reports as HTML: pages in one file that load nothing, and fragments for notebooks.

A page is the same template as the fragment, in a frame (`report_frame`) with a filter box.
"""

from typing import TYPE_CHECKING, Any

from trimtab.data import report_frame, report_pictures, report_words

if TYPE_CHECKING:
    from trimtab.data.checks import ValidationReport
    from trimtab.data.drift_report import DriftReport
    from trimtab.data.profile import Profile
    from trimtab.data.quality_report import QualityReport
    from trimtab.data.schema_diff import SchemaDiff

_WORDS = (
    report_words.number, report_words.share, report_words.p_value, report_words.effect,
    report_words.weight, report_words.said, report_words.headline, report_words.verdict,
    report_words.counted, report_words.cut, report_words.by_column, report_words.unnamed,
    report_words.grouped, report_words.distinct, report_words.middle, report_words.figure,
    report_pictures.pair, report_pictures.single, report_pictures.meter,
)  # fmt: skip


def drift_page(report: "DriftReport") -> str:
    """Return a page on what moved, worst first, with small histograms of both sides.

    Parameters
    ----------
    report : DriftReport
        What `drift` returned.

    Returns
    -------
    str
        HTML that needs no other file; about 3 kB a column.

    Examples
    --------
    >>> import polars as pl
    >>> from trimtab.data.drift import drift
    >>> sizes = pl.DataFrame({"size": range(1_000)})
    >>> page = drift_page(drift(sizes, sizes.select(pl.col("size") + 300)))
    >>> "1 of 1 column moved" in page, "src=" in page
    (True, False)
    """
    return _page("drift.html", report_words.headline(report), report)


def drift_fragment(report: "DriftReport") -> str:
    """Return what `drift_page` shows as a piece of HTML, for notebooks."""
    return _fragment("drift.html", report)


def profile_page(profile: "Profile") -> str:
    """Return a page on what each column holds, with a small histogram.

    Parameters
    ----------
    profile : Profile
        What `profile` returned.

    Returns
    -------
    str
        HTML that needs no other file.
    """
    return _page("profile.html", profile.source, profile)


def profile_fragment(profile: "Profile") -> str:
    """Return what `profile_page` shows as a piece of HTML, for notebooks."""
    return _fragment("profile.html", profile)


def validation_page(report: "ValidationReport") -> str:
    """Return a page on the checks that failed, *stop* first, with rows behind each.

    Parameters
    ----------
    report : ValidationReport
        What `validate` returned.

    Returns
    -------
    str
        HTML that needs no other file.
    """
    return _page("validation.html", report_words.verdict(report), report)


def validation_fragment(report: "ValidationReport") -> str:
    """Return what `validation_page` shows as a piece of HTML, for notebooks."""
    return _fragment("validation.html", report)


def quality_page(report: "QualityReport") -> str:
    """Return a page on the four dimensions of quality, their parts, and what to mend first.

    Parameters
    ----------
    report : QualityReport
        What `quality` returned.

    Returns
    -------
    str
        HTML that needs no other file.
    """
    return _page("quality.html", f"Quality of {report.table}", report)


def quality_fragment(report: "QualityReport") -> str:
    """Return what `quality_page` shows as a piece of HTML, for notebooks."""
    return _fragment("quality.html", report)


def schema_diff_page(diff: "SchemaDiff") -> str:
    """Return a page on what changed between two schemas or tables.

    Parameters
    ----------
    diff : SchemaDiff
        What `schema_diff` returned.

    Returns
    -------
    str
        HTML that needs no other file.
    """
    return _page("schema_diff.html", f"{diff.old} → {diff.new}", diff)


def schema_diff_fragment(diff: "SchemaDiff") -> str:
    """Return what `schema_diff_page` shows as a piece of HTML, for notebooks."""
    return _fragment("schema_diff.html", diff)


def _page(body: str, title: str, report: Any) -> str:
    return report_frame.page(body, title, words=_WORDS, report=report)


def _fragment(body: str, report: Any) -> str:
    return report_frame.fragment(body, words=_WORDS, report=report)
