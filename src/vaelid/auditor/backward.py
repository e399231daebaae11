"""A user's own backward against the formula of what it is the backward of: at the recorded point."""

from collections.abc import Mapping

import torch
from torch import Tensor

from vaelid.auditor.axes import Axes
from vaelid.auditor.numeric import array_of
from vaelid.auditor.tensors import Leaf, Lifted, Unread
from vaelid.readings.errors import ReadingError

__all__ = ["gradient_agrees"]


def gradient_agrees(found: Lifted, actual: Tensor, leaves: Mapping[str, Leaf], axes: Axes) -> bool:
    """Whether autograd's gradient of a tensor in its leaves is its formula's, to 1e-3; False where it has none."""
    names = sorted(name for name in found.leaves if leaves[name].tensor.requires_grad)
    own = [axis for dim in found.dims for axis in axes.now(dim)]
    lengths = {f"{letter}{axis}": n for axis, n in enumerate(axes.lengths) for letter in "Ni"}
    arrays = {}
    for name in found.leaves:
        shape = [axes.lengths[axis] for dim in leaves[name].dims for axis in axes.now(dim)]
        arrays[name] = leaves[name].tensor.detach().double().reshape(shape).requires_grad_(name in names)
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn([axes.lengths[axis] for axis in own], generator=generator, dtype=torch.float64)
    try:
        formula = array_of(found.element.term, arrays, lengths, tuple(f"i{axis}" for axis in own))
        partial = torch.autograd.grad((formula * weights).sum(), [arrays[name] for name in names])
        outward = (actual * weights.reshape(actual.shape).to(actual.dtype)).sum()
        tensors = [leaves[name].tensor for name in names]
        got = torch.autograd.grad(outward, tensors, retain_graph=True, allow_unused=True)
        along = [slope.reshape(t.shape).to(t.dtype) for slope, t in zip(partial, tensors, strict=True)]
        wanted = torch.autograd.grad(tensors, tensors, along, retain_graph=True)  # one leaf may be made from another
    except (RuntimeError, ReadingError, Unread):
        return False
    pairs = zip(got, wanted, strict=True)
    return all(g is not None and torch.allclose(g.double(), w.double(), 1e-3, 1e-5) for g, w in pairs)
