"""From what was found out about a loss to the account of it that its examination holds against new runs.

In come an `Assessed` loss and what was declared; out goes an `Account`, in which no array is an object of the recording
any more: each has a `Site`. For the textbook's loss the mean is h1[b, l], and h1 is the output of the second operation.
"""

from collections.abc import Iterable, Mapping

from torch import Tensor

from vaelid.auditor.findings.account import (
    Account,
    ComposedOf,
    Site,
    StatedDivergence,
    StatedLikelihood,
    StatedPosterior,
    WrittenFor,
)
from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.formula.axes_of_terms import axes_in, names_in
from vaelid.auditor.formula.kinds import Kind
from vaelid.auditor.judgement.assessed import Assessed, draws_of
from vaelid.auditor.judgement.cut_gradients import untrained
from vaelid.auditor.judgement.scale import variance_factor
from vaelid.auditor.lifting.reading import Reading
from vaelid.auditor.lifting.tensor import Leaf
from vaelid.auditor.lifting.two_runs import Formula
from vaelid.auditor.model.posterior import Posterior, ancestors
from vaelid.auditor.model.simplifications import constants_summed
from vaelid.auditor.recognition.groups import places_of
from vaelid.auditor.recognition.own_likelihood import OWN
from vaelid.auditor.recognition.quantities import Quantity
from vaelid.auditor.recording.events import Recording
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp

__all__ = ["account_of"]

_CLAMPED = ("clamp", "is read as log")
"""What notes say where a clamp or a small number in a logarithm was left out."""


def account_of(assessed: Assessed, declared: Declared, beta: float | None) -> Account:
    """The account of a loss."""
    run, question, objective = assessed.run, assessed.question, assessed.objective
    divergences = tuple(_divergences(assessed))
    likelihoods = tuple(_likelihoods(assessed))
    of_data = {name for one in likelihoods for name in names_in(one.parameters[0])}
    known = len(divergences) + len(likelihoods)
    sites, composed = _places(run.reading, run.recording)
    return Account(
        tuple(event.name for event in run.recording.computing),
        sites,
        composed,
        {name: WrittenFor(rewrite.term, rewrite.how) for name, rewrite in question.rewrites.items()},
        run.lengths,
        tuple(_posterior(assessed, k, posterior) for k, posterior in enumerate(question.posteriors)),
        divergences,
        likelihoods,
        frozenset(assessed.with_divergences()),
        len(objective.groups) - known,
        question.as_recorded(of_data),
        question.as_recorded(question.outputs),
        bool(run.reading.decided),
        bool(untrained(assessed)),
        _has_clamps(run),
        beta,
        variance_factor(objective, declared),
        _batch_tensors(run.reading, constants_summed(run)),
    )


def _batch_tensors(reading: Reading, names: Iterable[str]) -> frozenset[str]:
    """The tensors of the batch that these arrays are made of."""
    made_of = ancestors(reading, frozenset(n for n in names if n in reading.leaves))
    return frozenset(n for n in made_of if reading.leaves[n].kind == "argument")


def _posterior(assessed: Assessed, number: int, posterior: Posterior) -> StatedPosterior:
    question, leaves = assessed.question, assessed.run.reading.leaves
    others = [n for n, of in question.noise.items() if of == number and n not in posterior.draws and n in leaves]
    return StatedPosterior(
        posterior.axes,
        posterior.mean,
        posterior.log_variance,
        _draws(assessed.run.reading, posterior.draws),
        _draws(assessed.run.reading, [name for name in others if name not in posterior.more_noise]),
        bool(posterior.more_noise),
        posterior.below,
    )


def _draws(reading: Reading, names: Iterable[str]) -> dict[str, tuple[TermArray, tuple[int, ...]]]:
    return {name: (reading.element(reading.leaves[name]), _axes(reading, reading.leaves[name])) for name in names}


def _axes(reading: Reading, leaf: Leaf) -> tuple[int, ...]:
    return tuple(axis for dim in leaf.dims for axis in reading.axes.now(dim))


