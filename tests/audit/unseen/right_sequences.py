"""Right losses of sequences: recurrent models, state spaces, padding, teacher forcing."""

import torch
import torch.nn.functional as F
from torch import distributions as td
from torch import nn

from .case import Built, bernoulli, binary, gaussian, normal_kl, right


def draw(mean, std):
    return mean + std * torch.randn_like(mean)


@right(beta=1)
def recurrent_vae_three_frames():
    """VRNN: prior of h, posterior of (x_t, h), decoder of (z_t, h), h then takes x_t and z_t: the ELBO of a sequence.

    Source: VRNN (Chung et al. 2015) and its many PyTorch ports, with nll and kld added up over time.
    """
    prior, enc, dec, cell = nn.Linear(5, 4), nn.Linear(3 + 5, 4), nn.Linear(2 + 5, 3), nn.GRUCell(3 + 2, 5)

    def run(x, kl_of, nll_of):
        h = torch.zeros(x.size(0), 5)
        kld_loss, nll_loss = 0, 0
        for t in range(x.size(1)):
            prior_mean, prior_raw = prior(h).chunk(2, 1)
            enc_mean, enc_raw = enc(torch.cat([x[:, t], h], 1)).chunk(2, 1)
            z_t = enc_mean + F.softplus(enc_raw) * torch.randn_like(enc_mean)
            kld_loss = kld_loss + kl_of(enc_mean, F.softplus(enc_raw), prior_mean, F.softplus(prior_raw))
            nll_loss = nll_loss + nll_of(dec(torch.cat([z_t, h], 1)), x[:, t])
            h = cell(torch.cat([x[:, t], z_t], 1), h)
        return nll_loss, kld_loss

    def kld_gauss(m1, s1, m2, s2):
        return 0.5 * torch.sum(2 * s2.log() - 2 * s1.log() + (s1.pow(2) + (m1 - m2).pow(2)) / s2.pow(2) - 1)

    def step(x):
        nll, kld = run(x, kld_gauss, lambda h, t: F.binary_cross_entropy_with_logits(h, t, reduction="sum"))
        return nll + kld

    return Built(step, binary(6, 3, 3), [prior, enc, dec, cell], lambda x: run(x, normal_kl, bernoulli))


@right(beta=1)
def state_space_model():
    """z_t from q(z_t | z_{t-1}, x_t) against p(z_t | z_{t-1}), the first against N(0, I): an ELBO of a sequence.

    Source: deep Kalman filters and the recurrent state-space model of Dreamer without its free nats.
    """
    transition, post, dec = nn.Linear(2, 4), nn.Linear(2 + 3, 4), nn.Linear(2, 3)

    def step(x):
        z, previous, total = torch.zeros(x.size(0), 2), None, 0.0
        for x_t in x.unbind(1):
            if previous is None:
                p = td.Normal(torch.zeros_like(z), torch.ones_like(z))
            else:
                mean, raw = transition(z).chunk(2, 1)
                p = td.Normal(mean, F.softplus(raw) + 0.1)
            mean, raw = post(torch.cat([z, x_t], 1)).chunk(2, 1)
            q = td.Normal(mean, F.softplus(raw) + 0.1)
            z = previous = q.rsample()
            total = total + td.kl_divergence(q, p).sum(1) - td.Normal(dec(z), 1.0).log_prob(x_t).sum(1)
        return total.mean()

    def reference(x):
        z, nll, kl = torch.zeros(x.size(0), 2), 0.0, 0.0
        for t in range(x.size(1)):
            mp, sp = transition(z).chunk(2, 1) if t else (torch.zeros_like(z), None)
            sp = F.softplus(sp) + 0.1 if t else 1.0
            mean, raw = post(torch.cat([z, x[:, t]], 1)).chunk(2, 1)
            kl = kl + normal_kl(mean, F.softplus(raw) + 0.1, mp, sp)
            z = draw(mean, F.softplus(raw) + 0.1)
            nll = nll + gaussian(dec(z), x[:, t])
        return nll, kl

    return Built(step, torch.randn(6, 3, 3), [transition, post, dec], reference)


