"""The tensors of a run that hold a latent, known by their values.

In: a stated posterior, the numbers of a run, and the recording of that run. Out: for each draw its axes and the tensors
that hold it, in whatever order and shape. For example, z of shape (5, 3) and `z.view(5, 1, 3)` hold the same.
"""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from vaelid.auditor.examination.densities import drawn, law_of, with_coordinates_last
from vaelid.auditor.examination.numbers import Numbers
from vaelid.auditor.findings.account import StatedPosterior
from vaelid.auditor.recording.events import Recording
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray

__all__ = ["held_draws", "that_hold"]


def held_draws(
    posterior: StatedPosterior,
    draws: Mapping[str, tuple[TermArray, tuple[int, ...]]],
    numbers: Numbers,
    recording: Recording,
) -> Iterator[tuple[list[int], list[tuple[Tensor, Tensor]]]]:
    """Of each draw the axes, and each tensor that holds it, with the values of the draw at all places of the axes.

    Raises `ReadingError` where no tensor of the run holds a draw.
    """
    for element, own in draws.values():
        every = [*posterior.axes, *(axis for axis in own if axis not in posterior.axes)]
        axes = with_coordinates_last(posterior, every)
        law, eps = law_of(posterior, numbers, axes), numbers.of(element, axes)
        # a deviation may be of either sign: m - s eps has the law of m + s eps
        held = [(found, z) for z in (drawn(law, eps), drawn(law, -eps)) for found in that_hold(z, recording)]
        if not held:
            raise ReadingError("no tensor of the run holds the latent")
        yield axes, held


def that_hold(values: Tensor, recording: Recording) -> list[Tensor]:
    """The tensors of a run that have these values, in some order, and a slope."""
    known, found = values.detach().double().flatten().sort().values, []
    for tensor in recording.made.values():
        if tensor.grad_fn is None or tensor.numel() != known.numel() or not tensor.is_floating_point():
            continue
        if torch.allclose(tensor.detach().double().flatten().sort().values, known, rtol=1e-6, atol=1e-7):
            found.append(tensor)
    return found
