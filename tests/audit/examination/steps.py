"""Right training steps of many kinds, each with numbers that may be set to others: the operations stay the same.

The account of the right step is then what a road that misread the other one would say of it.
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.distributions import Bernoulli, Independent, NegativeBinomial, Normal, Poisson, kl_divergence

B, D, L = 6, 7, 3

STEPS: dict[str, Callable[..., Any]] = {}


def step(function: Callable[..., Any]) -> Callable[..., Any]:
    """A maker of a step and its batch, from the networks and the numbers of the step."""

    def make(**numbers: float) -> tuple[Callable[..., Any], Any]:
        torch.manual_seed(0)
        return function(**numbers)

    STEPS[function.__name__] = make
    return make


def real(*shape: int) -> Tensor:
    """Real data."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


def binary(*shape: int) -> Tensor:
    """Data of 0 and 1."""
    return (torch.rand(shape, generator=torch.Generator().manual_seed(1)) > 0.5).float()


def counts(most: int) -> Callable[..., Tensor]:
    """Whole numbers."""
    return lambda *shape: torch.randint(most + 1, shape, generator=torch.Generator().manual_seed(1)).float()


def kl_of(m: Tensor, v: Tensor, half: float = 0.5, less: float = 1.0) -> Tensor:
    """To N(0, I), at each place."""
    return half * (m**2 + v.exp() - less - v)


def usual(
    nll: Callable[[Tensor, Tensor], Tensor],
    data: Callable[..., Tensor] = real,
    *,
    outputs: int = 1,
    beta: float = 1.0,
    half: float = 0.5,
    noise: float = 1.0,
    spread: float = 0.5,
    mean: float = 1.0,
    total: Callable[[Tensor, Tensor], Tensor] = lambda nll, kl: nll.sum() + kl.sum(),
    hidden: Callable[[], nn.Module] = nn.Identity,
) -> tuple[Callable[..., Any], Any]:
    """With one Gaussian latent."""
    before, encoder, decoder = hidden(), nn.Linear(D, 2 * L), nn.Linear(L, outputs * D)

    def run(x: Tensor) -> Tensor:
        m, v = encoder(before(x)).chunk(2, -1)
        z = m + (spread * v).exp() * (noise * torch.randn_like(m))
        return total(nll(decoder(z), x), beta * kl_of(mean * m, v, half))

    return run, data(B, D)


@step
def gaussian(half=0.5, power=2.0, scale=0.5, **rest):
    return usual(lambda h, x: scale * (h - x).abs() ** power, half=half, **rest)


@step
def bernoulli(gain=1.0, smooth=0.0, shift=0.0, **rest):
    return usual(
        lambda h, x: F.binary_cross_entropy_with_logits(
            gain * h, x * (1 - smooth) + smooth / 2 + shift, reduction="none"
        ),
        binary,
        **rest,
    )


@step
def probabilities(small=1.0, **rest):
    return usual(
        lambda h, x: -(x * torch.sigmoid(h).log() + small * (1 - x) * (1 - torch.sigmoid(h)).log()), binary, **rest
    )


@step
def poisson(rate=1.0, **rest):
    return usual(lambda h, x: rate * h.exp() - x * h, counts(5), **rest)


@step
def poisson_object(**rest):
    return usual(lambda h, x: -Poisson(h.exp()).log_prob(x), counts(5), **rest)


@step
def binomial(trials=8.0, **rest):
    return usual(lambda h, x: trials * F.softplus(h) - x * h, counts(8), **rest)


@step
def categorical(half=0.5, weight=1.0):
    encoder, decoder = nn.Linear(D, 2 * L), nn.Linear(L, 5)

    def run(batch):
        x, label = batch
        m, v = encoder(x).chunk(2, -1)
        z = m + (v / 2).exp() * torch.randn_like(m)
        return weight * F.cross_entropy(decoder(z), label, reduction="sum") + kl_of(m, v, half).sum()

    return run, (real(B, D), torch.arange(B) % 5)


@step
def learned_variance(log_weight=1.0, **rest):
    def nll(h, x):
        mean, s = h.chunk(2, -1)
        return 0.5 * ((x - mean) ** 2 / s.exp() + log_weight * s)

    return usual(nll, outputs=2, **rest)


