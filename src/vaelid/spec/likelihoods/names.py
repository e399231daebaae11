"""The short names of likelihoods: the API, the command line and `config.json` use the same ones."""

import difflib
from collections.abc import Callable

from vaelid.spec.errors import InputError
from vaelid.spec.likelihoods.continuous import (
    continuous_bernoulli,
    gaussian,
    gaussian_diag,
    gaussian_fixed,
    laplace,
)
from vaelid.spec.likelihoods.discrete import bernoulli, binomial, categorical, negative_binomial, poisson
from vaelid.spec.likelihoods.likelihood import Likelihood

__all__ = ["LIKELIHOOD_NAMES", "likelihood"]

_PLAIN = {
    value.name: value
    for value in (
        bernoulli,
        continuous_bernoulli,
        gaussian,
        gaussian_diag,
        laplace,
        poisson,
        negative_binomial,
    )
}
_WITH_NUMBER: dict[str, tuple[str, Callable[[str], Likelihood]]] = {
    "binomial": ("N", lambda number: binomial(int(number))),
    "gaussian": ("V", lambda number: gaussian_fixed(float(number))),
    "categorical": ("K", lambda number: categorical(int(number))),
}

LIKELIHOOD_NAMES = (*_PLAIN, *(f"{name}:{letter}" for name, (letter, _) in _WITH_NUMBER.items()))
"""Every short name: ``bernoulli``, ..., ``binomial:N``, ``gaussian:V``, ``categorical:K``."""


def likelihood(name: str | Likelihood) -> Likelihood:
    """The likelihood of a short name, such as ``"bernoulli"``, ``"binomial:16"`` or ``"gaussian:0.1"``.

    A `Likelihood` is returned as it is. Raises `InputError` for an unknown name or a bad number.
    """
    if isinstance(name, Likelihood):
        return name
    base, colon, number = name.partition(":")
    if not colon and base in _PLAIN:
        return _PLAIN[base]
    if base in _WITH_NUMBER:
        letter, make = _WITH_NUMBER[base]
        try:
            return make(number)
        except InputError:
            raise
        except ValueError:
            raise InputError(f"likelihood {name!r} needs a number {letter} after the colon: {base}:{letter}.") from None
    close = difflib.get_close_matches(base, [*_PLAIN, *_WITH_NUMBER], n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise InputError(f"likelihood {name!r} is not known.{hint} Known: {', '.join(LIKELIHOOD_NAMES)}.")
