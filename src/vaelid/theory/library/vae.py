"""TorchLean's executable VAE: any encoder, any decoder, any sizes."""

from vaelid import spec
from vaelid.readings.terms.arrays import index, real, size
from vaelid.theory.kernel import Theorem
from vaelid.theory.library.definitions import (
    MODEL,
    D,
    L,
    beta,
    beta_negative_elbo,
    encode,
    eps,
    forward,
    kl_loss,
    kl_mean,
    loss,
    mean_squared_error,
    reconstruction_loss,
    reparameterize_diag,
    sample_latent,
    scalar,
    vae_objective_terms,
    variable,
    weighted_two_term,
    x,
    xp,
)
from vaelid.theory.library.latent import kl_mean_eq_zero_iff, kl_mean_nonneg
from vaelid.theory.library.references import HIGGINS, KINGMA
from vaelid.theory.library.sums import sum_nonneg, sum_zero_iff
from vaelid.theory.result import solved
from vaelid.theory.statement import at, both, eq, every, given, iff, le, lt
from vaelid.theory.tactics import equations, for_every, prove, use

__all__ = ["RESULTS"]

i, j = size("i"), size("j")
_mu, _logvar = MODEL.encoder.mean(x), MODEL.encoder.logvar(x)
_x_hat = variable("x_hat", D)
_beta1, _beta2 = scalar("beta1"), scalar("beta2")
_terms = spec.ElboTerms(scalar("terms.reconstruction_nll"), scalar("terms.kl_posterior_prior"))
_standard = both(every(i, L, eq(at(_mu, i), 0)), every(i, L, eq(at(_logvar, i), 0)))

encode_eq = solved(
    "encode_eq",
    "the posterior's mean and log-variance are those of the encoder, in this order",
    both(eq(encode(MODEL, x)[0], _mu), eq(encode(MODEL, x)[1], _logvar)),
    source="encode",
)
sample_latent_eq_reparameterize = solved(
    "sample_latent_eq_reparameterize",
    "sampling is the diagonal-Gaussian reparameterization of the encoder's outputs",
    eq(sample_latent(MODEL, x, eps), reparameterize_diag(_mu, _logvar, eps)),
    source="sampleLatent_eq_reparameterize",
    references=(KINGMA,),
)
forward_eq_decoder_sample_latent = solved(
    "forward_eq_decoder_sample_latent",
    "the forward pass is the decoder at the sampled latent",
    eq(forward(MODEL, x, eps), MODEL.decoder.forward(sample_latent(MODEL, x, eps))),
    source="forward_eq_decoder_sampleLatent",
)
reconstruction_loss_eq = solved(
    "reconstruction_loss_eq",
    "the reconstruction loss is the mean squared error of the forward pass",
    eq(reconstruction_loss(MODEL, x, eps), mean_squared_error(forward(MODEL, x, eps), x)),
    lambda: equations(mean_squared_error(spec.forward(MODEL, x, eps), x)),
    source="reconstructionLoss",
)
kl_loss_eq = solved(
    "kl_loss_eq",
    "the KL loss is the mean-reduced KL of the encoder's outputs",
    eq(kl_loss(MODEL, x), kl_mean(_mu, _logvar)),
    source="klLoss",
)

_loss = loss(MODEL, beta, x, eps)
_reconstruction = reconstruction_loss(MODEL, x, eps)
_kl = kl_loss(MODEL, x)

