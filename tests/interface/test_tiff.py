"""TIFFs whose numbers Pillow does not give as the file means them: read right, or refused in one message."""

import struct

import numpy as np
import pytest

from vaelid.interface.data import load_data
from vaelid.spec.errors import InputError

ROUND = "1 of 1 images has 0 for white: its numbers were turned round, so that greater is lighter (a.tif)."


def tiff(pixels: np.ndarray, *, white: bool = False, order: str = "<", bits: int | None = None) -> bytes:
    """One strip of grey, by hand."""
    kind = {"u": 1, "i": 2, "f": 3}[pixels.dtype.kind]
    height, width = pixels.shape
    data = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    tags = [(256, width), (257, height), (258, bits or 8 * pixels.itemsize), (259, 1), (262, int(not white)), (273, 8),
            (277, 1), (278, height), (279, len(data)), (339, kind)]  # fmt: skip
    out = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8 + len(data)) + data
    out += struct.pack(f"{order}H", len(tags))
    return out + b"".join(struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in tags) + bytes(4)


def read(folder, data: bytes) -> np.ndarray:
    (folder / "d").mkdir()
    (folder / "d" / "a.tif").write_bytes(data)
    return load_data(str(folder / "d")).x[0, 0]


NUMBERS = {
    "uint32": [4_000_000_000, 2**31, 7, 0],
    "int32": [-4, 2**31 - 128, 7, 0],
    "int8": [-5, -128, 127, 0],
    "int16": [-5, 2**15 - 1, -(2**15), 0],
    "uint16": [9, 65535, 256, 0],
    "float32": [-0.5, 1e30, 0.1, 0],
}
# Pillow knows no unsigned 32 bits in big-endian order: see the last test
READ = [(kind, order) for kind in NUMBERS for order in "<>" if (kind, order) != ("uint32", ">")]


@pytest.mark.parametrize(("kind", "order"), READ)
def test_a_tiff_gives_the_numbers_in_it(kind, order, tmp_path, caplog):
    pixels = np.array(NUMBERS[kind], kind).reshape(2, 2)
    found = read(tmp_path, tiff(pixels, order=order))
    assert found.tolist() == pixels.tolist()
    assert caplog.messages == []


@pytest.mark.parametrize(("kind", "most"), [("uint8", 255), ("uint16", 65535)])
def test_where_0_is_white_the_numbers_are_turned_round_at_any_depth_and_that_is_said(kind, most, tmp_path, caplog):
    pixels = np.array([[9, 0], [most, 100]], kind)
    assert read(tmp_path, tiff(pixels, white=True)).tolist() == (most - pixels).tolist()
    assert caplog.messages == [ROUND]


def test_one_bit_with_0_for_white(tmp_path, caplog):
    found = read(tmp_path, tiff(np.array([[0b01000000], [0b10000000]], "uint8"), white=True, bits=1))
    assert found.tolist() == [[255], [0]]
    assert caplog.messages == ["1 of 1 images has 1 bit a pixel: read as 0 and 255 (a.tif).", ROUND]


def test_floats_with_0_for_white_are_refused(tmp_path):
    with pytest.raises(InputError) as refused:
        read(tmp_path, tiff(np.array([[9, 0]], "float32"), white=True))
    assert str(refused.value) == (
        f"{tmp_path}/d/a.tif has 0 for white and no greatest number: save it with 0 for black."
    )


UNREAD = {
    "unsigned 32-bit": ("uint32", ">", "big-endian"),
    "floating-point 64-bit": ("float64", "<", "little-endian"),
    "signed 64-bit": ("int64", ">", "big-endian"),
}


@pytest.mark.parametrize("what", UNREAD)
def test_a_tiff_of_numbers_that_are_not_read_is_refused_and_what_is_read_is_said(what, tmp_path):
    kind, order, words = UNREAD[what]
    with pytest.raises(InputError) as refused:
        read(tmp_path, tiff(np.array([[9, 0]], kind), order=order))
    assert str(refused.value) == (
        f"{tmp_path}/d/a.tif is a TIFF of {what} numbers in {words} order, which cannot be read in this arrangement. "
        "What is read: grey of at most 8 or of 16 bits, of 32 bits in floating point or signed, and of 32 bits "
        "unsigned in little-endian order; colours of 8 or 16 bits. Save it as one of these."
    )


def test_a_damaged_tiff_is_said_to_be_no_image(tmp_path):
    with pytest.raises(InputError, match=r"a\.tif cannot be read as an image \(it is none of PNG, JPEG, "):
        read(tmp_path, tiff(np.array([[9, 0]], "uint32"), order=">")[:-100])
