"""From the roles of a function's arguments to calls of it, with random numbers or with the user's own inputs.

Roles come in; calls go out. Example: for ``loss(x_hat, x, mu, logvar)`` the first try are two calls, with 5 and with 11
rows, x and x_hat of shape (B, D) between 0 and 1, mu and logvar of shape (B, L).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from vaelid.auditor.model.roles import Role
from vaelid.auditor.recording.calls import Call, users_code
from vaelid.auditor.recording.state import unchanged
from vaelid.spec.errors import InputError

__all__ = ["KL_SHAPES", "call_of_inputs", "kl_call", "kl_variables", "random_calls", "sampler_call"]


KL_SHAPES = ((5, 7), (11, 13))
"""The shapes (B, L) of the two calls of a KL: four different numbers, so that a length in the code is recognised."""
_SAMPLER_SHAPE = (5, 3)
_SIZES = ({"B": 5, "L": 3, "D": 7}, {"B": 11, "L": 4, "D": 13})
"""The sizes of the two calls of a loss; all six differ, for the same reason."""
_IMAGES = ((784,), (1, 28, 28), (64,), (1, 8, 8), (3, 32, 32), (3, 64, 64), (1, 64, 64))
"""Shapes of an observation that losses reshape to or check for, the commonest (MNIST) first."""


def kl_variables(roles: Mapping[str, Role], shape: tuple[int, int]) -> dict[str, Tensor]:
    """Random numbers for the real variables that the roles are written in, other ones for each number of rows."""
    generator = torch.Generator().manual_seed(shape[0])
    return {
        role.variable: torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()
        for role in roles.values()
    }


def kl_call(roles: Mapping[str, Role], shape: tuple[int, int]) -> Call:
    """The call with the arguments that these variables make: e to the variable for a variance."""
    variables = kl_variables(roles, shape)
    tensors = {name: role.argument(variables[role.variable]).detach().requires_grad_() for name, role in roles.items()}
    return Call(tuple(tensors.values()), tensors)


def sampler_call(roles: Mapping[str, Role]) -> Call:
    """The call of a sampler with a random mean and variance."""
    generator = torch.Generator().manual_seed(0)
    arguments: dict[str, Tensor] = {}
    for name, role in roles.items():
        value = torch.randn(_SAMPLER_SHAPE, generator=generator, dtype=torch.float64)
        arguments[name] = (torch.exp(0.5 * value) if role.positive else value).requires_grad_()
    return Call(tuple(arguments.values()), arguments)


def call_of_inputs(roles: Mapping[str, Role], inputs: Callable[[], Any]) -> Call:
    """The call with what the user's `inputs` returns. Raises `InputError` if that are too many or too few arguments.

    All but data become results of an operation, as a network's outputs are: so the loss may write into them.
    """
    with users_code(), unchanged([inputs]):
        returned = inputs()
    arguments = tuple(returned) if isinstance(returned, tuple | list) else (returned,)
    if len(arguments) != len(roles):
        raise InputError(f"the inputs are {len(arguments)} arguments, and {len(roles)} are wanted: {', '.join(roles)}.")
    arguments = tuple(
        _as_output(a) if role.name != "x" else a for a, role in zip(arguments, roles.values(), strict=True)
    )
    return Call(arguments, {n: a for n, a in zip(roles, arguments, strict=True) if isinstance(a, Tensor)})


def random_calls(roles: Mapping[str, Role], number: float) -> Iterator[tuple[Call, ...]]:
    """Pairs of calls of a loss, to be tried in turn until one does not raise; `number` is the argument beta.

    First vectors between 0 and 1, then vectors of 0 and 1 (a Bernoulli's loss may refuse others), then images.
    """
    for binary in (False, True):
        yield tuple(_call(roles, (n["B"], n["D"]), (n["B"], n["L"]), number, binary) for n in _SIZES)
    for image in _IMAGES:
        yield tuple(_call(roles, (n["B"], *image), (n["B"], n["L"]), number, binary=False) for n in _SIZES)


def _call(
    roles: Mapping[str, Role], of_data: tuple[int, ...], of_latent: tuple[int, ...], number: float, binary: bool
) -> Call:
    generator = torch.Generator().manual_seed(of_data[0])

    def uniform(shape: tuple[int, ...]) -> Tensor:
        return 0.05 + 0.9 * torch.rand(shape, generator=generator, dtype=torch.float64)  # no logarithm of 0

    def argument(role: Role) -> Any:
        if role.name == "number":
            return number
        if role.name == "x":
            x = uniform(of_data)
            return x.round() if binary else x
        if role.name == "x_hat":
            return _made(uniform(of_data))
        shape = of_latent if role.variable in ("mu", "logvar", "logstd") else of_data
        value = torch.randn(shape, generator=generator, dtype=torch.float64)
        return _made(torch.exp(0.5 * value) if role.positive else value)

    arguments = {name: argument(role) for name, role in roles.items()}
    return Call(tuple(arguments.values()), {n: v for n, v in arguments.items() if isinstance(v, Tensor)})


def _as_output(value: Any) -> Any:
    if not isinstance(value, Tensor) or not value.is_floating_point():
        return value
    return _made(value.detach().clone())


def _made(value: Tensor) -> Tensor:
    """The tensor as a network puts it out: with a gradient, and no leaf of autograd, so that it may be written into."""
    return value.requires_grad_().clone()
