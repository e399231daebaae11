"""A term changed in one place, rightly or wrongly: conjectures close enough to true that solvers prove some."""

from drawn_terms import Draw, number, operation

from vaelid.readings.terms.substitution import element, make, shifted
from vaelid.readings.terms.syntax import INDEX, REAL, Binder, Bound, Element, Lambda, Number, Operator, Power, Term


def changed(draw: Draw, term: Term, scope: int = 0) -> Term:
    """The term with one part replaced by another of its sort: equal to it for some choices, not for others."""
    if term.arguments and draw.one(range(3)):
        place = draw.one(range(len(term.arguments)))
        arguments = list(term.arguments)
        arguments[place] = changed(draw, arguments[place], scope + term.head.binds(place))
        return make(term.head, *arguments)
    choices = [*_real_changes(draw, term, scope), *_rearranged(draw, term)]
    if term.sort is INDEX:
        choices += [operation("index_add", term, number(0, INDEX)), draw.index(scope)]
    return draw.one(choices) if choices else term


def _real_changes(draw: Draw, term: Term, scope: int) -> list[Term]:
    if term.sort is not REAL:
        return []
    other = draw.real(1, scope)
    return [
        operation("add", term, number(0)),
        operation("multiply", number(1), term),
        operation("negative", operation("negative", term)),
        operation("subtract", operation("add", term, other), other),
        operation("multiply", operation("divide", term, other), other),  # wrong where the other is 0
        operation("divide", term, number(2)),
        element(make(Lambda(1), shifted(term, 1)), draw.index(scope)),
    ]


def _rearranged(draw: Draw, term: Term) -> list[Term]:
    """Both orders of two arguments, a power written out, a sum of another length, an element of another place."""
    head, arguments = term.head, term.arguments
    if isinstance(head, Operator) and len(arguments) == 2 and arguments[0].sort is arguments[1].sort:
        return [make(head, *reversed(arguments))] * 2
    if isinstance(head, Power) and head.exponent == 2:
        return [operation("multiply", arguments[0], arguments[0])] * 2
    if isinstance(head, Power):
        return [make(Power(head.exponent + 2), *arguments)]
    if isinstance(head, Binder) and head.name == "sum":
        longer = operation("index_add", arguments[0], number(draw.one([0, 1]), INDEX))
        return [make(head, longer, arguments[1])] * 2
    if isinstance(head, Element):
        later = operation("index_add", arguments[1], number(draw.one([0, 1]), INDEX))
        return [make(head, arguments[0], later, *arguments[2:])]
    if isinstance(head, Number):
        return [make(Number(-head.value, head.sort))]
    if isinstance(head, Bound):
        return [make(Bound(0))]
    return []
