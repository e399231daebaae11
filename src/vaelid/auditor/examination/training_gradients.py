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

    What is set to zero before a weight was changed with it is not counted. What lies between, as clipping, is let pass,
    but for a change of sign; what is neither a scale nor a clip is told.

    Attributes:
        calls: how often `backward` was called.
        between: the parameters that were changed between two of these which both gave them a gradient.
        by_hand: whether an optimizer stepped with gradients that no `backward` made.
        altered: whether one stepped with gradients that are neither those of `backward`, nor these scaled or clipped.
    """

    def __init__(self, parameters: list[Tensor]) -> None:
        self.parameters = parameters
        self.used: list[Tensor | None] = [None] * len(parameters)
        self.waiting: list[Tensor | None] = [None] * len(parameters)
        self.before: list[Tensor | None] | None = None
        self.stepped: set[int] = set()
        self.calls, self.by_hand, self.altered = 0, False, False
        self.left: list[Tensor | None] = [None] * len(parameters)  # as the last `backward` left them
        self.between: set[int] = set()
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
            self.between |= set(range(len(self.parameters))) if self.calls_of_step > 1 else set()
        with _disable_current_modes():  # a recorder is to see what the user's code does, and not this
            self.before = [None if p.grad is None else p.grad.clone() for p in self.parameters]
            self.stepped.clear()
        self.original(*arguments, **options)
        with _disable_current_modes(), torch.no_grad():
            for k in range(len(self.parameters)):
                if k not in self.stepped:
                    self._add(k, self.before)
                    self.left[k] = _added(None, self.parameters[k].grad)
        self.before = None

    def _add(self, k: int, before: list[Tensor | None]) -> None:
        one = before[k]
        empty = one is None or not bool(one.any())
        added = _added(one, self.parameters[k].grad)
        if added is not None and bool(added.any()):
            self.between |= {k} if self._changed(k) else set()
            self.at[k] = self.parameters[k].detach().clone()
        self.waiting[k] = _sum(None if empty else self.waiting[k], added)

    def _changed(self, k: int) -> bool:
        """Whether a parameter has other values than when it had its last gradient."""
        last = self.at[k]
        return last is not None and not torch.equal(last, self.parameters[k].detach())

    def _dropped(self, k: int) -> bool:
        """Whether a parameter's gradient was set to zero, and not used: an update by hand changes its values."""
        slope = self.parameters[k].grad
        return (slope is None or not bool(slope.any())) and not self._changed(k)

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
                    self.altered |= k not in self.stepped and not _scaled_or_clipped(self.left[k], p.grad)
                    waiting = None if self._dropped(k) else _with_sign_of(self.waiting[k], p.grad)
                    self.between |= {k} if self.used[k] is not None and waiting is not None else set()
                    self.used[k], self.waiting[k] = _sum(self.used[k], waiting), None

    def after(self, *_: Any) -> None:
        """After an optimizer has stepped."""
        self.calls_of_step = None

    @property
    def moved(self) -> frozenset[int]:
        """The parameters that had two gradients with a step between, so that their sum is the gradient at no point.

        The second may wait in vain, as the encoder's does where encoder and decoder are updated in turns.
        """
        pairs = enumerate(zip(self.used, self.waiting, strict=True))
        return frozenset(self.between | {k for k, (one, other) in pairs if one is not None and other is not None})

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
        waiting = [None if one is None or self._dropped(k) else one for k, one in enumerate(self.waiting)]
        return tuple(_sum(one, other) for one, other in zip(self.used, waiting, strict=True))


def _sum(one: Tensor | None, other: Tensor | None) -> Tensor | None:
    if one is None or other is None:
        return other if one is None else one
    return one + other


def _with_sign_of(slope: Tensor | None, given: Tensor | None) -> Tensor | None:
    """A gradient as it was back-propagated; its opposite where the optimizer is given that."""
    if slope is None or given is None or given.layout != torch.strided:
        return slope
    one, other = slope.double().flatten(), given.detach().double().flatten()
    opposite = float(one @ other) < -_OPPOSITE * float(one.norm() * other.norm())
    return -slope if opposite else slope


_OPPOSITE = 0.999
"""Of a cosine: noise that is added to a gradient, for privacy, turns it by chance, and never this far."""


def _scaled_or_clipped(one: Tensor | None, given: Tensor | None) -> bool:
    """Whether what an optimizer is given is a gradient times a number, or clipped at one; or one is not there."""
    if one is None or given is None or given.layout != torch.strided or given.is_complex():
        return True
    before, after = one.double().flatten(), given.detach().double().flatten()
    if not bool(before.any()) or not bool(after.any()):
        return not bool(before.any())  # of a gradient that is set to zero nothing is left
    norms = float(before.norm() * after.norm())
    bound = float(after.abs().max())
    clipped = before.clamp(-bound, bound)
    same = torch.allclose(after, clipped, rtol=1e-5, atol=1e-6 * bound)
    return same or abs(float(before @ after)) > _PARALLEL * norms


_PARALLEL = 1 - 1e-6
"""Of a cosine: a gradient in float32 that was multiplied by a number is as it was, to seven digits."""


def _added(before: Tensor | None, after: Tensor | None) -> Tensor | None:
    if after is None:
        return None
    dense = after.detach().to_dense() if after.layout != torch.strided else after.detach()
    return dense.clone() if before is None else dense - before
