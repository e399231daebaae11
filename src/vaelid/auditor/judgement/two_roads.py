"""One report of two roads: the formula's, and that of the user's own code run again.

In come the report on a formula, what its runs found, and the ledger; out goes the report on both. For a hook that makes
a gradient ten times smaller the formula is an ELBO and the runs have another gradient: REFUTED, with both numbers.
Where the roads disagree in what neither can decide alone, the verdict is UNKNOWN, with both findings.
"""

from collections.abc import Iterable, Mapping

from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.findings.opinion import SLOPE_IS_HIDDEN, Check, Opinion
from vaelid.auditor.findings.premise import Premise
from vaelid.auditor.findings.report import Claim, Report, Witness
from vaelid.auditor.judgement.premises import missing
from vaelid.auditor.recognition.detached_weights import OWN_GRADIENT

__all__ = ["after_examination", "claim_after_examination"]

_REFUTE = {
    "support": ("the data lie where the likelihood is no density", "likelihood-wrong"),
    "prior": (
        "the prior is made from the x that is reconstructed: p(x|z) p(z|x) is no density of x",
        None,
    ),
    "order": ("the prior of a latent is made from that same latent: it is no density of z", None),
    "fresh noise": ("no noise is drawn anew: two seeds give one loss", "frozen-noise"),
    "gradient": ("what is back-propagated is not the gradient of the loss", None),
    "kept": (
        "what is left out depends on the values there: the rest is no likelihood of them",
        "likelihood-wrong",
    ),
}
"""Checks whose two numbers decide alone, with what they mean, and the name of the bug. Any other doubt may come from a
formula that was misread."""
_NEEDED = frozenset(
    (
        "state",
        "path",
        "latents",
        "fresh noise",
        "value",
        "far",
        "sign",
        "gradient",
        "noise",
        "decoded",
        "coverage",
        "rows",
    )
)
"""What the runs of a step must have passed to outweigh a witness of the formula."""
_NEEDED_OF_LOSS = frozenset(("value", "far", "sign", "gradient"))
_NOT_SEEN_IN_RUNS = frozenset(("data-partial", "kl-partial", "uniform-noise"))
"""Bugs whose refutation runs cannot outweigh. They are held against the likelihood and the KL that were read, as these
leave something out; and that a draw is uniform is known from what draws it, better than from a few draws."""
_NEEDED_OF_CLAIM = {"divergence": _NEEDED_OF_LOSS, "sampler": frozenset(("law", "gradient"))}
"""The same of a loss, a KL and a sampler whose arguments are known: nothing else of them is examined."""


def after_examination(
    report: Report,
    opinion: Opinion,
    premises: tuple[Premise, ...],
    declared: Declared,
    *,
    families: Iterable[str] = (),
    sampled: bool = True,
) -> Report:
    """The report of both roads.

    Args:
        report: of the formula.
        opinion: of the runs.
        premises: the ledger.
        declared: what the loss is meant to be.
        families: those of the likelihoods that the runs were held against, as users declare them.
        sampled: False of a function of tensors.
    """
    report = report.noting(*opinion.notes)
    if report.verdict == "PROVED":
        return _of_proved(report, opinion, premises)
    if report.verdict == "REFUTED":
        if (
            opinion.passed >= (_NEEDED if sampled else _NEEDED_OF_LOSS)
            and _is_declared(report, opinion, declared, frozenset(families))
            and not {claim.bug for claim in report.claims} & _NOT_SEEN_IN_RUNS
        ):
            return _of_refuted(report, opinion, premises)
        return _another_beta(report, opinion, declared) or _grounded(report, opinion)
    return _with_proposal(report, opinion)


def claim_after_examination(claim: Claim, opinion: Opinion) -> Claim:
    """The claim of both roads, on a KL or a sampler."""
    if claim.verdict == "PROVED":
        if opinion.doubts:
            return claim.doubted(f"its formula is right, and runs of the code disagree. {_all(opinion)}.")
        return claim.assuming(f"`{name}` was not examined in runs: {why}" for name, why in opinion.left.items())
    if opinion.doubts or not opinion.passed >= _NEEDED_OF_CLAIM[claim.name]:
        return claim
    agree = f"every one of {opinion.runs} runs agrees with what it is taken for"
    if claim.verdict == "REFUTED":
        return claim.doubted(f"the formula is refuted, and {agree}. {claim.reason}")
    return claim.adding(f"There is no proof; {agree}.")


