"""The claim on a function that is taken for the KL of a posterior to N(0, I).

What was recognised of the function's formula comes in; a `Claim` goes out. Example: for ``-0.5 * (1 + logvar - mu**2 -
logvar.exp()).sum(1).mean()`` it is PROVED with the weight 1 / B, and its gradient is compared at one point.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import torch

from vaelid.auditor.findings.report import Claim, Witness
from vaelid.auditor.findings.witnesses import separated, too_few
from vaelid.auditor.formula.axes_of_terms import elements_of
from vaelid.auditor.formula.in_balls import enclosure, in_ball
from vaelid.auditor.formula.kinds import CONSTANT, Divergence
from vaelid.auditor.judgement.divergence import judge_divergence
from vaelid.auditor.judgement.kl_gradient import gradient_claim
from vaelid.auditor.judgement.names import Monomial, Names
from vaelid.auditor.judgement.reasons.base import Told
from vaelid.auditor.judgement.wording import claim_of
from vaelid.auditor.model.arguments import KL_SHAPES, kl_call
from vaelid.auditor.model.loss_model import LossModel
from vaelid.auditor.model.roles import GaussianRoles
from vaelid.auditor.proofs.obligations import NoProof
from vaelid.auditor.recognition.groups import Group, ProvedGroup
from vaelid.auditor.recognition.objective import Objective
from vaelid.auditor.recording.calls import users_code
from vaelid.auditor.recording.state import unchanged

__all__ = ["KLSubject", "kl_claim", "unknown_kl", "with_usual_mistake"]


@dataclass(frozen=True)
class KLSubject:
    """A function that is audited, with the roles of its two arguments.

    Attributes:
        function: the user's.
        roles: of its arguments.
        idle_clamps: the lines of clamps that did nothing at the recorded values, and that the formula is without: that
            they do nothing at others is assumed.
    """

    function: Callable[..., Any]
    roles: GaussianRoles
    idle_clamps: tuple[str, ...] = ()


def unknown_kl(reason: object, source: str | None = None) -> Claim:
    """The claim UNKNOWN, for this reason."""
    return Claim("divergence", "UNKNOWN", f"{str(reason).rstrip('.')}.", source=source)


def kl_claim(subject: KLSubject, model: LossModel, objective: Objective) -> Claim:
    """Is the formula a positive multiple of the KL to N(0, I), plus a constant? Raises `NoProof` if it stays whole."""
    if objective.is_not_decomposed:
        raise NoProof(objective.failure)
    run, roles = model.run, subject.roles
    rows, latents = (run.reading.axes.now(dim) for dim in run.reading.leaves[roles.mean].dims)
    names = Names({"B": rows, "L": latents}, {})
    others = [group for group in objective.groups if group.kind not in (Divergence(0), CONSTANT)]
    if others:
        return unknown_kl(f"a term of it is not of mean and variance alone: {names.text(others[0].body)}")
    group = objective.group(Divergence(0))
    if group is None:
        witness = separated(_far_point(roles), 0, 2, "the KL in nats, of which it is no positive multiple")
        return Claim("divergence", "REFUTED", "it does not depend on the posterior.", witness=witness, bug="kl-zero")
    if isinstance(group, ProvedGroup):
        return _of_proved(subject, model, objective, group, names)
    return _of_unproved(roles, objective, group, names)


def _far_point(roles: GaussianRoles) -> dict[str, str]:
    """The point with mean 2 and variance 1, where the KL of a coordinate is 2 nats."""
    return {roles.mean: "2", roles.spread: "e^(0)" if roles.spread_role.positive else "0"}


def _of_unproved(roles: GaussianRoles, objective: Objective, group: Group, names: Names) -> Claim:
    """The claim on divergences, in the names of the function's arguments."""
    decision = judge_divergence(objective, group, objective.question.posteriors[0], names, None)
    found = decision.witness
    if found is None:
        return claim_of(decision)
    point = {roles.mean if name == "mu" else roles.spread: value for name, value in found.point.items()}
    shown = ", ".join(f"{name} = {value}" for name, value in point.items())
    reason = (
        f"no weight and constant make it the KL to a normal prior, {roles.spread} being the posterior's "
        f"{roles.spread_role.words}: at {shown} it is {found.computed}, and would have to be "
        f"{found.expected}."
    )
    witness = Witness(point, found.computed, found.expected, found.meaning)
    return claim_of(decision.but(decision.verdict, Told(reason), witness=witness, bug=decision.bug))


