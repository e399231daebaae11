"""Wrong steps: masks, shapes, likelihoods and weights."""

import torch
import torch.nn.functional as F
from torch import distributions as td
from torch import nn

from .case import Built, bernoulli, binary, gaussian, grey, nets, normal_kl, plain, wrong


def encode(enc, x):
    """z, and the KL of each row."""
    mu, logvar = enc(x).chunk(2, -1)
    z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
    return z, -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(-1)


@wrong()
def prior_of_the_state_after_the_frame():
    """The prior is made from h after x_t went in: it knows the x_t that is to be explained, so no bound of p(x).

    With prior = posterior as functions of x_t the KL is 0 and z_t still tells all of x_t.
    Source: made for this set, after ports of VRNN that update the state too early.
    """
    prior, enc, dec, cell = nn.Linear(5, 4), nn.Linear(3 + 5, 4), nn.Linear(2, 3), nn.GRUCell(3, 5)

    def step(x):
        h, loss = torch.zeros(len(x), 5, dtype=x.dtype), 0.0
        for x_t in x.unbind(1):
            mq, lq = enc(torch.cat([x_t, h], 1)).chunk(2, 1)
            h = cell(x_t, h)
            mp, lp = prior(h).chunk(2, 1)
            q, p = td.Normal(mq, lq.exp()), td.Normal(mp, lp.exp())
            loss = loss + td.kl_divergence(q, p).sum(1) + 0.5 * (dec(q.rsample()) - x_t).pow(2).sum(1)
        return loss.mean()

    return Built(step, torch.randn(6, 3, 3), [prior, enc, dec, cell], None)


@wrong(also={"OTHER": "a weighted error of some pixels may be named as such"})
def only_pixels_with_ink():
    """Pixels below 0.4 count nothing, by their own value: e^-loss is 1 there for every mean, so no density of x.

    The integral of e^-loss over [0, 1] is 0.4 + 0.591 at mean 0.7, and 0.4 + 0.364 at mean -0.3: it moves.
    Source: made for this set, after "ignore the background" losses.
    """
    enc, dec = nets(8, 3)

    def step(x):
        z, kl = encode(enc, x)
        ink = (x > 0.4).to(x.dtype)
        return (ink * 0.5 * (dec(z) - x) ** 2).sum(1).mean() + kl.mean()

    return Built(step, grey(6, 8), [enc, dec], plain(enc, dec, gaussian))


@wrong()
def kl_masked_and_padding_reconstructed():
    """The padded frames' zeros are reconstructed from their latents, which have no KL: those z cost nothing.

    Source: made for this set: the mask went to the KL and was forgotten in the error.
    """
    enc, dec = nn.Linear(3, 4), nn.Linear(2, 3)

    def step(batch):
        x, mask = batch
        z, kl = encode(enc, x)
        return (0.5 * (dec(z) - x) ** 2).sum() / len(x) + (kl * mask).sum() / len(x)

    def reference(batch):
        x, _ = batch
        mu, logvar = enc(x).chunk(2, -1)
        sd = logvar.mul(0.5).exp()
        return gaussian(dec(mu + sd * torch.randn_like(mu)), x), normal_kl(mu, sd)

    mask = (torch.arange(4)[None] < torch.tensor([4, 3, 4, 2, 3, 4])[:, None]).to(torch.get_default_dtype())
    return Built(step, (torch.randn(6, 4, 3) * mask[..., None], mask), [enc, dec], reference)


@wrong()
def column_against_a_row():
    """y has shape (B,), the prediction (B, 1): the difference is (B, B), each prediction against every row's target.

    Source: LAMDA-Tabular/TALENT pull request 92, broadcasting in a squared error.
    """
    enc, dec = nn.Linear(9, 6), nn.Linear(3 + 8, 1)

    def step(batch):
        x, y = batch
        z, kl = encode(enc, torch.cat([x, y[:, None]], 1))
        prediction = dec(torch.cat([z, x], 1))
        return (0.5 * (prediction - y) ** 2).mean() + kl.mean()

    def reference(batch):
        x, y = batch
        mu, logvar = enc(torch.cat([x, y[:, None]], 1)).chunk(2, -1)
        sd = logvar.mul(0.5).exp()
        out = dec(torch.cat([mu + sd * torch.randn_like(mu), x], 1))
        return gaussian(out[:, 0], y), normal_kl(mu, sd)

    return Built(step, (torch.randn(6, 8), torch.randn(6)), [enc, dec], reference)


