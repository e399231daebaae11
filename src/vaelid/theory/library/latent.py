"""The posterior: its sampler, and its KL to the standard normal."""

from vaelid import spec
from vaelid.readings.terms.arrays import index, real, size
from vaelid.theory.kernel import Theorem
from vaelid.theory.library.definitions import (
    L,
    coordinate_kl,
    eps,
    exp_minus_one_minus,
    gaussian_density,
    kl_mean,
    kl_sum,
    logvar,
    mu,
    reparameterize_diag,
    scalar,
    variance_of_scale,
    xp,
)
from vaelid.theory.library.references import KINGMA
from vaelid.theory.library.sums import sum_nonneg, sum_zero_iff
from vaelid.theory.result import Result, solved
from vaelid.theory.statement import at, both, eq, every, given, iff, le, lt, ne
from vaelid.theory.tactics import exp_of_sum, for_every, prove, use

__all__ = ["RESULTS", "kl_mean_eq_zero_iff", "kl_mean_nonneg", "mean_sum_link"]

i, j = size("i"), size("j")
_x, _mu, _logvar, _sigma, _eps = (scalar(name) for name in ("x", "mu", "logvar", "sigma", "eps"))

exp_minus_one_minus_pos = solved(
    "exp_minus_one_minus_pos",
    "e^x is above its tangent 1 + x, but for x = 0",
    given(ne(_x, 0), lt(0, exp_minus_one_minus(_x))),
    lambda: [use("exp_gt_one_plus", x=_x)],
    source="exp_minus_one_minus_pos",
)
exp_minus_one_minus_nonneg = solved(
    "exp_minus_one_minus_nonneg",
    "e^x is at least 1 + x",
    le(0, exp_minus_one_minus(_x)),
    lambda: [exp_minus_one_minus_pos.theorem, use("exp_zero")],
    source="exp_minus_one_minus_nonneg",
)
coordinate_kl_nonneg = solved(
    "coordinate_kl_to_standard_nonneg",
    "the KL of one coordinate is not negative",
    le(0, coordinate_kl(_mu, _logvar)),
    lambda: [use(exp_minus_one_minus_nonneg.theorem, x=_logvar)],
    source="coordinateKlToStandard_nonneg",
    references=(KINGMA,),
)
coordinate_kl_eq_zero_iff = solved(
    "coordinate_kl_to_standard_eq_zero_iff",
    "the KL of one coordinate is zero exactly at the standard normal: mu = 0 and logvar = 0",
    iff(eq(coordinate_kl(_mu, _logvar), 0), both(eq(_mu, 0), eq(_logvar, 0))),
    lambda: [use(exp_minus_one_minus_pos.theorem, x=_logvar), use("exp_zero")],
    source="coordinateKlToStandard_eq_zero_iff",
)

_coordinates = spec.coordinate_kl_to_standard(mu, logvar)
_all_standard = both(every(i, L, eq(at(mu, i), 0)), every(i, L, eq(at(logvar, i), 0)))


def _coordinatewise(result: Result, statement: object) -> Theorem:
    """The result on coordinates, for every coordinate of mu and logvar."""
    return for_every(j, statement, [use(result.theorem, mu=at(mu, j), logvar=at(logvar, j))])  # pyright: ignore


def _sum_premises() -> list[Theorem]:
    nonneg = _coordinatewise(coordinate_kl_nonneg, le(0, at(_coordinates, j)))
    return [nonneg, use(sum_nonneg.theorem, a=_coordinates, n=L)]


kl_sum_nonneg = solved(
    "diagonal_gaussian_kl_to_standard_sum_nonneg",
    "the KL in nats, summed over coordinates, is not negative",
    given(le(index(0), L), le(0, kl_sum(mu, logvar))),
    _sum_premises,
    source="diagonalGaussianKlToStandardReal_nonneg",
)
kl_sum_eq_zero_iff = solved(
    "diagonal_gaussian_kl_to_standard_sum_eq_zero_iff",
    "the KL in nats is zero exactly when the posterior is the standard normal",
    given(le(index(0), L), iff(eq(kl_sum(mu, logvar), 0), _all_standard)),
    lambda: [
        _sum_premises()[0],
        use(sum_zero_iff.theorem, a=_coordinates, n=L),
        _coordinatewise(
            coordinate_kl_eq_zero_iff,
            iff(eq(at(_coordinates, j), 0), both(eq(at(mu, j), 0), eq(at(logvar, j), 0))),
        ),
    ],
    source="diagonalGaussianKlToStandardReal_eq_zero_iff",
)
mean_sum_link = solved(
    "mean_sum_link",
    "the executable, mean-reduced KL is the KL in nats divided by the number of latents",
    given(lt(index(0), L), eq(real(L) * kl_mean(mu, logvar), kl_sum(mu, logvar))),
)
kl_mean_nonneg = solved(
    "diagonal_gaussian_kl_to_standard_nonneg",
    "the mean-reduced KL is not negative",
    given(lt(index(0), L), le(0, kl_mean(mu, logvar))),
    lambda: [mean_sum_link.theorem, kl_sum_nonneg.theorem],
)
kl_mean_eq_zero_iff = solved(
    "diagonal_gaussian_kl_to_standard_eq_zero_iff",
    "the mean-reduced KL is zero exactly when the posterior is the standard normal",
    given(lt(index(0), L), iff(eq(kl_mean(mu, logvar), 0), _all_standard)),
    lambda: [mean_sum_link.theorem, kl_sum_eq_zero_iff.theorem],
)

