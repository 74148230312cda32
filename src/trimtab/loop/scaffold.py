"""A working project from any table: what `trimtab init` does, in three steps.

The rows are looked at and all is decided (`draft_project.py`), the files are worded
(`project_text.py`) and written (`write_project.py`). Nothing is overwritten.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from trimtab.core.records import Record, TaskKind
from trimtab.loop.draft_project import draft_project, plain_name
from trimtab.loop.write_project import refuse_project, write_project


@dataclass(frozen=True, slots=True)
class Scaffold(Record):
    """The project that was made, what was decided for it, and what a person should look at."""

    folder: str
    files: tuple[str, ...]
    rows: int
    labelled: int
    kind: TaskKind
    features: int
    left_out: tuple[str, ...]
    until: str
    train_rows: int
    window: str
    windows: int
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def scaffold(
    sources: Sequence[str],
    *,
    label: str,
    time: str | None = None,
    label_time: str | None = None,
    key: Sequence[str] = (),
    labels: str | None = None,
    kind: TaskKind | None = None,
    name: str | None = None,
    into: Path | str | None = None,
) -> Scaffold:
    """Make a project that `trimtab run` and `trimtab replay` take as it is.

    Parameters
    ----------
    sources : sequence of str
        Files, globs or `package:` addresses of one table, in order of time.
    label : str
        Column to predict.
    time : str, optional
        Column that dates the question, or several of them (`year,month,day`). Left out, the
        order of the rows is the clock.
    label_time : str, optional
        Column that says when the label became known.
    key : sequence of str, optional
        Columns that together name a row.
    labels : str, optional
        File of labels that came later, joined by the key.
    kind : {"binary", "multiclass", "regression"}, optional
        Kind of task; decided by the label's values if left out.
    name : str, optional
        Name of the project; that of the first file if left out.
    into : path-like, optional
        Folder to make; the project's name if left out.

    Returns
    -------
    Scaffold
        Where the project is, and what was decided.

    Raises
    ------
    ConfigError
        If the folder holds a project already, or the kind does not fit the label.
    SchemaError
        If a column is missing, or the label is constant or empty.
    KeyClashError
        If two rows share a key.
    NotEnoughDataError
        If there are too few rows to train on and to watch.
    """
    name = plain_name(name or source_stem(sources[0]))
    folder = Path(into) if into is not None else Path(name)
    refuse_project(folder)
    draft = draft_project(
        sources, label=label, time=time, label_time=label_time, key=key, labels=labels,
        kind=kind, name=name, home=folder,
    )  # fmt: skip
    files = write_project(folder, draft)
    plan = draft.plan
    return Scaffold(
        folder=str(folder.resolve()),
        files=files,
        rows=draft.rows,
        labelled=draft.labelled,
        kind=draft.label.kind,
        features=sum(len(column.features) for column in draft.columns),
        left_out=tuple(f"{c.name}: {c.why}" for c in draft.columns if not c.features),
        until=plan.until.isoformat(),
        train_rows=plan.train_rows,
        window=plan.window,
        windows=plan.windows,
        notes=draft.notes,
        warnings=draft.warnings,
    )


def source_stem(source: str) -> str:
    """Return what a source would be called: `shop` for `data/shop*.csv.gz`."""
    return source.rstrip("/").rsplit("/", 1)[-1].split(".", 1)[0]
