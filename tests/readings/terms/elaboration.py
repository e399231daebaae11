"""From the tree of a formula that was read to the term it means, given what its names stand for.

`canonical` forgets what a printed formula does not say and what does not change its value: whether -1/2 is a number
or a quotient of two, whether the number of an index is taken before or after it is added to, how conjunctions nest.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby

from formula_syntax import Node

from vaelid.readings.terms.substitution import element, make
from vaelid.readings.terms.syntax import (
    INDEX,
    MAP,
    REAL,
    VECTOR,
    Binder,
    Bound,
    Head,
    Lambda,
    Number,
    Operator,
    Power,
    Sort,
    Symbol,
    Term,
    Variable,
    array_of_rank,
)

__all__ = ["Names", "canonical", "names_in"]

FUNCTIONS = ("exp", "log", "sqrt", "abs", "tanh", "lgamma")
ROCQ_FUNCTIONS = {"exp": "exp", "ln": "log", "sqrt": "sqrt", "Rabs": "abs", "tanh": "tanh"}
CONSTANTS = {"pi": "pi", "PI": "pi", "true": "and", "True": "and", "false": "or", "False": "or"}


@dataclass(frozen=True)
class Names:
    """What names stand for, and how records and sizes are written in calls."""

    variables: Mapping[str, Variable]
    symbols: Mapping[str, Symbol] = field(default_factory=dict)
    records: bool = False
    """Whether a record that is passed whole is named once."""

    def term(self, node: Node, sort: Sort = REAL, scope: tuple[str, ...] = ()) -> Term:
        """The term of this sort; scope[k] is the name of index k."""
        found = self._term(node, sort, scope)
        if found.sort is INDEX and sort is REAL:
            found = make(Operator("real"), found)
        assert found.sort is sort, f"{node} is of sort {found.sort}, not {sort}"
        return found

    def _term(self, node: Node, sort: Sort, scope: tuple[str, ...]) -> Term:
        match node:
            case Node("name", name) if name in scope:
                return make(Bound(scope.index(name)))
            case Node("name", name) if name in self.variables:
                return make(self.variables[name])
            case Node("name" | "function", name) if name in CONSTANTS:
                return make(Operator(CONSTANTS[name]))
            case Node("number", value):
                return make(Number(value, sort if sort is INDEX else REAL))
            case Node("power", exponent, (base,)):
                return make(Power(exponent), self.term(base, REAL, scope))
            case Node("prefix", operator, (part,)):
                return make(Operator(operator), self.term(part, sort, scope))
            case Node("infix", "not_equal", parts):
                return make(Operator("not"), self.term(Node("infix", "equal", parts), sort, scope))
            case Node("infix", "equal" | "less" | "less_equal" as operator, parts):
                side = VECTOR if operator == "equal" and self.is_vector(parts[0], scope) else REAL
                return make(Operator(operator), *[self.term(part, side, scope) for part in parts])
            case Node("infix", operator, parts):
                if sort is INDEX:
                    assert operator == "add"
                    operator = "index_add"
                return make(Operator(operator), *[self.term(part, sort, scope) for part in parts])
            case Node("sum", index, (size, body)):
                return make(Binder("sum"), self.term(size, INDEX, scope), self.term(body, REAL, (index, *scope)))
            case Node("forall", index, (body,)):
                return make(Binder("forall"), self.term(body, sort, (index, *scope)))
            case Node("lambda", indices, (body,)):
                return make(Lambda(len(indices)), self.term(body, REAL, (*reversed(indices), *scope)))
            case Node("index", _, (array, *indices)):
                rank = array_of_rank(len(indices))
                return element(self.term(array, rank, scope), *[self.term(i, INDEX, scope) for i in indices])
            case Node("nat", _, (part,)):
                return self.term(part, INDEX if part.kind == "number" else sort, scope)
            case Node("call", keywords, (function, *arguments)):
                return self._call(function.value, [*zip(keywords, arguments, strict=True)], scope)
            case Node("application", _, (function, *arguments)):
                return self._application(function, arguments, scope)
        raise AssertionError(f"{node} means nothing")

    def is_vector(self, node: Node, scope: tuple[str, ...]) -> bool:
        match node:
            case Node("name", name) if name in self.variables and name not in scope:
                return self.variables[name].sort is VECTOR
            case Node("lambda"):
                return True
            case Node("call" | "application" as kind, _, (Node(_, name), *arguments)):
                if name in self.symbols:
                    symbol = self.symbols[name]
                    indexed = kind == "application" and len(arguments) > len(symbol.parameters)
                    return symbol.body.sort is VECTOR and not indexed
                return name in self.variables and self.variables[name].sort is MAP and len(arguments) == 1
        return False

    def _call(self, name: str, given: list[tuple[str | None, Node]], scope: tuple[str, ...]) -> Term:
        if name in self.symbols:
            return make(self.symbols[name], *self._arguments(self.symbols[name], given, scope))
        ((_, argument),) = given
        if name in self.variables:
            return make(Operator("apply"), make(self.variables[name]), self.term(argument, VECTOR, scope))
        assert name in FUNCTIONS, name
        return make(Operator(name), self.term(argument, REAL, scope))

    def _arguments(self, symbol: Symbol, given: list[tuple[str | None, Node]], scope: tuple[str, ...]) -> list[Term]:
        """Sizes by keyword, else the definition's own; fields of a record by keyword, or the record once."""
        waiting = list(given)
        arguments: list[Term] = []
        for (root, dot), group in groupby(symbol.parameters, key=lambda p: p.name.partition(".")[:2]):
            members = list(group)
            fields = [member.name.removeprefix(root + dot) for member in members]
            if self.records and dot and waiting[0][0] != fields[0]:
                keyword, record = waiting.pop(0)
                assert keyword is None
                assert record.kind == "name"
                arguments += [make(self.variables[f"{record.value}.{name}"]) for name in fields]
                continue
            for member, name in zip(members, fields, strict=True):
                if member.sort is INDEX:
                    shown = bool(waiting) and waiting[0][0] == member.name
                    arguments.append(self.term(waiting.pop(0)[1], INDEX, scope) if shown else make(member))
                else:
                    keyword, argument = waiting.pop(0)
                    assert keyword == (name if self.records and dot else None)
                    arguments.append(self.term(argument, member.sort, scope))
        assert not waiting
        return arguments

    def _application(self, function: Node, arguments: list[Node], scope: tuple[str, ...]) -> Term:
        """f a b ..., as Rocq applies: everything is given, and the number of an index is written."""
        name = function.value
        if name == "INR":
            return make(Operator("real"), self.term(arguments[0], INDEX, scope))
        if name == "Nat.add":
            return make(Operator("index_add"), *[self.term(part, INDEX, scope) for part in arguments])
        if name in ROCQ_FUNCTIONS:
            (argument,) = arguments
            return make(Operator(ROCQ_FUNCTIONS[name]), self.term(argument, REAL, scope))
        if name in self.symbols:
            parameters = self.symbols[name].parameters
            terms = [self.term(a, p.sort, scope) for p, a in zip(parameters, arguments, strict=False)]
            array, rest = make(self.symbols[name], *terms), arguments[len(parameters) :]
        else:
            array, rest = make(self.variables[name]), arguments
            if array.sort is MAP:
                array, rest = make(Operator("apply"), array, self.term(rest[0], VECTOR, scope)), rest[1:]
        return element(array, *[self.term(i, INDEX, scope) for i in rest])


