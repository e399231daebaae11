"""Right training steps with small real models."""

from types import SimpleNamespace

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import Bernoulli, Independent, Normal, kl_divergence

from .case import Bank, Built, binary, counts, grey, half_squares, kl_of, nets, usual

BANK = Bank()
ELBO = {"beta": "1", "likelihood": "gaussian"}
BERNOULLI = {"beta": "1", "likelihood": "bernoulli"}

BANK.usual("functional", "PROVED", parts={}, **ELBO)


def bce(logits, x):
    return F.binary_cross_entropy_with_logits(logits, x, reduction="sum")


BANK.usual("bce_with_logits", "PROVED", parts={"reconstruction": bce, "data": binary}, **BERNOULLI)
BANK.usual("beta_of_four", "PROVED", parts={"kl": lambda m, v: 4 * kl_of(m, v)}, beta="4", likelihood="gaussian")
BANK.usual("means_of_both", "PROVED", parts={"reconstruction": F.mse_loss}, beta="B * D / 2", likelihood="gaussian")
BANK.usual(
    "means_of_both_for_one",
    "REFUTED",
    parts={"reconstruction": F.mse_loss},
    beta="B * D / 2",
    likelihood="gaussian",
    declared={"beta": 1.0},
    bug="batch-beta",
)
BANK.usual(
    "absolute_error",
    "PROVED",
    parts={"reconstruction": lambda x_hat, x: F.l1_loss(x_hat, x, reduction="sum")},
    beta="1",
    likelihood="laplace",
)
BANK.usual(
    "poisson",
    "PROVED",
    parts={"reconstruction": lambda h, x: F.poisson_nll_loss(h, x, reduction="sum"), "data": counts},
    beta="1",
    likelihood="poisson",
)
BANK.usual(
    "variance_and_its_root",
    "PROVED",
    parts={
        "sample": lambda mu, logvar: mu + torch.sqrt(torch.exp(logvar)) * torch.randn(mu.shape, dtype=mu.dtype),
        "kl": lambda mu, logvar: 0.5 * torch.sum(logvar.exp() + mu * mu - 1 - torch.log(logvar.exp())),
    },
    **ELBO,
)


def positive(raw):
    return F.softplus(raw) + 1e-6


BANK.usual(
    "softplus_std",
    "PROVED",
    parts={
        "sample": lambda mu, raw: mu + positive(raw) * torch.randn_like(mu),
        "kl": lambda mu, raw: (-torch.log(positive(raw)) + (positive(raw) ** 2 + mu**2) / 2 - 0.5).sum(),
    },
    **ELBO,
)


class Vae(nn.Module):
    """As in many repositories; `forward` returns the parts."""

    def __init__(self, D, L):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(D, 8), nn.BatchNorm1d(8), nn.ReLU())
        self.mean, self.log_variance = nn.Linear(8, L), nn.Linear(8, L)
        self.decoder = nn.Sequential(nn.Linear(L, 8), nn.ReLU(), nn.Linear(8, D))

    def reparameterize(self, mu, logvar):
        std = torch.exp(logvar / 2)
        return torch.randn_like(std).mul(std).add_(mu)

    def forward(self, x):
        hidden = self.body(x)
        mu, logvar = self.mean(hidden), self.log_variance(hidden)
        return self.decoder(self.reparameterize(mu, logvar)), mu, logvar


@BANK.step("PROVED", **BERNOULLI)
def module_and_loss_function(B, L, D):
    model = Vae(D, L)

    def run(x):
        logits, mu, logvar = model(x)
        return (bce(logits, x) + kl_of(mu, logvar)) / len(x)

    return Built(run, binary(B, D), model, model.decoder)


