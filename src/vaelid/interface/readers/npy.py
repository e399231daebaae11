"""NumPy's .npy format: its header, checked against the bytes that follow, and the array, memory-mapped."""

import io
import math
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from vaelid.interface.files import open_file
from vaelid.spec.errors import InputError

__all__ = ["NpyHeader", "map_array", "read_npy", "read_npy_header"]

MAGIC = b"\x93NUMPY"
# numpy.save writes 118 bytes, and some for each named field; a longer header is no array of numbers.
LONGEST_HEADER = 10_000

ByteStream = io.BufferedReader | zipfile.ZipExtFile


@dataclass(frozen=True)
class NpyHeader:
    """What a .npy header says; the array's bytes begin at `offset`."""

    shape: tuple[int, ...]
    column_major: bool
    dtype: np.dtype
    offset: int

    @property
    def size(self) -> int:
        """Bytes of the array."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def order(self) -> Literal["C", "F"]:
        """The array's order in memory, as NumPy names it."""
        return "F" if self.column_major else "C"


def read_npy_header(stream: ByteStream, name: str, length: int) -> NpyHeader:
    """The header of the .npy file in the stream, which is `length` bytes long: neither more nor less than it says."""
    magic = stream.read(8)
    if magic[:6] != MAGIC:
        raise InputError(
            f"{name} is not a .npy file: it begins with {magic[:6]!r}. Save the array with numpy.save, or name "
            "the file after what it is."
        )
    header = _parsed(stream, name, version=magic[6:])
    if header.dtype.hasobject:
        raise InputError(
            f"{name} holds Python objects, which are never loaded (they can run code): save an array of numbers."
        )
    if header.dtype.itemsize == 0:
        raise InputError(f"{name} holds {header.dtype}, which takes no bytes: expected numbers.")
    if header.dtype.names:
        raise InputError(
            f"{name} has named fields ({', '.join(header.dtype.names)}): expected plain numbers. Save "
            "numpy.lib.recfunctions.structured_to_unstructured(x)."
        )
    if any(isinstance(n, bool) or n < 0 for n in header.shape):
        raise InputError(f"{name} is damaged: its header says shape {header.shape}. Write it again.")
    surplus = length - header.offset - header.size
    if surplus < 0:
        raise InputError(
            f"{name} is cut short: its header says shape {header.shape} of {header.dtype}, {header.size:,} bytes, but "
            f"the file ends after {length - header.offset:,}. Write it again."
        )
    if surplus:
        raise InputError(
            f"{name} holds {surplus:,} bytes more than the array of shape {header.shape} of {header.dtype} that its "
            "header says: it is damaged, or holds several arrays. Save one array in each file."
        )
    return header


def _parsed(stream: ByteStream, name: str, version: bytes) -> NpyHeader:
    size_bytes = {b"\1\0": 2, b"\2\0": 4, b"\3\0": 4}.get(version)
    if size_bytes is None:
        raise InputError(f"{name} is of .npy version {tuple(version)}, which is not known: save it with numpy.save.")
    size = stream.read(size_bytes)
    count = int.from_bytes(size, "little")
    if count > LONGEST_HEADER:
        raise InputError(
            f"{name} has a header of {count:,} bytes: expected at most {LONGEST_HEADER:,}. Write it again."
        )
    # NumPy has no public name for the third reader, which differs from the second by its encoding alone
    read = np.lib.format.read_array_header_1_0 if version == b"\1\0" else np.lib.format.read_array_header_2_0
    try:
        with warnings.catch_warnings(action="error"):  # NumPy only warns of a header that Python 2 wrote
            shape, column_major, dtype = read(io.BytesIO(size + stream.read(count)), max_header_size=LONGEST_HEADER)
    except Exception as cause:  # damaged bytes end the parser in any error
        raise InputError(f"{name} has a header that cannot be read ({_line(cause)}): write it again.") from None
    return NpyHeader(shape, column_major, dtype, 8 + len(size) + count)


def _line(cause: Exception) -> str:
    """The first line of the cause, without what NumPy quotes."""
    return str(cause).partition("\n")[0].partition(": ")[0][:100] or type(cause).__name__


def read_npy(path: Path) -> np.ndarray:
    """The array of a .npy file, memory-mapped."""
    with open_file(path) as stream:
        length = stream.seek(0, 2)
        stream.seek(0)
        header = read_npy_header(stream, str(path), length)
        return map_array(stream, header)


def map_array(stream: io.BufferedReader, header: NpyHeader, start: int = 0) -> np.ndarray:
    """The array that begins `header.offset` bytes after `start`, mapped from the open file."""
    if header.size == 0:  # no bytes can be mapped
        return np.empty(header.shape, header.dtype, order=header.order)
    return np.memmap(stream, header.dtype, "r", start + header.offset, header.shape, header.order)
