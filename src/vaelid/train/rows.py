"""Data as numbered rows, wherever they lie: in an array, a memory-mapped file, a torch `Dataset`."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset, default_collate

from vaelid.spec.errors import InputError
from vaelid.spec.likelihoods import Likelihood, check_support

__all__ = ["ArrayRows", "DatasetRows", "Rows", "check_rows", "rows_of"]

CHUNK_ELEMENTS = 2**22


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

    def __init__(self, array: np.ndarray | Tensor) -> None:
        if array.ndim < 2 or len(array) == 0:
            raise InputError(
                f"the data have shape {tuple(array.shape)}: expected (rows, ...) with at least one row and one column."
            )
        self.array = array

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one observation."""
        return tuple(self.array.shape[1:])

    def __len__(self) -> int:
        return len(self.array)

    def batches(self, index_batches: Sequence[Tensor]) -> Iterator[Tensor]:
        """One float32 tensor for each of `index_batches`."""
        for indices in index_batches:
            if isinstance(self.array, Tensor):
                yield self.array[indices].to(torch.float32)
            else:
                yield torch.from_numpy(np.asarray(self.array[indices.numpy()], dtype=np.float32))


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
    ) -> None:
        if isinstance(dataset, IterableDataset) or not hasattr(dataset, "__len__"):
            raise InputError(
                f"{type(dataset).__name__} has no length, so its rows cannot be shuffled, split or resumed: "
                "give a map-style Dataset (with __len__ and __getitem__) or an array."
            )
        self.dataset: Any = dataset
        self.likelihood = likelihood
        self.collate = collate
        self.workers = workers
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
        )
        for indices, item in zip(index_batches, loader, strict=True):
            x = torch.as_tensor(item[0] if isinstance(item, tuple | list) else item).to(torch.float32)
            check_support(self.likelihood, x.flatten(1), row_numbers=indices.tolist())
            yield x


def rows_of(data: Any, likelihood: Likelihood) -> Rows:
    """`data` as rows, checked against the likelihood's support.

    Takes arrays and tensors (rows first), a map-style `Dataset`, or a `DataLoader` of one, whose collation
    and workers are kept; its order is replaced by the run's own seeded shuffle.
    """
    if isinstance(data, DataLoader):
        return DatasetRows(
            data.dataset, likelihood, collate=data.collate_fn or default_collate, workers=data.num_workers
        )
    if isinstance(data, Dataset):
        return DatasetRows(data, likelihood)
    if not isinstance(data, Tensor | np.ndarray):
        data = _as_array(data)
    if not (isinstance(data, Tensor) or np.issubdtype(data.dtype, np.number) or data.dtype == np.bool_):
        raise InputError(f"the data are of type {data.dtype}: expected numbers.")
    rows = ArrayRows(data.detach().cpu() if isinstance(data, Tensor) else data)
    check_rows(rows, likelihood)
    return rows


def _as_array(data: Any) -> np.ndarray:
    try:
        return np.asarray(data)
    except (ValueError, TypeError) as cause:
        raise InputError(
            f"{type(data).__name__} cannot be read as rows of numbers ({cause}): give an array, a tensor, a "
            "map-style Dataset or a DataLoader."
        ) from None


def check_rows(rows: ArrayRows, likelihood: Likelihood) -> None:
    """Raise `SupportError` for the first value off the support, by its row; a chunk at a time."""
    width = int(np.prod(rows.shape))
    per_chunk = max(1, CHUNK_ELEMENTS // width)
    for start in range(0, len(rows), per_chunk):
        chunk = np.asarray(rows.array[start : start + per_chunk])
        numbers = range(start, start + len(chunk))
        check_support(likelihood, chunk.reshape(len(chunk), width), row_numbers=numbers)
