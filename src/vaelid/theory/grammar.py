"""The grammar of claims: from text such as ``"0 < x -> log(x) <= x - 1"`` to a tree of names, numbers and operations.

The grammar is our own, and small, so that a claim cannot mean something else than it looks like. Python's parser
would turn numbers into floats, fold look-alike letters (``µ`` into ``μ``), drop comments, and accept lambdas. From the
loosest to the tightest, operators bind as they do in Python:

    <->   ->   or   and   not   < <= == != >= >   + -   * /   - (sign)   **   calls, elements
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from vaelid.spec.errors import InputError

__all__ = ["Node", "parse", "wrong"]

# Nobody writes longer claims by hand, and all that later walks a formula is recursive: Python's own limit is 1,000.
LONGEST_TEXT, LONGEST_NAME, DEEPEST = 10_000, 100, 100

_SAME = {"≤": "<=", "≥": ">=", "≠": "!=", "−": "-", "·": "*", "π": "pi", "∧": "and", "∨": "or", "¬": "not"}
_SAME |= {"→": "->", "↔": "<->"}
_WORDS = ("and", "or", "not")
_REFUSED_WORDS = ("True", "False", "None", "if", "else", "in", "is")
_ARROWS = ("<->", "->")
_COMPARISONS = ("<", "<=", "==", "!=", ">=", ">")
# how tightly operators bind, from the loosest on; `not` and the sign stand before what they bind
_LEVELS = {"<->": 0, "->": 1, "or": 2, "and": 3, **dict.fromkeys(_COMPARISONS, 5), "+": 6, "-": 6, "*": 7, "/": 7}
_LEVELS |= {"**": 9, "²": 9}
_NOT, _SIGN = 4, 8
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
    tree = parser.expression(0)
    if parser.next.kind != "end":
        raise parser.unexpected()
    return tree


class _Parser:
    """Precedence climbing: few calls for each parenthesis, since Python allows 1,000 at a time."""

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

    def check_depth(self, depth: int) -> None:
        if depth > DEEPEST:
            raise wrong(self.claim, f"it nests more than {DEEPEST} operations; split it into several claims.")

    def node(self, start: int, kind: str, word: str, *parts: Node) -> Node:
        depth = 1 + max((part.depth for part in parts), default=0)
        self.check_depth(depth)
        return Node(kind, word, parts, self.claim[start : self.tokens[self.place - 1].end], depth)

    def expression(self, least: int) -> Node:
        """The longest expression whose operators outside parentheses bind at least as tightly as `least`."""
        start = self.next.start
        self.nesting += 1
        self.check_depth(self.nesting)
        if least <= _NOT and self.took("not"):
            tree = self.node(start, "operation", "not", self.expression(_NOT))
        elif self.took("-"):  # -x**2 is -(x**2)
            tree = self.node(start, "operation", "sign", self.expression(_SIGN))
        else:
            tree = self.atom()
        while self.next.kind == "operator" and _LEVELS.get(self.next.word, -1) >= least:
            tree = self.continued(start, tree)
        self.nesting -= 1
        return tree

    def continued(self, start: int, left: Node) -> Node:
        """The expression that begins with `left`, up to and with the right side of the operator that comes next."""
        word = self.next.word
        if word in _COMPARISONS:
            return self.comparison(start, left)
        self.place += 1
        if word == "²":
            return self.node(start, "operation", "**", left, Node("number", "2", (), word))
        # a -> b -> c is a -> (b -> c), and 2**-x is 2**(-x); all others begin at the left: a - b - c is (a - b) - c
        least = _SIGN if word == "**" else _LEVELS[word] + (word not in _ARROWS)
        return self.node(start, "operation", word, left, self.expression(least))

    def comparison(self, start: int, first: Node) -> Node:
        """a < b <= c is a < b and b <= c."""
        sides, signs = [first], []
        while sign := self.took(*_COMPARISONS):
            signs.append(sign)
            sides.append(self.expression(_LEVELS[sign] + 1))
        return self.node(start, "compare", " ".join(signs), *sides)

    def atom(self) -> Node:
        """A number, a name, a call, an element, or a claim in parentheses."""
        token = self.next
        if self.took("("):
            tree = self.expression(0)
            self.expect(")")
            return tree
        if token.kind not in ("number", "name"):
            raise self.unexpected()
        self.place += 1
        if token.kind == "name" and self.took("("):
            return self.node(token.start, "call", token.word, *self.arguments())
        if token.kind == "name" and self.took("["):
            inside = self.expression(0)
            self.expect("]")
            return self.node(token.start, "element", token.word, inside)
        return self.node(token.start, token.kind, token.word)

    def arguments(self) -> list[Node]:
        found: list[Node] = []
        while not self.took(")"):
            if found:
                self.expect(",")
            found.append(self.expression(0))
        return found
