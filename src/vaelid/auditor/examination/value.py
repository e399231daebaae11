"""The loss is a NLL + b KL + const, with the same a and b, in runs at other weights, data and noise.

In: a step that is being examined. Out: the checks ``path`` (each run does the same operations), ``latents`` (each
has a term in the loss), ``value`` (one a and b
fit all runs), ``sign`` (both are positive) and ``beta`` (b / a is that of the account). For a KL without its half the
fit is off by a tenth of the loss's spread.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from vaelid.auditor.examination.bench import operations
from vaelid.auditor.examination.columns import Columns, columns_of
from vaelid.auditor.examination.examined import BATCHES, Examined, other_rows
from vaelid.auditor.examination.far import far_away
from vaelid.auditor.examination.least_squares import least_squares
from vaelid.auditor.recording.events import Recording
from vaelid.readings.errors import ReadingError

__all__ = ["value"]

_NEAR = (0.0, 0.05, 0.1, 0.1, 0.1, 0.2, 0.2, 0.2, 0.2, 0.4, 0.5, 0.7, 0.7, 1.0, 1.5)
"""Of the steps from the recorded weights, in deviations of each: mostly near, where nothing overflows. There are twice
as many runs as unknowns."""
_FAR = (3.0, 6.0, 9.0)
"""Of what is added to the posterior itself, by intervention: no weights near the recorded ones bring it there, and a
clamp at 10 acts only there."""
_WIDEST = 1.5
"""Of the weights in the far runs."""
_CLOSE = 0.2
"""Steps within which a clamp or a small number that the report names does not act yet."""
_CLOSE_AGAIN = (0.0, 0.05, 0.05, 0.1, 0.1, 0.1, 0.1, 0.2, 0.2, 0.2, 0.2, 0.2)
"""Further ones, for a KL at the draw: terms of mean zero are four more unknowns."""


@dataclass(frozen=True)
class _Run:
    step: float
    batch: int
    loss: float
    columns: Columns


@dataclass(frozen=True)
class _Fit:
    off: float
    nll: float
    kl: float


def value(examined: Examined) -> None:
    """Raises `ReadingError` where there is no likelihood or no posterior to fit."""
    if not examined.account.likelihoods or not examined.account.posteriors:
        raise ReadingError("no likelihood or no posterior was identified")
    runs, elsewhere = _runs(examined, (*_NEAR, *_FAR))
    total = len(_NEAR) + len(_FAR)
    count = len(examined.account.posteriors)
    free = count - len(examined.account.summands)
    examined.check("latents", not free, count - free, count, "of the latents so many have a term of their own")
    examined.check(
        "path",
        not elsewhere or examined.account.branches,
        elsewhere,
        0,
        f"of {total} runs on other weights and rows so many do other operations",
    )
    tolerance = examined.exact
    best = _fitted(runs, tolerance)
    if best.off <= tolerance:
        examined.check("far", True)
    if best.off > tolerance and examined.account.clamps:
        enough = max(tolerance, _SMALL_NUMBER)
        if (near := _fitted_near(examined, runs, enough)).off <= enough:
            best, tolerance = near, enough
            examined.notes.append(
                "far from the recorded weights a clamp or a small number acts: one that a note names, or the -100 at "
                "which torch's `binary_cross_entropy` holds logarithms"
            )
    if tolerance < best.off and examined.is_rounding(best.off, _size(runs)):
        raise ReadingError("rounding hides the value, and the code does not run in double precision")
    meaning = f"the largest distance, in {len(runs)} runs, from the best a NLL + b KL + const, over the loss's spread"
    examined.check("value", best.off <= tolerance, best.off, 0, meaning)
    if best.off > tolerance:
        return
    examined.weight = best.nll
    examined.beta = best.kl / best.nll / examined.account.scale if best.nll else None
    positive = best.nll > 0 and best.kl > 1e-7 * best.nll * examined.account.scale
    examined.check(
        "sign", positive, f"{best.nll:.6g} and {best.kl:.6g}", "> 0", "the weights of NLL and KL in the runs"
    )
    if (claimed := examined.account.beta) is not None and examined.beta is not None:
        close = max(1e-5 if examined.bench.double else 1e-3, tolerance)  # a small number that acts moves beta, too
        allowed, off = close * abs(claimed), abs(examined.beta - claimed)
        if allowed < off and examined.is_rounding(off, _size(runs) * abs(claimed)):
            raise ReadingError("rounding hides beta, and the code does not run in double precision")
        examined.check("beta", off <= allowed, examined.beta, claimed, "beta in the runs")


def _size(runs: list[_Run]) -> float:
    """Of the losses, over their spread: of a loss with a large constant, rounding is much of the spread."""
    if not runs:
        return 0.0
    losses = np.array([run.loss for run in runs])
    away = np.abs(losses - np.median(losses))
    return float((np.abs(losses) / (away + np.median(away) + 1e-300)).max())


_FEW = 5
"""Of so many posteriors there are 31 choices; a ladder has three to five."""

_SMALL_NUMBER = 1e-4
"""What 1e-8 in a logarithm changes, relatively, where probabilities are above 1e-4."""


def _runs(examined: Examined, steps: Sequence[float], first: int = 0) -> tuple[list[_Run], int]:
    """The runs that did the recorded operations, and how many did others. `first`: the first one's seed."""
    bench, found, elsewhere = examined.bench, [], 0

    def look(recording: Recording) -> Columns | None:
        if operations(recording) != examined.account.operations:
            return None
        return columns_of(examined.account, examined.numbers(recording))

    for k, step in enumerate(steps, first):
        batch = k % BATCHES
        values = bench.moved(min(step, _WIDEST), seed=k)
        rows = other_rows(examined, batch) if batch else None
        do = far_away(examined, values, rows, step, seed=k) if step in _FAR else None
        outcome = bench.run(values, rows, seed=k, look=look, do=do)
        if outcome.seen is None:
            elsewhere += 1
        elif np.isfinite([*_flat(outcome.seen), outcome.loss]).all():
            found.append(_Run(step, batch, outcome.loss, outcome.seen))
    return found, elsewhere


