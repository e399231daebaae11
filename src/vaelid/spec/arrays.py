"""The array a spec function is read with, and what the array API standard leaves out.

A *reading* is an array type with a namespace (https://data-apis.org/array-api). `array_namespace` finds it,
and every function of the spec is written over it: nothing here knows which library runs.

Some definitions are written for floating point (a shift against overflow, a series near zero, a constant rounded
once). Each stands behind `may_be_supplied`: a reading that is not floating point answers it from the formula.
"""

import math
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np
from array_api_compat import array_namespace, device, is_jax_array, is_torch_array

__all__ = [
    "array_namespace",
    "exp_minus_one_minus",
    "index_dtype",
    "lgamma",
    "log_of_number",
    "log_softmax",
    "may_be_supplied",
    "number",
    "sigmoid",
    "softplus",
    "to_numpy",
]

P = ParamSpec("P")
R = TypeVar("R")


def may_be_supplied(function: Callable[P, R]) -> Callable[P, R]:
    """Let a reading answer `function` with an operation of its own, of the same name and arguments.

    A reading's namespace lists the names of such operations in its attribute `supplies`. Array libraries have no
    such attribute, so what they may hold under the same name (`torch.softplus`) is not asked for.
    The namespace is that of the positional arguments that are arrays.
    """
    name = function.__name__

    @wraps(function)
    def read(*args: P.args, **kwargs: P.kwargs) -> R:
        xp = array_namespace(*args)
        return (getattr(xp, name) if name in getattr(xp, "supplies", ()) else function)(*args, **kwargs)

    return read


def to_numpy(x: Any) -> np.ndarray:
    """The values of x on the CPU, cut from any gradient."""
    return x.detach().cpu().numpy() if is_torch_array(x) else np.asarray(x)


def index_dtype(x: Any) -> Any:
    """The dtype in which the namespace of x counts positions: int64, but int32 in jax without x64."""
    return array_namespace(x).__array_namespace_info__().default_dtypes()["indexing"]


@may_be_supplied
def number(value: float, like: Any) -> Any:
    """A Python number as the reading of `like` computes with it: itself, for floating-point arrays.

    Arithmetic between Python numbers is rounded; a reading that does not round makes a scalar of its own of each.
    """
    return value


@may_be_supplied
def log_of_number(value: float, like: Any) -> Any:
    """Log of a Python number, as a scalar in the namespace, dtype and device of `like`, rounded once."""
    return array_namespace(like).asarray(math.log(value), dtype=like.dtype, device=device(like))


@may_be_supplied
def lgamma(x: Any) -> Any:
    """Log |Gamma(x)|, elementwise.

    The standard has no gamma function. A library that has one under this name (torch) is asked for it; others
    are answered by `scipy.special.gammaln`.
    """
    xp = array_namespace(x)
    if hasattr(xp, "lgamma"):
        return xp.lgamma(x)
    if is_jax_array(x):
        from jax.scipy.special import gammaln  # pyright: ignore[reportMissingImports]

        return gammaln(x)
    from scipy.special import gammaln

    return xp.asarray(gammaln(to_numpy(x)), dtype=x.dtype)


@may_be_supplied
def exp_minus_one_minus(x: Any) -> Any:
    """e^x - 1 - x, elementwise: nonnegative, and zero at zero only.

    Through expm1, so that an eager float result keeps its sign near zero; it overflows where e^x does.
    """
    return array_namespace(x).expm1(x) - x


@may_be_supplied
def sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x), elementwise, as (1 + tanh(x/2)) / 2, which does not overflow."""
    return (1 + array_namespace(x).tanh(x / 2)) / 2


@may_be_supplied
def softplus(x: Any) -> Any:
    """log(1 + e^x), elementwise."""
    xp = array_namespace(x)
    return xp.logaddexp(x, xp.zeros_like(x))


@may_be_supplied
def log_softmax(x: Any, *, axis: int) -> Any:
    """X - log sum(e^x, axis), along one axis."""
    xp = array_namespace(x)
    shifted = x - xp.max(x, axis=axis, keepdims=True)
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=axis, keepdims=True))
