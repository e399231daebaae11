"""The claims on divergences: from groups that were recognised, or were not, to verdicts."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import reduce
from operator import add

import torch

from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.findings.report import Claim, Witness
from vaelid.auditor.findings.witnesses import no_slope_of_divergence, separated, wrong_sign
from vaelid.auditor.formula.arithmetic import replaced
from vaelid.auditor.formula.axes_of_terms import (
    at_lengths,
    axes_in,
    collapsed,
    element_of,
    elements_of,
    has_sums,
    names_in,
)
from vaelid.auditor.formula.in_balls import ball, in_ball
from vaelid.auditor.judgement.names import Monomial, Names, Shown
from vaelid.auditor.lifting.reading import Reading
from vaelid.auditor.model.posterior import Posterior
from vaelid.auditor.model.question import Question
from vaelid.auditor.model.shift import shifted
from vaelid.auditor.proofs.sums import added, value_of
from vaelid.auditor.recognition.fit import fitted
from vaelid.auditor.recognition.groups import Group, places_of
from vaelid.auditor.recognition.noise import over_noise
from vaelid.auditor.recognition.objective import Objective
from vaelid.auditor.recognition.priors import find_divergence
from vaelid.auditor.recognition.targets import Found
from vaelid.auditor.refutation.no_divergence import another_prior, no_divergence
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import INDEX, Operator, Term, free_variables, subterms
from vaelid.theory.library.definitions import coordinate_kl

__all__ = ["divergence_claim", "no_divergence_claim", "of_another_prior"]


def no_divergence_claim(reading: Reading) -> Claim:
    """The claim on a loss without a term of the posterior alone."""
    witness = no_slope_of_divergence("the loss, as torch has it, but for the likelihood")
    if (line := min(reading.halted, default=None)) is not None:
        reason = "no gradient goes back through a term of the posterior alone: it is detached."
        return Claim("divergence", "REFUTED", reason, witness=witness, bug="detached", source=line)
    reason = "no term of the loss depends on the posterior alone: there is no KL, or its weight is 0."
    return Claim("divergence", "REFUTED", reason, witness=witness, bug="kl-zero")


def of_another_prior(
    question: Question, group: Group, posterior: Posterior, declared: Declared, names: Names
) -> Witness | None:
    """A witness that a divergence is none to the declared prior; None where none is found."""
    mean, _ = over_noise(group.body, question)
    some = shifted(posterior, mean) or posterior
    if declared.prior_numbers is None or has_sums(mean):
        return None
    return another_prior(at_lengths(mean, question.values.lengths), some, declared.prior_numbers, Shown(some, names))


def divergence_claim(
    objective: Objective, group: Group, posterior: Posterior, names: Names, weight: Monomial | None
) -> Claim:
    """Is the group a multiple of the divergence of the sampler's own posterior?"""
    question = objective.question
    formula = names.text(group.body)
    if group.found is not None and group.theorem is not None and weight is not None:
        return _recognised(group, weight, formula, question.values.lengths)
    unproved = f"it looks like {group.found.target.name}, but {group.failure}." if group.found is not None else ""
    shown = Shown(posterior, names)
    mean, rest = over_noise(group.body, question)
    if not has_sums(mean):
        mean, rest = (at_lengths(mean, question.values.lengths), [at_lengths(r, question.values.lengths) for r in rest])
    if rest and not _is_sum(question, group, [mean, *rest]):
        reason = unproved or "it is not quadratic in the noise, as the estimate of a KL to a normal prior is."
        return Claim("divergence", "UNKNOWN", reason, formula)
    plain, own_posterior = _unwritten(mean, posterior)
    if has_sums(mean):  # at one row and one coordinate it has to be the KL too
        plain, own_posterior = _unwritten(value_of(group.parts), posterior, collapsed)
        shown = Shown(own_posterior, names)
        if names_in(plain) - own_posterior.leaves:
            reason = unproved or "the terms of the posterior are not a sum over coordinates."
            return Claim("divergence", "UNKNOWN", reason, formula)
        if said := _fixed_lengths(plain, question):
            reason = (
                unproved or f"its sizes are fixed, and its formula has {said} in it: at other sizes it says nothing."
            )
            return Claim("divergence", "UNKNOWN", reason, formula)
    own = set(elements_of(own_posterior.mean, own_posterior.log_variance))
    if set(elements_of(plain)) - own and any(p.head == Operator("log") for p in subterms(mean.term)):
        reason = (
            unproved or "it has other arrays than the posterior's in it: a mixture, or a prior that is not known here."
        )
        return Claim("divergence", "UNKNOWN", reason, formula)
    if derived := sorted(names_in(plain) & set(question.derived)):
        reason = f"it depends on the posterior through {question.derived[derived[0]]}, which is not looked into."
        return Claim("divergence", "UNKNOWN", unproved or reason, formula)
    if _at_several_places(plain):
        reason = unproved or "it speaks of one array at several rows or coordinates at once."
        return Claim("divergence", "UNKNOWN", reason, formula)
    refuted = no_divergence(plain, own_posterior, shown)
    if refuted is None:
        if (another := _of_another_deviation(question, group, posterior, mean, shown)) is not None:
            return replace(another, formula=formula)
        return Claim("divergence", "UNKNOWN", unproved or "no prior was found for which it is a divergence.", formula)
    bug, said = ("clamp", "") if unproved else ("kl-formula", "")
    if not unproved and not has_sums(mean):
        bug, said = _named(question, group, posterior, mean)
    point = ", ".join(f"{name} = {value}" for name, value in refuted.point.items())
    return Claim(
        "divergence",
        "REFUTED",
        f"no weight and constant make it the KL of what is sampled to a normal prior: at {point} it is "
        f"{refuted.computed}, and would have to be {refuted.expected}{said}.",
        formula,
        witness=refuted,
        bug=bug,
    )