@BANK.step("PROVED", **BERNOULLI)
def module_that_returns_a_dict(B, L, D):
    model = Vae(D, L)

    def run(x):
        logits, mu, logvar = model(x)
        rows = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1)
        kl = -0.5 * torch.sum(1 + logvar - mu**2 - logvar.exp(), dim=-1)
        return {"reconstruction": rows.mean(), "loss": (rows + kl).mean(), "kl": kl.mean()}

    return Built(run, binary(B, D), model, model.decoder)


@BANK.step("PROVED", **ELBO)
def object_with_loss(B, L, D):
    model = Vae(D, L)

    def run(x):
        x_hat, mu, logvar = model(x)
        return SimpleNamespace(loss=half_squares(x_hat, x) + kl_of(mu, logvar), x_hat=x_hat)

    return Built(run, grey(B, D), model, model.decoder)


@BANK.step("PROVED", **ELBO)
def dropout_in_the_encoder(B, L, D):
    encoder, decoder = nn.Sequential(nn.Linear(D, 8), nn.Dropout(0.2), nn.Linear(8, 2 * L)), nn.Linear(L, D)

    def run(x):
        mu, logvar = encoder(x).chunk(2, -1)
        return half_squares(decoder(mu + torch.exp(logvar / 2) * torch.randn_like(mu)), x) + kl_of(mu, logvar)

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder]), decoder)


@BANK.step("PROVED", beta="1", likelihood="gaussian of variance 1/4", declared={"variance": 0.25})
def distributions(B, L, D):
    encoder, decoder = nets(D, L)

    def run(x):
        mu, raw = encoder(x).chunk(2, -1)
        posterior = Normal(mu, F.softplus(raw) + 1e-4)
        likelihood = Normal(decoder(posterior.rsample()), 0.5)
        kl = kl_divergence(posterior, Normal(0.0, 1.0)).sum(-1)
        return (-likelihood.log_prob(x).sum(-1) + kl).mean()

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder]), decoder)


@BANK.step("PROVED", **BERNOULLI)
def independent_distributions(B, L, D):
    encoder, decoder = nets(D, L)

    def run(x):
        mu, logvar = encoder(x).chunk(2, -1)
        posterior = Independent(Normal(mu, torch.exp(logvar / 2)), 1)
        prior = Independent(Normal(torch.zeros(L), torch.ones(L)), 1)
        likelihood = Independent(Bernoulli(logits=decoder(posterior.rsample())), 1)
        return -(likelihood.log_prob(x) - kl_divergence(posterior, prior)).mean()

    return Built(run, binary(B, D), nn.ModuleList([encoder, decoder]), decoder)


@BANK.step("PROVED", **ELBO)
def in_place(B, L, D):
    encoder, decoder = nets(D, L)

    def run(x):
        hidden = encoder(x)
        mu, logvar = hidden[:, :L], hidden[:, L:]
        std = logvar.mul(0.5).exp_()
        z = torch.empty_like(mu).normal_().mul_(std).add_(mu)
        total = torch.zeros(len(x), dtype=x.dtype)
        kl = mu.pow(2)
        kl += logvar.exp()
        kl -= logvar
        kl.sub_(1.0)
        total += 0.5 * kl.sum(1)
        off = decoder(z) - x
        off.pow_(2).mul_(0.5)
        total[:] = total + off.sum(1)
        return total.mean()

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder]), decoder)


@BANK.step("PROVED", **ELBO)
def split_of_one_output(B, L, D):
    encoder, decoder = nets(D, L)

    def run(x):
        logvar, mu = encoder(x).split(L, dim=1)
        z = torch.addcmul(mu, torch.exp(0.5 * logvar), torch.randn_like(mu))
        return half_squares(decoder(z), x) + kl_of(mu, logvar)

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder]), decoder)


@BANK.step("PROVED", **ELBO)
def two_heads_and_unbind(B, L, D):
    encoder, decoder = nets(D, L)

    def run(x):
        mu, logvar = encoder(x).view(len(x), 2, L).unbind(1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn(len(x), L, dtype=x.dtype)
        return (half_squares(decoder(z), x) + kl_of(mu, logvar)) / len(x)

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder]), decoder)


