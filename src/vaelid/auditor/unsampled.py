"""A posterior whose divergence is in a loss, though it is not sampled: found by trying, so that its absence is seen."""

import itertools

from vaelid.auditor.fit import Values
from vaelid.auditor.linear import NoProof, apart, axes_of, hypotheses_of, under_sums
from vaelid.auditor.posterior import Posterior, axes_in, names_in
from vaelid.auditor.refute import elements_of
from vaelid.auditor.run import Run
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray
from vaelid.theory.library.definitions import coordinate_kl

__all__ = ["unsampled"]


def unsampled(run: Run) -> Posterior | None:
    """The mean and log-variance whose KL to N(0, I) the terms without data are a multiple of; None where none is."""
    leaves = run.reading.leaves
    data = frozenset(n for n, leaf in leaves.items() if leaf.kind in ("argument", "constant"))

    def kind(term: TermArray) -> str:
        names = names_in(term)
        made = any(leaves[n].kind == "made" for n in names if n in leaves)
        return "data" if names & data or not made else "model"

    try:
        parts = [p for p in apart(run.term, kind, hypotheses_of(run.term)).parts if kind(p.term) == "model"]
        axes = axes_of(parts)
        body = under_sums(parts, axes)
    except NoProof:
        return None
    values = Values.near(run.arrays(), run.lengths, [n for n, leaf in leaves.items() if leaf.kind == "made"])
    elements = [TermArray((), e) for e in elements_of(body)]
    for mean, spread in itertools.permutations(elements[:6], 2):
        for log_variance in (spread, 2 * spread):
            target = coordinate_kl(mean, log_variance)
            try:
                if values.fit(body, [target], axes) is not None:
                    where = tuple(a for a in axes if a in {*axes_in(mean.term), *axes_in(spread.term)})
                    return Posterior(where, mean, log_variance)
            except ReadingError:
                continue
    return None
