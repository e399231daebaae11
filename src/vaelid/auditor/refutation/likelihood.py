"""Witnesses that a reconstruction is no negative log-likelihood of the family that it is written for."""

import itertools
from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction

import flint
from flint import arb

from vaelid.auditor.findings.report import Witness
from vaelid.auditor.findings.witnesses import separated
from vaelid.auditor.formula.axes_of_terms import at_lengths, axes_in, elements_of, has_sums, names_in
from vaelid.auditor.formula.circuit import Circuit
from vaelid.auditor.formula.circuit_values import CircuitValues
from vaelid.auditor.formula.in_balls import Assignment, ball, points
from vaelid.auditor.formula.number_types import BALLS
from vaelid.auditor.model.question import Question
from vaelid.auditor.recognition.groups import Group, by_outputs
from vaelid.auditor.recognition.likelihoods import families
from vaelid.auditor.recognition.quantities import Body
from vaelid.auditor.refutation.divergence import no_multiple
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import Operator, Term, subterms

__all__ = ["another_likelihood", "no_likelihood"]


_PRECISION = 128
_MOST_NODES = 20_000


def no_likelihood(
    question: Question, group: Group, declared: str | None, shown: Callable[[Term], str]
) -> tuple[Witness, str] | None:
    """A witness, and a sentence; None where nothing tells against a likelihood that is not known here."""
    if has_sums(group.body) or len(by_outputs(question, group)) > 1:  # of several draws: a sum of likelihoods, not one
        return None
    with flint.ctx.workprec(_PRECISION):
        return _no_likelihood(
            Body.of(at_lengths(group.body, question.values.lengths), question.data), question, declared, shown
        )


def another_likelihood(question: Question, group: Group, declared: str, shown: Callable[[Term], str]) -> Witness | None:
    """A witness that a likelihood that is known is not of the family that was declared; None where none is found."""
    assert group.found is not None
    with flint.ctx.workprec(_PRECISION):
        if group.found.target.family == "categorical" or declared == "categorical":
            return _of_other_places(question, group, declared)
        if has_sums(group.body):
            return None
        body = Body.of(at_lengths(group.body, question.values.lengths), question.data).term
        observed = [e for e in elements_of(body) if names_in(TermArray((), e)) <= question.data]
        outputs = [e for e in elements_of(body) if e not in observed]
        if len(observed) != 1 or not outputs:
            return None
        if declared == "negative_binomial":
            return _no_counts(body, observed[0], outputs, shown)
        found = _not_declared(body, observed[0], outputs, declared, shown, group.found.target.parameters)
        return None if found is None else found[0]


def _of_other_places(question: Question, group: Group, declared: str) -> Witness | None:
    """Outputs of a categorical's classes stand in one logarithm of a sum; those of other likelihoods do not."""
    circuit = Circuit(question.values.lengths, question.folds, _MOST_NODES)
    mixed = arb(0)
    with suppress(ReadingError):
        root = circuit.node(group.body.term, {f"i{axis}": 0 for axis in axes_in(group.body.term)})
        values = CircuitValues(circuit, BALLS, lambda _: Fraction(0))
        data = {at: Fraction(1) for at in circuit.elements if at[0] in question.data}
        outputs = [at for at in circuit.elements if at not in data]
        pairs = [(a, b) for a, b in itertools.combinations(outputs, 2) if a[0] == b[0] and a[1] != b[1]]
        for one, other in pairs[:40]:
            moves = ({}, {one: Fraction(1)}, {other: Fraction(1)}, {one: Fraction(1), other: Fraction(1)})
            base, first, second, both = (values.at(root, {**data, **move}) for move in moves)
            if None not in (base, first, second, both) and not (both - first - second + base).contains(0):
                mixed = both - first - second + base
                break
    of_classes = _log_sum(1, 1) - 2 * _log_sum(1, 0) + _log_sum(0, 0)
    wanted = of_classes if declared == "categorical" else arb(0)
    said = (
        "a categorical's of two classes" if declared == "categorical" else f"a {declared} likelihood's, place by place"
    )
    if mixed.overlaps(wanted):
        return None
    meaning = f"what moving two outputs from 0 to 1 together changes in it, beyond what each does alone; {said}"
    return separated({}, mixed, wanted, meaning)


