"""The precision of float32 products: kept and set back whichever of torch's two APIs set it, or both."""

import itertools
from typing import Any

import pytest
import torch
from torch import nn

import vaelid
from vaelid.auditor.recording.kinds_of_switch import Snapshot
from vaelid.auditor.recording.precision import of_precision

NEWER = pytest.mark.skipif(not hasattr(torch._C, "_get_fp32_precision_getter"), reason="a torch with one API alone")
PRECISION = tuple(of_precision())
BACKENDS = torch.backends
ACTS = {
    "matmul precision high": lambda: torch.set_float32_matmul_precision("high"),
    "matmul precision medium": lambda: torch.set_float32_matmul_precision("medium"),
    "cuda.matmul.allow_tf32": lambda: setattr(BACKENDS.cuda.matmul, "allow_tf32", True),
    "cudnn.allow_tf32": lambda: setattr(BACKENDS.cudnn, "allow_tf32", False),
    "all tf32": lambda: setattr(BACKENDS, "fp32_precision", "tf32"),
    "all ieee": lambda: setattr(BACKENDS, "fp32_precision", "ieee"),
    "cudnn ieee": lambda: setattr(BACKENDS.cudnn, "fp32_precision", "ieee"),
    "cuda.matmul tf32": lambda: setattr(BACKENDS.cuda.matmul, "fp32_precision", "tf32"),
    "cudnn.conv ieee": lambda: setattr(BACKENDS.cudnn.conv, "fp32_precision", "ieee"),
    "mkldnn.matmul bf16": lambda: setattr(BACKENDS.mkldnn.matmul, "fp32_precision", "bf16"),
    "mkldnn bf16": lambda: setattr(BACKENDS.mkldnn, "fp32_precision", "bf16"),
}


@pytest.fixture(autouse=True)
def as_it_was():
    kept = Snapshot(PRECISION)
    yield
    kept.restore()


def told(get: Any) -> Any:
    """What a getter of torch's gives, or that it refuses."""
    try:
        return get()
    except RuntimeError:
        return "mixed"


def readings() -> list[Any]:
    """All that torch tells, now and after each of three more settings: two equal states tell the same for ever."""
    found = []
    for change in (lambda: None, ACTS["all tf32"], ACTS["cudnn ieee"], ACTS["mkldnn bf16"]):
        change()
        places = [("generic", "all"), *itertools.product(("mkldnn", "cuda"), ("all", "matmul", "conv", "rnn"))]
        found += [torch._C._get_fp32_precision_getter(*place) for place in places]
        older = (torch.get_float32_matmul_precision, torch._C._get_cublas_allow_tf32, torch._C._get_cudnn_allow_tf32)
        found += map(told, older)
    return found


@pytest.fixture(autouse=True, scope="module")
def explicit():
    """cuDNN's own default cannot be had again once it was set: the same value, set explicitly, is what comes back."""
    plain = Snapshot(PRECISION)
    for act in ACTS.values():
        act()
        plain.restore()


@NEWER
@pytest.mark.parametrize("inside", ACTS)
@pytest.mark.parametrize("before", ["nothing", *ACTS])
def test_what_was_set_by_either_api_is_set_back_whatever_is_set_by_either(before, inside):
    plain = Snapshot(PRECISION)
    ACTS.get(before, lambda: None)()
    expected = readings()
    plain.restore()
    ACTS.get(before, lambda: None)()
    kept = Snapshot(PRECISION)
    ACTS[inside]()
    assert kept.restore() == []
    assert readings() == expected


@NEWER
def test_reading_a_mixed_state_leaves_it_mixed():
    ACTS["cuda.matmul tf32"]()
    ACTS["cudnn.conv ieee"]()
    assert told(torch.get_float32_matmul_precision) == told(torch._C._get_cudnn_allow_tf32) == "mixed"
    (switch,) = PRECISION
    first, second = switch.get(), switch.get()
    assert first == second
    assert (first[0]["cuda", "matmul"], *first[1:]) == ("tf32", "highest", True)
    assert BACKENDS.cuda.matmul.fp32_precision == "tf32"
    assert BACKENDS.cudnn.conv.fp32_precision == "ieee"


@NEWER
def test_a_state_that_nobody_has_touched_is_read_without_setting_anything(monkeypatch):
    monkeypatch.setattr("vaelid.auditor.recording.precision._C._set_fp32_precision_setter", None)
    (switch,) = PRECISION
    assert switch.get()[1:] == ("highest", True)


def step(inside: Any) -> Any:
    encoder, decoder = nn.Linear(5, 4), nn.Linear(2, 5)

    def run(x: torch.Tensor) -> torch.Tensor:
        inside()
        mu, logvar = encoder(x).chunk(2, -1)
        z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
        kl = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(-1)
        return (nn.functional.binary_cross_entropy_with_logits(decoder(z), x, reduction="none").sum(-1) + kl).mean()

    return run


@NEWER
@pytest.mark.parametrize("where", ["before", "inside", "both"])
@pytest.mark.parametrize("name", ["cuda.matmul tf32", "mkldnn.matmul bf16", "all tf32", "cudnn.conv ieee"])
@pytest.mark.every(4)
def test_an_audit_beside_both_apis_says_nothing_of_what_could_not_be_set_back(name, where):
    """Before it, torch's getters raised out of the audit; inside it, they were taken for switches that refuse."""
    if where != "inside":
        torch.set_float32_matmul_precision("high")
        ACTS[name]()
    report = vaelid.audit(step(ACTS[name] if where != "before" else lambda: None), torch.rand(7, 5).round())
    assert report.verdict == "PROVED"
    assert [line for line in report.assumptions if "set back" in line] == []
