"""The weight that a loss as it is written puts on the KL in nats: `spec.effective_beta`, for each convention."""

from collections.abc import Callable
from dataclasses import dataclass

from vaelid import spec
from vaelid.readings.terms.arrays import TermArray, as_term, index, real
from vaelid.theory.kernel import Theorem
from vaelid.theory.library.definitions import (
    EFFECTIVE_BETA,
    MODEL,
    D,
    L,
    beta,
    beta_negative_elbo,
    eps,
    forward,
    gaussian_nll,
    kl_mean,
    kl_sum,
    logvar,
    loss,
    mean_squared_error,
    mu,
    negative_elbo,
    scalar,
    variable,
    x,
    xp,
)
from vaelid.theory.library.latent import mean_sum_link
from vaelid.theory.library.likelihoods import gaussian_nll_identification
from vaelid.theory.library.logarithm import exp_pos
from vaelid.theory.library.references import HIGGINS, RYBKIN
from vaelid.theory.library.vae import beta_vae_loss_decomposition, kl_loss_eq, reconstruction_loss_eq
from vaelid.theory.result import Result, solved
from vaelid.theory.statement import both, eq, given, lt
from vaelid.theory.tactics import equations, prove, use

__all__ = ["EFFECTIVE_BETAS", "RESULTS"]

_x_hat, _nll, _v = variable("x_hat", D), variable("nll", D), scalar("log_variance")
_s2, _d, _latents = xp.exp(_v), real(D), real(L)
_log_constant = xp.log(2 * xp.pi * _s2)
_squares = (_x_hat - x) ** 2
_kls = {"mean": kl_mean(mu, logvar), "sum": kl_sum(mu, logvar)}
_positive_sizes = (lt(index(0), D), lt(index(0), L))


@dataclass(frozen=True)
class _Convention:
    """How code reduces a reconstruction error: code(mean, sum) = scale(D, s2) * NLL + constant(D, s2, log(2 pi s2))."""

    code: Callable[[TermArray, TermArray], TermArray]
    scale: Callable[[TermArray, TermArray], TermArray]
    constant: Callable[[TermArray, TermArray, TermArray], TermArray]


_SQUARED = {
    "mse-mean": _Convention(lambda m, s: m, lambda d, s2: 2 * s2 / d, lambda d, s2, c: -(s2 * c)),
    "mse-sum": _Convention(lambda m, s: s, lambda d, s2: 2 * s2, lambda d, s2, c: -(d * s2 * c)),
    "half-mse-sum": _Convention(lambda m, s: s / 2, lambda d, s2: s2, lambda d, s2, c: -(d / 2 * s2 * c)),
}
_LOGARITHMIC = {
    "nll-mean": _Convention(lambda m, s: m, lambda d, s2: 1 / d, lambda d, s2, c: as_term(0)),
    "nll-sum": _Convention(lambda m, s: s, lambda d, s2: as_term(1), lambda d, s2, c: as_term(0)),
}


def _reconstruction(convention: _Convention, squared: bool) -> Theorem:
    """0 < D -> code = scale * NLL + constant."""
    code, nll = _code_and_nll(convention, squared)
    affine = eq(code, convention.scale(_d, _s2) * nll + convention.constant(_d, _s2, _log_constant))
    goal = given(_positive_sizes[0], affine)
    if not squared:
        return prove(goal)
    m, s, d, s2, n, c = (scalar(name) for name in ("m", "s", "d", "s2", "n", "c"))
    hypotheses = (lt(0, d), eq(m, s / d), eq(m, 2 * s2 / d * (n - d / 2 * c)))
    algebra = prove(
        given(*hypotheses, eq(convention.code(m, s), convention.scale(d, s2) * n + convention.constant(d, s2, c)))
    )
    error = mean_squared_error(_x_hat, x)
    known = use(algebra, m=error, s=xp.sum(_squares), d=_d, s2=_s2, n=nll, c=_log_constant)
    return prove(goal, [gaussian_nll_identification.theorem, *equations(error), known], unfolding=())


def _code_and_nll(convention: _Convention, squared: bool) -> tuple[TermArray, TermArray]:
    if squared:
        error = convention.code(mean_squared_error(_x_hat, x), xp.sum(_squares))
        return error, gaussian_nll(x, _x_hat, _v)
    return convention.code(xp.mean(_nll), xp.sum(_nll)), xp.sum(_nll)


