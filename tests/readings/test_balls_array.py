"""Making, reading and moving ball arrays: exactly, in the right shape, with words for what is refused."""

from decimal import Decimal
from fractions import Fraction

import array_api_compat
import flint
import numpy as np
import pytest
import torch
from drawn_balls import rational
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import Bool, Float, Int

from vaelid import spec
from vaelid.readings.balls import BallArray, Balls, balls
from vaelid.readings.errors import ReadingError
from vaelid.spec import InputError

XP = Balls(128)
FINITE = st.floats(allow_nan=False, allow_infinity=False)


# ---- made exactly


@given(FINITE | st.integers(-(2**300), 2**300), st.sampled_from([2, 24, 128]))
def test_floats_and_integers_are_exact_at_every_precision(value, precision):
    ball = balls(value, precision=precision).item()
    assert ball.is_exact()
    assert rational(ball) == Fraction(value)


@given(st.fractions(), st.sampled_from([2, 24, 128]))
def test_fractions_are_enclosed_at_every_precision(value, precision):
    made = balls(value, precision=precision)
    assert made.contains(value)
    assert made.rad.item() <= flint.arb(2) ** (2 - precision) * abs(made.mid.item())


@given(FINITE, st.floats(0, allow_nan=False, allow_infinity=False), st.sampled_from([2, 24, 128]))
def test_a_ball_with_a_radius_holds_both_ends(value, radius, precision):
    made = balls(value, radius, precision=precision)
    for end in (Fraction(value) - Fraction(radius), Fraction(value) + Fraction(radius)):
        assert made.contains(end)
        assert rational(made.lower.item()) <= end <= rational(made.upper.item())
    assert rational(made.rad.item()) <= Fraction(radius) * (1 + Fraction(2) ** -20) + abs(Fraction(value)) * Fraction(
        2
    ) ** (1 - precision)


def test_a_radius_that_is_no_binary_number_is_rounded_up():
    made = balls([0, Fraction(1, 3)], Fraction(1, 3), precision=24)
    assert made.contains([Fraction(-1, 3), Fraction(0)]).all()
    assert made.contains([Fraction(1, 3), Fraction(2, 3)]).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, np.int8, np.uint64, np.bool_])
def test_numpy_numbers_of_every_width_keep_their_value(dtype):
    values = (np.array([1, 3, 200 % 127]) / (3 if np.issubdtype(dtype, np.floating) else 1)).astype(dtype)
    made = balls(values)
    for ball, value in zip(made.elements, values, strict=True):
        p, q = value.as_integer_ratio() if isinstance(value, np.floating) else (int(value), 1)
        assert ball.contains(flint.arb(flint.fmpq(int(p), int(q))))
        assert ball.is_exact()
    assert made.shape == (3,)


@pytest.mark.parametrize(
    "dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int64, torch.bool]
)
def test_torch_tensors_keep_their_values(dtype):
    tensor = torch.tensor([[1 / 3, 2.0, 0.0]]).to(dtype)
    if dtype.is_floating_point:
        tensor.requires_grad_()
    made = balls(tensor)
    assert made.shape == (1, 3)
    assert np.asarray(made).tolist() == tensor.detach().double().tolist()


def test_lists_are_not_rounded_on_the_way():
    whole = 2**60 + 1
    assert balls([[whole, 0.5], [Fraction(1, 4), flint.fmpz(7)]]).contains([[whole, 0.5], [0.25, 7]]).all()
    assert np.asarray(balls([balls(1.5), balls(2.5)])).tolist() == [1.5, 2.5]
    assert np.asarray(balls([balls([1, 2]), balls([3, 4])])).tolist() == [[1, 2], [3, 4]]


def test_dtypes_are_inferred_and_converted():
    assert [XP.asarray(x).dtype for x in ([1.0], [1], [True], [], [1, 0.5])] == [
        XP.ball,
        XP.int64,
        XP.bool,
        XP.ball,
        XP.ball,
    ]
    assert XP.asarray([1, 0], dtype=XP.bool).elements.tolist() == [True, False]
    assert XP.astype(balls([0, 3.0]), XP.int64).elements.tolist() == [0, 3]
    assert XP.astype(balls([0, 3.0]), XP.bool).elements.tolist() == [False, True]
    same = balls([1])
    assert XP.astype(same, XP.ball) is same
    assert XP.asarray(same, dtype=XP.int64).dtype == XP.int64


