"""Odd and hostile files of data: how each is made, and what reading it must give.

`CASES[name]` makes the file in a folder and gives its path (or what a user types for it). `expects` is the array that
must come out, or a part of the one message that refuses the file; `says` is a part of the line that is logged.
"""

# ruff: noqa: E501 (a table: a file a line)

import io
import os
import socket
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import scipy.sparse
from PIL import Image

X = np.random.default_rng(5).normal(size=(8, 3))
PIXELS = np.random.default_rng(6).integers(0, 256, (6, 9, 3), dtype=np.uint8)
DEEP = np.random.default_rng(7).integers(0, 65536, (6, 9, 4), dtype=np.uint16)


@dataclass(frozen=True, eq=False)
class Case:
    """One odd file: `make(folder)` gives what is to be read."""

    make: Callable[[Path], Any]
    expects: np.ndarray | str
    says: str = ""


CASES: dict[str, Case] = {}


def case(name: str, expects: np.ndarray | str, says: str = "") -> Callable:
    """Register the decorated maker."""

    def register(make: Callable[[Path], Any]) -> Callable:
        assert name not in CASES
        CASES[name] = Case(make, expects, says)
        return make

    return register


def _file(name: str, data: bytes, expects: np.ndarray | str, says: str = "", file: str = "x.csv") -> None:
    def make(folder: Path) -> Path:
        (folder / file).write_bytes(data)
        return folder / file

    CASES[name] = Case(make, expects, says)


