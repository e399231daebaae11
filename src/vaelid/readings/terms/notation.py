"""What the printers share: infix arithmetic with the parentheses it needs, and names for bound indices."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from vaelid.readings.terms.syntax import (
    INDEX,
    Binder,
    Bound,
    Element,
    Lambda,
    Number,
    Operator,
    Power,
    Symbol,
    Term,
    Variable,
    subterms,
)

__all__ = ["APPLICATION", "ATOM", "IFF", "PRODUCT", "SIGN", "Notation", "listed", "written"]

# How tightly each form binds. An argument that binds less tightly than its place asks for is put in parentheses.
IFF, IMPLIES, OR, AND, NOT, COMPARED, SUM, PRODUCT, SIGN, POWER, APPLICATION, ATOM = range(12)

_LEVELS = {
    "iff": (IFF, OR, OR),  # an implication beside it in parentheses: languages differ in which binds tighter
    "implies": (IMPLIES, OR, IMPLIES),
    "equal": (COMPARED, SUM, SUM),
    "less": (COMPARED, SUM, SUM),
    "less_equal": (COMPARED, SUM, SUM),
    "add": (SUM, SUM, PRODUCT),
    "subtract": (SUM, SUM, PRODUCT),
    "index_add": (SUM, SUM, PRODUCT),
    "multiply": (PRODUCT, PRODUCT, SIGN),
    "divide": (PRODUCT, PRODUCT, SIGN),
}


def compared_infix(left: str, symbol: str, right: str, of_indices: bool) -> str:
    """The symbol between the two sides, of numbers and indices alike."""
    return f"{left} {symbol} {right}"


@dataclass(frozen=True)
class Notation:
    """One language's way to write terms. Every function is given its parts already written."""

    infix: Mapping[str, str]
    """The symbol between two arguments, by operator; an operator without one is written as a function."""
    function: Callable[[str, Sequence[str]], str]
    """An operator of the reals, such as exp, with its arguments."""
    variable: Callable[[str], str]
    number: Callable[[Fraction, bool], tuple[str, int]]
    """A rational, and whether it is an index -> its text and how tightly it binds."""
    power: Callable[[str, int], str]
    sum: Callable[[str, str, str], tuple[str, int]]
    """(index, size, body), the body written to stand as `least_in_sum`."""
    forall: Callable[[str, str], str]
    lambda_: Callable[[Sequence[str], str], tuple[str, int]]
    element: Callable[[str, Sequence[str]], str]
    apply: Callable[[str, str], str]
    call: Callable[[Symbol, Sequence[Term], Callable[[Term], str]], str]
    """A defined function, its arguments, and how to write one of them."""
    real: Callable[[str], str]
    quotient: Callable[[str, str], str] | None = None
    """A fraction whose parts need no parentheses, where the language has one."""
    compared: Callable[[str, str, str, bool], str] = compared_infix
    """(left, symbol, right, whether indices are compared)."""
    not_equal: str | None = None
    applied: int = ATOM
    """How tightly a function binds to its arguments: juxtaposed ones less tightly than those in parentheses."""
    argument: int = IFF
    """How tightly an argument of a function must bind."""
    least_in_sum: int = SIGN
    index_names: str = "ijklmn"


def listed(names: Sequence[str]) -> str:
    """The names of an array's indices: one, or several in parentheses."""
    return names[0] if len(names) == 1 else f"({', '.join(names)})"


def written(term: Term, notation: Notation) -> str:
    """The term in this notation."""
    heads = {part.head for part in subterms(term)}
    return _Writer(notation, {head.name for head in heads if isinstance(head, Variable | Symbol)}).write(term, (), IFF)


class _Writer:
    def __init__(self, notation: Notation, taken: set[str]) -> None:
        self.notation = notation
        self.taken = taken

    def write(self, term: Term, scope: tuple[str, ...], least: int) -> str:
        """The term, in parentheses if it binds less tightly than `least`; scope[k] names index k."""
        text, level = self._open(term, scope)
        return text if level >= least else f"({text})"

    def _open(self, term: Term, scope: tuple[str, ...]) -> tuple[str, int]:
        head, arguments, n = term.head, term.arguments, self.notation
        inner = partial(self._inner, scope)  # not a function made anew for each term
        match head:
            case Variable(name=name):
                return n.variable(name), ATOM
            case Bound(level=level):
                return scope[level], ATOM
            case Number(value=value):
                return n.number(value, term.sort is INDEX)
            case Power(exponent=exponent):
                return n.power(inner(arguments[0], APPLICATION), exponent), POWER
            case Operator(name="not") if n.not_equal and arguments[0].head == Operator("equal"):
                return self._infix("equal", arguments[0].arguments, scope, n.not_equal)
            case Operator(name="divide") if n.quotient:
                return n.quotient(inner(arguments[0], IFF), inner(arguments[1], IFF)), PRODUCT
            case Operator(name="and" | "or" as name):
                level = AND if name == "and" else OR
                parts = [inner(argument, level + 1) for argument in arguments]
                return f" {n.infix[name]} ".join(parts) if parts else n.function(name, []), level if parts else ATOM
            case Operator(name=name) if name in _LEVELS and name in n.infix:
                return self._infix(name, arguments, scope, n.infix[name])
            case Operator(name="negative"):
                return f"{n.infix['negative']}{inner(arguments[0], SIGN)}", SIGN
            case Operator(name="not"):
                return f"{n.infix['not']}{inner(arguments[0], NOT)}", NOT
            case Operator(name="real"):
                return n.real(inner(arguments[0], n.argument)), n.applied
            case Operator(name="apply"):
                return n.apply(inner(arguments[0], n.applied), inner(arguments[1], n.argument)), n.applied
            case Operator(name=name):
                parts = [inner(argument, n.argument) for argument in arguments]
                return n.function(name, parts), n.applied if parts else ATOM
            case Binder(name="sum"):
                index = self._fresh(scope)
                body = self.write(arguments[1], (index, *scope), n.least_in_sum)
                return n.sum(index, inner(arguments[0], ATOM), body)
            case Binder():
                index = self._fresh(scope)
                return n.forall(index, self.write(arguments[0], (index, *scope), IMPLIES)), IFF
            case Lambda(rank=rank):
                indices: list[str] = []
                for _ in range(rank):
                    indices.append(self._fresh((*indices, *scope)))
                return n.lambda_(indices, self.write(arguments[0], (*reversed(indices), *scope), IFF))
            case Element():
                indices = [inner(i, n.argument) for i in arguments[1:]]
                return n.element(inner(arguments[0], n.applied), indices), n.applied
            case Symbol():
                return n.call(head, arguments, lambda argument: inner(argument, n.argument)), n.applied
        raise TypeError(f"no notation for {head}")

    def _inner(self, scope: tuple[str, ...], argument: Term, least: int) -> str:
        return self.write(argument, scope, least)

    def _infix(self, name: str, arguments: tuple[Term, ...], scope: tuple[str, ...], symbol: str) -> tuple[str, int]:
        level, left, right = _LEVELS[name]
        parts = self.write(arguments[0], scope, left), self.write(arguments[1], scope, right)
        if level == COMPARED:
            return self.notation.compared(parts[0], symbol, parts[1], arguments[0].sort is INDEX), level
        return f"{parts[0]} {symbol} {parts[1]}", level

    def _fresh(self, scope: Sequence[str]) -> str:
        names = [*self.notation.index_names, *(f"i{number}" for number in range(1000))]
        return next(name for name in names if name not in scope and name not in self.taken)
