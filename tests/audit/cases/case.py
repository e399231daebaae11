"""A case: code, and what an audit must find in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

SIZES = {"B": 5, "L": 3, "D": 7}


@dataclass(frozen=True)
class Case:
    """What is audited, and what must be found.

    Attributes:
        name: its function's.
        make: of a loss of tensors, the function; of a step, its maker from the sizes.
        is_step: which of the two.
        verdicts: those that are right; the first is the one to aim at.
        beta: the effective one, as a formula in B, L and D; None where there is none to state.
        likelihood: a key of `likelihoods.LIKELIHOODS`.
        prior: as the report names it.
        claims: the verdicts that single claims must have.
        bug: the name that must be given to it, or names, with | between them.
        objective: a regular expression that the name of the objective must match.
        declared: the audit's options: beta, variance, roles.
        numbers: whether the numerical oracle can say that `verdicts` and `beta` are right.
        slow: left to the long suite.
    """

    name: str
    make: Callable[..., Any]
    is_step: bool
    verdicts: tuple[str, ...]
    beta: str | None = None
    likelihood: str | None = None
    prior: str = "N(0, I)"
    claims: Mapping[str, str] = field(default_factory=dict)
    bug: str | None = None
    objective: str | None = None
    declared: Mapping[str, Any] = field(default_factory=dict)
    numbers: bool = True
    slow: bool = False

    def expected_beta(self, sizes: Mapping[str, int]) -> float | None:
        """The effective beta at these sizes."""
        return None if self.beta is None else float(eval(self.beta, dict(sizes)))


@dataclass(frozen=True)
class Built:
    """A step at one size.

    Attributes:
        run: from the batch to the loss.
        batch: random data.
        model: all that has parameters.
        decoder: what is given z.
        latent: z, from the decoder's input.
        nll: from the decoder's output and the batch to terms of the NLL, where the likelihood's name does not say it.
        row_weights: on the rows of both terms, if they are not alike.
        expected: the loss by torch.distributions, after a run, where it is not NLL + beta KL of one posterior.
        evaluation: the step that is used for validation.
    """

    run: Callable[[Any], Any]
    batch: Any
    model: nn.Module
    decoder: nn.Module | None = None
    latent: Callable[[Tensor], Tensor] = lambda given: given
    nll: Callable[[Any, Any], Tensor] | None = None
    row_weights: Tensor | float = 1.0
    expected: Callable[[], Tensor] | None = None
    evaluation: Callable[[Any], Any] | None = None


class Bank:
    """The cases of one file, by name."""

    def __init__(self) -> None:
        self.cases: dict[str, Case] = {}

    def loss(self, *verdicts: str, **expected: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """A decorator: this function of tensors is a case."""
        return lambda function: self._add(function, False, verdicts, expected)

    def step(self, *verdicts: str, **expected: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """A decorator: this maker of a step, from B, L and D, is a case."""
        return lambda make: self._add(make, True, verdicts, expected)

    def usual(self, name: str, *verdicts: str, parts: Mapping[str, Any], **expected: Any) -> None:
        """The usual step with some parts exchanged is a case."""
        self._add(lambda B, L, D: usual(B, L, D, **parts), True, verdicts, expected, name)

    def _add(self, make: Any, is_step: bool, verdicts: tuple[str, ...], expected: Mapping[str, Any], name: str = ""):
        name = name or make.__name__
        assert name not in self.cases, name
        self.cases[name] = Case(name, make, is_step, verdicts, **expected)
        return make


def kl_of(mu: Tensor, logvar: Tensor) -> Tensor:
    """The textbook's KL."""
    return -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())


def half_squares(x_hat: Tensor, x: Tensor) -> Tensor:
    """-log N(x; x_hat, 1), up to a constant."""
    return 0.5 * torch.sum((x_hat - x) ** 2)


def nets(D: int, L: int, out: int | None = None) -> tuple[nn.Module, nn.Module]:
    """A small encoder of two numbers a latent, and a decoder."""
    encoder = nn.Sequential(nn.Linear(D, 6), nn.Tanh(), nn.Linear(6, 2 * L))
    return encoder, nn.Sequential(nn.Linear(L, 6), nn.Tanh(), nn.Linear(6, out or D))


def grey(*shape: int) -> Tensor:
    """Data in [0, 1]."""
    return torch.rand(*shape)


def binary(*shape: int) -> Tensor:
    """Data in {0, 1}."""
    return (torch.rand(*shape) > 0.5).to(torch.get_default_dtype())


def counts(*shape: int) -> Tensor:
    """Data in {0, 1, 2, ...}."""
    return torch.poisson(3 * torch.ones(*shape))


def usual(
    B: int,
    L: int,
    D: int,
    *,
    kl: Callable[[Tensor, Tensor], Any] = kl_of,
    reconstruction: Callable[[Tensor, Tensor], Tensor] = half_squares,
    noise: Callable[[Tensor], Tensor] = torch.randn_like,
    sample: Callable[[Tensor, Tensor], Tensor] | None = None,
    data: Callable[..., Tensor] = grey,
) -> Built:
    """Encode, sample, decode, add: with any of the parts exchanged."""
    encoder, decoder = nets(D, L)
    sample = sample or (lambda mu, logvar: mu + torch.exp(0.5 * logvar) * noise(logvar))

    def run(x):
        mu, logvar = encoder(x).chunk(2, -1)
        return reconstruction(decoder(sample(mu, logvar)), x) + kl(mu, logvar)

    return Built(run, data(B, D), nn.ModuleList([encoder, decoder]), decoder)
