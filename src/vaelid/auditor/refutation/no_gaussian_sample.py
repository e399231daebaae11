"""Refutations of samples: what a decoder is given is no draw of a Gaussian, or one draw stands for several places.

In comes a `Sample`, a tensor with noise in it, as it was read; out goes a `Refutation`, the axes that share a draw, or
nothing. For example, z = clamp(mu + sigma * eps, -1, 1) does not move with eps behind the clamp, but no Gaussian's
sample stands still there; z = mu + sigma * eps[b] with one eps for each row shares it along the coordinates.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction

import flint
from flint import arb

from vaelid.auditor.findings.refutation import Refutation
from vaelid.auditor.formula.arithmetic import linear_in
from vaelid.auditor.formula.axes_of_terms import at_single_places, axes_in, elements_of, names_in
from vaelid.auditor.formula.circuit import At, Circuit
from vaelid.auditor.formula.circuit_values import CircuitValues
from vaelid.auditor.formula.number_types import SLOPES
from vaelid.auditor.lifting.reading import Reading
from vaelid.auditor.model.posterior import Sample
from vaelid.auditor.refutation.sentences import another_slope, no_slope_in_noise
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.syntax import INDEX, Element, Term, free_variables

__all__ = ["no_function_of_a_normal", "one_draw_for_many"]


# Twice the digits of a float: the slopes behind a nest of exponentials cancel to a few digits.
_PRECISION = 128

# A sample is one element of a tensor, at one place: one of more nodes is a network, and is not written out.
_NODES = 2000

# CircuitValues of the noise, from the middle to beyond any clamp: at one of them a clamp's slope is 0.
_FAR = (Fraction(1, 3), Fraction(5, 3), Fraction(10, 3), Fraction(100, 3))


def one_draw_for_many(sample: Sample) -> frozenset[int]:
    """The axes of a sample along which it has one element of its draw for all places; empty where there is none."""
    names = {noise.name for noise in sample.noise}
    drawn = [e for e in elements_of(sample.element) if isinstance(e.head, Element) and _arrays_in(e) <= names]
    if len(drawn) != 1:
        return frozenset()
    found = linear_in(sample.element, drawn)
    if found is None or names_in(found[1]) & names or names_in(found[0][0]) & names:
        return frozenset()
    return frozenset(sample.axes) & frozenset(axes_in(sample.element.term)) - frozenset(axes_in(drawn[0]))


def no_function_of_a_normal(sample: Sample, reading: Reading, shown: Callable[[Term], str]) -> Refutation | None:
    """That a sample is no function of a mean plus a deviation times its draw; None where no point shows that.

    Of z = g(m + s eps), whatever g, the slope in anything else divided by the slope in eps is affine in eps. Asked
    only where the draw stands nowhere else in the loss: a flow's density has it, a closed form of a KL has not.
    """
    (noise, *more) = sample.noise
    if more or noise.law != "normal" or noise.name in reading.result.leaves:
        return None
    eps = reading.element(noise).term
    elements = elements_of(sample.element)
    if eps not in elements or any(noise.name in _arrays_in(e) for e in elements if e is not eps):
        return None
    term = at_single_places(sample.element)
    lengths = {v.name: 1 for v in free_variables(term.term) if v.sort is INDEX}
    circuit = Circuit(lengths, {}, _NODES)
    with flint.ctx.workprec(_PRECISION):
        try:
            root = circuit.node(term.term)
        except ReadingError:
            return None
        # The other elements stand at different numbers, all positive: none is at a special point of a logarithm.
        values = CircuitValues(circuit, SLOPES, lambda at: Fraction(2 + len(at[0]) % 3, 3))
        draw = next(at for at in circuit.elements if at[0] == noise.name)
        for other in circuit.elements:
            if other == draw:
                continue
            if (flat := _flat(values, root, draw, other)) is not None:
                return no_slope_in_noise(shown(eps), other[0], *flat)
            if (bent := _bent(values, root, draw, other)) is not None:
                return another_slope(shown(eps), other[0], *bent)
    return None


def _flat(values: CircuitValues, root: int, draw: At, other: At) -> tuple[Fraction, arb] | None:
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


def _bent(values: CircuitValues, root: int, draw: At, other: At) -> tuple[arb, arb] | None:
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


def _arrays_in(element: Term) -> frozenset[str]:
    """The array of an element, by its name."""
    return names_in(TermArray((), element))
