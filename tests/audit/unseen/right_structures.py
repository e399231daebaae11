"""Right losses with several latents, modalities, labels or missing values."""

import torch
import torch.nn.functional as F
from torch import distributions as td
from torch import nn

from .case import Built, bernoulli, binary, gaussian, normal_kl, right


def draw(mean, std):
    return mean + std * torch.randn_like(mean)


@right(beta=1)
def two_levels_top_down():
    """q(z2|x) and q(z1|x, z2) against p(z1|z2), each KL in closed form given the drawn z2: beta = 1.

    Source: ladder and top-down hierarchies; RuiShu/one-bit-vae issue 1 asks whether one draw may be used twice.
    """
    up2, up1, prior1 = nn.Linear(8, 4), nn.Linear(8 + 2, 6), nn.Linear(2, 6)
    dec = nn.Linear(3 + 2, 8)

    def step(x):
        q2 = td.Normal(*(f(t) for f, t in zip((torch.clone, torch.exp), up2(x).chunk(2, 1), strict=True)))
        z2 = q2.rsample()
        m1, s1 = up1(torch.cat([x, z2], 1)).chunk(2, 1)
        mp, sp = prior1(z2).chunk(2, 1)
        q1, p1 = td.Normal(m1, s1.exp()), td.Normal(mp, sp.exp())
        logits = dec(torch.cat([q1.rsample(), z2], 1))
        kl = td.kl_divergence(q1, p1).sum(1) + td.kl_divergence(q2, td.Normal(0.0, 1.0)).sum(1)
        return (kl + F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)).mean()

    def reference(x):
        m2, s2 = up2(x).chunk(2, 1)
        z2 = draw(m2, s2.exp())
        m1, s1 = up1(torch.cat([x, z2], 1)).chunk(2, 1)
        mp, sp = prior1(z2).chunk(2, 1)
        z1 = draw(m1, s1.exp())
        kl = normal_kl(m2, s2.exp()) + normal_kl(m1, s1.exp(), mp, sp.exp())
        return bernoulli(dec(torch.cat([z1, z2], 1)), x), kl

    return Built(step, binary(6, 8), [up2, up1, prior1, dec], reference)


@right(beta=1)
def residual_groups():
    """Two groups; the second posterior is N(mp + dm, exp(lp + dl)), its KL (e^dl + dm^2 / e^lp - 1 - dl) / 2.

    Source: GlassyWing/nvae issue 17 on the hierarchical KL of NVAE's residual normals.
    """
    enc, condition, condition_x = nn.Linear(8, 4), nn.Linear(2, 6), nn.Linear(8 + 2, 6)
    dec = nn.Linear(3, 8)

    def step(xs):
        mu, log_var = enc(xs).chunk(2, dim=1)
        z = mu + torch.exp(0.5 * log_var) * torch.randn_like(mu)
        kl = 0.5 * torch.sum(mu**2 + torch.exp(log_var) - 1 - log_var)
        m, v = condition(z).chunk(2, dim=1)
        delta_m, delta_v = condition_x(torch.cat((xs, z), dim=1)).chunk(2, dim=1)
        below = (m + delta_m) + torch.exp(0.5 * (v + delta_v)) * torch.randn_like(m)
        kl = kl + 0.5 * torch.sum(delta_m**2 / torch.exp(v) + torch.exp(delta_v) - delta_v - 1)
        return (0.5 * torch.sum((dec(below) - xs) ** 2) + kl) / xs.size(0)

    def reference(xs):
        mu, log_var = enc(xs).chunk(2, 1)
        z = draw(mu, log_var.mul(0.5).exp())
        m, v = condition(z).chunk(2, 1)
        dm, dv = condition_x(torch.cat((xs, z), 1)).chunk(2, 1)
        sd = (v + dv).mul(0.5).exp()
        below = draw(m + dm, sd)
        kl = normal_kl(mu, log_var.mul(0.5).exp()) + normal_kl(m + dm, sd, m, v.mul(0.5).exp())
        return gaussian(dec(below), xs), kl

    return Built(step, torch.randn(6, 8), [enc, condition, condition_x, dec], reference)


