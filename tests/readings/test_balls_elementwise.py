"""Every elementwise operation encloses: at random numbers of random balls, against 800 digits."""

from fractions import Fraction

import pytest
from drawn_balls import PLACES, PRECISIONS, RADII, REALS, holds, precisely, rational
from flint import arb
from hypothesis import assume, find, given, settings

from conformance.precise import MP
from vaelid.readings.balls import Balls, balls
from vaelid.readings.balls.elementwise import ELEMENTWISE
from vaelid.readings.balls.truth import COMPARISONS


def _normaliser(x):
    return MP.log(MP.expm1(x) / x) if x else MP.mpf(0)


def _mean(x):
    return 1 / -MP.expm1(-x) - 1 / x if x else MP.mpf(1) / 2


def _log_gamma(x):
    with MP.workdps(320):  # it does not cancel, and takes its time
        return MP.loggamma(x) if x > 0 else MP.log(abs(MP.gamma(x)))


UNARY = {
    "abs": abs,
    "ceil": MP.ceil,
    "continuous_bernoulli_log_normaliser": _normaliser,
    "continuous_bernoulli_mean": _mean,
    "cos": MP.cos,
    "cosh": MP.cosh,
    "exp": MP.exp,
    "exp_minus_one_minus": lambda x: MP.expm1(x) - x,
    "expm1": MP.expm1,
    "floor": MP.floor,
    "lgamma": _log_gamma,
    "log": lambda x: MP.log(x) if x > 0 else MP.nan,
    "log1p": lambda x: MP.log1p(x) if x > -1 else MP.nan,
    "negative": lambda x: -x,
    "positive": lambda x: +x,
    "reciprocal": lambda x: 1 / x,
    "sigmoid": lambda x: 1 / (1 + MP.exp(-x)),
    "sign": MP.sign,
    "sin": MP.sin,
    "sinh": MP.sinh,
    "softplus": lambda x: MP.log1p(MP.exp(x)),
    "sqrt": lambda x: MP.sqrt(x) if x >= 0 else MP.nan,
    "square": lambda x: x * x,
    "tan": MP.tan,
    "tanh": MP.tanh,
}
BINARY = {
    "add": lambda x, y: x + y,
    "divide": lambda x, y: x / y,
    "logaddexp": lambda x, y: MP.log(MP.exp(x) + MP.exp(y)),
    "maximum": max,
    "minimum": min,
    "multiply": lambda x, y: x * y,
    "pow": lambda x, y: MP.power(x, y) if x > 0 else MP.nan,
    "subtract": lambda x, y: x - y,
}
OTHERWISE_TESTED = {"binomial_log_coefficient", "isfinite", "log_of_number", "number", "where"} | {
    name for name in ELEMENTWISE if name.startswith("logical_") or name in COMPARISONS
}
ENDS = {"mid", "rad", "lower", "upper"}


def test_every_rule_is_tested():
    assert set(UNARY) | set(BINARY) | OTHERWISE_TESTED | ENDS == set(ELEMENTWISE)


@pytest.mark.parametrize("name", UNARY)
@settings(max_examples=80)
@given(x=REALS, radius=RADII, place=PLACES, precision=PRECISIONS)
def test_unary_operations_hold_the_value_at_every_number_of_the_ball(name, x, radius, place, precision):
    value = precisely(UNARY[name], Fraction(x) + place * radius)
    assume(value is not None)
    argument = balls(x, radius, precision=precision)
    assert holds(getattr(argument.namespace, name)(argument).item(), value)


@pytest.mark.parametrize("name", BINARY)
@settings(max_examples=60)
@given(x=REALS, y=REALS, radius=RADII, radius_y=RADII, place=PLACES, place_y=PLACES, precision=PRECISIONS)
def test_binary_operations_hold_the_value_at_every_pair(name, x, y, radius, radius_y, place, place_y, precision):
    value = precisely(BINARY[name], Fraction(x) + place * radius, Fraction(y) + place_y * radius_y)
    assume(value is not None)
    xp = Balls(precision)
    enclosure = getattr(xp, name)(balls(x, radius, precision=precision), balls(y, radius_y, precision=precision))
    assert holds(enclosure.item(), value)


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 4, 7, -1, -2, -3])
@settings(max_examples=80)
@given(x=REALS, radius=RADII, place=PLACES, precision=PRECISIONS)
def test_whole_powers_hold_the_value_of_any_base(exponent, x, radius, place, precision):
    point = Fraction(x) + place * radius
    assume(exponent >= 0 or point != 0)
    assert holds((balls(x, radius, precision=precision) ** exponent).item(), point**exponent)


