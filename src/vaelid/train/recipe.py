"""`Recipe`: all that training does, apart from model and data, as one value that `config.json` holds."""

import math
from dataclasses import dataclass
from typing import Literal

from vaelid.spec.digits import shortest
from vaelid.spec.errors import InputError

__all__ = ["Recipe"]


@dataclass(frozen=True)
class Recipe:
    """How to train. The arguments are those of `vaelid.fit`, which explains them."""

    epochs: int = 100
    batch_size: int = 128
    learning_rate: float = 1e-3
    schedule: Literal["constant", "cosine"] = "constant"
    optimizer: Literal["adam", "adamw"] = "adam"
    weight_decay: float = 0.0
    beta: float = 1.0
    kl_warmup: int = 0
    clip: float | None = None
    patience: int | None = None
    validation: float = 0.1
    test: float = 0.0
    expectation: Literal["sampled", "exact"] = "sampled"
    seed: int = 0

    def __post_init__(self) -> None:
        _whole(1, epochs=self.epochs, batch_size=self.batch_size)
        _whole(0, seed=self.seed, kl_warmup=self.kl_warmup)
        if self.patience is not None:
            _whole(1, patience=self.patience)
        _positive(learning_rate=self.learning_rate)
        if self.clip is not None:
            _positive(clip=self.clip)
        _not_negative(beta=self.beta, weight_decay=self.weight_decay)
        _one_of("schedule", self.schedule, ("constant", "cosine"))
        _one_of("optimizer", self.optimizer, ("adam", "adamw"))
        _one_of("expectation", self.expectation, ("sampled", "exact"))
        _numbers(validation=self.validation, test=self.test)
        if not (self.validation >= 0 and self.test >= 0 and self.validation + self.test < 1):
            raise InputError(
                f"validation={shortest(self.validation)} and test={shortest(self.test)} are shares of the data: "
                "each at least 0, together less than 1."
            )
        if self.weight_decay and self.optimizer == "adam":
            raise InputError('weight_decay needs optimizer="adamw", whose decay is decoupled from the gradient.')
        if self.patience is not None and not self.validation:
            raise InputError("patience needs validation rows: give validation=0.1, for instance.")

    def learning_rate_at(self, progress: float) -> float:
        """The learning rate when a share p of all steps is done: constant, or lr (1 + cos(pi p)) / 2."""
        if self.schedule == "constant":
            return self.learning_rate
        return self.learning_rate * (1 + math.cos(math.pi * progress)) / 2

    def beta_at(self, epoch: float) -> float:
        """The KL's weight after `epoch` epochs, or a fraction: linear from 0 over `kl_warmup`, then beta."""
        return self.beta * min(1.0, epoch / self.kl_warmup) if self.kl_warmup else self.beta


def _whole(least: int, **numbers: int) -> None:
    for name, value in numbers.items():
        if not (_is_number(value) and isinstance(value, int) and value >= least):
            raise InputError(f"{name}={value!r} must be a whole number of at least {least}.")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _numbers(**numbers: float) -> None:
    for name, value in numbers.items():
        if not _is_number(value):
            raise InputError(f"{name}={value!r} must be a number.")


def _positive(**numbers: float) -> None:
    for name, value in numbers.items():
        if not (_is_number(value) and 0 < value < math.inf):
            raise InputError(f"{name}={value!r} must be a positive number.")


def _not_negative(**numbers: float) -> None:
    for name, value in numbers.items():
        if not (_is_number(value) and 0 <= value < math.inf):
            raise InputError(f"{name}={value!r} must be a number of at least 0.")


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise InputError(f"{name}={value!r} is not known: give one of {', '.join(known)}.")
