"""No latent's prior is made from that same latent: p(z) is a product of densities, each given latents before it.

In: a step that is being examined. Out: the check ``order``. Of an autoregressive prior N(w z before l, 1) the slopes of
its mean with respect to z lead on to ever fewer coordinates, and end; those of N(W z, 1) with a full matrix never do,
and the product of these is no density of z.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vaelid.auditor.examination.bench import number_of_rows, operations
from vaelid.auditor.examination.examined import Examined
from vaelid.auditor.examination.flow import flow, regions_of, storages_of
from vaelid.auditor.examination.tensors_of_latents import held_draws
from vaelid.auditor.findings.opinion import PRIOR_BY_STEPS, PRIOR_OF_NOISE, PRIOR_OF_PYTHON
from vaelid.auditor.recording.events import Recording
from vaelid.readings.errors import ReadingError

__all__ = ["prior_order"]

_STEPS, _SEEDS = (0.0, 0.0, 0.5, 1.5), (0, 1, 0, 0)
"""From the recorded weights, in deviations of each: weights that are 0, or a unit that is off, hide what hangs on
what. And once other noise."""
_MOST_VALUES = 10**6
"""Of a tensor that a run was given: of a larger one it is not asked whether it is another at other noise."""
_MOST = 256
"""Coordinates that are followed one after the other. Of more, in all rows, those of one row are: rows hang on none of
the others, which has a check of its own."""


@dataclass(frozen=True)
class _Seen:
    """Of one run: the slopes that are left after some steps, the ways to a prior, and given tensors that go into it."""

    left: float
    steps: int
    of_noise: bool
    by_steps: bool
    given: list[Tensor]


def prior_order(examined: Examined) -> None:
    """Raises `ReadingError` where slopes say too little: no tensor of the run holds a latent, a prior is made from its
    noise or by steps, Python makes a tensor from values of the run, or what a prior hangs on is one fixed linear map.
    """
    bench = examined.bench
    if not any(divergence.learned for divergence in examined.account.divergences):
        return

    def look(recording: Recording) -> _Seen:
        if operations(recording) != examined.account.operations:
            raise ReadingError("at other weights the code does other operations")
        return _seen(examined, recording)

    seen: list[_Seen] = [
        bench.run(bench.moved(step, seed=50 + k), seed=seed, look=look).seen
        for k, (step, seed) in enumerate(zip(_STEPS, _SEEDS, strict=True))
    ]
    if any(one.of_noise for one in seen):
        raise ReadingError(PRIOR_OF_NOISE)
    if any(not torch.equal(one, other) for one, other in zip(seen[0].given, seen[1].given, strict=False)):
        raise ReadingError(PRIOR_OF_PYTHON)
    worst = max(seen, key=lambda one: one.left)
    if worst.left == 0 and any(one.by_steps for one in seen):
        raise ReadingError(PRIOR_BY_STEPS)
    if worst.left and all(math.isclose(one.left, worst.left, rel_tol=1e-9) for one in seen):
        raise ReadingError("a prior hangs on its own latent by a fixed linear map: its total is not read")
    meaning = (
        f"the largest slope that is left of the priors' parameters after {worst.steps} steps from latent to latent"
    )
    examined.check("order", worst.left == 0, worst.left, 0, meaning)


def _seen(examined: Examined, recording: Recording) -> _Seen:
    account, bench = examined.account, examined.bench
    chain = _Chain(examined, recording)
    priors = [term for one in account.divergences if one.learned for term in one.prior]
    regions = regions_of(account, recording, *priors)
    latents = storages_of(recording, [tensor for tensor, _ in chain.tensors])
    draws = [element for p in account.posteriors for element, _ in (*p.draws.values(), *p.more.values())]
    noise = frozenset(region.storage for region in regions_of(account, recording, *draws))
    own = {id(tensor) for tensor in bench.given}
    given = [
        tensor.detach().clone()
        for region, tensor in recording.given.items()
        if id(tensor) not in own and tensor.numel() <= _MOST_VALUES
        if flow(recording, frozenset((region.storage,)), latents).reaches(regions)
    ]
    return _Seen(
        *chain.followed(number_of_rows(bench.batch) or 1),
        flow(recording, noise, latents).reaches(regions),
        flow(recording, latents).reaches_by_steps(regions),
        given,
    )


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
