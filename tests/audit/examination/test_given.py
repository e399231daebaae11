"""A KL, a sampler and a loss of tensors, run again: what is right passes every check, what is wrong fails its own."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import distributions as td

from vaelid.auditor.examination.given import Given, GivenLaw
from vaelid.auditor.examination.given_functions import examine_given_kl, examine_given_sampler
from vaelid.auditor.examination.least_squares import least_squares
from vaelid.auditor.recording.calls import Call

LAW = GivenLaw("mu", "logvar", lambda logvar: (logvar / 2).exp())


def call():
    generator = torch.Generator().manual_seed(5)
    mu, logvar = torch.randn(2, 5, 3, dtype=torch.float64, generator=generator)
    return Call((mu, logvar), {"mu": mu, "logvar": logvar})


def kl(mu, logvar):
    return -0.5 * (1 + logvar - mu**2 - logvar.exp())


def of_kl(function, **options):
    return examine_given_kl(function, call(), lambda out: out, LAW, **options)


class Scaled(torch.autograd.Function):
    """The identity, with another gradient."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, g):
        return 0.5 * g


@pytest.mark.parametrize(
    "function",
    [
        lambda mu, logvar: kl(mu, logvar).sum(),
        lambda mu, logvar: 0.3 * kl(mu, logvar).sum(1).mean() + 7,
        lambda mu, logvar: kl(mu, logvar),
        lambda mu, logvar: kl(mu.float(), logvar.float()).sum(),
        lambda mu, logvar: td.kl_divergence(td.Normal(mu, (logvar / 2).exp()), td.Normal(0.0, 1.0)).sum(1),
    ],
    ids=["sum", "mean", "places", "float32", "library"],
)
def test_a_kl_passes(function):
    opinion = of_kl(function)
    assert (opinion.passed, opinion.doubts, opinion.left) == ({"value", "far", "sign", "gradient"}, (), {})


@pytest.mark.parametrize(
    ("function", "doubt"),
    [
        (lambda mu, logvar: kl(mu, logvar / 2).sum(), "value"),
        (lambda mu, logvar: kl(mu, logvar)[:, :2].sum(), "value"),
        (lambda mu, logvar: kl(mu, logvar).sum() ** 2, "value"),
        (lambda mu, logvar: -kl(mu, logvar).sum(), "sign"),
        (lambda mu, logvar: kl(mu, logvar.clamp(-8, 8)).sum(), "far"),
        (lambda mu, logvar: kl(mu.detach(), logvar).sum(), "gradient"),
        (lambda mu, logvar: kl(mu, Scaled.apply(logvar)).sum(), "gradient"),
    ],
    ids=["logvar/2", "two of three", "squared", "negative", "clamped", "detached", "another backward"],
)
def test_what_is_no_kl_fails(function, doubt):
    assert doubt in {check.name for check in of_kl(function).doubts}


def test_a_clamp_that_the_report_names_is_no_doubt_far_away():
    opinion = of_kl(lambda mu, logvar: kl(mu, logvar.clamp(-8, 8)).sum(), clamps=True)
    assert (opinion.passed, opinion.doubts) == ({"value", "sign", "gradient"}, ())


def of_sampler(function):
    return examine_given_sampler(function, call(), lambda out: out, LAW)


def with_noise(noise):
    return lambda mu, logvar: mu + (logvar / 2).exp() * noise(mu)


@pytest.mark.parametrize(
    "function",
    [
        with_noise(torch.randn_like),
        lambda mu, logvar: td.Normal(mu, (logvar / 2).exp()).rsample(),
        lambda mu, logvar: td.MultivariateNormal(mu, torch.diag_embed(logvar.exp())).rsample(),
        with_noise(lambda mu: torch.from_numpy(np.random.standard_normal(tuple(mu.shape)))),
        with_noise(lambda mu: torch.randn_like(mu).flip(1)),
    ],
    ids=["by hand", "rsample", "matrix", "numpy", "turned round"],
)
@pytest.mark.every(3)
def test_a_sampler_passes(function):
    opinion = of_sampler(function)
    assert (opinion.passed, opinion.doubts, opinion.left) == ({"shape", "law", "gradient"}, (), {})


