"""Right steps of more than one posterior, sample, prior or input."""

import math

import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import Bernoulli, Independent, Normal, kl_divergence

from .case import Bank, Built, binary, grey, half_squares, kl_of, nets

BANK = Bank()
ELBO = {"beta": "1", "likelihood": "gaussian"}
BERNOULLI = {"beta": "1", "likelihood": "bernoulli"}


def draw(mu, logvar):
    return mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)


@BANK.step("PROVED", **BERNOULLI)
def monte_carlo_kl(B, L, D):
    encoder, decoder = nets(D, L)

    def run(x):
        mu, logvar = encoder(x).chunk(2, -1)
        posterior, prior = Normal(mu, torch.exp(0.5 * logvar)), Normal(torch.zeros_like(mu), torch.ones_like(mu))
        z = posterior.rsample()
        log_likelihood = Bernoulli(logits=decoder(z)).log_prob(x).sum(-1)
        return -(log_likelihood + prior.log_prob(z).sum(-1) - posterior.log_prob(z).sum(-1)).mean()

    return Built(run, binary(B, D), nn.ModuleList([encoder, decoder]), decoder)


@BANK.step("PROVED", **ELBO)
def monte_carlo_kl_by_hand(B, L, D):
    encoder, decoder = nets(D, L)

    def log_normal(z, mu, logvar):
        return -0.5 * (math.log(2 * math.pi) + logvar + (z - mu) ** 2 / logvar.exp()).sum(1)

    def run(x):
        mu, logvar = encoder(x).chunk(2, -1)
        z = draw(mu, logvar)
        zero = torch.zeros_like(z)
        log_ratio = log_normal(z, mu, logvar) - log_normal(z, zero, zero)
        return (0.5 * (decoder(z) - x).pow(2).sum(1) + log_ratio).mean()

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder]), decoder)


@BANK.step("PROVED", **ELBO, prior="(?i)learned|N.pm")
def kl_to_learned_prior(B, L, D):
    encoder, decoder = nets(D, L)
    mean, log_scale = nn.Parameter(torch.randn(L)), nn.Parameter(torch.randn(L))
    seen = {}

    def run(x):
        mu, logvar = encoder(x).chunk(2, -1)
        seen["terms"] = (mu, logvar, decoder(draw(mu, logvar)), x)
        posterior, prior = Normal(mu, torch.exp(logvar / 2)), Normal(mean, log_scale.exp())
        return half_squares(seen["terms"][2], x) + kl_divergence(posterior, prior).sum()

    def expected():
        mu, logvar, out, x = seen["terms"]
        prior = 0.5 * (((mu - mean) / log_scale.exp()) ** 2 + (logvar - 2 * log_scale).exp())
        return 0.5 * ((out - x) ** 2).sum() + (prior + log_scale - logvar / 2).sum()

    return Built(
        run,
        grey(B, D),
        nn.ModuleList([encoder, decoder, nn.ParameterList([mean, log_scale])]),
        expected=expected,
    )


def to_fixed_prior(B, L, D, mean, scale):
    encoder, decoder = nets(D, L)
    seen = {}

    def run(x):
        mu, logvar = encoder(x).chunk(2, -1)
        seen["terms"] = (mu, logvar, decoder(draw(mu, logvar)), x)
        prior = Normal(torch.full_like(mu, mean), torch.full_like(mu, scale))
        return half_squares(seen["terms"][2], x) + kl_divergence(Normal(mu, torch.exp(logvar / 2)), prior).sum()

    def expected():
        mu, logvar, out, x = seen["terms"]
        return 0.5 * ((out - x) ** 2).sum() + (((mu - mean) ** 2 + logvar.exp()) / scale**2 - logvar).sum() / 2

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder]), expected=expected)


@BANK.step("PROVED", **ELBO, prior="N(-1.5, 0.25)")
def kl_to_prior_of_another_mean(B, L, D):
    return to_fixed_prior(B, L, D, -1.5, 0.5)


