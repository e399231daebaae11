"""From a model of a loss and its objective to what is judged: names of axes, claims on samples, weights of groups.

A `LossModel` and its `Objective` come in; an `Assessed` goes out, complete. Example: for the textbook's loss averaged
over rows the axis of length 5 is B, that of the latent is L, that of the data is D, and both groups have the weight
1 / B.
"""

from vaelid.auditor.formula.axes_of_terms import axes_in, length_name
from vaelid.auditor.formula.kinds import Reconstruction
from vaelid.auditor.judgement.assessed import Assessed
from vaelid.auditor.judgement.names import Names
from vaelid.auditor.judgement.sampler import judge_sample
from vaelid.auditor.judgement.users_names import called
from vaelid.auditor.model.loss_model import LossModel
from vaelid.auditor.recognition.objective import Objective

__all__ = ["assessed_of"]


def assessed_of(model: LossModel, objective: Objective) -> Assessed:
    """What was found out about a loss."""
    run, names = model.run, _names(model, objective)
    decisions = [judge_sample(run.reading, sample, drawn, names, run.frozen) for sample, drawn in model.samples]
    return Assessed.of(run, objective, decisions, names)


def _names(model: LossModel, objective: Objective) -> Names:
    """B for the axes of rows, L for those of the posteriors, D for those of an observation; with their lengths."""
    rows = model.rows
    latent: list[int] = []
    of_data: list[int] = []
    for posterior in objective.question.posteriors:
        latent += [a for a in posterior.axes if a not in rows and a not in latent]
    for group in objective.groups:
        if isinstance(group.kind, Reconstruction):
            data = group.found.target.parameters[:1] if group.found is not None else ()
            its = {axis for parameter in data for axis in axes_in(parameter.term)} or set(group.axes)
            of_data += [a for a in group.axes if a not in rows and a not in of_data and a in its]
    groups = {"B": tuple(sorted(rows)), "L": tuple(latent), "D": tuple(of_data)}
    groups = {letter: axes for letter, axes in groups.items() if axes}
    axes_of_run = model.run.reading.axes
    sizes = {letter: axes_of_run.length(axes) for letter, axes in groups.items() if letter != "B"}
    if rows:
        sizes["B"] = axes_of_run.lengths[min(rows)]
    for letter, axes in groups.items():
        if len(axes) > 1 and letter != "B":
            sizes |= {f"{letter}{k + 1}": axes_of_run.lengths[axis] for k, axis in enumerate(axes)}
    sizes |= {length_name(axis): length for axis, length in enumerate(axes_of_run.lengths)}
    words = called(model.run.reading, model.run.recording)
    return Names(groups, sizes, words, dict(enumerate(axes_of_run.lengths)))
