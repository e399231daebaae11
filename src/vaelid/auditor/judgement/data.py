"""What is compared with what the decoder put out: the data themselves, or what was made of them.

In come what was found out about a loss and the group that compares data; out go the reason why it may be no likelihood
of the data, an axis along which one output stands for all, masks, and notes. For (x / 255 - x_hat)^2 there is the note
`DataChanged("x[b, d] / 255")`.
"""

from collections.abc import Collection
from dataclasses import dataclass

import torch
from torch import Tensor

from vaelid.auditor.formula.axes_of_terms import axes_in, axis_of, index_names, names_in
from vaelid.auditor.formula.in_tensors import values_of
from vaelid.auditor.judgement.assessed import Assessed
from vaelid.auditor.judgement.reasons.base import Reason
from vaelid.auditor.judgement.reasons.notes import DataChanged, Note, OneSideOnly
from vaelid.auditor.judgement.reasons.of_reconstruction import CountsOf, MovedData, SummaryOfData
from vaelid.auditor.lifting.tensor import Leaf
from vaelid.auditor.model.question import Question
from vaelid.auditor.recognition.quantities import Quantity
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.syntax import Binder, Element, free_variables, subterms

__all__ = [
    "SharedAxis",
    "is_mask",
    "kept_or_left_out",
    "notes_on_data",
    "of_several_draws",
    "shared_output",
    "unlike_data",
]


_OF_EACH = {"gt", "lt", "ge", "le", "eq", "ne", "round", "floor", "ceil", "trunc", "sign", "bernoulli", "_to_copy"}
"""Operations that are not looked into, but act on each element by itself."""

_OF_COUNTS = ("poisson", "negative_binomial")


@dataclass(frozen=True)
class SharedAxis:
    """An axis of the data along which the decoder's output does not move, and its length."""

    name: str
    length: int


def unlike_data(assessed: Assessed, target: Quantity) -> Reason | None:
    """What was done to the data, where a likelihood of the result is none of the data."""
    if not target.parameters:
        return None
    observed = target.parameters[0]
    leaves = assessed.run.reading.leaves
    if any(part.head == Binder("sum") for part in subterms(observed.term)):
        return SummaryOfData(assessed.names.text(observed))
    if target.family in _OF_COUNTS and not isinstance(observed.term.head, Element):
        return CountsOf(assessed.names.text(observed))
    waiting = list(names_in(observed))
    while waiting:
        leaf = leaves.get(waiting.pop())
        if leaf is not None and leaf.kind == "made":
            as_it_was = leaf.operation == "nan_to_num" and _only_hidden_changed(assessed, target, leaf)
            if leaf.operation.partition(" ")[0] not in _OF_EACH and not as_it_was and not _is_code(leaf.tensor):
                return MovedData(leaf.operation, leaf.source)
            waiting += leaf.inputs
    return None


def _only_hidden_changed(assessed: Assessed, target: Quantity, leaf: Leaf) -> bool:
    """Whether a mask leaves out all places at which an operation on each element changed its only input."""
    reading = assessed.run.reading
    axes = [axis for dim in leaf.dims for axis in reading.axes.now(dim)]
    before = [reading.leaves[name].tensor for name in leaf.inputs]
    if target.mask is None or len(before) != 1 or before[0].shape != leaf.tensor.shape:
        return False
    if not set(axes_in(target.mask.term)) <= set(axes):
        return False
    changed = (before[0] != leaf.tensor).detach().cpu()
    kept = assessed.question.values.whole(target.mask, axes)[0] != 0
    return not bool((changed.reshape(kept.shape) & kept).any())


def shared_output(assessed: Assessed, target: Quantity) -> SharedAxis | None:
    """An axis of the data along which the decoder's output does not move."""
    if len(target.parameters) < 2:
        return None
    data, output = (axes_in(parameter.term) for parameter in target.parameters[:2])
    shared = [axis for axis in data if axis not in output]
    if not shared:
        return None
    return SharedAxis(assessed.names.of_axis.get(shared[0], "an axis"), assessed.run.reading.axes.lengths[shared[0]])


