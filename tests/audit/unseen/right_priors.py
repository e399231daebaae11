"""Right losses with a prior that is learned, conditional or a mixture, or a posterior of an unusual form."""

import math

import torch
import torch.nn.functional as F
from torch import distributions as td
from torch import nn

from .case import Built, bernoulli, binary, counts, gaussian, nets, normal_kl, right


def normal(mean, std):
    return td.Normal(mean, std * torch.ones_like(mean))


@right(beta=1)
def residual_to_a_condition_prior():
    """The encoder gives the offset d from the prior's mean, z = mp + d + sigma eps, so (mu - mp)^2 is d^2: the KL.

    Source: NVlabs/ProtoMotions issue 140, where the missing "- prior mu" is asked about and is right.
    """
    enc, prior, dec = nn.Linear(8 + 2, 6), nn.Linear(2, 6), nn.Linear(3 + 2, 8)

    def step(batch):
        x, c = batch
        delta, q_logvar = enc(torch.cat([x, c], 1)).chunk(2, 1)
        p_mu, p_logvar = prior(c).chunk(2, 1)
        z = p_mu + delta + torch.exp(0.5 * q_logvar) * torch.randn_like(delta)
        ratio = q_logvar.exp() / p_logvar.exp()
        kl = 0.5 * (p_logvar - q_logvar + ratio + delta**2 / p_logvar.exp() - 1)
        recon = 0.5 * (dec(torch.cat([z, c], 1)) - x) ** 2
        return recon.sum(1).mean() + kl.sum(1).mean()

    def reference(batch):
        x, c = batch
        delta, q_logvar = enc(torch.cat([x, c], 1)).chunk(2, 1)
        p_mu, p_logvar = prior(c).chunk(2, 1)
        sd = q_logvar.mul(0.5).exp()
        z = p_mu + delta + sd * torch.randn_like(delta)
        kl = normal_kl(p_mu + delta, sd, p_mu, p_logvar.mul(0.5).exp())
        return gaussian(dec(torch.cat([z, c], 1)), x), kl

    return Built(step, (torch.randn(6, 8), torch.randn(6, 2)), [enc, prior, dec], reference)


@right(beta=1)
def prior_mean_from_attention():
    """The prior is N(a, I) with a given attention a in the batch; KL(q || N(a, I)) has (mu - a)^2: beta = 1.

    Source: bfshi/DGAM issue 8, "why do you subtract the attention from the mean?".
    """
    enc, dec = nets(9, 3, out=8)

    def step(batch):
        feature, attention = batch["feature"], batch["attention"]
        mean, logvar = enc(torch.cat((feature, attention), dim=1)).chunk(2, dim=1)
        z = mean + torch.exp(0.5 * logvar) * torch.randn_like(logvar)
        recon = 0.5 * (dec(z) - feature).pow(2).sum(dim=1)
        kld = -0.5 * torch.sum(1 + logvar - (mean - attention).pow(2) - logvar.exp(), dim=1)
        return torch.mean(recon + kld)

    def reference(batch):
        mean, logvar = enc(torch.cat((batch["feature"], batch["attention"]), 1)).chunk(2, 1)
        sd = logvar.mul(0.5).exp()
        out = dec(mean + sd * torch.randn_like(sd))
        return gaussian(out, batch["feature"]), normal_kl(mean, sd, batch["attention"])

    batch = {"feature": torch.randn(6, 8), "attention": torch.rand(6, 1)}
    return Built(step, batch, [enc, dec], reference)


