"""What a TIFF says of its numbers beside their bits: unsigned, signed, or with 0 for white. Pillow heeds half of it."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL.TiffImagePlugin import PREFIXES, ImageFileDirectory_v2, TiffImageFile

from vaelid.spec.errors import InputError

__all__ = ["WHITE", "as_meant", "not_read"]

WHITE = ("has 0 for white: its numbers were turned round, so that greater is lighter",
         "have 0 for white: their numbers were turned round, so that greater is lighter")  # fmt: skip
_BITS, _PHOTOMETRIC, _FORMAT = 258, 262, 339
_SIGNED = 2
_FORMATS = {1: "unsigned", 2: "signed", 3: "floating-point"}
_BIG = 43  # in the third or fourth byte of a BigTIFF, whose header has 16 bytes in place of 8
_KINDS_READ = (
    "What is read: grey of at most 8 or of 16 bits, of 32 bits in floating point or signed, and of 32 bits unsigned in "
    "little-endian order; colours of 8 or 16 bits"
)


def _tag(image: TiffImageFile, number: int, default: int) -> int:
    return _first(image.tag_v2.get(number, default))


def _first(value: Any) -> int:
    return int(value[0] if isinstance(value, tuple) else value)


def not_read(path: Path, stream: io.BufferedReader) -> InputError | None:
    """The message for a file that Pillow cannot open, where it is a TIFF whose kind of numbers can be named."""
    try:
        stream.seek(0)
        header = stream.read(8)
        if not header.startswith(tuple(PREFIXES)):
            return None
        tags = ImageFileDirectory_v2(header + (stream.read(8) if _BIG in header[2:4] else b""))
        stream.seek(tags.next)
        tags.load(stream)
        bits, kind = _first(tags[_BITS]), _FORMATS[_first(tags.get(_FORMAT, 1))]
    except Exception:  # a damaged file ends the parser in any error, and is said to be no image
        return None
    order = "big-endian" if header.startswith(b"MM") else "little-endian"
    return InputError(
        f"{path} is a TIFF of {kind} {bits}-bit numbers in {order} order, which cannot be read in this arrangement. "
        f"{_KINDS_READ}. Save it as one of these."
    )


def as_meant(path: Path, image: TiffImageFile, pixels: np.ndarray) -> tuple[np.ndarray, bool]:
    """The numbers of the file from those that Pillow gives, and whether greater ones were turned into smaller.

    Pillow gives 32 bits as signed, 8 bits as unsigned, and turns numbers round in images of at most 8 bits only.
    """
    signed = _tag(image, _FORMAT, 1) == _SIGNED
    if image.mode == "L" and signed:
        pixels = pixels.view(np.int8)
    if image.mode == "I" and not signed and _tag(image, _BITS, 1) == 32:
        pixels = pixels.view(np.uint32)
    white = _tag(image, _PHOTOMETRIC, 1) == 0
    if white and image.mode.startswith("F"):
        raise InputError(f"{path} has 0 for white and no greatest number: save it with 0 for black.")
    if white and image.mode.startswith("I"):
        pixels = np.iinfo(pixels.dtype).max - pixels
    return pixels, white