def upper_latent_first(B, L, D, likelihood_of):
    """z2 ~ q(z2|x), z1 ~ q(z1|x), and the prior of z1 is p(z1|z2)."""
    first, second = nn.Linear(D, 2 * L), nn.Linear(D, 2 * L)
    prior, decoder = nn.Linear(L, 2 * L), nn.Linear(L, D)
    seen = {}

    def run(x):
        m2, v2 = second(x).chunk(2, -1)
        pm, pv = prior(draw(m2, v2)).chunk(2, -1)
        m1, v1 = first(x).chunk(2, -1)
        logits = decoder(draw(m1, v1))
        seen["terms"] = (m1, v1, m2, v2, pm, pv, logits, x)
        kl1 = 0.5 * (pv - v1 + (v1.exp() + (m1 - pm) ** 2) / pv.exp() - 1).sum()
        return likelihood_of(logits, x) + kl1 + kl_of(m2, v2)

    def expected():
        m1, v1, m2, v2, pm, pv, logits, x = seen["terms"]
        kl1 = kl_divergence(Normal(m1, (v1 / 2).exp()), Normal(pm, (pv / 2).exp())).sum()
        kl2 = kl_divergence(Normal(m2, (v2 / 2).exp()), Normal(torch.zeros_like(m2), torch.ones_like(m2))).sum()
        return kl1 + kl2 - Bernoulli(logits=logits).log_prob(x).sum()

    return Built(run, binary(B, D), nn.ModuleList([first, second, prior, decoder]), expected=expected)


@BANK.step("PROVED", **BERNOULLI, prior="(?i)learned|conditional|N.0")
def two_levels(B, L, D):
    return upper_latent_first(B, L, D, lambda logits, x: F.binary_cross_entropy_with_logits(logits, x, reduction="sum"))


def lower_latent_first(B, L, D, divergence):
    """z1 ~ q(z1|x), z2 ~ q(z2|z1), and the prior of z1 is p(z1|z2): it is made from z1."""
    first, second = nn.Linear(D, 2 * L), nn.Linear(L, 2 * L)
    prior, decoder = nn.Linear(L, 2 * L), nn.Linear(L, D)
    seen = {}

    def run(x):
        m1, v1 = first(x).chunk(2, -1)
        z1 = draw(m1, v1)
        m2, v2 = second(z1).chunk(2, -1)
        pm, pv = prior(draw(m2, v2)).chunk(2, -1)
        logits = decoder(z1)
        seen["terms"] = (z1, m1, v1, m2, v2, pm, pv, logits, x)
        nll = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        return nll + divergence(z1, m1, v1, pm, pv) + kl_of(m2, v2)

    def expected():
        z1, m1, v1, m2, v2, pm, pv, logits, x = seen["terms"]
        log_ratio = Normal(m1, (v1 / 2).exp()).log_prob(z1) - Normal(pm, (pv / 2).exp()).log_prob(z1)
        kl2 = kl_divergence(Normal(m2, (v2 / 2).exp()), Normal(torch.zeros_like(m2), torch.ones_like(m2))).sum()
        return log_ratio.sum() + kl2 - Bernoulli(logits=logits).log_prob(x).sum()

    return Built(run, binary(B, D), nn.ModuleList([first, second, prior, decoder]), expected=expected)


@BANK.step("UNKNOWN", "REFUTED", numbers=False)
def closed_form_to_a_prior_that_saw_the_sample(B, L, D):
    def closed_form(z1, m1, v1, pm, pv):
        return 0.5 * (pv - v1 + (v1.exp() + (m1 - pm) ** 2) / pv.exp() - 1).sum()

    return lower_latent_first(B, L, D, closed_form)


@BANK.step("PROVED", **BERNOULLI, prior="(?i)learned|conditional|N.0")
def draw_against_a_prior_that_saw_it(B, L, D):
    def at_the_draw(z1, m1, v1, pm, pv):
        log_q = Normal(m1, (v1 / 2).exp()).log_prob(z1)
        return (log_q - Normal(pm, (pv / 2).exp()).log_prob(z1)).sum()

    return lower_latent_first(B, L, D, at_the_draw)


