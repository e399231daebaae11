"""No latent's prior is made from that same latent: p(z) is a product of densities, each given latents before it.

In: a step that is being examined. Out: the check ``order``. Of an autoregressive prior N(w z before l, 1) the slopes of
its mean with respect to z lead on to ever fewer coordinates, and end; those of N(W z, 1) with a full matrix never do,
and the product of these is no density of z.
"""

import math

import torch
from torch import Tensor

from vaelid.auditor.examination.bench import number_of_rows, operations
from vaelid.auditor.examination.density import recorded
from vaelid.auditor.examination.examined import Examined
from vaelid.auditor.examination.steps_of_latents import made_by_steps
from vaelid.auditor.examination.tensors_of_latents import held_draws
from vaelid.auditor.recording.events import Recording
from vaelid.readings.errors import ReadingError

__all__ = ["prior_order"]

_STEPS = (0.0, 0.5, 1.5)
"""From the recorded weights, in deviations of each: weights that are 0, or a unit that is off, hide what hangs on
what."""
_MOST = 256
"""Coordinates that are followed one after the other. Of more, in all rows, those of one row are: rows hang on none of
the others, which has a check of its own."""


def prior_order(examined: Examined) -> None:
    """Raises `ReadingError` where no tensor of the run holds the latent, the chain is too long to be followed, or a
    prior's parameter moves by steps, of which slopes say nothing.
    """
    bench = examined.bench
    if not any(divergence.learned for divergence in examined.account.divergences):
        return

    def look(recording: Recording) -> tuple[float, int, bool]:
        if operations(recording) != examined.account.operations:
            raise ReadingError("at other weights the code does other operations")
        chain = _Chain(examined, recording)
        return *chain.followed(number_of_rows(bench.batch) or 1), chain.has_steps(examined, recording)

    seen = [bench.run(bench.moved(step, seed=50 + k), seed=0, look=look).seen for k, step in enumerate(_STEPS)]
    left, steps, _ = max(seen, key=lambda one: one[0])
    if left == 0 and any(by_steps for _, _, by_steps in seen):
        raise ReadingError("a latent's prior hangs on a latent by steps, of which slopes say nothing")
    meaning = f"the largest slope that is left of the priors' parameters after {steps} steps from latent to latent"
    examined.check("order", left == 0, left, 0, meaning)


class _Chain:
    """The latents of one run, each place with a number, and the priors' parameters there."""

    def __init__(self, examined: Examined, recording: Recording) -> None:
        numbers = examined.numbers(recording)
        self.count = 0
        self.tensors: list[tuple[Tensor, Tensor]] = []
        self.priors: list[tuple[Tensor, Tensor]] = []
        for at, posterior in enumerate(examined.account.posteriors):
            learned = [one for one in examined.account.divergences if one.posterior == at and one.learned]
            for axes, held in held_draws(posterior, {**posterior.draws, **posterior.more}, numbers, recording):
                size = held[0][1].numel()
                places = torch.arange(self.count, self.count + size)
                self.count += size
                self.tensors += [(tensor, _in_its_order(tensor, z, places)) for tensor, z in held]
                self.priors += [(numbers.of(t, axes).double(), places) for one in learned for t in one.prior]

    def has_steps(self, examined: Examined, recording: Recording) -> bool:
        """Whether a prior's parameter was made from a latent by way of a step."""
        account, events = examined.account, recording.computing
        terms = [term for one in account.divergences if one.learned for term in one.prior]
        sites = [account.sites[name] for name in recorded(account.written, *terms) if name in account.sites]
        regions = [events[site.event].outputs[site.position] for site in sites if site.event is not None]
        return made_by_steps(recording, (tensor for tensor, _ in self.tensors), regions)

    def followed(self, rows: int) -> tuple[float, int]:
        """The slopes that are left when each is led on from latent to latent as often as there are latents.

        A weight is given to each latent at first; then each gets the sum of the weights of those whose priors hang on
        it, times the slopes. No weight is left where no latent's prior hangs, by way of others, on itself.
        """
        g = torch.Generator().manual_seed(0)
        weights = torch.randn(self.count, generator=g, dtype=torch.float64)
        kinds = torch.rand(len(self.priors), generator=g, dtype=torch.float64) + 0.5
        longest = self.count if self.count <= _MOST else self.count // rows
        if longest > _MOST:
            raise ReadingError(f"a latent has more than {_MOST} coordinates")
        received = torch.zeros_like(weights)

        def take(places: Tensor, slope: Tensor) -> Tensor:
            received.index_add_(0, places, slope.detach().flatten().double())
            return torch.zeros_like(slope)  # what a latent was made from is no part of its prior's condition

        hooks = [tensor.register_hook(lambda slope, at=at: take(at, slope)) for tensor, at in self.tensors]
        size, step = 1.0, 0
        try:
            while size and step <= longest:
                received.zero_()
                self._back(weights, kinds)
                size, step = float(received.abs().max()), step + 1
                if not math.isfinite(size):
                    raise ReadingError("the priors' slopes are not finite")
                weights = received / size if size else received.clone()
        finally:
            for hook in hooks:
                hook.remove()
        return size, step

    def _back(self, weights: Tensor, kinds: Tensor) -> None:
        """The slopes of all priors' parameters go back to the latents, which take them."""
        pairs = zip(kinds, self.priors, strict=True)
        terms = [kind * (values * weights[at].reshape(values.shape)).sum() for kind, (values, at) in pairs]
        if total := [term for term in terms if term.requires_grad]:
            latents = [tensor for tensor, _ in self.tensors]
            torch.autograd.grad(torch.stack(total).sum(), latents, retain_graph=True, allow_unused=True)


def _in_its_order(tensor: Tensor, z: Tensor, places: Tensor) -> Tensor:
    """The number of the place that each value of the tensor is of."""
    own = torch.empty_like(places)
    own[tensor.detach().double().flatten().argsort()] = places[z.detach().flatten().argsort()]
    return own
