"""Files opened, read and written; data files are parsed by `readers`. Every failure is one clear message."""

import errno
import io
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from vaelid.spec.errors import InputError

__all__ = [
    "NoRoom",
    "append_text",
    "check_outside_runs",
    "check_replaceable",
    "make_folder",
    "make_unused_folder",
    "named_failures",
    "open_file",
    "read_bytes",
    "read_regular",
    "remove_partial_files",
    "write_array",
    "write_atomically",
]


class NoRoom(InputError):
    """The disk, or the user's share of it, is full."""


PARTIAL = ".partial"
CONFIG = "config.json"
_OF_A_RUN = (CONFIG, "model.safetensors", "checkpoint.safetensors", "log.jsonl", ".lock", ".writer.json")
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


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
        if cause.errno in _NO_ROOM and doing != "read":
            raise NoRoom(
                f"cannot {doing} {path}: {reason}. What was there is kept: make room, or choose another place."
            ) from None
        raise InputError(f"cannot {doing} {path}: {reason}. {remedy}") from None


# What is neither a file nor a folder may give bytes without end, wait for ever, or act when it is opened.
_OTHER_KINDS = ((stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISDIR, "a folder"))


def _expect_file(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = next((name for holds, name in _OTHER_KINDS if holds(mode)), "a device")
        raise InputError(f"{path} is {kind}: expected a file.")


@contextmanager
def open_file(path: Path) -> Iterator[io.BufferedReader]:
    """The file, open to read its bytes; `InputError` for what is no regular file, before and after it is opened."""
    with named_failures(path, "read"):
        _expect_file(path, path.stat().st_mode)
        # without O_NONBLOCK a pipe that took the file's place in between would wait for a writer
        stream = os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb")
    with stream:
        _expect_file(path, os.fstat(stream.fileno()).st_mode)
        with named_failures(path, "read"):
            yield stream


def read_bytes(path: Path) -> bytes:
    """The whole file."""
    with open_file(path) as stream:
        return stream.read()


def read_regular(path: Path, limit: int) -> bytes:
    """The file, or its first `limit` bytes."""
    with open_file(path) as stream:
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


def check_outside_runs(path: Path, option: str) -> None:
    """Raise `InputError` where `path`, given by that option, is a file that a run consists of."""
    if path.name.lower() in _OF_A_RUN and (path.parent / CONFIG).exists():
        raise InputError(f"{path} is a file of the run {path.parent}, which would be lost: choose another {option}.")


def check_replaceable(path: Path) -> None:
    """Raise `InputError` where a device or a pipe is there, which a file must not replace."""
    if path.exists() and not path.is_dir():
        _expect_file(path, path.stat().st_mode)


def write_atomically(path: Path, data: bytes) -> None:
    """Replace the file by `data` as a whole: after a crash it holds the old bytes or the new ones.

    The bytes are first written to a file of this process alone. It is made anew, so that a link which somebody put
    in its place is not followed. `InputError` where a device or a pipe is there: it would be replaced by a file.
    """
    with named_failures(path, "write"):
        check_replaceable(path)
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