def _regularizer(name: str, kl: str, convention: _Convention) -> Theorem:
    """0 < D and 0 < L -> beta * the code's KL = scale * (effective beta * KL in nats)."""
    factor = EFFECTIVE_BETA[name, kl](beta, _s2)
    d, n, s2, b, k, m = (scalar(letter) for letter in ("d", "n", "s2", "b", "k", "m"))
    formula = as_term(spec.effective_beta(loss=name, kl=kl, D=d, L=n, beta=b, variance=s2))
    link = eq(n * m, k) if kl == "mean" else eq(m, k)
    positive = (lt(0, d), lt(0, n), lt(0, s2))
    algebra = prove(given(*positive, link, eq(b * m, convention.scale(d, s2) * (formula * k))))
    return prove(
        given(*_positive_sizes, eq(beta * _kls[kl], convention.scale(_d, _s2) * (factor * _kls["sum"]))),
        [
            use(algebra, d=_d, n=_latents, s2=_s2, b=beta, k=_kls["sum"], m=_kls[kl]),
            use(exp_pos.theorem, a=_v),
            mean_sum_link.theorem,
            *equations(factor),
        ],
        unfolding=(),
    )


def _identity(name: str, kl: str) -> Result:
    squared = name in _SQUARED
    convention = (_SQUARED if squared else _LOGARITHMIC)[name]
    code, nll = _code_and_nll(convention, squared)
    factor = EFFECTIVE_BETA[name, kl](beta, _s2)
    objective = beta_negative_elbo(factor, spec.ElboTerms(nll, _kls["sum"]))
    scale, constant = convention.scale(_d, _s2), convention.constant(_d, _s2, _log_constant)
    statement = given(*_positive_sizes, eq(code + beta * _kls[kl], scale * objective + constant))

    def proof() -> Theorem:
        r, k, c, n, e, s, t = (scalar(letter) for letter in ("r", "k", "c", "n", "e", "s", "t"))
        added = prove(given(eq(r, c * n + t), eq(k, c * (e * s)), eq(r + k, c * (n + e * s) + t)))
        known = use(added, r=code, k=beta * _kls[kl], c=scale, n=nll, e=factor, s=_kls["sum"], t=constant)
        parts = [_reconstruction(convention, squared), _regularizer(name, kl, convention)]
        return prove(statement, [*parts, *equations(objective), known], unfolding=())

    return Result(
        f"effective_beta_{name}_{kl}".replace("-", "_"),
        f"code that adds beta times the KL ({kl} over latents) to {name} is, up to scale and constant, the objective "
        "with this weight on the KL in nats",
        statement,
        proof,
        references=(HIGGINS, RYBKIN),
    )


EFFECTIVE_BETAS = {(name, kl): _identity(name, kl) for name in (*_SQUARED, *_LOGARITHMIC) for kl in _kls}
"""The theorem behind `effective_beta`, for each pair of conventions."""

_posterior = {"mu": MODEL.encoder.mean(x), "logvar": MODEL.encoder.logvar(x)}
_terms = spec.ElboTerms(gaussian_nll(x, forward(MODEL, x, eps), _v), kl_sum(*_posterior.values()))
_factor = EFFECTIVE_BETA["mse-mean", "mean"](beta, _s2)

effective_beta_of_loss = solved(
    "effective_beta",
    "the executable loss is, up to scale and constant, the objective with b = beta D / (2 s2 L) on the KL in nats, for "
    "the Gaussian likelihood of any variance s2 = e^log_variance",
    given(
        *_positive_sizes,
        eq(
            loss(MODEL, beta, x, eps),
            2 * _s2 / _d * beta_negative_elbo(_factor, _terms) - _s2 * _log_constant,
        ),
    ),
    lambda: [
        use(EFFECTIVE_BETAS["mse-mean", "mean"].theorem, x_hat=forward(MODEL, x, eps), **_posterior),
        beta_vae_loss_decomposition.theorem,
        reconstruction_loss_eq.theorem,
        kl_loss_eq.theorem,
    ],
    unfolding=(),
    references=(HIGGINS, RYBKIN),
)


def _at_own_variance() -> list[Theorem]:
    """The effective beta is 1 there, and the scale is beta / L."""
    d, n, s2, b = (scalar(letter) for letter in ("d", "n", "s2", "b"))
    formula = as_term(spec.effective_beta(loss="mse-mean", kl="mean", D=d, L=n, beta=b, variance=s2))
    hypotheses = (lt(0, d), lt(0, n), lt(0, b), eq(s2, b * d / (2 * n)))
    one = prove(given(*hypotheses, both(eq(formula, 1), eq(2 * s2 / d, b / n))))
    return [
        effective_beta_of_loss.theorem,
        use(one, d=_d, n=_latents, s2=_s2, b=beta),
        *equations(_factor, beta_negative_elbo(_factor, _terms), negative_elbo(_terms)),
    ]


effective_beta_exact = solved(
    "effective_beta_exact",
    "at the observation variance s2 = beta D / (2 L) the executable loss is a negative ELBO, up to scale and constant",
    given(
        *_positive_sizes,
        lt(0, beta),
        eq(_s2, beta * _d / (2 * _latents)),
        eq(loss(MODEL, beta, x, eps), beta / _latents * negative_elbo(_terms) - _s2 * _log_constant),
    ),
    _at_own_variance,
    unfolding=(),
    references=(RYBKIN,),
)

RESULTS = (effective_beta_of_loss, effective_beta_exact, *EFFECTIVE_BETAS.values())
