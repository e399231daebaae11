"""Whether the user's step trains by itself, and which of its operations only update weights.

In: a run in `with OwnTraining() as own`. Out: `own.trains`, and for each operation whether it updates. For example, of
`loss.backward(); optimizer.step()` what the optimizer does updates, and so does `p.data -= 0.1 * p.grad` by hand.
"""

from collections.abc import Set
from typing import Any

import torch
from torch import Tensor
from torch.optim.optimizer import Optimizer, register_optimizer_step_post_hook, register_optimizer_step_pre_hook

__all__ = ["OwnTraining"]


class OwnTraining:
    """What a step does to train.

    Attributes:
        trains: whether it calls `backward`, or `torch.autograd.grad` for weights, or an optimizer of its own steps.
        optimizing: whether an optimizer is stepping now that does not call for the loss itself, as LBFGS does.
        inside: how many calls of `backward` are running.
        in_passing: whether what it makes of gradients now is differentiated no further.
        roots: the single tensors that `backward` was called of.
        gradients: the storages in which there is nothing but gradients, and what was made of these alone.
    """

    def __init__(self) -> None:
        self.trains, self.optimizing, self.inside, self.in_passing = False, False, 0, False
        self.gradients: set[int] = set()
        self.roots: list[Tensor] = []

    def __enter__(self) -> "OwnTraining":
        self.original = torch.autograd.backward  # or what a bench has put there, to catch gradients
        torch.autograd.backward = self._backward
        self.original_grad = torch.autograd.grad
        torch.autograd.grad = self._grad
        self.hooks = (register_optimizer_step_pre_hook(self._before), register_optimizer_step_post_hook(self._after))
        return self

    def __exit__(self, *_: object) -> None:
        torch.autograd.backward, torch.autograd.grad = self.original, self.original_grad
        for hook in self.hooks:
            hook.remove()

    def updates(self, read: Set[int], written: Set[int], made: Set[int], trained: Set[int]) -> bool:
        """Whether an operation, by the storages that it reads and makes, updates weights or makes ready to do so.

        Its result is then a weight like any other: what it was made from is nothing that the loss depends on.
        """
        if self.inside or (read and read <= self.gradients):
            self.gradients |= made
        by_hand = bool(written & trained) and bool(read - trained) and read - trained <= self.gradients
        return self.optimizing or by_hand

    def _backward(self, *arguments: Any, **options: Any) -> None:
        self.trains = True
        self.roots += [value for value in (*arguments[:1], options.get("tensors")) if isinstance(value, Tensor)]
        around, self.in_passing = self.in_passing, not any((*arguments[3:4], options.get("create_graph")))
        self.inside += 1
        try:
            self.original(*arguments, **options)
        finally:
            self.inside -= 1
            self.in_passing = around

    def _grad(self, outputs: Any, inputs: Any, *arguments: Any, **options: Any) -> Any:
        known = list(inputs) if isinstance(inputs, tuple | list) else [inputs]
        # a gradient that is differentiated again is a part of the loss, as a penalty on it is
        self.trains |= not options.get("create_graph") and any(isinstance(t, Tensor) and t.is_leaf for t in known)
        self.inside += 1
        try:
            return self.original_grad(outputs, inputs, *arguments, **options)
        finally:
            self.inside -= 1

    def _before(self, _: Optimizer, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        self.trains = True
        self.optimizing = not any(callable(value) for value in (*arguments[1:], *options.values()))

    def _after(self, *_: Any) -> None:
        self.optimizing = False
