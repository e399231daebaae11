"""Data as numbered rows, wherever they lie: in an array, a memory-mapped file, a torch `Dataset`."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    default_collate,
)

from vaelid.spec.digits import shortest
from vaelid.spec.errors import InputError
from vaelid.spec.likelihoods import Likelihood, check_support

__all__ = ["ArrayRows", "DatasetRows", "Rows", "as_array", "check_map_style", "check_rows", "rows_of"]

CHUNK_ELEMENTS = 2**22
LARGEST = float(np.finfo(np.float32).max)


@runtime_checkable
class Rows(Protocol):
    """Numbered observations. `batches` gives the rows of each index tensor, as float32 on the CPU."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one observation."""
        ...

    def __len__(self) -> int: ...

    def batches(self, index_batches: Sequence[Tensor]) -> Iterator[Tensor]:
        """One tensor (len(indices), *shape) for each of `index_batches`, in their order."""
        ...


class ArrayRows:
    """The rows of an array, tensor or memory-mapped file; only the rows of a batch are copied."""

    def __init__(self, data: Any) -> None:
        array = as_array(data)
        if array.ndim < 2 or array.size == 0:
            raise InputError(
                f"the data have shape {array.shape}: expected (rows, ...) with at least one row and one column."
            )
        self.array = array

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one observation."""
        return self.array.shape[1:]

    def __len__(self) -> int:
        return len(self.array)

    def batches(self, index_batches: Sequence[Tensor]) -> Iterator[Tensor]:
        """One float32 tensor for each of `index_batches`."""
        for indices in index_batches:
            yield _float32(self.array[indices.numpy()])


class DatasetRows:
    """The rows of a map-style `Dataset`, through its own collation and worker processes.

    An item may be a tuple or list, whose first element is the observation. Rows are checked against the
    likelihood's support as they are read.
    """

    def __init__(
        self,
        dataset: Dataset,
        likelihood: Likelihood,
        *,
        collate: Callable[[list[Any]], Any] = default_collate,
        workers: int = 0,
        start_worker: Callable[[int], None] | None = None,
    ) -> None:
        check_map_style(dataset)
        self.dataset: Any = dataset
        self.likelihood = likelihood
        self.collate = collate
        self.workers = workers
        self.start_worker = start_worker
        if len(self) == 0:
            raise InputError(f"{type(dataset).__name__} is empty: at least one row is needed.")
        self._shape = tuple(next(self.batches([torch.tensor([0])])).shape[1:])

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one observation."""
        return self._shape

    def __len__(self) -> int:
        return len(self.dataset)

    def batches(self, index_batches: Sequence[Tensor]) -> Iterator[Tensor]:
        """One float32 tensor for each of `index_batches`."""
        loader = DataLoader(
            self.dataset,
            batch_sampler=[indices.tolist() for indices in index_batches],
            collate_fn=self.collate,
            num_workers=self.workers,
            worker_init_fn=self.start_worker,
        )
        for indices, item in zip(index_batches, loader, strict=True):
            x = _float32(as_array(item[0] if isinstance(item, tuple | list) else item))
            if x.ndim == 0 or len(x) != len(indices):
                raise InputError(
                    f"a batch of {len(indices)} rows of {type(self.dataset).__name__} was collated to shape "
                    f"{tuple(x.shape)}: expected ({len(indices)}, ...)."
                )
            check_support(self.likelihood, x.flatten(1), row_numbers=indices.tolist())
            yield x


def as_array(data: Any) -> np.ndarray:
    """Numbers, rows first, as a numpy array that shares their memory where it can; `InputError` for all else."""
    if np.ma.is_masked(data):
        raise InputError("the data are a masked array: fill the masked values in, or leave those rows out.")
    try:
        if isinstance(data, Tensor):
            array = (data.float() if data.dtype == torch.bfloat16 else data).numpy(force=True)
        else:
            array = np.asarray(data)
    except Exception as cause:  # a tensor without numbers, a nested one, or an object of the user's, may raise anything
        raise _no_rows(data, f" ({cause})".partition("\n")[0].removesuffix(")") + ")") from None
    if array.dtype == object:
        raise _no_rows(data)
    if array.dtype.kind not in "biuf":
        raise InputError(f"the data are of type {array.dtype}: expected real numbers.")
    return array


