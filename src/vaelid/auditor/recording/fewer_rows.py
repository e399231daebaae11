"""A large batch without most of its rows, where the step does with few rows what it does with all of them.

In: a step and its batch. Out: the rows that an audit runs on, and what is taken for granted where these are not all.
For example, of 16,384 images of 784 pixels there stay 512 or fewer. The step has run once with all rows then: it did
the same operations with the same numbers, up to those that follow the number of rows, as the 16,384 of a mean does.

An audit runs the step some hundred times, and keeps what it computes in some of these runs.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_leaves, tree_unflatten

from vaelid.auditor.formula.errors import UNREAD
from vaelid.auditor.recording.calls import call_of, fewer_rows, observed, scalar_loss
from vaelid.auditor.recording.events import Recording
from vaelid.auditor.recording.outlines import outline_of, treat_alike
from vaelid.auditor.recording.state import unchanged
from vaelid.spec.errors import InputError, UserCodeError

__all__ = ["enough_rows"]

_SMALL_BATCH = 2**17
"""Numbers in a batch that is taken whole without a look at what the step makes of it: 128 rows of 1,000 numbers."""

_BYTES = 2**24
"""What a run may compute at most, if it has more than the fewest rows. With a hundred times these bytes a run takes a
second, and an audit keeps some gigabytes."""

_MOST = 512
"""Rows that say as much as more of them do; code that goes through its rows part by part takes longer with each."""

_FEWEST = 4
"""Rows that are left at least: an audit needs two numbers of rows, and rows that differ from each other."""


def enough_rows(step: Callable[[Any], Any], batch: Any) -> tuple[Any, tuple[str, ...]]:
    """The rows of the batch that an audit runs on, spread over it; and what that takes for granted, in a sentence."""
    tensors = [leaf for leaf in tree_leaves(batch) if isinstance(leaf, Tensor)]
    if fewer_rows(batch) is None or sum(tensor.numel() for tensor in tensors) <= _SMALL_BATCH:
        return batch, ()
    count = len(tensors[0])
    with unchanged([step], [batch]) as state:
        few = _some(batch, _FEWEST)
        try:
            sizes = [_bytes_made(observed(step, call_of(part), scalar_loss, state)) for part in (few, fewer_rows(few))]
            kept = _divisor(count, _rows_of_bytes(*sizes))
            if kept > count // 2:
                return batch, ()
            part = _some(batch, kept)
            parts = (part, fewer_rows(part), batch)
            runs = [outline_of(step, one, state) for one in parts]
            again = outline_of(step, batch, state)
        except (InputError, UserCodeError, *UNREAD):
            return batch, ()  # it holds something of the batch's size, perhaps
    if not treat_alike(runs, again, [_rows(one) for one in parts]):
        return batch, ()
    said = (
        f"the {count:,} rows are treated as {_rows(part):,} of them were: with all of them the step did the same "
        f"{len(runs[-1].operations):,} operations, with the same numbers or such as follow the number of rows"
    )
    return part, (said,)


def _rows(batch: Any) -> int:
    return len(next(leaf for leaf in tree_leaves(batch) if isinstance(leaf, Tensor)))


def _some(batch: Any, kept: int) -> Any:
    """So many rows: those with the extreme numbers of any tensor, and others at equal distances."""
    leaves, structure = tree_flatten(batch)
    count = _rows(batch)
    extreme = set().union(*(_extreme_rows(leaf) for leaf in leaves if isinstance(leaf, Tensor)))
    kept = max(kept, len(extreme))
    others = [row for row in range(0, count, count // kept) if row not in extreme]
    rows = torch.tensor(sorted([*extreme, *others][:kept]))
    some = [leaf[rows.to(leaf.device)] if isinstance(leaf, Tensor) else leaf for leaf in leaves]
    return tree_unflatten(some, structure)


def _extreme_rows(tensor: Tensor) -> set[int]:
    """The rows with the least and greatest number and sum, the number farthest from a whole one, nan, and infinity.

    Whether data lie in the support of a likelihood is asked of the rows that stay. Where all rows are equal in one of
    these respects, any of them will do.
    """
    if tensor.is_complex():
        return set()
    numbers = tensor.detach().reshape(len(tensor), -1).double()
    finite = numbers.nan_to_num(0.0, 0.0, 0.0)
    sums, off = finite.sum(1), (finite - finite.round()).abs()
    greatest = (
        finite.amax(1),
        -finite.amin(1),
        sums,
        -sums,
        off.amax(1),
        numbers.isnan().sum(1),
        numbers.isinf().sum(1),
    )
    return {int(of_row.argmax()) for of_row in greatest if of_row.min() < of_row.max()}


def _divisor(count: int, most: int) -> int:
    """The largest divisor up to `most`, for code that cuts its batch into parts; `most` where that is far smaller."""
    most = max(most, _FEWEST)
    found = next((count // k for k in range(1, count + 1) if count % k == 0 and count // k <= most), 1)
    return found if 2 * found >= most else min(most, count)


def _bytes_made(recording: Recording) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in recording.made.values())


def _rows_of_bytes(of_fewest: int, of_fewer: int) -> int:
    """How many rows a run of `_BYTES` has; the rest, as an optimizer makes it, is the same for any number of rows."""
    of_row = of_fewest - of_fewer
    return min(_MOST, _BYTES // of_row) if of_row > 0 else _MOST
