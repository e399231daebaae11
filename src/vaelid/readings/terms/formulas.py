"""Formulas, by their usual names. `for_all` ranges over one index; other variables range over all values anyway."""

from vaelid.readings.terms.substitution import abstracted, make
from vaelid.readings.terms.syntax import INDEX, Binder, Operator, Term, Variable

__all__ = [
    "conjunction",
    "disjunction",
    "equal",
    "for_all",
    "iff",
    "implies",
    "less",
    "less_equal",
    "negation",
    "not_equal",
]


def equal(left: Term, right: Term) -> Term:
    """left = right: of real numbers, indices, or vectors as functions."""
    return make(Operator("equal"), left, right)


def not_equal(left: Term, right: Term) -> Term:
    """left != right."""
    return negation(equal(left, right))


def less_equal(left: Term, right: Term) -> Term:
    """left <= right."""
    return make(Operator("less_equal"), left, right)


def less(left: Term, right: Term) -> Term:
    """left < right."""
    return make(Operator("less"), left, right)


def negation(formula: Term) -> Term:
    """Not."""
    return make(Operator("not"), formula)


def conjunction(*formulas: Term) -> Term:
    """All of them; one formula is itself, none is true."""
    return formulas[0] if len(formulas) == 1 else make(Operator("and"), *formulas)


def disjunction(*formulas: Term) -> Term:
    """At least one of them; one formula is itself, none is false."""
    return formulas[0] if len(formulas) == 1 else make(Operator("or"), *formulas)


def implies(hypothesis: Term, conclusion: Term) -> Term:
    """If the hypothesis, then the conclusion."""
    return make(Operator("implies"), hypothesis, conclusion)


def iff(left: Term, right: Term) -> Term:
    """Both or neither."""
    return make(Operator("iff"), left, right)


def for_all(variable: Variable, formula: Term) -> Term:
    """For every index: the formula with that index for the variable, which is then bound."""
    if type(variable) is not Variable or variable.sort is not INDEX:
        raise TypeError("only an index is quantified; other variables stand for every value")
    return make(Binder("forall"), abstracted(formula, variable))
