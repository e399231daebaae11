"""Witnesses that a likelihood that was recognised is not of the family that was declared.

In come the group that was recognised, and the declared family; out goes a `Witness`, or None where none was found. For
example, a squared error, declared Bernoulli: the weight and constant that make it log(1 + e^h) - x h at two points are
wrong at a third.
"""

import itertools
from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction

import flint
from flint import arb

from vaelid.auditor.findings.report import Witness
from vaelid.auditor.findings.witnesses import separated
from vaelid.auditor.formula.axes_of_terms import axes_in, has_sums, index_names
from vaelid.auditor.formula.circuit import Circuit
from vaelid.auditor.formula.circuit_values import CircuitValues
from vaelid.auditor.formula.in_balls import enclosure
from vaelid.auditor.formula.number_types import BALLS
from vaelid.auditor.model.question import Question
from vaelid.auditor.recognition.groups import Group
from vaelid.auditor.recognition.quantities import Found
from vaelid.auditor.refutation.no_likelihood import PRECISION, Compared, compared_in, not_of_family
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.syntax import Term

__all__ = ["another_likelihood"]


# One place of a likelihood: one of more nodes, as a mixture of many logistics, is not written out.
_MOST_NODES = 20_000

# Pairs of a decoder's outputs: two classes of one datum are among the first, since classes lie side by side.
_MOST_PAIRS = 40

_EQUAL_STEPS = (
    tuple(map(Fraction, (-1, 0, 1, 2))),
    tuple(Fraction(1, k) for k in (16, 8, 4, 2)),
)
"""Of log m where it is the output, and where its logarithm is."""

_OF_DISPERSION_1 = [(1 + arb(-k).exp()).log() for k in (-1, 0, 1)]


def another_likelihood(
    question: Question, group: Group, found: Found, declared: str, shown: Callable[[Term], str]
) -> Witness | None:
    """A witness that what the group was found to be is not of the declared family; None where there is none."""
    with flint.ctx.workprec(PRECISION):
        if found.target.family == "categorical" or declared == "categorical":
            return _of_other_places(question, group, declared)
        if has_sums(group.body) or (compared := compared_in(question, group)) is None:
            return None
        if declared == "negative_binomial":
            return _no_counts(compared, shown)
        return not_of_family(compared, declared, shown, found.target.parameters)


def _of_other_places(question: Question, group: Group, declared: str) -> Witness | None:
    """Outputs of a categorical's classes stand in one logarithm of a sum; those of other likelihoods do not."""
    mixed = _mixed_effect(question, group)
    of_classes = _log_sum(1, 1) - 2 * _log_sum(1, 0) + _log_sum(0, 0)
    wanted = of_classes if declared == "categorical" else arb(0)
    said = (
        "a categorical's of two classes" if declared == "categorical" else f"a {declared} likelihood's, place by place"
    )
    if mixed.overlaps(wanted):
        return None
    meaning = f"what moving two outputs from 0 to 1 together changes in it, beyond what each does alone; {said}"
    return separated({}, mixed, wanted, meaning)


def _mixed_effect(question: Question, group: Group) -> arb:
    """What moving two outputs of one array together changes beyond what each does; 0 where no two do anything."""
    circuit = Circuit(question.values.lengths, question.folds, _MOST_NODES)
    with suppress(ReadingError):
        root = circuit.node(group.body.term, dict.fromkeys(index_names(axes_in(group.body.term)), 0))
        values = CircuitValues(circuit, BALLS, lambda _: Fraction(0))
        data = {at: Fraction(1) for at in circuit.elements if at[0] in question.data}
        outputs = [at for at in circuit.elements if at not in data]
        pairs = [(a, b) for a, b in itertools.combinations(outputs, 2) if a[0] == b[0] and a[1] != b[1]]
        for one, other in pairs[:_MOST_PAIRS]:
            moves = ({}, {one: Fraction(1)}, {other: Fraction(1)}, {one: Fraction(1), other: Fraction(1)})
            base, first, second, both = (values.at(root, {**data, **move}) for move in moves)
            if None not in (base, first, second, both) and not (both - first - second + base).contains(0):
                return both - first - second + base
    return arb(0)


def _no_counts(compared: Compared, shown: Callable[[Term], str]) -> Witness | None:
    """With A and A + D the term at x = 0 and x = 1, and r the dispersion of a negative binomial of mean m, it is
    A = w r log(r + m) + c and D = w log(1 + r / m) + d: where log m goes in equal steps, A's second differences are r
    times those of D, which are positive. Asked for every output as m, and as log m.
    """
    witness: Witness | None = None
    others = {h: Fraction(1, k + 3) for k, h in enumerate(compared.outputs)}
    for h, steps in itertools.product(compared.outputs, _EQUAL_STEPS):
        at = [{**others, h: step, compared.datum: Fraction(k)} for k in (0, 1) for step in steps]
        values = [value for point in at if (value := enclosure(compared.term, point)) is not None]
        if len(values) < len(at):
            continue
        zero, one = values[: len(steps)], values[len(steps) :]
        bent = [_second(zero[k : k + 3]) for k in (0, 1)]
        slopes = [_second([b - a for a, b in zip(zero, one, strict=True)][k : k + 3]) for k in (0, 1)]
        said = ", ".join(map(str, steps[:3]))
        if not slopes[0] > 0 or not slopes[1] > 0:
            meaning = f"how what x = 1 adds bends over {shown(h)} = {said}; in a negative binomial of dispersion 1"
            off = slopes[0] if not slopes[0] > 0 else slopes[1]
            found = separated({}, off, _second(_OF_DISPERSION_1), meaning)
        elif not (ratios := [a / d for a, d in zip(bent, slopes, strict=True)])[0].overlaps(ratios[1]):
            meaning = f"the dispersion that it asks for near {shown(h)} = {steps[2]}; that near {steps[1]}"
            found = separated({}, ratios[1], ratios[0], meaning)
        else:
            return None
        witness = witness or found
    return witness


def _second(values: Sequence[arb]) -> arb:
    """A second difference."""
    return values[0] - 2 * values[1] + values[2]


def _log_sum(x: int, y: int) -> arb:
    return (arb(x).exp() + arb(y).exp()).log()