def _fitted_near(examined: Examined, runs: list[_Run], close: float) -> _Fit:
    """The fit near the recorded weights; with terms of mean zero, which takes more runs, only where it needs them."""
    near = [run for run in runs if run.step <= _CLOSE]
    found = _fitted(near, close, few=True)
    if found.off <= close:
        return found
    more, _ = _runs(examined, _CLOSE_AGAIN, first=len(_NEAR) + len(_FAR))
    return _fitted([*near, *more], close)


def _fitted(runs: list[_Run], close: float, *, few: bool = False) -> _Fit:
    """The best weights of NLL and KL, with a constant for each batch; terms of mean zero only where they are needed.

    `close`: what is near enough, so that nothing further is tried. `few`: too few runs for terms of mean zero.
    """
    if len(runs) < 2:
        return _Fit(float("inf"), 0.0, 0.0)
    losses = torch.tensor([run.loss for run in runs], dtype=torch.float64)
    columns = torch.tensor([_flat(run.columns) for run in runs], dtype=torch.float64)
    posteriors = len(runs[0].columns.mean_zero)
    columns = torch.cat([columns, columns[:, 2:].unflatten(1, (posteriors, 4)).sum(1)], 1)
    batches = torch.nn.functional.one_hot(torch.tensor([run.batch for run in runs]), BATCHES).double()
    best = _Fit(float("inf"), 0.0, 0.0)
    for extra in ((),) if few else _extras(posteriors):
        kept = [k for k in (0, 1, *extra) if float(columns[:, k].std()) > 1e-12]
        table = torch.cat([columns[:, kept], batches], 1)
        if len(runs) <= table.shape[1]:
            continue
        found = least_squares(table, losses)
        if found.off < best.off * 1e-2:  # two more unknowns fit a little better whatever the loss is
            by = dict(zip(kept, found.coefficients, strict=False))
            best = _Fit(found.off, by.get(0, 0.0), by.get(1, 0.0))
        if best.off <= close:
            break
    return best


def _flat(columns: Columns) -> list[float]:
    return [columns.nll, columns.kl, *itertools.chain.from_iterable(columns.mean_zero)]


def _extras(posteriors: int) -> Iterator[tuple[int, ...]]:
    """Which columns of mean zero are in the fit besides: none; those of all posteriors, added; those of some.

    The latter only for few: a loop over 128 rows has 128 posteriors, all treated alike.
    """
    yield ()
    kinds = ((0, 1), (2, 3), (0, 1, 2, 3))
    if posteriors > 1:
        yield from (tuple(2 + 4 * posteriors + at for at in kind) for kind in kinds)
    for count in range(1, posteriors + 1) if posteriors <= _FEW else ():
        for some in itertools.combinations(range(posteriors), count):
            for kind in kinds:
                yield tuple(2 + 4 * k + at for k in some for at in kind)