def test_another_precision_takes_balls_over_as_they_are():
    third = balls(1, precision=200) / 3
    taken = Balls(64).asarray(third)
    assert taken.precision == 64
    assert taken.contains(Fraction(1, 3))
    assert taken.rad.item() == third.rad.item()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (float("nan"), "nan is not a real number: a ball holds finite numbers only."),
        ([[1, 2], [3, np.inf]], "element [1, 1]: inf is not a real number: a ball holds finite numbers only."),
        (np.array([1, -np.inf]), "element [1]: -inf is not a real number: a ball holds finite numbers only."),
        ("1", "'1' is not a real number: give a float, an int, a Fraction or a ball."),
        (None, "None is not a real number: give a float, an int, a Fraction or a ball."),
        (1j, "1j is not a real number: give a float, an int, a Fraction or a ball."),
        (Decimal("0.1"), "Decimal('0.1') is not a real number: give a float, an int, a Fraction or a ball."),
        ([[1], [2, 3]], "element [0]: [1] is not a real number: give a float, an int, a Fraction or a ball."),
    ],
)
def test_what_is_no_real_number_is_refused_with_its_place(values, message):
    with pytest.raises(InputError) as caught:
        balls(values)
    assert str(caught.value) == message


def test_rows_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="the balls reading was given no array of numbers"):
        balls([np.zeros((2, 2)), np.zeros((2, 3))])


@pytest.mark.parametrize(
    ("radius", "message"),
    [
        (-1, "a ball's radius is at least 0, and was given as -1.000000000."),
        ([0, -0.5], "a ball's radius is at least 0, and was given as -0.5000000000."),
        (float("nan"), "nan is not a real number: a ball holds finite numbers only."),
    ],
)
def test_a_radius_that_is_none_is_refused(radius, message):
    with pytest.raises(InputError) as caught:
        balls([1, 2], radius)
    assert str(caught.value) == message


# ---- read exactly


def test_parts_of_balls_are_exact_points():
    x = balls([1.5, -2], [0.25, 0])
    assert np.asarray(x.mid).tolist() == [1.5, -2]
    beyond = 2.0**-31  # a radius is taken up to the next number of 30 bits
    assert np.asarray(x.rad).tolist() == [0.25 + beyond, 0]
    assert np.asarray(x.lower).tolist() == [1.25 - beyond, -2]
    assert np.asarray(x.upper).tolist() == [1.75 + beyond, -2]
    assert isinstance(balls(1).item(), flint.arb)


def test_contains_is_decided_without_rounding():
    x = balls(1, Fraction(1, 2), precision=24)
    tiny = Fraction(1, 10**400)
    assert x.contains(Fraction(3, 2)).item()
    assert not x.contains(rational(x.mid.item()) + rational(x.rad.item()) + tiny).item()
    third = balls(Fraction(1, 3), precision=24)
    assert third.contains(Fraction(1, 3))
    assert not third.contains(Fraction(1, 3) + 1).item()
    end = rational(third.mid.item()) + rational(third.rad.item())
    assert third.contains(end)
    assert not third.contains(end + tiny)
    assert balls([1, 2], 0.5).contains(balls([1, 2], [0.25, 0.75])).tolist() == [True, False]
    assert balls([[1], [2]], 0.5).contains([1, 2]).tolist() == [[True, False], [False, True]]
    with pytest.raises(InputError, match="nan is not a real number"):
        x.contains(float("nan"))


def test_floats_are_given_only_for_what_is_exactly_one():
    assert float(balls(0.1)) == 0.1
    assert np.asarray(balls([[1.5], [2]])).dtype == np.float64
    assert np.asarray(balls([1.5]), dtype=np.float32).dtype == np.float32
    for x in (balls(1) / 3, balls(1, 0.5), balls(2**60 + 1), balls(2) ** 2000, balls(1) / 0):
        for read in (float, np.asarray):
            with pytest.raises(ReadingError, match="which is not exactly a float64 number"):
                read(x)
    with pytest.raises(ReadingError) as caught:
        float(balls(1) / 3)
    assert str(caught.value) == (
        "the balls reading gives no float for [0.3333333333 +/- 3.34e-11], which is not exactly a float64 number: "
        "read the enclosure, x.lower and x.upper, instead."
    )


def test_arrays_say_what_they_are():
    assert repr(balls([0.5, 1])) == "BallArray([0.500000000000, 1.00000000000], ball, 128 bits)"
    assert repr(balls(1, precision=64) / 3) == "BallArray([0.333333333333 +/- 3.34e-13], ball, 64 bits)"
    assert repr(balls([1, 1], [1, 0]) < 1) == "BallArray([undecided, False], bool, 128 bits)"
    assert repr(XP.asarray([1, 2])) == "BallArray([1, 2], int64, 128 bits)"


