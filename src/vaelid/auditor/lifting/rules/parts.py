"""Tensors cut into parts, and joined from parts.

In: an event such as `encoder(x).chunk(2, 1)` or `torch.cat([a, b])`. Out: the parts, each by an index that is shifted,
as h1[i0, 3 + i2]; or a tensor of pieces, which has an element only once it is summed over.
"""

from vaelid.auditor.formula.errors import Mixed
from vaelid.auditor.lifting.loops import of_a_loop
from vaelid.auditor.lifting.operands import operand
from vaelid.auditor.lifting.pointwise import joined
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.registry import reads
from vaelid.auditor.lifting.slices import from_to, one_place
from vaelid.auditor.lifting.tensor import Lifted
from vaelid.auditor.recording.events import Event

__all__: list[str] = []


@reads("split", "split_with_sizes", "chunk", "unsafe_split", several=True)
def _split(reader: Reader, event: Event) -> list[Lifted]:
    x, *rest = event.arguments
    found = operand(reader, event, x)
    dim = (rest[1] if len(rest) > 1 else event.options.get("dim", 0)) % len(found.dims)
    results, start = [], 0
    for output in event.made_regions:
        results.append(from_to(reader, found, dim, start, output.size[dim]))
        start += output.size[dim]
    return results


@reads("unbind", several=True)
def _unbound(reader: Reader, event: Event) -> list[Lifted]:
    x, *rest = event.arguments
    found = operand(reader, event, x)
    dim = (rest[0] if rest else event.options.get("dim", 0)) % len(found.dims)
    return [one_place(reader, found, dim, k) for k in range(len(event.made_regions))]


@reads("slice", "select", "narrow")
def _sliced(reader: Reader, event: Event) -> Lifted:
    x, *rest = event.arguments
    (output,) = event.made_regions
    found = operand(reader, event, x)
    dim = (rest[0] if rest else event.options.get("dim", 0)) % len(found.dims)
    whole = reader.axes.length(found.dims[dim])
    start = rest[1] if len(rest) > 1 and rest[1] is not None else 0
    start = start + whole if start < 0 else start
    if event.operation == "select":
        return one_place(reader, found, dim, start)
    if event.operation == "slice" and len(rest) > 3 and rest[3] != 1:
        raise Mixed("a slice with a step")
    return from_to(reader, found, dim, min(start, whole), output.size[dim])


@reads("cat", "stack")
def _joined(reader: Reader, event: Event) -> Lifted:
    (output,) = event.made_regions
    tensors, *rest = event.arguments
    dim = (rest[0] if rest else event.options.get("dim", 0)) % len(output.size)
    pieces = [operand(reader, event, tensor) for tensor in tensors]
    if event.operation == "stack":
        pieces = [x.laid_out((*x.dims[:dim], (), *x.dims[dim:])) for x in pieces]
    if any(x.pieces for x in pieces):
        raise Mixed("a joined tensor joined again")
    if len(pieces) == 1:
        return pieces[0]
    dims = list(pieces[0].dims)
    for x in pieces[1:]:
        for d in range(len(dims)):
            if d != dim:
                dims[d] = reader.axes.pair(dims[d], x.dims[d]) if dims[d] and x.dims[d] else dims[d] or x.dims[d]
    dims[dim] = reader.axes.dim((event.number, "joined"), output.size[dim])
    one = of_a_loop(reader, event, pieces, dim, tuple(dims))
    return one or joined(event, tuple(pieces), dim - len(dims), tuple(dims))
