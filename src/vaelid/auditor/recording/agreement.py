"""Do the two sides of a twin agree, in value and gradient, at the arguments of a recorded call?

In: the calls of twins that a run made. Out: a `TwinAgreement` for each, or the first `TwinDifference`. For a kernel
whose backward has a wrong sign the gradient is -0.3 where the slow side has 0.3. The slow side is computed in double
precision where it can be: the bound is on the distance of the kernel from the formula, not from rounded numbers.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten

from vaelid.auditor.findings.twins import TwinAgreement, TwinDifference, of_all_calls
from vaelid.auditor.recording.magnitudes import Magnitudes
from vaelid.readings.twins import Twin, TwinCall, by_slow_sides, name_of
from vaelid.spec.errors import words_of

__all__ = ["agreements", "compared"]


@dataclass(frozen=True)
class _Side:
    """What one side gave: the numbers of its results, then the gradient of each argument; and their magnitudes."""

    values: list[Tensor]
    gradients: list[Tensor]
    sizes: list[Tensor]
    slope_sizes: list[Tensor]
    foreign: bool


def agreements(calls: Iterable[TwinCall]) -> tuple[TwinAgreement, ...] | TwinDifference:
    """Of all calls, one for each twin; or the first call in which the sides differ."""
    found = []
    for call in calls:
        one = compared(call)
        if isinstance(one, TwinDifference):
            return one
        found.append(one)
    return of_all_calls(found)


def compared(call: TwinCall) -> TwinAgreement | TwinDifference:
    """The two sides in one call. Random generators are as they were after it."""
    twin, slow = call.twin, name_of(call.twin.slow)
    devices = [torch.cuda.current_device()] if torch.cuda.is_initialized() else []
    with torch.random.fork_rng(devices=devices), torch.set_grad_enabled(call.gradients):
        try:
            fast_side = _side(twin.fast, call, measured=False)
        except Exception as error:
            return TwinDifference(twin.name, slow, f"an error, {words_of(error)},", "a value", f"{twin.name} gave")
        with by_slow_sides():  # those that the slow side calls itself
            try:
                slow_side = _side(twin.slow, call.with_tensors(_double))
            except Exception:  # it makes float32 tensors of its own, perhaps: then it is taken as it is
                slow_side = _side(twin.slow, call)
    if [v.shape for v in fast_side.values] != [v.shape for v in slow_side.values]:
        shapes = [str([tuple(v.shape) for v in side.values]) for side in (fast_side, slow_side)]
        return TwinDifference(twin.name, slow, shapes[0], shapes[1], f"the shapes of what {twin.name} gives")
    if fast_side.foreign or slow_side.foreign:
        which = twin.name if fast_side.foreign else slow
        return TwinDifference(twin.name, slow, "others", "arguments alone", f"{which} depends on trained tensors")
    value = _farthest(twin, slow, "value", fast_side.values, slow_side.values, slow_side.sizes)
    if isinstance(value, TwinDifference):
        return value
    slopes = _farthest(twin, slow, "gradient", fast_side.gradients, slow_side.gradients, slow_side.slope_sizes)
    if isinstance(slopes, TwinDifference):
        return slopes
    return TwinAgreement(twin.name, slow, twin.bound, 1, value, slopes if slow_side.gradients else None)


def _side(function: Callable[..., Any], call: TwinCall, *, measured: bool = True) -> _Side:
    """One side on copies of the arguments, so that what it writes into them does not meet the other side.

    `measured` False: without magnitudes, since a kernel may not run below a dispatch mode.
    """
    own = call.with_tensors(torch.clone)
    leaves = [leaf for leaf in _tensors((own.arguments, own.options)) if leaf.requires_grad]
    sizes = Magnitudes()
    with sizes if measured else nullcontext():
        results = [value for value in _tensors(function(*own.arguments, **own.options)) if value.is_floating_point()]
        trained = [value for value in results if value.requires_grad]
        weights = [_direction(value, k) for k, value in enumerate(trained)]
        slopes: Sequence[Tensor | None] = [None] * len(leaves)
        foreign = bool(trained) and _reaches_others(trained, leaves)
        if trained and leaves and not foreign:
            slopes = torch.autograd.grad(trained, leaves, weights, allow_unused=True)
    return _Side(
        [value.detach() for value in results],
        [torch.zeros_like(leaf) if g is None else g for leaf, g in zip(leaves, slopes, strict=True)],
        [sizes.of(value) for value in results],
        [torch.zeros_like(leaf) if g is None else sizes.of(g) for leaf, g in zip(leaves, slopes, strict=True)],
        foreign,
    )


def _double(value: Tensor) -> Tensor:
    return value.double() if value.is_floating_point() else value


def _direction(value: Tensor, k: int) -> Tensor:
    """Random weights of the results, the same for both sides: numbers of float32, from a generator of its own."""
    drawn = torch.randn(value.shape, generator=torch.Generator().manual_seed(k))
    return drawn.to(value)


def _reaches_others(results: Sequence[Tensor], leaves: Sequence[Tensor]) -> bool:
    """Whether a gradient goes to a tensor that is no argument: the comparison would not see it."""
    own = {id(leaf) for leaf in leaves}
    waiting, seen = [value.grad_fn for value in results], set[Any]()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        variable = getattr(node, "variable", None)  # of a node that accumulates a gradient
        if variable is not None and id(variable) not in own:
            return True
        waiting.extend(following for following, _ in node.next_functions)
    return False


def _farthest(
    twin: Twin, slow: str, what: str, fast: list[Tensor], exact: list[Tensor], sizes: list[Tensor]
) -> float | TwinDifference:
    """The largest relative distance of any two numbers; the numbers themselves where it exceeds the bound."""
    largest = 0.0
    for one, other, size in zip(fast, exact, sizes, strict=True):
        off = _distances(one, other, size).flatten()
        if not off.numel():
            continue
        at = int(off.argmax())  # of NaN, too: argmax takes it for the largest
        worst = float(off[at])
        if not worst <= twin.bound:
            computed, expected = (f"{float(v.flatten()[at]):.9g}" for v in (one, other))
            words = f"the {what} of {twin.name}, {worst:.1e} of its terms off (bound {twin.bound:g})"
            return TwinDifference(twin.name, slow, computed, expected, words)
        largest = max(largest, worst)
    return largest


def _distances(fast: Tensor, exact: Tensor, size: Tensor) -> Tensor:
    """|fast - exact| / size; 0 where both are the same once they are rounded alike, as infinity or NaN."""
    one, other = fast.detach().double().cpu(), exact.detach().double().cpu()
    rounded = exact.detach().to(fast.dtype).double().cpu()
    same = (one == rounded) | (one == other) | (one.isnan() & other.isnan())
    # what is below the smallest normal number may be lost, once for each of some thousand terms
    lost = 1e3 * torch.finfo(fast.dtype).smallest_normal if fast.dtype.itemsize >= _WIDE else 0.0
    off = ((one - other).abs() - lost).clamp_min(0) / size.detach().double().cpu()
    return torch.where(same | (off.isnan() & (one - other == 0)), 0.0, torch.where(off.isnan(), torch.inf, off))


_WIDE = 4
"""Bytes of float32, in which a thousand smallest normal numbers are nothing; in float16 they are 0.06."""


def _tensors(value: Any) -> list[Tensor]:
    return [leaf for leaf in tree_flatten(value)[0] if isinstance(leaf, Tensor)]
