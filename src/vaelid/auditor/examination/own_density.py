"""exp(-NLL) of a likelihood without a name, summed or integrated over one datum, is one number for every output.

In: a step that is being examined, and a likelihood given by its formula. Out: the check ``density``. The integral of
1 / cosh(x - h) is pi at each place, in three runs on other weights; that of exp(-h^2) / cosh(x - h) moves.

What code makes of the data by functions without a formula, as `x < 0.5`, is looked up in a run for each value of x.
"""

import torch
from torch import Tensor

from vaelid.auditor.examination.bench import operations
from vaelid.auditor.examination.examined import Examined, with_tensor
from vaelid.auditor.findings.account import StatedLikelihood
from vaelid.auditor.formula.axes_of_terms import array_name, elements_of
from vaelid.auditor.formula.supports import Support, supports
from vaelid.auditor.formula.totals import CLOSE, log_totals, log_totals_of_values
from vaelid.auditor.recording.events import Recording
from vaelid.readings.errors import ReadingError

__all__ = ["own_density"]

_STEPS = (0.0, 0.5, 1.5)
"""From the recorded weights, in deviations of each: there the outputs are others."""
_ROWS = 4
"""Of the data in each run, that are tried."""
_POINTS = 2001
"""Of an interval: what is exact with these is so with twice as many."""
_COUNTS = (32, 96, 288)
"""Of the whole numbers, so many are tried in turn, where each takes a run."""


def own_density(examined: Examined, likelihood: StatedLikelihood) -> None:
    """Raises `ReadingError` where no support's sum could be made."""
    runs = [_Run(examined, likelihood, step, 20 + k) for k, step in enumerate(_STEPS)]
    best: tuple[float, Support] | None = None
    why, told = "over no support that the data lie in the sum of exp(-NLL) could be made", True
    for support in supports(runs[0].recorded, _POINTS):
        try:
            totals = torch.cat([run.totals(support) for run in runs])
        except ReadingError as reason:
            why = str(reason)
            continue
        known = totals[~totals.isnan()]
        if 2 * known.numel() <= totals.numel() or not bool(known.isfinite().all()):
            told = told and not bool(totals.isnan().any())
            continue
        apart = float(known.max() - known.min())
        if best is None or apart < best[0]:
            best = apart, support
        if apart < CLOSE:
            break
    if best is None or (best[0] >= CLOSE and not told):  # it may be a density on a support whose sum was not told
        raise ReadingError(why)
    apart, support = best
    meaning = (
        f"the sum of exp(-NLL) over one datum in {support.name}, at one output of the decoder over that at another"
    )
    examined.check("density", apart < CLOSE, float(torch.tensor(-apart).exp()), 1, meaning)


class _Run:
    """One setting of the weights, at which the formula is asked for at values of the datum.

    Attributes:
        recorded: the data that are compared.
    """

    def __init__(self, examined: Examined, likelihood: StatedLikelihood, step: float, seed: int) -> None:
        self._examined, self._likelihood = examined, likelihood
        self._values = examined.bench.moved(step, seed=seed)
        (self._datum,) = elements_of(likelihood.parameters[0])
        self._held: dict[int, Tensor] = {}
        self._known: dict[float, Tensor] = {}
        self.recorded: Tensor = examined.bench.run(self._values, seed=0, look=self._look_at_recorded).seen

    def _look_at_recorded(self, recording: Recording) -> Tensor:
        account, numbers = self._examined.account, self._examined.numbers(recording)
        sites = {name: account.sites[name].event for name in sorted(account.outputs) if name in account.sites}
        self._held = {e: numbers.tensor(name).detach().clone() for name, e in sites.items() if e is not None}
        return numbers[array_name(self._datum)].detach().clone()

    def totals(self, support: Support) -> Tensor:
        """The logarithm of the total at places of this run, as `log_totals_of_values` gives it."""
        return self._by_runs(support) if self._likelihood.made_of_data else self._by_formula(support)

    def _by_formula(self, support: Support) -> Tensor:
        formula, axes = self._likelihood.formula, self._likelihood.axes
        assert formula is not None

        def look(recording: Recording) -> Tensor:
            numbers, lengths = self._examined.numbers(recording), self._examined.account.lengths
            rows = range(_ROWS)
            return torch.cat(
                [log_totals(formula, self._datum, numbers, lengths, axes, support, row).flatten() for row in rows]
            ).detach()

        return self._examined.bench.run(self._values, seed=0, look=look).seen

    def _by_runs(self, support: Support) -> Tensor:
        """With one run for each value of the support: every datum has that value, and what was decoded is held."""
        if support.interval:
            raise ReadingError("an integral is not made where code asks for the data's values")
        if not support.endless:
            return log_totals_of_values(torch.stack(list(map(self._at, support.points.tolist()))), support).flatten()
        totals = torch.tensor([torch.nan])
        for count in _COUNTS:
            some = Support(support.name, support.points[:count], support.log_weights[:count], endless=True)
            totals = log_totals_of_values(torch.stack(list(map(self._at, some.points.tolist()))), some).flatten()
            if bool(totals.isfinite().all()):
                break
        return totals

    def _at(self, value: float) -> Tensor:
        if value not in self._known:
            data = self._examined.data_tensors().get(array_name(self._datum))
            if data is None:
                raise ReadingError("what is compared is no tensor of the batch")
            batch = with_tensor(self._examined.bench.batch, data, torch.full_like(data, value))
            seen = self._examined.bench.run(self._values, batch, seed=0, look=self._look_at_formula, do=self._held).seen
            if seen is None:
                raise ReadingError("for some values of a datum the code does other operations")
            self._known[value] = seen
        return self._known[value]

    def _look_at_formula(self, recording: Recording) -> Tensor | None:
        if operations(recording) != self._examined.account.operations:
            return None
        assert self._likelihood.formula is not None
        return self._examined.numbers(recording).of(self._likelihood.formula, self._likelihood.axes).detach()
