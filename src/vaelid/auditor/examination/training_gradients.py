"""The gradients that training would use, caught where they are back-propagated, inside the user's code or after it.

In: the parameters, and a run in `with TrainingGradients(parameters) as caught`. Out: `caught.total`, one tensor for
each parameter. For example, after `rec.backward(); (0.1 * kl).backward()` it is the gradient of rec + 0.1 kl.
"""

from typing import Any

import torch
from torch import Tensor
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.utils._python_dispatch import _disable_current_modes

__all__ = ["TrainingGradients"]


class TrainingGradients:
    """The gradients that training would use: what calls of `backward` add to each parameter, as hooks leave it.

    What is set to zero before an optimizer has stepped with it is not counted.

    Attributes:
        calls: how often `backward` was called.
        between: whether a weight was changed between two of these that both gave it a gradient.
        by_hand: whether an optimizer stepped with gradients that no `backward` made.
    """

    def __init__(self, parameters: list[Tensor]) -> None:
        self.parameters = parameters
        self.used: list[Tensor | None] = [None] * len(parameters)
        self.waiting: list[Tensor | None] = [None] * len(parameters)
        self.before: list[Tensor | None] | None = None
        self.stepped: set[int] = set()
        self.calls, self.between, self.by_hand = 0, False, False
        self.at: list[Tensor | None] = [None] * len(parameters)  # the weights at which each had its last gradient
        self.calls_of_step: int | None = None
        self.original = torch.autograd.backward

    def __enter__(self) -> "TrainingGradients":
        torch.autograd.backward = self.backward
        self.stepping = (register_optimizer_step_pre_hook(self.step), register_optimizer_step_post_hook(self.after))
        return self

    def __exit__(self, *_: object) -> None:
        torch.autograd.backward = self.original
        for hook in self.stepping:
            hook.remove()

    def backward(self, *arguments: Any, **options: Any) -> None:
        """In the place of torch's."""
        self.calls += 1
        if self.calls_of_step is not None:  # an optimizer that calls for the loss itself, as LBFGS does
            self.calls_of_step += 1
            self.between |= self.calls_of_step > 1
        with _disable_current_modes():  # a recorder is to see what the user's code does, and not this
            self.before = [None if p.grad is None else p.grad.clone() for p in self.parameters]
            self.stepped.clear()
        self.original(*arguments, **options)
        with _disable_current_modes(), torch.no_grad():
            for k in range(len(self.parameters)):
                if k not in self.stepped:
                    self._add(k, self.before)
        self.before = None

    def _add(self, k: int, before: list[Tensor | None]) -> None:
        one = before[k]
        empty = one is None or not bool(one.any())
        added = _added(one, self.parameters[k].grad)
        if added is not None and bool(added.any()):
            now, last = self.parameters[k].detach(), self.at[k]
            self.between |= last is not None and not torch.equal(last, now)
            self.at[k] = now.clone()
        self.waiting[k] = _sum(None if empty else self.waiting[k], added)

    def step(self, optimizer: torch.optim.Optimizer, *_: Any) -> None:
        """Before an optimizer steps: what waits for it is used."""
        self.calls_of_step = 0
        own = {id(p) for group in optimizer.param_groups for p in group["params"]}
        with _disable_current_modes(), torch.no_grad():
            for k, p in enumerate(self.parameters):
                if id(p) in own:
                    if not self.calls and p.grad is not None and bool(p.grad.any()):
                        self.by_hand, self.waiting[k] = True, _added(None, p.grad)
                    if self.before is not None:  # a hook of the parameter's steps inside of backward
                        self._add(k, self.before)
                        self.stepped.add(k)
                    self.between |= self.used[k] is not None and self.waiting[k] is not None
                    self.used[k], self.waiting[k] = _sum(self.used[k], self.waiting[k]), None

    def after(self, *_: Any) -> None:
        """After an optimizer has stepped."""
        self.calls_of_step = None

    @property
    def moved(self) -> bool:
        """Whether weights had two gradients with a step between, so that their sum is the gradient at no point.

        The second may wait in vain, as the encoder's does where encoder and decoder are updated in turns.
        """
        pairs = zip(self.used, self.waiting, strict=True)
        return self.between or any(one is not None and other is not None for one, other in pairs)

    def with_caller(self, loss: Tensor) -> tuple[Tensor | None, ...]:
        """The same; of a step that trains other parameters only, as a discriminator's, with those that its caller adds.

        Where a parameter that the returned loss depends on is trained inside, the loss is not left to the caller.
        """
        try:
            left = torch.autograd.grad(loss, self.parameters, allow_unused=True)
        except RuntimeError:  # its graph is gone: it was back-propagated
            return self.total
        pairs = list(zip(self.total, left, strict=True))
        if any(one is not None and other is not None and bool(one.any()) and bool(other.any()) for one, other in pairs):
            return self.total
        return tuple(one if other is None or not bool(other.any()) else other.detach() for one, other in pairs)

    @property
    def total(self) -> tuple[Tensor | None, ...]:
        """Of each parameter; of one that no optimizer stepped with, what its gradient is at the end."""
        return tuple(_sum(one, other) for one, other in zip(self.used, self.waiting, strict=True))


def _sum(one: Tensor | None, other: Tensor | None) -> Tensor | None:
    if one is None or other is None:
        return other if one is None else one
    return one + other


def _added(before: Tensor | None, after: Tensor | None) -> Tensor | None:
    if after is None:
        return None
    dense = after.detach().to_dense() if after.layout != torch.strided else after.detach()
    return dense.clone() if before is None else dense - before
