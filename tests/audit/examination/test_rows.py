"""What two rows change together is what each changes alone, by second differences that are made again here."""

import math

import pytest
import torch
from torch import nn

from vaelid.auditor.examination.bench import Bench
from vaelid.auditor.examination.examined import Examined, other_rows, with_tensor
from vaelid.auditor.examination.rows import _with_rows, rows
from vaelid.auditor.recording.calls import scalar_loss
from vaelid.auditor.recording.state import unchanged
from vaelid.readings.errors import ReadingError

from .made import B, D, Small, half_squares, kl_to_standard, one, run

NAN = float("nan")


def rowed(**parts):
    return run(rows, Small(**parts).made())


def on(step, batch):
    account = Small().made().account
    with unchanged([step], [batch]) as state:
        examined = Examined(Bench(step, batch, scalar_loss, state), account)
        rows(examined)
    return one(examined, "rows")


RIGHT = {
    "textbook": {},
    "means": {"total": lambda nll, kl: nll.mean() + kl.mean()},
    "a weight for each row": {"total": lambda nll, kl: (torch.arange(4.0).to(nll)[:, None] * nll).sum() + kl.sum()},
    "a matrix of the rows' own norms": {"encoded": lambda x: x / (1 + x.square().sum(1, keepdim=True))},
}
WRONG = {
    "every prior for every posterior": {"kl": lambda m, v: kl_to_standard(m[:, None] - m[None] / 2, v[:, None])},
    "a batch norm by hand": {"encoded": lambda x: (x - x.mean(0)) / x.std(0)},
    "the whole is squared": {"finish": lambda loss: loss.square()},
    "pairs": {"nll": lambda h, x: half_squares(h, x) + 0.01 * h * x.roll(1, 0)},
    "a row three further": {"nll": lambda h, x: half_squares(h.roll(3, 0), x)},
    "half of a row two further": {"nll": lambda h, x: half_squares((h + h.roll(2, 0)) / 2, x)},
    "a maximum over rows": {"nll": lambda h, x: half_squares(h, x).max(0).values},
}


@pytest.mark.parametrize("name", RIGHT)
def test_rows_that_are_apart(name):
    check = one(rowed(**RIGHT[name]), "rows")
    assert check.passed
    assert float(check.computed) == pytest.approx(float(check.expected), rel=1e-7)


@pytest.mark.parametrize("name", WRONG)
def test_rows_that_meet(name):
    assert not one(rowed(**WRONG[name]), "rows").passed


def test_the_numbers_of_a_doubt_are_those_by_hand():
    """x' x of all rows: what a row and the others change together is more than what they do apart by their product."""
    x, w = torch.arange(15.0).reshape(5, 3) / 10 + torch.eye(5, 3), nn.Parameter(torch.ones(3))
    step = lambda x: (x @ w).sum().square() + torch.randn(())  # noqa: E731
    with unchanged([step], [x]) as state:
        examined = Examined(Bench(step, x, scalar_loss, state), Small().made().account)
        rows(examined)
        other = other_rows(examined, seed=77)
    check = one(examined, "rows")
    total, moved = float(x.sum()), (other - x.double()).sum(1)

    def by_hand(row):
        a, b = float(moved[row]), float(moved.sum() - moved[row])
        return (total + a + b) ** 2 - total**2, (total + a) ** 2 + (total + b) ** 2 - 2 * total**2

    found = [by_hand(0), by_hand(4)]
    assert any(
        (float(check.computed), float(check.expected)) == (pytest.approx(one, abs=1e-4), pytest.approx(two, abs=1e-4))
        for one, two in found
    )
    assert not check.passed


def test_a_batch_norm_and_few_rows_are_left():
    norm = nn.BatchNorm1d(D)
    with pytest.raises(ReadingError, match="rows meet in a batch norm"):
        rowed(encoded=norm)
    with pytest.raises(ReadingError, match="no three rows"):
        on(lambda x: x.sum() + nn.Parameter(torch.ones(())), torch.ones(2, 3))
    with pytest.raises(ReadingError, match="no three rows"):
        on(lambda batch: batch[0].sum() + batch[1].sum() + 0 * torch.randn(()), (torch.ones(4, 3), torch.ones(5, 3)))


def test_a_batch_norm_that_does_not_learn_from_the_batch_is_no_reason():
    norm = nn.BatchNorm1d(D).eval()

    def apart(x):
        return (x - norm.running_mean) / (norm.running_var + 1e-5).sqrt()

    assert one(rowed(encoded=apart), "rows").passed


