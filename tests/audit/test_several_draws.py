"""Every likelihood at one draw of the latent and at three, which code writes in three ways: PROVED, with beta 1.

The oracle is the code itself: each step is torch's density, averaged over draws, plus the textbook's KL.
"""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import (
    Bernoulli,
    Beta,
    Binomial,
    Categorical,
    Cauchy,
    Exponential,
    Gamma,
    Geometric,
    Gumbel,
    HalfNormal,
    Independent,
    Laplace,
    LogNormal,
    NegativeBinomial,
    Normal,
    Poisson,
    StudentT,
    Weibull,
)

from vaelid.auditor import audit

D, ROWS, DRAWS = 8, 6, 3
torch.manual_seed(3)
SHARED = nn.Parameter(0.1 * torch.randn(D, generator=torch.Generator().manual_seed(2)))
ENCODER, DECODER, OF_CLASSES = nn.Linear(D, 4), nn.Linear(2, 2 * D), nn.Linear(2, 3 * D)

DATA = {
    "real": lambda: torch.randn(ROWS, D),
    "bits": lambda: (torch.rand(ROWS, D) > 0.5).float(),
    "counts": lambda: torch.poisson(torch.full((ROWS, D), 3.0)),
    "trials": lambda: torch.randint(0, 17, (ROWS, D)).float(),
    "unit": lambda: 0.05 + 0.9 * torch.rand(ROWS, D),
    "positive": lambda: 0.1 + 3 * torch.rand(ROWS, D),
    "classes": lambda: torch.randint(0, 3, (ROWS, D)),
}


def like(x, h):
    """The data, as often as there are draws."""
    return x.expand(*h.shape[:-1], D)


def zero_inflated(gate, rate, x):
    zero = torch.logaddexp(F.logsigmoid(gate), F.logsigmoid(-gate) - rate.exp())
    return torch.where(x == 0, zero, F.logsigmoid(-gate) + Poisson(rate.exp()).log_prob(x))


NLL = {  # of h and g, the halves of what the decoder put out, and x
    "Bernoulli of logits": ("bits", lambda h, g, x: -Bernoulli(logits=h).log_prob(x)),
    "Bernoulli of probabilities": ("bits", lambda h, g, x: -Bernoulli(probs=torch.sigmoid(h)).log_prob(x)),
    "cross-entropy": ("bits", lambda h, g, x: F.binary_cross_entropy(torch.sigmoid(h), like(x, h), reduction="none")),
    "Poisson": ("counts", lambda h, g, x: -Poisson(h.exp()).log_prob(x)),
    "Poisson by Stirling": ("counts", lambda h, g, x: F.poisson_nll_loss(h, like(x, h), full=True, reduction="none")),
    "negative binomial": ("counts", lambda h, g, x: -NegativeBinomial(SHARED.exp(), logits=h).log_prob(x)),
    "binomial": ("trials", lambda h, g, x: -Binomial(16, logits=h).log_prob(x)),
    "normal of a known deviation": ("real", lambda h, g, x: -Normal(h, 0.5).log_prob(x)),
    "normal of one learned deviation": ("real", lambda h, g, x: -Normal(h, SHARED.exp()).log_prob(x)),
    "normal by a softplus": ("real", lambda h, g, x: -Normal(h, F.softplus(g) + 1e-3).log_prob(x)),
    "gaussian_nll_loss": ("real", lambda h, g, x: F.gaussian_nll_loss(h, like(x, h), g.exp(), reduction="none")),
    "independent normals": ("real", lambda h, g, x: -Independent(Normal(h, 1.0), 1).log_prob(x)),
    "Laplace": ("real", lambda h, g, x: -Laplace(h, g.exp()).log_prob(x)),
    "Huber": ("real", lambda h, g, x: F.smooth_l1_loss(h, like(x, h), reduction="none")),
    "log cosh": ("real", lambda h, g, x: torch.log(torch.cosh(h - x))),
    "Student": ("real", lambda h, g, x: -StudentT(4.0, h, g.exp()).log_prob(x)),
    "Cauchy": ("real", lambda h, g, x: -Cauchy(h, 1.0).log_prob(x)),
    "Gumbel": ("real", lambda h, g, x: -Gumbel(h, 1.0).log_prob(x)),
    "two normals": ("real", lambda h, g, x: -torch.logaddexp(Normal(h, 1.0).log_prob(x), Normal(g, 1.0).log_prob(x))),
    "gamma": ("positive", lambda h, g, x: -Gamma(2.0, h.exp()).log_prob(x)),
    "exponential": ("positive", lambda h, g, x: -Exponential(h.exp()).log_prob(x)),
    "log-normal": ("positive", lambda h, g, x: -LogNormal(h, 0.5).log_prob(x)),
    "beta": ("unit", lambda h, g, x: -Beta(F.softplus(h) + 0.5, F.softplus(g) + 0.5).log_prob(x)),
}
UNREAD = {  # what torch asks of values, as whether a probability is 1, is not always read: UNKNOWN, and never REFUTED
    "geometric": ("counts", lambda h, g, x: -Geometric(logits=h).log_prob(x)),
    "zero-inflated": ("counts", lambda h, g, x: -zero_inflated(g, h, x)),
    "half-normal": ("positive", lambda h, g, x: -HalfNormal(h.exp()).log_prob(x)),
    "Weibull": ("positive", lambda h, g, x: -Weibull(h.exp(), 1.5).log_prob(x)),
}
OF_LOGITS = {
    "categorical": lambda logits, x: -Categorical(logits=logits).log_prob(x.expand(logits.shape[:-1])),
    "cross_entropy": lambda logits, x: F.cross_entropy(
        logits.reshape(-1, 3), x.expand(logits.shape[:-1]).reshape(-1), reduction="none"
    ).reshape(logits.shape[:-1]),
}


