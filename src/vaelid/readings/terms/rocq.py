"""Terms and formulas as Rocq (Coq 8.16) text, over the real numbers of its standard library.

Sizes and indices are `nat`, vectors `nat -> R`, maps `(nat -> R) -> nat -> R`, and a sum is `fsum body size` of the
development in `proofs/`. Bound indices of formulas are natural numbers there, whole numbers here: the development
proves what it needs about its own statements.
"""

import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from fractions import Fraction
from itertools import groupby

from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.notation import APPLICATION, ATOM, IFF, PRODUCT, SIGN, Notation, written
from vaelid.readings.terms.syntax import (
    INDEX,
    MAP,
    REAL,
    Head,
    Sort,
    Symbol,
    Term,
    Variable,
    free_variables,
    subterms,
)

__all__ = ["rocq", "rocq_definition", "rocq_name", "rocq_proposition", "rocq_sort"]

_FUNCTIONS = {
    "exp": "exp",
    "log": "ln",
    "sqrt": "sqrt",
    "abs": "Rabs",
    "tanh": "tanh",
    "pi": "PI",
    "index_add": "Nat.add",  # not +, whose scope is that of the real numbers
}
_KEYWORDS = """
    _ IF Prop SProp Set Type as at by cofix else end exists exists2 fix for forall fun if in let match mod return then
    using where with
"""
_RESERVED = {*_KEYWORDS.split(), *_FUNCTIONS.values(), "Nat", "R", "nat", "INR", "fsum", "True", "False"}


def rocq_name(name: str) -> str:
    """The name as a Rocq identifier: dots become underscores."""
    return name.replace(".", "_")


def rocq_sort(sort: Sort) -> str:
    """The Rocq type of a sort."""
    if sort is REAL:
        return "R"
    if sort is INDEX:
        return "nat"
    return "(nat -> R) -> nat -> R" if sort is MAP else "nat -> " * sort.rank + "R"


def _number(value: Fraction, of_index: bool) -> tuple[str, int]:
    if of_index:
        if value < 0:
            raise ReadingError(f"the index {value}: a natural number in Rocq is not negative.")
        return f"{value}%nat", ATOM
    if value.denominator == 1:
        return str(value), ATOM if value >= 0 else SIGN
    return f"{value.numerator} / {value.denominator}", PRODUCT


def _function(name: str, arguments: Sequence[str]) -> str:
    if name in ("and", "or"):
        return "True" if name == "and" else "False"
    if name not in _FUNCTIONS:
        raise ReadingError(f"the operation {name}: the Rocq standard library has no such function.")
    return " ".join([_FUNCTIONS[name], *arguments])


def _call(symbol: Symbol, arguments: Sequence[Term], argument: Callable[[Term], str]) -> str:
    return " ".join([rocq_name(symbol.name), *map(argument, arguments)])


def _compared(left: str, symbol: str, right: str, of_indices: bool) -> str:
    comparison = f"{left} {symbol} {right}"
    return f"({comparison})%nat" if of_indices else comparison


_NOTATION = Notation(
    infix={
        "add": "+",
        "subtract": "-",
        "multiply": "*",
        "divide": "/",
        "negative": "- ",
        "equal": "=",
        "less": "<",
        "less_equal": "<=",
        "not": "~ ",
        "and": "/\\",
        "or": "\\/",
        "implies": "->",
        "iff": "<->",
    },
    function=_function,
    variable=rocq_name,
    number=_number,
    power=lambda base, exponent: f"{base} ^ {exponent}",
    sum=lambda index, size, body: (f"fsum (fun {index} => {body}) {size}", APPLICATION),
    forall=lambda index, body: f"forall {index} : nat, {body}",
    lambda_=lambda indices, body: (f"fun {' '.join(indices)} => {body}", IFF),
    element=lambda array, indices: " ".join([array, *indices]),
    apply=lambda map_, vector: f"{map_} {vector}",
    call=_call,
    real=lambda index: f"INR {index}",
    applied=APPLICATION,
    argument=ATOM,
    least_in_sum=IFF,
    compared=_compared,
    not_equal="<>",
)


def _check_names(heads: Iterable[Head], reserved: Set[str] = _RESERVED) -> None:
    """Refuse what Rocq would read as something else: one name of two things, or one of its own."""
    known: dict[str, Head] = {}
    for head in heads:
        if isinstance(head, Variable | Symbol):
            name = rocq_name(head.name)
            if name in reserved:
                raise ReadingError(f"the name {head.name}: in Rocq {name} is something else.")
            if known.setdefault(name, head) != head:
                raise ReadingError(f"the name {head.name}: two things would be {name} in Rocq.")


def rocq(term: Term, *, functions: Mapping[str, str] | None = None) -> str:
    """The term as Rocq text, to be read in `R_scope`.

    `functions` names those operations that Rocq's library lacks and the text around binds. Raises `ReadingError` for
    any other, and for names that would clash there.
    """
    functions = functions or {}
    _check_names((part.head for part in subterms(term)), {*_RESERVED, *functions.values()})
    if not functions:
        return written(term, _NOTATION)

    def function(name: str, arguments: Sequence[str]) -> str:
        return " ".join([functions[name], *arguments]) if name in functions else _function(name, arguments)

    return written(term, replace(_NOTATION, function=function))


def rocq_definition(symbol: Symbol, *, width: int = 96) -> str:
    """The Rocq `Definition` of a defined function, in lines of at most `width` characters where names allow."""
    _check_names([*symbol.parameters, *(part.head for part in subterms(symbol.body))])
    groups = groupby(symbol.parameters, key=lambda parameter: rocq_sort(parameter.sort))
    binders = [f"({' '.join(rocq_name(p.name) for p in group)} : {sort})" for sort, group in groups]
    head = " ".join(["Definition", rocq_name(symbol.name), *binders, ":", rocq_sort(symbol.body.sort), ":="])
    body = f"{rocq(symbol.body)}."
    wrapped = [
        textwrap.wrap(head, width, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False),
        textwrap.wrap(
            body, width, initial_indent="  ", subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
        ),
    ]
    return "\n".join(line for lines in wrapped for line in lines)


def rocq_proposition(name: str, statement: Term) -> str:
    """The Rocq `Definition` of a closed statement: for all values of its variables."""
    variables = sorted(free_variables(statement), key=lambda variable: variable.name)
    binders = " ".join(f"({rocq_name(v.name)} : {rocq_sort(v.sort)})" for v in variables)
    quantified = f"forall {binders}, {rocq(statement)}" if variables else rocq(statement)
    return f"Definition {name} : Prop :=\n  {quantified}."
