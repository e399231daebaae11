"""Wrong input, typed as a new user would: one message, an exit status, nothing left behind, nothing lost."""

import os
import pickle
import resource
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from PIL import Image

from vaelid.interface.data import load_data
from vaelid.interface.readers import read_file, read_image_folder
from vaelid.spec.errors import InputError

NORMAL = np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)
GREYS = np.random.default_rng(1).integers(0, 256, (60, 5), dtype=np.uint8)


class Bomb:
    """An object whose unpickling leaves a file behind."""

    def __init__(self, trace: Path):
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


# ------------------------------------------------------------------------------------------------ files of data


def test_a_missing_file_is_named(refused, folder):
    refused(
        *("train", "x.npy", "--out", "run"),
        says=f"x.npy does not exist: check the path (looked in {folder}).",
    )


def test_a_name_that_is_nothing_is_answered_by_what_data_can_be(refused):
    refused(
        *("train", "digit", "--out", "run"),
        says="digit does not exist: expected digits, a .npy, .npz, .csv or .parquet file, a folder of images, or "
        "module:callable.",
    )


@pytest.mark.parametrize("suffix", ["npy", "npz", "csv", "parquet"])
def test_an_empty_file_is_said_to_be_empty(refused, folder, suffix):
    (folder / f"x.{suffix}").touch()
    refused(
        *("train", f"x.{suffix}", "--out", "run"),
        says=f"x.{suffix} is empty (0 bytes): expected an array with one row for each observation.",
    )


def test_a_file_of_unknown_kind_is_refused(refused, folder):
    (folder / "x.txt").write_text("1 2\n")
    refused(
        *("train", "x.txt", "--out", "run"),
        says="x.txt has an unknown kind of data (.txt): expected .npy, .npz, .csv, .parquet or a folder of images.",
    )


def test_a_text_file_called_npy_is_refused(refused, folder):
    (folder / "x.npy").write_text("hello world\n")
    refused(
        *("train", "x.npy", "--out", "run"),
        says="x.npy is not a .npy file: it begins with b'hello '. Save the array with numpy.save, or name the file "
        "after what it is.",
    )


@pytest.mark.parametrize("name", ["x.npy", "x.npz", "packed.npz"])
def test_pickled_objects_are_refused_and_no_code_in_them_runs(refused, folder, name):
    bomb = np.array([[Bomb(folder / "trace")]], dtype=object)
    if name == "x.npy":
        np.save(name, bomb, allow_pickle=True)
    else:
        (np.savez_compressed if name == "packed.npz" else np.savez)(name, x=bomb)
    pickle.loads(pickle.dumps(bomb))
    assert (folder / "trace").exists(), "the bomb works where it is unpickled"
    (folder / "trace").unlink()
    refused(
        *("train", name, "--out", "run"),
        says=f"{name.replace('.npz', '.npz:x')} holds Python objects, which are never loaded (they can run code): save "
        "an array of numbers.",
    )
    assert not (folder / "trace").exists()


def test_a_truncated_npy_is_refused(refused, folder):
    np.save("x.npy", NORMAL)
    whole = (folder / "x.npy").read_bytes()
    (folder / "x.npy").write_bytes(whole[:-1])
    refused(
        *("train", "x.npy", "--out", "run"),
        says="x.npy is cut short: its header says shape (60, 5) of float32, 1,200 bytes, but the file ends after "
        "1,199. Write it again.",
    )


@pytest.mark.parametrize(
    ("array", "shape"), [(np.arange(5.0), "(5,)"), (np.zeros((5, 0)), "(5, 0)"), (np.zeros((0, 5)), "(0, 5)")]
)
def test_an_array_without_rows_and_columns_is_refused_with_its_shape(refused, array, shape):
    np.save("x.npy", array)
    refused(
        *("train", "x.npy", "--out", "run"),
        says=f"x.npy has shape {shape}: expected (rows, ...) with at least one row and one column. Reshape it with "
        "x.reshape(rows, -1), for instance.",
    )


