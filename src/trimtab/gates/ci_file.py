"""The `ml:` block of an ease.ml/ci file, read as it stands; nothing of it is run.

Such a file, `.easeml.yml` or a `.travis.yml` with an `ml:` block beside its own keys, holds a
list with one setting an entry::

    ml:
    - script : ./evaluate_model.py
    - condition : n - o > 0.02 +/- 0.01
    - reliability: 0.9999
    - mode : fp-free
    - adaptivity : full
    - steps : 32
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from trimtab.core.errors import ConfigError, SourceError, nearest
from trimtab.core.records import Record
from trimtab.gates.condition import Mode
from trimtab.gates.condition_text import parse
from trimtab.gates.delta import Adaptivity, decimal_share

if TYPE_CHECKING:
    from yaml.nodes import Node

MODES = {"fp-free": "fp_free", "fn-free": "fn_free"}
# The paper writes firstChange, the program that came with it `hybrid`.
ADAPTIVITIES = {"none": "none", "full": "full"}
ADAPTIVITIES |= dict.fromkeys(("firstChange", "hybrid"), "first_change")
NEEDED = ("condition", "reliability", "mode", "adaptivity", "steps")


@dataclass(frozen=True, slots=True)
class CiFile(Record):
    """What an `ml:` block asks for, in the words of `gate_plan`.

    Attributes
    ----------
    condition : str
        As written, on one line.
    reliability : str
        1 - delta for the whole life of the test set, digit for digit as written.
    mode : {"fp_free", "fn_free"}
        Which error the gate keeps below delta.
    adaptivity : {"none", "full", "first_change"}
        What the developer is told.
    steps : int
        Looks at one test set.
    script : str or None
        What makes the predictions; Trimtab does not run it.
    third_party : str or None
        Who is told instead of the developer, from `adaptivity : none -> someone`.
    ignored : tuple of str
        Keys that Trimtab has no use for, such as `email`.
    """

    condition: str
    reliability: str
    mode: Mode
    adaptivity: Adaptivity
    steps: int
    script: str | None = None
    third_party: str | None = None
    ignored: tuple[str, ...] = ()


def read_ci_file(path: str | Path) -> CiFile:
    """Read the `ml:` block of an ease.ml/ci file.

    The block may be a list with one key an entry, as ease.ml/ci writes it, or a plain mapping;
    its keys may come in any order, with others among them and around the block. Numbers are read
    as text, so that a reliability of 0.9999 is not rounded to a float. No default is filled in:
    a promise that is not written in the file is not made.

    Parameters
    ----------
    path : str or Path
        The file; UTF-8.

    Returns
    -------
    CiFile
        The settings, in the words of `gate_plan`.

    Raises
    ------
    SourceError
        If the file cannot be read.
    ConfigError
        If it is not YAML, holds no `ml:` block, lacks a key, has one twice, or a value is not
        allowed. The message names the file, the line and the key.

    References
    ----------
    .. [1] C. Renggli et al., "Continuous Integration of Machine Learning Models with
       ease.ml/ci", SysML 2019.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> text = '''ml:
    ... - script : ./evaluate_model.py
    ... - condition : n - o > 0.1 +/- 0.1
    ... - reliability: 0.99
    ... - mode : fp-free
    ... - adaptivity : full
    ... - steps : 32
    ... '''
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / ".easeml.yml"
    ...     _ = file.write_text(text)
    ...     settings = read_ci_file(file)
    >>> settings.condition, settings.reliability, settings.mode
    ('n - o > 0.1 +/- 0.1', '0.99', 'fp_free')
    """
    block = _Block(str(path), _entries(str(path), _root(Path(path))))
    adaptivity, arrow, third_party = (p.strip() for p in block.text("adaptivity").partition("->"))
    if arrow and ADAPTIVITIES.get(adaptivity) != "none":
        raise block.error("adaptivity", "expected a receiver only after `none`")
    return CiFile(
        condition=block.checked("condition", parse),
        reliability=block.checked("reliability", partial(decimal_share, "reliability")),
        mode=cast("Mode", block.one_of("mode", block.text("mode"), MODES)),
        adaptivity=cast("Adaptivity", block.one_of("adaptivity", adaptivity, ADAPTIVITIES)),
        steps=block.steps(),
        script=block.text("script") if "script" in block.entries else None,
        third_party=third_party or None,
        ignored=tuple(key for key in block.entries if key not in (*NEEDED, "script")),
    )


class _Block:
    """The entries of one `ml:` block: the value of each key, and where it stands."""

    def __init__(self, path: str, entries: "dict[str, Node]") -> None:
        self.path = path
        self.entries = entries
        for key in NEEDED:
            if key not in entries:
                others = set(entries).difference(NEEDED, ["script"])
                raise ConfigError(
                    f"{path}: expected the key `{key}` in the `ml` block, found none",
                    hint=_slip(key, others) or f"Add a line `- {key} : ...`.",
                    key=key,
                )

    def text(self, key: str) -> str:
        """Return the value of a key as it was written, on one line."""
        value = self.entries[key].value
        if not isinstance(value, str) or not value.strip():
            raise self.error(key, "expected one value", hint=f"Write `- {key} : value`.")
        return " ".join(value.split())

    def checked(self, key: str, check: Callable[[str], object]) -> str:
        """Return the value of a key, once `check` has taken it."""
        text = self.text(key)
        try:
            check(text)
        except ConfigError as error:
            quoted = key == "condition" and self.entries[key].style == '"'
            advice = "In double quotes YAML takes the backslash of /\\ away: use single ones."
            raise self.error(
                key, error.problem, hint=advice if quoted and "\\" not in text else error.hint
            ) from None
        return text

    def steps(self) -> int:
        """Return the number of looks, at least 1."""
        text = self.text("steps")
        if not (text.isascii() and text.isdigit() and int(text) > 0):
            raise self.error("steps", f"expected a whole number from 1 on, got {text!r}")
        return int(text)

    def one_of(self, key: str, word: str, allowed: dict[str, str]) -> str:
        """Return our word for a word of the file."""
        ours = allowed.get(word) or (word if word in allowed.values() else None)
        if ours is None:
            raise self.error(
                key,
                f"expected one of {', '.join(allowed)}, got {word!r}",
                hint=nearest(word, allowed),
            )
        return ours

    def error(self, key: str, problem: str, hint: str = "") -> ConfigError:
        """Return an error that says where the value of a key stands."""
        line = self.entries[key].start_mark.line + 1
        return ConfigError(
            f"{self.path}, line {line}, `{key}`: {problem}",
            hint=hint or f"Mend `{key}` in the `ml` block of {self.path}.",
            key=key,
            line=line,
        )


def _root(path: Path) -> "Node | None":
    """Return the file as a tree of text; nothing is given a type, and no tag is obeyed."""
    import yaml

    try:
        return cast("Node | None", yaml.compose(path.read_text("utf-8"), Loader=yaml.SafeLoader))
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(
            f"expected a YAML file at {path}, could not read it: {error}", hint="Check the path."
        ) from None
    except yaml.YAMLError as error:
        raise ConfigError(
            f"{path}: expected YAML, got {' '.join(str(error).split())}", hint="Mend that line."
        ) from None


def _entries(path: str, root: "Node | None") -> "dict[str, Node]":
    """Return the entries of the `ml` block, from a list of mappings or from one mapping."""
    top = _pairs(root)
    block = dict(top).get("ml")
    pairs = _pairs(block)
    if block is not None and block.id == "sequence":
        pairs = [pair for entry in block.value for pair in _pairs(entry)]
    if not pairs:
        raise ConfigError(
            f"{path}: expected a block `ml:` with a list of settings, found none",
            hint=_slip("ml", {key for key, _ in top}) or "Start it with `ml:` and `- condition`.",
        )
    entries = dict(pairs)
    if len(entries) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ConfigError(
            f"{path}: expected the key `{twice}` once in the `ml` block, got it twice",
            hint="Keep one of them.",
            key=twice,
        )
    return entries


def _pairs(node: "Node | None") -> "list[tuple[str, Node]]":
    """Return the keys and values of a mapping; of anything else, none."""
    if node is None or node.id != "mapping":
        return []
    return [(str(key.value), value) for key, value in node.value]


def _slip(wanted: str, found: set[str]) -> str:
    """Return a hint if one of the keys that were found looks like the one that is missing."""
    hint = nearest(wanted, found)
    return hint.replace("Did you mean", "Did you mean this by") if "`" in hint else ""
