"""Losses that torch computes in one operation.

In: an event such as `F.mse_loss(x_hat, x, reduction="sum")`. Out: the loss of each element, reduced: here the sum of
(x_hat[i0, i1] - x[i0, i1])^2.
"""

from collections.abc import Callable
from fractions import Fraction

from vaelid.auditor.formula.errors import Mixed
from vaelid.auditor.formula.functions import larger
from vaelid.auditor.lifting.operands import operand
from vaelid.auditor.lifting.pointwise import pointwise
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.registry import reads
from vaelid.auditor.lifting.sums import REDUCTIONS, over
from vaelid.auditor.lifting.tensor import Lifted
from vaelid.auditor.recording.events import Event
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.spec.arrays import softplus

__all__: list[str] = []


@reads("mse_loss")
def _squared_error(reader: Reader, event: Event) -> Lifted:
    return _reduced(reader, event, lambda p, t: (p - t) ** 2, ("reduction",))


@reads("l1_loss")
def _absolute_error(reader: Reader, event: Event) -> Lifted:
    return _reduced(reader, event, lambda p, t: abs(p - t), ("reduction",))


@reads("smooth_l1_loss")
def _smooth_absolute_error(reader: Reader, event: Event) -> Lifted:
    """(p - t)^2 / (2 beta) where that is below beta / 2, as of Huber's error, and |p - t| - beta / 2 elsewhere."""
    beta = _width(event, "beta")
    each = _huber(beta) if beta else lambda p, t: abs(p - t)
    return _reduced(reader, event, lambda p, t: each(p, t) / (beta or 1), ("reduction", "beta"))


@reads("huber_loss")
def _huber_error(reader: Reader, event: Event) -> Lifted:
    return _reduced(reader, event, _huber(_width(event, "delta")), ("reduction", "delta"))


def _width(event: Event, name: str) -> Fraction:
    """The error up to which it is a square; torch has 1 where nothing is said."""
    given = event.arguments[3] if len(event.arguments) > 3 else event.options.get(name, 1.0)
    return Fraction(repr(given)) if isinstance(given, float) else Fraction(given)


def _huber(width: Fraction) -> Callable[[TermArray, TermArray], TermArray]:
    """Huber's error of a width w: w |p - t| - w^2 / 2 + max(w - |p - t|, 0)^2 / 2 (Huber 1964), exact far out too."""

    def each(p: TermArray, t: TermArray) -> TermArray:
        off = abs(p - t)
        return width * off - width**2 / 2 + larger(width - off, as_term(0)) ** 2 / 2

    return each


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
