"""How long commands take to start, as ratios to `python -c "import torch"`: python benchmarks/startup.py [--rounds 9]

Each is run as a process of its own, from cold imports, one after the other in every round; the order turns from round
to round, and a ratio is of two times of the same round. Quoted are medians over rounds. Exits 1 where one is above its
limit: ratios are what holds on a slower or busier machine, so measure when nothing else runs.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

LOSS = """
import torch
import torch.nn.functional as F


def loss(x_hat, x, mu, logvar):
    nll = F.mse_loss(x_hat, x, reduction="sum") / 2
    return (nll - 0.5 * torch.sum(1 + logvar - mu**2 - logvar.exp())) / len(x)
"""

COMMANDS = ("demo", "train", "evaluate", "encode", "reconstruct", "sample", "report", "audit", "theorems")
HELP = {f"vaelid {command} --help": (["-m", "vaelid", command, "--help"], 0.35) for command in COMMANDS}
CASES = {
    "import torch": (["-c", "import torch"], None),
    "import vaelid": (["-c", "import vaelid"], 1.15),
    "import vaelid; vaelid.VAE": (["-c", "import vaelid; vaelid.VAE"], None),
    "vaelid --help": (["-m", "vaelid", "--help"], 0.35),
    **HELP,
    "vaelid theorems": (["-m", "vaelid", "theorems"], None),
    "vaelid audit loss.py:loss": (["-m", "vaelid", "audit", "loss.py:loss"], 1.7),
}
"""Arguments of Python, and the limit of the ratio: of `theorems`, which proves what it lists, there is none."""


def seconds(arguments, folder):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}  # what is measured is the start, not torch's threads
    started = time.perf_counter()
    found = subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, check=False)
    took = time.perf_counter() - started
    assert found.returncode == 0, found.stderr.decode()
    return took


def measured(rounds):
    """Seconds of each case in each round, after one round that fills the disk's cache."""
    times = {name: [] for name in CASES}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "loss.py").write_text(LOSS)
        for number in range(rounds + 1):
            for name in list(CASES)[:: 1 if number % 2 else -1]:
                took = seconds(CASES[name][0], folder)
                if number:
                    times[name].append(took)
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    times = measured(rounds)
    torch = times["import torch"]
    print(f"Python {platform.python_version()}, torch {version('torch')}, {os.cpu_count()} cores, {rounds} rounds\n")
    print("| | seconds, median (range) | ratio to `import torch`, median (range) | limit |\n|---|---|---|---|")
    above = []
    for name, (_, limit) in CASES.items():
        took = times[name]
        ratios = [one / other for one, other in zip(took, torch, strict=True)]
        ratio = statistics.median(ratios)
        print(
            f"| `{name}` | {statistics.median(took):.2f} ({min(took):.2f} to {max(took):.2f}) "
            f"| {ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f}) | {'' if limit is None else limit} |"
        )
        if limit is not None and ratio > limit:
            above.append(f"{name}: {ratio:.2f} > {limit}")
    if above:
        sys.exit(f"FAILED: {'; '.join(above)}")


if __name__ == "__main__":
    main()