def npy(array: np.ndarray, version: tuple[int, int] | None = None) -> bytes:
    """The bytes of a .npy file."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version, allow_pickle=True)
    return buffer.getvalue()


def npy_header(text: str, data: bytes = b"", version: int = 1) -> bytes:
    """A .npy file with this header, whatever it says."""
    header = text.encode("latin1")
    size = struct.pack("<H", len(header)) if version == 1 else struct.pack("<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + size + header + data


def npz(members: dict[str, bytes], packed: bool = False) -> bytes:
    """The bytes of a zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def png(pixels: np.ndarray, colour: int, *, more: bytes = b"") -> bytes:
    """A PNG of 8 or 16 bits a channel, by its colour type; `more` are chunks before the pixels."""
    height, width = pixels.shape[:2]
    depth = 8 * pixels.dtype.itemsize
    raw = b"".join(b"\0" + row.astype(f">u{depth // 8}").tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + more + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


def chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def ppm(pixels: np.ndarray, most: int) -> bytes:
    """A binary PPM."""
    kind = ">u2" if most > 255 else "u1"
    return f"P6 {pixels.shape[1]} {pixels.shape[0]} {most}\n".encode() + pixels.astype(kind).tobytes()


def tiff(pixels: np.ndarray, order: str = "<", *, packed: bool = False, turned: int = 1) -> bytes:
    """A TIFF of 16 bits a channel in one strip, by hand: Pillow cannot write one."""
    height, width, channels = pixels.shape
    data = pixels.astype(f"{order}u2").tobytes()
    data = zlib.compress(data) if packed else data
    data += bytes(len(data) % 2)
    mark, bits_at = (b"II" if order == "<" else b"MM"), 8 + len(data)
    tags = [
        (256, 3, 1, width), (257, 3, 1, height), (258, 3, channels, bits_at if channels > 2 else 16), (259, 3, 1, 8 if packed else 1), (262, 3, 1, 2 if channels > 1 else 1),
        (273, 4, 1, 8), (274, 3, 1, turned), (277, 3, 1, channels), (278, 3, 1, height), (279, 4, 1, len(data)),
        *([(338, 3, 1, 2)] if channels == 4 else []),
    ]  # fmt: skip
    directory = struct.pack(f"{order}H", len(tags))
    for tag, kind, count, value in tags:
        shown = struct.pack(f"{order}HH", value, 0) if (kind, count) == (3, 1) else struct.pack(f"{order}I", value)
        directory += struct.pack(f"{order}HHI", tag, kind, count) + shown
    bits = struct.pack(f"{order}{channels}H", *[16] * channels)
    head = mark + struct.pack(f"{order}HI", 42, bits_at + len(bits))
    return head + data + bits + directory + bytes(4)


def first(pixels: np.ndarray) -> np.ndarray:
    """What a folder of this one image gives: (1, channels, height, width)."""
    return pixels.reshape(*pixels.shape[:2], -1).transpose(2, 0, 1)[None]


def pictures(name: str, expects: np.ndarray | str, says: str = "", **files: bytes | Callable[[Path], Any]) -> None:
    """A folder of images: bytes, or functions that make the file; `a_png` is a.png."""

    def make(folder: Path) -> Path:
        home = folder / "d"
        home.mkdir()
        for key, content in files.items():
            path = home / key.replace("_", ".")
            path.write_bytes(content) if isinstance(content, bytes) else content(path)
        return home

    CASES[name] = Case(make, expects, says)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The image's file in bytes."""
    buffer = io.BytesIO()
    image.copy().save(buffer, kind, **options)  # saving leaves a setting of the encoder on the image
    return buffer.getvalue()


# --- what is no file of data ------------------------------------------------------------------------------------


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:  # by a short relative name: the path of a socket is at most 108 long
        here = os.getcwd()
        os.chdir(path.parent)
        bound.bind(path.name)
        os.chdir(here)


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


for _suffix in ("npy", "npz", "csv", "parquet"):

    @case(f"fifo.{_suffix}", "is a named pipe")
    def _made(folder: Path, suffix: str = _suffix) -> Path:
        _fifo(folder / f"x.{suffix}")
        return folder / f"x.{suffix}"

    @case(f"device.{_suffix}", "is a device")
    def _made_device(folder: Path, suffix: str = _suffix) -> Path:
        (folder / f"x.{suffix}").symlink_to("/dev/zero")
        return folder / f"x.{suffix}"


@case("socket.npy", "is a socket")
def _a_socket(folder: Path) -> Path:
    _socket(folder / "x.npy")
    return folder / "x.npy"


@case("symlink to itself", "too many levels of symbolic links")
def _itself(folder: Path) -> Path:
    _loop(folder / "x.npy")
    return folder / "x.npy"


@case("symlink to nothing", "does not exist")
def _nothing(folder: Path) -> Path:
    (folder / "x.csv").symlink_to("gone.csv")
    return folder / "x.csv"


@case("a folder called x.csv", "holds no images")
def _named_csv(folder: Path) -> Path:
    (folder / "x.csv").mkdir()
    return folder / "x.csv"


GOOD = png(PIXELS, 2)
pictures("a fifo among images", "is a named pipe", a_png=GOOD, b_png=_fifo)
pictures("a device among images", "is a device", a_png=GOOD, b_png=lambda path: path.symlink_to("/dev/zero"))
pictures("a socket among images", "is a socket", a_png=GOOD, b_png=_socket)
pictures("a folder among images", "is a folder", a_png=GOOD, b_png=lambda path: path.mkdir())
pictures("a symlink loop among images", "too many levels of symbolic links", a_png=GOOD, b_png=_loop)
pictures("an image that is gone", "does not exist", a_png=GOOD, b_png=lambda path: path.symlink_to("gone.png"))
pictures("an empty image", "cannot be read as an image", a_png=b"")

# --- .npy -------------------------------------------------------------------------------------------------------

HEAD = "{'descr': '<f8', 'fortran_order': False, 'shape': (%s), }\n"


def _npy(name: str, data: bytes, expects: np.ndarray | str, says: str = "") -> None:
    _file(name, data, expects, says, file="x.npy")


_npy("npy of 10^12 rows", npy_header(HEAD % "1000000000000, 3", bytes(240)), "the file ends")
_npy("npy of 10^30 rows", npy_header(HEAD % f"{10**30}, 3", bytes(240)), "the file ends")
_npy("npy of negative rows", npy_header(HEAD % "-2, 3", bytes(240)), "shape (-2, 3)")
_npy("npy of twice negative shape", npy_header(HEAD % "-2, -3", bytes(48)), "shape (-2, -3)")
_npy("npy with a shape of truths", npy_header(HEAD % "True, 3", bytes(24)), "shape (True, 3)")
_npy("npy that holds more than it says", npy_header(HEAD % "2, 3", bytes(240)), "192 bytes more")
_npy("npy of two arrays", npy(X) + npy(X), "bytes more")
_npy("npy with a header of 100 kB", npy_header(HEAD % "2, 3" + " " * 100_000, bytes(48), 2), "header")
_npy("npy with a header that says 4 GB", b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + b"{" * 500, "header")
_npy("npy with a deep header", npy_header("(" * 5000 + ")" * 5000), "header")
_npy("npy of version 9", b"\x93NUMPY\x09\x00" + npy(X)[8:], "version")
_npy("npy with code in its header", npy_header("__import__('os').system('touch trace')\n"), "header")
_npy("npy of objects", npy(np.array([[None, 1.0]], dtype=object)), "holds Python objects")
_npy("npy of named fields", npy(np.zeros(4, [("a", "f4"), ("b", "f4")])), "has named fields (a, b)")
_npy("npy of complex numbers", npy(X + 1j), "complex128")
_npy("npy of dates", npy(np.zeros((4, 2), "datetime64[s]")), "datetime64[s]")
_npy("npy of text", npy(np.full((4, 2), "1.5")), "<U3")
_npy("npy of nothing a million times", npy_header(HEAD.replace("<f8", "|V0") % "1000000, 1000000"), "|V0")
_npy("npy of one number", npy(np.array(3.0)), "has shape ()")
_npy("npy without rows", npy(np.zeros((0, 3))), "has shape (0, 3)")
_npy("npy column-major", npy(np.asfortranarray(X)), X)
_npy("npy big-endian", npy(X.astype(">f8")), X)
_npy("npy float16", npy(X.astype("f2")), X.astype("f2"))
_npy("npy long double", npy(X.astype(np.longdouble)), X)
_npy("npy of truths", npy(X > 0), X > 0)
_npy("npy of version 3", npy(X, (3, 0)), X)

# --- .npz -------------------------------------------------------------------------------------------------------


def _npz(name: str, data: bytes, expects: np.ndarray | str, says: str = "") -> None:
    _file(name, data, expects, says, file="x.npz")


def flipped(data: bytes, at: int) -> bytes:
    """The bytes with one changed."""
    return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]


