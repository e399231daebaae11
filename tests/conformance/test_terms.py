"""Every public function of the spec, read as a formula: its term's value is the one at 50 digits.

What cannot be read as a formula is named in a table, with what the reading says of it, and must stay refused.
"""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from array_api_compat import array_namespace

from vaelid import spec
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray, variable
from vaelid.readings.terms.syntax import Variable, array_of_rank
from vaelid.readings.terms.trace import trace

from .case import Case, many
from .cases import CASES
from .enclosures import ORACLE_ERROR
from .formula_values import array_value, ball, fraction_of, precise, rational, value
from .precise import exact, fraction, sqrt

REFUSED: dict[tuple[str, str], tuple[str, str]] = {
    # a maximum is a branch
    ("relu", "elementwise"): ("the operation maximum:", "(in relu, networks.py:"),
    # a kernel meets parts of an axis, and zeros that are put around it; a pixel is taken from a computed place
    ("conv2d", "stride-1-padding-0"): ("a slice:", "(in conv2d, networks.py:"),
    ("conv2d", "stride-3-padding-0"): ("a slice:", "(in conv2d, networks.py:"),
    ("conv2d", "stride-1-padding-1"): ("the operation zeros:", "(in _zero_pad, networks.py:"),
    ("conv2d", "stride-2-padding-1"): ("the operation zeros:", "(in _zero_pad, networks.py:"),
    ("upsample_nearest", "to-"): ("the operation take:", "(in upsample_nearest, networks.py:"),
    # an inverse and a determinant have no formula of symbolic length
    ("linear_gaussian_log_evidence", "of-"): ("the operation eye:", "(in linear_gaussian_log_evidence, "),
    # 0.001 and 0.9 are not exact as floats; see `test_adam_of_exact_numbers_is_a_formula`
    ("adam_update", "first-step"): ("the number 0.001:", "(in <genexpr>, adam.py:"),
    ("adam_update", "later-step"): ("the number 0.9:", "(in <genexpr>, adam.py:"),
    ("adam_update", "with-decay"): ("the number 0.9:", "(in <genexpr>, adam.py:"),
    # log_prob asks first whether x lies in the support, which compares; see `test_log_density_is_a_formula`
    ("likelihood", "bernoulli-log_prob-"): ("the comparison ==:", "(in <lambda>, discrete.py:"),
    ("likelihood", "binomial:16-log_prob-"): ("the operation isdtype:", "(in _is_count, discrete.py:"),
    ("likelihood", "categorical:3-log_prob-"): ("the operation isdtype:", "(in _is_count, discrete.py:"),
    ("likelihood", "continuous_bernoulli-log_prob-"): ("the comparison <=:", "(in <lambda>, continuous.py:"),
    ("likelihood", "gaussian-log_prob-"): ("the operation isfinite:", "(in _finite, continuous.py:"),
    ("likelihood", "gaussian:0.3-log_prob-"): ("the operation isfinite:", "(in _finite, continuous.py:"),
    ("likelihood", "gaussian_diag-log_prob-"): ("the operation isfinite:", "(in _finite, continuous.py:"),
    ("likelihood", "laplace-log_prob-"): ("the operation isfinite:", "(in _finite, continuous.py:"),
    ("likelihood", "poisson-log_prob-"): ("the operation isdtype:", "(in _is_count, discrete.py:"),
    ("likelihood", "negative_binomial-log_prob-"): ("the operation isdtype:", "(in _is_count, discrete.py:"),
    # near zero the mean is a series: a branch
    ("likelihood", "continuous_bernoulli-mean-"): (
        "the comparison <:",
        "(in continuous_bernoulli_mean, continuous.py:",
    ),
}

REFUSED_DENSITIES = {
    # a coefficient is taken from a table of floats, a logit is taken by a whole number: neither is arithmetic
    "binomial:16": ("a numpy.ndarray beside a term:", "(in binomial_log_coefficient, discrete.py:"),
    "categorical:3": ("the operation __array_namespace_info__:", "(in index_dtype, arrays.py:"),
    # near zero the normaliser is a series: a branch
    "continuous_bernoulli": ("the comparison <:", "(in continuous_bernoulli_log_normaliser, continuous.py:"),
    # 0.3 is not exact as a float; see `test_a_given_variance_that_is_exact_is_read_exactly`
    "gaussian:0.3": ("the number 0.3:", "(in <lambda>, continuous.py:"),
}


def _refusal(case: Case) -> tuple[str, str] | None:
    rows = [row for row in REFUSED if case.function == row[0] and case.about.startswith(row[1])]
    assert len(rows) <= 1
    return REFUSED[rows[0]] if rows else None


READ = [case for case in CASES if _refusal(case) is None]
LOG_PROBS = [case for case in CASES if "-log_prob-" in case.about]


def _variables(case: Case) -> list[TermArray]:
    return [variable(f"v{number}", *values.shape) for number, values in enumerate(case.inputs)]


