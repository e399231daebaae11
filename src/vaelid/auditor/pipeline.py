"""The spine of an audit: record, lift, model, recognise, judge; and what is tried if the loss is not proved as it is.

A function and calls of it come in; a `Report` or a `Claim` goes out. Each stage gets what the one before it made,
whole, and has ended before the next begins. Example, for a training step: `Asked` -> `Formula` (recorded and lifted) ->
`LossModel` -> `Objective` -> `Assessed` -> `Report`.
It is longer than other files, so that all that an audit does in turn stands in one place.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from vaelid.auditor.examination.examine import CHECKS, examine
from vaelid.auditor.examination.given import GivenLaw
from vaelid.auditor.examination.given_functions import examine_given_kl, examine_given_loss, examine_given_sampler
from vaelid.auditor.findings.audited import Audited
from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.findings.opinion import Opinion
from vaelid.auditor.findings.report import Claim, Report
from vaelid.auditor.formula.errors import UNREAD, Unread
from vaelid.auditor.judgement.account import account_of
from vaelid.auditor.judgement.assessed import Assessed
from vaelid.auditor.judgement.assessment import assessed_of
from vaelid.auditor.judgement.given_sampler import given_sampler_claim
from vaelid.auditor.judgement.kl import KLSubject, kl_claim, unknown_kl, with_usual_mistake
from vaelid.auditor.judgement.premises import premises_of
from vaelid.auditor.judgement.two_roads import after_examination, claim_after_examination
from vaelid.auditor.judgement.verdict import unread, verdict
from vaelid.auditor.lifting.two_runs import Formula, read_calls
from vaelid.auditor.model.arguments import KL_SHAPES, call_of_inputs, kl_call, random_calls, sampler_call
from vaelid.auditor.model.assigned import alike
from vaelid.auditor.model.loss_model import View
from vaelid.auditor.model.results import divergence_returned, sample_returned
from vaelid.auditor.model.roles import GaussianRoles, Role
from vaelid.auditor.recognition.weaker_readings import (
    ConstantSums,
    EqualShares,
    FixedLengths,
    InsideOfLatent,
    NoIdleClamps,
    NoStabilisers,
    SizeFactors,
    Weaker,
    recognise,
)
from vaelid.auditor.recording.calls import Call, calls_of_step, check_finite, scalar_loss, source_of
from vaelid.auditor.recording.fewer_rows import enough_rows
from vaelid.auditor.recording.state import ADVANCED
from vaelid.spec.errors import InputError, UserCodeError

__all__ = ["WEAKER", "Asked", "assess", "claim_on_kl", "claim_on_sampler", "report_on_loss", "report_on_step"]


@dataclass(frozen=True)
class Asked:
    """What is audited.

    Attributes:
        function: the user's function.
        calls: its calls; sizes that differ between the first two become lengths in the formula.
        returned: from what it returns to the tensor that is read.
        roles: the roles of its arguments; None for a training step, whose samples are looked for.
        alike: pairs of arguments with the same axes.
        gradients: whether its gradients count; those of an evaluation do not.
        again: whether the first call is made twice, to see which noise is drawn anew.
        assumed: what is taken for granted of its calls.
    """

    function: Callable[..., Any]
    calls: tuple[Call, ...]
    returned: Callable[[Any], Tensor] = scalar_loss
    roles: Mapping[str, Role] | None = None
    alike: tuple[tuple[str, str], ...] = ()
    gradients: bool = True
    again: bool = True
    assumed: tuple[str, ...] = ()

    def by_value(self) -> "Asked":
        """The same, where gradients do not count."""
        return replace(self, gradients=False)

    def formula(self, *, clamps_of: frozenset[str] | None = None) -> Formula:
        """Record and lift. `clamps_of`: the arrays whose clamps are kept if they did nothing; None: all are kept."""
        return read_calls(
            self.function,
            self.calls,
            self.returned,
            clamps_of=clamps_of,
            alike=self.alike,
            gradients=self.gradients,
            again=self.again,
            assumed=self.assumed,
        )


WEAKER: tuple[Weaker, ...] = (
    InsideOfLatent(),
    ConstantSums(),
    NoStabilisers(),
    SizeFactors(),
    NoIdleClamps(),
    FixedLengths(),
    EqualShares(),
)
"""In the order in which they are tried. What leaves out nothing is first. The next three change the term only; leaving
out clamps runs the user's code again, so it comes after them. Fixed lengths are last: a theorem for one size is the
least that can be said, and one for the recorded number of rows even less."""


def assess(asked: Asked) -> Assessed:
    """Record, lift, model and recognise; weaker readings in turn, of which the first that proves more is taken."""

    def lifted(kept: frozenset[str]) -> Formula:
        return asked.formula(clamps_of=kept)

    run = asked.formula()
    check_finite(run.recording)
    found = base = recognise(run, asked.roles)
    changed = False
    for weaker in WEAKER:
        if (weaker.leaves_out and changed) or (weaker.for_steps_only and asked.roles is not None):
            continue
        for other_run, view in weaker.apply(base, lifted) if weaker.is_needed(found.objective) else ():
            other = recognise(other_run, asked.roles, view)
            if not weaker.is_better(other.objective, found.objective):
                continue
            found = other
            if weaker.leaves_out:
                changed = True
            else:
                base = other
    return assessed_of(found.model, found.objective)


# What the doors ask for.


def report_on_step(
    step: Callable[[Any], Any],
    batch: Any,
    declared: Declared,
    audited: Audited,
    evaluation: Callable[[Any], Any] | None = None,
) -> Report:
    """The report on a training step, called with a batch and with fewer rows of it."""
    other = None if evaluation is None else _report_on_evaluation(evaluation, batch, declared)
    some, assumed = enough_rows(step, batch)
    report = _report_on_rows(step, some, declared, audited, other, assumed)
    if assumed and report.beta_moves:  # then it has a value at the user's number of rows only
        return _report_on_rows(step, batch, declared, audited, other)
    return report


def _report_on_rows(
    step: Callable[[Any], Any],
    batch: Any,
    declared: Declared,
    audited: Audited,
    evaluation: Report | None,
    assumed: tuple[str, ...] = (),
) -> Report:
    asked = Asked(step, calls_of_step(batch), assumed=assumed)

    def on(found: Assessed) -> Report:
        report = verdict(found, declared, audited=audited, evaluation=evaluation)
        return report if report.verdict == "OTHER" else _examined(report, found, step, batch, declared)

    found = assess(asked)
    report = on(found)
    by_formula = any(claim.verdict == "REFUTED" and claim.name != "examination" for claim in report.claims)
    if not by_formula or not found.run.recording.trains or found.run.recording.only_shown:
        return report
    # What autograd knows of the returned tensor is not what this step trains with: by its value alone it may be right.
    by_value = on(assess(asked.by_value()))
    return by_value if by_value.verdict == "PROVED" else report


def _examined(report: Report, found: Assessed, step: Callable[[Any], Any], batch: Any, declared: Declared) -> Report:
    """The report, after further runs of the step."""
    account = account_of(found, declared, report.beta_effective)
    if any(said.endswith(ADVANCED) for said in found.run.assumptions):
        opinion = Opinion(left=dict.fromkeys(CHECKS, "each run takes from an iterator what is then gone"))
    else:
        opinion = examine(step, batch, account)
    premises = premises_of(found, opinion, sampled=True)
    return after_examination(report, opinion, premises, declared, families=account.families)


def _report_on_evaluation(evaluation: Callable[[Any], Any], batch: Any, declared: Declared) -> Report:
    audited = Audited("evaluation")
    batch, assumed = enough_rows(evaluation, batch)
    try:
        asked = Asked(evaluation, calls_of_step(batch), gradients=False, assumed=assumed)
        return verdict(assess(asked), declared, audited=audited)
    except UNREAD as reason:
        return unread(audited, reason)


def report_on_loss(
    function: Callable[..., Any],
    roles: Mapping[str, Role],
    declared: Declared,
    audited: Audited,
    inputs: Callable[[], Any] | None = None,
) -> Report:
    """The report on a loss of tensors, called with the user's inputs, or with the first random ones that it takes."""
    number = 1.0 if declared.beta is None else float(declared.beta)
    tries = random_calls(roles, number) if inputs is None else [(call_of_inputs(roles, inputs),)]
    failure: UserCodeError | None = None
    for calls in tries:
        asked = Asked(function, calls, roles=roles, alike=alike(roles, calls[0]), again=False)
        try:
            return _report_on_loss(asked, declared, audited)
        except UserCodeError as error:
            failure = failure or error
        except InputError:
            if failure is None:
                raise
            continue  # these shapes were a guess: what the first ones raised is said
    raise failure or InputError(f"{audited.name} was called with no arguments.")