@right(beta=1)
def frames_masked_alike():
    """A latent a frame; NLL and KL are both masked by the lengths' mask and divided by its sum: beta = 1.

    Source: ChenFengYe/motion-latent-diffusion issue 38 on clips of varied length.
    """
    enc, dec = nn.Linear(3, 4), nn.Linear(2, 3)

    def step(batch):
        x, mask = batch
        mu, logvar = enc(x).chunk(2, -1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        rec = (0.5 * (dec(z) - x) ** 2).sum(-1)
        kl = (-0.5 * (1 + logvar - mu**2 - logvar.exp())).sum(-1)
        return ((rec + kl) * mask).sum() / mask.sum()

    def reference(batch):
        x, mask = batch
        mu, logvar = enc(x).chunk(2, -1)
        sd = logvar.mul(0.5).exp()
        keep = mask.bool()
        out = dec(draw(mu, sd))
        return gaussian(out[keep], x[keep]), normal_kl(mu[keep], sd[keep])

    mask = (torch.arange(4)[None] < torch.tensor([4, 3, 4, 2, 3, 4])[:, None]).to(torch.get_default_dtype())
    return Built(step, (torch.randn(6, 4, 3), mask), [enc, dec], reference)


@right(beta=1, also={"OTHER": "a KL of frames without data may be named as an extra weight"})
def kl_of_padded_frames_too():
    """The NLL is masked, the KL is not: a padded frame's latent has a KL and no data, which bounds p(x) still.

    The model has a latent at each frame, seen or not; log p(seen x) >= sum of log p - KL of all of them.
    Source: made for this set, as the harmless half of a padding bug.
    """
    enc, dec = nn.Linear(3, 4), nn.Linear(2, 3)

    def step(batch):
        x, mask = batch
        mu, logvar = enc(x).chunk(2, -1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        rec = ((0.5 * (dec(z) - x) ** 2).sum(-1) * mask).sum()
        kl = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum()
        return (rec + kl) / len(x)

    def reference(batch):
        x, mask = batch
        mu, logvar = enc(x).chunk(2, -1)
        sd = logvar.mul(0.5).exp()
        out = dec(draw(mu, sd))
        return gaussian(out[mask.bool()], x[mask.bool()]), normal_kl(mu, sd)

    mask = (torch.arange(4)[None] < torch.tensor([4, 3, 4, 2, 3, 4])[:, None]).to(torch.get_default_dtype())
    return Built(step, (torch.randn(6, 4, 3), mask), [enc, dec], reference)


@right(beta=0.1)
def teacher_forced_sentences():
    """The decoder predicts token t from z and tokens before t: p(x|z) = prod p(x_t | x_<t, z), normalised. beta = 0.1.

    Source: sentence VAEs (Bowman et al. 2016) and kefirski/pytorch_RVAE issue 15.
    """
    embed, enc, start = nn.Embedding(6, 4), nn.GRU(4, 5, batch_first=True), nn.Linear(2, 5)
    heads, dec, out = nn.Linear(5, 4), nn.GRU(4, 5, batch_first=True), nn.Linear(5, 6)

    def run(tokens):
        _, h = enc(embed(tokens))
        mu, logvar = heads(h[0]).chunk(2, 1)
        sd = torch.exp(0.5 * logvar)
        z = mu + sd * torch.randn_like(mu)
        before = torch.cat([torch.zeros_like(tokens[:, :1]), tokens[:, :-1]], 1)
        states, _ = dec(embed(before), torch.tanh(start(z)).unsqueeze(0))
        return out(states), mu, sd, logvar

    def step(tokens):
        logits, mu, _, logvar = run(tokens)
        nll = F.cross_entropy(logits.transpose(1, 2), tokens, reduction="sum") / len(tokens)
        return nll - 0.1 * 0.5 * (logvar - mu.pow(2) - logvar.exp() + 1).sum(1).mean()

    def reference(tokens):
        logits, mu, sd, _ = run(tokens)
        return -td.Categorical(logits=logits).log_prob(tokens).sum(), normal_kl(mu, sd)

    return Built(step, torch.randint(0, 6, (6, 4)), [embed, enc, start, heads, dec, out], reference)