@step
def one_learned_variance(log_weight=1.0, **rest):
    s = nn.Parameter(torch.zeros(()) + 0.1)
    return usual(lambda h, x: 0.5 * ((x - h) ** 2 / s.exp() + log_weight * s), **rest)


@step
def laplace(gain=1.0, **rest):
    return usual(lambda h, x: (gain * h - x).abs(), **rest)


@step
def negative_binomial(log_dispersion=1.0, **rest):
    log_r = nn.Parameter(torch.zeros(D) + 0.2)

    def nll(h, x):
        return -NegativeBinomial(log_r.exp(), logits=h - log_dispersion * log_r).log_prob(x)

    return usual(nll, counts(5), **rest)


@step
def monte_carlo(of_p=1.0, of_q=1.0):
    encoder, decoder = nn.Linear(D, 2 * L), nn.Linear(L, D)

    def run(x):
        m, v = encoder(x).chunk(2, -1)
        q = Normal(m, (v / 2).exp())
        z = q.rsample()
        kl = of_q * q.log_prob(z) - of_p * Normal(torch.zeros_like(m), torch.ones_like(m)).log_prob(z)
        return 0.5 * ((decoder(z) - x) ** 2).sum() + kl.sum()

    return run, real(B, D)


@step
def objects(**rest):
    encoder, decoder = nn.Linear(D, 2 * L), nn.Linear(L, D)
    weight = rest.get("beta", 1.0)

    def run(x):
        m, v = encoder(x).chunk(2, -1)
        q = Independent(Normal(m, (v / 2).exp()), 1)
        p = Independent(Normal(torch.zeros_like(m), torch.ones_like(m)), 1)
        z = q.rsample()
        rows = -Independent(Bernoulli(logits=decoder(z)), 1).log_prob(x) + weight * kl_divergence(q, p)
        return rows.mean()

    return run, binary(B, D)


@step
def two_latents(of_second=1.0):
    first, second, decoder = nn.Linear(D, 2 * L), nn.Linear(D, 4), nn.Linear(L + 2, D)

    def run(x):
        (m, v), (n, w) = first(x).chunk(2, -1), second(x).chunk(2, -1)
        z, y = m + (v / 2).exp() * torch.randn_like(m), n + (w / 2).exp() * torch.randn_like(n)
        nll = 0.5 * ((decoder(torch.cat([z, y], -1)) - x) ** 2).sum()
        return nll + kl_of(m, v).sum() + of_second * kl_of(n, w).sum()

    return run, real(B, D)


@step
def conditional_prior(shift=1.0):
    encoder, prior, decoder = nn.Linear(D + 2, 2 * L), nn.Linear(2, L), nn.Linear(L + 2, D)

    def run(batch):
        x, c = batch
        m, v = encoder(torch.cat([x, c], -1)).chunk(2, -1)
        p = prior(c)
        z = m + (v / 2).exp() * torch.randn_like(m)
        nll = 0.5 * ((decoder(torch.cat([z, c], -1)) - x) ** 2).sum()
        return nll + 0.5 * ((m - shift * p) ** 2 + v.exp() - 1 - v).sum()

    return run, (real(B, D), torch.randn(B, 2, generator=torch.Generator().manual_seed(4)))


@step
def mask_of_places(half=0.5, kept=1.0):
    encoder, decoder = nn.Linear(D, 2 * L), nn.Linear(L, D)
    known = binary(D)

    def run(x):
        m, v = encoder(x).chunk(2, -1)
        z = m + (v / 2).exp() * torch.randn_like(m)
        nll = kept * F.binary_cross_entropy_with_logits(decoder(z), x, reduction="none")
        return (nll * known).sum() + kl_of(m, v, half).sum()

    return run, binary(B, D)


@step
def mask_in_the_batch():
    encoder, decoder = nn.Linear(D, 2 * L), nn.Linear(L, D)

    def run(batch):
        x, known = batch
        m, v = encoder(x * known).chunk(2, -1)
        z = m + (v / 2).exp() * torch.randn_like(m)
        nll = F.binary_cross_entropy_with_logits(decoder(z), x, reduction="none")
        return (nll * known).sum() + kl_of(m, v).sum()

    return run, (binary(B, D), binary(D, B).T.contiguous())


