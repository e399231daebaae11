"""Python loops over coordinates, rows and draws: read as the tensors and the sums that they are, and not as more."""

import pytest
import torch
from torch import nn

from vaelid import audit

B, L, D = 6, 4, 8


def networks(latents=L):
    torch.manual_seed(1)
    return nn.Linear(D, 2 * latents), nn.Linear(latents, D), torch.randn(B, D)


def kl_of(m, v):
    return -0.5 * (1 + v - m**2 - v.exp())


def squares(x, y):
    return 0.5 * (x - y).pow(2)


def by_latents(m, s):
    return torch.stack([m[:, j] + s[:, j] * torch.randn(len(m)) for j in range(m.shape[1])], 1)


def by_columns(m, s):
    return torch.cat([m[:, j : j + 1] + s[:, j : j + 1] * torch.randn(len(m), 1) for j in range(m.shape[1])], 1)


def by_rows(m, s):
    return torch.stack([m[i] + s[i] * torch.randn(m.shape[1]) for i in range(len(m))])


def shared(m, s):
    eps = torch.randn(len(m))
    return torch.stack([m[:, j] + s[:, j] * eps for j in range(m.shape[1])], 1)


def chained(m, s):
    before, found = torch.zeros(len(m)), []
    for j in range(m.shape[1]):
        eps = torch.randn(len(m))
        found.append(m[:, j] + s[:, j] * (eps + 0.5 * before))
        before = eps
    return torch.stack(found, 1)


def last_without_noise(m, s):
    last = m.shape[1] - 1
    return torch.stack([m[:, j] + s[:, j] * torch.randn(len(m)) * (j < last) for j in range(last + 1)], 1)


def of_next(m, s):
    return torch.stack([m[:, j] + s[:, (j + 1) % m.shape[1]] * torch.randn(len(m)) for j in range(m.shape[1])], 1)


def sampled(sample):
    encoder, decoder, x = networks()

    def step(x):
        m, v = encoder(x).chunk(2, 1)
        z = sample(m, (v / 2).exp())
        return (squares(decoder(z), x).sum(1) + kl_of(m, v).sum(1)).mean()

    return step, x


@pytest.mark.parametrize("sample", [by_latents, by_columns, by_rows])
@pytest.mark.every(2)
def test_a_sample_that_a_loop_makes_is_one_sample(sample):
    report = audit(*sampled(sample))
    assert (report.verdict, report.beta_effective) == ("PROVED", 1)
    assert sum(claim.name == "sampler" for claim in report.claims) == 1


@pytest.mark.parametrize("sample", [shared, chained, last_without_noise, of_next])
@pytest.mark.every(2)
def test_a_sample_that_is_another_is_not_proved(sample):
    assert audit(*sampled(sample)).verdict != "PROVED"


def test_noise_that_a_loop_shares_is_refuted():
    report = audit(*sampled(shared))
    assert (report.verdict, report.claim("sampler").bug) == ("REFUTED", "shared-noise")


def added(total):
    encoder, decoder, x = networks()

    def step(x):
        m, v = encoder(x).chunk(2, 1)
        z = m + (v / 2).exp() * torch.randn_like(m)
        return (squares(decoder(z), x).sum() + total(m, v)) / len(x)

    return step, x


def kl_by_latents(m, v, weight=lambda j: 1.0, places=range(L)):
    total = 0
    for j in places:
        total = total + weight(j) * kl_of(m[:, j], v[:, j]).sum()
    return total


def kl_by_rows(m, v):
    return sum(kl_of(m[i], v[i]).sum() for i in range(len(m)))


def kl_by_both(m, v):
    total = torch.zeros(())
    for i in range(len(m)):
        for j in range(m.shape[1]):
            total += kl_of(m[i, j], v[i, j])
    return total


def kl_subtracted(m, v):
    total = 0
    for j in range(L):
        total = total - 0.5 * (1 + v[:, j] - m[:, j] ** 2 - v[:, j].exp()).sum()
    return total


