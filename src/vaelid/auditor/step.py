"""Audit a training step: a callable from a batch to a loss."""

import inspect
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from vaelid.auditor.assessed import Assessed
from vaelid.auditor.claims import weight_of
from vaelid.auditor.constants import with_constant_sums
from vaelid.auditor.declared import Declared
from vaelid.auditor.doors import UNREAD, door
from vaelid.auditor.fit import Values
from vaelid.auditor.folds import folds
from vaelid.auditor.given import Given
from vaelid.auditor.linear import NoProof
from vaelid.auditor.names import Names
from vaelid.auditor.numeric import array_of
from vaelid.auditor.objective import Objective, identify, rewritten
from vaelid.auditor.posterior import Posterior, ancestors, axes_in, inside, names_in, samples
from vaelid.auditor.question import Group, Question
from vaelid.auditor.report import Claim, Report
from vaelid.auditor.run import Call, Run, call_of, check_finite, read_calls, scalar_loss, smaller
from vaelid.auditor.sampler import sampler_claim
from vaelid.auditor.simple import replaced
from vaelid.auditor.size_factors import with_size_factors
from vaelid.auditor.stabilisers import without_stabilisers
from vaelid.auditor.targets import Rewrite
from vaelid.auditor.tensors import element_of
from vaelid.auditor.unsampled import unsampled
from vaelid.auditor.verdict import verdict
from vaelid.auditor.witnesses import without_noise
from vaelid.readings.terms.arrays import TermArray

__all__ = ["assess", "audit", "question_of", "source_of", "unread"]


def _unknown(step: Any, reason: Exception) -> Report:
    return replace(unread(_name_of(step), reason), source=source_of(step))


def _name_of(function: Any) -> str:
    return getattr(function, "__qualname__", type(function).__name__)


@door(_unknown)
def audit(
    step: Callable[[Any], Any],
    batch: Any,
    *,
    beta: float | None = None,
    likelihood: str | None = None,
    variance: float | None = None,
    prior: str | None = None,
    evaluation: Callable[[Any], Any] | None = None,
) -> Report:
    """What does `step(batch)` minimise: is it -ELBO, and with which beta?"""
    declared = Declared(beta, likelihood, variance, prior)
    started = time.perf_counter()
    target = _name_of(step)
    calls = [call_of(batch)]
    if (fewer := smaller(batch)) is not None:
        calls.append(call_of(fewer))
    try:
        assessed = assess(step, calls)
        report = verdict(assessed, declared, target=target)
        if evaluation is not None:
            report = with_evaluation(report, _evaluated(evaluation, calls, declared))
    except UNREAD as reason:
        report = unread(target, reason)
    return replace(report, seconds=time.perf_counter() - started, source=source_of(step))


def _evaluated(evaluation: Callable[[Any], Any], calls: list[Call], declared: Declared) -> Report:
    """The report on what evaluates: the same questions."""
    try:
        assessed = assess(evaluation, calls, gradients=False)
        return verdict(assessed, declared, target="evaluation")
    except UNREAD as reason:
        return unread("evaluation", reason)


def with_evaluation(report: Report, other: Report) -> Report:
    """The report with the claim that evaluation is the same objective as training; the verdict is about training."""
    name = "evaluation"
    if other.verdict in ("UNKNOWN", "OTHER") and not any(c.name == "sampler" for c in other.claims):
        claim = Claim(name, "UNKNOWN", f"what evaluates is not known: {other.summary}")
    elif not any(c.name == "sampler" and c.verdict == "PROVED" for c in other.claims):
        reason = "what evaluates does not sample z: it decodes the mean, and is no bound."
        claim = Claim(name, "REFUTED", reason, witness=without_noise(), bug="evaluation")
    elif (other.beta_formula, other.likelihood, other.prior) != (report.beta_formula, report.likelihood, report.prior):
        training, evaluating = (f"beta = {r.beta_formula}, {r.likelihood}" for r in (report, other))
        reason = f"evaluation has {evaluating}, training {training}."
        claim = Claim(name, "REFUTED", reason, bug="evaluation")
    elif other.verdict == report.verdict == "PROVED":
        theorems = tuple(t for c in other.claims if c.name == "objective" for t in c.theorems)
        claim = Claim(name, "PROVED", "evaluation is the same objective.", theorems=theorems)
    else:
        claim = Claim(name, "UNKNOWN", f"training or evaluation is not proved: {other.summary}")
    notes = report.notes
    if claim.verdict == "REFUTED":
        notes = (*notes, f"warning: {claim.reason}")
    return replace(report, claims=(*report.claims, claim), notes=notes)


def unread(target: str, reason: Exception) -> Report:
    """The report on a function that could not be read as a formula."""
    said = f"{str(reason).rstrip('.')}."
    claim = Claim("objective", "UNKNOWN", said, source=getattr(reason, "source", None))
    return Report(target, "UNKNOWN", "unknown", f"No verdict: {said}", claims=(claim,))


