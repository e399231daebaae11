"""What is back-propagated is the slope of the loss that is returned, in directions of all parameters.

In: a step that is being examined. Out: the check ``gradient``. The slope is a difference of two losses, not autograd's:
a hook or a backward of the user's own changes autograd's and not the losses. For a hook that multiplies by 0.1 it is
0.012 where the slope is 0.12.

A gradient that differs by a multiple of the score of q, whose mean is zero, is let pass by name: sticking the landing.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten

from vaelid.auditor.examination.beside import beside_loss, moves_under_loss
from vaelid.auditor.examination.densities import drawn, law_of, with_coordinates_last
from vaelid.auditor.examination.examined import Examined
from vaelid.auditor.examination.numbers import Numbers
from vaelid.auditor.findings.account import StatedPosterior
from vaelid.auditor.findings.opinion import SLOPE_IS_HIDDEN
from vaelid.auditor.recording.events import Recording, Region
from vaelid.readings.errors import ReadingError

__all__ = ["gradient", "nearest_slope"]

_BY_REJECTION = ("_standard_gamma", "_dirichlet")
"""Draws whose value at a seed is no smooth function of their parameters."""
_POINTS = (0.0, 0.3)
"""Steps from the recorded weights, in their own deviations."""
_STEP, _CLOSE_ENOUGH = 1e-4, 1e-5
"""Of a difference in double precision: its error is 1e-8 of the third derivative, and 1e-12 / 1e-4 of the loss."""
_STEP_OF_FLOATS, _CLOSE_ENOUGH_OF_FLOATS = 3e-2, 5e-2
"""The same in single precision, where 7 digits leave two in a difference."""
_SEVERAL_STEPS = "it updates weights several times, with gradients of several losses, of which it returns one"

_Direction = list[Tensor | None]


@dataclass
class _Measured:
    """Slopes along some directions, as they are trained and as the losses have them.

    Attributes:
        trained: by what is back-propagated.
        slopes: by differences of losses.
        scores: of each posterior's log q at a draw that is held; none where the others agree.
        of_each: of each of `trained`, the share of each parameter, by its `id`: gradients themselves are large.
        inside: whether the code back-propagates itself.
        moved: the parameters that it moves between two of its gradients.
    """

    trained: list[float] = field(default_factory=list)
    slopes: list[float] = field(default_factory=list)
    scores: list[list[float]] = field(default_factory=list)
    of_each: list[dict[int, float]] = field(default_factory=list)
    inside: bool = False
    moved: frozenset[int] = frozenset()


_SATURATED = 1e-12
"""Of p (1 - p): by what is smaller torch's backward of `binary_cross_entropy` does not divide."""


def gradient(examined: Examined) -> None:
    """Raises `ReadingError` where the slope cannot be had by differences."""
    bench = examined.bench
    if any(name in operation for operation in bench.names for name in _BY_REJECTION):
        raise ReadingError("a draw by rejection has no slope at a seed")
    close = _CLOSE_ENOUGH if bench.double else _CLOSE_ENOUGH_OF_FLOATS
    found = _measured(examined, _STEP if bench.double else _STEP_OF_FLOATS, close)
    trained, slopes = found.trained, found.slopes
    near = _distance(trained, slopes) <= close
    beside = beside_loss(examined) if found.inside and (found.moved or not near) else set[int]()
    if moves_under_loss(examined, found.moved, beside):
        raise ReadingError(_SEVERAL_STEPS)
    if near:
        return examined.check("gradient", True)
    if beside:
        trained = [sum(share for at, share in parts.items() if at not in beside) for parts in found.of_each]
        if _distance(trained, slopes) <= close:
            examined.notes.append(f"parameters that this loss does not depend on are trained beside it: {len(beside)}")
            return examined.check("gradient", True)
    t, s = (torch.tensor(numbers, dtype=torch.float64) for numbers in (trained, slopes))
    if found.inside and _is_multiple(examined, t, s, close):
        return examined.check("gradient", True)
    scores = found.scores
    if len(scores) == len(trained) and _sticks_the_landing(examined, t, s, scores, close):
        return examined.check("gradient", True)
    if not found.inside and bench.run(seed=0, look=_reads_what_it_kept).seen:
        raise ReadingError("it reads numbers that it has just kept without gradient, as a spectral norm does")
    if bench.run(seed=0, look=_saturates).seen:
        raise ReadingError("probabilities are 0 or 1, where `binary_cross_entropy` has not the slope of its value")
    worst = int((t - s).abs().argmax())
    meaning = "the slope that is back-propagated, along a direction of the weights, and the slope of the loss"
    return examined.check("gradient", False, trained[worst], slopes[worst], meaning)


