"""What is gathered of the texts of a column while its parts go by."""

import polars as pl

from trimtab.data.column_merge import text_hashes
from trimtab.data.known_levels import MAX_KNOWN, KnownLevels, counted_by_first
from trimtab.data.levels import COUNT, MAX_LEVELS, VALUE, Levels, level_frame
from trimtab.stats.arrays import PIECE
from trimtab.stats.distinct import HashArray, merged_hashes

_SURPRISES = 4
_CLASSES = {
    "letters": r"\p{L}", "digits": r"\p{Nd}", "spaces": r"\s", "punctuation": r"[[:punct:]]",
    "non_ascii": r"[^\x00-\x7F]",
}  # fmt: skip


class TextFacts:
    """Levels, lengths, characters and smallest hashes of texts, part by part."""

    def __init__(self) -> None:
        self.levels = Levels()
        self.hashes: HashArray | None = None
        self.numbers = 0
        self.low: str | None = None
        self.high: str | None = None
        self._n = self._letters = 0
        self._short: int | None = None
        self._long = 0
        self._sampled = 0
        self._known: KnownLevels | None = None
        self._surprises = 0
        self._classes = dict.fromkeys(_CLASSES, 0)

    def add(self, values: pl.Series) -> None:
        """Take in the texts of a part, without nulls."""
        if self._known is not None and self._known.count(values):
            return
        self._settle()
        # surprised often, expect nothing any more
        worth = values.len() > PIECE and self._surprises < _SURPRISES
        self._surprises += 1
        self._known = counted_by_first(values) if worth else None
        if self._known is None:
            made = level_frame(values)
            self._take(made)
            if worth and made.height <= MAX_KNOWN:
                self._known = KnownLevels(made[VALUE])

    def finish(self) -> None:
        """Look at what has only been counted so far."""
        self._settle()
        if self.levels.complete:
            self._look_at(self.levels.frame())

    def _settle(self) -> None:
        """Take in what the known levels have counted; parts after it are counted anew."""
        if self._known is not None:
            self._take(self._known.frame())
            self._known = None

    def _take(self, part: pl.DataFrame) -> None:
        if not self.levels.complete:
            self._look_at(part)
        self.levels.add(part)
        if self.levels.too_many():
            self._look_at(self.levels.frame())
            self.levels.cut()

    @property
    def lengths(self) -> tuple[float, float, float] | None:
        """Least, mean and greatest number of characters."""
        if self._short is None:
            return None
        return float(self._short), self._letters / self._n, float(self._long)

    @property
    def classes(self) -> dict[str, float]:
        """Share of values that hold characters of each class."""
        return {name: n / self._sampled for name, n in self._classes.items() if self._sampled}

    def _look_at(self, counted: pl.DataFrame) -> None:
        if counted.height == 0:
            return
        text, n = pl.col(VALUE), pl.col(COUNT)
        length = text.str.len_chars()
        facts = counted.select(
            n.sum().alias("n"), (length.cast(pl.Int64) * n).sum().alias("letters"),
            length.min().alias("short"), length.max().alias("long"),
            text.min().alias("low"), text.max().alias("high"),
        ).row(0, named=True)  # fmt: skip
        self._n, self._letters = self._n + facts["n"], self._letters + facts["letters"]
        self._short = facts["short"] if self._short is None else min(self._short, facts["short"])
        self._long = max(self._long, facts["long"])
        self.low = facts["low"] if self.low is None else min(self.low, facts["low"])
        self.high = facts["high"] if self.high is None else max(self.high, facts["high"])
        some = counted.gather_every(counted.height // MAX_LEVELS + 1)
        number = text.str.strip_chars().cast(pl.Float64, strict=False).is_not_null()
        asks = [(text.str.contains(p) * n).sum().alias(name) for name, p in _CLASSES.items()]
        seen = some.select(n.sum().alias("n"), *asks).row(0, named=True)
        self._sampled += seen["n"]
        for name in _CLASSES:
            self._classes[name] += seen[name]
        self.numbers += int(counted.select((number * n).sum()).item())
        if counted.height > 1:
            known = text_hashes(counted[VALUE])
            self.hashes = known if self.hashes is None else merged_hashes(self.hashes, known)
