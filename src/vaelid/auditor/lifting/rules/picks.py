"""Elements that whole numbers pick, as sums against one-hot codes.

In: an event such as `log_p.gather(1, labels[:, None])`. Out: the sum of onehot1[i0, k] log_p[i0, k] over k < N1, the
code being a leaf of data. The loss of classes is that with a minus, and with a mask where some are ignored.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from vaelid.auditor.formula.errors import Mixed, Unread
from vaelid.auditor.formula.functions import divided
from vaelid.auditor.lifting.axes import Dims
from vaelid.auditor.lifting.operands import operand, read
from vaelid.auditor.lifting.pointwise import pointwise
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.registry import reads
from vaelid.auditor.lifting.sums import REDUCTIONS, over
from vaelid.auditor.lifting.tensor import Composed, Leaf, Lifted
from vaelid.auditor.recording.events import Event
from vaelid.readings.terms.arrays import as_term

__all__ = ["IGNORED"]


IGNORED = "ignored labels"
"""The operation of the mask that a loss of classes makes itself, of the labels that are its `ignore_index`."""


@reads("gather")
def _gathered(reader: Reader, event: Event) -> Lifted:
    x, dim, chosen = event.arguments[:3]
    (output,) = event.made_regions
    if output.size[dim] != 1:
        raise Mixed("several elements picked along a dimension")
    found, numbers = operand(reader, event, x), read(reader, event, chosen)
    labels = reader.values_before(event.number, chosen)
    return _picked(reader, event, found, dim, numbers, numbers.dims, labels, lambda given: given.squeeze(dim))


@reads("nll_loss_forward", "nll_loss2d_forward", several=True)
def _loss_of_classes(reader: Reader, event: Event) -> list[Lifted]:
    """The loss, and the weight of all examples together, which only the backward pass reads."""
    loss = _loss_by_log_probabilities(reader, event)
    _, weight = event.made_regions
    return [loss, Lifted(tuple(() for _ in weight.size), lambda: as_term(1))]


def _loss_by_log_probabilities(reader: Reader, event: Event) -> Lifted:
    x, target, weight, reduction, ignored = event.arguments
    classes = reader.values_before(event.number, target)
    if weight is not None:
        raise Mixed("weights of classes")
    found, labels = operand(reader, event, x), read(reader, event, target)
    kept = classes != ignored
    by_rows = len(found.dims) > 1
    shape = (labels.dims[0], (), *labels.dims[1:]) if by_rows else ((),)
    chosen = _picked(
        reader, event, found, 1 if by_rows else 0, labels, shape, classes, lambda given: given * (given != ignored)
    )
    kind = REDUCTIONS[reduction]
    each = pointwise(reader, event, lambda v: -v, chosen)
    mask = None if bool(kept.all()) else _mask(reader, event, kept, shape, labels.leaves)
    if mask is not None:
        each = pointwise(reader, event, lambda one, value: one * value, mask, each)
    if kind == "none":  # the dimension of the classes is gone
        return each.laid_out(each.dims[:1] + each.dims[2:] if by_rows else ())
    if kind == "sum" or mask is None:
        return over(reader, event, each, range(len(each.dims)), kind)
    total = over(reader, event, each, range(len(each.dims)), "sum")
    count = over(reader, event, mask, range(len(mask.dims)), "sum")
    return pointwise(reader, event, divided, total, count)


def _picked(
    reader: Reader,
    event: Event,
    x: Lifted,
    dim: int,
    labels: Lifted,
    other: Dims,
    values: Tensor,
    numbers: Callable[[Tensor], Tensor],
) -> Lifted:
    """The elements of x that whole numbers pick along a dimension.

    Args:
        reader: knows the leaves.
        event: that picks.
        x: what is picked from.
        dim: along which.
        labels: the tensor of whole numbers, which has to be data.
        other: the dimensions of it.
        values: of this tensor, in the recorded run.
        numbers: from values of this tensor to the numbers that pick, without the dimension.
    """
    if any(reader.leaves[name].noise for name in labels.leaves):
        raise Mixed("numbers that were sampled, and pick")
    dim %= len(x.dims)
    # labels that are expanded along the draws of a latent are those of one draw
    repeated = [d for d, given in enumerate(other) if given and reader.axes.expanded.issuperset(given) and d != dim]
    dims = tuple(x.dims[dim] if d == dim else () if d in repeated else given for d, given in enumerate(other))
    classes = reader.axes.length(x.dims[dim])

    def code(labels: Sequence[Tensor]) -> Tensor:
        found = torch.nn.functional.one_hot(numbers(labels[0]).long(), classes).movedim(-1, dim).double()
        for d in repeated:
            found = found.narrow(d, 0, 1)
        return found

    one_hot = reader.of_leaf(_code(reader, event, labels, Composed((values,), code), dims))
    product = pointwise(reader, event, lambda one, value: one * value, one_hot, x)
    return over(reader, event, product, [dim], "sum", keep=True)


def _code(reader: Reader, event: Event, labels: Lifted, composed: Composed, dims: Dims) -> Leaf:
    """The leaf of a one-hot code: one for labels that pick several times, as from each of three draws' outputs."""
    try:
        element = labels.element.term
    except Unread:
        element = None
    code = composed.values
    for known, leaf in reader.codes:
        if element is not None and known is element and torch.equal(leaf.tensor, code):
            return leaf
    name = reader.name("onehot")
    leaf = Leaf(
        name, "argument", dims, code, labels.leaves, operation="one-hot", source=event.source, composed=composed
    )
    reader.codes.append((element, leaf))
    return leaf


def _mask(reader: Reader, event: Event, kept: Tensor, dims: Dims, inputs: frozenset[str]) -> Lifted:
    """Which places count, as a leaf that is made from data."""
    name = reader.name("mask")
    return reader.of_leaf(
        Leaf(name, "made", dims, kept.double(), inputs=inputs, operation=IGNORED, source=event.source)
    )
