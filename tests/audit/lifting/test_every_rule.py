"""Every registered operation is read somewhere in these tests, and has torch's value there.

Some operations never come up by themselves: torch makes others of them before a recording sees them, as `view` of
`flatten`. Of these a recording is made of what torch makes, and its event is given the other name.
"""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from vaelid.auditor.lifting.lift import lift
from vaelid.auditor.lifting.rules import RULES as REGISTERED
from vaelid.auditor.recording.record import record

from .read import OTHER, ROWS, check, given, values
from .test_draws import NORMAL, UNIFORM, inverse
from .test_masks import AGAIN, KEPT, MASKS, tensors
from .test_matrices import RAW, READ, VECTOR
from .test_rules import MORE, RULES

COMPARED = {
    "eq": lambda a, b: a * (a.sum() == b.sum()),
    "ne": lambda a, b: a * (a.sum() != b.sum()) + b,
    "gt": lambda a, b: a * (a.sum() > 1),
    "lt": lambda a, b: a * (a.sum() < 1) + b,
    "ge": lambda a, b: a * (b.mean() >= 0.5),
    "le": lambda a, b: a * (b.mean() <= 0.5) + b,
}
OTHERS = {
    "a split in chunks": lambda a, b: a.chunk(2, 1)[0] + b.chunk(2, 1)[0],
    "classes of images": lambda a, b: F.nll_loss(a[:, :, None, None], torch.tensor([4, 0, 2])[:, None, None]) + b.sum(),
    "a lifted tensor": lambda a, b: a * torch.tensor(2.0, dtype=torch.float64) + torch.ops.aten.lift_fresh(b),
    "zeros from nothing": lambda a, b: torch.zeros(3, 5, dtype=torch.float64) + a,
    "a conversion": lambda a, b: (a * 2).round().div(2).to(torch.float32).to(torch.float64) * b,
    "a view that checks nothing": lambda a, b: torch.ops.aten._unsafe_view(a.clone(), [15]) * 2,
    "an alias": lambda a, b: torch.ops.aten.alias(a) + b,
    "an inverse distribution function": inverse,
}


def renamed(function, before, after, **tensors):
    """The values of a function's formula, where its event of one operation has another's name."""
    tensors = tensors or given()
    recording = record(function, tuple(tensors.values()), tensors)
    events = [replace(e, name=f"aten.{after}.default") if e.operation == before else e for e in recording.events]
    assert [e.operation for e in events].count(after) > 0
    reading = lift(replace(recording, events=tuple(events)))
    assert set(reading.result.leaves) <= set(tensors)
    return values(reading).reshape(recording.returned.shape)


# The other name; what torch records, of which function; and what the other operation gives by itself.
RENAMED = {
    "reshape": ("view", lambda a, b: a.view(15) * b.view(15), lambda a, b: a.reshape(15) * b.reshape(15)),
    "flatten": ("view", lambda a, b: a.view(15) * b.view(15), lambda a, b: a.flatten() * b.flatten()),
    "_reshape_alias": ("view", lambda a, b: a.view(15) + b.view(15), lambda a, b: a.reshape(15) + b.reshape(15)),
    "contiguous": ("clone", lambda a, b: a.clone() * b, lambda a, b: a.contiguous() * b),
    "positive": ("clone", lambda a, b: a.clone() - b, lambda a, b: torch.positive(a) - b),
    "square": ("pow", lambda a, b: (a - b) ** 2, lambda a, b: torch.square(a - b)),
    "numpy_T": ("t", lambda a, b: a.t() * 2, lambda a, b: a.T * 2),
    "chunk": ("split", lambda a, b: a.split(3, 1)[1] * 2, lambda a, b: a.chunk(2, 1)[1] * 2),
    "unsafe_split": ("split", lambda a, b: a.split(2, 0)[1], lambda a, b: a.unsafe_split(2, 0)[1]),
    "narrow": ("slice", lambda a, b: a[:, 1:4] * 3, lambda a, b: a.narrow(1, 1, 3) * 3),
    "l1_loss": ("mse_loss", lambda a, b: F.mse_loss(a, b, reduction="sum"), lambda a, b: (a - b).abs().sum()),
}


@pytest.mark.parametrize("name", RENAMED)
def test_an_operation_that_torch_makes_others_of_is_read_all_the_same(name):
    before, function, expected = RENAMED[name]
    torch.testing.assert_close(renamed(function, before, name), expected(ROWS, OTHER), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_an_absolute_error_is_reduced_as_torch_does(reduction):
    found = renamed(lambda a, b: F.mse_loss(a, b, reduction=reduction), "mse_loss", "l1_loss")
    torch.testing.assert_close(found, F.l1_loss(ROWS, OTHER, reduction=reduction))


def test_a_draw_that_torch_compiles_is_a_draw():
    recording = record(lambda a, b: a + torch.randn_like(b), (ROWS, OTHER), given())
    events = [
        replace(e, name="aten.normal_functional.default") if e.operation == "randn_like" else e
        for e in recording.events
    ]
    reading = lift(replace(recording, events=tuple(events)))
    assert reading.leaves["eps1"].law == "normal"
    torch.testing.assert_close(values(reading), recording.returned)


@pytest.mark.parametrize("name", COMPARED)
def test_a_comparison_of_two_numbers_is_1_or_0_and_noted(name):
    reading = check(COMPARED[name])
    (line,) = reading.decided
    assert line.startswith(__file__)
    assert set(reading.result.leaves) <= {"a", "b"}


@pytest.mark.parametrize("name", OTHERS)
def test_others_have_torchs_values_too(name):
    check(OTHERS[name])


def test_every_registered_operation_is_read_in_these_tests():
    recorded = set(RENAMED) | {"normal_functional"}
    for function in {**RULES, **MORE, **NORMAL, **UNIFORM, **COMPARED, **OTHERS}.values():
        recorded |= {event.operation for event in record(function, (ROWS, OTHER), given()).events}
    for function in MASKS.values():
        recorded |= {event.operation for event in record(function, (ROWS, OTHER, KEPT, AGAIN), tensors()).events}
    for function in READ.values():
        recorded |= {event.operation for event in record(function, (RAW, VECTOR), {"a": RAW, "b": VECTOR}).events}
    assert set(REGISTERED) - recorded == set()
