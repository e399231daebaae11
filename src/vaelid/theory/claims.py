"""Claims as a user writes them: text such as ``"0 <= KL"`` or ``"beta >= 1 -> negative_elbo(terms) <= ..."``.

`vaelid.theory.grammar` reads the text as a tree; here the tree becomes a formula. A name stands for any value: for
what the function that it is an argument of takes in its place, for a vector where it is declared to be one, and
otherwise for a real number.
"""

import difflib
import keyword
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from vaelid.readings.errors import ReadingError
from vaelid.readings.terms.arrays import TermArray, as_term, index, real, size, variable
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.substitution import element, make
from vaelid.readings.terms.syntax import INDEX, Element, Number, Symbol, Term, Variable, free_variables, subterms
from vaelid.readings.terms.trace import Definition
from vaelid.spec.errors import InputError
from vaelid.theory.grammar import Node, parse, wrong
from vaelid.theory.kinds import in_words, ranks, renamed, shapes
from vaelid.theory.numerals import HIGHEST_POWER, degree, rational_of
from vaelid.theory.statement import both, given, lt
from vaelid.theory.vocabulary import (
    ABBREVIATIONS,
    ARITHMETIC,
    COMPARISONS,
    CONNECTIVES,
    ELEMENTARY,
    ELEMENTWISE,
    NEVER_VARIABLES,
    REDUCTIONS,
    SIZES,
    SPEC_FUNCTIONS,
)

__all__ = ["read_claim"]

_FARTHEST_ELEMENT = 10**6


def read_claim(claim: str, *, functions: Iterable[Definition] = (), arrays: Mapping[str, str] | None = None) -> Term:
    """The statement that a text stands for, in which `functions` may occur besides those of the spec.

    `arrays` gives the length of each name that is a vector. Sizes that occur are taken to be positive, and larger than
    any index of an element that occurs.
    Raises `InputError` saying what is not understood, where, and what would be.
    """
    tree = _spelled_out(parse(claim))
    reader = _Reader(claim, {**SPEC_FUNCTIONS, **{f.name: f for f in functions}}, arrays or {})
    reader.settle_kinds(tree)
    try:
        formula = reader.truth(tree)
    except ReadingError as error:  # arrays of different lengths together, and what else the term reading refuses
        raise wrong(claim, str(error)) from None
    reader.check_names(formula)
    sizes = sorted((v for v in free_variables(formula) if v.sort is INDEX), key=lambda v: v.name)
    return given(*(lt(index(reader.farthest.get(v.name, 0)), make(v)) for v in sizes), formula)


def _spelled_out(node: Node) -> Node:
    """The tree with each abbreviation replaced by what it stands for."""
    if node.kind == "name" and node.word in ABBREVIATIONS:
        return replace(ABBREVIATIONS[node.word], source=node.source)
    return replace(node, parts=tuple(map(_spelled_out, node.parts)))


def _nodes(tree: Node) -> Iterator[Node]:
    yield tree
    for part in tree.parts:
        yield from _nodes(part)


