"""The posterior that a step samples from, found where noise enters the decoder.

The reading of a recording comes in; samples go out, and of each the posterior that it is drawn from. Example: where
``mu + exp(0.5 * logvar) * eps`` enters a linear layer, the sample is that tensor, and its posterior N(mu, exp(logvar)).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from vaelid.auditor.findings.account import Below
from vaelid.auditor.formula.arithmetic import linear_in, replaced, tidy, without_what_cancels
from vaelid.auditor.formula.axes_of_terms import axes_in, element_of, names_in
from vaelid.auditor.formula.errors import Unread
from vaelid.auditor.formula.upstream import upstream
from vaelid.auditor.lifting.reading import Reading
from vaelid.auditor.lifting.tensor import Leaf, Lifted
from vaelid.auditor.model.covariance import correlated
from vaelid.auditor.model.deviations import log_variance_of
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.syntax import REAL, Term, subterms

__all__ = [
    "Drawn",
    "Posterior",
    "Sample",
    "ancestors",
    "drawn_from",
    "has_one_law",
    "inner_samples",
    "mean_and_deviation",
    "samples",
]


@dataclass(frozen=True)
class Sample:
    """A tensor that contains noise and enters an operation with no formula (a layer), or the loss.

    Attributes:
        noise: the draws that it contains.
        tensor: the tensor, by its element.
        element: its element, a term; or a part of that, if the sample is inside of what is decoded.
        source: the line of the user's code that uses it.
    """

    noise: tuple[Leaf, ...]
    tensor: Lifted
    element: TermArray
    source: str

    @property
    def axes(self) -> tuple[int, ...]:
        """Its axes."""
        return tuple(axis for dim in self.tensor.dims for axis in dim)


@dataclass(frozen=True)
class Posterior:
    """A Gaussian q(z|x), diagonal or of the covariance L L^T for a lower triangular L.

    Attributes:
        axes: the axes of its mean and log-variance.
        mean: the element of its mean, at the indices of the axes.
        log_variance: the element of its log-variance; of a covariance log L[i, i]^2, as where earlier draws are known.
        noise: the name of the array of draws; empty if it is not known.
        positive: a term that has to be positive, such as a standard deviation s: e^t with a new variable t is written
            for it, so that its logarithm is t. None if there is none.
        source: the line at which it is sampled.
        more_noise: the names of other draws that are added to the same sample.
        again: the names of further draws from this posterior, as in a loop over samples.
        below: of a covariance, what stands below the diagonal of L.
        centre: of a covariance, each coordinate's mean where the draws of those before it are known.
        means: its mean at each of several draws, where earlier draws are known; empty where it has one.
    """

    axes: tuple[int, ...]
    mean: TermArray
    log_variance: TermArray
    noise: str = ""
    positive: TermArray | None = None
    source: str = ""
    more_noise: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    below: Below | None = None
    centre: TermArray | None = None
    means: tuple[TermArray, ...] = ()

    @property
    def draws(self) -> tuple[str, ...]:
        """The names of the arrays of draws, one for each sample."""
        return tuple(name for name in (self.noise, *self.again) if name)

    def is_that_of(self, other: "Posterior") -> bool:
        """Whether both have the same mean and the same deviations, on the same axes."""
        return self.axes == other.axes and self._spread == other._spread and self.mean.term is other.mean.term

    @property
    def _spread(self) -> tuple[Term, ...]:
        own = self.log_variance if self.positive is None else self.positive
        return (own.term,) if self.below is None else (own.term, self.below.element.term)

    @property
    def leaves(self) -> frozenset[str]:
        """The leaves in its mean and log-variance, and below the diagonal of L."""
        return frozenset().union(*map(names_in, self.terms))

    @property
    def terms(self) -> tuple[TermArray, ...]:
        """Its mean and log-variance, and of a covariance what is below the diagonal of L."""
        return (self.mean, self.log_variance, *(() if self.below is None else (self.below.element,)))

    def with_moments(
        self, mean: TermArray, log_variance: TermArray, axes: tuple[int, ...] | None = None
    ) -> "Posterior":
        """Another Gaussian of the same draws: of this mean and log-variance, on other axes if these are given."""
        own = self.axes if axes is None else axes
        return replace(self, mean=mean, log_variance=log_variance, axes=own, means=())

    def at_draws(self, means: tuple[TermArray, ...]) -> "Posterior":
        """Of a covariance, each coordinate's law where the draws of those before it are known; one mean for each."""
        return replace(self, mean=means[0], below=None, centre=None, means=means if len(means) > 1 else ())

    def written(self, change: Callable[[TermArray], TermArray]) -> "Posterior":
        """The same posterior, its terms written otherwise."""
        below = None if self.below is None else self.below.written(change)
        centre = None if self.centre is None else change(self.centre)
        mean, log_variance = change(self.mean), change(self.log_variance)
        return replace(self, mean=mean, log_variance=log_variance, below=below, centre=centre)

    def drawn_again(self, noise: str) -> "Posterior":
        """The same posterior, where the array of this name is a further draw from it."""
        return replace(self, again=(*self.again, noise))

    def of_either_sign(self) -> "Posterior":
        """The same posterior, where the deviation s in `positive` may be negative: s^2 is positive instead.

        So the variance, which was (e^t)^2 with the new variable t, is e^t.
        """
        if self.positive is None:
            return self
        (name,) = names_in(self.log_variance)
        t = element_of(name, axes_in(self.positive.term))
        log_variance = TermArray((), replaced(self.log_variance.term, {(2 * t).term: t.term}))
        return replace(self, log_variance=log_variance, positive=self.positive**2)


