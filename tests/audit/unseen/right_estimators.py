"""Right losses by several draws, or with a gradient of another form that has the same mean."""

import math

import torch
import torch.nn.functional as F
from torch import distributions as td
from torch import nn

from .case import Built, bernoulli, binary, gaussian, nets, normal_kl, right


@right(beta=1)
def antithetic_pairs():
    """The loss at eps and at -eps, averaged; both are standard normal, so the mean is the ELBO's: variance reduction.

    Source: antithetic sampling for VAEs (Wu, Goodman and Ermon 2019).
    """
    enc, dec = nets(8, 3)

    def step(x):
        mu, logvar = enc(x).chunk(2, 1)
        noise = torch.exp(0.5 * logvar) * torch.randn_like(mu)
        nll = sum(0.5 * (dec(mu + sign * noise) - x).square().sum(1) for sign in (1, -1)) / 2
        return torch.mean(nll - 0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(1))

    def reference(x):
        mu, logvar = enc(x).chunk(2, 1)
        sd = torch.exp(0.5 * logvar)
        eps = torch.randn_like(mu)
        return (gaussian(dec(mu + sd * eps), x) + gaussian(dec(mu - sd * eps), x)) / 2, normal_kl(mu, sd)

    return Built(step, torch.randn(6, 8), [enc, dec], reference)


@right(beta=1)
def entropy_closed_prior_sampled():
    """-H(q) in closed form minus log p(z) at the draw: its mean over the draw is the KL, an ELBO at each draw.

    Source: the form of jaywalnut310/vits issue 155, where sigma_q^2 seems to be missing and is in the draw.
    """
    enc, dec = nets(8, 3)

    def step(x):
        loc, log_scale = enc(x).chunk(2, 1)
        q = td.Normal(loc, log_scale.exp())
        z = q.rsample()
        kl = -q.entropy() - td.Normal(torch.zeros_like(loc), 1.0).log_prob(z)
        return torch.sum(kl, 1).mean() - td.Bernoulli(logits=dec(z)).log_prob(x).sum(1).mean()

    def reference(x):
        loc, s = enc(x).chunk(2, 1)
        z = loc + s.exp() * torch.randn_like(loc)
        kl = (-s - 0.5 - 0.5 * math.log(2 * math.pi)).sum() - td.Normal(0.0, 1.0).log_prob(z).sum()
        return bernoulli(dec(z), x), kl

    return Built(step, binary(6, 8), [enc, dec], reference)


