"""From a formula to what is asked of it: which of its arrays are data, noise, a posterior's or a decoder's.

A formula and the posteriors found in it come in; a complete `Question` goes out. Example: of ``(x - x_hat)^2 + mu^2``
the data are ``x``, since it came in the batch, and the outputs ``x_hat``, since it was made from a draw.
"""

from collections.abc import Iterable, Mapping, Sequence

import torch

from vaelid.auditor.formula.arithmetic import replaced
from vaelid.auditor.formula.axes_of_terms import (
    axes_in,
    element_of,
    elements_of,
    index_names,
    names_in,
)
from vaelid.auditor.formula.in_tensors import values_of
from vaelid.auditor.formula.patterns import matched
from vaelid.auditor.formula.upstream import upstream
from vaelid.auditor.lifting.folds import folds
from vaelid.auditor.lifting.two_runs import Formula
from vaelid.auditor.model.assigned import Assigned
from vaelid.auditor.model.masks import made_of, masks_of
from vaelid.auditor.model.posterior import Posterior, ancestors
from vaelid.auditor.model.probe import Probe
from vaelid.auditor.model.question import Question, Rewrite, rewritten
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.syntax import Operator, Term, subterms

__all__ = ["question_of"]


def question_of(
    run: Formula,
    posteriors: Sequence[Posterior],
    fixed: frozenset[int],
    assigned: Assigned | None,
    rows: frozenset[int],
    moved: frozenset[int],
) -> Question:
    """What is asked of a formula.

    Args:
        run: the formula.
        posteriors: those that were found in it.
        fixed: axes whose length is one number.
        assigned: what the roles of the arguments say, where there are roles.
        rows: the axes of rows.
        moved: the axes that had several lengths in the runs.
    """
    leaves = run.reading.leaves
    data = _data(run, assigned)
    posteriors = _named_by_scale([_of_either_sign(run, posterior) for posterior in posteriors])
    own = frozenset().union(*(p.leaves for p in posteriors))
    unread = _unread(run, data | own)
    noise = _noise(run, posteriors)
    outputs = _outputs(run, posteriors, data | own) if assigned is None else assigned.outputs
    free = {n for n, leaf in leaves.items() if leaf.kind in ("made", "noise", "parameter")} - data
    # truth values stay what they are: there is none between them
    vary = [n for n in leaves if n in free | outputs | own and leaves[n].tensor.dtype != torch.bool]
    question = Question(
        run.term,
        posteriors,
        noise,
        outputs,
        data,
        Probe.near(run.arrays(), run.lengths, vary, fixed),
        masks=masks_of(run.term, data, leaves) | {n for n, leaf in leaves.items() if leaf.kind == "constant"},
        rows=rows,
        moved=moved,
        derived=_derived(run, own, noise),
        drawn={name: leaf.noise for name, leaf in leaves.items()},
        written={},
        rewrites={},
        parameters=frozenset(n for n, leaf in leaves.items() if leaf.kind == "parameter"),
        folds=folds(run.reading, names_in(run.term)),
        unread=unread,
        unread_of_data=_of_data(run, unread, data),
        akin=_akin(run, posteriors),
        made_of_data=frozenset(n for n in data if n in leaves and leaves[n].kind == "made"),
        origins=_origins(run, own.union(*(names_in(t) for p in posteriors for t in _written_for(p)))),
    )
    for posterior in posteriors:
        if posterior.positive is not None:
            name = next(iter(names_in(posterior.log_variance)))
            if name not in question.rewrites:
                question = rewritten(question, Rewrite(posterior.positive, "exp"), name)
    for k, posterior in enumerate(question.posteriors):
        if posterior.positive is None and _is_clamped(posterior.log_variance):
            question = _with_clamped(question, posterior.log_variance, f"v_{k}")
    return question


def _is_clamped(log_variance: TermArray) -> bool:
    return any(part.head == Operator("abs") for part in subterms(log_variance.term))


def _with_clamped(question: Question, log_variance: TermArray, name: str) -> Question:
    """The question with a new array for a clamped log-variance, if that is all that is left of what it is made of.

    The solvers find no proof for absolute values inside exponentials, and need none: the KL holds of any log-variance.
    """
    found = rewritten(question, Rewrite(log_variance, "itself"), name)
    left = [found.term, *(term for posterior in found.posteriors for term in posterior.terms)]
    for element in elements_of(log_variance):
        axes = axes_in(element)
        if any(matched(term.term, element, axes, name, "itself") is not term.term for term in left):
            return question
    return found


def _named_by_scale(posteriors: Sequence[Posterior]) -> tuple[Posterior, ...]:
    """The posteriors, where one array is written for a deviation that several of them have, as chunks of rows do."""
    names: dict[Term, str] = {}
    found = []
    for posterior in posteriors:
        if posterior.positive is not None:
            (own,) = names_in(posterior.log_variance)
            axes = axes_in(posterior.positive.term)
            by = {element_of(own, axes).term: element_of(names.setdefault(posterior.positive.term, own), axes).term}
            posterior = posterior.with_moments(posterior.mean, TermArray((), replaced(posterior.log_variance.term, by)))
        found.append(posterior)
    return tuple(found)


