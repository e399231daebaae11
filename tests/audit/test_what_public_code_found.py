"""Small steps as public code has them, which were misjudged or undecided when that code was audited anew."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import Normal

from vaelid.auditor import audit

D, L, ROWS = 6, 2, 8
torch.manual_seed(5)
ENCODER, DECODER = nn.Linear(D, 2 * L), nn.Linear(L, D)
BITS = (torch.rand(ROWS, D) > 0.5).float()
BELOW = torch.ones(L, L).tril(-1).repeat(2, 1)


def posterior(x):
    mu, logvar = ENCODER(x).chunk(2, dim=-1)
    return mu, logvar, mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)


def kl(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum()


@pytest.mark.parametrize("permuted", [False, True])
def test_a_flow_of_the_draw_is_not_refuted(permuted):
    """Its density of z has the logarithm of a determinant, which a network makes of the draw (Kingma et al. 2016)."""
    flow = nn.Linear(L, 2 * L)

    def step(x):
        mu, logvar, z = posterior(x)
        shift, gate = F.linear(z, BELOW * flow.weight, flow.bias).chunk(2, dim=-1)
        log_q = Normal(mu, torch.exp(0.5 * logvar)).log_prob(z) - F.logsigmoid(gate)
        z = torch.sigmoid(gate) * z + (1 - torch.sigmoid(gate)) * shift
        z = z[:, torch.arange(L - 1, -1, -1)] if permuted else z
        kl = log_q - Normal(0.0, 1.0).log_prob(z)
        return (F.binary_cross_entropy_with_logits(DECODER(z), x, reduction="sum") + kl.sum()) / len(x)

    assert audit(step, BITS).verdict in ("UNKNOWN", "OTHER")


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "PROVED"), (0.5, "REFUTED")])
def test_a_kl_at_the_draw_where_clamps_act_far_away(factor, verdict):
    """Near the recorded weights the fit has terms of mean zero, too: it takes more runs (Tomczak and Welling 2018)."""

    def step(x):
        mu, logvar = ENCODER(x).chunk(2, dim=-1)
        logvar = F.hardtanh(logvar, -6.0, 2.0)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        p = torch.clamp(torch.sigmoid(DECODER(z)), min=1e-5, max=1 - 1e-5)
        log_p_x = (x * torch.log(p) + (1 - x) * torch.log(1 - p)).sum(1)
        log_p = -0.5 * (factor * z).pow(2).sum(1)
        log_q = -0.5 * (logvar + (z - mu).pow(2) / logvar.exp()).sum(1)
        return (log_q - log_p - log_p_x).mean()

    assert audit(step, BITS, prior="N(0, I)").verdict == verdict


@pytest.mark.parametrize(("width", "factor", "verdicts"), [(60, 1, {"PROVED"}), (8, 20, {"PROVED", "UNKNOWN"})])
def test_a_cross_entropy_that_torch_holds_at_minus_100(width, factor, verdicts):
    """Far away, or where probabilities are 0 and 1, and the slope is not that of the value."""
    torch.manual_seed(5)
    wide, spread, out = nn.Linear(D, width), nn.Linear(width, 2 * width), nn.Linear(width, D)

    def step(x):
        mu, logvar = spread(F.relu(wide(x))).chunk(2, dim=-1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        nll = F.binary_cross_entropy(torch.sigmoid(out(factor * z)), x, reduction="sum")
        return (nll + kl(mu, logvar)) / len(x)

    assert audit(step, BITS).verdict in verdicts


def drawn(mu, log_std):
    return mu + torch.exp(log_std) * torch.randn_like(mu)


@pytest.mark.filterwarnings("ignore:.*torch.jit.script.*is deprecated:DeprecationWarning")
def test_what_jit_compiled_has_one_order_of_operations():
    """After two runs torch optimises it, and draws before it takes the exponential."""
    compiled = torch.jit.script(drawn)

    def step(x):
        mu, log_std = ENCODER(x).chunk(2, dim=-1)
        z = compiled(mu, log_std)
        nll = F.binary_cross_entropy_with_logits(DECODER(z), x, reduction="sum")
        return (nll + kl(mu, 2 * log_std)) / len(x)

    assert audit(step, BITS).verdict == "PROVED"


def test_a_laplace_at_locations_that_are_not_whole_is_a_density():
    """Of whole numbers the sum of exp(-|x - h|) moves with h by 3 %: what is one number is its share of the grid's."""

    def step(x):
        mu, logvar, z = posterior(x)
        loss = 3 * (torch.sigmoid(DECODER(z)) - x).abs().sum()
        return loss * (loss != 0) + kl(mu, logvar)

    report = audit(step, torch.rand(ROWS, D, generator=torch.Generator().manual_seed(4)))
    assert (report.verdict, float(report.beta_effective)) == ("PROVED", pytest.approx(1 / 3))


def test_a_logarithm_of_sums_over_rows_that_subtracts_the_largest_is_a_term_over_pairs():
    def log_sum_exp(value):
        largest = torch.max(value, dim=1, keepdim=True)[0]
        return largest.squeeze(1) + torch.log(torch.sum(torch.exp(value - largest), dim=1))

    def step(x):
        mu, logvar, z = posterior(x)
        nll = F.binary_cross_entropy_with_logits(DECODER(z), x, reduction="sum")
        off = (z[:, None] - mu[None]) ** 2 / logvar.exp()[None] + logvar[None]
        return nll + kl(mu, logvar) + 5 * log_sum_exp(-off.sum(2) / 2).sum()

    report = audit(step, BITS)
    assert report.verdict == "OTHER"
    assert "pairs of rows" in str(report)
