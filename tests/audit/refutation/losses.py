"""Losses written twice: as terms for the search, and with mpmath's numbers in numpy's arrays as oracles, at 40 digits.

The loss has the sizes of `hand_made`: 3 rows, 2 latent coordinates, 4 places of data. `h` is a further array of a
network's, of the latent's axes.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import mpmath
import numpy as np
import torch

from vaelid.auditor.findings.declared import Declared
from vaelid.auditor.findings.refutation import Refutation
from vaelid.auditor.formula.axes_of_terms import element_of
from vaelid.auditor.refutation.loss_at_points import LossAtPoints
from vaelid.auditor.refutation.search_for_points import Search, search_of
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.namespace import NAMESPACE as xp

from ..hand_made import LOGVAR, MU, SQUARES, WRITTEN_KL, X_HAT, X, over, question
from ..witnessed import ball

MP = mpmath.mp.clone()
MP.dps = 40
Arrays = SimpleNamespace
"""The arrays mu, logvar, x, x_hat and h, of mpmath's numbers."""

NAMES = ("mu", "logvar", "x", "x_hat", "h")
H = element_of("h", (0, 1))
MORE = {"h": torch.linspace(-1.0, 1.5, 6, dtype=torch.float64).reshape(3, 2)}
GAUSSIAN = Declared(beta=1.0, likelihood="gaussian", prior="N(0, I)")

exp, log, absolute = (np.frompyfunc(function, 1, 1) for function in (MP.exp, MP.log, abs))


@dataclass(frozen=True)
class Loss:
    """One loss in both ways.

    Attributes:
        term: for the search.
        value: of the arrays.
    """

    term: TermArray
    value: Callable[[Arrays], Any]

    def __add__(self, other: "Loss") -> "Loss":
        return Loss(self.term + other.term, lambda a: self.value(a) + other.value(a))

    def __rmul__(self, factor: int) -> "Loss":
        return Loss(factor * self.term, lambda a: factor * self.value(a))


def rows(body: TermArray, value: Callable[[Arrays], Any], *axes: int) -> Loss:
    """The sum over rows and the second axis of a body."""
    return Loss(over(body, *axes), lambda a: value(a).sum())


def latents(body: TermArray, value: Callable[[Arrays], Any]) -> Loss:
    """A sum over rows and latent coordinates."""
    return rows(body, value, 0, 1)


def places(body: TermArray, value: Callable[[Arrays], Any]) -> Loss:
    """A sum over rows and places of the data."""
    return rows(body, value, 0, 2)


KL = latents(WRITTEN_KL, lambda a: (exp(a.logvar) + a.mu**2 - 1 - a.logvar) / 2)
NLL = places(SQUARES, lambda a: (a.x - a.x_hat) ** 2 / 2)
BERNOULLI = places(xp.log(1 + xp.exp(X_HAT)) - X * X_HAT, lambda a: log(1 + exp(a.x_hat)) - a.x * a.x_hat)
LAPLACE = places(abs(X - X_HAT), lambda a: absolute(a.x - a.x_hat))
POISSON = places(xp.exp(X_HAT) - X * X_HAT, lambda a: exp(a.x_hat) - a.x * a.x_hat)
SQUARED_MEANS = latents(MU**2, lambda a: a.mu**2)
MEANS = latents(MU, lambda a: a.mu)
LOGARITHMS = latents(LOGVAR, lambda a: a.logvar)


def search(loss: Loss, declared: Declared = GAUSSIAN, *, whole: bool = False, **changes: Any) -> Search:
    """A search of the first row's coordinates and of a few places of two rows; of all if it is `whole`."""
    arrays = {**MORE, **changes.pop("arrays", {})}
    made = search_of(LossAtPoints(question(loss.term, arrays=arrays, **changes)), declared, 1000.0)
    return made if whole else replace(made, coordinates=made.coordinates[:2], data=made.data[:3] + made.data[4:5])


def arrays_of(made: Search, point: Mapping[str, str] | None = None) -> Arrays:
    """Where the arrays are in a search, with the moves of a witness: ``{"mu[0, 1]": "3/2"}``."""
    found = {name: np.vectorize(MP.mpf, otypes=[object])(made.loss.base[name].numpy()) for name in NAMES}
    for element, number in (point or {}).items():
        name, place = re.fullmatch(r"(\w+)\[([\d, ]+)\]", element).groups()
        exact = Fraction(number)
        found[name][tuple(map(int, place.split(", ")))] = MP.mpf(exact.numerator) / exact.denominator
    return Arrays(**found)


def shown(text: str) -> float:
    """The number of a witness: the middle of a ball."""
    return float(ball(text).mid())


def numbers(refutation: Refutation) -> tuple[float, float]:
    """The two numbers of a witness."""
    return shown(refutation.witness.computed), shown(refutation.witness.expected)


def found_in(searched: Callable[[Search], Iterator[Refutation]], made: Search) -> tuple[Refutation, Arrays, Arrays]:
    """The first refutation, and the arrays with nothing moved and at its point."""
    refutation = next(iter(searched(made)))
    return refutation, arrays_of(made), arrays_of(made, refutation.witness.point)
