"""A loss as weights times negative log-likelihoods and divergences, and a constant: recognised, then proved.

A question comes in; an `Objective` goes out. Example: for ``sum (x - x_hat)^2 + sum (mu^2 + exp(lv) - 1 - lv)`` the
groups are 2 * (Gaussian, variance 1) and 2 * KL(q || N(0, I)), and the theorem says that the loss is their sum.
It is longer than other files: what is recognised is proved, and what is not proved is recognised as something else.
"""

from contextlib import suppress
from dataclasses import dataclass
from functools import reduce
from operator import add

from vaelid.auditor.formula.arithmetic import is_number, replaced, simple
from vaelid.auditor.formula.axes_of_terms import axes_in, element_of, elements_of, names_in
from vaelid.auditor.formula.kinds import CONSTANT, MIXED, PARAMETER, Divergence, Kind, Reconstruction
from vaelid.auditor.model.kl import where_draws_are_known
from vaelid.auditor.model.question import Question, Rewrite, rewritten
from vaelid.auditor.model.shift import posterior_of_coordinates
from vaelid.auditor.proofs.decomposition import decomposed
from vaelid.auditor.proofs.obligations import NoProof, proved
from vaelid.auditor.proofs.pointwise import prove_as_written, prove_pointwise
from vaelid.auditor.proofs.summation import Weighed, summed
from vaelid.auditor.proofs.sums import Part, value_of
from vaelid.auditor.recognition.groups import (
    Gathered,
    Group,
    ProvedGroup,
    Recognised,
    UnprovedGroup,
    by_elements,
    by_outputs,
    gathered,
    gathered_of,
    places_of,
)
from vaelid.auditor.recognition.likelihoods import find_likelihood
from vaelid.auditor.recognition.noise import over_noise
from vaelid.auditor.recognition.own_likelihood import OWN, own_likelihood, with_name_of
from vaelid.auditor.recognition.priors import at_the_draw, find_divergence
from vaelid.auditor.recognition.quantities import Body, Found, Quantity, found_with
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.syntax import Term
from vaelid.theory.kernel import Theorem
from vaelid.theory.statement import eq, given

__all__ = ["Objective", "identify", "of_one_array"]


@dataclass(frozen=True)
class Objective:
    """What was recognised of a loss.

    Attributes:
        question: the loss, maybe rewritten, as the groups are of it.
        groups: its groups, each proved or not.
        theorem: that the loss is the sum of weights times totals, and rests; None if that is not proved.
        failure: why it is not, if the proof of the whole failed.
    """

    question: Question
    groups: tuple[Group, ...]
    theorem: Theorem | None
    failure: str = ""

    def group(self, kind: Kind) -> Group | None:
        """The group of this kind."""
        return next((group for group in self.groups if group.kind == kind), None)

    @property
    def is_not_decomposed(self) -> bool:
        """Whether the loss could not be taken apart: `failure` says why."""
        return len(self.groups) == 1 and self.groups[0].kind is MIXED and not self.groups[0].parts

    @property
    def proofs(self) -> int:
        """How many groups are proved."""
        return sum(group.theorem is not None for group in self.groups)

    @property
    def has_unnamed(self) -> bool:
        """Whether a reconstruction is a likelihood by its own formula alone."""
        return any(group.found is not None and group.found.target.family == OWN for group in self.reconstructions)

    @property
    def over_draws(self) -> bool:
        """Whether the reconstructions are of the same data, each with what one draw of a latent was decoded to."""
        found = [group.found.target for group in self.reconstructions if group.found is not None]
        if len(found) < 2 or any(not target.parameters for target in found) or len(found) < len(self.reconstructions):
            return False
        data = {target.parameters[0].term for target in found}
        families = {(target.family, target.learned) for target in found}
        drawn = {self.question.drawn_for(*target.parameters[1:]) for target in found}
        return len(data) == len(families) == len(drawn) == 1 and frozenset() not in drawn

    @property
    def reconstructions(self) -> list[Group]:
        """The groups that compare data with outputs of the decoder: one, or one for each kind of data."""
        return [group for group in self.groups if isinstance(group.kind, Reconstruction)]


_MOST_REWRITES = 8
"""How often a parameter is written in another form. A likelihood has three parameters at most, and a loss two or three
likelihoods and priors; more rewriting goes in circles."""


def identify(question: Question) -> Objective:
    """Decompose the loss, recognise its groups, and prove each and the whole.

    A loss that cannot be decomposed is one group of mixed kind, with the reason.
    """
    try:
        return _identified(question)
    except NoProof as failure:
        whole = UnprovedGroup(MIXED, (), (), question.term, found=None, failure=str(failure))
        return Objective(question, (whole,), None, str(failure))


