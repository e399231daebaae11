"""Training steps with one of the bugs of public code."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import Normal

from .case import Bank, Built, grey, half_squares, kl_of, nets, usual

BANK = Bank()


def noisy(name, noise, bug, verdicts=("REFUTED",), **expected):
    """The usual step with this noise."""
    claims = {"claims": {"sampler": "REFUTED"}}
    BANK.usual(name, *verdicts, parts={"noise": noise}, bug=bug, **{**claims, **expected})


noisy("uniform_noise", torch.rand_like, "uniform-noise")
noisy("uniform_noise_of_a_shape", lambda t: torch.rand(t.shape, dtype=t.dtype), "uniform-noise")
# from -1 to 1: the KL is of no normal law at its lower end, and is not told from that of a uniform posterior
noisy("centred_uniform_noise", lambda t: 2 * torch.rand_like(t) - 1, None, ("REFUTED", "UNKNOWN"), claims={})
noisy("small_noise", lambda t: 0.01 * torch.randn_like(t), "scaled-noise", claims={})
noisy("large_noise", lambda t: torch.normal(0.0, 1.5, t.shape, dtype=t.dtype), "scaled-noise", claims={})
noisy("mean_of_two_draws", lambda t: (torch.randn_like(t) + torch.randn_like(t)) / 2, "scaled-noise", claims={})
noisy("one_number_for_all", lambda t: torch.randn(1, dtype=t.dtype), "shared-noise")
noisy("noise_shared_by_rows", lambda t: torch.randn(t.shape[1], dtype=t.dtype), "shared-noise")
noisy("noise_shared_by_latents", lambda t: torch.randn(len(t), 1, dtype=t.dtype), "shared-noise")
noisy("noise_expanded", lambda t: torch.randn(len(t), 1, dtype=t.dtype).expand_as(t), "shared-noise")
noisy("noise_of_the_first_row", lambda t: torch.randn_like(t)[:1], "shared-noise")
noisy("noise_of_the_first_latent", lambda t: torch.randn_like(t)[:, :1], "shared-noise")
noisy(
    "inverse_distribution_of_one_draw_for_a_row",
    lambda t: torch.erfinv(2 * torch.rand(len(t), 1, dtype=t.dtype).expand_as(t) - 1) * 2**0.5,
    None,
    ("REFUTED", "UNKNOWN"),
    claims={},
    numbers=False,
)
noisy(
    "box_and_muller_of_one_radius_for_a_row",
    lambda t: (
        torch.sqrt(-2 * torch.log(1 - torch.rand(len(t), 1, dtype=t.dtype)))
        * torch.cos(2 * math.pi * torch.rand_like(t))
    ),
    None,
    ("REFUTED", "UNKNOWN"),
    claims={},
    numbers=False,
)
noisy(
    "box_and_muller_with_pi_once",
    lambda t: torch.sqrt(-2 * torch.log(1 - torch.rand_like(t))) * torch.cos(math.pi * torch.rand_like(t)),
    None,
    ("REFUTED", "UNKNOWN"),
    claims={},
    numbers=False,
)
noisy("reciprocal_of_noise", lambda t: 1 / torch.randn_like(t), None, numbers=False)
noisy("clamped_noise", lambda t: torch.randn_like(t).clamp(-1, 1), None, numbers=False)
noisy("cube_of_noise", lambda t: torch.randn_like(t) ** 3, None)
noisy(
    "noise_of_numpy",
    lambda t: torch.from_numpy(np.random.randn(*t.shape)).to(t.dtype),
    "frozen-noise",
    ("REFUTED", "UNKNOWN"),
    numbers=False,
)
noisy("shifted_noise", lambda t: torch.randn_like(t) + 0.5, None, claims={})
noisy("positive_noise", lambda t: torch.randn_like(t).abs(), None, ("REFUTED", "UNKNOWN"), claims={})


def signs(t):
    return torch.bernoulli(torch.full_like(t, 0.5)) * 2 - 1


# A draw of another law may have a right KL of its own; declared as the advice says, this one is refuted.
noisy("bernoulli_noise", signs, None, ("REFUTED", "UNKNOWN"), claims={})
usual_elbo = {"beta": 1.0, "likelihood": "gaussian", "prior": "N(0, I)"}
noisy("declared_bernoulli_noise", signs, None, claims={}, declared=usual_elbo)


@BANK.step("REFUTED", claims={"sampler": "REFUTED"}, bug="frozen-noise", numbers=False)
def noise_drawn_once(B, L, D):
    noise = torch.randn(B, L)
    return usual(B, L, D, noise=lambda _: noise)


@BANK.step("REFUTED", claims={"sampler": "REFUTED"}, bug="frozen-noise", numbers=False)
def generator_seeded_in_the_step(B, L, D):
    def noise(t):
        return torch.randn(t.shape, generator=torch.Generator().manual_seed(0), dtype=t.dtype)

    return usual(B, L, D, noise=noise)


def sampled(name, sample, bug, verdicts=("REFUTED",), **expected):
    """The usual step with this sampler."""
    BANK.usual(name, *verdicts, parts={"sample": sample}, bug=bug, **expected)


sampled("mean_decoded", lambda mu, logvar: mu, "missing-noise")
sampled("variance_in_the_sampler", lambda mu, logvar: mu + logvar.exp() * torch.randn_like(mu), "std-variance")
sampled("log_variance_in_the_sampler", lambda mu, logvar: mu + logvar * torch.randn_like(mu), None)
sampled("precision_in_the_sampler", lambda mu, logvar: mu + torch.exp(-0.5 * logvar) * torch.randn_like(mu), None)
sampled("root_twice", lambda mu, logvar: mu + torch.exp(logvar / 2).sqrt() * torch.randn_like(mu), None)
sampled(
    "clamp_in_the_sampler",
    lambda mu, logvar: mu + torch.exp(0.5 * logvar.clamp(-0.2, 0.2)) * torch.randn_like(mu),
    "clamp",
)
sampled("sample_not_rsample", lambda mu, logvar: Normal(mu, (logvar / 2).exp()).sample(), "detached")
sampled(
    "latent_detached",
    lambda mu, logvar: (mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)).detach(),
    "detached",
)
sampled("std_detached", lambda mu, logvar: mu + torch.exp(0.5 * logvar).detach() * torch.randn_like(mu), "detached")
sampled("std_of_one", lambda mu, logvar: mu + torch.randn_like(mu), None)
sampled(
    "dropout_of_the_latent",
    lambda mu, logvar: F.dropout(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu), 0.3),
    None,
    ("REFUTED", "UNKNOWN"),
)

BANK.usual(
    "clamp_in_the_kl",
    "REFUTED",
    parts={"kl": lambda mu, logvar: kl_of(mu, logvar.clamp(-0.2, 0.2))},
    bug="clamp",
)
BANK.usual("arguments_swapped", "REFUTED", parts={"kl": lambda mu, logvar: kl_of(logvar, mu)})
BANK.usual(
    "kl_detached", "REFUTED", parts={"kl": lambda mu, logvar: kl_of(mu.detach(), logvar.detach())}, bug="detached"
)
BANK.usual("kl_item", "REFUTED", parts={"kl": lambda mu, logvar: kl_of(mu, logvar).item()}, bug="detached|kl-zero")
BANK.usual("kl_clamped", "REFUTED", parts={"kl": lambda mu, logvar: kl_of(mu, logvar).clamp(0, 0)}, bug="kl-clamped")
BANK.usual("kl_partial", "REFUTED", parts={"kl": lambda mu, logvar: kl_of(mu[:, 1:], logvar[:, 1:])}, bug="kl-partial")
BANK.usual("kl_of_one_row", "REFUTED", parts={"kl": lambda mu, logvar: 5 * kl_of(mu[:1], logvar[:1])})
BANK.usual("sign_of_the_kl", "REFUTED", parts={"kl": lambda mu, logvar: -kl_of(mu, logvar)}, bug="sign")
BANK.usual("sign_of_the_error", "REFUTED", parts={"reconstruction": lambda h, x: -half_squares(h, x)}, bug="sign")
BANK.usual(
    "last_row_only",
    "REFUTED",
    "UNKNOWN",
    "OTHER",
    parts={"reconstruction": lambda h, x: 5 * half_squares(h[-1], x[-1])},
)


@BANK.step("REFUTED", claims={"divergence": "REFUTED"})
def mean_of_another_net(B, L, D):
    encoder, decoder = nets(D, L)
    other = nn.Linear(D, L)

    def run(x):
        mu, logvar = encoder(x).chunk(2, -1)
        x_hat = decoder(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu))
        return half_squares(x_hat, x) + kl_of(other(x), logvar)

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder, other]), decoder)


@BANK.step("REFUTED", "UNKNOWN", numbers=False)
def mean_decoded_beside_the_bent_latent(B, L, D):
    encoder, decoder, direct = nn.Linear(D, 2 * L), nn.Linear(L, D), nn.Linear(L, L)

    def run(x):
        mu, logvar = encoder(x).chunk(2, -1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        return half_squares(decoder(direct(mu) + torch.tanh(z)), x) + kl_of(mu, logvar)

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder, direct]), decoder)


@BANK.step("REFUTED", bug="missing-noise", claims={"sampler": "REFUTED", "divergence": "PROVED"})
def sample_in_the_kl_alone(B, L, D):
    encoder, decoder = nets(D, L)

    def run(x):
        mu, logvar = encoder(x).chunk(2, -1)
        posterior = Normal(mu, (0.5 * logvar).exp())
        z = posterior.rsample()
        kl = posterior.log_prob(z) - Normal(0.0, 1.0).log_prob(z)
        return half_squares(decoder(mu), x) + kl.sum()

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder]), decoder)


@BANK.step("REFUTED", "UNKNOWN", claims={"divergence": "REFUTED"})
def second_pass_with_dropout(B, L, D):
    encoder, decoder = nn.Sequential(nn.Dropout(0.5), nn.Linear(D, 2 * L)), nn.Linear(L, D)

    def run(x):
        mu, logvar = encoder(x).chunk(2, -1)
        x_hat = decoder(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu))
        return half_squares(x_hat, x) + kl_of(*encoder(x).chunk(2, -1))

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder]), decoder)


@BANK.step("REFUTED")
def noise_of_two_samplers(B, L, D):
    first, second, decoder = nn.Linear(D, 2 * L), nn.Linear(D, 2 * L), nn.Linear(2 * L, D)

    def run(x):
        (m1, v1), (m2, v2) = first(x).chunk(2, -1), second(x).chunk(2, -1)
        noise = torch.randn_like(m1)
        z = torch.cat([m1 + (v1 / 2).exp() * noise, m2 + (v2 / 2).exp() * noise], 1)
        return half_squares(decoder(z), x) + kl_of(m1, v1) + kl_of(m2, v2)

    return Built(run, grey(B, D), nn.ModuleList([first, second, decoder]), decoder)


@BANK.step("REFUTED")
def monte_carlo_kl_without_entropy(B, L, D):
    encoder, decoder = nets(D, L)

    def run(x):
        mu, logvar = encoder(x).chunk(2, -1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        return half_squares(decoder(z), x) - Normal(torch.zeros_like(z), torch.ones_like(z)).log_prob(z).sum()

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder]), decoder)


@BANK.step("REFUTED")
def monte_carlo_kl_of_wrong_sign(B, L, D):
    encoder, decoder = nets(D, L)

    def run(x):
        mu, logvar = encoder(x).chunk(2, -1)
        posterior = Normal(mu, torch.exp(logvar / 2))
        z = posterior.rsample()
        log_prior = Normal(torch.zeros_like(z), torch.ones_like(z)).log_prob(z)
        return half_squares(decoder(z), x) - (posterior.log_prob(z) + log_prior).sum()

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder]), decoder)


@BANK.step("REFUTED")
def learned_variance_without_its_log(B, L, D):
    log_scale = nn.Parameter(torch.tensor(0.3))
    built = usual(B, L, D, reconstruction=lambda h, x: half_squares(h / log_scale.exp(), x / log_scale.exp()))
    return Built(built.run, built.batch, nn.ModuleList([*built.model, nn.ParameterList([log_scale])]), built.decoder)


@BANK.step("REFUTED", "UNKNOWN", "OTHER", numbers=False)
def skip_connection(B, L, D):
    encoder, skip, decoder = nn.Linear(D, 2 * L), nn.Linear(D, 4), nn.Linear(L + 4, D)

    def run(x):
        mu, logvar = encoder(x).chunk(2, -1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        return half_squares(decoder(torch.cat([z, skip(x)], 1)), x) + kl_of(mu, logvar)

    return Built(run, grey(B, D), nn.ModuleList([encoder, skip, decoder]))


@BANK.step("REFUTED", "UNKNOWN", "OTHER", numbers=False)
def data_added_to_the_output(B, L, D):
    encoder, decoder = nets(D, L)

    def run(x):
        mu, logvar = encoder(x).chunk(2, -1)
        logits = decoder(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)) + x
        return F.binary_cross_entropy_with_logits(logits, x, reduction="sum") + kl_of(mu, logvar)

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder]), decoder)


@BANK.step("REFUTED", "UNKNOWN", "OTHER", numbers=False)
def precision_that_sees_the_data(B, L, D):
    encoder, decoder = nets(D, L)
    precision = nn.Linear(D, D)

    def run(x):
        mu, logvar = encoder(x).chunk(2, -1)
        x_hat, s = decoder(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)), precision(x)
        return (0.5 * (x_hat - x) ** 2 * torch.exp(-s) + 0.5 * s).sum() + kl_of(mu, logvar)

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder, precision]), decoder)


def evaluated(evaluate, *verdict, **expected):
    def make(B, L, D):
        encoder, decoder = nets(D, L)

        def run(x):
            mu, logvar = encoder(x).chunk(2, -1)
            x_hat = decoder(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu))
            return half_squares(x_hat, x) + kl_of(mu, logvar)

        model = nn.ModuleList([encoder, decoder])
        return Built(run, grey(B, D), model, decoder, evaluation=lambda x: evaluate(encoder, decoder, x))

    make.__name__ = evaluate.__name__
    BANK.step("PROVED", beta="1", likelihood="gaussian", claims={"evaluation": verdict[0]}, **expected)(make)


def evaluation_alike(encoder, decoder, x):
    mu, logvar = encoder(x).chunk(2, -1)
    with torch.no_grad():
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        return half_squares(decoder(z), x) + kl_of(mu, logvar)


def evaluation_of_the_mean(encoder, decoder, x):
    mu, logvar = encoder(x).chunk(2, -1)
    return half_squares(decoder(mu), x) + kl_of(mu, logvar)


def evaluation_of_another_weight(encoder, decoder, x):
    mu, logvar = encoder(x).chunk(2, -1)
    z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
    return half_squares(decoder(z), x) + 0.1 * kl_of(mu, logvar)


evaluated(evaluation_alike, "PROVED")
evaluated(evaluation_of_the_mean, "REFUTED")
evaluated(evaluation_of_another_weight, "REFUTED")
