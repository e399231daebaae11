"""The claim on the sampler: z = mean + deviation * eps, with eps independent N(0, 1), and a gradient through both."""

from collections.abc import Iterable
from fractions import Fraction
from functools import reduce
from operator import add

from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.findings.report import Claim, Verdict, Witness
from vaelid.auditor.findings.witnesses import correlation, no_slope_through, uniform, without_noise
from vaelid.auditor.formula.axes_of_terms import axes_in, elements_of, names_in
from vaelid.auditor.formula.kinds import Divergence
from vaelid.auditor.judgement.assessed import Assessed
from vaelid.auditor.judgement.names import Names
from vaelid.auditor.judgement.wording import Statements
from vaelid.auditor.lifting.gradients import gradient_agrees
from vaelid.auditor.lifting.reading import Reading
from vaelid.auditor.lifting.tensor import Stop
from vaelid.auditor.model.posterior import Posterior, Sample, affine, inside, log_variance_of
from vaelid.auditor.refutation.no_gaussian_sample import no_function_of_a_normal, one_draw_for_many
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.syntax import Operator, subterms
from vaelid.theory.kernel import NotProved
from vaelid.theory.statement import eq
from vaelid.theory.tactics import prove

__all__ = ["Sampling", "sampler_claim"]


_NAME = "sampler"


def sampler_claim(
    reading: Reading, sample: Sample, names: Names, number: int, frozen: frozenset[str] = frozenset()
) -> tuple[Claim, Posterior | None]:
    """What is known of one sample, and the posterior that it is from."""
    if len({noise.law for noise in sample.noise}) != 1 or (sample.noise[1:] and sample.noise[0].law != "normal"):
        draws = ", ".join(noise.name for noise in sample.noise)
        return Claim(_NAME, "UNKNOWN", f"z has several draws in it ({draws}).", source=sample.source), None
    noise = sample.noise[0]
    if (found := affine(sample, reading)) is None:
        sample = next(iter(inside(sample, reading)), sample)
        found = affine(sample, reading)
    if found is None:
        if noise.law == "uniform" and _is_gumbel(sample.element):
            reason = "z is a relaxed categorical draw (Gumbel-softmax): no Gaussian posterior."
            return Claim(_NAME, "OTHER", reason, names.text(sample.element), source=noise.source), None
        if shared := one_draw_for_many(sample):
            return _shared(shared, reading, names, sample), None
        if (refuted := no_function_of_a_normal(sample, reading, lambda e: names.text(TermArray((), e)))) is not None:
            formula = names.text(sample.element)
            refutation = refuted.sentence, formula, None, (), refuted.witness
            return Claim(_NAME, "REFUTED", *refutation, source=noise.source), None
        reason = "z is not a mean plus a deviation times noise."
        return Claim(_NAME, "UNKNOWN", reason, names.text(sample.element), source=noise.source), None
    mean, deviation = found
    log_variance, positive = log_variance_of(deviation, f"s_{number}")
    eps_axes = tuple(axis for dim in noise.dims for axis in reading.axes.now(dim))
    posterior = Posterior(
        tuple(a for a in sample.axes if a in {*axes_in(mean.term), *axes_in(deviation.term)}),
        mean,
        log_variance,
        noise.name,
        positive,
        noise.source,
        tuple(other.name for other in sample.noise[1:]),
    )
    return _judged(frozen, reading, sample, names, posterior, deviation, eps_axes), posterior