def _no_counts(body: TermArray, x: Term, outputs: list[Term], shown: Callable[[Term], str]) -> Witness | None:
    """With A and A + D the term at x = 0 and x = 1, and r the dispersion of a negative binomial of mean m, it is
    A = w r log(r + m) + c and D = w log(1 + r / m) + d: where log m goes in equal steps, A's second differences are r
    times those of D, which are positive. Asked for every output as m, and as log m.
    """
    witness: Witness | None = None
    others = {h: Fraction(1, k + 3) for k, h in enumerate(outputs)}
    for h, steps in itertools.product(outputs, _EQUAL_STEPS):
        at = [{**others, h: step, x: Fraction(k)} for k in (0, 1) for step in steps]
        values = [value for point in at if (value := ball(body, point)) is not None]
        if len(values) < len(at):
            continue
        zero, one = values[: len(steps)], values[len(steps) :]
        bent = [_second(zero[k : k + 3]) for k in (0, 1)]
        slopes = [_second([b - a for a, b in zip(zero, one, strict=True)][k : k + 3]) for k in (0, 1)]
        said = ", ".join(map(str, steps[:3]))
        if not slopes[0] > 0 or not slopes[1] > 0:
            meaning = f"how what x = 1 adds bends over {shown(h)} = {said}; in a negative binomial of dispersion 1"
            found = separated({}, slopes[0] if not slopes[0] > 0 else slopes[1], _second(_OF_ONE), meaning)
        elif not (ratios := [a / d for a, d in zip(bent, slopes, strict=True)])[0].overlaps(ratios[1]):
            meaning = f"the dispersion that it asks for near {shown(h)} = {steps[2]}; that near {steps[1]}"
            found = separated({}, ratios[1], ratios[0], meaning)
        else:
            return None
        witness = witness or found
    return witness


_EQUAL_STEPS = (
    tuple(map(Fraction, (-1, 0, 1, 2))),
    tuple(Fraction(1, k) for k in (16, 8, 4, 2)),
)
"""Of log m where it is the output, and where its logarithm is."""
_OF_ONE = [(1 + arb(-k).exp()).log() for k in (-1, 0, 1)]


def _second(values: Sequence[arb]) -> arb:
    return values[0] - 2 * values[1] + values[2]


def _log_sum(x: int, y: int) -> arb:
    return (arb(x).exp() + arb(y).exp()).log()


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
    body: TermArray,
    x: Term,
    outputs: list[Term],
    declared: str,
    shown: Callable[[Term], str],
    known: Sequence[TermArray] = (),
) -> tuple[Witness, str] | None:
    """Beside the datum and each output themselves, what is `known` as datum and parameter may be these."""
    witness: Witness | None = None
    observed = dict.fromkeys([TermArray((), x), *known[:1]])
    for family, h in itertools.product(families("bernoulli" if declared == "binomial" else declared), outputs):
        parameters = (TermArray((), h), *_links(family.family, TermArray((), h)), *known[1:2])
        grid = _grid(x, [h] if declared in _SCALED else outputs, outputs, declared)
        for datum, parameter in itertools.product(observed, parameters):
            target = family.target(datum, parameter)
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


_SCALED = ("gaussian", "laplace")
"""Families that may have a scale of their own, which then is at one number."""


def _grid(x: Term, moved: Sequence[Term], outputs: list[Term], declared: str) -> list[Assignment]:
    """Points that move the datum and one output; of a binomial, whose trials are not said, at 0."""
    third = [Fraction(1, 3), Fraction(1, 2), Fraction(1, 5), Fraction(3, 4), Fraction(2, 3)]
    others = {h: third[k % 5] for k, h in enumerate(outputs)}
    data = [Fraction(0), Fraction(1)] + ([Fraction(1, 4), Fraction(-1)] if declared in _SCALED else [])
    found: list[Assignment] = []
    for value in data if declared != "binomial" else data[:1]:
        for h in moved:
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
    return separated(names, computed, expected, meaning), reason


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


def _unbounded(body: TermArray, x: Term, point: Assignment, shown: Callable[[Term], str]) -> tuple[Witness, str] | None:
    """A polynomial that falls far out is the negative logarithm of no density: its exponential grows there."""
    for near, far in ((Fraction(10**3), Fraction(10**6)), (Fraction(-(10**3)), Fraction(-(10**6)))):
        one, other = ball(body, {**point, x: near}), ball(body, {**point, x: far})
        if one is not None and other is not None and other < one:
            names = {shown(e): str(v) for e, v in point.items()} | {shown(x): str(far)}
            meaning = f"the term there, and at {shown(x)} = {near}: it has to grow for its exponential to be integrable"
            reason = f"it is the negative logarithm of no density: it falls without end as {shown(x)} goes to {far}."
            return separated(names, other, one, meaning), reason
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
