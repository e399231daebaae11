"""A reader of formulas as people read them, in Unicode or LaTeX: text -> a tree. It knows no term.

From the loosest to the tightest: → and ↔ (which do not mix without parentheses), ∨, ∧, ¬, a comparison, + −, · /,
a sign or a sum (which reach to the next of these operators), a power, an application or an index.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["Node", "read_latex", "read_text"]


@dataclass(frozen=True)
class Node:
    """`value`: an operator, a name, a number, the names that are bound, or the keywords of a call's arguments."""

    kind: str
    value: object = None
    parts: tuple["Node", ...] = ()


Token = tuple[str, str]
END = ("end", "")
COMPARISONS = {"=": "equal", "≠": "not_equal", "<": "less", "≤": "less_equal"}
SUMS = {"+": "add", "−": "subtract"}
PRODUCTS = {"·": "multiply", "/": "divide"}
SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
NAME = r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*"
TEXT = re.compile(rf"(?P<name>{NAME})|(?P<number>\d+)|(?P<power>[{SUPERSCRIPTS}]+)|(?P<mark>Σ_\{{|[^\s])|\s+")


def _text_tokens(text: str) -> Iterator[Token]:
    for found in TEXT.finditer(text):
        kind, token = found.lastgroup, found.group()
        if kind == "power":
            yield kind, "".join(str(SUPERSCRIPTS.index(digit)) for digit in token)
        elif token == "π":
            yield "function", "pi"
        elif kind is not None:
            yield kind, token


LATEX = re.compile(
    r"\\(?:mathrm|operatorname)\{(?P<word>[^}]*)\}|(?P<sum>\\sum_\{)|(?P<command>\\(?:log\\Gamma|hat\{x\}|[a-zA-Z]+|;))"
    r"|(?P<name>[A-Za-z][0-9]*)|(?P<number>\d+)|(?P<mark>[^\s])|\s+"
)
MARKS = {
    "cdot": "·",
    "le": "≤",
    "ne": "≠",
    "neg": "¬",
    "land": "∧",
    "lor": "∨",
    "to": "→",
    "leftrightarrow": "↔",
    "mapsto": "↦",
    "forall": "∀",
    "frac": "frac",
}
FUNCTIONS = {"exp": "exp", "log": "log", "tanh": "tanh", r"log\Gamma": "lgamma", "pi": "pi", "top": "true"}
FUNCTIONS["bot"] = "false"
LETTERS = {"mu": "mu", "varepsilon": "eps", "beta": "beta", "sigma": "sigma", "hat{x}": "x_hat"}


def _latex_tokens(text: str) -> Iterator[Token]:
    for found in LATEX.finditer(text):
        kind, token = found.lastgroup, found.group()
        if kind == "word":
            yield "name", found["word"].replace(r"\_", "_")
        elif kind == "sum":
            yield "mark", "Σ_{"
        elif kind == "command" and token != r"\;":
            command = token[1:]
            if command in MARKS:
                yield "mark", MARKS[command]
            elif command in FUNCTIONS:
                yield "function", FUNCTIONS[command]
            else:
                yield "name", LETTERS[command]
        elif kind in ("name", "number", "mark"):
            yield kind, "−" if token == "-" else token


