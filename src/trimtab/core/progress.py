"""How long work tells a face how far it is; the face decides what to draw."""

from collections.abc import Callable

Progress = Callable[[str, int, int | None], None]
"""Called as `progress(name, done, total)`; `total` is None where it is not known."""


def silent(name: str, done: int, total: int | None) -> None:
    """Draw nothing: the progress of a caller who did not ask for any."""
