"""The array-API functions of symbolic arrays: one table of rules. An operation without a rule is refused by name."""

from collections.abc import Callable, Sequence
from typing import Any

from vaelid.readings.errors import ReadingError, UnknownOperation
from vaelid.readings.terms.arrays import (
    DTYPE,
    Size,
    TermArray,
    as_term,
    broadcast_shape,
    combined,
    index,
    lengths,
    mapped,
    real,
)
from vaelid.readings.terms.substitution import element, make
from vaelid.readings.terms.syntax import Binder, Bound, Operator

__all__ = ["NAMESPACE", "UnknownOperation"]


def _elementwise(name: str) -> Callable[..., TermArray]:
    return lambda x: mapped(name, x)


def _of_two(name: str) -> Callable[..., TermArray]:
    return lambda x, y: combined(name, x, y)


def expm1(x: Any) -> TermArray:
    """e^x - 1."""
    return mapped("exp", x) - 1


def log1p(x: Any) -> TermArray:
    """log(1 + x)."""
    return mapped("log", 1 + as_term(x))


def logaddexp(x: Any, y: Any) -> TermArray:
    """log(e^x + e^y)."""
    return mapped("log", mapped("exp", x) + mapped("exp", y))


def log_of_number(value: Any, like: TermArray) -> TermArray:
    """log(value), of an exact number."""
    return mapped("log", value)


def log_softmax(x: TermArray, *, axis: int) -> TermArray:
    """x - log(sum(e^x, axis)): the definition, which the float readings compute with the largest x taken out."""
    return x - mapped("log", sum_(mapped("exp", x), axis=axis, keepdims=True))


def sum_(x: Any, *, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> TermArray:
    """The sum over an axis, over several, or over all. A number has no axis: its sum would vanish without a word."""
    x = as_term(x)
    if not x.ndim:
        raise ReadingError("the sum or mean of a number: it has no axis to sum over; is it meant to be an array?")
    for position in sorted(_axes(axis, x.ndim), reverse=True):
        length = x.shape[position]
        moved = permute_dims(x, (*[a for a in range(x.ndim) if a != position], position))
        total = TermArray(moved.shape[:-1], make(Binder("sum"), index(length), moved.element))
        x = expand_dims(total, axis=position) if keepdims else total
    return x


def mean(x: Any, *, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> TermArray:
    """The sum divided by the number of terms."""
    x = as_term(x)
    total = sum_(x, axis=axis, keepdims=keepdims)
    for position in _axes(axis, x.ndim):
        total = total / real(x.shape[position])
    return total


def _axis(axis: int, rank: int) -> int:
    if not -rank <= axis < rank:
        raise ReadingError(f"axis {axis} of an array with {rank} axes.")
    return axis % rank


def _axes(axis: int | tuple[int, ...] | None, rank: int) -> list[int]:
    """The axes chosen: one, several, or all."""
    chosen = range(rank) if axis is None else (axis,) if isinstance(axis, int) else axis
    axes = [_axis(one, rank) for one in chosen]
    if len(set(axes)) < len(axes):
        raise ReadingError(f"the axes {axis}: one of them is named twice.")
    return axes


def permute_dims(x: TermArray, axes: Sequence[int]) -> TermArray:
    """Axis k of the result is axis axes[k] of x."""
    rank = x.ndim
    if sorted(axes) != [*range(rank)]:
        raise ReadingError(f"the axes {axes}: an array of {rank} axes is permuted by each of 0, ..., {rank - 1} once.")
    places = [axes.index(axis) for axis in range(rank)]
    indices = [make(Bound(rank - 1 - place)) for place in places]
    return TermArray(tuple(x.shape[axis] for axis in axes), element(x.term, *indices))


def matrix_transpose(x: TermArray) -> TermArray:
    """The last two axes exchanged."""
    return permute_dims(x, (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))


def expand_dims(x: TermArray, *, axis: int) -> TermArray:
    """A new axis of length 1."""
    position = _axis(axis, x.ndim + 1)
    key = [slice(None)] * x.ndim
    return x[(*key[:position], None, *key[position:])]


def matmul(x: Any, y: Any) -> TermArray:
    """sum_n x[..., n] y[n] for a vector y; sum_n x[..., m, n] y[..., n, k] for a matrix."""
    x, y = as_term(x), as_term(y)
    if not (x.ndim and y.ndim) or x.shape[-1] != y.shape[0 if y.ndim == 1 else -2]:
        raise ReadingError("a matrix product: the last axis of one factor is not as long as the other's that it meets.")
    if y.ndim == 1:
        return sum_(x * y, axis=-1)
    if x.ndim == 1:
        return sum_(expand_dims(x, axis=1) * y, axis=-2)
    return sum_(expand_dims(x, axis=-1) * expand_dims(y, axis=-3), axis=-2)


def broadcast_to(x: Any, shape: tuple[Size, ...]) -> TermArray:
    """The same elements, repeated along new axes and axes of length 1."""
    x = as_term(x)
    wanted = lengths(tuple(shape))
    if broadcast_shape(x.shape, wanted) != wanted:
        raise ReadingError(f"an array of {x.ndim} axes does not broadcast to that shape.")
    return TermArray(wanted, x.element)


def _filled(value: int) -> Callable[..., TermArray]:
    return lambda x, **_: TermArray(x.shape, as_term(value).element)


def asarray(x: Any, **_: Any) -> TermArray:
    """A number or a term as an array."""
    return as_term(x)


def astype(x: TermArray, dtype: Any, *, copy: bool = True) -> TermArray:
    """The same real numbers."""
    if dtype != DTYPE:
        raise ReadingError(f"a conversion to {dtype}: a term is a real number.")
    return x


_RULES: dict[str, Any] = {
    **{name: _elementwise(name) for name in ("exp", "log", "sqrt", "abs", "tanh", "lgamma", "negative")},
    **{name: _of_two(name) for name in ("add", "subtract", "multiply", "divide")},
    "pow": lambda x, exponent: as_term(x) ** exponent,
    "square": lambda x: as_term(x) ** 2,
    "expm1": expm1,
    "log1p": log1p,
    "log_of_number": log_of_number,
    "number": lambda value, like: as_term(value),
    "logaddexp": logaddexp,
    "log_softmax": log_softmax,
    "sum": sum_,
    "mean": mean,
    "permute_dims": permute_dims,
    "matrix_transpose": matrix_transpose,
    "expand_dims": expand_dims,
    "matmul": matmul,
    "broadcast_to": broadcast_to,
    "zeros_like": _filled(0),
    "ones_like": _filled(1),
    "asarray": asarray,
    "astype": astype,
    "pi": TermArray((), make(Operator("pi"))),
    DTYPE: DTYPE,
}


class _Namespace:
    """What `array_namespace` finds on a symbolic array; `supplies`: see `vaelid.spec.arrays.may_be_supplied`."""

    supplies = frozenset({"log_of_number", "log_softmax", "number"})
    __name__ = "vaelid.readings.terms"

    def __getattr__(self, name: str) -> Any:
        if name not in _RULES:
            raise UnknownOperation(f"the operation {name}: the term reading has no rule for it.")
        return _RULES[name]

    def __dir__(self) -> list[str]:
        return sorted(_RULES)

    def __repr__(self) -> str:
        return "the term reading"


NAMESPACE = _Namespace()
TermArray.namespace = NAMESPACE
