"""The KL of one coordinate, over all of float32: never negative, zero only at the prior, right everywhere."""

import inspect
import math
import shutil

import numpy as np
import pytest
import torch

from vaelid import spec
from vaelid.train.losses import coordinate_kl, importance_weighted_bound, kl_sum
from vaelid.train.twins import TWINS

STRIDE = 1009  # a prime, so that no pattern of trailing bits is missed


def _all_float32(least: float, most: float) -> torch.Tensor:
    """Every 1009th float32 in [least, most], and the floats around the ends, zero and the kernel's switch."""
    parts = []
    for end, sign in ((most, 1), (-least, -1)):
        last = int(np.float32(end).view(np.uint32))
        bits = np.arange(0, last + 1, STRIDE, dtype=np.uint32)
        parts.append(sign * bits.view(np.float32))
    around = [np.float32(point) for point in (least, most, 1, -1, 1e-38, -1e-38, 1e-45, -1e-45)]
    for point in list(around):
        around += [np.nextafter(point, np.float32(to)) for to in (-np.inf, np.inf)]
    grid = np.concatenate([*parts, np.array(around, dtype=np.float32)])
    return torch.from_numpy(grid[(grid >= least) & (grid <= most)])


LOGVARS = _all_float32(-104, 88)
LOST = 7.6e-23  # 2^-74 and a bit: below it lv^2 / 4 rounds to zero in float32


def _kl_in_float64(logvar: torch.Tensor) -> torch.Tensor:
    """(e^lv - 1 - lv) / 2 in float64: by four terms of its series where |lv| < 1e-3, else by expm1."""
    lv = logvar.double()
    series = lv**2 / 4 * (1 + lv / 3 * (1 + lv / 4 * (1 + lv / 5)))
    return torch.where(lv.abs() < 1e-3, series, (torch.expm1(lv) - lv) / 2)


def test_the_grid_covers_float32():
    assert len(LOGVARS) > 2_000_000
    assert (LOGVARS == 0).any()
    assert LOGVARS.min() == -104
    assert LOGVARS.max() == 88


def test_kl_is_never_negative_and_zero_only_at_the_prior():
    kl = coordinate_kl(torch.zeros_like(LOGVARS), LOGVARS)
    assert torch.isfinite(kl).all()
    assert (kl >= 0).all()
    assert (kl[LOGVARS.abs() > LOST] > 0).all()
    assert (kl[LOGVARS == 0] == 0).all()


def test_kl_of_a_mean_is_zero_only_at_zero():
    mu = torch.cat([sign * torch.logspace(-22, 19, 20_001) for sign in (1, -1)])
    assert (coordinate_kl(mu, torch.zeros_like(mu)) > 0).all()


def test_kl_is_right_over_all_of_float32():
    """To 1e-6 of its value, but for what underflows: |lv| < 1e-16 has a KL below the smallest normal number."""
    kl, expected = coordinate_kl(torch.zeros_like(LOGVARS), LOGVARS).double(), _kl_in_float64(LOGVARS)
    smallest_normal = torch.finfo(torch.float32).smallest_normal
    assert ((kl - expected).abs() <= 1e-6 * expected + smallest_normal).all()


def test_slope_is_right_over_all_of_float32():
    """(e^lv - 1) / 2, which near zero the definition's own gradient has to one epsilon only, and this to 1e-6."""
    leaf = LOGVARS.clone().requires_grad_()
    (slope,) = torch.autograd.grad(coordinate_kl(torch.zeros_like(leaf), leaf).sum(), leaf)
    expected = torch.expm1(LOGVARS.double()) / 2
    smallest_normal = torch.finfo(torch.float32).smallest_normal
    assert ((slope.double() - expected).abs() <= 1e-6 * expected.abs() + smallest_normal).all()


def test_slope_has_the_sign_of_the_log_variance():
    """So that a gradient step leads to the prior from either side."""
    normal = LOGVARS[LOGVARS.abs() >= torch.finfo(torch.float32).smallest_normal]
    leaf = normal.clone().requires_grad_()
    (slope,) = torch.autograd.grad(coordinate_kl(torch.zeros_like(leaf), leaf).sum(), leaf)
    assert torch.equal(torch.sign(slope), torch.sign(normal))


