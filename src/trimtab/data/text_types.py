"""What type the columns of delimited text have: the one that all of their values can be read as.

Times are those of ISO 8601. Other ways to write a date have more than one reading (is 03/04 in
March?), and stay text.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

_TRUTHS = ("true", "false")
_ISO = r"^\d{4}-\d{2}-\d{2}"
DAY_FORMAT = "%Y-%m-%d"
# with seconds, or their fractions, before without; `%#z` is Z, +01:00 or +0100
TIME_FORMATS = tuple(
    f"{DAY_FORMAT}{blank}{clock}{zone}"
    for zone in ("", "%#z")
    for blank in ("T", " ")
    for clock in ("%H:%M:%S%.f", "%H:%M")
)
_FIRST = 100


@dataclass(frozen=True, slots=True)
class _Type:
    """A type, and of times the format that they are written in."""

    kind: type[pl.DataType]
    form: str = ""

    def read(self, text: pl.Expr) -> pl.Expr:
        """Return the values that text stands for, null where it stands for none."""
        bare = text.str.strip_chars()
        if self.kind == pl.Boolean:
            lower = bare.str.to_lowercase()
            return pl.when(lower == "true").then(True).when(lower == "false").then(False)
        if self.kind == pl.Date:
            return bare.str.to_date(self.form, strict=False)
        if self.kind == pl.Datetime:
            zone = "UTC" if self.form.endswith("z") else None
            return bare.str.to_datetime(self.form, strict=False, time_unit="us", time_zone=zone)
        return bare.cast(self.kind, strict=False)


_TEXT = _Type(pl.String)


def typed_columns(
    frame: pl.LazyFrame, columns: Sequence[str], markers: Sequence[str], text: Sequence[str] = ()
) -> list[pl.Expr]:
    """Return the expressions that give text columns the types that all of their values have.

    One pass over the text. A column that is numbers and a marker, and nothing else, shows that
    the marker means "missing" in this file. Columns named in `text` stay as they are written.
    """
    # few columns have many different values, so that the rest is cheap
    row = frame.select(pl.col(name).unique().implode() for name in columns).collect().row(0)
    kinds: dict[str, _Type] = {}
    found: set[str] = set()
    for name, texts in zip(columns, row, strict=True):
        values = pl.Series(texts, dtype=pl.String).str.strip_chars()
        marked = values.is_in(markers)
        kind = _type(values.filter(~marked & (values != "")), times=name not in text)
        if kind != _TEXT:
            found.update(values.filter(marked))
        kinds[name] = _TEXT if name in text else kind
    missing = sorted(found)
    return [
        (kind.read(pl.col(name)) if kind != _TEXT else _text(name, missing)).alias(name)
        for name, kind in kinds.items()
    ]


def _text(name: str, markers: list[str]) -> pl.Expr:
    text = pl.col(name)
    return pl.when(~text.str.strip_chars().is_in(markers)).then(text) if markers else text


def _type(values: pl.Series, *, times: bool) -> _Type:
    """Return the narrowest type that all values can be read as."""
    count = values.count()
    if count == 0:
        return _TEXT
    if values.cast(pl.Int64, strict=False).count() == count:
        return _Type(pl.Int64)
    if values.cast(pl.Float64, strict=False).count() == count:
        # a whole number too long for 64 bits is a name, not a quantity
        return _Type(pl.Float64) if values.str.contains("[.a-zA-Z]").any() else _TEXT
    if values.str.to_lowercase().is_in(_TRUTHS).all():
        return _Type(pl.Boolean)
    return _time(values) if times and values.str.contains(_ISO).all() else _TEXT


def _time(values: pl.Series) -> _Type:
    """Return the type of times in one format; text if they are no times, or in several."""
    tried = (_Type(pl.Date, DAY_FORMAT), *(_Type(pl.Datetime, form) for form in TIME_FORMATS))
    for kind in tried:
        if all(_reads_all(kind, part) for part in (values.head(_FIRST), values)):
            return kind
    return _TEXT


def _reads_all(kind: _Type, values: pl.Series) -> bool:
    read = pl.select(kind.read(pl.lit(values))).to_series()
    # other years, also those that only a change of zone leads to, are no times in Python
    return read.null_count() == 0 and bool(read.dt.year().is_between(1, 9999).all())
