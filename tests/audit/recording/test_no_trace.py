"""An audit leaves everything as it was."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from vaelid.auditor import audit, audit_kl, audit_loss, audit_sampler
from vaelid.auditor.recording.state import unchanged
from vaelid.spec.errors import UserCodeError

from .traces import CASES, KEPT_AT_FIRST, contents, of_process, seen

torch.set_num_threads(1)
GAPS = {
    "resized": "a storage that was resized lies elsewhere afterwards; its numbers are back",
    "shared_memory": "a tensor that was moved to shared memory stays there; its numbers are the same",
}
QUICK = (
    *("adam_foreach", "batch_norm", "first_gradients", "zero_grad_to_none", "eval_mode", "frozen_parameters"),
    *(
        "tensor_hook",
        "replaced_parameter",
        "data_replaced",
        "written_by_numpy",
        "schedulers",
        "lazy_layers",
        "interrupted",
    ),
    *("in_containers", "in_another_thread", "sparse_gradients", "batch_popped_deeply", "numpy_seed", "default_dtype"),
    *("generator_spawned", "raw_bits", "generator_in_an_array", "generator_in_a_repeat", "generator_in_a_thread_local"),
    *("process_no_flash_attention", "process_every_forward", "process_saved_tensors", "process_dispatch_mode"),
    *("process_warnings_filter", "process_working_folder", "process_numpy_bits"),
)


def test_first_results_are_of_cases_that_there_are():
    assert set(CASES) >= KEPT_AT_FIRST
    assert set(CASES) >= {*GAPS, *QUICK}
    assert len(CASES) == 250


def case(name):
    marks = [] if name in QUICK else [pytest.mark.slow]
    if name in GAPS:
        marks.append(pytest.mark.xfail(reason=GAPS[name], strict=True))
    return pytest.param(name, marks=marks)


@pytest.mark.parametrize("name", [case(name) for name in CASES])
@pytest.mark.filterwarnings("ignore")
@pytest.mark.every(6)
def test_an_audit_changes_nothing(name):
    made = CASES[name]()
    before = contents(made.watched), contents(made.batch), {**of_process(), **seen()}
    if made.raised is None:
        audit(made.step, made.batch)
    else:
        with pytest.raises(KeyboardInterrupt if made.raised is KeyboardInterrupt else UserCodeError):
            audit(made.step, made.batch)
    assert (contents(made.watched), contents(made.batch)) == before[:2]
    now = {**of_process(), **seen()}
    assert {key for key in now if now[key] != before[2][key]} <= _MOVED_BY_TESTS


_MOVED_BY_TESTS = {"python"}
"""Python's generator: beartype draws from it when it checks the arguments of the audit itself."""


def test_without_the_tests_own_draws_pythons_generator_is_as_it_was():
    names = ("nothing", "python_seed", "python_draw", "own_python_generator")
    command = [sys.executable, "-m", "tests.audit.recording.traces", *names]
    found = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3])
    assert found.stdout.splitlines() == [f"{name}: nothing" for name in names]


def test_the_comparison_can_fail():
    for name in ("adam_foreach", "batch_norm", "eval_mode", "batch_popped_deeply", "numpy_seed", "tensor_hook"):
        made = CASES[name]()
        before = contents(made.watched), contents(made.batch), repr(np.random.get_state())
        made.step(made.batch)
        assert (contents(made.watched), contents(made.batch), repr(np.random.get_state())) != before, name


def test_every_run_starts_from_the_same_weights(capsys):
    weight = nn.Parameter(torch.ones(3, dtype=torch.float64))

    def kl(mu, logvar):
        print(weight.tolist())  # a list of the test's own would be set back
        with torch.no_grad():
            weight.mul_(2)
        return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum()

    assert audit_kl(kl).verdict == "PROVED"
    seen = capsys.readouterr().out.splitlines()
    assert len(seen) >= 4
    assert seen == ["[1.0, 1.0, 1.0]"] * len(seen)


@pytest.mark.parametrize("door", ["loss", "sampler"])
def test_the_other_doors_leave_no_trace_either(door):
    scale = nn.Parameter(torch.ones(()))
    optimizer = torch.optim.SGD([scale], 0.1)
    noise = torch.Generator().manual_seed(4)

    def train():
        (scale**2).backward()
        optimizer.step()

    def loss(x_hat, x, mu, logvar):
        train()
        return ((x_hat - x) ** 2).sum() / 2 + 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum()

    def sampler(mu, logvar):
        train()
        return mu + (logvar / 2).exp() * torch.randn(mu.shape, generator=noise, dtype=mu.dtype)

    watched = (scale, optimizer, noise)
    before = contents(watched), of_process()
    found = audit_loss(loss) if door == "loss" else audit_sampler(sampler)
    assert found.verdict == "PROVED"
    assert contents(watched) == before[0]
    assert {key for key, value in of_process().items() if value != before[1][key]} <= _MOVED_BY_TESTS


def test_a_counter_that_goes_on_is_said_and_set_back():
    count = 0

    def loss(x_hat, x, mu, logvar):
        nonlocal count
        count += 1
        return ((x_hat - x) ** 2).sum() / 2 + 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum()

    said = "a call changes Python's own values (count), which are set back: later calls were not seen"
    assert said in audit_loss(loss).assumptions
    assert count == 0


def test_a_graph_made_before_can_be_gone_back_through():
    weight = nn.Parameter(torch.ones(3))
    total = (weight**2).sum()

    def step(x):
        with torch.no_grad():
            weight.add_(1)
        return (weight * x).sum()

    with unchanged([step], []):
        step(torch.ones(3))
    total.backward()
    assert weight.grad is not None
    assert weight.grad.tolist() == [2.0, 2.0, 2.0]


def test_what_a_thing_refuses_is_said():
    class Stubborn(dict):
        def __setattr__(self, name, value):
            raise AttributeError(name)

    kept = Stubborn(a=1)

    def change():
        kept["a"] = 2

    with unchanged([change]) as state:
        change()
    assert kept == {"a": 1}
    assert [re.sub(r"\W", "", name) for name in state.moved_on]
    assert state.failed == []