def test_arrays_cannot_be_changed():
    values = np.array([1.0, 2.0], dtype=object)
    x = balls(values)
    values[0] = 7.0
    assert float(x[0]) == 1
    with pytest.raises(TypeError):
        x[0] = 2
    with pytest.raises(ValueError, match="read-only"):
        x.elements[0] = 2
    with pytest.raises(AttributeError):
        x.dtype = None
    copy = np.asarray(x, dtype=object)
    copy[0] = 9
    assert float(x[0]) == 1


# ---- the array API


def test_it_is_an_array_of_its_namespace():
    x = balls(np.zeros((2, 3)))
    assert array_api_compat.array_namespace(x, 1.0) == x.namespace
    assert array_api_compat.is_array_api_obj(x)
    assert array_api_compat.device(x) == x.device == "cpu"
    assert (x.shape, x.ndim, x.size, len(x), x.T.shape) == ((2, 3), 2, 6, 2, (3, 2))
    assert balls(1).size == 1
    with pytest.raises(TypeError):
        hash(x)


def test_shape_checkers_class_it_by_the_nearest_numpy_type():
    x = balls(np.zeros((2, 3)))
    assert isinstance(x, Float[BallArray, "2 3"])
    assert not isinstance(x, Float[BallArray, "3"])
    assert not isinstance(x, Int[BallArray, "2 3"])
    assert isinstance(x < 1, Bool[BallArray, "2 3"])
    assert isinstance(XP.asarray([1]), Int[BallArray, "1"])


def test_operators_are_those_of_numbers():
    x = balls([1.5, -2])
    for got, expected in (
        (x + 1, [2.5, -1]),
        (1 + x, [2.5, -1]),
        (x - 1, [0.5, -3]),
        (1 - x, [-0.5, 3]),
        (2 * x, [3, -4]),
        (x / 2, [0.75, -1]),
        (3 / x, [2, -1.5]),
        (x**2, [2.25, 4]),
        (2 ** balls([3, -1]), [8, 0.5]),
        (-x, [-1.5, 2]),
        (+x, [1.5, -2]),
        (abs(x), [1.5, 2]),
        (x @ x, 6.25),
        (x + True, [2.5, -1]),
        (x * Fraction(1, 2), [0.75, -1]),
        (x + np.float32(0.5), [2, -1.5]),
        (np.float64(0.5) + x, [2, -1.5]),
    ):
        assert np.asarray(got).tolist() == expected


def test_python_floats_are_taken_exactly():
    assert (balls(0) + 0.1).contains(Fraction(0.1))
    assert not (balls(0) + 0.1).contains(Fraction(1, 10))


def test_indices_are_numpys():
    values = np.arange(24).reshape(2, 3, 4)
    x = balls(values)
    for key in (
        0,
        -1,
        (0, 1),
        (..., 0),
        (slice(None), None, 1),
        slice(1, None, 2),
        (1, 2, 3),
        (..., slice(None, None, -1)),
    ):
        assert np.array_equal(np.asarray(x[key]), values[key])
    assert np.array_equal(np.asarray(x[XP.asarray([1, 0])]), values[[1, 0]])
    assert np.array_equal(np.asarray(x[x > 5]), values[values > 5])
    with pytest.raises(IndexError):
        x[2]


MOVES = {
    "broadcast_to": lambda xp, x: xp.broadcast_to(x, (5, 2, 3)),
    "concat": lambda xp, x: xp.concat((x, x), axis=-1),
    "expand_dims": lambda xp, x: xp.expand_dims(x, axis=-2),
    "flip": lambda xp, x: xp.flip(x, axis=0),
    "matrix_transpose": lambda xp, x: xp.matrix_transpose(x),
    "moveaxis": lambda xp, x: xp.moveaxis(x, 0, 1),
    "permute_dims": lambda xp, x: xp.permute_dims(x, (1, 0)),
    "reshape": lambda xp, x: xp.reshape(x, (-1,)),
    "squeeze": lambda xp, x: xp.squeeze(xp.expand_dims(x, axis=0), axis=0),
    "stack": lambda xp, x: xp.stack((x, x + 1), axis=1),
    "take": lambda xp, x: xp.take(x, xp.asarray([2, 0]), axis=1),
    "take_along_axis": lambda xp, x: xp.take_along_axis(x, xp.asarray([[2], [0]]), axis=1),
    "broadcast_arrays": lambda xp, x: xp.broadcast_arrays(x, x[:, :1])[1],
    "zeros": lambda xp, x: xp.zeros((2, 3), dtype=x.dtype),
    "zeros_like": lambda xp, x: xp.zeros_like(x),
    "ones": lambda xp, x: xp.ones(3),
    "ones_like": lambda xp, x: xp.ones_like(x),
    "full": lambda xp, x: xp.full((2,), 0.5),
    "full_like": lambda xp, x: xp.full_like(x, 7),
    "eye": lambda xp, x: xp.eye(2, 3),
    "arange": lambda xp, x: xp.arange(2, 9, 3),
    "where": lambda xp, x: xp.where(x > 2, x, xp.zeros_like(x)),
}