@right(beta=1)
def sticking_the_landing_module():
    """log q at detached parameters: the score's mean is 0, so the gradient is unbiased for the ELBO's.

    The value is the ELBO's at the draw; only the gradient of a single draw differs.
    Source: Roeder et al. (2017); iffsid's request in pytorch issue 25783.
    """

    class Posterior(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = nn.Linear(8, 6)

        def forward(self, x):
            loc, raw = self.net(x).chunk(2, 1)
            scale = F.softplus(raw) + 1e-4
            z = td.Normal(loc, scale).rsample()
            return z, td.Normal(loc.detach(), scale.detach()).log_prob(z).sum(1)

    posterior, dec = Posterior(), nn.Linear(3, 8)

    def step(x):
        z, log_q = posterior(x)
        log_p = td.Normal(0.0, 1.0).log_prob(z).sum(1)
        log_x = td.Normal(dec(z), 1.0).log_prob(x).sum(1)
        return -(log_x + log_p - log_q).mean()

    def reference(x):
        loc, raw = posterior.net(x).chunk(2, 1)
        sd = F.softplus(raw) + 1e-4
        z = loc + sd * torch.randn_like(loc)
        return gaussian(dec(z), x), td.Normal(loc, sd).log_prob(z).sum() - td.Normal(0.0, 1.0).log_prob(z).sum()

    return Built(step, torch.randn(6, 8), [posterior, dec], reference, unbiased=True)


def log_weights(enc, dec, x, K):
    """log p(x, z) - log q(z | x) at K draws, by torch.distributions: of shape (K, B)."""
    mu, logvar = enc(x).chunk(2, -1)
    sd = logvar.mul(0.5).exp()
    z = mu + sd * torch.randn(K, *mu.shape)
    log_x = td.Bernoulli(logits=dec(z)).log_prob(x).sum(-1)
    return log_x + (td.Normal(0.0, 1.0).log_prob(z) - td.Normal(mu, sd).log_prob(z)).sum(-1)


def iwae(enc, dec, K):
    """-log of the mean weight, as an NLL without a KL."""
    return lambda x: (-(log_weights(enc, dec, x, K).logsumexp(0) - math.log(K)).sum(), torch.tensor(0.0))


@right()
def iwae_by_subtracting_the_maximum():
    """log w - max, exp, mean, log, plus max: the importance-weighted bound with K = 5, averaged over rows.

    Source: xqding/Importance_Weighted_Autoencoders issue 2, "is minusing max necessary?".
    """
    enc, dec = nets(8, 3)

    def step(x):
        mu, logvar = enc(x).chunk(2, -1)
        std = torch.exp(0.5 * logvar)
        z = mu + std * torch.randn(5, *mu.shape)
        log_qz = torch.sum(-0.5 * ((z - mu) / std) ** 2 - torch.log(std), -1)
        log_pz = torch.sum(-0.5 * z**2, -1)
        p = torch.sigmoid(dec(z))
        log_px = torch.sum(x * torch.log(p) + (1 - x) * torch.log(1 - p), -1)
        log_w = log_px + log_pz - log_qz
        top = torch.max(log_w, 0)[0]
        return -torch.mean(torch.log(torch.mean(torch.exp(log_w - top), 0)) + top)

    return Built(step, binary(6, 8), [enc, dec], iwae(enc, dec, 5))


@right()
def iwae_tall_and_wide():
    """Each row is repeated K = 4 times, the rows' losses go back to (B, K), and logsumexp of minus them: the bound.

    Source: scverse/scvi-tools issue 13, in its second form with the signs right and log K.
    """
    enc, dec = nets(8, 3)

    def vae_losses(y):
        mu, logvar = enc(y).chunk(2, 1)
        q = td.Normal(mu, torch.exp(logvar / 2))
        z = q.rsample()
        log_joint = td.Normal(0.0, 1.0).log_prob(z).sum(1) + td.Bernoulli(logits=dec(z)).log_prob(y).sum(1)
        return q.log_prob(z).sum(1) - log_joint

    def step(ys, k=4):
        tall = ys.unsqueeze(1).repeat(1, k, 1).view(-1, ys.size(1))
        gains = torch.logsumexp(-vae_losses(tall).view(len(ys), k), dim=1) - math.log(k)
        return -gains.sum()

    def reference(ys):
        log_w = log_weights(enc, dec, ys.repeat_interleave(4, 0), 1).view(len(ys), 4)
        return -(log_w.logsumexp(1) - math.log(4)).sum(), torch.tensor(0.0)

    return Built(step, binary(6, 8), [enc, dec], reference)


@right(also={"OTHER": "the value is no bound, only the gradient is the bound's: it may be named as that estimator"})
def iwae_by_detached_normalised_weights():
    """-sum_k w_k log w_k with w = softmax(log w) detached has the gradient of the importance-weighted bound.

    d log mean exp(l) = sum softmax(l) dl; the value is another number.
    Source: Burda et al. (2016), equation 14; AntixK/PyTorch-VAE issue 34 asks for this detach.
    """
    enc, dec = nets(8, 3)

    def step(x):
        mu, logvar = enc(x).chunk(2, -1)
        q = td.Normal(mu, torch.exp(logvar / 2))
        z = q.rsample((5,))
        prior = td.Normal(torch.zeros_like(mu), torch.ones_like(mu))
        log_w = td.Bernoulli(logits=dec(z)).log_prob(x).sum(-1) + (prior.log_prob(z) - q.log_prob(z)).sum(-1)
        weight = F.softmax(log_w, dim=0).detach()
        return -(weight * log_w).sum(0).mean()

    return Built(step, binary(6, 8), [enc, dec], iwae(enc, dec, 5))


@right(also={"OTHER": "the value is no bound, only the gradient is unbiased for the bound's: it may be named so"})
def doubly_reparametrised():
    """DReG: q's parameters detached, weights detached, and z's gradient weighed once more by a hook.

    Its gradient is unbiased for that of the importance-weighted bound (Tucker et al. 2018, equation 8).
    Source: iffsid/mmvae issue 4, "detaching qz_x params in dreg objective".
    """
    enc, dec = nets(8, 3)

    def step(x):
        mu, logvar = enc(x).chunk(2, -1)
        std = torch.exp(0.5 * logvar)
        zs = td.Normal(mu, std).rsample((5,))
        q = td.Normal(mu.detach(), std.detach())
        lw = td.Bernoulli(logits=dec(zs)).log_prob(x).sum(-1) + td.Normal(0.0, 1.0).log_prob(zs).sum(-1)
        lw = lw - q.log_prob(zs).sum(-1)
        with torch.no_grad():
            grad_wt = (lw - torch.logsumexp(lw, 0, keepdim=True)).exp()
        if zs.requires_grad:
            zs.register_hook(lambda grad: grad_wt.unsqueeze(-1) * grad)
        return -(grad_wt * lw).sum(0).mean()

    return Built(step, binary(6, 8), [enc, dec], iwae(enc, dec, 5), unbiased=True)


@right(beta=1, also={"OTHER": "a mixture posterior may be named"})
def mixture_of_experts_stratified():
    """z_m from each q_m in turn, log p(x1|z) + log p(x2|z) + log p(z) - log((q1(z) + q2(z)) / 2), averaged over m.

    E over the mixture q = (q1 + q2) / 2 is the mean of E over q1 and q2: the ELBO of the mixture posterior.
    Source: mixture-of-experts multimodal VAEs (Shi et al. 2019), with K = 1.
    """
    enc_a, enc_b, dec_a, dec_b = nn.Linear(5, 6), nn.Linear(4, 6), nn.Linear(3, 5), nn.Linear(3, 4)

    def step(batch):
        a, b = batch
        qs = []
        for enc, x in ((enc_a, a), (enc_b, b)):
            loc, raw = enc(x).chunk(2, 1)
            qs.append(td.Normal(loc, F.softplus(raw) + 1e-6))
        total = 0.0
        for q in qs:
            z = q.rsample()
            lpz = td.Normal(torch.zeros(1, 3), torch.ones(1, 3)).log_prob(z).sum(-1)
            lqz = torch.logsumexp(torch.stack([each.log_prob(z).sum(-1) for each in qs]), 0) - math.log(2)
            lpx = td.Bernoulli(logits=dec_a(z)).log_prob(a).sum(-1) + td.Normal(dec_b(z), 1.0).log_prob(b).sum(-1)
            total = total + (lpx + lpz - lqz)
        return -(total / 2).mean()

    def reference(batch):
        a, b = batch
        heads = [enc_a(a).chunk(2, 1), enc_b(b).chunk(2, 1)]
        loc, sd = torch.stack([m for m, _ in heads], 1), F.softplus(torch.stack([r for _, r in heads], 1)) + 1e-6
        q = td.MixtureSameFamily(td.Categorical(torch.ones(6, 2)), td.Independent(td.Normal(loc, sd), 1))
        zs = [loc[:, m] + sd[:, m] * torch.randn(6, 3) for m in (0, 1)]
        nll = sum(bernoulli(dec_a(z), a) + gaussian(dec_b(z), b) for z in zs) / 2
        return nll, sum(q.log_prob(z).sum() - td.Normal(0.0, 1.0).log_prob(z).sum() for z in zs) / 2

    return Built(step, (binary(6, 5), torch.randn(6, 4)), [enc_a, enc_b, dec_a, dec_b], reference)


@right()
def miwae_with_a_given_mask():
    """Missing values are given by a mask in the batch: log p of the seen ones, K = 4 draws, logsumexp - log K.

    Source: MIWAE (Mattei and Frellsen 2019): zero imputation for the encoder, the mask in the likelihood.
    """
    enc, dec = nets(8, 3)

    def step(batch):
        x, mask = batch
        mu, log_sigma = enc(x * mask).chunk(2, 1)
        q = td.Normal(mu, log_sigma.exp())
        z = q.rsample([4])
        log_px = (-0.5 * (x - dec(z)) ** 2 - 0.5 * math.log(2 * math.pi)) * mask
        log_w = log_px.sum(-1) + (-0.5 * z**2 - 0.5 * math.log(2 * math.pi)).sum(-1) - q.log_prob(z).sum(-1)
        return -torch.mean(torch.logsumexp(log_w, 0) - math.log(4))

    def reference(batch):
        x, mask = batch
        mu, s = enc(x * mask).chunk(2, 1)
        z = mu + s.exp() * torch.randn(4, *mu.shape)
        log_w = (td.Normal(dec(z), 1.0).log_prob(x) * mask).sum(-1)
        log_w = log_w + (td.Normal(0.0, 1.0).log_prob(z) - td.Normal(mu, s.exp()).log_prob(z)).sum(-1)
        return -(log_w.logsumexp(0) - math.log(4)).sum(), torch.tensor(0.0)

    return Built(step, (torch.randn(6, 8), binary(6, 8)), [enc, dec], reference)