def samples(reading: Reading) -> list[Sample]:
    """Every tensor with a draw in it that enters a network, each once, in the order of use.

    Where some of them are made from a network's output (a latent), those made from data alone are left out: they are
    data with noise, an encoder's input.
    """
    found: dict[Term, Sample] = {}
    reaching = ancestors(reading, reading.result.leaves)
    pairs = {axis for again in reading.axes.again for axis in reading.axes.now((again,))}
    for entered, leaf in reading.entering:
        if leaf.name not in reaching:
            continue
        for part in entered.pieces or (entered,):
            tensor = part.whole or part
            drawn = [reading.leaves[name] for name in sorted(tensor.leaves) if reading.leaves[name].kind == "noise"]
            drawn = [noise for noise in drawn if noise.operation != "native_dropout"]
            if not drawn or leaf.kind == "noise" or all(reading.leaves[n].kind == "noise" for n in tensor.leaves):
                continue
            if {axis for dim in tensor.dims for axis in reading.axes.now(dim)} & pairs:
                continue  # z[:, None] - z[None, :]: pairs of rows, as MMD compares them
            others = tensor.leaves - {noise.name for noise in drawn}
            again = frozenset().union(*(reading.leaves[n].noise for n in others))
            if again & {noise.name for noise in drawn}:
                continue  # h(z) + z inside a decoder: h(z) is no mean of z
            try:
                term = tensor.element
            except Unread:
                continue
            now = tuple(reading.axes.now(dim) for dim in tensor.dims)
            lifted = Lifted(now, tensor.make_element, tensor.leaves, tensor.live, tensor.stops)
            found.setdefault(term.term, Sample(tuple(drawn), lifted, term, leaf.source))
    known = [s for s in found.values() if any(noise.law in ("normal", "uniform") for noise in s.noise)]
    given = {n for n, leaf in reading.leaves.items() if leaf.kind in ("argument", "constant", "noise")}
    latents = [s for s in known if not s.tensor.leaves <= given]  # the others are data with noise: an encoder's input
    known = latents or known
    return known or list(found.values())  # other draws, as dropout in an encoder, are conditioned on


def ancestors(reading: Reading, names: frozenset[str], *, detached: bool = True) -> frozenset[str]:
    """These leaves and all that they were made from; if `detached` is False, nothing that lies behind a detach."""
    leaves = reading.leaves

    def made_from(name: str) -> Iterable[str]:
        return leaves[name].inputs if detached or leaves[name].operation != "detach" else ()

    return frozenset(upstream(names, made_from))


