"""Formulas, models and questions made from short functions, as inputs of the rooms under test."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from vaelid.auditor.lifting.two_runs import Formula, read_calls
from vaelid.auditor.model.arguments import random_calls
from vaelid.auditor.model.assigned import alike
from vaelid.auditor.model.loss_model import LossModel, model_of
from vaelid.auditor.model.question import Question
from vaelid.auditor.model.roles import Role, roles_of_loss
from vaelid.auditor.recording.calls import call_of, fewer_rows, scalar_loss

B, L, D = 5, 3, 7


def kl(mu, logvar):
    """The KL to N(0, I), summed."""
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum()


def squares(x_hat, x):
    """Half of the squared error, summed."""
    return 0.5 * ((x_hat - x) ** 2).sum()


def textbook(x_hat, x, mu, logvar):
    """A negative ELBO with a Gaussian of variance 1, up to a constant."""
    return squares(x_hat, x) + kl(mu, logvar)


def formula_of_loss(function: Callable[..., Any], **roles: str) -> tuple[Formula, dict[str, Role]]:
    """The formula of a loss of tensors, and the roles of its arguments."""
    found = roles_of_loss(function, roles)
    calls = next(iter(random_calls(found, 1.0)))
    return read_calls(function, calls, scalar_loss, alike=alike(found, calls[0]), again=False), found


def model_of_loss(function: Callable[..., Any], **roles: str) -> LossModel:
    """The model of a loss of tensors."""
    run, found = formula_of_loss(function, **roles)
    return model_of(run, found)


def question_of_loss(function: Callable[..., Any], **roles: str) -> Question:
    """The question about a loss of tensors."""
    return model_of_loss(function, **roles).question


class Nets:
    """An encoder of a mean and a log-variance, and a decoder."""

    def __init__(self, scale: float = 1.0) -> None:
        torch.manual_seed(0)
        self.encoder, self.decoder = nn.Linear(D, 2 * L), nn.Linear(L, D)
        self.scale = scale

    def posterior(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The mean and the log-variance."""
        mu, logvar = (self.scale * self.encoder(x)).chunk(2, -1)
        return mu, logvar


def usual_step(
    sample: Callable[..., torch.Tensor] | None = None, of_kl: Callable[..., Any] = kl, scale: float = 1.0
) -> Callable[..., Any]:
    """A training step with this sampler, from mu and logvar to what is decoded."""
    nets = Nets(scale)
    sample = sample or (lambda mu, logvar: mu + torch.exp(0.5 * logvar) * torch.randn_like(mu))

    def step(x):
        mu, logvar = nets.posterior(x)
        return squares(nets.decoder(sample(mu, logvar)), x) + of_kl(mu, logvar)

    return step


def batch(rows: int = B) -> torch.Tensor:
    """Data."""
    return torch.rand(rows, D, generator=torch.Generator().manual_seed(1))


def formula_of_step(step: Callable[..., Any], x: Any = None, **options: Any) -> Formula:
    """The formula of a training step, from two runs with different numbers of rows."""
    x = batch() if x is None else x
    calls = [call_of(x)] + ([call_of(fewer)] if (fewer := fewer_rows(x)) is not None else [])
    return read_calls(step, calls, scalar_loss, **options)
