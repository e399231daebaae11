"""Read a recording as a term: one element of the result, in the indices of the axes.

Recordings are made with a prime number of elements along each axis, another for each, so that a length says which
axis it is: the lengths of a tensor are products of them. A tensor is its element, a term in which each axis has an
index variable; a sum over an axis binds it. So what is read holds for every length.

What has no rule here, or would need the order of elements within an axis, is refused by name, with its line, if the
result depends on it.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from vaelid.auditor.old_record import Event, Place, Recording
from vaelid.readings.terms.arrays import TermArray, as_term, real, size, variable
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import REAL, Binder, Number, Term, abstracted, element, make
from vaelid.spec.arrays import softplus
from vaelid.spec.errors import VaelidError

__all__ = ["Axis", "Lifted", "Unread", "axis", "element_of", "generalised", "lift", "total"]


class Unread(VaelidError):
    """An operation that has no reading as a term; `source` is the user's line."""

    def __init__(self, message: str, source: str | None) -> None:
        super().__init__(message)
        self.source = source


@dataclass(frozen=True)
class Axis:
    """An axis: its length and its index, both symbolic, by its name."""

    name: str
    length: Term
    index: Term


def axis(name: str) -> Axis:
    """The axis of this name: its length has the name, its index the name in lower case."""
    return Axis(name, size(name), size(name.lower()))


@dataclass(frozen=True)
class Lifted:
    """A tensor as its element: a real term in the indices of its axes. An axis of the tensor may be several of ours."""

    dims: tuple[tuple[Axis, ...], ...]
    element: TermArray

    def __post_init__(self) -> None:
        axes = [a for dim in self.dims for a in dim]
        if len(set(axes)) != len(axes):  # an axis has one index: two along it would be taken for one
            raise ValueError("a tensor with two dimensions along one axis, as an outer difference has")


def element_of(name: str, *axes: Axis) -> TermArray:
    """The element of the array variable of this name at the indices of these axes."""
    array = variable(name, *(a.length for a in axes))
    return TermArray((), element(array.term, *(a.index for a in axes)))


def total(of: TermArray, over: Axis) -> TermArray:
    """The sum of an element over an axis."""
    return TermArray((), make(Binder("sum"), over.length, abstracted(of.term, over.index.head)))  # pyright: ignore[reportArgumentType]


