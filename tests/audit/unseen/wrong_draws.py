"""Wrong steps: the noise, the gradient, the bound of several draws, the density of a flow."""

import functools
import math

import torch
import torch.nn.functional as F
from torch import distributions as td
from torch import nn

from .case import Built, bernoulli, binary, gaussian, nets, plain, wrong
from .right_estimators import iwae


def kl_rows(mu, logvar):
    return -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(-1)


@wrong()
def kl_computed_without_gradient():
    """The KL is computed under no_grad, as if for logging, and added: its value is right and its gradient 0.

    Source: hustvl/Turbo-VAED issue 14, a KL that trains nothing; here by a no_grad in the wrong place.
    """
    enc, dec = nets(8, 3)

    def step(x):
        mu, logvar = enc(x).chunk(2, 1)
        x_hat = dec(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu))
        with torch.no_grad():
            kld = kl_rows(mu, logvar).mean()
        return 0.5 * (x_hat - x).pow(2).sum(1).mean() + kld

    return Built(step, torch.randn(6, 8), [enc, dec], plain(enc, dec, gaussian))


@wrong()
def decoder_given_data_of_z():
    """The decoder gets z.data: the NLL has no gradient to the encoder, which the KL alone then takes to the prior.

    Source: code from before PyTorch 0.4 that wraps .data in a Variable.
    """
    enc, dec = nets(8, 3)

    def step(x):
        mu, logvar = enc(x).chunk(2, 1)
        z = torch.randn_like(mu).mul(logvar.mul(0.5).exp()).add(mu)
        nll = F.binary_cross_entropy_with_logits(dec(z.data), x, reduction="none").sum(1)
        return torch.mean(nll + kl_rows(mu, logvar))

    return Built(step, binary(6, 8), [enc, dec], plain(enc, dec, bernoulli))


@wrong()
def gradient_scaled_by_a_function():
    """An autograd function returns the decoder's output and a tenth of its gradient: what is trained has beta = 10.

    Source: made for this set, after gradient scaling layers between decoder and encoder.
    """

    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(ctx, y):
            return y.view_as(y)

        @staticmethod
        def backward(ctx, grad):
            return 0.1 * grad

    enc, dec = nets(8, 3)

    def step(x):
        mu, logvar = enc(x).chunk(2, 1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        nll = 0.5 * (Scale.apply(dec(z)) - x).pow(2).sum(1)
        return (nll + kl_rows(mu, logvar)).mean()

    return Built(step, torch.randn(6, 8), [enc, dec], plain(enc, dec, gaussian))


@wrong(declare={"beta": 1})
def another_weight_is_back_propagated():
    """NLL and 0.1 KL are back-propagated, NLL + KL is returned: it is reported with beta = 1 and trained with 0.1.

    Source: made for this set, after loops that log the sum of their losses.
    """
    enc, dec = nets(8, 3)
    optimizer = torch.optim.SGD([*enc.parameters(), *dec.parameters()], lr=1e-3)

    def step(x):
        mu, logvar = enc(x).chunk(2, 1)
        logits = dec(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu))
        rec = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
        kl = kl_rows(mu, logvar).mean()
        optimizer.zero_grad()
        rec.backward(retain_graph=True)
        (0.1 * kl).backward()
        optimizer.step()
        return rec + kl

    return Built(step, binary(6, 8), [enc, dec], plain(enc, dec, bernoulli))


@wrong()
def gradients_zeroed_between_two_terms():
    """zero_grad between the two backward calls: the step follows the KL only, though NLL + KL is returned.

    Source: made for this set, after loops with one optimiser and two losses.
    """
    enc, dec = nets(8, 3)
    optimizer = torch.optim.Adam([*enc.parameters(), *dec.parameters()], lr=1e-3)

    def step(x):
        mu, logvar = enc(x).chunk(2, 1)
        x_hat = dec(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu))
        losses = {"recon": 0.5 * (x_hat - x).pow(2).sum() / len(x), "kl": kl_rows(mu, logvar).mean()}
        for loss in losses.values():
            optimizer.zero_grad()
            loss.backward(retain_graph=True)
        optimizer.step()
        return sum(losses.values())

    return Built(step, torch.randn(6, 8), [enc, dec], plain(enc, dec, gaussian))


