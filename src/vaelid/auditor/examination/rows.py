"""The loss is a sum over rows: a row and all others together change it by what each of both changes alone.

In: a step that is being examined. Out: the check ``rows``. For a KL of each row's posterior to every row's prior two
rows have a term in common; and so have two rows where outputs were rolled by two rows.
"""

from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_unflatten

from vaelid.auditor.examination.bench import number_of_rows
from vaelid.auditor.examination.beside import beside_loss, moves_under_loss
from vaelid.auditor.examination.examined import Examined, other_rows
from vaelid.readings.errors import ReadingError

__all__ = ["rows"]

_CLOSE, _CLOSE_OF_FLOATS = 1e-7, 1e-2
"""Of a second difference to the first ones: four losses of 15 digits, or of 6."""


def rows(examined: Examined) -> None:
    """Raises `ReadingError` where there are no three rows, or where a batch norm makes rows meet."""
    bench = examined.bench
    if (count := number_of_rows(bench.batch)) is None or count < 3:
        raise ReadingError("the batch has no three rows")
    if any("batch_norm" in name for name in bench.names):
        raise ReadingError("rows meet in a batch norm")
    other = other_rows(examined, seed=77)
    worst, of = 0.0, ("", "")
    every = tuple(range(count))
    for row in (0, count - 1):
        others = tuple(k for k in every if k != row)
        both, one, two, none = (
            bench.run(batch=_with_rows(bench.batch, other, which), seed=3).loss for which in (every, (row,), others, ())
        )
        together, apart = both - none, (one - none) + (two - none)
        moved = abs(one - none) + abs(two - none)
        change = moved + 1e-9 * abs(none) + 1e-300
        share = abs(together - apart) / change
        hidden = share >= _CLOSE_OF_FLOATS and examined.is_rounding(share, abs(none) / change)
        if hidden or examined.is_rounding(moved, abs(none)):  # where no row moves a rounded loss, nothing was seen
            raise ReadingError("rounding hides the rows, and the code does not run in double precision")
        if share >= worst:
            worst, of = share, (f"{together:.9g}", f"{apart:.9g}")
    close = _CLOSE if bench.double else _CLOSE_OF_FLOATS
    if worst >= close and moves_under_loss(examined, bench.run(seed=3).moved, beside_loss(examined)):
        raise ReadingError("rows meet in the weights, which the step updates before it computes its loss")
    examined.check("rows", worst < close, *of, "what a row and all others change together, and what they change apart")


def _with_rows(batch: Any, other: Any, which: tuple[int, ...]) -> Any:
    """The batch with some rows of another; padding and gaps stay where they are."""

    def changed(tensor: Any, its: Any) -> Any:
        if not isinstance(tensor, Tensor):
            return tensor
        tensor, at = tensor.clone(), list(which)
        old, new = tensor[at], its[at]
        if tensor.is_floating_point():
            known = old.isfinite() & new.isfinite()
        elif tensor.dtype == torch.bool:
            known = torch.zeros_like(old)  # a mask stays
        else:
            known = (old > 0) & (new > 0)
        tensor[at] = torch.where(known, new, old)
        return tensor

    (leaves, structure), (others, _) = tree_flatten(batch), tree_flatten(other)
    return tree_unflatten([changed(one, its) for one, its in zip(leaves, others, strict=True)], structure)
