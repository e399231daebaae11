"""What is compared with what the decoder put out: the data themselves, or what was made of them."""

from torch import Tensor

from vaelid.auditor.formula.axes_of_terms import axes_in, names_in
from vaelid.auditor.judgement.assessed import Assessed
from vaelid.auditor.recognition.groups import Group
from vaelid.readings.terms.syntax import Binder, Element, free_variables, subterms

__all__ = ["notes_on_data", "of_several_draws", "shared_output", "unlike_data"]


_OF_EACH = {"gt", "lt", "ge", "le", "eq", "ne", "round", "floor", "ceil", "trunc", "sign", "bernoulli", "_to_copy"}
"""Operations that are not looked into, but act on each element by itself."""


def unlike_data(assessed: Assessed, group: Group) -> str | None:
    """What was done to the data, where a likelihood of the result is none of the data."""
    assert group.found is not None
    if not group.found.target.parameters:
        return None
    observed = group.found.target.parameters[0]
    leaves = assessed.run.reading.leaves
    if any(part.head == Binder("sum") for part in subterms(observed.term)):
        return f"it is a likelihood of a summary of the data: {assessed.names.text(observed)}."
    if group.found.target.family in ("poisson", "negative_binomial") and not isinstance(observed.term.head, Element):
        return f"it is a likelihood of counts, but of {assessed.names.text(observed)}."
    waiting = list(names_in(observed))
    while waiting:
        leaf = leaves.get(waiting.pop())
        if leaf is not None and leaf.kind == "made":
            if leaf.operation.partition(" ")[0] not in _OF_EACH and not _is_code(leaf.tensor):
                return f"the data went through {leaf.operation}, which may have moved them ({leaf.source})."
            waiting += leaf.inputs
    return None


def shared_output(assessed: Assessed, group: Group) -> tuple[str, int] | None:
    """An axis of the data along which the decoder's output does not move, and its length."""
    assert group.found is not None
    if len(group.found.target.parameters) < 2:
        return None
    data, output = (axes_in(parameter.term) for parameter in group.found.target.parameters[:2])
    shared = [axis for axis in data if axis not in output]
    if not shared:
        return None
    return assessed.names.of_axis.get(shared[0], "an axis"), assessed.run.reading.axes.lengths[shared[0]]


def of_several_draws(assessed: Assessed, group: Group) -> bool:
    """Whether a likelihood is of what several draws of one latent were decoded to together, as their mean is."""
    assert group.found is not None
    reading, question = assessed.run.reading, assessed.objective.question
    outputs = group.found.target.parameters[1:]
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
    summed = {v.name for part in sums for v in free_variables(part.arguments[0])}
    return any(reading.axes.lengths[int(name[1:])] in repeated for name in summed)


def notes_on_data(assessed: Assessed, group: Group, sampled: bool) -> list[str]:
    """What a user should know of the data, and is no defect of the loss."""
    if group.found is None:
        return []
    target = group.found.target
    notes = []
    if target.parameters and not isinstance(target.parameters[0].term.head, Element):
        notes.append(f"the data are changed in the loss: {assessed.names.text(target.parameters[0])}")
    if target.family != "bernoulli" or not sampled:
        return notes
    values = assessed.run.arrays()
    data = [values[n] for n in names_in(target.parameters[0]) if n in values]
    if any(bool(((v > 0) & (v < 1)).any()) for v in data):
        notes.append("a Bernoulli likelihood on data between 0 and 1 is no density: the bound is not in nats of them")
    return notes


def _is_code(values: Tensor) -> bool:
    """Whether it is a one-hot code along some dimension: what `scatter` makes of whole numbers."""
    zeros_and_ones = bool(values.numel()) and bool(((values == 0) | (values == 1)).all())
    return zeros_and_ones and any(bool((values.sum(d) == 1).all()) for d in range(values.ndim))
