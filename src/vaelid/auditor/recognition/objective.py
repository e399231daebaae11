"""A loss as weights times negative log-likelihoods and divergences, and a constant: found, and proved."""

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import reduce
from operator import add

from vaelid.auditor.formula.arithmetic import is_number
from vaelid.auditor.formula.axes_of_terms import axes_in, element_of, elements_of, names_in, variable_of
from vaelid.auditor.formula.kinds import CONSTANT, PARAMETER, Divergence, Kind, Reconstruction
from vaelid.auditor.formula.patterns import matched
from vaelid.auditor.model.posterior import Posterior
from vaelid.auditor.model.question import Question, Rewrite, rewritten
from vaelid.auditor.model.shift import shifted
from vaelid.auditor.proofs.pointwise import pointwise
from vaelid.auditor.proofs.sums import NoProof, apart, axes_of, proved, summed, under_sums, value_of
from vaelid.auditor.recognition.groups import Group, by_elements, by_outputs, grouped, places_of
from vaelid.auditor.recognition.likelihoods import find_likelihood
from vaelid.auditor.recognition.noise import over_noise
from vaelid.auditor.recognition.priors import find_divergence, find_integrand
from vaelid.auditor.recognition.targets import Body, Found, Target, found_with
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.syntax import Term
from vaelid.theory.kernel import Theorem
from vaelid.theory.statement import eq, given

__all__ = ["Objective", "identify", "of_one_array", "prior_sees_sample"]


@dataclass(frozen=True)
class Objective:
    """What was recognised, and the theorem of the whole: the loss is the sum of weights times totals, and a rest."""

    question: Question
    groups: tuple[Group, ...]
    theorem: Theorem | None
    failure: str = ""

    def group(self, kind: Kind) -> Group | None:
        """The group of this kind."""
        return next((group for group in self.groups if group.kind == kind), None)

    @property
    def over_draws(self) -> bool:
        """Whether the groups that compare data are of the same data, each with what one latent was decoded to."""
        found = [group.found.target for group in self.reconstructions if group.found is not None]
        if len(found) < 2 or any(not target.parameters for target in found) or len(found) < len(self.reconstructions):
            return False
        data = {target.parameters[0].term for target in found}
        families = {(target.family, target.learned) for target in found}
        drawn = {self.question.drawn_for(*target.parameters[1:]) for target in found}
        return len(data) == len(families) == len(drawn) == 1 and frozenset() not in drawn

    @property
    def reconstructions(self) -> list[Group]:
        """The groups that compare data with what the decoder put out: one, or one for each kind of data."""
        return [group for group in self.groups if isinstance(group.kind, Reconstruction)]


def identify(question: Question) -> Objective:
    """Take the loss apart, recognise its groups, and prove each and the whole."""
    attempt = 0
    while True:
        hypotheses = question.hypotheses
        taken = apart(question.term, question.kind, hypotheses)
        recognised: list[Group] = []
        rewrite: Rewrite | None = None
        for group in grouped(question, taken.parts):
            for one, found in _recognised_or_split(question, group):
                if isinstance(found, Rewrite):
                    rewrite = found
                else:
                    recognised.append(replace(one, found=found))
        if rewrite is None or attempt == _REWRITES:
            return _proved(question, taken.theorem, recognised, hypotheses)
        question = rewritten(question, rewrite, f"s{attempt}")
        attempt += 1


_REWRITES = 8
"""How often a parameter is written otherwise: more is going in circles."""


def _recognised_or_split(question: Question, group: Group) -> list[tuple[Group, Found | Rewrite | None]]:
    """The group and what it is; or, if all are known, likelihoods of different data, KLs of different coordinates."""
    whole = _recognised(question, group)
    if whole is not None or not isinstance(group.kind, Divergence | Reconstruction):
        return [(group, whole)]
    for groups in (by_elements(group), by_outputs(question, group)):
        if len(groups) > 1 and None not in (found := [_recognised(question, one) for one in groups]):
            return list(zip(groups, found, strict=True))
    return [(group, None)]


def _recognised(question: Question, group: Group) -> Found | Rewrite | None:
    try:
        return _found(question, group)
    except ReadingError:
        return None


def _found(question: Question, group: Group) -> Found | Rewrite | None:
    axes = places_of(question, group)
    if isinstance(group.kind, Divergence):
        posterior = question.posteriors[group.kind.posterior]
        mean, *_ = over_noise(group.body, question)
        with suppress(ReadingError):
            if (
                found := find_divergence(mean, axes, posterior, question.values, posterior.leaves, question.masks)
            ) is not None:
                return _at_draw(question, group, axes, posterior, found)
        some = shifted(posterior, mean)
        return None if some is None else find_divergence(mean, axes, some, question.values, posterior.leaves)
    if isinstance(group.kind, Reconstruction):
        return find_likelihood(group.body, axes, question.values, question.data, question.masks, question.rows)
    return None


