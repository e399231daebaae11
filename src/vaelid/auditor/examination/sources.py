"""What the parts of a loss may not be made of: a prior of the data that are reconstructed, a mask of what it masks.

In: a step that is being examined. Out: the checks ``prior``, ``mask``, ``support`` and ``coverage``. For a prior whose
mean is a network of x the slope of that mean with respect to x is not 0 with z held.
"""

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_unflatten

from vaelid.auditor.examination.densities import off_support
from vaelid.auditor.examination.examined import Examined, other_rows
from vaelid.auditor.examination.flow import flow, regions_of, storages_of
from vaelid.auditor.examination.numbers import Numbers
from vaelid.auditor.examination.tensors_of_latents import held_draws
from vaelid.auditor.findings.account import Account, StatedLikelihood
from vaelid.auditor.formula.axes_of_terms import array_name, axes_in, elements_of, names_in
from vaelid.auditor.recording.events import Recording
from vaelid.readings.errors import ReadingError

__all__ = ["coverage", "mask", "prior", "support"]


_STEPS = (0.0, 0.5)
"""From the recorded weights, in deviations of each: weights that are 0 hide what hangs on the data."""


def prior(examined: Examined) -> None:
    """With z held, the parameters of a learned prior do not move with the data that are reconstructed.

    Raises `ReadingError` where these data are no real tensor of the batch, or the prior hangs on them by steps.
    """
    account, bench = examined.account, examined.bench
    learned = [divergence for divergence in account.divergences if divergence.learned]
    if not learned:
        return
    leaves, structure = tree_flatten(bench.batch)
    names = {id(tensor): name for name, tensor in examined.data_tensors().items()}
    asked = [_asks_for_gradient(leaf, names.get(id(leaf)) in account.data) for leaf in leaves]
    data = [leaf for leaf in asked if isinstance(leaf, Tensor) and leaf.requires_grad]
    if not data:
        raise ReadingError("the data that are reconstructed are no real tensor of the batch")

    def look(recording: Recording) -> tuple[float, bool]:
        numbers = examined.numbers(recording)
        latents = _latents(examined, numbers, recording)
        from_data = flow(recording, storages_of(recording, data), storages_of(recording, latents))
        priors = regions_of(account, recording, *(term for one in learned for term in one.prior))
        compared = [_slopes(numbers.of(one.parameters[0]), data) for one in account.likelihoods]
        held = [tensor.register_hook(torch.zeros_like) for tensor in latents]
        largest = 0.0
        for divergence in learned:
            for term in divergence.prior:
                for k, slope in enumerate(_slopes(numbers.of(term), data)):
                    at = [slopes[k] != 0 for slopes in compared]  # a condition may stand in the same tensor as x
                    for places in at:
                        largest = max(largest, float((slope * places).abs().max()))
        for hook in held:
            hook.remove()
        return largest, from_data.reaches_by_steps(priors)

    batch = tree_unflatten(asked, structure)
    values = (bench.moved(step, seed=60 + k) for k, step in enumerate(_STEPS))
    seen = [bench.run(some, batch, seed=0, look=look, cloned=False).seen for some in values]
    slope = max(slope for slope, _ in seen)
    if slope == 0 and any(by_steps for _, by_steps in seen):
        raise ReadingError("the prior hangs on the data by steps, of which slopes say nothing")
    meaning = "the largest slope of the prior's parameters with respect to the data that are reconstructed, z held"
    examined.check("prior", slope == 0, slope, 0, meaning)


def _slopes(values: Tensor, of: list[Tensor]) -> list[Tensor]:
    """Of the sum of some values; 0 where there are none."""
    if not values.requires_grad:
        return [torch.zeros_like(tensor) for tensor in of]
    found = torch.autograd.grad(values.sum(), of, retain_graph=True, allow_unused=True)
    return [torch.zeros_like(t) if slope is None else slope for slope, t in zip(found, of, strict=True)]


def _asks_for_gradient(leaf: object, wanted: bool) -> object:
    if isinstance(leaf, Tensor) and wanted and leaf.is_floating_point():
        return leaf.detach().clone().requires_grad_()
    return leaf.clone() if isinstance(leaf, Tensor) else leaf


def _latents(examined: Examined, numbers: Numbers, recording: Recording) -> list[Tensor]:
    """The tensors of a run that hold z. Raises `ReadingError` where none does."""
    draws = (one for p in examined.account.posteriors for one in held_draws(p, p.draws, numbers, recording))
    return [tensor for _, held in draws for tensor, _ in held]


def mask(examined: Examined) -> None:
    """A mask stays where it was when the data that it masks move.

    Raises `ReadingError` where these data are no real tensor of the batch.
    """
    account, bench = examined.account, examined.bench
    for likelihood in account.likelihoods:
        if likelihood.mask is None:
            continue
        own = names_in(likelihood.parameters[0]) | likelihood.observed
        moved = {n for n, t in examined.data_tensors().items() if n in own and t.is_floating_point()}
        if not moved:
            raise ReadingError("what is masked is no real tensor of the batch")
        other = other_rows(examined, seed=11)
        (leaves, structure), (others, _) = tree_flatten(bench.batch), tree_flatten(other)
        names = {id(tensor): name for name, tensor in examined.data_tensors().items()}
        mixed = [
            _with_gaps_of(old, new) if names.get(id(old)) in moved else old
            for old, new in zip(leaves, others, strict=True)
        ]

        def look(recording: Recording, likelihood: StatedLikelihood = likelihood) -> Tensor:
            assert likelihood.mask is not None
            return examined.numbers(recording).of(likelihood.mask, likelihood.axes).detach()

        batches = (bench.batch, tree_unflatten(mixed, structure))
        before, after = (bench.run(batch=batch, seed=0, look=look).seen for batch in batches)
        meaning = "how many places the mask moves at, when only the data that it masks move"
        examined.check("mask", bool((before == after).all()), int((before != after).sum()), 0, meaning)


