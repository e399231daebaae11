"""Small rewritings of terms: arithmetic between numbers done, sums found, a term as linear in some of its parts.

In: a term. Out: an equal term, or its parts. For example, `simple` of 1 * x + 0 is x; `linear_in(2 * x + y, [x])` is
the factor 2 and the rest y; `tidy` of N0 * x / N0 is x, since lengths are positive.
"""

from fractions import Fraction
from functools import reduce
from operator import add, mul, sub, truediv

from vaelid.readings.terms.arrays import TermArray, as_term
from vaelid.readings.terms.substitution import instance, make
from vaelid.readings.terms.syntax import REAL, Binder, Number, Operator, Power, Term, Variable, free_variables, subterms
from vaelid.readings.terms.text import text

__all__ = [
    "computed",
    "is_number",
    "linear_in",
    "number_left",
    "outermost_sums",
    "replaced",
    "simple",
    "tidy",
    "without_number",
    "without_what_cancels",
]


def is_number(term: TermArray, value: int) -> bool:
    """Whether the term is this number as it stands."""
    return term.term is as_term(value).term


_MOST_PARTS = 2000
"""Parts that are looked at for what cancels. A term has its parts in common, and may be far longer as it is written."""


def number_left(term: TermArray) -> TermArray | None:
    """The number that a term is, where all else in it cancels, as in x + 2 - x; None where something does not."""
    found = _shares(term.term)
    return None if found is None or any(found[1].values()) else as_term(found[0])


def without_what_cancels(term: TermArray) -> TermArray:
    """The term with each addend once, and without those that cancel: x of x + (y - y), or of x + (x - x)."""
    found = _shares(term.term)
    if found is None or not any(part.head == Operator("subtract") for part in subterms(term.term)):
        return term
    number, shares = found
    left = [
        TermArray((), part) if share == 1 else share * TermArray((), part) for part, share in shares.items() if share
    ]
    numbers = [as_term(number)] if number or not left else []
    plain = reduce(add, [*left, *numbers])
    return plain if len(list(subterms(plain.term))) < len(list(subterms(term.term))) else term


def _shares(term: Term) -> tuple[Fraction, dict[Term, Fraction]] | None:
    """The number in a sum, and how often each other addend is in it; None where there are too many."""
    shares: dict[Term, Fraction] = {}
    number, waiting = Fraction(0), [(term, Fraction(1))]
    for _ in range(_MOST_PARTS):
        if not waiting:
            return number, shares
        part, share = waiting.pop()
        heads = tuple(argument.head for argument in part.arguments)
        match part.head, heads, part.arguments:
            case Number(value=value), (), ():
                number += share * value
            case Operator("add"), _, (x, y):
                waiting += [(y, share), (x, share)]
            case Operator("subtract"), _, (x, y):
                waiting += [(y, -share), (x, share)]
            case Operator("negative"), _, (x,):
                waiting.append((x, -share))
            case Operator("multiply"), (Number(value=value), _), (_, x):
                waiting.append((x, share * value))
            case Operator("multiply"), (_, Number(value=value)), (x, _):
                waiting.append((x, share * value))
            case Operator("divide"), (_, Number(value=value)), (x, _) if value:
                waiting.append((x, share / value))
            case _:
                shares[part] = shares.get(part, Fraction(0)) + share
    return None


def outermost_sums(term: Term) -> list[Term]:
    """What a term is linear in, of what has sums in it: sums, and functions of sums that are not linear."""
    found: dict[Term, None] = {}
    waiting = [term]
    while waiting:
        part = waiting.pop()
        if not _has_sum(part):
            continue
        match part.head, part.arguments:
            case Operator("add" | "subtract" | "negative"), parts:
                waiting += reversed(parts)
            case Operator("multiply"), (x, y) if not (_has_sum(x) and _has_sum(y)):
                waiting += (y, x)
            case Operator("divide"), (x, y) if not _has_sum(y):
                waiting.append(x)
            case _:
                found[part] = None
    return list(found)


def _has_sum(term: Term) -> bool:
    return any(part.head == Binder("sum") for part in subterms(term))


def replaced(term: Term, by: dict[Term, Term]) -> Term:
    """The term with other terms for some of its own; none of them may be under a binder of its own index."""
    known: dict[Term, Term] = {}

    def rebuilt(part: Term) -> Term:
        if part in by:
            return by[part]
        if not part.arguments:
            return part
        if part not in known:
            known[part] = make(part.head, *map(rebuilt, part.arguments))
        return known[part]

    return rebuilt(term)


def without_number(term: Term) -> tuple[Fraction, Term]:
    """A positive number that a term is multiplied by, and the rest."""
    if term.head == Operator("multiply"):
        for one, other in (term.arguments, term.arguments[::-1]):
            if isinstance(one.head, Number) and one.head.value > 0:
                number, rest = without_number(other)
                return number * one.head.value, rest
    return Fraction(1), term


def linear_in(term: TermArray, parts: list[Term]) -> tuple[list[TermArray], TermArray] | None:
    """Factors and rest, with term = sum of factor * part + rest; None where it is not linear as it stands."""
    names = [Variable(f"part_{k}", REAL) for k in range(len(parts))]
    whole = replaced(term.term, {part: make(name) for part, name in zip(parts, names, strict=True)})
    if not _is_linear(whole, set(names)):
        return None

    rest = simple(TermArray((), instance(whole, {name: as_term(0).term for name in names})))
    return [simple(_slope(whole, name)) for name in names], rest