def _twice() -> bytes:
    data = npz({"x.npy": npy(X), "z.npy": npy(X + 1)})
    return data.replace(b"z.npy", b"x.npy")


def _sparse() -> bytes:
    buffer = io.BytesIO()
    scipy.sparse.save_npz(buffer, scipy.sparse.csr_array(X * (X > 0)))
    return buffer.getvalue()


PLAIN = npz({"x.npy": npy(X)})
LARGE = npz({"x.npy": npy(np.tile(X, (2000, 1)))})
_npz("npz with a byte changed in stored data", flipped(PLAIN, 300), "do not have the checksum")
_npz("npz with a byte changed in much stored data", flipped(LARGE, 300_000), "do not have the checksum")
_npz("npz with a byte changed in its header", flipped(PLAIN, PLAIN.index(b"(8, 3)") + 1), "do not have the checksum")
_npz("npz with a byte changed in packed data", flipped(npz({"x.npy": npy(X)}, packed=True), 200), "checksum")
_npz(
    "npz member shorter than its header says", npz({"x.npy": npy_header(HEAD % "900, 3", bytes(240))}), "the file ends"
)
_npz("npz member longer than its header says", npz({"x.npy": npy_header(HEAD % "2, 3", bytes(240))}), "192 bytes more")
_npz(
    "packed npz member of 10^12 rows",
    npz({"x.npy": npy_header(HEAD % "1000000000000, 3")}, packed=True),
    "the file ends",
)
_npz("npz of a sparse matrix", _sparse(), "is a sparse matrix of scipy")
_npz("npz of two arrays with one stem", npz({"a/x.npy": npy(X), "b/x.npy": npy(X + 1)}), "several arrays")
_npz("npz with a name twice", _twice(), "holds x.npy twice")
_npz("npz of objects", npz({"x.npy": npy(np.array([[None]], dtype=object))}), "holds Python objects")
_npz("npz of something else", npz({"x.npy": b"hello"}), "is not a .npy file")
_npz("npz of version 3 and column-major", npz({"x.npy": npy(np.asfortranarray(X), (3, 0))}), X)
_npz("npz after other bytes", b"#!/bin/sh\n" + PLAIN, X)
_npz(
    "npz whose second array is broken",
    flipped(npz({"x.npy": npy(X), "z.npy": npy(X)}), 700),
    X,
    "the array x was read, not z",
)