def names_in(heads: Iterable[Head], *, records: bool = False, dots: str = ".") -> Names:
    """The names of these variables and symbols, with something else for the dots in them."""
    heads = list(heads)
    return Names(
        {h.name.replace(".", dots): h for h in heads if isinstance(h, Variable)},
        {h.name.replace(".", dots): h for h in heads if isinstance(h, Symbol)},
        records,
    )


def canonical(term: Term) -> Term:
    """One form for all terms that are printed alike and have the same value."""
    known: dict[Term, Term] = {}

    def of(part: Term) -> Term:
        if part not in known:
            known[part] = _canonical(part.head, [of(argument) for argument in part.arguments])
        return known[part]

    return of(term)


def _canonical(head: Head, arguments: list[Term]) -> Term:
    values = [a.head.value if isinstance(a.head, Number) and a.sort is REAL else None for a in arguments]
    match head:
        case Operator("real") if isinstance(arguments[0].head, Number):
            return make(Number(arguments[0].head.value))
        case Operator("real") if arguments[0].head == Operator("index_add"):
            return make(Operator("add"), *[_canonical(head, [part]) for part in arguments[0].arguments])
        case Operator("negative") if values[0] is not None:
            return make(Number(-values[0]))
        case Operator("divide") if values[0] is not None and values[1]:
            return make(Number(Fraction(values[0], values[1])))
        case Operator("equal" | "less" | "less_equal") if arguments[0].sort is INDEX:
            return make(head, *[_canonical(Operator("real"), [part]) for part in arguments])
        case Operator("and" | "or"):
            parts = [part for a in arguments for part in (a.arguments if a.head == head else (a,))]
            return parts[0] if len(parts) == 1 else make(head, *parts)
    return make(head, *arguments)
