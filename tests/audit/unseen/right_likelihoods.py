"""Right losses with a likelihood that is not the textbook's."""

import math

import torch
import torch.nn.functional as F
from torch import distributions as td
from torch import nn

from .case import Built, counts, gaussian, grey, nets, normal_kl, plain, right


def nll(distribution, x):
    """-log p(x), summed."""
    return -distribution.log_prob(x).sum()


@right(beta=1)
def tutorial_log_scale():
    """One learned log scale for all pixels, log p summed over D; log q - log p at the drawn z: beta = 1.

    Source: williamFalcon/pytorch-lightning-vae, whose issue 5 asks for one scale a pixel.
    """
    enc, dec = nets(8, 3)
    log_scale = nn.Parameter(torch.tensor([0.2]))

    def step(x):
        mu, log_var = enc(x).chunk(2, 1)
        q = td.Normal(mu, torch.exp(log_var / 2))
        z = q.rsample()
        recon = td.Normal(dec(z), torch.exp(log_scale)).log_prob(x).sum(dim=1)
        kl = (q.log_prob(z) - td.Normal(torch.zeros_like(mu), torch.ones_like(mu)).log_prob(z)).sum(-1)
        return (kl - recon).mean()

    def reference(x):
        mu, log_var = enc(x).chunk(2, 1)
        sd = log_var.mul(0.5).exp()
        z = mu + sd * torch.randn_like(mu)
        return gaussian(dec(z), x, log_scale.exp()), -nll(td.Normal(mu, sd), z) + nll(td.Normal(0.0, 1.0), z)

    return Built(step, torch.randn(6, 8), [enc, dec, log_scale], reference)


@right(beta=1)
def std_given_as_variance_to_gaussian_nll():
    """softplus(raw) is called std and passed as `var`: then it is the variance, and nothing else uses it.

    Source: the question whether GaussianNLLLoss wants std or var, asked in many PyTorch threads.
    """
    enc, dec = nets(8, 3, out=16)
    criterion = nn.GaussianNLLLoss(full=True, reduction="sum", eps=1e-8)

    def step(x):
        mu, logvar = enc(x).chunk(2, 1)
        mean, raw = dec(mu + (0.5 * logvar).exp() * torch.randn_like(mu)).chunk(2, 1)
        std = F.softplus(raw) + 1e-3
        kld = 0.5 * (mu**2 + logvar.exp() - logvar - 1).sum()
        return (criterion(mean, x, std) + kld) / x.shape[0]

    def likelihood(out, x):
        mean, raw = out.chunk(2, 1)
        return gaussian(mean, x, (F.softplus(raw) + 1e-3).sqrt())

    return Built(step, torch.randn(6, 8), [enc, dec], plain(enc, dec, likelihood))


@right(beta=0.2, declare={"beta": 0.2})
def poisson_of_a_library():
    """Poisson with rate library * softmax; the library is a sum of the data, so p(x | z, sum x): a note, and 0.2.

    Source: scVI style models with an observed library size, kl_weight in warm-up.
    """
    enc, dec = nets(8, 3)

    def step(x):
        library = x.sum(1, keepdim=True)
        mu, logvar = enc(torch.log1p(x)).chunk(2, 1)
        q = td.Normal(mu, (0.5 * logvar).exp())
        rate = library * torch.softmax(dec(q.rsample()), -1)
        reconst = -td.Poisson(rate).log_prob(x).sum(-1)
        return torch.mean(reconst + 0.2 * td.kl_divergence(q, td.Normal(0, 1)).sum(1))

    def reference(x):
        mu, logvar = enc(torch.log1p(x)).chunk(2, 1)
        sd = logvar.mul(0.5).exp()
        z = mu + sd * torch.randn_like(mu)
        rate = x.sum(1, keepdim=True) * dec(z).softmax(-1)
        return (rate - x * rate.log() + torch.lgamma(x + 1)).sum(), normal_kl(mu, sd)

    return Built(step, counts(6, 8) + F.one_hot(torch.arange(6), 8), [enc, dec], reference)


@right(beta=1)
def negative_binomial_object():
    """torch's NegativeBinomial with total count theta and logits log mu - log theta, a theta for each gene: beta = 1.

    Source: single-cell models that use torch.distributions rather than a formula of their own.
    """
    enc, dec = nets(8, 3)
    log_theta = nn.Parameter(torch.randn(8))

    def likelihood(out, x):
        return td.NegativeBinomial(total_count=log_theta.exp(), logits=out - log_theta)

    def step(x):
        mu, logvar = enc(torch.log(1 + x)).chunk(2, 1)
        z = mu + (logvar / 2).exp() * torch.randn_like(mu)
        log_px = likelihood(dec(z), x).log_prob(x).sum(1)
        kl = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(1)
        return (kl - log_px).mean()

    def reference(x):
        mu, logvar = enc(torch.log(1 + x)).chunk(2, 1)
        out = dec(mu + (logvar / 2).exp() * torch.randn_like(mu))
        r, p = log_theta.exp(), torch.sigmoid(out - log_theta)
        log_p = torch.lgamma(x + r) - torch.lgamma(r) - torch.lgamma(x + 1) + r * (1 - p).log() + x * p.log()
        return -log_p.sum(), normal_kl(mu, (logvar / 2).exp())

    return Built(step, counts(6, 8), [enc, dec, log_theta], reference)


