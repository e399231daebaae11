"""Terms and formulas drawn at random, under any number of binders, and models for them.

A test is given a `Draw` by hypothesis, for a seed; the seed of one that fails is in the report.
"""

from collections.abc import Iterable
from fractions import Fraction
from random import Random
from typing import Any

from flint import fmpq
from hypothesis import strategies as st
from model_values import periodic

from vaelid.readings.terms.formulas import conjunction, disjunction, equal, iff, implies, less, less_equal, negation
from vaelid.readings.terms.substitution import element, make, shifted
from vaelid.readings.terms.syntax import (
    INDEX,
    MAP,
    REAL,
    VECTOR,
    Binder,
    Bound,
    Lambda,
    Number,
    Operator,
    Power,
    Sort,
    Term,
    Variable,
    array_of_rank,
)

REALS = tuple(Variable(name, REAL) for name in ("x", "y", "z"))
SIZES = tuple(Variable(name, INDEX) for name in ("n", "k"))
VECTORS = tuple(Variable(name, VECTOR) for name in ("a", "b"))
MATRIX = Variable("c", array_of_rank(2))
MAPPING = Variable("f", MAP)


def number(value: Any, sort: Sort = REAL) -> Term:
    return make(Number(Fraction(value), sort))


def operation(name: str, *arguments: Term) -> Term:
    return make(Operator(name), *arguments)


class Draw:
    """Draws terms: `opaque` ones with sums, arrays, maps and functions of which nothing is known, others rational."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.opaque = True

    def __repr__(self) -> str:
        return f"Draw({self.seed})"

    def one(self, of: Iterable) -> Any:
        return self.random.choice(list(of))

    def rational(self) -> Fraction:
        return Fraction(self.random.randint(-4, 4), self.one([1, 1, 2, 3]))

    def real(self, depth: int = 3, scope: int = 0) -> Term:
        """A real term under `scope` binders."""
        kinds = ["number", "variable", "index"] + ["element"] * self.opaque
        if depth > 0:
            kinds += ["negative", "power", "binary", "binary", "divide"]
            kinds += ["sum", "sum", "matrix", "vector", "function"] * self.opaque
        match self.one(kinds):
            case "number":
                return number(self.rational())
            case "variable":
                return make(self.one(REALS))
            case "index":
                return operation("real", self.index(scope))
            case "element":
                return element(make(self.one(VECTORS)), self.index(scope))
            case "negative":
                return operation("negative", self.real(depth - 1, scope))
            case "function":
                return operation(self.one(["abs", "tanh"]), self.real(depth - 1, scope))
            case "power":
                return make(Power(self.random.randint(0, 3)), self.real(depth - 1, scope))
            case "binary":
                name = self.one(["add", "subtract", "multiply"])
                return operation(name, self.real(depth - 1, scope), self.real(depth - 1, scope))
            case "divide":
                return operation("divide", self.real(depth - 1, scope), self.real(depth - 1, scope))
            case "sum":
                return make(Binder("sum"), self.index(scope), self.real(depth - 1, scope + 1))
            case "matrix":
                return element(self.matrix(depth - 1, scope), self.index(scope), self.index(scope))
        return element(self.vector(depth - 1, scope), self.index(scope))

    def index(self, scope: int = 0) -> Term:
        """An index term under `scope` binders."""
        match self.one(["bound", "bound", "variable", "number", "next"] if scope else ["variable", "number"]):
            case "bound":
                return make(Bound(self.random.randrange(scope)))
            case "variable":
                return make(self.one(SIZES))
            case "number":
                return number(self.random.randint(-2, 3), INDEX)
        return operation(
            "index_add", make(Bound(self.random.randrange(scope))), number(self.random.randint(-1, 1), INDEX)
        )

    def vector(self, depth: int = 2, scope: int = 0) -> Term:
        """A vector: a variable, one written out, or what a map puts out."""
        kind = self.one(["variable", "lambda", "lambda", "apply"]) if depth > 0 else "variable"
        if kind == "variable":
            return make(self.one(VECTORS))
        if kind == "apply":
            return operation("apply", make(MAPPING), self.vector(depth - 1, scope))
        return make(Lambda(1), self.real(depth - 1, scope + 1))

    def matrix(self, depth: int = 2, scope: int = 0) -> Term:
        """An array of two axes: a variable, or one written out."""
        return make(MATRIX) if depth <= 0 else make(Lambda(2), self.real(depth - 1, scope + 2))

    def formula(self, depth: int = 2, scope: int = 0, terms: int = 2) -> Term:
        """A formula over terms of depth `terms`; a `forall` in it is guarded by bounds, so that few indices decide."""
        match self.one(["compared", *["connective", "connective", "not", "forall"] * (depth > 0)]):
            case "compared":
                compare = self.one([equal, less, less_equal])
                if self.one(range(4)) == 0:
                    return compare(self.index(scope), self.index(scope))
                return compare(self.real(terms, scope), self.real(terms, scope))
            case "not":
                return negation(self.formula(depth - 1, scope, terms))
            case "connective":
                combine = self.one([conjunction, disjunction, implies, iff])
                return combine(self.formula(depth - 1, scope, terms), self.formula(depth - 1, scope, terms))
        return for_all_below(self.index(scope), self.formula(depth - 1, scope + 1, terms))

    def values(self) -> dict[Variable, Term]:
        """Values for some of the variables."""
        drawn = {
            **{variable: self.real(2) for variable in REALS},
            **{variable: self.index() for variable in SIZES},
            **{variable: self.vector(2) for variable in VECTORS},
            MATRIX: self.matrix(2),
        }
        return {variable: value for variable, value in drawn.items() if self.one([True, True, False])}

    def exact(self) -> fmpq:
        value = self.rational()
        return fmpq(value.numerator, value.denominator)

    def model(self) -> dict[Variable, Any]:
        """A value for each variable."""
        offset, slope, columns = self.exact(), self.exact(), [self.exact() for _ in range(3)]
        return {
            **{variable: self.exact() for variable in REALS},
            **{variable: self.random.randint(-2, 3) for variable in SIZES},
            **{variable: periodic(self.exact(), self.exact(), self.exact()) for variable in VECTORS},
            MATRIX: lambda i, j: columns[i % 3] + j * slope,
            MAPPING: lambda vector: lambda i: offset + slope * vector(i) + vector(0),
        }


def for_all_below(size: Term, body: Term) -> Term:
    """For every 0 <= i < size: the body, whose index 0 is i."""
    bound = make(Bound(0))
    inside = conjunction(less_equal(number(0, INDEX), bound), less(bound, shifted(size, 1)))
    return make(Binder("forall"), implies(inside, body))


DRAWS = st.integers(0, 10**9).map(Draw)
