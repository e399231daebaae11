"""Rows: the same numbers wherever they lie, checked by their numbers; and their split."""

import numpy as np
import pytest
import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    RandomSampler,
    SequentialSampler,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
)

import vaelid.train.rows as rows_module
from vaelid.spec.errors import InputError, SupportError
from vaelid.spec.likelihoods import bernoulli, gaussian, poisson
from vaelid.train.recipe import Recipe
from vaelid.train.rows import ArrayRows, DatasetRows, Rows, as_array, check_rows, rows_of
from vaelid.train.split import split_rows, training_count

X = np.random.default_rng(0).normal(size=(20, 3, 2)).astype(np.float32)
BATCHES = [torch.tensor([3, 0, 19]), torch.tensor([7]), torch.tensor([3, 3])]


class Items(Dataset):
    """A map-style dataset of what `item` gives for a row number."""

    def __init__(self, item, length=20):
        self.item, self.length = item, length

    def __len__(self):
        return self.length

    def __getitem__(self, row):
        return self.item(row)


def message(function, *arguments, **named) -> str:
    with pytest.raises(InputError) as error:
        function(*arguments, **named)
    return str(error.value)


# ------------------------------------------------------------------------------------------------ reading


@pytest.mark.parametrize(
    "data",
    [
        X,
        torch.from_numpy(X),
        X.tolist(),
        X.astype(np.float64),
        np.asfortranarray(X),
        Items(lambda row: X[row]),
        Items(lambda row: (torch.from_numpy(X[row]), row)),
        Items(lambda row: [X[row].astype(np.float64), "a label"]),
        TensorDataset(torch.from_numpy(X)),
        DataLoader(Items(lambda row: X[row]), num_workers=1),
    ],
    ids=["array", "tensor", "lists", "float64", "fortran", "dataset", "pairs", "named", "tensors", "loader"],
)
def test_batches_are_the_rows_asked_for_as_float32(data):
    rows = rows_of(data, gaussian)
    assert isinstance(rows, Rows)
    assert (len(rows), rows.shape) == (20, (3, 2))
    batches = list(rows.batches(BATCHES))
    for indices, batch in zip(BATCHES, batches, strict=True):
        assert batch.dtype == torch.float32
        assert torch.equal(batch, torch.from_numpy(X)[indices])


def test_a_batch_may_be_written_into_without_changing_the_data():
    for data in (X.copy(), Items(lambda row: X[row])):
        rows = rows_of(data, gaussian)
        for batch in rows.batches(BATCHES):
            batch.zero_()
        assert torch.equal(next(rows.batches(BATCHES)), torch.from_numpy(X)[BATCHES[0]])


def test_an_array_is_shared_not_copied():
    tensor = torch.from_numpy(X)
    assert np.shares_memory(ArrayRows(tensor).array, X)
    assert ArrayRows(X).array is X


def test_collation_and_start_of_workers_are_the_loaders_own(tmp_path):
    def start(number):
        (tmp_path / str(number)).touch()

    loader = DataLoader(
        Items(lambda row: X[row]),
        batch_size=4,
        num_workers=2,
        collate_fn=lambda items: torch.from_numpy(10 * np.stack(items)),
        worker_init_fn=start,
    )
    (batch,) = rows_of(loader, gaussian).batches([torch.arange(20)])
    assert torch.equal(batch, 10 * torch.from_numpy(X))
    assert {path.name for path in tmp_path.iterdir()} == {"0", "1"}


# ------------------------------------------------------------------------------------------------ checking


def test_a_value_off_the_support_is_named_by_its_row_in_a_later_chunk(monkeypatch):
    monkeypatch.setattr(rows_module, "CHUNK_ELEMENTS", 24)
    x = np.zeros((20, 3, 2))
    x[17, 1, 1] = 0.5
    x[18, 0, 0] = 3
    assert message(rows_of, x, bernoulli) == (
        "bernoulli accepts 0 or 1, but row 17, column 3 is 0.5 (and 1 more value). Use a likelihood that fits these "
        "data: gaussian or laplace."
    )