def _of_proved(report: Report, opinion: Opinion, premises: tuple[Premise, ...]) -> Report:
    by_name = {doubt.name: doubt for doubt in opinion.doubts}
    if OWN_GRADIENT in report.notes:  # what is returned is not the bound, and has its gradient: that is proved
        by_name.pop("gradient", None)
    if (decided := _decided_alone(report, by_name)) is not None:
        return decided
    if by_name:
        claim = Claim("examination", "UNKNOWN", f"runs of the code disagree with its formula. {_all(opinion)}.")
        return report.overruled(claim, f"The formula is an ELBO, and runs of the code disagree: {_all(opinion)}.")
    if (premise := missing(premises)) is not None:
        claim = Claim("examination", "UNKNOWN", f"{premise.name}: {premise.words}.")
        return report.overruled(claim, f"No verdict: {claim.reason}").resting_on(premises)
    named = {premise.name for premise in premises}
    left = (
        f"`{name}` was not examined in runs: {why}"
        for name, why in opinion.left.items()
        if name != "twins" or name in named  # a loss that calls no fused kernel has none to examine
    )
    return report.resting_on(premises, left)


def _decided_alone(report: Report, doubts: Mapping[str, Check]) -> Report | None:
    """REFUTED by the first check whose two numbers decide alone, in which runs disagree; None if there is none."""
    for name, (sentence, bug) in _REFUTE.items():
        if (doubt := doubts.get(name)) is not None:
            claim = Claim("examination", "REFUTED", f"{sentence}.", witness=_witness(doubt), bug=bug)
            return report.overruled(claim, f"This loss is not the ELBO: {claim.reason}")
    return None


def _all(opinion: Opinion) -> str:
    return "; ".join(dict.fromkeys(map(str, opinion.doubts)))


def _witness(doubt: Check) -> Witness:
    return Witness({}, doubt.computed, doubt.expected, doubt.meaning)


_NO_DIVERGENCE = 1e-6
"""Of beta: below it, runs agree with a loss that has no KL."""


def _is_declared(report: Report, opinion: Opinion, declared: Declared, families: frozenset[str]) -> bool:
    """Whether all runs agree with the ELBO that was declared, or with some where nothing was."""
    other_beta = declared.beta is not None and (opinion.beta is None or abs(opinion.beta - declared.beta) > 1e-5)
    other_likelihood = declared.likelihood is not None and families != {declared.likelihood}
    other_prior = declared.prior is not None and report.prior != declared.prior
    no_divergence = opinion.beta is not None and opinion.beta < _NO_DIVERGENCE
    return not (opinion.doubts or other_beta or other_likelihood or other_prior or no_divergence)


def _of_refuted(report: Report, opinion: Opinion, premises: tuple[Premise, ...]) -> Report:
    """UNKNOWN, where all runs agree with an ELBO.

    PROVED, where all that was refuted is the gradient, and that is one of the same mean, known by name.
    """
    if opinion.estimator is not None and _right_but_its_gradient(report) and missing(premises) is None:
        return _as_estimator(report, opinion, premises)
    agree = f"every one of {opinion.runs} runs agrees with NLL + {opinion.beta:.4g} KL, and its gradient"
    claim = Claim("examination", "UNKNOWN", f"the formula is refuted, and {agree}.")
    return report.overruled(claim, f"No verdict: the formula is refuted, and {agree}. {report.summary}")


