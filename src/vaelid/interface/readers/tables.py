"""Tables of numbers as text: separator, header and encoding found out; what is no number named by line and field."""

import codecs
import csv
import io
import re
import shlex
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vaelid.interface.files import open_file
from vaelid.interface.readers.header import HEADER_WORDS, Beginning, header_of, is_numeric
from vaelid.interface.readers.loaded import Loaded
from vaelid.spec.errors import InputError

__all__ = ["read_csv"]

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CHUNK = 2**20
_SHOWN = 40  # characters of a bad field that are quoted in a message


@dataclass(frozen=True)
class _Table:
    """A .csv file whose first lines have been looked at; `skipped` lines stand before the first row of numbers."""

    path: Path
    stream: io.TextIOWrapper
    separator: str
    names: list[str]
    skipped: int

    def rewound(self) -> io.TextIOWrapper:
        """The stream, at the first row of numbers."""
        self.stream.seek(0)
        for _ in range(self.skipped):
            self.stream.readline()
        return self.stream


def read_csv(path: Path, word: str | None) -> Loaded:
    """The rows of numbers; `word` is ``"header"`` or ``"no-header"`` where the user settles it."""
    if word not in (None, *HEADER_WORDS):
        either = " or ".join(f"{path}:{known}" for known in HEADER_WORDS)
        raise InputError(f"{path}:{word} is not known: expected {either}.")
    with open_file(path) as raw:
        encoding = _encoding(path, raw)
        with io.TextIOWrapper(raw, encoding=encoding, errors="replace", newline="") as stream:
            beginning = Beginning(stream)
            names, notes = header_of(path, beginning, word)
            table = _Table(path, stream, beginning.separator, names, beginning.blank + bool(names))
            return _without_index(path, _numbers(table), names, notes, settled=word is not None)


def _encoding(path: Path, raw: io.BufferedReader) -> str:
    """UTF-8, or UTF-16 where the file begins with its mark; a NUL in any other file means that it is no text."""
    position, mark = 0, b""
    while chunk := raw.read(_CHUNK):
        mark = mark or chunk[:2]
        if mark in _UTF_16:
            break
        if (found := chunk.find(b"\0")) >= 0:
            raise InputError(
                f"{path} has a NUL byte at position {position + found:,}: expected text. Save it again as CSV in UTF-8."
            )
        position += len(chunk)
    raw.seek(0)
    return "utf-16" if mark in _UTF_16 else "utf-8-sig"


def _numbers(table: _Table) -> np.ndarray:
    try:
        with warnings.catch_warnings(action="error"):  # no rows at all is a warning of numpy's
            return np.loadtxt(table.rewound(), delimiter=table.separator, ndmin=2, comments=None, quotechar='"')
    except (ValueError, UserWarning) as cause:
        raise _first_bad_field(table, cause) from None


def _first_bad_field(table: _Table, cause: Exception) -> InputError:
    """The message for what NumPy refused, found again field by field."""
    reader = csv.reader(table.rewound(), delimiter=table.separator)
    width, line, rows = len(table.names), table.skipped, 0
    try:
        for fields in reader:
            begins, line = line + 1, table.skipped + reader.line_num
            if not fields:
                continue
            if line > begins:
                return _open_quote(table.path, begins)
            first, width, rows = rows == 0, width or len(fields), rows + 1
            for column, text in enumerate(fields):
                if not is_numeric(text):
                    return _bad_field(table, line, column, text, first)
            if len(fields) != width:
                return InputError(
                    f"{table.path}, line {line} has {len(fields)} fields, the lines before have {width}: every "
                    "row needs the same columns."
                )
    except csv.Error:  # a field beyond the module's limit of 128 kB
        return _open_quote(table.path, line + 1)
    if rows:
        return InputError(f"{table.path} cannot be read as numbers: {str(cause).rstrip('.')}.")
    return InputError(f"{table.path} has no rows of numbers: expected one row for each observation.")


def _open_quote(path: Path, line: int) -> InputError:
    return InputError(
        f"{path}, line {line} has a field of more than one line, or of more than 128 kB: expected numbers. Is a quote "
        "not closed?"
    )


def _bad_field(table: _Table, line: int, column: int, text: str, first: bool) -> InputError:
    name = f" ({table.names[column][:_SHOWN]})" if column < len(table.names) else ""
    found = "missing" if not text.strip() else repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")
    remedy = "Fill it in, or leave that column or row out."
    if re.fullmatch(r"\s*[+-]?\d+,\d+([eE][+-]?\d+)?\s*", text) and table.separator != ",":
        remedy = "Is it a decimal comma? Write decimal points."
    elif first and not table.names:
        remedy += f" If that line is a header, name the data {shlex.quote(f'{table.path}:header')}."
    return InputError(f"{table.path}, line {line}, field {column + 1}{name} is {found}: expected a number. {remedy}")


def _without_index(path: Path, x: np.ndarray, names: list[str], notes: tuple[str, ...], *, settled: bool) -> Loaded:
    """Leave out a first column without a name that numbers the rows, in any order; `settled`: the user says header."""
    if not names or names[0].strip() or x.shape[1] < 2:
        return Loaded(x, notes=notes)
    if np.array_equal(x[:, 0], np.arange(len(x))):
        return Loaded(x[:, 1:], notes=(*notes, f"{path}: the first column, which numbers the rows, was left out."))
    if not settled and all(map(is_numeric, names[1:])):  # then it was no header, but a row that lacks its first number
        raise InputError(f"{path}, line 1, field 1 is missing: expected a number. Fill it in, or leave that row out.")
    whole = np.array_equal(x[:, 0], np.round(x[:, 0]))  # not where one is NaN
    if len(x) > 1 and whole and len(np.unique(x[:, 0])) == len(x):
        said = f"{path}: the first column, which has no name and numbers the rows out of order, was left out."
        return Loaded(x[:, 1:], notes=(*notes, said))
    return Loaded(x, notes=notes)
