"""The runbook as a page: the little of Markdown that a runbook needs, turned into safe HTML."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from markupsafe import Markup, escape

from trimtab.core.project import Project

_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
_ITEM = re.compile(r"^(\s*)([-*]|\d+\.)\s+(.*)")


def find_runbook(project: Project) -> Path | None:
    """Return the project's runbook, else the one that comes with Trimtab, else None."""
    here = Path(__file__).parent.parent
    own = project.root / project.alerts.runbook
    # The project file names the place; it may not lead out of the project.
    inside = own.resolve().is_relative_to(project.root.resolve())
    candidates = [own] if inside else []
    candidates += [here / "monitoring" / "runbook.md", here.parent.parent / "docs" / "runbook.md"]
    return next((path for path in candidates if path.is_file()), None)


def to_html(text: str) -> Markup:
    r"""Return Markdown text as HTML: headings, paragraphs, lists, code, bold and links.

    Everything else is shown as it was written. Headings have the anchors that GitHub would give.

    Examples
    --------
    >>> print(to_html("## Prediction drift\n\nRun `trimtab <run>`."))
    <h2 id="prediction-drift">Prediction drift</h2>
    <p>Run <code>trimtab &lt;run&gt;</code>.</p>
    """
    return Markup("\n").join(_blocks(text.splitlines()))


def anchor(heading: str) -> str:
    """Return the anchor of a heading.

    Examples
    --------
    >>> anchor("`bias`: scores are off")
    'bias-scores-are-off'
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def _blocks(lines: list[str]) -> Iterator[Markup]:
    index = 0
    while index < len(lines):
        line = lines[index]
        end = index + 1
        if line.startswith("```"):
            while end < len(lines) and not lines[end].startswith("```"):
                end += 1
            code = "\n".join(lines[index + 1 : end])
            yield Markup("<pre><code>{}</code></pre>").format(code)
            end += 1
        elif heading := re.match(r"(#{1,6})\s+(.*)", line):
            level, words = len(heading[1]), heading[2]
            yield Markup('<h{0} id="{1}">{2}</h{0}>').format(level, anchor(words), _inline(words))
        elif line.startswith("|"):
            end = _while(lines, end, lambda text: text.startswith("|"))
            yield _table(lines[index:end])
        elif _ITEM.match(line):
            end = _while(lines, end, lambda text: bool(text.strip()) and not text.startswith("#"))
            yield _list(lines[index:end])
        elif line.strip():
            end = _while(lines, end, _goes_on)
            yield Markup("<p>{}</p>").format(_inline(" ".join(lines[index:end])))
        index = end


def _goes_on(line: str) -> bool:
    """Tell whether a line goes on with the paragraph before it."""
    starts = line.startswith(("#", "```", "|")) or _ITEM.match(line) is not None
    return bool(line.strip()) and not starts


def _while(lines: list[str], start: int, holds: Callable[[str], bool]) -> int:
    """Return the index of the first line from `start` on of which `holds` is not true."""
    end = start
    while end < len(lines) and holds(lines[end]):
        end += 1
    return end


def _list(lines: list[str]) -> Markup:
    """Return a list; a line that does not begin an item goes on with the one before."""
    items: list[str] = []
    for line in lines:
        item = _ITEM.match(line)
        if item:
            items.append(item[3])
        else:
            items[-1] += f" {line.strip()}"
    first = _ITEM.match(lines[0])
    assert first is not None
    tag = "ul" if first[2] in "-*" else "ol"
    inner = Markup("").join(Markup("<li>{}</li>").format(_inline(item)) for item in items)
    return Markup("<{0}>{1}</{0}>").format(tag, inner)


def _table(lines: list[str]) -> Markup:
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    body = [row for row in rows if not all(re.fullmatch(r":?-+:?", cell) for cell in row)]
    out = Markup("")
    for number, row in enumerate(body):
        tag = "th" if number == 0 else "td"
        cells = (Markup("<{0}>{1}</{0}>").format(tag, _inline(cell)) for cell in row)
        out += Markup("<tr>{}</tr>").format(Markup("").join(cells))
    return Markup('<div class="scroll"><table>{}</table></div>').format(out)


def _inline(text: str) -> Markup:
    """Return a line with its code, bold words and links."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # a lone backtick is only a backtick
        parts = [*parts[:-2], "`".join(parts[-2:])]
    out = Markup("")
    for index, part in enumerate(parts):
        out += Markup("<code>{}</code>").format(part) if index % 2 else _marks(part)
    return out


def _marks(text: str) -> Markup:
    safe = str(escape(text))
    safe = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", safe)
    return Markup(_LINK.sub(_link, safe))  # noqa: S704 - every part was escaped above


def _link(match: re.Match[str]) -> str:
    words, target = match.group(1), match.group(2)
    if target.startswith(("https://", "http://", "#")):
        return f'<a href="{target}">{words}</a>'
    return f"{words} ({target})"  # a file of the repository, or a scheme that may run something
