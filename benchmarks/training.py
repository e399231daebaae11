"""vaelid's training step against a loop written by hand in PyTorch: the same losses, and the time of an epoch.

    python benchmarks/training.py [--quick] [--threads 2]

Same weights, data, order and noise must give the same loss at every step, to 1e-5. An epoch is timed with all that
`vaelid.fit` does in it (seeded noise, gradient norm, check of every step, log), without validation, which the loop
has not; epochs are interleaved. Exits 1 where the losses differ; a time is reported, and decides nothing.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
import torch.nn.functional as F
from scipy.ndimage import zoom
from sklearn.datasets import load_digits
from torch import nn

import vaelid
from vaelid.train.loop import init, run
from vaelid.train.randomness import Stream, stream_seed
from vaelid.train.recipe import Recipe
from vaelid.train.rows import rows_of
from vaelid.train.task import Task

GREATEST_DIFFERENCE = 1e-5


@dataclass(frozen=True)
class Case:
    """What is trained: the model's sizes and likelihood (binomial of `trials`; 1 is Bernoulli), and the batch."""

    observed: int
    hidden: int
    latent: int
    trials: int
    batch: int
    epochs: int  # in one timing

    def __str__(self):
        sizes = f"{self.observed}-{self.hidden}-{self.latent}-{self.hidden}-{self.observed}"
        return f"{sizes}, {self.likelihood}, batches of {self.batch}"

    @property
    def likelihood(self):
        return "bernoulli" if self.trials == 1 else f"binomial:{self.trials}"

    def data(self):
        images = load_digits().images
        if self.observed == 64:
            return torch.tensor(images.reshape(-1, 64), dtype=torch.float32)
        return binary_digits(images, rows=12_800)

    def model(self):
        return vaelid.VAE(self.observed, self.latent, (self.hidden,), self.likelihood, seed=0)


def binary_digits(images, rows):
    """Digits at 28 x 28, black or white, drawn with replacement and each shifted by up to 2 pixels."""
    large = np.stack([zoom(image, 3.5, order=1) for image in images]) >= 8
    rng = np.random.default_rng(0)
    drawn = large[rng.integers(len(large), size=rows)]
    shifts = rng.integers(-2, 3, size=(rows, 2))
    shifted = [np.roll(image, shift, axis=(0, 1)) for image, shift in zip(drawn, shifts, strict=True)]
    return torch.tensor(np.stack(shifted).reshape(rows, -1), dtype=torch.float32)


LARGE = Case(observed=784, hidden=400, latent=20, trials=1, batch=128, epochs=1)
SMALL = Case(observed=64, hidden=256, latent=16, trials=16, batch=64, epochs=10)


class HandWritten(nn.Module):
    def __init__(self, case):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(case.observed, case.hidden), nn.ReLU(), nn.Linear(case.hidden, 2 * case.latent)
        )
        self.decoder = nn.Sequential(
            nn.Linear(case.latent, case.hidden), nn.ReLU(), nn.Linear(case.hidden, case.observed)
        )

    def forward(self, x, eps=None):
        mu, logvar = self.encoder(x).chunk(2, dim=-1)
        eps = torch.randn_like(mu) if eps is None else eps
        return self.decoder(mu + torch.exp(0.5 * logvar) * eps), mu, logvar


def hand_written_loss(model, x, trials, eps=None):
    """The negative ELBO; of a binomial without log C(n, x), which no weight changes."""
    share = x if trials == 1 else x / trials
    logits, mu, logvar = model(share, eps)
    nll = trials * F.binary_cross_entropy_with_logits(logits, share, reduction="sum") / len(x)
    kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp()) / len(x)
    return nll + kl


def hand_written_epochs(case, data, **adam):
    torch.manual_seed(0)
    model = HandWritten(case)
    optimizer = torch.optim.Adam(model.parameters(), **adam)

    def epoch():
        total = 0.0
        for indices in torch.randperm(len(data)).split(case.batch):
            x = data[indices]
            loss = hand_written_loss(model, x, case.trials)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)
        return total / len(data)

    return epoch


def task_of(case, data, epochs):
    model = case.model()
    recipe = Recipe(epochs=epochs, batch_size=case.batch, validation=0)
    return Task(model, recipe, rows_of(data, model.likelihood))


