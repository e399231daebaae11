"""The only place that opens files. Reading never runs code from a file; every failure is one clear message."""

import csv
import os
import secrets
import stat
import tempfile
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import numpy as np
from PIL import Image

from vaelid.spec.errors import InputError

__all__ = [
    "append_text",
    "make_folder",
    "make_unused_folder",
    "named_failures",
    "read_array",
    "read_bytes",
    "read_image_folder",
    "read_regular",
    "remove_partial_files",
    "write_array",
    "write_atomically",
]

PARTIAL = ".partial"
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm")


@contextmanager
def named_failures(path: Path, doing: str) -> Iterator[None]:
    """Turn the system's errors on `path` into one message."""
    try:
        yield
    except IsADirectoryError:
        raise InputError(f"{path} is a folder: expected a file.") from None
    except OSError as cause:
        if doing == "read" and isinstance(cause, FileNotFoundError):
            raise InputError(f"{path} does not exist: check the path (looked in {Path.cwd()}).") from None
        reason = (cause.strerror or str(cause)).lower()
        remedy = "Check the file, and that you may read it." if doing == "read" else "Choose a place that you may use."
        raise InputError(f"cannot {doing} {path}: {reason}. {remedy}") from None


def read_bytes(path: Path) -> bytes:
    """The whole file."""
    with named_failures(path, "read"):
        return path.read_bytes()


def read_regular(path: Path, limit: int) -> bytes:
    """The file, or its first `limit` bytes; `InputError` where it is no regular file.

    For files that others may have put there: a pipe would wait for ever, a device has no end.
    """
    with named_failures(path, "read"):
        if not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():
            raise InputError(f"{path} is no regular file (a pipe or a device, say): expected a file.")
        with path.open("rb") as stream:
            return stream.read(limit)


def make_folder(path: Path) -> None:
    """The folder, with its parents, if it is not there; and a proof that files can be written in it."""
    with named_failures(path, "write in"):
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass


def make_unused_folder(path: Path) -> Path:
    """Make the folder, or the first of path-2, path-3, ... that is not there: no other process gets the same."""
    number, candidate = 1, path
    with named_failures(path, "write"):
        while True:
            try:
                candidate.mkdir(parents=True)
                return candidate
            except FileExistsError:
                number += 1
                candidate = path.with_name(f"{path.name}-{number}")


