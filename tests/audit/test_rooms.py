"""A stage of an audit has ended before the next begins: few calls go from room to room."""

import sys
from pathlib import Path

import pytest
import torch

from vaelid.auditor import audit, audit_kl, audit_loss, audit_sampler

from .made import batch, kl, textbook, usual_step

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from audit_trace import Trace, room_of, table

MOST_CALLS = 500
AUDITS = {
    "step": lambda: audit(usual_step(), batch()),
    "loss": lambda: audit_loss(textbook),
    "kl": lambda: audit_kl(kl),
    "sampler": lambda: audit_sampler(lambda mu, logvar: mu + torch.exp(logvar / 2) * torch.randn_like(mu)),
}


@pytest.fixture(
    scope="module", params=[pytest.param(n, marks=pytest.mark.slow) if n in ("loss", "kl") else n for n in AUDITS]
)
def trace(request):
    """The trace of an audit; what is proved once for all audits is proved before."""
    run = AUDITS[request.param]
    run()
    with Trace() as found:
        run()
    return found


def test_few_calls_go_from_room_to_room(trace):
    assert 20 < trace.counted <= MOST_CALLS, table(trace)


def test_recording_and_lifting_know_nothing_of_later_rooms(trace):
    later = ("model", "recognition", "refutation", "judgement")
    called = {there for here, there in trace.functions if here in ("recording", "lifting")}
    handed_in = ("model/results.py:",)  # it picks the tensor out of what a KL or a sampler returned
    assert not [there for there in called if there.startswith(later) and not there.startswith(handed_in)]


def test_calls_are_counted_from_room_to_room():
    with Trace() as found:
        room_of("nowhere")
    assert found.counted == 0
    assert room_of(str(Path(sys.modules["vaelid.auditor"].__file__).parent / "model" / "probe.py")) == "model"
    assert room_of(str(Path(sys.modules["vaelid.auditor"].__file__).parent / "kl.py")) == "kl"
    assert room_of("/usr/lib/python3/ast.py") is None
