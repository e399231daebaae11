"""What a user may call DATA: `digits`, a file, a folder of images, or `module:callable`; or arrays in Python."""

import hashlib
import importlib
import logging
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from torch.utils.data import ConcatDataset, DataLoader, Dataset, Subset, TensorDataset

from vaelid.interface.readers import Loaded, read_file, read_image_folder
from vaelid.interface.rounding import rounding_note
from vaelid.spec.digits import shortest
from vaelid.spec.errors import InputError, UserCodeError, words_of
from vaelid.spec.likelihoods import fitting_likelihoods
from vaelid.train.rows import CHUNK_ELEMENTS, ArrayRows, as_array, check_map_style

__all__ = [
    "Data",
    "DataKind",
    "fingerprint",
    "label_digest",
    "load_data",
    "load_path",
    "rows_compared",
    "suggest_likelihood",
]

_LOG = logging.getLogger("vaelid")
KINDS = "digits, a .npy, .npz, .csv or .parquet file, a folder of images, or module:callable"


DataKind = Literal["digits", "path", "callable", "python"]


@dataclass(frozen=True)
class Data:
    """Observations: an array, rows first, or a `Dataset` or `DataLoader`; where they came from; their classes."""

    x: Any
    source: str
    labels: np.ndarray | None = None
    kind: DataKind = "python"

    def __len__(self) -> int:
        """The number of rows."""
        rows: Any = self.x.dataset if isinstance(self.x, DataLoader) else self.x
        return len(rows)


def load_data(data: Any, *, scale: float = 1.0) -> Data:
    """The observations that `data` names, divided by `scale`; arrays, tensors and datasets stand for themselves."""
    if isinstance(data, Data):
        return data
    if not isinstance(data, str | Path):
        return _in_memory(data, f"{type(data).__module__}.{type(data).__qualname__}")
    if not 0 < scale < math.inf:
        raise InputError(f"scale={shortest(scale)} must be a positive number: the data are divided by it.")
    with _printable_errors():
        return _divided(_load_named(str(data)), scale)


@contextmanager
def _printable_errors() -> Iterator[None]:
    """Names of files and columns are others' text: no message carries a line end or an escape to the terminal."""
    try:
        yield
    except InputError as error:
        raise type(error)(_printable(str(error))) from error.__cause__


def _divided(loaded: Data, scale: float) -> Data:
    if scale == 1:
        return loaded
    if not isinstance(loaded.x, np.ndarray):
        raise InputError(
            f"scale={shortest(scale)} divides arrays only: scale inside the {type(loaded.x).__name__} instead."
        )
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        divisor = np.float32(scale)
        if not 0 < divisor < np.inf:
            raise InputError(
                f"scale={shortest(scale)} is {shortest(divisor)} in float32, in which the data are divided: give a "
                "number between 1e-38 and 1e38."
            )
        x = np.asarray(loaded.x, dtype=np.float32) / divisor
    if overflown := int((~np.isfinite(x)).sum() - (~np.isfinite(loaded.x)).sum()):
        raise InputError(
            f"scale={shortest(scale)} makes {overflown:,} of the data's numbers infinite in float32: give a larger one."
        )
    if not x.any() and np.any(loaded.x):
        raise InputError(f"scale={shortest(scale)} makes all of the data zero in float32: give a smaller one.")
    return replace(loaded, x=x)


def _in_memory(x: Any, source: str, labels: np.ndarray | None = None) -> Data:
    """A `Dataset` or `DataLoader` as it is, all else as an array; `InputError` where it is none."""
    if isinstance(x, Dataset | DataLoader):
        check_map_style(x.dataset if isinstance(x, DataLoader) else x)
        data = Data(x, source, labels)
    else:
        data = Data(ArrayRows(x).array, source, labels)
    if note := rounding_note(data.x, source):
        say(_printable(note))
    return data


def _load_named(name: str) -> Data:
    if name == "digits":
        from sklearn.datasets import load_digits

        images, labels = load_digits(return_X_y=True)
        return Data(images.reshape(-1, 1, 8, 8).astype(np.float32), "digits", labels, "digits")
    path = Path(name)
    base, colon, member = name.rpartition(":")
    if not path.exists() and colon and base and not base.lower().endswith((".npz", ".csv")) and member.isidentifier():
        return _call(base, member)
    return _load_path(name)


def say(note: str) -> None:
    """Log what was done to the data beside reading them: a line on standard error by default."""
    _LOG.warning("%s", note)


def load_path(name: str, *, scale: float = 1.0, tell: Callable[[str], None] = say) -> Data:
    """The observations of a file, ``file.npz:member``, or a folder of images. Nothing is imported or called."""
    with _printable_errors():
        return _divided(_load_path(name, tell), scale)


def _load_path(name: str, tell: Callable[[str], None] = say) -> Data:
    path = Path(name)
    if path.is_dir():
        return _told(read_image_folder(path), str(path.resolve()), tell)
    base, colon, member = name.rpartition(":")
    if not path.exists() and colon and base.lower().endswith((".npz", ".csv")):
        return _from_file(Path(base), member, tell)
    if path.exists() or path.suffix:
        return _from_file(path, None, tell)
    raise InputError(f"{name} does not exist: expected {KINDS}.")


