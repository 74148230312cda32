"""Run the benchmark: `python -m benchmarks.data [--rows N] [--repeats N] [--tasks a,b]`."""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.data import environments, measure, report
from benchmarks.data.checks import schema_text
from benchmarks.data.goals import with_figures
from benchmarks.data.tasks import Task, Tool, tasks


def main() -> None:
    """Make what is missing, run the tasks asked for, and write or renew their results."""
    asked = _arguments()
    every = tasks(asked.part_rows)
    names = asked.tasks.split(",") if asked.tasks else [name for name in every if name != "memory"]
    files = _files(asked.build, asked.rows, asked.part_rows)
    _prepare(asked, files, names)
    results = _earlier(asked.out)
    for name in names:
        about = measure.machine()
        runs = list(_runs(every[name], files, asked))
        results[name] = {
            "date": datetime.now(UTC).date().isoformat(), "rows": asked.rows,
            "part_rows": asked.part_rows, "machine": about, "runs": runs,
        }  # fmt: skip
        # After each task: what was measured is kept if a later one is cut off.
        report.write(asked.out, {key: results[key] for key in every if key in results})
    print((asked.out / "data.md").read_text(encoding="utf-8").split("\n## ")[1])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="of each of the two tables")
    parser.add_argument("--part-rows", type=int, default=1_000_000, help="of each of 100 files")
    parser.add_argument("--repeats", type=int, default=5, help="rounds; slow peers run in one")
    parser.add_argument("--tasks", help="all but `memory`, with commas between them")
    parser.add_argument("--tools", help="only tools with one of these words in their name")
    parser.add_argument("--build", type=Path, default=Path(".bench"), help="data, environments")
    parser.add_argument("--out", type=Path, default=Path(".bench"), help="data.json, data.md")
    asked = parser.parse_args()
    asked.build = asked.build.resolve()  # tools run in the repository's root
    return asked


def _files(build: Path, rows: int, part_rows: int) -> dict[str, Path]:
    return {
        "reference": build / f"reference-{rows}.parquet",
        "current": build / f"current-{rows}.parquet",
        "reference_profile": build / f"reference-{rows}.profile",
        "current_profile": build / f"current-{rows}.profile",
        "pair_reference": build / "pair-reference.npy",
        "pair_current": build / "pair-current.npy",
        "schema": build / "schema.toml",
        "big": build / f"big-{part_rows}",
    }


def _prepare(asked: argparse.Namespace, files: dict[str, Path], names: list[str]) -> None:
    """Make data, schema and stored profiles; processes of their own keep this one small."""
    made = [sys.executable, "-m", "benchmarks.data.workload", str(asked.build)]
    if set(names) - {"memory"}:
        subprocess.run([*made, "--rows", str(asked.rows)], check=True)  # noqa: S603
        files["schema"].write_text(schema_text(), encoding="utf-8")
    if "memory" in names:
        subprocess.run([*made, "--big", "--rows", str(asked.part_rows)], check=True)  # noqa: S603
    if "drift" in names:
        stored = ("reference", "current", "reference_profile", "current_profile")
        for name in stored[2:]:  # of an earlier run, perhaps in another format
            files[name].unlink(missing_ok=True)
        told = measure.run(
            environments.interpreter(None, asked.build),
            ("ours", "store", *(str(files[name]) for name in stored)),
        )
        if "failed" in told:
            print(f"the profiles could not be stored: {told['failed']}")
    for name in ("reference", "current"):
        if files[name].exists():
            _read_once(files[name])


def _read_once(path: Path) -> None:
    """Bring a file into the system's memory: the first tool should not pay for the disk."""
    with path.open("rb") as stream:
        while stream.read(1 << 20):  # piece by piece, see `measure` on the size of this process
            pass


def _runs(task: Task, files: dict[str, Path], asked: argparse.Namespace) -> Iterable[Any]:
    """Run each tool once a round; each round begins with the next tool."""
    words = asked.tools.split(",") if asked.tools else [""]
    chosen = [tool for tool in task.tools if any(word in tool.name for word in words)]
    places = {name: str(path) for name, path in files.items()}
    for turn in range(asked.repeats):
        first = turn % len(chosen) if chosen else 0
        for tool in [*chosen[first:], *chosen[:first]]:
            if tool.once and turn > 0:
                continue
            told = _measured(tool, places, asked.build)
            line = told.get("failed") or f"{told['answer_s']:.3f} s, {told['rss_mb']:.0f} MB"
            print(f"{task.name}, round {turn + 1}, {tool.name}: {line}", flush=True)
            yield with_figures({"tool": tool.name, "round": turn, **told})


def _measured(tool: Tool, places: dict[str, str], build: Path) -> dict[str, Any]:
    python = environments.interpreter(tool.peer, build)
    module, *words = tool.command
    return measure.run(python, (module, *(word.format(**places) for word in words)))


def _earlier(folder: Path) -> dict[str, Any]:
    """Return results that are there: a task is renewed whole, the others stay."""
    file = folder / "data.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


if __name__ == "__main__":
    main()
