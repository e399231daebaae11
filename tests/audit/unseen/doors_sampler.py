"""Samplers by themselves, for `audit_sampler`."""

import torch
from torch import distributions as td

from .case import Built, right, wrong


@right("audit_sampler")
def triangular_scale_object():
    """MultivariateNormal with scale_tril = diag(sigma): its rsample is mu + diag(sigma) eps.

    Source: agents and filters that use MultivariateNormal for a diagonal posterior.
    """

    def reparameterize(mu, logvar):
        scale = torch.diag_embed(logvar.mul(0.5).exp())
        return td.MultivariateNormal(mu, scale_tril=scale).rsample()

    return Built(reparameterize)


@right("audit_sampler")
def affine_transform_of_a_base():
    """AffineTransform(mu, sigma) of a standard normal base: rsample is mu + sigma eps.

    Source: torch.distributions.TransformedDistribution.
    """

    def sample(mu, std):
        base = td.Normal(torch.zeros_like(mu), torch.ones_like(mu))
        return td.TransformedDistribution(base, [td.AffineTransform(mu, std)]).rsample()

    return Built(sample, scale="std")


@right("audit_sampler")
def two_halves_of_noise():
    """(e1 + e2) / sqrt 2 of independent standard normals is standard normal: the same law and the same gradients.

    Source: made for this set.
    """

    def reparameterize(mu, logvar):
        eps = (torch.randn_like(mu) + torch.randn_like(mu)) / 2**0.5
        return mu + eps * torch.exp(0.5 * logvar)

    return Built(reparameterize)


@right("audit_sampler")
def noise_in_reverse_order():
    """eps.flip(1) is a fresh standard normal in each coordinate: only its order changes.

    Source: made for this set.
    """

    def reparametrize(mean, var):
        noise = torch.normal(0.0, 1.0, size=mean.shape, dtype=mean.dtype).flip(1)
        return torch.addcmul(mean, var.sqrt(), noise)

    return Built(reparametrize, scale="var")


@wrong("audit_sampler")
def whole_logvar_exponentiated():
    """sigma = e^logvar is the variance: at logvar = 2 the draw's deviation is 7.39 where 2.72 belongs.

    Source: rachtsingh/ibp_vae issue 3 and rishikksh20/vae_tacotron2 issue 3.
    """

    def reparametrize_gaussian(mu, logvar):
        noise = torch.zeros_like(mu).normal_(0, 1)
        return mu + noise * logvar.exp()

    return Built(reparametrize_gaussian)


@wrong("audit_sampler")
def one_vector_of_noise_for_all_rows():
    """eps has shape (L,) and is broadcast: two rows with one mu and sigma get the same z; their covariance is sigma^2.

    Source: made for this set, after torch.randn(latent_dim) in beginners' code.
    """

    def reparameterize(mu, logvar):
        eps = torch.randn(mu.shape[-1], dtype=mu.dtype)
        return mu + torch.exp(logvar / 2) * eps

    return Built(reparameterize)


@wrong("audit_sampler")
def deviation_detached():
    """sigma is detached: dz/dsigma is 0 where eps belongs, so the NLL cannot move sigma.

    Source: ethanluoyc/pytorch-vae issue 5, "sigma does not need grad".
    """

    def reparameterize(mu, logvar):
        std = torch.exp(0.5 * logvar).detach()
        return mu + std * torch.randn_like(std)

    return Built(reparameterize)


@wrong("audit_sampler")
def torch_normal_of_tensors():
    """torch.normal(mu, std) draws the right law, and its gradient to both is 0 where 1 and eps belong.

    Source: the forum's torch.normal(mu, std) in place of rsample.
    """

    def sample(mu, std):
        return torch.normal(mu, std)

    return Built(sample, scale="std")


@wrong("audit_sampler")
def average_of_four_draws():
    """The mean of 4 draws has variance sigma^2 / 4: z is not drawn from the posterior of the KL.

    Source: sample_n misused, as in "draw n samples and average them for stability".
    """

    def sample(mu, logvar):
        q = td.Normal(mu, (0.5 * logvar).exp())
        return q.rsample(torch.Size([4])).mean(0)

    return Built(sample)


@wrong("audit_sampler")
def rows_shuffled_after_the_draw():
    """z is right, but its rows are permuted: row i gets another row's z, of mean mu[p(i)].

    Source: made for this set, after permute_dims of FactorVAE used on the wrong tensor.
    """

    def reparameterize(mu, logvar):
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        return z[torch.arange(len(mu)).roll(1)]

    return Built(reparameterize)
