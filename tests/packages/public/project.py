"""A public project, what is audited of it, and what each audit must find.

An adapter is a module of `adapters/`, one for each project, that defines `PROJECT`. It is code of ours: it imports
foreign code from a checkout (or an installed package), hands it small random data, and holds none of its lines.
Shapes in derivations: B rows, D coordinates of the data, L latents, w the weight of the KL.
"""

import ast
import importlib.util
import json
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from tests.packages.cases import Step

__all__ = [
    "Case",
    "Loss",
    "Project",
    "Step",
    "definitions",
    "excerpt",
    "load",
    "nested",
    "package",
    "source_text",
    "statements",
]


@dataclass(frozen=True)
class Loss:
    """For `audit_loss`: the function, its arguments in the order of its parameters, and their roles."""

    run: Callable[..., Any]
    inputs: Callable[[], tuple[Any, ...]] | None = None
    roles: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Case:
    """One object, and what was derived by hand before any audit.

    Attributes:
        object: what is audited, in words.
        make: makes it, from the folder that holds the project's checkout.
        verdict: the verdict derived.
        derivation: how, in one line.
        beta: the effective beta at the sizes made, where the verdict is PROVED.
        accept: verdicts that are right too.
        checked: the derivation was checked by numbers, against `torch.distributions`.
    """

    object: str
    make: Callable[[Path], Step | Loss]
    verdict: str
    derivation: str
    beta: float | None = None
    accept: tuple[str, ...] = ()
    checked: bool = False


@dataclass(frozen=True)
class Project:
    """`owner/name` at a commit, or a distribution at a version."""

    name: str
    version: str
    cases: tuple[Case, ...]


def load(path: Path, **stand_ins: Any) -> ModuleType:
    """The module of a file, which may import its neighbours; `stand_ins` are modules that are not installed here."""
    for name, module in stand_ins.items():
        sys.modules.setdefault(name.replace("__", "."), module)
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(f"foreign_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def definitions(path: Path, *names: str, **globals_: Any) -> dict[str, Any]:
    """Only these classes, functions and variables of a script or notebook, and its imports that succeed.

    The rest of its top level is not run; a statement that sets an attribute of one of these variables is.
    `globals_` are the script's own variables that they read.
    """
    scope: dict[str, Any] = {"__name__": f"foreign_{path.stem}", "__file__": str(path), **globals_}
    tree = ast.parse(source_text(path), str(path))
    for node in tree.body:
        wanted = (isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name in names) or (
            isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).partition(".")[0] in names
        )
        imports = isinstance(node, ast.Import | ast.ImportFrom)
        if not (wanted or imports):
            continue
        code = compile(ast.Module([node], []), str(path), "exec")
        try:
            exec(code, scope)
        except ImportError:
            if wanted:
                raise
    missing = set(names) - set(scope)
    assert not missing, f"{path} defines no {', '.join(sorted(missing))}"
    return scope


def source_text(path: Path) -> str:
    """The text of a script, or that of a notebook's code cells without their commands for the shell."""
    if path.suffix != ".ipynb":
        return path.read_text()
    cells = json.loads(path.read_text())["cells"]
    lines = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith(("!", "%")))


def excerpt(path: Path, first: str, last: str) -> CodeType:
    """The lines of a script from one that starts with `first` to one that starts with `last`, to be executed."""
    lines = source_text(path).splitlines()
    begin = next(i for i, line in enumerate(lines) if line.strip().startswith(first))
    end = next(i for i, line in enumerate(lines[begin:], begin + 1) if line.strip().startswith(last))
    return compile(textwrap.dedent("\n".join(lines[begin:end])), str(path), "exec")


def nested(path: Path, name: str, **free: Any) -> Callable[..., Any]:
    """A function that a script defines inside another one; `free` are the variables it reads from there."""
    tree = ast.parse(source_text(path), str(path))
    node = next(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name)
    scope: dict[str, Any] = {"__name__": f"foreign_{path.stem}", **free}
    exec(compile(ast.Module([node], []), str(path), "exec"), scope)
    function: Callable[..., Any] = scope[name]
    return function


def package(source: Path, name: str, **stand_ins: Any) -> ModuleType:
    """A module of the checkout by its full name, for packages that import themselves; `stand_ins` as for `load`."""
    for missing, module in stand_ins.items():
        sys.modules.setdefault(missing.replace("__", "."), module)
    if str(source) not in sys.path:
        sys.path.insert(0, str(source))
    return importlib.import_module(name)


def statements(path: Path, *names: str, within: str = "", **globals_: Any) -> Callable[..., Any]:
    """The assignments to these names in a script, or in its function `within`, one by one: not the loops around them.

    It is called with the variables that they read, and returns the last name's value.
    """
    tree = ast.parse(source_text(path), str(path))
    root: ast.AST = tree
    if within:
        root = next(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == within)
    chosen: list[ast.stmt] = [node for node in _assignments(root) if _assigned(node) & set(names)]
    missing = set(names).difference(*map(_assigned, chosen))
    assert not missing, f"{path} assigns no {', '.join(sorted(missing))}"
    code = compile(ast.Module(chosen, []), str(path), "exec")
    imports = definitions(path, **globals_)

    def run(**variables: Any) -> Any:
        scope = imports | variables
        exec(code, scope)
        return scope[names[-1]]

    return run


def _assignments(node: ast.AST) -> Iterator[ast.Assign]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Assign):
            yield child
        elif not isinstance(child, ast.FunctionDef | ast.ClassDef):
            yield from _assignments(child)


def _assigned(node: ast.stmt) -> set[str]:
    return {name.id for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}
