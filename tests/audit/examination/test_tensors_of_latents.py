"""The tensors that hold a latent are found by their values, in any order and shape."""

import torch

from vaelid.auditor.examination.tensors_of_latents import that_hold
from vaelid.auditor.recording.record import record

_X = torch.linspace(-1.0, 2.0, 6, requires_grad=True)


def _held(function):
    z = torch.empty(0)

    def step(x):
        nonlocal z
        z = 3 * x + 1
        return function(z)

    recording = record(step, [_X], {"x": _X})
    return that_hold(z, recording)


def test_a_tensor_and_its_views_are_found():
    shapes = {tuple(tensor.shape) for tensor in _held(lambda z: (z.view(2, 3).t() ** 2).sum())}
    assert shapes == {(6,), (2, 3), (3, 2)}


def test_what_has_other_values_or_no_slope_is_not():
    (found,) = _held(lambda z: (2 * z + z.detach()).sum())
    assert found.requires_grad
    assert torch.equal(found, 3 * _X + 1)
