"""Accuracy against the share of rows cleaned: CPClean beside random order and single repairs.

`python -m benchmarks.effort.cleaning --supreme FOLDER --babyproduct FOLDER --out FILE`, where the
folders hold X_train_clean.csv, X_train_dirty.csv, X_val.csv, X_test.csv and y_*.csv in the layout
of the CPClean authors. Supreme is cleaned with the cells that are missing in the dirty file, and
with cells lost by the authors' systematic protocol, a few seeds of it.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.data.measure import machine
from benchmarks.effort.cleaning_tasks import NOTES, Floats, K, Task, babyproduct, predict, supreme
from trimtab.effort.cleaning import cleaning_order
from trimtab.stats.certain import certain_predictions
from trimtab.stats.certain_rows import candidate_rows, distances
from trimtab.stats.exact_share import exact_share_interval

SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
RANDOM_ORDERS, SEEDS = 5, 3
# test accuracies from the authors' released matrices, 3 nearest neighbours: default repairs,
# nearest candidates, CPClean, true values, CPClean stopped early; then rows cleaned by the two
PUBLISHED = {
    "Supreme, cells lost at random": (0.9556, 0.9657, 0.9657, 0.9697, 0.9657, "28-30 %", 0.21),
    "Supreme, systematic": (0.7960, 0.9333, 0.9293, 0.9697, 0.9253, "48-61 %", 0.25),
    "BabyProduct, authors": (0.6624, 0.8420, 0.8420, 0.8828, 0.8242, "100 %", 0.50),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the curves and the timings, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--supreme", type=Path)
    parser.add_argument("--babyproduct", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(arguments)
    lines = [
        "# Cleaning",
        "",
        "Accuracy on the test points of data that the CPClean authors released, by 3 nearest "
        "neighbours, with 95 % limits of the exact binomial. To clean a row is to put in the "
        "candidate nearest to its true values, so that the most to be reached is the line "
        '"nearest candidates", not "true values". Made by `python -m benchmarks.effort.cleaning`. '
        f"{machine()['processor']}, {machine()['cores']} cores, Python {machine()['python']}, "
        f"load {machine()['load']}.",
    ]
    timed = None
    for task in tasks(options.supreme, options.babyproduct):
        order, seconds = clean(task)
        lines += ["", f"## {task.name}", "", *report(task, order, seconds)]
        if timed is None and task.name.startswith("Supreme, systematic"):
            timed = task, order, seconds
    if timed is not None:
        lines += ["", "## Speed", "", speed(*timed)]
    page = "\n".join(lines)
    print(page)
    if options.out:
        options.out.write_text(page + "\n", encoding="utf-8")


def tasks(supreme_folder: Path | None, baby_folder: Path | None) -> Iterator[Task]:
    """Read one data set after the other."""
    if supreme_folder:
        yield supreme(supreme_folder, None)
        yield from (supreme(supreme_folder, seed) for seed in range(SEEDS))
    if baby_folder:
        yield from (babyproduct(baby_folder, unknown_apart=apart) for apart in (False, True))


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


def report(task: Task, order: list[int], seconds: float) -> list[str]:
    """Return the lines of one data set: size, agreement, curve, repairs, and what is noise."""
    dirty, n = task.dirty, len(task.labels)
    how = "a row" if task.batch == 1 else f"{task.batch} rows"
    lines = [
        f"{n:,} rows, {len(dirty):,} of them dirty, with {max(map(len, task.candidates))} "
        f"candidates; {len(task.validation):,} validation points, {len(task.test_labels):,} test "
        f"points. All validation predictions are certain after {len(order):,} rows, "
        f"{len(order) / len(dirty):.0%} of the dirty ones and {len(order) / n:.0%} of all, {how} "
        f"between two looks, in {seconds:.0f} s.",
        "",
        *(note for name, note in NOTES.items() if task.name.startswith(name)),
        "",
        *agreement(task, order),
        "",
        f"| dirty rows cleaned | CPClean, then any order | random order, mean of {RANDOM_ORDERS} "
        "(range) |",
        "| --- | --- | --- |",
    ]
    rest = [i for i in dirty if i not in set(order)]
    rng = np.random.default_rng(1)
    others = [rng.permutation(dirty).tolist() for _ in range(RANDOM_ORDERS)]
    for share in SHARES:
        count = round(share * len(dirty))
        ours = limits(task, task.cleaned([*order, *rest][:count]))
        found = [float(task.right(task.cleaned(rows[:count])).mean()) for rows in others]
        theirs = f"{np.mean(found):.3f} ({min(found):.3f} to {max(found):.3f})"
        lines.append(f"| {share:.0%} | {ours} | {theirs} |")
    return [*lines, "", *repairs(task), "", noise(task, order)]


def agreement(task: Task, order: list[int]) -> list[str]:
    """Set accuracies beside those of the authors' matrices, and say whether limits hold them."""
    published = next((p for name, p in PUBLISHED.items() if task.name.startswith(name)), None)
    ours = {
        "default repairs": float(task.right(task.repaired(0)).mean()),
        "nearest candidates": float(task.right(task.cleaned(task.dirty)).mean()),
        "CPClean, to the end": float(task.right(task.cleaned(order)).mean()),
        "true values": task.true_accuracy,
    }
    if published is None:
        return ["| | here |", "| --- | --- |"] + [
            f"| {name} | {with_limits(task, here)} |" for name, here in ours.items()
        ]
    *there, share, early = published
    stopped = task.cleaned(order[: round(early * len(task.labels))])
    ours[f"CPClean, stopped at {early:.0%} of all rows"] = float(task.right(stopped).mean())
    lines = ["| | here | authors' matrices | within our limits |", "| --- | --- | --- | --- |"]
    for (name, here), wanted in zip(ours.items(), there, strict=True):
        n = len(task.test_labels)
        held = exact_share_interval(round(here * n), n, delta=0.05).contains(wanted)
        verdict = "yes" if held else "no"
        lines.append(f"| {name} | {with_limits(task, here)} | {wanted:.3f} | {verdict} |")
    ended = len(order) / len(task.labels)
    return [*lines, f"| rows cleaned at the end | {ended:.0%} of all | {share} | |"]


