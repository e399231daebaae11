"""Noise is drawn anew in each call, at each place apart, with a normal's moments, and reaches what is decoded.

In: a step that is being examined. Out: the checks ``state`` (one seed gives one loss), ``fresh noise`` (two seeds give
two), ``noise`` (the draws of 8 runs have the moments of a standard normal) and ``decoded`` (the NLL moves with the
seed). For noise that is kept in a dictionary after the first call two seeds give the same loss.
"""

import math
from contextlib import suppress

import torch
from torch import Tensor

from vaelid.auditor.examination.bench import operations
from vaelid.auditor.examination.columns import columns_of
from vaelid.auditor.examination.examined import Examined
from vaelid.auditor.recording.events import Recording
from vaelid.readings.errors import ReadingError

__all__ = ["noise", "state"]

_RUNS = 8
_MOST_ERRORS = 5.0
"""Standard errors of a moment: passed by chance in all but one of a million audits."""
_FEWEST_DIFFERENT = 0.95
"""Of the draws of one run. All are different, but that floats repeat now and then."""


def state(examined: Examined) -> None:
    """Python's own values go on from run to run here: what a call keeps for the next one is seen.

    Raises `ReadingError` where two seeds give two NLLs and one loss, as where a KL of 1e40 leaves nothing of the rest.
    """
    run = examined.bench.run
    one, again, other = (run(seed=seed, python_goes_on=True).loss for seed in (1, 1, 2))
    close = 1e-9 if examined.bench.double else 1e-5
    same = abs(one - again) <= close * abs(one) + 1e-12
    examined.check("state", same, again, one, "the loss of one seed, weights and batch, and the same once more")
    if one == other and _decoded_anew(examined):
        raise ReadingError("the loss is so large that rounding hides its noise")
    examined.check("fresh noise", one != other, other, f"not {one:.9g}", "the losses of two seeds")


def _decoded_anew(examined: Examined) -> bool:
    """Whether two seeds give two NLLs, in calls that do the recorded operations."""

    def look(recording: Recording) -> float | None:
        if not examined.account.likelihoods or operations(recording) != examined.account.operations:
            return None
        with suppress(ReadingError):
            return columns_of(examined.account, examined.numbers(recording)).nll
        return None

    one, other = (examined.bench.run(seed=seed, python_goes_on=True, look=look).seen for seed in (1, 2))
    return one is not None and other is not None and one != other


def _draws(examined: Examined, recording: Recording) -> Tensor:
    numbers = examined.numbers(recording)
    found = [
        numbers.of(element, [*posterior.axes, *(axis for axis in own if axis not in posterior.axes)]).flatten()
        for posterior in examined.account.posteriors
        for element, own in posterior.draws.values()
    ]
    return torch.cat(found).detach() if found else torch.zeros(0)


def noise(examined: Examined) -> None:
    """The draws of all posteriors in several runs."""
    account = examined.account

    def look(recording: Recording) -> tuple[Tensor, float | None]:
        nll = None
        if account.likelihoods:
            with suppress(ReadingError):  # of labels that the reading made a one-hot code of
                nll = columns_of(account, examined.numbers(recording)).nll
        return _draws(examined, recording), nll

    if not any(posterior.draws for posterior in account.posteriors):
        examined.left["noise"] = "no draw of a posterior is decoded"
        return
    seen = [examined.bench.run(seed=100 + seed, look=look).seen for seed in range(_RUNS)]
    draws = torch.stack([drawn for drawn, _ in seen])
    shared = bool((draws[0] == draws[1]).all()) or draws[0].unique().numel() < _FEWEST_DIFFERENT * draws.shape[1]
    examined.check(
        "noise", not shared, draws[0].unique().numel(), draws.shape[1], "how many of the draws of a run are different"
    )
    count = draws.numel()
    for words, (found, expected, errors) in _moments(draws).items():
        examined.check("noise", abs(errors) < _MOST_ERRORS, found, expected, f"the {words} of {count} draws")
    first, second = (nll for _, nll in seen[:2])
    if first is not None and second is not None:
        examined.check("decoded", first != second, second, f"not {first:.9g}", "the NLL of two seeds")


def _moments(draws: Tensor) -> dict[str, tuple[float, float, float]]:
    """Of standard normal draws: what is found, what is expected, and the standard errors in between.

    Each is nearly normal for a few draws already. The cube root of a sum of squares is; of fourth powers, in which one
    large draw is most of the sum, five standard errors are passed once in a thousand audits.
    """
    count = draws.numel()
    mean, square, wave = (float(x.mean()) for x in (draws, draws.square(), torch.cos(_FREQUENCY * draws)))
    share = 2 / (9 * count)
    expected = math.exp(-(_FREQUENCY**2) / 2)
    variance = (1 + math.exp(-2 * _FREQUENCY**2)) / 2 - expected**2
    return {
        "mean": (mean, 0.0, mean * count**0.5),
        "mean square": (square, 1.0, (square ** (1 / 3) - (1 - share)) / share**0.5),
        f"mean of cos({_FREQUENCY:g} eps)": (wave, expected, (wave - expected) * (count / variance) ** 0.5),
    }


_FREQUENCY = 1.5
"""Of a cosine whose mean tells shapes of one variance apart: 0.32 of a normal, 0.20 of a uniform, 0.47 of a Laplace."""
