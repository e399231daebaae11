"""Right code that looks wrong: none may be refuted."""

import math

import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import Normal, kl_divergence

from .case import Bank, Built, binary, grey, half_squares, kl_of, nets, usual

BANK = Bank()
ELBO = {"beta": "1", "likelihood": "gaussian"}


@BANK.loss("PROVED", **ELBO)
def one_common_factor(x_hat, x, mu, logvar):
    return (half_squares(x_hat, x) + kl_of(mu, logvar)) / (x.shape[0] * x.shape[1])


@BANK.loss("PROVED", **ELBO)
def everything_doubled(x_hat, x, mu, logvar):
    return ((x_hat - x) ** 2).sum() + (mu**2 + logvar.exp() - 1 - logvar).sum()


@BANK.loss("PROVED", **ELBO)
def both_averaged_over_pixels(x_hat, x, mu, logvar):
    return F.mse_loss(x_hat, x) + 2 * kl_of(mu, logvar) / x.numel()


@BANK.loss("PROVED", **ELBO)
def minus_the_elbo(x_hat, x, mu, logvar):
    elbo = -half_squares(x_hat, x) + 0.5 * torch.sum(1 + logvar - mu**2 - logvar.exp())
    return -elbo / len(x)


@BANK.loss("PROVED", **ELBO, declared={"roles": {"logvar": "logstd"}})
def log_std_called_logvar(x_hat, x, mu, logvar):
    return half_squares(x_hat, x) + 0.5 * (mu**2 + torch.exp(2 * logvar) - 1 - 2 * logvar).sum()


@BANK.loss("PROVED", **ELBO)
def kl_without_its_constant(x_hat, x, mu, logvar):
    return half_squares(x_hat, x) + 0.5 * (mu**2 + logvar.exp() - logvar).sum()


@BANK.loss("PROVED", **ELBO)
def constant_added(x_hat, x, mu, logvar):
    return half_squares(x_hat, x) + kl_of(mu, logvar) + 7


@BANK.loss("PROVED", **ELBO)
def constant_of_the_wrong_size(x_hat, x, mu, logvar):
    return half_squares(x_hat, x) + 0.5 * (mu**2 + logvar.exp() - logvar).sum() - 0.5


@BANK.loss("PROVED", **ELBO)
def square_expanded(x_hat, x, mu, logvar):
    return 0.5 * (x_hat**2 - 2 * x_hat * x + x**2).sum() + kl_of(mu, logvar)


@BANK.loss("PROVED", **ELBO)
def log_of_exp(x_hat, x, mu, logvar):
    std = torch.exp(logvar / 2)
    return half_squares(x_hat, x) + torch.sum(0.5 * (mu**2 + std**2) - torch.log(std) - 0.5)


@BANK.loss("PROVED", **ELBO)
def numpy_in_the_constants(x_hat, x, mu, logvar):
    return (0.5 * math.log(2 * math.pi) + 0.5 * (x_hat - x) ** 2).sum() + kl_of(mu, logvar)


