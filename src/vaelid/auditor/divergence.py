"""Audit a function that is taken for the KL of a diagonal Gaussian posterior to the standard normal prior."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import torch
from flint import arb
from torch import Tensor

from vaelid import spec
from vaelid.auditor.claims import divergence_claim
from vaelid.auditor.doors import UNREAD, door, users_code
from vaelid.auditor.given import Given, alike, given_by, mean_and_spread
from vaelid.auditor.names import Monomial, Names
from vaelid.auditor.objective import Objective, identify
from vaelid.auditor.question import Group
from vaelid.auditor.refute import ball, elements_of, in_ball
from vaelid.auditor.report import Claim, Witness
from vaelid.auditor.roles import ROLES, Role, roles_of
from vaelid.auditor.run import Call, Run, read_calls
from vaelid.auditor.state import unchanged
from vaelid.auditor.step import question_of, source_of
from vaelid.auditor.tensors import Unread
from vaelid.auditor.witnesses import no_slope_of_divergence, separated, too_few
from vaelid.spec.digits import apart
from vaelid.spec.errors import UserCodeError, words_of
from vaelid.theory.kernel import Theorem

__all__ = ["audit_kl"]

_SIZES = ((5, 7), (11, 13))


def _unread(function: Any, reason: Exception) -> Claim:
    return _unknown(str(reason), getattr(reason, "source", None) or source_of(function))


@door(_unread)
def audit_kl(function: Callable[..., Tensor], *, roles: Mapping[str, str] | None = None) -> Claim:
    """Is `function(mu, logvar)` a multiple of KL(N(mu, diag exp(logvar)) || N(0, I)), and of which size?

    The function takes two float64 tensors (B, L) and returns a tensor: a scalar, one number a row, or one a
    coordinate. The user's function is run, a few times, on random numbers. What it does is read as a formula, and

    - PROVED: for every B and L it is `weight` * KL + constant, the KL in nats being summed over what the function sums
      over. The theorem is one of the kernel (z3 and cvc5). That the formula gives what the code gave on two sets of
      random numbers, and has its gradient on one, is tested to 1e-9.
    - REFUTED: no weight and constant make it the KL to a normal prior; `witness` shows three points of which two fix
      them for N(0, I) and the third is off, to rigorous bounds. Or the weight is not positive, the gradient another, or
      some coordinates are left out.
    - UNKNOWN: an operation that has no reading here, a formula that the solvers did not decide, or one that looks like
      the KL to another normal prior than N(0, I).

    Args:
        function: of two tensors; which is which is read from its parameters' names (`mu`, `mean`, `logvar`, `std`).
        roles: from parameter name to ``mu``, ``logvar``, ``var``, ``std`` or ``logstd``, where names say nothing, or
            say something wrong.

    Raises `InputError` when the roles cannot be read, and `UserCodeError` when the function raises. Not checked: that
    it does the same at other values (a branch on a value is listed under `assumptions`), and rounding.
    """
    subject = _Subject(function, roles_of(function, roles or {}))
    found = _audited(subject)
    return _with_the_usual_mistake(subject, found) if found.witness and not found.theorems else found


@dataclass(frozen=True)
class _Subject:
    """A function that is audited, with the roles of its arguments."""

    function: Callable[..., Any]
    roles: Mapping[str, Role]

    @property
    def mean(self) -> str:
        """The parameter that is the posterior's mean."""
        return mean_and_spread(self.roles)[0]

    @property
    def spread(self) -> str:
        """The parameter that gives its variance."""
        spread = mean_and_spread(self.roles)[1]
        assert spread is not None
        return spread

    def variables(self, shape: tuple[int, int]) -> dict[str, Tensor]:
        """Random numbers for the variables of the roles, other ones for other shapes."""
        generator = torch.Generator().manual_seed(shape[0])
        return {
            role.variable: torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()
            for role in self.roles.values()
        }

    def call(self, shape: tuple[int, int]) -> Call:
        """The arguments that these variables make."""
        variables = self.variables(shape)
        tensors = {
            name: role.argument(variables[role.variable]).detach().requires_grad_() for name, role in self.roles.items()
        }
        return Call(tuple(tensors.values()), tensors)


def _tensor(returned: Any) -> Tensor:
    if not isinstance(returned, Tensor):
        raise Unread(f"it returned a {type(returned).__name__}, and not a tensor", None)
    if returned.is_complex() or returned.is_quantized:
        raise Unread(f"it returned a tensor of {returned.dtype}, and not of real numbers", None)
    return returned