def _measured(examined: Examined, step: float, close: float) -> _Measured:
    bench, found, generator = examined.bench, _Measured(), torch.Generator().manual_seed(5)
    for k, scale in enumerate(_POINTS):
        values = bench.moved(scale, seed=40 + k)
        outcome = bench.run(values, seed=k, gradient=True)
        found.inside, found.moved = found.inside or outcome.inside, found.moved | outcome.moved
        if outcome.altered:
            raise ReadingError("gradients are changed after `backward`, by more than a scale or a clip")
        if outcome.shown and not outcome.inside:
            raise ReadingError(
                "what it returns is detached, and neither `backward` nor an optimizer is given gradients"
            )
        directions = [_direction(examined, generator, _trained(examined, outcome.gradient)) for _ in range(2)]
        for direction in directions:
            parts = _along_each(examined, outcome.gradient, direction)
            found.of_each.append(parts)
            along = sum(parts.values())
            found.trained.append(along)
            slope = partial(_slope, examined, values, direction, seed=k)
            found.slopes.append(nearest_slope(slope, step, along, close, double=bench.double))
            off = abs(found.slopes[-1] - along)
            # two losses that are rounded to one number have no slope, whatever the code does
            if not bench.double and close * abs(along) < off < bench.coarsest * abs(outcome.loss) / (2 * step):
                raise ReadingError(SLOPE_IS_HIDDEN)
        if _distance(found.trained, found.slopes) > close:
            with suppress(ReadingError, KeyError, RuntimeError):
                scores = _scores_by_differences if found.inside else _scores  # after a backward the graph is gone
                found.scores += scores(examined, values, directions, seed=k)
    return found


def _is_multiple(examined: Examined, t: Tensor, s: Tensor, close: float) -> bool:
    """Whether what is trained, t, is a positive multiple of the slopes s; noted if so."""
    factor = float((t @ s) / (s @ s + 1e-300))
    if factor <= 0 or _distance(t.tolist(), (factor * s).tolist()) > close:
        return False
    examined.notes.append(f"what is back-propagated is {factor:.4g} times what is returned")
    return True


def _sticks_the_landing(examined: Examined, t: Tensor, s: Tensor, scores: list[list[float]], close: float) -> bool:
    """Whether what is trained, t, and the slopes s differ by a multiple of a score, of mean 0; noted if so.

    Of several posteriors, the score of one of them or of all together.
    """
    table = torch.tensor(scores, dtype=torch.float64)
    for score in (*table.T, table.sum(1)):
        factor = float(((t - s) @ score) / (score @ score + 1e-300))
        if bool(score.any()) and _distance((t - factor * score).tolist(), s.tolist()) <= close:
            examined.estimator = "sticking the landing"
            left_out = f"{-factor:.4g} times the score of q, of mean 0"
            examined.notes.append(f"its gradient is that of sticking the landing: it leaves out {left_out}")
            return True
    return False


def _distance(one: Sequence[float], other: Sequence[float]) -> float:
    """The largest difference, relative to the largest slope."""
    a, b = (torch.tensor(numbers, dtype=torch.float64) for numbers in (one, other))
    return float((a - b).abs().max() / (a.abs().max() + b.abs().max() + 1e-12))


def _trained(examined: Examined, gradient: Sequence[Tensor | None]) -> set[int]:
    """The parameters that the loss is to train: all, but where the report says that some layers are kept."""
    pairs = zip(examined.bench.parameters, gradient, strict=True)
    return {id(p) for p, slope in pairs if slope is not None or not examined.account.untrained}


def _direction(examined: Examined, generator: torch.Generator, trained: set[int]) -> _Direction:
    """A direction of length 1 in the trained parameters."""
    drawn = [
        torch.randn(t.shape, generator=generator, dtype=torch.float64) if id(t) in trained else None
        for t in examined.bench.given
    ]
    size = sum(float(d.square().sum()) for d in drawn if d is not None) ** 0.5
    return [None if d is None else d / (size or 1.0) for d in drawn]


def _reads_what_it_kept(recording: Recording) -> bool:
    """Whether a buffer is written without gradient and read with it: it moves with the weights, and has no slope."""
    buffers = {region.storage for region, t in recording.given.items() if region.real and not t.requires_grad}
    written: set[int] = set()
    for event in recording.events:
        regions = [value for value in tree_flatten((event.arguments, event.options))[0] if isinstance(value, Region)]
        if not event.no_grad and any(region.storage in written for region in regions):
            return True
        if event.no_grad:
            written |= event.written & buffers
    return False


def _saturates(recording: Recording) -> bool:
    """Whether a cross-entropy gets probabilities of which torch divides by 1e-12 in place of p (1 - p)."""
    read = {e.regions[0] for e in recording.events if e.name.startswith("aten.binary_cross_entropy.")}
    seen = [tensor for (_, region), tensor in recording.made.items() if region in read]
    return any(bool((p * (1 - p) < _SATURATED).any()) for p in seen)


