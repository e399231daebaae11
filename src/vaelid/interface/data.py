"""What a user may call DATA: `digits`, a file, a folder of images, or `module:callable`; or arrays in Python."""

import hashlib
import importlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from vaelid.interface.files import read_array, read_image_folder
from vaelid.spec.errors import InputError, VaelidError
from vaelid.spec.likelihoods import fitting_likelihoods

__all__ = ["Data", "UserCodeError", "fingerprint", "load_data", "suggest_likelihood"]

KINDS = "digits, a .npy, .npz, .csv or .parquet file, a folder of images, or module:callable"


class UserCodeError(VaelidError):
    """The user's own code raised."""


@dataclass(frozen=True)
class Data:
    """Observations, rows first, or a `Dataset` or `DataLoader` of them; where they came from; their classes."""

    x: Any
    source: str
    labels: np.ndarray | None = None


def load_data(data: Any, *, scale: float = 1.0) -> Data:
    """The observations that `data` names, divided by `scale`; arrays, tensors and datasets stand for themselves."""
    if isinstance(data, Data):
        return data
    if not isinstance(data, str | Path):
        return Data(data, f"{type(data).__module__}.{type(data).__qualname__}")
    loaded = _load_named(str(data))
    if scale == 1:
        return loaded
    if not (scale > 0 and isinstance(loaded.x, np.ndarray | torch.Tensor)):
        raise InputError(f"scale={scale:g} must be a positive number, and needs data that are an array.")
    return Data(np.asarray(loaded.x, dtype=np.float32) / np.float32(scale), loaded.source, loaded.labels)


def _load_named(name: str) -> Data:
    if name == "digits":
        from sklearn.datasets import load_digits

        images, labels = load_digits(return_X_y=True)
        return Data(images.reshape(-1, 1, 8, 8).astype(np.float32), "digits", labels)
    path = Path(name)
    if path.is_dir():
        return Data(read_image_folder(path), str(path.resolve()))
    if path.exists():
        return _from_file(path, None)
    base, colon, member = name.rpartition(":")
    if colon and base.endswith(".npz"):
        return _from_file(Path(base), member)
    if colon and base and member.isidentifier():
        return _call(base, member)
    if path.suffix:
        return _from_file(path, None)
    raise InputError(f"{name} does not exist: expected {KINDS}.")


def _from_file(path: Path, member: str | None) -> Data:
    found = read_array(path, member)
    source = str(path.resolve()) + (f":{member}" if member else "")
    if found["x"].dtype.kind not in "biuf":
        raise InputError(f"{path} holds {found['x'].dtype}: expected numbers.")
    if found["x"].ndim < 2 or len(found["x"]) == 0:
        raise InputError(
            f"{path} has shape {found['x'].shape}: expected (rows, ...), one row for each observation. "
            "Reshape it with x.reshape(rows, -1), for instance."
        )
    labels = found.get("y")
    return Data(found["x"], source, labels if labels is not None and len(labels) == len(found["x"]) else None)


def _call(module: str, function: str) -> Data:
    """Import the user's module and call it: this runs their code."""
    sys.path.insert(0, str(Path.cwd()))
    try:
        made = getattr(importlib.import_module(module), function)()
    except Exception as cause:
        raise UserCodeError(f"{module}:{function} raised {type(cause).__name__}: {cause}") from cause
    finally:
        sys.path.remove(str(Path.cwd()))
    if isinstance(made, tuple) and len(made) == 2:
        return Data(made[0], f"{module}:{function}", np.asarray(made[1]))
    return Data(made, f"{module}:{function}")


def suggest_likelihood(data: Data) -> str:
    """The most informative likelihood that fits the first 4,096 rows: what `--likelihood auto` uses."""
    if isinstance(data.x, Dataset | DataLoader):
        raise InputError("give a likelihood by name for data that are a Dataset or a DataLoader.")
    fitting = fitting_likelihoods(np.asarray(data.x[:4096]))
    return fitting[0] if fitting else "gaussian"  # not finite: the check of all rows will name the value


def fingerprint(data: Data) -> str:
    """A digest of shape, type and up to 1,024 rows spread over the data: tells other data from the same."""
    if not isinstance(data.x, np.ndarray | torch.Tensor):
        return f"length {len(data.x)}"
    rows = np.unique(np.linspace(0, len(data.x) - 1, 1024).astype(np.int64))
    sample = np.ascontiguousarray(np.asarray(data.x[rows]))
    digest = hashlib.sha256(f"{tuple(data.x.shape)} {sample.dtype}".encode())
    digest.update(sample.tobytes())
    return digest.hexdigest()[:32]
