"""A large batch is cut where, with few rows, a step does what it does with all of them; otherwise it is taken whole."""

import numpy as np
import pytest
import torch
from torch import nn

from vaelid.auditor import audit
from vaelid.auditor.recording.fewer_rows import enough_rows

ROWS, PIXELS = 8192, 64
HALF = ROWS // 2
WEIGHTS = torch.ones(ROWS)


def step_of(loss):
    """A step whose loss is made of the terms of each row."""
    torch.manual_seed(0)
    encoder, decoder = nn.Linear(PIXELS, 8), nn.Linear(4, PIXELS)

    def step(x):
        mu, logvar = encoder(x).chunk(2, dim=1)
        logits = decoder(mu + torch.exp(logvar / 2) * torch.randn_like(mu))
        nll = nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
        return loss(nll, ((mu**2 + logvar.exp() - logvar - 1) / 2).sum(1))

    return step


def batch(rows=ROWS):
    generator = torch.Generator().manual_seed(1)
    return (torch.rand(rows, PIXELS, generator=generator) > 0.5).float()


def of_size(n):
    """A number that only a large batch has."""
    return 4.0 if n > HALF else 1.0


CUT = {
    "mean": lambda nll, kl: (nll + kl).mean(),
    "sum over the number of rows": lambda nll, kl: (nll + kl).sum() / len(kl),
    "of all data": lambda nll, kl: 60000 / len(kl) * (nll + kl).sum(),
    "a clamp that does nothing": lambda nll, kl: (nll + kl).mean().clamp(max=1e5),
    "rows that are clamped": lambda nll, kl: (nll.clamp(max=46.0) + kl).mean(),
    "weights of ones": lambda nll, kl: (torch.ones(len(kl)) * (nll + kl)).mean(),
}
WHOLE = {
    "a float": lambda nll, kl: (nll + of_size(len(kl)) * kl).mean(),
    "a tensor": lambda nll, kl: (nll + torch.tensor(of_size(len(kl))) * kl).mean(),
    "a list": lambda nll, kl: (nll + torch.tensor([of_size(len(kl))] * len(kl)) * kl).mean(),
    "an array": lambda nll, kl: (nll + torch.from_numpy(np.full(len(kl), of_size(len(kl)))).float() * kl).mean(),
    "filled": lambda nll, kl: (nll + torch.full((len(kl),), of_size(len(kl))) * kl).mean(),
    "a root": lambda nll, kl: (nll + (len(kl) / ROWS) ** 0.5 * kl).mean(),
    "first rows": lambda nll, kl: nll.mean() + kl[:HALF].mean(),
    "a row that few have not": lambda nll, kl: (
        nll.mean() + kl.mean() + 0 * kl.narrow(0, len(kl) - 1, 1).sum() + (kl[600] if len(kl) > 600 else kl[0])
    ),
    "late rows": lambda nll, kl: (nll + torch.where(torch.arange(len(kl)) > HALF, 4.0, 1.0) * kl).mean(),
    "stored weights": lambda nll, kl: ((nll + kl) * WEIGHTS).mean(),
    "a sum that is compared": lambda nll, kl: (
        (nll.sum() + torch.where(nll.detach().sum() > 1e5, 4.0, 1.0) * kl.sum()) / ROWS
    ),
    "a sum that is clamped": lambda nll, kl: (nll.sum().clamp(max=1e5) + kl.sum()) / len(kl),
    "a sum that is clamped in place": lambda nll, kl: (nll.sum().clamp_(max=1e5) + kl.sum()) / len(kl),
    "a sum below another": lambda nll, kl: (torch.minimum(nll.sum(), torch.tensor(1e5)) + kl.sum()) / len(kl),
    "another operation": lambda nll, kl: (nll + kl).mean() if len(kl) < HALF else (nll + kl).sum() / len(kl),
}


@pytest.mark.parametrize("name", CUT)
def test_it_is_cut_where_all_rows_are_treated_alike(name):
    some, said = enough_rows(step_of(CUT[name]), batch())
    assert some.shape == (512, PIXELS)
    rows = {tuple(row.tolist()) for row in batch()}
    assert {tuple(row.tolist()) for row in some} <= rows
    assert len(said) == 1
    assert "8,192 rows" in said[0]
    assert "512" in said[0]


class Images(nn.Module):
    """A network of images with places along channels, sizes that a backward pass is given, and a batch norm."""

    def __init__(self):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(1, 8, 3, 2, 1), nn.BatchNorm2d(8))
        self.up = nn.Sequential(nn.Conv2d(4, 8, 1), nn.ReLU(), nn.Upsample(scale_factor=2), nn.Conv2d(8, 1, 1))

    def forward(self, x):
        mu, logvar = self.down(x).chunk(2, dim=1)
        logits = self.up(mu + torch.exp(logvar / 2) * torch.randn_like(mu))
        nll = nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        return (nll + ((mu**2 + logvar.exp() - logvar - 1) / 2).sum()) / len(x)


def test_images_are_cut_whose_channels_are_as_many_as_rows():
    torch.manual_seed(0)
    model, x = Images(), torch.rand(8, 1, 256, 256).round()
    optimizer = torch.optim.SGD(model.parameters(), 1e-6)

    def step(x):
        optimizer.zero_grad()
        loss = model(x)
        loss.backward()
        optimizer.step()
        return loss

    some, said = enough_rows(step, x)
    assert len(some) == 4
    assert "the 8 rows are treated as 4" in said[0]


