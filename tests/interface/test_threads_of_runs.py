"""Threads of torch in runs: chosen, said in a line, kept with the run, taken again, given back."""

import json
import math
import os
import signal

import numpy as np
import pytest
import torch

from vaelid import VAE, InputError, fit
from vaelid.interface import machine, threads
from vaelid.interface.fit import Interrupted
from vaelid.interface.machine import Load, cores, quota, threads_in_environment
from vaelid.interface.threads import Watch, continued, started
from vaelid.train.threads import Span

ROWS = (np.random.default_rng(0).random((40, 5)) > 0.5).astype(np.float32)
CPU = torch.device("cpu")
LARGE = 500e6


@pytest.fixture
def two_threads(monkeypatch):
    """A process on two cores, in which nobody has chosen a number of threads."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(threads, "cores", lambda: 2)
    monkeypatch.setattr(threads, "quota", lambda: math.inf)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def load_of(monkeypatch, busy):
    monkeypatch.setattr(threads.Load, "busy", lambda self: busy)


def test_a_run_starts_with_what_is_free_and_says_so_where_load_decides(two_threads, monkeypatch):
    said = []
    load_of(monkeypatch, 0.0)
    assert started(None, LARGE, CPU, said.append) == Span(0, 2, "cores")
    assert started(None, 17e6, CPU, said.append) == Span(0, 1, "size")
    assert said == []
    load_of(monkeypatch, 0.97)
    assert started(None, LARGE, CPU, said.append) == Span(0, 1, "load")
    assert said == [
        "1 thread of torch instead of 2: others use 97% of the cores; --threads N, or threads=N in Python, settles it"
    ]


def test_what_the_user_chose_is_taken_whatever_the_load(two_threads, monkeypatch):
    load_of(monkeypatch, 1.0)
    said = []
    assert started(2, LARGE, CPU, said.append) == Span(0, 2, "given")
    torch.set_num_threads(5)
    assert started(None, LARGE, CPU, said.append) == Span(0, 5, "environment")
    torch.set_num_threads(2)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(name, "2")
        assert started(None, LARGE, CPU, said.append) == Span(0, 2, "environment")
        monkeypatch.delenv(name)
    assert said == []


def test_a_container_with_less_time_than_cores(two_threads, monkeypatch):
    monkeypatch.setattr(threads, "quota", lambda: 0.5)
    load_of(monkeypatch, 0.0)
    assert started(None, LARGE, CPU, print) == Span(0, 1, "cores")


def test_a_resumed_run_takes_the_threads_that_it_had(two_threads):
    had, said = (Span(0, 2, "cores"),), []
    assert continued(had, None, 70, said.append) == had
    assert continued(had, 2, 70, said.append) == had
    assert said == []
    assert continued(had, 1, 70, said.append) == (*had, Span(70, 1, "given"))
    assert said.pop() == "1 thread of torch instead of the run's 2: the end may differ in the last bits"
    assert continued((Span(0, 8, "cores"),), None, 70, said.append) == (Span(0, 8, "cores"),)
    assert said.pop() == (
        "8 threads of torch as before, for the same bits, though there are 2 cores here; --threads N, or threads=N in "
        "Python, settles it"
    )
    with pytest.raises(InputError, match=r"^threads=65000 must be a whole number from 1 to 1,024, or None\.$"):
        continued((Span(0, 65000, "cores"),), None, 70, said.append)


def test_a_resumed_run_says_that_it_overrides_the_environment(two_threads, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    said = []
    assert continued((Span(0, 1, "size"),), None, 70, said.append) == (Span(0, 1, "size"),)
    assert said == [
        "1 thread of torch as before, for the same bits, in spite of OMP_NUM_THREADS=2; --threads N, or threads=N in "
        "Python, settles it"
    ]


def test_fit_keeps_the_number_in_the_run_and_gives_torchs_own_back(tmp_path):
    before = torch.get_num_threads()
    seen = []

    class Encoder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = torch.nn.Linear(5, 4)

        def forward(self, x):
            seen.append(torch.get_num_threads())
            return self.linear(x)

    own = {"encoder": Encoder(), "decoder": torch.nn.Linear(2, 5)}
    model = VAE(5, 2, (), "bernoulli", **own, seed=0)
    found = fit(model, ROWS, epochs=2, out=tmp_path / "run", threads=2, progress=False)
    assert (found.threads, torch.get_num_threads(), set(seen[1:])) == (2, before, {2})  # the first is a trial
    assert json.loads((tmp_path / "run" / "config.json").read_text())["threads"] == 2
    again = fit(model, ROWS, epochs=2, out=tmp_path / "run", resume=True, progress=False)
    assert again.threads == 2


def test_torchs_own_number_comes_back_after_a_failure():
    before = torch.get_num_threads()
    with pytest.raises(ArithmeticError):
        fit(VAE(5, 2, (4,), "gaussian", seed=0), 1e20 * ROWS, epochs=3, threads=before + 1, progress=False)
    assert torch.get_num_threads() == before


def test_equal_threads_give_equal_bits_also_when_resumed(tmp_path, monkeypatch):
    """Of a model whose bits depend on the number on some processors, so the threads of each step are asked for, too."""
    rows, used = (np.random.default_rng(0).random((64, 784)) > 0.5).astype(np.float32), []
    sees = Watch.sees

    def note(watch, step):
        used.append(torch.get_num_threads())
        sees(watch, step)

    monkeypatch.setattr(Watch, "sees", note)

    def weights(**more):
        model = VAE(784, 20, (400,), "bernoulli", seed=0)
        fit(model, rows, epochs=2, batch_size=32, validation=0.0, progress=False, **more)
        return torch.cat([tensor.flatten() for tensor in model.state_dict().values()])

    def interrupt(watch, step):
        note(watch, step)
        if step == 1:
            os.kill(os.getpid(), signal.SIGINT)

    alone = weights(threads=2)
    assert used == [2, 2, 2, 2]
    with monkeypatch.context() as patched:
        patched.setattr(Watch, "sees", interrupt)
        with pytest.raises(Interrupted):
            weights(threads=2, out=tmp_path / "run")
    assert torch.equal(weights(out=tmp_path / "run", resume=True), alone)
    assert used == [2] * 8


def test_the_command_takes_and_resumes_threads(vaelid, folder):
    np.save("x.npy", ROWS)
    small = ("--hidden", "4", "--latent", "2", "--likelihood", "bernoulli", "--epochs", "2")
    outcome = vaelid("train", "x.npy", "--out", "run", "--threads", "2", *small)
    assert outcome.status == 0
    assert " s on 2 threads, kept the weights of epoch " in outcome.out
    assert json.loads((folder / "run" / "config.json").read_text())["threads"] == 2
    resumed = vaelid("train", "--resume", "--out", "run")
    assert (resumed.status, " on 2 threads" in resumed.out) == (0, True)
    changed = vaelid("train", "--resume", "--out", "run", "--threads", "1")
    assert (changed.status, " on 1 thread, kept" in changed.out) == (0, True)
    assert changed.err == ("vaelid: 1 thread of torch instead of the run's 2: the end may differ in the last bits\n")
    assert json.loads(vaelid("train", "--resume", "--out", "run", "--json").out)["threads"] == 1


def test_the_command_refuses_no_threads(refused):
    refused(
        "train", "digits", "--out", "run", "--threads", "0",
        says="Invalid value for '--threads': 0 is not in the range 1<=x<=1024. See: vaelid train --help",
    )  # fmt: skip


class Clock:
    """Processor time that passes as it is told to."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr(threads.time, "process_time", lambda: self.now)