@right(beta=1)
def translation_kl_with_half_inside():
    """log sp - log sq + (sq^2 + (mq - mp)^2) / (2 sp^2) - 1/2 is the KL; the prior sees the source only: beta = 1.

    Source: VNMT issue 5, "missing 0.5 in your KL?", closed as right.
    """
    post, prior, dec = nn.Linear(8 + 4, 6), nn.Linear(4, 6), nn.Linear(3 + 4, 8)

    def step(batch):
        target, source = batch
        mq, ls_q = post(torch.cat((target, source), -1)).split(3, -1)
        mp, ls_p = prior(source).split(3, -1)
        z = mq + torch.exp(ls_q) * torch.randn(mq.shape)
        nll = F.binary_cross_entropy_with_logits(dec(torch.cat((z, source), -1)), target, reduction="none").sum(-1)
        kl = (ls_p - ls_q) + (ls_q.exp() ** 2 + (mq - mp) ** 2) / (2.0 * ls_p.exp() ** 2) - 0.5
        return (nll + kl.sum(-1)).mean()

    def reference(batch):
        target, source = batch
        mq, ls_q = post(torch.cat((target, source), -1)).chunk(2, -1)
        mp, ls_p = prior(source).chunk(2, -1)
        z = mq + ls_q.exp() * torch.randn_like(mq)
        return bernoulli(dec(torch.cat((z, source), -1)), target), normal_kl(mq, ls_q.exp(), mp, ls_p.exp())

    return Built(step, (binary(6, 8), torch.randn(6, 4)), [post, prior, dec], reference)


@right(beta=0.001)
def information_bottleneck_prior_parameters():
    """The prior's mean and log std are parameters; 0.001 times the KL beside a cross entropy of labels: beta = 0.001.

    The data of the likelihood are the labels y, the posterior is of x: an ELBO of p(y | x), as in the bottleneck.
    Source: rabeehk/vibert issue 9, where a trainable mu_p and std_p are asked about.
    """
    enc, dec = nn.Linear(8, 6), nn.Linear(3, 4)
    mu_p, rho_p = nn.Parameter(torch.randn(3)), nn.Parameter(torch.randn(3))

    def step(batch):
        x, y = batch
        mu, rho = enc(x).chunk(2, 1)
        std, std_p = F.softplus(rho), F.softplus(rho_p)
        z = mu + std * torch.randn_like(std)
        kl = torch.log(std_p) - torch.log(std) + (std.square() + (mu - mu_p).square()) / (2 * std_p.square()) - 0.5
        return F.cross_entropy(dec(z), y) + 1e-3 * kl.sum(1).mean()

    def reference(batch):
        x, y = batch
        mu, rho = enc(x).chunk(2, 1)
        z = mu + F.softplus(rho) * torch.randn_like(mu)
        log_p = td.Categorical(logits=dec(z)).log_prob(y).sum()
        return -log_p, normal_kl(mu, F.softplus(rho), mu_p, F.softplus(rho_p))

    return Built(step, (torch.randn(6, 8), torch.randint(0, 4, (6,))), [enc, dec, mu_p, rho_p], reference)


@right(beta=1)
def topic_model_laplace_prior():
    """The prior is the Gaussian that approximates a Dirichlet(a): two constants; its KL in full; x log p of counts.

    Source: ProdLDA (Srivastava and Sutton 2017) and its PyTorch ports, with topics as softmax of z.
    """
    enc, topics = nn.Linear(8, 8), nn.Parameter(torch.randn(4, 8))
    alpha, K = 0.5, 4
    prior_mean, prior_variance = 0.0, (1 - 2 / K) / alpha + K / (K * K * alpha)

    def step(bow):
        mean, log_variance = enc(bow).chunk(2, 1)
        theta = torch.softmax(mean + (0.5 * log_variance).exp() * torch.randn_like(mean), 1)
        word_dist = torch.softmax(theta @ topics, dim=1)
        RL = -torch.sum(bow * torch.log(word_dist + 1e-10), dim=1)
        var_division = torch.sum(log_variance.exp() / prior_variance, dim=1)
        diff_term = torch.sum((prior_mean - mean) ** 2 / prior_variance, dim=1)
        logvar_det = K * math.log(prior_variance) - log_variance.sum(dim=1)
        KL = 0.5 * (var_division + diff_term - K + logvar_det)
        return (KL + RL).sum()

    def reference(bow):
        mean, log_variance = enc(bow).chunk(2, 1)
        sd = log_variance.mul(0.5).exp()
        theta = (mean + sd * torch.randn_like(mean)).softmax(1)
        log_words = (theta @ topics).log_softmax(1)
        return -(bow * log_words).sum(), normal_kl(mean, sd, prior_mean, math.sqrt(prior_variance))

    return Built(step, counts(6, 8), [enc, topics], reference)