reparameterize_diag_eq = solved(
    "reparameterize_diag_eq",
    "the sampler's equation, coordinate by coordinate: a law alone could not tell mu + s eps from mu - s eps",
    eq(
        at(reparameterize_diag(mu, logvar, eps), i),
        at(mu, i) + xp.exp(at(logvar, i) / 2) * at(eps, i),
    ),
    references=(KINGMA,),
)
scale_moment = solved(
    "variance_of_scale_eq",
    "scaling a draw by sigma scales its square by variance_of_scale(sigma)",
    eq((_sigma * _eps) ** 2, variance_of_scale(_sigma) * _eps**2),
)
posterior_variance = solved(
    "variance_of_posterior_scale",
    "the sampler's scale exp(logvar / 2) has the variance exp(logvar)",
    eq(variance_of_scale(xp.exp(_logvar / 2)), xp.exp(_logvar)),
    lambda: exp_of_sum(_logvar / 2, _logvar / 2),
)


_z = at(reparameterize_diag(mu, logvar, eps), i)
_scale = xp.exp(at(logvar, i) / 2)


def _log_ratio_premises() -> list[Theorem]:
    """log q(z), log p(z) and z^2, each in mu, eps, s = exp(logvar / 2) and s^2 = exp(logvar)."""
    z, m, s, r, e, square = (scalar(name) for name in ("z", "m", "s", "r", "e", "square"))
    standardised = prove(given(eq(s * r, 1), eq(z, m + s * e), eq((z - m) * r, e)))
    square_of_standardised = prove(given(eq((z - m) * r, e), eq(((z - m) * r) ** 2, e**2)))
    expanded = prove(given(eq(s * s, square), eq((m + s * e) ** 2, m**2 + 2 * m * s * e + square * e**2)))
    half = at(logvar, i) / 2
    inverse = xp.exp(-at(logvar, i) / 2)
    squared_scale = prove(eq(_scale * _scale, xp.exp(at(logvar, i))), exp_of_sum(half, half))
    unit = prove(eq(_scale * inverse, 1), [*exp_of_sum(half, -half), use("exp_zero")])
    two_pi = xp.log(2 * xp.pi)
    of_posterior = prove(
        eq(gaussian_density(_z, at(mu, i), at(logvar, i)), -(at(eps, i) ** 2 + at(logvar, i) + two_pi) / 2),
        [
            unit,
            use(standardised, z=_z, m=at(mu, i), s=_scale, r=inverse, e=at(eps, i)),
            use(square_of_standardised, z=_z, m=at(mu, i), r=inverse, e=at(eps, i)),
        ],
    )
    of_prior = prove(eq(gaussian_density(_z, 0, 0), -(_z**2 + two_pi) / 2), [use("exp_zero")])
    use_expanded = use(expanded, m=at(mu, i), s=_scale, e=at(eps, i), square=xp.exp(at(logvar, i)))
    square_of_z = prove(
        eq(_z**2, at(mu, i) ** 2 + 2 * at(mu, i) * _scale * at(eps, i) + xp.exp(at(logvar, i)) * at(eps, i) ** 2),
        [squared_scale, use_expanded],
    )
    return [of_posterior, of_prior, square_of_z]


kl_is_expected_log_ratio = solved(
    "kl_is_expected_log_ratio",
    "log q(z) - log p(z) at the sampler's z is the coordinate's KL, plus a term in eps, plus a term in eps^2 - 1: its "
    "mean is the KL for every noise of mean 0 and variance 1",
    eq(
        gaussian_density(_z, at(mu, i), at(logvar, i)) - gaussian_density(_z, 0, 0),
        coordinate_kl(at(mu, i), at(logvar, i))
        + at(mu, i) * _scale * at(eps, i)
        + (xp.exp(at(logvar, i)) - 1) / 2 * (at(eps, i) ** 2 - 1),
    ),
    _log_ratio_premises,
    unfolding=[coordinate_kl],
    references=(KINGMA,),
)

RESULTS = (
    exp_minus_one_minus_nonneg,
    exp_minus_one_minus_pos,
    coordinate_kl_nonneg,
    coordinate_kl_eq_zero_iff,
    kl_sum_nonneg,
    kl_sum_eq_zero_iff,
    mean_sum_link,
    kl_mean_nonneg,
    kl_mean_eq_zero_iff,
    reparameterize_diag_eq,
    scale_moment,
    posterior_variance,
    kl_is_expected_log_ratio,
)
