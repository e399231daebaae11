"""Claims as a user writes them: text such as ``"0 <= KL"`` or ``"beta >= 1 -> negative_elbo(terms) <= ..."``.

The text is read, never run: Python's own parser, and from its tree only numbers, names, arithmetic, comparisons,
`and`, `or`, `not` and calls of the functions of the spec that theorems speak of. `->` is an implication, `<->` an
equivalence. A name stands for any value, of the kind that its place asks for.
"""

import ast
import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from fractions import Fraction
from typing import Any

from vaelid.readings.terms import formulas
from vaelid.readings.terms.arrays import TermArray, TermMap, as_term, index, map_variable, real, size, variable
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import BOOL, INDEX, Term, free_variables, make
from vaelid.spec.errors import InputError
from vaelid.theory.library.definitions import DEFINITIONS
from vaelid.theory.statement import at, both, given, lt

__all__ = ["read_claim"]

_FUNCTIONS = {definition.name: definition for definition in DEFINITIONS}
_ABBREVIATIONS = {"KL": "diagonal_gaussian_kl_to_standard_sum(mu, logvar)"}
_SIZES = ("D", "L", "K")
_ELEMENTARY: Mapping[str, Callable[[Any], TermArray]] = {"exp": xp.exp, "log": xp.log, "sum": xp.sum, "mean": xp.mean}
_ASCII = {
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "−": "-",
    "·": "*",
    "π": "pi",
    "²": "**2",
    "∧": " and ",
    "∨": " or ",
    "→": "->",
    "↔": "<->",
}
_COMPARISONS: Mapping[type, Callable[[Term, Term], Term]] = {
    ast.Lt: formulas.less,
    ast.LtE: formulas.less_equal,
    ast.Gt: lambda left, right: formulas.less(right, left),
    ast.GtE: lambda left, right: formulas.less_equal(right, left),
    ast.Eq: formulas.equal,
    ast.NotEq: formulas.not_equal,
}
_ARITHMETIC: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: lambda x, y: x + y,
    ast.Sub: lambda x, y: x - y,
    ast.Mult: lambda x, y: x * y,
    ast.Div: lambda x, y: x / y,
}


def read_claim(claim: str) -> Term:
    """The statement that a text stands for. Sizes that occur are taken to be positive.

    Raises `InputError` saying what is not understood, where, and what would be.
    """
    text = claim.translate(str.maketrans(_ASCII))
    kinds: dict[str, Any] = {}
    _Reader(claim, kinds).formula(text)  # a name is of the kind that the calls in the claim ask for, also before them
    formula = _Reader(claim, kinds).formula(text)
    sizes = sorted((v for v in free_variables(formula) if v.sort is INDEX), key=lambda v: v.name)
    return given(*(lt(index(0), make(v)) for v in sizes), formula)


