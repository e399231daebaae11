"""Standard normal draws that code makes from uniform ones.

In: an event that may be the last step of such a construction. Out: a normal draw as a leaf, or None. Two are known: the
inverse distribution function, sqrt(2) erfinv(2 u - 1), and Box and Muller's sqrt(-2 log u) cos(2 pi v).
"""

import math
from itertools import permutations

from torch import Tensor

from vaelid.auditor.formula.arithmetic import linear_in, simple
from vaelid.auditor.formula.errors import Mixed
from vaelid.auditor.formula.functions import exact_number, root
from vaelid.auditor.lifting.operands import operand
from vaelid.auditor.lifting.pointwise import pointwise
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.registry import reads
from vaelid.auditor.lifting.tensor import Lifted
from vaelid.auditor.recording.events import Event, Region
from vaelid.readings.terms.arrays import as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp

__all__ = ["normal_of_radius_and_angle"]


@reads("erfinv")
def _normal_of_uniform(reader: Reader, event: Event) -> Lifted:
    """erfinv(2 u - 1) of a uniform u is a standard normal draw over the root of 2."""
    x = operand(reader, event, event.arguments[0])
    noise = [name for name in x.leaves if reader.leaves[name].law == "uniform"]
    if len(x.leaves) != 1 or not noise:
        raise Mixed("")
    found = linear_in(x.element, [reader.element(noise[0]).term])
    if found is None or [found[0][0].term, found[1].term] != [as_term(2).term, as_term(-1).term]:
        raise Mixed("")
    (output,) = event.made_regions
    eps = _normal_from(reader, event, (noise[0],), "erfinv", reader.output(event, output) * 2**0.5)
    return pointwise(reader, event, lambda e: e * (1 / exact_number(2**0.5)), eps)


def _normal_from(reader: Reader, event: Event, uniform: tuple[str, ...], operation: str, tensor: Tensor) -> Lifted:
    """A standard normal draw made of uniform ones of an element for each place; of the same ones, the same draw.

    Raises `Mixed` where places share a draw.
    """
    (output,) = event.made_regions
    if any(tuple(reader.leaves[name].tensor.shape) != output.size for name in uniform):
        raise Mixed("draws that are shared between places")
    if (key := (*uniform, operation)) not in reader.normals:
        made = {"law": "normal", "operation": operation, "source": event.source}
        reader.normals[key] = reader.leaf(reader.name("eps"), "noise", output, tensor, event.number, **made)
    return reader.normals[key]


def normal_of_radius_and_angle(reader: Reader, event: Event) -> Lifted | None:
    """A product sqrt(-2 log u) cos(2 pi v), or with a sine, of two uniform draws (Box and Muller)."""
    found = [operand(reader, event, x) for x in event.arguments[:2] if isinstance(x, Region)]
    for radius, angle in permutations(found) if len(found) == 2 else ():
        u, v = _under_radius(reader, radius), _under_angle(reader, angle)
        if u is None or v is None or u == v:
            continue
        function = reader.leaves[next(iter(angle.leaves))].operation
        (output,) = event.made_regions
        tensor = reader.output(event, output)
        return _normal_from(reader, event, (u, v), f"Box and Muller, {function}", tensor)
    return None


def _under_radius(reader: Reader, x: Lifted) -> str | None:
    """The uniform draw u, where a tensor is sqrt(-2 log u) or sqrt(-2 log(1 - u))."""
    if len(x.leaves) != 1 or x.pieces or reader.leaves[name := next(iter(x.leaves))].law != "uniform":
        return None
    u = reader.element(name)
    wanted = {simple(root(-2 * xp.log(inside))).term for inside in (u, 1 - u)}
    wanted |= {simple(root(xp.log(inside) * -2)).term for inside in (u, 1 - u)}
    return name if simple(x.element).term in wanted else None


def _under_angle(reader: Reader, x: Lifted) -> str | None:
    """The uniform draw v, where a tensor is a cosine or sine of 2 pi v: operations that are cut."""
    if len(x.leaves) != 1 or x.pieces:
        return None
    (made,) = x.leaves
    if reader.leaves[made].operation not in ("cos", "sin") or x.element.term is not reader.element(made).term:
        return None
    ((entered, _),) = [pair for pair in reader.entering if pair[1].name == made]
    if len(entered.leaves) != 1 or reader.leaves[name := next(iter(entered.leaves))].law != "uniform":
        return None
    found = linear_in(entered.element, [reader.element(name).term])
    if found is None or found[1].term is not as_term(0).term:
        return None
    return name if found[0][0].term is exact_number(2 * math.pi).term else None
