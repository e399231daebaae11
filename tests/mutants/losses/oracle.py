"""What a loss is, by numbers alone: torch.distributions and least squares, nothing of what is under test.

A loss is an objective if, over random parameters, it is a * (NLL + beta * KL) + constant with a > 0, where

- z is what the decoder was given; mu and sigma are z with every draw 0, and what z gains when every draw is 1: of the
  code as it is, whatever its names say;
- NLL is that of the decoder's output under the likelihood that the loss is taken for;
- KL is exact or a Monte-Carlo estimate: that differs from it by parts that have a constant mean, so that these may have
  any weight (eps, eps^2, sigma^2 (eps^2 - 1), mu sigma eps, sigma eps, eps / sigma, sigma eps^3,
  log sigma (eps^2 - 1));
- the constant may depend on the data.

Its noise is right if (z - mu) / sigma has the moments of N(0, 1) and no correlations; its gradient, if autograd gives
the slope of the values, the draws being fixed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence
from torch.utils._python_dispatch import TorchDispatchMode

RUNS = 12
DRAWS = 160
_SLOPE = 1e-6


@dataclass(frozen=True)
class Truth:
    """What the numbers say.

    Attributes:
        beta: the KL's weight against the NLL; None if the loss is no such sum.
        noise: whether eps looks like N(0, 1), independent in every place.
        gradient: whether autograd gives the slope of the values; None if only in the mean over draws.
        rows: how many z there are in a batch.
        other_prior: whether it is an ELBO of another prior than the original's.
    """

    beta: float | None
    noise: bool = True
    gradient: bool | None = True
    rows: int | None = None
    other_prior: bool = False

    def right(self, beta: float) -> bool:
        """Whether it is the objective of this beta, with the right noise and gradient."""
        return self.beta is not None and abs(self.beta - beta) < 1e-6 * beta and self.noise and self.gradient is True


class Draws(TorchDispatchMode):
    """Within it, every draw of a standard number gives `value`; `count` is how often was drawn."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value
        self.count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__
        self.count += name.startswith(("rand", "uniform_", "normal"))
        if name in ("randn", "randn_like", "rand", "rand_like", "uniform_"):
            out.fill_(self.value)
        elif name == "normal_":
            mean, std = (*args[1:], *(0.0, 1.0)[len(args) - 1 :])[:2]
            out.fill_(mean + std * self.value)
        elif name == "normal":
            mean, std = args[0], args[1] if len(args) > 1 and not isinstance(args[1], Sequence) else 1.0
            out.copy_(torch.as_tensor(mean + std * self.value, dtype=out.dtype).expand_as(out))
        return out


@dataclass(frozen=True)
class Watched:
    """A step whose decoder is watched.

    Attributes:
        run: from a batch to the loss.
        model: all that has parameters.
        decoder: what is given z.
        nll: from the decoder's output and the batch to the terms of the NLL.
        latent: z, from the decoder's input; of several calls, stacked.
        row_weights: on each row of NLL and KL, if they are not alike.
    """

    run: Callable[[Any], Tensor]
    model: nn.Module
    decoder: nn.Module
    nll: Callable[[Any, Any], Tensor]
    latent: Callable[[Tensor], Tensor] = lambda given: given
    row_weights: Tensor | float = 1.0
    seen: list[tuple[Tensor, Any]] = field(default_factory=list)

    def __call__(self, batch: Any, seed: int) -> tuple[Tensor, Tensor, Any]:
        """The loss, z and the decoder's output, of these draws."""
        self.seen.clear()
        hook = self.decoder.register_forward_hook(lambda _, given, out: self.seen.append((given[0], out)))
        torch.default_generator.manual_seed(seed)  # as torch.manual_seed, without its 4 ms for other devices
        try:
            loss = self.run(batch)
        finally:
            hook.remove()
        if len(self.seen) == 1:
            ((given, out),) = self.seen
        else:
            given, out = (torch.stack(each) for each in zip(*self.seen, strict=True))
        return loss, self.latent(given).detach(), out

    def parts(self, batch: Any, seed: int) -> tuple[float, dict[str, float], Tensor]:
        """The loss, what a right one is made of, and the noise."""
        with Draws(0.0):
            mu = self(batch, seed)[1]
        with Draws(1.0):
            sigma = self(batch, seed)[1] - mu
        with torch.no_grad():
            loss, z, out = self(batch, seed)
            eps = (z - mu) / sigma
            row = torch.as_tensor(self.row_weights, dtype=z.dtype)
            terms = {
                "nll": self.nll(out, batch),
                "kl": kl_to_standard(mu, sigma),
                "eps": eps,
                "eps^2": eps**2,
                "cross": mu * sigma * eps,
                "sigma eps": sigma * eps,
                "eps / sigma": eps / sigma,
                "sigma eps^3": sigma * eps**3,
                "log sigma": sigma.abs().log() * (eps**2 - 1),
                "sigma^2": sigma**2 * (eps**2 - 1),
            }
            return loss.item(), {name: _weighted(row, term) for name, term in terms.items()}, eps


def _weighted(row: Tensor, term: Tensor) -> float:
    return (row.reshape(*row.shape, *[1] * (term.ndim - row.ndim)) * term).sum().item()


