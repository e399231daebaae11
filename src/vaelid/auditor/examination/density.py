"""exp(-NLL), summed over one datum, is the same number whatever the decoder puts out.

In: a step that is being examined. Out: the check ``density``. The mean, the deviation, the noise and all outputs are
given by intervention, one datum takes each value of a grid, and its own output takes three. For label smoothing the sum
is 0.83 at an output of 4 where it is 1 at 0, so that the loss is no likelihood.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from vaelid.auditor.examination.bench import RunOutcome
from vaelid.auditor.examination.columns import columns_of
from vaelid.auditor.examination.densities import base_measure
from vaelid.auditor.examination.examined import Examined, with_tensor
from vaelid.auditor.examination.flow import recorded
from vaelid.auditor.examination.own_density import own_density
from vaelid.auditor.findings.account import StatedLikelihood
from vaelid.auditor.recording.events import Recording
from vaelid.readings.errors import ReadingError

__all__ = ["density", "held_in"]

_GRIDS: dict[str, Sequence[int]] = {
    "bernoulli": (0, 1),
    "poisson": range(30),
    "gaussian": range(-9, 10),
    "laplace": range(-28, 29),
}
"""Values of one datum. Beyond them there is less than 1e-8 of the whole at the outputs that are tried; of a Laplace's,
whose tails fall slowly, 1e-11. Over whole numbers the sum of a Gaussian of variance 1 is its integral but for 1e-8."""
_OUTPUTS = (-1.0, 0.0, 1.0)
"""Whole, as the grid is: moving a location by a whole number moves no sum over whole numbers."""
_CLOSE, _CLOSE_OF_FLOATS = 1e-5, 1e-2
"""In nats. A sum over whole numbers of a Laplace is exact only at whole locations: 1e-2 for it, too."""
_MOST_PLACES = 32
"""Of the decoder's output that are tried for the one that the datum is compared with: it is nearly always the first."""


def density(examined: Examined) -> None:
    """Raises `ReadingError` where the sum cannot be made: several likelihoods or draws, a family without a grid."""
    account = examined.account
    own = [likelihood for likelihood in account.likelihoods if likelihood.formula is not None]
    for likelihood in own:
        own_density(examined, likelihood)
    if own:
        return
    if examined.weight is None or len(account.likelihoods) != 1 or account.likelihoods[0].share != 1:
        raise ReadingError("the weight of one likelihood is not known")
    likelihood = account.likelihoods[0]
    data, output = _one_datum(examined, likelihood)
    x = examined.data_tensors()[data]
    grid = _grid(examined, likelihood, data, x)
    fixed = _held(examined, output)
    event = account.sites[output].event
    assert event is not None
    place = _place_of(examined, likelihood.family, fixed, event, x)
    sums = []
    for value in _OUTPUTS:
        moved = fixed[event].clone()
        moved.flatten()[place] = value
        losses = [_loss(examined, x, datum, fixed | {event: moved}) for datum in grid]
        sums.append(torch.tensor(losses, dtype=torch.float64))
    low = min(float(losses.min()) for losses in sums)
    base = base_measure(likelihood, torch.tensor(list(grid), dtype=torch.float64))
    close = _CLOSE if examined.bench.double and likelihood.family != "laplace" else _CLOSE_OF_FLOATS

    def without(left_out: Tensor) -> list[float]:
        return [float(torch.logsumexp(-(losses - low) / examined.weight - left_out, 0)) for losses in sums]

    # code may leave out what has only data in it, or have it
    best = min(without(torch.zeros_like(base)), without(base), key=_spread)
    if _spread(best) >= close:  # or have something near it, as Stirling's series: it takes a run for each value more
        of_data = sums[0] / examined.weight - _likelihoods_own(examined, x, grid, fixed, (event, place, _OUTPUTS[0]))
        best = min(best, without(base - of_data), key=_spread)
    if _spread(best) >= close and likelihood.family == "laplace":  # at locations that are not whole, as a sigmoid's
        of_grid = [_sum_by_account(examined, x, grid, fixed, (event, place, value)) for value in _OUTPUTS]
        best = [one - other for one, other in zip(best, of_grid, strict=True)]
    off, size = _spread(best), max(float(losses.abs().max()) for losses in sums) / abs(examined.weight)
    if off >= close and examined.is_rounding(off, size):
        raise ReadingError("rounding hides the sum, and the code does not run in double precision")
    ratio = float(np.exp(min(best) - max(best)))
    meaning = "the sum of exp(-NLL) over one datum, at one output of the decoder over that at another"
    examined.check("density", off < close, ratio, 1, meaning)


