"""The state of training: one value, from which everything that follows is a pure function."""

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from vaelid.spec.adam import AdamMoments
from vaelid.train.threads import Span

__all__ = ["BestWeights", "TrainState"]

Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class BestWeights:
    """The weights of the epoch with the least validation objective so far, in nats."""

    epoch: int
    objective: float
    weights: Tensors


@dataclass(frozen=True)
class TrainState:
    """Where training stands after `step` steps.

    Schedule, KL warm-up, shuffling and noise are functions of (recipe, step), so the step stands for them.
    The log's position is the length of `history`.

    Attributes:
        weights: parameters and buffers, by name.
        moments: Adam's running means, by parameter name.
        step: optimiser steps taken.
        sums: totals over the rows seen in the present epoch, for its log record.
        history: one record for each finished epoch.
        kept: the best weights so far; None without validation rows, or before the first epoch's end.
        stopped: whether patience ran out.
        threads: how many threads computed, from which step on.
    """

    weights: Tensors
    moments: AdamMoments
    step: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    history: tuple[dict[str, Any], ...] = ()
    kept: BestWeights | None = None
    stopped: bool = False
    threads: tuple[Span, ...] = ()

    @property
    def result(self) -> Tensors:
        """The weights that training gives: those kept, else the last."""
        return self.kept.weights if self.kept else self.weights
