"""Every mutant of the spec's function bodies, made from the syntax tree: one small change each.

Changed are operators, the order of operands, signs, numbers, axes, reductions, the functions called, the order of
arguments, the fields read and the variables used; operands, calls and axes are also left out.
Not changed: signatures, checks of the arguments, and which arrays the namespace is found from (but for their order).
"""

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise, takewhile
from pathlib import Path

__all__ = ["BESIDES", "FILES", "Mutant", "identity", "mutants"]

SPEC = Path(__file__).parents[2] / "src" / "vaelid" / "spec"
FILES = ("latent", "vae", "objective", "elbo")
BESIDES = {
    "conventions": ("effective_beta",),
    "arrays": ("exp_minus_one_minus", "softplus"),
    "likelihoods.continuous": ("gaussian_log_density",),
    "likelihoods.discrete": ("bernoulli_log_density",),
}
"""Functions of other files that theorems speak of."""

OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)
COMPARISONS = {ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In}
EXCHANGED = {
    "exp": ("log", "expm1"),
    "expm1": ("exp", "log1p"),
    "log": ("exp", "log1p"),
    "log1p": ("log", "expm1"),
    "logaddexp": ("add",),
    "mean": ("sum",),
    "sum": ("mean",),
    "zeros_like": ("ones_like",),
}
"""Which functions of the array namespace stand in for which."""
AXES = (0, 1, -1, -2)
LONGEST = 100
"""Statements of more characters are named by the part that changes."""


@dataclass(frozen=True)
class Mutant:
    """One change of one function; `name` tells it without line numbers, which move."""

    module: str
    function: str
    line: int
    kind: str
    before: str
    after: str
    build: Callable[[], ast.Module] = field(repr=False, compare=False)
    """Its module, changed."""

    @property
    def name(self) -> str:
        return f"{self.module}.{self.function}: {self.before} -> {self.after}"

    @property
    def file(self) -> str:
        return self.module.replace(".", "/") + ".py"

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.function}: {self.before} -> {self.after}"


def mutants(module: str, functions: tuple[str, ...] = ()) -> list[Mutant]:
    """All mutants of a module of the spec (of these functions only, if some are named), each once."""
    tree = _parsed(module)
    found: dict[tuple[int, str], Mutant] = {}
    for function in _functions(tree):
        if functions and function.name not in functions:
            continue
        scope = _Scope(tree, function)
        for statement in function.body:
            old = ast.unparse(statement)
            for kind, node, replacement in _changes(statement, scope):
                new = ast.unparse(copy.deepcopy(statement, {id(node): replacement}))
                build = partial(scope.changed, node, replacement)
                mutant = Mutant(module, function.name, node.lineno, kind, *_brief(old, new), build)
                if new != old:
                    found.setdefault((statement.lineno, new), mutant)
    names = [mutant.name for mutant in found.values()]
    assert len(set(names)) == len(names), "two mutants of one name"
    return list(found.values())


def identity(module: str) -> Mutant:
    """No change at all: what the checks say of it shows that they are not what kills."""
    tree = _parsed(module)
    function = _functions(tree)[0]
    return Mutant(module, function.name, function.lineno, "none", "", "", lambda: tree)


def _parsed(module: str) -> ast.Module:
    return ast.parse((SPEC / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))


def _functions(tree: ast.Module) -> list[ast.FunctionDef]:
    return [node for node in tree.body if isinstance(node, ast.FunctionDef)]


def _parameters(function: ast.FunctionDef) -> dict[str, ast.expr | None]:
    """The names of a function's parameters, with their annotations."""
    return {p.arg: p.annotation for p in (*function.args.args, *function.args.kwonlyargs)}


def _brief(before: str, after: str) -> tuple[str, str]:
    """Two statements; of long ones, the words that differ and a few beside them."""
    before, after = before.removeprefix("return "), after.removeprefix("return ")
    if len(before) < LONGEST:
        return before, after
    old, new = before.split(), after.split()
    start = max(0, _shared(old, new) - 3)
    old, new = old[start:], new[start:]
    end = max(0, _shared(old[::-1], new[::-1]) - 2)
    return " ".join(old[: len(old) - end]), " ".join(new[: len(new) - end])