@right(beta=1, also={"OTHER": "named exactly, as an estimate of a KL to a mixture prior"})
def mixture_of_gaussians_prior_object():
    """log q(z) - log p(z) at the draw, p a MixtureSameFamily with learned weights, means and scales: an ELBO.

    Source: scvi-tools pull request 3203 (mixture and Vamp priors), with torch's own mixture.
    """
    enc, dec = nets(8, 3)
    logits, means, scales = (nn.Parameter(torch.randn(*shape)) for shape in ((5,), (5, 3), (5, 3)))

    def step(x):
        mu, raw = enc(x).chunk(2, 1)
        q = td.Independent(td.Normal(mu, torch.exp(raw)), 1)
        z = q.rsample()
        components = td.Independent(td.Normal(means, torch.exp(scales)), 1)
        prior = td.MixtureSameFamily(td.Categorical(logits=logits), components)
        recon = td.Independent(td.Bernoulli(logits=dec(z)), 1).log_prob(x)
        return -(recon + prior.log_prob(z) - q.log_prob(z)).mean()

    def reference(x):
        mu, raw = enc(x).chunk(2, 1)
        z = mu + raw.exp() * torch.randn_like(mu)
        each = td.Normal(means, scales.exp()).log_prob(z[:, None]).sum(-1) + logits.log_softmax(0)
        return bernoulli(dec(z), x), td.Normal(mu, raw.exp()).log_prob(z).sum() - each.logsumexp(1).sum()

    return Built(step, binary(6, 8), [enc, dec, logits, means, scales], reference)


@right(beta=1, also={"OTHER": "a latent that is summed out beside one that is drawn may be named as such"})
def gaussian_mixture_with_responsibilities():
    """sum_c q(c|x) KL(q(z|x) || p(z|c)) + KL(q(c|x) || pi) is the KL of q(z|x) q(c|x) to p(c) p(z|c): an ELBO.

    Source: Gaussian mixture VAEs (VaDE, jariasf/GMVAE issue 1 on the categorical part), with a head for q(c|x).
    """
    enc, head, dec = nn.Linear(8, 6), nn.Linear(8, 4), nn.Linear(3, 8)
    means = nn.Parameter(torch.randn(4, 3))
    log_pi = nn.Parameter(torch.randn(4))

    def step(x):
        mu, logvar = enc(x).chunk(2, 1)
        z = mu + (0.5 * logvar).exp() * torch.randn_like(mu)
        log_c, log_prior = head(x).log_softmax(1), log_pi.log_softmax(0)
        kl_z = 0.5 * ((mu[:, None] - means) ** 2 + logvar.exp()[:, None] - 1 - logvar[:, None]).sum(2)
        kl = (log_c.exp() * (kl_z + log_c - log_prior)).sum(1)
        return (0.5 * (dec(z) - x).pow(2).sum(1) + kl).mean()

    def reference(x):
        mu, logvar = enc(x).chunk(2, 1)
        sd = logvar.mul(0.5).exp()
        c = td.Categorical(logits=head(x))
        z = mu + sd * torch.randn_like(mu)
        kl_z = td.kl_divergence(td.Normal(mu[:, None], sd[:, None]), normal(means, 1.0)).sum(2)
        kl_c = td.kl_divergence(c, td.Categorical(logits=log_pi)).sum()
        return gaussian(dec(z), x), (c.probs * kl_z).sum() + kl_c

    return Built(step, torch.randn(6, 8), [enc, head, dec, means, log_pi], reference)