def _identified(question: Question) -> Objective:
    found = _read(question, finer=False)
    of_several = (question.kind_of_one_draw(group.body) is MIXED for group in found.reconstructions)
    if any(group.found is None for group in found.reconstructions) and any(of_several):
        finer = _read(question, finer=True)
        return finer if all(group.found is not None for group in finer.reconstructions) else found
    return found


def _read(question: Question, *, finer: bool) -> Objective:
    """`finer`: a datum that is compared with several draws in one sum is split by draw.

    It takes as many proofs more as there are draws, so that it comes second.
    """
    attempt = 0
    while True:
        hypotheses = question.hypotheses
        kind = question.kind_of_one_draw if finer else question.kind
        decomposition = decomposed(question.term, kind, hypotheses)
        recognised: list[Recognised | Gathered] = []
        rewrite: Rewrite | None = None
        for group in gathered(question, decomposition.parts, of_draws=finer):
            for one, found in _recognised_or_split(question, group):
                if isinstance(found, Rewrite):
                    rewrite = found
                else:
                    recognised.append(one if found is None else _with_found(one, found))
        if rewrite is None or attempt == _MOST_REWRITES:
            return _proved(question, decomposition.theorem, recognised, hypotheses)
        question = rewritten(question, rewrite, f"s{attempt}")
        attempt += 1


def _with_found(group: Gathered, found: Found) -> Recognised:
    return Recognised(group.kind, group.parts, group.axes, group.body, found)


def _recognised_or_split(question: Question, group: Gathered) -> list[tuple[Gathered, Found | Rewrite | None]]:
    """The group and what it is; or smaller groups, if every one of these is recognised and the whole is not.

    Smaller ones are likelihoods of different data, or KLs of different coordinates.
    """
    whole = _recognised(question, group)
    if whole is not None or not isinstance(group.kind, Divergence | Reconstruction):
        return [(group, whole)]
    for groups in (by_elements(group), by_outputs(question, group)):
        if len(groups) > 1 and None not in (found := [_recognised(question, one) for one in groups]):
            return list(zip(groups, found, strict=True))
    return [(group, None)]


def _recognised(question: Question, group: Gathered) -> Found | Rewrite | None:
    try:
        return _found(question, group)
    except ReadingError:
        return None


def _found(question: Question, group: Gathered) -> Found | Rewrite | None:
    axes = places_of(question, group)
    if isinstance(group.kind, Divergence):
        posterior = where_draws_are_known(question.posteriors[group.kind.posterior], group.body)
        mean, *_ = over_noise(group.body, question)
        with suppress(ReadingError):
            own, masks = posterior.leaves, question.masks
            found = find_divergence(mean, axes, posterior, question.values, own, masks, written=group.body)
            if found is not None:
                return at_the_draw(question, group.body, axes, posterior, found)
        some = posterior_of_coordinates(posterior, mean)
        return None if some is None else find_divergence(mean, axes, some, question.values, posterior.leaves)
    if isinstance(group.kind, Reconstruction):
        found = find_likelihood(group.body, axes, question.values, question.data, question.masks, question.rows)
        return found or _unnamed_likelihood(question, group, axes)
    return None


def _unnamed_likelihood(question: Question, group: Gathered, axes: list[int]) -> Found | None:
    """A likelihood by its own formula; with a name, if it has one where arrays that are 0 throughout are left out.

    So torch's negative binomial asks whether x + r is 0, and is one where it never is.
    """
    own = own_likelihood(question, group, axes)
    zero = {e: as_term(0).term for e in elements_of(group.body) if _is_zero(question, TermArray((), e), axes)}
    if own is None or not zero:
        return own
    body = simple(TermArray((), replaced(group.body.term, zero)))
    named = find_likelihood(body, axes, question.values, question.data, question.masks, question.rows)
    return own if not isinstance(named, Found) else with_name_of(question, own, named, axes) or own


def _is_zero(question: Question, element: TermArray, axes: list[int]) -> bool:
    return not bool(question.values.of(element, axes).any())


def _proved(
    question: Question, taken: Theorem | None, groups: list[Recognised | Gathered], hypotheses: tuple[Term, ...]
) -> Objective:
    """Prove each group that was recognised, then the whole loss from them and from its decomposition."""
    proofs = tuple(_proved_or_not(question, group, hypotheses) for group in groups)
    terms: list[TermArray] = []
    for group in proofs:
        if isinstance(group, ProvedGroup):
            terms.append(group.weight * group.total)
            terms += [group.rest] if group.rest is not None else []
        elif group.kind is CONSTANT:
            terms.append(value_of(group.parts))
        else:
            return Objective(question, proofs, None)
    goal = given(*hypotheses, eq(question.term, reduce(add, terms or [as_term(0)])))
    premises = [theorem for theorem in (taken, *(group.theorem for group in proofs)) if theorem is not None]
    try:
        return Objective(question, proofs, proved(goal, premises))
    except NoProof as failure:
        return Objective(question, proofs, None, str(failure))