def _judged(
    frozen: frozenset[str],
    reading: Reading,
    sample: Sample,
    names: Names,
    posterior: Posterior,
    deviation: TermArray,
    eps_axes: tuple[int, ...],
) -> Claim:
    noise = sample.noise[0]
    formula = names.text(sample.element)
    if noise.law == "uniform":
        reason = (
            "the noise is uniform on (0, 1): its mean is 1/2 and its variance 1/12, where a normal draw has 0 and 1."
        )
        return _refuted(reason, formula, uniform(), "uniform-noise", noise.source)
    if noise.law != "normal":
        reason = f"the law of the noise, drawn by {noise.operation}, is not known here."
        return Claim(_NAME, "UNKNOWN", reason, formula, source=noise.source)
    if noise.source in frozen:
        reason = "the noise is the same in every step: it is not drawn anew."
        return _refuted(reason, formula, without_noise("over steps"), "frozen-noise", noise.source)
    shared = [axis for axis in posterior.axes if axis not in eps_axes]  # along others z is repeated as it stands
    if shared:
        return _shared(shared, reading, names, sample)
    own = posterior.leaves
    if cut := [stop for stop in sorted(sample.tensor.stops) if own & {*stop.leaves}]:
        if cut[0].another:
            reason = "z has the right value, but another gradient: a backward, or a hook, of your own changes it."
            return _refuted(reason, formula, cut[0].witness, "detached", cut[0].line)
        missed = _missed(cut, posterior)
        reason = f"z has the right value, but no gradient goes back through it to the {' and '.join(missed)}."
        witness = no_slope_through({} if missed[0] == "mean" else {"eps": "1"}, f"z in its {missed[0]}")
        return _refuted(reason, formula, witness, "detached", cut[0].line)
    if not names_in(posterior.mean) or not names_in(posterior.log_variance):
        what = "mean" if not names_in(posterior.mean) else "deviation"
        reason = f"the {what} is a constant: the posterior is restricted."
        return Claim(_NAME, "PROVED", reason, formula, bug="posterior-restricted", source=noise.source)
    drawn = [reading.element(noise) for noise in sample.noise]
    eps = drawn[0] if len(drawn) == 1 else reduce(add, drawn) * as_term(1 / Fraction(repr(len(drawn) ** 0.5)))
    try:
        theorem = prove(eq(sample.element, posterior.mean + deviation * eps), unfolding=())
    except NotProved as failure:
        return Claim(_NAME, "UNKNOWN", str(failure), formula, source=noise.source)
    reason = f"z = mean + deviation * eps, one standard normal draw for each coordinate: {formula}."
    return Claim(_NAME, "PROVED", reason, formula, theorems=(theorem,), source=noise.source)


def _missed(cut: Iterable[Stop], posterior: Posterior) -> list[str]:
    """Which of mean and deviation speaks of what no gradient comes to."""
    stopped = {element for stop in cut for tensor in stop.tensors for element in elements_of(tensor.element)}
    parts = {"mean": posterior.mean, "deviation": posterior.log_variance}
    return [name for name, term in parts.items() if stopped & {*elements_of(term)}] or list(parts)


def _shared(axes: Iterable[int], reading: Reading, names: Names, sample: Sample) -> Claim:
    """What is said of one draw for all places along some axes."""
    which = " and ".join(
        names.of_axis.get(axis, f"an axis of length {reading.axes.lengths[axis]}") for axis in sorted(axes)
    )
    reason = f"one draw is shared along {which}: the coordinates of z are not independent."
    source = sample.noise[0].source
    drawn = [e for e in elements_of(sample.element) if names_in(TermArray((), e)) <= {n.name for n in sample.noise}]
    of_all = [e for e in drawn if not set(axes) <= set(axes_in(e))]
    witness = correlation(f"z at two places along {which}, given the data", Fraction(len(of_all), len(drawn)))
    return _refuted(reason, names.text(sample.element), witness, "shared-noise", source)


def _refuted(reason: str, formula: str, witness: Witness | None, bug: str, source: str) -> Claim:
    verdict: Verdict = "REFUTED" if witness else "UNKNOWN"
    return Claim(_NAME, verdict, reason, formula, witness=witness, bug=bug if witness else None, source=source)


def _is_gumbel(term: TermArray) -> bool:
    """Whether a logarithm of a logarithm stands in it, as -log(-log u) does, and not as a root of one is written."""
    logs = {part for part in subterms(term.term) if part.head == Operator("log")}
    exponents = (part.arguments[0] for part in subterms(term.term) if part.head == Operator("exp"))
    halves = {t.arguments[0] for t in exponents if t.head == Operator("divide") and t.arguments[1] is as_term(2).term}
    return any(inner.head == Operator("log") for log in logs - halves for inner in subterms(log.arguments[0]))


# The claims on noise and gradients: what was drawn for each latent, and what autograd is kept from.