class _Reader:
    def __init__(self, tokens: Iterator[Token]) -> None:
        self.tokens = [*tokens, END]
        self.at = 0

    def whole(self) -> Node:
        node = self.formula()
        assert self.tokens[self.at] == END, self.tokens[self.at :]
        return node

    def ahead(self, *marks: str) -> str | None:
        kind, token = self.tokens[self.at]
        return token if kind == "mark" and token in marks else None

    def take(self, *marks: str) -> str | None:
        found = self.ahead(*marks)
        self.at += found is not None
        return found

    def expect(self, mark: str) -> None:
        assert self.take(mark), (mark, self.tokens[self.at :])

    def word(self, kind: str) -> str:
        found, token = self.tokens[self.at]
        assert found == kind, (kind, self.tokens[self.at :])
        self.at += 1
        return token

    def bound_names(self) -> tuple[str, ...] | None:
        """The names before ↦, if that is what comes."""
        start = self.at
        names = []
        if self.take("("):
            while self.tokens[self.at][0] == "name":
                names.append(self.word("name"))
                self.take(",")
            closed = self.take(")")
        else:
            names += [self.word("name")] if self.tokens[self.at][0] == "name" else []
            closed = True
        if names and closed and self.take("↦"):
            return tuple(names)
        self.at = start
        return None

    def formula(self) -> Node:
        if names := self.bound_names():
            return Node("lambda", names, (self.formula(),))
        if self.take("∀"):
            name = self.word("name")
            self.expect(".")
            return Node("forall", name, (self.formula(),))
        left = self.chain("∨", "or", lambda: self.chain("∧", "and", self.negation))
        if self.take("→"):
            assert not self.ahead("∀"), "a quantifier inside a formula stands in parentheses"
            return Node("infix", "implies", (left, self.formula()))
        if self.take("↔"):
            right = self.chain("∨", "or", lambda: self.chain("∧", "and", self.negation))
            assert not self.ahead("→", "↔"), "→ and ↔ do not mix without parentheses"
            return Node("infix", "iff", (left, right))
        return left

    def chain(self, mark: str, operator: str, part) -> Node:
        parts = [part()]
        while self.take(mark):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Node("infix", operator, tuple(parts))

    def negation(self) -> Node:
        return Node("prefix", "not", (self.negation(),)) if self.take("¬") else self.comparison()

    def comparison(self) -> Node:
        left = self.left_associative(SUMS, lambda: self.left_associative(PRODUCTS, self.sign))
        if mark := self.take(*COMPARISONS):
            right = self.left_associative(SUMS, lambda: self.left_associative(PRODUCTS, self.sign))
            return Node("infix", COMPARISONS[mark], (left, right))
        return left

    def left_associative(self, operators: dict[str, str], part) -> Node:
        left = part()
        while mark := self.take(*operators):
            left = Node("infix", operators[mark], (left, part()))
        return left

    def sign(self) -> Node:
        if self.take("−", "-"):
            return Node("prefix", "negative", (self.sign(),))
        if self.take("Σ_{"):
            index = self.word("name")
            self.expect("<")
            size = self.postfix()
            self.expect("}")
            return Node("sum", index, (size, self.sign()))
        base = self.postfix()
        if self.tokens[self.at][0] == "power":
            return Node("power", int(self.word("power")), (base,))
        return base

    def postfix(self) -> Node:
        node = self.atom()
        while mark := self.take("(", "["):
            keywords, arguments = self.arguments(")" if mark == "(" else "]")
            node = Node("call" if mark == "(" else "index", keywords, (node, *arguments))
        return node

    def arguments(self, closing: str) -> tuple[tuple[str | None, ...], list[Node]]:
        keywords: list[str | None] = []
        arguments: list[Node] = []
        while not self.take(closing):
            named = self.tokens[self.at][0] == "name" and self.tokens[self.at + 1] == ("mark", "=")
            keywords.append(self.word("name") if named else None)
            self.at += named
            arguments.append(self.formula())
            assert self.take(",") or self.ahead(closing)
        return tuple(keywords), arguments

    def atom(self) -> Node:
        kind, token = self.tokens[self.at]
        self.at += 1
        if kind in ("name", "function"):
            return Node(kind, token)
        if kind == "number":
            return Node("number", Fraction(token))
        if token == "(":
            node = self.formula()
            self.expect(")")
            return node
        if token == "frac":
            return Node("infix", "divide", (self.group(), self.group()))
        assert token == "{", self.tokens[self.at - 1 :]
        self.at -= 1
        base = self.group()
        self.expect("^")
        exponent = self.group()
        return Node("power", int(exponent.value), (base,))

    def group(self) -> Node:
        self.expect("{")
        node = self.formula()
        self.expect("}")
        return node


def read_text(text: str) -> Node:
    return _Reader(_text_tokens(text)).whole()


def read_latex(text: str) -> Node:
    return _Reader(_latex_tokens(text)).whole()
