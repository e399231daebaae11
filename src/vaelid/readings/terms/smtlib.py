"""Obligations as SMT-LIB 2.6 text: the one text that both solvers read. The kernel trusts this file.

Real and index arithmetic, comparisons and connectives are SMT-LIB's own. Arrays and maps are values of sorts that
nothing is known of, with a function for their elements; exp, log and the other functions are unknown functions, and
so is a defined symbol. A sum or an array written out is an unknown function of the indices free in it (and of the
size of a sum): what the solvers find unsatisfiable for all such functions is so for these.
"""

from collections.abc import Iterable

from vaelid.readings.terms.substitution import loose_levels, reindexed
from vaelid.readings.terms.syntax import (
    BOOL,
    INDEX,
    MAP,
    REAL,
    Binder,
    Bound,
    Element,
    Lambda,
    Number,
    Operator,
    Power,
    Sort,
    Symbol,
    Term,
    Variable,
)

__all__ = ["script"]

_OWN = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "negative": "-",
    "real": "to_real",
    "index_add": "+",
    "not": "not",
    "and": "and",
    "or": "or",
    "implies": "=>",
    "iff": "=",
    "equal": "=",
    "less_equal": "<=",
    "less": "<",
}
_SORTS = {REAL: "Real", INDEX: "Int", BOOL: "Bool"}


def script(premises: Iterable[Term], goal: Term) -> str:
    """Assert the premises and the negation of the goal, and ask whether they can hold together.

    Variables are constants of the script, the same in premises and goal.
    """
    writer = _Writer()
    asserted = [f"(assert {writer.write(premise, 0)})" for premise in premises]
    refuted = f"(assert (not {writer.write(goal, 0)}))"
    return "\n".join(["(set-logic ALL)", *writer.declarations, *asserted, refuted, "(check-sat)", ""])


class _Writer:
    """Writes terms, and declares each thing that SMT-LIB does not know, once and under a name of its own."""

    def __init__(self) -> None:
        self.declarations: list[str] = []
        self._names: dict[object, str] = {}
        self._taken: set[str] = set()

    def write(self, term: Term, depth: int) -> str:
        """The term, read under `depth` quantifiers; the index of the outermost is written i0."""
        head, arguments = term.head, term.arguments
        match head:
            case Variable(name=name):
                return self._declared(head, name, (), term.sort)
            case Bound(level=level):
                return f"i{depth - 1 - level}"
            case Number(numerator=numerator, denominator=denominator, sort=sort):
                return _number(numerator, denominator, sort)
            case Power(exponent=exponent):
                if exponent == 0:
                    return "1.0"
                base = self.write(arguments[0], depth)
                return base if exponent == 1 else f"(* {' '.join([base] * exponent)})"
            case Binder(name="forall"):
                return f"(forall ((i{depth} Int)) {self.write(arguments[0], depth + 1)})"
            case Binder() | Lambda():
                return self._opaque(term, depth)
            case Operator(name="and" | "or") if not arguments:
                return "true" if head.name == "and" else "false"
            case Operator(name="and" | "or") if len(arguments) == 1:
                return self.write(arguments[0], depth)
            case Operator(name=name) if name in _OWN:
                return _applied(_OWN[name], [self.write(argument, depth) for argument in arguments])
            case Operator(name=name) | Symbol(name=name):
                sorts = tuple(argument.sort for argument in arguments)
                function = self._declared(head, name, sorts, term.sort)
                return _applied(function, [self.write(argument, depth) for argument in arguments])
            case Element(rank=rank):
                sorts = tuple(argument.sort for argument in arguments)
                function = self._declared(head, f"element{rank}", sorts, REAL)
                return _applied(function, [self.write(argument, depth) for argument in arguments])
        raise TypeError(f"no SMT-LIB form of {head}")

    def _opaque(self, term: Term, depth: int) -> str:
        """A sum or a lambda: a function of the indices free in its body, which are numbered anew from the innermost.

        Two that differ in those indices only are the same function of them.
        """
        body = term.arguments[-1]
        bound = term.head.binds(len(term.arguments) - 1)
        free = sorted(level - bound for level in loose_levels(body) if level >= bound)
        key = (term.head, _renumbered(body, bound, free))
        name = "sum" if isinstance(term.head, Binder) else "array"
        sizes = [self.write(size, depth) for size in term.arguments[:-1]]
        indices = [f"i{depth - 1 - level}" for level in free]
        function = self._declared(key, name, (INDEX,) * (len(sizes) + len(indices)), term.sort)
        return _applied(function, [*sizes, *indices])

    def _declared(self, key: object, name: str, arguments: tuple[Sort, ...], result: Sort) -> str:
        """The name that stands for this head, or this sum, and for nothing else."""
        if key not in self._names:
            signature = f"({' '.join(map(self._sort, arguments))}) {self._sort(result)}"
            self._names[key] = self._fresh(name)
            self.declarations.append(f"(declare-fun {self._names[key]} {signature})")
        return self._names[key]

    def _sort(self, sort: Sort) -> str:
        if sort in _SORTS:
            return _SORTS[sort]
        if sort not in self._names:
            self._names[sort] = self._fresh("Map" if sort is MAP else f"Array{sort.rank}")
            self.declarations.append(f"(declare-sort {self._names[sort]} 0)")
        return self._names[sort]

    def _fresh(self, wanted: str) -> str:
        """A name like the wanted one that nothing else has; no word of SMT-LIB or of a solver begins with $."""
        plain = "$" + "".join(c if c.isascii() and (c.isalnum() or c in "._") else "-" for c in wanted)
        numbered = (plain, *(f"{plain}!{k}" for k in range(1, len(self._taken) + 2)))
        name = next(name for name in numbered if name not in self._taken)
        self._taken.add(name)
        return name


def _renumbered(body: Term, bound: int, free: list[int]) -> Term:
    """The body with its free indices numbered 0, 1, ... behind the bound ones."""
    return reindexed(body, lambda level: level if level < bound else bound + free.index(level - bound))


def _applied(function: str, arguments: list[str]) -> str:
    return f"({function} {' '.join(arguments)})" if arguments else function


def _number(numerator: int, denominator: int, sort: Sort) -> str:
    suffix = "" if sort is INDEX else ".0"
    text = f"{abs(numerator)}{suffix}" if denominator == 1 else f"(/ {abs(numerator)}.0 {denominator}.0)"
    return f"(- {text})" if numerator < 0 else text