def _data(run: Formula, assigned: Assigned | None) -> frozenset[str]:
    """The arrays that are data or constants, or made from these alone."""
    leaves = run.reading.leaves
    data = {n for n, leaf in leaves.items() if leaf.kind in ("argument", "constant")}
    if assigned is not None:
        known = assigned.data
        data = {n for n in data if n in known or leaves[n].kind == "constant" or leaves[n].operation == "one-hot"}
    return made_of(leaves, data)


def _noise(run: Formula, posteriors: Sequence[Posterior]) -> dict[str, int]:
    """For each draw the number of its posterior. A single posterior has every normal draw in the loss.

    So a second draw, made for a Monte-Carlo estimate of the divergence, is the posterior's too.
    """
    noise = {name: k for k, p in enumerate(posteriors) for name in (*p.draws, *p.more_noise)}
    if len(posteriors) == 1:
        normal = {n for n, leaf in run.reading.leaves.items() if leaf.law == "normal"}
        noise |= dict.fromkeys(normal & names_in(run.term), 0)
    return noise


def _outputs(run: Formula, posteriors: Sequence[Posterior], others: frozenset[str]) -> frozenset[str]:
    """What was made from draws of the posteriors; without any, what networks made, other than `others`."""
    leaves = run.reading.leaves
    drawn = {name for p in posteriors for name in p.draws}
    outputs = {n for n, leaf in leaves.items() if leaf.kind == "made" and leaf.noise & drawn} if drawn else set()
    return frozenset(outputs or {n for n, leaf in leaves.items() if leaf.kind == "made"} - others)


def _derived(run: Formula, own: frozenset[str], noise: Mapping[str, int]) -> dict[str, str]:
    """What was made from a posterior's arrays, or drawn and is no sample's: its value is not independent of theirs."""
    found = {}
    for name, leaf in run.reading.leaves.items():
        stray = leaf.kind == "noise" and name not in noise
        if name not in own and (stray or (leaf.kind == "made" and ancestors(run.reading, leaf.inputs) & own)):
            found[name] = f"{leaf.operation or 'an operation'} ({leaf.source})"
    return found


def _origins(run: Formula, own: frozenset[str]) -> dict[str, frozenset[str]]:
    """Which of these arrays each that an operation made was made from; a draw may be entwined with any."""
    made = ((n, leaf) for n, leaf in run.reading.leaves.items() if leaf.kind == "made")
    return {name: ancestors(run.reading, leaf.inputs) & own for name, leaf in made}


def _unread(run: Formula, known: frozenset[str]) -> frozenset[str]:
    """What operations made of what was decoded, that are no layers: they have no parameters, or data go in beside it.

    For example, `nll.sort()` is a function of the data, though no term says so: nothing may be concluded from that the
    data stand nowhere else.
    """
    leaves = run.reading.leaves
    parameters = {n for n, leaf in leaves.items() if leaf.kind == "parameter"}
    made = (n for n, leaf in leaves.items() if leaf.kind == "made" and leaf.noise and n not in known)
    return frozenset(n for n in made if not leaves[n].inputs & parameters or leaves[n].inputs & known & {*_given(run)})


def _of_data(run: Formula, unread: frozenset[str], data: frozenset[str]) -> frozenset[str]:
    """Those of the unread arrays into which data go, and not by a layer: not `probs < 0.5`, but `nll.sort()`."""
    leaves = run.reading.leaves

    def made_from(name: str) -> Iterable[str]:
        return leaves[name].inputs if name in unread else ()

    return frozenset(name for name in unread if data & {*upstream([name], made_from)})


def _akin(run: Formula, posteriors: Sequence[Posterior]) -> frozenset[str]:
    """Arrays that were made from an operation's output from which a posterior's own were made, too."""
    leaves = run.reading.leaves
    own = {n for p in posteriors for term in (*p.terms, *_written_for(p)) for n in names_in(term) if n in leaves}
    made = {n for n, leaf in leaves.items() if leaf.kind == "made"}

    def origins(names: Iterable[str]) -> set[str]:
        return made & {*upstream(names, lambda name: leaves[name].inputs)}

    shared = origins(own) - own
    return frozenset(n for n in made - own if not leaves[n].noise and n not in shared and shared & origins([n]))


def _written_for(posterior: Posterior) -> tuple[TermArray, ...]:
    return () if posterior.positive is None else (posterior.positive,)


def _given(run: Formula) -> Iterable[str]:
    return (n for n, leaf in run.reading.leaves.items() if leaf.kind == "argument")


def _of_either_sign(run: Formula, posterior: Posterior) -> Posterior:
    """The posterior; by the square of its deviation, if that is not positive everywhere in the run."""
    if posterior.positive is None:
        return posterior
    axes = axes_in(posterior.positive.term)
    values = values_of(posterior.positive.term, run.arrays(), run.lengths, index_names(axes))
    if bool((values > 0).all()):
        return posterior
    return posterior.of_either_sign()
