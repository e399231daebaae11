"""Values of terms in floats, at a few points near a recording: what recognition looks at before anything is proved.

The recorded tensors of a loss come in; a `Probe` goes out that gives the values of any term in them. Example: for x of
shape (5, 7) and the term ``(x[i0, i1] - 1)^2`` it gives 35 numbers at each of four points. Each point is the recording
moved a little, so that no coincidence of the recording (a mean of exactly 0) is taken for a law.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from vaelid.auditor.formula.axes_of_terms import index_names
from vaelid.auditor.formula.in_tensors import OnDemand, values_of
from vaelid.readings.terms.arrays import TermArray

__all__ = ["Probe"]


_MOST_PLACES = 97
"""How many places of an array are looked at. A likelihood has up to five unknowns, so a hundred equations are plenty;
the number is prime, so that equal steps do not stay in one row or column."""
_SETS = 4
"""How many points there are: what is one number in a recording (a learned scale) needs several values to be fitted."""
_SPREAD = 0.3
"""How far a point is from the recording, relatively: enough to tell terms apart, too little to leave their domain."""


@dataclass(frozen=True)
class Probe:
    """Values of terms at a few points.

    Attributes:
        sets: for each point the values of each leaf, by its name.
        lengths: of each axis (``N3``) and of its index (``i3``).
        fixed: axes whose length is one number: nothing is said for other lengths.
    """

    sets: tuple[Mapping[str, Tensor], ...]
    lengths: Mapping[str, int]
    fixed: frozenset[int] = frozenset()

    @classmethod
    def near(
        cls,
        tensors: Mapping[str, Tensor],
        lengths: Mapping[str, int],
        moved: Iterable[str],
        fixed: frozenset[int] = frozenset(),
    ) -> "Probe":
        """Near the recorded values.

        The leaves in `moved` are multiplied by random factors; those between 0 and 1 stay there, since they may be
        probabilities, and zeros become small numbers. The others, data for instance, are as they were recorded.
        """
        moved = set(moved)
        seeds = {name: seed for seed, name in enumerate(tensors)}

        def value(name: str, k: int) -> Tensor:
            value = tensors[name].detach().double()
            if name not in moved:
                return value
            generator = torch.Generator().manual_seed(seeds[name] * _SETS + k)
            noise = torch.randn(value.shape, generator=generator, dtype=torch.float64)
            if bool(((value > 0) & (value < 1)).all()):
                return torch.sigmoid(torch.logit(value) + _SPREAD * noise)
            return torch.where(value == 0, 0.5 * noise, value * torch.exp(_SPREAD * noise))

        return cls(tuple(OnDemand(tensors, partial(value, k=k)) for k in range(_SETS)), lengths, fixed)

    def of(self, term: TermArray, axes: Iterable[int]) -> Tensor:
        """The values at some places of these axes, the same places for every term."""
        found = []
        for whole in self.whole(term, axes):
            flat = whole.flatten()
            step = max(1, flat.numel() // _MOST_PLACES)
            found.append(flat[::step][:_MOST_PLACES])
        return torch.cat(found)

    def whole(self, term: TermArray, axes: Iterable[int]) -> list[Tensor]:
        """For each point the values at all places of these axes, with one dimension for each axis."""
        names = index_names(dict.fromkeys(axes))
        return [values_of(term.term, arrays, self.lengths, names) for arrays in self.sets]

    def with_leaf(self, name: str, values: list[Tensor]) -> "Probe":
        """With one more leaf, which has these values at the points."""
        sets = tuple(
            OnDemand((*arrays, name), partial(_with, name, value, arrays))
            for arrays, value in zip(self.sets, values, strict=True)
        )
        return Probe(sets, self.lengths, self.fixed)

    def scaled(self, names: Iterable[str], factors: Iterable[float]) -> "Probe":
        """At the first point, with the leaves named multiplied by each of the factors: far from the recording."""
        names = set(names)
        first = self.sets[0]
        sets = tuple(OnDemand(first, partial(_scaled, names, factor, first)) for factor in factors)
        return Probe(sets, self.lengths, self.fixed)

    def at_fixed_lengths(self) -> "Probe":
        """With every length taken for one number."""
        axes = range(len(self.lengths) // 2)  # two names an axis
        return Probe(self.sets, self.lengths, frozenset(axes))

    def number(self, term: TermArray) -> float:
        """The value of a term without arrays, such as a weight ``2 / N0``."""
        return float(values_of(term.term, {}, self.lengths))


def _with(name: str, value: Tensor, arrays: Mapping[str, Tensor], asked: str) -> Tensor:
    return value if asked == name else arrays[asked]


def _scaled(names: set[str], factor: float, arrays: Mapping[str, Tensor], asked: str) -> Tensor:
    return arrays[asked] * factor if asked in names else arrays[asked]
