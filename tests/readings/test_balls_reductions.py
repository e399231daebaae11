"""Sums, extrema, softmax and matrices enclose: against exact rational arithmetic."""

from fractions import Fraction

import numpy as np
import pytest
from drawn_balls import DIGITS, PLACES, PRECISIONS, RADII, REALS, holds, precisely, rational
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from conformance.precise import MP
from vaelid.readings.balls import Balls, balls
from vaelid.readings.errors import ReadingError

NARROW = st.builds(lambda k: Fraction(2) ** -k, st.integers(20, 120)) | st.just(Fraction(0))
SMALL = st.floats(-4, 4, allow_subnormal=False)


@st.composite
def matrices(draw, rows: int, columns: int, numbers=SMALL, radii=NARROW):
    """Balls of this shape and numbers in them, as (values, radii, points)."""
    size = rows * columns
    values = [draw(numbers) for _ in range(size)]
    widths = [draw(radii) for _ in range(size)]
    points = [Fraction(v) + draw(PLACES) * w for v, w in zip(values, widths, strict=True)]
    return tuple(np.array(each, dtype=object).reshape(rows, columns) for each in (values, widths, points))


def _all_hold(enclosure, values: np.ndarray) -> bool:
    assert enclosure.shape == values.shape
    return all(holds(ball, value) for ball, value in zip(enclosure.elements.flat, values.flat, strict=True))


@settings(max_examples=60)
@given(drawn=matrices(2, 3, REALS, RADII), precision=PRECISIONS)
def test_reductions_hold_the_exact_value(drawn, precision):
    values, radii, points = drawn
    x = balls(values, radii, precision=precision)
    xp = x.namespace
    assert _all_hold(xp.sum(x, axis=-1), points.sum(-1))
    assert _all_hold(xp.mean(x, axis=0), points.sum(0) / 2)
    assert _all_hold(xp.max(x, axis=1, keepdims=True), points.max(1, keepdims=True))
    assert _all_hold(xp.min(x, axis=(0, 1)), np.array(points.min(), dtype=object))
    assert _all_hold(xp.prod(x), np.array(points.prod(), dtype=object))


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), (-1, 0, 1)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_reductions_have_numpys_shapes(axis, keepdims):
    x = np.arange(24.0).reshape(2, 3, 4)
    for name in ("sum", "mean", "max", "min", "prod"):
        got = getattr(Balls(128), name)(balls(x), axis=axis, keepdims=keepdims)
        expected = getattr(x, name)(axis=axis, keepdims=keepdims)
        assert got.shape == np.shape(expected)
        np.testing.assert_allclose([float(ball) for ball in got.elements.flat], np.ravel(expected))


def test_reductions_of_nothing():
    nothing = balls(np.zeros((2, 0)))
    xp = nothing.namespace
    assert np.asarray(xp.sum(nothing, axis=-1)).tolist() == [0, 0]
    assert np.asarray(xp.prod(nothing, axis=-1)).tolist() == [1, 1]
    assert not xp.mean(nothing, axis=-1)[0].item().is_finite()
    with pytest.raises(ReadingError, match="the balls reading has no largest of no elements"):
        xp.max(nothing, axis=-1)


@settings(max_examples=60)
@given(drawn=matrices(3, 2, REALS, RADII), precision=PRECISIONS)
def test_log_softmax_holds_the_exact_value(drawn, precision):
    values, radii, points = drawn
    x = balls(values, radii, precision=precision)
    with MP.workdps(DIGITS):
        exponentials = np.vectorize(lambda p: MP.exp(MP.mpf(p.numerator) / p.denominator), otypes=[object])(points)
        value = np.vectorize(lambda p: precisely(lambda _: MP.log(p), Fraction(0)), otypes=[object])(
            exponentials / exponentials.sum(0)
        )
    enclosure = x.namespace.log_softmax(x, axis=0)
    assert _all_hold(enclosure, value)
    if all(ball.is_finite() for ball in enclosure.elements.flat):
        assert np.asarray(enclosure.lower <= 0).all()