def _proved_or_not(question: Question, group: Recognised | Gathered, hypotheses: tuple[Term, ...]) -> Group:
    if not isinstance(group, Recognised):
        return UnprovedGroup(group.kind, group.parts, group.axes, group.body, found=None)
    try:
        return _proved_group(question, group, hypotheses)
    except NoProof as failure:
        if isinstance(group.kind, Reconstruction) and (own := _as_own_likelihood(question, group)) is not None:
            with suppress(NoProof):
                return _proved_group(question, own, hypotheses)
        return UnprovedGroup(group.kind, group.parts, group.axes, group.body, group.found, str(failure))


def _as_own_likelihood(question: Question, group: Recognised) -> Recognised | None:
    """A group that has the values of a likelihood with a name, and is not proved to be it, by its own formula.

    So torch's continuous Bernoulli is one, which has a series near 1/2.
    """
    if group.found.target.own_formula is not None:
        return None
    with suppress(ReadingError):
        axes = places_of(question, group)
        own = own_likelihood(question, group, axes)
        found = None if own is None else with_name_of(question, own, group.found, axes) or own
        return None if found is None else _with_found(group, found)
    return None


def of_one_array(question: Question, pattern: TermArray, name: str) -> ProvedGroup | None:
    """A loss as weight * sum of a term + constant, with an array of this name written for the term; None if it is not.

    The theorem is about any array, so it holds for the term.
    """
    axes = axes_in(pattern.term)
    written = question.with_array(name, pattern)
    hypotheses = written.hypotheses
    try:
        decomposition = decomposed(
            written.term, lambda part: PARAMETER if name in names_in(part) else CONSTANT, hypotheses
        )
        own = [part for part in decomposition.parts if name in names_in(value_of([part]))]
        rest = [part for part in decomposition.parts if part not in own]
        if not own or any(names_in(value_of([part])) - question.data for part in rest):
            return None
        group = gathered_of(PARAMETER, own)
        target = Quantity(name, element_of(name, axes), as_term(0))
        found = found_with(Body.of(group.body), target, list(group.axes), written.values)
        if found is None:
            return None
        constant = [Gathered(CONSTANT, tuple(rest), (), value_of(rest))] if rest else []
        whole = _proved(written, decomposition.theorem, [_with_found(group, found), *constant], hypotheses)
    except (NoProof, ReadingError):
        return None
    first = whole.groups[0]
    if whole.theorem is None or not isinstance(first, ProvedGroup):
        return None
    kept = (first.kind, first.parts, first.axes, first.body, first.found, first.weight, first.total, first.rest)
    return ProvedGroup(*kept, theorem=whole.theorem)


def _proved_group(question: Question, group: Recognised, hypotheses: tuple[Term, ...]) -> ProvedGroup:
    """The theorem of one group: of its summand, then of the sums around it. Raises `NoProof`."""
    found = group.found
    noise: list[TermArray] = []
    if isinstance(group.kind, Divergence) and not found.target.at_draw:
        noise = over_noise(group.body, question)[1]

    def base(body: TermArray) -> Weighed:
        (weight,) = found.fit.weights
        normaliser = found.target.normaliser
        constant, aside = found.fit.constant, found.aside
        if found.number is not None:
            constant = found.number if is_number(constant, 0) else constant + found.number
        shift = weight * normaliser
        if names_in(normaliser):
            aside = -shift if aside is None else aside - shift
        elif not is_number(normaliser, 0):
            constant = constant - shift
        weighted = [Part(weight, found.target.term)]
        weighted += [Part(as_term(1), part) for part in ([] if aside is None else [aside]) + noise]
        right = [part.coefficient * part.term for part in weighted] + ([] if is_number(constant, 0) else [constant])
        goal = given(*hypotheses, eq(body, reduce(add, right)))
        if found.target.own_formula is not None:
            with suppress(NoProof):
                return Weighed(tuple(weighted), constant, prove_as_written(goal))
        return Weighed(tuple(weighted), constant, prove_pointwise(goal, body, found.target.term))

    whole = summed(list(group.parts), list(group.axes), base, hypotheses)
    first, *others = whole.parts
    rest = [part.term for part in others] + ([] if is_number(whole.constant, 0) else [whole.constant])
    return ProvedGroup(
        group.kind,
        group.parts,
        group.axes,
        group.body,
        found,
        first.coefficient,
        first.term,
        reduce(add, rest) if rest else None,
        whole.theorem,
    )
