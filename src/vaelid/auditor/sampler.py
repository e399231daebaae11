"""The claim on the sampler: z = mean + deviation * eps, with eps independent N(0, 1), and a gradient through both."""

from collections.abc import Iterable
from fractions import Fraction
from functools import reduce
from operator import add

from vaelid.auditor.names import Names
from vaelid.auditor.posterior import Posterior, Sample, affine, axes_in, inside, log_variance_of, names_in
from vaelid.auditor.reading import Reading
from vaelid.auditor.refute import elements_of
from vaelid.auditor.refute_sampler import no_function_of_a_normal, one_draw_for_many
from vaelid.auditor.report import Claim, Verdict, Witness
from vaelid.auditor.tensors import Stop
from vaelid.auditor.witnesses import correlation, no_slope_through, uniform, without_noise
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.syntax import Operator, subterms
from vaelid.theory.kernel import NotProved
from vaelid.theory.statement import eq
from vaelid.theory.tactics import prove

__all__ = ["sampler_claim"]

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
            witness, reason = refuted
            formula = names.text(sample.element)
            return Claim(_NAME, "REFUTED", reason, formula, witness=witness, source=noise.source), None
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
