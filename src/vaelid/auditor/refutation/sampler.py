"""Witnesses that what a decoder is given is no sample of a Gaussian: one draw for several places, or no affine map."""

from collections.abc import Callable, Mapping
from fractions import Fraction

import flint
from flint import arb

from vaelid.auditor.findings.report import Witness
from vaelid.auditor.findings.witnesses import separated
from vaelid.auditor.formula.arithmetic import linear_in
from vaelid.auditor.formula.axes_of_terms import axes_in, collapsed, elements_of, names_in
from vaelid.auditor.formula.circuit import Circuit
from vaelid.auditor.formula.circuit_values import CircuitValues
from vaelid.auditor.formula.number_types import SLOPES
from vaelid.auditor.lifting.reading import Reading
from vaelid.auditor.model.posterior import Sample
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.syntax import INDEX, Element, Term, free_variables

__all__ = ["no_function_of_a_normal", "one_draw_for_many"]


_PRECISION = 128
_NODES = 2000


def one_draw_for_many(sample: Sample) -> frozenset[int]:
    """The axes of a sample along which it has one element of its draw for all places; empty where there is none."""
    names = {noise.name for noise in sample.noise}
    drawn = [e for e in elements_of(sample.element) if isinstance(e.head, Element) and _name(e) in names]
    if len(drawn) != 1:
        return frozenset()
    found = linear_in(sample.element, drawn)
    if found is None or names_in(found[1]) & names or names_in(found[0][0]) & names:
        return frozenset()
    return frozenset(sample.axes) & frozenset(axes_in(sample.element.term)) - frozenset(axes_in(drawn[0]))


def no_function_of_a_normal(
    sample: Sample, reading: Reading, shown: Callable[[Term], str]
) -> tuple[Witness, str] | None:
    """A witness that a sample is no function of a mean plus a deviation times its draw, and a sentence.

    Of z = g(m + s eps), whatever g, the slope in anything else divided by the slope in eps is affine in eps. Asked
    only where the draw stands nowhere else in the loss: a flow's density has it, a closed form of a KL has not.
    """
    (noise, *more) = sample.noise
    if more or noise.law != "normal" or noise.name in reading.result.leaves:
        return None
    eps = reading.element(noise).term
    elements = elements_of(sample.element)
    if eps not in elements or any(_name(e) == noise.name for e in elements if e is not eps):
        return None
    term = collapsed(sample.element)
    lengths = {v.name: 1 for v in free_variables(term.term) if v.sort is INDEX}
    circuit = Circuit(lengths, {}, _NODES)
    with flint.ctx.workprec(_PRECISION):
        try:
            root = circuit.node(term.term)
        except ReadingError:
            return None
        values = CircuitValues(circuit, SLOPES, lambda at: Fraction(2 + len(at[0]) % 3, 3))
        draw = next(at for at in circuit.elements if at[0] == noise.name)
        for other in circuit.elements:
            if other == draw:
                continue
            if (found := _flat(values, root, draw, other)) is not None:
                number, slope = found
                reason = (
                    "z is no function of a mean plus a deviation times the noise, so no sample of a Gaussian: where "
                    f"the noise is {number}, z moves with {other[0]} and not with the noise, as behind a clamp."
                )
                meaning = f"the slope of z in {other[0]} where the noise is {number}; that in the noise is 0 there"
                return separated({shown(eps): str(number)}, slope, 0, meaning), reason
            if (found := _bent(values, root, draw, other)) is not None:
                computed, expected = found
                reason = (
                    "z is no function of a mean plus a deviation times the noise, so no sample of a Gaussian: the "
                    f"ratio of its slopes in {other[0]} and in the noise is {computed.str(6)} where the noise is 2, "
                    f"and a line through those at 1 and 3 gives {expected.str(6)}."
                )
                meaning = "the ratio of the slopes of z where the noise is 2; on the line through those at 1 and 3"
                return separated({shown(eps): "2"}, computed, expected, meaning), reason
    return None


_FAR = (Fraction(1, 3), Fraction(5, 3), Fraction(10, 3), Fraction(100, 3))


def _flat(values: CircuitValues, root: int, draw: tuple, other: tuple) -> tuple[Fraction, arb] | None:
    """A value of the noise at which the slope in it is exactly 0 and another is not, and that other slope.

    Of g(m + s eps) both slopes have the factor g', which is 0 where the slope in eps is, if s is not.
    """
    for number in _FAR:
        here: Mapping = {draw: number}
        along = values.at(root, {**here, draw: SLOPES.moving(number)})
        across = values.at(root, {**here, other: SLOPES.moving(values.base(other))})
        if along is not None and across is not None and along[1].is_zero() and not across[1].contains(0):
            return number, across[1]
    return None


def _bent(values: CircuitValues, root: int, draw: tuple, other: tuple) -> tuple[arb, arb] | None:
    """The ratio of two slopes at 2, and the mean of those at 1 and 3, where these differ."""
    ratios = []
    for number in (1, 2, 3):
        here: Mapping = {draw: Fraction(number)}
        along = {**here, draw: SLOPES.moving(Fraction(number))}
        across = {**here, other: SLOPES.moving(values.base(other))}
        one, two = values.at(root, across), values.at(root, along)
        if one is None or two is None or two[1].contains(0):
            return None
        ratios.append(one[1] / two[1])
    expected = (ratios[0] + ratios[2]) / 2
    return None if ratios[1].overlaps(expected) else (ratios[1], expected)


def _name(element: Term) -> str:
    return element.arguments[0].head.name if element.arguments else ""  # pyright: ignore[reportAttributeAccessIssue]
