"""A definition at random numbers: what each of its variables is there, and what its function computes in torch.

Encoder and decoder are maps that lose nothing in floating point: each output is an input, or its absolute value,
times a power of two. So all rounding is that of the spec, and is bounded operation by operation.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from flint import arb
from hypothesis import strategies as st

from vaelid import spec
from vaelid.readings.terms.arrays import TermArray, TermMap, index
from vaelid.readings.terms.syntax import INDEX, Term, Variable
from vaelid.readings.terms.trace import Definition
from vaelid.spec.conventions import KL_REDUCTIONS, RECONSTRUCTION_LOSSES
from vaelid.theory.library.definitions import DEFINITIONS, EFFECTIVE_BETA, D, K, L, gaussian_nll

from .formula_values import array_value, ball, precise, value

__all__ = ["SYMBOLS", "Point", "not_near", "point"]

LOSS = Fraction(2) ** -51
"""What an operation in float64 may lose of its size: 2 units in the last place, as most cases of the table allow."""

SYMBOLS = [(definition, number) for definition in DEFINITIONS for number in range(len(definition.symbols))]


@dataclass(frozen=True)
class ExactMap:
    """out[k] = scale[k] * (the absolute value of, where folded[k]) x[place[k]]."""

    place: tuple[int, ...]
    scale: tuple[float, ...]
    folded: tuple[bool, ...]

    def in_torch(self, x: torch.Tensor) -> torch.Tensor:
        chosen = x[..., list(self.place)]
        return torch.where(torch.tensor(self.folded), chosen.abs(), chosen) * torch.tensor(self.scale).to(x)

    def of_values(self, x: Callable[[int], Any]) -> Callable[[int], Any]:
        def output(k: int) -> Any:
            chosen = x(self.place[k])
            return (abs(chosen) if self.folded[k] else chosen) * int(4 * self.scale[k]) / 4

        return output


NUMBERS = st.one_of(st.floats(-8, 8), st.sampled_from([0.0, 1.0, -1.0, 0.5, -8.0, 8.0, 1e-9, -1e-300]))
POSITIVE = st.floats(2**-7, 8)


@st.composite
def _map(draw: st.DrawFn, inputs: int, outputs: int) -> ExactMap:
    def each(of: st.SearchStrategy) -> tuple:
        return tuple(draw(st.lists(of, min_size=outputs, max_size=outputs)))

    return ExactMap(
        each(st.integers(0, inputs - 1)), each(st.sampled_from([0.25, -0.5, 1.0, -1.0, 2.0])), each(st.booleans())
    )


def _in_torch(parameter: Any, arrays: dict[Variable, Any]) -> Any:
    """A definition's parameter with torch arrays, or maps on them, in place of its variables."""
    if isinstance(parameter, TermArray | TermMap):
        found = arrays[parameter.term.head]
        return found.in_torch if isinstance(found, ExactMap) else torch.tensor(found, dtype=torch.float64)
    assert is_dataclass(parameter)
    return type(parameter)(
        **{field.name: _in_torch(getattr(parameter, field.name), arrays) for field in fields(parameter)}
    )


def _function(definition: Definition, sizes: dict[Term, int]) -> Callable[..., Any]:
    """What runs: the function of the spec that the definition was read from."""
    if definition is gaussian_nll:
        return lambda x, output, log_variance: (
            -spec.likelihood("gaussian").log_prob(x, output, log_variance=log_variance)
        )
    if definition in EFFECTIVE_BETA.values():
        loss, kl = next(names for names, other in EFFECTIVE_BETA.items() if other is definition)
        assert loss in RECONSTRUCTION_LOSSES
        assert kl in KL_REDUCTIONS
        return lambda beta, variance: spec.effective_beta(
            loss=loss, kl=kl, D=sizes[D], L=sizes[L], beta=beta, variance=variance
        )
    return definition.source


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, tuple):
        return [leaf for member in value for leaf in _leaves(member)]
    if is_dataclass(value) and not isinstance(value, type):
        return [leaf for field in fields(value) for leaf in _leaves(getattr(value, field.name))]
    return [value]


@dataclass(frozen=True)
class Point:
    """Values of a definition's variables."""

    definition: Definition
    sizes: dict[Term, int]
    drawn: dict[Variable, Any]

    @property
    def given(self) -> dict[Variable, Any]:
        """The values, for a term."""
        lengths = {size.head: length for size, length in self.sizes.items() if size.sort is INDEX}
        return lengths | {
            variable: found.of_values if isinstance(found, ExactMap) else array_value(found)
            for variable, found in self.drawn.items()
        }

    @property
    def results(self) -> list[np.ndarray]:
        """The arrays that the function returns in torch."""
        arguments = [_in_torch(parameter, self.drawn) for parameter in self.definition.parameters.values()]
        return [result.numpy() for result in _leaves(_function(self.definition, self.sizes)(*arguments))]


@st.composite
def point(draw: st.DrawFn, definition: Definition) -> Point:
    sizes = {size: draw(st.integers(1, 3)) for size in (D, L, K)}
    drawn: dict[Variable, Any] = {}
    for leaf in _leaves(tuple(definition.parameters.values())):
        name = leaf.term.head.name
        if isinstance(leaf, TermMap):
            inputs = L if name.startswith("model.decoder") else D
            drawn[leaf.term.head] = draw(_map(sizes[inputs], sizes[index(leaf.length)]))
        else:
            shape = [sizes[index(length)] for length in leaf.shape]
            count = int(np.prod(shape))
            numbers = POSITIVE if name == "variance" else NUMBERS
            drawn[leaf.term.head] = np.reshape(draw(st.lists(numbers, min_size=count, max_size=count)), shape)
    return Point(definition, sizes, drawn)


def not_near(body: Term, given: dict[Variable, Any], result: np.ndarray) -> str | None:
    """Which element of a float64 result lies further from the term's value than rounding can bring it."""
    with precise(200):
        found = value(body, given, loss=LOSS)
        for index, number in np.ndenumerate(result):
            one = ball(found(*index) if index else found)
            if not one.contains(arb(float(number))):
                return f"at {index}: {number} is not in {one}"
            if one.contains(arb(float(number)) + 1e-6 * (1 + abs(float(number)))):
                return f"at {index}: the bound {one} says nothing"
    return None
