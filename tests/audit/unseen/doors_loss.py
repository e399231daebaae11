"""Loss functions of tensors, for `audit_loss`."""

import math

import torch
import torch.nn.functional as F
from torch import distributions as td

from .case import Built, bernoulli, binary, gaussian, grey, normal_kl, other, right, wrong


def tensors(data, *shape_of_output):
    """Random arguments: what a decoder put out, data, mean and log-variance."""
    return lambda: (torch.randn(6, 8), data(6, 8), torch.randn(6, 3), torch.randn(6, 3))


def probabilities():
    """The same, with a probability as output."""
    h, x, mu, logvar = tensors(binary)()
    return torch.sigmoid(h), x, mu, logvar


def usual(nll, transform=lambda h: h):
    """The reference of (x_hat, x, mu, logvar)."""
    return lambda h, x, mu, logvar: (nll(transform(h), x), normal_kl(mu, logvar.mul(0.5).exp()))


@right("audit_loss", beta=1, declare={"beta": 1, "variance": 0.01})
def fixed_observation_noise():
    """Squares / (2 * 0.1^2) + KL, both summed: a Gaussian of the declared variance 0.01, beta = 1.

    Source: VAEs with a fixed decoder std of 0.1.
    """

    def loss(recon_x, x, mu, log_var, sigma=0.1):
        recon = ((recon_x - x) ** 2 / (2 * sigma**2)).flatten(1).sum(1)
        kl = -0.5 * torch.sum(1 + log_var - mu**2 - log_var.exp(), dim=1)
        return (recon + kl).mean(dim=0)

    return Built(loss, reference=usual(lambda h, x: gaussian(h, x, 0.1)), inputs=tensors(grey))


@right("audit_loss", beta=0.25)
def dictionary_of_losses():
    """Squares summed without 1/2 and 0.5 KL, both over rows: beta = 0.5 / 2 at variance 1; a dict is returned.

    Source: trainers that return {"loss": ..., "reconstruction_loss": ..., "kld_loss": ...}.
    """

    def loss_function(x_hat, x, mu, logvar):
        rec = F.mse_loss(x_hat, x, reduction="none").sum(-1).mean()
        kld = torch.mean(-0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), -1))
        return {"loss": rec + 0.5 * kld, "reconstruction_loss": rec.detach(), "kld_loss": -kld.detach()}

    return Built(loss_function, reference=usual(gaussian), inputs=tensors(torch.randn))


@right("audit_loss", beta=1)
def absolute_errors_and_std():
    """Absolute errors are a Laplace of scale 1; the KL takes the standard deviation: beta = 1.

    Source: alecGraves/BVAE-tf issue 8, where "mae" as a reconstruction is asked about.
    """

    def loss(reconstruction, x, mu, std):
        mae = (reconstruction - x).abs().sum()
        return mae + td.kl_divergence(td.Normal(mu, std), td.Normal(0.0, 1.0)).sum()

    def inputs():
        h, x, mu, logvar = tensors(torch.randn)()
        return h, x, mu, logvar.exp()

    def reference(h, x, mu, std):
        return -td.Laplace(h, 1.0).log_prob(x).sum(), normal_kl(mu, std)

    return Built(loss, reference=reference, inputs=inputs)


@right("audit_loss", beta=math.log(2))
def bits_for_the_data():
    """The NLL is in bits and the KL in nats: (NLL + log 2 KL) / log 2, beta = log 2. Nothing is declared.

    Source: made for this set, after bits-per-dim reports.
    """

    def loss(logits, x, mu, logvar):
        bits = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1) / math.log(2)
        return torch.mean(bits + 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1))

    return Built(loss, reference=usual(bernoulli), inputs=tensors(binary))


