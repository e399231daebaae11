"""Two processes at one run, and a process that ends in the middle of writing one."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from vaelid import VAE, DivergenceError, InputError, evaluate, fit, load
from vaelid.interface import files, log, runs
from vaelid.interface.cli.results import _write as write_results
from vaelid.interface.files import make_unused_folder
from vaelid.interface.lock import check_free, hold
from vaelid.interface.recorder import Recorder

ROWS = np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)
SETTINGS = {"batch_size": 16, "epochs": 3, "progress": False}
HOLD = (
    "import sys, time\nfrom filelock import FileLock\nlock = FileLock(sys.argv[1], timeout=0)\nlock.acquire()\n"
    "print('held', flush=True)\ntime.sleep(60)\n"
)


def model() -> VAE:
    return VAE(obs=5, latent=2, hidden=(8,), seed=0)


# ------------------------------------------------------------------------------------------------ two processes


def test_a_folder_that_is_written_says_by_whom(refused, folder):
    np.save(folder / "x.npy", ROWS)
    fit(model(), "x.npy", out="run", **SETTINGS)
    with hold(folder / "run"):
        holder = json.loads((folder / "run" / ".writer.json").read_text())
        assert (holder["pid"], holder["host"]) == (os.getpid(), socket.gethostname())
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d", holder["since"])
        says = (
            f"run is being written by process {os.getpid()} on {socket.gethostname()}, since {holder['since']}: wait "
            "for it, stop it, or choose another folder with --out."
        )
        refused("train", "--resume", "--out", "run", says=says)
        refused("train", "x.npy", "--out", "run", says=says)
        assert evaluate("run", draws=2).rows == 6, "reading is free"
    assert not (folder / "run" / ".writer.json").exists()
    fit(model(), "x.npy", out="run", resume=True, **SETTINGS)


def test_a_second_start_that_waited_for_its_data_finds_the_run(folder, monkeypatch):
    """Both saw an empty folder; one wins, the other is told, whichever comes first to the lock."""
    outcomes, both = [], threading.Barrier(2)
    free = runs.check_free

    def together(path: Path) -> None:
        free(path)
        both.wait()

    monkeypatch.setattr(runs, "check_free", together)

    def start() -> None:
        try:
            outcomes.append(fit(model(), ROWS, out="run", **SETTINGS).kept_epoch)
        except InputError as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=start) for _ in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    told = [outcome for outcome in outcomes if isinstance(outcome, str)]
    assert len(told) == 1
    assert told[0].startswith(("run is being written by", "run already holds a run: resume it"))
    assert len((folder / "run" / "log.jsonl").read_text().splitlines()) == 3


def test_a_process_that_was_killed_holds_nothing(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / ".lock")], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(InputError, match="is being written by another process: wait for it"):
            check_free(tmp_path)
        (tmp_path / ".writer.json").write_text('{"pid": 7, "host": "h\\u001b[2J", "since": "noon"}')
        with pytest.raises(InputError, match=r"by process 7 on h\\x1b\[2J, since noon: wait"), hold(tmp_path):
            pass
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    check_free(tmp_path)
    with hold(tmp_path):
        pass


def test_a_folder_that_cannot_be_written_can_be_read(folder, monkeypatch):
    np.save(folder / "x.npy", ROWS)
    fit(model(), "x.npy", out="run", **SETTINGS)
    before = evaluate("run", draws=2)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a reader writes nothing")

    for name in ("write_atomically", "make_folder", "hold"):
        monkeypatch.setattr(runs, name, refuse)
    assert evaluate("run", draws=2) == before


def test_an_unused_folder_is_given_to_one_process_only(tmp_path):
    given, path = [], tmp_path / "runs" / "digits"
    threads = [threading.Thread(target=lambda: given.append(make_unused_folder(path))) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert {p.name for p in given} == {"digits", *(f"digits-{n}" for n in range(2, 9))}


@pytest.mark.slow
def test_twelve_starts_at_once_make_one_run(tmp_path):
    np.save(tmp_path / "x.npy", ROWS)
    command = [sys.executable, "-m", "vaelid", "train", "x.npy", "--out", "run", "--likelihood", "gaussian"]
    processes = [
        subprocess.Popen(
            [*command, "--epochs", "300", "--hidden", "8"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        for _ in range(12)
    ]
    ended = [(*process.communicate(timeout=300), process.returncode) for process in processes]
    assert sorted(status for *_, status in ended) == [0] + [64] * 11
    for _, errors, status in ended:
        if status:
            assert re.fullmatch(
                r"vaelid: run (is being written by (process \d+ on |another process)|already holds a run: ).*\n", errors
            )
    epochs = [json.loads(line)["epoch"] for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert epochs == list(range(1, 301))
    assert {p.name for p in (tmp_path / "run").iterdir()} == {
        ".lock", "config.json", "log.jsonl", "checkpoint.safetensors", "model.safetensors",
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------ a crash


class Crash(BaseException):
    """The process ends here."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """The run that nobody disturbed."""
    made = tmp_path_factory.mktemp("whole")
    np.save(made / "x.npy", ROWS)
    fit(model(), made / "x.npy", out=made / "run", **SETTINGS)
    return made


def crash_at(monkeypatch, number: int, *, after: bool) -> list[str]:
    """End the process at its write of that number, before or after the file is replaced; what was written till then."""
    real, done = files.write_atomically, []

    def write(path: Path, data: bytes) -> None:
        if len(done) == number and not after:
            path.with_name(f".{path.name}.1-dead.partial").write_bytes(data[:10])
            raise Crash
        real(path, data)
        done.append(path.name)
        if len(done) == number + 1 and after:
            raise Crash

    for module in (runs, log):
        monkeypatch.setattr(module, "write_atomically", write)
    return done


def the_same(run: Path, whole: Path) -> bool:
    weights, expected = (load(path).state_dict() for path in (run, whole))
    logs = [
        [json.loads(line)["validation"] for line in (p / "log.jsonl").read_text().splitlines()] for p in (run, whole)
    ]
    return all(torch.equal(weights[name], expected[name]) for name in expected) and logs[0] == logs[1]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(6))
def test_a_crash_at_any_write_leaves_the_old_run_or_the_new_one(folder, whole, monkeypatch, number, after):
    """Six writes of a run without checkpoints between: checkpoint, config, log; checkpoint, model, config."""
    with monkeypatch.context() as patch:
        crash_at(patch, number, after=after)
        with pytest.raises(Crash):
            fit(model(), whole / "x.npy", out="run", **SETTINGS)
    config = folder / "run" / "config.json"
    started = config.exists()
    assert started == (number > 1 or (number == 1 and after))
    if (number, after) >= (4, True):
        assert evaluate("run", draws=2) == evaluate(whole / "run", draws=2)
    else:
        with pytest.raises(InputError, match=r"not a run folder|has no model yet"):
            evaluate("run", draws=2)
    fit(model(), whole / "x.npy", out="run", resume=started, **SETTINGS)
    assert the_same(folder / "run", whole / "run")
    assert not list((folder / "run").glob(".*.partial"))


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(4))
def test_a_crash_while_a_stopped_run_goes_on_leaves_the_stopped_run_or_the_new_one(
    folder, whole, monkeypatch, number, after
):
    """A run cut after five steps has a model of its own; it goes on, and dies at: log, checkpoint, model, config."""
    see = Recorder.see

    def stop(self, state) -> None:
        see(self, state)
        if state.step == 5:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(Recorder, "see", stop)
        with pytest.raises(KeyboardInterrupt):
            fit(model(), whole / "x.npy", out="run", **SETTINGS)
    stopped = evaluate("run", draws=2)
    with monkeypatch.context() as patch:
        crash_at(patch, number, after=after)
        with pytest.raises(Crash):
            fit(model(), whole / "x.npy", out="run", resume=True, **SETTINGS)
    read = evaluate("run", draws=2)
    assert read == (evaluate(whole / "run", draws=2) if (number, after) >= (2, True) else stopped)
    assert read == evaluate("run", draws=2)
    fit(model(), whole / "x.npy", out="run", resume=True, **SETTINGS)
    assert the_same(folder / "run", whole / "run")


def test_the_weights_of_a_run_that_is_gone_are_not_taken_for_those_of_a_new_one(folder, whole):
    shutil.copytree(whole / "run", folder / "run")
    (folder / "run" / "config.json").unlink()
    with pytest.raises(DivergenceError):
        fit(model(), ROWS, out="run", learning_rate=1e38, **SETTINGS)
    assert load("run").state_dict()["encoder.0.weight"].equal(model().state_dict()["encoder.0.weight"])


# ------------------------------------------------------------------------------------------------ not finite


@pytest.mark.parametrize(
    "settings",
    [
        {"learning_rate": 1e38},
        {"learning_rate": 1e300},
        {"learning_rate": 3e37, "beta": 1e-30},
        {"learning_rate": 1e30, "clip": 1e-3},
        {"learning_rate": 1.0, "weight_decay": 1e20, "optimizer": "adamw"},
        {"learning_rate": 1e-3, "beta": 1e38},
        {"learning_rate": 1e-3, "beta": 1e300},
    ],
    ids=str,
)
@pytest.mark.parametrize("likelihood", ["gaussian:1", "laplace", "gaussian_diag"])
def test_weights_that_are_kept_are_finite(folder, settings, likelihood):
    trained = VAE(obs=5, latent=2, hidden=(8,), likelihood=likelihood, seed=0)
    with pytest.raises(DivergenceError, match=r"^training diverged at step \d+ \(epoch \d\): "):
        fit(trained, ROWS, out="run", batch_size=16, epochs=6, validation=0.0, progress=False, **settings)
    for weights in (trained.state_dict(), load("run").state_dict()):
        assert all(bool(tensor.isfinite().all()) for tensor in weights.values())


def test_a_model_that_is_not_finite_is_not_trained(folder):
    broken = model()
    torch.nn.init.constant_(broken.encoder[0].bias, torch.nan)
    with pytest.raises(InputError) as error:
        fit(broken, ROWS, out="run", **SETTINGS)
    assert str(error.value) == (
        "the model's encoder.0.bias is not finite: 8 of its 8 numbers are NaN or infinite: start from finite weights."
    )
    assert not (folder / "run").exists()


def test_a_run_of_no_epoch_says_so(vaelid, folder):
    np.save(folder / "x.npy", ROWS)
    with pytest.raises(DivergenceError):
        fit(model(), "x.npy", out="run", learning_rate=1e38, **SETTINGS)
    assert "Untrained: the run has 0 epochs, 0 steps. " in vaelid("evaluate", "run").out
    assert evaluate("run", draws=2).verdict.startswith("Untrained: the run has 0 epochs, 0 steps. ")
    for command in ("encode", "reconstruct", "sample"):
        assert vaelid(command, "run", "--out", "o.npz").err == "Untrained: the run has 0 epochs, 0 steps.\n"
    assert vaelid("report", "run").err == (
        "vaelid: run has not finished an epoch: nothing to report yet. Go on with --resume.\n"
    )


def test_results_that_are_not_finite_are_refused_by_their_row(refused, folder):
    np.save(folder / "x.npy", ROWS)
    fit(model(), "x.npy", out="run", **SETTINGS)
    far = ROWS.copy()
    far[17] = 3e38
    np.save(folder / "far.npy", far)
    refused(
        *("evaluate", "run", "far.npy"),
        says="the KL of row 17 is not finite (of 1 of 60 rows): the model cannot take these data. Look at that row, "
        "and at how the model was trained.",
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_arrays_that_are_not_finite_are_not_written(tmp_path, bad):
    x = ROWS.copy()
    x[17, 2] = bad
    with pytest.raises(InputError) as error:
        write_results(tmp_path / "e.npz", {"mu": ROWS, "logvar": x}, as_json=False)
    assert str(error.value) == (
        "logvar of row 17 is not finite (of 1 of 60 rows), so nothing is written: the model cannot take these data, or "
        "has diverged."
    )
    assert not list(tmp_path.iterdir())
