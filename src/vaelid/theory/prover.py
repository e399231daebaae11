"""A user's own claim: proved from the library, or answered with a point at which it is false."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from time import monotonic
from typing import Any

from vaelid.readings.terms.syntax import BOOL, Operator, Symbol, Term, Variable, free_variables, subterms
from vaelid.readings.terms.text import text
from vaelid.spec.errors import InputError
from vaelid.theory import tactics
from vaelid.theory.claims import read_claim
from vaelid.theory.counterexample import POINTS, Counterexample, counterexample
from vaelid.theory.facts import facts_at_each, facts_of_exponents
from vaelid.theory.kept import check_name, keep, theorems_of
from vaelid.theory.kernel import NotProved, Theorem, instantiate
from vaelid.theory.library import LIBRARY
from vaelid.theory.limits import too_large
from vaelid.theory.own_functions import read_functions
from vaelid.theory.result import Result
from vaelid.theory.solvers import Answer
from vaelid.theory.statement import split
from vaelid.theory.sum_facts import facts_of_sums

__all__ = ["Unproved", "prove"]

SECONDS = 60
"""No attempt is begun later than this after the first."""
MATCHES = 200
"""At most so many ways to match a theorem's calls with a claim's are tried."""

_MATCHED = tuple(Operator(name) for name in ("exp", "log", "sqrt", "abs", "tanh", "lgamma"))


class Unproved(NotProved):
    """A claim that was not proved: what the solvers said, and a point at which it is false, if one was found."""

    def __init__(self, message: str, answers: tuple[Answer, ...], found: Counterexample | None) -> None:
        super().__init__(message, answers)
        self.counterexample = found


def prove(
    claim: str | Term,
    *,
    using: Iterable[Theorem | Result | str] | Theorem | Result | str = (),
    functions: Iterable[Callable[..., Any]] | Mapping[Callable[..., Any], Mapping[str, str]] = (),
    arrays: Mapping[str, str] | None = None,
    name: str | None = None,
) -> Theorem:
    """The theorem that a claim states, for instance ``prove("0 <= KL")`` or ``prove("0 < x -> log(x) <= x - 1")``.

    A claim has numbers, names, ``+ - * / **``, comparisons, ``and or not``, ``->`` (implies), ``<->``, and calls: of
    the functions of the spec, of ``exp log sqrt abs tanh lgamma log1p expm1 softplus``, and of ``sum`` and ``mean``
    over a vector; ``KL`` is short for the KL in nats at ``mu`` and ``logvar``. A decimal is the exact rational number
    that is written. A name stands for every real number, or for what a function takes in its place; ``D``, ``L``,
    ``K`` and other lengths are whole numbers, at least 1, and larger than the index of any element that occurs.

    Args:
        claim: the text, or a formula.
        using: lemmas: theorems that were proved before, results of the library, or their names. They may be used at the
            claim's own names, and wherever a call in a lemma matches one in the claim.
        functions: your own functions that occur, as a list; or as a mapping that gives the lengths of their vectors:
            ``{my_nll: {"x": "D"}}``. Each is called on symbolic arrays once, as the functions of the spec are.
        arrays: the lengths of names that are vectors, ``{"w": "n"}``, where no function's place tells it.
        name: keep the theorem under this name in this session, for `using` and `vaelid.theorems`.

    What is proved is a statement on real numbers: a quotient by zero, and a logarithm of a number that is not positive,
    may be any number in it. What a function of your own does on symbolic arrays is compared with what it does on NumPy
    arrays at 8 points (and length 3), where it runs on them; that they agree elsewhere is not checked.

    Raises `InputError` for a text that is not a claim, and for arguments that cannot be used; and `Unproved`, whose
    message shows a point at which the claim is false, with the values there (exact, or to rigorous bounds), or says
    what the solvers answered where none was found.
    """
    if name is not None:
        check_name(name)
    lemmas = theorems_of(using)
    try:
        statement = _statement(claim, functions, arrays)
        theorem = _proved(statement, lemmas)
    except RecursionError:
        raise InputError("the claim, or a function in it, nests too many operations; split it.") from None
    if name is not None:
        keep(name, theorem, claim if isinstance(claim, str) else text(statement))
    return theorem


def _statement(claim: Any, functions: Any, arrays: Any) -> Term:
    if type(claim) not in (str, Term):
        raise InputError(f"a claim is a text, such as '0 <= KL', and not {claim!r}.")
    if arrays is not None and not (
        isinstance(arrays, Mapping) and all(type(word) is str for word in (*arrays, *arrays.values()))
    ):
        raise InputError(f"arrays={arrays!r}: give the length of each vector, as in {{'mu': 'n'}}.")
    definitions = read_functions(functions)
    if isinstance(claim, str):
        statement = read_claim(claim, functions=definitions, arrays=arrays)
    else:
        statement = claim
        if statement.sort is not BOOL or statement.loose:
            raise InputError("a formula to prove is a statement, with all its indices bound.")
    bodies = (part.head.body for part in subterms(statement) if isinstance(part.head, Symbol))
    for term in (statement, *bodies):
        if problem := too_large(term):
            raise InputError(f"the claim, or a function in it: {problem}")
    return statement


def _proved(statement: Term, lemmas: list[Theorem]) -> Theorem:
    shown = _shortened(text(statement))
    if found := counterexample(statement, points=300):
        raise Unproved(f"not true: {shown}. {found}", (), found)
    failure = NotProved("nothing was tried")
    end = monotonic() + SECONDS
    for premises in _attempts(statement, lemmas):
        if monotonic() > end:
            break
        try:
            return tactics.prove(statement, premises)
        except NotProved as error:
            failure = error
    said = ", ".join(f"{answer.solver} answers {answer.verdict}" for answer in failure.answers)
    if found := counterexample(statement):
        raise Unproved(f"not true: {shown}. {found}", failure.answers, found)
    tried = f"{POINTS:,} points" if free_variables(statement) else "the one point that there is"
    raise Unproved(
        f"not proved: {shown} ({said}). No counterexample among {tried}, which proves nothing: the claim may be true "
        "and need a lemma: prove(..., using=[lemma]).",
        failure.answers,
        None,
    )


def _shortened(shown: str) -> str:
    """A text without its middle, where it is longer than anybody reads: numbers may have 4,000 digits."""
    return shown if len(shown) <= 1_000 else f"{shown[:500]} ... {shown[-200:]}"


def _attempts(statement: Term, lemmas: list[Theorem]) -> Iterator[list[Theorem]]:
    """What the solvers are told: little at first, since each fact that is not needed makes them slower."""
    known = [*lemmas, *_known_about(statement, lemmas)]
    yield [*known, *facts_at_each([statement])]
    unfolded = [statement, *(equation.statement for equation in tactics.definitions_in([statement]))]
    at_each = facts_at_each(unfolded)
    if len(unfolded) > 1 and at_each:
        yield [*known, *at_each]
    related = [facts for every in (False, True) if (facts := facts_of_exponents(unfolded, every_pair=every))]
    for facts in related:
        yield [*known, *at_each, *facts]
    if sums := facts_of_sums(unfolded, split(statement)[0]):
        yield [*known, *at_each, *sums]
        for facts in related[:1]:
            yield [*known, *at_each, *facts, *sums]


def _known_about(statement: Term, lemmas: list[Theorem]) -> list[Theorem]:
    """Instances of the library and of the lemmas at the calls in the statement, and at those that they bring in."""
    known: dict[Term, Theorem] = {}
    results = [result for result in LIBRARY.values() if result.prove is not None and result.functions]
    for _ in range(2):
        calls = _calls(statement, *known)
        fresh = [
            instantiate(result.theorem, values)  # proved when a call first asks for it: all together take ten seconds
            for result in results
            if result.statement is not None
            for values in _matches(result.statement, calls, Symbol)
        ]
        known |= {theorem.statement: theorem for theorem in fresh}
    calls = _calls(statement, *known)
    at_calls = [
        instantiate(lemma, values) for lemma in lemmas for values in _matches(lemma.statement, calls, Symbol | Operator)
    ]
    return [*known.values(), *at_calls]


def _calls(*terms: Term) -> list[Term]:
    """Calls of defined functions and of exp, log and their like."""
    return [call for term in terms for call in subterms(term) if _is_call(call) and not call.loose]


def _is_call(term: Term) -> bool:
    return isinstance(term.head, Symbol) or term.head in _MATCHED


def _matches(law: Term, calls: list[Term], kinds: Any) -> Iterator[dict[Variable, Term]]:
    """The values of its variables at every way to match the calls in a statement, of these kinds, with these calls."""
    patterns = [term for term in subterms(law) if _is_pattern(term) and isinstance(term.head, kinds)]
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
            yield values


def _is_pattern(call: Term) -> bool:
    variables = all(isinstance(argument.head, Variable) for argument in call.arguments)
    return _is_call(call) and not call.loose and variables
