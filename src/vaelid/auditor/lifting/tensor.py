"""Tensors as they are read: `Lifted`, by the element at the indices of its axes, and `Leaf`, by a name.

In: what an event is read as. Out: values that the rules combine. For example, `x.exp()` of an argument x of shape (5,
7) is a `Lifted` of dimensions ((0,), (1,)) with the element exp(x[i0, i1]), the leaf x in it, and no stop.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from vaelid.auditor.findings.report import Witness
from vaelid.auditor.formula.axes_of_terms import index_of, placed
from vaelid.auditor.formula.errors import Mixed, Unread
from vaelid.auditor.lifting.axes import Dims
from vaelid.readings.terms.arrays import TermArray

__all__ = [
    "Composed",
    "Folded",
    "Leaf",
    "Lifted",
    "Picked",
    "Stop",
    "Triangular",
    "dense",
    "without_element",
]


def dense(tensor: Tensor, source: str | None) -> Tensor:
    """The numbers of a tensor, one for each place. Raises `Unread` where there are none."""
    if tensor.is_meta:
        raise Unread("a tensor on the device meta has no numbers", source)
    if tensor.is_quantized:
        return tensor.dequantize()
    return tensor if tensor.layout == torch.strided else tensor.to_dense()


@dataclass(frozen=True)
class Leaf:
    """An array that terms name and do not look into.

    Attributes:
        name: of its array variable.
        kind: ``argument``, ``parameter``, ``constant``, ``noise``, or ``made`` by an operation that is not looked into.
        dims: its dimensions.
        tensor: its values in the recording.
        inputs: the leaves that it was made from.
        noise: the draws among these, and itself if it is one.
        law: of noise: ``normal``, ``uniform`` or another's name.
        operation: that made it.
        source: the line that asked for it.
        folded: of a product or an extremum, what it is of.
        composed: where the reading made its values itself, of which tensors of the run, and how.
    """

    name: str
    kind: str
    dims: Dims
    tensor: Tensor
    inputs: frozenset[str] = frozenset()
    noise: frozenset[str] = frozenset()
    law: str = ""
    operation: str = ""
    source: str = ""
    folded: "Folded | None" = None
    composed: "Composed | None" = None

    @property
    def is_mask(self) -> bool:
        """Whether it was made of zeros and ones by an operation that is not looked into, as `~padding` is."""
        values = self.tensor
        return self.kind == "made" and bool(values.numel()) and bool(((values == 0) | (values == 1)).all())


@dataclass(frozen=True)
class Composed:
    """Values that no operation of the run put out: a code of labels, or the draws of a loop as one draw.

    Attributes:
        of: tensors of the run.
        function: from these to the values.
    """

    of: tuple[Tensor, ...]
    function: Callable[[Sequence[Tensor]], Tensor]

    @property
    def values(self) -> Tensor:
        """The values in the recorded run."""
        return self.function(self.of)


@dataclass(frozen=True)
class Folded:
    """A product or an extremum of a tensor's elements along some of its dimensions.

    Attributes:
        operation: ``multiply``, ``largest`` or ``smallest``.
        of: the tensor.
        over: the dimensions.
    """

    operation: str
    of: "Lifted"
    over: tuple[int, ...]


@dataclass(frozen=True, order=True)
class Stop:
    """Where autograd was kept from going back, as by `.detach()`.

    Attributes:
        line: the user's.
        leaves: that autograd does not come to.
        tensors: that it does not come to.
        another: it does come to them, with another gradient than the formula's.
        inside: whether that is in the formula, and not in what a leaf was made from.
        no_grad: whether autograd was switched off there.
        witness: of another gradient, where there is one.
    """

    line: str
    leaves: tuple[str, ...]
    tensors: "tuple[Lifted, ...]" = field(default=(), compare=False)
    another: bool = False
    inside: bool = True
    no_grad: bool = False
    witness: Witness | None = field(default=None, compare=False)

    def behind_leaf(self) -> "Stop":
        """The same stop in what a leaf was made from, which is not in the formula."""
        return replace(self, inside=False)


@dataclass(frozen=True)
class Picked:
    """The places of a tensor that a mask keeps, laid out one after the other along one dimension.

    How many these are depends on the mask, so that no index says which place of the tensor one of them was. Sums over
    them are sums over all places, of the tensor times the mask.

    Attributes:
        full: the tensor, its masked dimensions laid out as one.
        mask: of zeros and ones, with dimensions of which `full`'s are broadcast.
        at: that dimension, counted from the end.
    """

    full: "Lifted"
    mask: "Lifted"
    at: int


@dataclass(frozen=True)
class Triangular:
    """A lower triangular matrix in each row of a batch, in its two parts: elsewhere it is 0.

    Attributes:
        below: what stands below the diagonal, and is 0 elsewhere; None if all of it is 0.
        diagonal: what stands on the diagonal, along `row`; None if all of it is 0.
        row: the axis of the matrix's rows.
        column: that of its columns.
    """

    below: "Lifted | None"
    diagonal: "Lifted | None"
    row: int
    column: int


@dataclass(frozen=True)
class Lifted:
    """A tensor by its element. Each axis is of one dimension only, so that an index says one place.

    Attributes:
        dims: its dimensions, each of several axes.
        make_element: makes the element, when it is asked for first: most tensors of a run are in no formula.
        leaves: the names of the leaves in it.
        live: of these, the leaves that autograd goes back to.
        stops: where autograd was kept from going further.
        pieces: what it is joined of along dimension `joined_at` (from the end), if it is; then it has no element.
        whole: the tensor that it is a part of, where it is a slice and nothing was done to it since.
        picked: what it is the kept places of, if a mask picked them, as in `nll[mask]`; then it has no element.
        triangular: its two parts, if it is a lower triangular matrix; then it has no element.
    """

    dims: Dims
    make_element: Callable[[], TermArray]
    leaves: frozenset[str] = frozenset()
    live: frozenset[str] = frozenset()
    stops: "frozenset[Stop]" = frozenset()
    pieces: tuple["Lifted", ...] = ()
    joined_at: int = 0
    whole: "Lifted | None" = field(default=None, compare=False)
    picked: "Picked | None" = field(default=None, compare=False)
    triangular: "Triangular | None" = field(default=None, compare=False)

    @cached_property
    def element(self) -> TermArray:
        """The element, a real term. Raises `Unread`."""
        return self.make_element()

    def stopped(self, line: str, *through: "Lifted", no_grad: bool = False) -> "Lifted":
        """The tensor where autograd goes back no further than this line, to any leaf of what it goes `through`."""
        tensors = through or (self,)
        leaves = frozenset().union(*(x.leaves for x in tensors))
        stop = Stop(line, tuple(sorted(leaves)), tensors, no_grad=no_grad)
        return replace(self, live=self.live - leaves, stops=self.stops | {stop})

    def bent(self, line: str, witness: Witness | None) -> "Lifted":
        """The tensor where autograd goes back with another gradient than its formula's."""
        stop = Stop(line, tuple(sorted(self.leaves)), (self,), another=True, witness=witness)
        return replace(self, stops=self.stops | {stop})

    def renamed(self, axes: dict[int, int], dims: Dims) -> "Lifted":
        """With other axes for some of its own, in these dimensions. Raises `Mixed` for a triangular matrix."""
        if self.triangular is not None:
            raise Mixed("a triangular matrix along other axes")

        def element() -> TermArray:
            return placed(self.element, {old: index_of(new) for old, new in axes.items()})

        return self.with_element(dims, element)

    def laid_out(self, dims: Dims) -> "Lifted":
        """The same elements in other dimensions: in another order or shape, or repeated along new axes."""
        return replace(self, dims=dims)

    def with_element(self, dims: Dims, make_element: Callable[[], TermArray]) -> "Lifted":
        """Another element of the same leaves, as their sum over an axis is."""
        return replace(self, dims=dims, make_element=make_element)

    def part(self, dims: Dims, make_element: Callable[[], TermArray]) -> "Lifted":
        """A slice of the tensor, which is the `whole` of it if it is no slice itself."""
        return replace(self, dims=dims, make_element=make_element, whole=self.whole or self)

    def joined_of(self, dims: Dims, pieces: tuple["Lifted", ...]) -> "Lifted":
        """A tensor that is joined as this one is, of parts of its pieces."""
        return replace(self, dims=dims, pieces=pieces)

    def without_gradient(self) -> "Lifted":
        """The tensor where autograd goes back to none of its leaves: a draw, or what was detached."""
        return replace(self, live=frozenset())

    def with_stops(self, stops: "frozenset[Stop]", live: frozenset[str] | None = None) -> "Lifted":
        """The tensor with these stops for its own, and with these `live` leaves if they are given."""
        return replace(self, stops=stops, live=self.live if live is None else live)


def without_element(dims: Dims, parts: Sequence[Lifted], why: str, line: str, **kind: Any) -> Lifted:
    """A tensor of these parts that has no one element: whoever asks for it is told `why`, with this line.

    `kind`: the attribute that says how it is made of them, as `pieces`.
    """

    def refuse() -> TermArray:
        raise Unread(why, line)

    return Lifted(
        dims,
        refuse,
        frozenset().union(*(part.leaves for part in parts)),
        frozenset().union(*(part.live for part in parts)),
        frozenset().union(*(part.stops for part in parts)),
        **kind,
    )
