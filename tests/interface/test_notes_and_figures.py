"""What is said of data that are read in part or rounded, and which option or figure a message blames."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import TensorDataset

import vaelid
from vaelid.interface.data import load_data
from vaelid.interface.rounding import rounding_note
from vaelid.spec.errors import InputError


def test_of_several_arrays_the_one_taken_is_said(folder, caplog):
    np.savez("x.npz", x_train=np.eye(3), x_test=np.ones((2, 3)), y_train=np.arange(3))
    assert len(load_data("x.npz").x) == 3
    assert caplog.messages == ["x.npz: the array x_train was read, not x_test: name another as x.npz:NAME."]
    caplog.clear()
    assert len(load_data("x.npz:x_test").x) == 2
    np.savez("y.npz", x=np.eye(3), y=np.arange(3))
    load_data("y.npz")
    assert caplog.messages == []


def test_subfolders_of_a_folder_of_images_are_said_not_to_be_read(folder, caplog):
    for name in ("d/more", "d/.hidden"):
        (folder / name).mkdir(parents=True)
    Image.fromarray(np.eye(4, dtype=np.uint8)).save("d/a.png")
    load_data("d")
    assert caplog.messages == ["d: only the images directly in it were read, none in its subfolders (more)."]


def test_a_batch_larger_than_the_rows_is_blamed_itself(folder, refused):
    np.save("x.npy", np.eye(9))
    refused(
        *("train", "x.npy", "--out", "run", "--batch-size", 2**53),
        says="a batch of 9007199254740992 is larger than the 8 training rows (of 9): give a batch size of at most 8.",
    )


def test_a_digit_of_another_script_is_named_by_line_and_field(folder):
    (folder / "x.csv").write_text("1,2\n3,٣\n")
    with pytest.raises(InputError, match=r"x\.csv, line 2, field 2 is '٣': expected a number\."):
        load_data("x.csv")


ROUNDED = (
    "{}: its whole numbers above 2^24 are rounded to float32, in which vaelid computes. The first is {} in row {}, "
    "column {}, which becomes {}."
)


@pytest.mark.parametrize("kind", ["int64", "uint32", "float64"])
def test_counts_that_float32_rounds_are_said_to_be(kind, folder, caplog):
    np.save("x.npy", np.array([[2**24 + 2, 3], [5, 2**24 + 1]], kind))
    load_data("x.npy")
    assert caplog.messages == [ROUNDED.format(f"{folder}/x.npy", 16777217, 1, 1, 16777216)]
    caplog.clear()
    np.save("x.npy", np.array([[2**24 + 2, 3]], kind))
    load_data("x.npy")
    assert caplog.messages == []


def test_counts_of_a_table_that_float32_rounds_are_said_to_be(folder, caplog):
    (folder / "x.csv").write_text("9,2,3\n4,5,33554435\n6,7,16777217\n")
    load_data("x.csv")
    assert caplog.messages == [ROUNDED.format(f"{folder}/x.csv", 33554435, 1, 2, 33554436)]


ARRAYS = {
    "numpy.ndarray": (np.array([[1, 2], [-(2**24) - 1, 3]]), "-16777217 in row 1, column 0", "-16777216"),
    "torch.Tensor": (torch.tensor([[1, 2**60 + 1]]), "1152921504606846977 in row 0, column 1", "1152921504606846976"),
    "builtins.list": ([[[0, 1], [2, 2**24 + 3]]], "16777219 in row 0, column 3", "16777220"),
    "torch.utils.data.dataset.TensorDataset": (
        TensorDataset(torch.tensor([[0.0], [2.0**24 + 1]], dtype=torch.float64)),
        "16777217 in row 1, column 0",
        "16777216",
    ),
}


@pytest.mark.parametrize("source", ARRAYS)
def test_counts_given_in_python_that_float32_rounds_are_said_to_be(source, caplog):
    data, first, becomes = ARRAYS[source]
    load_data(data)
    number, _, place = first.partition(" in row ")
    assert caplog.messages == [ROUNDED.format(source, number, *place.split(", column "), becomes)]


def test_counts_that_float32_rounds_are_said_once_by_fit(caplog):
    counts = np.array([[2**24 + 1, 3], [5, 7], [1, 2]])
    vaelid.fit(vaelid.VAE(obs=(2,), latent=1, likelihood="poisson"), counts, epochs=2, validation=0, progress=False)
    assert caplog.messages == [ROUNDED.format("numpy.ndarray", 16777217, 0, 0, 16777216)]


EXACT = {
    "the smallest int64": np.array([[-(2**63)]]),
    "the largest power of two": np.array([[2**63]], np.uint64),
    "24 bits": np.array([[(2**24 - 1) * 2**20]]),
    "fractions": np.array([[0.1, 1e-3]]),
    "beyond float32": np.array([[1e300]]),
    "not finite": np.array([[np.nan, np.inf]]),
    "float32": np.array([[1e30, 2.0**24 + 1]], np.float32),
    "bytes": np.array([[255]], np.uint8),
}


@pytest.mark.parametrize("name", EXACT)
def test_what_float32_holds_or_refuses_is_not_said_to_be_rounded(name):
    assert rounding_note(EXACT[name], "x") is None


def test_the_first_rounded_number_is_found_beyond_the_first_block(monkeypatch):
    monkeypatch.setattr("vaelid.interface.rounding.CHUNK_ELEMENTS", 4)
    x = np.zeros((9, 2), np.int64)
    x[7] = 3, 2**25 + 1
    assert rounding_note(x, "x") == ROUNDED.format("x", 33554433, 7, 1, 33554432)