def _no_rows(data: Any, why: str = "") -> InputError:
    return InputError(
        f"{type(data).__name__} cannot be read as rows of numbers{why}: give an array, a tensor, a map-style "
        "Dataset or a DataLoader."
    )


def _float32(array: np.ndarray) -> Tensor:
    with np.errstate(over="ignore"):  # to infinity, which no support holds
        return torch.from_numpy(np.require(array, np.float32, "W"))


def check_map_style(dataset: Any) -> None:
    """Raise `InputError` for a dataset whose rows have no numbers."""
    if isinstance(dataset, IterableDataset) or not hasattr(dataset, "__len__"):
        raise InputError(
            f"{type(dataset).__name__} has no length, so its rows cannot be shuffled, split or resumed: "
            "give a map-style Dataset (with __len__ and __getitem__) or an array."
        )


def rows_of(data: Any, likelihood: Likelihood, *, shape: tuple[int, ...] | None = None) -> Rows:
    """`data` as rows, checked to be observations of `shape`, where given, and on the likelihood's support.

    Takes arrays and tensors (rows first), a map-style `Dataset`, or a `DataLoader` of one, whose collation
    and workers are kept; its order is replaced by the run's own seeded shuffle.
    """
    if isinstance(data, DataLoader):
        rows = _loader_rows(data, likelihood)
    elif isinstance(data, Dataset):
        rows = DatasetRows(data, likelihood)
    else:
        rows = ArrayRows(data)
    if shape is not None and rows.shape != shape:
        same_size = np.prod(rows.shape) == np.prod(shape)
        wanted = f"reshape them to (rows, {', '.join(map(str, shape))})" if same_size else "give data of that shape"
        raise InputError(f"the data's observations have shape {rows.shape}, the model's {shape}: {wanted}.")
    if isinstance(rows, ArrayRows):
        check_rows(rows, likelihood)
    return rows


def _loader_rows(loader: DataLoader, likelihood: Likelihood) -> DatasetRows:
    """All rows of the loader's dataset; `InputError` where its sampler would pick some, or repeat them."""
    dataset: Any = loader.dataset
    check_map_style(dataset)
    batches = loader.batch_sampler
    sampler = loader.sampler if batches is None else batches
    if type(batches) is BatchSampler:
        sampler = batches.sampler
    once_each = type(sampler) is SequentialSampler or (
        type(sampler) is RandomSampler and not sampler.replacement and sampler.num_samples == len(dataset)
    )
    if not once_each:
        raise InputError(
            f"the DataLoader has a {type(sampler).__name__}, whose choice of rows would be lost, since training "
            "splits and shuffles all rows itself: give a DataLoader without it; some of the rows are "
            "torch.utils.data.Subset(dataset, indices)."
        )
    return DatasetRows(
        dataset,
        likelihood,
        collate=default_collate if batches is None else loader.collate_fn,
        workers=loader.num_workers,
        start_worker=loader.worker_init_fn,
    )


def check_rows(rows: ArrayRows, likelihood: Likelihood) -> None:
    """Raise `SupportError` for the first value off the support, by its row; a chunk at a time."""
    width = int(np.prod(rows.shape))
    per_chunk = max(1, CHUNK_ELEMENTS // width)
    for start in range(0, len(rows), per_chunk):
        chunk = np.asarray(rows.array[start : start + per_chunk]).reshape(-1, width)
        check_support(likelihood, chunk, row_numbers=range(start, start + len(chunk)))
        if chunk.dtype.kind == "f" and max(float(chunk.max()), -float(chunk.min())) > LARGEST:
            row, column = divmod(int(np.argmax(np.abs(chunk))), width)
            raise InputError(
                f"row {start + row}, column {column} is {shortest(chunk[row, column])}, but training is in float32, "
                f"which ends at {shortest(np.float32(LARGEST))}: divide the data by a scale."
            )
