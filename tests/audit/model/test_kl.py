"""The divergence of a posterior to a normal prior, place by place: the sum over places is torch.distributions'."""

import pytest
import torch
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from vaelid.auditor.findings.account import Below
from vaelid.auditor.formula.axes_of_terms import element_of, index_names, sizes_of
from vaelid.auditor.formula.in_tensors import values_of
from vaelid.auditor.model.kl import kl_to_normal, moments, share_of_column
from vaelid.auditor.model.posterior import Posterior

B, L = 4, 3
LENGTHS = sizes_of([B, L, L])
DIAGONAL = Posterior((0, 1), element_of("m", (0, 1)), element_of("v", (0, 1)))
WHOLE = Posterior(
    (0, 1), element_of("m", (0, 1)), element_of("v", (0, 1)), below=Below(element_of("a", (0, 1, 2)), 1, 2)
)
PRIOR = element_of("pm", (1,)), element_of("pv", (0, 1))


@pytest.fixture
def arrays():
    g = torch.Generator().manual_seed(4)
    sizes = {"m": (B, L), "v": (B, L), "a": (B, L, L), "pm": (L,), "pv": (B, L)}
    found = {name: torch.randn(size, generator=g, dtype=torch.float64) for name, size in sizes.items()}
    return found | {"a": found["a"].tril(-1)}


def total(term, axes, arrays):
    return values_of(term.term, arrays, LENGTHS, index_names(axes)).reshape(B, -1).sum(1)


def factor(arrays):
    return arrays["a"] + torch.diag_embed((arrays["v"] / 2).exp())


@pytest.mark.parametrize("prior", [(), PRIOR], ids=["standard", "learned"])
def test_of_a_covariance_the_sum_over_rows_and_columns_is_the_kl(arrays, prior):
    mean, spread = torch.zeros(L, dtype=torch.float64), torch.ones(L, dtype=torch.float64)
    if prior:
        mean, spread = arrays["pm"], (arrays["pv"] / 2).exp()
    q = MultivariateNormal(arrays["m"], scale_tril=factor(arrays))
    p = MultivariateNormal(mean, scale_tril=torch.diag_embed(spread))
    found = total(kl_to_normal(WHOLE, *prior), (0, 1, 2), arrays)
    torch.testing.assert_close(found, kl_divergence(q, p), rtol=1e-12, atol=1e-12)


def test_without_covariances_it_is_that_of_each_coordinate(arrays):
    q, p = Normal(arrays["m"], (arrays["v"] / 2).exp()), Normal(arrays["pm"], (arrays["pv"] / 2).exp())
    found = total(kl_to_normal(DIAGONAL, *PRIOR), (0, 1), arrays)
    torch.testing.assert_close(found, kl_divergence(q, p).sum(1), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("mean", "variance"), [(0.5, 4.0), (-1.0, 0.3)])
def test_any_normal_prior_is_a_combination_of_the_moments(arrays, mean, variance):
    squares, first, log = (total(term, (0, 1, 2), arrays) for term in moments(WHOLE))
    q = MultivariateNormal(arrays["m"], scale_tril=factor(arrays))
    p = MultivariateNormal(torch.full((L,), mean, dtype=torch.float64), variance * torch.eye(L, dtype=torch.float64))
    constant = L * (mean**2 / variance - 1 + torch.tensor(variance, dtype=torch.float64).log()) / 2
    expected = squares / (2 * variance) - first * mean / variance - log / 2 + constant
    torch.testing.assert_close(kl_divergence(q, p), expected, rtol=1e-12, atol=1e-12)


def test_each_column_has_its_share(arrays):
    assert share_of_column(DIAGONAL)(DIAGONAL.mean) is DIAGONAL.mean
    of_columns = total(share_of_column(WHOLE)(WHOLE.mean), (0, 1, 2), arrays)
    torch.testing.assert_close(of_columns, arrays["m"].sum(1), rtol=1e-12, atol=1e-12)
