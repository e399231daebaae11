"""Statements as they are written in the library: formulas over symbolic arrays and numbers."""

from typing import Any

from vaelid.readings.terms import formulas
from vaelid.readings.terms.arrays import TermArray, as_term, index
from vaelid.readings.terms.syntax import Operator, Term, Variable

__all__ = ["at", "both", "eq", "every", "given", "iff", "le", "lt", "ne", "split"]


def _sides(left: Any, right: Any) -> tuple[Term, Term]:
    if any(isinstance(side, Term) for side in (left, right)):  # sizes
        return index(left), index(right)
    return as_term(left).term, as_term(right).term


def eq(left: Any, right: Any) -> Term:
    """left = right."""
    return formulas.equal(*_sides(left, right))


def ne(left: Any, right: Any) -> Term:
    """left != right."""
    return formulas.not_equal(*_sides(left, right))


def le(left: Any, right: Any) -> Term:
    """left <= right."""
    return formulas.less_equal(*_sides(left, right))


def lt(left: Any, right: Any) -> Term:
    """left < right."""
    return formulas.less(*_sides(left, right))


def both(*parts: Term) -> Term:
    """All of them."""
    return formulas.conjunction(*parts)


def iff(left: Term, right: Term) -> Term:
    """Both or neither."""
    return formulas.iff(left, right)


def given(*parts: Term) -> Term:
    """All but the last, together, imply the last."""
    *hypotheses, conclusion = parts
    return formulas.implies(formulas.conjunction(*hypotheses), conclusion) if hypotheses else conclusion


def every(i: Term, size: Term, formula: Term) -> Term:
    """For all 0 <= i < size: the formula."""
    assert isinstance(i.head, Variable)
    inside = formulas.conjunction(formulas.less_equal(index(0), i), formulas.less(i, size))
    return formulas.for_all(i.head, formulas.implies(inside, formula))


def at(array: TermArray, i: Term) -> TermArray:
    """The element of a vector at an index."""
    from vaelid.readings.terms.substitution import element

    return TermArray((), element(array.term, i))


def split(statement: Term) -> tuple[tuple[Term, ...], Term]:
    """The hypotheses of a statement, and its conclusion: of P -> Q -> R they are P and Q, and R."""
    if statement.head != Operator("implies"):
        return (), statement
    hypothesis, rest = statement.arguments
    more, conclusion = split(rest)
    return (*(hypothesis.arguments if hypothesis.head == Operator("and") else (hypothesis,)), *more), conclusion
