"""NumPy's .npz archives: which array is meant, every byte of it under its checksum, mapped where it is stored as is."""

import io
import zipfile
from pathlib import Path
from typing import cast

import numpy as np

from vaelid.interface.files import open_file
from vaelid.interface.readers.loaded import Loaded, check_memory
from vaelid.interface.readers.npy import NpyHeader, map_array, read_npy_header
from vaelid.spec.errors import InputError

__all__ = ["npz_shape", "read_npz"]

_USUAL = ("x", "X", "data", "images", "x_train", "arr_0")
_LABELS = ("y", "labels", "y_train")
_CHUNK = 2**20


def read_npz(path: Path, member: str | None) -> Loaded:
    """The array called `member`, or the usual one, and the labels beside it."""
    with open_file(path) as stream, _archive(path, stream) as archive:
        names = _names(path, archive)
        chosen = _choose(path, names, member)
        x = _array(path, archive, names[chosen], stream)
        labels = next((name for name in _LABELS if name in names and name != chosen), None)
        if labels and _header(path, archive, names[labels]).shape != (len(x),):
            labels = None  # of something else: it may be of any size
        others = [name for name in names if name not in (chosen, labels)]
        told = (f"{path}: the array {chosen} was read, not {', '.join(others)}: name another as {path}:NAME.",)
        y = np.asarray(_array(path, archive, names[labels], stream)) if labels else None
        return Loaded(x, y, notes=told if others and member is None else ())


def npz_shape(path: Path, member: str | None) -> tuple[int, ...]:
    """The shape that `read_npz` gives, by the array's header alone."""
    with open_file(path) as stream, _archive(path, stream) as archive:
        names = _names(path, archive)
        return _header(path, archive, names[_choose(path, names, member)]).shape


def _archive(path: Path, stream: io.BufferedReader) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(stream)
    except Exception:
        raise InputError(f"{path} is not a .npz file, or is cut short: save it with numpy.savez.") from None


def _header(path: Path, archive: zipfile.ZipFile, name: str) -> NpyHeader:
    entry = archive.getinfo(name)
    shown = f"{path}:{name.removesuffix('.npy')}"
    try:
        with archive.open(entry) as member:
            return read_npy_header(cast(zipfile.ZipExtFile, member), shown, entry.file_size)
    except InputError:
        raise
    except Exception as cause:
        raise InputError(f"{shown} cannot be read: {str(cause)[:200]}. It may be cut short; write it again.") from None


def _names(path: Path, archive: zipfile.ZipFile) -> dict[str, str]:
    files = [name for name in archive.namelist() if name.endswith(".npy")]
    twice = next((name for name in files if files.count(name) > 1), None)
    if twice:
        raise InputError(f"{path} holds {twice} twice: save it again with numpy.savez.")
    if not files:
        raise InputError(f"{path} holds no arrays: save one with numpy.savez({path.name!r}, x=x).")
    return {name.removesuffix(".npy"): name for name in files}


def _choose(path: Path, names: dict[str, str], member: str | None) -> str:
    if member is None and names.keys() >= {"format", "shape", "data"}:
        raise InputError(
            f"{path} is a sparse matrix of scipy, which is not read: save it as an array, "
            f"numpy.save('x.npy', scipy.sparse.load_npz({path.name!r}).toarray())."
        )
    if member is None:
        usual = [name for name in _USUAL if name in names]
        member = usual[0] if usual else next(iter(names)) if len(names) == 1 else None
    if member is None or member not in names:
        wanted = f"no array {member!r}" if member else "several arrays"
        raise InputError(f"{path} has {wanted}; it holds {', '.join(names)}. Name one as {path}:NAME.")
    return member


def _array(path: Path, archive: zipfile.ZipFile, name: str, stream: io.BufferedReader) -> np.ndarray:
    """One array: mapped where the archive stores it as it is, read where it is compressed."""
    entry = archive.getinfo(name)
    shown = f"{path}:{name.removesuffix('.npy')}"
    stored = entry.compress_type == zipfile.ZIP_STORED
    if not stored:
        check_memory(path, entry.file_size, "save it with numpy.savez or numpy.save, which are read a batch at a time.")
    try:
        with archive.open(entry) as member:
            header = read_npy_header(cast(zipfile.ZipExtFile, member), shown, entry.file_size)
            data = bytearray() if stored else bytearray(header.size)
            # zipfile compares the checksum when the last byte is read, and not before
            position = 0
            while chunk := member.read(_CHUNK):
                if not stored:
                    data[position : position + len(chunk)] = chunk
                position += len(chunk)
        if position != header.size:
            raise zipfile.BadZipFile("it ends early")
        if stored:
            return map_array(stream, header, _data_offset(stream, entry))
        return np.frombuffer(data, header.dtype).reshape(header.shape, order=header.order)
    except InputError:
        raise
    except zipfile.BadZipFile as cause:
        if "CRC" in str(cause):
            raise InputError(
                f"{shown} is damaged: its bytes do not have the checksum in the archive. Write it again."
            ) from None
        raise InputError(
            f"{shown} cannot be read ({str(cause)[:100]}): the archive is damaged. Write it again."
        ) from None
    except Exception as cause:  # damaged bytes end a decompressor in any error
        raise InputError(f"{shown} cannot be read: {str(cause)[:200]}. It may be cut short; write it again.") from None


def _data_offset(stream: io.BufferedReader, entry: zipfile.ZipInfo) -> int:
    """Where the bytes of a stored member begin: after its local header, and the name and extra field in that."""
    stream.seek(entry.header_offset + 26)
    name_length, extra_length = np.frombuffer(stream.read(4), "<u2").tolist()
    return entry.header_offset + 30 + name_length + extra_length
