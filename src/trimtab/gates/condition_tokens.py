"""The tokens of a condition, a reader of them, and errors that point at a character."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from trimtab.core.errors import ConfigError

Kind = Literal["number", "word", "quoted", "symbol", "end"]

MAX_DIGITS = 18  # longer numbers would be rounded when they are multiplied

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)
      | (?P<word>[^\W\d]\w*)
      | (?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<symbol>\.\.|/\\|\+/-|\+-|±|>=|<=|[-+*><=()\[\],])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number, quoted text or symbol; `start` and `end` are its place in the text."""

    kind: Kind
    value: str
    start: int
    end: int


def tokens(text: str) -> tuple[Token, ...]:
    """Cut a condition into tokens; the last one is the end.

    Raises
    ------
    ConfigError
        At a character that begins no token.

    Examples
    --------
    >>> [token.value for token in tokens("n[at='O Hare'] > 0.8 +/- 0.05")]
    ['n', '[', 'at', '=', 'O Hare', ']', '>', '0.8', '+/-', '0.05', '']
    """
    found: list[Token] = []
    at = 0
    while at < len(text):
        found_here = _TOKEN.match(text, at)
        if found_here is None:
            raise _unreadable(text, at)
        value, end = found_here.group(), found_here.end()
        match found_here.lastgroup:
            case "quoted":
                found.append(Token("quoted", _ESCAPE.sub(r"\1", value[1:-1]), at, end))
            case "number" | "word" | "symbol" as kind:
                found.append(Token(kind, value, at, end))
        at = end
    return (*found, Token("end", "", at, at))


def wrong(text: str, at: int, problem: str, hint: str) -> ConfigError:
    r"""Return the error that shows a condition with a caret under one of its characters.

    Examples
    --------
    >>> print(wrong("n > o", 4, "expected a number, got `o`", "Write one.").problem)
    expected a number, got `o`
      n > o
          ^
    """
    # one line, one column a character: else the caret would stand elsewhere
    shown = "".join(mark if mark.isprintable() else " " for mark in text)
    return ConfigError(
        f"{problem}\n  {shown}\n  {' ' * at}^", hint=hint, condition=text, position=at
    )


def either(words: Iterable[str]) -> str:
    """Return words as a choice, for example "`a`, `b` or `c`"."""
    *most, last = (f"`{word}`" for word in words)
    return f"{', '.join(most)} or {last}" if most else last


class Reader:
    """Steps over the tokens of a text, from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.place = 0

    @property
    def next(self) -> Token:
        """The token that is read next."""
        return self.tokens[self.place]

    def step(self) -> Token:
        """Step over the next token and return it."""
        self.place += 1
        return self.tokens[self.place - 1]

    def sees(self, *values: str, ahead: int = 0) -> bool:
        """Return whether one of these words or symbols comes next, or `ahead` tokens later."""
        token = self.tokens[min(self.place + ahead, len(self.tokens) - 1)]
        return token.kind in ("word", "symbol") and token.value in values

    def take(self, *values: str) -> str | None:
        """Step over the next token if it is one of these words or symbols, and return it."""
        return self.step().value if self.sees(*values) else None

    def need(self, *symbols: str) -> str:
        """Step over one of these symbols, or say that one was expected."""
        taken = self.take(*symbols)
        if taken is None:
            raise self.expected(either(symbols), "Write for example `n - o > 0.02 +/- 0.01`.")
        return taken

    def number(self, hint: str) -> Decimal:
        """Read a number, with or without a minus sign."""
        sign = -1 if self.take("-") else 1
        if self.next.kind != "number":
            raise self.expected("a number", hint)
        number = Decimal(self.next.value)
        if len(f"{number:f}") > MAX_DIGITS:
            raise self.expected(f"a number of at most {MAX_DIGITS} digits", "Round it.")
        self.step()
        return sign * number

    def name(self, what: str) -> str:
        """Read a word, a number or quoted text, as text."""
        if self.sees("-") and self.tokens[self.place + 1].kind == "number":
            return self.step().value + self.step().value
        if self.next.kind not in ("word", "number", "quoted"):
            raise self.expected(what, 'Write a word, or quote it: "O\'Hare 1".')
        return self.step().value

    def expected(self, what: str, hint: str) -> ConfigError:
        """Return the error that something else was expected than what comes next."""
        token = self.next
        got = "the end" if token.kind == "end" else f"`{self.text[token.start : token.end]}`"
        return self.wrong(token, f"expected {what}, got {got}", hint)

    def wrong(self, token: Token, problem: str, hint: str) -> ConfigError:
        """Return the error that points at a token."""
        return wrong(self.text, token.start, problem, hint)


def _unreadable(text: str, at: int) -> ConfigError:
    mark = text[at]
    if mark in "\"'":
        problem = f"expected a closing {mark} for this one, got the end"
        return wrong(text, at, problem, f"Add {mark}.")
    hint = "Write for example `n - o > 0.02 +/- 0.01 /\\ d < 0.1 +/- 0.01`."
    if mark in "/&\\":
        hint = "Join clauses with `/\\` or `and`."
    problem = f"expected a metric, a number, a comparison or `/\\`, got `{mark}`"
    return wrong(text, at, problem, hint)
