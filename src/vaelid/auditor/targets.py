"""What a term is compared with: divergences to a prior, and negative log-likelihoods, by the functions of the spec.

A parameter of a likelihood is a term that occurs in the loss, or a simple function of one. Which one is found by trying
values; that it is right is for the kernel to say.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial, reduce
from operator import add

import torch
from torch import Tensor

from vaelid import spec
from vaelid.auditor.fit import Fit, Values, exact
from vaelid.auditor.linear import added
from vaelid.auditor.numeric import array_of
from vaelid.auditor.posterior import Posterior, names_in
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import REAL, Number, Operator, subterms
from vaelid.readings.terms.trace import define
from vaelid.spec.arrays import lgamma
from vaelid.spec.likelihoods import bernoulli_log_density, gaussian_log_density
from vaelid.spec.likelihoods.continuous import laplace_log_density
from vaelid.theory.library.definitions import (
    bernoulli_density,
    coordinate_kl,
    gaussian_density,
    laplace_density,
    scalar,
)

__all__ = ["Body", "Found", "Rewrite", "Target", "families", "find_divergence", "find_integrand", "find_likelihood"]

poisson_density = define(
    spec.likelihood("poisson").log_density,
    name="poisson_log_density",
    x=scalar("x"),
    log_rate=scalar("log_rate"),
    sizes=(),
)
negative_binomial_density = define(
    spec.likelihood("negative_binomial").log_density,
    name="negative_binomial_log_density",
    x=scalar("x"),
    log_mean=scalar("log_mean"),
    log_dispersion=scalar("log_dispersion"),
    sizes=(),
)


@dataclass(frozen=True)
class Target:
    """A quantity in nats for each place of some axes.

    Attributes:
        name: of the likelihood or prior, in words.
        term: its element.
        normaliser: what is the same everywhere in it, and is often left out.
        family: of a likelihood: ``gaussian``, ``bernoulli``, ...
        learned: whether the term has a variance or scale of its own.
    """

    name: str
    term: TermArray
    normaliser: TermArray = field(default_factory=lambda: as_term(0))
    family: str = ""
    learned: bool = False
    parameters: tuple[TermArray, ...] = ()
    mask: TermArray | None = None
    """What it is multiplied by, at each place: a constant."""
    at_draw: bool = False
    """Whether it is a divergence's integrand log q(z) - log p(z) at the draw, and not its mean over draws."""


@dataclass(frozen=True)
class Found:
    """A target that fits, with its weight and constant.

    `aside` are the terms that have only data in them, `number` those that have nothing in them: neither was fitted.
    """

    target: Target
    fit: Fit
    aside: TermArray | None = None
    number: TermArray | None = None


@dataclass(frozen=True)
class Body:
    """A term and what of it is compared: without the terms of its sum that have only data in them, or nothing."""

    term: TermArray
    aside: TermArray | None
    number: TermArray | None
    whole: TermArray
    """With the numbers."""

    @classmethod
    def of(cls, term: TermArray, data: frozenset[str] = frozenset()) -> "Body":
        """Of this term, given the leaves that are data."""
        parts = added(term.term)
        number = [part for part in parts if not names_in(part)]
        aside = [part for part in parts if names_in(part) and names_in(part) <= data]
        rest = [part for part in parts if not names_in(part) <= data]
        if not rest or not (number or aside):
            return cls(term, None, None, term)
        terms = reduce(add, rest)
        known = reduce(add, number) if number else None
        return cls(terms, reduce(add, aside) if aside else None, known, terms if known is None else terms + known)


@dataclass(frozen=True)
class Rewrite:
    """A term that is better written as a function of a new variable: `how` is ``exp`` or ``sigmoid``."""

    term: TermArray
    how: str


