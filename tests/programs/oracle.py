"""The truths checked by numbers, without vaelid: NLL and KL by torch.distributions, least squares, finite differences.

The program runs with a line more, which hands over NLL, KL, mean, deviation and z of its own run. Its loss has to be
a NLL + b KL + c for one a, b and c at several weights; its gradient that of a NLL + b KL, by differences of the values,
which no `detach` or hook can touch; and (z - mean) / deviation has to look like independent draws of N(0, 1).
"""

import math
import warnings
from dataclasses import dataclass
from types import ModuleType

import torch
from tests.default_dtype import default_dtype
from torch import Tensor, nn

from .load import load
from .program import Program

TRIALS = 8
DIRECTIONS = 3
RUNS = 200
TOLERANCE = 1e-5  # in float64; three orders above what rounding leaves
SLOPE_TOLERANCE = 1e-3  # of central differences with steps of 1e-5
STEP = 1e-5


@dataclass(frozen=True)
class Checked:
    """Whether the numbers agree with the truth, None where they say nothing of it; and what they are."""

    agrees: bool | None
    words: str


class Bench:
    """A program at work: its weights can be set, and a run gives loss, NLL, KL, gradient and noise."""

    def __init__(self, program: Program) -> None:
        self.seen: list[tuple[Tensor, ...]] = []
        self.module: ModuleType = load(program, lambda *values: self.seen.append(values))
        self.batch = _in_default(self.module.batch)
        self.weights = _weights(self.module)
        self.start = [weight.detach().clone() for weight in self.weights]

    def set(self, direction: list[Tensor], length: float) -> None:
        """Weights at a distance from where they started."""
        for weight, at, way in zip(self.weights, self.start, direction, strict=True):
            weight.data = at + length * way
            weight.grad = None

    def run(self, seed: int | None) -> tuple[Tensor, Tensor, Tensor]:
        """Loss, NLL and KL; without a seed with new noise."""
        if seed is not None:
            torch.manual_seed(seed)
        self.seen.clear()
        loss = self.module.step(self.batch)
        loss = loss["loss"] if isinstance(loss, dict) else loss
        nll, kl = (sum(values[i] for values in self.seen) for i in (0, 1))
        return loss, nll.detach(), kl.detach()

    def noise(self) -> Tensor:
        """(z - mean) / deviation of the last run, in a line for each draw."""
        parts = []
        for _, _, mean, deviation, z in self.seen:
            apart = (z - mean).detach()
            if deviation.dim() > mean.dim():
                tril = deviation.detach().expand(*apart.shape, -1)
                eps = torch.linalg.solve_triangular(tril, apart.unsqueeze(-1), upper=False).squeeze(-1)
            else:
                eps = apart / deviation.detach()
            parts.append(eps.reshape(-1, mean.shape[0], mean.shape[-1]))
        return torch.cat(parts, 0).flatten(1)


def check(program: Program) -> Checked:
    """Is the truth of this program that of the numbers?"""
    if program.names["frame"] == "vmapped":
        return Checked(None, "values inside vmap cannot be handed out")
    if program.change is not None and program.change.argued:
        return Checked(None, program.change.why)
    single = program.names["frame"] == "autocast"  # layers in half precision take no float64
    with default_dtype(torch.float32 if single else torch.float64), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(program.index)
        bench = Bench(program)
        faults, beta = _faults(
            bench,
            single=single,
            unbiased=program.names["kl"] == "sticking_the_landing",
        )
    declared = program.draft.declared.get("beta")
    if program.change is None:
        if not math.isclose(beta, program.draft.beta, rel_tol=1e-3):
            faults.append(f"beta {beta:.6g} and not {program.draft.beta:.6g}")
        return Checked(not faults, ", ".join(faults) or f"beta {beta:.6g}")
    if declared is not None and not math.isclose(beta, declared, rel_tol=1e-3):
        faults.append(f"beta {beta:.6g}, declared {declared:.6g}")
    if not faults and (single or program.names["kl"] == "sticking_the_landing"):
        return Checked(None, "gradients were not compared")
    return Checked(bool(faults), ", ".join(faults) or "all as in a right one")