def _audited(subject: _Subject) -> Claim:
    calls = [subject.call(shape) for shape in _SIZES]
    pairs = alike(subject.roles, calls[0])
    try:
        run = read_calls(subject.function, calls, _tensor, alike=pairs, gradients=False, again=False)
        if run.notes:
            raise Unread(run.notes[0].partition(":")[0], None)
        claim = _of_run(subject, run)
        kept = frozenset() if claim.verdict == "PROVED" else frozenset(run.reading.clamps)
        if not kept:
            return claim
        free = read_calls(
            subject.function, calls, _tensor, alike=pairs, gradients=False, again=False, clamps_of=frozenset()
        )
        if free.notes:
            return claim
        lines = dict.fromkeys(run.reading.clamps)
        without = _of_run(subject, free)
    except UNREAD as reason:
        return _unknown(str(reason), getattr(reason, "source", None))
    if without.verdict != "PROVED":
        return claim
    said = tuple(f"{line} clamps: the theorem is of what it leaves as it is" for line in lines)
    return replace(without, assumptions=(*said, *without.assumptions))


def _of_run(subject: _Subject, run: Run) -> Claim:
    given = given_by(subject.roles, run)
    objective = identify(question_of(run, [given.posterior], frozenset(), given))
    rows, latents = (run.reading.axes.now(dim) for dim in run.reading.leaves[subject.mean].dims)
    names = Names({"B": rows, "L": latents}, {})
    others = [group for group in objective.groups if group.kind not in ("divergence 0", "constant")]
    if others:
        return _unknown(f"a term of it is not of mean and variance alone: {names.text(others[0].body)}")
    group = objective.group("divergence 0")
    if group is None:
        point = {subject.mean: "2", subject.spread: "e^(0)" if subject.roles[subject.spread].positive else "0"}
        witness = separated(point, 0, 2, "the KL in nats, of which it is no positive multiple")
        return Claim("divergence", "REFUTED", "it does not depend on the posterior.", witness=witness, bug="kl-zero")
    if group.theorem is None:
        return _not_proved(subject, given, objective, group, names)
    return _proved(subject, run, objective, group, names)


def _unknown(reason: str, source: str | None = None) -> Claim:
    return Claim("divergence", "UNKNOWN", f"{reason.rstrip('.')}.", source=source)


def _not_proved(subject: _Subject, given: Given, objective: Objective, group: Group, names: Names) -> Claim:
    claim = divergence_claim(objective, group, given.posterior, names, None)
    if claim.witness is None:
        return claim
    point = {subject.mean if name == "mu" else subject.spread: value for name, value in claim.witness.point.items()}
    shown = ", ".join(f"{name} = {value}" for name, value in point.items())
    reason = (
        f"no weight and constant make it the KL to a normal prior, {subject.spread} being the posterior's "
        f"{subject.roles[subject.spread].words}: at {shown} it is {claim.witness.computed}, and would have to be "
        f"{claim.witness.expected}."
    )
    return replace(claim, reason=reason, witness=replace(claim.witness, point=point))


def _proved(subject: _Subject, run: Run, objective: Objective, group: Group, names: Names) -> Claim:
    assert group.found is not None
    prior = group.found.target.name
    if prior != "N(0, I)":
        return _unknown(f"it is not the KL to N(0, I), but looks like one to {prior}: audit_kl is of N(0, I) alone")
    arrays = {name: role.variable for name, role in subject.roles.items()}
    theorem = names.theorem(objective.theorem or group.theorem, arrays)  # pyright: ignore[reportArgumentType]
    axes = run.reading.axes
    here = axes.length({*group.axes, *(a for dim in run.reading.result.dims for a in axes.now(dim))})
    whole = axes.length(a for dim in run.reading.leaves[subject.mean].dims for a in axes.now(dim))
    if here != whole:
        reason = f"it is the KL of {here} of the {whole} coordinates."
        witness = too_few(here, whole, "coordinates")
        return Claim("divergence", "REFUTED", reason, theorems=(theorem,), witness=witness, bug="kl-partial")
    weight = names.monomial(group.found.fit.weights[0], objective.question.values)
    if weight is None:
        return _unknown("its weight is no number times powers of lengths")
    if not all(_is_finite(subject, shape) for shape in _SIZES):
        return _unknown("at some random numbers it is not finite, though the formula is the KL where it has a value")
    if weight.number <= 0:
        sign = (
            "zero: it does not depend on the posterior" if not weight.number else "negative: it falls as the KL grows"
        )
        reason = f"for every B and L it is {weight} times the KL to N(0, I). That weight is {sign}."
        point = {subject.mean: "2", subject.spread: "e^(0)" if subject.roles[subject.spread].positive else "0"}
        posterior = objective.question.posteriors[0]
        values = {e: Fraction(2 if e is posterior.mean.term else 0) for e in elements_of(group.body)}
        computed = ball(group.body, values)
        meaning = "the KL in nats, of which it is no positive multiple"
        witness = separated(point, 0 if computed is None else computed, 2, meaning)
        return Claim("divergence", "REFUTED", reason, theorems=(theorem,), witness=witness, bug="sign")
    read = dict.fromkeys(run.recording.decided_by_value)
    assumptions = (*(f"{line} reads a value: the theorem is of the way taken" for line in read), *run.assumptions)
    value = in_ball(group.found.fit.weights[0], objective.question.values.lengths)
    return _with_gradient(subject, weight, value, theorem, assumptions)


