"""A data set as rows with candidates, cleaned until all is certain; BabyProduct as one."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from trimtab.effort.cleaning import cleaning_order
from trimtab.stats.certain import certain_predictions

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
K = 3
SHOWN = 6
NOTES = {
    "Supreme, systematic": "The authors' own lost cells, found again from what their `info.json` "
    "tells: the seed (it gives the cells lost at random, which are at hand, one by one) and 1,544 "
    "cells lost in 1,119 rows and two columns.",
    "BabyProduct, authors": 'Brands are missing mostly where they are rare. "None of them" has no '
    "column here, so that all rare brands are one, 1 away from any other (in squares), where two "
    "known brands are 2 apart: the space of the authors' matrices. Numbers go from 0 to 1.",
    "BabyProduct, column for none": 'Rows and candidates are the same, but "none of them" has a '
    "column of its own that no validation or test point shares: it is 2 away from known brands "
    "too, and what candidates can reach falls from 0.84 to 0.71.",
}


@dataclass(frozen=True)
class Published:
    """Test accuracies of the authors' released matrices, by 3 nearest neighbours.

    `stopped` is of their early stop, after about the share `early` of the dirty rows; `share` is
    what their run to the end cleaned, of the dirty rows.
    """

    default: float
    nearest: float
    ended: float
    true: float
    stopped: float
    early: float
    share: str

    @property
    def accuracies(self) -> tuple[float, ...]:
        """As `figures` lists them."""
        return self.default, self.nearest, self.ended, self.true, self.stopped


@dataclass(frozen=True)
class Task:
    """Scaled candidates of every row, the number of the one nearest to the truth, and points.

    `repairs` are the rows with every unsure cell repaired in one way, by name.
    `true_accuracy` is that of training on the true values. `batch` rows are cleaned between two
    looks, with gains over `sample` open points or all.
    """

    name: str
    candidates: list[Floats]
    repairs: dict[str, Floats]
    truth: Ints
    labels: Ints
    validation: Floats
    validation_labels: Ints
    test: Floats
    test_labels: Ints
    true_accuracy: float
    published: Published | None = None
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

    def cleaned(self, rows: list[int]) -> Floats:
        """Return the rows with some repaired by their best candidate, others by the first."""
        world = np.array([row[0] for row in self.candidates])
        for row in rows:
            world[row] = self.candidates[row][self.truth[row]]
        return world


def predict(rows: Floats, labels: Ints, points: Floats) -> Ints:
    """Return the classes that nearest neighbours give."""
    found: Ints = certain_predictions(rows[:, None], labels, points, k=K).argmax(axis=1)
    return found


def clean(task: Task) -> tuple[list[int], float]:
    """Return the rows in the order they are cleaned until all is certain, and the seconds."""
    begin = time.perf_counter()
    if task.batch == 1:
        session = cleaning_order(task.candidates, task.labels, task.validation, k=K)
        order = list(session.run(task.truth).rows)
        return order, time.perf_counter() - begin
    parts, order = list(task.candidates), []
    while True:
        session = cleaning_order(
            parts, task.labels, task.validation, k=K, sample=task.sample, seed=len(order)
        )
        rows = [step.row for step in session.next(task.batch)]
        if not rows:
            return order, time.perf_counter() - begin
        order += rows
        for row in rows:
            parts[row] = parts[row][task.truth[row]][None]


def figures(task: Task, order: list[int]) -> dict[str, float]:
    """Return the accuracies on the test points that the authors' matrices give too."""
    found = {
        "default repairs": float(task.right(task.cleaned([])).mean()),
        "nearest candidates": float(task.right(task.cleaned(task.dirty)).mean()),
        "CPClean, to the end": float(task.right(task.cleaned(order)).mean()),
        "true values": task.true_accuracy,
    }
    if task.published is not None:
        early = task.published.early
        stopped = task.cleaned(order[: round(early * len(task.dirty))])
        name = f"CPClean, stopped at {early:.0%} of the dirty rows"
        found[name] = float(task.right(stopped).mean())
    return found


BABYPRODUCT = Published(0.6624, 0.8420, 0.8420, 0.8828, 0.8242, early=0.50, share="100 %")


def babyproduct(folder: Path, *, unknown_apart: bool, n_validation: int = 200) -> Task:
    """Read BabyProduct: brands that are known, commonest first, then "none of them".

    "None of them" has no column in the authors' space, so that it is as far from a known brand
    as unknown brands are; with `unknown_apart` it has one, and is one more step away from all.
    """
    clean, dirty, validation, test = (
        pl.read_csv(folder / f"X_{part}.csv")
        for part in ("train_clean", "train_dirty", "val", "test")
    )
    labels, validation_labels, test_labels = answers(folder)
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
        repairs={
            name: np.array([row[min(i, len(row) - 1)] for row in candidates])
            for i, name in enumerate(repairs)
            if i < SHOWN or name == repairs[-1]
        },
        truth=np.where(is_dirty, known, 0),
        labels=labels,
        validation=encoded(validation, columns)[:n_validation],
        validation_labels=validation_labels[:n_validation],
        test=encoded(test, columns),
        test_labels=test_labels,
        true_accuracy=float((true == test_labels).mean()),
        published=None if unknown_apart else BABYPRODUCT,
        batch=50,
        sample=32,
    )


def _numbers(frame: pl.DataFrame) -> Floats:
    return frame.select("weight", "length", "width", "height").cast(pl.Float64).to_numpy()


def _one_hot(values: list[str | None], names: list[str]) -> Floats:
    same = np.array(values, dtype=object)[:, None] == np.array(names, dtype=object)
    features: Floats = same.astype(np.float64)
    return features


def answers(folder: Path) -> list[Ints]:
    """Read the classes of the training rows, validation points and test points."""
    texts = [
        pl.read_csv(folder / f"y_{part}.csv").to_series().cast(pl.String).to_numpy()
        for part in ("train", "val", "test")
    ]
    classes = np.unique(texts[0])
    return [np.searchsorted(classes, text) for text in texts]
