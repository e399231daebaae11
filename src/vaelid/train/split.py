"""Training, validation and test rows: a seeded split that a run's `config.json` reproduces."""

from dataclasses import dataclass

from torch import Tensor

from vaelid.spec.errors import InputError
from vaelid.train.randomness import Stream, permutation
from vaelid.train.recipe import Recipe

__all__ = ["Split", "split_counts", "split_rows", "training_count"]


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


def _share(count: int, share: float) -> int:
    return max(1, round(count * share)) if share else 0


def training_count(count: int, validation: float, test: float) -> int:
    """How many of `count` rows are left to train on, when these shares are held out."""
    if not all(0 <= share < 1 for share in (validation, test)):
        raise InputError(f"validation={validation} and test={test} are shares of the data: each from 0 to less than 1.")
    held_out = _share(count, validation) + _share(count, test)
    if count <= held_out:
        raise InputError(
            f"{count} rows leave none to train on, after {held_out} for validation and test: lower these "
            "shares, or give more rows."
        )
    return count - held_out


def split_counts(count: int, recipe: Recipe) -> dict[str, int]:
    """How many of `count` rows each part gets."""
    training = training_count(count, recipe.validation, recipe.test)
    if recipe.batch_size > training:
        raise InputError(
            f"a batch of {recipe.batch_size} is larger than the {training} training rows (of {count}): give "
            f"a batch size of at most {training}."
        )
    validation = _share(count, recipe.validation)
    return {"training": training, "validation": validation, "test": count - training - validation}


def split_rows(count: int, recipe: Recipe) -> Split:
    """A random split in the recipe's shares, each at least one row where its share is not zero."""
    counts = split_counts(count, recipe)
    training, validation = counts["training"], counts["validation"]
    order = permutation(count, recipe.seed, Stream.SPLIT)
    return Split(order[:training], order[training : training + validation], order[training + validation :])