def source_of(function: Any) -> str | None:
    """File and line of a function."""
    try:
        code = inspect.unwrap(function).__code__
    except AttributeError:
        try:
            code = type(function).__call__.__code__
        except AttributeError:
            return None
    return f"{code.co_filename}:{code.co_firstlineno}"


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
        _, posterior = sampler_claim(reading, sample, names, len(posteriors))
        if posterior is not None:
            _add(posterior, posteriors)
    if known is None and not drawn and (posterior := unsampled(run)) is not None:
        posteriors.append(posterior)
    question = replace(question_of(run, posteriors, fixed, known), rows=rows, moved=run.moved)
    question = with_size_factors(question) if size_factors else question
    try:
        objective = identify(question)
    except NoProof as failure:  # it could not be taken apart: what is in it is not known
        whole = Group("mixed", (), (), question.term, failure=str(failure))
        objective = Objective(question, (whole,), None, str(failure))
    names = _names(run, objective, rows)
    claims = [sampler_claim(reading, sample, names, k, run.frozen)[0] for k, sample in enumerate(drawn)]
    found = Assessed(run, objective, claims, names)
    for group in objective.groups:
        found.weights[group.kind] = weight_of(group, objective.question, names, found.draws_of(group))
    found.sum_over_draws()
    return found


def _add(posterior: Posterior, posteriors: list[Posterior]) -> None:
    """Another posterior, or a further draw from one that is there."""
    for k, other in enumerate(posteriors):
        fresh = posterior.noise and other.noise and posterior.noise not in other.draws
        if fresh and not (posterior.more_noise or other.more_noise) and posterior.is_that_of(other):
            posteriors[k] = replace(other, again=(*other.again, posterior.noise))
            return
    posteriors.append(posterior)


def question_of(run: Run, posteriors: list[Posterior], fixed: frozenset[int], given: Given | None) -> Question:
    """What is asked of a run: its loss, the posteriors, and which leaves are data and which outputs."""
    leaves = run.reading.leaves
    data = {n for n, leaf in leaves.items() if leaf.kind in ("argument", "constant")}
    if given is not None:
        data = {n for n in data if n in given.data or leaves[n].kind == "constant" or leaves[n].operation == "one-hot"}
    for name, leaf in leaves.items():
        if leaf.kind == "made" and leaf.inputs and leaf.inputs <= data:
            data.add(name)
    posteriors = [_of_either_sign(run, posterior) for posterior in posteriors]
    own = {n for p in posteriors for n in p.leaves}
    drawn = {name for p in posteriors for name in p.draws}
    noise = {name: k for k, p in enumerate(posteriors) for name in (*p.draws, *p.more_noise)}
    if len(posteriors) == 1:  # a second draw from the same posterior, for a Monte-Carlo divergence
        normal = {n for n, leaf in leaves.items() if leaf.law == "normal"}
        noise |= dict.fromkeys(normal & names_in(run.term), 0)
    outputs = {n for n, leaf in leaves.items() if leaf.kind == "made" and leaf.noise & drawn} if drawn else set()
    if not outputs:
        outputs = {n for n, leaf in leaves.items() if leaf.kind == "made"} - data - own
    if given is not None:
        outputs = set(given.outputs)
    free = {n for n, leaf in leaves.items() if leaf.kind in ("made", "noise", "parameter")} - data
    moved = [n for n in leaves if n in free | outputs | own]
    values = Values.near(run.arrays(), run.lengths, moved)
    values = replace(values, fixed=fixed)
    masks = frozenset(n for n, leaf in leaves.items() if leaf.kind == "constant" or (n in data and leaf.is_mask))
    question = Question(run.term, tuple(posteriors), noise, frozenset(outputs), frozenset(data), values, masks)
    drawn_from = {name: leaf.noise for name, leaf in leaves.items()}
    parameters = frozenset(n for n, leaf in leaves.items() if leaf.kind == "parameter")
    question = replace(question, derived=_derived(run, own, noise), drawn=drawn_from, parameters=parameters)
    question = replace(question, folds=folds(run.reading, names_in(run.term)))
    for posterior in posteriors:
        if posterior.positive is not None:
            name = next(iter(names_in(posterior.log_variance)))
            question = rewritten(question, Rewrite(posterior.positive, "exp"), name)
    return question


def _derived(run: Run, own: set[str], noise: Mapping[str, int]) -> dict[str, str]:
    """What was made from a posterior's leaves, or drawn and not for one: its value is not free of theirs."""
    found = {}
    for name, leaf in run.reading.leaves.items():
        stray = leaf.kind == "noise" and name not in noise
        if name not in own and (stray or (leaf.kind == "made" and ancestors(run.reading, leaf.inputs) & own)):
            found[name] = f"{leaf.operation or 'an operation'} ({leaf.source})"
    return found


def _of_either_sign(run: Run, posterior: Posterior) -> Posterior:
    """The posterior; by the square of its deviation, where that is not positive everywhere in the run."""
    if posterior.positive is None:
        return posterior
    axes = axes_in(posterior.positive.term)
    values = array_of(posterior.positive.term, run.arrays(), run.lengths, tuple(f"i{axis}" for axis in axes))
    if bool((values > 0).all()):
        return posterior
    (name,) = names_in(posterior.log_variance)
    s = element_of(name, axes)
    log_variance = TermArray((), replaced(posterior.log_variance.term, {(2 * s).term: s.term}))
    return replace(posterior, log_variance=log_variance, positive=posterior.positive**2)


def _names(run: Run, objective: Objective, rows: frozenset[int]) -> Names:
    latent: list[int] = []
    observed: list[int] = []
    for posterior in objective.question.posteriors:
        latent += [a for a in posterior.axes if a not in rows and a not in latent]
    for group in objective.groups:
        if group.kind.startswith("reconstruction"):
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
