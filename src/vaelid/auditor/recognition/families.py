"""Families of likelihoods, and which of them have the values of a term: a proposal for the kernel to prove.

In: the values of a term, and of the parts of it that may be data or outputs of the decoder. Out: each quantity that has
these values, up to a weight and a constant; or a `Rewrite` of a part in which one is easier to see. Example: the values
of ``softplus(h) - x * h`` are those of a Bernoulli's negative logarithm, of the data x and the logits h.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from vaelid import spec
from vaelid.auditor.model.question import Rewrite
from vaelid.auditor.recognition.quantities import Quantity, fits, log_forms
from vaelid.auditor.recognition.read_densities import (
    continuous_bernoulli_density,
    negative_binomial_density,
    poisson_density,
)
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.syntax import Operator
from vaelid.spec.arrays import lgamma
from vaelid.spec.likelihoods import bernoulli_log_density, gaussian_log_density
from vaelid.spec.likelihoods.continuous import laplace_log_density
from vaelid.theory.library.definitions import bernoulli_density, gaussian_density, laplace_density

__all__ = ["TermsWithValues", "families", "proposed_likelihoods"]


TermsWithValues = list[tuple[TermArray, Tensor]]
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


def proposed_likelihoods(numbers: Tensor, observed: TermsWithValues, outputs: TermsWithValues) -> _Proposed:
    """The likelihoods that fit the numbers: those with one output of the decoder first, then those with two."""
    yield from _of_one_parameter(numbers, observed, outputs)
    yield from _of_two_parameters(numbers, observed, outputs)


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


def _of_one_parameter(numbers: Tensor, observed: TermsWithValues, outputs: TermsWithValues) -> _Proposed:
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


def _of_two_parameters(numbers: Tensor, observed: TermsWithValues, outputs: TermsWithValues) -> _Proposed:
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
    if isinstance(mean, Rewrite):
        return mean
    if isinstance(dispersion, Rewrite):
        return dispersion
    term = -negative_binomial_density(x, mean, dispersion)
    name = "negative binomial"
    return Quantity(name, term, lgamma(x + 1), "negative_binomial", parameters=(x, mean, dispersion))
