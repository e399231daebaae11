"""Small good files of every kind, what each holds, and which of them carry a checksum of their numbers."""

import io
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "interface"))
from odd_files import COLOUR, DEEP, GREY, PALETTE, PIXELS, X, npy, npz, png, ppm, saved, tiff

__all__ = ["FILES", "Good"]


@dataclass(frozen=True, eq=False)
class Good:
    """A file by its name and bytes. `checked`: a checksum covers all its numbers, so that no other may come out."""

    name: str
    data: bytes
    checked: bool = False

    @property
    def is_image(self) -> bool:
        """Whether it is read as a folder of this one image."""
        return not self.name.endswith((".npy", ".npz", ".csv", ".parquet"))


def _parquet(**options: object) -> bytes:
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({f"c{i}": X[:, i] for i in range(3)}), buffer, **options)
    return buffer.getvalue()


def _csv(separator: str, head: str = "", end: str = "\n") -> bytes:
    return end.join([*([head] if head else []), *(separator.join(f"{v:.3f}" for v in row) for row in X), ""]).encode()


FILES = (
    Good("f8.npy", npy(X)),
    Good("f4-column-major.npy", npy(np.asfortranarray(X.astype("f4")))),
    Good("stored.npz", npz({"x.npy": npy(X)}), checked=True),
    Good("packed.npz", npz({"x.npy": npy(X), "y.npy": npy(np.arange(8))}, packed=True), checked=True),
    Good("names.csv", _csv(",", "a,b,c")),
    Good("quoted.csv", _csv(";", '"a";"b;";"c"', "\r\n")),
    Good("plain.csv", _csv("\t")),
    Good("plain.parquet", _parquet()),
    Good("checksums.parquet", _parquet(write_page_checksum=True, compression="none", use_dictionary=False)),
    Good("rgb.png", png(PIXELS, 2), checked=True),
    Good("rgb16.png", png(DEEP[..., :3], 2), checked=True),
    Good("palette.png", saved(PALETTE, "PNG")),
    Good("animated.png", saved(COLOUR, "PNG", save_all=True, append_images=[Image.fromarray(255 - PIXELS)])),
    Good("rgb.jpg", saved(COLOUR, "JPEG")),
    Good("animated.gif", saved(PALETTE, "GIF", save_all=True, append_images=[GREY])),
    Good("rgb16.tif", tiff(DEEP[..., :3])),
    Good("packed.tif", tiff(DEEP, packed=True)),
    Good("pages.tif", saved(COLOUR, "TIFF", save_all=True, append_images=[GREY])),
    Good("rgb.bmp", saved(COLOUR, "BMP")),
    Good("rgb16.ppm", ppm(DEEP[..., :3], 65535)),
    Good("rgb.webp", saved(COLOUR, "WEBP", lossless=True)),
)
