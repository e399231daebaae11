"""A folder of images as one array. What is done to an image beside reading it is said in a line."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from vaelid.interface.files import named_failures, open_file
from vaelid.interface.readers.depth import byte_planes, pixels_of
from vaelid.interface.readers.loaded import Loaded, check_memory
from vaelid.interface.readers.png import check_png
from vaelid.interface.readers.tiff import WHITE, as_meant, not_read
from vaelid.spec.errors import InputError

__all__ = ["read_image_folder"]

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm")
# The decoders of these suffixes and no other: some that Pillow has start a program, as the one of PostScript.
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
# Pillow logs what it then raises; without a handler Python would print that beside our message.
logging.getLogger("PIL").addHandler(logging.NullHandler())
MOST_PIXELS = 2**27
"""Of one image; what has more is taken for a decompression bomb."""

_ALPHA = ("has an alpha channel, which was left out", "have an alpha channel, which was left out")
_TURNED = ("was turned as its EXIF orientation says", "were turned as their EXIF orientation says")
_FRAMES = ("is animated or has several pages: only the first frame was read",
           "are animated or have several pages: only the first frame of each was read")  # fmt: skip
_PALETTE = ("has a palette: its colours were read", "have a palette: their colours were read")
_BITS = ("has 1 bit a pixel: read as 0 and 255", "have 1 bit a pixel: read as 0 and 255")
_LEVELS = ("has a greatest value of its own: its numbers were kept, not stretched",
           "have a greatest value of their own: their numbers were kept, not stretched")  # fmt: skip
_GREY = ("is grey: repeated over the channels of the others", "are grey: repeated over the channels of the others")


def _converted(mode: str) -> tuple[str, str]:
    return f"is in {mode}: converted to RGB", f"are in {mode}: converted to RGB"


def read_image_folder(folder: Path) -> Loaded:
    """(rows, channels, height, width) of bytes, in the order of the file names; all images of one size.

    What is deeper than 8 bits keeps its numbers, as uint16, int32 or float32.
    """
    with named_failures(folder, "read"):
        held = sorted(folder.iterdir())
        paths = [p for p in held if p.suffix.lower() in IMAGE_SUFFIXES]
        inside = [p.name for p in held if p not in paths and p.is_dir() and not p.name.startswith(".")]
    if not paths:
        raise InputError(
            f"{folder} holds no images: expected files ending in {', '.join(IMAGE_SUFFIXES)}, directly in it."
        )
    done: dict[tuple[str, str], list[Path]] = {}
    images = []
    for path in paths:
        pixels, what = _read_image(path)
        for note in what:
            done.setdefault(note, []).append(path)
        if not images:
            check_memory(folder, 2 * len(paths) * pixels.nbytes, "make the images smaller, or take fewer.")
        elif (pixels.shape[:2], pixels.dtype) != (images[0].shape[:2], images[0].dtype):
            raise _unlike(paths[0], images[0], path, pixels)
        images.append(pixels)
    channels = max(image.shape[2] for image in images)
    fewer = [path for path, image in zip(paths, images, strict=True) if image.shape[2] < channels]
    if fewer:
        done[_GREY] = fewer
    x = np.stack([np.broadcast_to(i, (*i.shape[:2], channels)).transpose(2, 0, 1) for i in images])
    return Loaded(x, notes=(*_unread(folder, inside), *(_note(n, found, len(paths)) for n, found in done.items())))


def _unread(folder: Path, inside: list[str]) -> tuple[str, ...]:
    named = ", ".join(inside[:3]) + (", ..." if len(inside) > 3 else "")
    return (f"{folder}: only the images directly in it were read, none in its subfolders ({named}).",) if inside else ()


def _note(note: tuple[str, str], found: list[Path], total: int) -> str:
    one, several = note
    shown = ", ".join(path.name for path in found[:3]) + (", ..." if len(found) > 3 else "")
    return f"{len(found)} of {total} images {one if len(found) == 1 else several} ({shown})."


def _unlike(first: Path, expected: np.ndarray, path: Path, found: np.ndarray) -> InputError:
    if found.shape[:2] != expected.shape[:2]:
        sizes = [f"{width} x {height}" for height, width in (expected.shape[:2], found.shape[:2])]
        return InputError(
            f"images differ in size: {first} is {sizes[0]} pixels, {path} is {sizes[1]}. Bring all images to one size."
        )
    return InputError(
        f"images differ in depth: {first} has values of type {expected.dtype}, {path} of type {found.dtype}. Bring "
        "all images to one."
    )


@contextmanager
def _opened(path: Path) -> Iterator[ImageFile]:
    """The image, not yet decoded; whatever its decoder raises is one message."""
    with open_file(path) as stream, warnings.catch_warnings(action="ignore"):
        check_png(path, stream)
        try:
            with Image.open(stream, formats=_FORMATS) as image:
                yield image
        except InputError:
            raise
        except Image.DecompressionBombError:
            raise _too_large(path) from None
        except UnidentifiedImageError:
            raise not_read(path, stream) or InputError(
                f"{path} cannot be read as an image (it is none of {', '.join(_FORMATS)}): mend it, or take it out."
            ) from None
        except Exception as cause:  # damaged bytes end a decoder in any error
            raise InputError(
                f"{path} cannot be read as an image ({str(cause)[:200]}): mend it, or take it out."
            ) from None


def _too_large(path: Path) -> InputError:
    return InputError(f"{path} says that it has more than {MOST_PIXELS:,} pixels: cut it up, or take it out.")


def _read_image(path: Path) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """(height, width, channels), and what was done beside reading it."""
    with _opened(path) as image:
        if image.width * image.height > MOST_PIXELS:
            raise _too_large(path)
        deep = byte_planes(path, image)
        notes: list[tuple[str, str]] = [_FRAMES] if getattr(image, "n_frames", 1) > 1 else []
        image.seek(0)
        if not deep and image.format == "PPM" and _keep_numbers(image):
            notes.append(_LEVELS)
        if image.has_transparency_data:
            notes.append(_ALPHA)
        # asked of a PNG, Pillow decodes the pixels first, and an error of theirs must not be taken for one of EXIF
        before = 1 if image.format == "PNG" else _orientation(image)
        image.load()
        left = _orientation(image)  # some of Pillow's decoders have turned the pixels themselves by now
        if (before, left) != (1, 1):
            notes.append(_TURNED)
        pixels = None if deep else _pixels(image, notes)
        if pixels is not None and isinstance(image, TiffImageFile):
            pixels, turned_round = as_meant(path, image, pixels)
            notes += [WHITE] if turned_round else []
    if pixels is None:
        pixels = pixels_of([_decoded(path, tiles) for tiles in deep])
    return np.ascontiguousarray(_upright(pixels.reshape(*pixels.shape[:2], -1), left)), notes


def _keep_numbers(image: ImageFile) -> bool:
    """Whether Pillow would stretch the numbers to 255 or 65535, from the file's greatest; it is told not to."""
    full = 65535 if image.mode == "I" else 255
    kept = [
        tile._replace(args=(tile.args[0], full)) if tile.codec_name.startswith("ppm") and tile.args else tile
        for tile in image.tile
    ]
    stretched = image.mode in ("L", "RGB", "I") and kept != image.tile
    if stretched:
        image.tile = kept
    return stretched


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # a damaged block of EXIF says nothing
        return 1


