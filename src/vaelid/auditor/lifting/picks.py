"""Elements that whole numbers pick: sums against one-hot codes, and masks of what is left out."""

import torch
from torch import Tensor

from vaelid.auditor.formula.axes_of_terms import element_of
from vaelid.auditor.formula.errors import Mixed
from vaelid.auditor.formula.functions import divided
from vaelid.auditor.lifting.axes import Dims
from vaelid.auditor.lifting.leaves import Leaves
from vaelid.auditor.lifting.tensor import Leaf, Lifted
from vaelid.auditor.recording.record import Place

__all__ = ["Picks"]


class Picks(Leaves):
    """Operations that take whole numbers for places."""

    def picked(self, x: Lifted, dim: int, other: Dims, chosen: Tensor) -> Lifted:
        """The elements of x that whole numbers pick along a dimension: a sum against their one-hot code."""
        dim %= len(x.dims)
        dims = tuple(x.dims[dim] if d == dim else given for d, given in enumerate(other))
        name = self.name("onehot")
        code = torch.nn.functional.one_hot(chosen.long(), self.axes.length(x.dims[dim])).movedim(-1, dim).double()
        self.leaves[name] = Leaf(name, "argument", dims, code, operation="one-hot", source=self.event.source)
        flat = [a for given in dims for a in given]
        one_hot = Lifted(dims, lambda: element_of(name, flat), frozenset({name}))
        return self.over(self.pointwise(lambda one, value: one * value, one_hot, x), [dim], "sum", keep=True)

    def gathered(self, output: Place) -> Lifted:
        """What `gather` picks: one element along a dimension."""
        x, dim, chosen = self.event.arguments[:3]
        if output.size[dim] != 1:
            raise Mixed("several elements picked along a dimension")
        return self.picked(self.operand(x), dim, self.read(chosen).dims, self.values_of(chosen).squeeze(dim))

    def picked_loss(self) -> Lifted:
        """The loss of classes by their log-probabilities; those that are ignored are masked."""
        x, target, weight, reduction, ignored = self.event.arguments
        classes = self.values_of(target)
        if weight is not None:
            raise Mixed("weights of classes")
        found = self.operand(x)
        dims = self.read(target).dims
        kept = classes != ignored
        classes = classes * kept
        shape = (dims[0], (), *dims[1:]) if len(found.dims) > 1 else ((),)
        chosen = self.picked(found, 1 if len(found.dims) > 1 else 0, shape, classes)
        each = self.pointwise(lambda v: -v, chosen)
        if bool(kept.all()):
            return self.over(each, range(len(each.dims)), ("none", "mean", "sum")[reduction])
        mask = self.mask(kept, shape, self.read(target).leaves)
        each = self.pointwise(lambda one, value: one * value, mask, each)
        total = self.over(each, range(len(each.dims)), "none" if reduction == 0 else "sum")
        if reduction != 1:
            return total
        return self.pointwise(divided, total, self.over(mask, range(len(mask.dims)), "sum"))

    def mask(self, kept: Tensor, dims: Dims, inputs: frozenset[str]) -> Lifted:
        """Which places count, as a leaf that is made from data."""
        name = self.name("mask")
        made = {"inputs": inputs, "operation": "ne", "source": self.event.source}
        self.leaves[name] = Leaf(name, "made", dims, kept.double(), **made)
        flat = [a for given in dims for a in given]
        return Lifted(dims, lambda: element_of(name, flat), frozenset({name}))