def _report_on_loss(asked: Asked, declared: Declared, audited: Audited) -> Report:
    found = assess(asked)
    report = verdict(found, declared, audited=audited, sampled=False)
    if report.verdict == "OTHER":
        return report
    account = account_of(found, declared, report.beta_effective)
    data = frozenset(name for name, role in (asked.roles or {}).items() if role.name == "x")
    opinion = examine_given_loss(asked.function, asked.calls[0], asked.returned, account, data)
    premises = premises_of(found, opinion, sampled=False)
    return after_examination(report, opinion, premises, declared, families=account.families, sampled=False)


_OF_KL = View(free_lengths=False)
"""A KL whose formula is no sum over coordinates stays UNKNOWN. With free lengths five of 302 mutants more are refuted,
rightly: a change of verdicts, to be made by itself."""


def claim_on_kl(function: Callable[..., Any], roles: GaussianRoles) -> Claim:
    """The claim on a function that is taken for a KL."""
    claim, clamps = _claim_by_formula(function, roles)
    call = kl_call(roles.of, KL_SHAPES[0])
    opinion = examine_given_kl(function, call, divergence_returned, _law(roles), clamps=clamps)
    return claim_after_examination(claim, opinion)


def _law(roles: GaussianRoles) -> GivenLaw:
    """The posterior that two arguments describe, in numbers."""
    role = roles.spread_role

    def deviation(value: Tensor) -> Tensor:
        return (role.log_variance(value.log() if role.positive else value) / 2).exp()

    return GivenLaw(roles.mean, roles.spread, deviation)


