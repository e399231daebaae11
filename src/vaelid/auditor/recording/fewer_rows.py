"""A large batch without most of its rows, where the step does with few rows what it does with all of them.

In: a step and its batch. Out: the rows that an audit runs on, and what is taken for granted where these are not all.
For example, of 16,384 images of 784 pixels there stay 512 or fewer. The step has run once with all rows then: it did
the same operations with the same numbers, up to those that follow the number of rows, as the 16,384 of a mean does.

An audit runs the step some hundred times, and keeps what it computes in some of these runs.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_leaves, tree_unflatten
from torch.utils.weak import WeakIdKeyDictionary

from vaelid.auditor.formula.errors import UNREAD
from vaelid.auditor.recording.calls import call_of, fewer_rows, observed, scalar_loss, users_code
from vaelid.auditor.recording.events import Recording
from vaelid.auditor.recording.operation_mode import OperationMode
from vaelid.auditor.recording.own_training import OwnTraining
from vaelid.auditor.recording.schemas import operation_name
from vaelid.auditor.recording.state import State, unchanged
from vaelid.readings.twins import by_slow_sides
from vaelid.spec.errors import InputError, UserCodeError

__all__ = ["enough_rows"]

_SMALL_BATCH = 2**17
"""Numbers in a batch that is taken whole without a look at what the step makes of it: 128 rows of 1,000 numbers."""

_BYTES = 2**24
"""What one run may compute at most, if it has more than the fewest rows: with a hundred times as much a run takes a
second, and what an audit keeps of it is some gigabytes."""

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
            runs = [observed(step, call_of(part), scalar_loss, state) for part in (few, fewer_rows(few))]
            kept = _divisor(count, _rows_of_bytes(*map(_bytes_made, runs)))
            if kept > count // 2:
                return batch, ()
            part = _some(batch, kept)
            parts = (part, fewer_rows(part), batch)
            seen = [_operations(step, one, state) for one in parts]
        except (InputError, UserCodeError, *UNREAD):
            return batch, ()  # it holds something of the batch's size, perhaps
    lengths = [_rows(one) for one in parts]
    if not _follow_rows(seen, lengths):
        return batch, ()
    said = (
        f"the {count:,} rows are treated as {kept:,} of them were: with all of them the step did the same "
        f"{len(seen[-1]):,} operations, with the same numbers or such as follow the number of rows"
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
    """Rows in which a number, or the sum, is least and greatest; with what is no number or, of all, the least whole.

    Whether data lie in the support of a likelihood is asked of the rows that stay.
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


@dataclass(frozen=True)
class _Operation:
    """One operation of a run.

    Attributes:
        name: without library and overload.
        numbers: that it is given.
        lengths: of the tensors that it is given and that no operation made.
        of_table: whether one of these is not trained, and may hold an entry for each row of all data.
    """

    name: str
    numbers: tuple[float, ...]
    lengths: tuple[int, ...]
    of_table: bool


class _Operations(OperationMode):
    """Collects what each operation is given, and keeps no tensor of more than one number.

    What `backward` and an optimizer do follows from what came before them.
    """

    def __init__(self, batch: Any) -> None:
        super().__init__()
        self.own = OwnTraining()
        self.found: list[_Operation] = []
        self.made = WeakIdKeyDictionary()
        for leaf in tree_leaves(batch):
            self._note(leaf)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if self.own.inside or self.own.optimizing:
            return result
        given = tree_leaves((args, kwargs or {}))
        tensors = [v for v in given if isinstance(v, Tensor) and v.layout == torch.strided and v not in self.made]
        numbers = [float(v) for v in given if isinstance(v, int | float) and not isinstance(v, bool)]
        numbers += [_value(v) for v in tensors if v.numel() == 1]
        lengths = tuple(length for tensor in tensors for length in tensor.shape)
        name = operation_name(func).removeprefix("aten.").partition(".")[0].rstrip("_")
        of_table = any(tensor.numel() > 1 and not tensor.requires_grad for tensor in tensors)
        self.found.append(_Operation(name, tuple(numbers), lengths, of_table))
        for leaf in tree_leaves(result):
            self._note(leaf)
        return result

    def _note(self, leaf: Any) -> None:
        if isinstance(leaf, Tensor):
            self.made[leaf] = True


def _value(tensor: Tensor) -> float:
    with torch._C._DisableTorchDispatch():
        return math.nan if tensor.is_complex() else float(tensor.detach())


def _operations(step: Callable[[Any], Any], batch: Any, state: State) -> list[_Operation]:
    seen = _Operations(batch)
    try:
        with users_code(), torch.enable_grad(), seen.own, seen, by_slow_sides():
            scalar_loss(step(batch))
    finally:
        state.restore_run()
    return seen.found


def _follow_rows(runs: Sequence[list[_Operation]], rows: Sequence[int]) -> bool:
    """Whether three runs do the same, and each number is as the first two lead one to expect of the third."""
    if len({len(run) for run in runs}) != 1:
        return False
    return all(_follows(same, rows) for same in zip(*runs, strict=True))


def _follows(same: Sequence[_Operation], rows: Sequence[int]) -> bool:
    """Whether an operation is the same in runs of these numbers of rows.

    A tensor that was there before the run may have other values in its further rows, and a number may be a row's.
    """
    one, _, last = same
    if any(o.name != one.name or len(o.numbers) != len(one.numbers) or o.lengths != one.lengths for o in same):
        return False
    moved = any(len(set(three)) > 1 for three in zip(*(o.numbers for o in same), strict=True))
    if moved and not one.name.startswith(_TAKE_LENGTHS):
        return False
    if one.name.startswith(_LOOK_UP) and one.of_table:
        return False
    if one.name.startswith(_TAKE_PLACES) and any(min(rows) < abs(number) <= max(rows) for number in last.numbers):
        return False
    return all(_is_expected(three, rows) for three in zip(*(o.numbers for o in same), strict=True))


_OF_SHAPES = ("view", "_unsafe_view", "reshape", "_reshape_alias", "expand", "repeat", "split", "unsafe_split", "chunk")
_OF_NEW = ("new_", "zeros", "ones", "full", "empty", "rand", "normal", "unflatten")
_TAKE_LENGTHS = (*_OF_SHAPES, *_OF_NEW, "mul", "div")
"""Beginnings of the names of operations in which a number may follow the number of rows: as a length, or a weight."""

_LOOK_UP = ("index", "gather", "embedding", "take")
_FIND_PLACES = ("slice", "select", "narrow", "split", "index", "gather")
_COMPARE = ("gt", "lt", "ge", "le", "eq", "ne", "remainder", "fmod", "floor_divide")
_TAKE_PLACES = (*_FIND_PLACES, *_COMPARE)
"""And of those in which a fixed number beyond the rows that stay may be the place of a row that does not."""


def _is_expected(numbers: tuple[float, ...], rows: Sequence[int]) -> bool:
    """Whether a + b n or a + b / n passes through all three, of n rows; or they are in proportion to n or 1 / n."""
    one, two, last = numbers
    if one == two == last:
        return True
    for at in ([float(n) for n in rows], [1 / n for n in rows]):
        slope = (one - two) / (at[0] - at[1])
        if math.isclose(one + slope * (at[2] - at[0]), last, rel_tol=_LINE):
            return True
        shares = [number / n for number, n in zip(numbers, at, strict=True)]
        if all(math.isclose(shares[0], share, rel_tol=_SHARE) for share in shares[1:]):
            return True
    return False


_LINE, _SHARE = 1e-9, 1e-6
"""Relative: a line through two numbers is followed far beyond them, which doubles allow; a share may be a float32."""
