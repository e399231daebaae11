"""Whether the first line of a table names its columns. Names in words do; numbers are never skipped in silence."""

import csv
import io
import itertools
import re
import shlex
import unicodedata
from pathlib import Path

from vaelid.spec.errors import InputError

__all__ = ["HEADER_WORDS", "Beginning", "header_of", "is_numeric"]

HEADER_WORDS = ("header", "no-header")
"""What a user may write after the file's name and a colon, to settle it."""

# Lines that are compared with the first: enough to see that rows are of another kind, few enough to read twice.
_COMPARED = 10
# A row that increases by chance: once in 3! for three numbers, once in 4! for four.
_LEAST_RISING = 4
_SHOWN = 40  # characters of a name that are quoted
_LEAST_CONSECUTIVE = 3

# What stands where a number is missing, and what is a number mistyped or a date: no such line is a header in silence.
_MISSING = frozenset(("na", "n/a", "nan", "nat", "null", "none", "nil", "missing", "true", "false"))
_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[\W_]*\d.*"
_LETTER_FOR_DIGIT = r"[+-]?[oil][.,]\d.*"


def is_numeric(text: str) -> bool:
    """Whether NumPy reads the field as a number; Python's float() also takes 1_000, and digits of any script."""
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text and text.strip().isascii()


class Beginning:
    """The first lines of a table, split into fields.

    Attributes:
        separator: tab, semicolon or comma; no number has the first two in it, so they go first.
        rows: the fields of the first lines that are not blank.
        blank: blank lines before the first of them.
    """

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self.blank = 0
        line = stream.readline()
        while line and not line.strip():
            self.blank += 1
            line = stream.readline()
        bare = re.sub('"[^"]*"', "", line)
        self.separator = next((mark for mark in "\t;" if mark in bare), ",")
        lines = [line, *itertools.islice(stream, _COMPARED)]
        self.rows = [self._fields(text) for text in lines if text.strip()]

    def _fields(self, line: str) -> list[str]:
        try:
            return next(csv.reader([line], delimiter=self.separator))
        except csv.Error:  # a field longer than the module's limit of 128 kB
            return line.rstrip("\r\n").split(self.separator)


def header_of(path: Path, beginning: Beginning, word: str | None) -> tuple[list[str], tuple[str, ...]]:
    """The names of the columns, none where the first line is a row; and what to say of it.

    Raises `InputError` where the first line is column numbers as likely as a row.
    """
    if word == "no-header" or not beginning.rows:
        return [], ()
    first, *others = beginning.rows
    if word == "header":
        return first, ()
    shown = ", ".join(name[:_SHOWN] for name in first[:4]) + (", ..." if len(first) > 4 else "")
    if all(map(_is_decimal_comma, first)):  # a row, whose fields will be refused by what they are
        return [], ()
    if not any(map(is_numeric, first)) and all(map(_like_data, first)):
        raise _ambiguous(path, shown, "a header")
    if not any(map(is_numeric, first)) or _numbers_rows(first, others):
        return first, (f"{path}: the first line was taken for the names of the columns: {shown}",)
    if not all(map(is_numeric, first)) or not others:
        return [], ()
    if _consecutive(first) and not _consecutive(others[0]):
        raise _ambiguous(path, shown, "column numbers")
    if _of_another_kind(first, others):
        named = shlex.quote(f"{path}:header")
        return [], (f"{path}: the first line ({shown}) was read as a row. If it is a header, name the data {named}.",)
    return [], ()


def _ambiguous(path: Path, shown: str, what: str) -> InputError:
    ways = " or ".join(shlex.quote(f"{path}:{known}") for known in HEADER_WORDS)
    return InputError(
        f"{path} begins with {shown}: {what} or a row? Say which by naming the data {ways} (the first leaves that line "
        "out)."
    )


def _is_decimal_comma(field: str) -> bool:
    return re.fullmatch(r"\s*[+-]?\d+,\d+([eE][+-]?\d+)?\s*", field) is not None


def _like_data(field: str) -> bool:
    """Whether the field is blank, or looks like a number, a missing value or a date: it begins with a digit, say."""
    text = field.strip().lower()
    bare = text.lstrip("".join({mark for mark in text if not mark.isalnum()}))
    if not bare or bare in _MISSING or text in _MISSING or bare.rstrip(">)]'\"") in _MISSING:
        return True
    if any(re.fullmatch(pattern, bare) for pattern in (_MONTH, _LETTER_FOR_DIGIT)):
        return True
    return unicodedata.category(bare[0]) in ("Nd", "No")


def _numbers_rows(first: list[str], others: list[list[str]]) -> bool:
    """A first field that is blank, over 0, 1, 2, ...: what pandas writes with a table's index."""
    counted = [row[0] == str(number) for number, row in enumerate(others)]
    return (
        not first[0].strip() and len(first) > 1 and all(map(is_numeric, first[1:])) and bool(counted) and all(counted)
    )


def _consecutive(fields: list[str]) -> bool:
    if len(fields) < _LEAST_CONSECUTIVE or not all(re.fullmatch(r"\d{1,15}", field.strip()) for field in fields):
        return False
    start = int(fields[0])
    return [int(field) for field in fields] == list(range(start, start + len(fields)))


def _rising(fields: list[str]) -> bool:
    numbers = [float(field) for field in fields if is_numeric(field)]
    return len(numbers) >= _LEAST_RISING and all(a < b for a, b in itertools.pairwise(numbers))


def _whole(field: str) -> bool:
    return re.fullmatch(r"\s*[+-]?\d+\s*", field) is not None


def _of_another_kind(first: list[str], others: list[list[str]]) -> bool:
    whole = all(map(_whole, first)) and not any(map(_whole, itertools.chain.from_iterable(others)))
    return whole or (_rising(first) and not any(map(_rising, others)))
