"""The parts of a loss gathered by kind, and what becomes of a gathered group: recognised, then proved or not.

The parts of a decomposed loss come in; one `Gathered` for each kind goes out. Example: ``sum (x - x_hat)^2``, ``sum
mu^2`` and ``-sum logvar`` become a reconstruction of one part and the divergence of posterior 0, of two parts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from vaelid.auditor.formula.arithmetic import tidy
from vaelid.auditor.formula.axes_of_terms import axes_in, elements_of, names_in
from vaelid.auditor.formula.kinds import CONSTANT, MIXED, PARAMETER, Divergence, Kind, Reconstruction
from vaelid.auditor.model.question import Question
from vaelid.auditor.proofs.sums import Part, axes_of, under_sums, value_of
from vaelid.auditor.recognition.quantities import Found
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.syntax import Term
from vaelid.theory.kernel import Theorem

__all__ = [
    "Gathered",
    "Group",
    "ProvedGroup",
    "Recognised",
    "UnprovedGroup",
    "by_elements",
    "by_outputs",
    "gathered",
    "gathered_of",
    "places_of",
]


@dataclass(frozen=True)
class Gathered:
    """The parts of a loss that are of one kind.

    Attributes:
        kind: what they depend on.
        parts: as they occur in the loss.
        axes: the axes that they sum over, the outermost first.
        body: the summand of all of them together.
    """

    kind: Kind
    parts: tuple[Part, ...]
    axes: tuple[int, ...]
    body: TermArray


@dataclass(frozen=True)
class Recognised(Gathered):
    """A group whose body has, at all points that were tried, the values of a multiple of a known quantity.

    Attributes:
        found: the quantity, with its weight and constant.
    """

    found: Found


@dataclass(frozen=True)
class ProvedGroup(Recognised):
    """A group with the theorem that it is `weight` * `total` + `rest`.

    Attributes:
        weight: of the quantity that was found.
        total: the sum of that quantity over the axes.
        rest: what is added, and does not depend on the model or has mean 0; None if nothing is.
        theorem: that equation, for the sum of the parts.
        failure: none.
    """

    weight: TermArray
    total: TermArray
    rest: TermArray | None
    theorem: Theorem
    failure: Literal[""] = ""


@dataclass(frozen=True)
class UnprovedGroup(Gathered):
    """A group without a theorem.

    Attributes:
        found: what it was recognised as, before the proof failed; None if it was not recognised.
        failure: why the proof failed; "" if none was tried.
        theorem: none.
    """

    found: Found | None
    failure: str = ""
    theorem: None = None


Group = ProvedGroup | UnprovedGroup


def gathered_of(kind: Kind, parts: Iterable[Part]) -> Gathered:
    """These parts, as one group."""
    parts = tuple(parts)
    axes = axes_of(parts)
    return Gathered(kind, parts, tuple(axes), under_sums(list(parts), axes))


def gathered(question: Question, parts: Iterable[Part], *, of_draws: bool = False) -> list[Gathered]:
    """The parts of a loss by kind.

    `of_draws`: what has only data in it goes to the likelihood, where it may be a density's only with that: the log x
    of a gamma's, which stands beside each of several draws.

    A part that depends on parameters alone goes to the parts that share a parameter with it: a learned scale's
    logarithm to the likelihood of that scale; in equal shares where those are of several draws or rows. Parts that
    depend on a posterior and on what was decoded from a sample above it, as the prior of a lower latent does, go to the
    posterior's divergence.
    """
    by_kind: dict[Kind, list[Part]] = {}
    for part in parts:
        by_kind.setdefault(question.kind(value_of([part])), []).append(part)
    for part in by_kind.pop(PARAMETER, []):
        names = names_in(value_of([part])) - question.data
        sharing = [k for k, others in by_kind.items() if names & names_in(value_of(others))] or [PARAMETER]
        alike = [k for k in sharing if type(k) is type(sharing[0])]
        for at in alike:
            by_kind.setdefault(at, []).append(_share(part, len(alike)))
    for part in by_kind.pop(MIXED, []):
        kinds = question.kinds(value_of([part])) - {Reconstruction()}
        data = names_in(value_of([part])) & question.data
        by_kind.setdefault(kinds.pop() if len(kinds) == 1 and not data else MIXED, []).append(part)
    _move_priors(question, by_kind)
    if of_draws and Reconstruction() in by_kind:
        constants = by_kind.pop(CONSTANT, [])
        for part in constants:
            by_kind.setdefault(Reconstruction() if names_in(part.term) else CONSTANT, []).append(part)
    return [gathered_of(kind, found) for kind, found in by_kind.items()]


def _share(part: Part, count: int) -> Part:
    return part if count == 1 else Part(tidy(part.coefficient / count), part.term)


def _move_priors(question: Question, by_kind: dict[Kind, list[Part]]) -> None:
    """Move parts of outputs without data to the divergence that contains the same outputs: they are its prior's."""
    outputs = by_kind.pop(Reconstruction(), [])
    of_data = frozenset().union(*(names for p in outputs if (names := names_in(value_of([p]))) & question.data))
    for part in outputs:
        names = names_in(value_of([part])) - of_data
        divergences = (kind for kind in by_kind if isinstance(kind, Divergence))
        of = next((kind for kind in divergences if names & names_in(value_of(by_kind[kind]))), None)
        by_kind.setdefault(of or Reconstruction(), []).append(part)


def by_outputs(question: Question, group: Gathered) -> list[Gathered]:
    """A group's parts by the output of the decoder that they contain; none if two groups share an output.

    So a datum that is compared with what several draws were decoded to is split by draw. What depends on parameters
    or on data alone, as the logarithm of a scale that all draws have, goes to them in equal shares.
    """
    parts: dict[frozenset[str], list[Part]] = {}
    for part in group.parts:
        parts.setdefault(names_in(value_of([part])) & question.outputs, []).append(part)
    for part in parts.pop(frozenset(), []) if len(parts) > 2 else ():
        for own in parts.values():
            own.append(_share(part, len(parts)))
    data = question.data - question.masks
    compared = all(question.noise_in(whole) and names_in(whole) & data for whole in map(value_of, parts.values()))
    names = [name for own in parts for name in own]
    return _numbered(group, parts.values()) if compared and len(names) == len(set(names)) else []


def by_elements(group: Gathered) -> list[Gathered]:
    """A group's parts by the elements that they contain: parts that share none are apart."""
    together: list[tuple[set[Term], list[Part]]] = []
    for part in group.parts:
        contained = set(elements_of(under_sums([part], axes_of([part]))))
        own = [known for known in together if known[0] & contained]
        together = [known for known in together if not known[0] & contained]
        together.append((contained.union(*(s for s, _ in own)), [*(p for _, parts in own for p in parts), part]))
    return _numbered(group, [parts for _, parts in together])


def _numbered(group: Gathered, several: Iterable[list[Part]]) -> list[Gathered]:
    kind = group.kind
    if not isinstance(kind, Divergence | Reconstruction):
        return []  # no other kind has parts
    return [gathered_of(kind.in_part(number), parts) for number, parts in enumerate(several, 1)]


def places_of(question: Question, group: Gathered) -> list[int]:
    """The axes of a group's body: those that the group is summed over, and those of the loss itself."""
    return list(dict.fromkeys([*group.axes, *axes_in(question.term.term)]))