def repairs(task: Task) -> list[str]:
    """Return what single repairs reach, and the best of them chosen on validation."""
    count = min(len(task.repairs), 6)
    scores = [
        float((predict(task.repaired(i), task.labels, task.validation)
               == task.validation_labels).mean())
        for i in range(count)
    ]  # fmt: skip
    best = int(np.argmax(scores))
    lines = ["| every unsure cell by | test accuracy |", "| --- | --- |"]
    lines += [f"| {task.repairs[i]} | {limits(task, task.repaired(i))} |" for i in range(count)]
    if len(task.repairs) > count:
        lines.append(f"| {task.repairs[-1]} | {limits(task, task.repaired(len(task.repairs)))} |")
    return [*lines, f"| best on validation: {task.repairs[best]} | "
                    f"{limits(task, task.repaired(best))} |"]  # fmt: skip


def noise(task: Task, order: list[int]) -> str:
    """Say whether the gain over default repairs is more than chance on the test points."""
    before, after = task.right(task.repaired(0)), task.right(task.cleaned(order))
    gained, lost = int((after & ~before).sum()), int((before & ~after).sum())
    text = f"CPClean's rows against default repairs: {gained} test points gained, {lost} lost"
    if not gained + lost:
        return f"{text}: no difference."
    if exact_share_interval(gained, gained + lost, delta=0.05).contains(0.5):
        return f"{text}: **the difference is noise** (95 %, exact sign test)."
    return f"{text}: more than chance (95 %, exact sign test)."


def limits(task: Task, rows: Floats) -> str:
    """Return the accuracy on the test points when trained on these rows, with its limits."""
    return with_limits(task, float(task.right(rows).mean()))


def with_limits(task: Task, accuracy: float) -> str:
    """Return an accuracy on the test points with its limits, as text."""
    n = len(task.test_labels)
    found = exact_share_interval(round(accuracy * n), n, delta=0.05)
    return f"{accuracy:.3f} ({found.low:.3f} to {found.high:.3f})"


def speed(task: Task, order: Sequence[int], seconds: float) -> str:
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
    return (
        f"{task.name}: full run of {len(order):,} steps, {seconds:.1f} s. Fractions of worlds for "
        f"{len(task.validation):,} points: {all_queries:.2f} s, by a direct sort-scan "
        f"{one_scan * len(task.validation):,.0f} s ({one_scan * 1e3:,.0f} ms a point, 5 timed): "
        f"{one_scan * len(task.validation) / all_queries:,.0f} times as long. The first step of a "
        f"run alone takes {n_scans:,} direct scans, {one_scan * n_scans / 3600:,.0f} hours: "
        f"{one_scan * n_scans / seconds:,.0f} times as long as our whole run."
    )


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