def _spread(logs: Sequence[float]) -> float:
    return max(logs) - min(logs)


def _one_datum(examined: Examined, likelihood: StatedLikelihood) -> tuple[str, str]:
    """The tensor of the batch that is compared, and the output that it is compared with: each one."""
    account, tensors = examined.account, examined.data_tensors()
    data = [name for name in recorded(account, likelihood.parameters[0]) if name in tensors]
    outputs = [
        name
        for name in recorded(account, *likelihood.parameters[1:2])
        if name in account.sites and account.sites[name].event is not None
    ]
    if len(data) != 1 or len(outputs) != 1 or not tensors[data[0]].is_floating_point():
        raise ReadingError("one datum and its own output are not told apart")
    return data[0], outputs[0]


def _held(examined: Examined, output: str) -> dict[int, Tensor]:
    """The outputs of the operations that made the posterior's arrays and what was decoded, as they are in a run."""
    return examined.bench.run(seed=0, look=lambda recording: held_in(examined, recording, output)).seen


def held_in(examined: Examined, recording: Recording, *more: str) -> dict[int, Tensor]:
    """The same in this run, by the operation."""
    account, numbers = examined.account, examined.numbers(recording)
    terms = [term for p in account.posteriors for term in (p.mean, p.log_variance)]
    terms += [posterior.below.element for posterior in account.posteriors if posterior.below is not None]
    names = recorded(account, *terms) | account.outputs | {*more}
    events = {name: account.sites[name].event for name in sorted(names) if name in account.sites}
    return {event: numbers.tensor(name).detach().clone() for name, event in events.items() if event is not None}


def _grid(examined: Examined, likelihood: StatedLikelihood, data: str, x: Tensor) -> Sequence[float]:
    """The values that the datum takes, in the batch's own units: code may scale it before it compares it."""
    grid = _GRIDS.get(likelihood.family)
    if grid is None or likelihood.learned:
        raise ReadingError(f"no sum is made for the {likelihood.name}")
    if likelihood.family == "bernoulli" and not bool(((x == 0) | (x == 1)).all()):
        raise ReadingError("a Bernoulli of data between 0 and 1 is no density")
    if likelihood.family not in ("gaussian", "laplace"):
        return grid

    def look(recording: Recording) -> tuple[Tensor, Tensor]:
        numbers = examined.numbers(recording)
        return numbers.of(likelihood.parameters[0]).flatten().detach(), numbers.tensor(data).double().flatten().detach()

    compared, raw = examined.bench.run(seed=0, look=look).seen
    if compared.numel() != raw.numel():
        raise ReadingError("data are not compared one by one")
    known = raw.isfinite() & compared.isfinite()  # a nan is a value that is missing
    raw, compared = raw[known], compared[known]
    line = torch.stack([raw, torch.ones_like(raw)], 1)
    slope, shift = torch.linalg.lstsq(line, compared[:, None]).solution[:, 0].tolist()
    off = float((line @ torch.tensor([slope, shift], dtype=torch.float64) - compared).abs().max())
    if off > 1e-5 * (1 + float(compared.abs().max())) or not slope:
        raise ReadingError("data are transformed before they are compared, and not by one line for all")
    return [round((datum - shift) / slope, 9) for datum in grid]  # 0 is to be 0: code may ask for its sign