@right(beta=1)
def zero_inflated_poisson():
    """x = 0 has pi + (1 - pi) e^-rate, x > 0 has (1 - pi) Poisson: both by logits, a normalised likelihood.

    Source: zero-inflated counts in single-cell and ecological VAEs; scvi-tools pull request 3044 writes the mass down.
    """
    enc, dec = nets(8, 3, out=16)

    def step(x):
        mu, logvar = enc(torch.log1p(x)).chunk(2, 1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        log_rate, pi = dec(z).chunk(2, 1)
        rate = log_rate.exp()
        zero = F.softplus(-pi - rate) - F.softplus(-pi)
        positive = -F.softplus(-pi) - pi + x * log_rate - rate - torch.lgamma(x + 1)
        log_p = torch.where(x < 0.5, zero, positive)
        kl = 0.5 * (mu.square() + logvar.exp() - 1 - logvar)
        return kl.sum(1).mean() - log_p.sum(1).mean()

    def reference(x):
        mu, logvar = enc(torch.log1p(x)).chunk(2, 1)
        log_rate, pi = dec(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)).chunk(2, 1)
        mass = (1 - pi.sigmoid()) * td.Poisson(log_rate.exp()).log_prob(x).exp() + pi.sigmoid() * (x == 0)
        return -mass.log().sum(), normal_kl(mu, torch.exp(0.5 * logvar))

    return Built(step, (counts(6, 8) - 2).clamp(min=0), [enc, dec], reference)


@right(beta=1)
def student_t_for_outliers():
    """StudentT(4, mean, scale) with a learned scale a column: a density; log p summed: beta = 1.

    Source: robust VAEs for tables and sensors (Student-t decoders, Takahashi et al. 2018).
    """
    enc, dec = nets(8, 3)
    raw_scale = nn.Parameter(torch.randn(8))

    def step(x):
        loc, scale = enc(x).chunk(2, -1)
        q = td.Independent(td.Normal(loc, torch.exp(scale)), 1)
        p = td.Independent(td.Normal(torch.zeros(3), torch.ones(3)), 1)
        px = td.StudentT(4.0, dec(q.rsample()), F.softplus(raw_scale))
        return -(px.log_prob(x).sum(-1) - td.kl_divergence(q, p.expand(q.batch_shape))).mean()

    def reference(x):
        loc, scale = enc(x).chunk(2, -1)
        u = (x - dec(loc + scale.exp() * torch.randn_like(loc))) / F.softplus(raw_scale)
        constant = math.lgamma(2.5) - math.lgamma(2.0) - 0.5 * math.log(4 * math.pi)
        log_p = constant - F.softplus(raw_scale).log() - 2.5 * torch.log1p(u * u / 4)
        return -log_p.sum(), normal_kl(loc, scale.exp())

    return Built(step, torch.randn(6, 8), [enc, dec, raw_scale], reference)


@right(beta=1)
def discretised_logistic_of_bytes():
    """Each byte has the logistic mass of its bin, the end bins take the tails: the 256 masses sum to 1.

    Source: openai/pixel-cnn issue 33 on the half bin of 1/255 in data scaled to [-1, 1]; here one component.
    """
    enc, dec = nets(8, 3)
    log_s = nn.Parameter(torch.full((8,), -2.0))

    def log_mass(mean, x):
        upper = (x - mean + 1 / 255) * torch.exp(-log_s)
        lower = (x - mean - 1 / 255) * torch.exp(-log_s)
        middle = torch.log(torch.sigmoid(upper) - torch.sigmoid(lower))
        return torch.where(x < -0.999, F.logsigmoid(upper), torch.where(x > 0.999, F.logsigmoid(-lower), middle))

    def step(x):
        mu, logvar = enc(x).chunk(2, 1)
        z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
        kl = 0.5 * (mu.pow(2) + logvar.exp() - logvar - 1).sum(1)
        return (kl - log_mass(dec(z), x).sum(1)).mean()

    def likelihood(mean, x):
        base = td.TransformedDistribution(td.Uniform(0.0, 1.0, validate_args=False), [td.SigmoidTransform().inv])
        logistic = td.TransformedDistribution(base, [td.AffineTransform(mean, log_s.exp())], validate_args=False)
        up = torch.where(x > 0.999, torch.ones_like(mean), logistic.cdf(x + 1 / 255))
        low = torch.where(x < -0.999, torch.zeros_like(mean), logistic.cdf(x - 1 / 255))
        return -(up - low).log().sum()

    x = torch.randint(0, 256, (6, 8)) / 127.5 - 1
    x[0, 0], x[1, 1] = -1.0, 1.0
    return Built(step, x, [enc, dec, log_s], plain(enc, dec, likelihood))