def test_the_definition_in_float32_is_wrong_near_the_prior():
    """What the twin is for: at lv = 1e-4 float32's own e^lv - 1 - lv has no right digit."""
    logvar = torch.tensor([1e-4, -1e-4, 3e-5])
    definition = spec.coordinate_kl_to_standard(torch.zeros(3), logvar).double()
    expected = _kl_in_float64(logvar)
    assert ((definition - expected).abs() > 0.5 * expected).all()
    twin = coordinate_kl(torch.zeros(3), logvar).double()
    assert ((twin - expected).abs() <= 1e-6 * expected).all()


def test_float64_kernel_has_float64_accuracy():
    logvar = torch.cat([sign * torch.logspace(-8, 2, 4001, dtype=torch.float64) for sign in (1, -1)])
    kl = TWINS["kl_sum"].fast(torch.zeros_like(logvar)[:, None], logvar[:, None])
    series = sum(logvar ** (k + 2) / float(math.factorial(k + 2)) for k in range(60))
    near = logvar.abs() < 2
    torch.testing.assert_close(kl[near], series[near] / 2, rtol=1e-14, atol=0)
    torch.testing.assert_close(kl[~near], ((torch.expm1(logvar) - logvar) / 2)[~near], rtol=1e-15, atol=0)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_half_precision_is_computed_in_float32(dtype: torch.dtype):
    mu, logvar = torch.tensor([[0.0, 0.5]], dtype=dtype), torch.tensor([[0.01, -2.0]], dtype=dtype)
    kl = TWINS["kl_sum"].fast(mu, logvar)
    assert kl.dtype == torch.float32
    assert torch.equal(kl, TWINS["kl_sum"].fast(mu.float(), logvar.float()))
    leaf = logvar.clone().requires_grad_()
    (slope,) = torch.autograd.grad(TWINS["kl_sum"].fast(mu, leaf).sum(), leaf)
    assert slope.dtype == dtype


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_what_is_not_finite_stays_so(value: float):
    assert not torch.isfinite(coordinate_kl(torch.tensor([0.0]), torch.tensor([value]))).any()
    assert not torch.isfinite(coordinate_kl(torch.tensor([value]), torch.tensor([0.0]))).any()


def test_the_importance_weighted_bound_is_never_below_the_elbo_in_floats():
    """Exactly, not up to rounding: over spreads from 1e-8 to 500 nats."""
    generator = torch.Generator().manual_seed(0)
    for spread in (0.0, 1e-8, 1e-6, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 50.0, 500.0):
        for draws in (1, 2, 3, 10, 100):
            for centre in (0.0, -90.0, -543.21):
                weights = centre + spread * torch.randn(200, draws, generator=generator)
                for given in (weights, weights.double()):
                    bound, rounding = importance_weighted_bound(given), 1e-6 * (given.abs().amax(-1) + 1)
                    assert (bound >= given.mean(-1)).all()
                    assert (bound <= given.amax(-1) + rounding).all()


def test_a_plain_logsumexp_falls_below_the_elbo():
    """What the rewriting is for."""
    weights = -90 + 1e-4 * torch.randn(1000, 10, generator=torch.Generator().manual_seed(0))
    plain = torch.logsumexp(weights, -1) - float(np.log(10))
    assert (plain < weights.mean(-1)).any()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("gcc") is None and shutil.which("cc") is None, reason="no C compiler")
@pytest.mark.filterwarnings("ignore")
def test_compiled_kl_is_never_negative_and_right():
    compiled = torch.compile(inspect.unwrap(kl_sum))  # without the type checks of this suite, which it would trace
    kl = compiled(torch.zeros_like(LOGVARS)[:, None], LOGVARS[:, None])
    assert (kl >= 0).all()
    expected = _kl_in_float64(LOGVARS)
    smallest_normal = torch.finfo(torch.float32).smallest_normal
    assert ((kl.double() - expected).abs() <= 1e-6 * expected + smallest_normal).all()
