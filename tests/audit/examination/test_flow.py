"""What hangs on a latent by way of a sign, a comparison or a `detach` is told from what has a slope throughout."""

import pytest
import torch

from vaelid.auditor.examination.flow import flow, storages_of
from vaelid.auditor.recording.record import record

_X = torch.linspace(-1.0, 2.0, 6, requires_grad=True)


def _by_steps(function):
    z = end = torch.empty(0)

    def step(x):
        nonlocal z, end
        z = 3 * x + 1
        end = function(z)
        return (z + end).sum()

    recording = record(step, [_X], {"x": _X})
    (region,) = {region for (_, region), tensor in recording.made.items() if tensor is end}
    return flow(recording, storages_of(recording, [z])).reaches_by_steps([region])


@pytest.mark.parametrize(
    "function",
    [
        lambda z: 2 * torch.sign(z),
        lambda z: torch.floor(z) + z,
        lambda z: z.detach() * 2,
        lambda z: torch.where(z > 0, 1.0, -1.0) * z,
        lambda z: torch.nn.functional.one_hot(z.argmax(), 6) + z,
    ],
)
def test_by_a_step(function):
    assert _by_steps(function)


@pytest.mark.parametrize(
    "function",
    [
        lambda z: 2 * torch.tanh(z),
        lambda z: torch.relu(z).cumsum(0),
        lambda z: torch.cat([torch.zeros_like(z[:1]), z[:-1]]),
        lambda z: z + torch.randn_like(z),
        lambda z: z * torch.sign(torch.tensor(2.0)),
    ],
)
def test_by_none(function):
    assert not _by_steps(function)