def kl_to_standard(mu: Tensor, sigma: Tensor) -> Tensor:
    """KL(N(mu, sigma^2) || N(0, 1)) of a sigma of either sign, one term a coordinate."""
    return kl_divergence(Normal(mu, sigma.abs(), validate_args=False), Normal(torch.zeros_like(mu), 1.0))


def fitted(rows: Sequence[Mapping[str, float]], losses: Sequence[float]) -> dict[str, float] | None:
    """The weights with which the parts give the losses, by least squares, if they do."""
    names = sorted({name for row in rows for name in row})
    basis = np.array([[row.get(name, 0.0) for name in names] for row in rows])
    values = np.array(losses)
    if not (np.isfinite(basis).all() and np.isfinite(values).all()):
        return None
    scale = np.abs(basis).max(0)
    scale[scale == 0] = 1
    weights, *_ = np.linalg.lstsq(basis / scale, values)
    off = np.abs(basis / scale @ weights - values).max()
    return None if off > 1e-7 * (1e-9 + np.ptp(values)) else dict(zip(names, weights / scale, strict=True))


def beta_of(weights: Mapping[str, float] | None) -> float | None:
    """Beta, where the weights are those of an objective."""
    if weights is None or weights["nll"] < 1e-9 or weights["kl"] < 1e-9 * weights["nll"]:
        return None
    return weights["kl"] / weights["nll"]


def randomise(model: nn.Module, seed: int) -> None:
    """Give every parameter a random value, such that no layer saturates."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            scale = 0.6 * parameter[0].numel() ** -0.5 if parameter.ndim else 0.6
            parameter.copy_(scale * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))


def truth_of_step(watched: Watched, batches: Sequence[Any], beta_only: bool = False) -> Truth:
    """What a step is. Its model and the batches are of float64. Noise and gradient are examined unless `beta_only`."""
    rows, losses = [], []
    for number in range(RUNS * len(batches)):
        randomise(watched.model, number)
        which = number % len(batches)
        loss, parts, _ = watched.parts(batches[which], number)
        rows.append({**parts, f"constant {which}": 1.0})
        losses.append(loss)
    beta = beta_of(fitted(rows, losses))
    if beta is None or beta_only:
        return Truth(beta)
    rows = len(watched(batches[0], 0)[1])
    return Truth(beta, noise_is_standard(watched, batches[0]), gradient_is_right(watched, batches[0]), rows)


def noise_is_standard(watched: Watched, batch: Any) -> bool:
    """Whether (z - mu) / sigma has the moments of N(0, 1) in every place, and no correlations."""

    def at(draws: float, seed: int) -> Tensor:
        with Draws(draws):
            return watched(batch, seed)[1]

    # dropout makes mu and sigma random, too
    changing = any(isinstance(module, nn.Dropout) for module in watched.model.modules())
    with torch.no_grad():
        mu, found = at(0.0, 0), []
        sigma = at(1.0, 0) - mu
        for seed in range(DRAWS):
            if changing:
                mu = at(0.0, seed)
                sigma = at(1.0, seed) - mu
            found.append(((watched(batch, seed)[1] - mu) / sigma).flatten())
    return standard(torch.stack(found))


def standard(eps: Tensor) -> bool:
    """Whether rows of numbers look like draws from N(0, I)."""
    if not torch.isfinite(eps).all():
        return False
    total = eps.numel()
    moments = [eps.mean(), (eps**2).mean() - 1, (eps**4).mean() - 3]
    widths = [1.0, 2**0.5, 96**0.5]
    correlations = eps.T @ eps / len(eps) - torch.eye(eps.shape[1])
    alone = all(abs(float(m)) < 5 * w / total**0.5 for m, w in zip(moments, widths, strict=True))
    return alone and float(correlations.abs().max()) < 6 * 2**0.5 / len(eps) ** 0.5


def gradient_is_right(watched: Watched, batch: Any) -> bool | None:
    """Whether autograd gives the slope of the values along two random directions; None if only in the mean."""
    randomise(watched.model, 1)
    off = [_off(watched, batch, 3, way) for way in (0, 1)]
    if max(map(abs, off)) < 1e-5:
        return True
    many = np.array([_off(watched, batch, seed, 0) for seed in range(DRAWS)])
    return None if abs(many.mean()) < 4 * many.std() / DRAWS**0.5 else False


def _off(watched: Watched, batch: Any, seed: int, way: int) -> float:
    """By how much autograd's slope is off, for these draws."""
    parameters = [p for p in watched.model.parameters() if p.requires_grad]
    loss = watched(batch, seed)[0]
    generator = torch.Generator().manual_seed(way)
    steps = [torch.randn(p.shape, generator=generator, dtype=p.dtype) for p in parameters]
    gradients = torch.autograd.grad(loss, parameters, allow_unused=True) if loss.requires_grad else ()
    slope = sum(float((g * s).sum()) for g, s in zip(gradients, steps, strict=False) if g is not None)
    ends = []
    for sign in (1, -1):
        before = [p.detach().clone() for p in parameters]
        with torch.no_grad():
            for parameter, step in zip(parameters, steps, strict=True):
                parameter.add_(sign * _SLOPE * step)
            ends.append(watched(batch, seed)[0].item())
            for parameter, old in zip(parameters, before, strict=True):
                parameter.copy_(old)
    return ((ends[0] - ends[1]) / (2 * _SLOPE) - slope) / (1 + abs(slope))
