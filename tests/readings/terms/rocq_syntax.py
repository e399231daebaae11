"""A reader of the part of Rocq in which definitions and statements are printed, at Rocq's own levels: text -> a tree.

200 forall, fun; 99 -> (right); 95 <-> (none); 85 \\/ (right); 80 /\\ (right); 75 ~; 70 = < <= <> (none); 50 + - (left);
40 * / (left); 35 unary - ; 30 ^ (right); 10 application (left); 1 %.
"""

import re
from fractions import Fraction

from formula_syntax import Node

__all__ = ["read_rocq"]

TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_]\w*)?|\d+|<->|->|=>|/\\|\\/|<=|<>|[^\s]")
COMPARISONS = {"=": "equal", "<>": "not_equal", "<": "less", "<=": "less_equal"}
KEYWORDS = {"forall", "fun"}


class _Reader:
    def __init__(self, text: str) -> None:
        self.tokens = [*TOKEN.findall(text), ""]
        self.at = 0

    def take(self, *tokens: str) -> str | None:
        found = self.tokens[self.at] if self.tokens[self.at] in tokens else None
        self.at += found is not None
        return found

    def expect(self, token: str) -> None:
        assert self.take(token), (token, self.tokens[self.at :])

    def is_name(self) -> bool:
        token = self.tokens[self.at]
        return token not in KEYWORDS and re.match(r"[A-Za-z_]", token) is not None

    def name(self) -> str:
        assert self.is_name(), self.tokens[self.at :]
        self.at += 1
        return self.tokens[self.at - 1]

    def term(self) -> Node:  # 200
        if self.take("forall"):
            name = self.name()
            self.expect(":")
            self.expect("nat")
            self.expect(",")
            return Node("forall", name, (self.term(),))
        if self.take("fun"):
            names = [self.name()]
            while not self.take("=>"):
                names.append(self.name())
            return Node("lambda", tuple(names), (self.term(),))
        left = self.equivalence()
        if self.take("->"):  # its right side is at 200: forall may stand there
            return Node("infix", "implies", (left, self.term()))
        return left

    def equivalence(self) -> Node:  # 95
        left = self.right_associative("\\/", "or", lambda: self.right_associative("/\\", "and", self.negation))
        if self.take("<->"):
            right = self.right_associative("\\/", "or", lambda: self.right_associative("/\\", "and", self.negation))
            return Node("infix", "iff", (left, right))
        return left

    def right_associative(self, mark: str, operator: str, part) -> Node:
        left = part()
        if self.take(mark):
            return Node("infix", operator, (left, self.right_associative(mark, operator, part)))
        return left

    def negation(self) -> Node:  # 75
        return Node("prefix", "not", (self.negation(),)) if self.take("~") else self.comparison()

    def comparison(self) -> Node:  # 70
        left = self.addition()
        if mark := self.take(*COMPARISONS):
            return Node("infix", COMPARISONS[mark], (left, self.addition()))
        return left

    def addition(self) -> Node:  # 50
        left = self.multiplication()
        while mark := self.take("+", "-"):
            left = Node("infix", "add" if mark == "+" else "subtract", (left, self.multiplication()))
        return left

    def multiplication(self) -> Node:  # 40
        left = self.sign()
        while mark := self.take("*", "/"):
            left = Node("infix", "multiply" if mark == "*" else "divide", (left, self.sign()))
        return left

    def sign(self) -> Node:  # 35
        return Node("prefix", "negative", (self.sign(),)) if self.take("-") else self.power()

    def power(self) -> Node:  # 30
        base = self.application()
        if self.take("^"):
            exponent = self.power()
            assert exponent.kind == "number"
            return Node("power", int(exponent.value), (base,))
        return base

    def application(self) -> Node:  # 10
        function = self.atom()
        arguments = []
        while self.tokens[self.at] == "(" or self.tokens[self.at].isdigit() or self.is_name():
            arguments.append(self.atom())
        if function == Node("name", "fsum"):
            body, size = arguments
            assert body.kind == "lambda"
            assert len(body.value) == 1
            return Node("sum", body.value[0], (size, *body.parts))
        return Node("application", None, (function, *arguments)) if arguments else function

    def atom(self) -> Node:
        if self.take("("):
            node = self.term()
            self.expect(")")
        elif self.tokens[self.at].isdigit():
            node = Node("number", Fraction(self.tokens[self.at]))
            self.at += 1
        else:
            return Node("name", self.name())
        if self.take("%"):
            assert self.name() == "nat"
            return Node("nat", None, (node,))
        return node


def read_rocq(text: str) -> Node:
    reader = _Reader(text)
    node = reader.term()
    assert reader.tokens[reader.at] == "", reader.tokens[reader.at :]
    return node