@case("packed npz that would fill the memory", "more than half of this machine's memory")
def _bomb(folder: Path) -> Path:
    """10^13 zeros, as the archive has it; its bytes are not there."""
    data = npz({"x.npy": npy_header(HEAD % "1000000000000, 3")}, packed=True)
    head = data.index(b"PK\x01\x02")
    says = 24 * 10**12 + len(npy_header(HEAD % "1000000000000, 3"))
    # the size of the member in the central directory, as a zip64 extra field
    extra = struct.pack("<HHQ", 1, 8, says)
    entry = bytearray(data[head : data.index(b"PK\x05\x06")])
    entry[24:28] = b"\xff" * 4
    entry[30:32] = struct.pack("<H", len(extra))
    end = bytearray(data[data.index(b"PK\x05\x06") :])
    end[12:16] = struct.pack("<I", len(entry) + len(extra))
    (folder / "x.npz").write_bytes(data[:head] + bytes(entry) + extra + bytes(end))
    return folder / "x.npz"


# --- .csv -------------------------------------------------------------------------------------------------------

_TABLE = np.array([[1.5, 2.0], [3.0, 4.25]])
_file("csv with a byte-order mark", "\ufeffa,b\n1.5,2\n3,4.25\n".encode(), _TABLE, "names of the columns")
_file("csv with CRLF", b"a,b\r\n1.5,2\r\n3,4.25\r\n", _TABLE, "names of the columns")
_file("csv with CR", b"a,b\r1.5,2\r3,4.25\r", _TABLE, "names of the columns")
_file("csv in UTF-16", "a\tb\n1.5\t2\n3\t4.25\n".encode("utf-16"), _TABLE, "names of the columns")
_file("csv in UTF-16 without a mark", "a,b\n1.5,2\n3,4.25\n".encode("utf-16-le"), "NUL")
_file("csv with a NUL", b"a,b\n1.5,2\n3,\x004.25\n", "NUL")
_file("csv in Latin-1", "größe,b\n1.5,2\n3,4.25\n".encode("latin1"), _TABLE, "names of the columns")
_file("csv with all in quotes", b'"a","b"\n"1.5","2"\n"3","4.25"\n', _TABLE, "names of the columns")
_file("csv with a quote that is not closed", b'a,b\n1.5,"2\n' + b"3,4.25\n" * 30_000, "quote")
_file("csv with a short quote that is not closed", b'a,b\n1.5,"2\n3,4.25\n', "quote")
_file(
    "csv with a field of 200 kB",
    b"a,b\n1.5," + b"9" * 200_000 + b"x\n",
    "line 2 has a field of more than one line, or of more than 128 kB",
)
_file("csv with a header of 200 kB", b"a" * 200_000 + b",b\n1.5,2\n3,x\n", "line 3, field 2 (b) is 'x'")
_file("csv with decimal commas", b"a;b\n1,5;2,0\n3,0;4,25\n", "decimal comma")
_file("csv with decimal commas, no header", b"1,5;2,0\n3,0;4,25\n", "decimal comma")
_file("csv with tabs and decimal commas", b"a\tb\n1,5\t2,0\n", "decimal comma")
_file("csv with a comma in its header", b'"a;x",b\n1.5,2\n3,4.25\n', _TABLE, "names of the columns")
_file(
    "csv with an index", b",a,b\n0,1.5,2\n1,3,4.25\n", _TABLE, "the first column, which numbers the rows, was left out"
)
_file(
    "csv with an index and numbers for names",
    b",0,1\n0,1.5,2\n1,3,4.25\n",
    _TABLE,
    "the first column, which numbers the rows, was left out",
)
_file("csv with a first row that lacks a number", b",0,1\n0,1.5,2\n1,3,4.25\n7,3,4\n", "line 1, field 1 is missing")
_file("csv after blank lines", b"\n\na,b\n1.5,2\n3,4.25\n", _TABLE, "names of the columns")
_file("csv headed 0, 1, 2", b"0,1,2\n0.1,0.2,0.3\n0.4,0.5,0.6\n", "column numbers or a row")
_file("csv headed by years", b"1990,1991,1992,1993\n5.5,3,8,1\n2,7.5,1,1\n", "column numbers or a row")
_file("csv headed by wavelengths", b"400.0,402.5,405.0,407.5\n.3,.2,.5,.1\n.2,.4,.1,.3\n",
      np.array([[400.0, 402.5, 405.0, 407.5], [0.3, 0.2, 0.5, 0.1], [0.2, 0.4, 0.1, 0.3]]), "was read as a row")  # fmt: skip
