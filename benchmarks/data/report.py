"""The table of results: goals first, then each tool with what it computes.

`python -m benchmarks.data.report FOLDER` writes `data.md` anew from `data.json`.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.data.columns import SHIFTED
from benchmarks.data.goals import Goal, Run
from benchmarks.data.tasks import OURS, Task, Tool, tasks

_HEAD = """# What profiles, drift, checks and MMD cost, beside their peers

Made by `make bench-data` and `make bench-data-big`; do not edit. Every run is a fresh process.
The answer starts at the file: reading is part of it, except "in memory"; importing is not, and has
a column. Runs of different tools take turns, and a ratio is taken within one round; shown are
medians, with the least and the most where there were several. Process and processor time and
peak memory are of the whole process. Numbers of one machine say little about another: the ratios
are the claim. All runs are in `data.json`; the versions of the peers in `benchmarks/data/peers/`.
"""


def number(value: float) -> str:
    """Return a value with three digits.

    Examples
    --------
    >>> number(0.01234), number(1.5), number(1234.5)
    ('0.0123', '1.50', '1,234')
    """
    digits = 2 - int(f"{value:.2e}".split("e")[1])  # of the rounded value: 9.996 is 10.0
    return f"{value:,.{0 if value == 0 else max(0, digits)}f}"


def spread(values: Sequence[float], unit: str = "") -> str:
    """Return the median, and the range if there is one.

    Examples
    --------
    >>> spread([2.0, 1.0, 4.0], "x"), spread([7.0])
    ('2.00 x (1.00 to 4.00)', '7.00')
    """
    middle = f"{number(median(values))} {unit}".strip()
    if len(values) == 1:
        return middle
    return f"{middle} ({number(min(values))} to {number(max(values))})"


def text(results: Mapping[str, Any]) -> str:
    """Return the whole page."""
    parts = [_HEAD, "## Goals\n", _goals(results)]
    for name, result in results.items():
        parts.append(_task(tasks(result["part_rows"])[name], result))
    return "\n".join(parts)


def _goals(results: Mapping[str, Any]) -> str:
    lines = ["| task | goal | got | reached |", "| --- | --- | --- | --- |"]
    for name, result in results.items():
        for goal in tasks(result["part_rows"])[name].goals:
            lines.append(f"| {name} | {goal.text} | {' | '.join(_verdict(goal, result))} |")
    return "\n".join(lines) + "\n"


def _verdict(goal: Goal, result: Mapping[str, Any]) -> tuple[str, str]:
    values = goal.values(result["runs"])
    reached = goal.reached(values)
    if reached is None:
        return "not measured", "–"
    if goal.figure == "found":
        return f"{median(values):g} {goal.unit}", "yes" if reached else "**no**"
    return spread(values, goal.unit), "yes" if reached else "**no**"


def _task(task: Task, result: Mapping[str, Any]) -> str:
    about = result["machine"]
    lines = [
        f"## {task.title}", "",
        f"{_rows(task, result)}{about['cores']} cores ({about['processor']}), "
        f"{about['memory_gb']:g} GB, {about['system']}, Python {about['python']} for us; load "
        f"{about['load']:g} when it began; {result['date']}.", "",
        "| tool | computes | runs | import s | answer s | times ours | process s | processor s "
        "| peak MB | says |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *(_row(tool, result["runs"]) for tool in task.tools),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _rows(task: Task, result: Mapping[str, Any]) -> str:
    if task.name in ("profile", "drift", "checks"):
        return f"{result['rows']:,} rows x 50 columns; "
    return ""


def _row(tool: Tool, runs: Sequence[Run]) -> str:
    computes = tool.computes
    if tool.leaves_out:
        computes += f". *Leaves out:* {tool.leaves_out}"
    own = [run for run in runs if run["tool"] == tool.name]
    good = [run for run in own if not run.get("failed")]
    if not good:
        why = own[0]["failed"] if own else "not run"
        return f"| {tool.name} | {computes} | 0 | – | – | – | – | – | – | {why} |"
    base = "trimtab, in memory" if tool.name.endswith("in memory") else OURS
    ratio = Goal("", tool.name, base).values(good + [run for run in runs if run["tool"] == base])
    return (
        f"| {tool.name} ({good[0]['facts']['version']}) | {computes} | {len(good)} | "
        f"{_median(good, 'import_s')} | {spread([run['answer_s'] for run in good])} | "
        f"{number(median(ratio)) if ratio else '–'} | {_median(good, 'wall_s')} | "
        f"{_median(good, 'cpu_s')} | {_median(good, 'rss_mb')} | {_says(good[-1])} |"
    )


def _median(runs: Sequence[Run], figure: str) -> str:
    return number(median(run[figure] for run in runs))


def _says(run: Run) -> str:
    parts = [run["facts"]["says"]] if "says" in run["facts"] else []
    if "flagged" in run["facts"]:
        flagged = run["facts"]["flagged"]
        missed = [name for name in SHIFTED if name not in flagged]
        parts.append(f"flags {len(flagged)}: {run['found']} of {len(SHIFTED)} shifted columns")
        parts += [f"misses {', '.join(missed)}"] if missed else []
        parts += [f"{run['wrong']} unshifted"] if run["wrong"] else []
    if "again_s" in run:
        again, reading = (1000 * run[figure] for figure in ("again_s", "reload_s"))
        parts.append(f"a second time {again:.1f} ms, and {reading:.1f} ms to read both again")
    return "; ".join(parts)


def write(folder: Path, results: Mapping[str, Any]) -> None:
    """Write the JSON and the page."""
    folder.mkdir(parents=True, exist_ok=True)
    content = json.dumps(results, indent=1, ensure_ascii=False)
    (folder / "data.json").write_text(content + "\n", encoding="utf-8")
    (folder / "data.md").write_text(text(results), encoding="utf-8")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    write(target, json.loads((target / "data.json").read_text(encoding="utf-8")))
