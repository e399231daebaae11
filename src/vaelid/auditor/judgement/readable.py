"""A formula as its reader knows it: sigmoids, softplus and clamps by their names, arithmetic between numbers done.

In comes a term, out goes an equal one with named functions in it. For example, log(1 + exp(x)) becomes softplus(x), and
(x + 2 + |x - 2|) / 2 becomes max(x, 2).
"""

from vaelid.auditor.formula.arithmetic import computed
from vaelid.auditor.formula.functions import larger, root, sigmoid, smaller
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import REAL, Operator, Symbol, Term, Variable
from vaelid.readings.terms.trace import define
from vaelid.spec.arrays import softplus
from vaelid.theory.library.definitions import scalar

__all__ = ["readable"]


_NAMED: tuple[Symbol, ...] = tuple(
    symbol
    for definition in (
        define(softplus, name="softplus", x=scalar("x")),
        define(lambda x: xp.log(1 + xp.exp(x)), name="softplus", x=scalar("x")),
        define(sigmoid, name="sigmoid", x=scalar("x")),
        define(lambda x: (x + abs(x)) / 2, name="relu", x=scalar("x")),
        define(root, name="square_root", x=scalar("x")),
        define(larger, name="max", x=scalar("x"), y=scalar("y")),
        define(smaller, name="min", x=scalar("x"), y=scalar("y")),
    )
    for symbol in definition.symbols
)


def readable(term: Term) -> Term:
    """An equal formula, with the functions that a reader knows in place of what they stand for."""
    known: dict[Term, Term] = {}

    def named(part: Term) -> Term:
        if part not in known:
            result = part
            if part.arguments:
                parts = [named(argument) for argument in part.arguments]
                arithmetic = part.sort is REAL and isinstance(part.head, Operator)
                result = computed(part, parts) if arithmetic else make(part.head, *parts)
            found = (_as(symbol, result) for symbol in _NAMED)
            known[part] = next((call for call in found if call is not None), result)
        return known[part]

    return named(term)


def _as(symbol: Symbol, term: Term) -> Term | None:
    values: dict[Variable, Term] = {}
    if not _matches(symbol.body, term, values):
        return None
    return make(symbol, *(values[parameter] for parameter in symbol.parameters))


def _matches(pattern: Term, term: Term, values: dict[Variable, Term]) -> bool:
    """Whether the term is the pattern, with these values for its variables; finds those that are not known."""
    if isinstance(pattern.head, Variable):
        return term.sort is REAL and values.setdefault(pattern.head, term) is term
    if pattern.head != term.head or len(pattern.arguments) != len(term.arguments):
        return False
    orders = [term.arguments, term.arguments[::-1]] if pattern.head == Operator("add") else [term.arguments]
    for arguments in orders:
        found = dict(values)
        if all(_matches(one, other, found) for one, other in zip(pattern.arguments, arguments, strict=True)):
            values.update(found)
            return True
    return False