def write_atomically(path: Path, data: bytes) -> None:
    """Replace the file by `data` as a whole: after a crash it holds the old bytes or the new ones.

    The bytes are first written to a file of this process alone. It is made anew, so that a link which somebody put
    in its place is not followed.
    """
    with named_failures(path, "write"):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}{PARTIAL}")
        try:
            with partial.open("xb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


def remove_partial_files(folder: Path, names: Sequence[str]) -> None:
    """Remove what processes that were killed left of writing these files. None may be writing them now."""
    with named_failures(folder, "write in"):
        for name in names:
            for partial in folder.glob(f".{name}.*{PARTIAL}"):
                partial.unlink(missing_ok=True)


def append_text(path: Path, text: str) -> None:
    """Add text to the file's end."""
    with named_failures(path, "write"), path.open("a", encoding="utf-8") as stream:
        stream.write(text)


def read_array(path: Path, member: str | None = None) -> dict[str, np.ndarray]:
    """The array of a .npy, .npz, .csv or .parquet file as ``{"x": ...}``, with ``"y"`` where an .npz has labels.

    .npy and uncompressed .npz files are memory-mapped. `member` picks an array of an .npz.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder: expected a file.")
    with named_failures(path, "read"):
        if path.stat().st_size == 0:
            raise InputError(f"{path} is empty (0 bytes): expected an array with one row for each observation.")
    match path.suffix.lower():
        case ".npy":
            return {"x": _read_npy(path)}
        case ".npz":
            return _read_npz(path, member)
        case ".csv":
            return {"x": _read_csv(path)}
        case ".parquet":
            return {"x": _read_parquet(path)}
    raise InputError(
        f"{path} has an unknown kind of data ({path.suffix or 'no suffix'}): expected .npy, .npz, .csv, .parquet "
        "or a folder of images."
    )


def _read_npy(path: Path) -> np.ndarray:
    with named_failures(path, "read"):
        with path.open("rb") as stream:
            head = stream.read(6)
        if head != b"\x93NUMPY":
            raise InputError(
                f"{path} is not a .npy file: it begins with {head!r}. Save the array with numpy.save, or name "
                "the file after what it is."
            )
        try:
            return np.load(path, mmap_mode="r", allow_pickle=False)
        except Exception as cause:  # damaged bytes end a parser in any error
            raise _unreadable(path, cause) from None


def _unreadable(path: Path, cause: Exception) -> InputError:
    if "pickle" in str(cause) or "object" in str(cause).lower():
        return InputError(
            f"{path} holds Python objects, which are never loaded (they can run code): save an array of numbers."
        )
    return InputError(f"{path} cannot be read: {cause}. It may be cut short; write it again.")


def _read_npz(path: Path, member: str | None) -> dict[str, np.ndarray]:
    with named_failures(path, "read"):
        try:
            with zipfile.ZipFile(path) as archive:
                names = {Path(n).stem: n for n in archive.namelist() if n.endswith(".npy")}
        except Exception:
            raise InputError(f"{path} is not a .npz file, or is cut short: save it with numpy.savez.") from None
    if not names:
        raise InputError(f"{path} holds no arrays: save one with numpy.savez({path.name!r}, x=x).")
    if member is None:
        usual = [n for n in ("x", "X", "data", "images", "x_train", "arr_0") if n in names]
        member = usual[0] if usual else next(iter(names)) if len(names) == 1 else None
    if member not in names:
        wanted = f"no array {member!r}" if member else "several arrays"
        raise InputError(f"{path} has {wanted}; it holds {', '.join(names)}. Name one as {path}:NAME.")
    found = {"x": _npz_member(path, names[member])}
    labels = next((n for n in ("y", "labels", "y_train") if n in names), None)
    if labels and labels != member:
        found["y"] = np.asarray(_npz_member(path, names[labels]))
    return found


def _npz_member(path: Path, name: str) -> np.ndarray:
    """One array of an .npz: mapped where the archive stores it as it is, read where it is compressed."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(name) as stream:
            entry = archive.getinfo(name)
            version = np.lib.format.read_magic(stream)
            read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
            if entry.compress_type != zipfile.ZIP_STORED or version not in read_header:
                with np.load(path, allow_pickle=False) as arrays:
                    return arrays[name]
            shape, fortran, dtype = read_header[version](stream)
            header = stream.tell()
        if dtype.hasobject:
            raise ValueError("object array")
        with path.open("rb") as raw:
            raw.seek(entry.header_offset + 26)
            name_length, extra_length = np.frombuffer(raw.read(4), "<u2").tolist()
        offset = entry.header_offset + 30 + name_length + extra_length + header
        return np.memmap(path, dtype, "r", offset, shape, "F" if fortran else "C")
    except Exception as cause:
        raise _unreadable(path, cause) from None


def _open_csv(path: Path) -> TextIO:
    return path.open(newline="", encoding="utf-8-sig", errors="replace")


def _read_csv(path: Path) -> np.ndarray:
    with named_failures(path, "read"), _open_csv(path) as stream:
        first = stream.readline()
        separator = max(",;\t", key=first.count)
        names = next(csv.reader([first], delimiter=separator), [])
        header = bool(names) and not any(_is_number(name) for name in names)
        if not header:
            stream.seek(0)
        try:
            with warnings.catch_warnings(action="error"):  # no rows at all is a warning of numpy's
                return np.loadtxt(stream, delimiter=separator, ndmin=2, comments=None, quotechar='"')
        except (ValueError, UserWarning) as cause:
            raise _first_bad_field(path, separator, header, cause) from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _first_bad_field(path: Path, separator: str, header: bool, cause: Exception) -> InputError:
    with _open_csv(path) as stream:
        reader = csv.reader(stream, delimiter=separator)
        names = next(reader) if header else []
        width, rows = len(names), 0
        for fields in filter(None, reader):
            width, rows = width or len(fields), rows + 1
            for column, text in enumerate(fields):
                if not _is_number(text):
                    name = f" ({names[column]})" if column < len(names) else ""
                    found = repr(text) if text.strip() else "missing"
                    return InputError(
                        f"{path}, line {reader.line_num}, field {column + 1}{name} is {found}: expected a number. "
                        "Fill it in, or leave that column or row out."
                    )
            if len(fields) != width:
                return InputError(
                    f"{path}, line {reader.line_num} has {len(fields)} fields, the lines before have {width}: every "
                    "row needs the same columns."
                )
    if rows:
        return InputError(f"{path} cannot be read as numbers: {str(cause).rstrip('.')}.")
    return InputError(f"{path} has no rows of numbers: expected one row for each observation.")


def _read_parquet(path: Path) -> np.ndarray:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise InputError(
            f"{path}: reading parquet needs pyarrow. Install it with: pip install 'vaelid[parquet]'"
        ) from None
    with named_failures(path, "read"):
        try:
            table = pyarrow.parquet.read_table(path)
            named_columns = list(zip(table.column_names, table.columns, strict=True))
        except Exception as cause:
            raise InputError(f"{path} is not a parquet file, or is damaged ({cause}): write it again.") from None
    if not named_columns:
        raise InputError(f"{path} has no columns: expected one for each coordinate of an observation.")
    columns = []
    for name, column in named_columns:
        kinds = (pyarrow.types.is_floating, pyarrow.types.is_integer, pyarrow.types.is_boolean)
        if not any(is_kind(column.type) for is_kind in kinds):
            raise InputError(f"{path}, column {name!r} is of type {column.type}: expected numbers. Leave it out.")
        if column.null_count:
            row = column.is_null().to_pylist().index(True)
            raise InputError(f"{path}, row {row}, column {name!r} is missing: fill it in, or leave the row out.")
        columns.append(column.to_numpy())
    return np.column_stack(columns)


def read_image_folder(folder: Path) -> np.ndarray:
    """(rows, channels, height, width) of bytes, in the order of the file names; all images of one size."""
    with named_failures(folder, "read"):
        paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES)
    if not paths:
        raise InputError(
            f"{folder} holds no images: expected files ending in {', '.join(IMAGE_SUFFIXES)}, directly in it."
        )
    images = [_read_image(path) for path in paths]
    channels = max(image.shape[2] for image in images)
    for path, image in zip(paths, images, strict=True):
        if image.shape[:2] != images[0].shape[:2]:
            sizes = [f"{width} x {height}" for height, width in (images[0].shape[:2], image.shape[:2])]
            raise InputError(
                f"images differ in size: {paths[0]} is {sizes[0]} pixels, {path} is {sizes[1]}. Bring all images "
                "to one size."
            )
        if image.dtype != images[0].dtype:
            raise InputError(
                f"images differ in depth: {paths[0]} has values of type {images[0].dtype}, {path} of type "
                f"{image.dtype}. Bring all images to one."
            )
    return np.stack([np.broadcast_to(i, (*i.shape[:2], channels)).transpose(2, 0, 1) for i in images])


