"""A formula as the model of a loss: its samples, their posteriors, its rows, and what each array is.

A formula comes in, with the roles of its arguments if it is a function of tensors; a `LossModel` goes out. Example: for
a training step on a batch of 5 rows the model has one sample ``mu + exp(logvar / 2) * eps``, its posterior, and the
axis of length 5 as its rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from vaelid.auditor.lifting.two_runs import Formula
from vaelid.auditor.model.asking import question_of
from vaelid.auditor.model.assigned import assigned_by
from vaelid.auditor.model.posterior import Drawn, Posterior, Sample, drawn_from, inner_samples, samples
from vaelid.auditor.model.question import Question
from vaelid.auditor.model.roles import Role
from vaelid.auditor.model.simplifications import with_size_factors
from vaelid.auditor.model.unsampled_posterior import unsampled

__all__ = ["PLAIN", "LossModel", "View", "depths_of_latents", "model_of"]


@dataclass(frozen=True)
class View:
    """How a formula is looked at.

    Attributes:
        fixed: axes whose length is taken for one number.
        inner: which part of what is decoded is the sample, counted from the innermost; None: all of it.
        size_factors: whether sums of a row's data are taken for known, as the library size of a cell.
        free_lengths: whether a formula with lengths in it may be refuted at one row and one coordinate.
    """

    fixed: frozenset[int] = frozenset()
    inner: int | None = None
    size_factors: bool = False
    free_lengths: bool = True

    def with_fixed(self, axes: frozenset[int]) -> "View":
        """The same view, with these axes' lengths taken for one number."""
        return replace(self, fixed=axes)

    def at_depth(self, inner: int) -> "View":
        """The same view, with this part of what is decoded as the sample, counted from the innermost."""
        return replace(self, inner=inner)

    def with_size_factors(self) -> "View":
        """The same view, with sums of a row's data taken for known."""
        return replace(self, size_factors=True)


PLAIN = View()


@dataclass(frozen=True)
class LossModel:
    """What is what in a formula.

    Attributes:
        run: the formula.
        view: how it is looked at.
        question: what each array is.
        samples: each sample, in the order of use, with what it is drawn from if that is a Gaussian.
        rows: the axes of rows.
    """

    run: Formula
    view: View
    question: Question
    samples: tuple[tuple[Sample, Drawn | None], ...]
    rows: frozenset[int]


def model_of(run: Formula, roles: Mapping[str, Role] | None, view: View = PLAIN) -> LossModel:
    """The model of a formula; `roles` are those of its arguments, None for a training step."""
    if roles is not None:
        assigned = assigned_by(roles, run)
        rows = _first_axes(run)
        moved = run.moved if view.free_lengths else frozenset()
        question = question_of(run, [assigned.posterior], view.fixed, assigned, rows, moved)
        return LossModel(run, view, question, (), rows)
    drawn = samples(run.reading)
    if view.inner is not None:
        drawn = [next(iter(inner_samples(sample, run.reading)[view.inner :]), sample) for sample in drawn]
    posteriors: list[Posterior] = []
    found: list[tuple[Sample, Drawn | None]] = []
    for sample in drawn:
        known = drawn_from(sample, run.reading, len(posteriors))
        found.append((sample, known))
        if known is not None:
            _add(known.posterior, posteriors)
    if not drawn and (posterior := unsampled(run)) is not None:
        posteriors.append(posterior)
    rows = run.moved or _rows(run)
    question = question_of(run, posteriors, view.fixed, None, rows, run.moved)
    return LossModel(run, view, with_size_factors(question) if view.size_factors else question, tuple(found), rows)


def depths_of_latents(run: Formula) -> int:
    """How many parts of what is decoded may be the sample itself, at most."""
    return max((len(inner_samples(sample, run.reading)) for sample in samples(run.reading)), default=0)


def _first_axes(run: Formula) -> frozenset[int]:
    """The axes of the arguments' first dimensions."""
    reading = run.reading
    arguments = (leaf for leaf in reading.leaves.values() if leaf.kind == "argument" and leaf.dims)
    return frozenset(axis for leaf in arguments for axis in reading.axes.now(leaf.dims[0]))


def _rows(run: Formula) -> frozenset[int]:
    """The axes of rows of a step that was run at one number of rows.

    They are the first ones of its arguments, and those of networks' outputs that are as long: networks keep their rows
    first.
    """
    first, axes = _first_axes(run), run.reading.axes
    lengths = {axes.lengths[axis] for axis in first}
    made = (leaf for leaf in run.reading.leaves.values() if leaf.kind in ("made", "noise") and leaf.dims)
    leading = (axes.now(leaf.dims[0]) for leaf in made)
    return first | {axis for dim in leading for axis in dim if axes.lengths[axis] in lengths}


def _add(posterior: Posterior, posteriors: list[Posterior]) -> None:
    """Append a posterior; or, if one there is the same, note a further draw from that one."""
    for k, other in enumerate(posteriors):
        fresh = posterior.noise and other.noise and posterior.noise not in other.draws
        if fresh and not (posterior.more_noise or other.more_noise) and posterior.is_that_of(other):
            posteriors[k] = other.drawn_again(posterior.noise)
            return
    posteriors.append(posterior)