def test_log_softmax_of_wide_balls_is_the_hull_and_does_not_cancel():
    x = balls([0, 0], [1, 1])
    enclosure = x.namespace.log_softmax(x, axis=0)
    least = precisely(lambda: -MP.log1p(MP.exp(2)))
    assert abs(rational(enclosure.lower[0].item()) - least) < Fraction(1, 10**8)
    certain = balls([0, -500]).namespace.log_softmax(balls([0, -500]), axis=0)[0].item()
    assert certain.rel_accuracy_bits() > 120  # of -e^-500


@settings(max_examples=40)
@given(left=matrices(2, 3), right=matrices(3, 2), precision=PRECISIONS)
def test_products_of_matrices_hold_the_exact_value(left, right, precision):
    a, b = (balls(values, radii, precision=precision) for values, radii, _ in (left, right))
    assert _all_hold(a @ b, left[2] @ right[2])
    assert _all_hold(a.namespace.tensordot(a, b, axes=((0, 1), (1, 0))), np.array((left[2] * right[2].T).sum()))


@settings(max_examples=40)
@given(drawn=matrices(2, 2), precision=PRECISIONS)
def test_inverse_and_determinant_hold_the_exact_value(drawn, precision):
    values, radii, ((a, b), (c, d)) = drawn
    determinant = a * d - b * c
    assume(determinant != 0)
    x = balls(values, radii, precision=precision)
    linalg = x.namespace.linalg
    inverse = np.array([[d, -b], [-c, a]], dtype=object) / determinant
    assert _all_hold(linalg.inv(x), inverse)
    assert _all_hold(linalg.det(x), np.array(determinant, dtype=object))
    sign, log = linalg.slogdet(x)
    assert holds(sign.item(), Fraction(1 if determinant > 0 else -1))
    assert holds(log.item(), precisely(MP.log, abs(determinant)))


def test_an_inverse_is_as_narrow_as_the_matrix_allows_and_does_not_drop_its_radius():
    x = balls([[4, 1], [1, 3]])
    inverse = x.namespace.linalg.inv(x)
    exact = np.array([[Fraction(3, 11), Fraction(-1, 11)], [Fraction(-1, 11), Fraction(4, 11)]], dtype=object)
    assert inverse.contains(exact).all()
    assert not inverse.mid.contains(exact).any()
    assert np.asarray(inverse.rad <= 2.0**-120).all()


@pytest.mark.parametrize("matrix", [[[1, 2], [2, 4]], [[0, 0], [0, 0]]])
def test_a_matrix_that_may_be_singular_has_no_finite_inverse(matrix):
    for x in (balls(matrix), balls(matrix, 0.1)):
        inverse = x.namespace.linalg.inv(x)
        assert inverse.shape == (2, 2)
        assert not any(ball.is_finite() for ball in inverse.elements.flat)
        sign, log = x.namespace.linalg.slogdet(x)
        assert sign.contains(0).item()
        assert not log.item().is_finite()


def test_products_have_numpys_shapes():
    rng = np.random.default_rng(0)
    for left, right in (((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((4, 2, 3), (3, 5)), ((4, 2, 3), (4, 3, 5))):
        for spread in ((), (2, 1)):
            a, b = rng.integers(-9, 9, spread * (len(left) > 2) + left), rng.integers(-9, 9, right)
            got = balls(a) @ balls(b)
            assert got.shape == (a @ b).shape
            assert np.array_equal(np.asarray(got), a @ b)
    a, b = rng.integers(-9, 9, (2, 3, 4)), rng.integers(-9, 9, (3, 4, 5))
    for axes in (2, ((1, 2), (0, 1)), ((2,), (1,)), 0):
        got = Balls(128).tensordot(balls(a), balls(b), axes=axes)
        assert np.array_equal(np.asarray(got), np.tensordot(a, b, axes=axes))
    stack = rng.integers(-9, 9, (3, 2, 2)) + 20 * np.eye(2, dtype=int)
    np.testing.assert_allclose(
        [float(ball) for ball in Balls(128).linalg.inv(balls(stack)).elements.flat], np.linalg.inv(stack).ravel()
    )


def test_shapes_that_do_not_meet_are_named():
    with pytest.raises(ReadingError, match=r"matmul was given shapes \(2, 3\) and \(2, 3\), which do not meet"):
        balls(np.zeros((2, 3))) @ balls(np.zeros((2, 3)))
    with pytest.raises(ReadingError, match=r"use \*"):
        balls(np.zeros((2, 3))) @ balls(2)
