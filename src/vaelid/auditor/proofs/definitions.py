"""Definitions unfolded, and a theorem about the bodies turned into one about the defined functions.

A goal with defined functions comes in, for instance ``loss = 2 * coordinate_kl(mu, lv)``, with the theorem about their
bodies, ``loss = 2 * ((exp(lv) + mu^2 - 1 - lv) / 2)``; the theorem that is the goal goes out. The bodies are not
reasoned about a second time.
"""

from vaelid.auditor.formula.arithmetic import replaced
from vaelid.auditor.proofs.obligations import proved
from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import REAL, Symbol, Term, Variable
from vaelid.theory.export.atoms import unfolded
from vaelid.theory.kernel import Theorem, instantiate
from vaelid.theory.statement import eq, given
from vaelid.theory.tactics import prove

__all__ = ["with_definitions"]


def with_definitions(goal: Term, theorem: Theorem) -> Theorem:
    """The goal, an equation without hypotheses, from `theorem`: the same equation with its definitions unfolded.

    First prove it with fresh variables for the left side, for each call and for each unfolded body; then substitute
    the terms back. So the solvers see three or four variables and no exponential.
    """
    left = goal.arguments[0]
    calls = list(dict.fromkeys(_outermost_calls(goal.arguments[1])))
    bodies = [unfolded(call) for call in calls]
    values = {p: Variable(f"f_{k}", REAL) for k, p in enumerate(dict.fromkeys([left, *calls, *bodies]))}
    by = {p: make(variable) for p, variable in values.items()}
    pairs = list(zip(calls, bodies, strict=True))
    equal = [eq(TermArray((), by[one]), TermArray((), by[other])) for one, other in pairs]
    plain = eq(*(TermArray((), replaced(side, by)) for side in theorem.statement.arguments))
    said = eq(*(TermArray((), replaced(side, by)) for side in goal.arguments))
    general = prove(given(*equal, plain, said))
    definitions = [proved(eq(TermArray((), one), TermArray((), other)), unfold=True) for one, other in pairs]
    back = {variable: p for p, variable in values.items()}
    return prove(goal, [instantiate(general, back), *definitions, theorem], unfolding=())


def _outermost_calls(term: Term) -> list[Term]:
    if isinstance(term.head, Symbol):
        return [term]
    return [call for part in term.arguments for call in _outermost_calls(part)]
