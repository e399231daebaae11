"""From a recording to a term: one element of the result, in the indices of its axes.

In: a `Recording`. Out: a `Reading`, whose result is a term in leaves. Elementwise operations, reductions and views are
read through, by the rules that `registry.py` knows. Any other operation is cut: its outputs are leaves, arrays that a
term names and does not look into, and which remember their inputs. So a network is a few leaves, and a loss is a term
in them: `((net(x) - x) ** 2).sum()` is the sum of (h1[i0, i1] - x[i0, i1])^2.
"""

from collections.abc import Iterable

from vaelid.auditor.formula.errors import Mixed, Unread
from vaelid.auditor.lifting.axes import Axes
from vaelid.auditor.lifting.cut import cut, forget, updated
from vaelid.auditor.lifting.long_sums import long_sums_to_read
from vaelid.auditor.lifting.loops import draws_used_apart
from vaelid.auditor.lifting.operands import FROM_OUTSIDE, read_region
from vaelid.auditor.lifting.own_backward import through_own_backward
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.reading import Reading
from vaelid.auditor.lifting.rules import RULES
from vaelid.auditor.lifting.tensor import Lifted, dense
from vaelid.auditor.lifting.truth_values import truth_values, with_truth_values
from vaelid.auditor.recording.events import Event, Recording
from vaelid.auditor.recording.record import has_its_own_backward, is_from_own_function
from vaelid.spec.errors import VaelidError

__all__ = ["lift"]


_PASSES = 40
"""A pass that learns of no axis is the last. Each other merges two axes or cuts one, and most code needs two or three
passes: 40 is far above that, and ends the reading of a shape that would be cut for ever."""

_SCALINGS = frozenset({"mul", "div", "neg", "_to_copy", "clone", "alias", "view", "squeeze", "unsqueeze", "expand"})
"""Operations by which a part of a loss stays what it is, but for a factor: a claim names the line before them."""


def lift(
    recording: Recording,
    *,
    gradients: bool = True,
    clamps_of: frozenset[str] | None = None,
    alike: Iterable[tuple[str, str]] = (),
) -> Reading:
    """The result of a recording, as a term in leaves.

    What two dimensions' being one axis says of tensors that were read before, is used in the next pass.

    Args:
        recording: of one run.
        gradients: whether the result is meant to be differentiated.
        clamps_of: where it is given, a clamp that changed nothing is kept only if it is of one of these leaves.
        alike: pairs of arguments whose dimensions are the same axes.
    """
    axes, pairs = Axes(), tuple(alike)
    for _ in range(_PASSES):
        learned = axes.learned
        reader = Reader(recording, axes, gradients, clamps_of)
        reading = _read(reader, pairs)
        apart, unread = draws_used_apart(reader, _reached(reading)), long_sums_to_read(reader)
        if not apart and not unread and axes.learned == learned:
            return reading
    raise Unread("its tensors' dimensions could not be told apart", None)


def _reached(reading: Reading) -> frozenset[str]:
    """The leaves that the result was made from."""
    found, waiting = set[str](), [*reading.result.leaves]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += reading.leaves[name].inputs
    return frozenset(found)


def _read(reader: Reader, alike: tuple[tuple[str, str], ...]) -> Reading:
    recording = reader.recording
    reader.decided += recording.decided_by_value
    for name, region in recording.arguments.items():
        reader.known[region] = reader.leaf(name, "argument", region, dense(recording.given[region], None), None)
    for one, other in alike:
        for mine, theirs in zip(reader.leaves[one].dims, reader.leaves[other].dims, strict=True):
            reader.axes.pair(mine, theirs)
    events = recording.events_that_count()
    for event in events:
        try:
            _read_event(reader, event)
        except (ValueError, ArithmeticError) as reason:  # a number that is none, a shape that is another
            if isinstance(reason, VaelidError):
                raise
            raise Unread(f"{event.name} cannot be read ({reason})", event.source) from reason
    result = _of_truth_values(reader, _result(reader, events))
    joins, foreign = tuple(reader.joins), dict(reader.foreign)
    clamps, halted, decided = tuple(reader.clamps), frozenset(reader.halted), tuple(reader.decided)
    weightless, settled = tuple(reader.weightless), frozenset(reader.settled)
    return Reading(
        result,
        reader.leaves,
        reader.entering,
        reader.axes,
        clamps,
        halted,
        joins,
        decided,
        foreign,
        weightless,
        settled,
    )