def _fits(values: Tensor, candidate: Tensor) -> bool:
    """Whether the values are a multiple of the candidate, plus a constant, but for rounding."""
    finite = torch.isfinite(values)
    if not bool(finite.any()) or not bool(torch.isfinite(candidate[finite]).all()):
        return False
    one, other = (v[finite] - v[finite].mean() for v in (values, candidate))
    norms = float(one.norm() * other.norm())
    scale = 1e-9 * float(values[finite].abs().max() + 1e-300) * float(candidate[finite].abs().max() + 1e-300)
    return norms > scale and abs(float(one @ other)) > (1 - 1e-11) * norms


def find_divergence(
    term: TermArray,
    axes: list[int],
    posterior: Posterior,
    values: Values,
    own: frozenset[str],
    masks: frozenset[str] = frozenset(),
) -> Found | Rewrite | None:
    """The prior, if the term is a multiple of the divergence to one, plus a constant. `own`: the posterior's leaves."""
    body = Body.of(term)
    standard = Target("N(0, I)", coordinate_kl(posterior.mean, posterior.log_variance))
    if found := _found(body, standard, axes, values):
        return found
    if found := _fixed_prior(body, axes, posterior, values):
        return found
    for mask in _masks(term, masks):
        masked = Target("N(0, I)", mask * standard.term, mask=mask)
        if found := _found(body, masked, axes, values):
            return found
    return _learned_prior(body, axes, posterior, values, own)


_SIMPLE = 10**4
"""A constant of a larger denominator is taken for no rational number: it may be a logarithm."""


def _found(body: Body, target: Target, axes: list[int], values: Values) -> Found | None:
    """A fit with the constant that is left, or, where that is no simple number, with the numbers in the term aside."""
    wanted = [target.term - target.normaliser]
    if body.number is not None and not _is_rational(body.number):
        fit = values.fit(body.term, wanted, axes, largest=_SIMPLE)
        if fit is not None:
            return Found(target, fit, body.aside, body.number)
        numbers = (p.head.value for p in subterms(target.term.term) if isinstance(p.head, Number) and p.sort is REAL)
        if all(number.denominator <= _SIMPLE for number in numbers):
            return None  # else it is the posterior's, as that of a smallest variance
    fit = values.fit(body.whole, wanted, axes, largest=_SIMPLE)
    return Found(target, fit, body.aside) if fit else None


def _is_rational(term: TermArray) -> bool:
    """Whether it is made of numbers with few digits, which a fit recognises."""
    return all(
        part.head in _ARITHMETIC or (isinstance(part.head, Number) and part.head.value.denominator <= 10**4)
        for part in subterms(term.term)
        if part.sort is REAL and part.head != Operator("real")
    )


_ARITHMETIC = {Operator(name) for name in ("add", "subtract", "multiply", "divide", "negative")}


def _fixed_prior(body: Body, axes: list[int], posterior: Posterior, values: Values) -> Found | None:
    """A prior N(m, s2) of numbers: the weights of mu^2 + e^lv, mu and lv give them."""
    mean, log_variance = posterior.mean, posterior.log_variance
    fit = values.fit(body.term, [mean**2 + xp.exp(log_variance), mean, log_variance], axes)
    if fit is None:
        return None
    square, linear, logarithm = (values.number(weight) for weight in fit.weights)
    if not (square > 0 and logarithm < 0):
        return None
    variance, centre = -logarithm / square, -linear / (2 * square)
    m, s2 = exact(centre), exact(variance)
    if m is None or s2 is None or s2 <= 0:
        return None
    log_s2 = xp.log(as_term(s2))
    target = Target(
        f"N({float(m):g}, {float(s2):g})",
        coordinate_kl((mean - as_term(m)) * xp.exp(-log_s2 / 2), log_variance - log_s2),
        parameters=(as_term(m), as_term(s2)),
    )
    # log(s2) may stand in the code by its name, as a decimal, or not at all
    return _found(body, target, axes, values) or _found(body, replace(target, normaliser=log_s2 / 2), axes, values)