def of_several_draws(assessed: Assessed, target: Quantity) -> bool:
    """Whether a likelihood is of what several draws of one latent were decoded to together, as their mean is."""
    reading, question = assessed.run.reading, assessed.question
    outputs = target.parameters[1:]
    draws = question.noise_in(*outputs)
    repeated: set[int] = set()
    for posterior in question.posteriors:
        if len(draws.intersection(posterior.draws)) > 1:
            return True
        along = {
            axis for name in posterior.draws for dim in reading.leaves[name].dims for axis in reading.axes.now(dim)
        }
        repeated |= {reading.axes.lengths[axis] for axis in along - set(posterior.axes)}
    sums = (part for output in outputs for part in subterms(output.term) if part.head == Binder("sum"))
    summed = {axis_of(v.name) for part in sums for v in free_variables(part.arguments[0])}
    along_data = set(axes_in(target.parameters[0].term))  # as classes are, of which there may be as many as draws
    return any(reading.axes.lengths[axis] in repeated for axis in summed - along_data)


def is_smoothed(assessed: Assessed, target: Quantity) -> bool:
    """Whether targets between 0 and 1 are made in the loss of data that are 0 and 1, as 0.9 x + 0.05 is.

    The total of exp(-loss) over such data moves with the logits, though it is a Bernoulli's of other data.
    """
    if target.family not in ("bernoulli", "categorical") or isinstance(target.parameters[0].term.head, Element):
        return False
    values, term = assessed.run.arrays(), target.parameters[0]
    names = names_in(term)
    if not names or any(bool(((values[n] != 0) & (values[n] != 1)).any()) for n in names if n in values):
        return False
    made = values_of(term.term, values, assessed.run.lengths, index_names(axes_in(term.term)))
    return bool(((made > 0) & (made < 1)).any())


def notes_on_data(assessed: Assessed, target: Quantity, sampled: bool) -> list[Reason]:
    """What a user should know of the data, and is no defect of the loss."""
    notes: list[Reason] = []
    if target.parameters and not isinstance(target.parameters[0].term.head, Element):
        notes.append(DataChanged(assessed.names.text(target.parameters[0])))
    notes += _sides_not_seen(assessed)
    if target.family != "bernoulli" or not sampled:  # random numbers that stand for data say nothing of the data
        return notes
    values = assessed.run.arrays()
    data = [values[n] for n in names_in(target.parameters[0]) if n in values]
    if any(bool(((v > 0) & (v < 1)).any()) for v in data):
        notes.append(Note.BERNOULLI_OF_FRACTIONS)
    return notes


def _sides_not_seen(assessed: Assessed) -> list[Reason]:
    """Of comparisons of what networks put out that choose a formula, those that had one answer only."""
    leaves, data = assessed.run.reading.leaves, assessed.question.data
    found = (leaves[name] for name in sorted(assessed.run.reading.result.leaves - data) if name in leaves)
    made = (leaf for leaf in found if leaf.kind == "made" and leaf.tensor.dtype == torch.bool and leaf.tensor.numel())
    one_sided = (leaf for leaf in made if bool((leaf.tensor == leaf.tensor.flatten()[0]).all()))
    return list(dict.fromkeys(OneSideOnly(leaf.operation, leaf.source) for leaf in one_sided))


def kept_or_left_out(target: Quantity, question: Question, of_divergences: Collection[TermArray]) -> bool:
    """Whether places of the data are taken as they are, or left out: not given weights.

    `of_divergences`: the masks of KLs. What a mask keeps may have any weight that the KL under the same mask has, too.
    """
    if (mask := target.mask) is None:
        return True
    own = set(axes_in(target.parameters[0].term)) if target.parameters else set()
    shared = any(other.term is mask.term for other in of_divergences)
    return set(axes_in(mask.term)) <= own and is_mask(mask, question, kept_as=None if shared else 1)


def is_mask(weights: TermArray, question: Question, kept_as: float | None = None) -> bool:
    """Whether weights of places, all of them, are 0 and one other number: this one, if it is given.

    What weighs a likelihood twice, and a KL once, is not left to a beta: it is a weight of the batch's.
    """
    values = question.values.whole(weights, axes_in(weights.term))[0]
    return bool(((values == 0) | (values == (values.max() if kept_as is None else kept_as))).all())


def _is_code(values: Tensor) -> bool:
    """Whether it is a one-hot code along some dimension: what `scatter` makes of whole numbers."""
    zeros_and_ones = bool(values.numel()) and bool(((values == 0) | (values == 1)).all())
    return zeros_and_ones and any(bool((values.sum(d) == 1).all()) for d in range(values.ndim))