class _Reader:
    """Reads one claim. `kinds` holds, for a name that is not simply a number, what it stands for."""

    def __init__(self, claim: str, functions: Mapping[str, Definition], arrays: Mapping[str, str]) -> None:
        self.claim = claim
        self.functions = functions
        own = {v.name for f in functions.values() for s in f.symbols for v in s.parameters if v.sort is INDEX}
        self.sizes = SIZES | own | set(arrays.values())
        self.kinds: dict[str, Any] = {}
        self.declared = frozenset(arrays)
        self.subscripted: set[str] = set()
        self.farthest: dict[str, int] = {}
        for name, length in arrays.items():
            self.declare(name, length)

    def wrong(self, problem: str) -> InputError:
        return wrong(self.claim, problem)

    def declare(self, name: str, length: str) -> None:
        """Take the name for a vector of this length, as the user asks."""
        for word in (name, length):
            taken = word in ELEMENTARY or word in self.functions
            if taken or not (word.isascii() and word.isidentifier()) or keyword.iskeyword(word):
                raise self.wrong(f"arrays={{{name!r}: {length!r}}}: {word!r} cannot be a name here; take another.")
        if name in self.sizes:
            raise self.wrong(f"arrays={{{name!r}: {length!r}}}: {name!r} is a size; take another name.")
        self.kinds[name] = variable(name, size(length))

    def settle_kinds(self, tree: Node) -> None:
        """A name that is an argument is of the kind that the function takes there, wherever else it occurs."""
        for node in _nodes(tree):
            if node.kind == "element":
                self.subscripted.add(node.word)
            if node.kind != "call" or node.word not in self.functions:
                continue
            for part, like in zip(node.parts, self.functions[node.word].parameters.values(), strict=False):
                if part.kind != "name" or part.word in self.sizes or part.word in NEVER_VARIABLES or "." in part.word:
                    continue
                known = self.kinds.setdefault(part.word, like)
                # the length that `arrays` gives is then the function's, if it is so for all its arguments
                alike = ranks if part.word in self.declared else shapes
                if alike(known) != alike(like):
                    raise self.wrong(
                        f"{part.word!r} stands for {in_words(known)} in one place and for {in_words(like)} in another: "
                        "use two names."
                    )

    def check_names(self, formula: Term) -> None:
        """The kernel takes a dot and _ in a name as the same, as Rocq does."""
        heads = {part.head for part in subterms(formula) if isinstance(part.head, Variable | Symbol)}
        seen: dict[str, Any] = {}
        for head in sorted(heads, key=lambda head: head.name):
            other = seen.setdefault(head.name.replace(".", "_"), head)
            if other != head:
                raise self.wrong(f"the names {other.name!r} and {head.name!r} stand for two things; rename one.")

    def truth(self, node: Node) -> Term:
        """A formula."""
        if node.kind == "compare":
            sides = [self.compared(part) for part in node.parts]
            return both(
                *(
                    COMPARISONS[sign](left, right)
                    for sign, left, right in zip(node.word.split(), sides, sides[1:], strict=False)
                )
            )
        if node.kind == "operation" and node.word in CONNECTIVES:
            return CONNECTIVES[node.word](*map(self.truth, node.parts))
        raise self.wrong(
            f"{node.source!r} is a number where a statement is expected; compare it with something, as in 0 <= KL."
        )

    def compared(self, node: Node) -> Term:
        found = self.number(node)
        if found.ndim:
            raise self.wrong(f"{node.source!r} is an array: compare its sum, or an element such as mu[0].")
        return found.term

    def number(self, node: Node) -> TermArray:
        found = self.value(node)
        if not isinstance(found, TermArray):
            raise self.wrong(f"{node.source!r} is {in_words(found)}, not a number.")
        return found

    def value(self, node: Node) -> Any:
        """A number, an array, or what else a function takes."""
        match node.kind:
            case "number":
                return as_term(rational_of(self.claim, node.word))
            case "name":
                return self.named(node.word)
            case "element":
                return self.element(node)
            case "call":
                return self.call(node)
            case "operation" if node.word == "**":
                return self.power(node)
            case "operation" if node.word in ARITHMETIC:
                return ARITHMETIC[node.word](*map(self.number, node.parts))
        raise self.wrong(f"{node.source!r} is a statement where a number is expected.")

    def power(self, node: Node) -> TermArray:
        base, exponent = node.parts
        if exponent.kind != "number" or not exponent.word.isdigit():
            raise self.wrong(f"{node.source!r}: a power is a whole number that is written out, as in x**2.")
        if degree(node) > HIGHEST_POWER:
            raise self.wrong(f"{node.source!r}: powers go up to {HIGHEST_POWER} here, nested ones multiplied.")
        return self.number(base) ** int(rational_of(self.claim, exponent.word))

    def named(self, name: str) -> Any:
        """The variable of this name, of its kind; a size is a number."""
        if name == "pi":
            return xp.pi
        if name in self.sizes:
            return real(size(name))
        root, dot, path = name.partition(".")
        if name in self.functions or name in NEVER_VARIABLES:
            raise self.wrong(f"{name!r} is a function here; call it, as in exp(x), or take another name.")
        if name.lower() in ("inf", "infinity", "nan"):
            raise self.wrong(f"{name!r} is no real number, and a name stands for one; take another name.")
        if root in self.kinds:
            return self.field(renamed(self.kinds[root], root), name, path)
        if dot:
            raise self.wrong(f"{root!r} has no part {path!r}: no function here takes a record of that name.")
        if name in self.subscripted:
            raise self.wrong(f"{name!r} is an array, of unknown length: say it with arrays={{{name!r}: 'n'}}.")
        return variable(name)

    def field(self, record: Any, name: str, path: str) -> Any:
        """The part of a record that the dots lead to."""
        for part in filter(None, path.split(".")):
            parts = [field.name for field in fields(record)] if is_dataclass(record) else []
            if part not in parts:
                known = f"its parts are {', '.join(parts)}" if parts else "it has no parts"
                raise self.wrong(f"{name!r}: there is no {part!r}; {known}.")
            record = getattr(record, part)
        return record

    def element(self, node: Node) -> TermArray:
        """An element of a vector, which the length that it is declared with is then larger than."""
        name, (place,) = node.word, node.parts
        if (
            place.kind != "number"
            or not place.word.isdigit()
            or int(rational_of(self.claim, place.word)) > _FARTHEST_ELEMENT
        ):
            raise self.wrong(f"{node.source!r}: an index is a whole number from 0 to {_FARTHEST_ELEMENT:,}.")
        number = int(place.word)
        known = self.kinds.get(name.partition(".")[0])
        if known is None and name not in self.sizes | ELEMENTARY | set(self.functions) and "." not in name:
            known = variable(name, size(f"{name}.length"))
        array = self.named(name) if known is None or "." in name else renamed(known, name)
        if not isinstance(array, TermArray) or array.ndim != 1:
            raise self.wrong(f"{name!r} is not a vector: it has no elements.")
        self.within(number, array.shape[0])
        return TermArray((), element(array.term, index(number)))

    def call(self, node: Node) -> Any:
        name, arguments = node.word, node.parts
        if name in REDUCTIONS or name in ELEMENTWISE:
            if len(arguments) != 1:
                raise self.wrong(f"{name} takes one argument.")
            if name in ELEMENTWISE:
                return ELEMENTWISE[name](self.number(arguments[0]))
            return self.reduced(name, arguments[0])
        if name not in self.functions:
            close = difflib.get_close_matches(name, [*self.functions, *REDUCTIONS, *ELEMENTWISE], n=1)
            hint = f" Did you mean {close[0]}?" if close else f" Known: {', '.join(sorted(self.functions))}."
            raise self.wrong(f"the function {name!r} is not known.{hint}")
        definition = self.functions[name]
        if len(arguments) != len(definition.parameters):
            raise self.wrong(
                f"{name} takes {', '.join(definition.parameters)}; it was given {len(arguments)} arguments."
            )
        pairs = zip(arguments, definition.parameters.items(), strict=True)
        values = [self.argument(name, *pair) for pair in pairs]
        self.reach(definition, values)
        return definition(*values)

    def reach(self, definition: Definition, values: list[Any]) -> None:
        """A vector is as long as the elements of it need that a function takes, as it is for those in the claim."""
        arrays = list(zip(definition.parameters.values(), values, strict=True))
        for part in (part for symbol in definition.symbols for part in subterms(symbol.body)):
            if not isinstance(part.head, Element):
                continue
            for like, value in arrays:
                if isinstance(like, TermArray) and part.arguments[0] is like.term:
                    for place, length in zip(part.arguments[1:], value.shape, strict=True):
                        if isinstance(place.head, Number):
                            self.within(place.head.numerator, length)

    def within(self, number: int, length: Any) -> None:
        """The length is larger than this index."""
        head = index(length).head
        if isinstance(head, Variable):
            self.farthest[head.name] = max(number, self.farthest.get(head.name, 0))

    def argument(self, function: str, node: Node, parameter: tuple[str, Any]) -> Any:
        name, like = parameter
        found = self.value(node)
        if ranks(found) != ranks(like):
            raise self.wrong(f"{function} takes for {name} {in_words(like)}, and {node.source!r} is {in_words(found)}.")
        return found

    def reduced(self, name: str, node: Node) -> TermArray:
        """A sum or mean over the elements of an array: that of a number would be the number, silently."""
        array = self.number(node)
        if not array.ndim:
            names = [part.word for part in _nodes(node) if part.kind == "name" and part.word not in self.sizes]
            say = f" If {names[0]} is a vector, say so: arrays={{{names[0]!r}: 'n'}}." if names else ""
            raise self.wrong(f"{name}({node.source}): {node.source!r} is a number, and has no {name}.{say}")
        return REDUCTIONS[name](array)
