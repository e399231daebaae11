"""The tensors of a run that hold a latent, known by their values.

In: the values of a latent, and the recording of a run. Out: its tensors with these values, in whatever order and shape.
For example, z of shape (5, 3) and `z.view(5, 1, 3)` hold the same.
"""

import torch
from torch import Tensor

from vaelid.auditor.recording.events import Recording

__all__ = ["that_hold"]


def that_hold(values: Tensor, recording: Recording) -> list[Tensor]:
    """The tensors of a run that have these values, in some order, and a slope."""
    known, found = values.detach().double().flatten().sort().values, []
    for tensor in recording.made.values():
        if tensor.grad_fn is None or tensor.numel() != known.numel() or not tensor.is_floating_point():
            continue
        if torch.allclose(tensor.detach().double().flatten().sort().values, known, rtol=1e-6, atol=1e-7):
            found.append(tensor)
    return found