def _faults(bench: Bench, single: bool, unbiased: bool) -> tuple[list[str], float]:
    """What is wrong, and the beta of the best fit."""
    faults = []
    generator = torch.Generator().manual_seed(1)

    def direction() -> list[Tensor]:
        return [torch.randn(weight.shape, generator=generator, dtype=weight.dtype) for weight in bench.weights]

    rows = []
    for trial in range(TRIALS):
        bench.set(direction(), 0.15)
        loss, nll, kl = bench.run(seed=trial)
        rows.append([float(loss), float(nll), float(kl), 1.0])
    table = torch.tensor(rows, dtype=torch.float64)
    found = torch.linalg.lstsq(table[:, 1:], table[:, :1]).solution[:, 0]
    left = (table[:, 0] - table[:, 1:] @ found).norm() / (table[:, 0] - table[:, 0].mean()).norm()
    a, b = found[0].item(), found[1].item()
    if not left < (1e-3 if single else TOLERANCE):
        faults.append(f"values do not fit ({left:.1e})")
    elif not (a > 0 and b > 1e-6 * a):
        faults.append(f"weights {a:.3g} and {b:.3g}")
    elif not single:
        faults += [] if unbiased else _of_gradient(bench, direction, a, b)
    faults += _of_noise(bench)
    if not single:
        faults += _of_deviation(bench, direction())
    return faults, b / a if a else math.inf


def _of_gradient(bench: Bench, direction, a: float, b: float) -> list[str]:
    """The gradient along some directions, beside differences of a NLL + b KL."""
    own, wanted = [], []
    for trial in range(DIRECTIONS):
        way = direction()
        bench.set(way, 0.0)
        loss, _, _ = bench.run(seed=trial)
        own.append(sum((g * w).sum().item() for g, w in zip(_gradient(bench, loss), way, strict=True)))
        ends = []
        for length in (STEP, -STEP):
            bench.set(way, length)
            _, nll, kl = bench.run(seed=trial)
            ends.append((a * nll + b * kl).item())
        wanted.append((ends[0] - ends[1]) / (2 * STEP))
    own, wanted = torch.tensor(own), torch.tensor(wanted)
    differs = (own - wanted).norm() / wanted.norm()
    return [] if differs < SLOPE_TOLERANCE else [f"gradient differs ({differs:.1e})"]


def _gradient(bench: Bench, loss: Tensor) -> list[Tensor]:
    """What the step left in .grad, or that of the loss where it does not go back by itself."""
    found = [weight.grad for weight in bench.weights]
    if all(gradient is None for gradient in found) and loss.requires_grad:
        found = torch.autograd.grad(loss, bench.weights, allow_unused=True)
    return [torch.zeros_like(w) if g is None else g for w, g in zip(bench.weights, found, strict=True)]


def _of_noise(bench: Bench) -> list[str]:
    """Moments, freshness and dependence of the noise at the weights of the start."""
    draws, faults = [], []
    here = [torch.zeros_like(weight) for weight in bench.weights]
    for run in range(RUNS):
        bench.set(here, 0.0)
        bench.run(seed=0 if run == 0 else None)
        draws.append(bench.noise())
    if torch.allclose(draws[0], draws[1]):
        faults.append("the noise is not drawn anew")
    eps = torch.cat(draws)
    if eps.mean(0).abs().max() > 0.4 or eps.mean().abs() > 0.1:
        faults.append(f"mean of the noise {eps.mean():.2f}")
    if (eps.var() - 1).abs() > 0.2 or (eps.var(0) - 1).abs().max() > 0.6:
        faults.append(f"variance of the noise {eps.var():.2f}, least {eps.var(0).min():.2f}")
    if (eps.pow(4).mean() - 3).abs() > 0.9:
        faults.append(f"fourth moment {eps.pow(4).mean():.2f}")
    dependence = (torch.corrcoef(eps.T) - torch.eye(eps.shape[1], dtype=eps.dtype)).abs().max()
    if not dependence < 0.5:
        faults.append(f"correlation {dependence:.2f}")
    return faults


def _of_deviation(bench: Bench, way: list[Tensor]) -> list[str]:
    """With one seed, (z - mean) / deviation is the same at other weights, if that is the deviation z is drawn with."""
    noises = []
    for length in (0.0, 0.15):
        bench.set(way, length)
        bench.run(seed=0)
        noises.append(bench.noise())
    differs = (noises[0] - noises[1]).abs().max()
    return [] if differs < 1e-6 else [f"the noise moves with the weights ({differs:.1e})"]


def _weights(module: ModuleType) -> list[Tensor]:
    found: dict[int, Tensor] = {}
    for value in vars(module).values():
        if isinstance(value, nn.Module):
            found |= {id(weight): weight for weight in value.parameters()}
        elif isinstance(value, nn.Parameter):
            found[id(value)] = value
    return list(found.values())


def _in_default(batch):
    if isinstance(batch, tuple):
        return tuple(_in_default(part) for part in batch)
    return batch.to(torch.get_default_dtype()) if batch.is_floating_point() else batch
