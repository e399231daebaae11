"""From an equation of what functions stand for to one of the functions: without their insides being looked at again."""

from vaelid.auditor.formula.arithmetic import replaced
from vaelid.auditor.proofs.sums import proved
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.syntax import REAL, Symbol, Term, Variable, instance, make
from vaelid.theory.kernel import Theorem, instantiate
from vaelid.theory.statement import eq, given
from vaelid.theory.tactics import prove

__all__ = ["folded", "unfolded"]


def unfolded(term: Term) -> Term:
    """The term with what defined functions stand for."""
    if isinstance(term.head, Symbol):
        body = instance(term.head.body, dict(zip(term.head.parameters, term.arguments, strict=True)))
        return unfolded(body)
    return make(term.head, *map(unfolded, term.arguments)) if term.arguments else term


def folded(goal: Term, theorem: Theorem) -> Theorem:
    """The goal, an equation without hypotheses, from the theorem that is it with its functions unfolded.

    Both are of numbers in place of the left side, of each function's value and of what that is, to begin with.
    """
    left = goal.arguments[0]
    functions = list(dict.fromkeys(_outermost(goal.arguments[1])))
    insides = [unfolded(function) for function in functions]
    values = {p: Variable(f"f_{k}", REAL) for k, p in enumerate(dict.fromkeys([left, *functions, *insides]))}
    by = {p: make(variable) for p, variable in values.items()}
    pairs = list(zip(functions, insides, strict=True))
    equal = [eq(TermArray((), by[one]), TermArray((), by[other])) for one, other in pairs]
    plain = eq(*(TermArray((), replaced(side, by)) for side in theorem.statement.arguments))
    said = eq(*(TermArray((), replaced(side, by)) for side in goal.arguments))
    general = prove(given(*equal, plain, said))
    definitions = [proved(eq(TermArray((), one), TermArray((), other)), unfold=True) for one, other in pairs]
    back = {variable: p for p, variable in values.items()}
    return prove(goal, [instantiate(general, back), *definitions, theorem], unfolding=())


def _outermost(term: Term) -> list[Term]:
    if isinstance(term.head, Symbol):
        return [term]
    return [function for part in term.arguments for function in _outermost(part)]
