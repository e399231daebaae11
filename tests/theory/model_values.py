"""What a term is worth in a model, independently of kernel, printers and solvers: exact rationals, and balls for exp.

A model gives each variable a value: `fmpq` or `arb`, an int (an index), a function of an index (a vector), or a
function from such functions to such functions (a map). Where a formula says nothing, the model chooses: a division by
zero and the logarithm of what is not positive are arbitrary, but the same wherever they are met.
"""

from collections.abc import Callable, Mapping
from typing import Any

from flint import arb, fmpq

from vaelid.readings.terms.syntax import Binder, Bound, Element, Lambda, Number, Operator, Power, Symbol, Term, Variable

INDICES = range(-2, 6)
"""The indices that a `forall` is tried at: its formulas, in tests, are guarded by smaller bounds."""

Model = Mapping[Variable, Any]


def periodic(*values: Any, rank: int = 1) -> Callable[..., Any]:
    """The array that repeats these values for ever, in every direction; rows are shifted against each other."""

    def element(*indices: int) -> Any:
        assert len(indices) == rank
        return values[sum((2 * axis + 1) * index for axis, index in enumerate(reversed(indices))) % len(values)]

    return element


def evaluate(term: Term, model: Model, scope: tuple[int, ...] = ()) -> Any:
    """The value; of a formula True, False, or None where balls do not tell. `scope[k]` is the value of index k."""
    head = term.head
    args = term.arguments
    if isinstance(head, Variable):
        return model[head]
    if isinstance(head, Bound):
        return scope[head.level]
    if isinstance(head, Number):
        return int(head.value) if term.sort.name == "Index" else fmpq(head.value.numerator, head.value.denominator)
    if isinstance(head, Power):
        base, product = evaluate(args[0], model, scope), fmpq(1)
        for _ in range(head.exponent):
            product = product * base
        return product
    if isinstance(head, Lambda):
        return lambda *indices: evaluate(args[0], model, (*reversed(indices), *scope))
    if isinstance(head, Element):
        array = evaluate(args[0], model, scope)
        return array(*(evaluate(index, model, scope) for index in args[1:])) if len(args) > 1 else array
    if isinstance(head, Symbol):
        values = (evaluate(argument, model, scope) for argument in args)
        return evaluate(head.body, dict(zip(head.parameters, values, strict=True)), ())
    if isinstance(head, Binder) and head.name == "sum":
        total = fmpq(0)
        for index in range(evaluate(args[0], model, scope)):
            total = total + evaluate(args[1], model, (index, *scope))
        return total
    if isinstance(head, Binder):
        return conjunction(evaluate(args[0], model, (index, *scope)) for index in INDICES)
    assert isinstance(head, Operator)
    return OPERATIONS[head.name](*(evaluate(argument, model, scope) for argument in args))


def conjunction(parts: Any) -> bool | None:
    parts = list(parts)
    return False if False in parts else None if None in parts else True


def negation(part: bool | None) -> bool | None:
    return None if part is None else not part


def disjunction(*parts: bool | None) -> bool | None:
    return negation(conjunction(map(negation, parts)))


def less(x: Any, y: Any) -> bool | None:
    if isinstance(x, arb) or isinstance(y, arb):
        difference = arb(y) - arb(x)
        return True if difference > 0 else False if difference <= 0 else None
    return bool(x < y)


def equal(x: Any, y: Any) -> bool | None:
    if callable(x):  # vectors are functions of every index
        return conjunction(equal(x(index), y(index)) for index in INDICES)
    if isinstance(x, arb) or isinstance(y, arb):
        return None if arb(x).overlaps(arb(y)) else False
    return bool(x == y)


def divide(x: Any, y: Any) -> Any:
    if isinstance(y, arb) and y.contains(0):
        raise ArithmeticError("a ball that contains zero")
    return x / y if y != 0 else 3 * x + fmpq(5, 7)


def logarithm(x: Any) -> Any:
    if x <= 0:
        return x * x + 1
    if not x > 0:
        raise ArithmeticError("a ball that contains zero")
    return fmpq(0) if x == 1 else arb(x).log()


OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": divide,
    "negative": lambda x: -x,
    "exp": lambda x: fmpq(1) if x == 0 else arb(x).exp(),
    "log": logarithm,
    "abs": lambda x: -x if x < 0 else x,
    "sqrt": lambda x: x * 2,  # nothing is known of these four: any functions will do
    "tanh": lambda x: x + 1,
    "lgamma": lambda x: x * x - x,
    "pi": arb.pi,
    "real": lambda index: fmpq(index),
    "index_add": lambda x, y: x + y,
    "apply": lambda function, vector: function(vector),
    "not": negation,
    "and": lambda *parts: conjunction(parts),
    "or": disjunction,
    "implies": lambda left, right: disjunction(negation(left), right),
    "iff": lambda left, right: None if None in (left, right) else left == right,
    "equal": equal,
    "less": less,
    "less_equal": lambda x, y: negation(less(y, x)),
}