@pytest.mark.parametrize(
    ("function", "doubt"),
    [
        (with_noise(lambda mu: torch.rand_like(mu)), "law"),
        (with_noise(lambda mu: (torch.rand_like(mu) - 0.5) * 12**0.5), "law"),
        (with_noise(lambda mu: torch.randn(len(mu), 1, dtype=torch.float64)), "law"),
        (with_noise(lambda mu: torch.randn(1, 3, dtype=torch.float64)), "law"),
        (with_noise(lambda mu: 1.1 * torch.randn_like(mu)), "law"),
        (lambda mu, logvar: mu + logvar.exp() * torch.randn_like(mu), "law"),
        (lambda mu, logvar: mu, "law"),
        (lambda mu, logvar: (mu + (logvar / 2).exp() * torch.randn_like(mu)).T, "shape"),
        (lambda mu, logvar: td.Normal(mu, (logvar / 2).exp()).sample(), "gradient"),
        (lambda mu, logvar: mu + (logvar / 2).exp().detach() * torch.randn_like(mu), "gradient"),
    ],
    ids=["uniform", "uniform of variance 1", "shared by latents", "shared by rows", "a tenth more", "variance",
         "none", "transposed", "sample", "detached"],
)  # fmt: skip
@pytest.mark.every(3)
def test_what_is_no_sampler_fails(function, doubt):
    assert doubt in {check.name for check in of_sampler(function).doubts}


def test_noise_that_is_frozen_is_seen():
    kept = torch.randn(5, 3, dtype=torch.float64)
    assert [check.name for check in of_sampler(with_noise(lambda mu: kept)).doubts] == ["law"]


def test_each_run_starts_from_the_same_state_and_leaves_none():
    weight = torch.nn.Parameter(torch.ones(3, dtype=torch.float64))
    seen = []

    def changing(mu, logvar):
        seen.append(weight.tolist())
        with torch.no_grad():
            weight.mul_(2)
        return kl(mu, logvar).sum()

    assert not of_kl(changing).doubts
    assert weight.tolist() == [1.0, 1.0, 1.0]
    assert len(seen) <= 1 or all(values == [1.0, 1.0, 1.0] for values in seen)


def test_what_raises_is_left_with_its_words():
    def raising(mu, logvar):
        raise ValueError("no")

    opinion = of_kl(raising)
    assert (opinion.checks, set(opinion.left)) == ((), {"value", "gradient"})
    assert "ValueError" in opinion.left["value"]


def test_arguments_stay_of_their_kind():
    tensors = {
        "x": torch.tensor([[0.0, 1.0], [1.0, 1.0], [0.0, 0.0]]),
        "p": torch.tensor([[0.2, 0.9], [0.5, 0.1], [0.3, 0.3]]),
        "s": torch.tensor([[2.0, 0.1], [3.0, 1.0], [0.4, 5.0]]),
        "h": torch.tensor([[-2.0, 0.1], [3.0, 1.0], [0.4, 5.0]]),
        "n": torch.tensor([[1, 2], [3, 4], [5, 6]]),
    }
    given = Given(lambda **_: None, Call(tuple(tensors.values()), tensors), lambda out: out, frozenset({"x"}))
    assert given.free == ["p", "s", "h"]
    for seed in range(20):
        moved = given.at(9.0, seed)
        assert {tuple(row) for row in moved["x"].tolist()} <= {(0, 1), (1, 1), (0, 0)}
        assert bool(((moved["p"] > 0) & (moved["p"] < 1)).all())
        assert bool((moved["s"] > 0).all())
        assert {tuple(row) for row in moved["n"].tolist()} <= {(1, 2), (3, 4), (5, 6)}
        assert all(tensor.dtype in (torch.float64, torch.int64) for tensor in moved.values())


def test_least_squares_gives_the_numbers_and_how_far_the_worst_is_off():
    generator = torch.Generator().manual_seed(0)
    table = torch.cat([torch.randn(12, 2, dtype=torch.float64, generator=generator), torch.ones(12, 1)], 1)
    found = least_squares(table, table @ torch.tensor([2.0, -3.0, 0.5], dtype=torch.float64))
    assert found.coefficients == pytest.approx((2, -3, 0.5), rel=1e-12)
    assert found.off < 1e-12
    assert least_squares(table, F.softplus(table[:, 0])).off > 1e-2


def test_a_number_far_away_counts_as_one_near():
    table = torch.tensor([[float(k), 1.0] for k in range(8)] + [[1e9, 1.0]], dtype=torch.float64)
    numbers = 2 * table[:, 0] + 1
    numbers[3] += 0.5  # beside 2e9 this would be nothing
    assert least_squares(table, numbers).off > 1e-2