def _at_draw(
    question: Question, group: Group, axes: list[int], posterior: Posterior, found: Found | Rewrite
) -> Found | Rewrite:
    """What was found; at the draw, where the prior was made from it: then no mean over draws at a fixed prior counts.

    A closed form is left as it is found: see `prior_sees_sample`.
    """
    if isinstance(found, Rewrite) or not prior_sees_sample(question, posterior, found.target):
        return found
    if posterior.noise not in names_in(group.body):
        return found
    (eps,) = {e for e in elements_of(group.body) if e.arguments and variable_of(e, posterior.noise)}
    integrand = find_integrand(group.body, axes, posterior, found.target, TermArray((), eps), question.values)
    return found if integrand is None else integrand


def prior_sees_sample(question: Question, posterior: Posterior, target: Target) -> bool:
    """Whether a prior was made from the sample itself: as that of z1 by z2 where z2 is drawn from q(z2|z1).

    Then E log p(z1|z2) is no function of the prior at one draw and of q(z1): a closed form for the divergence takes z1
    and z2 for independent.
    """
    return target.learned and bool(question.noise_in(*target.parameters).intersection(posterior.draws))


def _proved(question: Question, taken: Theorem | None, groups: list[Group], hypotheses: tuple[Term, ...]) -> Objective:
    proofs: list[Group] = []
    for group in groups:
        if group.found is None:
            proofs.append(group)
            continue
        try:
            proofs.append(_proved_group(question, group, hypotheses))
        except NoProof as failure:
            proofs.append(replace(group, failure=str(failure)))
    if any(group.kind is not CONSTANT and group.theorem is None for group in proofs):
        return Objective(question, tuple(proofs), None)
    terms = []
    for group in proofs:
        if group.theorem is None:
            terms.append(value_of(group.parts))
            continue
        assert group.weight is not None
        assert group.total is not None
        terms.append(group.weight * group.total)
        terms += [group.rest] if group.rest is not None else []
    goal = given(*hypotheses, eq(question.term, reduce(add, terms)))
    premises = [theorem for theorem in (taken, *(group.theorem for group in proofs)) if theorem is not None]
    try:
        return Objective(question, tuple(proofs), proved(goal, premises))
    except NoProof as failure:
        return Objective(question, tuple(proofs), None, str(failure))


def of_one_array(question: Question, pattern: TermArray, name: str) -> Group | None:
    """What a loss is of a term, an array of this name written for it: weight * sum + constant; None where it is not.

    The theorem is on the array, so it holds for what the term is.
    """
    axes = axes_in(pattern.term)
    term = TermArray((), matched(question.term.term, pattern.term, axes, name, "itself"))
    values = question.values.with_leaf(name, question.values.whole(pattern, axes))
    written = replace(question, term=term, values=values)
    hypotheses = written.hypotheses
    try:
        taken = apart(term, lambda part: PARAMETER if name in names_in(part) else CONSTANT, hypotheses)
        own = [part for part in taken.parts if name in names_in(value_of([part]))]
        rest = [part for part in taken.parts if part not in own]
        if not own or any(names_in(value_of([part])) - question.data for part in rest):
            return None
        over = axes_of(own)
        body = under_sums(own, over)
        target = Target(name, element_of(name, axes), as_term(0))
        found = found_with(Body.of(body), target, list(over), values)
        if found is None:
            return None
        group = Group(PARAMETER, tuple(own), tuple(over), body, found)
        constant = [Group(CONSTANT, tuple(rest), (), value_of(rest))] if rest else []
        whole = _proved(written, taken.theorem, [group, *constant], hypotheses)
    except (NoProof, ReadingError):
        return None
    return None if whole.theorem is None else replace(whole.groups[0], theorem=whole.theorem)


def _proved_group(question: Question, group: Group, hypotheses: tuple[Term, ...]) -> Group:
    found = group.found
    assert found is not None
    noise: list[TermArray] = []
    if isinstance(group.kind, Divergence) and not found.target.at_draw:
        noise = over_noise(group.body, question)[1]

    def base(body: TermArray) -> tuple[list[tuple[TermArray, TermArray]], TermArray, Theorem]:
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
        weighted = [(weight, found.target.term)]
        weighted += [(as_term(1), part) for part in ([] if aside is None else [aside]) + noise]
        right = [w * t for w, t in weighted] + ([] if is_number(constant, 0) else [constant])
        return weighted, constant, pointwise(given(*hypotheses, eq(body, reduce(add, right))), body, found.target.term)

    weighted, constant, theorem = summed(list(group.parts), list(group.axes), base, hypotheses)
    (weight, total), *others = weighted
    rest = [target for _, target in others] + ([] if is_number(constant, 0) else [constant])
    return replace(group, weight=weight, total=total, rest=reduce(add, rest) if rest else None, theorem=theorem)