def _loss(examined: Examined, x: Tensor, datum: float, do: Mapping[int, Tensor]) -> float:
    return _run(examined, x, datum, do).loss


def _run(
    examined: Examined,
    x: Tensor,
    datum: float,
    do: Mapping[int, Tensor],
    look: Callable[[Recording], float] | None = None,
) -> RunOutcome:
    """A run in which the first datum has another value."""
    moved = x.clone()
    moved.flatten()[0] = datum
    return examined.bench.run(batch=with_tensor(examined.bench.batch, x, moved), seed=0, do=do, look=look)


def _likelihoods_own(
    examined: Examined, x: Tensor, grid: Sequence[float], fixed: Mapping[int, Tensor], at: tuple[int, int, float]
) -> Tensor:
    """The NLL of all data by the account, which leaves out what has only data in it: for each value of one datum."""
    event, place, value = at
    moved = fixed[event].clone()
    moved.flatten()[place] = value

    def look(recording: Recording) -> float:
        return columns_of(examined.account, examined.numbers(recording)).nll

    found = [_run(examined, x, datum, {**fixed, event: moved}, look).seen for datum in grid]
    return torch.tensor(found, dtype=torch.float64)


def _sum_by_account(
    examined: Examined, x: Tensor, grid: Sequence[float], fixed: Mapping[int, Tensor], at: tuple[int, int, float]
) -> float:
    """The logarithm of the sum over the grid that the account's own likelihood has, up to a number of all outputs."""
    return float(torch.logsumexp(-_likelihoods_own(examined, x, grid, fixed, at), 0))


def _place_of(examined: Examined, family: str, fixed: Mapping[int, Tensor], event: int, x: Tensor) -> int:
    """The place of the output that the first datum is compared with: the one whose slope moves with it."""
    own = float(x.flatten()[0])
    other = _another(family, own)
    base, changed = (_loss(examined, x, datum, fixed) for datum in (own, other))
    for place in range(min(fixed[event].numel(), _MOST_PLACES)):
        for by in _MOVES.get(family, (0.5,)):
            moved = fixed[event].clone()
            moved.flatten()[place] += by
            one, two = (_loss(examined, x, datum, {**fixed, event: moved}) for datum in (own, other))
            if _is_mixed(examined, base, one, changed, two):
                _check_alone(examined, family, fixed, event, x, moved)
                return place
    raise ReadingError("no output goes with the first datum")


_MOVES = {"laplace": (-30.0, 30.0)}
"""Of an output. An absolute error has no mixed difference but where the output comes to the other side of the data."""


def _another(family: str, datum: float) -> float:
    """Another datum of the support."""
    return 1 - datum if family == "bernoulli" else datum + 1


def _check_alone(
    examined: Examined, family: str, fixed: Mapping[int, Tensor], event: int, x: Tensor, moved: Tensor
) -> None:
    """Raises `ReadingError` where another datum is compared with the same output, as all classes are with a softmax."""
    bench = examined.bench
    for place in range(1, min(x.numel(), _MOST_NEIGHBOURS)):
        other = x.clone()
        other.flatten()[place] = _another(family, float(x.flatten()[place]))
        losses = [
            bench.run(batch=with_tensor(bench.batch, x, data), seed=0, do=do).loss
            for data in (x, other)
            for do in (fixed, {**fixed, event: moved})
        ]
        if _is_mixed(examined, *losses):
            raise ReadingError("one output is compared with several data")


def _is_mixed(examined: Examined, base: float, one: float, other: float, both: float) -> bool:
    """Whether two changes together change a loss by more than each alone."""
    off = abs(both - other - one + base)
    return off > 1e-6 * (abs(one - base) + 1e-9) and not examined.is_rounding(off, abs(base))


_MOST_NEIGHBOURS = 6
"""Of the data beside the first: what one output is compared with lies side by side."""
