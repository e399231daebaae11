"""What a recording says does not hang on torch's switches: its compiler loaded or not, arguments checked or not."""

import importlib
import sys

import pytest
import torch
from torch.distributions import Distribution, Normal

from vaelid.auditor.lifting.lift import lift
from vaelid.auditor.recording.record import record

ROWS = torch.linspace(-1, 1, 6, dtype=torch.float64).reshape(2, 3)


@pytest.fixture(params=["with the compiler", "without it"])
def compiler(request, monkeypatch):
    importlib.import_module("torch._dynamo")
    if request.param == "without it":
        monkeypatch.delitem(sys.modules, "torch._dynamo")


@pytest.fixture
def argument_checks():
    before = Distribution._validate_args
    yield Distribution.set_default_validate_args
    Distribution.set_default_validate_args(before)


@pytest.mark.usefixtures("compiler")
@pytest.mark.parametrize(
    "ask", [lambda total: total.item() > 0, lambda total: bool(total > 0), lambda total: torch.equal(total, total)]
)
def test_a_value_that_the_user_reads_is_noted_with_its_line(ask):
    def loss(x):
        total = x.sum()
        return total if ask(total) else 2 * total

    found = record(loss, [ROWS], {"x": ROWS})
    assert found.decided_by_value == (f"{__file__}:{ask.__code__.co_firstlineno}",)


@pytest.mark.usefixtures("compiler")
def test_a_value_that_torch_checks_is_not_noted(argument_checks):
    argument_checks(True)
    found = record(lambda x: Normal(x, 1.0).log_prob(x).sum(), [ROWS], {"x": ROWS})
    assert found.decided_by_value == ()
    assert len(found.events_that_count()) < len(found.events)


def test_what_torch_checks_changes_no_name(argument_checks):
    def loss(x, weight):
        hidden = torch.relu(x @ weight)
        return Normal(hidden, hidden.exp()).log_prob(torch.relu(hidden @ weight)).sum()

    formulas = []
    for check in (True, False):
        argument_checks(check)
        weight = torch.eye(3, dtype=torch.float64)
        formulas.append(lift(record(loss, [ROWS, weight], {"x": ROWS, "weight": weight})).result.element.term)
    assert formulas[0] == formulas[1]