@pytest.mark.parametrize("dtype", ["complex128", "<U1", "datetime64[D]"])
def test_an_array_that_is_not_of_real_numbers_is_refused(refused, dtype):
    np.save("x.npy", np.zeros((5, 2), dtype))
    refused("train", "x.npy", "--out", "run", says=f"x.npy holds {dtype}: expected numbers.")


def test_an_npz_of_several_arrays_asks_which(refused):
    np.savez("x.npz", a=NORMAL, b=NORMAL)
    refused(
        *("train", "x.npz", "--out", "run"),
        says="x.npz has several arrays; it holds a, b. Name one as x.npz:NAME.",
    )
    refused(
        *("train", "x.npz:c", "--out", "run"),
        says="x.npz has no array 'c'; it holds a, b. Name one as x.npz:NAME.",
    )


def test_an_npz_without_arrays_is_refused(refused):
    np.savez("x.npz")
    refused("train", "x.npz", "--out", "run", says="x.npz holds no arrays: save one with numpy.savez('x.npz', x=x).")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,b\n1,2\n3,x\n", "x.csv, line 3, field 2 (b) is 'x': expected a number. Fill it in, or leave that column "
         "or row out."),
        ("1,2\n\n3,4\n5,abc\n", "x.csv, line 4, field 2 is 'abc': expected a number. Fill it in, or leave that column "
         "or row out."),
        ("a,b\n1,\n3,4\n", "x.csv, line 2, field 2 (b) is missing: expected a number. Fill it in, or leave that "
         "column or row out."),
        ("1,,2\n3,4,5\n", "x.csv, line 1, field 2 is missing: expected a number. Fill it in, or leave that column or "
         "row out. If that line is a header, name the data x.csv:header."),
        ("a;b\n1;2\n3\n", "x.csv, line 3 has 1 fields, the lines before have 2: every row needs the same columns."),
        ("a,b\n", "x.csv has no rows of numbers: expected one row for each observation."),
        ("\n\n", "x.csv has no rows of numbers: expected one row for each observation."),
    ],
)  # fmt: skip
def test_a_csv_that_is_not_a_table_of_numbers_is_refused_by_line_and_field(refused, folder, text, says):
    (folder / "x.csv").write_text(text)
    refused("train", "x.csv", "--out", "run", says=says)


def test_a_parquet_column_of_text_is_named(refused):
    pyarrow.parquet.write_table(pyarrow.table({"a": [1.0, 2.0], "b": ["u", "v"]}), "x.parquet")
    refused(
        *("train", "x.parquet", "--out", "run"),
        says="x.parquet, column 'b' is of type string: expected numbers. Leave it out.",
    )


def test_a_missing_value_in_parquet_is_named_by_row_and_column(refused):
    pyarrow.parquet.write_table(pyarrow.table({"a": [1.0, 2.0, 3.0], "b": [1, None, 3]}), "x.parquet")
    refused(
        *("train", "x.parquet", "--out", "run"),
        says="x.parquet, row 1, column 'b' is missing: fill it in, or leave the row out.",
    )


def _write(path: Path) -> np.ndarray:
    """A small data file of the suffix's kind; the numbers in it."""
    x = np.arange(24, dtype=np.float64).reshape(6, 4)
    match path.suffix:
        case ".npy":
            np.save(path, x)
        case ".npz":
            np.savez(path, x=x)
        case ".csv":
            np.savetxt(path, x, fmt="%d.5", delimiter=",")
            x = x + 0.5
        case ".parquet":
            pyarrow.parquet.write_table(pyarrow.table({f"c{i}": x[:, i] for i in range(4)}), path)
    return x


@pytest.mark.parametrize("suffix", ["npy", "npz", "parquet"])
def test_a_file_cut_short_anywhere_is_refused(folder, suffix):
    path = folder / f"x.{suffix}"
    _write(path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 2):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError):
            read_file(path)


