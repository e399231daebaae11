"""One file of data, read by its suffix."""

from pathlib import Path

from vaelid.interface.files import open_file
from vaelid.interface.readers.loaded import Loaded
from vaelid.interface.readers.npy import read_npy
from vaelid.interface.readers.npz import npz_shape, read_npz
from vaelid.interface.readers.parquet import parquet_shape, read_parquet
from vaelid.interface.readers.tables import read_csv
from vaelid.spec.errors import InputError

__all__ = ["KINDS", "read_file", "shape_of"]

KINDS = (".npy", ".npz", ".csv", ".parquet")
"""The suffixes that `read_file` knows."""


def read_file(path: Path, part: str | None = None) -> Loaded:
    """The array of a .npy, .npz, .csv or .parquet file, with labels where an .npz has them.

    .npy and uncompressed .npz files are memory-mapped; of an .npz every byte that is used is checked first.
    `part` is what the user named after a colon: an array of an .npz, or whether a .csv has a header.
    """
    with open_file(path) as stream:
        if stream.seek(0, 2) == 0:
            raise InputError(f"{path} is empty (0 bytes): expected an array with one row for each observation.")
    match path.suffix.lower():
        case ".npy":
            return Loaded(read_npy(path))
        case ".npz":
            return read_npz(path, part)
        case ".csv":
            return read_csv(path, part)
        case ".parquet":
            return read_parquet(path)
    raise InputError(
        f"{path} has an unknown kind of data ({path.suffix or 'no suffix'}): expected .npy, .npz, .csv, .parquet "
        "or a folder of images."
    )


def shape_of(path: Path, part: str | None = None) -> tuple[int, ...] | None:
    """The shape of the array that `read_file` gives, as the file's header has it; None where there is no header."""
    match path.suffix.lower():
        case ".npy":
            return read_npy(path).shape
        case ".npz":
            return npz_shape(path, part)
        case ".parquet":
            return parquet_shape(path)
    return None
