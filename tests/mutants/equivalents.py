"""The mutants that are the same function, each with the reason: for a function and its text, {changed text: reason}.

The reason is for the reader; the proof is the kernel's, made anew whenever the mutants are checked. A mutant that is no
longer generated, or no longer equivalent, makes its line here an error.
"""

__all__ = ["REASONS"]

NAMESPACE = "arrays that meet in one formula share one namespace, so the order in which it is asked for is immaterial"
SUM = "a sum does not depend on the order of its terms"
PRODUCT = "a product does not depend on the order of its factors"
SQUARE = "a square does not depend on the sign of what is squared"
ERROR = "the squared error of x_hat against x is that of x against x_hat"
LOGADDEXP = "log(e^a + e^b) is symmetric in a and b"
ZEROS = "`zeros_like` takes the shape of its argument, not its values"
CONSTANT = "`_constant` is the number itself; its second argument gives it a dtype and a device only"

_KL = "(xp.exp(logvar) + mu ** 2 - 1 - logvar) / 2"
_DENSITY = "-(standardised ** 2 + log_variance + xp.log(_constant(2 * xp.pi, standardised))) / 2"

_EQUIVALENT: dict[tuple[str, str], dict[str, str]] = {
    ("latent.reparameterize_diag", "xp = array_namespace(mu, logvar, eps)"): {
        "xp = array_namespace(logvar, mu, eps)": NAMESPACE,
        "xp = array_namespace(mu, eps, logvar)": NAMESPACE,
    },
    ("latent.reparameterize_diag", "mu + xp.exp(logvar / 2) * eps"): {
        "xp.exp(logvar / 2) * eps + mu": SUM,
        "mu + eps * xp.exp(logvar / 2)": PRODUCT,
    },
    ("latent.coordinate_kl_to_standard", "xp = array_namespace(mu, logvar)"): {
        "xp = array_namespace(logvar, mu)": NAMESPACE,
    },
    ("latent.coordinate_kl_to_standard", _KL): {
        "(mu ** 2 + xp.exp(logvar) - 1 - logvar) / 2": SUM,
        "(xp.exp(logvar) + (-mu) ** 2 - 1 - logvar) / 2": SQUARE,
    },
    ("latent.diagonal_gaussian_kl_to_standard_sum", "xp = array_namespace(mu, logvar)"): {
        "xp = array_namespace(logvar, mu)": NAMESPACE,
    },
    ("latent.diagonal_gaussian_kl_to_standard", "xp = array_namespace(mu, logvar)"): {
        "xp = array_namespace(logvar, mu)": NAMESPACE,
    },
    ("latent.variance_of_scale", "sigma ** 2"): {"(-sigma) ** 2": SQUARE},
    ("vae.mean_squared_error", "xp = array_namespace(x_hat, x)"): {"xp = array_namespace(x, x_hat)": NAMESPACE},
    ("vae.mean_squared_error", "xp.mean((x_hat - x) ** 2, axis=-1)"): {
        "xp.mean((-(x_hat - x)) ** 2, axis=-1)": SQUARE,
        "xp.mean((x - x_hat) ** 2, axis=-1)": ERROR,
    },
    ("vae.reconstruction_loss", "mean_squared_error(forward(model, x, eps), x)"): {
        "mean_squared_error(x, forward(model, x, eps))": ERROR,
    },
    ("vae.loss", "reconstruction_loss(model, x, eps) + beta * kl_loss(model, x)"): {
        "beta * kl_loss(model, x) + reconstruction_loss(model, x, eps)": SUM,
        "reconstruction_loss(model, x, eps) + kl_loss(model, x) * beta": PRODUCT,
    },
    ("objective.weighted_two_term", "terms.base + weight * terms.regularizer"): {
        "weight * terms.regularizer + terms.base": SUM,
        "terms.base + terms.regularizer * weight": PRODUCT,
    },
    ("objective.weighted_three_term", "terms.base + terms.middle + weight * terms.regularizer"): {
        "weight * terms.regularizer + (terms.base + terms.middle)": SUM,
        "terms.middle + terms.base + weight * terms.regularizer": SUM,
        "terms.base + terms.middle + terms.regularizer * weight": PRODUCT,
    },
    ("elbo.negative_elbo", "terms.reconstruction_nll + terms.kl_posterior_prior"): {
        "terms.kl_posterior_prior + terms.reconstruction_nll": SUM,
    },
    ("elbo.beta_negative_elbo", "terms.reconstruction_nll + beta * terms.kl_posterior_prior"): {
        "beta * terms.kl_posterior_prior + terms.reconstruction_nll": SUM,
        "terms.reconstruction_nll + terms.kl_posterior_prior * beta": PRODUCT,
    },
    ("elbo.importance_weighted_bound", "elbo + xp.log1p(xp.mean(excess, axis=-1))"): {
        "xp.log1p(xp.mean(excess, axis=-1)) + elbo": SUM,
    },
    # besides: functions of other files
    ("conventions.effective_beta", "{'mse-mean': D / (2 * variance), 'mse-sum': 1"): {
        "{'mse-mean': D / (variance * 2), 'mse-sum': 1": PRODUCT,
    },
    ("conventions.effective_beta", "'mse-sum': 1 / (2 * variance), 'half-mse-sum': 1"): {
        "'mse-sum': 1 / (variance * 2), 'half-mse-sum': 1": PRODUCT,
    },
    ("conventions.effective_beta", "nll_per_loss[loss] * per_summed_kl"): {
        "per_summed_kl * nll_per_loss[loss]": PRODUCT,
    },
    ("arrays.softplus", "xp.logaddexp(x, xp.zeros_like(x))"): {
        "xp.logaddexp(xp.zeros_like(x), x)": LOGADDEXP,
        "xp.logaddexp(x, xp.zeros_like(-x))": ZEROS,
    },
    ("likelihoods.continuous.gaussian_log_density", "xp = array_namespace(x, mean, log_variance)"): {
        "xp = array_namespace(mean, x, log_variance)": NAMESPACE,
        "xp = array_namespace(x, log_variance, mean)": NAMESPACE,
    },
    ("likelihoods.continuous.gaussian_log_density", "standardised = (x - mean) * xp.exp(-log_variance / 2)"): {
        "standardised = xp.exp(-log_variance / 2) * (x - mean)": PRODUCT,
        "standardised = -(x - mean) * xp.exp(-log_variance / 2)": SQUARE,
        "standardised = (mean - x) * xp.exp(-log_variance / 2)": SQUARE,
    },
    ("likelihoods.continuous.gaussian_log_density", _DENSITY): {
        "-(xp.log(_constant(2 * xp.pi, standardised)) + (standardised ** 2 + log_variance)) / 2": SUM,
        "-(log_variance + standardised ** 2 + xp.log(_constant(2 * xp.pi, standardised))) / 2": SUM,
        "-((-standardised) ** 2 + log_variance + xp.log(_constant(2 * xp.pi, standardised))) / 2": SQUARE,
        "-(standardised ** 2 + log_variance + xp.log(_constant(xp.pi * 2, standardised))) / 2": PRODUCT,
        "-(standardised ** 2 + log_variance + xp.log(2 * xp.pi)) / 2": CONSTANT,
        "-(standardised ** 2 + log_variance + xp.log(_constant(2 * xp.pi, x))) / 2": CONSTANT,
        "-(standardised ** 2 + log_variance + xp.log(_constant(2 * xp.pi, mean))) / 2": CONSTANT,
        "-(standardised ** 2 + log_variance + xp.log(_constant(2 * xp.pi, log_variance))) / 2": CONSTANT,
    },
    ("likelihoods.discrete.bernoulli_log_density", "x * logits - softplus(logits)"): {
        "logits * x - softplus(logits)": PRODUCT,
    },
}

REASONS = {
    f"{function}: {before} -> {after}": reason
    for (function, before), changed in _EQUIVALENT.items()
    for after, reason in changed.items()
}
"""By the mutant's name."""
