"""Noise is drawn anew in each call, at each place apart, with a normal's moments, and reaches what is decoded.

In: a step that is being examined. Out: the checks ``state`` (one seed gives one loss), ``fresh noise`` (two seeds give
two), ``noise`` (the draws of 8 runs have the moments of a standard normal) and ``decoded`` (the NLL moves with the
seed). For noise that is kept in a dictionary after the first call two seeds give the same loss.
"""

import torch
from torch import Tensor

from vaelid.auditor.examination.columns import columns_of
from vaelid.auditor.examination.examined import Examined
from vaelid.auditor.recording.events import Recording

__all__ = ["noise", "state"]

_RUNS = 8
_MOST_ERRORS = 5.0
"""Standard errors of a moment: passed by chance in all but one of a million audits."""
_FEWEST_DIFFERENT = 0.95
"""Of the draws of one run. All are different, but that floats repeat now and then."""


def state(examined: Examined) -> None:
    """Python's own values go on from run to run here: what a call keeps for the next one is seen."""
    run = examined.bench.run
    one, again, other = (run(seed=seed, python_goes_on=True).loss for seed in (1, 1, 2))
    close = 1e-9 if examined.bench.double else 1e-5
    same = abs(one - again) <= close * abs(one) + 1e-12
    examined.check("state", same, again, one, "the loss of one seed, weights and batch, and the same once more")
    examined.check("fresh noise", one != other, other, f"not {one:.9g}", "the losses of two seeds")


def noise(examined: Examined) -> None:
    """The draws of all posteriors in several runs."""
    account = examined.account

    def look(recording: Recording) -> tuple[Tensor, float]:
        numbers = examined.numbers(recording)
        drawn = [
            numbers.of(element, [*posterior.axes, *(axis for axis in own if axis not in posterior.axes)]).flatten()
            for posterior in account.posteriors
            for element, own in posterior.draws.values()
        ]
        return torch.cat(drawn).detach(), columns_of(account, numbers).nll if account.likelihoods else 0.0

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
    # mean 0, variance 1, kurtosis 3, each with its own standard error
    moments = {
        "mean": (draws.mean(), 0.0, 1.0),
        "mean square": (draws.square().mean(), 1.0, 2.0),
        "mean fourth power": (draws.pow(4).mean(), 3.0, 96.0),
    }
    for words, (found, expected, variance) in moments.items():
        errors = abs(float(found) - expected) * (count / variance) ** 0.5
        examined.check("noise", errors < _MOST_ERRORS, float(found), expected, f"the {words} of {count} draws")
    if account.likelihoods:
        first, second = (nll for _, nll in seen[:2])
        examined.check("decoded", first != second, second, f"not {first:.9g}", "the NLL of two seeds")
