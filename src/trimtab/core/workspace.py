"""Where a project keeps its state: one object that every room is handed.

A *scope* keeps what production did (`live`) apart from what each replay did. Tables, features
and training runs are shared by all scopes: they depend on their inputs alone.
"""

import hashlib
import subprocess
from functools import cached_property
from pathlib import Path

from trimtab.core.project import Project, load_project
from trimtab.core.store import Store


class Workspace:
    """The state of a project, seen from one scope.

    Parameters
    ----------
    project : Project
        The project file, read.
    scope : str, default="live"
        `live`, or the name of a replay.
    """

    def __init__(self, project: Project, *, scope: str = "live") -> None:
        self.project = project
        self.scope = scope
        self.state = project.state
        self.state.mkdir(parents=True, exist_ok=True)
        ignore = self.state / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")

    @classmethod
    def open(cls, path: Path | str = ".", *, scope: str = "live") -> "Workspace":
        """Open the project in a folder (see `load_project`)."""
        return cls(load_project(path), scope=scope)

    def within(self, scope: str) -> "Workspace":
        """Return the same project seen from another scope."""
        return Workspace(self.project, scope=scope)

    @cached_property
    def store(self) -> Store:
        """The metadata store, opened on first use."""
        url = self.project.store.url or f"sqlite:///{self.state / 'store.db'}"
        return Store(url, scope=self.scope)

    @property
    def tables_folder(self) -> Path:
        """Folder of Delta tables, one folder each."""
        return self.state / "tables"

    @property
    def cache_folder(self) -> Path:
        """Folder of feature tables, named by dataset version and expression hash."""
        return self.state / "cache"

    @property
    def scope_folder(self) -> Path:
        """Folder of what belongs to this scope alone: its event log, alerts and reports."""
        folder = self.state / "scopes" / self.scope
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def event_log_path(self) -> Path:
        """File of the event log of this scope."""
        return self.scope_folder / "events.db"

    @property
    def alerts_path(self) -> Path:
        """File that every alert of this scope is appended to."""
        return self.scope_folder / self.project.alerts.file

    @property
    def mlflow_uri(self) -> str:
        """Tracking and registry URI of MLflow."""
        return self.project.store.mlflow or f"sqlite:///{self.state / 'mlflow.db'}"

    @property
    def model_name(self) -> str:
        """Name of the task's model in the registry, apart for each scope."""
        task = self.project.task.name
        return task if self.scope == "live" else f"{task}--{self.scope}"

    @cached_property
    def commit(self) -> str:
        """Commit of the project's code, `-dirty` if changed since, else a hash of its files."""
        return code_commit(self.project.root)


def code_commit(folder: Path) -> str:
    """Return the git commit of `folder`, or a hash of its files where there is no git.

    Only files that shape a result count: the project file, features.py and schema files.
    """
    files = [*sorted(folder.glob("*.toml")), *sorted(folder.glob("*.py"))]
    files += sorted((folder / "schema").glob("*.toml"))
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    content = f"files-{digest.hexdigest()[:12]}"
    names = [str(file.relative_to(folder)) for file in files]
    head = _git(folder, "rev-parse", "--short=12", "HEAD")
    if not head or not names:
        return content
    tracked = _git(folder, "ls-files", "--", *names)
    changed = _git(folder, "status", "--porcelain", "--", *names)
    if not tracked:
        return content
    return f"{head}-dirty-{digest.hexdigest()[:8]}" if changed else head


def _git(folder: Path, *words: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program with our own words
            ["git", "-C", str(folder), *words],  # noqa: S607
            capture_output=True, text=True, timeout=10, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
