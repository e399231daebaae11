"""The ledger: each premise of "this loss is c (NLL + beta KL) + const", and what is known of it.

In come what was found out about a loss and what its examination found; out goes one `Premise` for each row of the
table. The loss is PROVED only if none has the evidence ``missing``. For the textbook's loss on two batch sizes `sizes`
has the sentence "it holds for every B, D and L".
"""

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

from torch import Tensor

from vaelid.auditor.findings.opinion import PRIOR_BY_STEPS, PRIOR_OF_NOISE, PRIOR_OF_PYTHON, Opinion
from vaelid.auditor.findings.premise import Premise
from vaelid.auditor.findings.twins import of_all_calls
from vaelid.auditor.formula.axes_of_terms import names_in
from vaelid.auditor.formula.kinds import Divergence
from vaelid.auditor.formula.upstream import upstream
from vaelid.auditor.judgement.assessed import Assessed
from vaelid.auditor.judgement.masks import premise_of_mask
from vaelid.auditor.recognition.own_likelihood import OWN
from vaelid.auditor.recognition.quantities import Quantity

__all__ = ["missing", "premises_of"]


def premises_of(assessed: Assessed, opinion: Opinion, *, sampled: bool) -> tuple[Premise, ...]:
    """The ledger of a loss whose algebra is proved. `sampled` False: of a function of tensors."""
    return (
        _law(assessed, opinion, sampled),
        _prior(assessed, opinion),
        _decoder(sampled),
        _density(assessed, opinion),
        premise_of_mask(assessed, opinion),
        _rows(opinion),
        _gradient(assessed, opinion),
        _state(opinion),
        _sizes(assessed),
        *_twins(assessed, opinion),
    )


def missing(premises: Iterable[Premise]) -> Premise | None:
    """The first premise that nothing speaks for."""
    return next((premise for premise in premises if premise.evidence == "missing"), None)


def _law(assessed: Assessed, opinion: Opinion, sampled: bool) -> Premise:
    if not sampled:
        return Premise("law", "declared", "the sample is drawn from the posterior that the arguments describe")
    if all(decision.verdict == "PROVED" for decision in assessed.samplers) and assessed.samplers:
        seen = "; its draws were fresh and normal in further runs" if "noise" in opinion.passed else ""
        return Premise("law", "theorem", f"z is drawn from the law of which the KL speaks{seen}")
    return Premise("law", "missing", "whether z is drawn from the law of which the KL speaks is not known")


_NOT_BY_DATA_FLOW = (PRIOR_BY_STEPS, PRIOR_OF_NOISE, PRIOR_OF_PYTHON)


def _prior(assessed: Assessed, opinion: Opinion) -> Premise:
    learned = [t for t in _targets(assessed) if t.learned]
    if not learned:
        return Premise("prior", "theorem", "it is made of numbers, and so of nothing of x")
    left = opinion.left.get("order")
    if "order" not in opinion.passed and (left in _NOT_BY_DATA_FLOW or not _is_ordered(assessed)):
        why = left or "it was not examined"
        return Premise(
            "prior", "missing", f"that of a latent may be made from that same latent, and be no density: {why}"
        )
    if "prior" in opinion.passed:
        return Premise("prior", "examined", "with z held, it does not move with the x that is reconstructed")
    if not any(_sees_data(assessed, target) for target in learned):
        return Premise("prior", "data flow", "nothing of the x that is reconstructed goes into it, but through z")
    why = opinion.left.get("prior", "it was not examined")
    return Premise("prior", "missing", f"it is made from the x that is reconstructed, for all that is known: {why}")


def _is_ordered(assessed: Assessed) -> bool:
    """Whether by data flow each latent's prior is made of others only, and not of one that hangs on it in turn."""
    above: dict[int, set[int]] = {}
    for group, _ in assessed.divergences():
        if group.found is not None and isinstance(group.kind, Divergence):
            drawn = assessed.question.drawn_for(*group.found.target.parameters)
            above.setdefault(group.kind.posterior, set()).update(drawn)
    try:
        TopologicalSorter(above).prepare()
    except CycleError:
        return False
    return True


def _targets(assessed: Assessed) -> list[Quantity]:
    return [group.found.target for group, _ in assessed.divergences() if group.found is not None]


