"""Balls drawn at random, numbers drawn in them, and whether an enclosure holds a value known at many digits."""

from fractions import Fraction

from flint import arb
from hypothesis import strategies as st

from conformance.precise import MP, fraction

PRECISIONS = st.sampled_from([24, 53, 128, 192])
REALS = st.one_of(
    st.sampled_from([0.0, 1.0, -1.0, 0.5, 1e-300, -1e-300, 5e-324, 40.0, -40.0, 2.0, -2.0]),
    st.floats(-50, 50, allow_subnormal=True),
    st.floats(-1e-3, 1e-3),
)
RADII = st.one_of(
    st.just(Fraction(0)),
    st.builds(lambda k: Fraction(2) ** -k, st.integers(-2, 60)),
    st.builds(lambda k: Fraction(2) ** -k, st.integers(900, 1100)),
)
PLACES = st.builds(lambda k: Fraction(k, 64), st.integers(-64, 64))
"""Where in a ball: -1 is its lower end, 1 its upper."""

DIGITS = 800
"""Enough for what cancels in e^x - 1 - x at x = 1e-324."""
SLACK = Fraction(10) ** -300
"""The error of values at so many digits, relative to 1 + |value|; the narrowest ball that is not exact is far wider."""


def precisely(function, *points: Fraction):
    """The function's value at rational points, as a rational; None where it has none."""
    with MP.workdps(DIGITS):
        try:
            value = function(*(MP.mpf(point.numerator) / point.denominator for point in points))
        except (ValueError, ZeroDivisionError):
            return None
        return fraction(value) if MP.isfinite(value) and isinstance(value, MP.mpf) else None


def rational(point: arb) -> Fraction:
    """A ball of radius 0 as the rational number that it is."""
    value = point.fmpq()
    return Fraction(int(value.p), int(value.q))


def holds(enclosure: arb, value: Fraction) -> bool:
    """Whether a ball holds a value known within SLACK. A non-finite ball holds everything."""
    if not enclosure.is_finite():
        return bool(enclosure.contains(0))
    return abs(rational(enclosure.mid()) - value) <= rational(enclosure.rad()) + SLACK * (1 + abs(value))
