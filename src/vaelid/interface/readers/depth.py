"""Images of 16 bits a channel with their depth, which Pillow keeps for grey images only.

Pillow's decoders give one byte of each 16-bit number, and which one is a matter of the byte order that they are told.
So such an image is decoded twice: once for the high bytes, once, with the other order, for the low ones.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np
from PIL.ImageFile import ImageFile

from vaelid.spec.errors import InputError

__all__ = ["byte_planes", "pixels_of"]

_OTHER_ORDER = {"B": "L", "L": "B"}


def _raw_mode(tile: Any) -> str:
    return str(tile.args[0] if isinstance(tile.args, tuple) else tile.args)


def _is_deep(image: ImageFile) -> bool:
    """Whether Pillow would cut the image's numbers to their high bytes, or scale them down."""
    if image.mode.startswith(("I", "F")):
        return False
    scaled = image.format == "PPM" and any(isinstance(t.args, tuple) and t.args[-1] > 255 for t in image.tile)
    return scaled or any("16" in _raw_mode(tile) for tile in image.tile)


def byte_planes(path: Path, image: ImageFile) -> tuple[Any, ...]:
    """The descriptions by which Pillow decodes the high bytes and the low bytes; none where 8 bits are all.

    Raises `InputError` for an arrangement of 16-bit channels of which that cannot be had.
    """
    if not _is_deep(image):
        return ()
    tiles, (first, *_) = image.tile, image.tile
    if image.format == "PPM" and len(tiles) == 1 and first.codec_name in ("raw", "ppm"):
        return tuple([first._replace(codec_name="raw", args=(f"RGB;16{order}", 0, 1))] for order in "BL")
    modes = {_raw_mode(tile) for tile in tiles}
    raw = modes.pop()
    if not modes and raw == "LA;16B":  # no decoder gives its low bytes; but all four bytes of a pixel, as one of RGBA
        return ([_with_mode(tile, "RGBA") for tile in tiles],)
    if not modes and (found := re.fullmatch(r"(RGB|RGBA|RGBX);16([BLN])", raw)):
        channels, order = found.groups()
        high = ("L" if np.little_endian else "B") if order == "N" else order
        return tuple([_with_mode(tile, f"{channels};16{o}") for tile in tiles] for o in (high, _OTHER_ORDER[high]))
    raise InputError(
        f"{path} has 16 bits a channel in a form that cannot be read with its depth ({image.mode}): save it as a PNG "
        "of 16-bit RGB, or as 8 bits if that is enough."
    )


def _with_mode(tile: Any, raw: str) -> Any:
    return tile._replace(args=(raw, *tile.args[1:]) if isinstance(tile.args, tuple) else raw)


def pixels_of(planes: list[np.ndarray]) -> np.ndarray:
    """The 16-bit numbers of the planes, (height, width, channels), without alpha."""
    if len(planes) == 1:  # the bytes of grey and alpha, one after the other
        planes = [planes[0][..., :1], planes[0][..., 1:2]]
    high, low = (plane[..., :3].astype(np.uint16) for plane in planes)
    return high << 8 | low