@pytest.mark.parametrize("suffix", ["npy", "npz", "csv", "parquet"])
def test_a_file_with_a_flipped_byte_never_ends_in_another_error(folder, suffix):
    path = folder / f"x.{suffix}"
    _write(path)
    whole = path.read_bytes()
    messages = []
    for position, byte in enumerate(whole):
        flip = (0x01, 0x80, 0xFF)[position % 3]
        path.write_bytes(whole[:position] + bytes([byte ^ flip]) + whole[position + 1 :])
        try:
            read_file(path)
        except InputError as error:
            messages.append(str(error))
    assert messages
    assert all(message.startswith(str(path)) for message in messages)


# ------------------------------------------------------------------------------------------------ values and shapes


def test_a_nan_is_one_message_where_no_likelihood_is_named(refused):
    x = np.full((50, 6), 0.5, np.float32)
    x[3, 2] = np.nan
    np.save("x.npy", x)
    refused(
        *("train", "x.npy", "--out", "run"),
        says="gaussian accepts any finite real number, but row 3, column 2 is nan. No likelihood accepts NaN or "
        "infinity: remove those rows, or fill the values in.",
    )


def test_one_nan_in_a_million_rows_is_found_quickly_in_little_memory(refused):
    x = np.lib.format.open_memmap("x.npy", "w+", np.float32, (1_000_000, 4))
    x[:] = 0.5
    x[765_432, 3] = np.nan
    x.flush()
    del x
    tracemalloc.start()
    started = time.perf_counter()
    refused(
        *("train", "x.npy", "--out", "run", "--likelihood", "gaussian"),
        says="gaussian accepts any finite real number, but row 765432, column 3 is nan. No likelihood accepts NaN or "
        "infinity: remove those rows, or fill the values in.",
    )
    seconds = time.perf_counter() - started
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds < 10
    assert peak < 64e6, f"{peak / 1e6:.0f} MB"


@pytest.mark.parametrize(
    ("x", "likelihood", "says"),
    [
        (GREYS, "bernoulli", "bernoulli accepts 0 or 1, but row 0, column 0 is 255 (and 298 more values). Use a "
         "likelihood that fits these data: binomial:255 or negative_binomial or poisson."),
        (np.where(GREYS == 255, -3, 2), "poisson", "poisson accepts counts 0, 1, 2, ..., but row 0, column 0 is -3 "
         "(and 1 more value). Use a likelihood that fits these data: gaussian or laplace."),
        (GREYS / 512, "binomial:16", "binomial:16 accepts whole numbers from 0 to 16, but row 0, column 0 is "
         "0.498046875 (and 298 more values). Use a likelihood that fits these data: continuous_bernoulli or gaussian."),
        (np.where(np.arange(300).reshape(60, 5) == 17, 17, 16), "binomial:16", "binomial:16 accepts whole numbers "
         "from 0 to 16, but row 3, column 2 is 17. Use a likelihood that fits these data: "
         "negative_binomial or poisson or binomial:17."),
    ],
    ids=["greys-bernoulli", "negative-poisson", "fractions-binomial", "17-binomial"],
)  # fmt: skip
def test_data_off_the_support_are_answered_by_a_likelihood_that_fits(refused, x, likelihood, says):
    np.save("x.npy", x)
    refused("train", "x.npy", "--out", "run", "--likelihood", likelihood, says=says)


def test_numbers_beyond_float32_are_named_before_training(refused):
    x = NORMAL.astype(np.float64)
    x[3, 2] = 1e39
    np.save("x.npy", x)
    refused(
        *("train", "x.npy", "--out", "run", "--likelihood", "gaussian"),
        says="row 3, column 2 is 1e+39, but training is in float32, which ends at 3.4028235e+38: divide the data by a "
        "scale.",
    )


# ------------------------------------------------------------------------------------------------ images


def _image(path: Path, width: int = 8, height: int = 6, kind: str = "L") -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(pixels).convert(kind).save(path)
    return path


def test_images_of_different_sizes_are_named_with_their_sizes(refused, folder):
    _image(folder / "d" / "a.png")
    _image(folder / "d" / "b.png", width=7)
    refused(
        *("train", "d", "--out", "run"),
        says="images differ in size: d/a.png is 8 x 6 pixels, d/b.png is 7 x 6. Bring all images to one size.",
    )


