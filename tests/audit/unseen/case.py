"""A case that no auditor was built for: code, the truth about it, and why that is the truth.

A case is a function that builds what is audited. Its docstring is the derivation, and after "Source:" where the pattern
was seen, in words; no line is copied. Nothing here imports vaelid: the truths must not come from the tool.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli, Normal, kl_divergence


@dataclass(frozen=True)
class Built:
    """What is audited, and what the oracle needs to check the truth without vaelid.

    Attributes:
        target: the step of a batch, the loss of tensors, the KL or the sampler.
        batch: a step's batch.
        weights: modules and tensors that the oracle varies.
        reference: of what the target takes, the NLL and the KL by torch.distributions, in nats, summed. It draws the
            same noise in the same order as the target.
        inputs: random arguments of a loss of tensors.
        scale: what the second argument of a KL or a sampler is: logvar, std, var or logstd.
        gradient: whether gradients are compared as well as values.
        unbiased: whether the gradient of a row's mean is compared in the mean over many draws instead.
        single: whether the code runs in float32 only.
    """

    target: Callable[..., Any]
    batch: Any = None
    weights: Sequence[nn.Module | Tensor] = ()
    reference: Callable[..., tuple[Any, Any]] | None = None
    inputs: Callable[[], tuple[Any, ...]] | None = None
    scale: str = "logvar"
    gradient: bool = True
    unbiased: bool = False
    single: bool = False


@dataclass(frozen=True)
class Unseen:
    """One case.

    Attributes:
        name: its function's.
        door: of vaelid, by its name.
        truth: PROVED, REFUTED or OTHER.
        build: makes the code, seeded.
        why: the derivation.
        source: where the pattern was seen.
        beta: the effective one, where the truth is PROVED and there is a beta.
        objective: a regular expression for the other objective's name.
        also: verdicts that are right too, each with the reason.
        declare: what is declared to the door.
    """

    name: str
    door: str
    truth: str
    build: Callable[[], Built]
    why: str
    source: str
    beta: float | None = None
    objective: str | None = None
    also: Mapping[str, str] = field(default_factory=dict)
    declare: Mapping[str, Any] = field(default_factory=dict)


CASES: dict[str, Unseen] = {}


def _case(truth: str, door: str, options: Mapping[str, Any]) -> Callable[[Callable[[], Built]], Callable[[], Built]]:
    def add(function: Callable[[], Built]) -> Callable[[], Built]:
        name = function.__name__
        why, _, source = inspect.getdoc(function).replace("\n", " ").partition("Source: ")
        assert name not in CASES, name
        assert source, name

        def build() -> Built:
            torch.manual_seed(sum(map(ord, name)))
            return function()

        CASES[name] = Unseen(name, door, truth, build, why.strip(), source.strip(), **options)
        return function

    return add


def right(door: str = "audit", **options: Any):
    """A decorator: the loss is an ELBO, the KL a KL, the sampler a sampler."""
    return _case("PROVED", door, options)


def wrong(door: str = "audit", **options: Any):
    """A decorator: it is not what it should be, nor a known other objective."""
    return _case("REFUTED", door, options)


def other(objective: str, door: str = "audit", **options: Any):
    """A decorator: another objective, meant so; its name matches the pattern."""
    return _case("OTHER", door, {"objective": objective, **options})


# Data and networks.


def binary(*shape: int) -> Tensor:
    """Data in {0, 1}."""
    return (torch.rand(*shape) > 0.5).to(torch.get_default_dtype())


def grey(*shape: int) -> Tensor:
    """Data in (0, 1)."""
    return 0.05 + 0.9 * torch.rand(*shape)


def counts(*shape: int) -> Tensor:
    """Data in {0, 1, 2, ...}."""
    return torch.poisson(3 * torch.ones(*shape))


def nets(D: int, L: int, out: int | None = None, heads: int = 2) -> tuple[nn.Module, nn.Module]:
    """An encoder to `heads` numbers a latent, and a decoder."""
    encoder = nn.Sequential(nn.Linear(D, 6), nn.Tanh(), nn.Linear(6, heads * L))
    return encoder, nn.Sequential(nn.Linear(L, 6), nn.Tanh(), nn.Linear(6, out or D))


# What references are made of.


def normal_kl(mean: Tensor, std: Any, prior_mean: Any = 0.0, prior_std: Any = 1.0) -> Tensor:
    """KL(N(mean, std^2) || N(prior_mean, prior_std^2)), summed."""
    ones = torch.ones_like(mean)
    return kl_divergence(Normal(mean, std * ones), Normal(prior_mean * ones, prior_std * ones)).sum()


def bernoulli(logits: Tensor, x: Tensor) -> Tensor:
    """-log p(x) with those logits, summed; x may be grey."""
    return -Bernoulli(logits=logits, validate_args=False).log_prob(x).sum()


def gaussian(mean: Tensor, x: Tensor, std: Any = 1.0) -> Tensor:
    """-log N(x; mean, std^2), summed."""
    return -Normal(mean, std * torch.ones_like(mean)).log_prob(x).sum()


def plain(encoder: nn.Module, decoder: nn.Module, nll: Callable[[Tensor, Tensor], Tensor]):
    """The textbook: z = mu + exp(logvar / 2) * eps, prior N(0, I)."""

    def reference(x: Tensor) -> tuple[Tensor, Tensor]:
        mean, logvar = encoder(x).chunk(2, -1)
        std = logvar.mul(0.5).exp()
        z = mean + std * torch.randn_like(mean)
        return nll(decoder(z), x), normal_kl(mean, std)

    return reference
