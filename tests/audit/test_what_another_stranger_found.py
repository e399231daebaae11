"""Steps by a stranger who had the claim alone: draws that are correlated, other laws, columns of one head, counts."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import distributions as td
from torch import nn

from vaelid.auditor import audit

D, L, ROWS = 6, 3, 5
torch.manual_seed(0)
HEAD, TWO_HEADS = nn.Linear(D, 2 * L), nn.Linear(D, 4 * L)
ABOVE, DECODER, OF_TWO = nn.Linear(L, 2 * L), nn.Linear(L, D), nn.Linear(2 * L, D)
BITS = torch.rand(ROWS, D).round()
COUNTS = (4 * torch.rand(ROWS, D)).round()


def kl(mean, log_variance, to=0.0, log_variance_to=None):
    other = torch.zeros_like(log_variance) if log_variance_to is None else log_variance_to
    return (other - log_variance + ((mean - to) ** 2 + log_variance.exp()) / other.exp() - 1).sum(-1) / 2


def nll(logits, x):
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1)


def drawn(mean, log_variance):
    return mean + torch.randn_like(mean) * (log_variance / 2).exp()


SHARED = {
    "along coordinates": lambda m: torch.randn(len(m), 1),
    "along rows": lambda m: torch.randn(1, L),
    "along both": lambda m: torch.randn(()),
}


@pytest.mark.parametrize("name", SHARED)
def test_noise_of_which_a_part_is_shared_is_not_taken_for_a_draw_of_each_coordinate(name):
    def step(x):
        mean, log_variance = HEAD(x).chunk(2, -1)
        noise = (torch.randn_like(mean) + SHARED[name](mean)) / math.sqrt(2)
        return (nll(DECODER(mean + noise * (log_variance / 2).exp()), x) + kl(mean, log_variance)).mean()

    report = audit(step, BITS)
    assert report.verdict == "UNKNOWN"
    assert "one is shared along" in report.summary


def of_words(x):
    mean, log_variance = HEAD(x).chunk(2, -1)
    logits = DECODER(drawn(mean, log_variance))
    return (-(x * F.log_softmax(logits, -1)).sum(-1) + kl(mean, log_variance)).mean()


def test_counts_under_a_softmax_are_a_multinomials():
    report = audit(of_words, COUNTS)
    assert (report.verdict, report.beta_effective) == ("PROVED", 1)


def test_weights_of_words_that_are_no_counts_are_refuted():
    assert audit(of_words, 0.7 * COUNTS).verdict == "REFUTED"


def test_weights_of_classes_are_no_counts():
    """Of one class -w log p, summed over the classes as exp, is no number: sum over j of p_j to the power w_j."""
    weights, classes = torch.tensor([1.0, 2.0, 3.0, 1.0, 4.0, 1.0]), torch.eye(D)[torch.arange(ROWS)]

    def step(x):
        mean, log_variance = HEAD(x).chunk(2, -1)
        log_p = F.log_softmax(DECODER(drawn(mean, log_variance)), -1)
        return (-(weights * x * log_p).sum(-1) + kl(mean, log_variance)).mean()

    assert audit(step, classes).verdict in ("REFUTED", "OTHER")


def test_a_gammas_own_gradient_is_not_cut_off():
    def step(x):
        a, b = (F.softplus(HEAD(x)) + 0.1).chunk(2, -1)
        q, p = td.Gamma(a, b), td.Gamma(torch.full_like(a, 2.0), torch.ones_like(a))
        z = q.rsample()
        return (nll(DECODER(z), x) + (q.log_prob(z) - p.log_prob(z)).sum(-1)).mean()

    assert audit(step, BITS).verdict == "UNKNOWN"


def test_a_dirichlets_draw_is_a_sample():
    def step(x):
        a = F.softplus(HEAD(x)[:, :L]) + 0.1
        q, p = td.Dirichlet(a), td.Dirichlet(torch.ones(L))
        return (nll(DECODER(q.rsample()), x) + td.kl_divergence(q, p)).mean()

    assert audit(step, BITS).verdict == "UNKNOWN"


@pytest.mark.parametrize("closed", [True, False])
def test_the_kl_of_an_exponential_is_not_refuted_as_a_normals(closed):
    def step(x):
        q, p = td.Exponential(HEAD(x)[:, :L].exp()), td.Exponential(torch.ones(L))
        z = q.rsample()
        divergence = td.kl_divergence(q, p) if closed else q.log_prob(z) - p.log_prob(z)
        return (nll(DECODER(z), x) + divergence.sum(-1)).mean()

    report = audit(step, BITS)
    assert report.verdict == "UNKNOWN"
    assert "the law of the noise" in report.summary


def test_two_latents_from_columns_of_one_head_are_not_refuted():
    def step(x):
        (m0, v0), (m1, v1) = (own.chunk(2, -1) for own in TWO_HEADS(x).split(2 * L, -1))
        z0, z1 = drawn(m0, v0), drawn(m1, v1)
        return (nll(OF_TWO(torch.cat([z0, z1], -1)), x) + kl(m0, v0) + kl(m1, v1, *ABOVE(z0).chunk(2, -1))).mean()

    assert audit(step, BITS).verdict in ("UNKNOWN", "PROVED")


@pytest.mark.parametrize("scaled", [False, True])
def test_means_that_are_centred_over_the_batch_are_not_refuted(scaled):
    def step(x):
        mean, log_variance = HEAD(x).chunk(2, -1)
        mean = mean - mean.mean(0)
        if scaled:
            mean = mean / (mean.pow(2).mean(0) + 1e-5).sqrt()
        return (nll(DECODER(drawn(mean, log_variance)), x) + kl(mean, log_variance)).mean()

    assert audit(step, BITS).verdict in ("UNKNOWN", "PROVED")