def test_images_of_different_depths_are_named_with_their_depths(refused, folder):
    _image(folder / "d" / "a.png")
    Image.fromarray(np.full((6, 8), 5000, np.uint16)).save(folder / "d" / "b.png")
    refused(
        *("train", "d", "--out", "run"),
        says="images differ in depth: d/a.png has values of type uint8, d/b.png of type uint16. Bring all images to "
        "one.",
    )


def test_a_folder_without_images_is_answered_by_the_kinds_of_image(refused, folder):
    (folder / "d").mkdir()
    (folder / "d" / "notes.txt").write_text("none yet")
    refused(
        *("train", "d", "--out", "run"),
        says="d holds no images: expected files ending in .png, .jpg, .jpeg, .bmp, .gif, .tif, .tiff, .webp, .pgm, "
        ".ppm, directly in it.",
    )


def test_a_broken_image_is_named(refused, folder):
    _image(folder / "d" / "a.png")
    (folder / "d" / "b.png").write_text("no picture")
    refused(
        *("train", "d", "--out", "run"),
        says="d/b.png cannot be read as an image (it is none of PNG, JPEG, BMP, GIF, TIFF, WEBP, PPM): mend it, or "
        "take it out.",
    )


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.bmp", "a.gif"])
def test_an_image_cut_short_or_altered_anywhere_never_ends_in_another_error(folder, name):
    path = _image(folder / "d" / name, kind="RGB")
    whole = path.read_bytes()
    damaged = [whole[:length] for length in range(0, len(whole), 3)]
    damaged += [whole[:i] + bytes([whole[i] ^ 0x55]) + whole[i + 1 :] for i in range(0, len(whole), 3)]
    messages = []
    for data in damaged:
        path.write_bytes(data)
        try:
            read_image_folder(folder / "d")
        except InputError as error:
            messages.append(str(error))
    assert messages
    assert all(str(path) in message for message in messages)


# ------------------------------------------------------------------------------------------------ flags


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--batch-size", "55"], "a batch of 55 is larger than the 54 training rows (of 60): give a batch size of at "
         "most 54."),
        (["--latent", "0"], "Invalid value for '--latent': 0 is not in the range 1<=x<=9007199254740992. See: vaelid "
         "train --help"),
        (["--epoch", "3"], "No such option '--epoch'. (Did you mean one of: '--arch', '--epochs'?) See: vaelid train "
         "--help"),
        (["--hidden", "12,x"], "Invalid value for '--hidden': '12,x' is not a list of widths: give 256,128 for "
         "instance, or none. See: vaelid train --help"),
        (["--hidden", "0"], "hidden=0 must be made of whole numbers of at least 1."),
        (["--learning-rate", "-1"], "learning_rate=-1.0 must be a positive number."),
        (["--learning-rate", "nan"], "learning_rate=nan must be a positive number."),
        (["--scale", "0"], "scale=0 must be a positive number: the data are divided by it."),
        (["--scale", "inf"], "scale=inf must be a positive number: the data are divided by it."),
        (["--validation", "1"], "Invalid value for '--validation': 1.0 is not in the range 0<=x<1. See: vaelid train "
         "--help"),
        (["--validation", "0.5", "--test", "0.5"], "60 rows leave none to train on, after 60 for validation and test: "
         "lower these shares, or give more rows."),
        (["--validation", "0", "--patience", "3"], "patience needs validation rows: give validation=0.1, for "
         "instance."),
        (["--weight-decay", "0.1"], 'weight_decay needs optimizer="adamw", whose decay is decoupled from the '
         "gradient."),
        (["--arch", "conv"], 'arch="conv" needs observations of shape (channels, height, width), not (5,): reshape '
         'the data, or use arch="mlp".'),
        (["--likelihood", "gausian"], "likelihood 'gausian' is not known. Did you mean 'gaussian'? Known: bernoulli, "
         "continuous_bernoulli, gaussian, gaussian_diag, laplace, poisson, negative_binomial, binomial:N, gaussian:V, "
         "categorical:K."),
        (["--likelihood", "binomial"], "likelihood 'binomial' needs a number N after the colon: binomial:N."),
        (["--likelihood", "gaussian:-1"], "gaussian:-1 needs a positive finite variance, for instance gaussian:1."),
    ],
    ids=lambda value: "-".join(value).strip("-") if isinstance(value, list) else "",
)  # fmt: skip
def test_a_wrong_flag_is_answered_by_a_right_one(refused, flags, says):
    np.save("x.npy", NORMAL)
    refused("train", "x.npy", "--out", "run", "--likelihood", "gaussian", *flags, says=says)