def _from_file(path: Path, part: str | None, tell: Callable[[str], None]) -> Data:
    found = read_file(path, part)
    if found.x.dtype.kind not in "biuf":
        raise InputError(f"{path} holds {found.x.dtype}: expected numbers.")
    if found.x.ndim < 2 or found.x.size == 0:
        raise InputError(
            f"{path} has shape {found.x.shape}: expected (rows, ...) with at least one row and one column. "
            "Reshape it with x.reshape(rows, -1), for instance."
        )
    return _told(found, str(path.resolve()) + (f":{part}" if part else ""), tell)


def _told(found: Loaded, source: str, tell: Callable[[str], None]) -> Data:
    """The data, once what was done to them beside reading them is told."""
    for note in (*found.notes, rounding_note(found.x, source)):
        if note is not None:
            tell(_printable(note))
    fits = found.labels is not None and found.labels.shape == (len(found.x),)
    return Data(found.x, source, found.labels if fits else None, "path")


def _printable(text: str) -> str:
    return "".join(mark if mark.isprintable() else repr(mark)[1:-1] for mark in text)


def _call(module: str, function: str) -> Data:
    """Import the user's module and call it: this runs their code."""
    source, here = f"{module}:{function}", str(Path.cwd())
    sys.path.insert(0, here)
    try:
        found = getattr(importlib.import_module(module), function, None)
        made = found() if callable(found) else None
    except KeyboardInterrupt:
        raise
    except BaseException as cause:
        if isinstance(cause, ModuleNotFoundError) and f"{module}.".startswith(f"{cause.name}."):
            raise InputError(f"{source} does not exist: there is no module {module} (looked in {here}).") from None
        raise UserCodeError(f"{source} raised {words_of(cause)}") from cause
    finally:
        if here in sys.path:
            sys.path.remove(here)
    if not callable(found):
        raise InputError(f"{source} does not exist: the module {module} has no function {function}.")
    x, labels = made if isinstance(made, tuple) and len(made) == 2 else (made, None)
    try:
        data = _in_memory(x, source, None if labels is None else _labels(labels))
    except InputError as cause:
        raise InputError(f"{source} gave no data: {cause}") from None
    if data.labels is not None and data.labels.shape != (len(data),):
        raise InputError(
            f"{source} gave {len(data)} rows, but labels of shape {data.labels.shape}: expected one for each row."
        )
    return replace(data, kind="callable")


def _labels(labels: Any) -> np.ndarray:
    try:
        return np.asarray(labels)
    except Exception as cause:
        raise InputError(f"its labels are no array ({str(cause).partition(chr(10))[0]}).") from None


def suggest_likelihood(data: Data) -> str | None:
    """The most informative likelihood that fits the first 4,096 rows; None where none does, as they are not finite."""
    if isinstance(data.x, Dataset | DataLoader):
        raise InputError("give a likelihood by name for data that are a Dataset or a DataLoader.")
    return next(iter(fitting_likelihoods(data.x[:4096])), None)


def fingerprint(data: Data) -> str:
    """The SHA-256 of shape, type and all rows, a block at a time: tells other data from the same.

    The rows of a `Dataset` are not read for it, since they may be drawn at random and take long: it goes by its
    length. A `TensorDataset` goes by its first tensor, which holds its observations; a `Subset` and a
    `ConcatDataset` by those that they are made of.
    """
    return _fingerprint(data.x.dataset if isinstance(data.x, DataLoader) else data.x)


def rows_compared(data: Data) -> bool:
    """Whether `fingerprint` goes by the rows, and not by a length alone."""
    return _all_compared(data.x.dataset if isinstance(data.x, DataLoader) else data.x)


def _fingerprint(x: Any) -> str:
    match x:
        case np.ndarray():
            return _digest(x)
        case TensorDataset():
            return _digest(as_array(x.tensors[0]))
        case Subset():
            indices = ",".join(str(int(index)) for index in x.indices)
            return hashlib.sha256(f"{_fingerprint(x.dataset)} of {indices}".encode()).hexdigest()
        case ConcatDataset():
            return hashlib.sha256(" ".join(map(_fingerprint, x.datasets)).encode()).hexdigest()
    return f"length {len(x)}"


def _all_compared(x: Any) -> bool:
    match x:
        case Subset():
            return _all_compared(x.dataset)
        case ConcatDataset():
            return all(map(_all_compared, x.datasets))
    return isinstance(x, np.ndarray | TensorDataset)


def label_digest(data: Data) -> str | None:
    """The same of the classes; None where there are none."""
    if data.labels is None:
        return None
    labels = data.labels.astype(str) if data.labels.dtype.hasobject else data.labels
    return _digest(labels)


def _digest(array: np.ndarray) -> str:
    digest = hashlib.sha256(f"{tuple(array.shape)} {array.dtype.str}".encode())
    for block in _blocks(array):
        digest.update(block.data)
    return digest.hexdigest()


def _blocks(array: np.ndarray) -> Iterator[np.ndarray]:
    """The rows in their order, as bytes; a memory-mapped file is never in memory as a whole."""
    per_block = max(1, CHUNK_ELEMENTS // max(1, math.prod(array.shape[1:])))
    for start in range(0, len(array), per_block):
        yield np.ascontiguousarray(array[start : start + per_block]).reshape(-1).view(np.uint8)