def _candidates(term: TermArray, allowed: Callable[[frozenset[str]], bool]) -> list[TermArray]:
    """The real terms inside whose leaves are allowed, the smallest first."""
    found = []
    for part in subterms(term.term):
        if part.sort is not REAL or part.loose or isinstance(part.head, Number):
            continue
        names = names_in(TermArray((), part))
        if names and allowed(names):
            found.append(TermArray((), part))
    return sorted(found, key=lambda t: sum(1 for _ in subterms(t.term)))[:24]


def _log_forms(candidates: list[tuple[TermArray, Tensor]], factor: int) -> Iterator[tuple[TermArray | Rewrite, Tensor]]:
    """Each as a logarithm, or what has to be written as e^s, so that s is one; `factor` 2 for squares also."""
    for term, values in candidates:
        for k in (1, 2) if factor == 2 else (1,):
            yield (term if k == 1 else 2 * term), k * values
            yield -term if k == 1 else -2 * term, -k * values
    for term, values in candidates:
        if bool((values > 0).all()) and term.term.head != Operator("exp"):
            for k in (1, 2) if factor == 2 else (1,):
                yield Rewrite(term, "exp"), k * values.log()
                yield Rewrite(term, "exp"), -k * values.log()


def _learned_prior(
    body: Body, axes: list[int], posterior: Posterior, values: Values, own: frozenset[str]
) -> Found | Rewrite | None:
    term = body.term
    numbers = values.of(term, axes)
    mean, log_variance = (values.of(t, axes) for t in (posterior.mean, posterior.log_variance))
    others = [(t, values.of(t, axes)) for t in _candidates(term, lambda names: not names & own)]
    zero = (as_term(0), torch.zeros_like(numbers))
    for (m, m_values), (lv, lv_values) in itertools.product([zero, *others], [zero, *_log_forms(others, 2)]):
        candidate = spec.coordinate_kl_to_standard(
            (mean - m_values) * torch.exp(-lv_values / 2), log_variance - lv_values
        )
        if not _fits(numbers, candidate):
            continue
        if isinstance(lv, Rewrite):
            return lv
        target = Target(
            "a learned or conditional prior",
            coordinate_kl((posterior.mean - m) * xp.exp(-lv / 2), posterior.log_variance - lv),
            parameters=(m, lv),
            learned=True,
        )
        if found := _found(body, target, axes, values):
            return found
    return None


def find_integrand(
    term: TermArray, axes: list[int], posterior: Posterior, prior: Target, eps: TermArray, values: Values
) -> Found | None:
    """log q(z) - log p(z) at a draw of noise, p a normal prior that may speak of z itself."""
    m, lv = prior.parameters
    z = posterior.mean + xp.exp(posterior.log_variance / 2) * eps
    log_q = gaussian_density(z, posterior.mean, posterior.log_variance)
    target = replace(prior, term=log_q - gaussian_density(z, m, lv), at_draw=True)
    return _found(Body.of(term), target, axes, values)


def find_likelihood(
    term: TermArray,
    axes: list[int],
    values: Values,
    data: frozenset[str],
    masks: frozenset[str] = frozenset(),
    rows: frozenset[int] = frozenset(),
) -> Found | Rewrite | None:
    """The likelihood, if the term is a multiple of the negative logarithm of one, plus what has only data in it."""
    found = _find_likelihood(Body.of(term, data), axes, values, data, rows)
    found = found or _find_likelihood(Body.of(term), axes, values, data, rows)
    return found or _masked_likelihood(term, axes, values, data, masks)


def _masks(term: TermArray, masks: frozenset[str]) -> list[TermArray]:
    """The constants that a term is multiplied by."""
    return _candidates(term, lambda names: names <= masks)


