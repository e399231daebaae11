"""What is asked of a loss: which of its arrays are data, noise, a posterior's or a decoder's.

What `asking.py` found of a formula is in it; a term comes in, and what it depends on goes out. Example: in ``(x -
x_hat)^2 + mu^2`` ``x`` is data, ``x_hat`` an output of the decoder, since it was made from a draw, and ``mu`` is the
posterior's: the kind of ``mu^2`` is a divergence.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from vaelid.auditor.formula.axes_of_terms import (
    axes_in,
    hypotheses_of,
    length_axes_in,
    length_name,
    length_of,
    names_in,
)
from vaelid.auditor.formula.circuit import Fold
from vaelid.auditor.formula.kinds import CONSTANT, MIXED, PARAMETER, Divergence, Kind, Reconstruction
from vaelid.auditor.formula.patterns import matched, number_written
from vaelid.auditor.model.posterior import Posterior
from vaelid.auditor.model.probe import Probe
from vaelid.readings.terms.arrays import TermArray, index
from vaelid.readings.terms.syntax import Term
from vaelid.theory.statement import eq

__all__ = ["Question", "Rewrite", "rewritten"]


@dataclass(frozen=True)
class Question:
    """A loss to be recognised, and the part that each of its arrays has.

    Attributes:
        term: the loss, a real term in lengths.
        posteriors: the posteriors whose divergences may be in it.
        noise: for each draw the number of its posterior.
        outputs: the arrays that the decoder put out.
        data: the arrays of data, and constants.
        values: gives the values of terms near the recording.
        masks: the arrays of constants, and masks that came in the batch or were made from it.
        rows: the axes of rows.
        moved: the axes that had several lengths in the runs.
        derived: arrays that were made from a posterior's own, or drawn and no sample's: by which operation, and where.
        drawn: for each array the draws that it was made from.
        written: for each array that was written for a term, the arrays in that term.
        rewrites: for each array that was written for a term, that term.
        parameters: the arrays of parameters.
        folds: for arrays that are products or extrema of others, how they are computed.
        unread: arrays that functions without a formula made of what was decoded, and are no layer's.
        unread_of_data: of these, the arrays that were made of data, too.
        akin: arrays that are no posterior's, and were made from what a posterior's were made from: they move together.
        made_of_data: of the data, the arrays that functions without a formula made of others, as `x < 0.5` is.
        origins: for arrays of `derived`, the posteriors' arrays that each was made from; of others it is not known.
    """

    term: TermArray
    posteriors: tuple[Posterior, ...]
    noise: Mapping[str, int]
    outputs: frozenset[str]
    data: frozenset[str]
    values: Probe
    masks: frozenset[str]
    rows: frozenset[int]
    moved: frozenset[int]
    derived: Mapping[str, str]
    drawn: Mapping[str, frozenset[str]]
    written: Mapping[str, frozenset[str]]
    rewrites: "Mapping[str, Rewrite]"
    parameters: frozenset[str]
    folds: Mapping[str, Fold]
    unread: frozenset[str] = frozenset()
    unread_of_data: frozenset[str] = frozenset()
    akin: frozenset[str] = frozenset()
    made_of_data: frozenset[str] = frozenset()
    origins: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def hypotheses(self) -> tuple[Term, ...]:
        """Every length is positive, and those that are fixed are what they are: ``0 < N0``, ``N3 = 7``."""
        fixed = [axis for axis in length_axes_in(self.term.term) if axis in self.values.fixed]
        lengths = self.values.lengths
        return (*hypotheses_of(self.term), *(eq(length_of(a), index(lengths[length_name(a)])) for a in fixed))

    def about(self, term: TermArray) -> "Question":
        """The same question about another term in the same arrays."""
        return replace(self, term=term)

    def with_array(self, name: str, written_for: TermArray) -> "Question":
        """The same question, with a new array of this name written for a term wherever it occurs in the loss."""
        axes = axes_in(written_for.term)
        term = TermArray((), matched(self.term.term, written_for.term, axes, name, "itself"))
        return replace(self, term=term, values=self.values.with_leaf(name, self.values.whole(written_for, axes)))

    def noise_in(self, *terms: TermArray) -> frozenset[str]:
        """The draws from which the arrays in terms were made."""
        return frozenset().union(*(self.drawn.get(name, frozenset()) for term in terms for name in names_in(term)))

    def drawn_for(self, *terms: TermArray) -> frozenset[int]:
        """The posteriors that these draws are from, by number."""
        return frozenset(self.noise[name] for name in self.noise_in(*terms) if name in self.noise)

    def derived_from(self, posterior: Posterior, names: Iterable[str]) -> list[str]:
        """Those of these arrays that were made from this posterior's, or from what is not known."""
        own = self.as_recorded(posterior.leaves)
        return sorted(n for n in names if n in self.derived and self.origins.get(n, own) & own)

    def as_recorded(self, names: Iterable[str]) -> frozenset[str]:
        """These arrays as the recording has them: an array that was written for a term is that term's arrays."""
        return frozenset().union(*(self.written.get(name, {name}) for name in names))

    def kind(self, term: TermArray) -> Kind:
        """What a term depends on."""
        kinds = self.kinds(term)
        if len(kinds) > 1:
            return MIXED
        return kinds.pop() if kinds else CONSTANT if names_in(term) <= self.data else PARAMETER

    @cached_property
    def shared(self) -> frozenset[str]:
        """The arrays of several posteriors."""
        every = Counter(name for posterior in self.posteriors for name in posterior.leaves)
        return frozenset(name for name, count in every.items() if count > 1)

    @property
    def count_of_draws(self) -> int:
        """How many draws of a latent the code makes, each an array of its own."""
        return max([1, *(len(posterior.draws) for posterior in self.posteriors)])

    def kind_of_one_draw(self, term: TermArray) -> Kind:
        """The same; of outputs, one part for each draw that they were decoded from, and mixed where there are more."""
        kind = self.kind(term)
        if kind != Reconstruction():
            return kind
        drawn = {self.drawn.get(name, frozenset()) for name in names_in(term) & self.outputs} - {frozenset()}
        if len(drawn) != 1:
            return MIXED if drawn else kind
        return Reconstruction(1 + sorted(map(sorted, {*self.drawn.values()})).index(sorted(*drawn)))

    def kinds(self, term: TermArray) -> set[Divergence | Reconstruction]:
        """The posteriors that a term depends on, and whether it depends on a decoder's output.

        An array of several posteriors, as one scale for all chunks of a batch, says of none that it is this one's.
        """
        names = names_in(term)
        kinds = set[Divergence | Reconstruction](Divergence(self.noise[name]) for name in names if name in self.noise)
        own: set[str] = set()
        for k, posterior in enumerate(self.posteriors):
            if here := names & posterior.leaves:
                kinds |= {Divergence(k)} if here - self.shared else set()
                own |= here
        if names & self.outputs - own:
            kinds.add(Reconstruction())
        return kinds


