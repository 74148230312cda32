"""The data sets of the CPClean authors as rows with candidates, encoded and scaled as they did."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from trimtab.stats.certain import certain_predictions

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
K = 3
NOTES = {
    "Supreme, systematic": "The lost cells are not the authors' but drawn anew by their protocol: "
    "what they cost differs from draw to draw, so the lines need not all agree.",
    "BabyProduct, authors": 'Brands are missing mostly where they are rare. "None of them" has no '
    "column here, so that all rare brands are one, 1 away from any other (in squares), where two "
    "known brands are 2 apart: the space of the authors' matrices. Numbers go from 0 to 1.",
    "BabyProduct, column for none": 'Rows and candidates are the same, but "none of them" has a '
    "column of its own that no validation or test point shares: it is 2 away from known brands "
    "too, and what candidates can reach falls from 0.84 to 0.71.",
}


@dataclass(frozen=True)
class Task:
    """Scaled candidates of every row, the number of the one nearest to the truth, and points.

    `true_accuracy` is that of training on the true values. `batch` rows are cleaned between two
    looks, with gains over `sample` open points or all.
    """

    name: str
    candidates: list[Floats]
    repairs: list[str]
    truth: Ints
    labels: Ints
    validation: Floats
    validation_labels: Ints
    test: Floats
    test_labels: Ints
    true_accuracy: float
    batch: int = 1
    sample: int | None = None

    @property
    def dirty(self) -> list[int]:
        """Rows with more than one candidate."""
        return [i for i, row in enumerate(self.candidates) if len(row) > 1]

    def right(self, rows: Floats) -> NDArray[np.bool_]:
        """Return which test points are predicted right when trained on these rows."""
        right: NDArray[np.bool_] = predict(rows, self.labels, self.test) == self.test_labels
        return right

    def repaired(self, number: int) -> Floats:
        """Return the rows with one repair for all cells."""
        return np.array([row[min(number, len(row) - 1)] for row in self.candidates])

    def cleaned(self, rows: list[int]) -> Floats:
        """Return the rows with some of them repaired by their best candidate."""
        world = self.repaired(0)
        for row in rows:
            world[row] = self.candidates[row][self.truth[row]]
        return world


def predict(rows: Floats, labels: Ints, points: Floats) -> Ints:
    """Return the classes that nearest neighbours give."""
    found: Ints = certain_predictions(rows[:, None], labels, points, k=K).argmax(axis=1)
    return found


def supreme(folder: Path, seed: int | None, *, n_validation: int = 1000) -> Task:
    """Read Supreme; with a seed, cells are lost anew where they matter most."""
    clean, validation, test = (
        pl.read_csv(folder / f"X_{part}.csv").cast(pl.Float64).to_numpy()
        for part in ("train_clean", "val", "test")
    )
    labels, validation_labels, test_labels = _answers(folder)
    if seed is None:
        dirty = pl.read_csv(folder / "X_train_dirty.csv").cast(pl.Float64).to_numpy()
    else:
        dirty = lose_cells(clean, labels, np.random.default_rng(seed))
    repairs = repair(dirty)
    low, width = repairs["mean"].min(axis=0), np.ptp(repairs["mean"], axis=0)
    width = np.where(width > 0, width, 1.0)
    every = np.stack([(rows - low) / width for rows in repairs.values()], axis=1)
    is_dirty = np.isnan(dirty).any(axis=1)
    scaled, points = (clean - low) / width, (test - low) / width
    nearest = ((every - scaled[:, None]) ** 2).sum(axis=2).argmin(axis=1)
    return Task(
        name="Supreme, cells lost at random" if seed is None else f"Supreme, systematic, {seed}",
        candidates=[c if d else c[:1] for c, d in zip(every, is_dirty, strict=True)],
        repairs=list(repairs),
        truth=np.where(is_dirty, nearest, 0),
        labels=labels,
        validation=((validation - low) / width)[:n_validation],
        validation_labels=validation_labels[:n_validation],
        test=points,
        test_labels=test_labels,
        true_accuracy=float((predict(scaled, labels, points) == test_labels).mean()),
    )


def lose_cells(clean: Floats, labels: Ints, rng: np.random.Generator) -> Floats:
    """Return the rows with cells missing, more of them in columns that matter more."""
    low, width = clean.min(axis=0), np.ptp(clean, axis=0)
    scaled = (clean - low) / np.where(width > 0, width, 1.0)
    fold = rng.permutation(len(clean)) % 5

    def accuracy(columns: list[int]) -> float:
        right = 0
        for part in range(5):
            train, held = fold != part, fold == part
            found = predict(scaled[train][:, columns], labels[train], scaled[held][:, columns])
            right += int((found == labels[held]).sum())
        return right / len(labels)

    everything = list(range(clean.shape[1]))
    whole = accuracy(everything)
    drop = [max(whole - accuracy([c for c in everything if c != out]), 0) for out in everything]
    chance = np.minimum(0.2 * len(everything) * np.array(drop) / sum(drop), 0.95)
    return np.where(rng.random(clean.shape) < chance, np.nan, clean)


def repair(dirty: Floats) -> dict[str, Floats]:
    """Return the rows repaired by each way of guessing, the plain mean first."""
    from sklearn.impute import KNNImputer

    guesses = {"mean": np.nanmean(dirty, axis=0)}
    for name, at in (("min", 0), ("25 %", 25), ("75 %", 75), ("max", 100)):
        guesses[name] = np.nanpercentile(dirty, at, axis=0)
    repairs = {name: np.where(np.isnan(dirty), g, dirty) for name, g in guesses.items()}
    repairs["neighbours"] = KNNImputer(n_neighbors=5).fit_transform(dirty)
    return repairs


def babyproduct(folder: Path, *, unknown_apart: bool, n_validation: int = 200) -> Task:
    """Read BabyProduct: brands that are known, commonest first, then "none of them".

    "None of them" has no column in the authors' space, so that it is as far from a known brand
    as unknown brands are; with `unknown_apart` it has one, and is one more step away from all.
    """
    clean, dirty, validation, test = (
        pl.read_csv(folder / f"X_{part}.csv")
        for part in ("train_clean", "train_dirty", "val", "test")
    )
    labels, validation_labels, test_labels = _answers(folder)
    counts = dirty["brand"].drop_nulls().value_counts()
    brands = counts.sort(["count", "brand"], descending=[True, False])["brand"].to_list()
    scale = _numbers(dirty).min(axis=0), np.ptp(_numbers(dirty), axis=0)
    # a brand that no candidate has moves all candidates away alike: its column can be left out
    columns = [*brands, "none of them"] if unknown_apart else brands

    def encoded(frame: pl.DataFrame, names: list[str]) -> Floats:
        scaled = (_numbers(frame) - scale[0]) / scale[1]
        flag = frame["is_discounted"].cast(pl.Float64).to_numpy()[:, None]
        return np.hstack([scaled, flag, 1 - flag, _one_hot(frame["brand"].to_list(), names)])

    rows = encoded(dirty, columns)
    repairs = [*brands, "none of them"]
    hot = _one_hot(repairs, columns)
    is_dirty = dirty["brand"].is_null().to_numpy()
    head = rows.shape[1] - len(columns)
    candidates = [
        np.hstack([np.repeat(row[None, :head], len(hot), axis=0), hot]) if d else row[None]
        for row, d in zip(rows, is_dirty, strict=True)
    ]
    place = {brand: number for number, brand in enumerate(brands)}
    known = np.array([place.get(brand, len(brands)) for brand in clean["brand"]])
    every = sorted({*clean["brand"], *validation["brand"], *test["brand"]})
    true = predict(encoded(clean, every), labels, encoded(test, every))
    return Task(
        name=f"BabyProduct, {'column for none' if unknown_apart else 'authors'}",
        candidates=candidates,
        repairs=repairs,
        truth=np.where(is_dirty, known, 0),
        labels=labels,
        validation=encoded(validation, columns)[:n_validation],
        validation_labels=validation_labels[:n_validation],
        test=encoded(test, columns),
        test_labels=test_labels,
        true_accuracy=float((true == test_labels).mean()),
        batch=50,
        sample=32,
    )


def _numbers(frame: pl.DataFrame) -> Floats:
    return frame.select("weight", "length", "width", "height").cast(pl.Float64).to_numpy()


def _one_hot(values: list[str | None], names: list[str]) -> Floats:
    same = np.array(values, dtype=object)[:, None] == np.array(names, dtype=object)
    features: Floats = same.astype(np.float64)
    return features


def _answers(folder: Path) -> list[Ints]:
    texts = [
        pl.read_csv(folder / f"y_{part}.csv").to_series().cast(pl.String).to_numpy()
        for part in ("train", "val", "test")
    ]
    classes = np.unique(texts[0])
    return [np.searchsorted(classes, text) for text in texts]
