"""Operations that are not read, and writes into a part of a tensor: what comes out is a leaf that remembers its inputs.

In: an event. Out: its outputs as leaves. For example, a network's `x @ w` becomes a leaf h1, an array of which a term
says nothing but its name, with the inputs x and w; after `h[:, 0] = 0` nothing is known of h as a whole any more.
"""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from vaelid.auditor.formula.errors import Mixed
from vaelid.auditor.lifting.draw_laws import RANDOM
from vaelid.auditor.lifting.folds import folded
from vaelid.auditor.lifting.operands import operand, outside_tensor
from vaelid.auditor.lifting.own_backward import through_own_backward
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.tensor import Lifted, dense
from vaelid.auditor.lifting.written_parts import number_of, with_part_written
from vaelid.auditor.recording.events import Event, Region

__all__ = ["cut", "forget", "updated"]


def cut(reader: Reader, event: Event, why: str = "") -> list[Lifted]:
    """The outputs as leaves, and the inputs as what entered them."""
    inputs = _inputs(reader, event)
    names = frozenset().union(*(_leaves_of(x) for x in inputs))
    results = []
    for output in event.made_regions:
        tensor = dense(reader.output(event, output), event.source)
        if not names and event.operation not in RANDOM and not tensor.requires_grad:  # made of numbers alone
            results.append(outside_tensor(reader, output, tensor))
            continue
        result = _leaf(reader, event, output, tensor, names, why)
        (made,) = result.leaves
        if event.no_grad and output.real and reader.gradients and any(x.live for x in inputs):
            result = result.stopped(event.source, *(x for x in inputs if x.live), no_grad=True)
        stops = result.stops.union(*(entered.stops for entered in inputs))
        results.append(result.with_stops(frozenset(stop.behind_leaf() for stop in stops)))
        whole = [x if x.picked is None else x.picked.full for x in inputs]  # a sample is one at every place
        reader.entering += [(entered, reader.leaves[made]) for entered in whole]
    return results


def updated(reader: Reader, event: Event) -> list[Lifted]:
    """The outputs of an operation that only updates weights: new weights, whatever they were made from.

    A loss is a function of the weights as they are when it is computed. That the latents of the loss before went into
    these weights makes them no latents of this one.
    """
    return [
        reader.leaf(reader.name("w"), "parameter", output, reader.output(event, output), event.number)
        for output in event.made_regions
    ]


def _inputs(reader: Reader, event: Event) -> list[Lifted]:
    found: list[Lifted] = []
    for region in dict.fromkeys(event.regions):
        try:
            entered = operand(reader, event, region)
            if reader.gradients and region not in event.stopped and any(stop.inside for stop in entered.stops):
                # a stop in z + (z.detach() - z).detach() is of no account: autograd's gradient is the formula's
                entered = through_own_backward(reader, region, entered, event.number, event.source)
            found.append(entered)
        except Mixed:
            found.append(_written_in_parts(reader, event, region))
    return found


def _leaf(reader: Reader, event: Event, output: Region, tensor: Tensor, inputs: frozenset[str], why: str) -> Lifted:
    """An output as a leaf: noise of an unknown law if the operation is random, else made of its inputs."""
    operation = f"{event.operation}{f' ({why})' if why else ''}"
    made = {"inputs": inputs, "operation": operation, "source": event.source, "folded": folded(reader, event)}
    if event.operation in RANDOM:
        return reader.leaf(reader.name("u"), "noise", output, tensor, event.number, law="other", **made)
    noise = _noise_in(reader, inputs)
    return reader.leaf(reader.name("h"), "made", output, tensor, event.number, noise=noise, **made)


def _written_in_parts(reader: Reader, event: Event, region: Region) -> Lifted:
    """A tensor that was written into in parts: a leaf, made from all that was ever in its storage."""
    inputs = reader.written.get(region.storage, frozenset())
    inputs = inputs.union(*(_leaves_of(x) for p, x in reader.known.items() if p.storage == region.storage))
    made = {"inputs": inputs, "noise": _noise_in(reader, inputs), "source": event.source}
    return reader.leaf(reader.name("unknown"), "made", region, torch.empty(0), event.number, **made)


def forget(reader: Reader, event: Event, results: Sequence[Lifted]) -> None:
    """Forget every tensor that shares a position with what the event wrote into, except the results themselves.

    Not one into a part of which one number was written: it is read as it is then.
    """
    written = [region for region in event.made_regions if region.storage in event.written]
    whole = {region.storage for region in written} != set(event.written)  # then it is not known where it wrote
    forgotten, changed = [], {}
    for region in [region for region in reader.known if region.storage in event.written]:
        if whole or any(region.overlaps(other) for other in written if other.storage == region.storage):
            forgotten.append(reader.known.pop(region))
            known = None if whole else _with_number(reader, event, forgotten[-1], region, results)
            changed |= {} if known is None else {region: known}
    reader.known |= changed
    read = [reader.known[region] for region in event.regions if region in reader.known]
    names = frozenset().union(*(_leaves_of(x) for x in (*results, *read, *forgotten)))
    for storage in event.written:
        reader.written[storage] = reader.written.get(storage, frozenset()) | names


def _with_number(reader: Reader, event: Event, x: Lifted, region: Region, results: Sequence[Lifted]) -> Lifted | None:
    """A tensor after one number was written into a part of it; None where it was anything else that was written."""
    number = number_of(results[0]) if len(results) == len(event.made_regions) == 1 else None
    part = event.made_regions[0] if event.made_regions else region
    if number is None or part == region:
        return None
    return with_part_written(reader, event, x, region, part, number)


def _leaves_of(x: Lifted) -> frozenset[str]:
    return x.leaves.union(*(piece.leaves for piece in x.pieces)) if x.pieces else x.leaves


def _noise_in(reader: Reader, names: Iterable[str]) -> frozenset[str]:
    """The draws that these leaves were made from."""
    return frozenset().union(*(reader.leaves[name].noise for name in names))
