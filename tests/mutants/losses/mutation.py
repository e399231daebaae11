"""Every source that differs from a function's in one place."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeGuard

_MODULES = {"torch", "math", "F", "self"}
_CONSTANTS = {"encoder", "decoder", "nn", "LATENTS", *_MODULES}
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div)
_METHODS = (
    {"exp", "log", "sqrt", "abs", "neg", "square", "sigmoid", "softplus"},
    {"sum", "mean", "prod", "amax"},
    {"pow_", "mul_", "add_", "sub_", "div_"},
    {"mul", "add", "sub", "div", "pow"},
    {"randn_like", "rand_like", "zeros_like", "ones_like"},
    {"randn", "rand", "zeros", "ones"},
    {"rsample", "sample"},
    {"binary_cross_entropy_with_logits", "mse_loss", "l1_loss", "smooth_l1_loss"},
)
_WRAPPED = ("{}.detach()", "{}.clamp(-0.3, 0.3)", "{}.mean(0, keepdim=True)", "{}[..., 1:]", "{}[:1]")
_DECODED = {"z", "z1", "x_hat", "logits"}  # a clamp there is one more layer of the decoder
_NOISE = (
    "torch.randn(1, dtype=x.dtype)",
    "0.5 * {}",
    "{} + 1",
    "{}.detach()",
    "{}.clamp(-1, 1)",
    "{}[:1]",
    "{}[:, :1]",
)


@dataclass(frozen=True)
class Mutant:
    """One change.

    Attributes:
        original: the name of the function that was changed.
        change: the line before and after.
        source: the whole function, changed.
        of_data: whether it is a change of the data alone, which may still be an objective of the changed data.
    """

    original: str
    change: str
    source: str
    of_data: bool = False


def mutants(function: Callable[..., object]) -> list[Mutant]:
    """Every such source of a function or class, once."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    before = ast.unparse(tree).splitlines()
    found: dict[str, Mutant] = {}
    nodes = list(ast.walk(tree))
    kept = {id(n) for f in nodes if isinstance(f, ast.FunctionDef) and f.name == "__init__" for n in ast.walk(f)}
    kept |= {id(n) for f in nodes if isinstance(f, ast.FunctionDef) for n in ast.walk(f.args)}
    called = {id(n.func) for n in nodes if isinstance(n, ast.Call)} | {id(n.value) for n in nodes if _is_module(n)}
    names = {n.id for n in nodes if isinstance(n, ast.Name) and id(n) not in called} - _CONSTANTS
    for node, put in _places(tree):
        for replacement in _changes(node, names) if id(node) not in kept else ():
            put(replacement)
            changed = ast.unparse(ast.fix_missing_locations(tree))
            put(node)
            after = changed.splitlines()
            if changed not in found and after != before:
                of_data = isinstance(node, ast.Name) and node.id == "x" and not isinstance(replacement, ast.Name)
                found[changed] = Mutant(function.__name__, _difference(before, after), changed, of_data)
    return list(found.values())


def _places(tree: ast.AST) -> list[tuple[ast.AST, Callable[[ast.AST], None]]]:
    """Every node, and what puts another in its place."""
    places: list[tuple[ast.AST, Callable[[ast.AST], None]]] = []
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if isinstance(value, ast.AST):
                places.append((value, partial(setattr, parent, field)))
            elif isinstance(value, list):
                children = [(n, child) for n, child in enumerate(value) if isinstance(child, ast.AST)]
                places += [(child, partial(value.__setitem__, n)) for n, child in children]
    return places


def _is_module(node: ast.AST) -> TypeGuard[ast.Attribute]:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in _MODULES


def _difference(before: list[str], after: list[str]) -> str:
    gone = [line.strip() for line in before if line not in after]
    new = [line.strip() for line in after if line not in before]
    return f"{' / '.join(gone)}  ->  {' / '.join(new)}"


def _changes(node: ast.AST, names: set[str]) -> Iterator[ast.AST]:
    match node:
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant() as exponent):
            yield left
            yield from (ast.BinOp(left, ast.Pow(), ast.Constant(new)) for new in (1, 3, 4) if new != exponent.value)
        case ast.BinOp(left=left, op=op, right=right):
            yield left
            yield right
            yield from (ast.BinOp(left, other(), right) for other in _OPERATORS if not isinstance(op, other))
            yield ast.BinOp(right, op, left)
        case ast.UnaryOp(operand=operand):
            yield operand
        case ast.Constant(value=bool() | str() | None as value):
            others = {"sum": ("mean",), "mean": ("sum",), "none": ("sum", "mean")}
            yield from (ast.Constant(new) for new in others.get(value, ()))
        case ast.Constant(value=value):
            yield from (ast.Constant(new) for new in (-value, value + 1, 2 * value, value / 2, 0) if new != value)
        case ast.Call(func=func, args=arguments, keywords=keywords):
            yield from _changes_of_call(func, arguments, keywords)
            yield from (_wrapped(node, how) for how in _wraps(func))
        case ast.Attribute(value=value, attr=attr):
            yield from (
                ast.Attribute(value, other, ast.Load())
                for group in _METHODS
                if attr in group
                for other in sorted(group - {attr})
            )
        case ast.Name(id=name, ctx=ast.Load()) if name in names:
            yield from (ast.Name(other, ast.Load()) for other in sorted(names - {name}))
            yield from (_wrapped(node, how) for how in _WRAPPED if not ("clamp" in how and name in _DECODED))
        case ast.AugAssign() | ast.Expr():
            yield ast.Pass()
        case ast.Tuple(elts=[first, second], ctx=ast.Store()):
            yield ast.Tuple([second, first], ast.Store())
        case ast.Subscript(value=value, slice=ast.Tuple(elts=[rows, ast.Slice(lower, upper)])):
            for low, high in ((_moved(lower), upper), (lower, _moved(upper))):
                yield ast.Subscript(value, ast.Tuple([rows, ast.Slice(low, high)], ast.Load()), ast.Load())


def _moved(end: ast.expr | None) -> ast.expr | None:
    return ast.Constant(end.value - 1) if isinstance(end, ast.Constant) else end


def _changes_of_call(func: ast.expr, arguments: list[ast.expr], keywords: list[ast.keyword]) -> Iterator[ast.AST]:
    if len(arguments) >= 2:
        yield ast.Call(func, [arguments[1], arguments[0], *arguments[2:]], keywords)
    for keyword in keywords:
        rest = [other for other in keywords if other is not keyword]
        if keyword.arg in ("dim", "reduction"):
            yield ast.Call(func, arguments, rest)
    if isinstance(func, ast.Attribute):
        receiver = None if isinstance(func.value, ast.Name) and func.value.id in _MODULES else func.value
        inner = receiver or (arguments[0] if len(arguments) == 1 else None)
        if inner is not None:
            yield inner


def _wraps(func: ast.expr) -> tuple[str, ...]:
    name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    if name in ("randn", "randn_like"):
        return _NOISE
    return ("{}.detach()", "{}.clamp(-0.3, 0.3)") if name in ("exp", "log", "sum", "pow") else ()


def _wrapped(node: ast.AST, how: str) -> ast.expr:
    return ast.parse(how.format(f"({ast.unparse(node)})"), mode="eval").body
