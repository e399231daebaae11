"""The user's lines: the function around a line, with the lines that claims speak of marked."""

import ast
import linecache
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape

from vaelid.interface.audit.places import relative_path
from vaelid.interface.audit.syntax import NotRead, parsed_text

__all__ = ["Panel", "panels"]

_AROUND = 6
_MOST_LINES = 36


@dataclass(frozen=True)
class Panel:
    """A piece of a file: its lines by number, and the classes of those that are marked."""

    file: str
    lines: dict[int, str]
    marks: dict[int, str]

    def html(self) -> str:
        """The lines, numbered; a gap where lines are left out."""
        last = None
        drawn = []
        for number, text in self.lines.items():
            if last is not None and number != last + 1:
                drawn.append('<span class="l cut"><i>⋮</i></span>')
            mark = f" {self.marks[number]}" if number in self.marks else ""
            drawn.append(f'<span class="l{mark}"><i>{number}</i>{escape(text) or " "}</span>')
            last = number
        name = escape(relative_path(self.file))
        code = f'<pre class="code" tabindex="0" aria-label="{name}"><code>{"".join(drawn)}</code></pre>'
        return f"<figure>{code}<figcaption>{name}</figcaption></figure>"


def panels(marks: Iterable[tuple[str, int, str]]) -> list[Panel]:
    """A panel for each function that holds a mark (file, line, class), in their order; with no class it marks nothing.

    Of a long function the lines near marks are shown, and its head. A file that cannot be read has no panel.
    """
    found: dict[tuple[str, int], dict[int, str]] = {}
    spans: dict[tuple[str, int], range] = {}
    for file, line, kind in marks:
        text = linecache.getlines(file)
        if not 0 < line <= len(text):
            continue
        span = _around("".join(text), line, len(text))
        spans[file, span.start] = span
        known = found.setdefault((file, span.start), {})
        if kind and known.get(line) != "bad":  # what is wrong hides what is right on its line, never the reverse
            known[line] = kind
    return [_panel(file, spans[file, begin], kept) for (file, begin), kept in found.items()]


def _around(text: str, line: int, length: int) -> range:
    """The lines of the innermost function that holds the line, its decorators too; else those near it."""
    try:
        spans = [span for span in _functions(text) if line in span]
    except NotRead:
        spans = []
    return min(spans, key=len) if spans else range(max(1, line - _AROUND), min(length, line + _AROUND) + 1)


def _functions(text: str) -> Iterator[range]:
    for node in ast.walk(parsed_text(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield range(first, (node.end_lineno or node.lineno) + 1)


def _panel(file: str, span: range, marks: dict[int, str]) -> Panel:
    shown_lines = list(span)
    if len(span) > _MOST_LINES:
        near = {n for mark in [*marks, span.start] for n in range(mark - _AROUND, mark + _AROUND + 1)}
        shown_lines = [n for n in span if n in near]
    texts = {n: linecache.getline(file, n).rstrip().expandtabs(4) for n in shown_lines}
    indent = min((len(t) - len(t.lstrip()) for t in texts.values() if t), default=0)
    return Panel(file, {n: t[indent:] for n, t in texts.items()}, marks)