def vaelid_epochs(case, data):
    """The loop of `vaelid.fit`, an epoch at a time."""
    task = task_of(case, data, epochs=10**6)
    states = run(task, init(task))

    def epoch():
        state = next(islice(states, task.steps_per_epoch - 1, None))
        return sum(state.history[-1]["training"].values())

    return epoch


def vaelid_losses(task, steps):
    """The loss of each step, from the running totals of its epoch."""
    rows, before, found = len(task.split.training), 0.0, []
    for state in islice(run(task, init(task)), steps):
        means = state.history[-1]["training"] if not state.sums else {}
        total = sum(means.values()) * rows if means else state.sums["reconstruction_nll"] + state.sums["kl"]
        found.append((total - before) / task.recipe.batch_size)
        before = 0.0 if means else total
    return found


def hand_written_losses(task, case, data, steps):
    """The same by hand: the weights, the batches and the noise that vaelid documents."""
    model = HandWritten(case)
    model.load_state_dict(task.model.state_dict())
    optimizer = torch.optim.Adam(model.parameters())
    found = []
    for step in range(steps):
        epoch, batch = divmod(step, task.steps_per_epoch)
        x = data[task.batches_of(epoch)[batch]]
        torch.manual_seed(stream_seed(task.recipe.seed, Stream.NOISE, step))
        loss = hand_written_loss(model, x, case.trials, torch.randn(len(x), case.latent))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


def greatest_difference(case, steps):
    data = case.data()
    assert len(data) % case.batch == 0
    task = task_of(case, data, epochs=10**6)
    expected = np.array(hand_written_losses(task, case, data, steps))
    found = np.array(vaelid_losses(task, steps))
    for step in (1, steps):
        print(f"loss at step {step}: vaelid {found[step - 1]:.4f}, by hand {expected[step - 1]:.4f}")
    return float(np.max(np.abs(found / expected - 1)))


def contestants(case, data) -> dict[str, Callable[[], float]]:
    return {
        "vaelid": vaelid_epochs(case, data),
        "loop, Adam": hand_written_epochs(case, data),
        "loop, Adam(fused=True)": hand_written_epochs(case, data, fused=True),
    }


def seconds_of_epochs(case, rounds):
    """Interleaved seconds per epoch of each contestant, after one round of warm-up; the order turns every round."""
    data = case.data()
    epochs = contestants(case, data)
    seconds = {name: [] for name in epochs}
    for number in range(rounds + 1):
        for name in list(epochs)[:: 1 if number % 2 else -1]:
            started = time.perf_counter()
            for _ in range(case.epochs):
                loss = epochs[name]()
            if number:
                seconds[name].append((time.perf_counter() - started) / case.epochs)
    assert np.isfinite(loss)
    return {name: np.array(values) for name, values in seconds.items()}


def print_times(case, seconds):
    print(f"\n{case}: {len(seconds['vaelid'])} rounds of {case.epochs} epoch(s)")
    print(f"{'':24}{'ms per epoch: median (min to max)':>38}{'vaelid / it: median (min to max)':>36}")
    for name, values in seconds.items():
        ms, ratio = 1e3 * values, seconds["vaelid"] / values
        spread = f"{np.median(ms):.1f} ({ms.min():.1f} to {ms.max():.1f})"
        paired = f"{np.median(ratio):.3f} ({ratio.min():.3f} to {ratio.max():.3f})" if name != "vaelid" else ""
        print(f"{name:24}{spread:>38}{paired:>36}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="50 steps, 3 rounds, and the large model only")
    parser.add_argument("--threads", type=int, default=2, help="of torch")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    print(f"torch {torch.__version__}, numpy {np.__version__}, {arguments.threads} threads")
    steps = 50 if arguments.quick else 200
    difference = greatest_difference(LARGE, steps)
    print(f"greatest relative difference in {steps} steps: {difference:.1e} (at most {GREATEST_DIFFERENCE:g})")

    print_times(LARGE, seconds_of_epochs(LARGE, rounds=3 if arguments.quick else 15))
    if not arguments.quick:
        print_times(SMALL, seconds_of_epochs(SMALL, rounds=21))
    if difference > GREATEST_DIFFERENCE:
        sys.exit(f"FAILED: the losses differ by {difference:.1e}")


if __name__ == "__main__":
    main()
