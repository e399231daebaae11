"""Whether a changed loss is still the objective that it was: by numbers, without the auditor."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli, Laplace, Normal

from . import originals
from .functions import SIZES, Taken, truth_of_function
from .oracle import Draws, Truth, Watched, truth_of_step
from .two_levels import truth_of_two_levels

Kind = Literal["same", "changed", "ambiguous", "no loss"]
ROWS, LATENTS, PIXELS = 4, originals.LATENTS, 7
BERNOULLI = ("bce_with_logits", "bce_by_hand", "step_softplus", "step_distributions", "StepModule")
CHECKED = ("step_distributions",)
"""Of these, those that refuse grey data."""


def compiled(name: str, source: str) -> Callable[..., Any]:
    """The function of that source; of a class, what builds it and calls it."""
    scope: dict[str, Any] = dict(vars(originals))
    exec(compile(source, f"<{name}>", "exec"), scope)
    if inspect.isclass(scope[name]):
        return lambda encoder, decoder, x: scope[name](encoder, decoder)(x)
    return scope[name]


def is_step(name: str) -> bool:
    """Whether the original is a step."""
    return name.lower().startswith("step")


def nets(name: str) -> tuple[nn.Module, nn.Module]:
    """What a step is given: its encoder, or encoders, and its decoder."""

    def net(inputs: int, outputs: int) -> nn.Module:
        return nn.Sequential(nn.Linear(inputs, 6), nn.Tanh(), nn.Linear(6, outputs))

    if name == "step_two_levels":
        encoder: nn.Module = nn.ModuleList(
            [net(PIXELS, 2 * LATENTS), net(PIXELS, 2 * LATENTS), net(LATENTS, 2 * LATENTS)]
        )
    else:
        encoder = net(PIXELS, 2 * LATENTS)
    return encoder, net(LATENTS, PIXELS)


def data(name: str, binary: bool, seed: int = 0) -> Tensor:
    """A batch for a step."""
    shape = (ROWS, 3, PIXELS) if name == "step_masked" else (ROWS, PIXELS)
    grey = torch.rand(shape, generator=torch.Generator().manual_seed(seed))
    return (grey > 0.5).to(grey.dtype) if binary else grey


def kind(name: str, source: str) -> Kind:
    """What the changed function is: the same objective, another, or no loss at all.

    Ambiguous is what is the same at some sizes only, or for binary data and not for grey; what has one latent for all
    rows; a Monte-Carlo KL whose gradient is right in the mean only; what draws more than its original, which may have
    the right mean; a prior's parameters that are clamped, which is another prior.
    """
    try:
        function = compiled(name, source)
        if not _gives_a_number(name, function):
            return "no loss"
        found = _kinds(name, function, name in BERNOULLI)
        if found == {"same"} and name in BERNOULLI and name not in CHECKED:
            found |= _kinds(name, function, binary=False)
        if found == {"changed"} and _draws_more(name, function):
            return "ambiguous"
    except Exception:  # a change can raise anything
        return "no loss"
    return found.pop() if len(found) == 1 else "ambiguous"


def _kinds(name: str, function: Callable[..., Any], binary: bool) -> set[Kind]:
    if is_step(name):
        return {_kind(name, _truth_of_step(name, function, binary))}
    return {_kind(name, truth_of_function(_taken(name, function, binary), sizes)) for sizes in SIZES}


def _draws_more(name: str, function: Callable[..., Any]) -> bool:
    """Whether it draws what its original does not: then it may be right in the mean."""
    if not is_step(name):
        return _draws(name, function)
    original = compiled(name, inspect.getsource(getattr(originals, name)))
    return _number_of_draws(name, function) > _number_of_draws(name, original)


def _number_of_draws(name: str, step: Callable[..., Any]) -> int:
    with Draws(0.5) as draws:
        step(*nets(name), data(name, name in BERNOULLI))
    return draws.count


def _draws(name: str, function: Callable[..., Any]) -> bool:
    taken = _taken(name, function, binary=False)
    values = []
    for seed in (0, 1):
        torch.default_generator.manual_seed(seed)
        values.append(taken.loss(taken.arguments(SIZES[0], 0, 0)))
    return bool(torch.isfinite(values[0])) and not torch.equal(*values)


def _kind(name: str, truth: Truth) -> Kind:
    if truth.right(1.0):
        return "same" if truth.rows in (None, ROWS) and not truth.other_prior else "ambiguous"
    value = truth.beta is not None and abs(truth.beta - 1) < 1e-6 and truth.noise
    return "ambiguous" if value and truth.gradient is None and name == "step_monte_carlo" else "changed"


def _gives_a_number(name: str, function: Callable[..., Any]) -> bool:
    if is_step(name):
        loss = _number(function(*nets(name), data(name, name in BERNOULLI)))
    else:
        taken = _taken(name, function, False)
        loss = taken.loss(taken.arguments(SIZES[0], 0, 0))
    return isinstance(loss, Tensor) and loss.numel() == 1


def _number(loss: Any) -> Any:
    return loss["loss"] if isinstance(loss, dict) else loss


def _truth_of_step(name: str, function: Callable[..., Any], binary: bool) -> Truth:
    encoder, decoder = (net.double() for net in nets(name))
    x = data(name, binary).double()
    if name == "step_two_levels":
        assert isinstance(encoder, nn.ModuleList)
        return truth_of_two_levels(function, encoder, decoder, x, LATENTS)
    watched = Watched(
        lambda batch: _number(function(encoder, decoder, batch)),
        nn.ModuleList([encoder, decoder]),
        decoder,
        _bernoulli if name in BERNOULLI else lambda out, batch: -Normal(out, 1.0).log_prob(batch),
        row_weights=originals.MASK if name == "step_masked" else 1.0,
    )
    return truth_of_step(watched, [x, data(name, binary, 1).double()])


def _bernoulli(logits: Tensor, x: Tensor) -> Tensor:
    return -Bernoulli(logits=logits, validate_args=False).log_prob(x)


def _taken(name: str, function: Callable[..., Any], binary: bool) -> Taken:
    roles = {n: n.replace("log_std", "logstd") for n in inspect.signature(function).parameters}

    def nll(arguments: Mapping[str, Tensor]) -> Tensor:
        x = arguments["x"]
        match name:
            case "bce_with_logits":
                return _bernoulli(arguments["logits"], x)
            case "bce_by_hand":
                return -(x * arguments["x_hat"].log() + (1 - x) * (1 - arguments["x_hat"]).log())
            case "absolute_error":
                return -Laplace(arguments["x_hat"], 1.0).log_prob(x)
            case "learned_variance":
                return -Normal(arguments["x_hat"], torch.exp(arguments["x_logvar"] / 2)).log_prob(x)
        return -Normal(arguments["x_hat"], 1.0).log_prob(x)

    def draw(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        grey = torch.rand(shape, generator=generator, dtype=torch.float64)
        return (grey > 0.5).double() if binary else grey

    return Taken(function, roles, nll, draw, torch.sigmoid if name == "bce_by_hand" else lambda real: real)
