"""The modes in which an audit sees operations load no compiler of torch's, and are not compiled where it is loaded."""

import subprocess
import sys

import pytest
import torch

from vaelid.auditor.recording.operation_mode import OperationMode

SCRIPT = """
import sys, torch
from torch import nn
from vaelid.auditor import audit, audit_loss
encoder, decoder = nn.Linear(7, 6), nn.Linear(3, 7)
def loss(x_hat, x, mu, logvar):
    return 0.5 * ((x_hat - x) ** 2).sum() - 0.5 * (1 + logvar - mu**2 - logvar.exp()).sum()
def step(x):
    mu, logvar = encoder(x).chunk(2, -1)
    return loss(decoder(mu + torch.exp(logvar / 2) * torch.randn_like(mu)), x, mu, logvar)
for report in (audit(step, torch.randn(5, 7)), audit_loss(loss)):
    assert report.verdict == "PROVED", report
    assert report.premises
assert "torch._dynamo" not in sys.modules
"""


def test_audits_leave_the_compiler_unloaded():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


class Names(OperationMode):
    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.append(str(func))
        return func(*args, **(kwargs or {}))


class MoreNames(Names):
    """A mode that has its operation from another."""


@pytest.mark.parametrize("mode", [Names, MoreNames])
def test_it_is_kept_from_the_compiler_once_where_that_is_loaded(mode, monkeypatch):
    monkeypatch.delitem(sys.modules, "torch._dynamo", raising=False)
    with mode() as plain:
        torch.ones(2) + 1
    before = mode.__torch_dispatch__
    monkeypatch.setitem(sys.modules, "torch._dynamo", torch)
    seen = []
    monkeypatch.setattr(torch, "_disable_dynamo", lambda function, recursive: seen.append(function) or before)
    for _ in range(2):
        with mode() as other:
            torch.ones(2) + 1
    assert plain.names == other.names == ["aten.ones.default", "aten.add.Tensor"]
    assert seen[:1] == [before]
