"""A loss with a user's own fused kernel: PROVED by its slow side, and not where the two sides differ."""

import itertools

import pytest
import torch

import vaelid
from vaelid.interface.audit.page import render_audit

from .twinned import FusedKl, audited, fused_kl, plain_kl, step_with, with_slopes, wrong_beyond

KL = vaelid.register_twin(fused_kl, plain_kl, 1e-6)


def row_of(report):
    """The row of the ledger on the twin."""
    (row,) = [premise for premise in report.premises if premise.name == "twins"]
    return row


def test_a_loss_with_a_fused_kernel_is_proved_and_the_ledger_says_what_was_compared():
    report = vaelid.audit(*step_with(KL), beta=1)
    assert (report.verdict, report.beta_effective) == ("PROVED", 1.0), report
    row = row_of(report)
    assert row.evidence == "examined"
    assert row.words.startswith("fused_kl and plain_kl differ by at most ")
    assert row.words.endswith(", in 8 calls (bound 1e-06)")
    assert "fused_kl is its slow side beyond the numbers that were compared" in report.assumptions
    assert report.as_data()["premises"][-1]["name"] == "twins"
    assert '<th scope="row">twins</th><td>examined</td><td>fused_kl and plain_kl differ' in render_audit(report)


@pytest.mark.parametrize("kernel", [fused_kl, FusedKl.apply])
def test_without_registration_it_is_not_read(kernel):
    """Nor where it was registered, and the loss calls it and not what `register_twin` returned."""
    report = vaelid.audit(*step_with(kernel), beta=1)
    assert report.verdict == "UNKNOWN"
    assert report.summary.startswith(
        "No verdict: an autograd function computes by other code than PyTorch's operations. "
    )
    assert "vaelid.register_twin" in report.summary


class _Same(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad):
        return grad


def test_an_autograd_function_that_gives_a_view_of_a_parameter_is_read():
    step, x = step_with(plain_kl)
    weight = torch.nn.Parameter(torch.zeros(7))
    report = vaelid.audit(lambda batch: step(batch) + 0 * _Same.apply(weight).sum(), x, beta=1)
    assert "autograd function computes by other code" not in report.summary


def test_a_loss_without_twins_has_no_row():
    report = vaelid.audit(*step_with(plain_kl), beta=1)
    assert report.verdict == "PROVED"
    assert "twins" not in {premise.name for premise in report.premises}


def test_a_wrong_loss_with_a_right_kernel_is_refuted():
    report = vaelid.audit(*step_with(lambda mu, logvar: KL(mu, logvar / 2)), beta=1)
    assert report.verdict == "REFUTED"


def test_audit_kl_and_audit_loss_read_it_too():
    claim = vaelid.audit_kl(KL)
    assert claim.verdict == "PROVED"
    assert "fused_kl is its slow side beyond the numbers that were compared" in claim.assumptions
    report = vaelid.audit_loss(lambda x_hat, x, mu, logvar: ((x_hat - x) ** 2 / 2).sum() + KL(mu, logvar).sum())
    assert report.verdict == "PROVED"
    assert "fused_kl is its slow side beyond the numbers that were compared" in report.assumptions


def test_outside_of_the_audit_the_kernel_runs():
    ran = []

    def fast(mu, logvar):
        ran.append("fast")
        return fused_kl(mu, logvar)

    step, x = step_with(vaelid.register_twin(fast, plain_kl, 1e-6))
    step(x).backward()
    assert vaelid.audit(step, x, beta=1).verdict == "PROVED"
    step(x).backward()
    assert ran == ["fast", "fast"]  # an audit leaves no trace: what it ran is not in the list


# ---- wrong twins


def _moved(change):
    return lambda mu, logvar: change(plain_kl(mu, logvar), mu, logvar)


WRONG_KERNELS = {
    "twice as large": _moved(lambda kl, mu, logvar: 2 * kl),
    "a millionth more": _moved(lambda kl, mu, logvar: kl * (1 + 1e-5)),
    "without the mean": lambda mu, logvar: plain_kl(torch.zeros_like(mu), logvar),
    "without the 1": _moved(lambda kl, mu, logvar: kl + 0.5 * mu.shape[-1]),
    "a constant more": _moved(lambda kl, mu, logvar: kl + 0.01),
    "wrong in the last latent": _moved(lambda kl, mu, logvar: kl - 0.01 * mu[..., -1] ** 2),
    "wrong in the first row": _moved(lambda kl, mu, logvar: kl + 0.1 * torch.arange(len(mu)).eq(0)),
    "the mean for the sum": _moved(lambda kl, mu, logvar: kl / mu.shape[-1]),
    "NaN in one row": _moved(lambda kl, mu, logvar: torch.where(torch.arange(len(mu)) == 1, torch.nan, kl)),
    "infinite": _moved(lambda kl, mu, logvar: kl / 0),
    "of another shape": _moved(lambda kl, mu, logvar: kl.unsqueeze(-1)),
    "no tensor": lambda mu, logvar: None,
    "the wrong sign of a slope": with_slopes(-1.0, 1.0),
    "the wrong sign of the other slope": with_slopes(1.0, -1.0),
    "a slope of 0": with_slopes(1.0, 0.0),
    "a slope that is a thousandth off": with_slopes(1.0, 1.001),
    "detached": lambda mu, logvar: plain_kl(mu, logvar).detach(),
    "detached in the mean": lambda mu, logvar: plain_kl(mu.detach(), logvar),
    "with noise": _moved(lambda kl, mu, logvar: kl + 1e-3 * torch.randn(())),
    "in half precision": lambda mu, logvar: plain_kl(mu.bfloat16(), logvar.bfloat16()).float(),
    "wrong where the log-variance is above 3": wrong_beyond(3.0),
    "wrong where the mean is above 5": lambda mu, logvar: plain_kl(mu.clamp(-5, 5), logvar),
}


