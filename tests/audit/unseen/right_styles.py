"""Right losses, in the styles in which public code is written."""

from collections import OrderedDict
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import Normal, kl_divergence

from .case import Built, bernoulli, binary, gaussian, grey, nets, normal_kl, plain, right


@right(beta=1, declare={"likelihood": "bernoulli"})
def keras_blog_port():
    """D times the mean of BCE over D is its sum over D; both terms are averaged over rows: beta = 1.

    Source: Keras issue 6015, where mean or sum is asked; the script's original_dim * xent.
    """
    enc, dec = nets(8, 3)

    def step(x):
        z_mean, z_log_var = enc(x).chunk(2, dim=-1)
        z = z_mean + torch.exp(z_log_var / 2) * torch.randn(z_mean.shape[0], z_mean.shape[1])
        xent = x.shape[-1] * F.binary_cross_entropy(torch.sigmoid(dec(z)), x, reduction="none").mean(-1)
        kl = -0.5 * torch.sum(1 + z_log_var - z_mean.square() - z_log_var.exp(), dim=-1)
        return (xent + kl).mean()

    return Built(step, binary(6, 8), [enc, dec], plain(enc, dec, bernoulli))


@right(beta=1, declare={"beta": 1.0})
def lightning_training_step():
    """Half the squares and the KL, both summed and divided by the rows: beta = 1; the dict's other entries are logged.

    Source: Lightning modules that share a step between training and validation, as in many project templates.
    """

    class LitVAE(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder, self.decoder = nn.Linear(8, 6), nn.Linear(3, 8)
            self.logged = {}

        def log_dict(self, values, **kwargs):
            self.logged.update(values)

        def shared_step(self, batch):
            x, _label = batch
            x = x.view(x.size(0), -1)
            mu, logvar = self.encoder(x).chunk(2, dim=1)
            x_hat = self.decoder(mu + logvar.mul(0.5).exp() * torch.randn_like(mu))
            recon = 0.5 * F.mse_loss(x_hat, x, reduction="sum") / x.size(0)
            kld = 0.5 * (logvar.exp() + mu.pow(2) - 1.0 - logvar).sum(1).mean(0)
            return {"loss": recon + kld, "recon": recon.detach(), "kld": kld.detach()}

        def training_step(self, batch, batch_idx):
            losses = self.shared_step(batch)
            self.log_dict({f"train/{k}": v for k, v in losses.items()}, prog_bar=True)
            return losses

    model = LitVAE()
    reference = plain(model.encoder, model.decoder, gaussian)
    batch = (torch.randn(6, 2, 4), torch.randint(0, 10, (6,)))
    return Built(lambda b: model.training_step(b, 0), batch, [model], lambda b: reference(b[0].flatten(1)))


@right(beta=0.5)
def huggingface_text_vae():
    """Cross entropy summed over real tokens and divided by rows, 0.5 * KL averaged over rows: beta = 0.5.

    The labels of padding are -100 and count nothing, so the likelihood is of the real tokens.
    Source: Hugging Face style text VAEs (ModelOutput, labels with -100), as wyu-du/GP-VAE builds on T5.
    """

    @dataclass
    class VAEOutput(OrderedDict):
        loss: torch.Tensor = None
        logits: torch.Tensor = None

        def __post_init__(self):
            self.update(loss=self.loss, logits=self.logits)

    class TextVAE(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.to_latent = nn.Embedding(7, 5), nn.Linear(5, 4)
            self.from_latent = nn.Linear(2, 4 * 7)

        def forward(self, input_ids, attention_mask, labels):
            hidden = (self.embed(input_ids) * attention_mask.unsqueeze(-1)).sum(1)
            mean, logvar = self.to_latent(hidden).chunk(2, -1)
            posterior = Normal(mean, torch.exp(0.5 * logvar))
            logits = self.from_latent(posterior.rsample()).view(len(input_ids), 4, 7)
            nll = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-100, reduction="sum")
            kl = kl_divergence(posterior, Normal(0.0, 1.0)).sum(-1)
            return VAEOutput(loss=nll / len(input_ids) + 0.5 * kl.mean(), logits=logits)

    model = TextVAE()
    ids = torch.randint(0, 7, (6, 4))
    mask = torch.ones(6, 4, dtype=torch.long)
    mask[::2, 3] = 0
    batch = {"input_ids": ids, "attention_mask": mask, "labels": ids.masked_fill(mask == 0, -100)}

    def reference(b):
        hidden = (model.embed(b["input_ids"]) * b["attention_mask"].unsqueeze(-1)).sum(1)
        mean, logvar = model.to_latent(hidden).chunk(2, -1)
        z = mean + logvar.mul(0.5).exp() * torch.randn_like(mean)
        log_p = torch.distributions.Categorical(logits=model.from_latent(z).view(-1, 4, 7)).log_prob(b["input_ids"])
        return -(log_p * b["attention_mask"]).sum(), normal_kl(mean, logvar.mul(0.5).exp())

    return Built(lambda b: model(**b).loss, batch, [model], reference)


@right(beta=1, declare={"beta": 1})
def mean_everything_over_b_d():
    """BCE averaged over B D numbers, the KL summed and divided by B D too: one common factor, beta = 1.

    Source: ReyhaneAskari/pytorch_experiments issue 6 and pytorch/examples issue 290, "why is the KLD divided by 784?".
    """
    enc, dec = nets(8, 3)

    def step(data):
        mu, logvar = enc(data).chunk(2, 1)
        eps = torch.empty_like(mu).normal_()
        recon_x = torch.sigmoid(dec(eps.mul(logvar.mul(0.5).exp_()).add_(mu)))
        BCE = F.binary_cross_entropy(recon_x, data)
        KLD = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
        KLD /= data.shape[0] * 8
        return BCE + KLD

    return Built(step, grey(6, 8), [enc, dec], plain(enc, dec, bernoulli))


@right(beta=1)
def logvar_layer_that_is_the_mean_layer():
    """By a slip logvar is the mean's layer: the posterior is N(m, exp(m)), in the sampler and in the KL alike.

    That is an ELBO of a smaller family, hence PROVED, with a restricted posterior.
    Source: SadTalker issue 969, logvar computed by linear_means.
    """
    body, linear_means, dec = nn.Linear(8, 5), nn.Linear(5, 3), nn.Linear(3, 8)

    def step(x):
        h = F.relu(body(x))
        means, log_var = linear_means(h), linear_means(h)
        z = torch.randn_like(means) * torch.exp(0.5 * log_var) + means
        mse = 0.5 * (dec(z) - x).pow(2).sum()
        kld = -0.5 * torch.sum(1 + log_var - means.pow(2) - log_var.exp())
        return (mse + kld) / x.size(0)

    def reference(x):
        m = linear_means(F.relu(body(x)))
        z = m + m.mul(0.5).exp() * torch.randn_like(m)
        return gaussian(dec(z), x), normal_kl(m, m.mul(0.5).exp())

    return Built(step, torch.randn(6, 8), [body, linear_means, dec], reference)


@right(beta=1)
def softplus_on_logvar_everywhere():
    """logvar = softplus(raw) > 0 in the sampler and in the KL alike: the ELBO of a restricted posterior.

    Source: wohlert/semi-supervised-pytorch issues 16 and 23; the same in RasmussenLab/vamb pull request 182.
    """
    enc, dec = nets(8, 3)

    def step(x):
        mu, raw = enc(x).chunk(2, 1)
        log_var = F.softplus(raw)
        z = mu + log_var.mul(0.5).exp() * torch.randn_like(mu)
        q = (-0.5 * log_var - (z - mu) ** 2 / (2 * log_var.exp())).sum(-1)
        p = (-0.5 * z**2).sum(-1)
        likelihood = -F.binary_cross_entropy_with_logits(dec(z), x, reduction="none").sum(-1)
        return -(likelihood - (q - p)).mean()

    def reference(x):
        mu, raw = enc(x).chunk(2, 1)
        sd = F.softplus(raw).mul(0.5).exp()
        z = mu + sd * torch.randn_like(mu)
        kl = Normal(mu, sd).log_prob(z).sum() - Normal(0.0, 1.0).log_prob(z).sum()
        return bernoulli(dec(z), x), kl

    return Built(step, binary(6, 8), [enc, dec], reference)


@right(beta=1)
def sum_kl_of_shuffled_rows():
    """The KL is taken of mu[p], logvar[p]; its sum over rows does not depend on the order of rows: an ELBO.

    Source: made for this set; permuted codes are at hand in FactorVAE style code.
    """
    enc, dec = nets(8, 3)

    def step(x):
        mu, logvar = enc(x).chunk(2, 1)
        out = dec(mu + torch.exp(0.5 * logvar) * torch.randn_like(mu))
        p = torch.randperm(len(x))
        kl = -0.5 * (1 + logvar[p] - mu[p].pow(2) - logvar[p].exp()).sum()
        return 0.5 * (out - x).pow(2).sum() + kl

    return Built(step, torch.randn(6, 8), [enc, dec], plain(enc, dec, gaussian))


@right(beta=1, declare={"likelihood": "gaussian"})
def kl_with_a_forgotten_latent_count():
    """The constant is T/2 rather than L T/2: only a constant is wrong, and the gradient is the ELBO's.

    Source: ericjang/draw issue 2 and pull request 6: "- T * .5" once where each latent needs it.
    """
    enc, dec = nets(8, 3)

    def step(x):
        mu, logsigma = enc(x).chunk(2, 1)
        sigma = torch.exp(logsigma)
        z = mu + sigma * torch.randn_like(sigma)
        kl = 0.5 * torch.sum(mu.square() + sigma.square() - 2 * logsigma, 1) - 0.5
        return torch.mean(0.5 * (x - dec(z)).square().sum(1) + kl)

    def reference(x):
        mu, logsigma = enc(x).chunk(2, 1)
        z = mu + logsigma.exp() * torch.randn_like(mu)
        return gaussian(dec(z), x), normal_kl(mu, logsigma.exp())

    return Built(step, torch.randn(6, 8), [enc, dec], reference)


@right(beta=5 / 3)
def kl_summed_over_rows_averaged_over_latents():
    """The KL is summed over dim 0 and then averaged over L: 5 / L times its sum; BCE is summed: beta = 5 / L.

    Source: masato-ka/airc-rl-agent issue 44, KL = torch.sum(..., dim=0) and then torch.mean, times 5.
    """
    enc, dec = nets(8, 3)

    def step(images):
        mean, logvar = enc(images).chunk(2, 1)
        reconst = torch.sigmoid(dec(mean + logvar.mul(0.5).exp() * torch.randn_like(logvar)))
        KL = torch.mean(-0.5 * torch.sum((1 + logvar - mean.pow(2) - logvar.exp()), dim=0))
        reconstruction = F.binary_cross_entropy(reconst.view(-1, 8), images.view(-1, 8), reduction="sum")
        return reconstruction + 5.0 * KL

    return Built(step, binary(6, 8), [enc, dec], plain(enc, dec, bernoulli))


@right(beta=1, declare={"likelihood": "bernoulli"})
def sigmoid_of_a_sigmoid():
    """The decoder ends in a sigmoid and the loss takes logits: p lies in (0.5, 0.73), a poor but proper Bernoulli.

    Source: the forum's "BCE with logits after a sigmoid"; ToniCreswell/attribute-cVAEGAN issue 1 is on the same loss.
    """
    enc, dec = nets(8, 3)

    def step(x):
        mu, logvar = enc(x).chunk(2, 1)
        x_hat = torch.sigmoid(dec(mu + logvar.mul(0.5).exp() * torch.randn_like(mu)))
        recon = nn.functional.binary_cross_entropy_with_logits(x_hat, x, reduction="sum")
        return (recon - 0.5 * (1 + logvar - mu**2 - logvar.exp()).sum()) / x.size(0)

    return Built(step, binary(6, 8), [enc, dec], plain(enc, dec, lambda h, x: bernoulli(h.sigmoid(), x)))