def _is_finite(subject: _Subject, shape: tuple[int, int]) -> bool:
    with users_code(), unchanged([subject.function]):
        return bool(torch.isfinite(subject.function(*subject.call(shape).arguments)).all())


@torch.enable_grad()  # whatever the audited file switched off when it was loaded
def _with_gradient(
    subject: _Subject, weight: Monomial, value: arb | None, theorem: Theorem, assumptions: tuple[str, ...]
) -> Claim:
    """PROVED, if autograd's gradient at a point is that of the formula."""
    shape = _SIZES[0]
    variables = subject.variables(shape)
    spread_role = subject.roles[subject.spread]
    mu, spread = variables["mu"], variables[spread_role.variable]
    with users_code(), unchanged([subject.function]):
        result = subject.function(*(role.argument(variables[role.variable]) for role in subject.roles.values()))
    assert spread_role.log_variance is not None
    factor = weight.at({"B": shape[0], "L": shape[1]})
    closed_form = factor * spec.coordinate_kl_to_standard(mu, spread_role.log_variance(spread)).sum()
    refuted = Claim("divergence", "REFUTED", "", theorems=(theorem,), bug="detached", assumptions=assumptions)
    actual: tuple[Tensor | None, ...] = (None, None)
    if result.requires_grad:
        try:
            with unchanged([subject.function]):  # a backward of the user's own may be run
                actual = torch.autograd.grad(result.sum(), (mu, spread), allow_unused=True)
        except RuntimeError as error:
            said = str(error).partition(";")[0]
            reason = f"its value is right, but torch cannot differentiate it: {said}."
            return replace(refuted, reason=reason, witness=no_slope_of_divergence("it, as torch has it"))
        except Exception as error:
            raise UserCodeError(f"the audited function's backward raised {words_of(error)}") from error
    wanted = torch.autograd.grad(closed_form, (mu, spread))
    for name, got, want in zip((subject.mean, subject.spread), actual, wanted, strict=True):
        if got is None or not torch.allclose(got, want, rtol=1e-9, atol=1e-12):
            off = 0 if got is None else int((got - want).abs().argmax())
            slope = float(want.flatten()[off])
            computed, wanted_slope = apart(slope if got is None else float(got.flatten()[off]), slope)
            shown = "none" if got is None else f"{computed} at some place"
            reason = (
                f"its value is right, but not its gradient through {name}: {shown}, where that of the KL is "
                f"{wanted_slope}. Is something detached, or the backward pass your own?"
            )
            at = tuple(float(x.detach().flatten()[off]) for x in (mu, spread))
            found = 0.0 if got is None else float(got.flatten()[off])
            witness = _of_slope(subject, name, at, found, value)
            if witness is None:
                return replace(refuted, verdict="UNKNOWN", reason=reason, bug=None)
            return replace(refuted, reason=reason, witness=witness)
    return Claim(
        "divergence",
        "PROVED",
        f"for every B and L it is {weight} times the KL to N(0, I) in nats, summed over what it sums over, and a "
        "constant.",
        weight=str(weight),
        theorems=(theorem,),
        assumptions=(
            *assumptions,
            "the gradient is tested at one point",
            "real numbers: rounding, overflow and NaN are not counted",
        ),
    )


def _of_slope(subject: _Subject, name: str, point: Iterable[float], found: float, weight: arb | None) -> Witness | None:
    """The slope that torch computed, beside that of the KL; None where that is not known, or the same number."""
    point = tuple(point)
    mu, spread = map(arb, point)
    log_variance = subject.roles[subject.spread].log_variance
    if weight is None or log_variance is None:
        return None
    wanted = weight * (mu if name == subject.mean else log_variance(1) * (log_variance(spread).exp() - 1) / 2)
    at = dict(zip((subject.roles[n].variable for n in (subject.mean, subject.spread)), map(repr, point), strict=True))
    meaning = f"the slope through {name}, as torch computed it; that of the KL, with its weight"
    if not math.isfinite(found):
        return Witness(at, str(found), wanted.str(12), meaning)
    return None if wanted.contains(found) else separated(at, Fraction(found), wanted, meaning)


def _with_the_usual_mistake(subject: _Subject, refuted: Claim) -> Claim:
    """The refutation, with a word on the commonest cause, if it is it: a standard deviation taken for a variance."""
    other = subject.roles[subject.spread].mistaken_for
    assert other is not None
    try:
        found = _audited(_Subject(subject.function, {**subject.roles, subject.spread: ROLES[other]}))
    except UserCodeError:
        return refuted
    if found.verdict != "PROVED":
        return refuted
    return replace(refuted, reason=f"{refuted.reason} It is the KL if {subject.spread} is the {ROLES[other].words}.")