def _decoded(path: Path, tiles: Any) -> np.ndarray:
    with _opened(path) as image:
        image.tile = tiles
        return np.asarray(image)


def _pixels(image: Image.Image, notes: list[tuple[str, str]]) -> np.ndarray:
    match image.mode:
        case "1":
            notes.append(_BITS)
            return np.asarray(image.convert("L"))
        case "L" | "LA" | "La":
            return np.asarray(image.convert("L"))
        case "RGB":
            return np.asarray(image)
        case "RGBA" | "RGBX":
            return np.asarray(image.convert("RGB"))
        case "P" | "PA":
            notes.append(_PALETTE)
            return np.asarray(image.convert("RGB"))
        case mode if mode.startswith(("I", "F")):
            pixels = np.asarray(image)
            return pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
    notes.append(_converted(image.mode))
    return np.asarray((image.convert("RGBA") if image.mode == "RGBa" else image).convert("RGB"))


def _upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """The pixels turned by the eight values of the EXIF tag; any other value turns nothing."""
    match orientation:
        case 2:
            return pixels[:, ::-1]
        case 3:
            return pixels[::-1, ::-1]
        case 4:
            return pixels[::-1]
        case 5:
            return pixels.swapaxes(0, 1)
        case 6:
            return np.rot90(pixels, -1)
        case 7:
            return pixels[::-1, ::-1].swapaxes(0, 1)
        case 8:
            return np.rot90(pixels)
    return pixels
