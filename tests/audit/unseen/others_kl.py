"""Other objectives that change the KL on purpose, or the bound."""

import math

import torch
import torch.nn.functional as F
from torch import distributions as td
from torch import nn

from .case import Built, bernoulli, binary, gaussian, nets, normal_kl, other, plain

WEIGHTS = "(?i)weight|level|several beta|different beta"
FREE = "(?i)free.?(bits|nats)|threshold|hinge"


def encode(enc, x):
    mu, logvar = enc(x).chunk(2, -1)
    return mu, logvar, mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)


def kl_of(mu, logvar):
    return 0.5 * (mu.pow(2) + logvar.exp() - 1 - logvar)


@other(WEIGHTS)
def levels_with_their_own_weights():
    """Two levels, the upper KL with weight 0.25 and the lower with 1: no single beta, a weight for each level.

    Source: NVAE style balancing of the KL between groups.
    """
    up2, up1, prior1, dec = nn.Linear(8, 4), nn.Linear(8 + 2, 6), nn.Linear(2, 6), nn.Linear(3, 8)

    def parts(x):
        m2, s2 = up2(x).chunk(2, 1)
        z2 = m2 + s2.exp() * torch.randn_like(m2)
        m1, s1 = up1(torch.cat([x, z2], 1)).chunk(2, 1)
        z1 = m1 + s1.exp() * torch.randn_like(m1)
        mp, sp = prior1(z2).chunk(2, 1)
        return (m2, s2.exp()), (m1, s1.exp(), mp, sp.exp()), dec(z1)

    def step(x):
        (m2, s2), (m1, s1, mp, sp), x_hat = parts(x)
        kl2 = td.kl_divergence(td.Normal(m2, s2), td.Normal(0.0, 1.0)).sum(1)
        kl1 = td.kl_divergence(td.Normal(m1, s1), td.Normal(mp, sp)).sum(1)
        return (0.5 * (x_hat - x).pow(2).sum(1) + 0.25 * kl2 + kl1).mean()

    def reference(x):
        two, one, x_hat = parts(x)
        return gaussian(x_hat, x), normal_kl(*two) + normal_kl(*one)

    return Built(step, torch.randn(6, 8), [up2, up1, prior1, dec], reference)


@other("(?i)balanc|stop.?grad|detach", also={"PROVED": "the value is the ELBO's; only the gradients' shares differ"})
def kl_balancing():
    """0.8 KL(sg(q) || p) + 0.2 KL(q || sg(p)): the value of the KL, and other shares of gradient, on purpose.

    Source: danijar/dreamerv2 issue 4, on the order of the two terms.
    """
    prior, post, dec = nn.Linear(4, 4), nn.Linear(4 + 8, 4), nn.Linear(2 + 4, 8)

    def step(batch):
        x, action = batch
        mp, rp = prior(action).chunk(2, 1)
        mq, rq = post(torch.cat([action, x], 1)).chunk(2, 1)
        p, q = td.Normal(mp, F.softplus(rp) + 0.1), td.Normal(mq, F.softplus(rq) + 0.1)
        p_sg, q_sg = td.Normal(p.loc.detach(), p.scale.detach()), td.Normal(q.loc.detach(), q.scale.detach())
        kl = 0.8 * td.kl_divergence(q_sg, p).sum(1) + 0.2 * td.kl_divergence(q, p_sg).sum(1)
        mean = dec(torch.cat([q.rsample(), action], 1))
        return (kl - td.Normal(mean, 1.0).log_prob(x).sum(1)).mean()

    def reference(batch):
        x, action = batch
        mp, rp = prior(action).chunk(2, 1)
        mq, rq = post(torch.cat([action, x], 1)).chunk(2, 1)
        sd = F.softplus(rq) + 0.1
        z = mq + sd * torch.randn_like(mq)
        return gaussian(dec(torch.cat([z, action], 1)), x), normal_kl(mq, sd, mp, F.softplus(rp) + 0.1)

    return Built(step, (torch.randn(6, 8), torch.randn(6, 4)), [prior, post, dec], reference)