@pytest.mark.parametrize(
    ("flags", "begins"),
    [
        (("--latent", 10**9), "training a model of 3,"),
        (("--hidden", "2000000,2000000"), "training a model of 32,"),
        (("--likelihood", "categorical:1000000000"), "training a model of "),
        (("--latent", 10**14), "latent has a size beyond 2,147,483,647, which is the largest: give a smaller one."),
        (("--hidden", "9" * 400), "hidden has a size beyond 2,147,483,647, which is the largest: give a smaller one."),
        (("--hidden", "2147483647,2147483647,2147483647"), "the model's sizes are beyond what any memory can hold"),
        (("--validation", "nan"), "Invalid value for '--validation': nan is no share of the data."),
        (("--test", "NaN"), "Invalid value for '--test': nan is no share of the data."),
        (("--epochs", "9" * 30), "Invalid value for '--epochs': "),
        (("--seed", "9" * 30), "Invalid value for '--seed': "),
    ],
)
def test_what_no_memory_holds_and_no_number_is_are_refused(vaelid, folder, flags, begins):
    np.save("x.npy", GREYS % 3)
    outcome = vaelid("train", "x.npy", "--out", "run", "--likelihood", "gaussian", *flags)
    assert (outcome.status, outcome.err.count("\n")) == (64, 1), outcome.err
    assert outcome.err.startswith(f"vaelid: {begins}")
    assert not (folder / "run").exists()


@pytest.mark.parametrize(
    "text",
    ["validation = nan", "hidden = [99999999999999999999999]", "hidden = " + 3000 * "[" + 3000 * "]", "epochs = [1]",
     "seed = " + 5000 * "1", "[hidden]\nx = 1", "hidden = [[1]]", "test = true"],
)  # fmt: skip
def test_a_wrong_configuration_file_is_64(vaelid, folder, text):
    np.save("x.npy", NORMAL)
    (folder / "c.toml").write_text(text)
    outcome = vaelid("train", "x.npy", "--out", "run", "--config", "c.toml")
    assert (outcome.status, outcome.err.count("\n")) == (64, 1), outcome.err
    assert not (folder / "run").exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("return torch.empty(3, 2, device='meta')", 64),
        ("return torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])", 64),
        ("return torch.ones(3, 2), [[1], [1, 2], 3]", 64),
        ("raise GeneratorExit", 70),
        ("raise Own('x')", 70),
        ("raise SystemExit(0)", 70),
    ],
)
@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_what_the_users_function_does_is_never_an_own_failure(vaelid, folder, body, status):
    (folder / "odd.py").write_text(f"import torch\nclass Own(BaseException): pass\ndef made():\n    {body}\n")
    outcome = vaelid("train", "odd:made", "--out", "run")
    assert (outcome.status, outcome.err.count("\n")) == (status, 1), outcome.err


@pytest.mark.parametrize("count", [10**12, int("9" * 30)])
def test_more_samples_than_memory_are_refused(vaelid, folder, count):
    np.save("x.npy", NORMAL)
    assert vaelid("train", "x.npy", "--out", "run", "--epochs", "1", "--hidden", "4").status == 0
    outcome = vaelid("sample", "run", "--count", count, "--out", "s.npy")
    assert (outcome.status, outcome.err.count("\n")) == (64, 1), outcome.err
    assert not (folder / "s.npy").exists()