def _masked_likelihood(
    term: TermArray, axes: list[int], values: Values, data: frozenset[str], masks: frozenset[str]
) -> Found | None:
    """A likelihood at each place, times a constant: a mask, or weights."""
    for mask in _masks(term, masks):
        numbers = values.of(term, axes) / values.of(mask, axes)
        defined = torch.isfinite(numbers)
        if int(defined.sum()) < 8:
            continue
        rest = data - names_in(mask)
        observed = _with_values(_candidates(term, lambda names, rest=rest: names <= rest), axes, values, defined)
        outputs = _with_values(_candidates(term, lambda names: not names & data), axes, values, defined)
        for make, candidate in _of_one_parameter(observed, outputs):
            if not _fits(numbers[defined], candidate()):
                continue
            target = make()
            if isinstance(target, Rewrite):
                continue
            masked = replace(target, term=mask * target.term, normaliser=mask * target.normaliser, mask=mask)
            fit = values.fit(term, [masked.term - masked.normaliser], axes)
            if fit is not None:
                return Found(masked, fit)
        for (q, qs), (x, xs) in itertools.product(outputs, observed):
            if _fits(numbers[defined], xs * qs) and _sums_to_one(q, axes, values, frozenset()):
                masked = Target("categorical", -(mask * (x * q)), _ZERO, "categorical", parameters=(x, q), mask=mask)
                if (fit := values.fit(term, [masked.term], axes)) is not None:
                    return Found(masked, fit)
    return None


def _find_likelihood(
    body: Body, axes: list[int], values: Values, data: frozenset[str], rows: frozenset[int]
) -> Found | Rewrite | None:
    term = body.term
    numbers = values.of(term, axes)
    defined = torch.isfinite(numbers)
    if int(defined.sum()) < 8:
        return None
    numbers = numbers[defined]
    observed = _with_values(_candidates(term, lambda names: names <= data), axes, values, defined)
    outputs = _with_values(_candidates(term, lambda names: not names & data), axes, values, defined)
    for screen in (_of_one_parameter, _of_two_parameters):
        for make, candidate in screen(observed, outputs):
            if not _fits(numbers, candidate()):
                continue
            target = make()
            if isinstance(target, Rewrite):
                return target
            if found := _found(body, target, axes, values):
                return found
    return _categorical(body, axes, values, observed, outputs, rows)


_Terms = list[tuple[TermArray, Tensor]]
_Screened = Iterator[tuple[Callable[[], "Target | Rewrite"], Callable[[], Tensor]]]
_ZERO = as_term(0)
_NONE = torch.zeros((), dtype=torch.float64)


@dataclass(frozen=True)
class Family:
    """A likelihood of one output, with what is constant where its scale is 1."""

    name: str
    family: str
    density: Callable[..., TermArray]
    on_numbers: Callable[..., Tensor]
    scaled: bool = False
    at_zero: Callable[[TermArray], tuple[TermArray, TermArray]] | None = None

    def target(self, x: TermArray, output: TermArray) -> Target:
        """The negative logarithm; a scale is 1."""
        scale = (_ZERO,) if self.scaled else ()
        term = -self.density(x, output, *scale)
        normaliser = -self.density(*self.at_zero(x), *scale) if self.at_zero else _ZERO
        return Target(self.name, term, normaliser, self.family, parameters=(x, output))

    def numbers(self, x: Tensor, output: Tensor) -> Tensor:
        """Its logarithm, but for what does not depend on the output."""
        scale = (_NONE,) if self.scaled else ()
        found = self.on_numbers(x, output, *scale)
        return found if self.family != "poisson" else found - self.on_numbers(x, torch.zeros_like(output))


def _at_zero(_: TermArray) -> tuple[TermArray, TermArray]:
    return _ZERO, _ZERO


_GAUSSIAN = Family("Gaussian", "gaussian", gaussian_density, gaussian_log_density, scaled=True, at_zero=_at_zero)
_LAPLACE = Family("Laplace", "laplace", laplace_density, laplace_log_density, scaled=True, at_zero=_at_zero)
_BERNOULLI = Family("Bernoulli", "bernoulli", bernoulli_density, bernoulli_log_density)
_POISSON = Family(
    "Poisson", "poisson", poisson_density, spec.likelihood("poisson").log_density, at_zero=lambda x: (x, _ZERO)
)


def families(name: str) -> list[Family]:
    """The families of this name; none that has more than one parameter."""
    return [family for family in (_GAUSSIAN, _BERNOULLI, _LAPLACE, _POISSON) if family.family == name]