def test_threads_that_come_to_wait_for_each_other_become_fewer(two_threads, monkeypatch):
    clock, said = Clock(monkeypatch), []
    load_of(monkeypatch, 1.0)
    watch = Watch((Span(0, 2, "cores"),), LARGE, 100, said.append)
    for step in range(1, 60):
        watch.go_on()
        clock.now += 0.010 if step <= 40 else 0.200
        watch.sees(step)
        clock.now += 5.0  # a checkpoint is no part of a step
    assert watch.spans == (Span(0, 2, "cores"), Span(45, 1, "jump"))  # five of nine
    assert torch.get_num_threads() == 1
    assert said == [
        "from step 46 on 1 thread of torch instead of 2: a step takes 20 times the processor time that it took, as "
        "threads wait for each other beside other load; --threads N, or threads=N in Python, settles it"
    ]


@pytest.mark.parametrize("why", ["given", "environment"])
def test_threads_that_the_user_chose_stay(two_threads, monkeypatch, why):
    clock = Clock(monkeypatch)
    watch = Watch((Span(0, 2, why),), LARGE, 100, print)
    for step in range(1, 60):
        watch.go_on()
        clock.now += 0.010 if step <= 40 else 0.200
        watch.sees(step)
    assert (watch.spans, torch.get_num_threads()) == ((Span(0, 2, why),), 2)