def _slope(term: Term, name: Variable) -> TermArray:
    """The factor of a variable in a term that is linear in it."""
    if term.head == name:
        return as_term(1)
    if name not in free_variables(term):
        return as_term(0)
    match term.head, term.arguments:
        case Operator("add"), (x, y):
            return _slope(x, name) + _slope(y, name)
        case Operator("subtract"), (x, y):
            return _slope(x, name) - _slope(y, name)
        case Operator("negative"), (x,):
            return -_slope(x, name)
        case Operator("divide"), (x, y):
            return _slope(x, name) / TermArray((), y)
        case Operator("multiply"), (x, y):
            if name in free_variables(x):
                return _slope(x, name) * TermArray((), y)
            return TermArray((), x) * _slope(y, name)
        case Power(exponent=1), (x,):
            return _slope(x, name)
    raise TypeError(f"{term.head} is not linear")


def _degree(term: Term, names: set[Variable], known: dict[Term, int]) -> int:
    """The degree of a polynomial in these variables; 2 where it is none, or may be none."""
    if term.head in names:
        return 1
    if not term.arguments:
        return 0
    if term not in known:
        degrees = [_degree(part, names, known) for part in term.arguments]
        match term.head:
            case Operator("add" | "subtract" | "negative"):
                degree = max(degrees)
            case Operator("multiply"):
                degree = sum(degrees)
            case Operator("divide") if not degrees[1]:
                degree = degrees[0]
            case Power(exponent=exponent):
                degree = degrees[0] * exponent
            case _:
                degree = 2 if any(degrees) else 0
        known[term] = degree
    return known[term]


def _is_linear(term: Term, names: set[Variable]) -> bool:
    return _degree(term, names, {}) <= 1


_ARITHMETIC = {"add": add, "subtract": sub, "multiply": mul, "divide": truediv}
_NEUTRAL = {"add": 0, "subtract": 0, "multiply": 1, "divide": 1}


def simple(term: TermArray) -> TermArray:
    """The term without sums with 0, products with 0 and 1, and arithmetic between numbers."""
    return TermArray((), _simplified(term.term, {}))


def _simplified(term: Term, known: dict[Term, Term]) -> Term:
    if term.sort is not REAL or not isinstance(term.head, Operator) or not term.arguments:
        return term
    if term not in known:
        known[term] = computed(term, [_simplified(argument, known) for argument in term.arguments])
    return known[term]


def computed(term: Term, parts: list[Term]) -> Term:
    """The operation of a term on these parts, done where that is arithmetic between numbers, or with 0 or 1."""
    numbers = [part.head.value if isinstance(part.head, Number) and part.sort is REAL else None for part in parts]
    name = term.head.name if isinstance(term.head, Operator) else ""
    match name, numbers:
        case "negative", [Fraction() as a]:
            return as_term(-a).term
        case (("add" | "subtract" | "multiply" | "divide"), [Fraction() as a, Fraction() as b]) if (name, b) != (
            "divide",
            0,
        ):
            return as_term(_ARITHMETIC[name](a, b)).term
        case ("multiply", [0, _]) | ("multiply", [_, 0]) | ("divide", [0, _]):
            return as_term(0).term
        case (("add" | "multiply"), [a, _]) if a == _NEUTRAL[name]:
            return parts[1]
        case (("add" | "subtract" | "multiply" | "divide"), [_, b]) if b == _NEUTRAL[name]:
            return parts[0]
        case "subtract", [0, _]:
            return make(Operator("negative"), parts[1])
    return make(term.head, *parts)


def tidy(term: TermArray) -> TermArray:
    """A coefficient: a number times lengths and parts of lengths, in one order; else it is left as `simple` does.

    A length that is multiplied and divided by is 1 there: lengths are positive.
    """
    found = _product(term.term)
    if found is None:
        return simple(term)
    factor, powers, others = found
    result = as_term(factor)
    for length in sorted(powers, key=lambda t: text(t)):
        whole = TermArray((), length)
        for _ in range(abs(powers[length])):
            result = result * (whole if powers[length] > 0 else 1 / whole)
    for other in others:
        result = result * TermArray((), other)
    return _unit(result) if factor == 1 else result


def _unit(term: TermArray) -> TermArray:
    """The term without the 1 that it begins with."""
    return simple(term)


_Product = tuple[Fraction, dict[Term, int], list[Term]]


def _product(term: Term) -> _Product | None:
    """Number, powers of lengths, and other factors; None for a sum of several lengths."""
    match term.head, term.arguments:
        case Number(value=value), _:
            return value, {}, []
        case Operator("real"), _:
            return Fraction(1), {term: 1}, []
        case Operator("negative"), (x,):
            found = _product(x)
            return None if found is None else (-found[0], found[1], found[2])
        case Power(exponent=exponent), (x,):
            found = _product(x)
            if found is None or found[2]:
                return Fraction(1), {}, [term]
            return found[0] ** exponent, {length: power * exponent for length, power in found[1].items()}, []
        case Operator("multiply" | "divide"), (x, y):
            one, other = _product(x), _product(y)
            if one is None or other is None:
                return None
            if term.head == Operator("multiply"):
                return one[0] * other[0], _merged(one[1], other[1], 1), [*one[2], *other[2]]
            if other[0] == 0 or other[2]:
                return Fraction(1), {}, [term]
            return one[0] / other[0], _merged(one[1], other[1], -1), one[2]
    return Fraction(1), {}, [term]


def _merged(one: dict[Term, int], other: dict[Term, int], sign: int) -> dict[Term, int]:
    powers = dict(one)
    for length, power in other.items():
        powers[length] = powers.get(length, 0) + sign * power
    return {length: power for length, power in powers.items() if power}
