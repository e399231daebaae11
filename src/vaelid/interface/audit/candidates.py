"""What in a folder or a file looks like the loss of a VAE: found by reading, nothing is imported or run."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vaelid.interface.audit.places import relative_path
from vaelid.interface.audit.syntax import NotRead, parsed
from vaelid.interface.shell import suggested

__all__ = ["Candidate", "Scan", "listing", "scan"]

_SKIPPED = {"__pycache__", "build", "dist", "node_modules", "site-packages", "venv"}
_MOST_FILES = 5000

_SPREAD = re.compile(r"(z_?|q_?|posterior_?)?(log_?)?(var|variance|std|sigma|scale)s?(_?(2|sq|squared))?|lv", re.I)
_MEAN = re.compile(r"(z_?|q_?|posterior_?)?(mu|mean|loc)s?", re.I)
_KL = re.compile(r".*(kl_?div|kl_?loss|kld).*|kl", re.I)
_FIT = re.compile(r".*(cross_entropy|bceloss|bcewithlogits|mse|l1_loss|log_prob|nll|recon|logits|x_?hat).*", re.I)
_NOISE = re.compile(r"randn(_like)?|rsample|normal_?|repara.*", re.I)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Candidate:
    """A function that may be worth an audit.

    Attributes:
        file: its file.
        line: of its ``def``.
        name: with the class it is in.
        kind: ``loss``, ``KL`` or ``sampler``: what it looks like.
        method: whether it needs an object of its class.
        needs_batch: whether it is called with a batch, and its file defines none under that name.
    """

    file: Path
    line: int
    name: str
    kind: str
    method: bool
    needs_batch: bool

    @property
    def command(self) -> str:
        """The command that audits it; of a method, once an object is made in the file."""
        owner, dot, function = self.name.rpartition(".")
        name = f"{_instance(owner)}.{function}" if self.method and dot else self.name
        batch = ["--batch", f"{relative_path(self.file)}:batch"] if self.needs_batch else []
        return suggested("vaelid", "audit", f"{relative_path(self.file)}:{name}", *batch)

    def as_data(self) -> dict[str, str | int]:
        """As plain data, for JSON."""
        found = {"file": str(self.file), "line": self.line, "name": self.name, "kind": self.kind}
        return {**found, "command": self.command}


def _instance(owner: str) -> str:
    return owner.rpartition(".")[2].lower()


@dataclass(frozen=True)
class Scan:
    """What was found in a file or a folder.

    Attributes:
        candidates: the likeliest first.
        unread: from a file that was left out to the reason.
        more: how many files were not looked at, since there are too many.
    """

    candidates: tuple[Candidate, ...]
    unread: dict[Path, str]
    more: int = 0

    def as_data(self) -> dict[str, object]:
        """As plain data, for JSON."""
        unread = [{"file": str(file), "reason": reason} for file, reason in self.unread.items()]
        return {"candidates": [c.as_data() for c in self.candidates], "unread": unread, "files_left_out": self.more}


def scan(place: Path) -> Scan:
    """The file, or every .py file below the folder. What cannot be read as Python is named, and ends nothing."""
    files = sorted(_files(place)) if place.is_dir() else [place]
    found, unread = [], {}
    for file in files[:_MOST_FILES]:
        try:
            found += _in_file(file)
        except NotRead as reason:
            unread[file] = str(reason)
    found.sort(key=lambda c: (("loss", "KL", "sampler").index(c.kind), c.file, c.line))
    return Scan(tuple(found), unread, max(0, len(files) - _MOST_FILES))


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*.py"):
        parts = path.relative_to(folder).parts
        if not (path.is_dir() or any(part in _SKIPPED or part.startswith(".") for part in parts)):
            yield path


def _in_file(file: Path) -> Iterator[Candidate]:
    tree = parsed(file)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    has_batch = "batch" in names | {node.name for node in tree.body if isinstance(node, _Function)}
    kinds = {function.name: kind for function, _ in _functions(tree) if (kind := _kind(function))}
    divergences = {name for name, kind in kinds.items() if kind != "sampler"}
    for function, owner in _functions(tree):
        kind = _kind(function)
        if kind in (None, "sampler") and _called(function) & divergences and _gives(function):
            kind = "loss"  # it hands the rest to a function that is one
        if kind:
            static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in function.decorator_list)
            method = bool(owner) and not static
            asked = len(function.args.args) - len(function.args.defaults) - method
            yield Candidate(
                file, function.lineno, f"{owner}{function.name}", kind, method, asked == 1 and not has_batch
            )


def _functions(tree: ast.Module) -> Iterator[tuple[_Function, str]]:
    """The functions that a name leads to, with their class: those at the top, and those of classes."""
    waiting: list[tuple[ast.AST, str]] = [(tree, "")]  # not by recursion: a thousand `elif` are nested a thousand deep
    while waiting:
        node, owner = waiting.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, _Function):
                yield child, owner
            elif isinstance(child, ast.ClassDef):
                waiting.append((child, f"{owner}{child.name}."))
            elif isinstance(child, ast.If | ast.Try):
                waiting.append((child, owner))


def _gives(function: _Function) -> bool:
    return any(isinstance(node, ast.Return) and node.value is not None for node in ast.walk(function))


def _called(function: _Function) -> set[str]:
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    return {getattr(call, "attr", None) or getattr(call, "id", "") for call in calls}


def _kind(function: _Function) -> str | None:
    fields = ("id", "attr", "arg")
    names = {name for node in ast.walk(function) for field in fields if (name := getattr(node, field, None))}
    called = _called(function)
    gaussian = any(map(_MEAN.fullmatch, names)) and any(map(_SPREAD.fullmatch, names))
    divergence = bool(called & {"kl_divergence", "kl_div"}) or any(map(_KL.fullmatch, names | {function.name}))
    # a KL squares the mean and has a half, or minus a half, before its sum
    squares = any(isinstance(n, ast.Pow | ast.Mult) for n in ast.walk(function)) or bool(called & {"pow", "square"})
    divergence = divergence or (
        gaussian and squares and bool(called & {"sum", "mean"}) and bool(called & {"exp", "log"})
    )
    fit = any(map(_FIT.fullmatch, called | names))
    if divergence and (fit or function.name == "training_step"):
        return "loss"
    if divergence and (gaussian or called & {"kl_divergence"}):
        return "KL"
    if gaussian and any(map(_NOISE.fullmatch, called)):
        return "sampler"
    return None


def listing(place: Path, found: Scan) -> list[str]:
    """What was found, as lines of text: each with its place, and the command that audits it; then what was not read."""
    left_out = [f"not read: {relative_path(file)}: {reason}" for file, reason in found.unread.items()]
    if found.more:
        left_out.append(f"not read: {found.more} more files: name a folder with fewer than {_MOST_FILES}.")
    if not found.candidates:
        return [
            f"{relative_path(place)}: nothing looks like the loss of a VAE. Name what to audit: vaelid audit "
            "file.py:name",
            "It looks for a KL, or exp of a log-variance, beside a reconstruction term; a name always works.",
            *left_out,
        ]
    lines = [f"{relative_path(place)}: say which one to audit. Found by reading, nothing was run:"]
    for candidate in found.candidates:
        lines += [
            "",
            f"  {relative_path(candidate.file)}:{candidate.line}  {candidate.name}  (looks like a {candidate.kind})",
        ]
        if candidate.method:
            owner = candidate.name.rpartition(".")[0]
            lines.append(f"    needs an object: put {_instance(owner)} = {owner}(...) in the file, then")
        if candidate.needs_batch:
            lines.append("    needs a batch: put def batch(): ... in the file, that returns one, then")
        lines.append(f"    {candidate.command}")
    return [*lines, "", *left_out] if left_out else lines