def _of_one_parameter(observed: _Terms, outputs: _Terms) -> _Screened:
    for (x, xs), (h, hs) in itertools.product(observed, outputs):
        for family in (_GAUSSIAN, _BERNOULLI, _LAPLACE, _POISSON):
            yield partial(family.target, x, h), partial(family.numbers, xs, hs)
        if bool(((hs > 0) & (hs < 1)).all()):
            yield partial(Rewrite, h, "sigmoid"), partial(_BERNOULLI.numbers, xs, hs.log() - (-hs).log1p())
        if bool((hs > 0).all()) and h.term.head != Operator("exp"):
            yield partial(Rewrite, h, "exp"), partial(_POISSON.numbers, xs, hs.log())


def _of_two_parameters(observed: _Terms, outputs: _Terms) -> _Screened:
    for family in (_GAUSSIAN, _LAPLACE):
        forms = list(_log_forms(outputs, 2))
        for (x, xs), (m, ms), (lv, lvs) in itertools.product(observed, outputs, forms):
            if lv is m:
                continue
            yield partial(_scaled, family, x, m, lv), partial(family.on_numbers, xs, ms, lvs)
    counts = list(_log_forms(outputs, 1))
    density = spec.likelihood("negative_binomial").log_density
    for (x, xs), (m, ms), (r, rs) in itertools.product(observed, counts, counts):
        if m is not r and bool((xs >= 0).all()):
            yield (
                partial(_counted, x, m, r),
                lambda xs=xs, ms=ms, rs=rs: density(xs, ms, log_dispersion=rs) + torch.lgamma(xs + 1),
            )


def _scaled(family: Family, x: TermArray, mean: TermArray, log_scale: TermArray | Rewrite) -> Target | Rewrite:
    if isinstance(log_scale, Rewrite):
        return log_scale
    term = -family.density(x, mean, log_scale)
    normaliser = -family.density(_ZERO, _ZERO, _ZERO)
    return Target(
        f"{family.name} of learned {'variance' if family is _GAUSSIAN else 'scale'}",
        term,
        normaliser,
        family.family,
        learned=True,
        parameters=(x, mean, log_scale),
    )


def _counted(x: TermArray, mean: TermArray | Rewrite, dispersion: TermArray | Rewrite) -> Target | Rewrite:
    for parameter in (mean, dispersion):
        if isinstance(parameter, Rewrite):
            return parameter
    term = -negative_binomial_density(x, mean, dispersion)
    return Target("negative binomial", term, lgamma(x + 1), "negative_binomial", parameters=(x,))


def _with_values(terms: list[TermArray], axes: list[int], values: Values, defined: Tensor) -> _Terms:
    found = []
    for term in terms:
        with suppress(ReadingError):
            found.append((term, values.of(term, axes)[defined]))
    return found


def _categorical(
    body: Body, axes: list[int], values: Values, observed: _Terms, outputs: _Terms, rows: frozenset[int]
) -> Found | None:
    """-x log q, where q sums to 1 along an axis."""
    numbers = values.of(body.term, axes)
    defined = torch.isfinite(numbers)
    for (q, qs), (x, xs) in itertools.product(outputs, observed):
        if not _fits(numbers[defined], xs * qs):
            continue
        if _sums_to_one(q, axes, values, rows):
            target = Target("categorical", -(x * q), _ZERO, "categorical", parameters=(x, q))
            if found := _found(body, target, axes, values):
                return found
    return None


def _sums_to_one(q: TermArray, axes: list[int], values: Values, rows: frozenset[int]) -> bool:
    """Whether e^q sums to 1 along an axis that is not one of rows."""
    names = tuple(f"i{axis}" for axis in axes)
    whole = array_of(q.term, values.sets[0], values.lengths, names)
    return any(bool((whole.logsumexp(k).abs() < 1e-5).all()) for k, axis in enumerate(axes) if axis not in rows)
