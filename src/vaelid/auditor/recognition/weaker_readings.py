"""Weaker readings: what a loss is if something is left out of it, or taken for known.

What was recognised of a loss comes in; other formulas, or other views of the same one, go out, each with a note on what
its theorem leaves out. Example: a loss with ``log(p + 1e-8)`` is read with ``log(p)``, "off by at most c / v in each".
A theorem of such a reading says less: so they are tried only if the loss is not proved as it is.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from vaelid.auditor.formula.kinds import Divergence
from vaelid.auditor.lifting.two_runs import Formula
from vaelid.auditor.model.loss_model import PLAIN, LossModel, View, depths_of_latents, model_of
from vaelid.auditor.model.roles import Role
from vaelid.auditor.model.simplifications import (
    with_constant_sums,
    with_size_factors,
    with_zeros_and_ones,
    without_stabilisers,
)
from vaelid.auditor.recognition.objective import Objective, identify

__all__ = [
    "ConstantSums",
    "EqualShares",
    "FixedLengths",
    "InsideOfLatent",
    "NoIdleClamps",
    "NoStabilisers",
    "Recognition",
    "SizeFactors",
    "Weaker",
    "recognise",
]


@dataclass(frozen=True)
class Recognition:
    """A model, and what was recognised in it."""

    model: LossModel
    objective: Objective


def recognise(run: Formula, roles: Mapping[str, Role] | None, view: View = PLAIN) -> Recognition:
    """Model a formula, and recognise and prove what can be."""
    model = model_of(run, roles, view)
    return Recognition(model, identify(model.question))


Lifting = Callable[[frozenset[str]], Formula]
"""Records and lifts the function once more, without clamps that did nothing but on these arrays."""


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
    def apply(self, found: Recognition, lifted: Lifting) -> Iterable[tuple[Formula, View]]:
        """The formulas to recognise instead, with their notes, and how each is looked at; none if that is no use."""

    def is_needed(self, found: Objective) -> bool:
        """Whether it is tried, after what was found so far."""
        return found.theorem is None or (self.leaves_out and found.has_unnamed)

    def is_better(self, new: Objective, old: Objective) -> bool:
        """Whether what is found so replaces what was found before: more groups are proved, or have a name."""
        return new.proofs > old.proofs or (new.proofs == old.proofs and old.has_unnamed > new.has_unnamed)


class InsideOfLatent(Weaker):
    """The sample is a part of what is decoded: z where tanh(z) is. No note: nothing is left out.

    Tried if a prior is not N(0, I), too: then the KL may be that of z, and not of tanh(z).
    """

    leaves_out = False
    for_steps_only = True

    def apply(self, found: Recognition, lifted: Lifting) -> Iterable[tuple[Formula, View]]:
        """Each depth, the innermost first."""
        run = found.model.run
        return [(run, found.model.view.at_depth(depth)) for depth in range(depths_of_latents(run))]

    def is_needed(self, found: Objective) -> bool:
        """Whether the loss is not proved with the prior N(0, I)."""
        return not _is_standard(found)

    def is_better(self, new: Objective, old: Objective) -> bool:
        """Whether more is proved, or the prior is N(0, I) now."""
        return new.proofs > old.proofs or (_is_standard(new) and not _is_standard(old))


class ConstantSums(Weaker):
    """Sums of constants, such as that of a mask, are numbers; masks that came as numbers, 0 and 1, are no others.

    The note names them.
    """

    def apply(self, found: Recognition, lifted: Lifting) -> Iterable[tuple[Formula, View]]:
        """The loss with these masks, and with these numbers."""
        run, view, runs = found.model.run, found.model.view, list[Formula]()
        for simpler in (with_zeros_and_ones, with_constant_sums):
            term, note = simpler(run)
            if note:
                run = run.noted(note, term)
                runs.append(run)
        return [(run, view) for run in runs]


class NoStabilisers(Weaker):
    """Small numbers inside logarithms, as in log(p + 1e-8), are 0. The note says how far that is off."""

    def apply(self, found: Recognition, lifted: Lifting) -> Iterable[tuple[Formula, View]]:
        """The loss without them."""
        run = found.model.run
        term, note = without_stabilisers(run.term)
        return [(run.noted(note, term), found.model.view)] if note else []


class SizeFactors(Weaker):
    """Sums of a row's data that the decoder is given are known, as the library size of a cell."""

    for_steps_only = True
    note = "the decoder is given a sum of the data, as a library size is: the likelihood is of data given that sum"

    def apply(self, found: Recognition, lifted: Lifting) -> Iterable[tuple[Formula, View]]:
        """The loss as it is, looked at so, if it has such sums."""
        question = found.objective.question
        if with_size_factors(question) is question:
            return []
        return [(found.model.run.noted(self.note), found.model.view.with_size_factors())]


