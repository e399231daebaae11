"""The frame of a page: its head, a bar, sections, a footer. The page is one file that loads nothing."""

import re
from collections.abc import Iterable
from html import escape
from importlib.resources import files

__all__ = ["asset", "page"]

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""The browser itself is told that the page loads nothing, and runs nothing."""
_WITH_SCRIPTS = f"{_POLICY}; script-src 'unsafe-inline'"
"""The same for a page with scripts of its own."""


_COMMANDS = re.compile(r"[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What a terminal obeys, or what turns a line round. Names of files are others' text and may hold these: a page shows
them as escapes."""


def asset(package: str, name: str) -> str:
    """The text of a file in the folder `assets` of a package: a style sheet or a script."""
    return files(package).joinpath("assets", name).read_text(encoding="utf-8")


def page(
    *,
    title: str,
    description: str,
    styles: Iterable[str],
    bar: Iterable[str],
    sections: Iterable[str],
    footer: str,
    scripts: str = "",
) -> str:
    """A whole page.

    Args:
        title: plain text, as are `description` and no other of these: the rest is HTML.
        description: what the page says, in a sentence.
        styles: style sheets of this kind of page, after the one that all pages share.
        bar: the pieces of the line at the top: whose page it is, and of what.
        sections: the page's content, from the header on.
        footer: the line at the end.
        scripts: elements after the footer. A page without them forbids the browser to run any.
    """
    policy = _WITH_SCRIPTS if scripts else _POLICY
    style = "\n".join((asset("vaelid.interface.html", "tokens.css"), *styles))
    above = "".join(f"<span>{piece}</span>" for piece in bar)
    content = "\n".join(sections)
    whole = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{escape(title)}</title>
<meta name="description" content="{escape(description)}">
<link rel="icon" href="data:,">
<style>
{style}</style>
</head>
<body>
<div class="bar">{above}</div>
<main>
{content}
</main>
<footer>{footer}</footer>
{scripts}</body>
</html>
"""
    return _COMMANDS.sub(lambda mark: ascii(mark.group())[1:-1], whole)
