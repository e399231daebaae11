"""What an SMT-LIB script says at a point, by walking the formula that z3 reads from it.

Sums and arrays written out are functions the script says nothing of. They are declared in the order in which they
occur, so the n-th declared means the n-th that occurs in the printed terms, of the indices free in it.
"""

from collections.abc import Iterator, Mapping
from math import prod
from typing import Any

import z3
from flint import fmpq

from conformance.formula_values import OPERATIONS, value
from vaelid.readings.terms.substitution import loose_levels, reindexed
from vaelid.readings.terms.syntax import Binder, Lambda, Symbol, Term, Variable, subterms

__all__ = ["Script"]

OWN = {
    z3.Z3_OP_ADD: "add",
    z3.Z3_OP_SUB: "subtract",
    z3.Z3_OP_UMINUS: "negative",
    z3.Z3_OP_DIV: "divide",
    z3.Z3_OP_NOT: "not",
    z3.Z3_OP_AND: "and",
    z3.Z3_OP_OR: "or",
    z3.Z3_OP_IMPLIES: "implies",
    z3.Z3_OP_IFF: "iff",
    z3.Z3_OP_EQ: "equal",
    z3.Z3_OP_LE: "less_equal",
    z3.Z3_OP_LT: "less",
}


def _opaque(term: Term) -> Iterator[Term]:
    """The sums and lambdas in a term, from left to right, but not those inside them."""
    if isinstance(term.head, Lambda) or term.head == Binder("sum"):
        yield term
        return
    for argument in term.arguments:
        yield from _opaque(argument)


def _meaning(term: Term) -> Term:
    """A sum or lambda as a function of its free indices, which are 0, 1, ... in it."""
    return reindexed(term, sorted(loose_levels(term)).index)


class Script:
    """A script, what its names mean, and the printed terms in order."""

    def __init__(self, text: str, terms: list[Term]) -> None:
        self.asserted = list(z3.parse_smt2_string(text))
        declared = [line.split()[1] for line in text.splitlines() if line.startswith("(declare-fun ")]
        names = [name for name in declared if name.startswith(("$sum", "$array"))]
        occurring: dict[Any, Term] = {}
        for term in terms:
            for found in _opaque(term):
                meaning = _meaning(found)
                occurring.setdefault((meaning.head, meaning.arguments[-1]), meaning)
        assert len(names) == len(occurring), (names, occurring)
        self.opaque: dict[str, Term] = dict(zip(names, occurring.values(), strict=True))
        heads = {part.head for term in terms for part in subterms(term)}
        self.named = {f"${head.name}": head for head in heads if isinstance(head, Variable | Symbol)}

    def truth(self, given: Mapping[Variable, Any], indices: range) -> list[Any]:
        return [_Walk(self, given, indices).value(formula, ()) for formula in self.asserted]


class _Walk:
    def __init__(self, script: Script, given: Mapping[Variable, Any], indices: range) -> None:
        self.script, self.given, self.indices = script, given, indices

    def value(self, ast: Any, bound: tuple[int, ...]) -> Any:
        if z3.is_quantifier(ast):
            assert ast.is_forall()
            assert ast.num_vars() == 1
            return OPERATIONS["and"](*[self.value(ast.body(), (i, *bound)) for i in self.indices])
        if z3.is_var(ast):
            return bound[z3.get_var_index(ast)]
        if z3.is_rational_value(ast):
            return fmpq(ast.numerator_as_long(), ast.denominator_as_long())
        if z3.is_int_value(ast):
            return ast.as_long()
        if z3.is_true(ast) or z3.is_false(ast):
            return z3.is_true(ast)
        kind = ast.decl().kind()
        arguments = [self.value(child, bound) for child in ast.children()]
        if kind == z3.Z3_OP_TO_REAL:
            return fmpq(arguments[0])
        if kind == z3.Z3_OP_MUL:
            return prod(arguments[1:], start=arguments[0])
        if kind in OWN:
            name = "iff" if OWN[kind] == "equal" and z3.is_bool(ast.children()[0]) else OWN[kind]
            return OPERATIONS[name](*arguments)
        assert kind == z3.Z3_OP_UNINTERPRETED, ast
        return self.declared(ast.decl().name(), arguments)

    def declared(self, name: str, arguments: list[Any]) -> Any:
        if name in self.script.opaque:
            return self.opaque(self.script.opaque[name], arguments)
        if name in self.script.named:
            head = self.script.named[name]
            if isinstance(head, Variable):
                return self.given[head]
            inner = dict(zip(head.parameters, arguments, strict=True))
            return value(head.body, inner, self.indices)
        if name.startswith("$element"):
            array, *at = arguments
            return array(*at)
        return OPERATIONS[name.removeprefix("$")](*arguments)

    def opaque(self, meaning: Term, arguments: list[Any]) -> Any:
        """The sum or the array at its size and free indices; index k is the k-th of them."""
        sizes = len(meaning.arguments) - 1
        free = tuple(arguments[sizes:])
        if isinstance(meaning.head, Lambda):
            return lambda *at: self.of_body(meaning.arguments[0], (*reversed(at), *free))
        return sum((self.of_body(meaning.arguments[1], (i, *free)) for i in range(arguments[0])), fmpq(0))

    def of_body(self, body: Term, bound: tuple[int, ...]) -> Any:
        return value(body, self.given, self.indices, bound=bound)
