"""Terms and formulas as Unicode text, for terminals and messages."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import groupby

from vaelid.readings.terms.notation import ATOM, IFF, PRODUCT, SIGN, Notation, listed, written
from vaelid.readings.terms.syntax import INDEX, Symbol, Term, Variable

__all__ = ["text"]

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_NAMES = {"pi": "π", "and": "true", "or": "false"}


def _number(value: Fraction, of_index: bool) -> tuple[str, int]:
    if value.denominator == 1:
        return str(value), ATOM if value >= 0 else SIGN
    return f"{value.numerator}/{value.denominator}", PRODUCT


def _call(symbol: Symbol, arguments: Sequence[Term], argument: Callable[[Term], str]) -> str:
    """name(arguments), sizes left out; a record that is passed whole is named once, of another each field.

    A size that is not the variable of the definition is shown, since the text would be read wrongly without it.
    """
    shown: list[str] = []
    pairs = zip(symbol.parameters, arguments, strict=True)
    for (root, dot), group in groupby(pairs, key=lambda pair: pair[0].name.partition(".")[:2]):
        members = [(parameter, parameter.name.removeprefix(root + dot), value) for parameter, value in group]
        records = {_record(field, value) for _, field, value in members}
        if dot and len(records) == 1 and (record := records.pop()):
            shown.append(record)
            continue
        for parameter, field, value in members:
            if parameter.sort is not INDEX:
                shown.append(f"{field}={argument(value)}" if dot else argument(value))
            elif value.head != parameter:
                shown.append(f"{parameter.name}={argument(value)}")
    return f"{symbol.name}({', '.join(shown)})"


def _record(field: str, value: Term) -> str | None:
    """The name of the record that a value is this field of."""
    name = value.head.name if isinstance(value.head, Variable) else ""
    return name.removesuffix(f".{field}") if name.endswith(f".{field}") else None


_NOTATION = Notation(
    infix={
        "add": "+",
        "subtract": "−",
        "multiply": "·",
        "divide": "/",
        "negative": "−",
        "index_add": "+",
        "equal": "=",
        "less": "<",
        "less_equal": "≤",
        "not": "¬",
        "and": "∧",
        "or": "∨",
        "implies": "→",
        "iff": "↔",
    },
    function=lambda name, arguments: (
        f"{_NAMES.get(name, name)}({', '.join(arguments)})" if arguments else _NAMES.get(name, name)
    ),
    variable=lambda name: name,
    number=_number,
    power=lambda base, exponent: base + str(exponent).translate(_SUPERSCRIPTS),
    sum=lambda index, size, body: (f"Σ_{{{index}<{size}}} {body}", SIGN),
    forall=lambda index, body: f"∀{index}. {body}",
    lambda_=lambda indices, body: (f"{listed(indices)} ↦ {body}", IFF),
    element=lambda array, indices: f"{array}[{', '.join(indices)}]",
    apply=lambda map_, vector: f"{map_}({vector})",
    call=_call,
    real=lambda index: index if index.isidentifier() else f"({index})",
    not_equal="≠",
)


def text(term: Term) -> str:
    """The term in one line of Unicode: Σ_{i<L} ((exp(logvar[i]) + mu[i]² − 1 − logvar[i]) / 2) / L.

    Sizes of defined functions are left out; a sum reaches up to the next + − · or /, as a sign does.
    """
    return written(term, _NOTATION)
