"""The posterior that a step samples from, found where noise enters the decoder.

The reading of a recording comes in; samples go out, and of each the posterior that it is drawn from. Example: where
``mu + exp(0.5 * logvar) * eps`` enters a linear layer, the sample is that tensor, and its posterior N(mu, exp(logvar)).
"""

from dataclasses import dataclass, replace
from fractions import Fraction

from vaelid.auditor.formula.arithmetic import linear_in, replaced, simple, tidy, without_number
from vaelid.auditor.formula.axes_of_terms import axes_in, element_of, names_in
from vaelid.auditor.formula.errors import Unread
from vaelid.auditor.lifting.reading import Reading
from vaelid.auditor.lifting.tensor import Leaf, Lifted
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import REAL, Number, Operator, Term, subterms

__all__ = ["Drawn", "Posterior", "Sample", "affine", "ancestors", "drawn_from", "inside", "log_variance_of", "samples"]


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
    """A diagonal Gaussian q(z|x).

    Attributes:
        axes: the axes of its mean and log-variance.
        mean: the element of its mean, at the indices of the axes.
        log_variance: the element of its log-variance.
        noise: the name of the array of draws; empty if it is not known.
        positive: a term that has to be positive, such as a standard deviation s: e^t with a new variable t is written
            for it, so that its logarithm is t. None if there is none.
        source: the line at which it is sampled.
        more_noise: the names of other draws that are added to the same sample.
        again: the names of further draws from this posterior, as in a loop over samples.
    """

    axes: tuple[int, ...]
    mean: TermArray
    log_variance: TermArray
    noise: str = ""
    positive: TermArray | None = None
    source: str = ""
    more_noise: tuple[str, ...] = ()
    again: tuple[str, ...] = ()

    @property
    def draws(self) -> tuple[str, ...]:
        """The names of the arrays of draws, one for each sample."""
        return tuple(name for name in (self.noise, *self.again) if name)

    def is_that_of(self, other: "Posterior") -> bool:
        """Whether both have the same mean and the same deviation, on the same axes."""
        spread, its = (p.log_variance if p.positive is None else p.positive for p in (self, other))
        return self.axes == other.axes and self.mean.term is other.mean.term and spread.term is its.term

    @property
    def leaves(self) -> frozenset[str]:
        """The leaves in its mean and log-variance."""
        return names_in(self.mean) | names_in(self.log_variance)


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
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            if detached or reading.leaves[name].operation != "detach":
                waiting += reading.leaves[name].inputs
    return frozenset(found)


def affine(sample: Sample, reading: Reading) -> tuple[TermArray, TermArray] | None:
    """Mean and deviation of a sample: z = mean + deviation * eps; None if it is not affine in its draw.

    The sum of n independent draws with one deviation s is one draw with deviation sqrt(n) s.
    """
    draws = [reading.element(noise) for noise in sample.noise]
    found = linear_in(sample.element, [eps.term for eps in draws])
    if found is None:
        return None
    slopes, value = found
    if any(names_in(part) & {noise.name for noise in sample.noise} for part in (value, *slopes)):
        return None  # other elements of the same array of draws, as in eps + eps.roll(1)
    if any(slope.term is not slopes[0].term for slope in slopes):
        return None
    root = Fraction(repr(len(slopes) ** 0.5))
    return value, slopes[0] if root == 1 else tidy(slopes[0] * as_term(root))


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
    noise, *more = sample.noise
    if any(other.law != noise.law for other in more) or (more and noise.law != "normal"):
        return None
    if (found := affine(sample, reading)) is None:
        sample = next(iter(inside(sample, reading)), sample)
        found = affine(sample, reading)
    if found is None:
        return None
    mean, deviation = found
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
    )
    return Drawn(sample, posterior, deviation)


def inside(sample: Sample, reading: Reading) -> list[Sample]:
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
        if part is sample.element.term or eps not in set(subterms(part)) or not (known := affine(inner, reading)):
            continue
        outside = names_in(TermArray((), replaced(sample.element.term, {part: as_term(0).term})))
        if all(map(names_in, known)) and not outside & names_in(inner.element):
            found.append(inner)
    return found


_MOST_PARTS = 200
"""Every part is searched for the draw, which takes time quadratic in the parts; g(z) has a dozen."""


def log_variance_of(deviation: TermArray, name: str) -> tuple[TermArray, TermArray | None]:
    """The log-variance of a deviation, and the term that has to be positive for it, if there is one.

    ``exp(h / 2)`` gives ``h`` and None. A deviation s that is no exponential gives ``2 * name`` and s: wherever s
    occurs, e to the array `name` is to be written.
    """
    term = _positive(tidy(deviation)).term
    if isinstance(term.head, Number) and term.head.value > 0:
        return (as_term(0) if term.head.value == 1 else 2 * xp.log(TermArray((), term))), None
    log_variance = _twice(term.arguments[0]) if term.head == Operator("exp") else None
    if log_variance is None:
        number, core = without_number(term)
        if core.head == Operator("exp") and (inside := _twice(core.arguments[0])) is not None and number != 1:
            return inside + 2 * xp.log(as_term(number)), None
        log_deviation = 2 * element_of(name, axes_in(core))
        return (log_deviation if number == 1 else log_deviation + 2 * xp.log(as_term(number))), TermArray((), core)
    if log_variance.term.head == Operator("log") and not isinstance(log_variance.term.arguments[0].head, Number):
        positive = log_variance.term.arguments[0]
        return element_of(name, axes_in(positive)), TermArray((), positive)
    return log_variance, None


def _positive(term: TermArray) -> TermArray:
    """The term without a sign in front: -s * eps has the same law as s * eps."""
    if isinstance(term.term.head, Number) and term.term.head.value < 0:
        return as_term(-term.term.head.value)
    if term.term.head == Operator("negative"):
        return _positive(TermArray((), term.term.arguments[0]))
    if term.term.head == Operator("multiply"):
        x, y = (TermArray((), part) for part in term.term.arguments)
        for one, other in ((x, y), (y, x)):
            if isinstance(one.term.head, Number) and one.term.head.value < 0:
                return _positive(simple(-one * other) if one is x else simple(other * simple(-one)))
        left = _positive(x)
        return left * y if left.term is not x.term else term
    return term


def _twice(exponent: Term) -> TermArray:
    """2 t, simplified: h for t = h / 2."""
    match exponent.head, exponent.arguments:
        case Operator("multiply"), (x, y):
            for one, other in ((x, y), (y, x)):
                if isinstance(one.head, Number):
                    return simple(TermArray((), one) * 2 * TermArray((), other))
        case Operator("divide"), (x, y) if isinstance(y.head, Number):
            return simple(TermArray((), x) * (2 / TermArray((), y)))
    return 2 * TermArray((), exponent)
