"""Whether a step does with some rows what it does with more of them: what a run shows without keeping what it computes.

In: a step, and batches. Out: an `Outline` of each run, and whether they treat all rows alike. For example, the runs of
a mean over 512 and over 8,192 rows divide by 512 and by 8,192, and are otherwise the same; those of a step with
`beta = 4 if len(x) > 1000 else 1` are not.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary

from vaelid.auditor.recording.calls import scalar_loss, users_code
from vaelid.auditor.recording.operation_mode import OperationMode
from vaelid.auditor.recording.own_training import OwnTraining
from vaelid.auditor.recording.record import has_its_own_backward
from vaelid.auditor.recording.schemas import operation_name
from vaelid.auditor.recording.state import State
from vaelid.readings.twins import by_slow_sides

__all__ = ["Outline", "outline_of", "treat_alike"]


@dataclass(frozen=True)
class _Operation:
    """One operation of a run.

    Attributes:
        name: without library and overload.
        numbers: that it is given.
        lengths: of the tensors that it is given and that no operation made.
        of_table: whether one of these is not trained, and may hold an entry for each row of all data.
        shape: of what it makes.
        switched: of an operation that takes one of several ways, where it took which: how often, and at which places.
        along: of an operation that finds places along a dimension, how long that is.
    """

    name: str
    numbers: tuple[float, ...]
    lengths: tuple[int, ...] = ()
    of_table: bool = False
    shape: tuple[int, ...] = ()
    switched: tuple[float, float] | None = None
    along: int | None = None


class _Operations(OperationMode):
    """Collects what each operation is given, and keeps no tensor.

    Attributes:
        found: the operations in order.
        drawn: of each draw the sum of its numbers.
        hooked: whether a gradient passes through what autograd does not show: a hook, or a function of the user's.
    """

    def __init__(self, batch: Any) -> None:
        super().__init__()
        self.own = OwnTraining()
        self.found: list[_Operation] = []
        self.drawn: list[float] = []
        self.hooked = False
        self.made = WeakIdKeyDictionary()
        for leaf in tree_leaves(batch):
            self._note(leaf)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = tree_leaves((args, kwargs or {}))
        numbers = [float(v) for v in given if isinstance(v, int | float)]
        name = operation_name(func).removeprefix("aten.").partition(".")[0].rstrip("_")
        # it may be changed in place
        before = given[0].clone() if name.startswith(_TAKE_WAYS) and isinstance(given[0], Tensor) else None
        result = func(*args, **(kwargs or {}))
        if self.own.inside or self.own.optimizing:  # tensors that autograd kept, and moments: they follow from others
            self.found.append(_Operation(name, tuple(numbers)))
            return result
        of_tensors = [v for v in given if isinstance(v, Tensor)]
        self.hooked |= any(has_its_own_backward(v) or v._post_accumulate_grad_hooks for v in of_tensors)
        tensors = [v for v in of_tensors if v.layout == torch.strided and v not in self.made]
        numbers += [_value(v) for v in tensors if v.numel() == 1]
        lengths = tuple(length for tensor in tensors for length in tensor.shape)
        of_table = any(tensor.numel() > 1 and not tensor.requires_grad for tensor in tensors)
        shape = tuple(result.shape) if isinstance(result, Tensor) else ()
        self.found.append(
            _Operation(
                name, tuple(numbers), lengths, of_table, shape, _switched(result, before), _along(name, args, kwargs)
            )
        )
        if name.startswith(_DRAW):
            self.drawn += [float(v.double().sum()) for v in tree_leaves(result) if isinstance(v, Tensor)]
        for leaf in tree_leaves(result):
            self._note(leaf)
        return result

    def _note(self, leaf: Any) -> None:
        if isinstance(leaf, Tensor):
            self.made[leaf] = True


class _Calls(TorchFunctionMode):
    """Collects the names of torch's functions that Python calls; also of those that are no operations.

    `p.grad = None` is one, and so is `t.numpy()`, through which numbers are written that no operation shows.
    """

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.append(getattr(func, "__name__", str(func)))
        return func(*args, **(kwargs or {}))


def _along(name: str, args: Any, kwargs: Any) -> int | None:
    """How long the dimension is along which an operation finds places; None where that is not known."""
    if name not in _DIMENSION_AT or not args or not isinstance(args[0], Tensor) or args[0].ndim == 0:
        return None
    dims = [*args[_DIMENSION_AT[name] :], (kwargs or {}).get("dim", 0)]
    return int(args[0].shape[dims[0]])


_DIMENSION_AT = {"slice": 1, "select": 1, "narrow": 1, "split": 2, "unsafe_split": 2, "split_with_sizes": 2}
"""Of operations that find places, the position of the dimension among their arguments; the first dimension if it is
left out."""


def _value(tensor: Tensor) -> float:
    with torch._C._DisableTorchDispatch():
        return math.nan if tensor.is_complex() else float(tensor.detach())


def _switched(result: Any, before: Tensor | None) -> tuple[float, float] | None:
    """Where a comparison holds, or where a clamp and its like hand on their first argument, `before`, unchanged."""
    if not isinstance(result, Tensor) or (before is None and result.dtype != torch.bool):
        return None
    flat = (result if before is None else result == before).detach().flatten().double()
    return float(flat.sum()), float(flat @ torch.arange(len(flat), dtype=torch.float64, device=flat.device))


_TAKE_WAYS = ("clamp", "hardtanh", "relu", "threshold", "maximum", "minimum", "abs", "sign", "round", "floor", "ceil")
"""Beginnings of the names of operations that have different formulas at different numbers."""


@dataclass(frozen=True)
class Outline:
    """What a run did: operations, calls, draws; and whether a gradient or a number may have passed unseen."""

    operations: list[_Operation]
    calls: list[str]
    drawn: list[float]
    unseen: bool


def outline_of(step: Callable[[Any], Any], batch: Any, state: State) -> Outline:
    """One run, after which all but random generators is set back."""
    seen, calls = _Operations(batch), _Calls()
    try:
        with users_code(), torch.enable_grad(), seen.own, seen, calls, by_slow_sides():
            scalar_loss(step(batch))
    finally:
        state.restore_run()
    unseen = seen.hooked or bool(_OUT_OF_SIGHT & set(calls.names))
    return Outline(seen.found, calls.names, seen.drawn, unseen)


def treat_alike(runs: Sequence[Outline], again: Outline, rows: Sequence[int]) -> bool:
    """Whether all that runs of these numbers of rows did is the same; `again`: one more of the last number.

    Where noise is drawn anew in the last two, it is drawn anew with all rows.
    """
    if any(run.unseen for run in runs) or len({tuple(run.calls) for run in runs}) != 1:
        return False
    if any(one == other for one, other in zip(runs[-1].drawn, again.drawn, strict=False)):
        return False
    return _follow_rows([run.operations for run in runs], rows)


_DRAW = ("rand", "normal", "bernoulli", "exponential", "uniform", "log_normal", "multinomial", "native_dropout")
_HOOKS = {"register_hook", "register_post_accumulate_grad_hook"}
_OUT_OF_SIGHT = _HOOKS | {"numpy", "__array__", "__dlpack__", "data_ptr", "untyped_storage", "storage"}
"""Functions by which numbers or gradients may be changed so that no operation shows it."""


def _follow_rows(runs: Sequence[list[_Operation]], rows: Sequence[int]) -> bool:
    """Whether three runs do the same, and each number is as the first two lead one to expect of the third."""
    if len({len(run) for run in runs}) != 1:
        return False
    return all(_follows(same, rows) for same in zip(*runs, strict=True))


def _follows(same: Sequence[_Operation], rows: Sequence[int]) -> bool:
    """Whether an operation is the same in runs of these numbers of rows.

    It is not where a tensor that no operation made has an entry for each row, or may be a table of all rows. Nor is it
    where a fixed number may be the place of a row that the shorter runs do not have, or where a number that all rows
    made together, as their sum, is compared or clamped with another outcome.
    """
    one, _, last = same
    if any(o.name != one.name or len(o.numbers) != len(one.numbers) or o.lengths != one.lengths for o in same):
        return False
    moved = any(len(set(three)) > 1 for three in zip(*(o.numbers for o in same), strict=True))
    if moved and not (one.name.startswith(_TAKE_LENGTHS) or one.name.endswith("_backward")):
        return False
    if one.name.startswith(_LOOK_UP) and one.of_table:
        return False
    of_rows = one.along is None or len({o.along for o in same}) > 1
    if (
        of_rows
        and one.name.startswith(_TAKE_PLACES)
        and any(min(rows) < abs(number) <= max(rows) for number in last.numbers)
    ):
        return False
    if len({o.shape for o in same}) == 1 and len({o.switched for o in same}) > 1:
        return False
    return all(_is_expected(three, rows) for three in zip(*(o.numbers for o in same), strict=True))


_OF_SHAPES = ("view", "_unsafe_view", "reshape", "_reshape_alias", "expand", "repeat", "split", "unsafe_split", "chunk")
_OF_NEW = ("new_", "zeros", "ones", "full", "empty", "rand", "normal", "unflatten")
_TAKE_LENGTHS = (*_OF_SHAPES, *_OF_NEW, "mul", "div")
"""Beginnings of the names of operations in which a number may follow the number of rows: as a length, or a weight.

Those of a backward pass take the lengths of what was given to the operation that they are of.
"""

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
