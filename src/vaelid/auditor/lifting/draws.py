"""Draws: of a normal law as it is called, or made from uniform ones, by its inverse or by Box and Muller."""

import math
from dataclasses import replace

from torch import Tensor

from vaelid.auditor.formula.arithmetic import linear_in, simple
from vaelid.auditor.formula.axes_of_terms import element_of
from vaelid.auditor.formula.errors import Mixed
from vaelid.auditor.formula.functions import number, root
from vaelid.auditor.lifting.operations import LAWS
from vaelid.auditor.lifting.picks import Picks
from vaelid.auditor.lifting.tensor import Lifted
from vaelid.auditor.recording.record import Place
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp

__all__ = ["Draws"]


_TWO_PI = 2 * math.pi


class Draws(Picks):
    """Which tensors are draws, and of which law."""

    def drawn(self, base: str, output: Place) -> Lifted | None:
        """A draw, as a leaf; of a normal law with a mean and deviation, these and a standard draw."""
        law = LAWS[base]
        if law == "other":
            return None
        name = self.event.name.removeprefix("aten.")
        tensor = self.recording.made[self.number, output]
        operation = base if not self.event.options.get("generator") else f"{base} with a generator of its own"
        noise = replace(
            self.leaf(
                self.name("eps" if law == "normal" else "u"),
                "noise",
                output,
                tensor,
                law=law,
                operation=operation,
                source=self.event.source,
            ),
            live=frozenset(),
        )
        arguments = self.event.arguments
        if name.startswith("normal_."):
            mean, deviation = [*arguments[1:], *(0, 1)[len(arguments) - 1 :]][:2]
        elif name.startswith("normal."):
            mean, deviation = [*arguments[:2], *(0, 1)[len(arguments[:2]) :]][:2]
        elif name.startswith("uniform_."):
            low, high = [*arguments[1:], *(0, 1)[len(arguments) - 1 :]][:2]
            mean, deviation = low, high - low
        else:
            return noise
        if (mean, deviation) == (0, 1):
            return noise
        around, spread = self.operand(mean), self.operand(deviation)
        result = self.pointwise(lambda m, s, e: m + s * e, around, spread, noise)
        if around.live or spread.live:
            result = result.stopped(self.event.source, around, spread)
        return result

    def normal_of_uniform(self, output: Place) -> Lifted | None:
        """erfinv(2 u - 1) of a uniform u is a standard normal draw over the root of 2."""
        x = self.operand(self.event.arguments[0])
        noise = [name for name in x.leaves if self.leaves[name].law == "uniform"]
        if len(x.leaves) != 1 or not noise:
            return None
        found = linear_in(x.element, [self.element_of_leaf(noise[0]).term])
        if found is None or [found[0][0].term, found[1].term] != [as_term(2).term, as_term(-1).term]:
            return None
        eps = self.normal_from((noise[0],), "erfinv", output, self.recording.made[self.number, output] * 2**0.5)
        return self.pointwise(lambda e: e * (1 / number(2**0.5)), eps)

    def normal_from(self, uniform: tuple[str, ...], operation: str, output: Place, tensor: Tensor) -> Lifted:
        """A standard normal draw, made of uniform ones of a number for each place; again of the same, it is the same.

        Raises `Mixed` where places share a draw.
        """
        if any(tuple(self.leaves[name].tensor.shape) != output.size for name in uniform):
            raise Mixed("draws that are shared between places")
        if (key := (*uniform, operation)) not in self.normals:
            made = {"law": "normal", "operation": operation, "source": self.event.source}
            self.normals[key] = self.leaf(self.name("eps"), "noise", output, tensor, **made)
        return self.normals[key]

    def normal_of_radius_and_angle(self, output: Place) -> Lifted | None:
        """sqrt(-2 log u) cos(2 pi v), or with a sine, is a standard normal draw (Box and Muller).

        Of two uniform draws u and v.
        """
        operands = [self.operand(x) for x in self.event.arguments[:2] if isinstance(x, Place)]
        for radius, angle in (operands, operands[::-1]) if len(operands) == 2 else ():
            u, v = self.under_radius(radius), self.under_angle(angle)
            if u is None or v is None or u == v:
                continue
            function = self.leaves[next(iter(angle.leaves))].operation
            return self.normal_from(
                (u, v), f"Box and Muller, {function}", output, self.recording.made[self.number, output]
            )
        return None

    def under_radius(self, x: Lifted) -> str | None:
        """The uniform draw u, where this is sqrt(-2 log u) or sqrt(-2 log(1 - u))."""
        if len(x.leaves) != 1 or x.pieces or self.leaves[name := next(iter(x.leaves))].law != "uniform":
            return None
        u = self.element_of_leaf(name)
        wanted = {simple(root(-2 * xp.log(inside))).term for inside in (u, 1 - u)}
        wanted |= {simple(root(xp.log(inside) * -2)).term for inside in (u, 1 - u)}
        return name if simple(x.element).term in wanted else None

    def under_angle(self, x: Lifted) -> str | None:
        """The uniform draw v, where this is a cosine or sine of 2 pi v."""
        if len(x.leaves) != 1 or x.pieces:
            return None
        (made,) = x.leaves
        if self.leaves[made].operation not in ("cos", "sin") or x.element.term is not self.element_of_leaf(made).term:
            return None
        ((entered, _),) = [pair for pair in self.entering if pair[1].name == made]
        if len(entered.leaves) != 1 or self.leaves[name := next(iter(entered.leaves))].law != "uniform":
            return None
        found = linear_in(entered.element, [self.element_of_leaf(name).term])
        if found is None or found[1].term is not as_term(0).term:
            return None
        return name if found[0][0].term is number(_TWO_PI).term else None

    def element_of_leaf(self, name: str) -> TermArray:
        """The element of a leaf, at the indices of its own axes."""
        return element_of(name, [a for dim in self.leaves[name].dims for a in self.axes.now(dim)])
