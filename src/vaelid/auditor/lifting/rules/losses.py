"""Losses that torch computes in one operation.

In: an event such as `F.mse_loss(x_hat, x, reduction="sum")`. Out: the loss of each element, reduced: here the sum of
(x_hat[i0, i1] - x[i0, i1])^2.
"""

from collections.abc import Callable

from vaelid.auditor.formula.errors import Mixed
from vaelid.auditor.lifting.operands import operand
from vaelid.auditor.lifting.pointwise import pointwise
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.registry import reads
from vaelid.auditor.lifting.sums import REDUCTIONS, over
from vaelid.auditor.lifting.tensor import Lifted
from vaelid.auditor.recording.events import Event
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.spec.arrays import softplus

__all__: list[str] = []


@reads("mse_loss")
def _squared_error(reader: Reader, event: Event) -> Lifted:
    return _reduced(reader, event, lambda p, t: (p - t) ** 2, ("reduction",))


@reads("l1_loss")
def _absolute_error(reader: Reader, event: Event) -> Lifted:
    return _reduced(reader, event, lambda p, t: abs(p - t), ("reduction",))


@reads("binary_cross_entropy")
def _cross_entropy(reader: Reader, event: Event) -> Lifted:
    return _reduced(reader, event, lambda p, t: -(t * xp.log(p) + (1 - t) * xp.log(1 - p)), ("weight", "reduction"))


@reads("binary_cross_entropy_with_logits")
def _cross_entropy_of_logits(reader: Reader, event: Event) -> Lifted:
    return _reduced(reader, event, lambda p, t: softplus(p) - t * p, ("weight", "pos_weight", "reduction"))


def _reduced(
    reader: Reader, event: Event, each: Callable[[TermArray, TermArray], TermArray], names: tuple[str, ...]
) -> Lifted:
    """A loss of each element, weighed and reduced; `names` are of the arguments after prediction and target."""
    prediction, target, *others = event.arguments
    options = {**event.options, **dict(zip(names, others, strict=False))}
    if options.get("pos_weight") is not None:
        raise Mixed("a weight on the positive examples")
    loss = pointwise(reader, event, each, operand(reader, event, prediction), operand(reader, event, target))
    if options.get("weight") is not None:
        loss = pointwise(reader, event, lambda w, v: w * v, operand(reader, event, options["weight"]), loss)
    return over(reader, event, loss, range(len(loss.dims)), REDUCTIONS[options.get("reduction", 1)])
