"""A user's own claim: proved from the library, or answered with a point at which it is false."""

import itertools
from collections.abc import Iterator

from vaelid.readings.terms.syntax import Operator, Symbol, Term, Variable, free_variables, subterms
from vaelid.readings.terms.text import text
from vaelid.theory import tactics
from vaelid.theory.claims import read_claim
from vaelid.theory.counterexample import POINTS, Counterexample, counterexample
from vaelid.theory.kernel import NotProved, Theorem, instantiate
from vaelid.theory.library import LIBRARY
from vaelid.theory.result import Result
from vaelid.theory.solvers import Answer

__all__ = ["Unproved", "prove"]

MATCHES = 200
"""At most so many ways to match a theorem's calls with a claim's are tried."""


class Unproved(NotProved):
    """A claim that was not proved: what the solvers said, and a point at which it is false, if one was found."""

    def __init__(self, message: str, answers: tuple[Answer, ...], found: Counterexample | None) -> None:
        super().__init__(message, answers)
        self.counterexample = found


def prove(claim: str | Term) -> Theorem:
    """The theorem that a claim states, for instance ``prove("0 <= KL")``.

    The solvers are given the definitions of the functions that occur, and the theorems of the library about them. Sizes
    that occur in a text are taken to be positive. Raises `InputError` for a text that is not a claim, and `Unproved`,
    whose message shows a point at which the claim is false, with the values there (exact, or to rigorous bounds), or
    says what the solvers answered where none was found.
    """
    statement = read_claim(claim) if isinstance(claim, str) else claim
    shown = text(statement)
    if found := counterexample(statement, points=300):
        raise Unproved(f"not true: {shown}. {found}", (), found)
    try:
        return tactics.prove(statement, _known_about(statement))
    except NotProved as failure:
        said = ", ".join(f"{answer.solver} answers {answer.verdict}" for answer in failure.answers)
        if found := counterexample(statement):
            raise Unproved(f"not true: {shown}. {found}", failure.answers, found) from None
        raise Unproved(
            f"not proved: {shown} ({said}). No counterexample among {POINTS:,} points, which proves nothing: the claim "
            "may be true and need a lemma.",
            failure.answers,
            None,
        ) from None


def _known_about(statement: Term) -> list[Theorem]:
    """Instances of the library at the calls in the statement and at those that they bring in; and facts on exp."""
    known: dict[Term, Theorem] = {}
    for _ in range(2):
        calls = _calls(statement, *known)
        fresh = [theorem for result in LIBRARY.values() for theorem in _instances(result, calls)]
        known |= {theorem.statement: theorem for theorem in fresh}
    return [*known.values(), *_exponentials(statement)]


def _calls(*terms: Term) -> list[Term]:
    return [call for term in terms for call in subterms(term) if isinstance(call.head, Symbol) and not call.loose]


def _exponentials(statement: Term) -> list[Theorem]:
    """e^x > 0 and e^x > 1 + x, for each exponential that is written out."""
    exponents = [t.arguments[0] for t in subterms(statement) if t.head == Operator("exp") and not t.loose]
    facts = (lambda x: tactics.use("exp_gt_one_plus", x=x), lambda x: tactics.use(LIBRARY["exp_pos"].theorem, a=x))
    return [fact(x) for x in exponents for fact in facts] + [tactics.use("exp_zero")] * bool(exponents)


def _instances(result: Result, calls: list[Term]) -> Iterator[Theorem]:
    """The theorem at every way to match the calls in its statement with these calls."""
    if result.prove is None or not result.functions:
        return
    assert result.statement is not None
    patterns = [term for term in subterms(result.statement) if isinstance(term.head, Symbol) and _is_pattern(term)]
    matches = itertools.product(*([None, *(c for c in calls if c.head == pattern.head)] for pattern in patterns))
    for chosen in itertools.islice(matches, 1, MATCHES):
        pairs = [(p, call) for p, call in zip(patterns, chosen, strict=True) if call is not None]
        values: dict[Variable, Term] = {}
        consistent = all(
            values.setdefault(variable.head, value) is value  # pyright: ignore[reportArgumentType]
            for pattern, call in pairs
            for variable, value in zip(pattern.arguments, call.arguments, strict=True)
        )
        if consistent and set(values) >= {v for p in patterns for v in free_variables(p)}:
            yield instantiate(result.theorem, values)


def _is_pattern(call: Term) -> bool:
    return not call.loose and all(isinstance(argument.head, Variable) for argument in call.arguments)