@other(FREE + "|balanc")
def free_nats_and_two_scales():
    """0.5 max(1, mean KL(sg(q) || p)) + 0.1 max(1, mean KL(q || sg(p))): free nats and balancing at once.

    Source: the world model's loss of DreamerV3 (Hafner et al. 2023); dreamer-pytorch pull request 75 on the clamp.
    """
    prior, post, dec = nn.Linear(4, 4), nn.Linear(4 + 8, 4), nn.Linear(2, 8)

    def step(batch):
        x, state = batch
        p = td.Normal(*(f(h) for f, h in zip((torch.tanh, torch.exp), prior(state).chunk(2, 1), strict=True)))
        mq, sq = post(torch.cat([state, x], 1)).chunk(2, 1)
        q = td.Normal(mq, sq.exp())
        dyn = td.kl_divergence(td.Normal(mq.detach(), sq.exp().detach()), p).sum(1).mean().clamp(min=1.0)
        rep = td.kl_divergence(q, td.Normal(p.loc.detach(), p.scale.detach())).sum(1).mean().clamp(min=1.0)
        return 0.5 * dyn + 0.1 * rep + 0.5 * (dec(q.rsample()) - x).pow(2).sum(1).mean()

    return Built(step, (torch.randn(6, 8), torch.randn(6, 4)), [prior, post, dec], None)


@other(FREE)
def free_bits_of_the_batch_mean():
    """Each latent's KL is averaged over rows, raised to at least 0.3 and then summed: free bits of the IAF paper.

    Source: Kingma et al. (2016), lambda of the mean over the minibatch.
    """
    enc, dec = nets(8, 3)

    def step(x):
        mu, logvar, z = encode(enc, x)
        kl = torch.clamp(kl_of(mu, logvar).mean(0), min=0.3).sum()
        return F.binary_cross_entropy_with_logits(dec(z), x, reduction="none").sum(1).mean() + kl

    return Built(step, binary(6, 8), [enc, dec], plain(enc, dec, bernoulli))


@other("(?i)capacity|held|target")
def capacity_that_grows():
    """100 |KL - C| with C = 25 * 2000 / 100000 = 0.5 at this step: the KL is held at a capacity.

    Source: Burgess et al. (2018), with the linear rise of C.
    """
    enc, dec = nets(8, 3)
    schedule = {"step": 2000, "stop": 100_000, "max": 25.0}

    def step(x):
        mu, logvar, z = encode(enc, x)
        C = min(schedule["max"], schedule["max"] * schedule["step"] / schedule["stop"])
        recon = F.binary_cross_entropy_with_logits(dec(z), x, reduction="sum").div(x.size(0))
        return recon + 100 * torch.abs(kl_of(mu, logvar).sum(1).mean() - C)

    return Built(step, binary(6, 8), [enc, dec], plain(enc, dec, bernoulli))


@other("(?i)tc|total.?correlation")
def total_correlation_weighted_sampling():
    """MI + 6 TC + dimension-wise KL, with q(z) by minibatch weighted sampling over N = 1000 data.

    Source: YannDubs/disentangling-vae issue 60, on log(B N) in the estimator.
    """
    enc, dec = nets(8, 3)
    n_data = 1000

    def step(x):
        mu, logvar, z = encode(enc, x)
        pairs = td.Normal(mu[None], torch.exp(0.5 * logvar)[None]).log_prob(z[:, None])
        log_q_zx = td.Normal(mu, torch.exp(0.5 * logvar)).log_prob(z).sum(1)
        log_qz = torch.logsumexp(pairs.sum(2), 1) - math.log(len(x) * n_data)
        log_prod_qzi = (torch.logsumexp(pairs, 1) - math.log(len(x) * n_data)).sum(1)
        log_pz = td.Normal(0.0, 1.0).log_prob(z).sum(1)
        kl = (log_q_zx - log_qz) + 6.0 * (log_qz - log_prod_qzi) + (log_prod_qzi - log_pz)
        return (0.5 * (dec(z) - x).pow(2).sum(1) + kl).mean()

    return Built(step, torch.randn(6, 8), [enc, dec], plain(enc, dec, gaussian))


