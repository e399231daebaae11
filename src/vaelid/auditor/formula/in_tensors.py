"""Terms on tensors: the whole array of a term's values at once, in floats, so that autograd can differentiate it.

In: a term, a tensor for each of its arrays, and lengths. Out: one tensor, with a dimension for each index that is asked
for. For example, x[i0, i1] - y[i0] for the indices ("i1", "i0") is the 4 x 3 tensor `(x - y[:, None]).T`.

Used to propose and to test, never to prove: proofs are the kernel's, witnesses are balls.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping

import torch
from torch import Tensor

from vaelid.auditor.formula.axes_of_terms import array_name, is_index
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.substitution import instance
from vaelid.readings.terms.syntax import INDEX, Binder, Bound, Element, Number, Operator, Power, Symbol, Term, Variable

__all__ = ["OnDemand", "values_of"]


_OPERATORS: dict[str, Callable[..., Tensor]] = {
    "add": torch.add,
    "subtract": torch.sub,
    "multiply": torch.mul,
    "divide": torch.div,
    "negative": torch.neg,
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": torch.sqrt,
    "abs": torch.abs,
    "tanh": torch.tanh,
    "lgamma": torch.lgamma,
}


def values_of(
    term: Term, arrays: Mapping[str, Tensor], lengths: Mapping[str, int], indices: tuple[str, ...] = ()
) -> Tensor:
    """The values of a real term, with one dimension for each of the index variables named, in their order.

    `arrays` gives each array variable with one dimension for each index of its elements; `lengths` the length of each
    length variable and index variable.
    """
    values, axes = _Interpreter(arrays, lengths).value(term, ())
    names = [f"free {name}" for name in indices]
    if not set(axes) <= set(names):
        raise ReadingError("it has other indices than the axes that are asked for")
    return _aligned(values, axes, names).expand([lengths[name] for name in indices])


_Named = tuple[Tensor, tuple[str, ...]]


def _aligned(values: Tensor, axes: tuple[str, ...], names: list[str]) -> Tensor:
    """The tensor with its dimensions in the order of the names, of length 1 where it has none."""
    order = [axes.index(name) for name in names if name in axes]
    return values.permute(order)[tuple(slice(None) if name in axes else None for name in names)]


class _Interpreter:
    """Evaluates terms; a value has a dimension for each free or bound index in it, by name."""

    def __init__(self, arrays: Mapping[str, Tensor], lengths: Mapping[str, int]) -> None:
        self.arrays = arrays
        self.lengths = lengths
        self.known: dict[tuple[Term, tuple], _Named] = {}
        self.binders = 0

    def value(self, term: Term, bound: tuple[tuple[str, int], ...]) -> _Named:
        key = (term, bound[: term.loose])
        if key not in self.known:
            self.known[key] = self.computed(term, bound)
        return self.known[key]

    def computed(self, term: Term, bound: tuple[tuple[str, int], ...]) -> _Named:
        match term.head:
            case Number(value=number):
                return torch.tensor(float(number), dtype=torch.float64), ()
            case Variable(name=name):
                return self.arrays[name], ()
            case Element():
                return self.element(term, bound)
            case Power(exponent=exponent):
                values, axes = self.value(term.arguments[0], bound)
                return values**exponent, axes
            case Binder(name="sum"):
                return self.sum(term, bound)
            case Symbol():
                body = instance(term.head.body, dict(zip(term.head.parameters, term.arguments, strict=True)))
                return self.value(body, bound)
            case Operator(name="pi"):
                return torch.tensor(math.pi, dtype=torch.float64), ()
            case Operator(name="real"):
                return self.index_values(term.arguments[0], bound)
            case Operator(name="log") if (exponents := _exponents(term.arguments[0])) is not None:
                return self.combined(torch.logaddexp, [self.value(part, bound) for part in exponents])
            case Operator(name=name) if name in _OPERATORS:
                return self.combined(_OPERATORS[name], [self.value(part, bound) for part in term.arguments])
        raise ReadingError(f"no value of {term.head}")

    def combined(self, operation: Callable[..., Tensor], parts: list[_Named]) -> _Named:
        names = list(dict.fromkeys(name for _, axes in parts for name in axes))
        return operation(*(_aligned(values, axes, names) for values, axes in parts)), tuple(names)

    def sum(self, term: Term, bound: tuple[tuple[str, int], ...]) -> _Named:
        length = self.length(term.arguments[0])
        self.binders += 1
        name = f"bound {self.binders}"
        values, axes = self.value(term.arguments[1], ((name, length), *bound))
        if name not in axes:
            return values * length, axes
        at = axes.index(name)
        return values.sum(at), (*axes[:at], *axes[at + 1 :])

    def length(self, term: Term) -> int:
        match term.head:
            case Number(value=number):
                return int(number)
            case Variable(name=name):
                return self.lengths[name]
        raise ReadingError(f"no length of {term.head}")

    def place(self, index: Term, bound: tuple[tuple[str, int], ...]) -> tuple[str | None, int, int]:
        """The axis, its length and the offset of an index; no axis where it is one number."""
        match index.head:
            case Number(value=number):
                return None, 1, int(number)
            case Bound(level=level):
                return *bound[level], 0
            case Variable(name=name, sort=sort) if sort is INDEX:
                return f"free {name}", self.lengths[name], 0
            case Operator(name="index_add"):
                one, other = (self.place(part, bound) for part in index.arguments)
                axis, length, offset = one if one[0] is not None else other
                return axis, length, offset + (other if one[0] is not None else one)[2]
        raise ReadingError(f"no place of {index.head}")

    def index_values(self, index: Term, bound: tuple[tuple[str, int], ...]) -> _Named:
        head = index.head
        if isinstance(head, Variable) and head.name in self.lengths and not is_index(head):
            return torch.tensor(float(self.lengths[head.name]), dtype=torch.float64), ()
        axis, length, offset = self.place(index, bound)
        if axis is None:
            return torch.tensor(float(offset), dtype=torch.float64), ()
        return torch.arange(offset, offset + length, dtype=torch.float64), (axis,)

    def element(self, term: Term, bound: tuple[tuple[str, int], ...]) -> _Named:
        array = self.arrays[array_name(term)]
        names: list[str] = []
        at = 0
        for index in term.arguments[1:]:
            axis, length, offset = self.place(index, bound)
            if axis is None:
                array = array.select(at, offset)
                continue
            if offset + length > array.shape[at]:
                raise ReadingError("an index beyond an array's length")
            array = array.narrow(at, offset, length)
            if axis in names:
                raise ReadingError("an array at one index twice")
            names.append(axis)
            at += 1
        return array, tuple(names)


def _exponents(term: Term) -> list[Term] | None:
    """a and b of e^a + e^b, of which the logarithm is -inf by way of the exponentials where both are below -745."""
    if term.head != Operator("add"):
        return None
    parts = [part.arguments[0] for part in term.arguments if part.head == Operator("exp")]
    return parts if len(parts) == 2 else None


class OnDemand(Mapping[str, Tensor]):
    """A mapping from names to tensors, each made when it is first asked for: most leaves are in no formula.

    Args:
        names: of the leaves, in an order.
        make: gives a leaf's values.
    """

    def __init__(self, names: Iterable[str], make: Callable[[str], Tensor]) -> None:
        self._names = dict.fromkeys(names)
        self._make = make
        self._made: dict[str, Tensor] = {}

    def __getitem__(self, name: str) -> Tensor:
        if name not in self._made:
            if name not in self._names:
                raise KeyError(name)
            self._made[name] = self._make(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names
