"""Python source as a syntax tree, read and never run: whatever else a file holds is one short reason."""

import ast
import stat
import warnings
from pathlib import Path

from vaelid.interface.files import read_bytes
from vaelid.spec.errors import InputError, VaelidError

__all__ = ["NotRead", "parsed", "parsed_text"]

_MOST_BYTES = 2_000_000
"""A larger file holds data; the parser takes some hundred times its size in memory."""


class NotRead(VaelidError):
    """The file is not read as Python; the message is the reason."""


def parsed(file: Path) -> ast.Module:
    """The tree of the file. Raises `NotRead`."""
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):  # reading a pipe would wait for ever
            raise NotRead("it is no ordinary file.")
        if status.st_size > _MOST_BYTES:
            raise NotRead(f"it has {status.st_size:,} bytes, more than {_MOST_BYTES:,}.")
        data = read_bytes(file)
    except InputError as reason:
        raise NotRead(str(reason)) from None
    except OSError as cause:  # a dangling link, a loop of links, a folder that may not be entered
        raise NotRead(f"{(cause.strerror or str(cause)).lower()}.") from None
    return parsed_text(data)


def parsed_text(text: str | bytes) -> ast.Module:
    """The tree of the text; bytes are decoded as Python decodes a file. Raises `NotRead`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of invalid escapes: they are the user's, and nothing is run
            tree = ast.parse(text)
    except SyntaxError as cause:
        where = f"line {cause.lineno} is not Python" if cause.lineno else "it is not Python"
        raise NotRead(f"{where}: {cause.msg}.") from None
    except (RecursionError, MemoryError):  # CPython's parser says so of a stack that is too deep
        raise NotRead("it is nested too deeply.") from None
    except ValueError as cause:  # null bytes
        raise NotRead(f"it is not Python: {cause}.") from None
    return tree
