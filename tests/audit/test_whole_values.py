"""A value is made whole where its class is: no file fills in, by `replace`, a value whose class is another file's.

A value that is completed elsewhere can be used before it is complete. A method of the class that makes a changed copy
of a complete value is fine: it stands beside the attributes, and says what it changes.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import vaelid.auditor

AUDITOR = Path(vaelid.auditor.__file__).parent

_OF_THE_USER = "a user's own object is set back to what it held before their code ran"
ALLOWED = {
    ("recording/keep.py", "attributes"): _OF_THE_USER,
    ("recording/keep.py", "_set"): _OF_THE_USER,
}
"""By file and function: the reason why it may change a value of another file's class."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def fillings(text: str) -> Iterator[tuple[str, int]]:
    """The function and line of each change of a value whose class is not known to be of this text."""
    tree = ast.parse(text)
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    modules, functions = _names_of_replace(tree)
    for around, call in _calls(tree, ()):
        if not _changes(call, modules, functions):
            continue
        functions_around = [node for node in around if isinstance(node, Function)]
        if not call.args or _class_of(call.args[0], around) not in own:
            yield (functions_around[0].name if functions_around else ""), call.lineno


def _names_of_replace(tree: ast.Module) -> tuple[set[str], set[str]]:
    """The names by which a text knows `dataclasses` and `copy`, and `replace` of one of them."""
    modules, functions = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.asname or alias.name for alias in node.names if alias.name in ("dataclasses", "copy")}
        elif isinstance(node, ast.ImportFrom) and node.module in ("dataclasses", "copy"):
            functions |= {alias.asname or alias.name for alias in node.names if alias.name == "replace"}
    return modules, functions


def _calls(node: ast.AST, around: tuple[ast.AST, ...]) -> Iterator[tuple[tuple[ast.AST, ...], ast.Call]]:
    """Each call, with the functions and classes that it stands in, the outermost first."""
    if isinstance(node, ast.Call):
        yield around, node
    inner = (*around, node) if isinstance(node, Function | ast.ClassDef) else around
    for child in ast.iter_child_nodes(node):
        yield from _calls(child, inner)


def _changes(call: ast.Call, modules: set[str], functions: set[str]) -> bool:
    """Whether a call is of `replace`, of `__replace__`, or sets an attribute of a frozen value."""
    match call.func:
        case ast.Name(id=name):
            return name in functions
        case ast.Attribute(value=ast.Name(id=module), attr="replace"):
            return module in modules
        case ast.Attribute(attr="__replace__") | ast.Attribute(value=ast.Name(id="object"), attr="__setattr__"):
            return True
    return False


def _class_of(value: ast.expr, around: tuple[ast.AST, ...]) -> str | None:
    """The name of the class of a value that is `self` or a parameter with an annotation; None of another value."""
    if not isinstance(value, ast.Name):
        return None
    for k in range(len(around) - 1, -1, -1):
        node = around[k]
        if not isinstance(node, Function):
            continue
        for parameter in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
            if parameter.arg == value.id:
                above = around[k - 1] if k else None
                if parameter.annotation is None:
                    return above.name if isinstance(above, ast.ClassDef) and value.id == "self" else None
                return ast.unparse(parameter.annotation).strip("'\"")
    return None


def test_no_value_is_completed_in_a_file_that_is_not_its_class_own():
    found = {
        (str(path.relative_to(AUDITOR)), function)
        for path in sorted(AUDITOR.rglob("*.py"))
        for function, _ in fillings(path.read_text())
    }
    assert found == set(ALLOWED)


HEAD = "from dataclasses import dataclass, replace\n@dataclass(frozen=True)\nclass Own:\n    x: int = 0\n"


@pytest.mark.parametrize(
    "text",
    [
        "from dataclasses import replace\ndef f(claim: Claim): return replace(claim, reason='')",
        "from dataclasses import replace as changed\ndef f(claim): return changed(claim, reason='')",
        "import dataclasses\ndef f(claim: Claim): return dataclasses.replace(claim, reason='')",
        "import dataclasses as d\ndef f(claim: Claim): return [d.replace(c) for c in claim]",
        "import copy\ndef f(claim): return copy.replace(claim, reason='')",
        "def f(claim): return claim.__replace__(reason='')",
        "def f(claim): object.__setattr__(claim, 'reason', '')",
        f"{HEAD}def f(own: Own, claim: Claim): return replace(claim, reason='')",
        f"{HEAD}def f(own: Own): return replace(own.claim, reason='')",
        f"{HEAD}def f(own: Own): return replace(made(own), reason='')",
        "from dataclasses import replace\ndef f(self: Claim): return replace(self, reason='')",
        "from dataclasses import replace\ndef f(self): return replace(self, reason='')",
    ],
)
def test_a_completion_elsewhere_is_found(text):
    assert [function for function, _ in fillings(text)] == ["f"]


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}    def f(self): return replace(self, x=1)",
        f"{HEAD}    def f(self):\n        def g(): return replace(self, x=1)\n        return g",
        f"{HEAD}def f(own: Own): return replace(own, x=1)",
        f"{HEAD}def f(own: 'Own'): return [replace(own, x=k) for k in range(3)]",
        "def f(text: str): return text.replace('a', 'b')",
        "def f(number): return replace(number, 1)",  # a function of the file's own, of this name
    ],
)
def test_a_copy_in_the_file_of_the_class_is_none(text):
    assert list(fillings(text)) == []
