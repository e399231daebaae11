"""What was made from what in a run, and what of it by steps, of which slopes say nothing: a sign, a rounding, a draw.

In: the recording of a run, and where something begins. Out: the `Flow` from there. For example, `torch.sign(z) @ w`
hangs on z by steps, and `torch.tanh(z) @ w` by none.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from torch import Tensor

from vaelid.auditor.findings.account import Account, Site
from vaelid.auditor.formula.axes_of_terms import names_in
from vaelid.auditor.recording.events import Recording, Region
from vaelid.readings.terms.arrays import TermArray

__all__ = ["Flow", "flow", "recorded", "regions_of", "storages_of"]

_ROUNDED = ("sign", "sgn", "round", "floor", "ceil", "trunc", "fix", "heaviside", "floor_divide", "fmod", "remainder")
_DRAWN = ("bernoulli", "binomial", "poisson", "multinomial")
_STEPS = frozenset((*_ROUNDED, *_DRAWN))
"""Operations that move by steps and have a slope for autograd. Through any other step, as a comparison, it stops."""
_ASK_FOR_A_SHAPE = ("zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like", "new_")
"""Operations that take from a tensor no value."""


@dataclass(frozen=True)
class Flow:
    """The storages of what was made from something, and those of them that were made by steps."""

    made: frozenset[int]
    by_steps: frozenset[int]

    def reaches(self, regions: Iterable[Region]) -> bool:
        """Whether one of the regions was made from it."""
        return any(region.storage in self.made for region in regions)

    def reaches_by_steps(self, regions: Iterable[Region]) -> bool:
        """Whether one of them was, by way of a step."""
        return any(region.storage in self.by_steps for region in regions)


def flow(recording: Recording, sources: frozenset[int], held: frozenset[int] = frozenset()) -> Flow:
    """From some storages on, and not through those that are held.

    By storages: what shares one with something that was made by steps is taken for made by steps. A `detach` is a step
    where its output is read: autograd makes some of its own, whose outputs nothing reads.
    """
    hanging, stepped = set(sources), set[int]()
    for event in recording.events:
        read = {region.storage for region in event.regions}
        if not read & hanging or event.operation.startswith(_ASK_FOR_A_SHAPE):
            continue
        made = ({region.storage for region in event.made_regions} | event.written) - held
        stopped = any(event.is_stopped(region) for region in event.regions if region.storage in hanging)
        if event.operation in _STEPS or stopped or read & stepped or not all(x.real for x in event.made_regions):
            stepped |= made - sources
        hanging |= made
    return Flow(frozenset(hanging), frozenset(stepped))


def storages_of(recording: Recording, tensors: Iterable[Tensor]) -> frozenset[int]:
    """Those of tensors that a run made or was given."""
    own = {id(tensor) for tensor in tensors}
    made = {region.storage for (_, region), tensor in recording.made.items() if id(tensor) in own}
    return frozenset(made | {region.storage for region, tensor in recording.given.items() if id(tensor) in own})


def recorded(account: Account, *terms: TermArray) -> set[str]:
    """The names of the arrays in terms, and in the terms that arrays were written for."""
    found = {name for term in terms for name in names_in(term)}
    for name in [name for name in found if name in account.written]:
        found |= names_in(account.written[name].term)
    return found


def regions_of(account: Account, recording: Recording, *terms: TermArray) -> list[Region]:
    """Where the arrays of terms lie in a run, but those that no operation made."""
    events = recording.computing
    sites = (site for name in sorted(recorded(account, *terms)) for site in _sites(account, name))
    outputs = (events[site.event].outputs[site.position] for site in sites if site.event is not None)
    return [output for output in outputs if isinstance(output, Region)]


def _sites(account: Account, name: str) -> Iterator[Site]:
    if name in account.sites:
        yield account.sites[name]
    elif name in account.composed:
        yield from account.composed[name].sites