@wrong()
def draws_paired_with_rows():
    """B draws for each of B rows, shape (K = B, B, D), against x[:, None]: draw k of row b is compared with x_k.

    Source: made for this set, after sample_n((batch_size,)) by people who think it sets the batch.
    """
    enc, dec = nets(8, 3)

    def step(x):
        mu, logvar = enc(x).chunk(2, 1)
        q = td.Normal(mu, torch.exp(0.5 * logvar))
        z = q.rsample((x.size(0),))
        recon = 0.5 * ((dec(z) - x.unsqueeze(1)) ** 2).sum(-1)
        return recon.mean() + td.kl_divergence(q, td.Normal(0.0, 1.0)).sum(-1).mean()

    def reference(x):
        mu, logvar = enc(x).chunk(2, 1)
        sd = logvar.mul(0.5).exp()
        z = mu + sd * torch.randn(len(x), *mu.shape)
        return sum(gaussian(dec(each), x) for each in z) / len(x), normal_kl(mu, sd)

    return Built(step, torch.randn(6, 8), [enc, dec], reference)


@wrong()
def target_of_the_neighbour():
    """The decoder's output of row i is compared with row i - 1 of the data, by a roll: z_i knows nothing of it.

    Source: made for this set: a loader whose noisy and clean halves are out of step.
    """
    enc, dec = nets(8, 3)

    def step(x):
        z, kl = encode(enc, x)
        target = torch.roll(x, 1, dims=0)
        return (F.binary_cross_entropy_with_logits(dec(z), target, reduction="none").sum(1) + kl).mean()

    return Built(step, binary(6, 8), [enc, dec], plain(enc, dec, bernoulli))


@wrong()
def learned_scale_of_the_data_without_jacobian():
    """y = x e^-a with a learned a, then squares of y: the density of x needs + a for each pixel. int e^-loss = e^a.

    a = 0 gives sqrt(2 pi), a = 1 e sqrt(2 pi); a grows for ever, which shrinks y and the squares.
    Source: MokkeMeguru/glow-realnvp-tutorial issue 2 ("we often forget the preprocessing's log det"), with a learned a.
    """
    enc, dec = nets(8, 3)
    log_scale = nn.Parameter(torch.randn(8))

    def step(x):
        y = x * torch.exp(-log_scale)
        z, kl = encode(enc, y)
        return (0.5 * (dec(z) - y).square().sum(1) + kl).mean()

    def reference(x):
        y = x * torch.exp(-log_scale)
        nll, kl = plain(enc, dec, gaussian)(y)
        return nll + len(x) * log_scale.sum(), kl

    return Built(step, torch.randn(6, 8), [enc, dec, log_scale], reference)


@wrong()
def one_log_sigma_for_all_pixels_added_once():
    """The squares are summed over D, and log sigma is added once a row: it must be added D times.

    int e^-loss dx = (2 pi)^(D/2) sigma^(D - 1): it moves with sigma, which is drawn to too small values.
    Source: made for this set, after learned-scale decoders such as the tutorial's.
    """
    enc, dec = nets(8, 3)
    log_sigma = nn.Parameter(torch.zeros(1))

    def step(x):
        z, kl = encode(enc, x)
        squares = ((x - dec(z)) ** 2).sum(1) / (2 * torch.exp(log_sigma) ** 2)
        return (squares + log_sigma + kl).mean()

    reference = plain(enc, dec, lambda h, x: gaussian(h, x, log_sigma.exp()))
    return Built(step, torch.randn(6, 8), [enc, dec, log_sigma], reference)