class _Reader:
    """Reads one claim. `kinds` holds, for a name that a function of the spec is called with, what it stands for."""

    def __init__(self, claim: str, kinds: dict[str, Any]) -> None:
        self.claim = claim
        self.kinds = kinds

    def wrong(self, problem: str) -> InputError:
        return InputError(f"the claim {self.claim!r}: {problem}")

    def formula(self, text: str) -> Term:
        """Implications and equivalences outside parentheses, then one expression."""
        for arrow, make_formula in (("<->", formulas.iff), ("->", formulas.implies)):
            place = _outside_parentheses(text, arrow)
            if place is not None:
                left, right = text[:place], text[place + len(arrow) :]
                return make_formula(self.formula(left), self.formula(right))
        stripped = text.strip()
        if _outside_parentheses(stripped[1:-1], "->") is not None and stripped[:1] == "(" and stripped[-1:] == ")":
            return self.formula(stripped[1:-1])
        try:
            tree = ast.parse(stripped, mode="eval").body
        except SyntaxError as error:
            equals = " Equality is written ==." if re.search(r"(?<![<>=!])=(?!=)", stripped) else ""
            raise self.wrong(f"{error.msg} at {(error.text or stripped).strip()!r}.{equals}") from None
        found = self.read(tree)
        if not (isinstance(found, Term) and found.sort is BOOL):
            raise self.wrong("it is a number, not a statement; compare it with something, as in 0 <= KL.")
        return found

    def read(self, node: ast.expr, like: Any = None) -> Any:
        """A formula, a number or an array; a name becomes a variable of the kind of `like`."""
        match node:
            case ast.BoolOp(op=operation, values=values):
                combine = formulas.conjunction if isinstance(operation, ast.And) else formulas.disjunction
                return combine(*map(self.truth, values))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return formulas.negation(self.truth(operand))
            case ast.Compare(left=left, ops=operations, comparators=rest):
                sides = [self.compared(side) for side in (left, *rest)]
                pairs = zip(operations, sides, sides[1:], strict=False)
                return both(*(self.comparison(operation)(*pair) for operation, *pair in pairs))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self.number(operand, like)
            case ast.BinOp(left=base, op=ast.Pow(), right=ast.Constant(value=int(exponent))):
                return self.number(base, like) ** exponent
            case ast.BinOp(left=left, op=operation, right=right) if type(operation) in _ARITHMETIC:
                return _ARITHMETIC[type(operation)](self.number(left, like), self.number(right, like))
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return as_term(value if isinstance(value, int) else Fraction(repr(value)))
            case ast.Name(id="pi"):
                return xp.pi
            case ast.Name(id=name) if name in _ABBREVIATIONS:
                return self.read(ast.parse(_ABBREVIATIONS[name], mode="eval").body)
            case ast.Name(id=name):
                return self.named(name, like)
            case ast.Attribute():
                return self.named(ast.unparse(node), like)
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=int(place))):
                return at(self.vector(name), index(place))
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self.call(name, arguments)
        raise self.wrong(f"{ast.unparse(node)!r} is not understood.")

    def comparison(self, operation: ast.cmpop) -> Callable[[Term, Term], Term]:
        if type(operation) not in _COMPARISONS:
            raise self.wrong(f"the comparison {type(operation).__name__!r} is not understood.")
        return _COMPARISONS[type(operation)]

    def compared(self, node: ast.expr) -> Term:
        found = self.number(node)
        if found.ndim:
            raise self.wrong(f"{ast.unparse(node)!r} is an array: compare its sum, or an element such as mu[0].")
        return found.term

    def vector(self, name: str) -> TermArray:
        found = self.named(name, None) if name in self.kinds else variable(name, size("n"))
        if not isinstance(found, TermArray) or found.ndim != 1:
            raise self.wrong(f"{name!r} is not a vector: it has no elements.")
        return found

    def truth(self, node: ast.expr) -> Term:
        found = self.read(node)
        if not isinstance(found, Term):
            raise self.wrong(f"{ast.unparse(node)!r} is a number where a statement is expected.")
        return found

    def number(self, node: ast.expr, like: Any = None) -> TermArray:
        found = self.read(node, like)
        if not isinstance(found, TermArray):
            raise self.wrong(f"{ast.unparse(node)!r} is not a number.")
        return found

    def named(self, name: str, like: Any) -> Any:
        """The variable of this name, of the kind that calls ask for, or else its place; a size is a number."""
        if name in _SIZES and like is None:
            return real(size(name))
        known = self.kinds.get(name)
        if known is not None and like is not None and _shapes(known) != _shapes(like):
            raise self.wrong(f"{name!r} stands for a number in one place and for an array in another: use two names.")
        return _renamed(known if known is not None else like if like is not None else variable("_"), name)

    def argument(self, node: ast.expr, like: Any) -> Any:
        """An argument of a function of the spec: a name in it is of the kind of this parameter."""
        if isinstance(node, ast.Name | ast.Attribute) and _written(node) not in _ABBREVIATIONS:
            self.kinds.setdefault(_written(node), like)
        return self.read(node, like)

    def call(self, name: str, arguments: list[ast.expr]) -> Any:
        if name in _ELEMENTARY:
            if len(arguments) != 1:
                raise self.wrong(f"{name} takes one argument.")
            return _ELEMENTARY[name](self.number(arguments[0]))
        if name not in _FUNCTIONS:
            close = difflib.get_close_matches(name, [*_FUNCTIONS, *_ELEMENTARY], n=1)
            hint = f" Did you mean {close[0]}?" if close else f" Known: {', '.join(sorted(_FUNCTIONS))}."
            raise self.wrong(f"the function {name!r} is not known.{hint}")
        definition = _FUNCTIONS[name]
        if len(arguments) != len(definition.parameters):
            raise self.wrong(
                f"{name} takes {', '.join(definition.parameters)}; it was given {len(arguments)} arguments."
            )
        given_values = [
            self.argument(node, like) for node, like in zip(arguments, definition.parameters.values(), strict=True)
        ]
        return definition(*given_values)


def _written(node: ast.expr) -> str:
    """The name that is written there, with its dots."""
    return ast.unparse(node)


def _shapes(value: Any) -> list[tuple]:
    """The shapes of a value's arrays, which tell its kind."""
    if is_dataclass(value) and not isinstance(value, type):
        return [shape for field in fields(value) for shape in _shapes(getattr(value, field.name))]
    return [value.shape if isinstance(value, TermArray) else ("map", value.length)]  # pyright: ignore


def _renamed(like: Any, name: str) -> Any:
    """A variable, or a record of variables, like this one but of another name."""
    if isinstance(like, TermArray):
        return variable(name, *like.shape)
    if isinstance(like, TermMap):
        return map_variable(name, like.length)
    return replace(like, **{f.name: _renamed(getattr(like, f.name), f"{name}.{f.name}") for f in fields(like)})


def _outside_parentheses(text: str, arrow: str) -> int | None:
    """Where the arrow stands first outside parentheses."""
    depth = 0
    for place, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if depth == 0 and text.startswith(arrow, place) and not (arrow == "->" and text[place - 1 : place] == "<"):
            return place
    return None