_file("csv of consecutive numbers", b"0,1,2\n3,4,5\n6,7,8\n", np.arange(9.0).reshape(3, 3))
_file("csv with a name among numbers", b"label,0,1\n1,2,3\n", ":header")
_file("csv of nans", b"nan,inf\n1,2\n", np.array([[np.nan, np.inf], [1, 2]]))
_file("csv with underscores", b"a,b\n1_0,2\n", "'1_0'")
_file("csv with thousands", b'a,b\n"1,000",2\n', "'1,000'")
_file("csv with text after numbers", b"1,2\n3,4 # five\n", "'4 # five'")
_file("csv of a JPEG", saved(Image.fromarray(PIXELS), "JPEG"), "x.csv")
_file("csv of one long line", b"1," * 30_000 + b"1\n", np.ones((1, 30_001)))


@case("csv headed 0, 1, 2, with :header", np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]))
def _headed(folder: Path) -> str:
    (folder / "x.csv").write_text("0,1,2\n0.1,0.2,0.3\n0.4,0.5,0.6\n")
    return f"{folder / 'x.csv'}:header"


@case("csv headed 0, 1, 2, with :no-header", np.array([[0.0, 1, 2], [0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]))
def _not_headed(folder: Path) -> str:
    (folder / "x.csv").write_text("0,1,2\n0.1,0.2,0.3\n0.4,0.5,0.6\n")
    return f"{folder / 'x.csv'}:no-header"


@case("csv with an unknown word after it", "is not known: expected ")
def _unknown_word(folder: Path) -> str:
    (folder / "x.csv").write_text("1,2\n3,4\n")
    return f"{folder / 'x.csv'}:head"


# --- .parquet ---------------------------------------------------------------------------------------------------


def _parquet(name: str, table: Any, expects: np.ndarray | str, says: str = "", **options: Any) -> None:
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(table, buffer, **options)
    _file(name, buffer.getvalue(), expects, says, file="x.parquet")


_parquet("parquet of a list column", pyarrow.table({"a": [[1.0], [2.0]]}), "is of type list")
_parquet("parquet without rows", pyarrow.table({"a": pyarrow.array([], "f8")}), "has shape (0, 1)")
_parquet("parquet with a table's index", pyarrow.table({"a": [1.5, 2.5], "__index_level_0__": [7, 9]}),
         np.array([[1.5], [2.5]]), "index")  # fmt: skip
_parquet("parquet of truths and bytes", pyarrow.table({"a": [True, False], "b": pyarrow.array([1, 2], "u1")}),
         np.array([[1, 1], [0, 2]]))  # fmt: skip
_parquet(
    "parquet of half floats", pyarrow.table({"a": pyarrow.array(np.array([1.5, 2], "f2"))}), np.array([[1.5], [2]])
)
_parquet("parquet of decimals", pyarrow.table({"a": pyarrow.array([1, 2], pyarrow.decimal128(9, 2))}), "decimal")


@case("parquet with a byte changed under a checksum", "CRC")
def _parquet_flipped(folder: Path) -> Path:
    path = folder / "x.parquet"
    options = {"write_page_checksum": True, "compression": "none", "use_dictionary": False}
    pyarrow.parquet.write_table(pyarrow.table({"a": X[:, 0]}), path, **options)
    path.write_bytes(flipped(path.read_bytes(), path.read_bytes().index(X[:, 0].tobytes()) + 9))
    return path


# --- images -----------------------------------------------------------------------------------------------------


def _exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


COLOUR = Image.fromarray(PIXELS)
GREY = Image.fromarray(PIXELS[..., 0])
CLEAR = Image.fromarray(np.concatenate([PIXELS, PIXELS[..., :1]], axis=2))
PALETTE = COLOUR.quantize(8)

_SIZE = struct.pack(">II", 9, 6) + b"\x08\x02\0\0\0"
_HUGE = struct.pack(">II", 10**5, 10**5) + b"\x08\x02\0\0\0"
BOMB = chunk(b"IHDR", _SIZE), chunk(b"IHDR", _HUGE)

_CHECKED = BOMB[0]
_WIDE = chunk(b"IHDR", struct.pack(">II", 10**4, 10**4) + b"\x08\x02\0\0\0")

pictures("16-bit RGB PNG", first(DEEP[..., :3]), a_png=png(DEEP[..., :3], 2))
pictures("16-bit RGBA PNG", first(DEEP[..., :3]), "alpha channel", a_png=png(DEEP, 6))
pictures("16-bit grey PNG", first(DEEP[..., 0]), a_png=png(DEEP[..., 0], 0))
pictures("16-bit grey and alpha PNG", first(DEEP[..., 0]), "alpha channel", a_png=png(DEEP[..., :2], 4))
pictures("16-bit RGB TIFF", first(DEEP[..., :3]), a_tif=tiff(DEEP[..., :3]))
pictures("16-bit RGB TIFF, big-endian", first(DEEP[..., :3]), a_tif=tiff(DEEP[..., :3], ">"))
pictures("16-bit RGBA TIFF", first(DEEP[..., :3]), "alpha channel", a_tif=tiff(DEEP))
pictures("16-bit RGB TIFF, packed", first(DEEP[..., :3]), a_tif=tiff(DEEP[..., :3], packed=True))
pictures("16-bit RGB TIFF, packed, big-endian", first(DEEP[..., :3]), a_tif=tiff(DEEP[..., :3], ">", packed=True))
pictures("16-bit RGB TIFF, turned", first(DEEP[..., :3]), "turned", a_tif=tiff(np.rot90(DEEP[..., :3]), turned=6))
pictures("16-bit RGB TIFF, packed and turned", first(DEEP[..., :3]), "turned",
         a_tif=tiff(np.rot90(DEEP[..., :3]), packed=True, turned=6))  # fmt: skip
pictures(
    "8-bit TIFF, turned", first(PIXELS), "turned", a_tif=saved(Image.fromarray(np.rot90(PIXELS)), "TIFF", exif=_exif(6))
)
pictures("JPEG, turned", first(np.full((6, 9), 77, np.uint8)), "turned",
         a_jpg=saved(Image.fromarray(np.full((9, 6), 77, np.uint8)), "JPEG", exif=_exif(6)))  # fmt: skip
pictures("16-bit RGB PPM", first(DEEP[..., :3]), a_ppm=ppm(DEEP[..., :3], 65535))
pictures("8-bit RGB PPM", first(PIXELS), a_ppm=ppm(PIXELS, 255))
pictures("16-bit RGB among 8-bit", "differ in depth", a_png=png(PIXELS, 2), b_png=png(DEEP[..., :3], 2))
pictures("16-bit grey TIFFs of two orders", np.concatenate([first(DEEP[..., 0])] * 2),
         a_tif=tiff(DEEP[..., :1]), b_tif=tiff(DEEP[..., :1], ">"))  # fmt: skip
pictures("alpha", first(PIXELS), "has an alpha channel, which was left out (a.png)",
         a_png=saved(CLEAR, "PNG"))  # fmt: skip
pictures("grey with alpha", first(PIXELS[..., 0]), "alpha channel", a_png=png(PIXELS[..., :2], 4))
pictures("a transparent colour", first(PIXELS), "alpha channel", a_png=png(PIXELS, 2, more=chunk(b"tRNS", bytes(6))))
pictures(
    "turned by EXIF",
    first(PIXELS),
    "turned",
    a_png=saved(COLOUR.transpose(Image.Transpose.ROTATE_90), "PNG", exif=_exif(6)),
)
pictures(
    "mirrored by EXIF",
    first(PIXELS),
    "turned",
    a_png=saved(COLOUR.transpose(Image.Transpose.FLIP_LEFT_RIGHT), "PNG", exif=_exif(2)),
)
pictures("EXIF that turns nothing", first(PIXELS), a_png=saved(COLOUR, "PNG", exif=_exif(1)))
pictures("EXIF that is damaged", first(PIXELS), a_png=png(PIXELS, 2, more=chunk(b"eXIf", b"MM\0*\xff\xff\xff\xff")))
pictures("16-bit turned by EXIF", first(DEEP[..., :3]), "turned",
         a_png=png(np.rot90(DEEP[..., :3]), 2, more=chunk(b"eXIf", _exif(6).tobytes()[6:])))  # fmt: skip
pictures("an animated GIF", first(np.asarray(PALETTE.convert("RGB"))), "only the first frame",
         a_gif=saved(PALETTE, "GIF", save_all=True, append_images=[GREY]))  # fmt: skip
pictures("an animated PNG", first(PIXELS), "only the first frame",
         a_png=saved(COLOUR, "PNG", save_all=True, append_images=[Image.fromarray(255 - PIXELS)]))  # fmt: skip
pictures("a TIFF of two pages", first(PIXELS), "only the first frame",
         a_tif=saved(COLOUR, "TIFF", save_all=True, append_images=[Image.fromarray(255 - PIXELS)]))  # fmt: skip
pictures("a palette", first(np.asarray(PALETTE.convert("RGB"))), "palette", a_png=saved(PALETTE, "PNG"))
pictures(
    "black and white",
    first(np.asarray(GREY.convert("1").convert("L"))),
    "0 and 255",
    a_png=saved(GREY.convert("1"), "PNG"),
)
pictures(
    "CMYK",
    first(np.asarray(COLOUR.convert("CMYK").convert("RGB"))),
    "CMYK",
    a_tif=saved(COLOUR.convert("CMYK"), "TIFF"),
)
pictures(
    "floats in a TIFF",
    first(PIXELS[..., 0] / np.float32(7)),
    a_tif=saved(Image.fromarray(PIXELS[..., 0] / np.float32(7)), "TIFF"),
)
pictures("grey beside colour", np.concatenate([first(PIXELS), first(np.stack([PIXELS[..., 0]] * 3, 2))]), "grey",
         a_png=saved(COLOUR, "PNG"), b_png=saved(GREY, "PNG"))  # fmt: skip
pictures("a picture of 10^10 pixels", "pixels", a_png=png(PIXELS, 2).replace(*BOMB))
pictures("a PostScript file called a.png", "cannot be read as an image", a_png=lambda path: path.write_text(
    f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 6\n%%EndComments\n({path.parent}/trace) (w) file closefile\n"))  # fmt: skip
pictures("an SVG called a.png", "cannot be read as an image", a_png=b"<svg xmlns='http://www.w3.org/2000/svg'/>")
pictures("a zip in a text chunk of a PNG", "cannot be read as an image",
         a_png=png(PIXELS, 2, more=chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(10**8)))))  # fmt: skip
pictures("an image cut in half", "cannot be read as an image", a_png=png(PIXELS, 2)[:120])
pictures("a PNG of 10^8 pixels in 200 bytes", "cannot hold", a_png=png(PIXELS, 2).replace(_CHECKED, _WIDE))
pictures("a PNG with a wrong checksum", "cannot be read as an image", a_png=flipped(png(PIXELS, 2), 60))
pictures(
    "a name that is not UTF-8",
    "cannot be read as an image",
    a_png=lambda path: Path(os.fsdecode(bytes(path.parent) + b"/\xff.png")).write_bytes(b""),
)
pictures(
    "an escape in a name",
    "cannot be read as an image",
    a_png=lambda path: (path.parent / "\x1b[2J.png").write_bytes(b"no"),
)