def of_one(nll, z):
    return nll(z())


def in_a_list(nll, z):
    return torch.stack([nll(z()) for _ in range(DRAWS)]).mean(0)


def in_a_sum(nll, z):
    total = 0
    for _ in range(DRAWS):
        total = total + nll(z()) / DRAWS
    return total


def at_once(nll, z):
    return nll(z((DRAWS,))).mean(0)


def step_of(name, averaged):
    def step(x):
        mu, logvar = ENCODER(x.float()).chunk(2, -1)
        posterior = Normal(mu, (logvar / 2).exp())

        def nll(z):
            if name in OF_LOGITS:
                return OF_LOGITS[name](OF_CLASSES(z).unflatten(-1, (D, 3)), x)
            return {**NLL, **UNREAD}[name][1](*DECODER(z).chunk(2, -1), x)

        found = averaged(nll, lambda draws=(): posterior.rsample(draws))
        return found.reshape(len(x), -1).sum(1).mean() + 0.5 * (mu**2 + logvar.exp() - logvar - 1).sum(1).mean()

    return step


FORMS = (of_one, in_a_list, in_a_sum, at_once)
CASES = [(name, form) for name in NLL for form in FORMS]
CASES += [(name, form) for name in OF_LOGITS for form in FORMS if form is not at_once]  # labels of all draws: not read


@pytest.mark.slow
@pytest.mark.parametrize(("name", "averaged"), CASES, ids=[f"{name}, {form.__name__}" for name, form in CASES])
def test_a_likelihood_is_proved_however_its_draws_are_written(name, averaged):
    torch.manual_seed(1)
    batch = DATA["classes" if name in OF_LOGITS else NLL[name][0]]()
    report = audit(step_of(name, averaged), batch)
    assert report.verdict == "PROVED", report
    assert report.beta_effective == pytest.approx(1, rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("averaged", FORMS, ids=lambda form: form.__name__)
@pytest.mark.parametrize("name", UNREAD)
def test_what_is_not_always_read_has_no_wrong_verdict(name, averaged):
    torch.manual_seed(1)
    report = audit(step_of(name, averaged), DATA[UNREAD[name][0]]())
    assert report.verdict in ("PROVED", "UNKNOWN"), report
    if report.verdict == "PROVED":
        assert report.beta_effective == pytest.approx(1, rel=1e-9)
