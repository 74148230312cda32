"""Every error Trimtab raises on purpose, in one tree.

::

    TrimtabError                exit code 2
    ├── ConfigError             the project file or a setting is wrong
    ├── SourceError             a file, database or package could not be read
    ├── SchemaError             data lack a column, or have the wrong type
    ├── KeyClashError           a key stands for two different rows
    ├── LeakageError            a feature is known only after the question was asked
    ├── NotFoundError           no such dataset version, model, run, request …
    ├── StoppedError            a *stop* violation or a refused review ended the run (exit code 1)
    ├── NotEnoughDataError      the question cannot be answered from so few rows (exit code 3)
    │   └── WaitingError        a person has to decide first (exit code 3)
    └── MissingExtraError       an optional package is needed

A message says what was expected and what was found; the hint is the reader's next step, a
command to run where there is one. Wrong *arguments* raise `ValueError` or `TypeError` as
everywhere in Python; everything about a user's data, models and settings is a `TrimtabError`.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class TrimtabError(Exception):
    """Base of every error raised on purpose.

    Parameters
    ----------
    problem : str
        One sentence: what was expected and what was found.
    hint : str
        The next step for the reader, in the imperative.
    **context : object
        Names and values that logs and API replies can index.

    Examples
    --------
    >>> print(TrimtabError("expected a table, got an empty file", hint="Check the path."))
    expected a table, got an empty file
    <BLANKLINE>
    hint: Check the path.
    """

    exit_code = 2
    status = 400

    def __init__(self, problem: str, *, hint: str, **context: object) -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint
        self.context = context

    def __str__(self) -> str:
        return f"{self.problem}\n\nhint: {self.hint}"

    def to_dict(self) -> dict[str, object]:
        """Return the error as the fields of an RFC 9457 problem document."""
        context = {key: _plain(value) for key, value in self.context.items()}
        return {
            "type": f"trimtab:{type(self).__name__}",
            "title": self.problem,
            "status": self.status,
            "detail": self.hint,
            **context,
        }


class ConfigError(TrimtabError):
    """The project file or a setting is wrong."""


class SourceError(TrimtabError):
    """A file, database or package could not be read."""


class SchemaError(TrimtabError):
    """Data lack a column, or a column has the wrong type."""


class KeyClashError(TrimtabError):
    """A key that must be unique stands for two different rows."""

    status = 409


class LeakageError(TrimtabError):
    """A feature uses what is known only after the question was asked."""


class NotFoundError(TrimtabError):
    """Nothing is stored under the name that was asked for."""

    status = 404


class StoppedError(TrimtabError):
    """A check with severity *stop*, or a reviewer, ended the run."""

    exit_code = 1
    status = 409


class NotEnoughDataError(TrimtabError):
    """The question cannot be answered from so few rows."""

    exit_code = 3


class WaitingError(NotEnoughDataError):
    """The run waits for a person's review."""


class MissingExtraError(TrimtabError):
    """An optional package is needed for this."""


def nearest(name: str, allowed: Iterable[str]) -> str:
    """Return a hint that names the allowed word nearest to `name`, or all of them.

    Examples
    --------
    >>> nearest("lable", ["label", "time"])
    'Did you mean `label`?'
    >>> nearest("xyz", ["label", "time"])
    'Use one of: label, time.'
    """
    words = sorted(allowed)
    close = get_close_matches(name, words, n=5)
    if close:
        # Two letters swapped is the commonest slip, and difflib does not know of it.
        swapped = [word for word in close if sorted(word) == sorted(name)]
        return f"Did you mean `{(swapped or close)[0]}`?"
    return f"Use one of: {', '.join(words)}." if words else "There is none yet."


def _plain(value: object) -> object:
    """Return a value that JSON can hold."""
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    return str(value)