@dataclass(frozen=True)
class Rewrite:
    """A term that is better written as a function of a new variable: `how` is ``exp``, ``sigmoid`` or ``itself``."""

    term: TermArray
    how: str


def rewritten(question: Question, rewrite: Rewrite, name: str) -> Question:
    """The question with e^s or sigmoid(s) for a term, wherever it occurs; s is the array of this name."""
    axes = axes_in(rewrite.term.term)
    numbers = question.values.whole(rewrite.term, axes)
    written = [number_written(rewrite.how, n) for n in numbers]

    def change(term: TermArray) -> TermArray:
        return TermArray((), matched(term.term, rewrite.term.term, axes, name, rewrite.how))

    posteriors = tuple(p.written(change) for p in question.posteriors)
    names = names_in(rewrite.term)
    return replace(
        question,
        drawn={**question.drawn, name: question.noise_in(rewrite.term)},
        written={**question.written, name: question.as_recorded(names)},
        rewrites={**question.rewrites, name: rewrite},
        folds={n: fold.of(change(TermArray((), fold.term)).term) for n, fold in question.folds.items()},
        term=change(question.term),
        posteriors=posteriors,
        outputs=question.outputs | ({name} if names & question.outputs else set()),
        values=question.values.with_leaf(name, written),
    )