def nearest_slope(slope: Callable[[float], float], step: float, known: float, close: float, *, double: bool) -> float:
    """The slope of the loss by a difference; by smaller steps too, if the first is not the one that is trained.

    Kinks of ReLUs may lie between the two losses: thousands in a deep network, whose slope only the smallest step
    shows. Of all slopes the one nearest to what is trained is given. Raises `ReadingError` where they differ among
    themselves about as much as from it.

    Args:
        slope: of the loss, by a difference of this step.
        step: the first to be tried.
        known: the slope that is trained.
        close: how near the two are, relative to it, if they are the same.
        double: whether the losses are in double precision.
    """
    slopes: list[float] = []
    for smaller in _SMALLER if double else _SMALLER_OF_FLOATS:
        slopes.append(slope(step / smaller))
        if abs(slopes[-1] - known) <= close * abs(known):
            return slopes[-1]
    spread = abs(slopes[-1] - slopes[-2])
    nearest = min(slopes, key=lambda one: abs(one - known))
    if double and abs(nearest - known) < _OF_SPREAD * spread:
        raise ReadingError("the slope of the loss is another one for each step, as where it has kinks without number")
    if not double and spread > close * abs(slopes[0]):
        raise ReadingError(SLOPE_IS_HIDDEN)
    return nearest


_SMALLER, _SMALLER_OF_FLOATS = (1, 100, 1000), (1, 3)
_OF_SPREAD = 3.0
"""What is trained is no slope if it is so many times farther from the nearest than slopes by two steps are apart."""


def _slope(examined: Examined, values: list[Tensor], direction: _Direction, step: float, *, seed: int) -> float:
    above, below = (examined.bench.run(_shifted(values, direction, sign * step), seed=seed).loss for sign in (1, -1))
    return (above - below) / (2 * step)


def _along_each(examined: Examined, gradient: Sequence[Tensor | None], direction: _Direction) -> dict[int, float]:
    """The share that each parameter has in the slope along a direction, by a gradient."""
    of = {id(t): d for t, d in zip(examined.bench.given, direction, strict=True) if d is not None}
    parts = zip(examined.bench.parameters, gradient, strict=True)
    return {id(p): float((g.double() * of[id(p)]).sum()) for p, g in parts if g is not None}


def _scores(examined: Examined, values: list[Tensor], directions: list[_Direction], seed: int) -> list[list[float]]:
    """For each direction the slopes of the log q(z) of each posterior, at draws that are held."""
    parameters = examined.bench.parameters

    def look(recording: Recording) -> list[tuple[Tensor | None, ...]]:
        numbers = examined.numbers(recording)
        return [
            torch.autograd.grad(total, parameters, retain_graph=True, allow_unused=True)
            for posterior in examined.account.posteriors
            if (total := _log_density(posterior, numbers)).requires_grad
        ]

    found = examined.bench.run(values, seed=seed, look=look).seen
    return [[sum(_along_each(examined, g, direction).values()) for g in found] for direction in directions]


def _log_density(posterior: StatedPosterior, numbers: Numbers, held: list[Tensor] | None = None) -> Tensor:
    """log q(z) at all draws that are decoded: at its own, or at those that are held."""
    total = torch.zeros((), dtype=torch.float64)
    for k, (element, own) in enumerate(posterior.draws.values()):
        every = [*posterior.axes, *(axis for axis in own if axis not in posterior.axes)]
        axes = with_coordinates_last(posterior, every)
        q = law_of(posterior, numbers, axes)
        z = drawn(q, numbers.of(element, axes)).detach() if held is None or k == len(held) else held[k]
        if held is not None and k == len(held):
            held.append(z)
        total = total + q.log_prob(z).sum()
    return total


def _scores_by_differences(
    examined: Examined, values: list[Tensor], directions: list[_Direction], seed: int
) -> list[list[float]]:
    """The same, of a step that back-propagates itself: by differences of log q(z) at the draws of the first run."""
    bench, posteriors = examined.bench, examined.account.posteriors
    held: list[list[Tensor]] = [[] for _ in posteriors]

    def look(recording: Recording) -> Tensor:
        numbers = examined.numbers(recording)
        found = [_log_density(p, numbers, draws).detach() for p, draws in zip(posteriors, held, strict=True)]
        return torch.stack(found)

    bench.run(values, seed=seed, look=look)
    step = _STEP if bench.double else _STEP_OF_FLOATS
    found = []
    for direction in directions:
        above, below = (
            bench.run(_shifted(values, direction, sign * step), seed=seed, look=look).seen for sign in (1, -1)
        )
        found.append(((above - below) / (2 * step)).tolist())
    return found


def _shifted(values: list[Tensor], direction: _Direction, by: float) -> list[Tensor]:
    return [v if d is None else v + by * d.to(v) for v, d in zip(values, direction, strict=True)]
