"""Audit a sampler: a function of a mean and a deviation that is taken to draw from their normal law."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import torch
from flint import arb
from torch import Tensor

from vaelid.auditor.doors import door
from vaelid.auditor.findings.report import Claim, Witness
from vaelid.auditor.findings.witnesses import separated, without_noise
from vaelid.auditor.formula.arithmetic import replaced
from vaelid.auditor.formula.axes_of_terms import axes_in, element_of, elements_of
from vaelid.auditor.formula.in_balls import ball
from vaelid.auditor.judgement.names import Names
from vaelid.auditor.judgement.sampler import judge_sample
from vaelid.auditor.judgement.wording import claim_of
from vaelid.auditor.lifting.two_runs import read_calls
from vaelid.auditor.model.given import element, mean_and_spread
from vaelid.auditor.model.posterior import Sample, affine
from vaelid.auditor.model.roles import roles_of
from vaelid.auditor.proofs.pointwise import pointwise
from vaelid.auditor.proofs.sums import NoProof
from vaelid.auditor.recording.calls import Call, source_of
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.spec.errors import InputError
from vaelid.theory.statement import eq

__all__ = ["audit_sampler"]


def _tensor(returned: Any) -> Tensor:
    found = returned[0] if isinstance(returned, tuple | list) and returned else returned
    if not isinstance(found, Tensor):
        raise InputError(f"the audited function returned a {type(found).__name__}: return z, a tensor.")
    if found.is_complex() or found.is_quantized:
        raise InputError(f"the audited function returned a tensor of {found.dtype}: z is of real numbers.")
    return found


def _unknown(function: Any, reason: Exception) -> Claim:
    source = getattr(reason, "source", None) or source_of(function)
    return Claim("sampler", "UNKNOWN", f"{str(reason).rstrip('.')}.", source=source)


@door(_unknown)
def audit_sampler(function: Callable[..., Any], *, roles: Mapping[str, str] | None = None) -> Claim:
    """Does `function(mu, logvar)` draw z = mu + exp(logvar / 2) * eps, with eps ~ N(0, I)?

    The function takes two float64 tensors (B, L), a mean and one of log-variance, variance, standard deviation and log
    standard deviation, and returns z. PROVED: z is that, one standard normal draw for each coordinate, and a gradient
    goes back through it to both. REFUTED: other noise, noise that is shared or frozen, another mean or deviation (with
    a witness), or no gradient. Kingma and Welling (2014), equation 10.

    Args:
        function: of two tensors; which is which is read from its parameters' names.
        roles: from parameter name to ``mu``, ``logvar``, ``var``, ``std`` or ``logstd``, where names do not say it.

    Raises `InputError` when the roles cannot be read, and `UserCodeError` when the function raises. Not checked: the
    quality of torch's generator, and rounding.
    """
    found = roles_of(function, roles or {})
    generator = torch.Generator().manual_seed(0)
    arguments = {}
    for name, role in found.items():
        value = torch.randn((5, 3), generator=generator, dtype=torch.float64)
        arguments[name] = (torch.exp(0.5 * value) if role.positive else value).requires_grad_()
    call = Call(tuple(arguments.values()), arguments)
    run = read_calls(function, [call], _tensor)
    reading = run.reading
    axes = reading.axes
    result = reading.result
    dims = tuple(axes.now(dim) for dim in result.dims)
    names = Names({"B": dims[0] if dims else (), "L": dims[-1] if len(dims) > 1 else ()}, {})
    draws = tuple(reading.leaves[n] for n in sorted(result.leaves) if reading.leaves[n].kind == "noise")
    if not draws:
        return Claim(
            "sampler",
            "REFUTED",
            "no noise from torch is in z.",
            witness=without_noise(),
            bug="missing-noise",
            source=source_of(function),
        )
    sample = Sample(draws, replace(result, dims=dims), result.element, source_of(function) or "")
    decision, posterior = judge_sample(reading, sample, names, 0, run.frozen)
    claim = claim_of(decision)
    if claim.verdict != "PROVED" or posterior is None:
        return claim

    mean, spread = mean_and_spread(found)
    assert spread is not None
    value = element(run, spread)
    wanted = {"logvar": xp.exp(value), "var": value, "std": value**2, "logstd": xp.exp(2 * value)}[found[spread].name]
    parts = affine(sample, reading)
    assert parts is not None
    slope = parts[1]
    for what, got, want in (("mean", posterior.mean, element(run, mean)), ("variance", slope**2, wanted)):
        if (witness := _differs(got, want, what)) is not None:
            bug = "std-variance" if what == "variance" else None
            reason = f"the {what} of z is another: at {witness.point} it is {witness.computed}, not {witness.expected}."
            return replace(claim, verdict="REFUTED", reason=reason, witness=witness, bug=bug, theorems=())
        if found[spread].positive:
            written = {value.term: xp.exp(element_of("s", axes_in(value.term))).term}
            got, want = (TermArray((), replaced(term.term, written)) for term in (got, want))
        try:
            theorem = pointwise(eq(got, want), got, want)
        except NoProof as failure:
            return replace(claim, verdict="UNKNOWN", reason=f"the {what} of z: {failure}.", theorems=())
        claim = replace(claim, theorems=(*claim.theorems, theorem))
    return claim


def _differs(got: TermArray, want: TermArray, what: str) -> Witness | None:
    """A point at which two terms differ."""
    elements = elements_of(got, want)
    for number in (Fraction(1), Fraction(1, 2), Fraction(2), Fraction(-1), Fraction(30), Fraction(-30)):
        point = dict.fromkeys(elements, number)
        one, other = ball(got, point), ball(want, point)
        if one is not None and other is not None and not arb(one).overlaps(other):
            shown = {str(e.arguments[0].head.name): str(number) for e in elements if e.arguments}  # pyright: ignore[reportAttributeAccessIssue]
            return separated(shown, one, other, f"the {what} of z, and what it should be")
    return None
