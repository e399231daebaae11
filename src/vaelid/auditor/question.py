"""What is asked of a loss: what in it is data, noise, a posterior's or a decoder's; and its parts, by kind."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from vaelid.auditor.circuit import Fold
from vaelid.auditor.fit import Values
from vaelid.auditor.linear import Part, hypotheses_of
from vaelid.auditor.posterior import Posterior, axes_in, names_in
from vaelid.auditor.targets import Found
from vaelid.auditor.tensors import length_of
from vaelid.readings.terms.arrays import TermArray, index
from vaelid.readings.terms.syntax import INDEX, Term, free_variables
from vaelid.theory.kernel import Theorem
from vaelid.theory.statement import eq

__all__ = ["Group", "Question"]


@dataclass(frozen=True)
class Question:
    """A loss to be recognised.

    Attributes:
        term: the loss, a real term in lengths.
        posteriors: the posteriors whose divergences may be in it.
        noise: of each draw, the number of the posterior that it is for.
        outputs: the leaves that the decoder put out.
        data: the leaves of data, and constants.
        values: of all leaves.
        masks: the leaves of constants.
        rows: the axes of rows.
        moved: the axes that had several lengths.
        derived: leaves that were made from a posterior's own, or drawn and not for one: how, and where.
        drawn: of each leaf, the draws that it was made from.
        written: of each array that is written for a term, the leaves in that.
        parameters: the leaves of parameters.
        folds: what the elements of some leaves are, at given lengths.
    """

    term: TermArray
    posteriors: tuple[Posterior, ...]
    noise: Mapping[str, int]
    outputs: frozenset[str]
    data: frozenset[str]
    values: Values
    masks: frozenset[str] = frozenset()
    rows: frozenset[int] = frozenset()
    moved: frozenset[int] = frozenset()
    derived: Mapping[str, str] = field(default_factory=dict)
    drawn: Mapping[str, frozenset[str]] = field(default_factory=dict)
    written: Mapping[str, frozenset[str]] = field(default_factory=dict)
    parameters: frozenset[str] = frozenset()
    folds: Mapping[str, Fold] = field(default_factory=dict)

    @property
    def hypotheses(self) -> tuple[Term, ...]:
        """Every length is positive, and those that are fixed are what they are."""
        lengths = self.values.lengths
        occurring = {v.name for v in free_variables(self.term.term) if v.sort is INDEX}
        here = sorted(axis for axis in self.values.fixed if f"N{axis}" in occurring)
        fixed = [eq(length_of(axis), index(lengths[f"N{axis}"])) for axis in here]
        return (*hypotheses_of(self.term), *fixed)

    def noise_in(self, *terms: TermArray) -> frozenset[str]:
        """The draws from which the leaves of terms were made."""
        return frozenset().union(*(self.drawn.get(name, frozenset()) for term in terms for name in names_in(term)))

    def drawn_for(self, *terms: TermArray) -> frozenset[int]:
        """The posteriors that these draws are from."""
        return frozenset(self.noise[name] for name in self.noise_in(*terms) if name in self.noise)

    def as_recorded(self, names: Iterable[str]) -> frozenset[str]:
        """These arrays, and for each that is written for a term the leaves in that."""
        return frozenset().union(*(self.written.get(name, {name}) for name in names))

    def places(self, group: "Group") -> list[int]:
        """The axes whose indices a group's body speaks of: those it is summed over, and those of the result."""
        return list(dict.fromkeys([*group.axes, *axes_in(self.term.term)]))

    def kind(self, term: TermArray) -> str:
        """What a term speaks of."""
        kinds = self.kinds(term)
        if len(kinds) > 1:
            return "mixed"
        return kinds.pop() if kinds else "constant" if names_in(term) <= self.data else "parameter"

    def kinds(self, term: TermArray) -> set[str]:
        """The posteriors that a term speaks of, and whether of a decoder's output."""
        names = names_in(term)
        kinds = {f"divergence {self.noise[name]}" for name in names if name in self.noise}
        own: set[str] = set()
        for k, posterior in enumerate(self.posteriors):
            if here := names & posterior.leaves:
                kinds.add(f"divergence {k}")
                own |= here
        if names & self.outputs - own:
            kinds.add("reconstruction")
        return kinds


@dataclass(frozen=True)
class Group:
    """The parts of a loss that are of one kind.

    Attributes:
        kind: ``reconstruction``, ``divergence 0``, ``divergence 1``, ..., ``constant``, ``parameter`` or ``mixed``; of
            further data or coordinates ``reconstruction 2``, ``divergence 0 2``, ...
        parts: as they stand.
        axes: that they sum over.
        body: what is under the sums.
        found: what it was recognised as; None where it was not.
        weight: of the sum of that over the axes.
        total: that sum.
        theorem: that the parts are weight * total, and a rest.
        failure: why there is no theorem.
    """

    kind: str
    parts: tuple[Part, ...]
    axes: tuple[int, ...]
    body: TermArray
    found: Found | None = None
    weight: TermArray | None = None
    total: TermArray | None = None
    rest: TermArray | None = None
    theorem: Theorem | None = None
    failure: str = ""