@wrong()
def noise_from_a_cache():
    """The noise of a shape is made once and kept by a cache: each batch of that size gets the same eps for ever.

    Source: made for this set, after caches of buffers by shape.
    """
    enc, dec = nets(8, 3)

    @functools.cache
    def noise(*shape):
        return torch.randn(*shape)

    def step(x):
        mu, logvar = enc(x).chunk(2, 1)
        x_hat = dec(mu + torch.exp(0.5 * logvar) * noise(*mu.shape))
        return (0.5 * (x_hat - x).pow(2).sum(1) + kl_rows(mu, logvar)).mean()

    return Built(step, torch.randn(6, 8), [enc, dec], plain(enc, dec, gaussian))


@wrong()
def seed_set_in_every_step():
    """torch.manual_seed(0) at the head of the step: eps is the same in each step, a fixed matrix and no draw.

    Source: made for this set, after "for reproducibility" lines at the wrong place.
    """
    enc, dec = nets(8, 3)

    def step(x):
        torch.manual_seed(0)
        mu, logvar = enc(x).chunk(2, 1)
        logits = dec(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu))
        nll = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
        return (nll + kl_rows(mu, logvar)).mean()

    return Built(step, binary(6, 8), [enc, dec], plain(enc, dec, bernoulli))


@wrong()
def iwae_with_the_sign_inside():
    """logsumexp of the losses, not of minus the losses: it weighs the worst draw most, and is above the ELBO's loss.

    Losses 1 and 3: log((e + e^3)/2) = 2.43, the bound's is -log((e^-1 + e^-3)/2) = 1.57.
    Source: YosefLab/scVI-dev issue 8, in the form first posted.
    """
    enc, dec = nets(8, 3)

    def step(x):
        mu, logvar = enc(x).chunk(2, -1)
        q = td.Normal(mu, torch.exp(logvar / 2))
        z = q.rsample((5,))
        log_joint = td.Bernoulli(logits=dec(z)).log_prob(x).sum(-1) + td.Normal(0.0, 1.0).log_prob(z).sum(-1)
        vae_losses = q.log_prob(z).sum(-1) - log_joint
        return torch.mean(torch.logsumexp(vae_losses, 0) - math.log(5))

    return Built(step, binary(6, 8), [enc, dec], iwae(enc, dec, 5))