@pytest.mark.parametrize("total", [kl_by_latents, kl_by_rows, kl_by_both, kl_subtracted])
@pytest.mark.every(2)
def test_a_kl_that_a_loop_adds_up_is_the_kl(total):
    report = audit(*added(total))
    assert (report.verdict, report.beta_effective) == ("PROVED", 1)


@pytest.mark.parametrize(
    "total",
    [
        lambda m, v: kl_by_latents(m, v, places=range(1, L)),
        lambda m, v: kl_by_latents(m, v, places=range(L - 1)),
        lambda m, v: kl_by_latents(m, v, places=(0, 1, 1, 2, 3)),
        lambda m, v: kl_by_latents(m, v, places=(0, 0, 0, 0)),
        lambda m, v: kl_by_latents(m, v, weight=lambda j: 1.0 + j),
        lambda m, v: sum(kl_of(m[:, j], v[:, (j + 1) % L]).sum() for j in range(L)),
        lambda m, v: sum(kl_of(m[:, j], v[:, 0]).sum() for j in range(L)),
        lambda m, v: sum(kl_of(m[i], v[i]).sum() for i in range(len(m) - 1)),
    ],
    ids=["without the first", "without the last", "one twice", "the first alone", "weights", "of the next deviation",
         "of the first deviation", "without the last row"],
)  # fmt: skip
@pytest.mark.every(3)
def test_a_sum_that_is_another_is_not_proved(total):
    assert audit(*added(total)).verdict != "PROVED"


def one_draw_by_latents(x, encoder, decoder):
    """Sample and log q(z) - log p(z) in one loop, with the draw in both."""
    m, v = encoder(x).chunk(2, 1)
    places, total = [], 0
    for j in range(m.shape[1]):
        eps = torch.randn(len(m))
        z = m[:, j] + (v[:, j] / 2).exp() * eps
        total = total + (-0.5 * v[:, j] - 0.5 * eps**2 + 0.5 * z**2)
        places.append(z)
    return (squares(decoder(torch.stack(places, 1)), x).sum(1) + total).mean()


def average_over_draws(x, encoder, decoder):
    """Five draws in a loop, each decoded by itself: draws of their own, and no places of one."""
    m, v = encoder(x).chunk(2, 1)
    total = 0
    for _ in range(5):
        z = m + (v / 2).exp() * torch.randn_like(m)
        total = total + squares(decoder(z), x).sum(1) / 5
    return (total + kl_of(m, v).sum(1)).mean()


@pytest.mark.parametrize("step", [one_draw_by_latents, average_over_draws])
def test_draws_that_stand_in_a_sum_too(step):
    encoder, decoder, x = networks()
    report = audit(lambda x: step(x, encoder, decoder), x)
    assert (report.verdict, report.beta_effective) == ("PROVED", 1)


@pytest.mark.slow
@pytest.mark.parametrize("total", [kl_by_latents, kl_by_rows])
def test_a_loop_of_128_is_read(total):
    torch.manual_seed(0)
    encoder, decoder = nn.Linear(D, 256), nn.Linear(128, D)
    x = torch.randn(128, D)

    def step(x):
        m, v = encoder(x).chunk(2, 1)
        z = by_latents(m, (v / 2).exp())
        kl = kl_by_latents(m, v, places=range(128)) if total is kl_by_latents else kl_by_rows(m, v)
        return (squares(decoder(z), x).sum() + kl) / len(x)

    assert audit(step, x).verdict == "PROVED"


@pytest.mark.slow
def test_a_loop_that_decodes_row_after_row_is_examined():
    """Each row is a posterior of its own there: what terms of mean zero a fit has is not tried for all subsets."""
    encoder, decoder, _ = networks()

    def step(x):
        total = 0.0
        for row in x:
            m, v = encoder(row).chunk(2, -1)
            z = m + (v / 2).exp() * torch.randn_like(m)
            total = total + squares(decoder(z), row).sum() + kl_of(m, v).sum()
        return total / len(x)

    report = audit(step, torch.randn(20, D))
    assert (report.verdict, report.beta_effective) == ("PROVED", 1)