def test_an_array_of_nothing_is_refused_by_its_header(refused, folder):
    header = b"{'descr': '|S0', 'fortran_order': False, 'shape': (60000000000, 1), }"
    (folder / "x.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    refused("train", "x.npy", "--out", "run", says="x.npy holds |S0, which takes no bytes: expected numbers.")


def test_an_escape_in_a_name_is_not_printed_raw(vaelid, folder):
    outcome = vaelid("evaluate", "a\x1b[31mb")
    assert outcome.status == 64
    assert "\x1b" not in outcome.err
    assert "a\\x1b[31mb is not a run folder" in outcome.err


def test_a_name_that_is_too_long_is_refused(refused):
    name = 300 * "x" + ".npy"
    refused("train", name, "--out", "run", says=f"cannot use {name}: file name too long.")


def test_an_unknown_command_is_answered_by_the_nearest(refused):
    refused("trian", "digits", says="No such command 'trian'. Did you mean 'train'? See: vaelid --help")


def test_missing_arguments_are_named(refused):
    refused("train", "digits", says="Missing option '--out'. See: vaelid train --help")
    refused(
        *("train", "--out", "run"),
        says="DATA is missing: name what to train on, for instance digits. See: vaelid train --help",
    )
    refused("evaluate", says="Missing argument 'RUN'. See: vaelid evaluate --help")
    refused("sample", "run", says="Missing option '--out'. See: vaelid sample --help")
    empty = "Invalid value for '{}': the folder's name is empty. See: vaelid {} --help"
    refused("train", "digits", "--out", "", says=empty.format("--out", "train"))
    refused("evaluate", "", says=empty.format("RUN", "evaluate"))


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("epoch = 3", "Invalid value for '--config': c.toml: 'epoch' is not an option of vaelid train. Did you mean "
         "'epochs'? See: vaelid train --help"),
        ("epochs = ", "Invalid value for '--config': c.toml is not TOML: Invalid value (at end of document). See: "
         "vaelid train --help"),
        ("epochs = 2.5", "Invalid value for '--epochs': '2.5' is not a valid integer range. See: vaelid train --help"),
        ("epochs = true", "Invalid value for '--epochs': 'True' is not a valid integer range. See: vaelid train "
         "--help"),
        ("hidden = [8, 0.5]", "Invalid value for '--hidden': [8, 0.5] is not a list of widths: give 256,128 for "
         "instance, or none. See: vaelid train --help"),
    ],
)  # fmt: skip
def test_a_configuration_that_is_wrong_is_answered_by_what_is_right(refused, folder, toml, says):
    np.save("x.npy", NORMAL)
    (folder / "c.toml").write_text(toml)
    refused("train", "x.npy", "--out", "run", "--config", "c.toml", says=says)


def test_an_unknown_key_far_from_all_options_is_answered_by_the_list(vaelid, folder):
    (folder / "c.toml").write_text("[train]\nepochs = 3\n")
    outcome = vaelid("train", "digits", "--out", "run", "--config", "c.toml")
    assert outcome.status == 64
    assert "c.toml: 'train' is not an option of vaelid train. Known: arch, batch_size, beta, " in outcome.err


def test_a_missing_configuration_is_named(refused, folder):
    refused(
        *("train", "digits", "--out", "run", "--config", "c.toml"),
        says=f"c.toml does not exist: check the path (looked in {folder}).",
    )


# ------------------------------------------------------------------------------------------------ where to write


@pytest.mark.parametrize(
    ("out", "says"),
    [
        ("file/run", "cannot write in file/run: not a directory. Choose a place that you may use."),
        ("file", "cannot write in file: file exists. Choose a place that you may use."),
        ("/proc/run", "cannot write in /proc/run: no such file or directory. Choose a place that you may use."),
    ],
)
def test_an_output_folder_that_cannot_be_written_is_refused(refused, folder, out, says):
    if out.startswith("/proc") and not Path("/proc/self").exists():
        pytest.skip("no /proc here")
    (folder / "file").write_text("kept")
    np.save("x.npy", NORMAL)
    refused("train", "x.npy", "--out", out, "--likelihood", "gaussian", says=says)


# ------------------------------------------------------------------------------------------------ the user's own code


