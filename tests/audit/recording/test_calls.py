"""Calls: the loss in what a step returned, batches with fewer rows, what is the user's to mend."""

import functools
from collections import namedtuple
from types import SimpleNamespace

import pytest
import torch

from vaelid.auditor.formula.errors import Unread
from vaelid.auditor.recording.calls import (
    call_of,
    check_finite,
    fewer_rows,
    frozen_draws,
    scalar_loss,
    source_of,
    users_code,
    words_of,
)
from vaelid.auditor.recording.record import record
from vaelid.spec.errors import InputError, UserCodeError

LOSS = torch.tensor(2.5)
Output = namedtuple("Output", ["loss", "kl"])


@pytest.mark.parametrize(
    "returned",
    [
        LOSS,
        (LOSS, {"kl": 1}),
        [LOSS],
        {"loss": LOSS, "kl": 3},
        SimpleNamespace(loss=LOSS),
        Output(LOSS, torch.tensor(1.0)),
        (SimpleNamespace(loss=LOSS), 1),
        LOSS.reshape(1, 1),
    ],
)
def test_the_loss_in_what_was_returned(returned):
    assert float(scalar_loss(returned)) == 2.5


@pytest.mark.parametrize(
    ("returned", "complaint"),
    [
        (None, "returned nothing"),
        ({"loss": None}, "returned nothing"),
        (2.5, "returned a float"),
        ({"kl": LOSS}, "returned a dict"),
        ((), "returned a tuple"),
        (torch.ones(3, 2), r"a tensor of shape \(3, 2\): a loss is one number"),
        (torch.tensor(3), r"a tensor of torch\.int64: a loss is a real number"),
    ],
)
def test_what_is_no_loss_is_said_to_be_none(returned, complaint):
    with pytest.raises(InputError, match=complaint):
        scalar_loss(returned)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_loss_must_be_finite(value):
    recording = record(lambda x: x.sum() * value, [torch.ones(2)], {"x": torch.ones(2)})
    with pytest.raises(UserCodeError, match=r"expected a finite number"):
        check_finite(recording)
    check_finite(record(lambda x: x.sum(), [torch.ones(2)], {"x": torch.ones(2)}))


def test_a_loss_on_the_device_meta_has_no_number():
    x = torch.ones(2, device="meta")
    with pytest.raises(InputError, match="device meta"):
        check_finite(record(lambda x: x.sum(), [x], {"x": x}))


# batches


@pytest.mark.parametrize(
    ("batch", "names"),
    [
        (torch.ones(3), ["x"]),
        ((torch.ones(3), torch.zeros(3)), ["x", "y"]),
        ([torch.ones(3)] * 3, ["x1", "x2", "x3"]),
        ({"image": torch.ones(3), "label": torch.ones(3)}, ["image", "label"]),
        ({"image": torch.ones(3), "not a name": torch.ones(3)}, ["image", "x1"]),
        ({"image": torch.ones(3), "deep": [torch.ones(3)]}, ["x", "y"]),
        ("no tensors", []),
    ],
)
def test_tensors_of_a_batch_have_names(batch, names):
    call = call_of(batch)
    assert list(call.tensors) == names
    assert call.arguments == (batch,)


@pytest.mark.parametrize(("rows", "kept"), [(3, 2), (5, 4), (11, 10), (12, 11), (64, 55), (100, 86)])
def test_fewer_rows(rows, kept):
    batch = {"x": torch.arange(2 * rows).reshape(rows, 2), "n": 3, "y": [torch.arange(rows)]}
    found = fewer_rows(batch)
    assert found["n"] == 3
    torch.testing.assert_close(found["x"], batch["x"][:kept])
    torch.testing.assert_close(found["y"][0], batch["y"][0][:kept])
    assert 1 < kept < rows


@pytest.mark.parametrize(
    "batch",
    [
        torch.ones(2, 3),
        torch.tensor(1.0),
        (torch.ones(5), torch.ones(4)),
        torch.eye(5).to_sparse(),
        "text",
        (torch.ones(5), torch.tensor(1.0)),
    ],
)
def test_what_has_no_fewer_rows(batch):
    assert fewer_rows(batch) is None


# the same draws


def two(step):
    x = torch.ones(4)
    return record(step, [x], {"x": x}), record(step, [x], {"x": x})


def test_draws_that_gave_the_same_numbers():
    kept = torch.Generator()

    def step(x):
        kept.manual_seed(3)
        frozen = torch.randn(4, generator=kept)
        return (x * frozen + torch.rand(4)).sum()

    (line,) = frozen_draws(*two(step))
    assert line.startswith(f"{__file__}:")
    assert frozen_draws(*two(lambda x: (x * torch.randn(4)).sum())) == frozenset()


def test_one_number_may_be_the_same_by_chance():
    def step(x):
        torch.manual_seed(0)
        return x.sum() * torch.randn(())

    assert frozen_draws(*two(step)) == frozenset()


# the user's code


def test_where_a_function_is_from():
    def step(x):
        return x

    @functools.wraps(step)
    def wrapped(x):
        return step(x)

    class Step:
        def __call__(self, x):
            return x

    first = test_where_a_function_is_from.__code__.co_firstlineno
    assert source_of(Step()) == f"{__file__}:{Step.__call__.__code__.co_firstlineno}"
    assert source_of(wrapped) == f"{__file__}:{step.__code__.co_firstlineno}"
    assert source_of(test_where_a_function_is_from) == f"{__file__}:{first}"
    assert source_of(3) is None


@pytest.mark.parametrize("error", [KeyError("loss"), ZeroDivisionError("division by zero"), SystemExit(3)])
def test_what_the_users_code_raises_is_theirs(error):
    with pytest.raises(UserCodeError, match=type(error).__name__) as raised, users_code():
        raise error
    assert raised.value.__cause__ is error


@pytest.mark.parametrize("error", [InputError("mine"), Unread("mine", None), KeyboardInterrupt()])
def test_what_is_not_theirs_passes(error):
    with pytest.raises(type(error)), users_code():
        raise error


def test_words_of_an_error():
    class Odd(Exception):
        def __str__(self):
            raise ValueError

    assert words_of(ValueError("no such column")) == "ValueError: no such column"
    assert words_of(ValueError()) == "ValueError"
    assert words_of(Odd()) == "Odd"
