"""What a term leaves out: rows, coordinates, latents; and what a decoder sees that it should not.

In comes what was found out about a loss; out go shares, counts and lines. For a KL over the first 2 of 3 coordinates
`part_of_latents` is (2, 3), for a squared error on half of the rows `kept_part` is 1/2.
"""

import itertools
import math
from collections.abc import Iterable, Iterator
from fractions import Fraction

import torch
from torch import Tensor

from vaelid.auditor.formula.axes_of_terms import axes_in, elements_of, index_names, names_in
from vaelid.auditor.formula.circuit import At, Circuit
from vaelid.auditor.formula.in_tensors import values_of
from vaelid.auditor.formula.upstream import upstream
from vaelid.auditor.judgement.assessed import Assessed, draws_of
from vaelid.auditor.lifting.tensor import Leaf
from vaelid.auditor.model.posterior import Posterior, ancestors
from vaelid.auditor.model.shift import posterior_of_coordinates
from vaelid.auditor.recognition.groups import Group
from vaelid.auditor.recognition.noise import over_noise
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.syntax import Element

__all__ = [
    "counted_twice",
    "data_counted_twice",
    "decoded_alike",
    "kept_part",
    "not_decoded",
    "of_posterior_alone",
    "part_of_latents",
    "priors_of_rows",
    "seen_data",
]


# A mean of one coordinate is a few nodes; means of more are networks that are read through, and too large to compare.
_MOST_NODES = 100_000


def kept_part(assessed: Assessed) -> Fraction:
    """The share of the decoder's output, and of the data, that is in the reconstruction: the larger of both."""
    leaves = assessed.run.reading.leaves
    lengths = assessed.run.reading.axes.lengths
    shares: dict[str, Fraction] = {}
    for element in elements_of(*(group.body for group in assessed.objective.reconstructions)):
        if not isinstance(element.head, Element):
            continue
        (name,) = names_in(TermArray((), element))
        leaf = leaves.get(name)
        if leaf is None or leaf.kind not in ("argument", "made") or not leaf.dims:
            continue
        whole = math.prod(lengths[a] for dim in leaf.dims for a in assessed.run.reading.axes.now(dim))
        here = math.prod(lengths[a] for a in axes_in(element))
        shares[name] = shares.get(name, Fraction(0)) + Fraction(here, whole)
    outputs = [share for name, share in shares.items() if name in assessed.question.outputs]
    data = [share for name, share in shares.items() if name in assessed.question.data]
    return max(min(outputs, default=Fraction(1)), min(data, default=Fraction(1)))


def data_counted_twice(assessed: Assessed) -> str | None:
    """The data of which some stand in several likelihoods, as all pixels in one and the inner ones in another.

    The product of two densities of one datum is no density of that datum. Not for likelihoods of several draws, which
    have all data in common.
    """
    question = assessed.question
    found: dict[str, list[Tensor]] = {}
    for group in assessed.objective.reconstructions:
        parameters = () if group.found is None else group.found.target.parameters[:1]
        for element in elements_of(*parameters):
            names = names_in(TermArray((), element)) & question.data - question.masks
            if not names or not isinstance(element.head, Element):
                continue
            (name,) = names
            array = question.values.sets[0][name]
            numbers = torch.arange(float(array.numel()), dtype=torch.float64).reshape(array.shape)
            places = index_names(axes_in(element))
            found.setdefault(name, []).append(
                values_of(element, {name: numbers}, question.values.lengths, places).flatten()
            )
    for name, places in found.items():
        every = torch.cat(places)
        if len(places) > 1 and len(every.unique()) < len(every):
            return name
    return None


def part_of_latents(assessed: Assessed, group: Group, posterior: Posterior) -> tuple[int, int] | None:
    """How many of a posterior's coordinates have a divergence, and how many there are, where not all have one."""
    axes = assessed.run.reading.axes
    groups = _groups_of(assessed, posterior)
    here, whole = 0, axes.length(posterior.axes)
    if len(groups) == 1:
        draws = draws_of(assessed.objective, group)
        here = axes.length(a for a in group.axes if a not in draws)
    else:
        here = len({of for other in groups for of in _coordinates_of(assessed, other, posterior)})
    return (here, whole) if here < whole else None


def counted_twice(assessed: Assessed, posterior: Posterior) -> bool:
    """Whether coordinates stand in several of a posterior's divergences."""
    groups = _groups_of(assessed, posterior)
    found = [of for group in groups for of in _coordinates_of(assessed, group, posterior)] if len(groups) > 1 else []
    return len(found) > len(set(found))


def priors_of_rows(assessed: Assessed, group: Group, posterior: Posterior) -> int | None:
    """Against how many rows' priors each row's posterior is held, where that is not its own row's alone.

    So `mu - mu_p[:, None]` has an axis too many. Of a prior that is made from the batch and from no sample, an axis
    that is not the posterior's is one of rows, if it is as long and where networks keep their rows, first.
    """
    target, question = group.found.target if group.found is not None else None, assessed.question
    if target is None or not target.learned or question.noise_in(*target.parameters):
        return None
    mine = _first_axes(assessed, [posterior.mean]) & {*posterior.axes}
    others = _first_axes(assessed, target.parameters) & {*group.axes} - {*posterior.axes}
    lengths = assessed.run.reading.axes.lengths
    counts = {lengths[axis] for axis in others} & {lengths[axis] for axis in mine}
    return max(counts, default=None)


