"""The auditor's house stays small in its parts: files and functions."""

import ast
from pathlib import Path

import pytest

import vaelid.auditor

AUDITOR = Path(vaelid.auditor.__file__).parent
MODULES = sorted(AUDITOR.rglob("*.py"))
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 300, 50


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(AUDITOR)))
def test_a_long_file_says_why_it_is_long(file):
    text = file.read_text()
    if len(text.splitlines()) > MOST_LINES:
        head = " ".join((ast.get_docstring(ast.parse(text)) or "").split())
        assert "longer than other files" in head


def lines_of_code(function):
    """From the first statement after the docstring to the last line."""
    first, *rest = function.body
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    body = rest if is_docstring else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def test_functions_have_at_most_50_lines_of_code():
    functions = [
        (file.name, node)
        for file in MODULES
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef)
    ]
    assert not [(file, f.name) for file, f in functions if lines_of_code(f) > MOST_LINES_OF_A_FUNCTION]


def test_the_count_of_lines_can_fail():
    long = ast.parse("def f():\n    '''What.'''\n" + "    x = 1\n" * 51).body[0]
    assert lines_of_code(long) == 51