@BANK.step("PROVED", **ELBO)
def two_latents_together(B, L, D):
    first, second, decoder = nn.Linear(D, 2 * L), nn.Linear(D, 2 * L), nn.Linear(2 * L, D)

    def run(x):
        (m1, v1), (m2, v2) = first(x).chunk(2, -1), second(x).chunk(2, -1)
        x_hat = decoder(torch.cat([draw(m1, v1), draw(m2, v2)], 1))
        return half_squares(x_hat, x) + kl_of(m1, v1) + kl_of(m2, v2)

    return Built(run, grey(B, D), nn.ModuleList([first, second, decoder]), decoder)


@BANK.step("PROVED", **ELBO)
def conditional(B, L, D):
    encoder, decoder = nn.Linear(D + 4, 2 * L), nn.Linear(L + 4, D)

    def run(batch):
        x, condition = batch
        mu, logvar = encoder(torch.cat([x, condition], 1)).chunk(2, -1)
        return half_squares(decoder(torch.cat([draw(mu, logvar), condition], 1)), x) + kl_of(mu, logvar)

    def nll(out, batch):
        return 0.5 * (out - batch[0]) ** 2

    model = nn.ModuleList([encoder, decoder])
    return Built(run, (grey(B, D), grey(B, 4)), model, decoder, latent=lambda given: given[:, :L], nll=nll)


@BANK.step("PROVED", **BERNOULLI)
def conditional_on_labels(B, L, D):
    encoder, decoder, embed = nn.Linear(D + 4, 2 * L), nn.Linear(L + 4, D), nn.Embedding(10, 4)

    def run(batch):
        x, labels = batch
        condition = embed(labels)
        mu, logvar = encoder(torch.cat([x, condition], 1)).chunk(2, -1)
        logits = decoder(torch.cat([draw(mu, logvar), condition], 1))
        return F.binary_cross_entropy_with_logits(logits, x, reduction="sum") + kl_of(mu, logvar)

    def nll(out, batch):
        return -Bernoulli(logits=out).log_prob(batch[0])

    batch = (binary(B, D), torch.randint(0, 10, (B,)))
    model = nn.ModuleList([encoder, decoder, embed])
    return Built(run, batch, model, decoder, latent=lambda given: given[:, :L], nll=nll)