@pytest.mark.every(2)
@pytest.mark.parametrize("name", WHOLE)
def test_it_is_whole_where_further_rows_may_be_treated_otherwise(name):
    x = batch()
    some, said = enough_rows(step_of(WHOLE[name]), x)
    assert some is x
    assert said == ()


@pytest.mark.every(4)
@pytest.mark.parametrize("value", [3.0, -0.5, 0.4, torch.nan, torch.inf, -torch.inf])
@pytest.mark.parametrize("row", [0, 17, ROWS - 1])
def test_a_row_with_an_odd_number_stays(row, value):
    x = batch()
    x[row, 5] = value
    some, _ = enough_rows(step_of(CUT["mean"]), x)
    assert len(some) == 512
    assert any(torch.equal(kept.nan_to_num(9.0), x[row].nan_to_num(9.0)) for kept in some)


@pytest.mark.parametrize("sums", [0, PIXELS])
def test_a_row_with_an_odd_sum_stays(sums):
    x = batch()
    x[4321] = sums / PIXELS
    some, _ = enough_rows(step_of(CUT["mean"]), x)
    assert any(torch.equal(kept, x[4321]) for kept in some)


def test_a_table_of_all_rows_is_looked_up_whole():
    loss = step_of(lambda nll, kl: nll + kl)

    def step(batch):
        x, place = batch
        return (loss(x) * WEIGHTS[place]).mean()

    both = (batch(), torch.arange(ROWS))
    some, said = enough_rows(step, both)
    assert some is both
    assert said == ()


class Reversed(torch.autograd.Function):
    """Whose gradient is turned round in a large batch."""

    @staticmethod
    def forward(ctx, value):
        return value.clone()

    @staticmethod
    def backward(ctx, slope):
        return slope * (-1 if len(slope) > HALF else 1)


def cut_at(value, last):
    value.register_hook(lambda slope: torch.cat([slope[:last], torch.zeros_like(slope[last:])]))
    return value


def written(value):
    value.detach().numpy()[1000:] = 0
    return value


def seeded(value):
    if len(value) > HALF:
        torch.manual_seed(0)
    return value


OUT_OF_SIGHT = {
    "a hook": lambda nll, kl: (nll + cut_at(kl, 1000)).mean(),
    "a function": lambda nll, kl: (nll + Reversed.apply(kl)).mean(),
    "numpy": lambda nll, kl: (nll + written(kl)).mean(),
    "a seed": lambda nll, kl: (nll + kl + 0 * torch.rand_like(seeded(kl))).mean(),
}


@pytest.mark.parametrize("name", OUT_OF_SIGHT)
def test_it_is_whole_where_operations_do_not_show_all(name):
    x = batch()
    some, said = enough_rows(step_of(OUT_OF_SIGHT[name]), x)
    assert some is x
    assert said == ()


@pytest.mark.parametrize("change", ["none", "scaled", "hook"])
def test_a_gradient_that_is_changed_in_a_large_batch_keeps_it_whole(change):
    torch.manual_seed(0)
    model = nn.Linear(PIXELS, 1)
    optimizer = torch.optim.SGD(model.parameters())
    if change == "hook":
        model.weight.register_hook(lambda slope: -slope)

    def step(x):
        optimizer.zero_grad()
        loss = model(x).square().mean()
        loss.backward()
        if len(x) > HALF and change == "none":
            model.weight.grad = None
        if change == "scaled":
            model.weight.grad.mul_(-1.0 if len(x) > HALF else 1.0)
        optimizer.step()
        return loss

    some, _ = enough_rows(step, x := batch())
    assert some is x


def test_a_small_batch_is_not_looked_at():
    x = batch(100)

    def never(x):
        raise AssertionError

    assert enough_rows(never, x) == (x, ())


def test_nothing_has_changed_after():
    torch.manual_seed(0)
    model = nn.Linear(PIXELS, 1)
    optimizer, seen = torch.optim.Adam(model.parameters()), []

    def step(x):
        seen.append(len(x))
        loss = model(x).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    x, state = batch(), torch.random.get_rng_state()
    before, data = model.weight.clone(), x.clone()
    some, _ = enough_rows(step, x)
    assert len(some) == 512
    assert torch.equal(model.weight, before)
    assert torch.equal(x, data)
    assert model.weight.grad is None
    assert not optimizer.state
    assert seen == []
    assert torch.equal(torch.random.get_rng_state(), state)


def test_the_report_says_what_stands_for_all_rows():
    report = audit(step_of(CUT["mean"]), batch())
    assert (report.verdict, report.beta_effective, report.sizes["B"]) == ("PROVED", 1.0, 512)
    assert any(said.startswith("the 8,192 rows are treated as 512 of them were") for said in report.assumptions)


def test_a_beta_that_moves_with_the_rows_is_that_of_all_rows():
    report = audit(step_of(lambda nll, kl: (nll + len(kl) / 2048 * kl).mean()), batch())
    assert (report.beta_effective, report.sizes["B"]) == (4.0, ROWS)