def _result(reader: Reader, events: list[Event]) -> Lifted:
    """What the function returned. Raises `Mixed` where only parts of it are known."""
    region, returned = reader.recording.result, reader.recording.returned
    if is_from_own_function(returned) and region in reader.recording.given:
        raise Unread(FROM_OUTSIDE, None)
    result = read_region(reader, region)
    if reader.recording.only_shown and not result.leaves and reader.decided:
        line = reader.decided[-1]
        raise Unread("it returns a number that Python made: add up detached losses, and not what `.item()` gives", line)
    if reader.gradients and has_its_own_backward(returned):
        line = events[-1].source if events else "unknown"
        result = through_own_backward(reader, region, result, len(reader.recording.events), line)
    if result.live and reader.gradients and not returned.requires_grad:
        result = result.stopped("the result")
    return result


def _of_truth_values(reader: Reader, result: Lifted) -> Lifted:
    """The result, where a mask of truth values is 0 or 1."""
    names = truth_values(reader.leaves) & result.leaves
    if not names or result.pieces or result.picked is not None:
        return result
    return result.with_element(result.dims, lambda: with_truth_values(result.element, names))


def _read_event(reader: Reader, event: Event) -> None:
    try:
        results, line = _results(reader, event), None
    except Mixed as reason:
        results, line = cut(reader, event, str(reason)), event.source
    line = line or _note_joined(reader, event, results)
    if event.written:
        forget(reader, event, [x for result in results for x in (result, *result.pieces)])
    for output, result in zip(event.made_regions, results, strict=True):
        reader.known[output] = result.laid_out(tuple(reader.axes.now(d) for d in result.dims))
        reader.lines[output] = line


def _results(reader: Reader, event: Event) -> list[Lifted]:
    """Each output as a term. Raises `Mixed` where no rule applies: then the operation is cut."""
    if event.updates:
        return updated(reader, event)
    if event.twofold and reader.gradients and not _is_sum_of_arrays(event):
        raise Mixed("a tensor and itself, detached")
    rule = RULES.get(event.operation)
    if len(event.made_regions) != 1 and not (rule and rule.several):
        raise Mixed("it has several results")
    if rule is None:
        raise Mixed("")
    found = rule.function(reader, event)
    if rule.is_foreign:
        reader.foreign[event.operation] = rule.name
    return found if isinstance(found, list) else [found]


def _is_sum_of_arrays(event: Event) -> bool:
    """Whether it adds or subtracts tensors of more than one element.

    Of `z.detach() + z` each argument can be read with its own gradient. A product, as in `w.detach() * w`, is often
    meant to have another gradient than its value's, and a single number that is detached may be a weight.
    """
    return event.operation in ("add", "sub", "rsub") and all(region.size for region in event.regions)


def _note_joined(reader: Reader, event: Event, results: list[Lifted]) -> str:
    """Note what the event joined, and the lines that made it; the line of the result: an operand's, if only scaled."""
    whole = frozenset().union(*(result.leaves for result in results))
    parts = [p for p in event.regions if p in reader.lines and p in reader.known]
    operands = [(reader.known[p].leaves, reader.lines[p]) for p in parts]
    reader.joins += [(leaves, line, whole) for leaves, line in operands]
    named = [line for leaves, line in operands if leaves]
    return named[0] if event.operation in _SCALINGS and len(named) == 1 else event.source