@BANK.step("PROVED", **BERNOULLI)
def mean_over_samples(B, L, D):
    encoder, decoder = nets(D, L)

    def run(x):
        mu, logvar = encoder(x).chunk(2, -1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn(3, len(x), L, dtype=x.dtype)
        logits = decoder(z)
        nll = F.binary_cross_entropy_with_logits(logits, x.expand(3, -1, -1), reduction="none").sum(-1).mean(0)
        return nll.sum() + kl_of(mu, logvar)

    return Built(run, binary(B, D), nn.ModuleList([encoder, decoder]), decoder, row_weights=torch.tensor(1 / 3))


def importance_weighted(B, L, D, bound):
    encoder, decoder = nets(D, L)
    seen = {}

    def run(x):
        mu, logvar = encoder(x).chunk(2, -1)
        posterior = Normal(mu, (logvar / 2).exp())
        z = posterior.rsample((5,))
        logits = decoder(z)
        seen["terms"] = (posterior, z, logits, x)
        log_prior = Normal(torch.zeros(()), torch.ones(())).log_prob(z).sum(-1)
        log_weights = Bernoulli(logits=logits).log_prob(x).sum(-1) + log_prior - posterior.log_prob(z).sum(-1)
        return bound(log_weights)

    def expected():
        posterior, z, logits, x = seen["terms"]
        joint = Independent(Bernoulli(logits=logits), 1).log_prob(x)
        joint = joint + Independent(Normal(torch.zeros_like(z), torch.ones_like(z)), 1).log_prob(z)
        weights = (joint - posterior.log_prob(z).sum(-1)).double().exp()
        return -weights.mean(0).log().mean()

    return Built(run, binary(B, D), nn.ModuleList([encoder, decoder]), expected=expected)


@BANK.step("PROVED", likelihood="bernoulli", objective="(?i)importance|iwae")
def importance_weighted_bound(B, L, D):
    return importance_weighted(B, L, D, lambda weights: -(torch.logsumexp(weights, 0) - math.log(5)).mean())


@BANK.step("PROVED", likelihood="bernoulli", objective="(?i)importance|iwae")
def importance_weighted_bound_without_its_constant(B, L, D):
    return importance_weighted(B, L, D, lambda weights: -torch.logsumexp(weights, 0).mean())


@BANK.step("REFUTED", "UNKNOWN", "OTHER", bug="multi-sample")
def logsumexp_over_rows(B, L, D):
    return importance_weighted(B, L, D, lambda weights: -torch.logsumexp(weights, 1).mean())


@BANK.step("UNKNOWN", "REFUTED", "OTHER")
def self_normalised_weights_that_are_not_detached(B, L, D):
    return importance_weighted(B, L, D, lambda weights: -(weights.softmax(0) * weights).sum(0).mean())


@BANK.step("REFUTED", bug="sign")
def importance_weighted_bound_minimised(B, L, D):
    return importance_weighted(B, L, D, lambda weights: torch.logsumexp(weights, 0).mean())


@BANK.step("UNKNOWN", "REFUTED", "OTHER")
def importance_weighted_bound_squared(B, L, D):
    return importance_weighted(B, L, D, lambda weights: (torch.logsumexp(weights, 0) ** 2).mean())


@BANK.step("UNKNOWN", "REFUTED", "OTHER")
def importance_weighted_bound_and_a_penalty(B, L, D):
    return importance_weighted(
        B, L, D, lambda weights: -torch.logsumexp(weights, 0).mean() + 0.1 * weights.square().mean()
    )


@BANK.step("PROVED", **BERNOULLI)
def mean_of_log_weights(B, L, D):
    built = importance_weighted(B, L, D, lambda weights: -weights.mean())
    encoder, decoder = built.model
    rows = torch.tensor(1.0)
    return Built(built.run, built.batch, nn.ModuleList([encoder, decoder]), decoder, row_weights=rows)


@BANK.step("PROVED", **BERNOULLI)
def transformer_like_tokens(B, L, D):
    encoder, decoder = nn.Sequential(nn.Linear(D, 8), nn.LayerNorm(8), nn.GELU(), nn.Linear(8, 2 * L)), nn.Linear(L, D)

    def run(x):
        mu, logvar = encoder(x).tensor_split(2, dim=-1)
        logits = decoder(draw(mu, logvar))
        nll = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=(1, 2))
        kl = 0.5 * (mu.square() + logvar.exp() - logvar - 1).sum(dim=(1, 2))
        return (nll + kl).mean()

    return Built(run, binary(B, 2, D), nn.ModuleList([encoder, decoder]), decoder)


class OverChannels(nn.Module):
    """One linear map at every pixel: rows and pixels are one axis inside it."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.map = nn.Linear(inputs, outputs)

    def forward(self, x):
        rows, channels, *places = x.shape
        return self.map(x.reshape(rows, channels, -1).mT).mT.reshape(rows, -1, *places)


@BANK.step("PROVED", beta="4 / (D + 1)", likelihood="gaussian", numbers=False)
def rows_and_pixels_as_one_axis(B, L, D):
    encoder, decoder = OverChannels(1, 2 * L), OverChannels(L, 1)

    def run(x):
        mu, logvar = encoder(x).chunk(2, 1)
        x_hat = decoder(draw(mu, logvar))
        kl = kl_of(mu, logvar) / len(x) / (D + 1)
        return F.mse_loss(x_hat, x) / 4 * D + kl

    return Built(run, grey(B, 1, D, 2), nn.ModuleList([encoder, decoder]))


def squashed(name, squash):
    """A decoder that first squashes z: what it is given is no sample of a Gaussian, and z is."""

    def sample(mu, logvar):
        return squash(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu))

    BANK.usual(name, "PROVED", "UNKNOWN", parts={"sample": sample}, numbers=False)


squashed("tanh_of_the_latent", torch.tanh)
squashed("sigmoid_of_the_latent", torch.sigmoid)
squashed("exponential_of_the_latent", torch.exp)
squashed("softmax_of_the_latent", lambda z: z.softmax(-1))
squashed("reciprocal_of_the_latent", lambda z: 1 / (1 + z**2))
squashed("latent_on_a_sphere", lambda z: z / z.norm(dim=-1, keepdim=True))
squashed("latent_and_its_square", lambda z: z + 0.1 * z**3)
