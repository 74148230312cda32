"""What the values of one column may be, as checks of rows: presence, range, levels, order.

Each check has `fails`, true on the rows that fail it, and where there is one a `proof`: a much
cheaper expression over the whole column (its least value, its different levels) that is true
only if no row fails. So good data are never looked at row by row.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from trimtab.core.records import Severity, Violation
from trimtab.data.schema_column import ColumnSchema, moment

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class RowCheck:
    """One check: `fails` is true on the rows that fail it, and never null.

    Attributes
    ----------
    column, check : str or None, str
        What is checked; `column` is None where it is the row as a whole.
    shown : dict of str to polars.Expr
        What is told of a failing row, besides its key.
    text : str
        The finding, with places for `{count}`, `{rows}` and `{share}`.
    allowed : float
        Share of the rows that may fail.
    proof : polars.Expr or None
        True only if no row fails.
    held : polars.Expr or None
        How many rows are held to it, where that is not all.
    worst : polars.Expr or None
        A word on the failing rows together.
    reject : bool
        Whether such rows are set aside at ingest.
    written : bool
        Whether a person wrote the condition: it may fail on the data (a cast, say).
    """

    column: str | None
    check: str
    severity: Severity
    fails: pl.Expr
    shown: dict[str, pl.Expr]
    text: str
    allowed: float = 0.0
    proof: pl.Expr | None = None
    held: pl.Expr | None = None
    worst: pl.Expr | None = None
    reject: bool = False
    written: bool = False

    @property
    def id(self) -> str:
        """Name of the check within its table."""
        return f"{self.check}:{self.column or ''}"

    def first(self) -> pl.Expr:
        """Return what the first pass asks: the proof (a truth), or how many rows fail."""
        return self.fails.sum() if self.proof is None else self.proof

    def is_settled(self, answer: Any) -> bool:
        """Return whether the first pass shows that no row fails."""
        return answer == 0 if self.proof is None else bool(answer)

    def second(self, key: dict[str, pl.Expr]) -> dict[str, pl.Expr]:
        """Return what the second pass asks, by name."""
        shown = [value.alias(name) for name, value in {**key, **self.shown}.items()]
        held = pl.len() if self.held is None else self.held
        asks = {
            "count": self.fails.sum(),
            "held": held,
            "examples": pl.struct(shown).filter(self.fails).head(EXAMPLES).implode(),
        }
        return asks if self.worst is None else {**asks, "worst": self.worst}

    def violation(self, table: str, facts: dict[str, Any]) -> Violation | None:
        """Return the finding from what the second pass answered, or None if it is none."""
        count, held = facts["count"], facts["held"]
        if count <= self.allowed * held:
            return None
        subject = f"`{self.column}`" if self.column else "rows"
        told = told_of(self.text, count, held)
        worst = facts.get("worst")
        message = f"{subject}: {told}" + (f" ({worst})" if worst else "")
        return Violation(
            table=table, column=self.column, check=self.check, severity=self.severity,
            count=count, rows=held, message=message, examples=tuple(facts["examples"]),
        )  # fmt: skip


def told_of(text: str, count: int, held: int) -> str:
    """Fill in a finding; its share is never 0.0% of something that is there."""
    part = count / held if held else 0.0
    share = "under 0.1%" if 0 < part < 0.0005 else f"{part:.1%}"
    return text.format(count=f"{count:,}", rows=f"{held:,}", share=share)


def column_checks(name: str, column: ColumnSchema, kind: pl.DataType) -> list[RowCheck]:
    """Return the checks of what the values of one column may be."""
    value = pl.col(name)
    made: list[RowCheck] = []

    def add(check: str, fails: pl.Expr, text: str, **more: Any) -> None:
        allowed = more.get("allowed", 0.0)
        if allowed and check != "nulls":
            text += f"; at most {allowed:.2%} allowed"
        # Where some may fail, no one row is at fault for it.
        reject = column.reject and allowed == 0
        made.append(
            RowCheck(name, check, column.severity, fails.fill_null(value=False), {name: value},
                     text, reject=reject, **more)
        )  # fmt: skip

    if column.max_null_share < 1:
        absent = value.is_null() | value.is_nan() if kind.is_float() else value.is_null()
        bound = "none" if column.max_null_share == 0 else f"at most {column.max_null_share:.2%}"
        text = f"{{count}} of {{rows}} values missing ({{share}}); {bound} allowed"
        proof = value.null_count() == 0
        if kind.is_float():
            proof &= value.is_nan().any().not_()
        add("nulls", absent, text, allowed=column.max_null_share, proof=proof)
    if column.finite and kind.is_float():
        wrong = value.is_nan() | value.is_infinite()
        add("finite", wrong, "{count} of {rows} values are NaN or infinite",
            worst=commonest(value, wrong))  # fmt: skip
    for check, fails, text, more in _domain(value, column, kind):
        add(check, fails, text, allowed=column.max_outside_share, **more)
    if column.unique:
        fails = value.is_duplicated() & value.is_not_null()
        there = value.drop_nulls()
        proof = there.map_batches(_all_differ, return_dtype=pl.Boolean, returns_scalar=True)
        add("unique", fails, "{count} of {rows} values are there more than once", proof=proof)
    if column.increasing is not None:
        before = value.forward_fill().shift(1)
        strict = column.increasing == "strictly"
        fails = value <= before if strict else value < before
        than = "not higher" if strict else "lower"
        add("increasing", fails, f"{{count}} of {{rows}} values are {than} than the one before")
    return made


def commonest(value: pl.Expr, fails: pl.Expr) -> pl.Expr:
    """Return the three commonest values of the rows that fail, with their counts, as text."""
    levels = value.filter(fails).value_counts(name="n")
    level, count = levels.struct[0], levels.struct["n"]
    told = pl.format("'{}' {}", level.cast(pl.String).str.slice(0, 40), count)
    return told.sort_by(count, level, descending=[True, False]).head(3).str.join(", ")


def _all_differ(values: pl.Series) -> bool:
    """Return whether no value is there twice; at once where each is above the one before."""
    if values.len() < 2 or (values > values.shift(1)).all():
        return True
    return values.n_unique() == values.len()


def _domain(
    value: pl.Expr, column: ColumnSchema, kind: pl.DataType
) -> Iterator[tuple[str, pl.Expr, str, dict[str, Any]]]:
    """Give the checks of what a value may be: name, failing rows, words, and the rest."""
    if kind.is_numeric() or kind.is_temporal():
        bounded = value.fill_nan(None) if kind.is_float() else value
        if column.min is not None:
            low = _literal(column.min, kind)
            text = f"{{count}} of {{rows}} values below {_plain(column.min)}"
            yield "min", bounded < low, text, {
                "worst": pl.format("smallest {}", bounded.min()), "proof": _at_least(value, low),
            }  # fmt: skip
        if column.max is not None:
            high = _literal(column.max, kind)
            text = f"{{count}} of {{rows}} values above {_plain(column.max)}"
            yield "max", bounded > high, text, {
                "worst": pl.format("largest {}", bounded.max()), "proof": _at_most(value, high),
            }  # fmt: skip
    known = None
    if column.values is not None:
        listed = pl.Series(column.values, dtype=kind, strict=False).implode()
        known = value.drop_nulls().unique().is_in(listed).all()
        text = "{count} of {rows} values are none of the " + f"{len(column.values)} known"
        fails = ~value.is_in(listed)
        worst = commonest(value, fails.fill_null(value=False))
        yield "values", fails, text, {"worst": worst, "proof": known}
    if kind == pl.String:
        yield from _text_domain(value, column, known)


def _text_domain(
    value: pl.Expr, column: ColumnSchema, known: pl.Expr | None
) -> Iterator[tuple[str, pl.Expr, str, dict[str, Any]]]:
    length = value.str.len_chars()
    if column.min_length is not None:
        text = f"{{count}} of {{rows}} texts are shorter than {column.min_length} characters"
        yield "min_length", length < column.min_length, text, {}
    if column.max_length is not None:
        text = f"{{count}} of {{rows}} texts are longer than {column.max_length} characters"
        yield "max_length", length > column.max_length, text, {}
    if column.pattern is not None:
        fails = ~value.str.contains(column.pattern)
        text = "{count} of {rows} values do not match the pattern"
        proof = value.drop_nulls().unique().str.contains(column.pattern).all()
        # Where all known levels match, whatever holds only those does too.
        if known is not None and pl.Series(column.values).str.contains(column.pattern).all():
            proof = known
        worst = commonest(value, fails.fill_null(value=False))
        yield "pattern", fails, text, {"worst": worst, "proof": proof}


def _at_least(value: pl.Expr, low: pl.Expr) -> pl.Expr:
    return (value.min() >= low).fill_null(value=True)


def _at_most(value: pl.Expr, high: pl.Expr) -> pl.Expr:
    return (value.max() <= high).fill_null(value=True)


def _literal(bound: Any, kind: pl.DataType) -> pl.Expr:
    """Return a bound as a value of the column's kind; times without a zone are UTC."""
    if kind == pl.Date:
        return pl.lit(moment(bound).date())
    return pl.lit(moment(bound), dtype=kind if kind.is_temporal() else None)


def _plain(bound: Any) -> str:
    if isinstance(bound, date):
        return f"{bound:%Y-%m-%d %H:%M}"
    return f"{bound:,}" if isinstance(bound, int) else f"{bound:g}"
