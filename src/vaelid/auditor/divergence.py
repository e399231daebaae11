"""Audit a function that is taken for the KL of a diagonal Gaussian posterior to the standard normal prior."""

import itertools
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import torch
from flint import arb, arb_mat, fmpq
from torch import Tensor

from vaelid import spec
from vaelid.auditor.old_lift import Axis, Lifted, Unread, axis, element_of, generalised, lift
from vaelid.auditor.old_record import Recording, record
from vaelid.auditor.proof import Multiple, NoMultiple, multiple_of
from vaelid.auditor.report import Claim, Witness
from vaelid.auditor.roles import ROLES, Role, roles_of
from vaelid.auditor.values import everywhere, value
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.syntax import Binder, subterms
from vaelid.readings.terms.text import text
from vaelid.spec.errors import UserCodeError
from vaelid.theory.library.definitions import coordinate_kl

__all__ = ["audit_kl"]

_LENGTHS = ({"B": 5, "L": 7}, {"B": 11, "L": 13})


@dataclass(frozen=True)
class _Subject:
    """A function that is audited, with the roles of its arguments."""

    function: Callable[..., Any]
    roles: Mapping[str, Role]

    @property
    def mean(self) -> str:
        """The parameter that is the posterior's mean."""
        return next(name for name, role in self.roles.items() if role.log_variance is None)

    @property
    def spread(self) -> str:
        """The parameter that gives its variance."""
        return next(name for name, role in self.roles.items() if role.log_variance is not None)

    def log_variance(self, variable: Any) -> Any:
        """The posterior's log-variance, of any reading, from the variable that stands for the spread."""
        log_variance = self.roles[self.spread].log_variance
        assert log_variance is not None
        return log_variance(variable)

    def call(self, run: Callable[..., Any], *arguments: Any) -> Any:
        """What `run` gives; what the user's code raises is said to be its."""
        try:
            return run(*arguments)
        except Exception as error:
            raise UserCodeError(f"the audited function raised {type(error).__name__}: {error}") from error

    def arguments(self, variables: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The function's arguments, from the variables that stand for them."""
        return {name: role.argument(variables[role.variable]) for name, role in self.roles.items()}


def audit_kl(function: Callable[..., Tensor], *, roles: Mapping[str, str] | None = None) -> Claim:
    """Is `function(mu, logvar)` a multiple of KL(N(mu, diag exp(logvar)) || N(0, I)), and of which size?

    The function takes two float64 tensors (B, L) and returns a tensor: a scalar, one number a row, or one a
    coordinate. The user's function is run, a few times, on random numbers. What it does is read as a formula, and

    - PROVED: for every B and L it is `weight` * KL + constant, the KL in nats being summed over what the function sums
      over. The theorem is one of the kernel (z3 and cvc5). That the formula gives what the code gave on two sets of
      random numbers, and has its gradient on one, is tested to 1e-9.
    - REFUTED: no weight and constant make it the KL to a normal prior; `witness` shows three points of which two fix
      them for N(0, I) and the third is off, to rigorous bounds. Or the weight is not positive, or the gradient another.
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


def _audited(subject: _Subject) -> Claim:
    try:
        read = _read(subject)
    except Unread as reason:
        return _unknown(str(reason), reason.source)
    except (ValueError, ReadingError) as reason:
        return _unknown(str(reason))
    term, axes = read.term, (axis("B"), axis("L"))
    target = _target(subject, axes)
    try:
        found = multiple_of(term, target, axes)
    except NoMultiple as reason:
        return _refuted(subject, term, target) or _unknown(str(reason))
    if not read.defined:
        return _unknown("at some random numbers it is not finite, though the formula is the KL where it has a value")
    if (weight := _weight(found)) <= 0:
        sign = "zero: it does not depend on the posterior" if weight == 0 else "negative: it falls as the KL grows"
        return Claim(
            "divergence",
            "REFUTED",
            f"for every B and L it is {text(found.factor.term)} times the KL to N(0, I). That weight is {sign}.",
            theorems=(found.theorem,),
            witness=_witness(
                subject, ("2", "0"), _at(term, "2", "0"), arb(2), "the KL in nats, of which it is no positive multiple"
            ),
        )
    first = read.recording
    assumptions = (
        *(f"{line} reads a value: the theorem is of the way taken" for line in dict.fromkeys(first.decided_by_value)),
        *(f"{line} clamps: the theorem is of what it leaves as it is" for line in dict.fromkeys(first.inactive_clamps)),
    )
    return _with_gradient(subject, found, assumptions)


def _unknown(reason: str, source: str | None = None) -> Claim:
    return Claim("divergence", "UNKNOWN", f"{reason.rstrip('.')}.", source=source)


@dataclass(frozen=True)
class _Read:
    """What was read: the first recording, the formula, and whether it had a value at all the random numbers."""

    recording: Recording
    term: TermArray
    defined: bool


def _read(subject: _Subject) -> _Read:
    """What the function computes, read from two runs. Raises `Unread`, and `ValueError` if not one formula."""
    recordings: list[Recording] = []
    readings: list[Lifted] = []
    defined = True
    for lengths in _LENGTHS:
        variables = _variables(lengths)
        recording, result = subject.call(record, subject.function, _leaves(subject.arguments(variables)))
        if not isinstance(result, Tensor):
            raise Unread(f"it returned a {type(result).__name__}, and not a tensor", None)
        reading = lift(recording, lengths, {name: _element_of_role(role) for name, role in subject.roles.items()})
        defined = _check_values(reading, result, variables, lengths) and defined
        recordings.append(recording)
        readings.append(reading)
    both = {name: (_LENGTHS[0][name], _LENGTHS[1][name]) for name in _LENGTHS[0]}
    term = TermArray((), generalised(readings[0].element.term, readings[1].element.term, both))
    return _Read(recordings[0], term, defined)


def _variables(lengths: Mapping[str, int]) -> dict[str, Tensor]:
    """Random numbers for each variable, other ones for other lengths: so what depends on values is seen to differ."""
    generator = torch.Generator().manual_seed(lengths["B"])
    shape = (lengths["B"], lengths["L"])
    return {name: torch.randn(shape, generator=generator, dtype=torch.float64) for name in ("mu", "logvar", "logstd")}


def _leaves(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().clone().requires_grad_() for name, tensor in tensors.items()}


def _element_of_role(role: Role) -> Callable[..., TermArray]:
    return lambda *axes: role.argument(element_of(role.variable, *axes))


def _target(subject: _Subject, axes: tuple[Axis, ...]) -> TermArray:
    spread = element_of(subject.roles[subject.spread].variable, *axes)
    return coordinate_kl(element_of("mu", *axes), subject.log_variance(spread))


_PLACES = 24


def _check_values(reading: Lifted, result: Tensor, variables: Mapping[str, Tensor], lengths: Mapping[str, int]) -> bool:
    """The formula must give the numbers that the code gave: what no operation showed, as a write by numpy, is seen.

    At every place, or at some 24 of a result that holds a sum in each. To 1e-9 of 1 + their size, 1e-4 where the code
    returned less than float64; else `Unread` is raised. False where both are undefined somewhere.
    """
    arrays = {name: _element_of_tensor(tensor) for name, tensor in variables.items()}
    dims = [dim for dim in reading.dims if dim]
    computed = result.detach().double().reshape([lengths[a.name] for dim in dims for a in dim])
    places = list(itertools.product(*map(range, computed.shape)))
    if any(part.head == Binder("sum") for part in subterms(reading.element.term)):  # a sum for each place is slow
        places = places[:: math.ceil(len(places) / _PLACES)]
    names = [a.name.lower() for dim in dims for a in dim]
    tolerance = 1e-9 if result.dtype == torch.float64 else 1e-4
    defined = True
    for place in places:
        code = float(computed[place])
        try:
            formula = float(value(reading.element, arrays, {**lengths, **dict(zip(names, place, strict=True))}))
        except (ZeroDivisionError, ReadingError):
            formula = math.nan
        if math.isfinite(code) is not math.isfinite(formula) or abs(code - formula) > tolerance * (1 + abs(formula)):
            raise Unread(f"the formula read from the operations is {formula:.6g} where the code gave {code:.6g}", None)
        defined = defined and math.isfinite(code)
    return defined


def _element_of_tensor(tensor: Tensor) -> Callable[..., fmpq]:
    rows = [[fmpq(*number.as_integer_ratio()) for number in row] for row in tensor.tolist()]
    return lambda row, coordinate: rows[row][coordinate]


_POINTS = [("0", "0"), ("1", "0"), ("0", "1"), ("1/2", "-1"), ("-1", "1/2"), ("2", "2"), ("-1", "-2")]


def _ball(number: str) -> arb:
    return arb(fmpq(*Fraction(number).as_integer_ratio()))


def _at(term: TermArray, mu: str, spread: str) -> arb:
    """The value for one row and one coordinate."""
    arrays = {name: everywhere(Fraction(spread)) for name in ("logvar", "logstd")}
    return value(term, {"mu": everywhere(Fraction(mu)), **arrays}, {})


def _refuted(subject: _Subject, term: TermArray, target: TermArray) -> Claim | None:
    """The claim refuted at three points: two that fix the weight and constant, and one that is off them.

    Not if it looks like the KL to another normal prior; None where no point tells.
    """
    values = []
    for point in _POINTS:
        with suppress(ZeroDivisionError, ReadingError):
            values.append((point, _at(term, *point), _at(target, *point)))
    if prior := _other_prior(subject, [(point, computed) for point, computed, _ in values]):
        return _unknown(f"it is not the KL to N(0, I), but looks like one to {prior}: no such prior is audited yet")
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
            found = _refutation(subject, where, computed, expected)
            if weight > 0:
                return found
            odd = odd or found  # as wrong, but a negative weight is hard to read
    return odd


def _other_prior(subject: _Subject, values: list[tuple[tuple[str, str], arb]]) -> str | None:
    """The normal prior other than N(0, I), if at all points it is a multiple of the KL to one, plus a constant.

    w KL(N(mu, v) || N(m, s2)) is w / (2 s2) (mu^2 + v) - w m / s2 mu - w / 2 log v, and a constant.
    """
    if len(values) < len(_POINTS):
        return None
    rows = []
    for (mu, spread), _ in values:
        mean, log_variance = _ball(mu), subject.log_variance(_ball(spread))
        rows.append([mean**2 + log_variance.exp(), mean, log_variance, arb(1)])
    right = arb_mat([[computed] for _, computed in values[:4]])
    square, linear, logarithm, constant = (row[0] for row in arb_mat(rows[:4]).solve(right).tolist())
    fits = all(
        computed.overlaps(square * a + linear * b + logarithm * c + constant * d)
        for (_, computed), (a, b, c, d) in zip(values[4:], rows[4:], strict=True)
    )
    if not (fits and square > 0 and logarithm < 0):
        return None
    mean, variance = -linear / (2 * square), -logarithm / square
    if mean.contains(0) and variance.contains(1):
        return None
    return f"N({round(float(mean), 9) + 0:g}, {float(variance):g})"


_FITTED = "one row, one coordinate; the weight and constant that fit at two other points give the expected value"


def _witness(subject: _Subject, where: tuple[str, str], computed: arb, expected: arb, meaning: str) -> Witness:
    mean, spread = where
    role = subject.roles[subject.spread]
    point = {subject.mean: mean, subject.spread: f"e^({spread})" if role.positive else spread}
    return Witness(point, computed.str(12), expected.str(12), meaning)


def _refutation(subject: _Subject, where: tuple[str, str], computed: arb, expected: arb) -> Claim:
    witness = _witness(subject, where, computed, expected, _FITTED)
    shown = ", ".join(f"{name} = {number}" for name, number in witness.point.items())
    return Claim(
        "divergence",
        "REFUTED",
        f"no weight and constant make it the KL to N(0, I), {subject.spread} being the posterior's "
        f"{subject.roles[subject.spread].words}: at {shown} it is {computed.str(6)}, and would have to be "
        f"{expected.str(6)}.",
        witness=witness,
    )


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


def _weight(found: Multiple) -> float:
    return float(value(found.factor, {}, _LENGTHS[0]))


def _with_gradient(subject: _Subject, found: Multiple, assumptions: tuple[str, ...]) -> Claim:
    """PROVED, if autograd's gradient at a point is that of the formula."""
    variables = _leaves(_variables(_LENGTHS[0]))
    mu, spread = variables["mu"], variables[subject.roles[subject.spread].variable]
    result = subject.call(subject.function, *subject.arguments(variables).values())
    closed_form = _weight(found) * spec.coordinate_kl_to_standard(mu, subject.log_variance(spread)).sum()
    actual: tuple[Tensor | None, ...] = (None, None)
    if result.requires_grad:
        try:
            actual = torch.autograd.grad(result.sum(), (mu, spread), allow_unused=True)
        except RuntimeError as error:
            reason = f"its value is right, but torch cannot differentiate it: {str(error).partition(';')[0]}."
            return Claim("divergence", "REFUTED", reason, theorems=(found.theorem,), assumptions=assumptions)
    wanted = torch.autograd.grad(closed_form, (mu, spread))
    for name, got, want in zip((subject.mean, subject.spread), actual, wanted, strict=True):
        if got is None or not torch.allclose(got, want, rtol=1e-9, atol=1e-12):
            off = 0 if got is None else int((got - want).abs().argmax())
            shown = "none" if got is None else f"{float(got.flatten()[off]):.6g} at some place"
            return Claim(
                "divergence",
                "REFUTED",
                f"its value is right, but not its gradient through {name}: {shown}, where that of the KL is "
                f"{float(want.flatten()[off]):.6g}. Is something detached, or the backward pass your own?",
                theorems=(found.theorem,),
                assumptions=assumptions,
            )
    weight, constant = text(found.factor.term), text(found.constant.term)
    plus = "" if constant == "0" else f", plus the constant {constant}"
    return Claim(
        "divergence",
        "PROVED",
        f"for every B and L it is {weight} times the KL to N(0, I) in nats, summed over what it sums over{plus}.",
        weight=weight,
        theorems=(found.theorem,),
        assumptions=(
            *assumptions,
            "the gradient is tested at one point",
            "real numbers: rounding, overflow and NaN are not counted",
        ),
    )
