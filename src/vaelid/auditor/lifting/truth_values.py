"""Tensors of truth values in a formula: numbers that are 0 or 1, whatever the batch.

In: a term, and which of its leaves are of truth values. Out: the same term, simpler: a factor m is 1 where it counts.
For example, m (x_hat - m x)^2 is m (x_hat - x)^2 then, and m^2 is m, which of real numbers they are not.
"""

from collections.abc import Callable, Mapping

import torch

from vaelid.auditor.formula.arithmetic import computed
from vaelid.auditor.formula.axes_of_terms import array_name, names_in
from vaelid.auditor.formula.errors import Mixed
from vaelid.auditor.lifting.reader import Reader
from vaelid.auditor.lifting.tensor import Leaf
from vaelid.auditor.recording.events import Event, Region
from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import REAL, Binder, Element, Number, Operator, Power, Term, Variable

__all__ = ["of_truth_values", "truth_values", "with_truth_values"]


def of_truth_values(reader: Reader, event: Event, region: Region) -> bool:
    """Whether a tensor that an event reads is of truth values."""
    try:
        return reader.values_before(event.number, region).dtype == torch.bool
    except Mixed:
        return False


def truth_values(leaves: Mapping[str, Leaf]) -> frozenset[str]:
    """The leaves of truth values."""
    return frozenset(name for name, leaf in leaves.items() if leaf.tensor.dtype == torch.bool)


def with_truth_values(term: TermArray, names: frozenset[str]) -> TermArray:
    """The term, where each element m of these arrays is 0 or 1: in m * f(m) it stands for 1, in (1 - m) * f(m) for 0.

    A part f(m) with f(0) = 0 is m * f(1): so (m x - m y)^2 is m (x - y)^2.
    """
    if not names & names_in(term):
        return term
    known: dict[Term, Term] = {}
    inside: dict[Term, frozenset[Term]] = {}

    def rebuilt(part: Term) -> Term:
        if not part.arguments or isinstance(part.head, Element):
            return part
        if part not in known:
            arguments = [rebuilt(argument) for argument in part.arguments]
            known[part] = built(part, arguments)
        return known[part]

    def built(part: Term, arguments: list[Term]) -> Term:
        if part.head == _TIMES:
            return _product(part, arguments, is_truth)
        whole = make(part.head, *arguments)
        if part.sort is REAL and isinstance(part.head, Operator | Power) and len(found := truths(whole)) == 1:
            return _as_product(whole, *found)
        return whole

    def truths(part: Term) -> frozenset[Term]:
        """The truth values in a term, but for those under its sums, whose indices are others."""
        if part not in inside:
            none = not part.arguments or isinstance(part.head, Binder)
            its = () if none else map(truths, part.arguments)
            inside[part] = frozenset({part}) if is_truth(part) else frozenset().union(*its)
        return inside[part]

    def is_truth(part: Term) -> bool:
        match part.head:
            case Element():
                return array_name(part) in names
            case Variable(name=name):
                return name in names
        return False

    return TermArray((), rebuilt(term.term))


def _as_product(part: Term, truth: Term) -> Term:
    """A part in one truth value, that is 0 for one of its two values, as the product that it is; else as it was."""
    zero, one = as_term(0).term, as_term(1).term
    off, on = (_at(part, {truth: value}) for value in (0, 1))
    if off is zero and on is not zero:
        return truth if on is one else make(_TIMES, truth, on)
    opposite = make(Operator("subtract"), one, truth)
    if on is zero and off is not zero and off is not one and part is not opposite:
        return make(_TIMES, opposite, off)
    return part


_TIMES = Operator("multiply")


def _product(part: Term, arguments: list[Term], is_truth: Callable[[Term], bool]) -> Term:
    """A product in which what one factor says of a truth value is used in the other."""
    one, other = arguments
    if one is other and is_truth(one):
        return one
    other = _at(other, _said_by(one, is_truth))
    one = _at(one, _said_by(other, is_truth))
    return make(part.head, one, other) if (one, other) == part.arguments else computed(part, [one, other])


def _said_by(factor: Term, is_truth: Callable[[Term], bool]) -> dict[Term, int]:
    """What truth values have to be for a factor not to be 0."""
    if is_truth(factor):
        return {factor: 1}
    match factor.head, factor.arguments:
        case Operator("multiply"), (x, y):
            return {**_said_by(x, is_truth), **_said_by(y, is_truth)}
        case Operator("negative"), (x,):
            return _said_by(x, is_truth)
        case Operator("divide"), (x, _):
            return _said_by(x, is_truth)
        case Operator("subtract"), (x, y) if isinstance(x.head, Number) and x.head.value == 1 and is_truth(y):
            return {y: 0}
    return {}


def _at(term: Term, values: Mapping[Term, int]) -> Term:
    """The term at these truth values. Under a sum, an index is another: there nothing is replaced."""
    if not values:
        return term
    known: dict[Term, Term] = {}

    def rebuilt(part: Term) -> Term:
        if part in values:
            return as_term(values[part]).term
        if not part.arguments or isinstance(part.head, Binder | Element):
            return part
        if part not in known:
            arguments = [rebuilt(argument) for argument in part.arguments]
            known[part] = part if tuple(arguments) == part.arguments else _computed(part, arguments)
        return known[part]

    return rebuilt(term)


def _computed(part: Term, arguments: list[Term]) -> Term:
    """The part of these arguments; x - x and 0^k are 0."""
    zero = as_term(0).term
    if part.head == Operator("subtract") and arguments[0] is arguments[1]:
        return zero
    if arguments[0] is zero and (isinstance(part.head, Power) or part.head in (Operator("abs"), Operator("negative"))):
        return zero
    return computed(part, arguments)
