"""Triangular matrices are read by their two parts, and whatever is made of them has torch's value."""

import pytest
import torch
from torch.distributions import MultivariateNormal, kl_divergence

from vaelid.auditor.lifting.lift import lift
from vaelid.auditor.recording.record import record

from .read import values

ROWS, SIZE = 4, 3
RAW = torch.linspace(-1.5, 1.2, ROWS * SIZE * SIZE, dtype=torch.float64).sin().reshape(ROWS, SIZE, SIZE)
VECTOR = torch.linspace(0.3, 2.0, ROWS * SIZE, dtype=torch.float64).reshape(ROWS, SIZE)


def lower(raw):
    """A Cholesky factor, as most code makes one."""
    return raw.tril(-1) + torch.diag_embed(raw.diagonal(dim1=-2, dim2=-1).exp())


def standard():
    return MultivariateNormal(torch.zeros(SIZE, dtype=torch.float64), torch.eye(SIZE, dtype=torch.float64))


READ = {
    "the sum of squares": lambda a, b: lower(a).pow(2).sum((-2, -1)) + b.sum(-1),
    "the sum of squares of each row": lambda a, b: (lower(a) * lower(a)).sum(-1) + b,
    "their sum, the columns kept as one": lambda a, b: lower(a).square().sum(-1, keepdim=True)[..., 0] + b,
    "the mean of all": lambda a, b: (3 * lower(a)).mean() + b,
    "laid out in a row": lambda a, b: lower(a).reshape(ROWS, SIZE * SIZE).pow(2).sum(1) * b.sum(1),
    "a sum over the batch first": lambda a, b: lower(a).pow(2).sum(0).sum() + b,
    "the diagonal": lambda a, b: lower(a).diagonal(dim1=-2, dim2=-1).log() + b,
    "the diagonal of what is below it": lambda a, b: a.tril(-1).diagonal(dim1=-2, dim2=-1) + b,
    "its own lower part": lambda a, b: lower(a).tril().pow(2).sum((-2, -1)) + b.sum(1),
    "times a weight of each row": lambda a, b: (lower(a) * b.sum(1)[:, None, None]).sum((1, 2)),
    "times a vector along its columns": lambda a, b: (lower(a) * b[:, None, :]).sum(-1),
    "times a vector for all rows": lambda a, b: (lower(a) * b[0]).sum((1, 2)) + b.sum(1),
    "times a vector along its rows": lambda a, b: (lower(a) * b[:, :, None]).sum((1, 2)),
    "less what is on the diagonal": lambda a, b: (lower(a) - torch.diag_embed(b)).pow(2).sum((1, 2)),
    "the product with a vector": lambda a, b: torch.bmm(lower(a), b[..., None])[..., 0],
    "the product of what is below with a vector": lambda a, b: torch.bmm(a.tril(-1), b[..., None])[..., 0],
    "the product of a diagonal with a vector": lambda a, b: (
        torch.bmm(torch.diag_embed(b), b[..., None])[..., 0] + a.sum(1)
    ),
    "divided by a diagonal": lambda a, b: (
        torch.linalg.solve_triangular(torch.diag_embed(b), lower(a), upper=False).pow(2).sum((1, 2))
    ),
    "the root of a diagonal": lambda a, b: (
        torch.linalg.cholesky(torch.diag_embed(b)).pow(2).sum((1, 2)) + a.sum((1, 2))
    ),
    "the KL by library": lambda a, b: kl_divergence(MultivariateNormal(b, scale_tril=lower(a)), standard()),
    "the KL to another diagonal": lambda a, b: kl_divergence(
        MultivariateNormal(b, scale_tril=lower(a)), MultivariateNormal(b**2, torch.diag_embed(b))
    ),
    "an entropy": lambda a, b: MultivariateNormal(b, scale_tril=lower(a)).entropy() + b.sum(1),
    "the log density of the prior": lambda a, b: standard().log_prob(b) + a.sum((1, 2)),
}


def read_matrices(function, **more):
    tensors = {"a": RAW, "b": VECTOR} | more
    recording = record(function, tuple(tensors.values()), tensors)
    return lift(recording), recording


@pytest.mark.parametrize("name", READ)
def test_what_is_made_of_a_triangular_matrix_has_torchs_value(name):
    reading, recording = read_matrices(READ[name])
    made = {reading.leaves[n].operation.partition(" ")[0] for n in reading.result.leaves}
    assert made <= {"", "tril", "diagonal", "sum"}  # of the matrix itself nothing but its two parts is in the formula
    expected = recording.returned.detach()
    torch.testing.assert_close(values(reading).reshape(expected.shape), expected, rtol=1e-12, atol=1e-12)


NOT_READ = {
    "a function that is not seen to be 0 at 0": lambda a, b: lower(a).abs().sum((1, 2)) + b.sum(1),
    "a function that is not 0 at 0": lambda a, b: lower(a).exp().sum((1, 2)) + b.sum(1),
    "the upper triangle": lambda a, b: (a.triu(1) + torch.diag_embed(b)).pow(2).sum((1, 2)),
    "with its diagonal": lambda a, b: a.tril().pow(2).sum((1, 2)) + b.sum(1),
    "transposed": lambda a, b: (lower(a) + lower(a).mT).pow(2).sum((1, 2)) + b.sum(1),
    "the product of two": lambda a, b: (lower(a) @ lower(a).mT).sum((1, 2)) + b.sum(1),
    "one row of it": lambda a, b: lower(a)[:, 1].pow(2).sum(1) + b.sum(1),
    "beside a whole matrix": lambda a, b: (lower(a) * a).sum((1, 2)) + b.sum(1),
    "a sum of its rows": lambda a, b: lower(a).pow(2).sum(1) + b,
    "its transpose with a vector": lambda a, b: torch.bmm(lower(a).mT, b[..., None])[..., 0],
    "a system of its own": lambda a, b: torch.linalg.solve_triangular(lower(a), b[..., None], upper=False)[..., 0],
}


@pytest.mark.parametrize("name", NOT_READ)
def test_what_is_not_read_is_a_leaf_with_torchs_value(name):
    reading, recording = read_matrices(NOT_READ[name])
    expected = recording.returned.detach()
    torch.testing.assert_close(values(reading).reshape(expected.shape), expected, rtol=1e-12, atol=1e-12)
    assert any(reading.leaves[n].kind == "made" for n in reading.result.leaves)


def test_the_system_of_a_factor_and_its_own_draw_is_the_draw():
    def at_the_draw(a, b):
        q = MultivariateNormal(b, scale_tril=lower(a))
        return q.log_prob(q.rsample())

    reading, recording = read_matrices(at_the_draw)
    (noise,) = (name for name in reading.result.leaves if reading.leaves[name].kind == "noise")
    assert {reading.leaves[n].operation.partition(" ")[0] for n in reading.result.leaves - {noise}} == {"diagonal"}
    torch.testing.assert_close(values(reading), recording.returned, rtol=1e-10, atol=1e-10)