def _with_gaps_of(old: Tensor, new: Tensor) -> Tensor:
    """Other data, missing at the same places: nan is no value that a mask hides, but says that there is none."""
    return torch.where(old.isfinite() & new.isfinite(), new, old)


def support(examined: Examined) -> None:
    """The recorded data lie where the likelihood is a density."""

    def look(recording: Recording) -> list[tuple[StatedLikelihood, Tensor]]:
        numbers = examined.numbers(recording)
        return [(one, numbers.of(one.parameters[0]).detach()) for one in examined.account.likelihoods]

    for likelihood, x in examined.bench.run(seed=0, look=look).seen:
        beside = off_support(likelihood, x)
        computed, expected = ("", "") if beside is None else beside
        examined.check("support", beside is None, computed, expected, f"a datum under a {likelihood.name} likelihood")


_FEWEST_ROWS = 0.9
"""Of the rows of an output, those to which a gradient has to come: a row may have a gradient of 0 by chance."""


def coverage(examined: Examined) -> None:
    """Every row of what the decoder put out is compared with data, but those that a mask leaves out altogether."""
    account, bench = examined.account, examined.bench
    likelihoods = {name: one for one in account.likelihoods for name in _outputs_of(account, one)}

    def rows(recording: Recording) -> dict[str, Tensor]:
        numbers = examined.numbers(recording)
        return {name: _rows_that_count(account, numbers, likelihoods[name], name) for name in sorted(likelihoods)}

    counted = bench.run(seed=0, look=rows).seen
    if bench.inside:  # the graph of the loss is gone when it is returned
        for name, kept in counted.items():
            if (share := _share_that_counts(examined, name, kept)) is not None:
                meaning = "the share of the rows of the decoder's output that change the loss"
                examined.check("coverage", share > _FEWEST_ROWS, share, 1, meaning)
        return

    def look(recording: Recording) -> dict[str, float]:
        numbers, found = examined.numbers(recording), {}
        for name, kept in counted.items():
            tensor = numbers.tensor(name)
            if not tensor.requires_grad or not recording.returned.requires_grad or not tensor.ndim:
                continue
            (slope,) = torch.autograd.grad(recording.returned, tensor, retain_graph=True, allow_unused=True)
            if slope is None:
                found[name] = 0.0
                continue
            some = slope.flatten(1) if slope.ndim > 1 else slope[:, None]
            found[name] = float(some.ne(0).any(1)[kept].double().mean())
        return found

    for share in bench.run(seed=0, look=look).seen.values():
        meaning = "the share of the rows of the decoder's output that have a gradient"
        examined.check("coverage", share > _FEWEST_ROWS, share, 1, meaning)


def _outputs_of(account: Account, likelihood: StatedLikelihood) -> frozenset[str]:
    """The arrays that the decoder put out for a likelihood's first parameter."""
    names = {n for term in likelihood.parameters[1:2] for n in names_in(term)}
    names |= {n for o in names if o in account.written for n in names_in(account.written[o].term)}
    return frozenset(names) & account.outputs


def _rows_that_count(account: Account, numbers: Numbers, likelihood: StatedLikelihood, name: str) -> Tensor:
    """Which rows of an output a mask does not leave out altogether; all where there is no mask.

    Raises `ReadingError` where the mask's places are not those of the output.
    """
    tensor = numbers.tensor(name)
    count = len(tensor) if tensor.ndim else 1
    if likelihood.mask is None:
        return torch.ones(count, dtype=torch.bool)
    written = (one.term for one in account.written.values())
    elements = (e for term in (*likelihood.parameters, *written) for e in elements_of(term) if array_name(e) == name)
    own = [axis for index in next(elements).arguments[1:] for axis in axes_in(index)]  # it is in one of these
    kept = numbers.of(likelihood.mask, [*own, *likelihood.axes]).detach() != 0
    if kept.numel() % count:
        raise ReadingError("the rows of the mask are not those of the decoder's output")
    return kept.reshape(count, -1).any(1)


_MOST_ROWS = 16
"""Rows that are moved one by one, each in a run: of more they are taken at equal distances."""


def _share_that_counts(examined: Examined, name: str, kept: Tensor) -> float | None:
    """Of some rows of an output that count, the share of those that change the loss when moved; None if it has none."""
    bench, site = examined.bench, examined.account.sites.get(name)
    if site is None or site.event is None:
        return None
    event = site.event
    held = bench.run(seed=0, look=lambda recording: examined.numbers(recording).tensor(name).detach().clone()).seen
    if not held.ndim or not held.is_floating_point():
        return None

    def loss_of(output: Tensor) -> float:
        # recorded: autograd copies gradients that a recorder holds, too, and the operations are counted
        return bench.run(seed=0, do={event: output}, look=lambda recording: None).loss

    loss = loss_of(held)
    if loss_of(held + 0.1 * (1 + held.abs())) == loss:
        raise ReadingError("the decoder's output could not be moved in a run")
    rows = kept.nonzero().flatten().tolist()
    places = sorted({int(k * (len(rows) - 1) / max(1, _MOST_ROWS - 1)) for k in range(_MOST_ROWS)})
    chosen = [rows[k] for k in places] if len(rows) > _MOST_ROWS else rows
    changed = 0
    for row in chosen:
        moved = held.clone()
        moved[row] += 0.1 * (1 + moved[row].abs())
        changed += loss_of(moved) != loss
    return changed / len(chosen) if chosen else None