def _of_another_deviation(
    question: Question, group: Group, posterior: Posterior, mean: TermArray, shown: Shown
) -> Claim | None:
    """The claim on a KL of the sampled mean and of a variance that is not the constant with which it is sampled."""
    if names_in(posterior.log_variance) or has_sums(mean):
        return None
    elements = elements_of(mean)
    for e in [TermArray((), e) for e in elements if e not in elements_of(posterior.mean)]:
        targets = [coordinate_kl(posterior.mean, log_variance) for log_variance in (e, 2 * e)]
        if all(fitted(question.values, mean, [target], places_of(question, group)) is None for target in targets):
            continue
        points = [{**dict.fromkeys(elements, Fraction(0)), e.term: Fraction(k)} for k in (0, 1)]
        here, there = (ball(mean, point) for point in points)
        if here is None or there is None or here.overlaps(there):
            continue
        reason = (
            f"it is the KL of a posterior whose deviation is made from {shown.names.text(e)}, and z is drawn with a "
            "constant one: what is sampled, and its KL, do not move with it."
        )
        at = {shown.names.text(element): str(value) for element, value in points[1].items()}
        meaning = "one coordinate; what it would have to be, as where the other deviation is at 0"
        witness = separated(at, there, here, meaning)
        return Claim("divergence", "REFUTED", reason, witness=witness, bug="kl-formula")
    return None


def _fixed_lengths(term: TermArray, question: Question) -> str | None:
    """A length in a term that is one number in the code: at another it is another formula."""
    lengths = question.values.lengths
    occurring = {v.name for v in free_variables(term.term) if v.sort is INDEX and v.name[0] == "N"}
    fixed = [n for n in sorted(occurring) if int(n[1:]) not in question.moved and lengths[n] > 1]
    return f"a length of {lengths[fixed[0]]}" if fixed else None


def _at_several_places(term: TermArray) -> bool:
    """Whether one axis of an array is at two places in the term: these are not free of each other where it is short."""
    places: dict[tuple[Term, int], set[tuple[int, ...]]] = {}
    for element in elements_of(term):
        for k, index in enumerate(element.arguments[1:]):
            places.setdefault((element.arguments[0], k), set()).add(axes_in(index))
    return any(len(found - {()}) > 1 for found in places.values())


