"""The posterior that a step samples from: z = mean + deviation * eps, found where noise enters the decoder."""

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

__all__ = ["Posterior", "Sample", "affine", "ancestors", "inside", "log_variance_of", "samples"]


@dataclass(frozen=True)
class Sample:
    """A tensor with noise in it that enters an operation that is not looked into, or a loss.

    Attributes:
        noise: the draws in it.
        tensor: as it was read.
        element: its element.
        source: the line that used it.
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
    """A diagonal Gaussian: element of its mean and of its log-variance, in the indices of its axes.

    Attributes:
        axes: of the mean and log-variance.
        mean: its element.
        log_variance: its element.
        noise: the name of the draws; empty where it is not known.
        positive: a term in it that has to be positive, for which an exponential is written.
        source: the line at which it is sampled.
        more_noise: the names of other draws that are added to it.
        again: the names of further draws from it, as of a loop over samples.
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
        """The names of all draws from it."""
        return tuple(name for name in (self.noise, *self.again) if name)

    def is_that_of(self, other: "Posterior") -> bool:
        """Whether both have one mean and one deviation, at the same places."""
        spread, its = (p.log_variance if p.positive is None else p.positive for p in (self, other))
        return self.axes == other.axes and self.mean.term is other.mean.term and spread.term is its.term

    @property
    def leaves(self) -> frozenset[str]:
        """The leaves in its mean and log-variance."""
        return names_in(self.mean) | names_in(self.log_variance)


def samples(reading: Reading) -> list[Sample]:
    """Every tensor with a draw in it that enters a network, each once, in the order of use."""
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
                continue  # pairs of rows, as a discrepancy between draws compares
            others = tensor.leaves - {noise.name for noise in drawn}
            again = frozenset().union(*(reading.leaves[n].noise for n in others))
            if again & {noise.name for noise in drawn}:
                continue  # a decoder's layer that sees z again: what it adds to is no mean of it
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
    """These leaves, and all that they were made from; `detached` False: that a gradient goes back to."""
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
    """Value and slope of a sample in its draw; None where it is not affine in it.

    Several draws with one slope are one, with the root of their number times the slope.
    """
    draws = [reading.element(noise) for noise in sample.noise]
    found = linear_in(sample.element, [eps.term for eps in draws])
    if found is None:
        return None
    slopes, value = found
    if any(names_in(part) & {noise.name for noise in sample.noise} for part in (value, *slopes)):
        return None  # it has other elements of the draw in it
    if any(slope.term is not slopes[0].term for slope in slopes):
        return None
    root = Fraction(repr(len(slopes) ** 0.5))
    return value, slopes[0] if root == 1 else tidy(slopes[0] * as_term(root))


def inside(sample: Sample, reading: Reading) -> list[Sample]:
    """The samples inside what a decoder's first operations made of one, as tanh(z) or c + relu(z), the innermost first.

    Each is a part that is a mean plus a deviation times the draw, and outside of which none of these stands.
    """
    (noise, *more) = sample.noise
    eps = reading.element(noise).term
    spoken = [part for part in subterms(sample.element.term) if part.sort is REAL and not part.loose]
    if more or len(spoken) > _MOST_PARTS:
        return []
    found = []
    for part in sorted(spoken, key=lambda term: sum(1 for _ in subterms(term))):
        inner = replace(sample, element=TermArray((), part))
        if part is sample.element.term or eps not in set(subterms(part)) or not (known := affine(inner, reading)):
            continue
        outside = names_in(TermArray((), replaced(sample.element.term, {part: as_term(0).term})))
        if all(map(names_in, known)) and not outside & names_in(inner.element):
            found.append(inner)
    return found


_MOST_PARTS = 200
"""Every part is searched for the draw: too much work in a larger formula."""


def log_variance_of(deviation: TermArray, name: str) -> tuple[TermArray, TermArray | None]:
    """The log-variance of a deviation, and the term in it that has to be positive, if one has to.

    That term is to be written e to the array of this name, so that its logarithm is that array.
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
    """The term without a sign in front: the law of a normal draw does not know it."""
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
    """2 t, simple where t is a half."""
    match exponent.head, exponent.arguments:
        case Operator("multiply"), (x, y):
            for one, other in ((x, y), (y, x)):
                if isinstance(one.head, Number):
                    return simple(TermArray((), one) * 2 * TermArray((), other))
        case Operator("divide"), (x, y) if isinstance(y.head, Number):
            return simple(TermArray((), x) * (2 / TermArray((), y)))
    return 2 * TermArray((), exponent)
