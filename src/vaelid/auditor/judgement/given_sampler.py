"""The claim on a sampler whose arguments are known: a function of a mean and a variance that returns z.

The formula of the function and the roles of its arguments come in; a `Claim` goes out. Example: for ``mu + logvar.exp()
* torch.randn_like(mu)`` it is REFUTED with a point at which the variance of z is not exp(logvar).
"""

from fractions import Fraction

from flint import arb

from vaelid.auditor.findings.report import Claim, Witness
from vaelid.auditor.findings.witnesses import separated, without_noise
from vaelid.auditor.formula.arithmetic import replaced
from vaelid.auditor.formula.axes_of_terms import array_name, axes_in, element_of, elements_of
from vaelid.auditor.formula.in_balls import enclosure
from vaelid.auditor.judgement.decision import Decision
from vaelid.auditor.judgement.names import Names
from vaelid.auditor.judgement.reasons.of_sampler import AnotherMoment, OfSampler, UnprovedMoment
from vaelid.auditor.judgement.sampler import judge_sample
from vaelid.auditor.judgement.wording import claim_of
from vaelid.auditor.lifting.two_runs import Formula
from vaelid.auditor.model.assigned import argument_element
from vaelid.auditor.model.posterior import Drawn, Sample, drawn_from
from vaelid.auditor.model.roles import GaussianRoles
from vaelid.auditor.proofs.obligations import NoProof
from vaelid.auditor.proofs.pointwise import prove_pointwise
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.theory.statement import eq

__all__ = ["given_sampler_claim", "unknown_sampler"]


def unknown_sampler(reason: object, source: str | None) -> Claim:
    """The claim UNKNOWN, for this reason."""
    return Claim("sampler", "UNKNOWN", f"{str(reason).rstrip('.')}.", source=source)


def given_sampler_claim(run: Formula, roles: GaussianRoles, source: str | None) -> Claim:
    """Is the result z = mean + deviation * eps, with the mean and the variance that the arguments are?

    `source`: the line of the function that is audited.
    """
    reading, result = run.reading, run.reading.result
    dims = tuple(reading.axes.now(dim) for dim in result.dims)
    names = Names({"B": dims[0] if dims else (), "L": dims[-1] if len(dims) > 1 else ()}, {})
    draws = tuple(reading.leaves[n] for n in sorted(result.leaves) if reading.leaves[n].kind == "noise")
    if not draws:
        return _without_draws(run, source)
    sample = Sample(draws, result.laid_out(dims), result.element, source or "")
    drawn = drawn_from(sample, reading, 0)
    decision = judge_sample(reading, sample, drawn, names, run.frozen)
    if decision.verdict != "PROVED" or drawn is None:
        return claim_of(decision)
    if drawn.sample is not sample:  # the Gaussian is inside, as in tanh(mu + std * eps): the result itself is none
        return claim_of(decision.but("UNKNOWN", OfSampler.NOT_AFFINE, theorems=()))
    return claim_of(_of_moments(decision, run, roles, drawn))


def _without_draws(run: Formula, source: str | None) -> Claim:
    """The claim on a result whose formula has no draw in it.

    Its noise may have gone through an operation without a formula, or have been drawn outside torch: then nothing is
    known of its law, and nothing is refuted.
    """
    leaves = run.reading.leaves
    if run.reading.stray_noise:
        through = next((leaves[n] for n in sorted(run.reading.result.leaves) if leaves[n].noise), None)
        if through is not None:
            reason = f"its noise goes through {through.operation}, which is not looked into."
            return Claim("sampler", "UNKNOWN", reason, source=through.source)
    if run.moving & run.reading.result.leaves:
        reason = "its noise is drawn outside torch, by numpy or Python's random: its law is not known here."
        return Claim("sampler", "UNKNOWN", reason, source=source)
    reason = "no noise from torch is in z."
    return Claim("sampler", "REFUTED", reason, witness=without_noise(), bug="missing-noise", source=source)


def _of_moments(gaussian: Decision, run: Formula, roles: GaussianRoles, drawn: Drawn) -> Decision:
    """The decision on a Gaussian sample, held against the mean and the variance that the arguments are.

    `gaussian`: the decision that it is one.
    """
    value = argument_element(run, roles.spread)
    variance = xp.exp(roles.spread_role.log_variance(value))
    if roles.spread_role.positive:
        variance = value if roles.spread_role.name == "var" else value**2
    moments = (
        ("mean", drawn.posterior.mean, argument_element(run, roles.mean)),
        ("variance", drawn.deviation**2, variance),
    )
    theorems = list(gaussian.theorems)
    for what, got, want in moments:
        if (witness := _differs(got, want, what)) is not None:
            bug = "std-variance" if what == "variance" else None
            reason = AnotherMoment(what, witness.point, witness.computed, witness.expected)
            return gaussian.but("REFUTED", reason, witness=witness, bug=bug, theorems=())
        if roles.spread_role.positive:  # the argument is positive: e to a variable stands for it in the proof
            written = {value.term: xp.exp(element_of("s", axes_in(value.term))).term}
            got, want = (TermArray((), replaced(term.term, written)) for term in (got, want))
        try:
            theorems.append(prove_pointwise(eq(got, want), got, want))
        except NoProof as failure:
            return gaussian.but("UNKNOWN", UnprovedMoment(what, str(failure)), theorems=())
    return gaussian.but("PROVED", gaussian.reason, bug=gaussian.bug, theorems=tuple(theorems))


_NUMBERS = (Fraction(1), Fraction(1, 2), Fraction(2), Fraction(-1), Fraction(30), Fraction(-30))
"""Where two moments are compared: small numbers first, whose values are easy to read; +-30 is beyond usual clamps."""


def _differs(got: TermArray, want: TermArray, what: str) -> Witness | None:
    """A point at which two terms differ, by ball arithmetic: the same number for every element."""
    elements = elements_of(got, want)
    for number in _NUMBERS:
        point = dict.fromkeys(elements, number)
        one, other = enclosure(got, point), enclosure(want, point)
        if one is not None and other is not None and not arb(one).overlaps(other):
            shown = {array_name(e): str(number) for e in elements if e.arguments}
            return separated(shown, one, other, f"the {what} of z, and what it should be")
    return None