def _number(value: float) -> TermArray:
    """The number that was meant: a fraction of small numbers that rounds to this float, else its decimal."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"the number {value}")
        simple = Fraction(value).limit_denominator(1000)
        return as_term(simple if float(simple) == value else Fraction(repr(value)))
    return as_term(Fraction(value))


def _power(base: TermArray, exponent: float) -> TermArray:
    if float(exponent).is_integer():
        power = base ** abs(int(exponent))
        return power if exponent >= 0 else 1 / power
    if exponent == 0.5:
        return _root(base)
    raise ValueError(f"the power {exponent}")


def _root(x: TermArray) -> TermArray:
    """The square root of what is positive."""
    return xp.exp(xp.log(x) / 2)


_OF_ONE: dict[str, Callable[[TermArray], TermArray]] = {
    **dict.fromkeys(("clone", "detach", "alias", "_to_copy", "lift_fresh", "contiguous", "positive"), lambda x: x),
    "neg": lambda x: -x,
    "exp": xp.exp,
    "log": xp.log,
    "square": lambda x: x**2,
    "sqrt": _root,
    "rsqrt": lambda x: 1 / _root(x),
    "reciprocal": lambda x: 1 / x,
    "expm1": lambda x: xp.exp(x) - 1,
    "log1p": lambda x: xp.log(1 + x),
    "sigmoid": lambda x: 1 / (1 + xp.exp(-x)),  # not the spec's: its tanh is a function the solvers know nothing of
    "softplus": softplus,
    "abs": abs,
    "tanh": xp.tanh,
}
_OF_TWO: dict[str, Callable[[TermArray, TermArray], TermArray]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "rsub": lambda x, y: y - x,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
}
_SAME_ORDER = {"view", "_unsafe_view", "reshape", "unsqueeze", "squeeze", "flatten", "_reshape_alias"}
_PERMUTED = {"t", "transpose", "permute", "numpy_T"}
_CONSTANT = {"ones": 1, "ones_like": 1, "new_ones": 1, "zeros": 0, "zeros_like": 0, "new_zeros": 0, "zero": 0}


def lift(recording: Recording, lengths: Mapping[str, int], read_as: Mapping[str, Callable[..., TermArray]]) -> Lifted:
    """What the recorded code returned, as a term.

    `lengths` gives the recorded length of each axis, a prime; `read_as` the element of each argument, given the axes
    it has. Raises `Unread`.
    """
    lifter = _Lifter(recording, {length: axis(name) for name, length in lengths.items()}, read_as)
    for event in recording.events:
        lifter.event(event)
    assert recording.result is not None
    try:
        return lifter.read(recording.result)
    except ValueError as reason:
        raise Unread(f"the result is {reason.args[0]}", "the result") from None


class _Lifter:
    def __init__(
        self, recording: Recording, axes: Mapping[int, Axis], read_as: Mapping[str, Callable[..., TermArray]]
    ) -> None:
        self.axes = axes
        self.single_values = dict(recording.single_values)
        self.known: dict[Place, Lifted | Unread] = {}
        for name, place in recording.arguments.items():
            dims = tuple(self.factors(n) for n in place.size)
            own = [a for dim in dims for a in dim]
            self.known[place] = Lifted(dims, read_as[name](*own))

    def factors(self, length: int) -> tuple[Axis, ...]:
        """The axes whose lengths multiply to this one, the shorter first: by their lengths alone."""
        found = tuple(a for prime, a in self.axes.items() if length % prime == 0)
        if math.prod(prime for prime, a in self.axes.items() if a in found) != length:
            raise ValueError(f"a length of {length}, which is not a product of the lengths of the arguments' axes")
        return found

    def read(self, value: Any) -> Lifted:
        if not isinstance(value, Place):
            if isinstance(value, bool | int | float):
                return Lifted((), _number(value))
            raise ValueError(f"an argument of type {type(value).__name__}")
        if value in self.known:
            found = self.known[value]
            if isinstance(found, Unread):
                raise found
            return found
        if value in self.single_values:
            return Lifted(tuple(() for _ in value.size), _number(self.single_values[value]))
        raise ValueError("a tensor that is neither an argument, nor a number, nor made from these as a whole")

    def event(self, event: Event) -> None:
        name = event.name.removeprefix("aten.").partition(".")[0]
        base = name.rstrip("_") if not name.startswith("_") else name
        outputs = [place for place in event.outputs if isinstance(place, Place)]
        results = {output: self.attempt(base, event, output, alone=len(outputs) == 1) for output in outputs}
        for place in [place for place in (*self.known, *self.single_values) if place.storage in event.written]:
            self.known.pop(place, None)  # nothing is known of what was written into, under any view, but the output
            self.single_values.pop(place, None)
        self.known |= results

    def attempt(self, base: str, event: Event, output: Place, *, alone: bool) -> Lifted | Unread:
        try:
            if not alone:
                raise ValueError("it has several results")
            if not output.real:
                raise ValueError("its result is not of real numbers")
            return self.result(base, event, output)
        except Unread as reason:
            return reason
        except (ValueError, KeyError, IndexError, StopIteration) as reason:
            why = str(reason) if isinstance(reason, ValueError) else "its arguments"
            return Unread(f"{event.name.removeprefix('aten.')} has no reading here: {why}", event.source)

    def result(self, base: str, event: Event, output: Place) -> Lifted:
        arguments = event.arguments
        if base in _CONSTANT:
            return Lifted(self.dims(output), as_term(_CONSTANT[base]))
        if base in ("full", "full_like", "new_full", "fill"):
            return Lifted(self.dims(output), self.read(arguments[2 if base == "new_full" else 1]).element)
        if event.unchanged:
            return self.read(arguments[0])
        if base in _OF_ONE:
            x, *others = arguments
            if base == "softplus" and others:
                raise ValueError("a softplus with other than its usual numbers")
            x = self.read(x)
            return Lifted(x.dims, _OF_ONE[base](x.element))
        if base in _OF_TWO:
            if event.options.get("rounding_mode"):
                raise ValueError("a division that rounds")
            scale = _number(event.options.get("alpha", 1))
            x, y = self.read(arguments[0]), self.read(arguments[1])
            right, left = (y.element, x.element) if base != "rsub" else (y.element, x.element * scale)
            if base in ("add", "sub") and scale.term is not as_term(1).term:
                right = right * scale
            return Lifted(_broadcast(x.dims, y.dims), _OF_TWO[base](left, right))
        if base == "pow":
            if isinstance(arguments[1], Place) or isinstance(arguments[0], int | float):
                raise ValueError("a power whose exponent is a tensor")
            x = self.read(arguments[0])
            return Lifted(x.dims, _power(x.element, arguments[1]))
        if base in ("sum", "mean"):
            return self.reduced(base, event)
        if base in _SAME_ORDER | _PERMUTED | {"expand"}:
            return self.moved(base, self.read(arguments[0]), output)
        raise ValueError("there is no rule for it")

    def dims(self, place: Place) -> tuple[tuple[Axis, ...], ...]:
        return tuple(self.factors(n) for n in place.size)

    def moved(self, base: str, x: Lifted, output: Place) -> Lifted:
        """Elements are named by their indices, so a view has the same ones, unless it deals them out anew."""
        if base in _SAME_ORDER:
            return Lifted(self.split(x, output), x.element)
        if base == "expand":  # a dimension keeps its axes, in their order; a new one is of the axes of its length
            return Lifted(_broadcast(x.dims, self.new_dims(x, output)), x.element)
        return Lifted(tuple(next(d for d in x.dims if self.length(d) == n) for n in output.size), x.element)

    def new_dims(self, x: Lifted, output: Place) -> tuple[tuple[Axis, ...], ...]:
        old = ((),) * (len(output.size) - len(x.dims)) + x.dims
        return tuple(() if dim else self.factors(n) for dim, n in zip(old, output.size, strict=True))

    def length(self, dim: Iterable[Axis]) -> int:
        """How long a dimension of these axes was in the recording."""
        return math.prod(map(self.prime, dim))

    def prime(self, a: Axis) -> int:
        return next(prime for prime, known in self.axes.items() if known is a)

    def split(self, x: Lifted, output: Place) -> tuple[tuple[Axis, ...], ...]:
        """The axes in their order, dealt out to the dimensions of the output."""
        waiting = [a for dim in x.dims for a in dim]
        dims = []
        for length in output.size:
            taken: list[Axis] = []
            while self.length(taken) < length and waiting:
                taken.append(waiting.pop(0))
            if self.length(taken) != length:
                raise ValueError("a reshape that mixes axes")
            dims.append(tuple(taken))
        return tuple(dims)

    def reduced(self, base: str, event: Event) -> Lifted:
        x = self.read(event.arguments[0])
        dims = event.arguments[1] if len(event.arguments) > 1 else event.options.get("dim")
        keep = event.arguments[2] if len(event.arguments) > 2 else event.options.get("keepdim", False)
        chosen = range(len(x.dims)) if dims is None or dims == [] else dims
        gone = {d % max(1, len(x.dims)) for d in ([chosen] if isinstance(chosen, int) else chosen)}
        result = x.element
        for over in [a for d in sorted(gone, reverse=True) for a in reversed(x.dims[d])]:
            result = total(result, over)
            if base == "mean":
                result = result / real(over.length)
        left = tuple(() if d in gone else dim for d, dim in enumerate(x.dims) if keep or d not in gone)
        return Lifted(left, result)


def _broadcast(x: tuple[tuple[Axis, ...], ...], y: tuple[tuple[Axis, ...], ...]) -> tuple[tuple[Axis, ...], ...]:
    rank = max(len(x), len(y))
    x, y = ((),) * (rank - len(x)) + x, ((),) * (rank - len(y)) + y
    if any(a and b and a != b for a, b in zip(x, y, strict=True)):
        raise ValueError("two tensors whose elements are paired across axes")
    return tuple(a or b for a, b in zip(x, y, strict=True))


def generalised(first: Term, second: Term, lengths: Mapping[str, tuple[int, int]]) -> Term:
    """The term that both are, at the lengths of the first and of the second recording.

    A number that moved between them is a length in disguise (`x.size(0)`): c times a product of powers of lengths.
    Raises `ValueError` where the two differ otherwise: the code does not do the same at all lengths.
    """
    if first is second:
        return first
    if isinstance(first.head, Number) and isinstance(second.head, Number) and first.sort is second.sort is REAL:
        return _as_lengths(first.head.value, second.head.value, lengths).term
    if first.head != second.head or len(first.arguments) != len(second.arguments):
        raise ValueError("the code does something else at other sizes")
    pairs = zip(first.arguments, second.arguments, strict=True)
    return make(first.head, *(generalised(one, other, lengths) for one, other in pairs))


def _as_lengths(first: Fraction, second: Fraction, lengths: Mapping[str, tuple[int, int]]) -> TermArray:
    for powers in itertools.product((0, 1, -1), repeat=len(lengths)):
        scales = [
            math.prod(
                (Fraction(pair[k]) ** power for pair, power in zip(lengths.values(), powers, strict=True)), start=1
            )
            for k in (0, 1)
        ]
        if first / scales[0] == second / scales[1]:
            result = as_term(first / scales[0])
            for name, power in zip(lengths, powers, strict=True):
                if power:
                    result = result * real(size(name)) if power > 0 else result / real(size(name))
            return result
    raise ValueError(f"the number {first} became {second} at other sizes")
