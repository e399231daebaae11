"""The spine of an audit: record, lift, model, recognise, judge; and what is tried if the loss is not proved as it is.

A function and calls of it come in; a `Report` or a `Claim` goes out. Each stage gets what the one before it made,
whole, and has ended before the next begins. Example, for a training step: `Asked` -> `Run` (recorded and lifted) ->
`LossModel` -> `Objective` -> `Assessed` -> `Report`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from torch import Tensor

from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.findings.report import Claim, Report
from vaelid.auditor.formula.errors import UNREAD, Unread
from vaelid.auditor.formula.kinds import Divergence
from vaelid.auditor.judgement.assessed import Assessed
from vaelid.auditor.judgement.assessment import assessed_of
from vaelid.auditor.judgement.evaluation import with_evaluation
from vaelid.auditor.judgement.given_sampler import given_sampler_claim
from vaelid.auditor.judgement.kl import KLSubject, kl_claim, unknown_kl, with_clamps_ignored, with_usual_mistake
from vaelid.auditor.judgement.verdict import unread, verdict
from vaelid.auditor.lifting.two_runs import Run, read_calls
from vaelid.auditor.model.arguments import KL_SHAPES, call_of_inputs, kl_call, random_calls, sampler_call
from vaelid.auditor.model.assigned import alike
from vaelid.auditor.model.loss_model import PLAIN, LossModel, View, depths_of_latents, model_of
from vaelid.auditor.model.results import divergence_returned, sample_returned
from vaelid.auditor.model.roles import GaussianRoles, Role
from vaelid.auditor.model.simplifications import with_constant_sums, with_size_factors, without_stabilisers
from vaelid.auditor.recognition.objective import Objective, identify
from vaelid.auditor.recording.calls import Call, call_of, check_finite, scalar_loss, smaller, source_of
from vaelid.spec.errors import InputError, UserCodeError

__all__ = ["WEAKER", "Asked", "assess", "claim_on_kl", "claim_on_sampler", "report_on_loss", "report_on_step"]


@dataclass(frozen=True)
class Asked:
    """What is audited.

    Attributes:
        function: the user's function.
        calls: its calls; sizes that differ between the first two become lengths in the formula.
        returned: from what it returns to the tensor that is read.
        roles: the roles of its arguments; None for a training step, whose samples are looked for.
        alike: pairs of arguments with the same axes.
        gradients: whether its gradients count; those of an evaluation do not.
        again: whether the first call is made twice, to see which noise is drawn anew.
    """

    function: Callable[..., Any]
    calls: tuple[Call, ...]
    returned: Callable[[Any], Tensor] = scalar_loss
    roles: Mapping[str, Role] | None = None
    alike: tuple[tuple[str, str], ...] = ()
    gradients: bool = True
    again: bool = True

    def formula(self, *, clamps_of: frozenset[str] | None = None) -> Run:
        """Record and lift. `clamps_of`: the arrays whose clamps are kept if they did nothing; None: all are kept."""
        return read_calls(
            self.function,
            self.calls,
            self.returned,
            clamps_of=clamps_of,
            alike=self.alike,
            gradients=self.gradients,
            again=self.again,
        )


@dataclass(frozen=True)
class Recognition:
    """A model, and what was recognised in it."""

    model: LossModel
    objective: Objective


def recognise(run: Run, roles: Mapping[str, Role] | None, view: View = PLAIN) -> Recognition:
    """Model a formula, and recognise and prove what can be."""
    model = model_of(run, roles, view)
    return Recognition(model, identify(model.question))


# Weaker readings: what the loss is if something is left out of it, or taken for known. A theorem of such a reading says
# less, so they are tried only if the loss is not proved as it is, and each says in a note what its theorem leaves out.


@dataclass(frozen=True)
class Weaker(ABC):
    """A way to read a loss whose theorem says less.

    Attributes:
        leaves_out: whether the loss itself is changed. Of such readings only one is taken: their notes are about the
            loss as it is, and nothing was checked of two changes together.
        for_steps_only: whether it is of no use where the roles of the arguments are known.
    """

    leaves_out: ClassVar[bool] = True
    for_steps_only: ClassVar[bool] = False

    @abstractmethod
    def apply(self, asked: Asked, found: Recognition) -> Iterable[tuple[Run, View]]:
        """The formulas to be recognised instead, with their notes, and how they are looked at; none if not of use."""

    def is_needed(self, found: Objective) -> bool:
        """Whether it is tried, after what was found so far."""
        return found.theorem is None

    def is_better(self, new: Objective, old: Objective) -> bool:
        """Whether what is found so replaces what was found before: more groups are proved."""
        return new.proofs > old.proofs


class InsideOfLatent(Weaker):
    """The sample is a part of what is decoded: z where tanh(z) is. No note: nothing is left out.

    Tried if a prior is not N(0, I), too: then the KL may be that of z, and not of tanh(z).
    """

    leaves_out = False
    for_steps_only = True

    def apply(self, asked: Asked, found: Recognition) -> Iterable[tuple[Run, View]]:
        """Each depth, the innermost first."""
        run = found.model.run
        return [(run, replace(found.model.view, inner=depth)) for depth in range(depths_of_latents(run))]

    def is_needed(self, found: Objective) -> bool:
        """Whether the loss is not proved with the prior N(0, I)."""
        return not _is_standard(found)

    def is_better(self, new: Objective, old: Objective) -> bool:
        """Whether more is proved, or the prior is N(0, I) now."""
        return new.proofs > old.proofs or (_is_standard(new) and not _is_standard(old))


class ConstantSums(Weaker):
    """Sums of constants, such as that of a mask, are numbers. The note names them."""

    def apply(self, asked: Asked, found: Recognition) -> Iterable[tuple[Run, View]]:
        """The loss with these numbers."""
        run = found.model.run
        term, note = with_constant_sums(run)
        return [(_noted(replace(run, term=term), note), found.model.view)] if note else []


class NoStabilisers(Weaker):
    """Small numbers inside logarithms, as in log(p + 1e-8), are 0. The note says how far that is off."""

    def apply(self, asked: Asked, found: Recognition) -> Iterable[tuple[Run, View]]:
        """The loss without them."""
        run = found.model.run
        term, note = without_stabilisers(run.term)
        return [(_noted(replace(run, term=term), note), found.model.view)] if note else []


class SizeFactors(Weaker):
    """Sums of a row's data that the decoder is given are known, as the library size of a cell."""

    for_steps_only = True
    note = "the decoder is given a sum of the data, as a library size is: the likelihood is of data given that sum"

    def apply(self, asked: Asked, found: Recognition) -> Iterable[tuple[Run, View]]:
        """The loss as it is, looked at so, if it has such sums."""
        question = found.objective.question
        if with_size_factors(question) is question:
            return []
        return [(_noted(found.model.run, self.note), replace(found.model.view, size_factors=True))]


