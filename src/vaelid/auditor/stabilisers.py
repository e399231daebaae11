"""Small numbers that are added inside a logarithm to keep it from zero."""

from fractions import Fraction

from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.syntax import Number, Operator, Term, make

__all__ = ["without_stabilisers"]

_SMALL = Fraction(1, 10**5)


def without_stabilisers(term: TermArray) -> tuple[TermArray, str]:
    """The term with log(v) for log(v + c), 0 < c <= 10^-5, and a sentence on what that leaves out, if anything.

    |log(v + c) - log(v)| <= c / v for v > 0.
    """
    dropped: set[Fraction] = set()
    known: dict[Term, Term] = {}

    def rebuilt(part: Term) -> Term:
        if part not in known:
            arguments = tuple(map(rebuilt, part.arguments))
            if part.head == Operator("log"):
                arguments = (_without(arguments[0], dropped),)
            known[part] = make(part.head, *arguments) if part.arguments else part
        return known[part]

    found = rebuilt(term.term)
    if not dropped:
        return term, ""
    numbers = ", ".join(f"{float(number):g}" for number in sorted(dropped))
    said = (
        f"log(v + c) is read as log(v), c = {numbers}: off by at most c / v in each, so the theorem is of the loss "
        "without c"
    )
    return TermArray((), found), said


def _without(inside: Term, dropped: set[Fraction]) -> Term:
    """v for v + c, and for v (1 - c), in whatever order: for (p + c) (1 - 2 c) + c too, and for 1 - that."""
    left, right = inside.arguments if len(inside.arguments) == 2 else (inside, inside)
    match inside.head:
        case Operator("add"):
            for number, rest in ((left, right), (right, left)):
                if isinstance(number.head, Number) and 0 < number.head.value <= _SMALL:
                    dropped.add(number.head.value)
                    return _without(rest, dropped)
            return make(inside.head, _without(left, dropped), _without(right, dropped))
        case Operator("multiply"):
            for number, rest in ((left, right), (right, left)):
                if isinstance(number.head, Number) and 0 < abs(number.head.value - 1) <= _SMALL:
                    dropped.add(abs(number.head.value - 1))
                    return _without(rest, dropped)
        case Operator("subtract") if isinstance(left.head, Number):
            return make(inside.head, left, _without(right, dropped))
    return inside