@step
def accumulated(parts=2.0, share=1.0):
    """Backward inside, in two halves of the batch."""
    encoder, decoder = nn.Linear(D, 2 * L), nn.Linear(L, D)

    def run(x):
        losses = []
        for half in x.chunk(2):
            m, v = encoder(half).chunk(2, -1)
            z = m + (v / 2).exp() * torch.randn_like(m)
            loss = (0.5 * ((decoder(z) - half) ** 2).sum(1) + kl_of(m, v).sum(1)).mean() / parts
            (share * loss if not losses else loss).backward()
            losses.append(loss)
        return losses[0] + losses[1]

    return run, real(B, D)


@step
def mean_over_rows(**rest):
    return usual(lambda h, x: 0.5 * (h - x) ** 2, total=lambda nll, kl: (nll.sum(1) + kl.sum(1)).mean(), **rest)


@step
def means_of_both(**rest):
    return usual(lambda h, x: (h - x) ** 2, total=lambda nll, kl: nll.mean() + kl.mean(), **rest)


@step
def beta_of_four(beta=4.0, **rest):
    return usual(lambda h, x: 0.5 * (h - x) ** 2, beta=beta, **rest)


@step
def variance_of_a_tenth(scale=5.0, **rest):
    return usual(lambda h, x: scale * (h - x) ** 2, **rest)


@step
def full_normal(**rest):
    return usual(lambda h, x: -Normal(h, torch.ones_like(h)).log_prob(x), **rest)


@step
def importance_weighted(of_p=1.0):
    encoder, decoder = nn.Linear(D, 2 * L), nn.Linear(L, D)

    def run(x):
        m, v = encoder(x).chunk(2, -1)
        q = Normal(m, (v / 2).exp())
        z = q.rsample((4,))
        log_p = Normal(torch.zeros_like(m), torch.ones_like(m)).log_prob(z).sum(-1)
        log_x = Normal(decoder(z), torch.ones(())).log_prob(x).sum(-1)
        return -torch.logsumexp(log_x + of_p * log_p - q.log_prob(z).sum(-1), 0).sum()

    return run, real(B, D)


@step
def several_draws(share=0.25):
    encoder, decoder = nn.Linear(D, 2 * L), nn.Linear(L, D)

    def run(x):
        m, v = encoder(x).chunk(2, -1)
        z = m + (v / 2).exp() * torch.randn(4, B, L)
        return share * 0.5 * ((decoder(z) - x) ** 2).sum() + kl_of(m, v).sum()

    return run, real(B, D)


@step
def softplus_deviation(half=0.5):
    encoder, decoder = nn.Linear(D, 2 * L), nn.Linear(L, D)

    def run(x):
        m, raw = encoder(x).chunk(2, -1)
        s = F.softplus(raw) + 1e-3
        z = m + s * torch.randn_like(m)
        return 0.5 * ((decoder(z) - x) ** 2).sum() + (half * (m**2 + s**2 - 1) - s.log()).sum()

    return run, real(B, D)


@step
def batch_norm(**rest):
    return usual(lambda h, x: 0.5 * (h - x) ** 2, hidden=lambda: nn.Sequential(nn.BatchNorm1d(D), nn.ReLU()), **rest)


@step
def dropout(**rest):
    return usual(lambda h, x: 0.5 * (h - x) ** 2, hidden=lambda: nn.Sequential(nn.Dropout(0.3), nn.Tanh()), **rest)


@step
def trains(half=0.5, turned=1.0):
    """With its optimizer inside."""
    encoder, decoder = nn.Linear(D, 2 * L), nn.Linear(L, D)
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.01)

    def run(x):
        m, v = encoder(x).chunk(2, -1)
        z = m + (v / 2).exp() * torch.randn_like(m)
        loss = 0.5 * ((decoder(z) - x) ** 2).sum() + kl_of(m, v, half).sum()
        optimizer.zero_grad()
        (turned * loss).backward()
        optimizer.step()
        return loss

    return run, real(B, D)


@step
def sticking_the_landing(of_p=1.0):
    encoder, decoder = nn.Linear(D, 2 * L), nn.Linear(L, D)

    def run(x):
        m, v = encoder(x).chunk(2, -1)
        z = m + (v / 2).exp() * torch.randn_like(m)
        log_q = Normal(m.detach(), (v.detach() / 2).exp()).log_prob(z).sum()
        log_p = Normal(torch.zeros_like(m), torch.ones_like(m)).log_prob(z).sum()
        return 0.5 * ((decoder(z) - x) ** 2).sum() + log_q - of_p * log_p

    return run, real(B, D)
