"""Identities of the spec, on drawn numbers: what must hold whatever the model and the data are."""

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import special, stats

from conformance.precise import distance, exact, floats, log, log_sum_exp
from vaelid import spec

EPS = np.finfo(np.float64).eps


def reals(largest: float, *shape: int):
    return arrays(np.float64, shape, elements=st.floats(-largest, largest))


class TestKl:
    @given(mu=st.floats(-1e3, 1e3), logvar=st.floats(-100, 80))
    @example(mu=0.0, logvar=0.0)
    @example(mu=1e-9, logvar=1e-9)
    def test_kl_is_never_negative_up_to_rounding(self, mu: float, logvar: float):
        kl = float(spec.coordinate_kl_to_standard(np.asarray(mu), np.asarray(logvar)))
        assert kl >= -EPS * (np.exp(logvar) + mu**2 + 1 + abs(logvar))

    def test_kl_is_zero_at_the_prior(self):
        assert float(spec.coordinate_kl_to_standard(np.asarray(0.0), np.asarray(0.0))) == 0.0

    @given(
        mu=st.one_of(st.just(0.0), st.floats(1e-3, 1e3), st.floats(-1e3, -1e-3)),
        logvar=st.one_of(st.just(0.0), st.floats(1e-3, 80), st.floats(-100, -1e-3)),
    )
    def test_kl_is_zero_only_at_the_prior(self, mu: float, logvar: float):
        """Away from it by 1/1000, that is: nearer, the definition's own terms cancel (the twin's do not)."""
        kl = float(spec.coordinate_kl_to_standard(np.asarray(mu), np.asarray(logvar)))
        assert (kl > 0) == ((mu, logvar) != (0.0, 0.0))

    @given(data=st.data(), L=st.integers(1, 40))
    def test_the_sum_is_L_times_the_mean(self, data, L: int):
        mu, logvar = data.draw(reals(30, 3, L)), data.draw(reals(30, 3, L))
        total = spec.diagonal_gaussian_kl_to_standard_sum(mu, logvar)
        mean = spec.diagonal_gaussian_kl_to_standard(mu, logvar)
        size = (np.exp(logvar) + mu**2 + 1 + np.abs(logvar)).sum(-1)
        assert np.all(np.abs(total - L * mean) <= 4 * EPS * size)

    @settings(max_examples=40)
    @given(mu=st.floats(-5, 5), logvar=st.floats(-5, 3))
    def test_kl_is_the_integral_of_the_log_ratio(self, mu: float, logvar: float):
        """E_q[log q - log p] by Gauss-Hermite quadrature, which is exact: the log ratio is a parabola."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(8)
        z = mu + np.exp(logvar / 2) * nodes
        ratio = stats.norm(mu, np.exp(logvar / 2)).logpdf(z) - stats.norm.logpdf(z)
        expected = (weights * ratio).sum() / weights.sum()
        got = float(spec.coordinate_kl_to_standard(np.asarray(mu), np.asarray(logvar)))
        assert got == pytest.approx(expected, rel=1e-11, abs=1e-11)

    def test_kl_is_that_of_torch(self):
        rng = np.random.default_rng(3)
        mu, logvar = (torch.from_numpy(rng.normal(size=(50, 7))) for _ in range(2))
        posterior = torch.distributions.Normal(mu, torch.exp(logvar / 2))
        expected = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0)).sum(-1)
        torch.testing.assert_close(
            spec.diagonal_gaussian_kl_to_standard_sum(mu, logvar), expected, rtol=1e-13, atol=1e-13
        )

    @given(data=st.data())
    def test_the_sampler_has_the_posteriors_moments(self, data):
        """Mean and variance over eps by quadrature: mu and exp(logvar)."""
        mu, logvar = data.draw(reals(5, 3)), data.draw(reals(5, 3))
        nodes, weights = np.polynomial.hermite_e.hermegauss(4)
        z = spec.reparameterize_diag(mu, logvar, np.broadcast_to(nodes[:, None], (4, 3)))
        mean = weights @ z / weights.sum()
        np.testing.assert_allclose(mean, mu, atol=1e-13 * np.exp(2.5))
        np.testing.assert_allclose(weights @ (z - mu) ** 2 / weights.sum(), np.exp(logvar), rtol=1e-12, atol=1e-13)


SPREADS = (0.0, 1e-8, 1e-4, 1e-2, 1.0, 10.0, 50.0)


def _log_weights(seed: int, spread: float, centre: float, draws: int) -> np.ndarray:
    """At most 1.7 spreads apart: in float32 the definition overflows where one weight is 88 above the mean."""
    return centre + spread * np.random.default_rng(seed).uniform(-0.85, 0.85, size=(4, draws))


class TestImportanceWeightedBound:
    @pytest.mark.parametrize("spread", SPREADS)
    @settings(max_examples=15)
    @given(seed=st.integers(0, 2**32), centre=st.sampled_from([0.0, -90.0, -1e3]), draws=st.integers(1, 60))
    def test_it_is_never_below_the_mean_in_floats(self, spread: float, seed: int, centre: float, draws: int):
        weights = _log_weights(seed, spread, centre, draws)
        assert np.all(spec.importance_weighted_bound(weights) >= np.mean(weights, axis=-1))
        for dtype in (torch.float32, torch.float64):
            cast = torch.from_numpy(weights).to(dtype)
            assert bool((spec.importance_weighted_bound(cast) >= cast.mean(-1)).all())

    @pytest.mark.parametrize("spread", SPREADS)
    @settings(max_examples=8)
    @given(seed=st.integers(0, 2**32), centre=st.sampled_from([0.0, -90.0, -1e3]), draws=st.integers(1, 20))
    def test_it_is_log_mean_exp(self, spread: float, seed: int, centre: float, draws: int):
        weights = _log_weights(seed, spread, centre, draws)
        for dtype in (torch.float32, torch.float64):
            cast = torch.from_numpy(weights).to(dtype)
            given_weights = exact(cast.numpy())
            expected = log_sum_exp(given_weights) - log(exact(draws))
            size = np.abs(cast.numpy()).max(-1) + 1
            got = spec.importance_weighted_bound(cast).numpy()
            assert np.all(distance(got, expected) <= 2 * torch.finfo(dtype).eps * size)
            by_scipy = special.logsumexp(cast.numpy().astype(np.float64), axis=-1) - np.log(draws)
            np.testing.assert_allclose(floats(expected), by_scipy, rtol=1e-12, atol=1e-12)

    @given(weight=st.floats(-1e4, 1e4))
    def test_one_weight_is_its_own_bound(self, weight: float):
        assert float(spec.importance_weighted_bound(np.asarray([weight]))) == weight

    def test_more_draws_do_not_lower_it_on_average(self):
        """Burda et al. (2016), theorem 1: E L_1 <= E L_5 <= E L_25 <= log p. Here log p is known."""
        log_p, deviation, repeats = -3.0, 1.5, 20_000
        weights = log_p - deviation**2 / 2 + deviation * np.random.default_rng(0).normal(size=(repeats, 25))
        bounds = [spec.importance_weighted_bound(weights[:, :k]).mean() for k in (1, 5, 25)]
        assert bounds == sorted(bounds)
        assert bounds[0] == pytest.approx(log_p - deviation**2 / 2, abs=5 * deviation / np.sqrt(repeats))
        assert bounds[-1] < log_p


def _linear_model(rng: np.random.Generator, D: int, L: int) -> spec.Model:
    mean, logvar, decoder = (rng.normal(size=shape) / 2 for shape in ((D, L), (D, L), (L, D)))
    return spec.Model(
        encoder=spec.Encoder(mean=lambda x: x @ mean, logvar=lambda x: x @ logvar),
        decoder=spec.Decoder(forward=lambda z: np.tanh(z @ decoder)),
    )


class TestObjective:
    @given(seed=st.integers(0, 2**32), beta=st.floats(0, 100), D=st.integers(1, 6), L=st.integers(1, 4))
    def test_the_loss_is_the_weighted_sum_of_its_two_terms(self, seed: int, beta: float, D: int, L: int):
        rng = np.random.default_rng(seed)
        model, x, eps = _linear_model(rng, D, L), rng.normal(size=(3, D)), rng.normal(size=(3, L))
        terms = spec.vae_objective_terms(model, x, eps)
        assert np.array_equal(spec.loss(model, beta, x, eps), spec.weighted_two_term(beta, terms))

    @given(data=st.data(), beta=st.floats(0, 100))
    def test_a_middle_term_of_zero_leaves_two_terms(self, data, beta: float):
        base, regularizer = data.draw(reals(1e3, 4)), data.draw(reals(1e3, 4))
        three = spec.weighted_three_term(beta, spec.WeightedThreeTerm(base, np.zeros(4), regularizer))
        assert np.array_equal(three, spec.weighted_two_term(beta, spec.WeightedTwoTerm(base, regularizer)))

    @given(data=st.data())
    def test_at_beta_one_the_beta_elbo_is_the_elbo(self, data):
        terms = spec.ElboTerms(data.draw(reals(1e3, 4)), data.draw(reals(1e3, 4)))
        assert np.array_equal(spec.beta_negative_elbo(1, terms), spec.negative_elbo(terms))

    @given(data=st.data(), beta=st.floats(0, 10))
    def test_from_beta_one_on_the_beta_elbo_is_no_smaller(self, data, beta: float):
        terms = spec.ElboTerms(data.draw(reals(1e3, 4)), np.abs(data.draw(reals(1e3, 4))))
        larger = spec.beta_negative_elbo(beta, terms) >= spec.negative_elbo(terms)
        assert np.all(larger) if beta >= 1 else np.all(~larger | (terms.kl_posterior_prior * (1 - beta) < 1e-12))

    @given(sigma=st.floats(-1e3, 1e3))
    def test_the_variance_of_a_scale_is_that_of_scaled_noise(self, sigma: float):
        nodes, weights = np.polynomial.hermite_e.hermegauss(4)
        expected = (weights * (sigma * nodes) ** 2).sum() / weights.sum()
        assert float(spec.variance_of_scale(np.asarray(sigma))) == pytest.approx(expected, rel=1e-12, abs=1e-300)


# Each convention as code writes it, on (x_hat, x), and the negative log-likelihood in nats that it stands for.
SQUARED = {
    "mse-mean": lambda x_hat, x: ((x_hat - x) ** 2).mean(-1),
    "mse-sum": lambda x_hat, x: ((x_hat - x) ** 2).sum(-1),
    "half-mse-sum": lambda x_hat, x: ((x_hat - x) ** 2).sum(-1) / 2,
}
LOGITS = {
    "nll-mean": lambda logits, x: (
        torch.nn.functional.binary_cross_entropy_with_logits(
            torch.from_numpy(logits), torch.from_numpy(x), reduction="none"
        )
        .mean(-1)
        .numpy()
    ),
    "nll-sum": lambda logits, x: (
        torch.nn.functional.binary_cross_entropy_with_logits(
            torch.from_numpy(logits), torch.from_numpy(x), reduction="none"
        )
        .sum(-1)
        .numpy()
    ),
}
REDUCTIONS = {"mean": lambda terms: terms.mean(-1), "sum": lambda terms: terms.sum(-1)}


class TestEffectiveBeta:
    @pytest.mark.parametrize("kl", REDUCTIONS)
    @pytest.mark.parametrize("loss", [*SQUARED, *LOGITS])
    @settings(max_examples=25)
    @given(
        seed=st.integers(0, 2**32),
        D=st.integers(1, 9),
        L=st.integers(1, 5),
        beta=st.floats(0.01, 100),
        variance=st.floats(0.01, 10),
    )
    def test_the_loss_is_c_times_nll_plus_b_kl_and_a_constant(
        self, loss: str, kl: str, seed: int, D: int, L: int, beta: float, variance: float
    ):
        """Over twelve random (output, x, mu, logvar), loss = c (NLL + b KL) + d has a c > 0 and a d that fit all.

        c and d are not looked up but solved for: b is right if and only if one line passes through all points.
        """
        rng = np.random.default_rng(seed)
        output, x = rng.normal(size=(12, D)), rng.normal(size=(12, D))
        mu, logvar = rng.normal(size=(12, L)), rng.normal(size=(12, L))
        if loss in SQUARED:
            reconstruction = SQUARED[loss](output, x)
            nll = -stats.norm(output, np.sqrt(variance)).logpdf(x).sum(-1)
        else:
            x = (x > 0).astype(float)
            reconstruction = LOGITS[loss](output, x)
            nll = -stats.bernoulli(special.expit(output)).logpmf(x).sum(-1)
        kl_terms = (np.exp(logvar) + mu**2 - 1 - logvar) / 2
        written = reconstruction + beta * REDUCTIONS[kl](kl_terms)
        b = spec.effective_beta(loss=loss, kl=kl, D=D, L=L, beta=beta, variance=variance)
        meant = nll + b * kl_terms.sum(-1)
        unit = np.ptp(meant)
        slope, intercept = np.polyfit(meant / unit, written, 1)
        assert slope > 0
        np.testing.assert_allclose(slope * meant / unit + intercept, written, atol=1e-9 * np.ptp(written))

    @pytest.mark.parametrize(
        ("convention", "expected"),
        [
            ({"loss": "mse-mean", "kl": "mean", "D": 784, "L": 20}, 19.6),  # TorchLean's executable loss
            ({"loss": "mse-mean", "kl": "sum", "D": 784, "L": 20}, 392.0),
            ({"loss": "mse-sum", "kl": "sum", "D": 784, "L": 20}, 0.5),
            ({"loss": "half-mse-sum", "kl": "sum", "D": 784, "L": 20}, 1.0),
            ({"loss": "nll-mean", "kl": "sum", "D": 784, "L": 20}, 784.0),
            ({"loss": "nll-mean", "kl": "mean", "D": 784, "L": 20}, 39.2),
            ({"loss": "nll-sum", "kl": "sum", "D": 784, "L": 20}, 1.0),
            ({"loss": "mse-sum", "kl": "sum", "D": 784, "L": 20, "beta": 4, "variance": 0.1}, 20.0),
        ],
        ids=str,
    )
    def test_known_values(self, convention: dict, expected: float):
        assert spec.effective_beta(**convention) == pytest.approx(expected, rel=1e-15)

    def test_the_default_is_the_mean_convention(self):
        assert spec.effective_beta(D=784, L=20) == spec.effective_beta(
            loss="mse-mean", kl="mean", D=784, L=20, beta=1, variance=1
        )

    @given(
        seed=st.integers(0, 2**32),
        D=st.integers(1, 6),
        L=st.integers(1, 4),
        beta=st.floats(0.01, 9),
        s2=st.floats(0.1, 9),
    )
    def test_the_specs_own_loss_is_a_beta_elbo_at_the_effective_beta(
        self, seed: int, D: int, L: int, beta: float, s2: float
    ):
        """loss = (2 s2 / D) (beta_negative_elbo(b, ...) - D log(2 pi s2) / 2), b = effective_beta(D, L, beta, s2)."""
        rng = np.random.default_rng(seed)
        model, x, eps = _linear_model(rng, D, L), rng.normal(size=(5, D)), rng.normal(size=(5, L))
        x_hat = spec.forward(model, x, eps)
        terms = spec.ElboTerms(
            reconstruction_nll=-stats.norm(x_hat, np.sqrt(s2)).logpdf(x).sum(-1),
            kl_posterior_prior=spec.diagonal_gaussian_kl_to_standard_sum(*spec.encode(model, x)),
        )
        b = spec.effective_beta(D=D, L=L, beta=beta, variance=s2)
        expected = (2 * s2 / D) * (spec.beta_negative_elbo(b, terms) - D * np.log(2 * np.pi * s2) / 2)
        np.testing.assert_allclose(spec.loss(model, beta, x, eps), expected, rtol=1e-11, atol=1e-11)
