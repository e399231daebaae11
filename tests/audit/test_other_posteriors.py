"""Steps that may be right, of what is not read: a uniform posterior, and a gradient by the score of q.

None of them is refuted, declared as the advice says or not; steps with the KL of a normal and such a draw still are.
"""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import Bernoulli, Normal, Uniform, kl_divergence

from vaelid.auditor import audit

D, L, ROWS = 6, 4, 8
torch.manual_seed(0)
HEAD, DECODER, BASELINE, WIDTHS = nn.Linear(D, 2 * L), nn.Linear(L, D), nn.Linear(D, 1), nn.Parameter(torch.zeros(L))
BITS = torch.rand(ROWS, D).round()
UNIT = Normal(0.0, 1.0)


def log_p(z, x):
    return Bernoulli(logits=DECODER(z)).log_prob(x).sum(-1)


def start_and_width(x):
    """Of an interval inside of (0, 1)."""
    start, width = HEAD(x).chunk(2, -1)
    return 0.4 * torch.sigmoid(start), 0.1 + 0.4 * torch.sigmoid(width)


def normal(x):
    mean, log_variance = HEAD(x).chunk(2, -1)
    return Normal(mean, (log_variance / 2).exp())


def uniform_and_uniform_prior(x):
    start, width = start_and_width(x)
    q = Uniform(start, start + width)
    z = q.rsample()
    return (-log_p(z, x) + (q.log_prob(z) - Uniform(0.0, 1.0).log_prob(z)).sum(-1)).mean()


def uniform_by_hand(x):
    start, width = start_and_width(x)
    z = start + width * torch.rand_like(width)
    return (-log_p(z, x) - width.log().sum(-1)).mean()


def uniform_and_normal_prior(x):
    start, width = HEAD(x).chunk(2, -1)
    q = Uniform(start, start + F.softplus(width))
    return (-log_p(q.rsample(), x) + kl_divergence(q, UNIT).sum(-1)).mean()


def rate_and_distortion(x):
    """Learned compression (Balle et al. 2018): a uniform posterior of width 1, a prior by differences of a sigmoid."""
    y = HEAD(x)[:, :L]
    z = y + torch.rand_like(y) - 0.5
    scale = F.softplus(WIDTHS)
    share = torch.sigmoid((z + 0.5) * scale) - torch.sigmoid((z - 0.5) * scale)
    return -log_p(z, x).mean() - share.log().sum(-1).mean()


def importance_weighted_uniform(x):
    start, width = start_and_width(x)
    z = Uniform(start, start + width).rsample((5,))
    return -torch.logsumexp(log_p(z, x) + width.log().sum(-1), 0).mean()


def score_function(x):
    q = normal(x)
    z = q.sample()
    nll = -log_p(z, x)
    return (nll + kl_divergence(q, UNIT).sum(-1) + nll.detach() * q.log_prob(z).sum(-1)).mean()


def score_function_with_the_elbos_value(x):
    q = normal(x)
    z = q.sample()
    nll = -log_p(z, x)
    surrogate = nll.detach() * q.log_prob(z).sum(-1)
    return (nll + kl_divergence(q, UNIT).sum(-1) + surrogate - surrogate.detach()).mean()


def score_function_with_a_baseline(x):
    q = normal(x)
    z = q.sample()
    nll = -log_p(z, x)
    advantage = (nll - BASELINE(x)[:, 0]).detach()
    return (nll + kl_divergence(q, UNIT).sum(-1) + advantage * q.log_prob(z).sum(-1)).mean()


MAY_BE_RIGHT = [
    uniform_and_uniform_prior,
    uniform_by_hand,
    uniform_and_normal_prior,
    rate_and_distortion,
    importance_weighted_uniform,
    score_function,
    score_function_with_the_elbos_value,
    score_function_with_a_baseline,
]


@pytest.mark.slow
@pytest.mark.parametrize("declared", [{}, {"beta": 1}, {"beta": 1, "prior": "N(0, I)", "likelihood": "bernoulli"}])
@pytest.mark.parametrize("step", MAY_BE_RIGHT)
def test_it_is_unknown_declared_or_not(step, declared):
    report = audit(step, BITS, **declared)
    assert report.verdict == "UNKNOWN", report.summary
    assert "uniform" in report.summary or "score function" in report.summary


def uniform_beside_a_normals_kl(x):
    q = normal(x)
    return (-log_p(q.loc + q.scale * torch.rand_like(q.loc), x) + kl_divergence(q, UNIT).sum(-1)).mean()


def uniform_in_a_normals_estimate(x):
    q = normal(x)
    z = q.loc + q.scale * torch.rand_like(q.loc)
    return (-log_p(z, x) + (q.log_prob(z) - UNIT.log_prob(z)).sum(-1)).mean()


def cut_off(x):
    q = normal(x)
    z = q.sample()
    return (-log_p(z, x) + kl_divergence(q, UNIT).sum(-1)).mean()


def cut_off_in_an_estimate(x):
    q = normal(x)
    z = q.sample()
    return (-log_p(z, x) + (q.log_prob(z) - UNIT.log_prob(z)).sum(-1)).mean()


WRONG = {
    uniform_beside_a_normals_kl: "uniform-noise",
    uniform_in_a_normals_estimate: "uniform-noise",
    cut_off: "detached",
    cut_off_in_an_estimate: "detached",
}


@pytest.mark.parametrize("step", WRONG)
def test_beside_the_kl_of_a_normal_it_is_refuted(step):
    report = audit(step, BITS)
    assert report.verdict == "REFUTED"
    assert WRONG[step] in {claim.bug for claim in report.claims}