def _read_image(path: Path) -> np.ndarray:
    """(height, width, channels): bytes; what is deeper (16-bit grey, say) keeps its numbers."""
    try:
        with Image.open(path) as image:
            if image.mode.startswith(("I", "F")):
                pixels = np.asarray(image)
            else:
                pixels = np.asarray(image.convert("L" if image.mode in ("1", "L", "LA") else "RGB"))
    except Exception as cause:  # damaged bytes end a decoder in any error
        raise InputError(f"{path} cannot be read as an image ({cause}): mend it, or take it out.") from None
    return pixels.reshape(*pixels.shape[:2], -1)


def write_array(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write arrays by the suffix: .npz holds them all by name; .npy and .csv the first, flat rows in a .csv."""
    first = next(iter(arrays.values()))
    with tempfile.SpooledTemporaryFile(max_size=2**26) as buffer:
        match path.suffix.lower():
            case ".npz":
                np.savez(buffer, allow_pickle=False, **arrays)
            case ".npy":
                np.save(buffer, first)
            case ".csv":
                np.savetxt(buffer, first.reshape(len(first), -1), delimiter=",", fmt="%.9g")
            case other:
                raise InputError(f"{path}: cannot write {other or 'a file without suffix'}; use .npz, .npy or .csv.")
        buffer.seek(0)
        write_atomically(path, buffer.read())