def mean_and_deviation(sample: Sample, reading: Reading) -> tuple[TermArray, TermArray] | None:
    """Mean and deviation of a sample: z = mean + deviation * eps; None if it is not affine in its draw.

    The sum of n independent draws with one deviation s is one draw with deviation sqrt(n) s.
    """
    draws = [reading.element(noise) for noise in sample.noise]
    found = linear_in(sample.element, [eps.term for eps in draws])
    if found is None:
        return None
    slopes, value = [without_what_cancels(slope) for slope in found[0]], without_what_cancels(found[1])
    if any(names_in(part) & {noise.name for noise in sample.noise} for part in (value, *slopes)):
        return None  # other elements of the same array of draws, as in eps + eps.roll(1)
    if any(slope.term is not slopes[0].term for slope in slopes):
        return None
    root = Fraction(repr(len(slopes) ** 0.5))
    return value, slopes[0] if root == 1 else tidy(slopes[0] * as_term(root))


def has_one_law(sample: Sample) -> bool:
    """Whether what a sample is drawn from has one law: it has one draw, or all of its draws are normal.

    A sum of normal draws is a normal draw; one of uniform draws is none.
    """
    laws = {noise.law for noise in sample.noise}
    return len(laws) == 1 and (len(sample.noise) == 1 or laws == {"normal"})


@dataclass(frozen=True)
class Drawn:
    """What a sample is drawn from.

    Attributes:
        sample: the sample z itself, which may be inside of what is decoded.
        posterior: the Gaussian.
        deviation: the element of its standard deviation, as it is written in the sample.
    """

    sample: Sample
    posterior: Posterior
    deviation: TermArray


def drawn_from(sample: Sample, reading: Reading, number: int) -> Drawn | None:
    """The posterior that a sample is drawn from; None if it is not mean + deviation * noise with noise of one law.

    `number`: distinguishes the variables that are written for the deviations of several posteriors.
    """
    if not has_one_law(sample):
        return None
    found, below, centre = mean_and_deviation(sample, reading), None, None
    if found is None and len(sample.noise) == 1:
        eps, name = reading.element(sample.noise[0]), sample.noise[0].name
        if known := correlated(sample.element, eps, name, reading.leaves):
            found, below, centre = (known.mean, known.deviation), known.below, known.centre
    if found is None:  # the latent may be inside of what the decoder's first layers make
        sample = next(iter(inner_samples(sample, reading)), sample)
        found = mean_and_deviation(sample, reading)
    if found is None:
        return None
    (mean, deviation), (noise, *more) = found, sample.noise
    log_variance, positive = log_variance_of(deviation, f"s_{number}")
    own = {*axes_in(mean.term), *axes_in(deviation.term)}
    posterior = Posterior(
        tuple(axis for axis in sample.axes if axis in own),
        mean,
        log_variance,
        noise.name,
        positive,
        noise.source,
        tuple(other.name for other in more),
        below=below,
        centre=centre,
    )
    return Drawn(sample, posterior, deviation)


def inner_samples(sample: Sample, reading: Reading) -> list[Sample]:
    """For a sample g(z), g elementwise, such as tanh(z) or c + relu(z): the candidates for z, the innermost first.

    A candidate is a part mean + deviation * eps whose arrays occur nowhere else in the sample.
    """
    (noise, *more) = sample.noise
    eps = reading.element(noise).term
    parts = [part for part in subterms(sample.element.term) if part.sort is REAL and not part.loose]
    if more or len(parts) > _MOST_PARTS:
        return []
    found = []
    for part in sorted(parts, key=lambda term: sum(1 for _ in subterms(term))):
        inner = replace(sample, element=TermArray((), part))
        if (
            part is sample.element.term
            or eps not in set(subterms(part))
            or not (known := mean_and_deviation(inner, reading))
        ):
            continue
        outside = names_in(TermArray((), replaced(sample.element.term, {part: as_term(0).term})))
        if all(map(names_in, known)) and not outside & names_in(inner.element):
            found.append(inner)
    return found


_MOST_PARTS = 200
"""Every part is searched for the draw, which takes time quadratic in the parts; g(z) has a dozen."""