class NoIdleClamps(Weaker):
    """Clamps that changed nothing in the recording are left out.

    Clamps on z's mean and variance are kept: one that is inactive on this batch may act on another, and would change
    the KL too.
    """

    note = "a clamp changes nothing here, and is read so: the verdict is of values inside it"

    def apply(self, found: Recognition, lifted: Lifting) -> Iterable[tuple[Formula, View]]:
        """The function recorded and lifted once more, without them."""
        run, question = found.model.run, found.objective.question
        if not run.reading.clamps:
            return []
        kept = frozenset().union(*(p.leaves for p in question.posteriors), frozenset(question.noise))
        free = lifted(kept)
        if run.moved and not free.moved:  # in the other run the clamp did change something
            return []
        lines = ", ".join(dict.fromkeys(run.reading.clamps))
        return [(free.noted(f"{self.note} ({lines})"), found.model.view)]


class FixedLengths(Weaker):
    """Every length but the number of rows is one number, as where the code divides by 784."""

    leaves_out = False
    for_steps_only = True
    note = "the code fixes every size but the number of rows: the theorem is for these sizes"

    def apply(self, found: Recognition, lifted: Lifting) -> Iterable[tuple[Formula, View]]:
        """The loss at these lengths."""
        run = found.model.run
        fixed = frozenset(range(len(run.reading.axes.lengths))) - run.moved
        return [(run.noted(self.note), found.model.view.with_fixed(fixed))]


class EqualShares(Weaker):
    """Every length is one number, where parts of the batch have equal weights for these lengths alone.

    So the sum of the means over two chunks of a batch is an ELBO where both have 2 rows; of 2 rows and 1, it is none.
    """

    leaves_out = False
    for_steps_only = True
    note = (
        "parts of the batch have equal weights at these sizes: the theorem is for them, and for no other number of rows"
    )

    def apply(self, found: Recognition, lifted: Lifting) -> Iterable[tuple[Formula, View]]:
        """The loss at the recorded lengths."""
        run = found.model.run
        every = frozenset(range(len(run.reading.axes.lengths)))
        return [(run.noted(self.note), found.model.view.with_fixed(every))]

    def is_needed(self, found: Objective) -> bool:
        """Whether weights of several data, or of several latents, are equal as numbers and not as formulas."""
        kinds = [found.reconstructions, [g for g in found.groups if isinstance(g.kind, Divergence)]]
        weights = [[g.found.fit.weights[0] for g in groups if g.found is not None] for groups in kinds]
        number = found.question.values.number
        return any(
            len({weight.term for weight in some}) > 1 and _are_close([number(weight) for weight in some])
            for some in weights
        )

    def is_better(self, new: Objective, old: Objective) -> bool:
        """Whether all is proved, with equal weights."""
        return new.theorem is not None and new.proofs >= old.proofs and not self.is_needed(new)


def _are_close(numbers: Sequence[float]) -> bool:
    return all(math.isclose(number, numbers[0], rel_tol=1e-9) for number in numbers)


def _is_standard(found: Objective) -> bool:
    """Whether all is proved, and every prior is N(0, I)."""
    priors = [group.found for group in found.groups if isinstance(group.kind, Divergence)]
    return found.theorem is not None and all(f is not None and f.target.name == "N(0, I)" for f in priors)
