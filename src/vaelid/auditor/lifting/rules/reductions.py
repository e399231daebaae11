"""Sums, means and what is made of them: norms, log-sum-exp, softmax, products of vectors.

In: an event such as `x.logsumexp(1)`. Out: the tensor of the reduced values, here log sum exp(x[i0, k]) over k < N1.
"""

from collections.abc import Iterable
from typing import Any

from vaelid.auditor.formula.errors import Mixed
from vaelid.auditor.formula.functions import root
from vaelid.auditor.lifting.operands import operand, operands
from vaelid.auditor.lifting.pointwise import pointwise
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.registry import reads
from vaelid.auditor.lifting.sums import over
from vaelid.auditor.lifting.tensor import Lifted
from vaelid.auditor.recording.events import Event
from vaelid.readings.terms.namespace import NAMESPACE as xp

__all__: list[str] = []


def _dims_and_keep(event: Event, x: Lifted, at: int) -> tuple[Iterable[int], bool]:
    """The dimensions that are reduced, all where none are named, and whether they stay: from argument `at` on."""
    rest: list[Any] = list(event.arguments[at:])
    dims = rest[0] if rest else event.options.get("dim")
    keep = rest[1] if len(rest) > 1 else event.options.get("keepdim", False)
    chosen = range(len(x.dims)) if dims is None or dims == [] else [dims] if isinstance(dims, int) else dims
    return chosen, keep


@reads("sum", "mean")
def _sum(reader: Reader, event: Event) -> Lifted:
    x = operand(reader, event, event.arguments[0])
    chosen, keep = _dims_and_keep(event, x, 1)
    return over(reader, event, x, chosen, event.operation, keep=keep)


@reads("logsumexp")
def _log_of_sum(reader: Reader, event: Event) -> Lifted:
    x = operand(reader, event, event.arguments[0])
    chosen, keep = _dims_and_keep(event, x, 1)
    whole = over(reader, event, pointwise(reader, event, xp.exp, x), chosen, "sum", keep=keep)
    return pointwise(reader, event, xp.log, whole)


@reads("linalg_vector_norm")
def _norm(reader: Reader, event: Event) -> Lifted:
    x = operand(reader, event, event.arguments[0])
    order = event.arguments[1] if len(event.arguments) > 1 else event.options.get("ord", 2)
    if order != 2:
        raise Mixed(f"a norm of order {order}")
    chosen, keep = _dims_and_keep(event, x, 2)
    squares = over(reader, event, pointwise(reader, event, lambda v: v**2, x), chosen, "sum", keep=keep)
    return pointwise(reader, event, root, squares)


@reads("_softmax")
def _softmax(reader: Reader, event: Event) -> Lifted:
    exponentials = pointwise(reader, event, xp.exp, operand(reader, event, event.arguments[0]))
    whole = over(reader, event, exponentials, [event.arguments[1]], "sum", keep=True)
    return pointwise(reader, event, lambda e, s: e / s, exponentials, whole)


@reads("_log_softmax")
def _log_of_softmax(reader: Reader, event: Event) -> Lifted:
    x = operand(reader, event, event.arguments[0])
    whole = over(reader, event, pointwise(reader, event, xp.exp, x), [event.arguments[1]], "sum", keep=True)
    return pointwise(reader, event, lambda v, s: v - xp.log(s), x, whole)


@reads("dot", "vdot")
def _dot(reader: Reader, event: Event) -> Lifted:
    product = pointwise(reader, event, lambda x, y: x * y, *operands(reader, event, 2))
    return over(reader, event, product, range(len(product.dims)), "sum")