@wrong("audit_loss")
def mean_used_twice():
    """The KL is given mu as its log-variance: it has no sigma at all. At mu = 1, -(1 + 1 - 1 - e) / 2 = 0.86 whatever.

    Source: kaist-dmlab/TRAP pull request 1, logvar_q that is mu_q.
    """

    def loss(x_hat, x, mu, logvar):
        logvar_q = mu
        bce = F.binary_cross_entropy(x_hat, x, reduction="sum")
        return bce - 0.5 * torch.sum(1 + logvar_q - mu.pow(2) - logvar_q.exp())

    reference = usual(bernoulli, torch.logit)
    return Built(loss, reference=reference, inputs=probabilities)


@wrong("audit_loss")
def half_of_the_cross_entropy():
    """-x log p without (1 - x) log(1 - p): with a sigmoid p, sum over x of e^-loss is p + 1, no likelihood.

    Source: made for this set, after y_true * log(y_pred) for binary data.
    """

    def loss(x_hat, x, mu, logvar):
        ce = -torch.sum(x * torch.log(x_hat + 1e-8))
        return ce - 0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())

    return Built(loss, reference=usual(bernoulli, torch.logit), inputs=probabilities)


@wrong("audit_loss", declare={"beta": 4})
def declared_four_and_unused():
    """beta = 4 is declared; the loss adds the KL with weight 1, so beta is 1.

    Source: AlexanderVNikitin/tsgm issue 69, beta not used in BetaVAE.
    """
    options = {"beta": 4.0}

    def loss(x_hat, x, mu, logvar):
        reconstruction_loss = 0.5 * (x_hat - x).pow(2).sum(1).mean()
        kl_loss = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(1).mean()
        return reconstruction_loss + kl_loss + 0 * options["beta"]

    return Built(loss, reference=usual(gaussian), inputs=tensors(torch.randn))


@wrong("audit_loss")
def elbo_with_the_kl_added_then_negated():
    """-(log p + KL) is NLL - KL: beta = -1, and the loss has no lower bound in mu.

    Source: EderSantana/gumbel issue 3, a KL that is minimised where it is subtracted.
    """

    def loss(logits, x, mu, logvar):
        log_px = -F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
        kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1)
        elbo = log_px + kl
        return -elbo.mean()

    return Built(loss, reference=usual(bernoulli), inputs=tensors(binary))


@wrong("audit_loss", also={"OTHER": "the expected target of a cross entropy may be named as another reconstruction"})
def input_and_target_swapped():
    """BCE of (x, p) for (p, x): -p log x - (1 - p) log(1 - x). As a function of x its integral moves with p.

    int x^p (1 - x)^(1 - p) dx is 1/2 at p = 0 and pi/8 = 0.393 at p = 1/2; in p the loss is linear, best at 0 or 1.
    Source: autonomousvision/sledge issue 4, swapped arguments of a cross entropy.
    """

    def loss(x_hat, x, mu, logvar):
        recon = F.binary_cross_entropy(x, x_hat, reduction="sum")
        return recon - 0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())

    def inputs():
        h, x, mu, logvar = tensors(grey)()
        return torch.sigmoid(h), x, mu, logvar

    return Built(loss, reference=usual(bernoulli, torch.logit), inputs=inputs)


@other("(?i)free.?(bits|nats)|threshold|hinge|toleran", "audit_loss", declare={"y": "x_hat"})
def free_nats_of_a_row():
    """The row's KL is raised to at least 0.5 L before the mean: no gradient below it. Free bits, meant so.

    Source: AppliedDataSciencePartners/WorldModels issue 12, KL_TOLERANCE * Z_DIM of world models.
    """

    def loss(y, x, mu, logvar, kl_tolerance=0.5):
        r_loss = torch.sum(torch.square(x - y), dim=1).mean()
        kl_loss = -0.5 * torch.sum(1 + logvar - torch.square(mu) - torch.exp(logvar), dim=1)
        return r_loss + torch.maximum(kl_loss, torch.tensor(kl_tolerance * mu.shape[1])).mean()

    return Built(loss, reference=usual(gaussian), inputs=tensors(torch.randn))