@other("(?i)info|mmd|discrepancy")
def inverse_multiquadric_info_vae():
    """0.3 KL plus 10 times the maximum mean discrepancy of z to prior draws, by an inverse multiquadric kernel.

    Source: clementchadebec/benchmark_VAE issue 156 on the prior draws of its MMD.
    """
    enc, dec = nets(8, 3)

    def kernel(a, b):
        C = 2.0 * a.shape[1]
        return C / (C + torch.cdist(a, b).square())

    def step(x):
        mu, logvar, z = encode(enc, x)
        z_prior = torch.randn_like(z)
        off = 1 - torch.eye(len(z), dtype=z.dtype)
        n = len(z) * (len(z) - 1)
        mmd = ((kernel(z, z) + kernel(z_prior, z_prior)) * off).sum() / n - 2 * kernel(z, z_prior).mean()
        return F.mse_loss(dec(z), x, reduction="sum") / len(x) + 0.3 * kl_of(mu, logvar).sum(1).mean() + 10 * mmd

    return Built(step, torch.randn(6, 8), [enc, dec], plain(enc, dec, gaussian))


@other("(?i)wasserstein|mmd|discrepancy")
def sliced_wasserstein_codes():
    """A deterministic code whose sorted projections are drawn to those of prior draws: sliced Wasserstein.

    Source: Kolouri et al. (2018).
    """
    enc, dec = nn.Linear(8, 3), nn.Linear(3, 8)

    def step(x):
        z = enc(x)
        directions = F.normalize(torch.randn(3, 10, dtype=x.dtype), dim=0)
        codes, prior = torch.sort(z @ directions, 0)[0], torch.sort(torch.randn_like(z) @ directions, 0)[0]
        return F.mse_loss(dec(z), x) + 5.0 * (codes - prior).pow(2).mean()

    return Built(step, torch.randn(6, 8), [enc, dec], None)


@other("(?i)r[eé]nyi|alpha|importance", also={"PROVED": "for 0 < alpha < 1 it is a bound: it may be proved as one"})
def renyi_bound():
    """-(1 / (1 - a)) log mean_k w_k^(1 - a) with a = 1/2: the variational Renyi bound by 5 draws.

    Source: Li and Turner (2016).
    """
    enc, dec = nets(8, 3)

    def step(x):
        mu, logvar = enc(x).chunk(2, 1)
        q = td.Normal(mu, torch.exp(0.5 * logvar))
        z = q.rsample((5,))
        log_w = td.Bernoulli(logits=dec(z)).log_prob(x).sum(-1)
        log_w = log_w + (td.Normal(0.0, 1.0).log_prob(z) - q.log_prob(z)).sum(-1)
        alpha = 0.5
        return -((torch.logsumexp((1 - alpha) * log_w, 0) - math.log(5)) / (1 - alpha)).mean()

    return Built(step, binary(6, 8), [enc, dec], None)


@other(
    "(?i)learn|uncertaint|weight|parameter",
    also={"REFUTED": "beta is a parameter, so it is no ELBO for any fixed beta"},
)
def uncertainty_weighted_terms():
    """e^-s1 NLL + s1 + e^-s2 KL + s2 with learned s: multi-task weighting, a beta that is trained.

    Source: Kendall et al. (2018), used on VAE terms in many notebooks.
    """
    enc, dec = nets(8, 3)
    s = nn.Parameter(0.3 * torch.randn(2))

    def step(x):
        mu, logvar, z = encode(enc, x)
        rec = F.binary_cross_entropy_with_logits(dec(z), x, reduction="none").sum(1).mean()
        kl = kl_of(mu, logvar).sum(1).mean()
        return torch.exp(-s[0]) * rec + s[0] + torch.exp(-s[1]) * kl + s[1]

    return Built(step, binary(6, 8), [enc, dec, s], plain(enc, dec, bernoulli))


@other("(?i)no kl|without|weight.*0|zero|warm|anneal", also={"PROVED": "as of this step, with a weight of 0"})
def first_step_of_a_warm_up():
    """The weight is epoch / 10 with epoch = 0: at this step there is no KL, on purpose.

    Source: linear annealing, as explained in asyml/texar issue 87.
    """

    class Trainer:
        def __init__(self):
            self.enc, self.dec = nets(8, 3)
            self.epoch = 0

        def training_step(self, x):
            mu, logvar, z = encode(self.enc, x)
            kl_weight = min(1.0, self.epoch / 10)
            return (0.5 * (self.dec(z) - x).pow(2).sum(1) + kl_weight * kl_of(mu, logvar).sum(1)).mean()

    trainer = Trainer()
    return Built(trainer.training_step, torch.randn(6, 8), [trainer.enc, trainer.dec], None)
