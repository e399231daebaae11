"""What ties the ball reading to the others: floats lie near its balls, wider input gives balls that still hold."""

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import cache

import flint
import numpy as np
import pytest

from vaelid.readings.balls import BallArray, Balls, balls, namespace

from .case import Case, many
from .cases import CASES
from .enclosures import not_enclosed, not_tightly_enclosed
from .precise import MP, distance, exact, floats
from .readings import BALLS, FLOATS, Reading


def _enclosed(case: Case) -> tuple[BallArray, ...]:
    return many(case.call(*map(BALLS.array, case.inputs)))


@cache
def _middles_and_radii(case: Case) -> list[tuple[np.ndarray, np.ndarray]]:
    """Of each result the balls' middles, as mpmath numbers, and their radii, as floats."""
    return [
        (
            np.array([MP.mpf(int(m)) * MP.mpf(2) ** int(e) for m, e in _mantissas(result)]).reshape(result.shape),
            np.array([float(radius) for radius in result.rad.elements.flat]).reshape(result.shape),
        )
        for result in _enclosed(case)
    ]


def _mantissas(result: BallArray) -> list[tuple]:
    return [middle.man_exp() for middle in result.mid.elements.flat]


@pytest.mark.parametrize("reading", FLOATS, ids=repr)
def test_floats_lie_within_their_rounding_of_the_balls(reading: Reading):
    for case in CASES:
        results = many(case.call(*map(reading.array, case.inputs)))
        for result, (middle, radius), size in zip(results, _middles_and_radii(case), case.sizes, strict=True):
            beyond = distance(reading.numpy(result), middle) - radius
            assert np.all(beyond <= case.ulps * (reading.eps * size + reading.smallest_normal)), case


def _half_ulp(x: np.ndarray) -> np.ndarray:
    """Half the distance from each float64 number to the next, exactly."""
    return np.vectorize(lambda value: Fraction(float(np.spacing(abs(value)))) / 2, otypes=[object])(x)


_numbers = np.vectorize(lambda value: MP.mpf(value.numerator) / value.denominator, otypes=[object])
"""Dyadic Fractions as the same mpmath numbers."""


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_balls_of_the_inputs_roundings_hold_the_value_at_every_number_in_them(case: Case):
    rng = np.random.default_rng(0)
    moved = case.differentiated or range(len(case.inputs))  # counts and classes are exact, and stay
    radii = [_half_ulp(x) if which in moved else np.full(x.shape, Fraction(0)) for which, x in enumerate(case.inputs)]
    results = many(case.call(*(balls(x, radius) for x, radius in zip(case.inputs, radii, strict=True))))
    for places in (lambda x: rng.choice([-1, 1], x.shape), lambda x: rng.integers(-64, 65, x.shape) / 64):
        inputs = [
            np.asarray(x + exact(places(x)) * _numbers(radius), dtype=object)
            for x, radius in zip(case.exact_inputs, radii, strict=True)
        ]
        for result, value, size in zip(results, many(case.oracle(*inputs)), case.sizes, strict=True):
            assert (complaint := not_enclosed(result, np.asarray(value, dtype=object), size)) is None, complaint
            assert np.all(floats([float(x) for x in result.rad.elements.flat]) <= 1e-9 * (size.max() + 1))


# ---- a wrong enclosure is caught


def _without_radius(name: str):
    rule = namespace.RULES[name]
    return lambda reading, *args, **kwargs: reading.mid(rule(reading, *args, **kwargs))


def _in_float64(function):
    """A rule that computes in float64 and takes the result for exact."""
    return lambda reading, *arrays: reading.asarray(function(*(BALLS.numpy(array) for array in arrays)))


def _caught() -> Iterator[Case]:
    """The cases in which the conformance suite finds fault with the ball reading as it now is."""
    for case in CASES:
        triples = zip(_enclosed(case), case.values, case.sizes, strict=True)
        if any(not_tightly_enclosed(*triple) is not None for triple in triples):
            yield case


@pytest.mark.parametrize("name", ["add", "divide", "exp", "lgamma", "matmul", "softplus", "sum"])
def test_an_operation_that_drops_the_radius_is_caught(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(namespace.RULES, name, _without_radius(name))
    assert any(True for _ in _caught())


@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "log1p"])
def test_an_operation_in_float64_is_caught(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(namespace.RULES, name, _in_float64(getattr(np, name)))
    assert any(True for _ in _caught())


def test_a_rounded_pi_is_caught(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(namespace._CONSTANTS, "pi", lambda: balls(math.pi).item())
    assert {"gaussian", "gaussian:0.3", "gaussian_diag"} == {
        case.about.partition("-")[0] for case in _caught() if case.function == "likelihood"
    }


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("binomial_log_coefficient", "binomial:16-log_prob"),
        ("continuous_bernoulli_log_normaliser", "continuous_bernoulli-log_prob"),
        ("continuous_bernoulli_mean", "continuous_bernoulli-mean"),
        ("log_of_number", "gaussian:0.3-log_prob"),
        ("number", "later-step"),
    ],
)
def test_a_definition_written_for_floats_is_caught_where_the_reading_does_not_supply_it(
    name: str, where: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Balls, "supplies", Balls.supplies - {name})
    assert any(case.about.startswith(where) for case in _caught())


def test_too_little_precision_is_caught(monkeypatch: pytest.MonkeyPatch):
    rule = namespace.RULES["exp"]

    def shallow(reading: Balls, x: BallArray) -> BallArray:
        with flint.ctx.workprec(64):
            return rule(reading, x)

    monkeypatch.setitem(namespace.RULES, "exp", shallow)
    assert any(True for _ in _caught())
