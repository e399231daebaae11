"""Wrong steps: a KL, a prior, a mask or a shape that is not what it should be."""

import torch
import torch.nn.functional as F
from torch import distributions as td
from torch import nn

from .case import Built, bernoulli, binary, gaussian, grey, nets, normal_kl, plain, wrong


def draw(mean, std):
    return mean + std * torch.randn_like(mean)


def conditional(post, prior, dec, nll):
    """q of (x, c), p of c, both with a log-variance; the decoder sees z and c."""

    def reference(batch):
        x, c = batch
        mu, lv = post(torch.cat([x, c], 1)).chunk(2, 1)
        mp, lp = prior(c).chunk(2, 1)
        sd = lv.mul(0.5).exp()
        z = draw(mu, sd)
        return nll(dec(torch.cat([z, c], 1)), x), normal_kl(mu, sd, mp, lp.mul(0.5).exp())

    return reference


def conditional_nets():
    return nn.Linear(8 + 2, 6), nn.Linear(2, 6), nn.Linear(3 + 2, 8)


@wrong()
def parenthesis_around_the_ratio():
    """(r + (mq - mp)^2) / vp for r + (mq - mp)^2 / vp: the variances' ratio is divided by vp once more.

    mq = mp, vq = vp = 4: (1/4 - 1) / 2 = -0.375 where the KL is 0.
    Source: wassname/attentive-neural-processes issue 5.
    """
    post, prior, dec = conditional_nets()

    def step(batch):
        x, c = batch
        post_mu, log_var_post = post(torch.cat([x, c], 1)).chunk(2, 1)
        prior_mu, log_var_prior = prior(c).chunk(2, 1)
        z = draw(post_mu, torch.exp(0.5 * log_var_post))
        ratio = log_var_post - log_var_prior
        kl = 0.5 * ((ratio.exp() + (post_mu - prior_mu) ** 2) / log_var_prior.exp() - 1.0 - ratio)
        return (0.5 * (dec(torch.cat([z, c], 1)) - x) ** 2).sum(1).mean() + kl.sum(1).mean()

    return Built(
        step, (torch.randn(6, 8), torch.randn(6, 2)), [post, prior, dec], conditional(post, prior, dec, gaussian)
    )


@wrong()
def prior_and_posterior_swapped():
    """KL(p(z|c) || q(z|x, c)) is added: with equal variances it is the same, otherwise not.

    Equal means, vq = 1, vp = 4: it is (4 - 1 - log 4) / 2 = 0.807, and KL(q || p) is (1/4 - 1 + log 4) / 2 = 0.318.
    Source: conditional VAEs that write kl_divergence(prior, posterior).
    """
    post, prior, dec = conditional_nets()

    def step(batch):
        x, c = batch
        mu, lv = post(torch.cat([x, c], 1)).chunk(2, 1)
        mp, lp = prior(c).chunk(2, 1)
        q, p = td.Normal(mu, (lv / 2).exp()), td.Normal(mp, (lp / 2).exp())
        logits = dec(torch.cat([q.rsample(), c], 1))
        nll = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
        return (nll + td.kl_divergence(p, q).sum(1)).mean()

    return Built(step, (binary(6, 8), torch.randn(6, 2)), [post, prior, dec], conditional(post, prior, dec, bernoulli))


@wrong()
def residual_without_the_prior_variance():
    """dm^2 stands where dm^2 / e^lp belongs: the offset is not measured in the prior's deviations.

    dm = 1, dl = 0, lp = log 4: 1/2 where the KL is 1/8.
    Source: made for this set, after residual posteriors (NVAE).
    """
    post, prior, dec = conditional_nets()

    def step(batch):
        x, c = batch
        dm, dl = post(torch.cat([x, c], 1)).chunk(2, 1)
        mp, lp = prior(c).chunk(2, 1)
        z = mp + dm + torch.exp(0.5 * (lp + dl)) * torch.randn_like(dm)
        kl = 0.5 * (dl.exp() + dm**2 - 1 - dl)
        return ((0.5 * (dec(torch.cat([z, c], 1)) - x) ** 2).sum() + kl.sum()) / len(x)

    def reference(batch):
        x, c = batch
        dm, dl = post(torch.cat([x, c], 1)).chunk(2, 1)
        mp, lp = prior(c).chunk(2, 1)
        sd = (0.5 * (lp + dl)).exp()
        z = draw(mp + dm, sd)
        return gaussian(dec(torch.cat([z, c], 1)), x), normal_kl(mp + dm, sd, mp, lp.mul(0.5).exp())

    return Built(step, (torch.randn(6, 8), torch.randn(6, 2)), [post, prior, dec], reference)


@wrong()
def softplus_is_a_std_here_and_a_logvar_there():
    """s = softplus(raw) is the deviation of z, and the log-variance of the KL: at m = 0, s = 1 it is 0.36 for 0.

    Source: made for this set, after y0ast/VAE-Torch issue 8, which asks what the inputs of the KL are.
    """
    enc, dec = nets(8, 3)

    def step(x):
        mu, raw = enc(x).chunk(2, 1)
        sigma = F.softplus(raw)
        x_hat = dec(mu + sigma * torch.randn_like(sigma))
        kld = -0.5 * torch.sum(1 + sigma - mu.pow(2) - sigma.exp(), 1)
        return torch.mean(0.5 * (x_hat - x).pow(2).sum(1) + kld)

    def reference(x):
        mu, raw = enc(x).chunk(2, 1)
        return gaussian(dec(draw(mu, F.softplus(raw))), x), normal_kl(mu, F.softplus(raw))

    return Built(step, torch.randn(6, 8), [enc, dec], reference)