@pytest.mark.parametrize(
    ("name", "status", "says"),
    [
        ("boom", 70, "own:boom raised RuntimeError: no luck (--debug shows where)"),
        ("leave", 70, "own:leave raised SystemExit: 3 (--debug shows where)"),
        ("needs", 70, "own:needs raised ModuleNotFoundError: No module named 'no_such_module' (--debug shows where)"),
        ("nope", 64, "own:nope does not exist: the module own has no function nope."),
        ("number", 64, "own:number does not exist: the module own has no function number."),
        ("nothing", 64, "own:nothing gave no data: NoneType cannot be read as rows of numbers: give an array, a "
         "tensor, a map-style Dataset or a DataLoader."),
        ("text", 64, "own:text gave no data: the data are of type <U5: expected real numbers."),
        ("flat", 64, "own:flat gave no data: the data have shape (5,): expected (rows, ...) with at least one row and "
         "one column."),
        ("labels", 64, "own:labels gave 4 rows, but labels of shape (3,): expected one for each row."),
        ("dataset", 64, "own:dataset gave a TensorDataset: the command needs an array; use vaelid.fit in Python."),
    ],
)  # fmt: skip
def test_the_users_own_code_gone_wrong_is_told_from_wrong_use(refused, folder, name, status, says):
    (folder / "own.py").write_text(
        "import sys, torch\n"
        "number = 3\n"
        "def boom(): raise RuntimeError('no luck')\n"
        "def leave(): sys.exit(3)\n"
        "def needs(): import no_such_module\n"
        "def nothing(): pass\n"
        "def text(): return 'hello'\n"
        "def flat(): return torch.zeros(5)\n"
        "def labels(): return torch.zeros(4, 2), [0, 1, 2]\n"
        "def dataset(): return torch.utils.data.TensorDataset(torch.zeros(4, 2))\n"
    )
    refused("train", f"own:{name}", "--out", "run", says=says, status=status)


def test_a_module_that_does_not_exist_is_wrong_use(refused, folder):
    refused(
        *("train", "no_such_module:make", "--out", "run"),
        says=f"no_such_module:make does not exist: there is no module no_such_module (looked in {folder}).",
    )


def test_a_module_with_a_syntax_error_is_the_users_code(refused, folder):
    (folder / "own.py").write_text("def make(:\n")
    refused(
        *("train", "own:make", "--out", "run"),
        says="own:make raised SyntaxError: invalid syntax (own.py, line 1) (--debug shows where)",
        status=70,
    )


# ------------------------------------------------------------------------------------------------ in its own process


def _process(folder: Path, *arguments: str, **settings) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONWARNINGS": "error", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "vaelid", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=100, **settings)


def test_python_m_vaelid_says_the_same_with_the_same_status(folder):
    ended = _process(folder, "train", "x.npy", "--out", "run")
    assert (ended.returncode, ended.stdout) == (64, "")
    assert ended.stderr == f"vaelid: x.npy does not exist: check the path (looked in {folder}).\n"


def test_debug_shows_where_the_users_code_raised(folder):
    (folder / "own.py").write_text("def boom(): raise RuntimeError('no luck')\n")
    ended = _process(folder, "train", "own:boom", "--out", "run", "--debug")
    assert ended.returncode == 70
    assert 'own.py", line 1, in boom' in ended.stderr