class NoIdleClamps(Weaker):
    """Clamps that changed nothing in the recording are left out.

    Clamps on z's mean and variance are kept: one that is inactive on this batch may act on another, and would change
    the KL too.
    """

    note = "a clamp changes nothing here, and is read so: the verdict is of values inside it"

    def apply(self, asked: Asked, found: Recognition) -> Iterable[tuple[Run, View]]:
        """The function recorded and lifted once more, without them."""
        run, question = found.model.run, found.objective.question
        if not run.reading.clamps:
            return []
        kept = frozenset().union(*(p.leaves for p in question.posteriors), frozenset(question.noise))
        free = asked.formula(clamps_of=kept)
        if run.moved and not free.moved:  # in the other run the clamp did change something
            return []
        lines = ", ".join(dict.fromkeys(run.reading.clamps))
        return [(_noted(free, f"{self.note} ({lines})"), found.model.view)]


class FixedLengths(Weaker):
    """Every length but the number of rows is one number, as where the code divides by 784."""

    leaves_out = False
    for_steps_only = True
    note = "the code fixes every size but the number of rows: the theorem is for these sizes"

    def apply(self, asked: Asked, found: Recognition) -> Iterable[tuple[Run, View]]:
        """The loss at these lengths."""
        run = found.model.run
        fixed = frozenset(range(len(run.reading.axes.lengths))) - run.moved
        return [(_noted(run, self.note), replace(found.model.view, fixed=fixed))]


WEAKER: tuple[Weaker, ...] = (
    InsideOfLatent(),
    ConstantSums(),
    NoStabilisers(),
    SizeFactors(),
    NoIdleClamps(),
    FixedLengths(),
)
"""In the order in which they are tried. What leaves out nothing is first. The next three change the term only; leaving
out clamps runs the user's code again, so it comes after them. Fixed lengths are last: a theorem for one size is the
least that can be said."""


def _noted(run: Run, note: str) -> Run:
    return replace(run, notes=[*run.notes, note])


def _is_standard(found: Objective) -> bool:
    """Whether all is proved, and every prior is N(0, I)."""
    priors = [group.found for group in found.groups if isinstance(group.kind, Divergence)]
    return found.theorem is not None and all(f is not None and f.target.name == "N(0, I)" for f in priors)


