"""Instances of the laws of exp and log at what occurs in terms: more premises are harder for the solvers."""

import itertools
from collections.abc import Callable
from contextlib import suppress

from vaelid.readings.terms.arrays import TermArray
from vaelid.readings.terms.syntax import Operator, Term, free_variables, subterms
from vaelid.theory.kernel import NotProved, Theorem
from vaelid.theory.library.logarithm import exp_pos
from vaelid.theory.tactics import use

__all__ = ["about_abs", "laws", "proved_about_abs"]

MOST = 60
"""The most instances of the law of exp of a sum that the solvers are given."""


def laws(*terms: Term) -> list[Theorem]:
    """What exp and log do at the exponents and logarithms that occur in the terms, and at sums of two of them."""
    parts = [part for term in terms for part in subterms(term) if not part.loose]
    exponents = list(dict.fromkeys(p.arguments[0] for p in parts if p.head == Operator("exp")))
    logs = list(dict.fromkeys(p for p in parts if p.head == Operator("log")))
    atoms = [TermArray((), e) for e in dict.fromkeys([*exponents, *logs])]
    pairs = itertools.islice(itertools.combinations_with_replacement(atoms, 2), MOST)
    theorems = [use("exp_zero"), use("exp_gt_one_plus", x=0)]
    for exponent in atoms:
        theorems += [
            use(exp_pos.theorem, a=exponent),
            use("log_exp", x=exponent),
            use("exp_add", x=exponent, y=-exponent),
        ]
    for one, other in pairs:
        theorems += [use("exp_add", x=one, y=other), use("log_exp", x=one + other)]
    theorems += [use("exp_log", x=TermArray((), log.arguments[0])) for log in logs]
    return list({theorem.statement: theorem for theorem in theorems}.values())


def about_abs(*terms: Term) -> list[Theorem]:
    """What an absolute value is, on either side of zero, for those that occur in the terms."""
    inside = {p.arguments[0] for term in terms for p in subterms(term) if p.head == Operator("abs") and not p.loose}
    return [use(name, x=TermArray((), x)) for x in inside for name in ("abs_pos", "abs_neg")]


def proved_about_abs(goal: Term, prove: Callable[[Term, list[Theorem]], Theorem]) -> Theorem:
    """The goal: first with what absolute values of numbers are, then of all: each more is a case for the solvers."""
    every = about_abs(goal)
    of_numbers = [fact for fact in every if not free_variables(fact.statement)]
    if len(of_numbers) < len(every):
        with suppress(NotProved):
            return prove(goal, of_numbers)
    return prove(goal, every)
