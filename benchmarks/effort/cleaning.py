"""Accuracy against the share of rows cleaned: CPClean beside random order and single repairs.

`python -m benchmarks.effort.cleaning FOLDER --out docs/benchmarks/effort_cleaning.md`, where
FOLDER holds X_train_clean.csv, X_train_dirty.csv, X_val.csv, X_test.csv (numbers only) and
y_*.csv in the layout of the CPClean authors. `--missing given` takes the missing cells of the
dirty file; `--missing systematic` makes its own by the authors' protocol: a column loses cells in
proportion to how much a 3-nearest-neighbour classifier misses it, 20 % of cells in all.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.data.measure import machine
from trimtab.effort.cleaning import cleaning_order
from trimtab.effort.cleaning_session import CleaningSession
from trimtab.stats.certain import certain_predictions
from trimtab.stats.certain_rows import candidate_rows, distances
from trimtab.stats.exact_share import exact_share_interval

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
K, N_VALIDATION, RANDOM_ORDERS = 3, 1000, 10


@dataclass(frozen=True)
class Task:
    """Scaled candidates of every row, the number of the one nearest to the truth, and points."""

    candidates: list[Floats]
    names: list[str]
    truth: Ints
    clean: Floats
    labels: Ints
    validation: Floats
    validation_labels: Ints
    test: Floats
    test_labels: Ints

    def accuracy(self, rows: Floats) -> float:
        """Return the accuracy on the test points when trained on these rows."""
        found = certain_predictions(rows[:, None], self.labels, self.test, k=K)
        return float((found.argmax(axis=1) == self.test_labels).mean())

    def repaired(self, number: int) -> Floats:
        """Return the rows with one repair for all cells."""
        return np.array([row[min(number, len(row) - 1)] for row in self.candidates])


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the curves and the timings, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--missing", choices=("given", "systematic"), default="systematic")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(arguments)
    task = read_task(options.folder, options.missing, options.seed)
    page = "\n".join([f"# Cleaning: {options.folder.name}, {options.missing}", "", *report(task)])
    print(page)
    if options.out:
        options.out.write_text(page + "\n", encoding="utf-8")


def read_task(folder: Path, missing: str, seed: int) -> Task:
    """Read the files, make cells missing if asked, and repair them in several ways."""
    clean, validation, test = (
        pl.read_csv(folder / f"X_{part}.csv").cast(pl.Float64).to_numpy()
        for part in ("train_clean", "val", "test")
    )
    answers = [
        pl.read_csv(folder / f"y_{part}.csv").to_series().cast(pl.String).to_numpy()
        for part in ("train", "val", "test")
    ]
    classes = np.unique(answers[0])
    labels, validation_labels, test_labels = (np.searchsorted(classes, a) for a in answers)
    if missing == "given":
        dirty = pl.read_csv(folder / "X_train_dirty.csv").cast(pl.Float64).to_numpy()
    else:
        dirty = lose_cells(clean, labels, np.random.default_rng(seed))
    repairs = repair(dirty)
    low, high = repairs["mean"].min(axis=0), repairs["mean"].max(axis=0)
    width = np.where(high > low, high - low, 1.0)
    every = np.stack([(rows - low) / width for rows in repairs.values()], axis=1)
    is_dirty = np.isnan(dirty).any(axis=1)
    scaled = (clean - low) / width
    nearest = ((every - scaled[:, None]) ** 2).sum(axis=2).argmin(axis=1)
    return Task(
        candidates=[c if d else c[:1] for c, d in zip(every, is_dirty, strict=True)],
        names=list(repairs),
        truth=np.where(is_dirty, nearest, 0),
        clean=scaled,
        labels=labels,
        validation=((validation - low) / width)[:N_VALIDATION],
        validation_labels=validation_labels[:N_VALIDATION],
        test=(test - low) / width,
        test_labels=test_labels,
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
            rows = scaled[train][:, columns]
            found = certain_predictions(rows[:, None], labels[train], scaled[held][:, columns])
            right += int((found.argmax(axis=1) == labels[held]).sum())
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


def report(task: Task) -> list[str]:
    """Return the lines of the page."""
    dirty = [i for i, row in enumerate(task.candidates) if len(row) > 1]
    session, seconds, order = full_run(task)
    before, after = session
    rng = np.random.default_rng(1)
    rest = [i for i in dirty if i not in set(order)]
    random_orders = [rng.permutation(dirty).tolist() for _ in range(RANDOM_ORDERS)]
    lines = [
        f"{len(task.labels):,} rows, {len(dirty):,} of them dirty, "
        f"{len(task.validation):,} validation points, {len(task.test_labels):,} test points, "
        f"k = {K}. {machine()['processor']}, {machine()['cores']} cores, "
        f"Python {machine()['python']}, load {machine()['load']}.",
        "",
        f"Before: {before}.",
        "",
        f"After {len(order):,} rows ({len(order) / len(task.labels):.0%} of all): {after}.",
        "",
        "Accuracy on the test points, with 95 % limits of the exact binomial:",
        "",
        "| dirty rows cleaned | CPClean, then any order | random order (mean of 10, range) |",
        "| --- | --- | --- |",
    ]
    for share in SHARES:
        count = round(share * len(dirty))
        ours = task.accuracy(cleaned(task, [*order, *rest][:count]))
        others = [task.accuracy(cleaned(task, o[:count])) for o in random_orders]
        lines.append(
            f"| {share:.0%} | {with_limits(ours, task)} | {np.mean(others):.3f} "
            f"({min(others):.3f} to {max(others):.3f}) |"
        )
    lines += ["", "| without cleaning by hand | test accuracy |", "| --- | --- |"]
    lines += [
        f"| every cell by {name} | {with_limits(task.accuracy(task.repaired(i)), task)} |"
        for i, name in enumerate(task.names)
    ]
    best = max(range(len(task.names)), key=lambda i: validation_accuracy(task, task.repaired(i)))
    lines += [
        f"| best repair on validation ({task.names[best]}) | "
        f"{with_limits(task.accuracy(task.repaired(best)), task)} |",
        f"| nearest candidate to the truth everywhere | "
        f"{with_limits(task.accuracy(cleaned(task, dirty)), task)} |",
        f"| the true values | {with_limits(task.accuracy(task.clean), task)} |",
        "",
        noise(task, order),
        "",
        *speed(task, seconds, order),
    ]
    return lines


def noise(task: Task, order: Sequence[int]) -> str:
    """Say whether the gain over default repairs is more than chance on the test points."""
    before, after = (
        certain_predictions(rows[:, None], task.labels, task.test, k=K).argmax(axis=1)
        == task.test_labels
        for rows in (task.repaired(0), cleaned(task, order))
    )
    gained, lost = int((after & ~before).sum()), int((before & ~after).sum())
    text = f"CPClean's rows against mean repair: {gained} test points gained, {lost} lost"
    if not gained + lost:
        return f"{text}: no difference."
    share = exact_share_interval(gained, gained + lost, delta=0.05)
    if share.contains(0.5):
        return f"{text}: **the difference is noise** (95 %, exact sign test)."
    return f"{text}: more than chance (95 %, exact sign test)."


def full_run(task: Task) -> tuple[tuple[str, str], float, list[int]]:
    """Clean until all predictions are certain; return what the session said, and the seconds."""
    begin = time.perf_counter()
    session: CleaningSession = cleaning_order(
        task.candidates, task.labels, task.validation, k=K, query_labels=task.validation_labels
    )
    run = session.run(task.truth)
    seconds = time.perf_counter() - begin
    fresh = cleaning_order(
        task.candidates, task.labels, task.validation, k=K, query_labels=task.validation_labels
    )
    return (fresh.status().sentence, session.status().sentence), seconds, list(run.rows)


def cleaned(task: Task, rows: Sequence[int]) -> Floats:
    """Return the rows with some of them repaired by their best candidate."""
    world = task.repaired(0)
    for row in rows:
        world[row] = task.candidates[row][task.truth[row]]
    return world


def validation_accuracy(task: Task, rows: Floats) -> float:
    """Return the accuracy on the validation points when trained on these rows."""
    found = certain_predictions(rows[:, None], task.labels, task.validation, k=K)
    return float((found.argmax(axis=1) == task.validation_labels).mean())


def with_limits(accuracy: float, task: Task) -> str:
    """Return an accuracy on the test points with its limits, as text."""
    n = len(task.test_labels)
    limits = exact_share_interval(round(accuracy * n), n, delta=0.05)
    return f"{accuracy:.3f} ({limits.low:.3f} to {limits.high:.3f})"


def speed(task: Task, seconds: float, order: Sequence[int]) -> list[str]:
    """Compare with a direct sort-scan, timed on a few scans and multiplied."""
    queries = np.linspace(0, len(task.validation) - 1, 5).astype(int)
    begin = time.perf_counter()
    direct = np.array([direct_scan(task, task.validation[q]) for q in queries])
    one_scan = (time.perf_counter() - begin) / len(queries)
    begin = time.perf_counter()
    ours = certain_predictions(task.candidates, task.labels, task.validation, k=K)
    all_queries = time.perf_counter() - begin
    assert np.allclose(direct, ours[queries], atol=1e-9)
    n_open = int((ours.max(axis=1) < 1).sum())
    # each step of the direct way predicts every open point with each row at each candidate; only
    # the first step is charged
    n_scans = n_open * sum(len(row) for row in task.candidates if len(row) > 1)
    return [
        f"Full run of {len(order):,} steps: {seconds:.1f} s. Fractions of worlds for "
        f"{len(task.validation):,} points: {all_queries:.2f} s, by a direct sort-scan "
        f"{one_scan * len(task.validation):,.0f} s ({one_scan * 1e3:,.0f} ms a point, 5 timed): "
        f"{one_scan * len(task.validation) / all_queries:,.0f} times as long. The first step of a "
        f"run alone takes {n_scans:,} direct scans, {one_scan * n_scans / 3600:,.0f} hours: "
        f"{one_scan * n_scans / seconds:,.0f} times as long as our whole run.",
    ]


def direct_scan(task: Task, query: Floats) -> Floats:
    """Return the fractions of worlds by the definition: at each candidate, all rows multiplied."""
    rows = candidate_rows(task.candidates, task.labels)
    order = np.argsort(distances(rows.values, query[None])[0], kind="stable")
    owner = rows.owner[order]
    chances = np.zeros((rows.n_classes, K + 1, len(owner)))
    chances[:, 0] = 1.0
    for row in range(rows.n_rows):
        mine = owner == row
        # at its own candidates a row is the k-th nearest, a sure vote
        inside = np.where(mine, 1.0, (np.cumsum(mine) - mine) / rows.counts[row])
        votes = chances[rows.labels[row]]
        votes[1:] = votes[1:] * (1 - inside) + votes[:-1] * inside
        votes[0] *= 1 - inside
    weight = 1 / rows.counts[owner]
    found = np.zeros(rows.n_classes)
    for tally in np.ndindex(*[K + 1] * rows.n_classes):
        if sum(tally) != K:
            continue
        worlds = weight * np.prod([chances[c, n] for c, n in enumerate(tally)], axis=0)
        held = np.array(tally)[rows.labels[owner]] > 0
        found[int(np.argmax(tally))] += worlds[held].sum()
    return found


if __name__ == "__main__":
    main()
