"""Training, validation and test rows: a seeded split that a run's `config.json` reproduces."""

from dataclasses import dataclass

from torch import Tensor

from vaelid.spec.errors import InputError
from vaelid.train.randomness import Stream, permutation
from vaelid.train.recipe import Recipe

__all__ = ["Split", "split_rows"]


@dataclass(frozen=True)
class Split:
    """Row numbers; `validation` and `test` may be empty."""

    training: Tensor
    validation: Tensor
    test: Tensor

    @property
    def held_out(self) -> tuple[str, Tensor]:
        """The rows to report on, and what they are: test rows, else validation rows, else training rows."""
        for name, rows in (("test", self.test), ("validation", self.validation)):
            if len(rows):
                return name, rows
        return "training", self.training


def split_rows(count: int, recipe: Recipe) -> Split:
    """A random split in the recipe's shares, each at least one row where its share is not zero."""
    order = permutation(count, recipe.seed, Stream.SPLIT)
    validation = max(1, round(count * recipe.validation)) if recipe.validation else 0
    test = max(1, round(count * recipe.test)) if recipe.test else 0
    training = count - validation - test
    if training < 1:
        raise InputError(
            f"{count} rows leave none to train on, after {validation} for validation and {test} for the "
            "test: lower the shares `validation` and `test`, or give more rows."
        )
    if recipe.batch_size > training:
        raise InputError(
            f"a batch of {recipe.batch_size} is larger than the {training} training rows (of {count}): give "
            f"a batch size of at most {training}."
        )
    return Split(order[:training], order[training : training + validation], order[training + validation :])
