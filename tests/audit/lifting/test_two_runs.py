"""A loss at two batch sizes: one formula for every size that moved; what keeps it from that is said."""

import numpy as np
import pytest
import torch

from vaelid.auditor.formula.axes_of_terms import sizes_of
from vaelid.auditor.formula.errors import Unread
from vaelid.auditor.formula.in_tensors import values_of
from vaelid.auditor.lifting.lift import lift
from vaelid.auditor.lifting.two_runs import check_value, read_calls
from vaelid.auditor.recording.calls import call_of, fewer_rows, scalar_loss
from vaelid.auditor.recording.record import record
from vaelid.readings.terms.text import text
from vaelid.spec.errors import UserCodeError

BATCH = torch.linspace(-1, 1, 35, dtype=torch.float64).reshape(5, 7)


def formula(function, batch=BATCH, **options):
    """The formula of runs on a batch and on the same with fewer rows."""
    return read_calls(function, [call_of(batch), call_of(fewer_rows(batch))], scalar_loss, **options)


STEPS = {
    "a sum": lambda x: (x**2).sum(),
    "a mean": lambda x: (x**2).mean(),
    "over the number of rows": lambda x: x.exp().sum() / len(x),
    "times a size": lambda x: x.exp().mean() * x.shape[0] * x.shape[1],
    "over pairs of rows": lambda x: (x[:, None] - x[None]).square().sum() / len(x) ** 2,
}


@pytest.mark.parametrize("name", STEPS)
def test_at_other_sizes_the_formula_has_the_values_of_the_code(name):
    found = formula(STEPS[name])
    assert found.moved
    assert found.notes == []
    for rows in (5, 4, 9):
        x = torch.linspace(-2, 1, 7 * rows, dtype=torch.float64).reshape(rows, 7)
        lengths = [rows if axis in found.moved else n for axis, n in enumerate(found.reading.axes.lengths)]
        value = values_of(found.term.term, {"x": x}, sizes_of(lengths))
        torch.testing.assert_close(value, STEPS[name](x), rtol=1e-12, atol=1e-12)


def test_a_size_of_a_dimension_that_does_not_move_is_a_number():
    assert "1/7" in text(formula(lambda x: x.sum() / x.shape[1]).term.term)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (lambda x: x.sum() if len(x) == 5 else x.mean(0).sum() + x.exp().sum(), "does not do the same|something else"),
        (lambda x: x.sum() * (2.0 if len(x) == 5 else 3.0), "the number 2 became 3 in another run"),
    ],
)
def test_what_does_something_else_at_another_size_holds_for_this_size(step, said):
    found = formula(step)
    assert found.moved == frozenset()
    (note,) = found.notes
    assert any(words in note for words in said.split("|"))


def test_a_step_that_takes_no_fewer_rows():
    def step(x):
        return (x + torch.zeros(5, 1, dtype=torch.float64)).sum()

    found = formula(step)
    assert found.moved == frozenset()
    assert found.notes[0].startswith("it does not take fewer rows")


def test_what_the_first_run_raises_is_raised():
    with pytest.raises(UserCodeError, match="ZeroDivisionError"):
        formula(lambda x: x.sum() / 0 if isinstance(x, int) else 1 / 0)


# what is the same in two runs, and what is not


def test_noise_that_is_frozen():
    def step(x):
        torch.manual_seed(0)
        return (x + torch.randn_like(x)).sum()

    assert len(formula(step).frozen) == 1
    assert formula(lambda x: (x + torch.randn_like(x)).sum()).frozen == frozenset()


def test_constants_that_move():
    generator = np.random.default_rng(0)
    found = formula(lambda x: (x + torch.tensor(generator.normal(size=7))).sum())
    assert [found.reading.leaves[name].kind for name in found.moving] == ["constant"]
    still = torch.arange(7.0, dtype=torch.float64)
    assert formula(lambda x: (x * still).sum()).moving == frozenset()


def test_without_another_run_neither_is_known():
    found = formula(lambda x: (x + torch.randn_like(x)).sum(), again=False)
    assert (found.frozen, found.moving) == (frozenset(), frozenset())


def test_pythons_own_values_that_move_are_an_assumption():
    seen = []

    def step(x):
        seen.append(len(x))
        return x.sum()

    (said,) = formula(step).assumptions
    assert "seen" in said
    assert seen == []


# the formula's value is compared


def test_a_write_that_is_no_event_is_noticed():
    def step(x):
        h = x * 2
        h.numpy()[:] = 0
        return h.exp().sum()

    with pytest.raises(Unread, match="where the code gave 35"):
        formula(step)


@pytest.mark.parametrize(("dtype", "off", "noticed"), [(torch.float64, 1e-6, True), (torch.float32, 1e-6, False)])
def test_how_far_a_value_may_be(dtype, off, noticed):
    x = BATCH.to(dtype)
    recording = record(lambda x: x.exp().sum(), [x], {"x": x})
    reading = lift(recording)
    check_value(reading, recording)
    recording.returned.mul_(1 + off)
    if not noticed:
        check_value(reading, recording)
        return
    with pytest.raises(Unread, match="the formula read from the operations is"):
        check_value(reading, recording)


def test_a_formula_of_what_was_written_in_parts_has_no_value():
    def step(x):
        h = x * 2
        h[0] = 1
        return (h.exp() + h).sum()

    recording = record(step, [BATCH], {"x": BATCH})
    check_value(lift(recording), recording)  # both are cut: leaves with values

    meta = record(lambda x: x.sum(), [x := torch.empty(2, device="meta")], {"y": torch.ones(1)})
    assert x.is_meta
    with pytest.raises(Unread, match="meta"):
        lift(meta)


def test_the_recorded_lengths_and_values():
    found = formula(STEPS["a sum"])
    assert found.lengths["N0"] == found.lengths["i0"] == 5
    torch.testing.assert_close(found.arrays()["x"], BATCH)
