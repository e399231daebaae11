"""What symbolic arrays and lengths refuse to do, each with a message: the operators, conversions, numpy, torch.

`x < y` on two arrays raises "the comparison <: a term has no value to decide by, and a formula does not branch."
"""

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from vaelid.readings.errors import ReadingError

__all__ = ["BY_ARRAYS", "BY_LENGTHS", "refuse_methods", "refuse_numpy", "refuse_torch"]

_NOT_KNOWN = "the number of elements of an axis is not known."
_OF_TWO = ("add", "sub", "mul", "truediv", "floordiv", "mod", "divmod", "pow", "lshift", "rshift", "and", "or", "xor")
_OF_ONE = ("neg", "pos", "abs", "invert", "round", "trunc", "floor", "ceil")
_ARITHMETIC = (*_OF_TWO, *(f"r{name}" for name in _OF_TWO), *_OF_ONE)
BY_LENGTHS: Mapping[str, tuple[str, str]] = {
    **{f"__{name}__": ("arithmetic with a symbolic length", _NOT_KNOWN) for name in _ARITHMETIC},
    **{f"__{name}__": ("a decision by a symbolic length", _NOT_KNOWN) for name in ("lt", "le", "gt", "ge", "bool")},
    **{f"__{name}__": ("a symbolic length as a number", _NOT_KNOWN) for name in ("int", "float", "complex")},
}
"""The operation and the reason, by the method that a symbolic length refuses."""

_NO_VALUE = "a term has no value to decide by, and a formula does not branch."
_NO_RULE = "the term reading has no rule for it."
BY_ARRAYS: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(("__eq__", "__ne__"), ("the comparison ==", _NO_VALUE)),
    **dict.fromkeys(("__lt__", "__gt__"), ("the comparison <", _NO_VALUE)),
    **dict.fromkeys(("__le__", "__ge__"), ("the comparison <=", _NO_VALUE)),
    "__bool__": ("a branch on an array", _NO_VALUE),
    **dict.fromkeys(("__float__", "__int__", "__index__", "__complex__"), ("a conversion to a number", _NO_VALUE)),
    **dict.fromkeys(("__iter__", "__len__"), ("a loop over an array", "its length may be symbolic.")),
    **dict.fromkeys(("__mod__", "__rmod__", "__floordiv__", "__rfloordiv__"), ("the operation % or //", _NO_RULE)),
    **dict.fromkeys(("__divmod__", "__rdivmod__", "__round__"), ("the operation divmod or round", _NO_RULE)),
    **dict.fromkeys(
        ("__and__", "__rand__", "__or__", "__ror__", "__xor__", "__rxor__", "__invert__"),
        ("the operation & | ^ or ~", _NO_RULE),
    ),
    **dict.fromkeys(("__rpow__",), ("a power with a term in the exponent", "write it with exp and log.")),
    "__setitem__": ("an assignment into an array", "a term cannot be changed."),
    "__array__": ("a conversion to numpy", "use the array's own namespace."),
}
"""The operation and the reason, by the method that a symbolic array refuses."""


def refuse_methods(kind: type, methods: Mapping[str, tuple[str, str]]) -> None:
    """Have every object of this class refuse these methods."""
    for method, (operation, reason) in methods.items():
        setattr(kind, method, _refusal(operation, reason))


def _refusal(operation: str, reason: str) -> Callable[..., NoReturn]:
    def refused(self: Any, *_: Any, **__: Any) -> NoReturn:
        raise ReadingError(f"{operation}: {reason}")

    return refused


def refuse_numpy(self: Any, function: Any, *_: Any, **__: Any) -> NoReturn:
    """`__array_ufunc__` and `__array_function__` of a symbolic array."""
    name = getattr(function, "__name__", function)
    raise ReadingError(f"numpy's {name}: call the function of the array's own namespace, array_namespace(x).{name}.")


def refuse_torch(cls: type, function: Any, *_: Any, **__: Any) -> NoReturn:
    """`__torch_function__` of the class of symbolic arrays."""
    name = getattr(function, "__name__", function)
    raise ReadingError(f"torch's {name}: call the function of the array's own namespace, array_namespace(x).{name}.")
