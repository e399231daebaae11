"""Calls of a user's function: their arguments, the loss in what they return, and who is to blame for an error.

In: a batch, or what a step returned. Out: a `Call`, the same with fewer rows, or the loss. For example, of the batch
`{"image": x, "label": y}` the tensors are named image and label, and `fewer_rows` keeps 4 of 5 rows; of a step that
returns `{"loss": l, "kl": k}` the loss is l.
"""

import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_unflatten

from vaelid.auditor.formula.errors import Unread
from vaelid.auditor.recording.events import Recording
from vaelid.auditor.recording.record import record
from vaelid.auditor.recording.state import State
from vaelid.spec.errors import InputError, UserCodeError, words_of

__all__ = [
    "Call",
    "call_of",
    "calls_of_step",
    "check_finite",
    "fewer_rows",
    "frozen_draws",
    "observed",
    "scalar_loss",
    "source_of",
    "users_code",
]

_JIT: Any = torch.jit


@dataclass(frozen=True)
class Call:
    """Arguments of a function, and the tensors in them by their names."""

    arguments: tuple[Any, ...]
    tensors: Mapping[str, Tensor]


def scalar_loss(returned: Any) -> Tensor:
    """The loss in what a training step returned: a scalar, `loss` of a mapping or object, or the first of a tuple."""
    if isinstance(returned, tuple | list) and returned and not hasattr(returned, "loss"):
        returned = returned[0]
    if isinstance(returned, Mapping) and "loss" in returned:
        returned = returned["loss"]
    elif not isinstance(returned, Tensor):
        returned = getattr(returned, "loss", returned)
    if returned is None:
        raise InputError("the audited function returned nothing: return the loss, a scalar tensor.")
    if not isinstance(returned, Tensor):
        kind = type(returned).__name__
        raise InputError(
            f"the audited function returned a {kind}: return the loss, a scalar tensor, or a mapping or object with "
            f"one under `loss`.{_INSTEAD_OF_ITEM if isinstance(returned, float) else ''}"
        )
    if returned.numel() != 1:
        shape = tuple(returned.shape)
        raise InputError(
            f"the audited function returned a tensor of shape {shape}: a loss is one number; take its sum or mean."
        )
    if not returned.is_floating_point():
        raise InputError(f"the audited function returned a tensor of {returned.dtype}: a loss is a real number.")
    return returned


_INSTEAD_OF_ITEM = " In place of `loss.item()` return `loss.detach()`: a float does not show how it was computed."


def check_finite(recording: Recording) -> None:
    """Raises `UserCodeError` where the loss is infinite or NaN: such a value says nothing about the formula."""
    if recording.returned.device.type == "meta":
        raise InputError("the audited function's loss is on the device meta, where tensors have no numbers.")
    value = recording.returned.detach().item()
    if not math.isfinite(value):
        raise UserCodeError(
            f"the audited function's loss is {value}: expected a finite number. Mend what gives it (a logarithm of 0, "
            "a division by 0, an exponential that overflows), or audit it on data for which it is finite."
        )


def call_of(batch: Any) -> Call:
    """The call of a step with a batch."""
    leaves, _ = tree_flatten(batch)
    tensors = [leaf for leaf in leaves if isinstance(leaf, Tensor)]
    if isinstance(batch, Mapping) and len(batch) == len(tensors) and all(isinstance(v, Tensor) for v in batch.values()):
        names = [str(key) if str(key).isidentifier() else f"x{k}" for k, key in enumerate(batch)]
    else:
        names = ["x", "y"][: len(tensors)] if len(tensors) <= 2 else [f"x{k + 1}" for k in range(len(tensors))]
    return Call((batch,), dict(zip(names, tensors, strict=True)))


def fewer_rows(batch: Any) -> Any | None:
    """The batch without its last rows; None where its tensors have not the same number of rows, or fewer than 3."""
    leaves, structure = tree_flatten(batch)
    rows = {leaf.shape[0] if leaf.ndim else 0 for leaf in leaves if isinstance(leaf, Tensor)}
    if any(isinstance(leaf, Tensor) and leaf.layout != torch.strided for leaf in leaves):
        return None  # rows cannot be cut off
    if len(rows) != 1 or (count := rows.pop()) < 3:
        return None
    # Two rows are needed for a row to differ from another. One fewer of few; of many a seventh fewer, so that a number
    # that is near another by chance (1/64 and 1/63) is told apart, and the second run takes about as long as the first.
    kept = count - 1 if count < 12 else count - max(1, count // 7)
    return tree_unflatten([leaf[:kept] if isinstance(leaf, Tensor) else leaf for leaf in leaves], structure)


def calls_of_step(batch: Any) -> tuple[Call, ...]:
    """The calls of a step that are read: with the batch, and with fewer rows where these can be cut off."""
    fewer = fewer_rows(batch)
    return (call_of(batch),) if fewer is None else (call_of(batch), call_of(fewer))


def observed(function: Callable[..., Any], call: Call, scalar: Callable[[Any], Tensor], state: State) -> Recording:
    """One run. What the user's code raises is said to be its."""
    with users_code():
        return record(function, call.arguments, call.tensors, scalar, state)


def frozen_draws(first: Recording, again: Recording) -> frozenset[str]:
    """The lines of draws that gave the same numbers in both runs."""
    lines = set()
    for at, (one, other) in enumerate(zip(first.events, again.events, strict=False)):
        if one.name != other.name or not one.name.removeprefix("aten.").startswith(("randn", "normal", "rand")):
            continue
        drawn = [v for (k, _), v in first.made.items() if k == at]
        redrawn = [v for (k, _), v in again.made.items() if k == at]
        # a single number may be the same by chance, as one of few whole numbers is
        if drawn and redrawn and drawn[0].numel() > 1 and torch.equal(drawn[0], redrawn[0]):
            lines.add(one.source)
    return frozenset(lines)


def source_of(function: Any) -> str | None:
    """File and line of a function."""
    try:
        code = inspect.unwrap(function).__code__
    except AttributeError:
        try:
            code = type(function).__call__.__code__
        except AttributeError:
            return None
    return f"{code.co_filename}:{code.co_firstlineno}"


@contextmanager
def users_code() -> Iterator[None]:
    """The user's code runs here: what it raises is theirs. Ctrl-C stays what it is.

    What `torch.jit` compiled runs as it is written: optimised, as it is after some runs, it has another order.
    """
    try:
        with _JIT.optimized_execution(False):
            yield
    except (InputError, Unread, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise UserCodeError(f"the audited function raised {words_of(error)}") from error
