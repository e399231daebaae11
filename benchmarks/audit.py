"""How long audits take, solvers included: python benchmarks/audit.py

- a step at B = 128, D = 784, L = 20, beside the same step and its backward pass, interleaved;
- 200 audits in one process: the last twenty beside the first twenty; and the memory of the process;
- the project's own cases, each warm: their mean, median and longest.
"""

import resource
import statistics
import sys
import time
import warnings
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

sys.path.insert(0, str(Path(__file__).parent.parent))

from vaelid import audit, audit_loss

ROUNDS = 7
STEPS = 20


def large_step():
    """A usual step on images of 784 pixels, and a batch."""
    encoder = nn.Sequential(nn.Linear(784, 400), nn.ReLU(), nn.Linear(400, 40))
    decoder = nn.Sequential(nn.Linear(20, 400), nn.ReLU(), nn.Linear(400, 784))

    def step(x):
        mu, logvar = encoder(x).chunk(2, 1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        nll = F.binary_cross_entropy_with_logits(decoder(z), x, reduction="sum")
        return (nll - 0.5 * torch.sum(1 + logvar - mu**2 - logvar.exp())) / len(x)

    return step, (torch.rand(128, 784) > 0.5).float()


def textbook(x_hat, x, mu, logvar):
    """The loss of every tutorial."""
    return F.mse_loss(x_hat, x, reduction="sum") / 2 - 0.5 * torch.sum(1 + logvar - mu**2 - logvar.exp())


def seconds(function) -> float:
    """How long it takes, once."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def main() -> None:
    """Print the figures."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    step, batch = large_step()
    first = seconds(lambda: audit(step, batch))
    audits, steps = [], []
    for _ in range(ROUNDS):
        audits.append(seconds(lambda: audit(step, batch)))
        steps.append(seconds(lambda: [step(batch).backward() for _ in range(STEPS)]) / STEPS)
    each, one = statistics.median(audits), statistics.median(steps)
    print(
        f"B = 128, D = 784, L = 20: {each:.2f} s an audit (the first {first:.2f} s), {each / one:.0f} steps of training"
    )
    many = [seconds(lambda: audit_loss(textbook)) for _ in range(200)]
    early, late = statistics.median(many[:20]), statistics.median(many[-20:])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"200 audits: {early:.3f} s each to begin with, {late:.3f} s in the end; {memory:.0f} MiB at most")
    from tests.audit.test_cases import CASES, audited

    found = sorted((seconds(lambda name=name: audited(name)), name) for name in CASES)
    times = [took for took, _ in found]
    mean, median = statistics.mean(times), statistics.median(times)
    print(
        f"{len(times)} cases: {mean:.2f} s on average, {median:.2f} s at the median, {times[-1]:.1f} s ({found[-1][1]})"
    )


if __name__ == "__main__":
    main()
