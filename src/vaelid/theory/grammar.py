"""The grammar of claims: from text such as ``"0 < x -> log(x) <= x - 1"`` to a tree of names, numbers and operations.

The grammar is our own, and small, so that a claim cannot mean something else than it looks like. Python's parser
would turn numbers into floats, fold look-alike letters (``µ`` into ``μ``), drop comments, and accept lambdas. From the
loosest to the tightest, operators bind as they do in Python:

    <->   ->   or   and   not   < <= == != >= >   + -   * /   - (sign)   **   calls, elements
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from vaelid.spec.errors import InputError

__all__ = ["Node", "parse", "wrong"]

# Nobody writes longer claims by hand, and all that later walks a formula is recursive: Python's own limit is 1,000.
LONGEST_TEXT, LONGEST_NAME, DEEPEST = 10_000, 100, 100

_SAME = {"≤": "<=", "≥": ">=", "≠": "!=", "−": "-", "·": "*", "π": "pi", "∧": "and", "∨": "or", "¬": "not"}
_SAME |= {"→": "->", "↔": "<->"}
_WORDS = ("and", "or", "not")
_REFUSED_WORDS = ("True", "False", "None", "if", "else", "in", "is")
_COMPARISONS = ("<", "<=", "==", "!=", ">=", ">")
_DIGITS = r"[0-9]+(?:_[0-9]+)*"
_TOKEN = re.compile(
    rf"(?P<number>0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+"
    rf"|(?:{_DIGITS}\.?(?:{_DIGITS})?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)"
    r"|(?P<operator><->|->|<=|>=|==|!=|\*\*|[-+*/<>()\[\],²" + "".join(_SAME) + "])"
    r"|(?P<space>[ \t\r\n]+)"
)
_HINTS = {
    "=": "Equality is written ==.",
    "&": "Write `and`.",
    "|": "Write `or`; an absolute value is abs(x).",
    "^": "A power is written x**2.",
    "~": "Write `not`.",
    "!": "Write `not`.",
    "#": "A claim has no comments.",
}


@dataclass(frozen=True, slots=True)
class Node:
    """A number or a name (`word` is how it is written), or an operation (`word` is its symbol) of other nodes.

    `kind` is "number", "name", "call" (of the function `word`), "element" (of the array `word`), "compare" (`word`
    lists the signs between the parts, split by spaces), or "operation".
    """

    kind: str
    word: str
    parts: tuple["Node", ...]
    source: str = field(compare=False)
    """The text of this node, as it stands in the claim."""
    depth: int = field(default=1, compare=False)


def wrong(claim: str, problem: str) -> InputError:
    """What a claim that is none is answered with."""
    shown = claim if len(claim) <= 200 else f"{claim[:120]} ... {claim[-40:]}"
    return InputError(f"the claim {shown!r}: {problem}")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    word: str
    start: int
    end: int


def _tokens(claim: str) -> Iterator[_Token]:
    place = 0
    while place < len(claim):
        found = _TOKEN.match(claim, place)
        if found is None:
            raise wrong(claim, _unknown_character(claim, place))
        kind, word, end = str(found.lastgroup), found.group(), found.end()
        if kind == "number" and (glued := re.match(r"[A-Za-z0-9_.]+", claim[end:])):
            raise wrong(claim, f"{word + glued.group()!r} is not understood as a number; a product is written 2*x.")
        if kind == "name" and len(word) > LONGEST_NAME:
            raise wrong(claim, f"a name has at most {LONGEST_NAME} letters, and one here has {len(word):,}.")
        if kind == "name" and word in _REFUSED_WORDS:
            raise wrong(claim, f"{word!r} is not understood: a claim is made of numbers, comparisons, and, or, not.")
        if kind != "space":
            word = _SAME.get(word, word)
            yield _Token("operator" if word in _WORDS else "name" if word == "pi" else kind, word, place, end)
        place = end
    yield _Token("end", "", place, place)


def _unknown_character(claim: str, place: int) -> str:
    character = claim[place]
    name = unicodedata.name(character, "which has no name")
    shown = f"the character {character!r} (U+{ord(character):04X}, {name}) is not understood"
    if character.isascii():
        return f"{shown}. {_HINTS.get(character, 'A claim has names, numbers, + - * / ** and comparisons.')}"
    return f"{shown}: names are of the letters a to z, A to Z, digits and _, as in mu."


def parse(claim: str) -> Node:
    """The tree of a claim. Raises `InputError` saying what is not understood, and where."""
    if len(claim) > LONGEST_TEXT:
        raise wrong(claim, f"it has {len(claim):,} characters, and {LONGEST_TEXT:,} at most are read.")
    parser = _Parser(claim, list(_tokens(claim)))
    if parser.next.kind == "end":
        raise wrong(claim, "it is empty; write for instance 0 <= KL.")
    tree = parser.implication()
    if parser.next.kind != "end":
        raise parser.unexpected()
    return tree


class _Parser:
    """Recursive descent, one method for each level of the table in this file's head."""

    def __init__(self, claim: str, tokens: list[_Token]) -> None:
        self.claim = claim
        self.tokens = tokens
        self.place = 0
        self.nesting = 0

    @property
    def next(self) -> _Token:
        """The token that is read next."""
        return self.tokens[self.place]

    def took(self, *words: str) -> str:
        """The next token, taken, if it is one of these operators; else an empty text."""
        if self.next.kind != "operator" or self.next.word not in words:
            return ""
        self.place += 1
        return self.tokens[self.place - 1].word

    def unexpected(self) -> InputError:
        """The answer to a token that cannot stand where it does."""
        if self.next.kind == "end":
            return wrong(self.claim, "it ends too early.")
        shown = self.claim[self.next.start : self.next.end]
        before = self.claim[: self.next.start].strip()
        where = f"after {before[-30:]!r}" if before else "at the start"
        return wrong(self.claim, f"{shown!r} is not expected {where}.")

    def expect(self, word: str) -> None:
        if not self.took(word):
            raise self.unexpected()

    def node(self, start: int, kind: str, word: str, *parts: Node) -> Node:
        depth = 1 + max((part.depth for part in parts), default=0)
        if depth > DEEPEST:
            raise wrong(self.claim, f"it nests more than {DEEPEST} operations; split it into several claims.")
        return Node(kind, word, parts, self.claim[start : self.tokens[self.place - 1].end], depth)

    def implication(self) -> Node:
        """P -> Q -> R is P -> (Q -> R), and `<->` is looser than `->`."""
        self.nesting += 1
        if self.nesting > DEEPEST // 2:  # each parenthesis takes several calls of this parser
            raise wrong(self.claim, f"it nests more than {DEEPEST // 2} parentheses; split it into several claims.")
        tree = self.right("<->", lambda: self.right("->", self.disjunction))
        self.nesting -= 1
        return tree

    def right(self, arrow: str, side: Callable[[], Node]) -> Node:
        """side, or side arrow (side arrow ...)."""
        starts, sides = [self.next.start], [side()]
        while self.took(arrow):
            starts.append(self.next.start)
            sides.append(side())
        tree = sides.pop()
        while sides:
            tree = self.node(starts[len(sides) - 1], "operation", arrow, sides.pop(), tree)
        return tree

    def left(self, side: Callable[[], Node], *words: str) -> Node:
        """side, or ((side word side) word side) ..."""
        start, tree = self.next.start, side()
        while word := self.took(*words):
            tree = self.node(start, "operation", word, tree, side())
        return tree

    def disjunction(self) -> Node:
        return self.left(lambda: self.left(self.negation, "and"), "or")

    def negation(self) -> Node:
        start, count = self.next.start, 0
        while self.took("not"):
            count += 1
        tree = self.comparison()
        for _ in range(count):
            tree = self.node(start, "operation", "not", tree)
        return tree

    def comparison(self) -> Node:
        """a < b <= c is a < b and b <= c."""
        start, sides, signs = self.next.start, [self.sum()], []
        while sign := self.took(*_COMPARISONS):
            signs.append(sign)
            sides.append(self.sum())
        return self.node(start, "compare", " ".join(signs), *sides) if signs else sides[0]

    def sum(self) -> Node:
        return self.left(self.product, "+", "-")

    def product(self) -> Node:
        return self.left(self.signed, "*", "/")

    def signed(self) -> Node:
        """-x**2 is -(x**2)."""
        start, signs = self.next.start, 0
        while self.took("-"):
            signs += 1
        tree = self.power()
        for _ in range(signs):
            tree = self.node(start, "operation", "sign", tree)
        return tree

    def power(self) -> Node:
        """x**2**3 is x**(2**3)."""
        start, base = self.next.start, self.atom()
        while self.took("²"):
            base = self.node(start, "operation", "**", base, Node("number", "2", (), "²"))
        return self.node(start, "operation", "**", base, self.signed()) if self.took("**") else base

    def atom(self) -> Node:
        """A number, a name, a call, an element, or a claim in parentheses."""
        token = self.next
        if self.took("("):
            tree = self.implication()
            self.expect(")")
            return tree
        if token.kind not in ("number", "name"):
            raise self.unexpected()
        self.place += 1
        if token.kind == "name" and self.took("("):
            return self.node(token.start, "call", token.word, *self.arguments())
        if token.kind == "name" and self.took("["):
            inside = self.implication()
            self.expect("]")
            return self.node(token.start, "element", token.word, inside)
        return self.node(token.start, token.kind, token.word)

    def arguments(self) -> list[Node]:
        found: list[Node] = []
        while not self.took(")"):
            if found:
                self.expect(",")
            found.append(self.implication())
        return found
