"""What a document names (commands, targets of make, modules, files, names of Python), and what of it is not there."""

import importlib
import importlib.util
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import click

from vaelid.interface.cli.group import vaelid

from .counts import ROOT

__all__ = ["named", "problem"]

_PLACES = (ROOT, ROOT / "src/vaelid", ROOT / "src", ROOT / "docs", ROOT / "src/vaelid/auditor")
_SUFFIXES = (".py", ".v", ".md", ".toml", ".cff", ".txt")
_FOLDERS = {path.name for place in _PLACES[:2] for path in place.iterdir() if path.is_dir()}
_READERS_OWN = {"model.py", "data.py", "vae.py", "train.py", "losses.py", "test_loss.py", "conftest.py"}
"""Files that belong to the reader, in examples of commands."""


def named(text: str) -> Iterator[str]:
    """What stands between backquotes, and each line of a block of commands."""
    for language, block in re.findall(r"```(\w*)\n(.*?)```", text, re.DOTALL):
        if not language or language in ("sh", "bash", "console"):
            yield from (line.partition("  #")[0].strip() for line in block.splitlines())
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    yield from re.findall(r"`([^`\n]+)`", prose)
    yield from re.findall(r"\]\((?!http)([^)#]+)\)", prose)


def problem(name: str, document: Path) -> str | None:
    """What is not so about the name; None where all is, or where it is no name that can be looked up."""
    words = name.split()
    match words:
        case ["vaelid", *rest]:
            return _command(rest)
        case ["make", target, *_] if re.fullmatch(r"[a-z][a-z-]*", target):
            makefiles = [path for folder in {ROOT, document.parent} if (path := folder / "Makefile").exists()]
            known = [t for path in makefiles for t in re.findall(r"^([a-z-]+):", path.read_text(), re.MULTILINE)]
            return None if target in known else f"no target {target} in the Makefile"
        case ["python" | "python3", "-m", module, *_]:
            path = ROOT / module.replace(".", "/")
            found = path.with_suffix(".py").exists() or (path / "__main__.py").exists()
            return None if found or importlib.util.find_spec(module) else f"no module {module}"
        case ["python" | "python3", file, *_]:
            return None if (ROOT / file).exists() else f"no file {file}"
        case [dotted] if re.fullmatch(r"vaelid(\.\w+)+", dotted):
            return _dotted(dotted)
        case [path] if _is_path(path):
            return _path(path, document)
    return None


def _command(words: list[str]) -> str | None:
    """Of `encode | reconstruct RUN --out FILE`: whether each command is there and has each option."""
    words = [word.strip("[]") for word in words]
    flags = [word.partition("=")[0] for word in words if word.startswith("-")]
    names = [words[0]] if words and not words[0].startswith("-") else []
    names += [after for bar, after in pairwise(words) if bar == "|" and not after.startswith("-")]
    top = click.Context(vaelid)
    commands = [vaelid.get_command(top, name) for name in names]
    for name, command in zip(names, commands, strict=True):
        if command is None:
            return f"no command {name}"
    for owner in filter(None, commands or [vaelid]):
        with click.Context(owner) as context:
            known = {flag for option in owner.get_params(context) for flag in option.opts}
        for flag in flags:
            if flag not in known:
                return f"{owner.name} has no {flag}"
    return None


def _dotted(name: str) -> str | None:
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            if not hasattr(found, part):
                return f"no {name}"
            found = getattr(found, part)
        return None
    return f"no {name}"


def _is_path(word: str) -> bool:
    if not re.fullmatch(r"[\w./-]+", word) or word.startswith("-"):
        return False
    return word.endswith(_SUFFIXES) or ("/" in word and word.split("/")[0] in {*_FOLDERS, "..", ".ci"})


def _path(word: str, document: Path) -> str | None:
    if word in _READERS_OWN or any((place / word).exists() for place in (document.parent, *_PLACES)):
        return None
    # a bare name is that of a file near what the sentence is about
    near = "/" not in word and any(p for folder in ("src", "tests", "proofs") for p in (ROOT / folder).rglob(word))
    return None if near else f"no file {word}"