@pytest.mark.parametrize("name", MOVES)
def test_moving_and_making_is_numpys(name):
    import array_api_compat.numpy as np_api

    values = np.arange(6.0).reshape(2, 3)
    got, expected = MOVES[name](XP, balls(values)), MOVES[name](np_api, values)
    assert np.array_equal(np.asarray(got), expected)
    assert np.asarray(got).dtype == expected.dtype


def test_moves_keep_the_balls():
    x = balls([[1, 2], [3, 4]], 0.5)
    for move in ("matrix_transpose", "flip"):
        assert set(map(id, getattr(XP, move)(x).elements.flat)) == set(map(id, x.elements.flat))


def test_dtypes_are_of_the_array_apis_kinds():
    kinds = ("bool", "integral", "signed integer", "unsigned integer", "real floating", "complex floating", "numeric")
    table = [[XP.isdtype(dtype, kind) for kind in kinds] for dtype in (XP.ball, XP.int64, XP.bool)]
    assert table == [
        [False, False, False, False, True, False, True],
        [False, True, True, False, False, False, True],
        [True, False, False, False, False, False, False],
    ]
    assert XP.isdtype(XP.ball, ("bool", "real floating"))
    assert XP.isdtype(XP.ball, XP.ball)
    assert XP.__array_namespace_info__().default_dtypes()["indexing"] == XP.int64


# ---- refused


def test_other_arrays_are_not_mixed_in():
    x = balls([1.0, 2.0])
    message = (
        "the balls reading computes with its own arrays and with Python numbers, not with ndarray. "
        "Take it over, exactly, by Balls(128).asarray(x)."
    )
    for mix in (lambda: x + np.ones(2), lambda: np.ones(2) * x, lambda: XP.exp(np.ones(2))):
        with pytest.raises(ReadingError) as caught:
            mix()
        assert str(caught.value) == message
    with pytest.raises(ReadingError, match="not with Tensor"):
        x + torch.ones(2)
    with pytest.raises(TypeError, match="Multiple namespaces"):
        spec.coordinate_kl_to_standard(x, torch.ones(2))


def test_precisions_are_not_mixed():
    with pytest.raises(ReadingError) as caught:
        balls(1) + balls(1, precision=64)
    assert str(caught.value) == (
        "the balls reading does not mix precisions: 64 bits met 128. "
        "Bring one to the other, without loss, by Balls(128).asarray(x)."
    )
    with pytest.raises(TypeError, match="Multiple namespaces"):
        spec.coordinate_kl_to_standard(balls([1.0]), balls([1.0], precision=64))


def test_dtypes_that_it_lacks_are_named():
    with pytest.raises(ReadingError, match="has the dtypes ball, int64 and bool, and was asked for 'float32'"):
        XP.asarray(1, dtype="float32")
    with pytest.raises(ReadingError, match=r"exact whole numbers only, and 2\.500000000 is none"):
        XP.astype(balls(2.5), XP.int64)
    with pytest.raises(ReadingError, match="makes integers of exact whole numbers only"):
        XP.astype(balls(2, 0.1), XP.int64)
    with pytest.raises(InputError, match=r"log C\(3, k\) needs a whole number k, not 2\.500000000\."):
        XP.binomial_log_coefficient(3, balls(2.5), balls(0.0))


def test_observations_on_no_support_or_on_a_doubtful_one_are_refused():
    bernoulli, logits = spec.likelihood("bernoulli"), balls([0.0, 0.0])
    with pytest.raises(spec.SupportError, match=r"accepts 0 or 1, but row 0, column 1 is 0\.5"):
        bernoulli.log_prob(balls([0, 0.5]), logits)
    with pytest.raises(ReadingError, match=r"cannot decide whether .* == 0"):
        bernoulli.log_prob(balls([0, 1], 2.0**-60), logits)
    with pytest.raises(ReadingError, match="not with ndarray"):
        bernoulli.log_prob(np.array([0.0, 1.0]), logits)