def _another_beta(report: Report, opinion: Opinion, declared: Declared) -> Report | None:
    """The refutation of a loss that is right but for its gradient, which is right in the mean, and for its beta."""
    beta, wanted = report.beta_effective, declared.beta
    right = opinion.estimator is not None and not opinion.doubts and _right_but_its_gradient(report)
    if not right or beta is None or wanted is None or abs(beta - wanted) <= _SAME_BETA * abs(wanted):
        return None
    witness = Witness({}, f"{opinion.beta:.10g}", f"{wanted:.10g}", "beta in the runs")
    reason = f"its gradient is that of {opinion.estimator}, with beta = {beta:.6g}: not {wanted:.6g}."
    claim = Claim("examination", "REFUTED", reason, witness=witness, bug="hidden-beta")
    return report.overruled(claim, f"This loss is not the ELBO: {reason}")


_SAME_BETA = 1e-5
"""Of a beta that runs measure, relative to the one that was declared."""
_CUT = "detached"
"""The bug of a gradient that does not go where it should."""


def _grounded(report: Report, opinion: Opinion) -> Report:
    """The refutation, but of what runs find right or cannot show, and of a part beside one like it that is not read.

    Of a gradient that is cut off and has another mean the runs say so. Of several latents one may have got what belongs
    to another, as the logarithm of a prior that they share.
    """
    refuted = {claim.name: claim for claim in report.claims if claim.verdict == "REFUTED"}
    doubted = {check.name for check in opinion.doubts}
    unread = [c for c in report.claims if c.verdict == "UNKNOWN" and c.name in refuted and not c.theorems]
    if set(refuted) == {"objective"} and refuted["objective"].bug == _CUT:
        if "gradient" in opinion.passed:
            why = f"in {opinion.runs} runs what is back-propagated is the slope of the loss, or has its mean"
        elif opinion.left.get("gradient") == SLOPE_IS_HIDDEN:
            why = f"runs could not show that the gradient is another: {SLOPE_IS_HIDDEN}"
        else:
            return report
        doubts = {doubt.name: doubt for doubt in opinion.doubts}
        if _right_but_its_gradient(report) and (decided := _decided_alone(report, doubts)) is not None:
            return decided  # it would be right but for its gradient, and is wrong in something else
    elif "divergence" in refuted and unread and not doubted & _OF_VALUE:
        why = f"a part like it is not known: {unread[0].reason}"
    else:
        return report
    claim = Claim("examination", "UNKNOWN", f"the formula is refuted, but {why.removesuffix('.')}.")
    return report.overruled(claim, f"No verdict: {claim.reason} {report.summary}")


_OF_VALUE = frozenset((*_REFUTE, "value", "sign", "beta"))
"""Checks that disagree with an ELBO whatever was read."""


def _right_but_its_gradient(report: Report) -> bool:
    """Whether every part is proved, and the whole refuted for where its gradient does not go."""
    parts = [claim for claim in report.claims if claim.name != "objective"]
    whole = [claim for claim in report.claims if claim.name == "objective"]
    right = all(claim.verdict == "PROVED" for claim in parts) and [claim.bug for claim in whole] == [_CUT]
    return right and report.beta_effective is not None


def _as_estimator(report: Report, opinion: Opinion, premises: tuple[Premise, ...]) -> Report:
    reason = f"its value is the ELBO's, and its gradient has the same mean: {opinion.estimator}."
    beta = report.beta_effective
    name = "the negative ELBO" if beta == 1 else f"a beta-ELBO with beta = {beta:.6g}"
    summary = (
        f"This loss is {name}, with the gradient of {opinion.estimator}: {report.likelihood}, prior {report.prior}."
    )
    theorems = tuple(t for one in report.claims if one.name == "objective" for t in one.theorems)
    claim = Claim("objective", "PROVED", reason, theorems=theorems)
    return report.proved_instead("ELBO" if beta == 1 else "beta-ELBO", summary, claim).resting_on(premises)


def _with_proposal(report: Report, opinion: Opinion) -> Report:
    """The same verdict, with a note where runs agree with an ELBO that is not proved."""
    if report.verdict != "UNKNOWN" or opinion.doubts or "value" not in opinion.passed or opinion.beta is None:
        return report
    note = f"no proof; all runs of the code agree with NLL + {opinion.beta:.4g} KL"
    return report.noting(note)
