"""Our grammar against Python's parser, on what both read: the same trees."""

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaelid.spec.errors import InputError
from vaelid.theory.grammar import Node, parse

_NAMES = st.sampled_from(["x", "y", "mu", "t.base"])
_NUMBERS = st.sampled_from(["0", "2", "0.5", "1e3"])
_OPERATIONS = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
    ast.USub: "sign",
    ast.Not: "not",
    ast.And: "and",
    ast.Or: "or",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}


def _texts(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Operations in every order, with parentheses or without."""
    signs = st.sampled_from([" + ", "-", "*", "/", "**", " and ", " or ", "<", " <= ", "==", "!=", " > ", ">="])
    return st.one_of(
        st.builds(lambda left, right: f"{left} not {right}", inner, inner),
        st.builds(lambda left, sign, right: left + sign + right, inner, signs, inner),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"-{text}"),
        inner.map(lambda text: f"not {text}"),
        st.builds(lambda name, *parts: f"f({', '.join(parts)})", _NAMES, inner, inner),
    )


TEXTS = st.recursive(st.one_of(_NAMES, _NUMBERS), _texts, max_leaves=8)


def by_python(text: str, node: ast.expr) -> Node:
    """The tree that Python's own parser finds."""

    def of(part: ast.expr) -> Node:
        return by_python(text, part)

    match node:
        case ast.Constant():
            return Node("number", str(ast.get_source_segment(text, node)), (), "")
        case ast.Name() | ast.Attribute():
            return Node("name", ast.unparse(node), (), "")
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return Node("call", name, tuple(map(of, arguments)), "")
        case ast.BinOp(left=left, op=operation, right=right):
            return Node("operation", _OPERATIONS[type(operation)], (of(left), of(right)), "")
        case ast.UnaryOp(op=operation, operand=operand):
            return Node("operation", _OPERATIONS[type(operation)], (of(operand),), "")
        case ast.Compare(left=left, ops=signs, comparators=rest):
            words = " ".join(_OPERATIONS[type(sign)] for sign in signs)
            return Node("compare", words, tuple(map(of, (left, *rest))), "")
        case ast.BoolOp(op=operation, values=values):
            tree = of(values[0])
            for value in values[1:]:
                tree = Node("operation", _OPERATIONS[type(operation)], (tree, of(value)), "")
            return tree
    raise AssertionError(ast.dump(node))


@given(TEXTS)
@settings(max_examples=150, deadline=None)
def test_a_text_is_read_as_python_reads_it_and_refused_where_python_refuses_it(text):
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError:
        with pytest.raises(InputError):
            parse(text)
    else:
        assert parse(text) == by_python(text, tree)


def test_the_comparison_can_fail():
    for text, other in [("x - y - 1", "x - (y - 1)"), ("-x**2", "(-x)**2"), ("x < y == 1", "(x < y) == 1")]:
        assert parse(text) != by_python(other, ast.parse(other, mode="eval").body)


def test_arrows_bind_loosest_and_to_the_right():
    assert parse("a < b -> b < c -> a < c") == parse("a < b -> (b < c -> a < c)")
    assert parse("a < b -> b < c <-> a < c") == parse("(a < b -> b < c) <-> a < c")
    assert parse("not a < b or b < c -> a < c") == parse("((not a < b) or b < c) -> a < c")
    assert parse("a<-b").word == "<"
    assert parse("a < 1<->b < 1").word == "<->"
