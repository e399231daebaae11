"""Right losses inside the machinery of training: precision, compilation, checkpoints, accumulation, schedules."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

from .case import Built, bernoulli, binary, gaussian, grey, nets, normal_kl, plain, right


def kl_rows(mu, logvar):
    return -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), dim=1)


@right(beta=1)
def autocast_to_bfloat16():
    """Layers run in bfloat16, the loss in float32 of what they put out: the formula is the ELBO's, beta = 1.

    Source: mixed-precision training with torch.autocast and a GradScaler.
    """
    enc, dec = nets(8, 3)
    scaler = torch.amp.GradScaler("cpu", enabled=False)

    def step(x):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            mu, logvar = enc(x).float().chunk(2, 1)
            logits = dec(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu))
        recon = F.binary_cross_entropy_with_logits(logits.float(), x, reduction="sum")
        loss = (recon + kl_rows(mu, logvar).sum()) / x.shape[0]
        scaler.scale(loss).backward()
        return loss

    def reference(x):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            mu, logvar = enc(x).float().chunk(2, 1)
            sd = torch.exp(0.5 * logvar)
            logits = dec(mu + sd * torch.randn_like(mu)).float()
        return bernoulli(logits, x), normal_kl(mu, sd)

    return Built(step, binary(6, 8), [enc, dec], reference, single=True)


@right(beta=1)
def compiled_with_the_eager_backend():
    """torch.compile only traces the loss; what runs is half the squares and the KL, averaged over rows.

    Source: torch.compile in training scripts; backend="eager" needs no compiler.
    """
    enc, dec = nets(8, 3)

    def objective(x):
        mu, logvar = enc(x).chunk(2, 1)
        x_hat = dec(mu + logvar.mul(0.5).exp() * torch.randn_like(mu))
        return (0.5 * (x_hat - x).square().sum(1) + kl_rows(mu, logvar)).mean()

    return Built(torch.compile(objective, backend="eager"), torch.randn(6, 8), [enc, dec], plain(enc, dec, gaussian))


@right(beta=2)
def functional_call_of_the_model():
    """The model runs by functional_call with its own parameters: squares without 1/2 and 4 times KL: beta = 4 / 2.

    Source: torch.func.functional_call, as in meta-learning code.
    """

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.enc, self.dec = nets(8, 3)

        def forward(self, x):
            mu, logvar = self.enc(x).chunk(2, 1)
            return self.dec(mu + torch.exp(logvar / 2) * torch.randn_like(mu)), mu, logvar

    model = Model()

    def step(x):
        x_hat, mu, logvar = torch.func.functional_call(model, dict(model.named_parameters()), (x,))
        return F.mse_loss(x_hat, x, reduction="sum") + 4 * kl_rows(mu, logvar).sum()

    return Built(step, torch.randn(6, 8), [model], plain(model.enc, model.dec, gaussian))


@right(beta=1)
def vmap_over_rows():
    """One row's ELBO, mapped over rows with different noise for each, and averaged: beta = 1.

    Source: functorch tutorials on per-sample losses.
    """
    enc, dec = nets(8, 3)

    def one(row):
        mu, logvar = enc(row).chunk(2)
        z = mu + torch.exp(0.5 * logvar) * torch.randn(3, dtype=row.dtype)
        return 0.5 * (dec(z) - row).pow(2).sum() - 0.5 * (1 + logvar - mu**2 - logvar.exp()).sum()

    def step(x):
        return torch.vmap(one, randomness="different")(x).mean()

    return Built(step, torch.randn(6, 8), [enc, dec], plain(enc, dec, gaussian))


@right(beta=1)
def checkpointed_decoder():
    """The decoder is run under a checkpoint, which runs it again in the backward pass and changes nothing else.

    Source: torch.utils.checkpoint in large VAEs.
    """
    enc, dec = nets(8, 3)

    def step(x):
        mu, logvar = enc(x).chunk(2, 1)
        z = torch.addcmul(mu, torch.exp(0.5 * logvar), torch.randn_like(mu))
        logits = checkpoint(dec, z, use_reentrant=False)
        nll = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
        loss = torch.mean(nll + kl_rows(mu, logvar))
        loss.backward()
        return loss

    return Built(step, grey(6, 8), [enc, dec], plain(enc, dec, bernoulli))


@right(beta=1)
def accumulated_and_clipped():
    """Chunks of 2 rows, each sum divided by all rows and back-propagated, then clipping by norm and a step: beta = 1.

    Clipping scales the whole gradient; what is back-propagated is what is returned.
    Source: gradient accumulation in Accelerate and Lightning style loops.
    """
    enc, dec = nets(8, 3)
    parameters = [*enc.parameters(), *dec.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3)

    def step(x):
        optimizer.zero_grad(set_to_none=True)
        total = 0.0
        for part in x.split(2):
            mu, logvar = enc(part).chunk(2, 1)
            x_hat = dec(mu + (logvar / 2).exp() * torch.randn_like(mu))
            loss = (0.5 * ((x_hat - part) ** 2).sum() + kl_rows(mu, logvar).sum()) / len(x)
            loss.backward()
            total = total + loss
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        return total

    def reference(x):
        both = [plain(enc, dec, gaussian)(part) for part in x.split(2)]
        return sum(n for n, _ in both), sum(k for _, k in both)

    return Built(step, torch.randn(6, 8), [enc, dec], reference, gradient=False)


@right(beta=1, declare={"beta": 1})
def noise_from_a_generator():
    """The noise comes from a torch.Generator made once; it draws anew in each call: a standard normal each time.

    Source: huggingface/peft pull request 3428, seeded noise for reparametrisation; diffusers' generator argument.
    """
    enc, dec = nets(8, 3)
    generator = torch.Generator()
    generator.manual_seed(7)

    def step(x):
        mu, logvar = enc(x).chunk(2, 1)
        eps = torch.randn(mu.shape, generator=generator, dtype=mu.dtype)
        x_hat = dec(mu + torch.exp(0.5 * logvar) * eps)
        return 0.5 * (x_hat - x).pow(2).sum(1).mean() + kl_rows(mu, logvar).mean()

    def reference(x):
        mu, logvar = enc(x).chunk(2, 1)
        sd = torch.exp(0.5 * logvar)
        state = generator.get_state()
        out = dec(mu + sd * torch.randn(mu.shape, generator=generator, dtype=mu.dtype))
        generator.set_state(state)  # the step draws the same again
        return gaussian(out, x), normal_kl(mu, sd)

    return Built(step, torch.randn(6, 8), [enc, dec], reference)


@right(beta=0.005)
def diagonal_gaussian_distribution_class():
    """z = mean + std eps under the name sample(), a clamp to [-30, 20] that both terms share, sums over C, H, W.

    Squares without 1/2 and 0.01 KL: beta = 0.01 / 2.
    Source: huggingface/diffusers issue 894, a training loop for AutoencoderKL (sum of squares, kl().sum() * 1e-2).
    """

    class DiagonalGaussian:
        def __init__(self, parameters):
            self.mean, logvar = torch.chunk(parameters, 2, dim=1)
            self.logvar = torch.clamp(logvar, -30.0, 20.0)
            self.std, self.var = torch.exp(0.5 * self.logvar), torch.exp(self.logvar)

        def sample(self):
            return self.mean + self.std * torch.randn(self.mean.shape)

        def kl(self):
            return 0.5 * torch.sum(self.mean**2 + self.var - 1.0 - self.logvar, dim=[1, 2, 3])

    enc, dec = nn.Conv2d(1, 4, 3, stride=2, padding=1), nn.ConvTranspose2d(2, 1, 2, stride=2)

    def step(inputs):
        latent = DiagonalGaussian(enc(inputs))
        outputs = dec(latent.sample())
        return F.mse_loss(inputs, outputs, reduction="sum") + latent.kl().sum() * 1e-2

    def reference(x):
        mean, logvar = enc(x).chunk(2, 1)
        sd = logvar.mul(0.5).exp()
        return gaussian(dec(mean + sd * torch.randn(mean.shape)), x), normal_kl(mean, sd)

    return Built(step, torch.randn(6, 1, 4, 4), [enc, dec], reference)


@right(beta=0.3)
def warm_up_in_a_buffer():
    """The weight is min(1, step / 1000) with step = 300 in a buffer: beta = 0.3 as of this step.

    Source: linear warm-up as in asyml/texar issue 87, with the counter in a buffer.
    """

    class Annealed(nn.Module):
        def __init__(self):
            super().__init__()
            self.enc, self.dec = nets(8, 3)
            self.register_buffer("global_step", torch.tensor(300))

        def loss(self, x):
            mu, logvar = self.enc(x).chunk(2, 1)
            x_hat = self.dec(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu))
            weight = torch.clamp(self.global_step / 1000, max=1.0)
            return torch.mean(0.5 * (x - x_hat).pow(2).sum(1) + weight * kl_rows(mu, logvar))

    model = Annealed()
    return Built(model.loss, torch.randn(6, 8), [model.enc, model.dec], plain(model.enc, model.dec, gaussian))


@right(beta=1)
def batch_normalised_means():
    """mu is batch-normalised, in the sampler and the KL alike: the posterior of a row knows the others, a bound still.

    log p(x_1..x_B) >= E[log p(x|z)] - sum_i KL(q(z_i | x_1..x_B) || p), for every such q.
    Source: valdersoul/bn-vae, batch norm on the posterior's means against collapse.
    """
    enc, dec, bn = *nets(8, 3), nn.BatchNorm1d(3)

    def step(x):
        mean, logvar = enc(x).chunk(2, -1)
        mean = bn(mean)
        z = torch.randn_like(mean).mul(logvar.mul(0.5).exp()).add(mean)
        KL = 0.5 * (mean.pow(2) + logvar.exp() - logvar - 1).sum(dim=1)
        return (F.binary_cross_entropy_with_logits(dec(z), x, reduction="none").sum(1) + KL).mean()

    def reference(x):
        mean, logvar = enc(x).chunk(2, -1)
        centred = mean - mean.mean(0)
        mean = bn.weight * centred / (centred.square().mean(0) + bn.eps).sqrt() + bn.bias
        sd = logvar.mul(0.5).exp()
        return bernoulli(dec(mean + sd * torch.randn_like(mean)), x), normal_kl(mean, sd)

    return Built(step, binary(6, 8), [enc, dec, bn], reference)
