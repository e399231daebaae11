"""An importance-weighted bound over the wrong axis: the weights have shape (samples, batch), and `dim=1` mixes images.

The logarithm of a mean over images bounds no image's evidence: one image that fits well pays for all others.
Mended, it is tighter than the ELBO, and is trained for that: so its ELBO, in the table, is not the best.
"""

import math

import torch
import torch.nn.functional as F
from torch.distributions import Normal

from digits_run import VAE, binary, run

batch = binary[:32]
model = VAE()


SAMPLES = 8


def step(x):
    mu, logvar = model.encode(x)
    q, prior = Normal(mu, (0.5 * logvar).exp()), Normal(0.0, 1.0)
    z = q.rsample((SAMPLES,))
    bce = F.binary_cross_entropy_with_logits(model.decode(z), x.expand(SAMPLES, -1, -1), reduction="none")
    log_w = prior.log_prob(z).sum(-1) - q.log_prob(z).sum(-1) - bce.sum(-1)
    return -torch.mean(torch.logsumexp(log_w, dim=1) - math.log(len(x)))  # wrong
    # mend: return -torch.mean(torch.logsumexp(log_w, dim=0) - math.log(SAMPLES))


if __name__ == "__main__":
    run(__file__)
