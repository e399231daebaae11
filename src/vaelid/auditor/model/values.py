"""Values of terms at the points of a recording, moved a little so that none is special."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from vaelid.auditor.formula.in_tensors import OnDemand, array_of
from vaelid.readings.terms.arrays import TermArray

__all__ = ["Values"]


_POINTS = 97
_SETS = 4


@dataclass
class Values:
    """Values of terms at the points of a recording, moved a little so that none is special.

    Attributes:
        sets: the values of each leaf, several times, as what is one number in a recording should have several values.
        lengths: of each axis, and of its index.
        fixed: axes whose length is a number: the code holds for no other.
    """

    sets: tuple[Mapping[str, Tensor], ...]
    lengths: Mapping[str, int]
    fixed: frozenset[int] = frozenset()

    @classmethod
    def near(cls, tensors: Mapping[str, Tensor], lengths: Mapping[str, int], moved: Iterable[str]) -> "Values":
        """Near the recorded values, those named being moved: by a factor, or from zero; between 0 and 1 they stay."""
        moved = set(moved)
        seeds = {name: seed for seed, name in enumerate(tensors)}

        def value(name: str, k: int) -> Tensor:
            value = tensors[name].detach().double()
            if name not in moved:
                return value
            generator = torch.Generator().manual_seed(seeds[name] * _SETS + k)
            noise = torch.randn(value.shape, generator=generator, dtype=torch.float64)
            if bool(((value > 0) & (value < 1)).all()):
                return torch.sigmoid(torch.logit(value) + 0.3 * noise)
            return torch.where(value == 0, 0.5 * noise, value * torch.exp(0.3 * noise))

        return cls(tuple(OnDemand(tensors, partial(value, k=k)) for k in range(_SETS)), lengths)

    def of(self, term: TermArray, axes: Iterable[int]) -> Tensor:
        """The values at some places of these axes, the same places for every term."""
        found = []
        for whole in self.whole(term, axes):
            flat = whole.flatten()
            step = max(1, flat.numel() // _POINTS)
            found.append(flat[::step][:_POINTS])
        return torch.cat(found)

    def whole(self, term: TermArray, axes: Iterable[int]) -> list[Tensor]:
        """The values at all places of these axes, for each set."""
        names = tuple(dict.fromkeys(f"i{axis}" for axis in axes))
        return [array_of(term.term, arrays, self.lengths, names) for arrays in self.sets]

    def with_leaf(self, name: str, values: list[Tensor]) -> "Values":
        """With the values of one more leaf."""
        sets = tuple(
            OnDemand((*arrays, name), partial(_with, name, value, arrays))
            for arrays, value in zip(self.sets, values, strict=True)
        )
        return Values(sets, self.lengths, self.fixed)

    def scaled(self, names: Iterable[str], factors: Iterable[float]) -> "Values":
        """With the leaves named at these multiples of their first values: far from what was recorded."""
        names = set(names)
        first = self.sets[0]
        sets = tuple(OnDemand(first, partial(_scaled, names, factor, first)) for factor in factors)
        return Values(sets, self.lengths, self.fixed)

    def number(self, term: TermArray) -> float:
        """The value of a term without arrays."""
        return float(array_of(term.term, {}, self.lengths))


def _with(name: str, value: Tensor, arrays: Mapping[str, Tensor], asked: str) -> Tensor:
    return value if asked == name else arrays[asked]


def _scaled(names: set[str], factor: float, arrays: Mapping[str, Tensor], asked: str) -> Tensor:
    return arrays[asked] * factor if asked in names else arrays[asked]
