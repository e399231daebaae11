"""What is asked of a loss: what in it is data, noise, a posterior's or a decoder's."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import torch

from vaelid.auditor.formula.arithmetic import replaced
from vaelid.auditor.formula.axes_of_terms import axes_in, element_of, hypotheses_of, length_of, names_in
from vaelid.auditor.formula.circuit import Fold
from vaelid.auditor.formula.in_tensors import array_of
from vaelid.auditor.formula.kinds import CONSTANT, MIXED, PARAMETER, Divergence, Kind, Reconstruction
from vaelid.auditor.formula.patterns import matched
from vaelid.auditor.lifting.folds import folds
from vaelid.auditor.lifting.two_runs import Formula
from vaelid.auditor.model.given import Given
from vaelid.auditor.model.posterior import Posterior, ancestors
from vaelid.auditor.model.values import Values
from vaelid.readings.terms.arrays import TermArray, index
from vaelid.readings.terms.syntax import INDEX, Term, free_variables
from vaelid.theory.statement import eq

__all__ = ["Question", "Rewrite", "question_of", "rewritten"]


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

    def kind(self, term: TermArray) -> Kind:
        """What a term speaks of."""
        kinds = self.kinds(term)
        if len(kinds) > 1:
            return MIXED
        return kinds.pop() if kinds else CONSTANT if names_in(term) <= self.data else PARAMETER

    def kinds(self, term: TermArray) -> set[Divergence | Reconstruction]:
        """The posteriors that a term speaks of, and whether of a decoder's output."""
        names = names_in(term)
        kinds = set[Divergence | Reconstruction](Divergence(self.noise[name]) for name in names if name in self.noise)
        own: set[str] = set()
        for k, posterior in enumerate(self.posteriors):
            if here := names & posterior.leaves:
                kinds.add(Divergence(k))
                own |= here
        if names & self.outputs - own:
            kinds.add(Reconstruction())
        return kinds


@dataclass(frozen=True)
class Rewrite:
    """A term that is better written as a function of a new variable: `how` is ``exp`` or ``sigmoid``."""

    term: TermArray
    how: str


def rewritten(question: Question, rewrite: Rewrite, name: str) -> Question:
    """With e^s, or the sigmoid of s, for the term, wherever it stands."""
    axes = axes_in(rewrite.term.term)
    numbers = question.values.whole(rewrite.term, axes)
    written = [n.log() if rewrite.how == "exp" else torch.logit(n) for n in numbers]

    def change(term: TermArray) -> TermArray:
        return TermArray((), matched(term.term, rewrite.term.term, axes, name, rewrite.how))

    posteriors = tuple(
        replace(p, mean=change(p.mean), log_variance=change(p.log_variance)) for p in question.posteriors
    )
    names = names_in(rewrite.term)
    drawn = {**question.drawn, name: question.noise_in(rewrite.term)}
    folds = {n: replace(fold, term=change(TermArray((), fold.term)).term) for n, fold in question.folds.items()}
    return replace(
        question,
        drawn=drawn,
        written={**question.written, name: question.as_recorded(names)},
        folds=folds,
        term=change(question.term),
        posteriors=posteriors,
        outputs=question.outputs | ({name} if names & question.outputs else set()),
        values=question.values.with_leaf(name, written),
    )


def question_of(run: Formula, posteriors: list[Posterior], fixed: frozenset[int], given: Given | None) -> Question:
    """What is asked of a run: its loss, the posteriors, and which leaves are data and which outputs."""
    leaves = run.reading.leaves
    data = {n for n, leaf in leaves.items() if leaf.kind in ("argument", "constant")}
    if given is not None:
        data = {n for n in data if n in given.data or leaves[n].kind == "constant" or leaves[n].operation == "one-hot"}
    for name, leaf in leaves.items():
        if leaf.kind == "made" and leaf.inputs and leaf.inputs <= data:
            data.add(name)
    posteriors = [_of_either_sign(run, posterior) for posterior in posteriors]
    own = {n for p in posteriors for n in p.leaves}
    drawn = {name for p in posteriors for name in p.draws}
    noise = {name: k for k, p in enumerate(posteriors) for name in (*p.draws, *p.more_noise)}
    if len(posteriors) == 1:  # a second draw from the same posterior, for a Monte-Carlo divergence
        normal = {n for n, leaf in leaves.items() if leaf.law == "normal"}
        noise |= dict.fromkeys(normal & names_in(run.term), 0)
    outputs = {n for n, leaf in leaves.items() if leaf.kind == "made" and leaf.noise & drawn} if drawn else set()
    if not outputs:
        outputs = {n for n, leaf in leaves.items() if leaf.kind == "made"} - data - own
    if given is not None:
        outputs = set(given.outputs)
    free = {n for n, leaf in leaves.items() if leaf.kind in ("made", "noise", "parameter")} - data
    moved = [n for n in leaves if n in free | outputs | own]
    values = Values.near(run.arrays(), run.lengths, moved)
    values = replace(values, fixed=fixed)
    masks = frozenset(n for n, leaf in leaves.items() if leaf.kind == "constant" or (n in data and leaf.is_mask))
    question = Question(run.term, tuple(posteriors), noise, frozenset(outputs), frozenset(data), values, masks)
    drawn_from = {name: leaf.noise for name, leaf in leaves.items()}
    parameters = frozenset(n for n, leaf in leaves.items() if leaf.kind == "parameter")
    question = replace(question, derived=_derived(run, own, noise), drawn=drawn_from, parameters=parameters)
    question = replace(question, folds=folds(run.reading, names_in(run.term)))
    for posterior in posteriors:
        if posterior.positive is not None:
            name = next(iter(names_in(posterior.log_variance)))
            question = rewritten(question, Rewrite(posterior.positive, "exp"), name)
    return question


def _derived(run: Formula, own: set[str], noise: Mapping[str, int]) -> dict[str, str]:
    """What was made from a posterior's leaves, or drawn and not for one: its value is not free of theirs."""
    found = {}
    for name, leaf in run.reading.leaves.items():
        stray = leaf.kind == "noise" and name not in noise
        if name not in own and (stray or (leaf.kind == "made" and ancestors(run.reading, leaf.inputs) & own)):
            found[name] = f"{leaf.operation or 'an operation'} ({leaf.source})"
    return found


def _of_either_sign(run: Formula, posterior: Posterior) -> Posterior:
    """The posterior; by the square of its deviation, where that is not positive everywhere in the run."""
    if posterior.positive is None:
        return posterior
    axes = axes_in(posterior.positive.term)
    values = array_of(posterior.positive.term, run.arrays(), run.lengths, tuple(f"i{axis}" for axis in axes))
    if bool((values > 0).all()):
        return posterior
    (name,) = names_in(posterior.log_variance)
    s = element_of(name, axes)
    log_variance = TermArray((), replaced(posterior.log_variance.term, {(2 * s).term: s.term}))
    return replace(posterior, log_variance=log_variance, positive=posterior.positive**2)