@right(beta=1)
def itakura_saito_speech():
    """x/v + log v with v = exp(h) is -log of the exponential density with mean v: power spectra. beta = 1.

    The Itakura-Saito form x/v - log(x/v) - 1 differs from it by what depends on x only.
    Source: speech VAEs with the Itakura-Saito divergence (Leglaive et al. 2018).
    """
    enc, dec = nets(8, 3)

    def step(power):
        mu, logvar = enc(power.log()).chunk(2, 1)
        log_v = dec(mu + (0.5 * logvar).exp() * torch.randn_like(mu))
        ratio = power * torch.exp(-log_v)
        recon = torch.sum(ratio - torch.log(power) + log_v - 1)
        return (recon - 0.5 * torch.sum(logvar - mu.pow(2) - logvar.exp())) / len(power)

    def reference(power):
        mu, logvar = enc(power.log()).chunk(2, 1)
        log_v = dec(mu + (0.5 * logvar).exp() * torch.randn_like(mu))
        return nll(td.Exponential(torch.exp(-log_v)), power), normal_kl(mu, (0.5 * logvar).exp())

    return Built(step, td.Exponential(torch.ones(6, 8)).sample(), [enc, dec], reference)


@right(beta=1)
def pinball_asymmetric_laplace():
    """max(q e, (q - 1) e) is -log of an asymmetric Laplace density but for log q(1 - q), a number: beta = 1.

    Source: quantile VAEs, which take the pinball loss of one quantile as reconstruction (Han et al. 2020).
    """
    enc, dec = nets(8, 3)
    q = 0.8

    def step(x):
        mu, logvar = enc(x).chunk(2, 1)
        error = x - dec(mu + logvar.div(2).exp() * torch.randn_like(mu))
        pinball = torch.max(q * error, (q - 1) * error).sum(1)
        return (pinball + 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1)).mean()

    def likelihood(mean, x):
        e = x - mean
        return torch.where(e > 0, q * e, (q - 1) * e).sum() - x.numel() * math.log(q * (1 - q))

    return Built(step, torch.randn(6, 8), [enc, dec], plain(enc, dec, likelihood))


@right(beta=1)
def continuous_bernoulli_object():
    """log_prob of torch's ContinuousBernoulli on grey data, summed over pixels; closed KL: beta = 1.

    Source: Loaiza-Ganem and Cunningham (2019), as in torch.distributions.
    """
    enc, dec = nets(8, 3)

    def step(x):
        mu, logvar = enc(x).chunk(2, 1)
        q = td.Normal(mu, logvar.mul(0.5).exp())
        px = td.ContinuousBernoulli(logits=dec(q.rsample()))
        return -px.log_prob(x).sum(1).mean() + td.kl_divergence(q, td.Normal(0.0, 1.0)).sum(1).mean()

    def likelihood(logits, x):
        normaliser = torch.log(2 * torch.atanh(1 - 2 * logits.sigmoid()) / (1 - 2 * logits.sigmoid()))
        return (F.binary_cross_entropy_with_logits(logits, x, reduction="none") - normaliser).sum()

    return Built(step, grey(6, 8), [enc, dec], plain(enc, dec, likelihood))


@right(beta=1)
def one_hot_characters_by_bce():
    """BCE of softmax probabilities with one-hot characters, summed: a product of Bernoullis on {0, 1}: beta = 1.

    Source: molecule VAEs (keras-molecules, aksub99/molecular-vae) that use BCE on one-hot SMILES.
    """
    enc, dec = nets(12, 3)

    def step(x):
        z_mean, z_logvar = enc(x.flatten(1)).chunk(2, 1)
        z = z_mean + (0.5 * z_logvar).exp() * torch.randn_like(z_mean)
        probabilities = dec(z).view(-1, 3, 4).softmax(-1)
        xent_loss = F.binary_cross_entropy(probabilities, x, reduction="sum")
        kl_loss = -0.5 * torch.sum(1 + z_logvar - z_mean.pow(2) - z_logvar.exp())
        return xent_loss + kl_loss

    def reference(x):
        m, v = enc(x.flatten(1)).chunk(2, 1)
        p = dec(m + (0.5 * v).exp() * torch.randn_like(m)).view(-1, 3, 4).softmax(-1)
        return nll(td.Bernoulli(p), x), normal_kl(m, (0.5 * v).exp())

    x = F.one_hot(torch.randint(0, 4, (6, 3)), 4).to(torch.get_default_dtype())
    return Built(step, x, [enc, dec], reference)
