"""Accuracy against the share of rows cleaned: CPClean beside random order and single repairs.

`python -m benchmarks.effort.cleaning --supreme FOLDER --babyproduct FOLDER --out FILE`, where the
folders hold X_train_clean.csv, X_train_dirty.csv, X_val.csv, X_test.csv and y_*.csv in the layout
of the CPClean authors. Supreme is cleaned with the cells that they lost, at random and
systematically, and with systematic losses drawn anew.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.data.measure import machine
from benchmarks.effort.cleaning_supreme import supreme
from benchmarks.effort.cleaning_tasks import (
    NOTES,
    Floats,
    K,
    Task,
    babyproduct,
    clean,
    figures,
    predict,
)
from trimtab.stats.certain import certain_predictions
from trimtab.stats.certain_rows import candidate_rows, distances
from trimtab.stats.exact_share import exact_share_interval
from trimtab.stats.interval import Interval

SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
RANDOM_ORDERS, DRAWS = 5, 10


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
        '"nearest candidates", not "true values". Candidates of numbers are the eight repairs of '
        "the authors' script, alike ones of a row once; their files hold two more, by a forest "
        "and a neural network. Shares cleaned are of the rows that have something missing. "
        "Made by `python -m benchmarks.effort.cleaning`. "
        f"{machine()['processor']}, {machine()['cores']} cores, Python {machine()['python']}, "
        f"load {machine()['load']}.",
    ]
    timed = None
    for task in tasks(options.supreme, options.babyproduct):
        order, seconds = clean(task)
        lines += ["", f"## {task.name}", "", *report(task, order, seconds)]
        if task.name == "Supreme, systematic":
            timed = task, order, seconds
            drawn = draws(options.supreme)
            lines += ["", f"## Supreme, systematic, {DRAWS} new draws", "", *drawn]
    if timed is not None:
        lines += ["", "## Speed", "", speed(*timed)]
    page = "\n".join(lines)
    print(page)
    if options.out:
        options.out.write_text(page + "\n", encoding="utf-8")


def tasks(supreme_folder: Path | None, baby_folder: Path | None) -> Iterator[Task]:
    """Read one data set after the other."""
    if supreme_folder:
        yield supreme(supreme_folder, "random")
        yield supreme(supreme_folder, "systematic")
    if baby_folder:
        yield from (babyproduct(baby_folder, unknown_apart=apart) for apart in (False, True))


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
    ours = figures(task, order)
    if task.published is None:
        return ["| | here |", "| --- | --- |"] + [
            f"| {name} | {with_limits(task, here)} |" for name, here in ours.items()
        ]
    lines = ["| | here | authors' matrices | within our limits |", "| --- | --- | --- | --- |"]
    for (name, here), wanted in zip(ours.items(), task.published.accuracies, strict=True):
        held = binomial(task, here).contains(wanted)
        verdict = "yes" if held else "no"
        lines.append(f"| {name} | {with_limits(task, here)} | {wanted:.3f} | {verdict} |")
    ended = len(order) / len(task.dirty)
    return [
        *lines,
        f"| dirty rows cleaned at the end | {ended:.0%} | {task.published.share} | |",
    ]


def draws(folder: Path) -> list[str]:
    """Lose Supreme's cells anew, and say how far that moves what the authors found in one draw."""
    parts = [supreme(folder, "systematic", seed) for seed in range(DRAWS)]
    orders = [clean(task)[0] for task in parts]
    found = [figures(task, order) for task, order in zip(parts, orders, strict=True)]
    shares = [len(order) / len(task.dirty) for task, order in zip(parts, orders, strict=True)]
    published = parts[0].published
    assert published is not None
    lines = [
        f"The chances of the columns are the authors', the cells that are lost differ: mean and "
        f"range of {DRAWS} draws. The last column looks at the range with the binomial's limits "
        "beyond its ends.",
        "",
        "| | here | authors' matrices | in the range | in the range with limits |",
        "| --- | --- | --- | --- | --- |",
    ]
    # published accuracies have four digits
    for name, wanted in zip(found[0], published.accuracies, strict=True):
        values = [one[name] for one in found]
        low, high = min(values), max(values)
        held = (
            low - 5e-5 <= wanted <= high + 5e-5,
            (binomial(parts[0], low).low <= wanted <= binomial(parts[0], high).high),
        )
        verdicts = " | ".join("yes" if one else "no" for one in held)
        lines.append(
            f"| {name} | {np.mean(values):.3f} ({low:.3f} to {high:.3f}) | {wanted:.3f} | "
            f"{verdicts} |"
        )
    share = f"{np.mean(shares):.0%} ({min(shares):.0%} to {max(shares):.0%})"
    return [*lines, f"| dirty rows cleaned at the end | {share} | {published.share} | | |"]


def repairs(task: Task) -> list[str]:
    """Return what single repairs reach, and the best of them chosen on validation."""
    scores = {
        name: float((predict(rows, task.labels, task.validation) == task.validation_labels).mean())
        for name, rows in task.repairs.items()
    }
    best = max(scores, key=scores.__getitem__)
    lines = ["| every unsure cell by | test accuracy |", "| --- | --- |"]
    lines += [f"| {name} | {limits(task, rows)} |" for name, rows in task.repairs.items()]
    return [*lines, f"| best on validation: {best} | {limits(task, task.repairs[best])} |"]


def noise(task: Task, order: list[int]) -> str:
    """Say whether the gain over default repairs is more than chance on the test points."""
    before, after = task.right(task.cleaned([])), task.right(task.cleaned(order))
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
    found = binomial(task, accuracy)
    return f"{accuracy:.3f} ({found.low:.3f} to {found.high:.3f})"


def binomial(task: Task, accuracy: float) -> Interval:
    """Return the exact limits of an accuracy on the test points."""
    n = len(task.test_labels)
    return exact_share_interval(round(accuracy * n), n, delta=0.05)


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
