"""A posterior whose divergence is in a loss although no sample of it is decoded.

A formula without samples comes in; the posterior goes out whose KL the terms without data are. Example: a step that
decodes mu itself, plus ``(mu^2 + exp(logvar) - 1 - logvar).sum() / 2``, has N(mu, exp(logvar)); the audit can then say
that nothing is sampled from it.
"""

import itertools

from vaelid.auditor.formula.arithmetic import linear_in
from vaelid.auditor.formula.axes_of_terms import array_name, axes_in, elements_of, hypotheses_of, names_in
from vaelid.auditor.formula.kinds import Divergence, Kind, Reconstruction
from vaelid.auditor.lifting.two_runs import Formula
from vaelid.auditor.model.combination import fitted
from vaelid.auditor.model.deviations import log_variance_of
from vaelid.auditor.model.posterior import Posterior
from vaelid.auditor.model.probe import Probe
from vaelid.auditor.proofs.decomposition import decomposed
from vaelid.auditor.proofs.obligations import NoProof
from vaelid.auditor.proofs.sums import axes_of, under_sums
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import REAL, Element, Operator, Term, subterms
from vaelid.theory.library.definitions import coordinate_kl

__all__ = ["unsampled"]


def unsampled(run: Formula) -> Posterior | None:
    """The posterior that the terms without data are a divergence of; None if none is found.

    It is that of a sample which occurs in these terms; or it has the mean and the log-variance, two of their arrays,
    of whose KL to N(0, I) they are a multiple, or of whose KL to a prior of two more.
    """
    leaves = run.reading.leaves
    data = frozenset(n for n, leaf in leaves.items() if leaf.kind in ("argument", "constant"))

    def kind(term: TermArray) -> Kind:
        names = names_in(term)
        made = any(leaves[n].kind == "made" for n in names if n in leaves)
        return Reconstruction() if names & data or not made else Divergence(0)

    try:
        every = decomposed(run.term, kind, hypotheses_of(run.term)).parts
        parts = [p for p in every if kind(p.term) == Divergence(0)]
        axes = axes_of(parts)
        body = under_sums(parts, axes)
    except NoProof:
        return None
    drawn = {n for n, leaf in leaves.items() if leaf.law == "normal"}
    others = [p for p in every if kind(p.term) == Reconstruction()]
    if (own := names_in(body) & drawn) and not any(names_in(p.term) & drawn for p in others):
        return _drawn(body, own, run)
    return _with_divergence(body, axes, run)


_MOST_ELEMENTS = 6
"""How many arrays are tried as a mean and as a log-variance: in pairs, and a KL has two, or four with a prior's."""


def _with_divergence(body: TermArray, axes: list[int], run: Formula) -> Posterior | None:
    """The posterior of whose KL to N(0, I), or to a prior of other arrays, the body is a multiple."""
    made = [n for n, leaf in run.reading.leaves.items() if leaf.kind == "made"]
    values = Probe.near(run.arrays(), run.lengths, made)
    elements = [TermArray((), e) for e in elements_of(body)]
    # what vmap makes of a layer's output is h + w, its bias added apart
    sums = [TermArray((), t) for t in subterms(body.term) if t.head == Operator("add") and _is_sum_of_elements(t)]
    for mean, spread in itertools.permutations([*sums[:_MOST_ELEMENTS], *elements[:_MOST_ELEMENTS]], 2):
        for log_variance in (spread, 2 * spread):
            target = coordinate_kl(mean, log_variance)
            try:
                if fitted(values, body, [target], axes) is not None:
                    return _posterior(mean, log_variance, axes)
            except ReadingError:
                continue
    for mean, spread, centre, its in itertools.permutations(elements[:_MOST_ELEMENTS], 4):
        for log_variance, other in itertools.product((spread, 2 * spread), (its, 2 * its)):
            target = coordinate_kl((mean - centre) * xp.exp(-other / 2), log_variance - other)
            try:
                if fitted(values, body, [target], axes) is not None:
                    return _posterior(mean, log_variance, axes)
            except ReadingError:
                continue
    return None


def _posterior(mean: TermArray, log_variance: TermArray, axes: list[int]) -> Posterior:
    where = tuple(axis for axis in axes if axis in {*axes_in(mean.term), *axes_in(log_variance.term)})
    return Posterior(where, mean, log_variance)


def _is_sum_of_elements(term: Term) -> bool:
    return not term.loose and all(isinstance(part.head, Element) for part in term.arguments)


def _drawn(body: TermArray, noise: frozenset[str], run: Formula) -> Posterior | None:
    """The posterior of a sample: of the smallest part that is a mean plus a deviation times its draw."""
    drawn = [e for e in elements_of(body) if e.arguments and array_name(e) in noise]
    if len(drawn) != 1:
        return None
    (eps,) = drawn
    (name,) = noise
    for part in sorted(subterms(body.term), key=lambda term: sum(1 for _ in subterms(term))):
        if part.sort is not REAL or part.loose or (found := linear_in(TermArray((), part), [eps])) is None:
            continue
        (deviation,), mean = found
        if names_in(mean) and names_in(deviation) and not (names_in(mean) | names_in(deviation)) & noise:
            log_variance, positive = log_variance_of(deviation, "s_0")
            where = axes_in(part)
            return Posterior(where, mean, log_variance, name, positive, run.reading.leaves[name].source)
    return None
