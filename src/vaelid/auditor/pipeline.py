"""From calls of a function to what was found out about it: recorded, read, recognised; weaker readings tried."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from vaelid.auditor.formula.axes_of_terms import axes_in
from vaelid.auditor.formula.kinds import MIXED, Reconstruction
from vaelid.auditor.judgement.assessed import Assessed
from vaelid.auditor.judgement.names import Names
from vaelid.auditor.judgement.sampler import judge_sample
from vaelid.auditor.lifting.two_runs import Run, read_calls
from vaelid.auditor.model.given import Given
from vaelid.auditor.model.posterior import Posterior, inside, samples
from vaelid.auditor.model.question import question_of
from vaelid.auditor.model.simplifications import with_constant_sums, with_size_factors, without_stabilisers
from vaelid.auditor.proofs.sums import NoProof
from vaelid.auditor.recognition.groups import Group
from vaelid.auditor.recognition.objective import Objective, identify
from vaelid.auditor.recognition.unsampled_posterior import unsampled
from vaelid.auditor.recording.calls import Call, check_finite, scalar_loss

__all__ = ["assess"]


def assess(
    function: Callable[..., Any],
    calls: list[Call],
    given: Callable[[Run], Given] | None = None,
    alike: tuple[tuple[str, str], ...] = (),
    *,
    gradients: bool = True,
) -> Assessed:
    """Run it, read it, and recognise what can be."""
    run = read_calls(function, calls, scalar_loss, alike=alike, gradients=gradients, again=given is None)
    check_finite(run.recording)
    assessed = _assessed(run, given, frozenset())
    inner = None
    for depth in range(_depths(run)) if given is None and not _is_standard(assessed) else ():
        within = _assessed(run, given, frozenset(), inner=depth)
        if _proofs(within) > _proofs(assessed) or (_is_standard(within) and not _is_standard(assessed)):
            assessed, inner = within, depth
    if assessed.objective.theorem is None:
        assessed = _with_less(function, calls, given, alike, run, assessed, inner)
    if assessed.objective.theorem is None and given is None:
        fixed = frozenset(range(len(run.reading.axes.lengths))) - run.moved
        again = _assessed(run, given, fixed, inner=inner)
        if _proofs(again) > _proofs(assessed):
            again.run.notes.append("the code fixes every size but the number of rows: the theorem is for these sizes")
            return again
    return assessed


def _proofs(assessed: Assessed) -> int:
    return sum(group.theorem is not None for group in assessed.objective.groups)


def _is_standard(assessed: Assessed) -> bool:
    """Whether all is proved, and every prior N(0, I): else the latent may be inside what the decoder makes of it."""
    found = [group.found for group, _ in assessed.divergences()]
    return assessed.objective.theorem is not None and all(f is not None and f.target.name == "N(0, I)" for f in found)


def _depths(run: Run) -> int:
    return max((len(inside(sample, run.reading)) for sample in samples(run.reading)), default=0)


def _with_less(
    function: Callable[..., Any],
    calls: list[Call],
    given: Callable[[Run], Given] | None,
    alike: tuple[tuple[str, str], ...],
    run: Run,
    assessed: Assessed,
    inner: int | None,
) -> Assessed:
    """Read with the sums of constants as numbers, without small numbers in logarithms, without clamps that did nothing.

    Each only if more is proved then.

    A clamp of what is sampled is kept: what it does not change here it may change elsewhere, the divergence with it.
    """
    for term, note in (with_constant_sums(run), without_stabilisers(run.term)):
        if note:
            less = _assessed(replace(run, term=term, notes=[*run.notes, note]), given, frozenset(), inner=inner)
            if _proofs(less) > _proofs(assessed):
                return less
    if given is None and with_size_factors(assessed.objective.question) is not assessed.objective.question:
        said = "the decoder is given a sum of the data, as a library size is: the likelihood is of data given that sum"
        noted = replace(run, notes=[*run.notes, said])
        less = _assessed(noted, given, frozenset(), size_factors=True, inner=inner)
        if _proofs(less) > _proofs(assessed):
            return less
    if not run.reading.clamps:
        return assessed
    question = assessed.objective.question
    kept = frozenset().union(*(p.leaves for p in question.posteriors), frozenset(question.noise))
    free = read_calls(function, calls, scalar_loss, clamps_of=kept, alike=alike, again=given is None)
    lines = ", ".join(dict.fromkeys(run.reading.clamps))
    free.notes.append(f"a clamp changes nothing here, and is read so: the verdict is of values inside it ({lines})")
    if run.moved and not free.moved:  # in the other run it did change something
        return assessed
    less = _assessed(free, given, frozenset(), inner=inner)
    return less if _proofs(less) > _proofs(assessed) else assessed


def _assessed(
    run: Run,
    given: Callable[[Run], Given] | None,
    fixed: frozenset[int],
    *,
    size_factors: bool = False,
    inner: int | None = None,
) -> Assessed:
    reading = run.reading
    leaves = reading.leaves
    first = frozenset(
        axis
        for leaf in leaves.values()
        if leaf.kind == "argument" and leaf.dims
        for axis in reading.axes.now(leaf.dims[0])
    )
    rows = run.moved if run.moved and given is None else first
    if given is None and not run.moved:  # networks keep their rows first
        lengths = {reading.axes.lengths[axis] for axis in first}
        made = (leaf for leaf in leaves.values() if leaf.kind in ("made", "noise") and leaf.dims)
        leading = (reading.axes.now(leaf.dims[0]) for leaf in made)
        rows |= {axis for axes in leading for axis in axes if reading.axes.lengths[axis] in lengths}
    names = Names({"B": tuple(sorted(rows))}, {})
    posteriors: list[Posterior] = []
    known = given(run) if given is not None else None
    if known is not None:
        posteriors.append(known.posterior)
    drawn = samples(reading) if given is None else []
    if inner is not None:
        drawn = [next(iter(inside(sample, reading)[inner:]), sample) for sample in drawn]
    for sample in drawn:
        _, posterior = judge_sample(reading, sample, names, len(posteriors))
        if posterior is not None:
            _add(posterior, posteriors)
    if known is None and not drawn and (posterior := unsampled(run)) is not None:
        posteriors.append(posterior)
    question = replace(question_of(run, posteriors, fixed, known), rows=rows, moved=run.moved)
    question = with_size_factors(question) if size_factors else question
    try:
        objective = identify(question)
    except NoProof as failure:  # it could not be taken apart: what is in it is not known
        whole = Group(MIXED, (), (), question.term, failure=str(failure))
        objective = Objective(question, (whole,), None, str(failure))
    names = _names(run, objective, rows)
    decisions = [judge_sample(reading, sample, names, k, run.frozen)[0] for k, sample in enumerate(drawn)]
    return Assessed.of(run, objective, decisions, names)


def _add(posterior: Posterior, posteriors: list[Posterior]) -> None:
    """Another posterior, or a further draw from one that is there."""
    for k, other in enumerate(posteriors):
        fresh = posterior.noise and other.noise and posterior.noise not in other.draws
        if fresh and not (posterior.more_noise or other.more_noise) and posterior.is_that_of(other):
            posteriors[k] = replace(other, again=(*other.again, posterior.noise))
            return
    posteriors.append(posterior)


def _names(run: Run, objective: Objective, rows: frozenset[int]) -> Names:
    latent: list[int] = []
    observed: list[int] = []
    for posterior in objective.question.posteriors:
        latent += [a for a in posterior.axes if a not in rows and a not in latent]
    for group in objective.groups:
        if isinstance(group.kind, Reconstruction):
            own = group.found.target.parameters[:1] if group.found is not None else ()
            seen = {axis for parameter in own for axis in axes_in(parameter.term)} or set(group.axes)
            observed += [a for a in group.axes if a not in rows and a not in observed and a in seen]
    lengths = run.reading.axes.lengths
    groups = {"B": tuple(sorted(rows)), "L": tuple(latent), "D": tuple(observed)}
    groups = {letter: axes for letter, axes in groups.items() if axes}
    sizes = {letter: run.reading.axes.length(axes) for letter, axes in groups.items() if letter != "B"}
    if rows:
        sizes["B"] = lengths[min(rows)]
    for letter, axes in groups.items():
        if len(axes) > 1 and letter != "B":
            sizes |= {f"{letter}{k + 1}": lengths[axis] for k, axis in enumerate(axes)}
    sizes |= {f"N{axis}": length for axis, length in enumerate(lengths)}
    return Names(groups, sizes)
