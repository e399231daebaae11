"""The decision on one sample: z = mean + deviation * eps, with eps independent N(0, 1), and a gradient through both.

In come a `Sample`, a tensor with noise in it that enters a network, and what it is `Drawn` from, where that is a
Gaussian; out goes a `Decision`. For z = mu + exp(logvar / 2) * rand_like(mu) it is REFUTED with the bug
``uniform-noise``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import add

import torch

from vaelid.auditor.findings.report import Witness
from vaelid.auditor.findings.witnesses import correlation, no_slope_through, uniform, without_noise
from vaelid.auditor.formula.axes_of_terms import axes_in, elements_of, index_names, names_in, sizes_of
from vaelid.auditor.formula.in_tensors import values_of
from vaelid.auditor.judgement.decision import Decision, refuted_by
from vaelid.auditor.judgement.names import Names
from vaelid.auditor.judgement.reasons.base import Reason, Told
from vaelid.auditor.judgement.reasons.of_sampler import (
    NoGradientTo,
    OfSampler,
    PartlyShared,
    Restricted,
    SeveralDraws,
    SharedDraw,
    StandardDraw,
    UnknownLaw,
)
from vaelid.auditor.lifting.reading import Reading
from vaelid.auditor.lifting.tensor import Leaf, Stop
from vaelid.auditor.model.posterior import Drawn, Posterior, Sample, has_one_law
from vaelid.auditor.refutation.no_gaussian_sample import no_function_of_a_normal, one_draw_for_many
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.syntax import Operator, subterms
from vaelid.theory.kernel import NotProved
from vaelid.theory.statement import eq
from vaelid.theory.tactics import prove

__all__ = ["judge_sample"]


@dataclass(frozen=True)
class _Affine:
    """A sample that is a mean plus a deviation times its draw, where it was read, and the names of its axes."""

    drawn: Drawn
    reading: Reading
    names: Names

    @property
    def sample(self) -> Sample:
        return self.drawn.sample

    @property
    def posterior(self) -> Posterior:
        return self.drawn.posterior

    @property
    def moments(self) -> dict[str, TermArray]:
        """Mean and deviation in the leaves that were recorded: in a log-variance a new array may stand for some."""
        below, deviation = self.posterior.below, self.drawn.deviation
        return {
            "mean": self.posterior.mean,
            "deviation": deviation if below is None else deviation + below.element,
        }

    @property
    def centre(self) -> TermArray:
        """What a draw of a coordinate is added to: its mean, or that where the draws of earlier ones are known."""
        return self.posterior.mean if self.posterior.centre is None else self.posterior.centre

    @property
    def noise(self) -> Leaf:
        return self.sample.noise[0]

    def decided(self, reason: Reason, witness: Witness | None, bug: str, line: str) -> Decision:
        return refuted_by(witness, "sampler", reason, bug, formula=self.formula, source=line)

    @property
    def formula(self) -> str:
        return self.names.text(self.sample.element)


def judge_sample(
    reading: Reading, sample: Sample, drawn: Drawn | None, names: Names, frozen: frozenset[str] = frozenset()
) -> Decision:
    """What is known of one sample.

    `drawn`: what it is drawn from; None if that is no Gaussian (`drawn_from`). `frozen`: the lines that draw the same
    noise in every step.
    """
    if not has_one_law(sample):
        reason = SeveralDraws(tuple(noise.name for noise in sample.noise))
        return Decision("sampler", "UNKNOWN", reason, source=sample.source)
    if drawn is None:
        return _not_affine(sample, reading, names)
    affine = _Affine(drawn, reading, names)
    wrong = _wrong_noise(affine, frozen) or _wrong_gradient(affine) or _without_noise_somewhere(affine)
    return wrong or _restricted(affine) or _proved(affine)


def _not_affine(sample: Sample, reading: Reading, names: Names) -> Decision:
    formula, line = names.text(sample.element), sample.noise[0].source
    if sample.noise[0].law == "uniform" and _is_gumbel(sample.element):
        return Decision("sampler", "OTHER", OfSampler.GUMBEL_SOFTMAX, formula, source=line)
    if shared := one_draw_for_many(sample):
        return _shared(shared, reading, names, sample)
    refuted = no_function_of_a_normal(sample, reading, lambda e: names.text(TermArray((), e)))
    if refuted is not None:
        return refuted_by(refuted.witness, "sampler", Told(refuted.sentence), None, formula=formula, source=line)
    return Decision("sampler", "UNKNOWN", OfSampler.NOT_AFFINE, formula, source=line)


def _wrong_noise(affine: _Affine, frozen: frozenset[str]) -> Decision | None:
    noise = affine.noise
    if noise.law == "uniform":
        return affine.decided(OfSampler.UNIFORM_NOISE, uniform(), "uniform-noise", noise.source)
    if noise.law != "normal":
        return Decision("sampler", "UNKNOWN", UnknownLaw(noise.operation), affine.formula, source=noise.source)
    if noise.source in frozen:
        return affine.decided(OfSampler.FROZEN_NOISE, without_noise("over steps"), "frozen-noise", noise.source)
    # along other axes than the posterior's z is repeated as it stands
    missed = [{*affine.posterior.axes} - _axes_of(affine.reading, one) for one in affine.sample.noise]
    if shared := set.intersection(*missed):
        return _shared(shared, affine.reading, affine.names, affine.sample)
    if any(missed):  # of several draws that are added: the places are correlated, and no KL here is of such a law
        reason = PartlyShared(_axes_in_words(set.union(*missed), affine.reading, affine.names))
        return Decision("sampler", "UNKNOWN", reason, affine.formula, source=noise.source)
    return None


def _axes_of(reading: Reading, noise: Leaf) -> set[int]:
    return {axis for dim in noise.dims for axis in reading.axes.now(dim)}


def _wrong_gradient(affine: _Affine) -> Decision | None:
    own = frozenset().union(*map(names_in, affine.moments.values()))
    cut = [stop for stop in sorted(affine.sample.tensor.stops) if own & {*stop.leaves}]
    if not cut:
        return None
    first = cut[0]
    if first.another:
        return affine.decided(OfSampler.ANOTHER_GRADIENT, first.witness, "detached", first.line)
    missed = _missed(cut, affine.moments)
    witness = no_slope_through({} if missed[0] == "mean" else {"eps": "1"}, f"z in its {missed[0]}")
    return affine.decided(NoGradientTo(missed), witness, "detached", first.line)


def _missed(cut: Iterable[Stop], moments: Mapping[str, TermArray]) -> tuple[str, ...]:
    """Which of mean and deviation depends on what no gradient comes to; both where that cannot be said."""
    stopped = {element for stop in cut for tensor in stop.tensors for element in elements_of(tensor.element)}
    return tuple(name for name, term in moments.items() if stopped & {*elements_of(term)}) or tuple(moments)


def _without_noise_somewhere(affine: _Affine) -> Decision | None:
    """Of coordinates whose deviation a constant makes 0, beside others of the same row, and whose mean is decoded.

    Where all of a row has none, or the mean is 0 too, it may be padding, which neither KL nor likelihood counts.
    """
    reading, deviation, mean = affine.reading, affine.drawn.deviation, affine.posterior.mean
    names = names_in(deviation) | names_in(mean)
    constants = {name for name in names if reading.leaves[name].kind == "constant"}
    if not constants & names_in(deviation):
        return None
    arrays, generator = reading.arrays(), torch.Generator().manual_seed(0)
    recorded = {name: arrays[name] for name in names}
    # in other numbers, too: of what was recorded a deviation may be 0 by underflow
    drawn = {n: torch.randn(v.shape, generator=generator, dtype=torch.float64) for n, v in recorded.items()}
    other = {name: recorded[name] if name in constants else drawn[name] for name in names}
    lengths, places = sizes_of(reading.axes.lengths), index_names(affine.posterior.axes)
    deviations = [values_of(deviation.term, values, lengths, places) for values in (recorded, other)]
    still = (deviations[0] == 0) & (deviations[1] == 0)
    decoded = values_of(mean.term, other, lengths, places) != 0
    if not bool((still & decoded & ~still.all(-1, keepdim=True)).any()):
        return None
    return affine.decided(OfSampler.NO_NOISE_SOMEWHERE, without_noise(), "missing-noise", affine.noise.source)


def _restricted(affine: _Affine) -> Decision | None:
    parts = {"mean": affine.posterior.mean, "deviation": affine.posterior.log_variance}
    constant = next((part for part, term in parts.items() if not names_in(term)), None)
    if constant is None:
        return None
    reason, line = Restricted(constant), affine.noise.source
    return Decision("sampler", "PROVED", reason, affine.formula, bug="posterior-restricted", source=line)


def _proved(affine: _Affine) -> Decision:
    """PROVED by the kernel: the sum of n draws is the root of n times one draw."""
    formula, line = affine.formula, affine.noise.source
    draws = [affine.reading.element(noise) for noise in affine.sample.noise]
    eps = draws[0] if len(draws) == 1 else reduce(add, draws) * as_term(1 / Fraction(repr(len(draws) ** 0.5)))
    try:
        theorem = prove(eq(affine.sample.element, affine.centre + affine.drawn.deviation * eps), unfolding=())
    except NotProved as failure:
        return Decision("sampler", "UNKNOWN", Told(str(failure)), formula, source=line)
    reason = StandardDraw(formula, correlated=affine.posterior.below is not None)
    return Decision("sampler", "PROVED", reason, formula, theorems=(theorem,), source=line)


def _axes_in_words(axes: Iterable[int], reading: Reading, names: Names) -> str:
    return " and ".join(
        names.of_axis.get(axis, f"an axis of length {reading.axes.lengths[axis]}") for axis in sorted(axes)
    )


def _shared(axes: Iterable[int], reading: Reading, names: Names, sample: Sample) -> Decision:
    """Of one draw for all places along some axes."""
    which = _axes_in_words(axes, reading, names)
    drawn = [e for e in elements_of(sample.element) if names_in(TermArray((), e)) <= {n.name for n in sample.noise}]
    of_all = [e for e in drawn if not set(axes) <= set(axes_in(e))]
    witness = correlation(f"z at two places along {which}, given the data", Fraction(len(of_all), len(drawn)))
    formula, line = names.text(sample.element), sample.noise[0].source
    return refuted_by(witness, "sampler", SharedDraw(which), "shared-noise", formula=formula, source=line)


def _is_gumbel(term: TermArray) -> bool:
    """Whether a logarithm of a logarithm stands in it, as -log(-log u) does, and not as a root of one is written."""
    logs = {part for part in subterms(term.term) if part.head == Operator("log")}
    exponents = (part.arguments[0] for part in subterms(term.term) if part.head == Operator("exp"))
    halves = {t.arguments[0] for t in exponents if t.head == Operator("divide") and t.arguments[1] is as_term(2).term}
    return any(inner.head == Operator("log") for log in logs - halves for inner in subterms(log.arguments[0]))
