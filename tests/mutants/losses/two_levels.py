"""The numbers of a step with two latents, one above the other: z1 is decoded, z2 gives the prior of z1.

The step's nets are replaced by what gives random numbers, except for the gradient. What the third net gives is (m, v),
or (v, m), of the prior N(m, e^v); nothing else is taken from names.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence

from .oracle import (
    DRAWS,
    RUNS,
    Draws,
    Truth,
    Watched,
    beta_of,
    fitted,
    gradient_is_right,
    kl_to_standard,
    randomise,
    standard,
)

Step = Callable[..., Tensor]
Prior = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
PRIORS: tuple[Prior, ...] = (
    lambda m, v: (m, v),
    lambda m, v: (v, m),
    lambda m, v: (m.clamp(-0.3, 0.3), v),
    lambda m, v: (-m, v),
    lambda m, v: (0 * m, v),
    lambda m, v: (v, v),
    lambda m, v: (m, m),
    lambda m, v: (m.mean(0, keepdim=True).expand_as(m), v),
    lambda m, v: (m, v.mean(0, keepdim=True).expand_as(v)),
    lambda m, v: (m[:1].expand_as(m), v),
)
"""Mean and log-variance of the prior, of what the third net gives: all but the first two are another model's."""


class _Given(nn.Module):
    """Gives what it is told, and remembers what it was given."""

    def __init__(self, out: Tensor) -> None:
        super().__init__()
        self.out = out
        self.given = torch.empty(0)

    def forward(self, given: Tensor) -> Tensor:
        self.given = given
        return self.out[: len(given)]


class _Run:
    """A step whose nets give random numbers."""

    def __init__(self, step: Step, decoder: nn.Module, x: Tensor, latents: int, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        shape = (len(x), 2 * latents)
        self.nets = [_Given(torch.randn(shape, generator=generator, dtype=x.dtype)) for _ in range(3)]
        self.step, self.x = step, x
        self.watched = Watched(lambda batch: step(self.nets, decoder, batch), decoder, decoder, lambda out, _: out)

    def __call__(self, seed: int, value: float | None = None) -> tuple[float, Tensor, Tensor, Tensor]:
        """The loss, z1, z2 and the decoder's output; every draw is `value` if there is one."""
        with torch.no_grad():
            if value is None:
                loss, z1, out = self.watched(self.x, seed)
            else:
                with Draws(value):
                    loss, z1, out = self.watched(self.x, seed)
        return loss.item(), z1, self.nets[2].given, out

    def posterior(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of z1 and z2, side by side."""
        middle, one = self(0, 0.0)[1:3], self(0, 1.0)[1:3]
        mean, std = list(middle), [b - a for a, b in zip(middle, one, strict=True)]
        if (behind := self.behind_a_clamp()) is not None:
            mean[1], std[1] = behind
        return torch.cat(mean, 1), torch.cat(std, 1)

    def behind_a_clamp(self) -> tuple[Tensor, Tensor] | None:
        """Mean and standard deviation of z2, where the third net is given it clamped: a prior of another model."""
        mean, log_variance = self.nets[0].out.chunk(2, 1)
        std = torch.exp(log_variance / 2)
        given = [self(0, value)[2] for value in (0.0, 1.0)]
        wanted = [(mean + value * std).clamp(-0.3, 0.3) for value in (0.0, 1.0)]
        alike = all(a.shape == b.shape and torch.allclose(a, b) for a, b in zip(given, wanted, strict=True))
        return (mean, std) if alike else None

    def parts(self, seed: int, prior: "Prior") -> tuple[float, dict[str, float]]:
        """The loss, and what a right one is made of."""
        loss, _, _, out = self(seed)
        mean, std = self.posterior()
        (m1, m2), (s1, s2) = mean.chunk(2, 1), std.chunk(2, 1)
        m, v = prior(*self.nets[2].out.chunk(2, 1))
        kl = kl_divergence(Normal(m1, s1.abs(), validate_args=False), Normal(m, torch.exp(v / 2)))
        parts = {"nll": (out - self.x) ** 2 / 2, "kl": kl + kl_to_standard(m2, s2)}
        return loss, {name: part.sum().item() for name, part in parts.items()}


def truth_of_two_levels(step: Step, encoder: nn.ModuleList, decoder: nn.Module, x: Tensor, latents: int) -> Truth:
    """What the step is."""
    found = next(
        ((k, beta) for k, prior in enumerate(PRIORS) if (beta := _beta(step, decoder, x, latents, prior)) is not None),
        None,
    )
    if found is None:
        return Truth(None)
    which, beta = found
    run = _Run(step, decoder, x, latents, 0)
    clamped = run.behind_a_clamp() is not None
    other_prior = which > 1 or clamped
    seen = slice(0, latents if clamped else 2 * latents)  # what is behind a clamp is not seen
    mean, std = (part[:, seen] for part in run.posterior())
    drawn = [torch.cat(run(seed)[1:3], 1)[:, seen] for seed in range(DRAWS)]
    eps = torch.stack([((z - mean) / std).flatten() for z in drawn])
    whole = Watched(
        lambda batch: step(encoder, decoder, batch), nn.ModuleList([encoder, decoder]), decoder, lambda out, _: out
    )
    return Truth(beta, standard(eps), gradient_is_right(whole, x), len(run(0)[1]), other_prior)


def _beta(step: Step, decoder: nn.Module, x: Tensor, latents: int, prior: Prior) -> float | None:
    rows, losses = [], []
    for number in range(RUNS):
        randomise(decoder, number)
        loss, parts = _Run(step, decoder, x, latents, number).parts(number, prior)
        rows.append({**parts, "constant": 1.0})
        losses.append(loss)
    return beta_of(fitted(rows, losses))