def test_every_chunk_is_checked_exactly_once(monkeypatch):
    monkeypatch.setattr(rows_module, "CHUNK_ELEMENTS", 7)
    seen = []
    monkeypatch.setattr(rows_module, "check_support", lambda likelihood, x, row_numbers: seen.extend(row_numbers))
    check_rows(ArrayRows(X), gaussian)
    assert seen == list(range(20))


def test_a_dataset_is_checked_as_it_is_read_and_names_its_row():
    rows = rows_of(Items(lambda row: np.full(2, -1.0 if row == 13 else 2.0)), poisson)
    with pytest.raises(SupportError) as error:
        list(rows.batches([torch.tensor([1, 5]), torch.tensor([2, 13])]))
    assert str(error.value) == (
        "poisson accepts counts 0, 1, 2, ..., but row 13, column 0 is -1 (and 1 more value). Use a likelihood that "
        "fits these data: gaussian or laplace."
    )


def test_numbers_beyond_float32_are_not_taken_for_infinity():
    x = X.astype(np.float64)
    x[4, 2, 1] = -1e300
    assert message(rows_of, x, gaussian) == (
        "row 4, column 5 is -1e+300, but training is in float32, which ends at 3.4028235e+38: divide the data by a "
        "scale."
    )
    with pytest.raises(SupportError, match="row 0, column 5 is -inf"):
        rows_of(Items(lambda row: x[4]), gaussian)


@pytest.mark.parametrize("shape", [(), (4,), (0, 3), (4, 0)])
def test_an_array_needs_rows_and_columns(shape):
    assert message(rows_of, np.zeros(shape), gaussian) == (
        f"the data have shape {shape}: expected (rows, ...) with at least one row and one column."
    )


@pytest.mark.parametrize("dtype", ["complex64", "<U3", "datetime64[s]"])
def test_only_real_numbers_are_data(dtype):
    assert message(as_array, np.zeros((4, 2), dtype)) == f"the data are of type {dtype}: expected real numbers."


@pytest.mark.parametrize("data", [None, {"x": 1}, {1, 2}, object()], ids=lambda data: type(data).__name__)
def test_what_is_no_array_is_refused_by_its_type(data):
    assert message(as_array, data) == (
        f"{type(data).__name__} cannot be read as rows of numbers: give an array, a tensor, a map-style Dataset or a "
        "DataLoader."
    )


def test_ragged_lists_and_sparse_tensors_are_refused_with_the_reason():
    assert message(as_array, [[1, 2], [3]]).startswith("list cannot be read as rows of numbers (setting an array ")
    assert message(as_array, torch.eye(3).to_sparse()).startswith(
        "Tensor cannot be read as rows of numbers (can't convert Sparse layout tensor to numpy."
    )


def test_masked_values_are_never_trained_on():
    masked = np.ma.masked_array(np.ones((3, 2)), mask=[[0, 0], [0, 1], [0, 0]])
    assert message(as_array, masked) == (
        "the data are a masked array: fill the masked values in, or leave those rows out."
    )
    assert as_array(np.ma.masked_array(np.ones((3, 2)))).tolist() == [[1, 1]] * 3


def test_the_shape_of_an_observation_is_checked_before_its_values():
    off = np.full((4, 6), 0.5)
    assert message(rows_of, off, bernoulli, shape=(1, 2, 3)) == (
        "the data's observations have shape (6,), the model's (1, 2, 3): reshape them to (rows, 1, 2, 3)."
    )
    assert message(rows_of, off, bernoulli, shape=(5,)) == (
        "the data's observations have shape (6,), the model's (5,): give data of that shape."
    )
    assert message(rows_of, Items(lambda row: X[row]), gaussian, shape=(6,)) == (
        "the data's observations have shape (3, 2), the model's (6,): reshape them to (rows, 6)."
    )
    assert rows_of(X, gaussian, shape=(3, 2)).shape == (3, 2)


