"""No latent's prior is made from that same latent: p(z) is a product of densities, each given latents before it.

In: a step that is being examined. Out: the check ``order``. Of an autoregressive prior N(w z before l, 1) the slopes of
its mean with respect to z lead on to ever fewer coordinates, and end; those of N(W z, 1) with a full matrix never do,
and the product of these is no density of z.
"""

import math

import torch
from torch import Tensor

from vaelid.auditor.examination.bench import number_of_rows
from vaelid.auditor.examination.densities import drawn, law_of, with_coordinates_last
from vaelid.auditor.examination.examined import Examined
from vaelid.auditor.examination.numbers import Numbers
from vaelid.auditor.examination.tensors_of_latents import that_hold
from vaelid.auditor.recording.events import Recording
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray

__all__ = ["prior_order"]

_MOST = 256
"""Coordinates that are followed one after the other. Of more, in all rows, those of one row are: rows hang on none of
the others, which has a check of its own."""


def prior_order(examined: Examined) -> None:
    """Raises `ReadingError` where no tensor of the run holds the latent, or the chain is too long to be followed."""
    if not any(divergence.learned for divergence in examined.account.divergences):
        return

    def look(recording: Recording) -> tuple[float, int]:
        return _Chain(examined, recording).followed(number_of_rows(examined.bench.batch) or 1)

    left, steps = examined.bench.run(seed=0, look=look).seen
    meaning = f"what the priors' parameters hang on after {steps} steps from latent to latent, as a slope"
    examined.check("order", left == 0, left, 0, meaning)


class _Chain:
    """The latents of one run, each place with a number, and the priors' parameters there."""

    def __init__(self, examined: Examined, recording: Recording) -> None:
        numbers = examined.numbers(recording)
        self.count, self.tensors, self.priors = 0, [], []
        for at, posterior in enumerate(examined.account.posteriors):
            learned = [one for one in examined.account.divergences if one.posterior == at and one.learned]
            for element, own in {**posterior.draws, **posterior.more}.values():
                every = [*posterior.axes, *(axis for axis in own if axis not in posterior.axes)]
                axes = with_coordinates_last(posterior, every)
                law, eps = law_of(posterior, numbers, axes), numbers.of(element, axes)
                places = torch.arange(self.count, self.count + eps.numel())
                self.count += eps.numel()
                # a deviation may be of either sign: m - s eps has the law of m + s eps
                held = [found for z in (drawn(law, eps), drawn(law, -eps)) for found in _held(z, places, recording)]
                if not held:
                    raise ReadingError("no tensor of the run holds the latent")
                self.tensors += held
                self.priors += [(_at(numbers, t, axes), places) for one in learned for t in one.prior]

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


def _at(numbers: Numbers, term: TermArray, axes: list[int]) -> Tensor:
    return numbers.of(term, axes).double()


def _held(z: Tensor, places: Tensor, recording: Recording) -> list[tuple[Tensor, Tensor]]:
    """The tensors of a run that hold these values, and the number of the place that each of theirs is of."""
    found = []
    order = places[z.detach().flatten().argsort()]
    for tensor in that_hold(z, recording):
        own = torch.empty_like(order)
        own[tensor.detach().double().flatten().argsort()] = order
        found.append((tensor, own))
    return found