def test_rounding_that_hides_rows_is_not_examined():
    def single(loss):
        if loss.dtype != torch.float32:
            raise TypeError("float32, please")
        return loss

    for size in (3e8, 1e10):
        with pytest.raises(ReadingError, match="rounding hides the rows"):
            rowed(finish=lambda loss, size=size: single(loss) + size)
    assert one(rowed(finish=lambda loss: loss.float()), "rows").passed


# batches


def examined_of(batch):
    step = lambda batch: nn.Parameter(torch.ones(())) * 1  # noqa: E731
    with unchanged([step], [batch]) as state:
        return Examined(Bench(step, batch, scalar_loss, state), Small().made().account)


def test_other_rows_have_the_same_support():
    g = torch.Generator().manual_seed(0)
    batch = {
        "real": torch.rand(B, D, generator=g),
        "binary": (torch.rand(B, D, generator=g) > 0.5).float(),
        "count": torch.randint(9, (B, D), generator=g).float(),
        "label": torch.randint(9, (B,), generator=g),
        "mask": torch.rand(B, D, generator=g) > 0.5,
        "name": "a",
    }
    examined = examined_of(batch)
    one, again, other = (other_rows(examined, seed) for seed in (1, 1, 2))
    assert all(torch.equal(one[name], again[name]) for name in batch if name != "name")
    assert any(not torch.equal(one[name], other[name]) for name in batch if name != "name")
    assert ((one["real"] >= 0) & (one["real"] <= 1)).all()
    for name in ("binary", "count", "label", "mask"):
        assert {tuple(row.reshape(-1).tolist()) for row in one[name]} <= {
            tuple(row.reshape(-1).tolist()) for row in batch[name].to(one[name])
        }
    assert one["name"] == "a"
    assert one["mask"].dtype == torch.bool


def test_rows_of_several_tensors_go_together():
    x = torch.arange(8.0).reshape(4, 2)
    other = other_rows(examined_of((x, x[:, 0].long())), seed=5)
    assert torch.equal(other[0][:, 0].long(), other[1])


def test_a_batch_without_rows_stays():
    batch = (torch.ones(4), torch.ones(3))
    other = other_rows(examined_of(batch), seed=0)
    assert [len(tensor) for tensor in other] == [4, 3]


def test_padding_gaps_and_masks_stay_in_place():
    batch = {
        "x": torch.tensor([[1.0, NAN, 3.0], [4.0, 5.0, math.inf], [7.0, 8.0, 9.0]]),
        "token": torch.tensor([[4, 5, 0], [6, 0, 0], [7, 8, 9]]),
        "known": torch.tensor([[True, False, True]] * 3),
        "label": "a",
    }
    other = {
        "x": torch.tensor([[-1.0, -2.0, NAN]] * 3),
        "token": torch.tensor([[1, 0, 3]] * 3),
        "known": torch.tensor([[False, True, False]] * 3),
        "label": "b",
    }
    found = _with_rows(batch, other, (0, 1))
    assert found["x"][0, 0] == -1
    assert found["x"][0, 1].isnan()
    assert found["x"][0, 2] == 3
    assert found["x"][1, 2] == math.inf
    assert found["token"].tolist() == [[1, 5, 0], [1, 0, 0], [7, 8, 9]]
    assert torch.equal(found["known"], batch["known"])
    assert found["label"] == "a"
    assert torch.equal(found["x"][2], batch["x"][2])


def test_a_step_with_padding_passes():
    """Moving padding would change the number of tokens, by which all rows are divided."""
    table = nn.Embedding(6, 3)
    tokens = torch.tensor([[1, 2, 0, 0], [3, 4, 5, 0], [2, 0, 0, 0], [5, 5, 1, 0]])

    def step(tokens):
        known = tokens > 0
        drawn = table(tokens) + torch.randn(len(tokens), 1, 1)
        return (drawn.square().sum(-1) * known).sum() / known.sum()

    assert on(step, tokens).passed


def test_a_tensor_is_put_in_the_place_of_another():
    x, y = torch.ones(2), torch.zeros(2)
    assert with_tensor({"x": x, "y": [y, x]}, x, y) == {"x": y, "y": [y, y]}
    assert with_tensor((x,), y, x)[0] is x
