"""What a user may call DATA: `digits`, a file, a folder of images, or `module:callable`; or arrays in Python."""

import hashlib
import importlib
import logging
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch.utils.data import DataLoader, Dataset

from vaelid.interface.readers import Loaded, read_file, read_image_folder
from vaelid.spec.digits import shortest
from vaelid.spec.errors import InputError, UserCodeError
from vaelid.spec.likelihoods import fitting_likelihoods
from vaelid.train.rows import ArrayRows, check_map_style

__all__ = ["Data", "fingerprint", "load_data", "suggest_likelihood"]

_LOG = logging.getLogger("vaelid")
KINDS = "digits, a .npy, .npz, .csv or .parquet file, a folder of images, or module:callable"


@dataclass(frozen=True)
class Data:
    """Observations: an array, rows first, or a `Dataset` or `DataLoader`; where they came from; their classes."""

    x: Any
    source: str
    labels: np.ndarray | None = None

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
    try:
        loaded = _load_named(str(data))
    except InputError as error:  # names of files and columns are others' text: no line end, no escape to the terminal
        raise type(error)(_printable(str(error))) from error.__cause__
    if scale == 1:
        return loaded
    if not isinstance(loaded.x, np.ndarray):
        raise InputError(
            f"scale={shortest(scale)} divides arrays only: scale inside the {type(loaded.x).__name__} instead."
        )
    return Data(np.asarray(loaded.x, dtype=np.float32) / np.float32(scale), loaded.source, loaded.labels)


def _in_memory(x: Any, source: str, labels: np.ndarray | None = None) -> Data:
    """A `Dataset` or `DataLoader` as it is, all else as an array; `InputError` where it is none."""
    if not isinstance(x, Dataset | DataLoader):
        return Data(ArrayRows(x).array, source, labels)
    check_map_style(x.dataset if isinstance(x, DataLoader) else x)
    return Data(x, source, labels)


def _load_named(name: str) -> Data:
    if name == "digits":
        from sklearn.datasets import load_digits

        images, labels = load_digits(return_X_y=True)
        return Data(images.reshape(-1, 1, 8, 8).astype(np.float32), "digits", labels)
    path = Path(name)
    if path.is_dir():
        return _told(read_image_folder(path), str(path.resolve()))
    if path.exists():
        return _from_file(path, None)
    base, colon, member = name.rpartition(":")
    if colon and base.endswith((".npz", ".csv")):
        return _from_file(Path(base), member)
    if colon and base and member.isidentifier():
        return _call(base, member)
    if path.suffix:
        return _from_file(path, None)
    raise InputError(f"{name} does not exist: expected {KINDS}.")


def _from_file(path: Path, part: str | None) -> Data:
    found = read_file(path, part)
    if found.x.dtype.kind not in "biuf":
        raise InputError(f"{path} holds {found.x.dtype}: expected numbers.")
    if found.x.ndim < 2 or found.x.size == 0:
        raise InputError(
            f"{path} has shape {found.x.shape}: expected (rows, ...) with at least one row and one column. "
            "Reshape it with x.reshape(rows, -1), for instance."
        )
    return _told(found, str(path.resolve()) + (f":{part}" if part else ""))


def _told(found: Loaded, source: str) -> Data:
    """The data, once what was done to them beside reading them is logged: a line on standard error by default."""
    for note in found.notes:
        _LOG.warning("%s", _printable(note))
    fits = found.labels is not None and found.labels.shape == (len(found.x),)
    return Data(found.x, source, found.labels if fits else None)


def _printable(text: str) -> str:
    return "".join(mark if mark.isprintable() else repr(mark)[1:-1] for mark in text)


def _call(module: str, function: str) -> Data:
    """Import the user's module and call it: this runs their code."""
    source, here = f"{module}:{function}", str(Path.cwd())
    sys.path.insert(0, here)
    try:
        found = getattr(importlib.import_module(module), function, None)
        made = found() if callable(found) else None
    except (Exception, SystemExit) as cause:
        if isinstance(cause, ModuleNotFoundError) and f"{module}.".startswith(f"{cause.name}."):
            raise InputError(f"{source} does not exist: there is no module {module} (looked in {here}).") from None
        raise UserCodeError(f"{source} raised {type(cause).__name__}: {cause}") from cause
    finally:
        if here in sys.path:
            sys.path.remove(here)
    if not callable(found):
        raise InputError(f"{source} does not exist: the module {module} has no function {function}.")
    x, labels = made if isinstance(made, tuple) and len(made) == 2 else (made, None)
    try:
        data = _in_memory(x, source, None if labels is None else np.asarray(labels))
    except InputError as cause:
        raise InputError(f"{source} gave no data: {cause}") from None
    if data.labels is not None and data.labels.shape != (len(data),):
        raise InputError(
            f"{source} gave {len(data)} rows, but labels of shape {data.labels.shape}: expected one for each row."
        )
    return data


def suggest_likelihood(data: Data) -> str | None:
    """The most informative likelihood that fits the first 4,096 rows; None where none does, as they are not finite."""
    if isinstance(data.x, Dataset | DataLoader):
        raise InputError("give a likelihood by name for data that are a Dataset or a DataLoader.")
    return next(iter(fitting_likelihoods(data.x[:4096])), None)


def fingerprint(data: Data) -> str:
    """A digest of shape, type and up to 1,024 rows spread over the data: tells other data from the same."""
    if not isinstance(data.x, np.ndarray):
        return f"length {len(data)}"
    rows = np.unique(np.linspace(0, len(data.x) - 1, 1024).astype(np.int64))
    sample = np.ascontiguousarray(np.asarray(data.x[rows]))
    digest = hashlib.sha256(f"{tuple(data.x.shape)} {sample.dtype}".encode())
    digest.update(sample.tobytes())
    return digest.hexdigest()[:32]