def _claim_by_formula(function: Callable[..., Any], roles: GaussianRoles) -> tuple[Claim, bool]:
    """The first road's claim, and whether it leaves out clamps."""
    claim, clamps = _claim_on_kl(KLSubject(function, roles))
    if claim.witness is None or claim.theorems:
        return claim, clamps
    meant = roles.meant_otherwise()
    try:
        otherwise, _ = _claim_on_kl(KLSubject(function, meant))
    except UserCodeError:
        return claim, clamps
    return with_usual_mistake(claim, otherwise, roles, meant.spread_role.words), clamps


def _claim_on_kl(subject: KLSubject) -> tuple[Claim, bool]:
    """The same, taking the roles of the arguments as they are; without idle clamps if it is PROVED only so."""
    roles = subject.roles.of
    calls = tuple(kl_call(roles, shape) for shape in KL_SHAPES)
    asked = Asked(
        subject.function,
        calls,
        divergence_returned,
        roles,
        alike=alike(roles, calls[0]),
        gradients=False,  # they are compared at a point instead
        again=False,
    )
    try:
        run = asked.formula()
        if run.notes:
            raise Unread(run.notes[0].partition(":")[0], None)
        found = recognise(run, roles, _OF_KL)
        claim = kl_claim(subject, found.model, found.objective)
        if claim.verdict == "PROVED" or not run.reading.clamps:
            return claim, False
        free = asked.formula(clamps_of=frozenset())
        if free.notes:
            return claim, False
        found = recognise(free, roles, _OF_KL)
        lines = tuple(dict.fromkeys(run.reading.clamps))
        without = kl_claim(KLSubject(subject.function, subject.roles, lines), found.model, found.objective)
    except UNREAD as reason:
        return unknown_kl(reason, getattr(reason, "source", None)), False
    return (without, True) if without.verdict == "PROVED" else (claim, False)


def claim_on_sampler(function: Callable[..., Any], roles: GaussianRoles) -> Claim:
    """The claim on a function that is taken for a sampler."""
    call = sampler_call(roles.of)
    asked = Asked(function, (call,), sample_returned, roles.of)
    claim = given_sampler_claim(asked.formula(), roles, source_of(function))
    return claim_after_examination(claim, examine_given_sampler(function, call, sample_returned, _law(roles)))
