"""Training and audits beside other load, against quiet; and what a second thread gains: python benchmarks/load.py

- `vaelid train` of the demo's size and of 784-400-20-400-784, and `vaelid audit` of a step, each as a command, alone
  and beside a busy loop for each core, in turn: medians over rounds; at most 4 times the quiet time, or it exits 1;
- the time of a training step with one thread and with all, of models of four sizes, quiet, in turn: why a small model
  gets one thread (`vaelid.train.threads`);
- with --forced, the train of the demo's size beside load with a thread for each core, cut off after two minutes.

Measure when nothing else runs: the share of the cores that others use is printed first.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import numpy as np
import torch

import vaelid
from vaelid.interface.machine import Load, cores
from vaelid.train.loop import init, run
from vaelid.train.recipe import Recipe
from vaelid.train.rows import rows_of
from vaelid.train.task import Task
from vaelid.train.threads import worth

LIMIT = 4.0
STEP = """
import torch
import torch.nn.functional as F
from torch import nn

encoder = nn.Sequential(nn.Linear(784, 400), nn.ReLU(), nn.Linear(400, 40))
decoder = nn.Sequential(nn.Linear(20, 400), nn.ReLU(), nn.Linear(400, 784))
batch = (torch.rand(128, 784) > 0.5).float()


def step(x):
    mu, logvar = encoder(x).chunk(2, 1)
    z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
    nll = F.binary_cross_entropy_with_logits(decoder(z), x, reduction="sum")
    return (nll - 0.5 * torch.sum(1 + logvar - mu**2 - logvar.exp())) / len(x)
"""
DEMO = ("train", "digits", "--likelihood", "binomial:16", "--hidden", "256", "--latent", "16", "--batch-size", "64")
LARGE = ("train", "large.npy", "--likelihood", "bernoulli", "--hidden", "400", "--latent", "20")
COMMANDS = {
    "train, the demo's size, 100 epochs": (*DEMO, "--epochs", "100"),
    "train, 784-400-20-400-784, 20 epochs": (*LARGE, "--epochs", "20"),
    "audit of a step of 784-400-20-400-784": ("audit", "step.py:step"),
}
SIZES = ((64, 256, 16, 64), (64, 256, 16, 128), (196, 256, 16, 128), (784, 400, 20, 128))


@contextmanager
def busy_loops():
    """A process that does nothing but run, for each core."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(cores())]
    try:
        time.sleep(0.5)
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def environment(**more):
    return {
        name: value for name, value in os.environ.items() if name not in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
    } | more


def seconds(arguments, folder, limit=600, **more):
    """Of the command, in all; infinite where it is cut off. And what it said of threads."""
    out = ["--out", tempfile.mkdtemp(dir=folder) + "/run"] if arguments[0] == "train" else []
    command = [sys.executable, "-m", "vaelid", *arguments, *out]
    started = time.perf_counter()
    try:
        found = subprocess.run(
            command, cwd=folder, env=environment(**more), capture_output=True, text=True, timeout=limit, check=True
        )
    except subprocess.TimeoutExpired:
        return float("inf"), ""
    said = [line for line in (found.stderr + found.stdout).splitlines() if "thread" in line]
    return time.perf_counter() - started, "; ".join(said)


def files(folder):
    Path(folder, "step.py").write_text(STEP)
    np.save(Path(folder, "large.npy"), np.random.default_rng(0).random((4000, 784)) > 0.5)


def commands(rounds, forced):
    """Print each command's seconds, quiet and beside load; give those above the limit."""
    times, said = {name: ([], []) for name in COMMANDS}, {}
    with tempfile.TemporaryDirectory() as folder:
        files(folder)
        for number in range(rounds + 1):  # the first fills the disk's cache
            for name, arguments in COMMANDS.items():
                quiet, _ = seconds(arguments, folder)
                with busy_loops():
                    loaded, said[name] = seconds(arguments, folder)
                if number:
                    times[name][0].append(quiet)
                    times[name][1].append(loaded)
        if forced:
            with busy_loops():
                took, _ = seconds(
                    COMMANDS["train, the demo's size, 100 epochs"], folder, 120, OMP_NUM_THREADS=f"{cores()}"
                )
            print(f"\nthe first, beside load, with {cores()} threads by OMP_NUM_THREADS: {took:.1f} s")
    print("\n| | quiet, s: median (range) | beside load | ratio, median (range) | it said |\n|---|---|---|---|---|")
    above = []
    for name, (quiet, loaded) in times.items():
        ratios = [one / other for one, other in zip(loaded, quiet, strict=True)]
        print(f"| {name} | {spread(quiet)} | {spread(loaded)} | {spread(ratios)} | {said[name]} |")
        if statistics.median(ratios) > LIMIT:
            above.append(f"{name}: {statistics.median(ratios):.1f}")
    return above


def spread(values):
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def steps_of(observed, hidden, latent, batch):
    """A function that takes a step more."""
    rows = torch.from_numpy((np.random.default_rng(0).random((20 * batch, observed)) > 0.5).astype(np.float32))
    model = vaelid.VAE(observed, latent, (hidden,), "bernoulli", seed=0)
    task = Task(model, Recipe(epochs=10**6, batch_size=batch, validation=0.0), rows_of(rows, model.likelihood))
    return run(task, init(task))


def threads(rounds, steps=20):
    """Print milliseconds of a step with one thread and with all."""
    most = cores()
    print(f"\n| model, batch | operations of a step | 1 thread, ms | {most} threads, ms | gain | chosen |")
    print("|---|---|---|---|---|---|")
    for observed, hidden, latent, batch in SIZES:
        found = {1: [], most: []}
        contestants = {count: steps_of(observed, hidden, latent, batch) for count in found}
        for number in range(rounds + 1):
            for count in list(found)[:: 1 if number % 2 else -1]:
                torch.set_num_threads(count)
                started = time.perf_counter()
                for _ in islice(contestants[count], steps):
                    pass
                if number:
                    found[count].append(1e3 * (time.perf_counter() - started) / steps)
        work = 6.0 * batch * (2 * observed * hidden + 3 * latent * hidden)
        gains = [one / other for one, other in zip(found[1], found[most], strict=True)]
        name = f"{observed}-{hidden}-{latent}-{hidden}-{observed}, {batch}"
        print(
            f"| {name} | {work / 1e6:.0f}e6 | {spread(found[1])} | {spread(found[most])} | {spread(gains)} "
            f"| {worth(work, most)} |"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--forced", action="store_true", help="what happens with a thread for each core beside load")
    arguments = parser.parse_args()
    print(f"torch {torch.__version__}, {cores()} cores, of which others use {Load().busy():.0%}")
    threads(3 * arguments.rounds)
    above = commands(arguments.rounds, arguments.forced)
    if above:
        sys.exit(f"FAILED: more than {LIMIT:g} times the quiet time: {'; '.join(above)}")


if __name__ == "__main__":
    main()