def _unwritten(
    term: TermArray, posterior: Posterior, of: Callable[[TermArray], TermArray] = lambda term: term
) -> tuple[TermArray, Posterior]:
    """What `of` makes of a term and posterior, with the logarithm of the deviation for the variable written for it."""
    by: dict[Term, Term] = {}
    if posterior.positive is not None:
        (name,) = names_in(posterior.log_variance)
        by = {of(element_of(name, axes_in(posterior.positive.term))).term: of(xp.log(posterior.positive)).term}
    mean, log_variance, whole = (
        TermArray((), replaced(of(part).term, by)) for part in (posterior.mean, posterior.log_variance, term)
    )
    return whole, replace(posterior, mean=mean, log_variance=log_variance)


def _is_sum(question: Question, group: Group, parts: list[TermArray]) -> bool:
    """Whether the body is the sum of these terms, at the recorded values."""
    axes = places_of(question, group)
    body = question.values.of(group.body, axes)
    total = reduce(add, (question.values.of(part, axes) for part in parts))
    return bool(torch.allclose(body, total, rtol=1e-9, atol=1e-9, equal_nan=True))


def _recognised(group: Group, weight: Monomial, formula: str, lengths: Mapping[str, int]) -> Claim:
    assert group.found is not None
    assert group.theorem is not None
    prior = group.found.target.name
    if weight.number <= 0:
        sign = "zero" if weight.number == 0 else "negative: it falls as the divergence grows"
        bug = "kl-zero" if weight.number == 0 else "sign"
        witness = no_slope_of_divergence("this term")
        if weight.number and (value := in_ball(group.found.fit.weights[0], lengths)) is not None:
            witness = wrong_sign(value, "the KL")
        return Claim(
            "divergence",
            "REFUTED",
            f"the weight of the KL is {sign}.",
            formula,
            str(weight),
            (group.theorem,),
            witness,
            bug,
        )
    return Claim(
        "divergence",
        "PROVED",
        f"it is {weight} times KL(N(mu, sigma^2) || {prior}) in nats, with the sampler's own mu and sigma.",
        formula,
        str(weight),
        (group.theorem,),
    )


_OTHER_POSTERIORS: tuple[tuple[str, str, Callable[[Posterior], Posterior]], ...] = (
    ("std-variance", "it is the KL of a posterior whose variance is sigma, or sigma to the fourth", lambda p: p),
)


def _named(question: Question, group: Group, posterior: Posterior, body: TermArray) -> tuple[str, str]:
    """The bug's name, and a word on it, where the body is the KL of another posterior, or another known formula."""
    axes = places_of(question, group)
    own = posterior.leaves
    lv = posterior.log_variance
    halves = [
        (
            "std-variance",
            "; it is the KL if the variance is what is sampled with as deviation",
            replace(posterior, log_variance=lv / 2),
        ),
        (
            "std-variance",
            "; it is the KL if the deviation is what is sampled with as variance",
            replace(posterior, log_variance=2 * lv),
        ),
    ]
    for bug, said, other in halves:
        found = find_divergence(body, axes, other, question.values, own)
        if isinstance(found, Found):
            return bug, said
    plain = reduce(add, [part for part in added(lv.term) if names_in(part)], as_term(0))  # without a noise's own scale
    if (fit := fitted(question.values, body, [posterior.mean**2, xp.exp(lv), plain], axes)) is not None:
        square, variance, logarithm = (question.values.number(w) for w in fit.weights)
        if square > 0 and variance > 0 and logarithm < 0:
            ratio = -logarithm / variance
            if abs(square + logarithm) < 1e-9 * square and abs(ratio - 1) > 1e-9:
                return (
                    "scaled-noise",
                    f"; it is the KL of a deviation {ratio**-0.5:.6g} times the one that is sampled with",
                )
        return "kl-formula", ""
    reverse = (xp.exp(-lv) * (1 + posterior.mean**2) + lv) / 2
    if fitted(question.values, body, [reverse], axes) is not None:
        return "kl-reversed", "; it is KL(N(0, I) || q), the other way round"
    if any(part.head == Operator("abs") for part in subterms(body.term)) or any(
        part.head == Operator("abs") for part in subterms(lv.term)
    ):
        return "clamp", "; a clamp or maximum changes it there"
    if not elements_of(body):
        return "kl-formula", ""
    return "kl-formula", ""
