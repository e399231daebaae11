"""How the library proves: ways to call the kernel. Nothing here is trusted; a wrong tactic fails to prove."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from vaelid.readings.terms.arrays import TermArray, as_term, index
from vaelid.readings.terms.formulas import conjunction, equal, implies, less_equal
from vaelid.readings.terms.substitution import element, instance, make
from vaelid.readings.terms.syntax import (
    INDEX,
    VECTOR,
    Element,
    Operator,
    Symbol,
    Term,
    Variable,
    free_variables,
    subterms,
)
from vaelid.readings.terms.trace import Definition
from vaelid.theory.kernel import Theorem, axiom, generalize, induct, instantiate, smt, sum_equations, unfold

__all__ = ["by_induction", "equations", "exp_of_sum", "for_every", "prove", "use"]


def use(theorem: Theorem | str, **values: Any) -> Theorem:
    """The theorem, or the axiom of this name, with values for its variables, given by name."""
    theorem = axiom(theorem) if isinstance(theorem, str) else theorem
    named = {variable.name: variable for variable in free_variables(theorem.statement)}
    return instantiate(theorem, {named[name]: _value(value, named[name]) for name, value in values.items()})


def _value(value: Any, variable: Variable) -> Term:
    if variable.sort is INDEX:
        return index(value)
    return value if isinstance(value, Term) else as_term(value).term


@cache
def _equal_elements() -> Theorem:
    """v = w -> v[i] = w[i], for vectors."""
    v, w, i = make(Variable("v", VECTOR)), make(Variable("w", VECTOR)), make(Variable("i", INDEX))
    return smt(implies(equal(v, w), equal(element(v, i), element(w, i))))


def definitions_in(terms: Iterable[Term], of: Iterable[Definition] | None = None) -> list[Theorem]:
    """For each call of a defined function in the terms, and in what these stand for, the equation of that call.

    Of a vector the equations of its elements that occur. With `of`, of these functions only.
    """
    wanted = None if of is None else {symbol for definition in of for symbol in definition.symbols}
    found: dict[Term, Theorem] = {}
    waiting = list(terms)
    while waiting:
        for term in subterms(waiting.pop()):
            call = term.arguments[0] if isinstance(term.head, Element) else term
            if not isinstance(call.head, Symbol) or term.loose or term in found:
                continue
            if wanted is not None and call.head not in wanted:
                continue
            equation = instantiate(unfold(call.head), dict(zip(call.head.parameters, call.arguments, strict=True)))
            if call is not term:
                v, w = equation.statement.arguments
                equation = smt(
                    equal(term, element(w, *term.arguments[1:])),
                    [equation, use(_equal_elements(), v=v, w=w, i=term.arguments[1])],
                )
            found[term] = equation
            waiting.append(equation.statement)
    return list(found.values())


def equations(*calls: TermArray) -> list[Theorem]:
    """The equations of these calls of defined functions: what each stands for."""
    return definitions_in(call.term for call in calls)


def prove(goal: Term, premises: Iterable[Theorem] = (), *, unfolding: Iterable[Definition] | None = None) -> Theorem:
    """The goal by the solvers, from the premises and the definitions of the functions that occur.

    `unfolding` names the functions whose definitions are needed; fewer are easier for the solvers.
    """
    premises = list(premises)
    terms = [goal, *(premise.statement for premise in premises)]
    return smt(goal, [*premises, *definitions_in(terms, unfolding)])


def for_every(i: Term, goal: Term, premises: Iterable[Theorem] = ()) -> Theorem:
    """The goal for every index i."""
    assert isinstance(i.head, Variable)
    return generalize(prove(goal, premises), i.head)


def by_induction(statement: Term, n: Term, sums: Iterable[TermArray], premises: Iterable[Theorem] = ()) -> Theorem:
    """0 <= n -> statement; `sums` are the vectors whose sums over i < n occur in it."""
    assert isinstance(n.head, Variable)
    zero, step = sum_equations()
    vectors = [vector.term for vector in sums]
    premises = list(premises)
    after = make(Operator("index_add"), n, index(1))
    base = prove(instance(statement, {n.head: index(0)}), [*premises, *(use(zero, a=a) for a in vectors)])
    hypothesis = conjunction(less_equal(index(0), n), statement)
    goal = implies(hypothesis, instance(statement, {n.head: after}))
    return induct(statement, n.head, base, prove(goal, [*premises, *(use(step, a=a, n=n) for a in vectors)]))


def exp_of_sum(*exponents: Any) -> list[Theorem]:
    """exp(a + b + ...) = exp(a) exp(b) ..., from the left."""
    theorems, total = [], as_term(exponents[0])
    for exponent in exponents[1:]:
        theorems.append(use("exp_add", x=total, y=exponent))
        total = total + exponent
    return theorems