beta_vae_loss_decomposition = solved(
    "beta_vae_loss_decomposition",
    "the loss is the reconstruction loss plus beta times the KL loss",
    eq(_loss, _reconstruction + beta * _kl),
    source="betaVae_loss_decomposition",
    references=(HIGGINS,),
)
beta_vae_loss_eq_weighted_two_term = solved(
    "beta_vae_loss_eq_weighted_two_term",
    "the loss is the weighted two-term objective of its terms",
    eq(_loss, weighted_two_term(beta, vae_objective_terms(MODEL, x, eps))),
    source="betaVae_loss_eq_weightedTwoTerm",
)
beta_vae_loss_zero_beta = solved(
    "beta_vae_loss_zero_beta",
    "at beta = 0 the loss is the reconstruction loss",
    eq(loss(MODEL, 0, x, eps), _reconstruction),
    source="betaVae_loss_zero_beta",
)
beta_vae_loss_eq_reconstruction_of_zero_kl = solved(
    "beta_vae_loss_eq_reconstruction_of_zero_kl",
    "where the KL loss is zero the loss is the reconstruction loss, for every beta",
    given(eq(_kl, 0), eq(_loss, _reconstruction)),
    lambda: [beta_vae_loss_decomposition.theorem],
    unfolding=(),
    source="betaVae_loss_eq_reconstruction_of_zero_kl",
)
beta_vae_loss_mono_beta_of_kl_nonneg = solved(
    "beta_vae_loss_mono_beta_of_kl_nonneg",
    "where the KL loss is not negative, a greater beta does not lower the loss",
    given(le(_beta1, _beta2), le(0, _kl), le(loss(MODEL, _beta1, x, eps), loss(MODEL, _beta2, x, eps))),
    lambda: [
        use(beta_vae_loss_decomposition.theorem, beta=_beta1),
        use(beta_vae_loss_decomposition.theorem, beta=_beta2),
    ],
    unfolding=(),
    source="betaVae_loss_mono_beta_of_kl_nonneg",
)
beta_vae_loss_matches_named_elbo_terms = solved(
    "beta_vae_loss_matches_named_elbo_terms",
    "a reconstruction loss that is the NLL and a KL loss that is the KL make the loss the beta-weighted negative ELBO",
    given(
        eq(_reconstruction, _terms.reconstruction_nll),
        eq(_kl, _terms.kl_posterior_prior),
        eq(_loss, beta_negative_elbo(beta, _terms)),
    ),
    lambda: [beta_vae_loss_decomposition.theorem],
    unfolding=[beta_negative_elbo],
    source="betaVae_loss_matches_named_elbo_terms",
)
kl_loss_nonneg = solved(
    "kl_loss_nonneg",
    "the KL loss of every model is not negative",
    given(lt(index(0), L), le(0, _kl)),
    lambda: [kl_loss_eq.theorem, use(kl_mean_nonneg.theorem, mu=_mu, logvar=_logvar)],
    unfolding=(),
)
kl_loss_eq_zero_iff = solved(
    "kl_loss_eq_zero_iff",
    "the KL loss is zero exactly when the encoder puts out the standard normal",
    given(lt(index(0), L), iff(eq(_kl, 0), _standard)),
    lambda: [kl_loss_eq.theorem, use(kl_mean_eq_zero_iff.theorem, mu=_mu, logvar=_logvar)],
    unfolding=(),
)
beta_vae_loss_mono_beta = solved(
    "beta_vae_loss_mono_beta",
    "a greater beta does not lower the loss: no hypothesis on the model",
    given(lt(index(0), L), le(_beta1, _beta2), le(loss(MODEL, _beta1, x, eps), loss(MODEL, _beta2, x, eps))),
    lambda: [beta_vae_loss_mono_beta_of_kl_nonneg.theorem, kl_loss_nonneg.theorem],
    unfolding=(),
)

_squares = (_x_hat - x) ** 2


def _square_premises() -> tuple[Theorem, Theorem, Theorem]:
    """Every squared difference is at least 0; it is 0 exactly where the coordinates agree."""
    difference = at(_x_hat, j) - at(x, j)
    r = scalar("r")
    nonneg, zero_iff = prove(le(0, r**2)), prove(iff(eq(r**2, 0), eq(r, 0)))
    return (
        for_every(j, le(0, at(_squares, j)), [use(nonneg, r=difference)]),
        for_every(j, iff(eq(at(_squares, j), 0), eq(at(_x_hat, j), at(x, j))), [use(zero_iff, r=difference)]),
        prove(given(lt(index(0), D), eq(real(D) * mean_squared_error(_x_hat, x), xp.sum(_squares)))),
    )


mean_squared_error_nonneg = solved(
    "mean_squared_error_nonneg",
    "the mean squared error is not negative",
    given(lt(index(0), D), le(0, mean_squared_error(_x_hat, x))),
    lambda: [*_square_premises(), use(sum_nonneg.theorem, a=_squares, n=D)],
    unfolding=(),
)
mean_squared_error_eq_zero_iff = solved(
    "mean_squared_error_eq_zero_iff",
    "the mean squared error is zero exactly when the reconstruction is the observation",
    given(
        lt(index(0), D),
        iff(eq(mean_squared_error(_x_hat, x), 0), every(i, D, eq(at(_x_hat, i), at(x, i)))),
    ),
    lambda: [*_square_premises(), use(sum_zero_iff.theorem, a=_squares, n=D)],
    unfolding=(),
)

RESULTS = (
    encode_eq,
    sample_latent_eq_reparameterize,
    forward_eq_decoder_sample_latent,
    reconstruction_loss_eq,
    kl_loss_eq,
    beta_vae_loss_decomposition,
    beta_vae_loss_eq_weighted_two_term,
    beta_vae_loss_zero_beta,
    beta_vae_loss_eq_reconstruction_of_zero_kl,
    beta_vae_loss_mono_beta_of_kl_nonneg,
    beta_vae_loss_matches_named_elbo_terms,
    kl_loss_nonneg,
    kl_loss_eq_zero_iff,
    beta_vae_loss_mono_beta,
    mean_squared_error_nonneg,
    mean_squared_error_eq_zero_iff,
)