@wrong()
def variance_exponentiated_again():
    """The head's output is exponentiated to a variance, z uses its root, and the KL exponentiates it once more.

    mu = 0, variance 1: -(1 + 1 - e) / 2 = 0.36 where the KL is 0.
    Source: made for this set, after AndrewSpano/Disentangled-Variational-Autoencoder issue 12 (exp of a "std").
    """
    enc, dec = nets(8, 3)

    def step(x):
        mean, head = enc(x).chunk(2, 1)
        logvar = torch.exp(head)
        logits = dec(mean + torch.sqrt(logvar) * torch.randn_like(mean))
        nll = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        return nll - 0.5 * torch.sum(1 + logvar - mean**2 - torch.exp(logvar))

    return Built(step, grey(6, 8), [enc, dec], plain(enc, dec, bernoulli))


@wrong()
def covariance_given_standard_deviations():
    """MultivariateNormal(mu, diag(sigma)) reads sigma as variances; z has deviation sigma. 0 only at sigma = 1.

    mu = 0, sigma = 2: it is the KL of variance 2, (2 - 1 - log 2) / 2 = 0.153, for 0.807.
    Source: scMVAE issue 1 and others that mix log-variances, deviations and scales in distributions.
    """
    enc, dec = nets(8, 3)

    def step(x):
        mu, logvar = enc(x).chunk(2, 1)
        std = torch.exp(logvar / 2)
        q = td.MultivariateNormal(mu, torch.diag_embed(std))
        p = td.MultivariateNormal(torch.zeros_like(mu), torch.eye(3, dtype=mu.dtype))
        x_hat = dec(mu + std * torch.randn_like(std))
        return (0.5 * (x_hat - x).pow(2).sum(1) + td.kl_divergence(q, p)).mean()

    return Built(step, torch.randn(6, 8), [enc, dec], plain(enc, dec, gaussian))


@wrong(
    objective="(?i)auto.?encoder|penalt|softmax|no kl",
    also={"OTHER": "no KL of the posterior is left: it may be named an autoencoder with a penalty"},
)
def f_kl_div_of_softmaxes():
    """F.kl_div of log_softmax(z) and a softmax of noise: no KL of q to p; it does not see sigma's scale at all.

    A shift of mu by a constant leaves it unchanged, where the KL moves.
    Source: the forum's F.kl_div(z, randn) for the latent loss.
    """
    enc, dec = nets(8, 3)

    def step(x):
        mu, logvar = enc(x).chunk(2, 1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        target = F.softmax(torch.randn_like(z), dim=1)
        kl = F.kl_div(F.log_softmax(z, dim=1), target, reduction="batchmean")
        return 0.5 * F.mse_loss(dec(z), x, reduction="sum") / len(x) + kl

    return Built(step, torch.randn(6, 8), [enc, dec], plain(enc, dec, gaussian))


@wrong()
def lower_level_without_a_kl():
    """z2 ~ q(z2|x), z1 ~ q(z1|x, z2); only z2 has its KL, so z1 carries any amount of information for nothing.

    Source: made for this set: a sum over levels that starts at 1.
    """
    up2, up1, prior1, dec = nn.Linear(8, 4), nn.Linear(8 + 2, 6), nn.Linear(2, 6), nn.Linear(3, 8)

    def step(x):
        m2, v2 = up2(x).chunk(2, 1)
        z2 = draw(m2, (0.5 * v2).exp())
        m1, v1 = up1(torch.cat([x, z2], 1)).chunk(2, 1)
        z1 = draw(m1, (0.5 * v1).exp())
        kls = [td.kl_divergence(td.Normal(m2, (0.5 * v2).exp()), td.Normal(0.0, 1.0)).sum(1)]
        return (0.5 * (dec(z1) - x).square().sum(1) + sum(kls)).mean()

    def reference(x):
        m2, v2 = up2(x).chunk(2, 1)
        z2 = draw(m2, (0.5 * v2).exp())
        m1, v1 = up1(torch.cat([x, z2], 1)).chunk(2, 1)
        z1 = draw(m1, (0.5 * v1).exp())
        mp, vp = prior1(z2).chunk(2, 1)
        kl = normal_kl(m2, (0.5 * v2).exp()) + normal_kl(m1, (0.5 * v1).exp(), mp, (0.5 * vp).exp())
        return gaussian(dec(z1), x), kl

    return Built(step, torch.randn(6, 8), [up2, up1, prior1, dec], reference)


@wrong(also={"OTHER": "p(x | z, features of x) may be named as an autoencoder beside the latent"})
def skip_connections_into_the_decoder():
    """The decoder gets the encoder's features beside z: p(x | z, x) can be exact with KL = 0, a bound of nothing.

    Source: U-Net shaped VAEs that keep their skip connections.
    """
    down, head, dec = nn.Linear(8, 5), nn.Linear(5, 6), nn.Linear(3 + 5, 8)

    def step(x):
        skip = torch.tanh(down(x))
        mu, logvar = head(skip).chunk(2, 1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        out = dec(torch.cat([z, skip], 1))
        kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
        return (0.5 * ((out - x) ** 2).sum() + kl) / x.size(0)

    return Built(step, torch.randn(6, 8), [down, head, dec], None)