@BANK.step("PROVED", beta="1", likelihood="bernoulli, probabilities")
def convolutions_and_flatten(B, L, D):
    encoder = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(3 * 25, 2 * L))
    decoder = nn.Sequential(nn.Linear(L, 3 * 9), nn.Unflatten(1, (3, 3, 3)), nn.ConvTranspose2d(3, 1, 3), nn.Sigmoid())

    def run(x):
        mu, logvar = torch.chunk(encoder(x), 2, dim=1)
        x_hat = decoder(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu))
        nll = F.binary_cross_entropy(x_hat.view(len(x), -1), x.view(len(x), -1), reduction="sum")
        return nll - 0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())

    return Built(run, binary(B, 1, 5, 5), nn.ModuleList([encoder, decoder]), decoder)


@BANK.step("PROVED", **ELBO)
def latent_images(B, L, D):
    encoder, decoder = nn.Conv2d(1, 2 * L, 3), nn.ConvTranspose2d(L, 1, 3)

    def run(x):
        hidden = encoder(x)
        mu, logvar = hidden[:, :L], hidden[:, L:]
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        nll = 0.5 * (decoder(z) - x).pow(2).sum(dim=[1, 2, 3])
        kl = -0.5 * (1 + logvar - mu**2 - logvar.exp()).flatten(1).sum(1)
        return (nll + kl).mean()

    return Built(run, grey(B, 1, 5, 5), nn.ModuleList([encoder, decoder]), decoder)


@BANK.step("PROVED", beta="25 / (2 * L)", likelihood="gaussian")
def image_means(B, L, D):
    encoder, decoder = nn.Sequential(nn.Flatten(), nn.Linear(25, 2 * L)), nn.Linear(L, 25)

    def run(x):
        mu, logvar = encoder(x).chunk(2, 1)
        x_hat = decoder(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)).view_as(x)
        return F.mse_loss(x_hat, x) - 0.5 * torch.mean(1 + logvar - mu**2 - logvar.exp())

    def nll(out, x):
        return 0.5 * (out.view_as(x) - x) ** 2

    return Built(run, grey(B, 1, 5, 5), nn.ModuleList([encoder, decoder]), decoder, nll=nll)


@BANK.step("PROVED", beta="1", likelihood="gaussian, learned")
def learned_variance_of_each_pixel(B, L, D):
    encoder, decoder = nets(D, L, 2 * D)

    def run(x):
        mu, logvar = encoder(x).split(L, dim=1)
        mean, x_logvar = decoder(mu + (logvar / 2).exp() * torch.randn_like(mu)).chunk(2, 1)
        nll = 0.5 * (x_logvar + (x - mean) ** 2 / x_logvar.exp() + np.log(2 * np.pi))
        return nll.sum() + kl_of(mu, logvar)

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder]), decoder)


@BANK.step("PROVED", beta="1", likelihood="gaussian, learned")
def gaussian_nll_loss(B, L, D):
    encoder, decoder = nets(D, L, 2 * D)

    def run(x):
        mu, logvar = encoder(x).split(L, dim=1)
        mean, x_logvar = decoder(mu + (logvar / 2).exp() * torch.randn_like(mu)).chunk(2, 1)
        return F.gaussian_nll_loss(mean, x, x_logvar.exp(), reduction="sum", eps=0) + kl_of(mu, logvar)

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder]), decoder)


@BANK.step("PROVED", beta="1", likelihood="gaussian, learned")
def learned_variance_of_all(B, L, D):
    encoder, decoder = nets(D, L)
    log_scale = nn.Parameter(torch.tensor(0.3))

    def run(x):
        mu, logvar = encoder(x).chunk(2, 1)
        x_hat = decoder(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu))
        log_density = Normal(x_hat, log_scale.exp()).log_prob(x).sum()
        return kl_of(mu, logvar) - log_density

    model = nn.ModuleList([encoder, decoder, nn.ParameterList([log_scale])])
    return Built(run, grey(B, D), model, decoder, nll=lambda out, x: -Normal(out, log_scale.exp()).log_prob(x))