@wrong(also={"OTHER": "a closed KL beside a log of an average may be named"})
def iwae_with_a_closed_kl():
    """log of the mean of p(x|z_k), minus KL(q || p): no bound. As K grows it goes to log E_q p(x|z) - KL.

    p(x|z) = 100 on |z| < 0.1, 1e-9 elsewhere; q = N(0, 0.5^2): log(100 * 0.159) - 0.318 = 2.45 > log 7.97 = 2.08.
    Source: AntixK/PyTorch-VAE issue 34: "how are we still able to compute the KL for k > 1?".
    """
    enc, dec = nets(8, 3)

    def step(x):
        mu, logvar = enc(x).chunk(2, -1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn(5, *mu.shape)
        log_px = td.Bernoulli(logits=dec(z)).log_prob(x).sum(-1)
        bound = torch.logsumexp(log_px, 0) - math.log(5) - kl_rows(mu, logvar)
        return -bound.mean()

    return Built(step, binary(6, 8), [enc, dec], iwae(enc, dec, 5))


@wrong()
def iwae_weights_not_detached():
    """-sum softmax(log w) log w with the gradient of the weights: neither the bound nor its gradient.

    log w = 0 and 2: -1.76, the bound's is -log((1 + e^2)/2) = -1.43; the gradient has sum log w dw beside.
    Source: AntixK/PyTorch-VAE pull request 53.
    """
    enc, dec = nets(8, 3)

    def step(x):
        mu, logvar = enc(x).chunk(2, -1)
        q = td.Normal(mu, torch.exp(logvar / 2))
        z = q.rsample((5,))
        log_w = td.Bernoulli(logits=dec(z)).log_prob(x).sum(-1)
        log_w = log_w + (td.Normal(0.0, 1.0).log_prob(z) - q.log_prob(z)).sum(-1)
        return -(F.softmax(log_w, dim=0) * log_w).sum(0).mean()

    return Built(step, binary(6, 8), [enc, dec], iwae(enc, dec, 5))


@wrong()
def iwae_of_draws_without_gradient():
    """sample() for rsample() in the bound: z has no gradient to the encoder, which gets the score of log q only.

    With K = 1 that gradient is -d log q(z), whose mean is 0: the encoder is not trained at all.
    Source: ARISE-Initiative/robomimic issue 204 and facebookresearch/online-dt issue 1 ask which of both is used.
    """
    enc, dec = nets(8, 3)

    def step(x):
        mu, logvar = enc(x).chunk(2, -1)
        q = td.Independent(td.Normal(mu, torch.exp(logvar / 2)), 1)
        z = q.sample((5,))
        log_w = td.Bernoulli(logits=dec(z)).log_prob(x).sum(-1) - q.log_prob(z)
        log_w = log_w + td.Normal(0.0, 1.0).log_prob(z).sum(-1)
        return -(torch.logsumexp(log_w, 0) - math.log(5)).mean()

    return Built(step, binary(6, 8), [enc, dec], iwae(enc, dec, 5))


def planar(z, u, w, b):
    """z + u tanh(w z + b), with |w u| < 1, and log |det|."""
    inner = torch.tanh((z * w).sum(-1, keepdim=True) + b)
    slope = (w * u).sum() * (1 - inner**2)
    return z + u * inner, torch.log1p(slope).squeeze(-1)


def flow_parts():
    enc, dec = nets(8, 3)
    raw_u, w, b = nn.Parameter(0.3 * torch.randn(3)), nn.Parameter(0.3 * torch.randn(3)), nn.Parameter(torch.zeros(1))

    def reference(x):
        mu, logvar = enc(x).chunk(2, -1)
        sd = logvar.mul(0.5).exp()
        z0 = mu + sd * torch.randn_like(mu)
        zk, log_det = planar(z0, torch.tanh(raw_u) / 3, torch.tanh(w), b)
        log_q = td.Normal(mu, sd).log_prob(z0).sum() - log_det.sum()
        return gaussian(dec(zk), x), log_q - td.Normal(0.0, 1.0).log_prob(zk).sum()

    return enc, dec, raw_u, w, b, reference


@wrong()
def flow_without_its_log_determinant():
    """z_K is decoded, and log q0(z_0) - log p(z_K) is added without - log|det|: q_K(z_K) is q0(z_0) / |det|.

    Source: wellecks/vaes issue 11, on the three terms of a flow's loss.
    """
    enc, dec, raw_u, w, b, reference = flow_parts()

    def step(x):
        mu, logvar = enc(x).chunk(2, -1)
        q0 = td.Normal(mu, torch.exp(0.5 * logvar))
        z0 = q0.rsample()
        zk, _ = planar(z0, torch.tanh(raw_u) / 3, torch.tanh(w), b)
        kl = (q0.log_prob(z0) - td.Normal(0.0, 1.0).log_prob(zk)).sum(-1)
        return (0.5 * (dec(zk) - x).pow(2).sum(-1) + kl).mean()

    return Built(step, torch.randn(6, 8), [enc, dec, raw_u, w, b], reference)


@wrong()
def prior_at_the_flow_input():
    """log p is taken at z_0 where z_K belongs: q0(z_0) - log|det| - log p(z_0) is no KL of what is decoded.

    Source: casperkaae/parmesan pull request 21, p(z0) used instead of p(zK).
    """
    enc, dec, raw_u, w, b, reference = flow_parts()

    def step(x):
        mu, logvar = enc(x).chunk(2, -1)
        q0 = td.Normal(mu, torch.exp(0.5 * logvar))
        z0 = q0.rsample()
        zk, log_det = planar(z0, torch.tanh(raw_u) / 3, torch.tanh(w), b)
        log_ratio = q0.log_prob(z0).sum(-1) - log_det - td.Normal(0.0, 1.0).log_prob(z0).sum(-1)
        return (0.5 * (dec(zk) - x).pow(2).sum(-1) + log_ratio).mean()

    return Built(step, torch.randn(6, 8), [enc, dec, raw_u, w, b], reference)