@right(beta=1)
def fixed_variance_hidden_squares():
    """z = h + eps: the posterior is N(h, I), whose KL is |h|^2 / 2; half the squares of the error: beta = 1.

    Source: UNIT style encoders and microsoft/Bringing-Old-Photos-Back-to-Life issue 170, KL as a mean of squares.
    """
    enc, dec = nn.Linear(8, 3), nn.Linear(3, 8)

    def step(images):
        hiddens = enc(images)
        noise = torch.randn(hiddens.size())
        rec = torch.mean((dec(hiddens + noise) - images) ** 2)
        return rec + torch.pow(hiddens, 2).sum() / images.numel()

    def reference(x):
        h = enc(x)
        return gaussian(dec(h + torch.randn_like(h)), x), normal_kl(h, 1.0)

    return Built(step, torch.randn(6, 8), [enc, dec], reference)


@right(beta=1, also={"OTHER": "a posterior that is not diagonal may be named"})
def full_covariance_cholesky():
    """q = N(mu, T T^t) with a lower triangle T of the encoder, closed KL of two MultivariateNormal: an ELBO.

    Source: pyro and GPyTorch style models with scale_tril.
    """
    enc, dec = nn.Linear(8, 3 + 6), nn.Linear(3, 8)
    rows, columns = torch.tril_indices(3, 3)

    def posterior(x):
        out = enc(x)
        tril = torch.zeros(len(x), 3, 3, dtype=out.dtype)
        tril[:, rows, columns] = out[:, 3:]
        diagonal = torch.diagonal(tril, dim1=1, dim2=2)
        tril = torch.tril(tril, -1) + torch.diag_embed(F.softplus(diagonal) + 1e-2)
        return out[:, :3], tril

    def step(x):
        mean, tril = posterior(x)
        q = td.MultivariateNormal(mean, scale_tril=tril)
        kl = td.kl_divergence(q, td.MultivariateNormal(torch.zeros(3), torch.eye(3)))
        return (0.5 * (dec(q.rsample()) - x).square().sum(-1) + kl).mean()

    def reference(x):
        mean, tril = posterior(x)
        z = mean + (tril @ torch.randn_like(mean)[..., None])[..., 0]
        log_det = 2 * torch.diagonal(tril, dim1=1, dim2=2).log().sum()
        kl = 0.5 * (tril.square().sum() + mean.square().sum() - mean.numel() - log_det)
        return gaussian(dec(z), x), kl

    return Built(step, torch.randn(6, 8), [enc, dec], reference)


@right(beta=1, also={"OTHER": "a posterior that is not Gaussian may be named"})
def laplace_posterior_and_prior():
    """q and p are Laplace, rsample, closed KL of torch, summed over L: the ELBO of that model.

    Source: multimodal VAEs with Laplace posteriors (iffsid/mmvae), one modality.
    """
    enc, dec = nets(8, 3)

    def step(x):
        loc, raw = enc(x).chunk(2, -1)
        qz_x = td.Laplace(loc, F.softplus(raw) + 1e-3)
        pz = td.Laplace(torch.zeros(1, 3), torch.ones(1, 3))
        px_z = td.Laplace(dec(qz_x.rsample()), torch.tensor(0.75))
        return -(px_z.log_prob(x).sum(-1) - td.kl_divergence(qz_x, pz).sum(-1)).mean()

    def reference(x):
        loc, raw = enc(x).chunk(2, -1)
        b = F.softplus(raw) + 1e-3
        z = td.Laplace(loc, b).rsample()
        kl = (b * torch.exp(-loc.abs() / b) + loc.abs() - b.log() - 1).sum()
        return ((dec(z) - x).abs() / 0.75 + math.log(1.5)).sum(), kl

    return Built(step, torch.randn(6, 8), [enc, dec], reference)
