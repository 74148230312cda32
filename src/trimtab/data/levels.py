"""How often each value of a column occurs: exactly while they are few, the commonest after."""

import polars as pl

VALUE, COUNT = "value", "count"
# levels held while a table is read, and once they have turned out too many
MAX_LEVELS = 65_536
N_COUNTERS = 1_024


class Levels:
    """Counts of the different values of a column, part by part.

    All are counted until the owner calls `cut`, as it should when there are `too_many`. From
    then on the commonest `N_COUNTERS` are, each short by at most `error`: what was cut never
    had more (the counters of Misra and Gries, merged as in Agarwal et al., "Mergeable
    summaries", PODS 2012).
    """

    def __init__(self) -> None:
        self.complete = True
        self.error = 0
        self._parts: list[pl.DataFrame] = []
        self._held = 0

    def add(self, counted: pl.DataFrame) -> None:
        """Take in the levels of a part: columns `value` and `count`, each value once."""
        self._parts.append(counted if self.complete else self._shortened(counted))
        self._held += self._parts[-1].height
        if self._held > 2 * (MAX_LEVELS if self.complete else N_COUNTERS):
            self._settle()

    def too_many(self) -> bool:
        """Return whether all levels were counted so far and should not be any longer."""
        if not self.complete or self._held <= MAX_LEVELS:
            return False
        self._settle()
        return self._held > MAX_LEVELS

    def cut(self) -> None:
        """Give up on counting all of them."""
        self.complete = False
        self._settle()

    def frame(self) -> pl.DataFrame:
        """Return all levels that are held, the commonest first, equals in order of value."""
        self._settle()
        return self._parts[0] if self._parts else pl.DataFrame({VALUE: [], COUNT: []})

    def _settle(self) -> None:
        if not self._parts:
            return
        both = self._parts[0]
        if len(self._parts) > 1:
            both = pl.concat(self._parts).group_by(VALUE).agg(pl.col(COUNT).sum())
        both = both.sort(COUNT, VALUE, descending=[True, False])
        self._parts = [both if self.complete else self._shortened(both)]
        self._held = self._parts[0].height

    def _shortened(self, counted: pl.DataFrame) -> pl.DataFrame:
        if counted.height <= N_COUNTERS:
            return counted
        kept = counted.top_k(N_COUNTERS + 1, by=COUNT).sort(COUNT, descending=True)
        self.error += int(kept[COUNT][-1])
        return kept.head(N_COUNTERS)


def level_frame(values: pl.Series) -> pl.DataFrame:
    """Return each value of a series without nulls with its count."""
    if values.dtype == pl.Boolean:
        n_true = int(values.sum())
        both = pl.DataFrame({VALUE: [True, False], COUNT: [n_true, values.len() - n_true]})
        return both.filter(pl.col(COUNT) > 0)
    counted = values.alias(VALUE).value_counts(name=COUNT)
    return counted.with_columns(pl.col(COUNT).cast(pl.Int64))