@settings(max_examples=60)
@given(x=REALS, radius=RADII)
def test_even_powers_and_absolute_values_are_hardly_below_their_least_value(x, radius):
    argument = balls(x, radius)
    least = max(Fraction(0), abs(Fraction(x)) - radius)
    for even, floor in ((abs(argument), least), (argument**2, least**2), (argument**4, least**4)):
        low, high = rational(even.lower.item()), rational(even.upper.item())
        assert floor >= low >= floor - high * Fraction(2) ** -24  # a radius is kept in 30 bits


@pytest.mark.parametrize("name", ["exp", "log", "log1p", "lgamma", "sigmoid", "softplus", "sqrt", "tanh", "expm1"])
def test_an_operation_without_its_radius_fails_these_tests(name):
    def dropped(x: float) -> bool:
        value = precisely(UNARY[name], Fraction(x))
        return value is not None and not holds(getattr(Balls(53), name)(balls(x, precision=53)).mid.item(), value)

    assert find(REALS, dropped) is not None


@pytest.mark.parametrize("name", sorted(UNARY))
def test_exact_arguments_give_balls_as_narrow_as_the_precision(name):
    """To within 12 bits of the value; of 1 + the value where a multiple of pi is taken off."""
    for x in (2.0**-1000, -(2.0**-1000), 1e-8, -1e-8, 0.1, -0.1, 0.9, 5.5, -40.25, 1e6, -1e6):
        enclosure = getattr(Balls(128), name)(balls(x)).item()
        if precisely(UNARY[name], Fraction(x)) is not None and (name != "lgamma" or x > 0):
            periodic = name in ("sin", "cos", "tan")
            size = abs(enclosure.mid()) + (1 if periodic else 0)
            assert enclosure.rad() <= size * arb(2) ** (-116), (name, x, enclosure)


@pytest.mark.parametrize(
    ("name", "x", "radius"),
    [
        ("log", 0, 0),
        ("log", -1, 0),
        ("log", 1, 2),
        ("sqrt", -1, 0),
        ("sqrt", 0, 1),
        ("log1p", -1, 0),
        ("lgamma", 0, 0),
        ("lgamma", -2.5, 0),
        ("reciprocal", 0, 0),
        ("reciprocal", 1, 1),
    ],
)
def test_where_there_is_no_enclosure_the_ball_is_not_finite_and_claims_nothing(name, x, radius):
    xp = Balls(128)
    result = getattr(xp, name)(balls(x, radius))
    assert not result.item().is_finite()
    assert result.contains(3).item()
    assert result.contains(-1e300).item()
    for claim in (result < 1, result == result, xp.isfinite(result)):
        assert not isinstance(claim.item(), bool)
    assert not (2 * result + 1).item().is_finite()
    assert not xp.sum(xp.stack([result, balls(1)])).item().is_finite()
    assert not xp.max(xp.stack([result, balls(1)])).item().is_finite()


def test_powers_that_do_not_exist_are_not_finite():
    assert not (balls(0, 1) ** -1).item().is_finite()
    assert not (balls(-2) ** 0.5).item().is_finite()
    assert not (balls(2) ** balls(0.5, 0.1) * 0 / 0).item().is_finite()
    assert (balls(2) ** 0.5).contains((balls(2) ** balls(0.5, 0.1)).mid).item() is not None


def test_log_of_a_binomial_coefficient_is_that_of_the_exact_integer():
    xp = Balls(128)
    k = xp.asarray([0, 1, 7, 300, 600])
    enclosures = xp.binomial_log_coefficient(600, k, k)
    for which, enclosure in enumerate(enclosures.elements):
        value = precisely(lambda n, k: MP.log(MP.binomial(n, k)), Fraction(600), Fraction(int(k[which].item())))
        assert holds(enclosure, value)
    assert (enclosures.rad <= 2.0**-115).elements.tolist() == [True] * 5
    outside = xp.binomial_log_coefficient(3, balls([-1, 4]), balls(0.0))
    assert [ball.is_finite() for ball in outside.elements] == [False, False]


def test_numbers_of_the_spec_are_exact():
    xp = Balls(128)
    like = balls(0.0)
    assert (xp.number(0.1, like) == Fraction(0.1)).item() is True
    assert holds(xp.log_of_number(0.3, like).item(), precisely(MP.log, Fraction(0.3)))
    assert holds(xp.pi.item(), precisely(lambda: MP.pi + 0))
    assert holds(xp.e.item(), precisely(lambda: MP.e + 0))
