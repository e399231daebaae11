"""Audit a function that is taken for the KL of a diagonal Gaussian posterior to the standard normal prior."""

import inspect
import itertools
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from typing import Any

import torch
from flint import arb
from torch import Tensor

from vaelid import spec
from vaelid.audit.lift import Axis, Lifted, Unread, axis, element_of, generalised, lift
from vaelid.audit.proof import Multiple, NoMultiple, multiple_of
from vaelid.audit.record import Recording, record
from vaelid.audit.report import Claim, Witness
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import INDEX, free_variables
from vaelid.readings.terms.text import text
from vaelid.readings.terms.values import value_at
from vaelid.spec.errors import InputError, UserCodeError
from vaelid.theory.library.definitions import coordinate_kl

__all__ = ["ROLES", "audit_kl"]

ROLES = ("mu", "logvar", "var", "std", "logstd")
"""What an argument can be: the posterior's mean, and one of four ways to give its variance."""

_NAMES = {
    "mu": r"mu|mean|loc|z_?mu|z_?mean|q_?mu|means|mus",
    "logvar": r"(z_?|q_?)?(log_?var(iance)?|log_?sigma_?(2|sq|squared?)|lv)s?",
    "logstd": r"(z_?|q_?)?(log_?(std|sigma|scale))s?",
    "var": r"(z_?|q_?)?(var|variance|sigma_?(2|sq|squared?))s?",
    "std": r"(z_?|q_?)?(std|sigma|scale|stddev)s?",
}
_LENGTHS = ({"B": 11, "L": 13}, {"B": 17, "L": 19})
# log-variances: what each role is of the variable that stands for it, and the log-variance that this means. A
# standard deviation or variance is positive, so it is e to a variable.
_ELEMENTS: dict[str, tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = {
    "mu": ("mu", lambda v: v, lambda v: v),
    "logvar": ("logvar", lambda v: v, lambda v: v),
    "var": ("logvar", xp.exp, lambda v: v),
    "logstd": ("logstd", lambda v: v, lambda v: 2 * v),
    "std": ("logstd", xp.exp, lambda v: 2 * v),
}


def audit_kl(function: Callable[..., Tensor], *, roles: Mapping[str, str] | None = None) -> Claim:
    """Is `function(mu, logvar)` a multiple of KL(N(mu, diag exp(logvar)) || N(0, I)), and of which size?

    The function takes two float64 tensors (B, L) and returns a tensor: a scalar, one number a row, or one a
    coordinate. The user's function is run, twice, on random numbers. What it does is read as a formula, and

    - PROVED: for every B and L it is `weight` * KL + constant, the KL in nats being summed over what the function sums
      over. The theorem is one of the kernel (z3 and cvc5). That the gradient is that of the formula is tested, at one
      point, to 1e-9.
    - REFUTED: no weight and constant make it the KL; `witness` shows three points of which two fix them and the third
      is off, to rigorous bounds. Or the gradient is another.
    - UNKNOWN: an operation that has no reading here, or a formula that the solvers did not decide.

    Args:
        function: of two tensors; which is which is read from its parameters' names (`mu`, `mean`, `logvar`, `std`).
        roles: from parameter name to one of `ROLES`, where names say nothing, or say something wrong.

    Raises `InputError` when the roles cannot be read, and `UserCodeError` when the function raises. Not checked: that
    it does the same at other values (a branch on a value is listed under `assumptions`), and rounding.
    """
    given = _roles(function, roles)
    found = _divergence(function, given)
    return _with_other_role(function, given, found) if found.witness and not found.theorem else found


def _divergence(function: Callable[..., Tensor], given: dict[str, str]) -> Claim:
    recordings: list[Recording] = []
    readings: list[Lifted] = []
    try:
        for lengths in _LENGTHS:
            recording, result = _run(function, given, lengths)
            recordings.append(recording)
            if not isinstance(result, Tensor):
                return _unknown(f"it returned a {type(result).__name__}, and not a tensor")
            readings.append(lift(recording, lengths, {name: _element(role) for name, role in given.items()}))
        both = {name: (_LENGTHS[0][name], _LENGTHS[1][name]) for name in _LENGTHS[0]}
        term = TermArray((), generalised(readings[0].element.term, readings[1].element.term, both))
    except Unread as reason:
        return _unknown(str(reason), reason.source)
    except (ValueError, ReadingError) as reason:
        return _unknown(str(reason))
    first = recordings[0]
    read, clamps = (dict.fromkeys(lines) for lines in (first.decided_by_value, first.inactive_clamps))
    assumptions = (
        *(f"{line} reads a value: the theorem is of the way taken" for line in read),
        *(f"{line} clamps: the theorem is of what the clamp leaves as it is" for line in clamps),
    )
    variance = next(role for role in given.values() if role != "mu")
    axes = (axis("B"), axis("L"))
    target = _target(variance, axes)
    try:
        found = multiple_of(term, target, axes)
    except NoMultiple as reason:
        return _refuted(term, target, given) or _unknown(str(reason))
    if (weight := _weight(found, _LENGTHS[0])) <= 0:
        sign = "zero: it does not depend on the posterior" if weight == 0 else "negative: it falls as the KL grows"
        return replace(
            _valued(term, given),
            reason=f"for every B and L it is {text(found.factor.term)} times the KL to N(0, I). That weight is {sign}.",
            theorem=found.theorem,
        )
    return _with_gradient(function, given, found, assumptions)


def _roles(function: Callable[..., Any], roles: Mapping[str, str] | None) -> dict[str, str]:
    """The roles, in order, of the parameters that have no default or are given one: a mean, one for the variance."""
    name = getattr(function, "__name__", "the function")
    try:
        parameters = list(inspect.signature(function).parameters.values())
        parameters = [p for p in parameters if p.default is p.empty or p.name in (roles or {})]
    except (TypeError, ValueError):
        raise InputError(f"{name} has no signature to read: wrap it in a function of (mu, logvar).") from None
    unknown = sorted(set(roles or {}) - {p.name for p in parameters})
    if unknown:
        raise InputError(f"{name} has no parameter {unknown[0]!r}: it has {', '.join(p.name for p in parameters)}.")
    found: dict[str, str] = {}
    for parameter in parameters:
        role = (roles or {}).get(parameter.name) or next(
            (role for role, names in _NAMES.items() if re.fullmatch(names, parameter.name, re.IGNORECASE)), None
        )
        if role not in ROLES:
            raise InputError(
                f"{name}: what is its parameter {parameter.name!r}? Say so, for instance "
                f"roles={{{parameter.name!r}: 'logvar'}}; the roles are {', '.join(ROLES)}."
            )
        found[parameter.name] = role
    if sorted(role == "mu" for role in found.values()) != [False, True]:
        shown = ", ".join(f"{parameter} as {role}" for parameter, role in found.items()) or "none"
        raise InputError(f"{name} must take a mean and one of {', '.join(ROLES[1:])}; its parameters are: {shown}.")
    return found


def _run(function: Callable[..., Any], roles: Mapping[str, str], lengths: Mapping[str, int]) -> tuple[Recording, Any]:
    try:
        return record(function, _tensors(roles, lengths))
    except Exception as error:
        raise UserCodeError(f"the audited function raised {type(error).__name__}: {error}") from error


def _tensors(roles: Mapping[str, str], lengths: Mapping[str, int]) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(lengths["B"])  # what is read from the values must differ, to be seen
    tensors = {}
    for name, role in roles.items():
        values = torch.randn(lengths["B"], lengths["L"], generator=generator, dtype=torch.float64)
        tensors[name] = (values.exp() if role in ("var", "std") else values).requires_grad_()
    return tensors


def _element(role: str) -> Callable[..., TermArray]:
    name, reading, _ = _ELEMENTS[role]
    return lambda *axes: reading(element_of(name, *axes))


def _target(variance: str, axes: tuple[Axis, ...]) -> TermArray:
    name, _, log_variance = _ELEMENTS[variance]
    return coordinate_kl(element_of("mu", *axes), log_variance(element_of(name, *axes)))


def _unknown(reason: str, source: str | None = None) -> Claim:
    return Claim("divergence", "UNKNOWN", f"{reason}.", source=source)


_POINTS = [("0", "0"), ("1", "0"), ("0", "1"), ("1/2", "-1"), ("-1", "1/2"), ("2", "2"), ("-1", "-2")]


def _refuted(term: TermArray, target: TermArray, roles: Mapping[str, str]) -> Claim | None:
    """The claim refuted at three points: two that fix the weight and constant, and one that is off them."""
    values = []
    for mu, spread in _POINTS:
        with suppress(ZeroDivisionError, ReadingError):
            values.append(((mu, spread), *(_ball(part, mu, spread) for part in (term, target))))
    odd: Claim | None = None
    for (first, second), k in itertools.product(
        itertools.combinations(range(min(4, len(values))), 2), range(len(values))
    ):
        (_, t0, k0), (_, t1, k1), (where, computed, divergence) = values[first], values[second], values[k]
        if k in (first, second) or (k1 - k0).contains(0):
            continue
        weight = (t1 - t0) / (k1 - k0)
        expected = t0 + weight * (divergence - k0)
        if not computed.overlaps(expected):
            found = _refutation(roles, where, computed, expected)
            if weight > 0:
                return found
            odd = odd or found  # right, but a negative weight is hard to read
    return odd


def _ball(term: TermArray, mu: str, spread: str) -> arb:
    point: dict[Any, Any] = {}
    for variable in free_variables(term.term):
        if variable.sort is INDEX:
            point[variable] = 1 if variable.name.isupper() else 0
        else:
            number = Fraction(mu if variable.name == "mu" else spread)
            point[variable] = ((number,),)
    return arb(value_at(term.term, point))


def _valued(term: TermArray, roles: Mapping[str, str]) -> Claim:
    """A refutation whose witness is the value where the KL is 2 nats: it cannot be a positive multiple of those."""
    return _refutation(
        roles, ("2", "0"), _ball(term, "2", "0"), arb(2), "the KL in nats, of which it is not a positive multiple"
    )


_OTHER_ROLE = {"logvar": "logstd", "logstd": "logvar", "var": "std", "std": "var"}


def _with_other_role(function: Callable[..., Tensor], roles: dict[str, str], refuted: Claim) -> Claim:
    """The refutation, with a word on the commonest cause, if it is it: a standard deviation taken for a variance."""
    other = {name: _OTHER_ROLE.get(role, role) for name, role in roles.items()}
    try:
        found = _divergence(function, other)
    except UserCodeError:
        return refuted
    if found.verdict != "PROVED":
        return refuted
    (spread,) = [name for name, role in other.items() if role != "mu"]
    words = {
        "logvar": "log-variance",
        "logstd": "log of the standard deviation",
        "var": "variance",
        "std": "standard deviation",
    }
    hint = f" It is the KL if {spread} is the {words[other[spread]]}."
    return replace(refuted, reason=refuted.reason + hint)


def _weight(found: Multiple, lengths: Mapping[str, int]) -> float:
    point = {variable: lengths[variable.name] for variable in free_variables(found.factor.term)}
    return float(arb(value_at(found.factor.term, point)))


_FITTED = "one row, one coordinate; the weight and constant that fit at two other points give the expected value"


def _refutation(
    roles: Mapping[str, str], where: tuple[str, str], computed: arb, expected: arb, meaning: str = _FITTED
) -> Claim:
    (mean,) = [name for name, role in roles.items() if role == "mu"]
    (spread,) = [name for name, role in roles.items() if role != "mu"]
    exponential = roles[spread] in ("var", "std")
    point = {mean: where[0], spread: f"e^({where[1]})" if exponential else where[1]}
    shown = ", ".join(f"{name} = {value}" for name, value in point.items())
    witness = Witness(point, computed.str(12), expected.str(12), meaning)
    return Claim(
        "divergence",
        "REFUTED",
        f"no weight and constant make it the KL to N(0, I), {spread} being the posterior's {roles[spread]}: "
        f"at {shown} it is {computed.str(6)}, and would have to be {expected.str(6)}.",
        witness=witness,
    )


def _with_gradient(
    function: Callable[..., Tensor], roles: Mapping[str, str], found: Multiple, assumptions: tuple[str, ...]
) -> Claim:
    """PROVED, if autograd's gradient at a point is that of the formula."""
    tensors = _tensors(roles, _LENGTHS[0])
    try:
        result = function(*tensors.values())
    except Exception as error:
        raise UserCodeError(f"the audited function raised {type(error).__name__}: {error}") from error
    weight, constant = text(found.factor.term), text(found.constant.term)
    total_of = _closed_form(tensors, roles, found)
    actual = [None] * len(tensors)
    if result.requires_grad:
        try:
            actual = torch.autograd.grad(result.sum(), list(tensors.values()), allow_unused=True)
        except RuntimeError as error:
            reason = f"its value is right, but torch cannot differentiate it: {str(error).partition(';')[0]}."
            return Claim("divergence", "REFUTED", reason, theorem=found.theorem, assumptions=assumptions)
    wanted = torch.autograd.grad(total_of, list(tensors.values()))
    for name, got, want in zip(tensors, actual, wanted, strict=True):
        if got is None or not torch.allclose(got, want, rtol=1e-9, atol=1e-12):
            shown = "no gradient" if got is None else f"{float(got.flatten()[0]):.6g} in its first place"
            return Claim(
                "divergence",
                "REFUTED",
                f"its value is right, but not its gradient in {name}: {shown}, where the KL has "
                f"{float(want.flatten()[0]):.6g}. Is something detached, or the backward pass your own?",
                theorem=found.theorem,
                assumptions=assumptions,
            )
    plus = "" if constant == "0" else f", plus the constant {constant}"
    return Claim(
        "divergence",
        "PROVED",
        f"for every B and L it is {weight} times the KL to N(0, I) in nats, summed over what it sums over{plus}.",
        weight=weight,
        theorem=found.theorem,
        assumptions=(
            *assumptions,
            "the gradient is tested at one point",
            "real numbers: rounding, overflow and NaN are not counted",
        ),
    )


def _closed_form(tensors: Mapping[str, Tensor], roles: Mapping[str, str], found: Multiple) -> Tensor:
    """The formula that was proved, as torch computes it from the spec: the sum of everything the result has."""
    logarithm = {"logvar": lambda t: t, "logstd": lambda t: 2 * t, "var": torch.log, "std": lambda t: 2 * torch.log(t)}
    (mu,) = [tensors[name] for name, role in roles.items() if role == "mu"]
    (logvar,) = [logarithm[role](tensors[name]) for name, role in roles.items() if role != "mu"]
    return _weight(found, _LENGTHS[0]) * spec.coordinate_kl_to_standard(mu, logvar).sum()