BANK.usual(
    "log_std_called_logvar_in_a_step",
    "PROVED",
    parts={
        "sample": lambda mu, logvar: mu + logvar.exp() * torch.randn_like(mu),
        "kl": lambda mu, logvar: 0.5 * (mu**2 + torch.exp(2 * logvar) - 1 - 2 * logvar).sum(),
    },
    **ELBO,
)
BANK.usual("noise_subtracted", "PROVED", parts={"noise": lambda t: -torch.randn_like(t)}, **ELBO)
BANK.usual(
    "noise_transposed",
    "PROVED",
    parts={"noise": lambda t: torch.randn(t.shape[1], t.shape[0], dtype=t.dtype).t()},
    **ELBO,
)
BANK.usual(
    "noise_by_normal",
    "PROVED",
    parts={"noise": lambda t: torch.normal(torch.zeros_like(t), torch.ones_like(t))},
    **ELBO,
)
BANK.usual(
    "noise_of_two_halves",
    "PROVED",
    parts={"noise": lambda t: (torch.randn_like(t) + torch.randn_like(t)) / 2**0.5},
    **ELBO,
    numbers=False,
)
BANK.usual(
    "noise_by_inverse_distribution",
    "PROVED",
    parts={"noise": lambda t: torch.erfinv(2 * torch.rand_like(t) - 1) * 2**0.5},
    **ELBO,
    numbers=False,
)
BANK.usual(
    "noise_by_icdf_of_normal",
    "PROVED",
    parts={"noise": lambda t: Normal(0.0, 1.0).icdf(torch.rand_like(t))},
    **ELBO,
    numbers=False,
)
BANK.usual(
    "noise_by_box_and_muller",
    "PROVED",
    parts={
        "noise": lambda t: (
            torch.sqrt(-2 * torch.log(1 - torch.rand_like(t))) * torch.cos(2 * math.pi * torch.rand_like(t))
        )
    },
    **ELBO,
    numbers=False,
)
BANK.usual(
    "std_of_either_sign",
    "PROVED",
    parts={
        "sample": lambda mu, s: mu + s * torch.randn_like(mu),
        "kl": lambda mu, s: 0.5 * (mu**2 + s**2 - 1 - torch.log(s**2)).sum(),
    },
    **ELBO,
)
BANK.usual(
    "clamp_in_both",
    "PROVED",
    parts={
        "sample": lambda mu, v: mu + (v.clamp(-1, 1) / 2).exp() * torch.randn_like(mu),
        "kl": lambda mu, v: kl_of(mu, v.clamp(-1, 1)),
    },
    **ELBO,
)
BANK.usual(
    "tanh_in_both",
    "PROVED",
    parts={
        "sample": lambda mu, v: mu + (torch.tanh(v) * 1.5).exp() * torch.randn_like(mu),
        "kl": lambda mu, v: kl_of(mu, 3 * torch.tanh(v)),
    },
    **ELBO,
)
BANK.usual(
    "sigmoid_std",
    "PROVED",
    parts={
        "sample": lambda mu, s: mu + (torch.sigmoid(s) + 0.01) * torch.randn_like(mu),
        "kl": lambda mu, s: kl_divergence(Normal(mu, torch.sigmoid(s) + 0.01), Normal(0.0, 1.0)).sum(),
    },
    **ELBO,
)
BANK.usual(
    "small_number_in_the_log",
    "PROVED",
    parts={"kl": lambda mu, v: 0.5 * (mu**2 + v.exp() - 1 - torch.log(v.exp() + 1e-8)).sum()},
    **ELBO,
    numbers=False,
)
BANK.usual(
    "small_number_in_the_log_of_the_likelihood",
    "PROVED",
    parts={
        "data": binary,
        "reconstruction": lambda h, x: (
            -(x * torch.log(torch.sigmoid(h) + 1e-8) + (1 - x) * torch.log(1 - torch.sigmoid(h) + 1e-8)).sum()
        ),
    },
    beta="1",
    likelihood="bernoulli",
    numbers=False,
)
BANK.usual(
    "warm_up",
    "PROVED",
    parts={"kl": lambda mu, v: min(1.0, 3 / 10) * kl_of(mu, v)},
    beta="3 / 10",
    likelihood="gaussian",
)
BANK.usual(
    "kl_of_each_row_stacked",
    "PROVED",
    parts={"kl": lambda mu, v: torch.stack([kl_of(mu[i], v[i]) for i in range(len(mu))]).sum()},
    **ELBO,
)
BANK.usual(
    "sigmoid_twice",
    "PROVED",
    parts={
        "data": binary,
        "reconstruction": lambda h, x: F.binary_cross_entropy_with_logits(torch.sigmoid(h), x, reduction="sum"),
    },
    beta="1",
    likelihood="bernoulli",
    numbers=False,
)
BANK.usual(
    "bce_of_grey_data",
    "PROVED",
    parts={"reconstruction": lambda h, x: F.binary_cross_entropy(torch.sigmoid(h), x, reduction="sum")},
    beta="1",
    likelihood="bernoulli",
    numbers=False,
)
BANK.usual(
    "free_bits",
    "OTHER",
    parts={
        "kl": lambda mu, v: torch.clamp((-0.5 * (1 + v - mu**2 - v.exp())).mean(0), min=0.1).sum(),
    },
    objective="(?i)free.?bits",
    numbers=False,
)
BANK.usual(
    "capacity",
    "OTHER",
    parts={"kl": lambda mu, v: 10 * (kl_of(mu, v) - 5).abs()},
    objective="(?i)capacity",
    numbers=False,
)


