"""The array a spec function is read with, and what the array API standard leaves out.

A *reading* is an array type with a namespace (https://data-apis.org/array-api). `array_namespace` finds it,
and every function of the spec is written over it: nothing here knows which library runs.
"""

from typing import Any

import numpy as np
from array_api_compat import array_namespace, is_jax_array, is_torch_array

__all__ = [
    "array_namespace",
    "exp_minus_one_minus",
    "index_dtype",
    "lgamma",
    "log_softmax",
    "softplus",
    "to_numpy",
]


def to_numpy(x: Any) -> np.ndarray:
    """The values of x on the CPU, cut from any gradient."""
    return x.detach().cpu().numpy() if is_torch_array(x) else np.asarray(x)


def index_dtype(x: Any) -> Any:
    """The dtype in which the namespace of x counts positions: int64, but int32 in jax without x64."""
    return array_namespace(x).__array_namespace_info__().default_dtypes()["indexing"]


def lgamma(x: Any) -> Any:
    """Log |Gamma(x)|, elementwise.

    The standard has no gamma function. A namespace that has one under this name (torch; the readings of
    this project) is asked for it; others are answered by `scipy.special.gammaln`.
    """
    xp = array_namespace(x)
    if hasattr(xp, "lgamma"):
        return xp.lgamma(x)
    if is_jax_array(x):
        from jax.scipy.special import gammaln  # pyright: ignore[reportMissingImports]

        return gammaln(x)
    from scipy.special import gammaln

    return xp.asarray(gammaln(to_numpy(x)), dtype=x.dtype)


def exp_minus_one_minus(x: Any) -> Any:
    """e^x - 1 - x, elementwise: nonnegative, and zero at zero only.

    Through expm1, so that an eager float result keeps its sign near zero; it overflows where e^x does.
    """
    return array_namespace(x).expm1(x) - x


def softplus(x: Any) -> Any:
    """log(1 + e^x), elementwise."""
    xp = array_namespace(x)
    return xp.logaddexp(x, xp.zeros_like(x))


def log_softmax(x: Any, *, axis: int) -> Any:
    """X - log sum(e^x, axis), along one axis."""
    xp = array_namespace(x)
    shifted = x - xp.max(x, axis=axis, keepdims=True)
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=axis, keepdims=True))
