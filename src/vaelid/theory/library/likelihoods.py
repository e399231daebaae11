"""The likelihood that a squared error, or a cross-entropy, stands for."""

from vaelid import spec
from vaelid.readings.terms.arrays import as_term, index, real, size
from vaelid.theory.kernel import Theorem
from vaelid.theory.library.definitions import (
    D,
    bernoulli_density,
    gaussian_nll,
    laplace_density,
    mean_squared_error,
    scalar,
    variable,
    x,
    xp,
)
from vaelid.theory.library.logarithm import exp_pos, log_of_scaled
from vaelid.theory.library.references import KINGMA, LOAIZA, RYBKIN
from vaelid.theory.library.sums import same_sum, sum_add, sum_constant, sum_scale
from vaelid.theory.result import solved
from vaelid.theory.statement import at, both, eq, given, le, lt
from vaelid.theory.tactics import equations, exp_of_sum, prove, use

__all__ = ["RESULTS"]

j = size("j")
_x_hat, _v, _l = variable("x_hat", D), scalar("log_variance"), scalar("logits")
_s2 = xp.exp(_v)
_squares = (_x_hat - x) ** 2
_positive = lt(index(0), D)


def _log_two_pi_variance() -> list[Theorem]:
    """log(2 pi e^v) = log(2 pi) + v."""
    return [use(log_of_scaled.theorem, u=2 * xp.pi, a=_v), use("pi_pos")]


def _nll_as_squares() -> Theorem:
    """0 < D -> the Gaussian NLL is (e^-v S + D (v + log 2 pi)) / 2, S being the sum of squared errors."""
    r, q, y, z = (scalar(name) for name in ("r", "q", "y", "z"))
    scaled_square = prove(given(eq(r * r, q), eq(((y - z) * r) ** 2, q * (z - y) ** 2)))
    half, precision = xp.exp(-_v / 2), xp.exp(-_v)
    log_density = spec.likelihood("gaussian").log_density(x, _x_hat, log_variance=_v)
    constant = -(_v + xp.log(2 * xp.pi)) / 2
    parts = (-precision / 2 * _squares, constant * xp.ones_like(x))
    pointwise = [
        *exp_of_sum(-_v / 2, -_v / 2),
        use(scaled_square, r=half, q=precision, y=at(x, j), z=at(_x_hat, j)),
    ]
    return prove(
        given(
            _positive,
            eq(
                gaussian_nll(x, _x_hat, _v),
                (precision * xp.sum(_squares) + real(D) * (_v + xp.log(2 * xp.pi))) / 2,
            ),
        ),
        [
            same_sum(D, log_density, parts[0] + parts[1], tuple(pointwise)),
            use(sum_add.theorem, a=parts[0], b=parts[1], n=D),
            use(sum_scale.theorem, c=-precision / 2, a=_squares, n=D),
            use(sum_constant.theorem, c=constant, n=D),
        ],
    )


def _gaussian_premises() -> list[Theorem]:
    nll, s, d, s2, p, c = (scalar(name) for name in ("nll", "s", "d", "s2", "p", "c"))
    algebra = prove(
        given(lt(0, d), eq(s2 * p, 1), eq(nll, (p * s + d * c) / 2), eq(s / d, 2 * s2 / d * (nll - d / 2 * c)))
    )
    constant = xp.log(2 * xp.pi * _s2)
    nll_value = gaussian_nll(x, _x_hat, _v)
    return [
        _nll_as_squares(),
        *_log_two_pi_variance(),
        *exp_of_sum(_v, -_v),
        use("exp_zero"),
        *equations(mean_squared_error(_x_hat, x)),
        use(algebra, nll=nll_value, s=xp.sum(_squares), d=real(D), s2=_s2, p=xp.exp(-_v), c=constant),
    ]


gaussian_nll_identification = solved(
    "gaussian_nll_identification",
    "the mean squared error is the NLL of N(x_hat, s2 I), s2 = e^log_variance, up to a factor 2 s2 / D and a constant",
    given(
        _positive,
        eq(
            mean_squared_error(_x_hat, x),
            2 * _s2 / real(D) * (gaussian_nll(x, _x_hat, _v) - real(D) / 2 * xp.log(2 * xp.pi * _s2)),
        ),
    ),
    _gaussian_premises,
    unfolding=(),
    references=(RYBKIN,),
)


def _logistic() -> list[Theorem]:
    """exp of log(e^l + e^0), and e^0."""
    total = xp.exp(_l) + xp.exp(as_term(0))
    log_total = xp.log(total)
    return [
        use("exp_zero"),
        use(exp_pos.theorem, a=_l),
        use("exp_log", x=total),
        *exp_of_sum(_l, -log_total),
        *exp_of_sum(log_total, -log_total),
        *equations(bernoulli_density(0, _l), bernoulli_density(1, _l)),
    ]


_odds = xp.exp(_l)
bernoulli_identification = solved(
    "bernoulli_identification",
    "minus the binary cross-entropy from logits is the log-probability of 0 and of 1, with p = e^l / (1 + e^l)",
    both(
        eq(xp.exp(bernoulli_density(1, _l)), _odds / (1 + _odds)),
        eq(xp.exp(bernoulli_density(0, _l)), 1 / (1 + _odds)),
    ),
    _logistic,
    unfolding=(),
    references=(KINGMA, LOAIZA),
)
bernoulli_normalised = solved(
    "bernoulli_normalised",
    "the two probabilities add up to one",
    eq(xp.exp(bernoulli_density(0, _l)) + xp.exp(bernoulli_density(1, _l)), 1),
    lambda: [bernoulli_identification.theorem, use(exp_pos.theorem, a=_l)],
    unfolding=(),
)

_y, _m, _s = scalar("x"), scalar("mean"), scalar("log_scale")


def _absolute() -> list[Theorem]:
    """The absolute error from either side, and at the mean."""
    signs = [use(law, x=z) for z in (_y - _m, _m - _y, _m - _m) for law in ("abs_pos", "abs_neg")]
    return [*signs, use(exp_pos.theorem, a=-_s)]


laplace_identification = solved(
    "laplace_identification",
    "an absolute error is the NLL of a Laplace up to its scale, from either side, and it is least at the mean",
    both(
        eq(-laplace_density(_y, _m, _s), abs(_m - _y) * xp.exp(-_s) + _s + xp.log(as_term(2))),
        le(laplace_density(_y, _m, _s), laplace_density(_m, _m, _s)),
    ),
    _absolute,
)

RESULTS = (gaussian_nll_identification, bernoulli_identification, bernoulli_normalised, laplace_identification)
