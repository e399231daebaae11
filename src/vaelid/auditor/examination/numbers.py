"""The numbers of the account's arrays in one run of the code.

In: the account, and a recording of the same operations. Out: `Numbers`, which gives the values of each array and of
each term in them. For example, `numbers.of(posterior.mean, (0, 1))` is the 5 x 3 tensor of means of this run.
"""

from collections.abc import Iterable, Iterator, Mapping

from torch import Tensor

from vaelid.auditor.findings.account import Account, Site
from vaelid.auditor.formula.axes_of_terms import axes_in, index_names
from vaelid.auditor.formula.in_tensors import values_of
from vaelid.auditor.formula.patterns import number_written
from vaelid.auditor.recording.events import Recording
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray

__all__ = ["Numbers"]


class Numbers(Mapping[str, Tensor]):
    """The values of the account's arrays in a run, each looked up when it is first asked for."""

    def __init__(self, account: Account, recording: Recording) -> None:
        self._account, self._recording = account, recording
        self._events = recording.computing
        self._given = list(recording.given.values())
        self._known: dict[str, Tensor] = {}

    def __getitem__(self, name: str) -> Tensor:
        if name not in self._known:
            self._known[name] = self._found(name)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def _names(self) -> dict[str, object]:
        return {**self._account.sites, **self._account.composed, **self._account.written}

    def of(self, term: TermArray, axes: Iterable[int] | None = None) -> Tensor:
        """The values of a term at all places of these axes; of its own if None."""
        axes = axes_in(term.term) if axes is None else dict.fromkeys(axes)
        return values_of(term.term, self, self._account.lengths, index_names(axes))

    def where(self, name: str, values: Tensor) -> "Numbers":
        """The same run, with other values of one array."""
        found = Numbers(self._account, self._recording)
        found._known[name] = values
        return found

    def tensor(self, name: str) -> Tensor:
        """The tensor of the run that an array is, in the run's own shape. Raises `ReadingError` where there is none."""
        site = self._account.sites.get(name)
        if site is None:
            raise ReadingError(f"{name} is no tensor of the run")
        return self._at(site)

    def _at(self, site: Site) -> Tensor:
        if site.event is None:
            return self._given[site.position]
        event = self._events[site.event]
        try:
            return self._recording.made[event.number, event.outputs[site.position]]
        except KeyError:
            raise ReadingError("the loss is made from a gradient that was not kept") from None

    def _found(self, name: str) -> Tensor:
        if (written := self._account.written.get(name)) is not None:
            return number_written(written.how, self.of(written.term))
        if (composed := self._account.composed.get(name)) is not None:
            return composed.function([self._at(site) for site in composed.sites]).double().reshape(composed.shape)
        return self.tensor(name).double().reshape(self._account.sites[name].shape)
