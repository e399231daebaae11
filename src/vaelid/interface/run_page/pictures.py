"""Arrays as pictures: images as PNG data URIs, other observations as small profile lines."""

import base64
import io
import math
from typing import Literal

import numpy as np
from PIL import Image

from vaelid.spec.errors import DivergenceError

__all__ = [
    "PictureKind",
    "as_bytes",
    "data_uri",
    "image_element",
    "picture_kind",
    "planes",
    "profile",
    "sheet",
    "zero_byte",
]

PictureKind = Literal["ink", "colour", "profile"]

GAP = 0.2
"""Space between the images of a sheet, as a share of their width."""
SHARP_BELOW = 1200
"""Sheets narrower than this, in pixels, are enlarged without smoothing."""


def picture_kind(obs: tuple[int, ...]) -> PictureKind:
    """How an observation of this shape is drawn: (H, W), (1, H, W) and (3, H, W) are images, all else profiles."""
    if len(obs) == 2 or (len(obs) == 3 and obs[0] == 1):
        return "ink"
    return "colour" if len(obs) == 3 and obs[0] == 3 else "profile"


def as_bytes(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """The values on a scale from 0 at `low` to 255 at `high`, to the nearest byte; beyond them clipped."""
    if np.isnan(values).any():
        raise DivergenceError(
            f"{int(np.isnan(values).sum())} of {values.size} decoded values are not numbers, so the report cannot "
            "draw them: the model's output overflows. Train again with a lower learning rate."
        )
    span = high - low if high > low else 1.0
    return np.rint(np.clip((np.asarray(values, dtype=np.float64) - low) / span, 0, 1) * 255).astype(np.uint8)


def zero_byte(low: float, high: float) -> int | None:
    """The byte that stands for 0, where the data lie on both sides of it."""
    return int(as_bytes(np.zeros(1), low, high)[0]) if low < 0 < high else None


def planes(images: np.ndarray, obs: tuple[int, ...]) -> np.ndarray:
    """(..., *obs) -> (n, channels, height, width)."""
    channels = 1 if len(obs) == 2 else obs[0]
    return images.reshape(-1, channels, *obs[-2:])


def sheet(images: np.ndarray, columns: int) -> np.ndarray:
    """Images (n, channels, H, W) of bytes, laid out in rows: an RGBA array (height, width, 4).

    One channel is ink: black whose opacity is the value, so that a dark page can turn it white. Three channels
    are their own colours. The space between is transparent.
    """
    number, channels, height, width = images.shape
    gap = max(1, round(GAP * width))
    rows = math.ceil(number / columns)
    page = np.zeros((rows * (height + gap) - gap, columns * (width + gap) - gap, 4), dtype=np.uint8)
    for index, image in enumerate(images):
        top, left = (index // columns) * (height + gap), (index % columns) * (width + gap)
        place = page[top : top + height, left : left + width]
        if channels == 1:
            place[..., 3] = image[0]
        else:
            place[..., :3] = image.transpose(1, 2, 0)
            place[..., 3] = 255
    return page


def data_uri(pixels: np.ndarray) -> str:
    """The RGBA array as a PNG in a data URI."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def image_element(images: np.ndarray, columns: int, kind: PictureKind, words: str, extra: str = "") -> str:
    """The `<img>` of a sheet."""
    page = sheet(images, columns)
    names = [extra, "ink" if kind == "ink" else "", "sharp" if page.shape[1] < SHARP_BELOW else ""]
    return (
        f'<img class="{" ".join(filter(None, names))}" src="{data_uri(page)}" '
        f'width="{page.shape[1]}" height="{page.shape[0]}" alt="{words}">'
    )


def _path(values: np.ndarray) -> str:
    """The path of a vector of bytes, one unit to the right for each coordinate, 255 at the top."""
    heights = 255 - values.astype(int)
    if len(heights) == 1:
        return f"M0 {heights[0]}h1"
    return f"M0 {heights[0]}" + "".join(f"l1 {step}" for step in np.diff(heights))


def profile(lines: dict[str, np.ndarray], zero: int | None, words: str) -> str:
    """A small plot of vectors of bytes; keys are the classes of the lines. `zero` is the byte that stands for 0."""
    width = max(1, len(next(iter(lines.values()))) - 1)
    axis = "" if zero is None else f'<path class="line zero" d="M0 {255 - zero}H{width}"/>'
    drawn = "".join(f'<path class="line {name}" d="{_path(v)}"/>' for name, v in lines.items())
    margin = 0.03 * width
    box = f"{-margin:g} -12 {width + 2 * margin:g} 279"
    return f'<svg viewBox="{box}" preserveAspectRatio="none" role="img" aria-label="{words}">{axis}{drawn}</svg>'