@right(beta=1)
def missing_values_by_isnan():
    """NaN marks a missing value: the encoder sees 0 there, the likelihood is of the seen values only: an ELBO of them.

    Source: xuxu-wei/SUAVE pull request 34, a port of HI-VAE with masks in the likelihood.
    """
    enc, dec = nn.Linear(16, 6), nn.Linear(3, 8)

    def step(x):
        seen = ~torch.isnan(x)
        filled = torch.nan_to_num(x, nan=0.0)
        mu, logvar = enc(torch.cat([filled, seen.to(x.dtype)], 1)).chunk(2, 1)
        out = dec(mu + (logvar / 2).exp() * torch.randn_like(mu))
        nll = torch.where(seen, 0.5 * (out - filled) ** 2, torch.zeros_like(out)).sum(1)
        return (nll + 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1)).mean()

    def reference(x):
        seen = ~torch.isnan(x)
        mu, logvar = enc(torch.cat([torch.nan_to_num(x), seen.to(x.dtype)], 1)).chunk(2, 1)
        sd = (logvar / 2).exp()
        out = dec(draw(mu, sd))
        return gaussian(out[seen], x[seen]), normal_kl(mu, sd)

    x = torch.randn(6, 8)
    x[torch.rand(6, 8) < 0.25] = float("nan")
    return Built(step, x, [enc, dec], reference)


@right(beta=1)
def product_of_experts_with_prior_expert():
    """Two encoders and N(0, I) are multiplied; the joint mean and log-variance go to the sampler and the KL alike.

    Source: mhw32/multimodal-vae-public issue 5 on the prior's expert, log(ones).
    """
    enc_a, enc_b, dec_a, dec_b = nn.Linear(5, 6), nn.Linear(4, 6), nn.Linear(3, 5), nn.Linear(3, 4)

    def experts(a, b):
        (m1, v1), (m2, v2) = enc_a(a).chunk(2, 1), enc_b(b).chunk(2, 1)
        mu = torch.stack([torch.zeros_like(m1), m1, m2])
        logvar = torch.stack([torch.log(torch.ones_like(v1)), v1, v2])
        T = 1.0 / logvar.exp()
        return torch.sum(mu * T, dim=0) / torch.sum(T, dim=0), torch.log(1.0 / torch.sum(T, dim=0))

    def step(batch):
        a, b = batch
        mu, logvar = experts(a, b)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        bce = F.binary_cross_entropy_with_logits(dec_a(z), a, reduction="none").sum(1)
        mse = 0.5 * (dec_b(z) - b).pow(2).sum(1)
        return torch.mean(bce + mse - 0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), dim=1))

    def reference(batch):
        a, b = batch
        mu, logvar = experts(a, b)
        sd = logvar.mul(0.5).exp()
        z = draw(mu, sd)
        return bernoulli(dec_a(z), a) + gaussian(dec_b(z), b), normal_kl(mu, sd)

    return Built(step, (binary(6, 5), torch.randn(6, 4)), [enc_a, enc_b, dec_a, dec_b], reference)


@right(beta=1, also={"OTHER": "a label that is summed out may be named"})
def unlabelled_part_of_m2():
    """sum_y q(y|x) (NLL_y + KL_y - log p(y)) - H(q(y|x)), all y in turn: the ELBO with q(y, z | x), p(y) uniform.

    Source: bjlkeng/sandbox issue 3, which asks for the sum over all y.
    """
    classifier, enc, dec = nn.Linear(8, 3), nn.Linear(8 + 3, 4), nn.Linear(2 + 3, 8)

    def step(x):
        log_qy = classifier(x).log_softmax(1)
        bound = []
        for k in range(3):
            y = F.one_hot(torch.full((len(x),), k), 3).to(x.dtype)
            mu, logvar = enc(torch.cat([x, y], 1)).chunk(2, 1)
            z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
            logits = dec(torch.cat([z, y], 1))
            nll = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
            bound.append(nll - 0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(1) + torch.log(torch.tensor(3.0)))
        q = log_qy.exp()
        return ((q * torch.stack(bound, 1)).sum(1) + (q * log_qy).sum(1)).mean()

    def reference(x):
        q = td.Categorical(logits=classifier(x))
        nll, kl = 0.0, td.kl_divergence(q, td.Categorical(logits=torch.zeros(3))).sum()
        for k in range(3):
            y = F.one_hot(torch.full((len(x),), k), 3).to(x.dtype)
            mu, logvar = enc(torch.cat([x, y], 1)).chunk(2, 1)
            sd = torch.exp(0.5 * logvar)
            p = td.Bernoulli(logits=dec(torch.cat([draw(mu, sd), y], 1)))
            nll = nll - (q.probs[:, k] * p.log_prob(x).sum(1)).sum()
            kl = kl + (q.probs[:, k] * td.kl_divergence(td.Normal(mu, sd), td.Normal(0.0, 1.0)).sum(1)).sum()
        return nll, kl

    return Built(step, binary(6, 8), [classifier, enc, dec], reference)