class Sampling(Statements):
    """What can be said of the noise and the gradients of an assessed loss."""

    def __init__(self, assessed: Assessed, declared: Declared, sampled: bool) -> None:
        super().__init__(assessed, declared)
        self.sampled = sampled

    def sampler_claims(self, divergences: list[Claim]) -> list[Claim]:
        """What is said of each sample, or of there being none."""
        if not self.sampled:
            return []
        found = list(self.assessed.samplers)
        names = [name for p in self.objective.question.posteriors for name in p.draws]
        if len(set(names)) < len(names):
            if len(self.with_divergences()) == len(self.objective.question.posteriors):
                reason = "two latents, each with a KL of its own, are made of one draw: they are not independent."
                witness = correlation("the noise of the two latents")
                return [_refutation(reason, witness, "shared-noise", found[0].source)]
            reason = "one draw stands in several tensors that enter networks: which of them is the latent is not known."
            return [Claim("sampler", "UNKNOWN", reason, source=found[0].source)]
        if found:
            return found
        if names and not self.constants_in_the_latent():
            reason = "z is drawn, and stands in the KL alone: nothing that was drawn is decoded."
            return [_refutation(reason, without_noise(), "missing-noise", self.objective.question.posteriors[0].source)]
        if where := self.assessed.run.reading.stray_noise:
            reason = f"noise is drawn in the step ({where}), but no sample of it was recognised."
            return [Claim("sampler", "UNKNOWN", reason)]
        if divergences and (constants := self.constants_in_the_latent()):
            if constants & self.assessed.run.moving:
                reason = "its noise is drawn outside torch, by numpy or Python's random: its law is not known here."
                return [Claim("sampler", "UNKNOWN", reason)]
            reason = "what stands for its noise is a constant, the same in every step."
            return [_refutation(reason, without_noise("over steps"), "frozen-noise", self.line_of_latent(constants))]
        if divergences:
            reason = "no noise from torch reaches the decoder: z is not sampled, or its noise comes from elsewhere."
            return [_refutation(reason, without_noise(), "missing-noise", self.line_of_latent())]
        return [Claim("sampler", "OTHER", "nothing is sampled.")]

    def constants_in_the_latent(self) -> frozenset[str]:
        """The arrays of constants that enter a network together with the posterior's mean or deviation."""
        reading = self.assessed.run.reading
        own = frozenset().union(*(p.leaves for p in self.objective.question.posteriors))
        constants = {n for n, leaf in reading.leaves.items() if leaf.kind == "constant"}
        together = [entered.leaves & constants for entered, _ in reading.entering if entered.leaves & own]
        return frozenset().union(*together)

    def with_divergences(self) -> set[int]:
        """The posteriors that a divergence speaks of, by number."""
        return {group.kind.posterior for group in self.objective.groups if isinstance(group.kind, Divergence)}

    def line_of_latent(self, constants: frozenset[str] = frozenset()) -> str | None:
        """The line at which what stands for the latent enters a network: its mean, or it with these constants."""
        own = frozenset().union(*(p.leaves for p in self.objective.question.posteriors))
        entering = self.assessed.run.reading.entering
        return next((m.source for t, m in entering if t.leaves & own and (not constants or t.leaves & constants)), None)

    def passes_by_the_sample(self) -> bool:
        """Whether a posterior's mean or deviation is in the loss by what is not looked into, and not by a sample."""
        reading, question = self.assessed.run.reading, self.objective.question
        own = frozenset().union(*(p.leaves for p in question.posteriors))
        here = {name for name in reading.result.leaves if reading.leaves[name].kind == "made"} - own
        if any(name in question.derived and not reading.leaves[name].noise for name in here):
            return True
        beside = (made for t, made in reading.entering if t.leaves & own and not t.leaves & set(question.noise))
        return any(made.name in here and made.noise.intersection(question.noise) for made in beside)

    # gradients

    def cuts(self) -> list[Stop]:
        """Where autograd is kept from what the loss speaks of, or from what a sample was decoded to."""
        own = frozenset().union(*(p.leaves for p in self.objective.question.posteriors))
        found = [stop for stop in self._stops if any(n in own or self._matters(n) for n in stop.leaves)]
        return [] if self._made_up_for(found) else found

    def _made_up_for(self, stops: list[Stop]) -> bool:
        """Whether the gradient is the formula's all the same, as of a + (b - b).detach(): at the recorded point."""
        reading, returned = self.assessed.run.reading, self.assessed.run.recording.returned
        leaves = {n for stop in stops for n in stop.leaves if reading.leaves[n].tensor.requires_grad}
        if not stops or returned is None or not leaves <= reading.result.live or not all(s.inside for s in stops):
            return False
        return gradient_agrees(reading.result, returned, reading.leaves, reading.axes)

    def untrained(self) -> list[str]:
        """Lines beyond which nothing is trained by the loss, as before an encoder whose first layers are kept."""
        cuts = self.cuts()
        return [stop.line for stop in self._stops if stop not in cuts and not stop.inside]

    @property
    def _stops(self) -> list[Stop]:
        return sorted(self.assessed.run.reading.result.stops)

    def _matters(self, name: str) -> bool:
        reading = self.assessed.run.reading
        return name in reading.result.leaves or bool(reading.leaves[name].noise)


def _refutation(reason: str, witness: Witness, bug: str, source: str | None) -> Claim:
    return Claim("sampler", "REFUTED", reason, witness=witness, bug=bug, source=source)
