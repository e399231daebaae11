"""Witnesses that a reconstruction is no negative log-likelihood of the family that it is written for."""

import itertools
from collections.abc import Callable
from fractions import Fraction

import flint
from flint import arb

from vaelid.auditor.likelihoods import families
from vaelid.auditor.objective import Group, Question
from vaelid.auditor.posterior import names_in
from vaelid.auditor.refute import Point, at_lengths, ball, elements_of, has_sums, no_multiple, points
from vaelid.auditor.report import Witness
from vaelid.auditor.targets import Body
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import Operator, Term, subterms

__all__ = ["no_likelihood"]

_PRECISION = 128


def no_likelihood(
    question: Question, group: Group, declared: str | None, shown: Callable[[Term], str]
) -> tuple[Witness, str] | None:
    """A witness, and a sentence; None where nothing tells against a likelihood that is not known here."""
    if has_sums(group.body):
        return None
    with flint.ctx.workprec(_PRECISION):
        return _no_likelihood(
            Body.of(at_lengths(group.body, question.values.lengths), question.data), question, declared, shown
        )


def _no_likelihood(
    body: Body, question: Question, declared: str | None, shown: Callable[[Term], str]
) -> tuple[Witness, str] | None:
    observed = [e for e in elements_of(body.term) if names_in(TermArray((), e)) <= question.data]
    outputs = [e for e in elements_of(body.term) if e not in observed]
    if len(observed) != 1 or not outputs:
        return None
    scaled = declared in ("gaussian", "laplace") and len(outputs) > 1  # one of them may be its scale
    if declared is not None and not scaled:
        return _not_declared(body.term, observed[0], outputs, declared, shown)
    if declared != "laplace" and _is_polynomial(body.term.term, observed[0]):
        return _not_normalised(body.term, observed[0], outputs, shown)
    if _speaks_of_bernoulli(body.term):
        return _not_declared(body.term, observed[0], outputs, "bernoulli", shown)
    return None


def _not_declared(
    body: TermArray, x: Term, outputs: list[Term], declared: str, shown: Callable[[Term], str]
) -> tuple[Witness, str] | None:
    witness: Witness | None = None
    for family in families(declared):
        for h in outputs:
            for output in (TermArray((), h), *_links(declared, TermArray((), h))):
                target = family.target(TermArray((), x), output)
                grid = _grid(x, outputs, declared)
                found = no_multiple(body, target.term - target.normaliser, grid, shown)
                if found is None:
                    return None
                witness = witness or found.witness
    if witness is None:
        return None
    point = ", ".join(f"{name} = {value}" for name, value in witness.point.items())
    reason = (
        f"no weight and constant make it the negative log-likelihood of a {declared} with the decoder's output as "
        f"parameter: at {point} it is {witness.computed}, and would have to be {witness.expected}."
    )
    return witness, reason


def _links(declared: str, h: TermArray) -> list[TermArray]:
    """What an output may be besides the parameter itself."""
    if declared == "bernoulli":
        return [xp.log(h) - xp.log(1 - h)]
    return [xp.log(h)] if declared == "poisson" else []


def _grid(x: Term, outputs: list[Term], declared: str) -> list:
    third = [Fraction(1, 3), Fraction(1, 2), Fraction(1, 5), Fraction(3, 4), Fraction(2, 3)]
    others = {h: third[k % 5] for k, h in enumerate(outputs)}
    data = [Fraction(0), Fraction(1)] + ([Fraction(1, 4), Fraction(-1)] if declared in ("gaussian", "laplace") else [])
    found = []
    for value in data:
        for h in outputs:
            found += [{**others, h: number, x: value} for number in third]
    return found


def _is_polynomial(term: Term, x: Term) -> bool:
    """Whether the variable stands in sums, products and powers only."""
    if term is x:
        return True
    if not any(part is x for part in subterms(term)):
        return True
    if term.head in (Operator("add"), Operator("subtract"), Operator("multiply"), Operator("negative")):
        return all(_is_polynomial(part, x) for part in term.arguments)
    if term.head == Operator("divide"):
        return _is_polynomial(term.arguments[0], x) and not any(p is x for p in subterms(term.arguments[1]))
    return term.head.__class__.__name__ == "Power" and _is_polynomial(term.arguments[0], x)


