"""A posterior at other indices, where a term contains only some of its coordinates.

A posterior and a term come in; the posterior at the indices of the term goes out. Example: for the posterior of mu[i0,
i1] and ``sum over i1 of mu[i0, i1 + 1]^2``, which leaves out the first coordinate, it is that of mu[i0, i1 + 1].
"""

from fractions import Fraction

from vaelid.auditor.formula.axes_of_terms import axes_in, axis_of, elements_of, placed
from vaelid.auditor.model.posterior import Posterior
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import INDEX, Element, Number, Operator, Term, Variable

__all__ = ["posterior_of_coordinates"]


def posterior_of_coordinates(posterior: Posterior, body: TermArray) -> Posterior | None:
    """The posterior of the coordinates that a term contains; None if it is not some of the posterior's own."""
    theirs = elements_of(body)
    mine = elements_of(posterior.mean, posterior.log_variance)
    for one in mine:
        for other in theirs:
            if one in theirs or not isinstance(one.head, Element) or one.head != other.head:
                continue
            places = _moved(one.arguments[1:], other.arguments[1:]) if one.arguments[0] is other.arguments[0] else None
            if not places:
                continue
            mean, log_variance = placed(posterior.mean, places), placed(posterior.log_variance, places)
            if set(elements_of(mean, log_variance)) <= set(theirs):
                kept = tuple(a for a in posterior.axes if a not in places)
                more = tuple(a for place in places.values() for a in axes_in(place))
                return posterior.with_moments(mean, log_variance, (*kept, *more))
    return None


def _moved(one: tuple[Term, ...], other: tuple[Term, ...]) -> dict[int, Term] | None:
    """The substitution for axes that turns the first indices into the second; None if there is none."""
    found: dict[int, Term] = {}
    for mine, theirs in zip(one, other, strict=True):
        if mine is theirs:
            continue
        axis, offset = _split(mine)
        base, further = _split(theirs)
        if axis is None or further < offset:
            return None
        here = make(Number(Fraction(further - offset), INDEX)) if base is None else make(base)
        if base is not None and further > offset:
            here = make(Operator("index_add"), here, make(Number(Fraction(further - offset), INDEX)))
        found[axis_of(axis)] = here
    return found


def _split(place: Term) -> tuple[Variable | None, int]:
    """The index variable of a place and the number added to it: (i1, 2) for i1 + 2, (None, 3) for 3."""
    match place.head, place.arguments:
        case Variable() as axis, _:
            return axis, 0
        case Number(value=value), _:
            return None, int(value)
        case Operator("index_add"), (x, y):
            one, other = _split(x), _split(y)
            return one[0] or other[0], one[1] + other[1]
    return None, 0
