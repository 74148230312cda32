"""Data with systematic errors, and their true values: what `active_cleaning` measures on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from trimtab.stats.convex_models import LinearModel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Task:
    """Training rows as they stand and as they should be, which may be dirty, and test rows."""

    dirty: Floats
    dirty_labels: Ints
    clean: Floats
    labels: Ints
    suspects: Bools
    test: Floats
    test_labels: Ints
    facts: str

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return int(self.labels.max()) + 1

    def accuracy(self, model: LinearModel) -> float:
        """Return the accuracy on the test rows."""
        return float((model.predict(self.test) == self.test_labels).mean())


def made() -> Iterator[tuple[str, Callable[[int], Task]]]:
    """Return each data set with no rules (all rows are suspects) and with rules."""
    makers = {"breast cancer": cancer, "digits": digits, "synthetic": synthetic}
    for name, make in makers.items():
        yield f"{name}, no rules", lambda seed, make=make: make(seed, rules=False)
        yield f"{name}, suspects known", lambda seed, make=make: make(seed, rules=True)


def cancer(seed: int, *, rules: bool) -> Task:
    """Shift eight columns by 3 standard deviations in 40 % of the benign rows."""
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    rng = np.random.default_rng(seed)
    rows, labels, test, test_labels = split(data.data, data.target, rng)
    told = np.abs(np.corrcoef(rows.T, labels)[-1, :-1])
    bad = (labels == 1) & (rng.random(len(rows)) < 0.4)
    dirty = rows.copy()
    dirty[np.ix_(bad, np.argsort(-told)[:8])] += 3
    what = "Eight telling columns are off by 3 standard deviations in 40 % of the benign rows"
    return task(rng, dirty, labels, rows, labels, bad, test, test_labels, what, rules=rules)


def digits(seed: int, *, rules: bool) -> Task:
    """Call 70 % of the threes fives, and 70 % of the eights nines."""
    from sklearn.datasets import load_digits

    data = load_digits()
    rng = np.random.default_rng(seed)
    rows, labels, test, test_labels = split(data.data, data.target, rng)
    bad = np.isin(labels, [3, 8]) & (rng.random(len(rows)) < 0.7)
    dirty = np.where(bad, np.where(labels == 3, 5, 9), labels)
    what = "70 % of the threes are called fives, 70 % of the eights nines"
    return task(rng, rows, dirty, rows, labels, bad, test, test_labels, what, rules=rules)


def synthetic(seed: int, *, rules: bool) -> Task:
    """Call 60 % of the rows with a large first feature class 0."""
    from sklearn.datasets import make_classification

    rng = np.random.default_rng(seed)
    data, target = make_classification(3_000, 20, n_informative=10, flip_y=0.02, random_state=seed)
    rows, labels, test, test_labels = split(data, target, rng)
    bad = (rows[:, 0] > np.quantile(rows[:, 0], 0.6)) & (rng.random(len(rows)) < 0.6)
    bad &= labels == 1
    dirty = np.where(bad, 0, labels)
    what = "60 % of the rows of class 1 whose first feature is in the top 40 % are called class 0"
    return task(rng, rows, dirty, rows, labels, bad, test, test_labels, what, rules=rules)


def split(
    data: Floats, target: Ints, rng: np.random.Generator
) -> tuple[Floats, Ints, Floats, Ints]:
    """Return two thirds to train on and a third to test, scaled by the former."""
    order = rng.permutation(len(data))
    n_train = 2 * len(data) // 3
    learn, test = order[:n_train], order[n_train:]
    mean, spread = data[learn].mean(axis=0), data[learn].std(axis=0)
    scaled = (data - mean) / np.where(spread > 0, spread, 1)
    return (
        scaled[learn],
        target[learn].astype(np.int64),
        scaled[test],
        target[test].astype(np.int64),
    )


def task(
    rng: np.random.Generator,
    dirty: Floats,
    dirty_labels: Ints,
    clean: Floats,
    labels: Ints,
    bad: Bools,
    test: Floats,
    test_labels: Ints,
    what: str,
    *,
    rules: bool,
) -> Task:
    """Return the task; rules, where there are some, name the dirty rows and as many clean ones."""
    suspects = np.ones(len(bad), dtype=np.bool_)
    if rules:
        fine = np.flatnonzero(~bad)
        suspects = bad.copy()
        suspects[rng.choice(fine, min(int(bad.sum()), fine.size), replace=False)] = True
    facts = (
        f"{len(bad):,} rows, of which about {bad.sum():,} are dirty and {suspects.sum():,} "
        f"suspects. {what}."
    )
    return Task(dirty, dirty_labels, clean, labels, suspects, test, test_labels, facts)


def read_folder(folder: Path) -> Callable[[int], Task]:
    """Read a data set that came dirty; rows with empty cells are the suspects."""

    def numbers(name: str) -> Floats:
        return pl.read_csv(folder / f"X_{name}.csv").cast(pl.Float64).to_numpy()

    def answers(name: str) -> NDArray[np.object_]:
        return pl.read_csv(folder / f"y_{name}.csv").to_series().cast(pl.String).to_numpy()

    clean, holes, test = numbers("train_clean"), numbers("train_dirty"), numbers("test")
    classes = np.unique(answers("train"))
    labels, test_labels = (np.searchsorted(classes, answers(name)) for name in ("train", "test"))
    dirty = np.where(np.isnan(holes), np.nanmean(holes, axis=0), holes)
    mean, spread = dirty.mean(axis=0), dirty.std(axis=0)
    spread = np.where(spread > 0, spread, 1)
    suspects = np.isnan(holes).any(axis=1)
    facts = (
        f"{len(clean):,} rows, of which {suspects.sum():,} have empty cells, filled by the "
        "column's mean; these are the suspects. Repeats differ in draws only."
    )
    made = Task(
        (dirty - mean) / spread, labels, (clean - mean) / spread, labels, suspects,
        (test - mean) / spread, test_labels, facts,
    )  # fmt: skip
    return lambda seed: made
