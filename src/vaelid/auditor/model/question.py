"""What is asked of a loss: which of its arrays are data, noise, a posterior's or a decoder's.

A formula and the posteriors found in it come in; a complete `Question` goes out. Example: in ``(x - x_hat)^2 + mu^2``
``x`` is data, ``x_hat`` an output of the decoder, since it was made from a draw, and ``mu`` is the posterior's.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch

from vaelid.auditor.formula.arithmetic import replaced
from vaelid.auditor.formula.axes_of_terms import (
    axes_in,
    element_of,
    elements_of,
    hypotheses_of,
    index_names,
    length_axes_in,
    length_name,
    length_of,
    names_in,
)
from vaelid.auditor.formula.circuit import Fold
from vaelid.auditor.formula.in_tensors import values_of
from vaelid.auditor.formula.kinds import CONSTANT, MIXED, PARAMETER, Divergence, Kind, Reconstruction
from vaelid.auditor.formula.patterns import matched, number_written
from vaelid.auditor.formula.upstream import upstream
from vaelid.auditor.lifting.folds import folds
from vaelid.auditor.lifting.two_runs import Formula
from vaelid.auditor.model.assigned import Assigned
from vaelid.auditor.model.masks import made_of, masks_of
from vaelid.auditor.model.posterior import Posterior, ancestors
from vaelid.auditor.model.probe import Probe
from vaelid.readings.terms.arrays import TermArray, index
from vaelid.readings.terms.syntax import Operator, Term, subterms
from vaelid.theory.statement import eq

__all__ = ["Question", "Rewrite", "question_of", "rewritten"]


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
        made_of_data: of the data, the arrays that functions without a formula made of others, as `x < 0.5` is.
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
    made_of_data: frozenset[str] = frozenset()

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


def question_of(
    run: Formula,
    posteriors: Sequence[Posterior],
    fixed: frozenset[int],
    assigned: Assigned | None,
    rows: frozenset[int],
    moved: frozenset[int],
) -> Question:
    """What is asked of a formula.

    Args:
        run: the formula.
        posteriors: those that were found in it.
        fixed: axes whose length is one number.
        assigned: what the roles of the arguments say, where there are roles.
        rows: the axes of rows.
        moved: the axes that had several lengths in the runs.
    """
    leaves = run.reading.leaves
    data = _data(run, assigned)
    posteriors = _named_by_scale([_of_either_sign(run, posterior) for posterior in posteriors])
    own = frozenset().union(*(p.leaves for p in posteriors))
    unread = _unread(run, data | own)
    noise = _noise(run, posteriors)
    outputs = _outputs(run, posteriors, data | own) if assigned is None else assigned.outputs
    free = {n for n, leaf in leaves.items() if leaf.kind in ("made", "noise", "parameter")} - data
    # truth values stay what they are: there is none between them
    vary = [n for n in leaves if n in free | outputs | own and leaves[n].tensor.dtype != torch.bool]
    question = Question(
        run.term,
        posteriors,
        noise,
        outputs,
        data,
        Probe.near(run.arrays(), run.lengths, vary, fixed),
        masks=masks_of(run.term, data, leaves) | {n for n, leaf in leaves.items() if leaf.kind == "constant"},
        rows=rows,
        moved=moved,
        derived=_derived(run, own, noise),
        drawn={name: leaf.noise for name, leaf in leaves.items()},
        written={},
        rewrites={},
        parameters=frozenset(n for n, leaf in leaves.items() if leaf.kind == "parameter"),
        folds=folds(run.reading, names_in(run.term)),
        unread=unread,
        unread_of_data=_of_data(run, unread, data),
        made_of_data=frozenset(n for n in data if n in leaves and leaves[n].kind == "made"),
    )
    for posterior in posteriors:
        if posterior.positive is not None:
            name = next(iter(names_in(posterior.log_variance)))
            if name not in question.rewrites:
                question = rewritten(question, Rewrite(posterior.positive, "exp"), name)
    for k, posterior in enumerate(question.posteriors):
        if posterior.positive is None and _is_clamped(posterior.log_variance):
            question = _with_clamped(question, posterior.log_variance, f"v_{k}")
    return question


def _is_clamped(log_variance: TermArray) -> bool:
    return any(part.head == Operator("abs") for part in subterms(log_variance.term))


def _with_clamped(question: Question, log_variance: TermArray, name: str) -> Question:
    """The question with a new array for a clamped log-variance, if that is all that is left of what it is made of.

    The solvers find no proof for absolute values inside exponentials, and need none: the KL holds of any log-variance.
    """
    found = rewritten(question, Rewrite(log_variance, "itself"), name)
    left = [found.term, *(term for posterior in found.posteriors for term in posterior.terms)]
    for element in elements_of(log_variance):
        axes = axes_in(element)
        if any(matched(term.term, element, axes, name, "itself") is not term.term for term in left):
            return question
    return found


def _named_by_scale(posteriors: Sequence[Posterior]) -> tuple[Posterior, ...]:
    """The posteriors, where one array is written for a deviation that several of them have, as chunks of rows do."""
    names: dict[Term, str] = {}
    found = []
    for posterior in posteriors:
        if posterior.positive is not None:
            (own,) = names_in(posterior.log_variance)
            axes = axes_in(posterior.positive.term)
            by = {element_of(own, axes).term: element_of(names.setdefault(posterior.positive.term, own), axes).term}
            posterior = posterior.with_moments(posterior.mean, TermArray((), replaced(posterior.log_variance.term, by)))
        found.append(posterior)
    return tuple(found)


def _data(run: Formula, assigned: Assigned | None) -> frozenset[str]:
    """The arrays that are data or constants, or made from these alone."""
    leaves = run.reading.leaves
    data = {n for n, leaf in leaves.items() if leaf.kind in ("argument", "constant")}
    if assigned is not None:
        known = assigned.data
        data = {n for n in data if n in known or leaves[n].kind == "constant" or leaves[n].operation == "one-hot"}
    return made_of(leaves, data)


def _noise(run: Formula, posteriors: Sequence[Posterior]) -> dict[str, int]:
    """For each draw the number of its posterior. A single posterior has every normal draw in the loss.

    So a second draw, made for a Monte-Carlo estimate of the divergence, is the posterior's too.
    """
    noise = {name: k for k, p in enumerate(posteriors) for name in (*p.draws, *p.more_noise)}
    if len(posteriors) == 1:
        normal = {n for n, leaf in run.reading.leaves.items() if leaf.law == "normal"}
        noise |= dict.fromkeys(normal & names_in(run.term), 0)
    return noise


def _outputs(run: Formula, posteriors: Sequence[Posterior], others: frozenset[str]) -> frozenset[str]:
    """What was made from draws of the posteriors; without any, what networks made, other than `others`."""
    leaves = run.reading.leaves
    drawn = {name for p in posteriors for name in p.draws}
    outputs = {n for n, leaf in leaves.items() if leaf.kind == "made" and leaf.noise & drawn} if drawn else set()
    return frozenset(outputs or {n for n, leaf in leaves.items() if leaf.kind == "made"} - others)


def _derived(run: Formula, own: frozenset[str], noise: Mapping[str, int]) -> dict[str, str]:
    """What was made from a posterior's arrays, or drawn and is no sample's: its value is not independent of theirs."""
    found = {}
    for name, leaf in run.reading.leaves.items():
        stray = leaf.kind == "noise" and name not in noise
        if name not in own and (stray or (leaf.kind == "made" and ancestors(run.reading, leaf.inputs) & own)):
            found[name] = f"{leaf.operation or 'an operation'} ({leaf.source})"
    return found


def _unread(run: Formula, known: frozenset[str]) -> frozenset[str]:
    """What operations made of what was decoded, that are no layers: they have no parameters, or data go in beside it.

    For example, `nll.sort()` is a function of the data, though no term says so: nothing may be concluded from that the
    data stand nowhere else.
    """
    leaves = run.reading.leaves
    parameters = {n for n, leaf in leaves.items() if leaf.kind == "parameter"}
    made = (n for n, leaf in leaves.items() if leaf.kind == "made" and leaf.noise and n not in known)
    return frozenset(n for n in made if not leaves[n].inputs & parameters or leaves[n].inputs & known & {*_given(run)})


def _of_data(run: Formula, unread: frozenset[str], data: frozenset[str]) -> frozenset[str]:
    """Those of the unread arrays into which data go, and not by a layer: not `probs < 0.5`, but `nll.sort()`."""
    leaves = run.reading.leaves

    def made_from(name: str) -> Iterable[str]:
        return leaves[name].inputs if name in unread else ()

    return frozenset(name for name in unread if data & {*upstream([name], made_from)})


def _given(run: Formula) -> Iterable[str]:
    return (n for n, leaf in run.reading.leaves.items() if leaf.kind == "argument")


def _of_either_sign(run: Formula, posterior: Posterior) -> Posterior:
    """The posterior; by the square of its deviation, if that is not positive everywhere in the run."""
    if posterior.positive is None:
        return posterior
    axes = axes_in(posterior.positive.term)
    values = values_of(posterior.positive.term, run.arrays(), run.lengths, index_names(axes))
    if bool((values > 0).all()):
        return posterior
    return posterior.of_either_sign()
