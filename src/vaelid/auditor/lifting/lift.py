"""Read a recording as a term: one element of the result, in the indices of the axes.

Elementwise operations, reductions and views are read through. Any other operation is cut: its outputs are leaves,
arrays that a term speaks of and does not look into, and which remember what they were made from. So a network is a
few leaves, and a loss is a term in them.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import reduce

import torch

from vaelid.auditor.formula.arithmetic import is_number, simple
from vaelid.auditor.formula.errors import Mixed, Unread
from vaelid.auditor.formula.functions import clamped, number, power, root
from vaelid.auditor.lifting.arrangement import VIEWS
from vaelid.auditor.lifting.axes import Axes
from vaelid.auditor.lifting.draws import Draws
from vaelid.auditor.lifting.operations import (
    COMPARISONS,
    CONSTANTS,
    FOLDS,
    FULL,
    LAWS,
    OF_ONE,
    OF_THREE,
    OF_TWO,
    ORDERS,
    SCALINGS,
)
from vaelid.auditor.lifting.reading import Reading
from vaelid.auditor.lifting.tensor import Lifted, dense
from vaelid.auditor.recording.record import Event, Place, Recording, has_its_own_backward
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.spec.arrays import softplus
from vaelid.spec.errors import VaelidError

__all__ = ["lift"]


_PASSES = 40
_MOST_FOLDED = 4


def lift(
    recording: Recording, *, clamps_of: frozenset[str] | None = None, alike: Iterable[tuple[str, str]] = ()
) -> Reading:
    """The result of a recording, as a term in leaves.

    `alike`: pairs of arguments whose dimensions are the same axes. `clamps_of`: where it is given, a clamp that changed
    nothing is kept only if it is of one of these leaves.
    """
    axes = Axes()
    for _ in range(_PASSES):
        learned = axes.learned
        lifter = _Lifter(recording, axes, clamps_of, tuple(alike))
        reading = lifter.reading()
        if axes.learned == learned:
            return reading
    raise Unread("its tensors' dimensions could not be told apart", None)


class _Lifter(Draws):
    def reading(self) -> Reading:
        for name, place in self.recording.arguments.items():
            self.known[place] = self.leaf(name, "argument", place, dense(self.recording.given[place], None))
        for one, other in self.alike:
            for mine, theirs in zip(self.leaves[one].dims, self.leaves[other].dims, strict=True):
                self.axes.pair(mine, theirs)
        for number_of_event, event in self.recording.events_that_count():
            self.number, self.event = number_of_event, event
            try:
                self.read_event()
            except (ValueError, ArithmeticError) as reason:  # a number that is none, a shape that is another
                if isinstance(reason, VaelidError):
                    raise
                raise Unread(f"{event.name} cannot be read ({reason})", event.source) from reason
        assert self.recording.result is not None
        assert self.recording.returned is not None
        result = self.read(self.recording.result)
        self.number += 1
        if self.recording.gradients and has_its_own_backward(self.recording.returned):
            result = self.through_custom(self.recording.result, result)
        if result.live and self.recording.gradients and not self.recording.returned.requires_grad:
            result = result.stopped("the result")
        halted, joins = frozenset(self.halted), tuple(self.joins)
        return Reading(result, self.leaves, self.entering, self.axes, self.clamps, halted, joins)

    # events

    def read_event(self) -> None:
        event = self.event
        base = event.name.removeprefix("aten.").partition(".")[0]
        base = base if base.startswith("_") else base.rstrip("_")
        outputs = [place for place in event.outputs if isinstance(place, Place)]
        try:
            results = self.results(base, outputs)
            line = self.note_joined(base, results)
        except Mixed as reason:
            results, line = self.cut(base, outputs, str(reason)), self.event.source
        if event.written:
            self.forget(event, [x for x in results for x in (x, *x.pieces)])
        for output, result in zip(outputs, results, strict=True):
            self.known[output] = replace(result, dims=tuple(self.axes.now(d) for d in result.dims))
            self.lines[output] = line

    def note_joined(self, base: str, results: list[Lifted]) -> str:
        """Note what the event joined, and the lines that made it; the line of the result: another's, if only scaled."""
        whole = frozenset().union(*(result.leaves for result in results))
        operands = [(self.known[p].leaves, self.lines[p]) for p in self.event.places() if p in self.lines]
        self.joins += [(leaves, line, whole) for leaves, line in operands]
        speaking = [line for leaves, line in operands if leaves]
        return speaking[0] if base in SCALINGS and len(speaking) == 1 else self.event.source

    def forget(self, event: Event, results: list[Lifted]) -> None:
        """Of what was written into nothing is known any more, under any view that shares a place with it."""
        written = [place for place in event.outputs if isinstance(place, Place) and place.storage in event.written]
        whole = {place.storage for place in written} != set(event.written)
        for place in [place for place in self.known if place.storage in event.written]:
            if whole or any(place.overlaps(other) for other in written if other.storage == place.storage):
                del self.known[place]
        read = [self.known[place] for place in event.places() if place in self.known]
        names = frozenset().union(*(_leaves_of(x) for x in (*results, *read)))
        for storage in event.written:
            self.written[storage] = self.written.get(storage, frozenset()) | names

    def unknown(self, place: Place) -> Lifted:
        """A tensor that was written into in parts: a leaf, made from all that was ever in its storage."""
        inputs = self.written.get(place.storage, frozenset())
        inputs = inputs.union(*(_leaves_of(x) for p, x in self.known.items() if p.storage == place.storage))
        noise = frozenset().union(*(self.leaves[name].noise for name in inputs))
        return self.leaf(
            self.name("unknown"), "made", place, torch.empty(0), inputs=inputs, noise=noise, source=self.event.source
        )

    def cut(self, base: str, outputs: list[Place], why: str = "") -> list[Lifted]:
        """The outputs as leaves, and the inputs as what entered them."""
        inputs: list[Lifted] = []
        for place in dict.fromkeys(self.event.places()):
            try:
                inputs.append(self.operand(place))
            except Mixed:
                inputs.append(self.unknown(place))
        names = frozenset().union(*(_leaves_of(entered) for entered in inputs))
        noise = frozenset().union(*(self.leaves[name].noise for name in names))
        results = []
        for output in outputs:
            tensor = dense(self.recording.made[self.number, output], self.event.source)
            if not names and base not in LAWS and not tensor.requires_grad:  # made of numbers alone
                results.append(self.given(output, tensor))
                continue
            law = {"law": "other", "kind": "noise"} if base in LAWS else {"kind": "made", "noise": noise}
            result = self.leaf(
                self.name("h" if base not in LAWS else "u"),
                place=output,
                tensor=tensor,
                inputs=names,
                operation=f"{base}{f' ({why})' if why else ''}",
                source=self.event.source,
                folded=self.what_is_folded(base),
                **law,
            )
            if self.event.no_grad and output.real and self.recording.gradients and any(x.live for x in inputs):
                result = result.stopped(self.event.source, *(x for x in inputs if x.live), no_grad=True)
            stops = result.stops.union(*(entered.stops for entered in inputs))
            results.append(replace(result, stops=frozenset(replace(stop, inside=False) for stop in stops)))
            made = self.leaves[next(iter(result.leaves))]
            self.entering += [(entered, made) for entered in inputs]
        return results

    def results(self, base: str, outputs: list[Place]) -> list[Lifted]:
        """Each output as a term. Raises `Mixed` where there is no reading: then the operation is cut."""
        if self.event.twofold and self.recording.gradients:
            raise Mixed("a tensor and itself, detached")
        if base in ("split", "split_with_sizes", "chunk", "unbind", "unsafe_split"):
            return self.parts(base, outputs)
        if base == "log_sigmoid_forward":
            return [self.pointwise(OF_ONE[base], self.operand(self.event.arguments[0]))] * len(outputs)
        if base in ("nll_loss_forward", "nll_loss2d_forward"):
            picked = self.picked_loss()
            return [picked, Lifted(tuple(() for _ in outputs[1].size), lambda: as_term(1))]
        if len(outputs) != 1:
            raise Mixed("it has several results")
        return [self.result(base, outputs[0])]

    def result(self, base: str, output: Place) -> Lifted:
        arguments, options = self.event.arguments, self.event.options
        if base in CONSTANTS:
            return Lifted(self.new_dims(output), lambda: as_term(CONSTANTS[base]))
        if base in FULL:
            filled = self.operand(arguments[FULL[base]])
            return replace(filled, dims=self.new_dims(output))
        if base == "scalar_tensor":
            return self.operand(arguments[0])
        if base in LAWS and (drawn := self.drawn(base, output)):
            return drawn
        if base == "_to_copy":
            x = self.operand(arguments[0])
            if not output.real and arguments[0].real:
                raise Mixed("a conversion to whole numbers")
            return x
        if base == "erfinv" and (normal := self.normal_of_uniform(output)):
            return normal
        if base in OF_ONE:
            if base == "softplus" and arguments[1:] and arguments[1] != 1:
                beta = number(arguments[1])
                return self.pointwise(lambda x: softplus(x * beta) / beta, self.operand(arguments[0]))
            return self.pointwise(OF_ONE[base], self.operand(arguments[0]))
        if base == "mul" and (normal := self.normal_of_radius_and_angle(output)):
            return normal
        if base in OF_TWO:
            if options.get("rounding_mode"):
                raise Mixed("a division that rounds")
            scale = options.get("alpha", arguments[2] if len(arguments) > 2 and base == "rsub" else 1)
            x, y = (self.operand(a) for a in arguments[:2])
            if scale != 1:
                scaled = number(scale)
                side = {"rsub": 0}.get(base, 1)
                x, y = (self.pointwise(lambda v: v * scaled, v) if k == side else v for k, v in enumerate((x, y)))
            product = self.pointwise(OF_TWO[base], x, y)
            if base == "mul" and (_is_zero(x) or _is_zero(y)):
                return Lifted(product.dims, lambda: as_term(0))  # what is weighed by 0 is not there
            return product
        if base in OF_THREE:
            return self.pointwise(OF_THREE[base], *(self.operand(a) for a in arguments[:3]))
        if base in ("addcmul", "addcdiv"):
            scale = number(options.get("value", 1))
            combine = (
                (lambda a, x, y: a + scale * (x * y)) if base == "addcmul" else (lambda a, x, y: a + scale * x / y)
            )
            return self.pointwise(combine, *(self.operand(a) for a in arguments[:3]))
        if base == "pow":
            return self.powered()
        if base in ("clamp", "hardtanh", "clamp_min", "clamp_max"):
            return self.clamp(base)
        if base == "bmm" and output.size[1:] == (1, 1):  # one product of vectors in each row, as of an einsum
            x, y = (self.operand(a) for a in arguments[:2])
            product = self.pointwise(OF_TWO["mul"], x, replace(y, dims=(y.dims[0], y.dims[2], y.dims[1])))
            return self.over(product, [2], "sum", keep=True)
        if base in ("dot", "vdot"):
            product = self.pointwise(OF_TWO["mul"], *(self.operand(a) for a in arguments[:2]))
            return self.over(product, range(len(product.dims)), "sum")
        if base in ("sum", "mean", "logsumexp", "linalg_vector_norm"):
            return self.reduced(base)
        if base in FOLDS:
            return self.folded(base)
        if base in COMPARISONS and math.prod(output.size) == 1:
            return self.decided(output)
        if base in ("_softmax", "_log_softmax"):
            return self.softmax(base)
        if base in ("mse_loss", "l1_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits"):
            return self.elementwise_loss(base)
        if base == "gather":
            return self.gathered(output)
        if base in ("slice", "select", "narrow"):
            return self.sliced(base, output)
        if base in ("cat", "stack"):
            return self.joined(base, output)
        if base in VIEWS | ORDERS | {"expand", "repeat"}:
            return self.moved(base, self.operand(arguments[0]), output)
        if base == "copy":  # in place: what is read is the other tensor
            return self.moved("expand", self.operand(arguments[1]), output)
        raise Mixed("")

    # elementwise

    def powered(self) -> Lifted:
        base, exponent = self.event.arguments[:2]
        if isinstance(exponent, int | float):
            return self.pointwise(lambda x: power(x, exponent), self.operand(base))
        if isinstance(base, int | float) and base > 0:
            return self.pointwise(lambda y: xp.exp(y * xp.log(number(base))), self.operand(exponent))
        raise Mixed("a power whose exponent is a tensor")

    def clamp(self, base: str) -> Lifted:
        x, *bounds = self.event.arguments
        low, high = (
            [*bounds, self.event.options.get("min"), self.event.options.get("max")][:2]
            if bounds
            else (
                self.event.options.get("min"),
                self.event.options.get("max"),
            )
        )
        if base == "clamp" and len(bounds) == 1:
            high = self.event.options.get("max")
        if base == "clamp_max":
            low, high = None, low
        if self.event.unchanged:
            self.clamps.append(self.event.source)
            clamped_tensor = self.operand(x)
            if self.clamps_of is not None and not clamped_tensor.leaves & self.clamps_of:
                return clamped_tensor
        given = [bound for bound in (low, high) if bound is not None]
        return self.pointwise(
            lambda v, *known: clamped(
                v, known[0] if low is not None else None, known[-1] if high is not None else None
            ),
            self.operand(x),
            *(self.operand(bound) for bound in given),
        )

    def elementwise_loss(self, base: str) -> Lifted:
        x, target, *others = self.event.arguments
        options = dict(self.event.options)
        names = {
            "binary_cross_entropy": ("weight", "reduction"),
            "binary_cross_entropy_with_logits": ("weight", "pos_weight", "reduction"),
        }.get(base, ("reduction",))
        options |= dict(zip(names, others, strict=False))
        if options.get("pos_weight") is not None:
            raise Mixed("a weight on the positive examples")
        each: dict[str, Callable[[TermArray, TermArray], TermArray]] = {
            "mse_loss": lambda p, t: (p - t) ** 2,
            "l1_loss": lambda p, t: abs(p - t),
            "binary_cross_entropy": lambda p, t: -(t * xp.log(p) + (1 - t) * xp.log(1 - p)),
            "binary_cross_entropy_with_logits": lambda p, t: softplus(p) - t * p,
        }
        loss = self.pointwise(each[base], self.operand(x), self.operand(target))
        if options.get("weight") is not None:
            loss = self.pointwise(lambda w, v: w * v, self.operand(options["weight"]), loss)
        return self.over(loss, range(len(loss.dims)), ("none", "mean", "sum")[options.get("reduction", 1)])

    # reductions

    def reduced(self, base: str) -> Lifted:
        arguments, options = list(self.event.arguments), dict(self.event.options)
        x = self.operand(arguments.pop(0))
        if base == "linalg_vector_norm":
            order = arguments.pop(0) if arguments else options.get("ord", 2)
            if order != 2:
                raise Mixed(f"a norm of order {order}")
        dims = arguments.pop(0) if arguments else options.get("dim")
        keep = arguments.pop(0) if arguments else options.get("keepdim", False)
        chosen = range(len(x.dims)) if dims is None or dims == [] else [dims] if isinstance(dims, int) else dims
        if base in ("sum", "mean"):
            return self.over(x, chosen, base, keep=keep)
        inner, outer = {"logsumexp": (xp.exp, xp.log), "linalg_vector_norm": (lambda v: v**2, root)}[base]
        return self.pointwise(outer, self.over(self.pointwise(inner, x), chosen, "sum", keep=keep))

    def decided(self, output: Place) -> Lifted:
        """One comparison, as a number: the verdict is of the way that was taken, as it is of a branch."""
        if self.event.source not in self.recording.decided_by_value:
            self.recording.decided_by_value.append(self.event.source)
        answer = int(self.recording.made[self.number, output].item())
        return Lifted(tuple(() for _ in output.size), lambda: as_term(answer))

    def what_is_folded(self, base: str) -> tuple[str, Lifted, tuple[int, ...]] | None:
        """A product or an extremum of many elements: which, of what, and over which dimensions."""
        if base not in FOLDS:
            return None
        try:
            x, chosen, _ = self.fold_arguments()
        except Mixed:
            return None
        return None if x.pieces else (base, x, chosen)

    def fold_arguments(self) -> tuple[Lifted, tuple[int, ...], bool]:
        arguments, options = list(self.event.arguments), dict(self.event.options)
        x = self.operand(arguments.pop(0))
        dims = arguments.pop(0) if arguments else options.get("dim")
        keep = arguments.pop(0) if arguments else options.get("keepdim", False)
        rank = len(x.dims)
        chosen = range(rank) if dims is None or dims == [] else [dims] if isinstance(dims, int) else dims
        return x, tuple(d % rank for d in chosen), keep

    def folded(self, base: str) -> Lifted:
        """A product, or the largest or smallest, of few elements, one by one: for the lengths that were recorded."""
        x, chosen, keep = self.fold_arguments()
        if self.axes.length(a for d in chosen for a in x.dims[d]) > _MOST_FOLDED:  # each doubles the formula
            raise Mixed("a product or extremum of many elements")
        for d in sorted(chosen, reverse=True):
            rest = x.dims[:d] + (((),) if keep else ()) + x.dims[d + 1 :]
            places = [self.at(x, d, k) for k in range(self.axes.length(x.dims[d]))]
            x = reduce(lambda one, other: self.pointwise(FOLDS[base], one, other), places)
            x = replace(x, dims=rest) if keep else x
        return x

    def softmax(self, base: str) -> Lifted:
        x, dim = self.operand(self.event.arguments[0]), self.event.arguments[1]
        exponentials = self.pointwise(xp.exp, x)
        whole = self.over(exponentials, [dim], "sum", keep=True)
        if base == "_softmax":
            return self.pointwise(lambda e, s: e / s, exponentials, whole)
        return self.pointwise(lambda v, s: v - xp.log(s), x, whole)

    # shapes

    def parts(self, base: str, outputs: list[Place]) -> list[Lifted]:
        x, *rest = self.event.arguments
        position = 0 if base == "unbind" else 1
        dim = rest[position] if len(rest) > position else self.event.options.get("dim", 0)
        found = self.operand(x)
        dim %= len(found.dims)
        results, start = [], 0
        for output in outputs:
            if base == "unbind":
                results.append(self.at(found, dim, start))
                start += 1
            else:
                results.append(self.from_to(found, dim, start, output.size[dim]))
                start += output.size[dim]
        return results

    def sliced(self, base: str, output: Place) -> Lifted:
        x, *rest = self.event.arguments
        found = self.operand(x)
        dim = (rest[0] if rest else self.event.options.get("dim", 0)) % len(found.dims)
        whole = self.axes.length(found.dims[dim])
        start = rest[1] if len(rest) > 1 and rest[1] is not None else 0
        start = start + whole if start < 0 else start
        if base == "select":
            return self.at(found, dim, start)
        if base == "slice" and len(rest) > 3 and rest[3] != 1:
            raise Mixed("a slice with a step")
        return self.from_to(found, dim, min(start, whole), output.size[dim])

    def joined(self, base: str, output: Place) -> Lifted:
        tensors = self.event.arguments[0]
        dim = self.event.arguments[1] if len(self.event.arguments) > 1 else self.event.options.get("dim", 0)
        dim %= len(output.size)
        pieces = [self.operand(tensor) for tensor in tensors]
        if base == "stack":
            pieces = [replace(x, dims=(*x.dims[:dim], (), *x.dims[dim:])) for x in pieces]
        if any(x.pieces for x in pieces):
            raise Mixed("a joined tensor joined again")
        if len(pieces) == 1:
            return pieces[0]
        dims = list(pieces[0].dims)
        for x in pieces[1:]:
            for d in range(len(dims)):
                if d != dim:
                    dims[d] = self.axes.pair(dims[d], x.dims[d]) if dims[d] and x.dims[d] else dims[d] or x.dims[d]
        dims[dim] = self.axes.dim((self.number, "joined"), output.size[dim])
        return self.joined_of(tuple(pieces), dim - len(dims), tuple(dims))


def _is_zero(x: Lifted) -> bool:
    return not x.leaves and not x.pieces and is_number(simple(x.element), 0)


def _leaves_of(x: Lifted) -> frozenset[str]:
    return x.leaves.union(*(piece.leaves for piece in x.pieces)) if x.pieces else x.leaves
