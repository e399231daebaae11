"""The parts of a loss by kind: of which posterior, of which output, of which elements."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from vaelid.auditor.formula.axes_of_terms import axes_in, elements_of, names_in
from vaelid.auditor.formula.kinds import MIXED, PARAMETER, Divergence, Kind, Reconstruction
from vaelid.auditor.model.question import Question
from vaelid.auditor.proofs.sums import Part, axes_of, under_sums, value_of
from vaelid.auditor.recognition.targets import Found
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.syntax import Term
from vaelid.theory.kernel import Theorem

__all__ = ["Group", "by_elements", "by_outputs", "grouped", "places_of"]


@dataclass(frozen=True)
class Group:
    """The parts of a loss that are of one kind.

    Attributes:
        kind: what they speak of.
        parts: as they stand.
        axes: that they sum over.
        body: what is under the sums.
        found: what it was recognised as; None where it was not.
        weight: of the sum of that over the axes.
        total: that sum.
        theorem: that the parts are weight * total, and a rest.
        failure: why there is no theorem.
    """

    kind: Kind
    parts: tuple[Part, ...]
    axes: tuple[int, ...]
    body: TermArray
    found: Found | None = None
    weight: TermArray | None = None
    total: TermArray | None = None
    rest: TermArray | None = None
    theorem: Theorem | None = None
    failure: str = ""


def grouped(question: Question, parts: Iterable[Part]) -> list[Group]:
    """The parts of a loss by kind."""
    by_kind: dict[Kind, list[Part]] = {}
    for part in parts:
        by_kind.setdefault(question.kind(value_of([part])), []).append(part)
    for part in by_kind.pop(PARAMETER, []):  # a scale or a prior's: with what else speaks of it
        names = names_in(value_of([part])) - question.data
        at = next((k for k, others in by_kind.items() if names & names_in(value_of(others))), PARAMETER)
        by_kind.setdefault(at, []).append(part)
    for part in by_kind.pop(MIXED, []):  # a prior may come from a decoder: of what is sampled above
        kinds = question.kinds(value_of([part])) - {Reconstruction()}
        data = names_in(value_of([part])) & question.data
        by_kind.setdefault(kinds.pop() if len(kinds) == 1 and not data else MIXED, []).append(part)
    _move_priors(question, by_kind)
    groups = []
    for kind, found in by_kind.items():
        axes = axes_of(found)
        groups.append(Group(kind, tuple(found), tuple(axes), under_sums(found, axes)))
    return groups


def _move_priors(question: Question, by_kind: dict[Kind, list[Part]]) -> None:
    """What a decoder put out and a divergence speaks of, as a prior, is the divergence's, if no data stand with it."""
    outputs = by_kind.pop(Reconstruction(), [])
    of_data = frozenset().union(*(names for p in outputs if (names := names_in(value_of([p]))) & question.data))
    for part in outputs:
        names = names_in(value_of([part])) - of_data
        divergences = (kind for kind in by_kind if isinstance(kind, Divergence))
        of = next((kind for kind in divergences if names & names_in(value_of(by_kind[kind]))), None)
        by_kind.setdefault(of or Reconstruction(), []).append(part)


def by_outputs(question: Question, group: Group) -> list[Group]:
    """A group's parts by what was decoded that they speak of: of one datum, compared with what several draws gave."""
    parts: dict[frozenset[str], list[Part]] = {}
    for part in group.parts:
        parts.setdefault(names_in(value_of([part])) & question.outputs, []).append(part)
    data = question.data - question.masks
    compared = all(question.noise_in(whole) and names_in(whole) & data for whole in map(value_of, parts.values()))
    names = [name for own in parts for name in own]
    return _numbered(group, parts.values()) if compared and len(names) == len(set(names)) else []


def _numbered(group: Group, several: Iterable[list[Part]]) -> list[Group]:
    assert isinstance(group.kind, Divergence | Reconstruction)  # no other kind has parts
    groups = []
    for number, parts in enumerate(several, 1):
        axes = axes_of(parts)
        groups.append(Group(replace(group.kind, part=number), tuple(parts), tuple(axes), under_sums(parts, axes)))
    return groups


def by_elements(group: Group) -> list[Group]:
    """A group's parts by the elements that they speak of, those that share none apart."""
    together: list[tuple[set[Term], list[Part]]] = []
    for part in group.parts:
        spoken = set(elements_of(under_sums([part], axes_of([part]))))
        own = [known for known in together if known[0] & spoken]
        together = [known for known in together if not known[0] & spoken]
        together.append((spoken.union(*(s for s, _ in own)), [*(p for _, parts in own for p in parts), part]))
    return _numbered(group, [parts for _, parts in together])


def places_of(question: Question, group: Group) -> list[int]:
    """The axes whose indices a group's body speaks of: those it is summed over, and those of the result."""
    return list(dict.fromkeys([*group.axes, *axes_in(question.term.term)]))
