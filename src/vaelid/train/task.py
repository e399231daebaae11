"""What a run trains, on what rows, by what recipe; and the model with other weights in place of its own."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import torch
from torch import Tensor

from vaelid.spec.errors import InputError
from vaelid.train.model import VAE
from vaelid.train.randomness import Stream, permutation
from vaelid.train.recipe import Recipe
from vaelid.train.rows import Rows
from vaelid.train.split import Split, split_rows

__all__ = ["Task", "holding"]


class Place(NamedTuple):
    """Where the model holds a tensor: `members[key]` of one of its modules, as `state_dict` names it.

    `first` is the name of the first place that holds the same tensor: another name where weights are tied.
    """

    members: dict[str, Any]
    key: str
    name: str
    first: str


@dataclass(frozen=True)
class Task:
    """What is trained, on what, how: fixed for the whole run."""

    model: VAE
    recipe: Recipe
    rows: Rows

    def __post_init__(self) -> None:
        if self.rows.shape != self.model.obs:
            raise InputError(
                f"the data's observations have shape {self.rows.shape}, the model's {self.model.obs}: "
                f"reshape the data to (rows, {', '.join(map(str, self.model.obs))}), or give obs={self.rows.shape}."
            )

    @cached_property
    def split(self) -> Split:
        """The training, validation and test rows."""
        return split_rows(len(self.rows), self.recipe)

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Where the model holds the tensors of its `state_dict`."""
        found, first, stored = [], {}, self.model.state_dict().keys()
        for path, module in self.model.named_modules(remove_duplicate=False):
            for members in (module._parameters, module._buffers):
                for key, tensor in members.items():
                    name = f"{path}.{key}" if path else key
                    if name in stored:
                        found.append(Place(members, key, name, first.setdefault(id(tensor), name)))
        return tuple(found)

    @cached_property
    def device(self) -> torch.device:
        """Where the model's weights are."""
        return next(self.model.parameters()).device

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch; the last may be short."""
        return math.ceil(len(self.split.training) / self.recipe.batch_size)

    @property
    def total_steps(self) -> int:
        """Steps of a run that is not stopped early."""
        return self.steps_per_epoch * self.recipe.epochs

    def batches_of(self, epoch: int) -> tuple[Tensor, ...]:
        """The row numbers of each batch of an epoch: a function of (seed, epoch)."""
        training = self.split.training
        order = training[permutation(len(training), self.recipe.seed, Stream.SHUFFLE, epoch)]
        return order.split(self.recipe.batch_size)


@contextmanager
def holding(task: Task, weights: dict[str, Tensor]) -> Iterator[VAE]:
    """The model with these weights in place of its own: `torch.func.functional_call`, at a tenth of its cost."""
    own = [place.members[place.key] for place in task.places]
    try:
        for place in task.places:
            place.members[place.key] = weights[place.first]
        yield task.model
    finally:
        for place, tensor in zip(task.places, own, strict=True):
            place.members[place.key] = tensor