def _not_normalised(
    body: TermArray, x: Term, outputs: list[Term], shown: Callable[[Term], str]
) -> tuple[Witness, str] | None:
    """exp(-(A x^2 + B x + C) / w) integrates to one number if B^2 / (4 A) - C - w / 2 log A is one number, w > 0."""
    seen: list[tuple[dict, arb, arb]] = []
    for point in points(outputs, {}, 24):
        at = [v for k in (0, 1, -1, 2) if (v := ball(body, {**point, x: Fraction(k)})) is not None]
        if len(at) < 4:
            continue
        zero, one, minus, two = at
        square, slope = (one + minus) / 2 - zero, (one - minus) / 2
        if not (zero + 2 * slope + 4 * square).overlaps(two):
            return _unbounded(body, x, point, shown)
        if not square > 0:
            return None
        if (level := slope**2 / (4 * square) - zero).is_finite():
            seen.append((dict(point), square, level))
    found = (_other_level(seen) or _other_scale(seen)) if seen else None
    if found is None:
        return None
    (where, first), computed, expected, what = found
    names = {shown(e): str(v) for e, v in where.items()}
    said = ", ".join(f"{shown(e)} = {v}" for e, v in first.items())
    meaning = f"{what}, where it is A x^2 + B x + C in the data x: the second number is that at {said}"
    reason = (
        "it is the negative logarithm of no density: the integral of its exponential over the data moves "
        f"with the decoder's output ({what} is {computed.str(6)} and {expected.str(6)})."
    )
    return Witness(names, computed.str(12), expected.str(12), meaning), reason


_Seen = list[tuple[dict, arb, arb]]
_Pair = tuple[tuple[dict, dict], arb, arb, str]


def _other_level(seen: _Seen) -> _Pair | None:
    """Two points of one A whose levels differ."""
    for (first, square, level), (where, other, found) in itertools.combinations(seen, 2):
        if square.overlaps(other) and not level.overlaps(found):
            return (where, first), found, level, "B^2 / (4 A) - C"
    return None


def _other_scale(seen: _Seen) -> _Pair | None:
    """Two points of which A moves, and the level not as the logarithm of a scale has it, with one w > 0 for all."""
    moved = [s for s in seen[1:] if not s[1].overlaps(seen[0][1])]
    if not moved:
        return None
    first, square, level = seen[0]
    where, other, found = moved[0]
    half = (found - level) / (other.log() - square.log())
    if half <= 0 or (half.contains(0) and abs(half) < arb("1e-20")):
        return (where, first), other, square, "A"
    for point, scale, value in moved[1:]:
        wanted = level + half * (scale.log() - square.log())
        if not value.overlaps(wanted):
            return (point, first), value, wanted, "B^2 / (4 A) - C, beside that which A asks for,"
    return None


def _unbounded(body: TermArray, x: Term, point: Point, shown: Callable[[Term], str]) -> tuple[Witness, str] | None:
    """A polynomial that falls far out is the negative logarithm of no density: its exponential grows there."""
    for near, far in ((Fraction(10**3), Fraction(10**6)), (Fraction(-(10**3)), Fraction(-(10**6)))):
        one, other = ball(body, {**point, x: near}), ball(body, {**point, x: far})
        if one is not None and other is not None and other < one:
            names = {shown(e): str(v) for e, v in point.items()} | {shown(x): str(far)}
            meaning = f"the term there, and at {shown(x)} = {near}: it has to grow for its exponential to be integrable"
            reason = f"it is the negative logarithm of no density: it falls without end as {shown(x)} goes to {far}."
            return Witness(names, other.str(12), one.str(12), meaning), reason
    return None


def _speaks_of_bernoulli(body: TermArray) -> bool:
    """Whether its functions are those of a Bernoulli: logarithms of p, 1 - p and 1 + e^h."""
    logs = [p for p in subterms(body.term) if p.head == Operator("log")]
    others = [p for p in subterms(body.term) if p.head in (Operator("abs"), Operator("lgamma"), Operator("tanh"))]
    return bool(logs) and not others and all(_usual(p.arguments[0]) for p in logs)


def _usual(inside: Term) -> bool:
    one = as_term(1).term
    exps = (Operator("exp"),)
    match inside.head, inside.arguments:
        case Operator("subtract"), (x, _):
            return x is one
        case Operator("add"), (x, y):
            return (x is one or x.head in exps) and y.head in exps
        case Operator("divide"), (x, _):
            return x is one
    return inside.head.__class__.__name__ in ("Element", "Variable")