def _of_proved(subject: KLSubject, model: LossModel, objective: Objective, group: ProvedGroup, names: Names) -> Claim:
    """The claim on a multiple of the KL to some prior: to N(0, I), of all coordinates, positive, differentiable?"""
    prior = group.found.target.name
    if prior != "N(0, I)":
        return unknown_kl(f"it is not the KL to N(0, I), but looks like one to {prior}: audit_kl is of N(0, I) alone")
    run, roles = model.run, subject.roles
    arrays = {name: role.variable for name, role in roles.of.items()}
    theorem = names.theorem(objective.theorem or group.theorem, arrays)
    axes = run.reading.axes
    here = axes.length({*group.axes, *(a for dim in run.reading.result.dims for a in axes.now(dim))})
    whole = axes.length(a for dim in run.reading.leaves[roles.mean].dims for a in axes.now(dim))
    if here != whole:
        reason = f"it is the KL of {here} of the {whole} coordinates."
        witness = too_few(here, whole, "coordinates")
        return Claim("divergence", "REFUTED", reason, theorems=(theorem,), witness=witness, bug="kl-partial")
    weight = names.monomial(group.found.fit.weights[0], objective.question.values)
    if weight is None:
        return unknown_kl("its weight is no number times powers of lengths")
    if not all(_is_finite(subject, shape) for shape in KL_SHAPES):
        return unknown_kl("at some random numbers it is not finite, though the formula is the KL where it has a value")
    if weight.number <= 0:
        reason = f"for every B and L it is {weight} times the KL to N(0, I). That weight is {_sign(weight)}."
        witness = _of_sign(roles, objective, group)
        return Claim("divergence", "REFUTED", reason, theorems=(theorem,), witness=witness, bug="sign")
    read = dict.fromkeys(run.reading.decided)
    assumptions = (
        *(f"{line} clamps: the theorem is of what it leaves as it is" for line in subject.idle_clamps),
        *(f"{line} reads a value: the theorem is of the way taken" for line in read),
        *run.assumptions,
    )
    value = in_ball(group.found.fit.weights[0], objective.question.values.lengths)
    coarsest = run.recording.coarsest
    return gradient_claim(subject.function, roles, weight, value, theorem, assumptions, coarsest)


def _sign(weight: Monomial) -> str:
    return "zero: it does not depend on the posterior" if not weight.number else "negative: it falls as the KL grows"


def _of_sign(roles: GaussianRoles, objective: Objective, group: ProvedGroup) -> Witness:
    """A point at which the KL is 2 nats, and what the formula is there."""
    mean = objective.question.posteriors[0].mean.term
    values = {e: Fraction(2 if e is mean else 0) for e in elements_of(group.body)}
    computed = enclosure(group.body, values)
    meaning = "the KL in nats, of which it is no positive multiple"
    return separated(_far_point(roles), 0 if computed is None else computed, 2, meaning)


def _is_finite(subject: KLSubject, shape: tuple[int, int]) -> bool:
    with users_code(), unchanged([subject.function]):
        return bool(torch.isfinite(subject.function(*kl_call(subject.roles.of, shape).arguments)).all())


def with_usual_mistake(refuted: Claim, otherwise: Claim, roles: GaussianRoles, meant: str) -> Claim:
    """The refutation, with the commonest cause if it is that: a standard deviation taken for a variance.

    `otherwise`: the claim if the argument is what it is mostly mistaken for, in words `meant`.
    """
    if otherwise.verdict != "PROVED":
        return refuted
    return refuted.adding(f"It is the KL if {roles.spread} is the {meant}.")