@BANK.step("PROVED", **BERNOULLI)
def masked_sequences(B, L, D):
    encoder, decoder = nn.Linear(D, 2 * L), nn.Linear(L, D)
    mask = torch.ones(B, 4)
    mask[0, 2:] = 0

    def run(x):
        mu, logvar = encoder(x).chunk(2, -1)
        logits = decoder(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu))
        nll = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1)
        kl = (-0.5 * (1 + logvar - mu**2 - logvar.exp())).sum(-1)
        return ((nll + kl) * mask).sum() / mask.sum()

    return Built(run, binary(B, 4, D), nn.ModuleList([encoder, decoder]), decoder, row_weights=mask)


@BANK.step("PROVED", **ELBO)
def float64_and_rows_in_a_loop(B, L, D):
    encoder, decoder = (net.double() for net in nets(D, L))

    def run(x):
        losses = []
        for row in x:
            mu, logvar = encoder(row).chunk(2, -1)
            z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
            losses.append(half_squares(decoder(z), row) + kl_of(mu, logvar))
        return torch.stack(losses).mean()

    return Built(run, grey(B, D).double(), nn.ModuleList([encoder, decoder]), decoder)


@BANK.step("PROVED", **ELBO)
def recurrent_over_time(B, L, D):
    cell, encoder, decoder = nn.GRUCell(D, 4), nn.Linear(4, 2 * L), nn.Linear(L, D)

    def run(x):
        hidden, loss = x.new_zeros(len(x), 4), 0.0
        for t in range(3):
            hidden = cell(x[:, t], hidden)
            mu, logvar = encoder(hidden).chunk(2, -1)
            z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
            loss = loss + half_squares(decoder(z), x[:, t]) + kl_of(mu, logvar)
        return loss / len(x)

    def nll(out, x):
        return 0.5 * (out.movedim(0, 1) - x) ** 2

    return Built(run, grey(B, 3, D), nn.ModuleList([cell, encoder, decoder]), decoder, nll=nll)


@BANK.step("PROVED", beta="1", likelihood="categorical")
def categories(B, L, D):
    encoder, decoder = nn.Linear(D, 2 * L), nn.Linear(L, D * 4)

    def run(batch):
        x, labels = batch
        mu, logvar = encoder(x).chunk(2, -1)
        logits = decoder(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu))
        return F.cross_entropy(logits.view(-1, 4), labels.view(-1), reduction="sum") + kl_of(mu, logvar)

    def nll(out, batch):
        return -torch.distributions.Categorical(logits=out.view(-1, 4)).log_prob(batch[1].view(-1))

    batch = (grey(B, D), torch.randint(0, 4, (B, D)))
    return Built(run, batch, nn.ModuleList([encoder, decoder]), decoder, nll=nll)


@BANK.step("PROVED", beta="1", likelihood="categorical")
def categories_of_an_image(B, L, D):
    encoder, decoder = nn.Conv2d(1, 2 * L, 3), nn.ConvTranspose2d(L, 4, 3)

    def run(batch):
        x, labels = batch
        mu, logvar = encoder(x).chunk(2, 1)
        logits = decoder(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu))
        return F.cross_entropy(logits, labels, reduction="sum") + kl_of(mu, logvar)

    def nll(out, batch):
        return -torch.distributions.Categorical(logits=out.movedim(1, -1)).log_prob(batch[1])

    batch = (grey(B, 1, 5, 5), torch.randint(0, 4, (B, 5, 5)))
    return Built(run, batch, nn.ModuleList([encoder, decoder]), decoder, nll=nll)


