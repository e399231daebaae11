"""The words of claims: the names that mean the same in every claim, and what the signs between them stand for."""

from collections.abc import Callable, Mapping
from typing import Any

from vaelid.readings.terms import formulas
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.syntax import Term
from vaelid.readings.terms.trace import Definition
from vaelid.spec.arrays import softplus
from vaelid.theory.grammar import parse
from vaelid.theory.library.definitions import DEFINITIONS

__all__ = [
    "ABBREVIATIONS",
    "ARITHMETIC",
    "COMPARISONS",
    "CONNECTIVES",
    "ELEMENTARY",
    "ELEMENTWISE",
    "NEVER_VARIABLES",
    "REDUCTIONS",
    "SIZES",
    "SPEC_FUNCTIONS",
]

SPEC_FUNCTIONS: Mapping[str, Definition] = {definition.name: definition for definition in DEFINITIONS}
"""The functions of the spec, by name."""
ABBREVIATIONS = {"KL": parse("diagonal_gaussian_kl_to_standard_sum(mu, logvar)")}
"""Names that are read as a longer text, as its tree."""
SIZES = frozenset(("D", "L", "K"))
"""Names that are lengths in the spec's own definitions."""
REDUCTIONS: Mapping[str, Callable[[Any], TermArray]] = {"sum": xp.sum, "mean": xp.mean}
"""Functions of an array that give a number."""
ELEMENTWISE: Mapping[str, Callable[[Any], TermArray]] = {
    **{name: getattr(xp, name) for name in ("exp", "log", "sqrt", "abs", "tanh", "lgamma", "log1p", "expm1")},
    "softplus": softplus,
}
"""Functions of a number, which take an array element by element."""
ELEMENTARY = frozenset((*REDUCTIONS, *ELEMENTWISE, "pi", *ABBREVIATIONS))
"""Names that mean the same in every claim, besides those of the spec's functions."""
NEVER_VARIABLES = ELEMENTARY - {"mean"}  # `mean` is a parameter of the spec's densities too
"""Names that no variable can have."""

COMPARISONS: Mapping[str, Callable[[Term, Term], Term]] = {
    "<": formulas.less,
    "<=": formulas.less_equal,
    ">": lambda left, right: formulas.less(right, left),
    ">=": lambda left, right: formulas.less_equal(right, left),
    "==": formulas.equal,
    "!=": formulas.not_equal,
}
"""From two numbers to a formula."""
CONNECTIVES: Mapping[str, Callable[..., Term]] = {
    "and": formulas.conjunction,
    "or": formulas.disjunction,
    "not": formulas.negation,
    "->": formulas.implies,
    "<->": formulas.iff,
}
"""From formulas to a formula."""
ARITHMETIC: Mapping[str, Callable[..., TermArray]] = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "sign": lambda x: -x,
}
"""From numbers or arrays to one; `sign` is the minus before a number."""