def _sees_data(assessed: Assessed, prior: Quantity) -> bool:
    """Whether a prior is made from data that are compared, or from what is made from these, other than a sample."""
    reading, question = assessed.run.reading, assessed.question
    groups = assessed.objective.reconstructions
    targets = [group.found.target for group in groups if group.found is not None]
    compared = question.as_recorded(n for t in targets for p in t.parameters[:1] for n in names_in(p))
    compared |= frozenset().union(*(reading.leaves[n].inputs for n in compared if n in reading.leaves))
    own = assessed.latent_leaves | frozenset(question.noise)

    def made_from(name: str) -> list[str]:
        leaf = reading.leaves[name]
        # what was made from a draw was made from z: the posterior's own arrays went into it as z
        return [n for n in leaf.inputs if not (leaf.noise and n in own)]

    its = [n for n in question.as_recorded(n for p in prior.parameters for n in names_in(p)) if n in reading.leaves]
    return any(name in compared for name in upstream(its, made_from))


def _decoder(sampled: bool) -> Premise:
    if not sampled:
        return Premise("decoder", "declared", "the outputs were made from z, and what it is conditioned on")
    return Premise("decoder", "data flow", "x reaches the outputs through z, or as what is conditioned on")


def _density(assessed: Assessed, opinion: Opinion) -> Premise:
    targets = [g.found.target for g in assessed.objective.reconstructions if g.found is not None]
    for target in targets:
        if target.own_formula is None:
            continue
        named = target.family != OWN
        if ("value" if named else "density") not in opinion.passed:
            why = opinion.left.get("density", "it was not examined")
            return Premise(
                "density", "missing", f"whether exp(-NLL) is a density, up to one number, is not known: {why}"
            )
        words = "exp(-NLL), summed over one datum, was one number at the outputs that were tried in further runs"
        if named:
            words = f"in further runs -NLL was the logarithm of a {target.name} density, up to one number"
        return Premise("density", "examined", words)
    names = " and ".join(dict.fromkeys(target.name for target in targets))
    words = f"exp(-NLL) is the density of a {names} likelihood, up to one number"
    if "density" in opinion.passed:
        words += "; its sum over one datum was the same at three outputs"
    return Premise("density", "theorem", words)


def _rows(opinion: Opinion) -> Premise:
    if "rows" in opinion.passed:
        return Premise("rows", "examined", "what two rows changed together was what each changed alone")
    why = opinion.left.get("rows", "it was not examined")
    return Premise("rows", "assumed", f"the terms of a row depend on that row and the weights: {why}")


def _gradient(assessed: Assessed, opinion: Opinion) -> Premise:
    if "gradient" in opinion.passed:
        return Premise("gradient", "examined", "what is back-propagated is the slope of the loss, in all parameters")
    why = opinion.left.get("gradient", "it was not examined")
    if assessed.run.recording.trains:  # the operations that made the loss do not show what it trains with
        return Premise("gradient", "missing", f"the step trains by itself, and no slopes were compared: {why}")
    if assessed.run.reading.settled:  # compared to 1e-3, at the recorded weights: not enough without further runs
        lines = ", ".join(sorted(assessed.run.reading.settled))
        return Premise("gradient", "missing", f"it is detached in places ({lines}), and no slopes were compared: {why}")
    if any(_has_hook(leaf.tensor) for leaf in assessed.run.reading.leaves.values() if leaf.kind == "parameter"):
        words = f"a parameter has a hook, which may change its gradient, and no slopes were compared: {why}"
        return Premise("gradient", "missing", words)
    return Premise("gradient", "data flow", f"no operation of the run stops it; no slopes were compared: {why}")


def _has_hook(parameter: Tensor) -> bool:
    """Whether a hook sees the gradient of a parameter: no operation of a run shows it."""
    hooks = (getattr(parameter, name, None) for name in ("_backward_hooks", "_post_accumulate_grad_hooks"))
    return any(map(bool, hooks))


def _state(opinion: Opinion) -> Premise:
    if {"state", "path"} <= opinion.passed:
        return Premise("state", "examined", f"{opinion.runs} further calls did the same operations")
    return Premise("state", "assumed", "another call computes the same formula")


def _sizes(assessed: Assessed) -> Premise:
    if assessed.run.moved:
        return Premise("sizes", "theorem", "it holds for every number of rows")
    return Premise("sizes", "theorem", "it holds for the recorded sizes")


def _twins(assessed: Assessed, opinion: Opinion) -> tuple[Premise, ...]:
    """A row for each fused kernel: numbers were compared, and no more is known of it."""
    found = of_all_calls((*assessed.run.twins, *opinion.twins))
    return tuple(Premise("twins", "examined", str(twin)) for twin in found)