@pytest.mark.parametrize("name", WRONG_KERNELS)
@pytest.mark.every(3)
def test_a_kernel_that_its_slow_side_does_not_define_is_not_proved(name: str):
    report = audited(WRONG_KERNELS[name])
    assert report.verdict == "UNKNOWN", report
    assert not report.premises


def _slow_without_its_half(mu, logvar):
    return (mu**2 + torch.exp(logvar) - 1 - logvar).sum(-1)


def _slow_with_the_deviation(mu, logvar):
    return 0.5 * (mu**2 + torch.exp(logvar / 2) - 1 - logvar).sum(-1)


def _slow_without_a_term(mu, logvar):
    return 0.5 * (mu**2 + torch.exp(logvar) - 1).sum(-1)


@pytest.mark.parametrize("slow", [_slow_without_its_half, _slow_with_the_deviation, _slow_without_a_term])
def test_a_right_kernel_with_a_wrong_slow_side_is_not_proved(slow):
    assert audited(lambda mu, logvar: fused_kl(mu, logvar), slow).verdict == "UNKNOWN"


def test_a_wrong_kernel_is_not_proved_because_a_right_slow_side_stands_beside_it():
    """What trains is the kernel: a slow side that is the KL says nothing of it."""
    report = audited(lambda mu, logvar: _slow_with_the_deviation(mu, logvar))
    assert report.verdict == "UNKNOWN"
    assert report.summary.startswith("No verdict: a twin was registered with a slow side that it does not compute, ")


def test_the_reason_has_both_numbers():
    report = audited(lambda mu, logvar: 2 * plain_kl(mu, logvar))
    reason = report.claims[0].reason if report.claims else report.summary
    assert "the value of <lambda>" in reason
    assert "(bound 1e-06)" in reason
    assert " where plain_kl has " in reason


def test_a_kernel_that_is_wrong_only_beyond_what_was_tried_is_proved_of_its_slow_side():
    """The limit of numbers, which the ledger, the docstring and docs/trust.md say: no run came to a KL of 10^6."""
    report = audited(wrong_beyond(1e6))
    assert report.verdict == "PROVED"
    assert row_of(report).evidence == "examined"


def test_a_kernel_that_knows_where_it_is_tried_is_proved_of_a_false_slow_side():
    """A registration is a declaration: this one is false, agrees where it was tried, and nothing notices."""
    calls = itertools.count()

    def loyal_for_a_while(mu, logvar):
        return plain_kl(mu, logvar) * (1 if next(calls) < 100 else 2)

    assert audited(loyal_for_a_while).verdict == "PROVED"


def test_a_kernel_of_a_trained_tensor_that_is_no_argument_is_not_proved():
    scale = torch.nn.Parameter(torch.ones(()))
    assert audited(lambda mu, logvar: scale * plain_kl(mu, logvar)).verdict == "UNKNOWN"
    step, x = step_with(vaelid.register_twin(lambda m, v: plain_kl(m, v), lambda m, v: scale * plain_kl(m, v), 1e-6))
    assert vaelid.audit(step, x, beta=1).verdict == "UNKNOWN"


# ---- right twins that are odd


def test_a_kernel_that_knows_no_doubles():
    def fast(mu, logvar):
        if mu.dtype != torch.float32:
            raise TypeError("float32 only")
        return fused_kl(mu, logvar)

    report = audited(fast)
    assert report.verdict == "PROVED", report
    assert "in 8 calls" in row_of(report).words


def test_a_slow_side_that_knows_no_doubles():
    def slow(mu, logvar):
        if mu.dtype != torch.float32:
            raise TypeError("float32 only")
        return plain_kl(mu, logvar)

    assert audited(lambda mu, logvar: fused_kl(mu, logvar), slow).verdict in ("PROVED", "UNKNOWN")


def test_a_kernel_in_bfloat16_needs_a_bound_that_says_so():
    def fast(mu, logvar):
        return plain_kl(mu.bfloat16(), logvar.bfloat16()).float()

    assert audited(fast, bound=0.03).verdict == "PROVED"


def test_a_kernel_inside_no_grad_is_compared_by_value():
    kl = vaelid.register_twin(lambda mu, logvar: with_slopes(-1.0, 1.0)(mu, logvar), plain_kl, 1e-6)
    step, x = step_with(plain_kl)

    def watched(batch):
        with torch.no_grad():
            kl(torch.zeros(2, 3), torch.ones(2, 3))
        return step(batch)

    report = vaelid.audit(watched, x, beta=1)
    assert report.verdict == "PROVED"
    assert "gradients" not in row_of(report).words


def test_twins_inside_twins_are_read_by_their_slow_sides():
    outer = vaelid.register_twin(lambda m, v: 1.0 * KL(m, v), lambda m, v: 1.0 * KL(m, v), 1e-6)
    report = vaelid.audit(*step_with(outer), beta=1)
    assert report.verdict == "PROVED"
    assert len([row for row in report.premises if row.name == "twins"]) == 2
