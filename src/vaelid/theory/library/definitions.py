"""The functions of the spec that theorems speak of, each read once on variables. Nothing is typed again here."""

from collections.abc import Callable
from typing import Any

from vaelid import spec
from vaelid.readings.terms.arrays import TermArray, as_term, map_variable, real, size, variable
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.trace import Definition, define
from vaelid.spec.conventions import KL_REDUCTIONS, RECONSTRUCTION_LOSSES
from vaelid.spec.likelihoods import bernoulli_log_density, gaussian_log_density
from vaelid.spec.likelihoods.continuous import laplace_log_density

D, L, K = size("D"), size("L"), size("K")
"""Coordinates of an observation, latent coordinates, draws."""

MODEL = spec.Model(
    spec.Encoder(map_variable("model.encoder.mean", L), map_variable("model.encoder.logvar", L)),
    spec.Decoder(map_variable("model.decoder.forward", D)),
)
"""Any encoder and any decoder."""


def _define(function: Callable[..., Any], **parameters: Any) -> Definition:
    return define(function, sizes=("D", "L", "K"), **parameters)


def scalar(name: str) -> TermArray:
    """A real variable."""
    return variable(name)


x, eps, beta = variable("x", D), variable("eps", L), scalar("beta")
mu, logvar = variable("mu", L), variable("logvar", L)

exp_minus_one_minus = _define(spec.exp_minus_one_minus, x=scalar("x"))
variance_of_scale = _define(spec.variance_of_scale, sigma=scalar("sigma"))
reparameterize_diag = _define(spec.reparameterize_diag, mu=mu, logvar=logvar, eps=eps)
coordinate_kl = _define(spec.coordinate_kl_to_standard, mu=scalar("mu"), logvar=scalar("logvar"))
kl_sum = _define(spec.diagonal_gaussian_kl_to_standard_sum, mu=mu, logvar=logvar)
kl_mean = _define(spec.diagonal_gaussian_kl_to_standard, mu=mu, logvar=logvar)

mean_squared_error = _define(spec.mean_squared_error, x_hat=variable("x_hat", D), x=x)
encode = _define(spec.encode, members=("mean", "logvar"), model=MODEL, x=x)
sample_latent = _define(spec.sample_latent, model=MODEL, x=x, eps=eps)
forward = _define(spec.forward, model=MODEL, x=x, eps=eps)
reconstruction_loss = _define(spec.reconstruction_loss, model=MODEL, x=x, eps=eps)
kl_loss = _define(spec.kl_loss, model=MODEL, x=x)
loss = _define(spec.loss, model=MODEL, beta=beta, x=x, eps=eps)

weighted_two_term = _define(
    spec.weighted_two_term,
    weight=scalar("weight"),
    terms=spec.WeightedTwoTerm(scalar("terms.base"), scalar("terms.regularizer")),
)
weighted_three_term = _define(
    spec.weighted_three_term,
    weight=scalar("weight"),
    terms=spec.WeightedThreeTerm(scalar("terms.base"), scalar("terms.middle"), scalar("terms.regularizer")),
)
vae_objective_terms = _define(spec.vae_objective_terms, model=MODEL, x=x, eps=eps)

ELBO_TERMS = spec.ElboTerms(scalar("terms.reconstruction_nll"), scalar("terms.kl_posterior_prior"))
negative_elbo = _define(spec.negative_elbo, terms=ELBO_TERMS)
beta_negative_elbo = _define(spec.beta_negative_elbo, beta=beta, terms=ELBO_TERMS)
importance_weighted_bound = _define(spec.importance_weighted_bound, log_weights=variable("log_weights", K))

gaussian_density = _define(
    gaussian_log_density, x=scalar("x"), mean=scalar("mean"), log_variance=scalar("log_variance")
)
laplace_density = _define(laplace_log_density, x=scalar("x"), mean=scalar("mean"), log_scale=scalar("log_scale"))
bernoulli_density = _define(bernoulli_log_density, x=scalar("x"), logits=scalar("logits"))


def _gaussian_nll(x: TermArray, output: TermArray, log_variance: TermArray) -> TermArray:
    """What `likelihood("gaussian").log_prob` computes once it has checked the support, with its sign changed."""
    return -xp.sum(spec.likelihood("gaussian").log_density(x, output, log_variance=log_variance), axis=-1)


gaussian_nll = _define(
    _gaussian_nll,
    name="gaussian_nll",
    source=spec.Likelihood.log_prob,
    x=x,
    x_hat=variable("x_hat", D),
    log_variance=scalar("log_variance"),
)


def _effective_beta(loss_name: str, kl: str) -> Definition:
    def of_sizes(beta: TermArray, variance: TermArray) -> TermArray:
        return as_term(spec.effective_beta(loss=loss_name, kl=kl, D=real(D), L=real(L), beta=beta, variance=variance))

    name = f"effective_beta_{loss_name}_{kl}".replace("-", "_")
    return _define(of_sizes, name=name, source=spec.effective_beta, beta=beta, variance=scalar("variance"))


EFFECTIVE_BETA = {(name, kl): _effective_beta(name, kl) for name in RECONSTRUCTION_LOSSES for kl in KL_REDUCTIONS}
"""`spec.effective_beta` for each pair of conventions, as a function of D, L, beta and the variance."""

DEFINITIONS = (
    exp_minus_one_minus,
    variance_of_scale,
    reparameterize_diag,
    coordinate_kl,
    kl_sum,
    kl_mean,
    mean_squared_error,
    encode,
    sample_latent,
    forward,
    reconstruction_loss,
    kl_loss,
    loss,
    weighted_two_term,
    weighted_three_term,
    vae_objective_terms,
    negative_elbo,
    beta_negative_elbo,
    importance_weighted_bound,
    gaussian_density,
    bernoulli_density,
    laplace_density,
    gaussian_nll,
    *EFFECTIVE_BETA.values(),
)
"""Every function of the spec that a theorem speaks of."""
