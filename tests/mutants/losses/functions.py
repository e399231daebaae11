"""What a loss of tensors is, by numbers alone: as `oracle`, without draws."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .oracle import RUNS, Truth, beta_of, fitted, kl_to_standard

SIZES = ({"B": 5, "L": 3, "D": 7}, {"B": 4, "L": 2, "D": 6}, {"B": 2, "L": 4, "D": 9})

SHAPES = {
    "mu": "BL",
    "logvar": "BL",
    "var": "BL",
    "std": "BL",
    "logstd": "BL",
    "x_hat": "BD",
    "logits": "BD",
    "x_logvar": "BD",
    "x": "BD",
}
SIGMA: Mapping[str, Callable[[Tensor], Tensor]] = {
    "logvar": lambda s: torch.exp(s / 2),
    "var": torch.sqrt,
    "std": lambda s: s,
    "logstd": torch.exp,
}


@dataclass(frozen=True)
class Taken:
    """A function of tensors, and what it is taken for.

    Attributes:
        function: returns the loss.
        roles: of each parameter without a default.
        nll: from the arguments by role to the terms of the NLL.
        data: the data of one size, by its shape and a generator.
        output: from a random real tensor to what the decoder gives.
    """

    function: Callable[..., Any]
    roles: Mapping[str, str]
    nll: Callable[[Mapping[str, Tensor]], Tensor]
    data: Callable[[tuple[int, ...], torch.Generator], Tensor]
    output: Callable[[Tensor], Tensor] = lambda real: real

    def arguments(self, sizes: Mapping[str, int], seed: int, which: int) -> dict[str, Tensor]:
        """Random ones by role; the data depend on `which` alone."""
        generator = torch.Generator().manual_seed(seed)
        found = {}
        for role in self.roles.values():
            shape = tuple(sizes[axis] for axis in SHAPES[role])
            real = torch.randn(shape, generator=generator, dtype=torch.float64)
            if role == "x":
                real = self.data(shape, torch.Generator().manual_seed(which))
            elif role in ("x_hat", "logits"):
                real = self.output(real)
            elif role in ("var", "std"):
                real = real.exp()
            found[role] = real
        return found

    def loss(self, arguments: Mapping[str, Tensor]) -> Tensor:
        """The function's value."""
        loss = self.function(*(arguments[role] for role in self.roles.values()))
        return loss["loss"] if isinstance(loss, dict) else getattr(loss, "loss", loss)

    def parts(self, arguments: Mapping[str, Tensor]) -> dict[str, float]:
        """What a right loss is made of."""
        (spread,) = (role for role in self.roles.values() if role in SIGMA)
        parts = {"nll": self.nll(arguments), "kl": kl_to_standard(arguments["mu"], SIGMA[spread](arguments[spread]))}
        return {name: part.sum().item() for name, part in parts.items()}


def truth_of_function(taken: Taken, sizes: Mapping[str, int] = SIZES[0]) -> Truth:
    """What a function is at these sizes."""
    rows, losses = [], []
    for number in range(RUNS):
        arguments = taken.arguments(sizes, number, number % 2)
        copies = {role: argument.clone() for role, argument in arguments.items()}
        losses.append(taken.loss(copies).item())
        rows.append({**taken.parts(arguments), f"constant {number % 2}": 1.0})
    beta = beta_of(fitted(rows, losses))
    return Truth(None) if beta is None else Truth(beta, gradient=_gradient_is_right(taken, sizes))


def _gradient_is_right(taken: Taken, sizes: Mapping[str, int]) -> bool:
    arguments = taken.arguments(sizes, 99, 0)
    free = {role: argument.requires_grad_() for role, argument in arguments.items() if role != "x"}
    # an in-place operation on an argument is allowed: not on a leaf
    loss = taken.loss({role: argument * 1 for role, argument in arguments.items()})
    gradients = torch.autograd.grad(loss, list(free.values()), allow_unused=True) if loss.requires_grad else ()
    way = [torch.randn(a.shape, generator=torch.Generator().manual_seed(5), dtype=a.dtype) for a in free.values()]
    slope = sum(float((g * w).sum()) for g, w in zip(gradients, way, strict=False) if g is not None)
    ends = []
    with torch.no_grad():
        for sign in (1, -1):
            moved = {role: a + sign * 1e-6 * w for (role, a), w in zip(free.items(), way, strict=True)}
            ends.append(taken.loss({**{r: a.clone() for r, a in arguments.items()}, **moved}).item())
    return abs((ends[0] - ends[1]) / 2e-6 - slope) < 1e-5 * (1 + abs(slope))
