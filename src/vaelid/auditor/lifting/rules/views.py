"""Tensors in another shape or order: elements are named by their indices, so that they stay what they are.

In: an event such as `x.t()` or `x.reshape(-1)`. Out: the same element, its axes dealt out to other dimensions. For
example, x of axes ((0,), (1,)) reshaped to one dimension has ((0, 1),): the element is still x[i0, i1].
"""

from vaelid.auditor.formula.errors import Mixed
from vaelid.auditor.lifting.operands import operand
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.registry import reads
from vaelid.auditor.lifting.tensor import Lifted
from vaelid.auditor.recording.events import Event

__all__: list[str] = []


_IN_ANOTHER_SHAPE = "a joined or picked tensor in another shape"


@reads("view", "_unsafe_view", "reshape", "unsqueeze", "squeeze", "flatten", "_reshape_alias")
def _reshaped(reader: Reader, event: Event) -> Lifted:
    """The elements stay in their order."""
    x = operand(reader, event, event.arguments[0])
    (output,) = event.made_regions
    if x.pieces or x.picked is not None:
        if tuple(map(reader.axes.length, x.dims)) == output.size:
            return x
        raise Mixed(_IN_ANOTHER_SHAPE)
    return x.laid_out(reader.axes.dealt(x.dims, output.size))


def _whole(x: Lifted) -> Lifted:
    """The tensor, if it is not joined of pieces, or picked. Raises `Mixed`."""
    if x.pieces or x.picked is not None:
        raise Mixed(_IN_ANOTHER_SHAPE)
    return x


@reads("t", "numpy_T")
def _turned(reader: Reader, event: Event) -> Lifted:
    x = _whole(operand(reader, event, event.arguments[0]))
    return x.laid_out(x.dims[::-1])


@reads("permute")
def _permuted(reader: Reader, event: Event) -> Lifted:
    x = _whole(operand(reader, event, event.arguments[0]))
    return x.laid_out(tuple(x.dims[d] for d in event.arguments[1]))


@reads("transpose")
def _transposed(reader: Reader, event: Event) -> Lifted:
    x = _whole(operand(reader, event, event.arguments[0]))
    dims = list(x.dims)
    one, other = event.arguments[1:3]
    if dims:  # torch lets a single number be transposed
        dims[one], dims[other] = dims[other], dims[one]
    return x.laid_out(tuple(dims))


@reads("flip")
def _from_the_end(reader: Reader, event: Event) -> Lifted:
    """Along an axis of its own: elements of it stand beside others so read only, and a sum over it is the same."""
    x = _whole(operand(reader, event, event.arguments[0]))
    turned = {d % len(x.dims) for d in event.arguments[1]}
    now = tuple(map(reader.axes.now, x.dims))
    axes = {axis: reader.axes.from_the_end(axis) for d in turned for axis in now[d]}
    dims = tuple(tuple(axes[axis] for axis in dim) if d in turned else dim for d, dim in enumerate(now))
    return x.renamed(axes, dims)


@reads("expand")
def _expanded(reader: Reader, event: Event) -> Lifted:
    return _expanded_to(reader, event, operand(reader, event, event.arguments[0]))


@reads("copy")
def _copied(reader: Reader, event: Event) -> Lifted:
    """In place: what is read afterwards is the other tensor."""
    return _expanded_to(reader, event, operand(reader, event, event.arguments[1]))


def _expanded_to(reader: Reader, event: Event, x: Lifted) -> Lifted:
    """A dimension keeps its axes; one of length 1 gets a new axis, along which the tensor is the same."""
    x = _whole(x)
    (output,) = event.made_regions
    old = ((),) * (len(output.size) - len(x.dims)) + x.dims
    new = reader.new_dims(event, output.size)
    reader.axes.expanded |= {a for dim, fresh in zip(old, new, strict=True) if not dim for a in fresh}
    return x.laid_out(tuple(dim or fresh for dim, fresh in zip(old, new, strict=True)))


@reads("repeat")
def _repeated(reader: Reader, event: Event) -> Lifted:
    """A dimension that is laid out several times is a slower axis of that many places, and the old axes."""
    x = _whole(operand(reader, event, event.arguments[0]))
    (output,) = event.made_regions
    old = ((),) * (len(output.size) - len(x.dims)) + x.dims
    dims = []
    for d, (dim, length) in enumerate(zip(old, output.size, strict=True)):
        times = length // reader.axes.length(dim)
        dims.append((*reader.axes.dim((event.number, "times", d), times), *dim))
    return x.laid_out(tuple(dims))
