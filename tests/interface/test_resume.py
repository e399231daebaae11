"""A run that is killed or interrupted, in a process of its own, ends as the run that was left alone."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch

import vaelid

ARGUMENTS = ["--epochs", "300", "--hidden", "32", "--latent", "4", "--kl-warmup", "5", "--clip", "30"]
TIMINGS = ("seconds", "rows_per_second")


def command(*arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "vaelid", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"OMP_NUM_THREADS": "1", **os.environ, "PYTHONWARNINGS": "error"},  # the tests run beside other work
    )


def wait_for_checkpoint(run: Path, process: subprocess.Popen, newer_than: float) -> None:
    checkpoint = run / "checkpoint.safetensors"
    while process.poll() is None and not (checkpoint.exists() and checkpoint.stat().st_mtime > newer_than):
        time.sleep(0.005)


def log_without_timings(run: Path) -> list[dict]:
    records = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [{key: value for key, value in record.items() if key not in TIMINGS} for record in records]


def result(run: Path) -> dict:
    found = json.loads((run / "config.json").read_text())["result"]
    return {key: value for key, value in found.items() if key != "seconds"}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "uninterrupted"
    process = command("train", "digits", "--out", str(run), *ARGUMENTS)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return run


SIGNALS = [signal.SIGKILL, signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)]


@pytest.mark.parametrize("how", SIGNALS, ids=lambda how: how.name)
@pytest.mark.every(4)
def test_a_run_stopped_at_random_steps_ends_as_the_uninterrupted_run(uninterrupted, tmp_path, how):
    run, moments = tmp_path / "run", random.Random(how.value)
    started, steps = time.time(), []
    process = command("train", "digits", "--out", str(run), "--checkpoint-seconds", "0.02", *ARGUMENTS)
    for _ in range(3):
        wait_for_checkpoint(run, process, started)
        time.sleep(moments.uniform(0, 0.15))
        process.send_signal(how)
        output, errors = process.communicate(timeout=60)
        started = time.time()
        assert process.returncode == (-9 if how == signal.SIGKILL else 130), output + errors
        if how != signal.SIGKILL:
            assert f"go on with: vaelid train --resume --out {run}" in output
            assert errors.count("\n") <= 1  # the likelihood that was chosen; no traceback
            steps.append(result(run)["steps"])
        process = command("train", "--resume", "--out", str(run), "--checkpoint-seconds", "0.02")
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert steps == sorted(set(steps)), "each part went further"
    assert (run / "model.safetensors").read_bytes() == (uninterrupted / "model.safetensors").read_bytes()
    assert log_without_timings(run) == log_without_timings(uninterrupted)
    assert result(run) == result(uninterrupted)


def test_resuming_a_finished_run_changes_nothing(uninterrupted):
    before = {p.name: p.read_bytes() for p in uninterrupted.iterdir() if p.suffix in (".safetensors", ".jsonl")}
    process = command("train", "--resume", "--out", str(uninterrupted))
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert {name: (uninterrupted / name).read_bytes() for name in before} == before


def test_an_interrupt_in_python_ends_the_script_with_the_weights_in_the_model():
    rows = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    model = vaelid.VAE(3, 1, hidden=(4,), seed=0)
    vaelid.fit(model, rows, epochs=1, progress=False)  # what is imported at first is imported now
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    handler = signal.getsignal(signal.SIGINT)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt, match=r"interrupted after \d+ epochs; the model holds the weights reached"):
        vaelid.fit(model, rows, epochs=1_000_000, progress=False)
    timer.join()
    assert any(not torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert all(bool(tensor.isfinite().all()) for tensor in model.state_dict().values())
    assert signal.getsignal(signal.SIGINT) is handler
