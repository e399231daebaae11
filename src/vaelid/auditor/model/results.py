"""From what a function returned to the tensor that is audited.

What a KL or a sampler returned comes in; its tensor goes out, or an error that says what was expected. Example: of a
sampler that returns ``(z, mu)`` it is z.
"""

from typing import Any

from torch import Tensor

from vaelid.auditor.formula.errors import Unread
from vaelid.spec.errors import InputError

__all__ = ["divergence_returned", "sample_returned"]


def divergence_returned(returned: Any) -> Tensor:
    """The tensor that a KL returned. Raises `Unread` if it is none."""
    if not isinstance(returned, Tensor):
        raise Unread(f"it returned a {type(returned).__name__}, and not a tensor", None)
    if returned.is_complex() or returned.is_quantized:
        raise Unread(f"it returned a tensor of {returned.dtype}, and not of real numbers", None)
    return returned


def sample_returned(returned: Any) -> Tensor:
    """The sample that a sampler returned, or the first of several tensors. Raises `InputError` if it is none."""
    found = returned[0] if isinstance(returned, tuple | list) and returned else returned
    if not isinstance(found, Tensor):
        raise InputError(f"the audited function returned a {type(found).__name__}: return z, a tensor.")
    if found.is_complex() or found.is_quantized:
        raise InputError(f"the audited function returned a tensor of {found.dtype}: z is of real numbers.")
    return found