def _shared(one: list[str], other: list[str]) -> int:
    """With how many equal words both begin."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


class _Scope:
    """What a function can name: its variables, the records it reads, and the functions of the spec it may call."""

    def __init__(self, tree: ast.Module, function: ast.FunctionDef) -> None:
        parameters = _parameters(function)
        self.own = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
        origin = {alias.name: node.module or "" for node in imports for alias in node.names}
        spec = {name: home.removeprefix("vaelid.spec.") for name, home in origin.items() if "vaelid.spec" in home}
        self.trees = {home: _parsed(home) for home in spec.values()}
        self.records = {
            node.name: {item.target.id: ast.unparse(item.annotation) for item in node.body if _is_field(item)}
            for tree in (tree, *self.trees.values())
            for node in tree.body
            if isinstance(node, ast.ClassDef)
        }
        self.types = {name: ast.unparse(annotation) for name, annotation in parameters.items() if annotation}
        self.variables = {name: 0 for name in parameters if self.types.get(name) not in self.records}
        for statement in function.body:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id != "xp":
                    self.variables[node.id] = statement.end_lineno or 0
        self.function, self.tree, self.homes = function.name, tree, spec

    def others(self, node: ast.Name) -> list[str]:
        """The other variables that have a value where this one is read."""
        if node.id not in self.variables:
            return []
        return [name for name, line in self.variables.items() if name != node.id and line < node.lineno]

    def type_of(self, node: ast.expr) -> str:
        """The record that an expression is, by the annotations; or an empty text."""
        if isinstance(node, ast.Name):
            return self.types.get(node.id, "")
        if isinstance(node, ast.Attribute):
            return self.records.get(self.type_of(node.value), {}).get(node.attr, "")
        return ""

    def siblings(self, name: str) -> list[str]:
        """The other functions of the file that defines `name` which take the same parameters."""
        home = self.tree if name in self.own else self.trees.get(self.homes.get(name, ""))
        functions = {f.name: _parameters(f) for f in _functions(home)} if home else {}
        taken = [*functions.get(name, ())]
        return [other for other, names in functions.items() if [*names] == taken and other not in (name, self.function)]

    def changed(self, node: ast.AST, replacement: ast.AST) -> ast.Module:
        """The module with the replacement, importing what it now calls from the files that it imports from."""
        changed = copy.deepcopy(self.tree, {id(node): replacement})
        used = {name.id for name in ast.walk(changed) if isinstance(name, ast.Name)} - self.own - self.homes.keys()
        for home, tree in self.trees.items():
            for name in used & {function.name for function in _functions(tree)}:
                changed.body.insert(1, ast.ImportFrom(f"vaelid.spec.{home}", [ast.alias(name)], 0))
        return ast.fix_missing_locations(changed)


def _is_field(node: ast.stmt) -> bool:
    return isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)


Change = tuple[str, ast.AST, ast.AST]


def _changes(node: ast.AST, scope: _Scope) -> Iterator[Change]:
    """(kind, node, replacement) for every change inside, but in docstrings and checks; axes are changed as a whole."""
    if isinstance(node, ast.Expr) or (isinstance(node, ast.If) and isinstance(node.body[0], ast.Raise)):
        return
    for kind, replacement in _RULES.get(type(node), _no_change)(node, scope):
        yield kind, node, ast.copy_location(replacement, node)
    if isinstance(node, ast.Call) and _is_namespace(node):
        return
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.keyword) and child.arg == "axis"):
            yield from _changes(child, scope)


Replacements = Iterator[tuple[str, ast.AST]]


def _no_change(node: ast.AST, scope: _Scope) -> Replacements:
    return iter(())


def _with(node: ast.AST, **fields: object) -> ast.AST:
    """The same node with other fields."""
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _negated(node: ast.expr) -> ast.expr:
    return ast.copy_location(ast.UnaryOp(ast.USub(), node), node)


def _operation(node: ast.BinOp, scope: _Scope) -> Replacements:
    for operator in OPERATORS:
        if not isinstance(node.op, operator):
            yield "operator", _with(node, op=operator())
    yield "operand order", _with(node, left=node.right, right=node.left)
    yield "left out", node.left
    yield "left out", node.right
    if not isinstance(node.left, ast.Constant):
        yield "sign", _with(node, left=_negated(node.left))


def _sign(node: ast.UnaryOp, scope: _Scope) -> Replacements:
    yield "sign", node.operand


def _constant(node: ast.Constant, scope: _Scope) -> Replacements:
    if type(node.value) in (int, float):
        for value in (node.value + 1, node.value - 1, -node.value):
            yield "constant", _with(node, value=value)


def _call(node: ast.Call, scope: _Scope) -> Replacements:
    for at in range(len(node.args) - 1):
        yield "argument order", _with(node, args=_swapped(node.args, at))
    if _is_namespace(node):
        return
    named = [at for at, keyword in enumerate(node.keywords) if keyword.arg != "axis"]
    for one, other in pairwise(named):
        values = [keyword.value for keyword in node.keywords]
        values[one], values[other] = values[other], values[one]
        pairs = zip(node.keywords, values, strict=True)
        yield "argument order", _with(node, keywords=[_with(keyword, value=value) for keyword, value in pairs])
    if isinstance(node.func, ast.Attribute) and _is_xp(node.func.value):
        for other in EXCHANGED.get(node.func.attr, ()):
            yield "function", _with(node, func=_with(node.func, attr=other))
        yield "sign", _with(node, args=[_negated(node.args[0]), *node.args[1:]])
    if isinstance(node.func, ast.Name):
        for other in scope.siblings(node.func.id):
            yield "function", _with(node, func=_with(node.func, id=other))
    for argument in node.args:
        if scope.type_of(argument) not in scope.records:
            yield "left out", argument
    axes = [keyword for keyword in node.keywords if keyword.arg == "axis"]
    for keyword in axes:
        rest = [other for other in node.keywords if other is not keyword]
        yield "axis", _with(node, keywords=rest)
        for axis in AXES:
            if axis != ast.literal_eval(keyword.value):
                yield "axis", _with(node, keywords=[*rest, _with(keyword, value=ast.Constant(axis))])


def _attribute(node: ast.Attribute, scope: _Scope) -> Replacements:
    for name in scope.records.get(scope.type_of(node.value), ()):
        if name != node.attr:
            yield "field", _with(node, attr=name)


def _name(node: ast.Name, scope: _Scope) -> Replacements:
    if isinstance(node.ctx, ast.Load):
        for other in scope.others(node):
            yield "variable", _with(node, id=other)


def _tuple(node: ast.Tuple, scope: _Scope) -> Replacements:
    for at in range(len(node.elts) - 1):
        yield "order", _with(node, elts=_swapped(node.elts, at))
    if isinstance(node.ctx, ast.Load):
        for at, element in enumerate(node.elts):
            yield "sign", _with(node, elts=[*node.elts[:at], _negated(element), *node.elts[at + 1 :]])


def _return(node: ast.Return, scope: _Scope) -> Replacements:
    is_record = isinstance(node.value, ast.Call) and ast.unparse(node.value.func) in scope.records
    if is_record:
        for keyword in node.value.keywords:
            negated = _with(keyword, value=_negated(keyword.value))
            keywords = [negated if other is keyword else other for other in node.value.keywords]
            yield "sign", _with(node, value=_with(node.value, keywords=keywords))
    elif node.value is not None and not isinstance(node.value, ast.Tuple):
        yield "sign", _with(node, value=_negated(node.value))


def _branch(node: ast.IfExp, scope: _Scope) -> Replacements:
    yield "order", _with(node, body=node.orelse, orelse=node.body)


def _comparison(node: ast.Compare, scope: _Scope) -> Replacements:
    if type(node.ops[0]) in COMPARISONS:
        yield "operator", _with(node, ops=[COMPARISONS[type(node.ops[0])]()])


def _table(node: ast.Dict, scope: _Scope) -> Replacements:
    for at in range(len(node.values) - 1):
        yield "order", _with(node, values=_swapped(node.values, at))


def _swapped(items: list, at: int) -> list:
    return [*items[:at], items[at + 1], items[at], *items[at + 2 :]]


def _is_xp(node: ast.expr) -> bool:
    return (isinstance(node, ast.Name) and node.id == "xp") or _is_namespace(node)


def _is_namespace(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "array_namespace"


_RULES = {
    ast.Attribute: _attribute,
    ast.BinOp: _operation,
    ast.Call: _call,
    ast.Compare: _comparison,
    ast.Constant: _constant,
    ast.Dict: _table,
    ast.IfExp: _branch,
    ast.Name: _name,
    ast.Return: _return,
    ast.Tuple: _tuple,
    ast.UnaryOp: _sign,
}
