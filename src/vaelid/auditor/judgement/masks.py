"""What speaks for or against a mask: that it leaves values out without regard to these.

In comes what was found out about a loss; out goes one row of its ledger. For `mask = ~x.isnan()` it is that nan is
missing; for a mask of the batch that hides exactly the values below 0, it is that the values tell what is hidden.
"""

import math
from collections.abc import Iterator

from torch import Tensor

from vaelid.auditor.findings.opinion import Opinion
from vaelid.auditor.findings.premise import Premise
from vaelid.auditor.formula.axes_of_terms import axes_in, names_in
from vaelid.auditor.judgement.assessed import Assessed
from vaelid.auditor.lifting.rules.picks import IGNORED
from vaelid.auditor.model.posterior import ancestors
from vaelid.auditor.recognition.quantities import Quantity
from vaelid.readings.terms.arrays import TermArray

__all__ = ["premise_of_mask"]


_CHANCE = 10**4
"""A mask drawn beside n values hides k that are all below the others once in n! / k! (n - k)! times: where that is so
rare, the values have made it."""


def premise_of_mask(assessed: Assessed, opinion: Opinion) -> Premise:
    """The row of the ledger: nothing is masked, or what is known of the masks."""
    groups = assessed.objective.reconstructions
    masked = [g.found.target for g in groups if g.found is not None and g.found.target.mask is not None]
    if not masked:
        return Premise("mask", "theorem", "nothing is masked")
    if any(_told_by_values(assessed, target) for target in masked):
        return Premise("mask", "missing", "at each place of the batch, the values there tell whether it is left out")
    known = "; a nan is a value that is missing" if any(_has_gaps(assessed, target) for target in masked) else ""
    if "mask" in opinion.passed:
        return Premise("mask", "examined", f"it stayed where it was when what it masks moved{known}")
    if any(_of_reserved_label(assessed, target) for target in masked):
        words = "places of one reserved label are left out: it is the likelihood of the others, given where these are"
        return Premise("mask", "assumed", words)
    if any(_made_of_data(assessed, target) for target in masked):
        return Premise("mask", "missing", f"it is made from data: {opinion.left.get('mask', 'it was not examined')}")
    return Premise("mask", "assumed", "what is left out does not depend on the values there")


def _sources(assessed: Assessed, term: TermArray) -> frozenset[str]:
    """The leaves that a term is made of, and all that these are made of, but for constants."""
    reading = assessed.run.reading
    names = frozenset(n for n in names_in(term) if n in reading.leaves)
    return frozenset(n for n in ancestors(reading, names) if reading.leaves[n].kind != "constant")


def _made_of_data(assessed: Assessed, target: Quantity) -> bool:
    """Whether a mask and what it masks are made from the same data."""
    if target.mask is None or not target.parameters:
        return False
    return bool(_sources(assessed, target.mask) & _sources(assessed, target.parameters[0]))


def _of_reserved_label(assessed: Assessed, target: Quantity) -> bool:
    """Whether a mask is made of labels: of those that a loss of classes ignores, or of the batch's."""
    leaves = assessed.run.reading.leaves
    if target.mask is None:
        return False
    made = [leaves[n] for n in names_in(target.mask) if n in leaves and leaves[n].kind == "made"]
    return any(leaf.operation == IGNORED for leaf in made) or bool(made and [*_ids(assessed, target.mask)])


def _has_gaps(assessed: Assessed, target: Quantity) -> bool:
    """Whether data of which it is have nan in the batch."""
    leaves = assessed.run.reading.leaves
    names = _sources(assessed, target.parameters[0]) if target.parameters else frozenset()
    return any(bool(leaves[n].tensor.isnan().any()) for n in names if leaves[n].kind == "argument")


def _told_by_values(assessed: Assessed, target: Quantity) -> bool:
    """Whether what a mask hides are the values that it hides, as far as the batch says."""
    if target.mask is None or not target.parameters:
        return False
    values, observed = assessed.question.values, target.parameters[0]
    kept = values.whole(target.mask, axes := axes_in(observed.term))[0] != 0
    if any(told(x, kept) for x in (values.whole(observed, axes)[0], *_labels(assessed, observed, kept, axes))):
        return True
    return any(told(ids, kept) for ids, kept in _ids(assessed, target.mask))


def _ids(assessed: Assessed, mask: TermArray) -> Iterator[tuple[Tensor, Tensor]]:
    """The labels of the batch that a mask is made of, as numbers, and what it keeps; none for `ignore_index` alone."""
    reading = assessed.run.reading
    axes = axes_in(mask.term)
    if all(reading.leaves[n].operation == IGNORED for n in names_in(mask) if n in reading.leaves):
        direct = frozenset().union(*(reading.leaves[n].inputs for n in names_in(mask) if n in reading.leaves))
        if all(reading.leaves[n].kind == "argument" for n in direct):
            return
    kept = assessed.question.values.whole(mask, axes)[0] != 0
    for name in _sources(assessed, mask):
        leaf = reading.leaves[name]
        ids = leaf.tensor.detach().double().cpu()
        its = tuple(axis for dim in leaf.dims for axis in reading.axes.now(dim))
        whole = leaf.kind == "argument" and not leaf.tensor.is_floating_point()
        if whole and its == axes and not bool(((ids == 0) | (ids == 1)).all()):
            yield ids.reshape(kept.shape), kept


def _labels(assessed: Assessed, observed: TermArray, kept: Tensor, axes: tuple[int, ...]) -> list[Tensor]:
    """The labels of one-hot codes at each place, a copy for each class."""
    leaves = assessed.run.reading.leaves
    if not any(leaves[n].operation == "one-hot" for n in names_in(observed) if n in leaves):
        return []
    codes = assessed.question.values.whole(observed, axes)[0]
    dims = [d for d in range(codes.ndim) if bool((codes.sum(d) == 1).all())]
    return [codes.argmax(d, keepdim=True).expand_as(codes).double() for d in dims[-1:]]


def told(x: Tensor, kept: Tensor) -> bool:
    """Whether values tell where a mask is 0, by a threshold, or each value by itself.

    One number in place of all that is hidden is a filling, if what is kept has other numbers and several of them.
    """
    x, kept = x.flatten(), kept.flatten()
    x, kept = x[~x.isnan()], kept[~x.isnan()]
    here, hidden = x[kept].unique(), x[~kept].unique()
    if not len(here) or not len(hidden) or math.comb(x.numel(), int(kept.sum())) < _CHANCE:
        return False
    if len(hidden) == 1:
        return len(here) == 1 and bool(here[0] != hidden[0])
    if len({*here.tolist()} & {*hidden.tolist()}):
        return False
    few = len(here) + len(hidden) <= x.numel() / 3  # each value three times: that it is always kept, or never, says it
    return few or any(_apart(one, other) for one, other in ((here, hidden), (here.abs(), hidden.abs())))


def _apart(one: Tensor, other: Tensor) -> bool:
    return bool(one.max() < other.min() or other.max() < one.min())
