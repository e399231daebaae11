r"""Terms and formulas as LaTeX, for the documents and the reports."""

from collections.abc import Callable, Sequence
from fractions import Fraction

from vaelid.readings.terms.notation import ATOM, IFF, PRODUCT, SIGN, Notation, listed, written
from vaelid.readings.terms.syntax import INDEX, Symbol, Term

__all__ = ["latex"]

_FUNCTIONS = {
    "exp": r"\exp",
    "log": r"\log",
    "sqrt": r"\operatorname{sqrt}",
    "abs": r"\operatorname{abs}",
    "tanh": r"\tanh",
    "lgamma": r"\log\Gamma",
    "pi": r"\pi",
    "and": r"\top",
    "or": r"\bot",
}
_GREEK = {"mu": r"\mu", "eps": r"\varepsilon", "beta": r"\beta", "sigma": r"\sigma", "x_hat": r"\hat{x}"}


def _name(name: str) -> str:
    if name in _GREEK:
        return _GREEK[name]
    escaped = name.replace("_", r"\_")
    return name if len(name) == 1 and name.isalpha() else rf"\mathrm{{{escaped}}}"


def _number(value: Fraction, of_index: bool) -> tuple[str, int]:
    if value.denominator == 1:
        return str(value), ATOM if value >= 0 else SIGN
    sign = "-" if value < 0 else ""
    return rf"{sign}\frac{{{abs(value.numerator)}}}{{{value.denominator}}}", PRODUCT


def _call(symbol: Symbol, arguments: Sequence[Term], argument: Callable[[Term], str]) -> str:
    escaped = symbol.name.replace("_", r"\_")
    shown = [
        f"{_name(parameter.name)}={argument(value)}" if parameter.sort is INDEX else argument(value)
        for parameter, value in zip(symbol.parameters, arguments, strict=True)
        if parameter.sort is not INDEX or value.head != parameter
    ]
    return rf"\operatorname{{{escaped}}}({', '.join(shown)})"


_NOTATION = Notation(
    infix={
        "add": "+",
        "subtract": "-",
        "multiply": r"\cdot",
        "divide": "/",
        "negative": "-",
        "index_add": "+",
        "equal": "=",
        "less": "<",
        "less_equal": r"\le",
        "not": r"\neg ",
        "and": r"\land",
        "or": r"\lor",
        "implies": r"\to",
        "iff": r"\leftrightarrow",
    },
    function=lambda name, arguments: f"{_FUNCTIONS[name]}({', '.join(arguments)})" if arguments else _FUNCTIONS[name],
    variable=_name,
    number=_number,
    power=lambda base, exponent: f"{{{base}}}^{{{exponent}}}",
    sum=lambda index, size, body: (rf"\sum_{{{index}<{size}}} {body}", SIGN),
    forall=lambda index, body: rf"\forall {index}.\; {body}",
    lambda_=lambda indices, body: (rf"{listed(indices)} \mapsto {body}", IFF),
    element=lambda array, indices: f"{array}[{', '.join(indices)}]",
    apply=lambda map_, vector: f"{map_}({vector})",
    call=_call,
    real=lambda index: f"({index})" if not index.isidentifier() else index,
    quotient=lambda above, below: rf"\frac{{{above}}}{{{below}}}",
    not_equal=r"\ne",
)


def latex(term: Term) -> str:
    r"""The term as LaTeX for math mode: \frac{\exp(\mathrm{logvar}) + {\mu}^{2} - 1 - \mathrm{logvar}}{2}."""
    return written(term, _NOTATION)
