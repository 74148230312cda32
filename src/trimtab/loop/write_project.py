"""Writing a new project: whole or not at all, and over nothing that is there."""

import shutil
import tempfile
from pathlib import Path

from trimtab.core.errors import ConfigError
from trimtab.core.project import FILE_NAME, load_project
from trimtab.loop.draft import Draft
from trimtab.loop.project_text import features_text, ignore_text, readme_text, settings_text


def refuse_project(folder: Path) -> None:
    """Raise ConfigError where a project, or a file of one, is in the way."""
    if folder.exists() and not folder.is_dir():
        raise ConfigError(
            f"expected a folder at {folder}, got a file", hint="Give another `--into FOLDER`."
        )
    for file in (FILE_NAME, "features.py", "schema"):
        if (folder / file).exists():
            raise ConfigError(
                f"{folder} holds `{file}` already; nothing was changed",
                hint="Give another `--into FOLDER`, or remove it first.",
                folder=str(folder),
            )


def write_project(folder: Path, draft: Draft) -> tuple[str, ...]:
    """Write the project beside `folder`, read it back, and move it there."""
    parent = folder.resolve().parent
    parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.resolve().name}-", dir=parent))
    try:
        texts = {
            ".gitignore": ignore_text(),
            "README.md": readme_text(draft),
            "features.py": features_text(draft),
            f"schema/{draft.table}.toml": draft.schema.to_toml(),
            FILE_NAME: settings_text(draft),
        }
        if draft.labels is not None:
            texts[f"schema/{draft.labels.name}.toml"] = draft.labels.schema.to_toml()
        for name, text in texts.items():
            (made / name).parent.mkdir(exist_ok=True)
            (made / name).write_text(text, encoding="utf-8")
        load_project(made)
        return tuple(_move(made, folder))
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _move(made: Path, folder: Path) -> list[str]:
    """Move the files, the project file last; a README or .gitignore that is there stays."""
    folder.mkdir(parents=True, exist_ok=True)
    moved = []
    for name in (".gitignore", "README.md", "features.py", "schema", FILE_NAME):
        if not (folder / name).exists():
            (made / name).replace(folder / name)
            moved.append(name)
    return moved
