"""A user's own backward against the formula of what it is the backward of: at the recorded point."""

import math
from collections.abc import Mapping
from contextlib import suppress
from fractions import Fraction

import torch
from flint import ctx
from torch import Tensor

from vaelid.auditor.findings.report import Witness
from vaelid.auditor.findings.witnesses import separated
from vaelid.auditor.formula.circuit import SLOPES, Circuit, Values
from vaelid.auditor.formula.errors import Unread
from vaelid.auditor.formula.in_tensors import array_of
from vaelid.auditor.lifting.axes import Axes
from vaelid.auditor.lifting.tensor import Leaf, Lifted
from vaelid.readings.errors import ReadingError

__all__ = ["gradient_agrees", "slopes_differ"]


_PRECISION = 128
_MOST_NODES, _MOST_ELEMENTS = 5000, 20


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


def slopes_differ(found: Lifted, actual: Tensor, leaves: Mapping[str, Leaf], axes: Axes) -> Witness | None:
    """The slope of a tensor's first number in a leaf's, as torch has it, beside a ball of its formula's, if apart."""
    lengths = {f"{letter}{axis}": n for axis, n in enumerate(axes.lengths) for letter in "Ni"}
    places = dict.fromkeys((f"i{axis}" for axis in range(len(axes.lengths))), 0)
    shapes = {n: [axes.lengths[a] for dim in leaves[n].dims for a in axes.now(dim)] for n in found.leaves}
    numbers = {name: leaves[name].tensor.detach().double().reshape(shape) for name, shape in shapes.items()}
    circuit = Circuit(lengths, {}, _MOST_NODES)
    with ctx.workprec(_PRECISION), suppress(ReadingError, Unread, RuntimeError):
        root = circuit.node(found.element.term, places)
        values = Values(circuit, SLOPES, lambda at: Fraction(float(numbers[at[0]][at[1]])))
        trained = [at for at in circuit.elements if leaves[at[0]].tensor.requires_grad]
        for at in trained[:_MOST_ELEMENTS]:
            tensor = leaves[at[0]].tensor
            (slope,) = torch.autograd.grad(actual.flatten()[0], [tensor], retain_graph=True, allow_unused=True)
            got = 0.0 if slope is None else float(slope.reshape(shapes[at[0]])[at[1]])
            wanted = values.at(root, {at: SLOPES.moving(values.base(at))})
            if wanted is not None and math.isfinite(got) and not abs(wanted[1] - got) < 1e-3 * (1e-2 + abs(wanted[1])):
                name = f"{at[0]}[{', '.join(map(str, at[1]))}]"
                meaning = f"the slope of what that line is given in {name}, as torch computed it; as its formula has it"
                return separated({}, Fraction(got), wanted[1], meaning)
    return None