def test_an_epochs_last_step_has_the_validation_in_it_and_is_left_out(two_threads, monkeypatch):
    clock = Clock(monkeypatch)
    for steps_per_epoch in (1, 2, 3):
        watch = Watch((Span(0, 2, "cores"),), LARGE, steps_per_epoch, pytest.fail)
        for step in range(1, 100):
            watch.go_on()
            clock.now += 1.0 if step % steps_per_epoch == 0 else 0.01
            watch.sees(step)


def test_a_run_that_lost_threads_goes_on_with_those_it_had_last(tmp_path, monkeypatch):
    model, out = VAE(5, 2, (4,), "bernoulli", seed=0), tmp_path / "run"
    spans = (Span(0, 4, "cores"), Span(1, 3, "jump"))
    monkeypatch.setattr("vaelid.interface.fit.started", lambda *_: spans[0])
    monkeypatch.setattr(Watch, "sees", lambda self, step: setattr(self, "spans", spans))
    assert fit(model, ROWS, epochs=2, out=out, progress=False).threads == 3
    monkeypatch.undo()
    assert fit(model, ROWS, epochs=2, out=out, resume=True, progress=False).threads == 3
    assert json.loads((out / "config.json").read_text())["threads"] == 4  # with which it was started


# ---------------------------------------------------------------------------------------------- the machine


def test_the_machine_as_it_is():
    assert 1 <= cores() <= os.cpu_count()
    assert quota() > 0
    assert 0 <= Load().busy() <= 1


def test_without_what_other_systems_lack(monkeypatch):
    for name in ("sched_getaffinity", "getloadavg"):
        monkeypatch.delattr(os, name, raising=False)
    monkeypatch.setattr(machine, "_text", lambda path: "")
    assert (cores(), quota(), Load().busy()) == (os.cpu_count(), math.inf, 0.0)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores() == 1
    monkeypatch.setattr(os, "getloadavg", lambda: (0.25, 0, 0), raising=False)
    assert Load().busy() == 0.25

    def unobtainable():
        raise OSError

    monkeypatch.setattr(os, "getloadavg", unobtainable)
    assert Load().busy() == 0.0


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"}, 1.5),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, math.inf),
        ({"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/cpu.max": "200000 100000"}, 2.0),
        (
            {
                "proc/self/cgroup": "0::/a/b\n",
                "sys/fs/cgroup/a/cpu.max": "50000 100000",
                "sys/fs/cgroup/a/b/cpu.max": "200000 100000",
            },
            0.5,
        ),
        (
            {
                "proc/self/cgroup": "4:cpu,cpuacct:/docker/x\n3:memory:/\n",
                "sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us": "300000\n",
                "sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_period_us": "100000\n",
            },
            3.0,
        ),
        (
            {
                "proc/self/cgroup": "4:cpu:/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            math.inf,
        ),
        ({"proc/self/cgroup": "nonsense\n\n:::\n"}, math.inf),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "100000 0\n"}, math.inf),
        ({}, math.inf),
    ],
)
def test_the_quota_of_a_container(tmp_path, files, expected):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert quota(tmp_path) == expected


def test_the_readings_of_the_cores_that_may_be_used(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 2}, raising=False)
    stat = tmp_path / "stat"
    stat.write_text(
        "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 10 1 5 100 3 2 1 4 7 7\ncpu1 9 9 9 9 9 9 9 9 9 9\ncpu2 1 0 0 50 0\nintr 5\n"
    )
    found = machine._reading(stat)
    assert (found.busy, found.total) == (10 + 1 + 5 + 2 + 1 + 4 + 1, 126 + 51)
    stat.write_text("cpu0 a b c d e\ncpu2\n")
    assert machine._reading(stat) is None
    assert machine._reading(tmp_path / "none") is None


def test_the_setting_is_named(monkeypatch):
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    assert threads_in_environment() is None
    monkeypatch.setenv("OMP_NUM_THREADS", "")
    assert threads_in_environment() is None
    monkeypatch.setenv("OMP_NUM_THREADS", "4,2")
    assert threads_in_environment() == "OMP_NUM_THREADS=4,2"


def test_train_says_nothing_unless_it_is_asked_to(two_threads, monkeypatch, capsys):
    load_of(monkeypatch, 1.0)
    monkeypatch.setattr("vaelid.interface.threads.worth", lambda work, most: most)
    monkeypatch.setattr("vaelid.interface.threads.choose", lambda *_: (1, "load"))
    fit(VAE(5, 2, (4,), "bernoulli", seed=0), ROWS, epochs=1, progress=False)
    assert capsys.readouterr().err == ""
    fit(VAE(5, 2, (4,), "bernoulli", seed=0), ROWS, epochs=1)
    assert capsys.readouterr().err.startswith("vaelid: 1 thread of torch instead of 2: others use 100% of the cores;")
