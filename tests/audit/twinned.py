"""A user's fused KL, as a kernel with its own backward, its definition, wrong variants of both, and a step with one."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import vaelid

ROWS, LATENTS, PLACES = 5, 3, 7


def plain_kl(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL(N(mu, e^logvar) || N(0, 1)), summed over latents."""
    return 0.5 * (mu**2 + torch.exp(logvar) - 1 - logvar).sum(-1)


class FusedKl(torch.autograd.Function):
    """The same as one operation to autograd."""

    @staticmethod
    def forward(ctx: Any, mu: Tensor, logvar: Tensor) -> Tensor:
        """Its value, by numpy: as little of it is seen by torch as of a kernel on a GPU."""
        ctx.save_for_backward(mu, logvar)
        m, v = mu.detach().numpy(), logvar.detach().numpy()
        return torch.from_numpy(np.asarray(0.5 * (m**2 + np.expm1(v) - v).sum(-1)))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        """Its slopes."""
        mu, logvar = ctx.saved_tensors
        grad = grad.unsqueeze(-1)
        return grad * mu, 0.5 * grad * torch.expm1(logvar)


def fused_kl(mu: Tensor, logvar: Tensor) -> Tensor:
    """What a user would call."""
    return FusedKl.apply(mu, logvar)


class _Slopes(torch.autograd.Function):
    """The right value, with slopes that are multiplied by two numbers."""

    @staticmethod
    def forward(ctx: Any, mu: Tensor, logvar: Tensor, of_mu: float, of_logvar: float) -> Tensor:
        ctx.save_for_backward(mu, logvar)
        ctx.factors = of_mu, of_logvar
        return plain_kl(mu, logvar)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        mu, logvar = ctx.saved_tensors
        grad = grad.unsqueeze(-1)
        return ctx.factors[0] * grad * mu, ctx.factors[1] * 0.5 * grad * torch.expm1(logvar), None, None


def with_slopes(of_mu: float, of_logvar: float) -> Callable[[Tensor, Tensor], Tensor]:
    """A kernel of the right value, whose slopes are multiplied by these."""
    return lambda mu, logvar: _Slopes.apply(mu, logvar, of_mu, of_logvar)


def wrong_beyond(limit: float) -> Callable[[Tensor, Tensor], Tensor]:
    """A kernel that clamps the log-variance, where it should not."""
    return lambda mu, logvar: plain_kl(mu, logvar.clamp_max(limit))


def step_with(kl: Callable[[Tensor, Tensor], Tensor]) -> tuple[Callable[[Tensor], Tensor], Tensor]:
    """A textbook's step whose KL is this function, and a batch."""
    torch.manual_seed(0)
    encoder, decoder = nn.Linear(PLACES, 2 * LATENTS), nn.Linear(LATENTS, PLACES)

    def step(x: Tensor) -> Tensor:
        mu, logvar = encoder(x).chunk(2, dim=1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        nll = 0.5 * (x - decoder(z)).pow(2).sum(-1)
        return (nll + kl(mu, logvar)).mean()

    return step, torch.randn(ROWS, PLACES)


def audited(fast: Any, slow: Any = plain_kl, bound: float = 1e-6) -> Any:
    """The report on the step, with this twin as its KL."""
    return vaelid.audit(*step_with(vaelid.register_twin(fast, slow, bound)), beta=1)
