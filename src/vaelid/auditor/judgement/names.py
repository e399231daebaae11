"""Names for what a report is about: B, L and D for lengths, mu and logvar for a posterior.

In come terms in numbered axes, and which axes are those of rows, latents and data; out go text, and weights as a
`Monomial` in these letters. For axes 0 and 1 named B and L, mu[i0, i1] / N0 is shown as "mu[b, l] / B".
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from vaelid.auditor.formula.axes_of_terms import axis_of, is_length, length_name
from vaelid.auditor.judgement.readable import readable
from vaelid.auditor.judgement.users_names import Called, in_users_words
from vaelid.auditor.model.posterior import Posterior
from vaelid.auditor.model.probe import Probe
from vaelid.readings.terms.arrays import TermArray, size
from vaelid.readings.terms.substitution import instance, make
from vaelid.readings.terms.syntax import INDEX, Term, Variable, free_variables
from vaelid.readings.terms.text import text
from vaelid.theory.kernel import Theorem, instantiate

__all__ = ["Monomial", "Names", "Shown"]


_FRACTION = re.compile(r"((?<!\w)\()?(?<![\w.])(\d+)/(\d+)(?(1)\))")


def _as_written(found: re.Match) -> str:
    """A number that code has as a decimal: 0.1, and not 1/10; but 1/3, and 1/128."""
    above, below = int(found[2]), int(found[3])
    ends = below > 9 and below % 5 == 0 and 10 ** below.bit_length() % below == 0
    return repr(above / below) if ends else found[0]


@dataclass(frozen=True)
class Monomial:
    """A number times lengths to whole powers."""

    number: float
    powers: Mapping[str, int]

    def __truediv__(self, other: "Monomial") -> "Monomial":
        powers = dict(self.powers)
        for name, power in other.powers.items():
            powers[name] = powers.get(name, 0) - power
        return Monomial(self.number / other.number, {name: power for name, power in powers.items() if power})

    def __str__(self) -> str:
        above = [name if power == 1 else f"{name}^{power}" for name, power in self.powers.items() if power > 0]
        below = [name if power == -1 else f"{name}^{-power}" for name, power in self.powers.items() if power < 0]
        shown = f"{self.number:.10g}"
        top = " * ".join(([shown] if shown != "1" or not above else []) + above)
        if not below:
            return top
        return f"{top} / {below[0]}" if len(below) == 1 else f"{top} / ({' * '.join(below)})"

    def at(self, sizes: Mapping[str, int]) -> float:
        """Its value."""
        result = self.number
        for name, power in self.powers.items():
            result *= sizes[name] ** power
        return result


@dataclass(frozen=True)
class Names:
    """Which letter is which axis.

    Attributes:
        groups: B the axes of rows, L those of latent coordinates, D those of an observation.
        sizes: the recorded length behind each letter: of L and D the product of their axes.
        words: what the user calls the arrays.
        lengths: the recorded length of each axis.
    """

    groups: Mapping[str, tuple[int, ...]]
    sizes: Mapping[str, int]
    words: Mapping[str, Called] = field(default_factory=dict)
    lengths: Mapping[int, int] = field(default_factory=dict)

    @property
    def of_axis(self) -> dict[int, str]:
        """The letter of each axis, with a number where one has several."""
        found = {}
        for letter, axes in self.groups.items():
            for k, axis in enumerate(axes):
                found[axis] = letter if letter == "B" or len(axes) == 1 else f"{letter}{k + 1}"
        return found

    def monomial(self, weight: TermArray, values: Probe) -> Monomial | None:
        """A weight by these letters; None where it is no number times powers of lengths."""
        axes = sorted({axis_of(v) for v in free_variables(weight.term) if is_length(v)})
        variables = {v for v in free_variables(weight.term) if v.sort is not INDEX}
        if variables:
            return None
        found = []
        for shape in [{}, *({axis: 2} for axis in axes)]:
            sizes = {length_name(a): shape.get(a, 1) for a in axes}
            found.append(Probe((), sizes).number(weight))
        if found[0] == 0:
            return Monomial(0.0, {})
        powers: dict[int, int] = {}
        for axis, moved in zip(axes, found[1:], strict=True):
            power = _power(moved / found[0])
            if power is None:
                return None
            powers[axis] = power
        factor = math.prod(self._rows(axis) ** power for axis, power in powers.items())
        monomial = Monomial(float(found[0] * factor), self._by_letter(powers))
        lengths = {name: self.sizes.get(name) for name in map(length_name, axes)}
        if None in lengths.values():
            return monomial
        known = Probe((), {name: length for name, length in lengths.items() if length is not None})
        return monomial if math.isclose(monomial.at(self.sizes), known.number(weight), rel_tol=1e-9) else None

    def _rows(self, axis: int) -> Fraction:
        """How many times as long as the axis of rows one of `groups["B"]` is: rows and places may be one axis."""
        if axis not in self.groups.get("B", ()) or "B" not in self.sizes:
            return Fraction(1)
        return Fraction(self.sizes[length_name(axis)], self.sizes["B"])

    def _by_letter(self, powers: dict[int, int]) -> dict[str, int]:
        result: dict[str, int] = {}
        for letter, axes in self.groups.items():
            each = [powers.pop(axis, 0) for axis in axes]
            if letter == "B":
                result[letter] = sum(each)
            elif len(set(each)) == 1:
                result[letter] = each[0]
            else:
                result |= {self.of_axis[axis]: power for axis, power in zip(axes, each, strict=True)}
        result |= {length_name(axis): power for axis, power in powers.items()}
        return {name: power for name, power in result.items() if power}

    def text(self, term: Term | TermArray) -> str:
        """A formula with these letters, and with the user's words for arrays."""
        term = in_users_words(term.term if isinstance(term, TermArray) else term, self.words, self.lengths)
        known: dict[Variable, Term] = {}
        for v in free_variables(term):
            letter = self.of_axis.get(axis_of(v)) if v.sort is INDEX else None
            if letter is not None:
                known[v] = size(letter if is_length(v) else letter.lower())
        return _FRACTION.sub(_as_written, text(readable(instance(term, known))))

    def theorem(self, theorem: Theorem, arrays: Mapping[str, str]) -> Theorem:
        """A theorem with these letters for lengths, small ones for indices, and these names for arrays."""
        values: dict[Variable, Term] = {}
        for variable in free_variables(theorem.statement):
            if variable.sort is not INDEX:
                values[variable] = make(Variable(arrays.get(variable.name, variable.name), variable.sort))
            elif (letter := self.of_axis.get(axis_of(variable))) is not None:
                values[variable] = size(letter if is_length(variable) else letter.lower())
        return instantiate(theorem, values)


# No loss divides by a length more than four times; a float to the power 5 of 2 would still be exact.
_MOST_POWER = 4


def _power(ratio: float) -> int | None:
    """The power of a length in a weight, from how the weight changes where the length doubles."""
    for power in range(-_MOST_POWER, _MOST_POWER + 1):
        if abs(ratio - 2.0**power) < 1e-9 * 2.0**power:
            return power
    return None


@dataclass(frozen=True)
class Shown:
    """How elements are named in a witness: the posterior's mean and log-variance by these words."""

    posterior: Posterior | None
    names: Names

    def __call__(self, element: Term) -> str:
        if self.posterior is not None:
            if element is self.posterior.mean.term:
                return "mu"
            if element is self.posterior.log_variance.term:
                return "logvar"
            if self.posterior.below is not None and element is self.posterior.below.element.term:
                return "L below its diagonal"
            if self.posterior.log_variance.term is (2 * TermArray((), element)).term:
                return "log sigma"
        said = in_users_words(element, self.names.words, self.names.lengths)
        return text(said.arguments[0] if said.arguments else said)