def _has_clamps(run: Formula) -> bool:
    """Whether something is held in bounds: by the user's code, or by torch's, whose cross-entropy ends at -100."""
    held = any(event.name.startswith("aten.binary_cross_entropy.") for event in run.recording.events)
    return held or bool(run.reading.clamps) or any(word in note for note in run.notes for word in _CLAMPED)


def _divergences(assessed: Assessed) -> Iterable[StatedDivergence]:
    for group, _ in assessed.divergences():
        if group.found is None:
            continue
        target, dropped = group.found.target, draws_of(assessed.objective, group)
        axes = tuple(axis for axis in places_of(assessed.question, group) if axis not in dropped)
        number = getattr(group.kind, "posterior", 0)
        yield StatedDivergence(number, _prior(target), target.learned, target.at_draw, axes, target.mask)


def _prior(target: Quantity) -> tuple[TermArray, TermArray]:
    if not target.parameters:
        return as_term(0), as_term(0)
    mean, spread = target.parameters
    return mean, spread if target.learned else xp.log(spread)


def _likelihoods(assessed: Assessed) -> Iterable[StatedLikelihood]:
    groups = assessed.objective.reconstructions
    weights = _weights(assessed) if assessed.objective.over_draws else {}
    lengths = assessed.run.reading.axes
    for group in groups:
        if group.found is None or not group.found.target.parameters:
            continue
        target = group.found.target
        axes = places_of(assessed.question, group)
        axes += sorted({axis for term in target.parameters for axis in axes_in(term.term)} - set(axes))
        share = weights.get(group.kind, 1.0) / lengths.length(draws_of(assessed.objective, group))
        yield StatedLikelihood(
            target.family,
            target.name,
            target.learned,
            target.parameters,
            tuple(axes),
            share,
            target.mask,
            _batch_tensors(assessed.run.reading, names_in(target.parameters[0])),
            target.own_formula if target.family == OWN else None,
            assessed.question.made_of_data & names_in(target.term),
        )


def _weights(assessed: Assessed) -> dict[Kind, float]:
    """Of likelihoods of one datum at several draws, the share of each: 1/4 and 3/4 of 0.25 a + 0.75 b."""
    values = assessed.question.values
    known = {g.kind: values.number(g.found.fit.weights[0]) for g in assessed.objective.reconstructions if g.found}
    return {kind: weight / sum(known.values()) for kind, weight in known.items()}


def _places(reading: Reading, recording: Recording) -> tuple[Mapping[str, Site], Mapping[str, ComposedOf]]:
    """Where the tensor of each leaf lies, and of what tensors a leaf is made that the reading made itself."""
    number = {event.number: counted for counted, event in enumerate(recording.computing)}
    given = {id(tensor): position for position, tensor in enumerate(recording.given.values())}
    made: dict[int, tuple[int, int]] = {}
    before = {}  # what is only handed on lies where it did before
    for (event_number, region), tensor in recording.made.items():
        event = recording.events[event_number]
        if event_number not in number:
            argument = next(iter(event.regions), region)
            if argument in before:
                made[id(tensor)] = before[region] = before[argument]
            elif argument in recording.given:
                given[id(tensor)] = list(recording.given).index(argument)
            continue
        before[region] = number[event_number], event.outputs.index(region)
        made[id(tensor)] = before[region]
    sites, composed = {}, {}
    for name, leaf in reading.leaves.items():
        shape = tuple(reading.axes.lengths[axis] for axis in _axes(reading, leaf))
        if leaf.composed is not None:
            parts = [_site(tensor, made, given, tuple(tensor.shape)) for tensor in leaf.composed.of]
            known = tuple(site for site in parts if site is not None)
            if len(known) == len(parts):
                composed[name] = ComposedOf(known, leaf.composed.function, shape)
        elif (site := _site(leaf.tensor, made, given, shape)) is not None:
            sites[name] = site
    return sites, composed


def _site(
    tensor: Tensor, made: Mapping[int, tuple[int, int]], given: Mapping[int, int], shape: tuple[int, ...]
) -> Site | None:
    if id(tensor) in made:
        return Site(*made[id(tensor)], shape)
    return Site(None, given[id(tensor)], shape) if id(tensor) in given else None
