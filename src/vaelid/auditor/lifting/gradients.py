"""A user's own backward against the formula of what it is the backward of, at the recorded point.

In: a tensor as it was read, and the tensor of the run, through which autograd goes. Out: whether the two gradients
agree; or a witness where they do not. For example, of a forward exp(x) with a backward that gives the gradient of x,
the slope at x = 1 is 1 as torch has it, and 2.718... as the formula has it.
"""

import math
from collections.abc import Mapping
from contextlib import suppress
from fractions import Fraction

import torch
from flint import ctx
from torch import Tensor

from vaelid.auditor.findings.report import Witness
from vaelid.auditor.findings.witnesses import separated
from vaelid.auditor.formula.axes_of_terms import index_names, sizes_of
from vaelid.auditor.formula.circuit import Circuit
from vaelid.auditor.formula.circuit_values import CircuitValues
from vaelid.auditor.formula.in_tensors import values_of
from vaelid.auditor.formula.number_types import SLOPES
from vaelid.auditor.lifting.axes import Axes
from vaelid.auditor.lifting.tensor import Leaf, Lifted

__all__ = ["gradient_agrees", "slopes_differ"]


_PRECISION = 128
"""Bits of the balls: a slope in 5,000 steps loses a few of them, and 1e-3 takes 10 to tell apart."""
_MOST_NODES, _MOST_ELEMENTS = 5000, 20
"""Largest circuit, half a second; and elements whose slopes are asked for, each one run of autograd backwards."""
_RELATIVE, _ABSOLUTE = 1e-3, 1e-5
"""How far two gradients may be apart: the run may be in float32, through a network whose rounding errors add up."""


def gradient_agrees(found: Lifted, actual: Tensor, leaves: Mapping[str, Leaf], axes: Axes) -> bool:
    """Whether autograd's gradient of a tensor in its leaves is its formula's, to 1e-3; False where one has none.

    Both are compared in one random direction: the sum of the elements, each times a standard normal number.
    """
    names = sorted(name for name in found.leaves if leaves[name].tensor.requires_grad)
    own = [axis for dim in found.dims for axis in axes.now(dim)]
    lengths = sizes_of(axes.lengths)
    arrays = {}
    for name in found.leaves:
        shape = [axes.lengths[axis] for dim in leaves[name].dims for axis in axes.now(dim)]
        arrays[name] = leaves[name].tensor.detach().double().reshape(shape).requires_grad_(name in names)
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn([axes.lengths[axis] for axis in own], generator=generator, dtype=torch.float64)
    try:
        formula = values_of(found.element.term, arrays, lengths, index_names(own))
        partial = torch.autograd.grad((formula * weights).sum(), [arrays[name] for name in names])
        outward = (actual * weights.reshape(actual.shape).to(actual.dtype)).sum()
        tensors = [leaves[name].tensor for name in names]
        got = torch.autograd.grad(outward, tensors, retain_graph=True, allow_unused=True)
        along = [slope.reshape(t.shape).to(t.dtype) for slope, t in zip(partial, tensors, strict=True)]
        wanted = torch.autograd.grad(tensors, tensors, along, retain_graph=True)  # one leaf may be made from another
    except Exception:  # hooks of the user's run here, and raise what they will
        return False
    pairs = zip(got, wanted, strict=True)
    return all(g is not None and torch.allclose(g.double(), w.double(), _RELATIVE, _ABSOLUTE) for g, w in pairs)


def slopes_differ(found: Lifted, actual: Tensor, leaves: Mapping[str, Leaf], axes: Axes) -> Witness | None:
    """A leaf's element in which the derivative of a tensor's first element is not its formula's, with both numbers.

    They are taken to differ where they are apart by 1e-3 of the derivative, or by 1e-5 where it is nearly 0: see above.
    """
    lengths = sizes_of(axes.lengths)
    places = dict.fromkeys(index_names(range(len(axes.lengths))), 0)
    shapes = {n: [axes.lengths[a] for dim in leaves[n].dims for a in axes.now(dim)] for n in found.leaves}
    numbers = {name: leaves[name].tensor.detach().double().reshape(shape) for name, shape in shapes.items()}
    circuit = Circuit(lengths, {}, _MOST_NODES)
    with ctx.workprec(_PRECISION), suppress(Exception):
        root = circuit.node(found.element.term, places)
        values = CircuitValues(circuit, SLOPES, lambda at: Fraction(float(numbers[at[0]][at[1]])))
        trained = [at for at in circuit.elements if leaves[at[0]].tensor.requires_grad]
        if any(len(at[1]) != len(shapes[at[0]]) for at in trained):
            return None  # an axis was cut in two since the term was made: the next pass has it so
        for at in trained[:_MOST_ELEMENTS]:
            tensor = leaves[at[0]].tensor
            (slope,) = torch.autograd.grad(actual.flatten()[0], [tensor], retain_graph=True, allow_unused=True)
            got = 0.0 if slope is None else float(slope.reshape(shapes[at[0]])[at[1]])
            wanted = values.at(root, {at: SLOPES.moving(values.base(at))})
            if (
                wanted is not None
                and math.isfinite(got)
                and not abs(wanted[1] - got) < _RELATIVE * (1e-2 + abs(wanted[1]))
            ):
                name = f"{at[0]}[{', '.join(map(str, at[1]))}]"
                meaning = f"the slope of what that line is given in {name}, as torch computed it; as its formula has it"
                return separated({}, Fraction(got), wanted[1], meaning)
    return None