@wrong()
def precision_weighted_error_without_log():
    """(x - m)^2 / (2 e^v) with a decoder's v and no v / 2: v grows for ever, and the error goes to 0.

    int e^-loss dx = sqrt(2 pi e^v): 2.51 at v = 0, 4.13 at v = 1.
    Source: made for this set, after heteroscedastic decoders with the log term lost.
    """
    enc, dec = nets(8, 3, out=16)

    def step(x):
        z, kl = encode(enc, x)
        mean, logvar = dec(z).chunk(2, 1)
        return torch.mean((0.5 * (x - mean) ** 2 * torch.exp(-logvar)).sum(1) + kl)

    def likelihood(out, x):
        mean, logvar = out.chunk(2, 1)
        return gaussian(mean, x, logvar.mul(0.5).exp())

    return Built(step, torch.randn(6, 8), [enc, dec], plain(enc, dec, likelihood))


@wrong()
def cross_entropy_of_images_in_minus_one_one():
    """Images scaled to [-1, 1] and a BCE with logits: softplus(h) - x h falls for ever where x = -1 and h falls.

    x = -1: softplus(h) + h is -10.0 at h = -10 and -100 at h = -100.
    Source: tensorflow/models issue 23 (nan cost from data that are not in [0, 1]), Normalize((0.5,), (0.5,)).
    """
    enc, dec = nets(8, 3)

    def step(x):
        z, kl = encode(enc, x)
        return nn.BCEWithLogitsLoss(reduction="sum")(dec(z), x) / len(x) + kl.mean()

    return Built(step, 2 * binary(6, 8) - 1, [enc, dec], None)


@wrong(declare={"beta": 1})
def log_prob_averaged_over_pixels():
    """log p is averaged over B D numbers, the KL summed over L and averaged over B; beta is D = 8, declared 1.

    Source: AppliedDataSciencePartners/WorldModels issue 2, which wants a mean for the reconstruction.
    """
    enc, dec = nets(8, 3)

    def step(x):
        z, kl = encode(enc, x)
        return -td.Normal(dec(z), torch.ones(8)).log_prob(x).mean() + kl.mean()

    return Built(step, torch.randn(6, 8), [enc, dec], plain(enc, dec, gaussian))


@wrong(declare={"beta": 1})
def kl_over_batch_size_twice():
    """The KL is averaged over rows, and divided by the rows again; beta is 1/B, declared 1.

    Source: tensorflow/models issue 2243, one term a sum over the batch and the other a row's.
    """
    enc, dec = nets(8, 3)

    def step(x):
        z, kl = encode(enc, x)
        recon = F.binary_cross_entropy_with_logits(dec(z), x, reduction="sum") / x.size(0)
        return recon + kl.mean() / x.size(0)

    return Built(step, binary(6, 8), [enc, dec], plain(enc, dec, bernoulli))


@wrong()
def schedule_of_the_wrong_sign():
    """The weight is (step - warm_up) / warm_up, negative until warm-up ends: at 100 of 1000 it is -0.9.

    Source: made for this set, after annealing formulas (bn-vae issue 1, CADA-VAE issue 25).
    """
    enc, dec = nets(8, 3)
    global_step, warm_up = 100, 1000

    def step(x):
        z, kl = encode(enc, x)
        kl_weight = min(1.0, (global_step - warm_up) / warm_up)
        return 0.5 * (dec(z) - x).pow(2).sum(1).mean() + kl_weight * kl.mean()

    return Built(step, torch.randn(6, 8), [enc, dec], plain(enc, dec, gaussian))


@wrong(also={"OTHER": "a mean of the outputs may be named as another reconstruction"})
def outputs_averaged_over_draws():
    """4 draws are decoded, the means averaged, and the squares taken of the average: less than the mean of squares.

    By Jensen |x - mean_k m_k|^2 <= mean_k |x - m_k|^2: outputs 1 and -1 at x = 0 give 0 for 1/2.
    Source: made for this set, after Monte-Carlo reconstruction probability code.
    """
    enc, dec = nets(8, 3)

    def step(x):
        mu, logvar = enc(x).chunk(2, 1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn(4, *mu.shape)
        x_hat = dec(z).mean(0)
        kl = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(1)
        return (0.5 * (x_hat - x).pow(2).sum(1) + kl).mean()

    def reference(x):
        mu, logvar = enc(x).chunk(2, 1)
        sd = logvar.mul(0.5).exp()
        z = mu + sd * torch.randn(4, *mu.shape)
        return sum(gaussian(dec(each), x) for each in z) / 4, normal_kl(mu, sd)

    return Built(step, torch.randn(6, 8), [enc, dec], reference)