def _misses(case: Case, results: tuple[TermArray, ...]) -> str | None:
    """Which element of the terms is not the value at 50 digits."""
    given = {
        Variable(f"v{number}", array_of_rank(values.ndim)): array_value(values)
        for number, values in enumerate(case.inputs)
    }
    assert len(results) == len(case.values)
    for result, expected, size in zip(results, case.values, case.sizes, strict=True):
        assert result.shape == expected.shape
        with precise():
            got = value(result.term, given)
            for index, digits in np.ndenumerate(expected):
                one = ball(got(*index) if index else got)
                slack = ORACLE_ERROR * Fraction(np.broadcast_to(size, expected.shape)[index])
                middle, radius = fraction_of(one.mid().fmpq()), fraction_of(one.rad().fmpq())
                if not abs(middle - fraction(digits)) + radius <= slack:
                    return f"at {index}: {one}, not {digits}"
    return None


@pytest.mark.parametrize("case", READ, ids=repr)
def test_value_of_the_term_is_that_of_fifty_digits(case: Case):
    results = many(trace(case.call, *_variables(case)))
    assert (missed := _misses(case, results)) is None, missed


@pytest.mark.parametrize("case", [case for case in CASES if case not in READ], ids=repr)
def test_what_is_not_a_formula_is_refused_by_name(case: Case):
    operation, place = _refusal(case)
    with pytest.raises(ReadingError) as caught:
        trace(case.call, *_variables(case))
    assert f" cannot be read as a formula: {operation}" in str(caught.value)
    assert place in str(caught.value)


def test_the_table_of_refusals_has_no_other_rows():
    assert all(any(_refusal(case) is said for case in CASES) for said in REFUSED.values())


# ---- likelihoods without the check of the support


def _log_density(case: Case, *arrays: Any) -> Any:
    """What `log_prob` computes once it has checked the support."""
    model = spec.likelihood(case.about.partition("-log_prob-")[0])
    x, output, *learned = arrays
    densities = model.log_density(x, output, **dict(zip(model.learned, learned, strict=True)))
    return array_namespace(output).sum(densities, axis=-1)


def _density_refusal(case: Case) -> tuple[str, str] | None:
    return REFUSED_DENSITIES.get(case.about.partition("-log_prob-")[0])


@pytest.mark.parametrize("case", [case for case in LOG_PROBS if not _density_refusal(case)], ids=repr)
def test_log_density_is_a_formula(case: Case):
    results = (trace(_log_density, case, *_variables(case)),)
    assert (missed := _misses(case, results)) is None, missed


@pytest.mark.parametrize("case", [case for case in LOG_PROBS if _density_refusal(case)], ids=repr)
def test_log_density_that_is_not_a_formula_is_refused_by_name(case: Case):
    operation, place = _density_refusal(case)
    with pytest.raises(ReadingError) as caught:
        trace(_log_density, case, *_variables(case))
    assert f"_log_density cannot be read as a formula: {operation}" in str(caught.value)
    assert place in str(caught.value)


@pytest.mark.parametrize("number", [Fraction(1, 2), Fraction(3)])
def test_a_given_variance_that_is_exact_is_read_exactly(number: Fraction):
    model = spec.likelihood(f"gaussian:{float(number)}")
    term = trace(model.log_density, variable("x"), variable("output")).term
    x, output = Fraction(7, 4), Fraction(-1, 3)
    with precise():
        got = value(term, {variable("x").term.head: rational(x), variable("output").term.head: rational(output)})
        two_pi_variance = 2 * ball(rational(number)) * ball(rational(number)).pi()
        expected = -(two_pi_variance.log() + rational((x - output) ** 2 / number)) / 2
        assert got.overlaps(expected)
        assert got.rad() < 1e-100


# ---- Adam, of numbers that are exact


def test_adam_of_exact_numbers_is_a_formula():
    names = ("weights", "gradient", "first", "second")
    rate, beta1, beta2, epsilon, decay, step = 0.5, 0.75, 0.875, 2**-10, 0.25, 3
    arrays = [variable(name, 2) for name in names]
    updated, moments = trace(
        spec.adam_update,
        *arrays[:2],
        spec.AdamMoments(*arrays[2:]),
        step=step,
        learning_rate=rate,
        beta1=beta1,
        beta2=beta2,
        epsilon=epsilon,
        weight_decay=decay,
    )
    inputs = [np.array(values) for values in ([1.5, -2.25], [0.5, -3.0], [0.125, 1.0], [2.0, 0.0625])]
    weights, gradient, m, v = map(exact, inputs)
    m, v = beta1 * m + (1 - beta1) * gradient, beta2 * v + (1 - beta2) * gradient**2
    unbiased = m / (1 - exact(beta1) ** step), v / (1 - exact(beta2) ** step)
    expected = (1 - rate * decay) * weights - rate * unbiased[0] / (sqrt(unbiased[1]) + epsilon)
    given = {array.term.head: array_value(values) for array, values in zip(arrays, inputs, strict=True)}
    for result, digits in ((updated, expected), (moments.first, m), (moments.second, v)):
        with precise():
            got = value(result.term, given)
            for index, one in enumerate(digits):
                assert abs(fraction_of(ball(got(index)).mid().fmpq()) - fraction(one)) < ORACLE_ERROR