def test_an_empty_dataset_is_refused():
    assert message(DatasetRows, Items(None, length=0), gaussian) == "Items is empty: at least one row is needed."


def test_items_that_are_dictionaries_are_refused():
    assert message(rows_of, Items(lambda row: {"pixels": X[row]}), gaussian) == (
        "dict cannot be read as rows of numbers: give an array, a tensor, a map-style Dataset or a DataLoader."
    )


def test_a_collation_that_loses_rows_is_refused():
    loader = DataLoader(Items(lambda row: X[row]), collate_fn=lambda items: torch.from_numpy(items[0]))
    assert message(rows_of, loader, gaussian) == (
        "a batch of 1 rows of Items was collated to shape (3, 2): expected (1, ...)."
    )


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"sampler": RandomSampler(range(20), replacement=True)}, "RandomSampler"),
        ({"sampler": RandomSampler(range(20), num_samples=5)}, "RandomSampler"),
        ({"sampler": WeightedRandomSampler([1.0] * 20, 20)}, "WeightedRandomSampler"),
        ({"sampler": list(range(5))}, "list"),
        ({"batch_sampler": BatchSampler(SubsetRandomSampler(range(4)), 2, False)}, "SubsetRandomSampler"),
        ({"batch_sampler": [[0, 1], [2, 3]]}, "list"),
    ],
)  # fmt: skip
def test_a_loader_that_picks_its_own_rows_is_refused(options, name):
    text = message(rows_of, DataLoader(Items(lambda row: X[row]), **options), gaussian)
    assert text.startswith(f"the DataLoader has a {name}, whose choice of rows would be lost, since training ")


def test_a_loader_that_takes_every_row_once_is_accepted():
    dataset = Items(lambda row: X[row])
    for options in (
        {"shuffle": True},
        {"sampler": SequentialSampler(dataset)},
        {"batch_sampler": BatchSampler(RandomSampler(dataset), 4, True)},
        {"batch_size": None},
    ):
        assert len(rows_of(DataLoader(dataset, **options), gaussian)) == 20


# ------------------------------------------------------------------------------------------------ the split


@pytest.mark.parametrize(
    ("count", "validation", "test", "sizes"),
    [(100, 0.1, 0.2, (70, 10, 20)), (7, 0.1, 0.1, (5, 1, 1)), (10, 0.0, 0.0, (10, 0, 0)), (3, 0.01, 0.0, (2, 1, 0))],
)
def test_the_split_has_its_shares_and_every_row_once(count, validation, test, sizes):
    split = split_rows(count, Recipe(batch_size=1, validation=validation, test=test))
    parts = (split.training, split.validation, split.test)
    assert tuple(map(len, parts)) == sizes
    assert sorted(torch.cat(parts).tolist()) == list(range(count))
    assert training_count(count, validation, test) == sizes[0]


def test_the_split_is_a_function_of_the_seed():
    splits = [split_rows(50, Recipe(batch_size=8, seed=seed)) for seed in (1, 1, 2)]
    assert torch.equal(splits[0].validation, splits[1].validation)
    assert not torch.equal(splits[0].validation, splits[2].validation)


def test_what_is_held_out_is_test_else_validation_else_training():
    assert split_rows(50, Recipe(batch_size=8, validation=0.1, test=0.1)).held_out[0] == "test"
    assert split_rows(50, Recipe(batch_size=8, validation=0.1)).held_out[0] == "validation"
    name, rows = split_rows(50, Recipe(batch_size=8, validation=0.0)).held_out
    assert (name, len(rows)) == ("training", 50)


def test_a_split_or_a_batch_that_leaves_nothing_is_refused():
    assert message(split_rows, 2, Recipe(batch_size=1, validation=0.5, test=0.4)) == (
        "2 rows leave none to train on, after 2 for validation and test: lower these shares, or give more rows."
    )
    assert message(split_rows, 50, Recipe(batch_size=46)) == (
        "a batch of 46 is larger than the 45 training rows (of 50): give a batch size of at most 45."
    )
