"""The importance-weighted bound."""

from vaelid.readings.terms.arrays import index, real, size
from vaelid.theory.kernel import Theorem
from vaelid.theory.library.definitions import K, importance_weighted_bound, scalar, variable, xp
from vaelid.theory.library.latent import exp_minus_one_minus_nonneg, exp_minus_one_minus_pos
from vaelid.theory.library.logarithm import log_at_least_one, log_of_product
from vaelid.theory.library.references import BURDA
from vaelid.theory.library.sums import same_sum, sum_add, sum_constant, sum_nonneg, sum_scale, sum_zero_iff
from vaelid.theory.result import solved
from vaelid.theory.statement import at, eq, every, given, iff, le, lt
from vaelid.theory.tactics import exp_of_sum, for_every, prove, use

__all__ = ["RESULTS"]

i, j = size("i"), size("j")
_w = variable("log_weights", K)
_elbo = xp.mean(_w)
_deviation = _w - _elbo
_powers = xp.exp(_deviation)
_excess = _powers - 1 - _deviation
_ones = xp.ones_like(_w)
_positive = lt(index(0), K)


def _excess_nonneg() -> Theorem:
    """0 < K -> the mean of e^(w - m) - 1 - (w - m) is not negative."""
    nonneg = for_every(j, le(0, at(_excess, j)), [use(exp_minus_one_minus_nonneg.theorem, x=at(_deviation, j))])
    return prove(given(_positive, le(0, xp.mean(_excess))), [nonneg, use(sum_nonneg.theorem, a=_excess, n=K)])


def _sum_of_excess() -> Theorem:
    """0 < K -> sum of the excess = sum of e^(w - m), minus K: the deviations add up to zero."""
    parts = (_powers, -1 * _w, (_elbo - 1) * _ones)
    total = parts[0] + parts[1] + parts[2]
    m, s, k = scalar("m"), scalar("s"), scalar("k")
    cleared = prove(given(lt(0, k), eq(m, s / k), eq(m * k, s)))
    return prove(
        given(_positive, eq(xp.sum(_excess), xp.sum(_powers) - real(K))),
        [
            same_sum(K, _excess, total),
            use(sum_add.theorem, a=parts[0] + parts[1], b=parts[2], n=K),
            use(sum_add.theorem, a=parts[0], b=parts[1], n=K),
            use(sum_scale.theorem, c=-1, a=_w, n=K),
            use(sum_constant.theorem, c=_elbo - 1, n=K),
            use(cleared, m=_elbo, s=xp.sum(_w), k=real(K)),
        ],
    )


def _mean_of_powers() -> Theorem:
    """0 < K -> mean e^w = e^m (1 + mean excess)."""
    scaled = xp.exp(_elbo) * _powers
    pointwise = exp_of_sum(_elbo, at(_deviation, j))
    by_scale = same_sum(K, xp.exp(_w), scaled, tuple(pointwise))
    a, p, k = (scalar(name) for name in ("a", "p", "k"))
    minus_one = prove(given(lt(0, k), eq((p - k) / k, p / k - 1)))
    factor = prove(given(lt(0, k), eq(a * p / k, a * (p / k))))
    return prove(
        given(_positive, eq(xp.mean(xp.exp(_w)), xp.exp(_elbo) * (1 + xp.mean(_excess)))),
        [
            _sum_of_excess(),
            by_scale,
            use(sum_scale.theorem, c=xp.exp(_elbo), a=_powers, n=K),
            use(minus_one, p=xp.sum(_powers), k=real(K)),
            use(factor, a=xp.exp(_elbo), p=xp.sum(_powers), k=real(K)),
        ],
    )


iw_gap = solved(
    "iw_gap",
    "the bound, as the code computes it (the ELBO plus log(1 + mean excess)), is the logarithm of the mean weight",
    given(_positive, eq(importance_weighted_bound(_w), xp.log(xp.mean(xp.exp(_w))))),
    lambda: [_mean_of_powers(), _excess_nonneg(), use(log_of_product.theorem, a=_elbo, u=1 + xp.mean(_excess))],
    references=(BURDA,),
)
iw_bound_ge_elbo = solved(
    "iw_bound_ge_elbo",
    "the importance-weighted bound is at least the sampled ELBO",
    given(_positive, le(_elbo, importance_weighted_bound(_w))),
    lambda: [_excess_nonneg(), use(log_at_least_one.theorem, u=1 + xp.mean(_excess))],
    references=(BURDA,),
)


def _excess_zero_iff() -> list[Theorem]:
    zero_iff = for_every(
        j,
        iff(eq(at(_excess, j), 0), eq(at(_w, j), _elbo)),
        [use(exp_minus_one_minus_pos.theorem, x=at(_deviation, j)), use("exp_zero")],
    )
    nonneg = for_every(j, le(0, at(_excess, j)), [use(exp_minus_one_minus_nonneg.theorem, x=at(_deviation, j))])
    s, k = scalar("s"), scalar("k")
    quotient = prove(given(lt(0, k), iff(eq(s / k, 0), eq(s, 0))))
    return [
        zero_iff,
        nonneg,
        use(sum_zero_iff.theorem, a=_excess, n=K),
        use(quotient, s=xp.sum(_excess), k=real(K)),
    ]


iw_bound_eq_elbo_iff = solved(
    "iw_bound_eq_elbo_iff",
    "the two are equal exactly when all weights are equal",
    given(_positive, iff(eq(importance_weighted_bound(_w), _elbo), every(i, K, eq(at(_w, i), _elbo)))),
    lambda: [
        _excess_nonneg(),
        use(log_at_least_one.theorem, u=1 + xp.mean(_excess)),
        *_excess_zero_iff(),
    ],
    references=(BURDA,),
)

RESULTS = (iw_gap, iw_bound_ge_elbo, iw_bound_eq_elbo_iff)