@BANK.step("PROVED", beta="1 / 4", likelihood="gaussian")
def weight_that_moves(B, L, D):
    """Warm-up by a counter: the weight is what it is when recorded, if the counter is not stepped in the step."""
    epoch, epochs = 5, 20
    return usual(B, L, D, kl=lambda mu, logvar: epoch / epochs * kl_of(mu, logvar))


@BANK.step("PROVED", **ELBO, prior="N(0, 4)")
def prior_of_variance_four(B, L, D):
    encoder, decoder = nets(D, L)
    seen = {}

    def run(x):
        mu, logvar = encoder(x).chunk(2, -1)
        x_hat = decoder(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu))
        seen["terms"] = (mu, logvar, x_hat, x)
        kl = 0.5 * ((mu**2 + logvar.exp()) / 4 - logvar + math.log(4) - 1)
        return half_squares(x_hat, x) + kl.sum()

    def expected():
        mu, logvar, x_hat, x = seen["terms"]
        prior = Normal(torch.zeros_like(mu), torch.full_like(mu, 2.0))
        return half_squares(x_hat, x) + kl_divergence(Normal(mu, torch.exp(logvar / 2)), prior).sum()

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder]), expected=expected)


@BANK.step("PROVED", **ELBO)
def second_draw_for_the_monte_carlo_kl(B, L, D):
    encoder, decoder = nets(D, L)
    seen = {}

    def run(x):
        mu, logvar = encoder(x).chunk(2, -1)
        posterior = Normal(mu, (logvar / 2).exp())
        z, w = posterior.rsample(), posterior.rsample()
        prior = Normal(torch.zeros_like(w), torch.ones_like(w))
        seen["terms"] = (mu, logvar, decoder(z), x, w)
        return half_squares(seen["terms"][2], x) + (posterior.log_prob(w) - prior.log_prob(w)).sum()

    def expected():
        mu, logvar, out, x, w = seen["terms"]
        return 0.5 * ((out - x) ** 2 + 0).sum() + 0.5 * (w**2 - logvar - (w - mu) ** 2 / logvar.exp()).sum()

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder]), expected=expected)


@BANK.step("PROVED", **ELBO)
def masked_sums(B, L, D):
    encoder, decoder = nets(D, L)
    mask = torch.ones(B, 1)
    mask[1:3] = 0

    def run(x):
        mu, logvar = encoder(x).chunk(2, -1)
        x_hat = decoder(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu))
        nll = (0.5 * (x_hat - x) ** 2 * mask).sum()
        kl = (-0.5 * (1 + logvar - mu**2 - logvar.exp()) * mask).sum()
        return (nll + kl) / mask.sum()

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder]), decoder, row_weights=mask[:, 0])


@BANK.step("PROVED", **ELBO)
def dead_code_and_assertions(B, L, D):
    encoder, decoder = nets(D, L)

    def run(x):
        mu, logvar = encoder(x).chunk(2, -1)
        unused = torch.rand_like(mu).sum() * 0.5
        assert torch.isfinite(unused)
        x_hat = decoder(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu))
        loss = half_squares(x_hat, x) + kl_of(mu, logvar)
        return loss if loss.item() == loss.item() else loss * 0

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder]), decoder)


@BANK.step("OTHER", "UNKNOWN", "PROVED", numbers=False)
def gumbel_noise_of_rand(B, L, D):
    encoder, decoder = nn.Linear(D, L), nn.Linear(L, D)

    def run(x):
        logits = encoder(x)
        uniform = torch.rand_like(logits)
        z = torch.softmax((logits - torch.log(-torch.log(uniform + 1e-10) + 1e-10)) / 0.7, -1)
        q = torch.softmax(logits, -1)
        nll = F.binary_cross_entropy_with_logits(decoder(z), x, reduction="sum")
        return nll + (q * (torch.log(q) + math.log(L))).sum()

    return Built(run, binary(B, D), nn.ModuleList([encoder, decoder]), decoder)


def drawn(mu, logvar):
    return mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)


GAIN = nn.Parameter(torch.tensor(0.7))
BANK.usual(
    "latent_bent_and_moved_before_the_decoder",
    "PROVED",
    parts={"sample": lambda mu, logvar: GAIN + torch.tanh(drawn(mu, logvar))},
    **ELBO,
    numbers=False,
)
BANK.usual(
    "latent_scaled_by_what_was_learned",
    "PROVED",
    parts={"sample": lambda mu, logvar: GAIN * (drawn(mu, logvar) + 1) * 0.18},
    **ELBO,
    numbers=False,
)