def assess(asked: Asked) -> Assessed:
    """Record, lift, model and recognise; weaker readings in turn, of which the first that proves more is taken."""
    run = asked.formula()
    check_finite(run.recording)
    found = base = recognise(run, asked.roles)
    changed = False
    for weaker in WEAKER:
        if (weaker.leaves_out and changed) or (weaker.for_steps_only and asked.roles is not None):
            continue
        for other_run, view in weaker.apply(asked, base) if weaker.is_needed(found.objective) else ():
            other = recognise(other_run, asked.roles, view)
            if not weaker.is_better(other.objective, found.objective):
                continue
            found = other
            if weaker.leaves_out:
                changed = True
            else:
                base = other
    return assessed_of(found.model, found.objective)


# What the doors ask for.


def report_on_step(
    step: Callable[[Any], Any],
    batch: Any,
    declared: Declared,
    target: str,
    evaluation: Callable[[Any], Any] | None = None,
) -> Report:
    """The report on a training step, called with a batch and with fewer rows of it."""
    calls = (call_of(batch),)
    if (fewer := smaller(batch)) is not None:
        calls = (*calls, call_of(fewer))
    report = verdict(assess(Asked(step, calls)), declared, target=target)
    if evaluation is None:
        return report
    name = "evaluation"
    try:
        other = verdict(assess(Asked(evaluation, calls, gradients=False)), declared, target=name)
    except UNREAD as reason:
        other = unread(name, reason)
    return with_evaluation(report, other)


def report_on_loss(
    function: Callable[..., Any],
    roles: Mapping[str, Role],
    declared: Declared,
    target: str,
    inputs: Callable[[], Any] | None = None,
) -> Report:
    """The report on a loss of tensors, called with the user's inputs, or with the first random ones that it takes."""
    number = 1.0 if declared.beta is None else float(declared.beta)
    tries = random_calls(roles, number) if inputs is None else [(call_of_inputs(roles, inputs),)]
    failure: UserCodeError | None = None
    for calls in tries:
        asked = Asked(function, calls, roles=roles, alike=alike(roles, calls[0]), again=False)
        try:
            return verdict(assess(asked), declared, target=target, sampled=False)
        except UserCodeError as error:
            failure = failure or error
        except InputError:
            if failure is None:
                raise
            continue  # these shapes were a guess: what the first ones raised is said
    raise failure or InputError(f"{target} was called with no arguments.")


def claim_on_kl(function: Callable[..., Any], roles: GaussianRoles) -> Claim:
    """The claim on a function that is taken for a KL."""
    claim = _claim_on_kl(KLSubject(function, roles))
    if claim.witness is None or claim.theorems:
        return claim
    meant = roles.meant_otherwise()
    try:
        otherwise = _claim_on_kl(KLSubject(function, meant))
    except UserCodeError:
        return claim
    return with_usual_mistake(claim, otherwise, roles, meant.spread_role.words)


def _claim_on_kl(subject: KLSubject) -> Claim:
    """The same, taking the roles of the arguments as they are; without idle clamps if it is PROVED only so."""
    roles = subject.roles.of
    calls = tuple(kl_call(roles, shape) for shape in KL_SHAPES)
    asked = Asked(
        subject.function,
        calls,
        divergence_returned,
        roles,
        alike=alike(roles, calls[0]),
        gradients=False,  # they are compared at a point instead
        again=False,
    )
    try:
        run = asked.formula()
        if run.notes:
            raise Unread(run.notes[0].partition(":")[0], None)
        found = recognise(run, roles)
        claim = kl_claim(subject, found.model, found.objective)
        if claim.verdict == "PROVED" or not run.reading.clamps:
            return claim
        free = asked.formula(clamps_of=frozenset())
        if free.notes:
            return claim
        found = recognise(free, roles)
        without = kl_claim(subject, found.model, found.objective)
    except UNREAD as reason:
        return unknown_kl(reason, getattr(reason, "source", None))
    lines = dict.fromkeys(run.reading.clamps)
    return with_clamps_ignored(without, lines) if without.verdict == "PROVED" else claim


def claim_on_sampler(function: Callable[..., Any], roles: GaussianRoles) -> Claim:
    """The claim on a function that is taken for a sampler."""
    asked = Asked(function, (sampler_call(roles.of),), sample_returned, roles.of)
    return given_sampler_claim(asked.formula(), roles, source_of(function))
