"""Laws and integrals: what the kernel has no words for, and the Rocq development in `proofs/` proves.

Stated in words; the formal statement is the Rocq theorem's, about the definitions emitted from the spec. Nothing here
is ever reported as proved by the solvers.
"""

from vaelid.theory.library.references import BURDA, KINGMA, LOAIZA, RYBKIN
from vaelid.theory.result import Result

__all__ = ["RESULTS"]


def _law(name: str, says: str, rocq: str = "", **about: object) -> Result:
    return Result(name, says, rocq=rocq or name, **about)  # pyright: ignore[reportArgumentType]


def _open(name: str, says: str) -> Result:
    return Result(name, says)


RESULTS = (
    _law(
        "scalar_reparameterization_law",
        "if eps has the law N(0, 1), then mu + sigma eps has the law N(mu, sigma^2), for every real sigma (at 0, a "
        "point mass at mu)",
        source="scalar_reparameterization_law",
        references=(KINGMA,),
    ),
    _law(
        "diagonal_reparameterization_coordinate_law",
        "if every eps_i has the law N(0, 1), then every mu_i + sigma_i eps_i has the law N(mu_i, sigma_i^2)",
        source="diagonal_reparameterization_coordinate_law",
        references=(KINGMA,),
    ),
    _law(
        "emitted_sampler_law",
        "the law of each coordinate of reparameterize_diag(mu, logvar, eps), as executed, is N(mu_i, exp(logvar_i))",
    ),
    _law(
        "joint_reparameterization_law",
        "for independent eps_i with the law N(0, 1), the coordinates of mu + sigma eps are independent with the laws "
        "N(mu_i, sigma_i^2)",
    ),
    _law(
        "vector_reparameterization_law",
        "for independent standard normal eps, the probability that the sampled z lies in a measurable set of R^L is "
        "the integral of the posterior's density over it",
    ),
    _law(
        "sample_latent_law",
        "the same of sample_latent(model, x, eps), for every encoder",
    ),
    _law("independent_normals_exist", "for every L there are L independent standard normal random variables"),
    _law("gaussian_integral", "the integral of exp(-x^2) from 0 to infinity is sqrt(pi) / 2"),
    _law("normal_normalised", "the density of N(mu, s^2) integrates to 1"),
    _law("normal_mean", "the mean of N(mu, s^2) is mu"),
    _law("normal_variance", "the variance of N(mu, s^2) is s^2"),
    _law(
        "kl_closed_form_is_kl",
        "coordinate_kl_to_standard(mu, logvar) is the integral over the line of q log(q / p), for q = N(mu, "
        "exp(logvar)) and p = N(0, 1)",
        references=(KINGMA,),
    ),
    _law(
        "klN_is_the_kl",
        "diagonal_gaussian_kl_to_standard_sum(mu, logvar) is the integral of q log(q / p) over R^L with its Lebesgue "
        "measure, for the diagonal Gaussian q and the standard normal p",
        references=(KINGMA,),
    ),
    _law("evidence_pos", "the evidence, the integral of likelihood times prior, is positive where the ELBO exists"),
    _law(
        "elbo_le_evidence",
        "the ELBO is at most the logarithm of the evidence where both integrals exist, for every density q that "
        "vanishes where the joint density does, and every positive linear integral",
        references=(KINGMA,),
    ),
    _law("evidence_gap", "the log-evidence minus the ELBO is the KL of q to the true posterior"),
    _law("elbo_tight", "at the true posterior the ELBO is the log-evidence"),
    _law(
        "kl_nonneg",
        "the KL of q to p is not negative, for densities with p > 0 wherever q > 0, where the integral exists",
    ),
    _law(
        "negative_elbo_bounds_evidence_nd",
        "over R^L: minus the log-evidence is at most negative_elbo(expected NLL, "
        "diagonal_gaussian_kl_to_standard_sum(mu, logvar)), for every positive likelihood whose two integrals exist",
        references=(KINGMA,),
    ),
    _law(
        "gaussian_nll_negative_elbo_bounds_evidence",
        "the same for the executed Gaussian NLL, summed over D, of every decoder: the sum-convention loss bounds the "
        "evidence",
    ),
    _law(
        "bernoulli_negative_elbo_bounds_evidence",
        "the same for the executed Bernoulli log-density, summed over D, of every decoder",
    ),
    _law(
        "vae_training_bound",
        "what is trained bounds the evidence: for every model, beta > 0 and x, with s2 = beta D / (2 L), the "
        "expectation over the posterior of the executed loss is at least -(beta / L) log p(x) - s2 log(2 pi s2), "
        "where p(x) is the evidence of the decoder N(x_hat(z), s2 I); only that the two integrals exist is asked",
        meaning="For your training loop: the mean squared error plus beta times the mean-reduced KL, averaged over the "
        "noise, is (beta / L) times a negative ELBO plus a constant, once the decoder's output is read as the mean of "
        "a Gaussian with variance s2 = beta D / (2 L). So lowering the loss lowers an upper bound of -log p(x). For "
        "8x8 digits with 8 latents and beta = 1 that is s2 = 4: noise far wider than pixels between 0 and 1, which "
        "your loss has chosen for you. Read with another variance it is a beta-weighted bound: "
        "`vaelid.effective_beta`. It holds for every encoder and decoder, trained or not. It does not say how far the "
        "bound is from log p(x) (theorem evidence_gap does), that an optimiser gets there, nor anything about "
        "rounding.",
        references=(RYBKIN,),
    ),
    _law(
        "bernoulli_mass_le_half",
        "on the interval [0, 1] the exponential of minus the cross-entropy integrates to at most 1/2: on grey data it "
        "is no density",
        references=(LOAIZA,),
    ),
    _law("iw_bound_le_max", "the importance-weighted bound is at most the greatest log-weight", references=(BURDA,)),
    _law(
        "reparameterized_gradient_mu_unbiased",
        "in one dimension the expectation of the sampled gradient with respect to mu is the gradient of the "
        "expectation, for a function with a Lipschitz derivative",
        references=(KINGMA,),
    ),
    _law(
        "reparameterized_gradient_logvar_unbiased",
        "the same with respect to logvar",
        references=(KINGMA,),
    ),
    _law(
        "kernel_polynomial_bounds",
        "the polynomial of the float32 KL kernel lies between 0.36 and 0.72 on [-1, 1], over the reals",
    ),
    _law(
        "kernel_kl_nonneg",
        "the polynomial branch of the KL kernel is never negative over the reals",
    ),
    _law(
        "kernel_kl_relative_error",
        "the polynomial branch of the KL kernel is within a relative 1.2e-8 of the KL, over the reals",
    ),
    _law(
        "computed_kernel_nonneg",
        "the polynomial branch of the float32 KL kernel, each operation rounded to nearest, multiply-add fused or "
        "not, is never negative",
    ),
    _law(
        "computed_kernel_relative_error",
        "from |x| = 2^-62 on, that branch as computed in float32 is within a relative 3.6e-7 of e^x - 1 - x",
    ),
    _law(
        "vae_training_bound_expectation",
        "the same bound with the expectation over eps: for independent standard normal noise, E[loss(model, beta, x, "
        "eps)] is at least it, for a measurable decoder of L latents, where the two integrals exist",
        references=(RYBKIN,),
    ),
    _law(
        "gaussian_nll_negative_elbo_bounds_evidence_expectation",
        "the sum convention with the expectation over eps: the expected Gaussian NLL of a draw plus the KL in nats is "
        "at least minus the log-evidence",
    ),
    _law(
        "sample_latent_expectation",
        "E_q[G(z)] is the expectation over eps of G(sample_latent(model, x, eps))",
    ),
    _law(
        "linear_decoder_training_bound",
        "for the decoder W z + b every hypothesis of the training bound holds: the evidence exists, and the expected "
        "loss has a closed form that bounds it",
    ),
    _law(
        "kl_zero_ae",
        "a KL of zero makes q = p almost everywhere, for densities with p > 0 wherever q > 0",
    ),
    _law(
        "kl_loss_zero_iff_posterior_is_prior",
        "kl_loss(model, x) is zero exactly when the posterior's density is the prior's, everywhere on R^L",
    ),
    _law(
        "gradient_mu_unbiased_nd",
        "in L dimensions: the derivative of E f(z) in mu_i is the expectation of d_i f(z), for f whose derivative in "
        "coordinate i is Lipschitz in it, where the expectations exist",
        references=(KINGMA,),
    ),
    _law(
        "gradient_logvar_unbiased_nd",
        "the same in logvar_i: the expectation of d_i f(z) exp(logvar_i / 2) / 2 eps_i",
        references=(KINGMA,),
    ),
    _open(
        "kernel_exp_branch_rounding",
        "the float32 rounding of the KL kernel where |logvar| is at least 1, where the library's exp is called",
    ),
    _open(
        "network_gradient_unbiased",
        "the sampled gradient with respect to the weights of a network is unbiased",
    ),
)
