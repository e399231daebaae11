"""What is said of data that are read in part or rounded, and which option or figure a message blames."""

import numpy as np
import pytest
from PIL import Image

from vaelid.interface.data import load_data
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


@pytest.mark.parametrize("kind", ["int64", "uint32", "float64"])
def test_counts_that_float32_rounds_are_said_to_be(kind, folder, caplog):
    np.save("x.npy", np.array([[2**24 + 1, 3]], kind))
    load_data("x.npy")
    assert caplog.messages == [
        f"{folder}/x.npy: its whole numbers above 2^24 are rounded to float32, in which vaelid computes."
    ]
    caplog.clear()
    np.save("x.npy", np.array([[2**24 + 2, 3]], kind))
    load_data("x.npy")
    assert caplog.messages == []
