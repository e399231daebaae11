"""Each twin stays within its bound of its definition at 50 digits, and what is wrong does not."""

import numpy as np
import pytest
import torch
from ties import TIES, cast, float32_numbers, worst

from conformance.densities import BY_NAME, DENSITIES
from conformance.precise import distance, exact, floats
from vaelid import spec
from vaelid.train.losses import reconstruction_nll
from vaelid.train.twins import TWINS

MUTANTS = [(name, about) for name, tie in TIES.items() for about in tie.mutants]


def test_every_twin_has_a_tie():
    assert TIES.keys() == TWINS.keys()


def test_every_tie_has_mutants():
    assert all(len(tie.mutants) >= 2 for tie in TIES.values())


@pytest.mark.parametrize("name", TWINS)
def test_twin_is_within_its_bound_of_the_definition(name: str):
    assert worst(TIES[name], TWINS[name], TWINS[name].fast) <= 1


@pytest.mark.parametrize("name", [name for name in TWINS if TIES[name].in_float64])
def test_in_float64_the_bound_shrinks_with_the_epsilon(name: str):
    assert worst(TIES[name], TWINS[name], TWINS[name].fast, torch.float64) <= 1


@pytest.mark.parametrize(("name", "about"), MUTANTS, ids=lambda part: part.replace(" ", "-"))
def test_a_wrong_variant_breaks_the_bound(name: str, about: str):
    assert worst(TIES[name], TWINS[name], TIES[name].mutants[about]) > 100


@pytest.mark.parametrize("name", TWINS)
def test_nan_breaks_the_bound(name: str):
    def spoilt(*arguments, **options):
        result = TWINS[name].fast(*arguments, **options)
        if result is None:  # adam_update_, which works in place
            arguments[0][0].fill_(torch.nan)
            return None
        return torch.where(torch.arange(result.numel()).reshape(result.shape) == 0, torch.nan, result)

    assert worst(TIES[name], TWINS[name], spoilt) == np.inf


@pytest.mark.parametrize("name", [name for name in TWINS if name != "adam_update_"])
def test_slow_side_is_the_definition_that_the_tie_writes_out(name: str):
    """`slow`, the spec's function, in float64: the tie's 50 digits where it neither cancels nor overflows."""
    checked = 0
    for given, expected in TIES[name].cases:
        scale = TWINS[name].scale(*given).numpy()
        with np.errstate(all="ignore"):
            slow = TWINS[name].slow(*given).numpy()
        plain = np.isfinite(slow) & (floats(abs(expected)) > 1e-3)
        error = distance(np.where(plain, slow, 0.0), np.where(plain, expected, exact(0)))
        size = TIES[name].size
        lost = 0.0 if size is None else 1e-14 * floats(size(*(exact(argument) for argument in given)))
        assert np.all(error <= 1e-9 * (scale + 1) + lost)
        checked += int(np.sum(plain))
    assert checked > 50


def test_slow_side_of_the_optimiser_is_the_definition():
    for (weights, gradient, first, second, step, rate, decay), expected in TIES["adam_update_"].cases:
        moments = spec.AdamMoments(first, second)
        updated, after = TWINS["adam_update_"].slow(
            weights, gradient, moments, step=step, learning_rate=rate, weight_decay=decay
        )
        error = distance(torch.cat([updated, after.first, after.second]).numpy(), expected)
        assert np.all(error <= 1e-12 * (floats(abs(expected)) + 1e-3))


def test_scale_of_the_kl_is_the_kl():
    """The bound of `kl_sum` is relative to its value: nothing cancels."""
    for given, expected in TIES["kl_sum"].cases:
        scale = TWINS["kl_sum"].scale(*cast(given, torch.float32)).numpy()
        assert np.all(distance(scale, expected) <= 1e-14 * floats(expected))


def test_scale_of_the_bernoulli_nll_is_the_nll():
    """The same of `logistic_nll` for observations in {0, 1}, however sure the prediction."""
    for (x, logits, *trials), expected in TIES["logistic_nll"].cases:
        if trials in ([], [1]):
            scale = TWINS["logistic_nll"].scale(x.float(), logits.float()).numpy()
            assert np.all(distance(scale, expected) <= 1e-14 * floats(expected) + 1e-300)


def test_fifty_fused_steps_are_fifty_steps_of_the_definition():
    weights = float32_numbers(1, 40)
    fused = [part.float() for part in weights.clone().split(16)]
    moments = spec.AdamMoments([torch.zeros_like(part) for part in fused], [torch.zeros_like(part) for part in fused])
    slow, slow_moments = weights, spec.AdamMoments(torch.zeros_like(weights), torch.zeros_like(weights))
    for step in range(1, 51):
        gradient = float32_numbers(100 + step, 40)
        TWINS["adam_update_"].fast(
            fused,
            [part.float() for part in gradient.split(16)],
            moments,
            step=step,
            learning_rate=0.01,
            weight_decay=0.1,
        )
        slow, slow_moments = spec.adam_update(
            slow, gradient, slow_moments, step=step, learning_rate=0.01, weight_decay=0.1
        )
    torch.testing.assert_close(torch.cat(fused).double(), slow, rtol=0, atol=50 * 1e-6)
    torch.testing.assert_close(torch.cat(moments.second).double(), slow_moments.second, rtol=1e-5, atol=0)


@pytest.mark.parametrize("density", DENSITIES, ids=lambda density: density.name)
def test_reconstruction_nll_is_minus_the_log_density_of_every_likelihood(density):
    model = spec.likelihood(density.name)
    accepted = torch.tensor(density.accepted, dtype=torch.float64)
    x = accepted.repeat(6)[:12].reshape(3, 4)
    planes = (density.outputs,) if density.outputs > 1 else ()
    output = float32_numbers(9, 3, *planes, 4)
    learned = {name: float32_numbers(3, *(() if kind == "scalar" else (4,))) for name, kind in model.learned.items()}
    expected = -BY_NAME[density.name].log_density(exact(x), exact(output), *map(exact, learned.values())).sum(-1)
    size = floats(density.size(exact(x), exact(output), *map(exact, learned.values())).sum(-1))
    for dtype, relative in ((torch.float32, 1e-6), (torch.float64, 1e-14)):
        cast_learned = {name: value.to(dtype) for name, value in learned.items()}
        got = reconstruction_nll(model, x.to(dtype), output.to(dtype), **cast_learned)
        assert got.dtype == dtype
        assert np.all(distance(got.numpy(), expected) <= relative * size)


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("bernoulli", "logistic_nll"),
        ("binomial:16", "logistic_nll"),
        ("gaussian", "gaussian_nll"),
        ("gaussian:0.3", "gaussian_fixed_nll"),
        ("continuous_bernoulli", "continuous_bernoulli_nll"),
        ("poisson", "poisson_nll"),
        ("negative_binomial", "negative_binomial_nll"),
    ],
)
def test_a_likelihood_that_has_a_twin_is_computed_by_it(name: str, twin: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(f"vaelid.train.losses.{twin}", lambda *_: torch.tensor([42.0]))
    learned = {
        key: torch.zeros(2 if kind == "coordinate" else ()) for key, kind in spec.likelihood(name).learned.items()
    }
    result = reconstruction_nll(spec.likelihood(name), torch.zeros(1, 2), torch.zeros(1, 2), **learned)
    assert result.item() == 42