@BANK.step("PROVED", **ELBO, numbers=False)
def function_of_autograd_and_item(B, L, D):
    class Reparameterise(torch.autograd.Function):
        @staticmethod
        def forward(ctx, mu, logvar):
            noise = torch.exp(logvar * 0.5) * torch.randn_like(mu)
            ctx.save_for_backward(noise / 2)
            return mu + noise

        @staticmethod
        def backward(ctx, *gradients):
            (half,) = ctx.saved_tensors
            return gradients[0], gradients[0] * half

    log = []

    def kl(mu, logvar):
        found = kl_of(mu, logvar)
        log.append(found.item())
        return found if found > -1 else 0 * found

    return usual(B, L, D, sample=Reparameterise.apply, kl=kl)


@BANK.step("PROVED", **ELBO, numbers=False, slow=True)
def compiled(B, L, D):
    built = usual(B, L, D)
    return Built(torch.compile(built.run, backend="eager"), built.batch, built.model)


@BANK.step("PROVED", **ELBO)
def standardised_data(B, L, D):
    encoder, decoder = nets(D, L)
    mean, scale = torch.rand(D), torch.rand(D) + 1

    def run(x):
        y = (x - mean) / scale
        mu, logvar = encoder(y).chunk(2, -1)
        return half_squares(decoder(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)), y) + kl_of(mu, logvar)

    def nll(out, x):
        return 0.5 * (out - (x - mean) / scale) ** 2

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder]), decoder, nll=nll)


@BANK.step("PROVED", **ELBO, numbers=False)
def optimiser_in_the_step(B, L, D):
    encoder, decoder = nets(D, L)
    optimiser = torch.optim.SGD([*encoder.parameters(), *decoder.parameters()], lr=0.0)

    def run(x):
        optimiser.zero_grad()
        mu, logvar = encoder(x).chunk(2, -1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        loss = half_squares(decoder(z), x) + kl_of(mu, logvar)
        if torch.is_grad_enabled():
            loss.backward(retain_graph=True)
            optimiser.step()
        return loss

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder]), decoder)


@BANK.step("PROVED", **ELBO)
def latent_used_in_slices(B, L, D):
    encoder, first, rest = nn.Linear(D, 2 * L), nn.Linear(1, D), nn.Linear(L - 1, D)

    def decode(z):
        return first(z[:, :1]) + rest(z[:, 1:])

    decoder = _Function(decode)

    def run(x):
        mu, logvar = encoder(x).chunk(2, -1)
        return half_squares(decoder(mu + (logvar / 2).exp() * torch.randn_like(mu)), x) + kl_of(mu, logvar)

    return Built(run, grey(B, D), nn.ModuleList([encoder, first, rest]), decoder)


@BANK.step("PROVED", **ELBO)
def log_deviation_clamped_before_both(B, L, D):
    encoder, decoder = nets(D, L)

    def run(x):
        mu, log_std = encoder(x).chunk(2, -1)
        std = log_std.clamp(-4, 15).exp()
        x_hat = decoder(mu + std * torch.randn_like(std))
        return half_squares(x_hat, x) - 0.5 * (1 + torch.log(std.pow(2)) - mu.pow(2) - std.pow(2)).sum()

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder]), decoder)


@BANK.step("PROVED", beta="1", likelihood="gaussian", numbers=False)
def one_learned_scale_for_all(B, L, D):
    encoder, decoder = nets(D, L)
    scales = nn.Parameter(torch.full((2,), 0.7))

    def run(x):
        mu, logvar = encoder(x).chunk(2, -1)
        x_hat = decoder(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu))
        nll = ((x - x_hat) ** 2).sum() / (2 * scales[0] ** 2) + torch.log(scales[0]) * x.numel()
        return (nll + kl_of(mu, logvar)) / len(x)

    return Built(run, grey(B, D), nn.ModuleList([encoder, decoder]), decoder)


class _Function(nn.Module):
    """A function that can be hooked."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, given):
        return self.function(given)