def test_a_full_disk_leaves_the_file_that_was_there(folder, vaelid):
    """A limit on the size of files stands for a full disk."""
    np.save(folder / "x.npy", NORMAL)
    flags = ("--likelihood", "gaussian", "--epochs", "1", "--hidden", "8")
    assert vaelid("train", "x.npy", "--out", "run", *flags).status == 0
    (folder / "samples.npy").write_bytes(b"of an earlier day")
    before = sorted(folder.rglob("*"))
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))  # noqa: E731
    ended = _process(folder, "sample", "run", "--count", "1000", "--out", "samples.npy", preexec_fn=limit)
    assert ended.stderr == (
        "vaelid: cannot write samples.npy: file too large. What was there is kept: make room, or choose another "
        "place.\n"
    )
    assert ended.returncode == 64
    assert (folder / "samples.npy").read_bytes() == b"of an earlier day"
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("scale", "says"),
    [
        ("1e39", "scale=1e+39 is inf in float32, in which the data are divided: give a number between 1e-38 and 1e38."),
        ("1e-46", "scale=1e-46 is 0 in float32, in which the data are divided: give a number between 1e-38 and 1e38."),
        ("1e-38", "scale=1e-38 makes 2 of the data's numbers infinite in float32: give a larger one."),
        ("1e38", "scale=1e+38 makes all of the data zero in float32: give a smaller one."),
    ],
)
def test_a_scale_that_leaves_nothing_of_the_data_is_refused(refused, folder, scale, says):
    x = np.full((60, 5), 1e-10)
    x[3, :2] = 1e5 if scale == "1e-38" else 1e-10
    np.save(folder / "x.npy", x)
    refused("train", "x.npy", "--out", "run", "--scale", scale, says=says)


LIKE_DATA = ["0.5O,1.2x", ",", "NA,NA", "?,?", "10%,20%", "−1,−2", "€1,€2", "1_0,2_0", "1.2.3,4.5.6",
             "2020-01-02,2020-01-03", "'1','2'", "#N/A,#N/A", "<NA>,null", "-,-", "Jan 2020,Feb 2020",
             "O.5,l.2", "(1),(2)", "1h,", "½,¼"]  # fmt: skip


@pytest.mark.parametrize("first", LIKE_DATA)
def test_a_broken_first_row_is_no_header_in_silence(refused, folder, first):
    (folder / "x.csv").write_text(first + "\n" + "0.5,1.5\n2.5,3.25\n" * 30, encoding="utf-8")
    refused(
        *("train", "x.csv", "--out", "run"),
        says=f"x.csv begins with {', '.join(first.split(','))}: a header or a row? Say which by naming the data "
        "x.csv:header or x.csv:no-header (the first leaves that line out).",
    )
    assert load_data("x.csv:header").x.shape == (60, 2)
    with pytest.raises(InputError, match=r"line 1, field 1 is"):
        load_data("x.csv:no-header")


@pytest.mark.parametrize("first", ["a,b", "px1,px2", "x.1,x.2", "name,NA", "α,β", "一月,二月", "May,June", "oil,lip"])
def test_an_ordinary_header_is_said(folder, first, caplog):
    (folder / "nh.CSV").write_text(first + "\n" + "0.5,1.5\n2.5,3.25\n" * 30, encoding="utf-8")
    assert load_data("nh.CSV").x.shape == (60, 2)
    shown = first.replace(",", ", ")
    assert caplog.messages == [f"nh.CSV: the first line was taken for the names of the columns: {shown}"]
    assert load_data("nh.CSV:header").x.shape == (60, 2)
    assert len(caplog.messages) == 1


@pytest.mark.parametrize("names", [",a,b", ",0,1"])
def test_an_index_out_of_order_is_left_out_and_said(folder, names, caplog):
    rows = "".join(f"{(7 * i + 3) % 31},{i / 2},{i / 4}\n" for i in range(31))
    (folder / "x.csv").write_text(f"{names}\n{rows}")
    assert load_data("x.csv:header").x.tolist() == [[i / 2, i / 4] for i in range(31)]
    assert caplog.messages == [
        "x.csv: the first column, which has no name and numbers the rows out of order, was left out."
    ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"P5 2 2 7\n\x00\x01\x03\x07", [0, 1, 3, 7]),
        (b"P2 2 2 7\n0 1 3 7\n", [0, 1, 3, 7]),
        (b"P5 2 2 1023\n\x00\x00\x00\x01\x00\xff\x03\xff", [0, 1, 255, 1023]),
    ],
)
def test_the_numbers_of_a_grey_map_are_kept(folder, data, expected):
    (folder / "d").mkdir()
    (folder / "d" / "a.pgm").write_bytes(data)
    found = read_image_folder(folder / "d")
    assert found.x.ravel().tolist() == expected
    assert found.notes == (
        "1 of 1 images has a greatest value of its own: its numbers were kept, not stretched (a.pgm).",
    )
