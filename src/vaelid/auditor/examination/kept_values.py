"""The values of a datum that a mask keeps have one probability, whatever the decoder puts out.

In: a step that is being examined. Out: the check ``kept``, of masks that are made of the data that they mask. Of a
Gaussian `x > 0` keeps half at an output of 0, and 0.84 at an output of 1: so what is left of its negative logarithm is
none of the values that are left. One value that stands for none, as in `x != -1`, takes nothing from a density.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from vaelid.auditor.examination.bench import operations
from vaelid.auditor.examination.columns import nll_at_places
from vaelid.auditor.examination.density import held_in
from vaelid.auditor.examination.examined import Examined, with_tensor
from vaelid.auditor.findings.account import StatedLikelihood
from vaelid.auditor.formula.axes_of_terms import array_name, names_in
from vaelid.auditor.formula.supports import Support, supports
from vaelid.auditor.formula.totals import log_totals_of_values
from vaelid.auditor.recording.events import Recording
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.syntax import Element

__all__ = ["kept_values"]

_STEPS = (0.0, 0.5, 1.5)
"""From the recorded weights, in deviations of each: there the outputs are others."""
_POINTS, _STRIDE, _MOST = 401, 5, 257
"""Of an interval; every fifth of them takes a run. And of any other support, of which each does."""
_CLOSE = 1e-3
"""How far totals may be apart in nats, and probabilities: each is a sum with so few points."""


def kept_values(examined: Examined) -> None:
    """Raises `ReadingError` where no probability is known, or whether a datum is kept depends on others."""
    if all(check.passed for check in examined.checks if check.name == "mask"):
        return  # a mask that stays where it is keeps all values of a datum, or none
    for likelihood in examined.account.likelihoods:
        if likelihood.mask is None or not names_in(likelihood.mask) & likelihood.made_of_data:
            continue
        datum = likelihood.parameters[0].term
        data = examined.data_tensors().get(array_name(datum)) if isinstance(datum.head, Element) else None
        if data is None or not data.is_floating_point():
            raise ReadingError("what is masked is no real tensor of the batch")
        support, logs = _density(examined, likelihood, data)
        least, most = _kept(examined, likelihood, likelihood.mask, data, support)
        shares = logs.softmax(1)
        low, high = (shares * least).sum(1).max(0).values, (shares * most).sum(1).min(0).values
        worst = int((low - high).nan_to_num(-1.0).argmax())
        meaning = "the probability of the values of a datum that are kept, at one output of the decoder; at another"
        passed = not bool(low[worst] - high[worst] >= _CLOSE)
        examined.check("kept", passed, float(high[worst]), float(low[worst]), meaning)
        if not passed:
            return  # the same mask at another draw says no more


def _density(examined: Examined, likelihood: StatedLikelihood, data: Tensor) -> tuple[Support, Tensor]:
    """A support over which the likelihood has one total, and its logarithm: by settings, values and places.

    A place whose total is not known is nan throughout.
    """
    for support in supports(data, _POINTS):
        some = support if support.interval or len(support.points) <= _MOST else _first(support)
        look = _over(examined, likelihood, some.points)
        runs = [
            examined.bench.run(examined.bench.moved(s, seed=40 + k), seed=0, look=look) for k, s in enumerate(_STEPS)
        ]
        nll = torch.stack([run.seen for run in runs])
        totals = torch.stack([log_totals_of_values(one, some) for one in nll])
        known = totals.isfinite().all(0)
        if bool(known.any()) and float(totals[:, known].max() - totals[:, known].min()) < _CLOSE:
            logs = torch.where(nll.isnan(), -torch.inf, some.log_weights[:, None] - nll)
            return some, torch.where(known, logs, torch.nan)
    raise ReadingError("over no support that the data lie in the likelihood is known to have one total")


def _first(support: Support) -> Support:
    """The first of many values."""
    return Support(support.name, support.points[:_MOST], support.log_weights[:_MOST], endless=True)


def _over(examined: Examined, likelihood: StatedLikelihood, points: Tensor) -> Callable[[Recording], Tensor]:
    """What looks up the negative log-likelihood where the datum has each of these values: a line for each."""
    name = array_name(likelihood.parameters[0].term)
    if likelihood.formula is not None and names_in(likelihood.formula) & likelihood.made_of_data:
        raise ReadingError("an integral is not made where code asks for the data's values")

    def look(recording: Recording) -> Tensor:
        numbers = examined.numbers(recording)
        every = (numbers.where(name, torch.full_like(numbers[name], value)) for value in points.tolist())
        at_places = [nll_at_places(likelihood, one).detach() for one in every]
        return torch.stack(torch.broadcast_tensors(*at_places)).flatten(1)

    return look


def _kept(
    examined: Examined, likelihood: StatedLikelihood, mask: TermArray, data: Tensor, support: Support
) -> tuple[Tensor, Tensor]:
    """Which values are kept at each place, surely and perhaps; neither is known at places that are not tried.

    Half of the data take each value, so that it shows whether the mask at the others moves; what was decoded is held.
    """
    some = torch.rand(data.shape, generator=torch.Generator().manual_seed(0)) < 0.5

    def look(recording: Recording) -> tuple[Tensor, Tensor, dict[int, Tensor]]:
        if operations(recording) != examined.account.operations:
            raise ReadingError("for some values of a datum the code does other operations")
        numbers = examined.numbers(recording)
        found = (numbers.of(term, likelihood.axes).detach() for term in (likelihood.parameters[0], mask))
        x, weights = torch.broadcast_tensors(*found)
        return x.flatten().clone(), weights.flatten() != 0, held_in(examined, recording)

    _, recorded, held = examined.bench.run(seed=0, look=look).seen
    lines, stride = [], _STRIDE if support.interval else 1
    for value in support.points[::stride].to(data.dtype):
        batch = with_tensor(examined.bench.batch, data, torch.where(some, value, data))
        x, weights, _ = examined.bench.run(batch=batch, seed=0, look=look, do=held).seen
        changed = x == float(value)
        if not bool((weights == recorded)[~changed].all()):
            raise ReadingError("whether a datum is left out depends on others")
        lines.append(torch.where(changed, weights.double(), torch.nan))
    every, at = torch.stack(lines), torch.arange(len(support.points))
    # between two values of which one is kept nothing is known
    before, after = every[at // stride], every[-(-at // stride)]
    return torch.minimum(before, after), torch.maximum(before, after)
