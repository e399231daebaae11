"""Negative log-likelihoods: which one a term is, of which data and which outputs of the decoder.

The summand of a reconstruction comes in; what it is a multiple of goes out. Example: ``softplus(h) - x * h`` is the
negative logarithm of a Bernoulli, of the data x and the logits h. The densities are the functions of the spec, read as
terms (for the continuous Bernoulli see `read_densities`).
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from vaelid import spec
from vaelid.auditor.formula.axes_of_terms import index_names, names_in
from vaelid.auditor.formula.in_tensors import values_of
from vaelid.auditor.model.combination import fitted
from vaelid.auditor.model.probe import Probe
from vaelid.auditor.model.question import Rewrite
from vaelid.auditor.recognition.quantities import Body, Found, Quantity, candidates, fits, found_with, log_forms
from vaelid.auditor.recognition.read_densities import (
    continuous_bernoulli_density,
    negative_binomial_density,
    poisson_density,
)
from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.syntax import Operator
from vaelid.spec.arrays import lgamma
from vaelid.spec.likelihoods import bernoulli_log_density, gaussian_log_density
from vaelid.spec.likelihoods.continuous import laplace_log_density
from vaelid.theory.library.definitions import bernoulli_density, gaussian_density, laplace_density

__all__ = ["families", "find_likelihood"]


def find_likelihood(
    term: TermArray,
    axes: list[int],
    values: Probe,
    data: frozenset[str],
    masks: frozenset[str] = frozenset(),
    rows: frozenset[int] = frozenset(),
) -> Found | Rewrite | None:
    """The likelihood, if the term is a multiple of its negative logarithm, plus a function of the data.

    First without the addends of data alone; then with them, as lgamma(x + 1) belongs to a Poisson; then times a mask.
    """
    found = _find_likelihood(Body.of(term, data), axes, values, data, rows)
    found = found or _find_likelihood(Body.of(term), axes, values, data, rows)
    return found or _masked_likelihood(term, axes, values, data, masks)


_FEWEST = 8
"""How many places must have a finite value: fewer numbers are fitted by too many likelihoods."""


def _masked_likelihood(
    term: TermArray, axes: list[int], values: Probe, data: frozenset[str], masks: frozenset[str]
) -> Found | None:
    """A likelihood times a constant at each place: a mask, or weights."""
    for mask in candidates(term, lambda names: names <= masks):
        numbers = values.of(term, axes) / values.of(mask, axes)
        defined = torch.isfinite(numbers)
        if int(defined.sum()) < _FEWEST:
            continue
        rest = data - names_in(mask)
        observed = _with_values(candidates(term, lambda names, rest=rest: names <= rest), axes, values, defined)
        outputs = _with_values(candidates(term, lambda names: not names & data), axes, values, defined)
        for target in _of_one_parameter(numbers[defined], observed, outputs):
            if isinstance(target, Rewrite):
                continue
            masked = target.masked(mask)
            fit = fitted(values, term, [masked.term - masked.normaliser], axes)
            if fit is not None:
                return Found(masked, fit)
        for (q, qs), (x, xs) in itertools.product(outputs, observed):
            if bool(fits(numbers[defined], xs * qs)) and _sums_to_one(q, axes, values, frozenset()):
                masked = Quantity("categorical", -(mask * (x * q)), _ZERO, "categorical", parameters=(x, q), mask=mask)
                if (fit := fitted(values, term, [masked.term], axes)) is not None:
                    return Found(masked, fit)
    return None


def _find_likelihood(
    body: Body, axes: list[int], values: Probe, data: frozenset[str], rows: frozenset[int]
) -> Found | Rewrite | None:
    term = body.term
    numbers = values.of(term, axes)
    defined = torch.isfinite(numbers)
    if int(defined.sum()) < _FEWEST:
        return None
    numbers = numbers[defined]
    observed = _with_values(candidates(term, lambda names: names <= data), axes, values, defined)
    outputs = _with_values(candidates(term, lambda names: not names & data), axes, values, defined)
    for proposed in (_of_one_parameter, _of_two_parameters):
        for target in proposed(numbers, observed, outputs):
            if isinstance(target, Rewrite):
                return target
            if found := found_with(body, target, axes, values):
                return found
    return _categorical(body, axes, values, observed, outputs, rows)


_Terms = list[tuple[TermArray, Tensor]]
_Proposed = Iterator["Quantity | Rewrite"]
_ZERO = as_term(0)
_NONE = torch.zeros((), dtype=torch.float64)


@dataclass(frozen=True)
class Family:
    """A likelihood with one output of the decoder; its scale, if it has one, is 1.

    Attributes:
        name: in words.
        family: as users declare it.
        density: its logarithm on terms: of data, output, and the logarithm of the scale.
        on_numbers: the same on tensors.
        scaled: whether it has a scale.
        at_zero: data and output at which the density is its normaliser.
    """

    name: str
    family: str
    density: Callable[..., TermArray]
    on_numbers: Callable[..., Tensor]
    scaled: bool = False
    at_zero: Callable[[TermArray], tuple[TermArray, TermArray]] | None = None

    def target(self, x: TermArray, output: TermArray) -> Quantity:
        """The negative logarithm of the density."""
        scale = (_ZERO,) if self.scaled else ()
        term = -self.density(x, output, *scale)
        normaliser = -self.density(*self.at_zero(x), *scale) if self.at_zero else _ZERO
        return Quantity(self.name, term, normaliser, self.family, parameters=(x, output))

    def numbers(self, x: Tensor, output: Tensor) -> Tensor:
        """Its logarithm, up to an addend that does not depend on the output."""
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
_CONTINUOUS_BERNOULLI = Family(
    "continuous Bernoulli",
    "continuous_bernoulli",
    continuous_bernoulli_density,
    spec.likelihood("continuous_bernoulli").log_density,
)
_OF_ONE_PARAMETER = (_GAUSSIAN, _BERNOULLI, _LAPLACE, _POISSON, _CONTINUOUS_BERNOULLI)


def families(name: str) -> list[Family]:
    """The families of this name with one output of the decoder."""
    return [family for family in _OF_ONE_PARAMETER if family.family == name]


def _of_one_parameter(numbers: Tensor, observed: _Terms, outputs: _Terms) -> _Proposed:
    """The likelihoods with one output that fit the numbers. All outputs are tried in one tensor operation."""
    if not outputs:
        return
    hs = torch.stack([values for _, values in outputs])
    for x, xs in observed:
        found = [
            (k, order, make)
            for order, (make, rows) in enumerate(_rows_of_one_parameter(x, xs, hs))
            for k in fits(numbers, rows).nonzero().flatten().tolist()
        ]
        for k, _, make in sorted(found, key=lambda each: each[:2]):
            if (target := make(outputs[k][0])) is not None:
                yield target


def _rows_of_one_parameter(
    x: TermArray, xs: Tensor, hs: Tensor
) -> Iterator[tuple[Callable[[TermArray], "Quantity | Rewrite | None"], Tensor]]:
    """For each likelihood how to make it of an output, and its values for every output; NaN where it has none."""
    for family in _OF_ONE_PARAMETER:
        yield partial(family.target, x), family.numbers(xs, hs)
    yield partial(Rewrite, how="sigmoid"), _BERNOULLI.numbers(xs, hs.log() - (-hs).log1p())
    yield _as_exponential, _POISSON.numbers(xs, hs.log())
    if bool(((xs >= 0) & (xs == xs.round())).all()) and (largest := int(xs.max())) > 1:
        for trials in sorted({largest, *_TRIALS} - set(range(largest))):
            yield partial(_binomial, trials, x), xs * hs - trials * torch.nn.functional.softplus(hs)


def _as_exponential(term: TermArray) -> Rewrite | None:
    return None if term.term.head == Operator("exp") else Rewrite(term, "exp")


_TRIALS = (2, 3, 4, 5, 8, 10, 15, 16, 31, 32, 63, 64, 100, 127, 128, 255, 256)
"""Numbers of trials that are tried besides the largest datum: the recording may lack the largest possible one."""


def _binomial(trials: int, x: TermArray, logits: TermArray) -> Quantity:
    """-log Binomial(trials, sigmoid(logits)) without its coefficient, which has no output: `trials` Bernoullis."""
    term = -trials * bernoulli_density(x / trials, logits)
    return Quantity(f"binomial of {trials} trials", term, _ZERO, "binomial", parameters=(x, logits))


def _of_two_parameters(numbers: Tensor, observed: _Terms, outputs: _Terms) -> _Proposed:
    """The likelihoods with two outputs that fit the numbers: a learned scale, or a dispersion."""
    if not outputs:
        return
    forms = list(log_forms(outputs, 2))
    log_scales = torch.stack([values for _, values in forms])
    for family, (x, xs), (m, ms) in itertools.product((_GAUSSIAN, _LAPLACE), observed, outputs):
        for k in fits(numbers, family.on_numbers(xs, ms, log_scales)).nonzero().flatten().tolist():
            if forms[k][0] is not m:
                yield _scaled(family, x, m, forms[k][0])
    counts = list(log_forms(outputs, 1))
    dispersions = torch.stack([values for _, values in counts])
    density = spec.likelihood("negative_binomial").log_density
    for (x, xs), (m, ms) in itertools.product(observed, counts):
        if bool((xs < 0).any()):
            continue
        rows = density(xs, ms, log_dispersion=dispersions) + torch.lgamma(xs + 1)
        for k in fits(numbers, rows).nonzero().flatten().tolist():
            if counts[k][0] is not m:
                yield _counted(x, m, counts[k][0])


def _scaled(family: Family, x: TermArray, mean: TermArray, log_scale: TermArray | Rewrite) -> Quantity | Rewrite:
    if isinstance(log_scale, Rewrite):
        return log_scale
    term = -family.density(x, mean, log_scale)
    normaliser = -family.density(_ZERO, _ZERO, _ZERO)
    return Quantity(
        f"{family.name} of learned {'variance' if family is _GAUSSIAN else 'scale'}",
        term,
        normaliser,
        family.family,
        learned=True,
        parameters=(x, mean, log_scale),
    )


def _counted(x: TermArray, mean: TermArray | Rewrite, dispersion: TermArray | Rewrite) -> Quantity | Rewrite:
    for parameter in (mean, dispersion):
        if isinstance(parameter, Rewrite):
            return parameter
    term = -negative_binomial_density(x, mean, dispersion)
    return Quantity("negative binomial", term, lgamma(x + 1), "negative_binomial", parameters=(x,))


def _with_values(terms: list[TermArray], axes: list[int], values: Probe, defined: Tensor) -> _Terms:
    found = []
    for term in terms:
        with suppress(ReadingError):
            found.append((term, values.of(term, axes)[defined]))
    return found


def _categorical(
    body: Body, axes: list[int], values: Probe, observed: _Terms, outputs: _Terms, rows: frozenset[int]
) -> Found | None:
    """A categorical likelihood: -x log q, where q sums to 1 along an axis."""
    numbers = values.of(body.term, axes)
    defined = torch.isfinite(numbers)
    for (q, qs), (x, xs) in itertools.product(outputs, observed):
        if not bool(fits(numbers[defined], xs * qs)):
            continue
        if _sums_to_one(q, axes, values, rows):
            target = Quantity("categorical", -(x * q), _ZERO, "categorical", parameters=(x, q))
            if found := found_with(body, target, axes, values):
                return found
    return None


def _sums_to_one(q: TermArray, axes: list[int], values: Probe, rows: frozenset[int]) -> bool:
    """Whether e^q sums to 1 along an axis other than rows. 1e-5: log_softmax of a float32 is off by 1e-7 an element."""
    names = index_names(axes)
    whole = values_of(q.term, values.sets[0], values.lengths, names)
    return any(bool((whole.logsumexp(k).abs() < 1e-5).all()) for k, axis in enumerate(axes) if axis not in rows)