def _first_axes(assessed: Assessed, terms: Iterable[TermArray]) -> set[int]:
    """The first axes of what operations made from the batch, of the arrays in some terms; of rows, if these moved."""
    reading, run = assessed.run.reading, assessed.run
    names = assessed.question.as_recorded(name for term in terms for name in names_in(term))
    leaves = [reading.leaves[name] for name in names if name in reading.leaves]
    made = (leaf for leaf in leaves if leaf.kind == "made" and leaf.dims)
    of_batch = (m for m in made if any(reading.leaves[n].kind == "argument" for n in ancestors(reading, m.inputs)))
    found = {axis for leaf in of_batch for axis in reading.axes.now(leaf.dims[0])}
    return found & run.moved if run.moved else found


def _groups_of(assessed: Assessed, posterior: Posterior) -> list[Group]:
    return [group for group, its in assessed.divergences() if its is posterior]


def _coordinates_of(assessed: Assessed, group: Group, posterior: Posterior) -> list[frozenset[At]]:
    """The elements that each coordinate's mean depends on, of the coordinates that a divergence is of."""
    some = posterior_of_coordinates(posterior, over_noise(group.body, assessed.question)[0]) or posterior
    lengths = assessed.question.values.lengths
    circuit = Circuit(lengths, {}, _MOST_NODES)
    known: dict[int, frozenset[At]] = {}
    names = list(index_names(axes_in(some.mean.term)))
    places = itertools.product(*(range(lengths[name]) for name in names))
    nodes = (circuit.node(some.mean.term, dict(zip(names, place, strict=True))) for place in places)
    return [circuit.elements_below(node, known) for node in nodes]


def seen_data(assessed: Assessed, group: Group, observed: Iterable[str]) -> str | None:
    """A leaf that shows a decoder the data besides z; None where it sees z, and what it is conditioned on, only."""
    reading = assessed.run.reading
    question = assessed.question
    wanted = {name for name in question.as_recorded(observed) if name in reading.leaves}
    wanted |= {n for name in wanted for n in reading.leaves[name].inputs}
    own = assessed.latent_leaves | frozenset(question.noise)
    entering = reading.entering_of()

    def made_from(name: str) -> Iterator[str]:
        for names in entering.get(name, []):
            drawn = bool(names & set(question.noise))
            yield from (n for n in names if not (drawn and n in own))

    names = question.as_recorded(names_in(group.body))  # a rate that is a softplus is written as an array of its own
    # a truth value beside the outputs, as whether x + r is 0, is a part of the density: no output of a decoder is one
    outputs = [
        name
        for name in names
        if name in reading.leaves and name not in question.data and reading.leaves[name].tensor.dtype != torch.bool
    ]
    return next((name for name in upstream(outputs, made_from) if name in wanted), None)


def of_posterior_alone(assessed: Assessed, posterior: Posterior) -> Leaf | None:
    """A leaf of the loss that an operation made of the posterior's own arrays, without parameters: a part of its KL.

    So is `mu @ mu.T`, of which the KL takes the trace, and a prior's density of z with covariances. What a network made
    of mu is another head of it.
    """
    reading, own = assessed.run.reading, assessed.question.as_recorded(posterior.leaves)
    besides: set[str] = set()
    if posterior.below is not None:  # then log p(z) may be a system of a constant matrix and z
        besides = {n for n, leaf in reading.leaves.items() if leaf.kind == "constant"} | {*posterior.draws}

    def made_from(name: str) -> Iterable[str]:
        return () if name in own else reading.leaves[name].inputs

    for name in sorted(reading.result.leaves - own):
        if reading.leaves[name].kind == "made" and (besides or not reading.leaves[name].noise):
            ends = {n for n in upstream([name], made_from) if n in own or not reading.leaves[n].inputs}
            if ends & own and ends <= own | besides:
                return reading.leaves[name]
    return None


def decoded_alike(assessed: Assessed) -> bool:
    """Whether what the likelihoods compare with data was made by the same operations, with the same parameters."""
    return len({_decoder_of(assessed, group) for group in assessed.objective.reconstructions}) == 1


def _decoder_of(assessed: Assessed, group: Group) -> tuple[tuple[str, ...], frozenset[str]]:
    leaves = assessed.run.reading.leaves
    names = assessed.question.as_recorded(names_in(group.body))
    drawn = [n for n in names if n in leaves and leaves[n].noise]
    seen = upstream(drawn, lambda name: [n for n in leaves[name].inputs if leaves[n].noise])
    made = [leaves[name] for name in seen if leaves[name].kind == "made"]
    parameters = {n for leaf in made for n in leaf.inputs if leaves[n].kind == "parameter"}
    return tuple(sorted(leaf.operation for leaf in made)), frozenset(parameters)


def not_decoded(assessed: Assessed) -> str | None:
    """The line of a draw that enters neither the decoder nor the network of another's prior; None where each does."""
    reading = assessed.run.reading
    question = assessed.question
    own = assessed.latent_leaves
    entering = reading.entering_of()
    targets = [group.found.target for group, _ in assessed.divergences() if group.found is not None]
    priors = {n for t in targets if t.learned for p in t.parameters for n in names_in(p)}  # a residual posterior's, too

    def made_from(name: str) -> list[str]:
        found = entering.get(name, [reading.leaves[name].inputs])
        return [n for names in found for n in names if n not in own or n in priors]

    ends = [n for n in {*reading.result.leaves, *priors} if n in reading.leaves and (n not in own or n in priors)]
    seen = set(upstream(ends, made_from))
    return next((p.source for p in question.posteriors if set(p.draws) - seen), None)
