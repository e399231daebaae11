"""What a TIFF says of its numbers beside their bits: unsigned, signed, or with 0 for white. Pillow heeds half of it."""

from pathlib import Path

import numpy as np
from PIL.TiffImagePlugin import TiffImageFile

from vaelid.spec.errors import InputError

__all__ = ["WHITE", "as_meant"]

WHITE = ("has 0 for white: its numbers were turned round, so that greater is lighter",
         "have 0 for white: their numbers were turned round, so that greater is lighter")  # fmt: skip
_BITS, _PHOTOMETRIC, _FORMAT = 258, 262, 339
_SIGNED = 2


def _tag(image: TiffImageFile, number: int, default: int) -> int:
    found = image.tag_v2.get(number, default)
    return int(found[0] if isinstance(found, tuple) else found)


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
