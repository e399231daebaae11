"""Good data of every kind: each is read as the numbers that it holds, and trains."""

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset, Subset, TensorDataset

from vaelid import VAE, evaluate, fit
from vaelid.interface.data import Data, fingerprint, load_data, suggest_likelihood

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 6)).astype(np.float32)
LABELS = np.arange(40) % 4
GREYS = RNG.integers(0, 256, (12, 6, 8), dtype=np.uint8)
COLOURS = RNG.integers(0, 256, (12, 6, 8, 3), dtype=np.uint8)


class Rows(Dataset):
    """X as a map-style dataset."""

    def __len__(self):
        return len(X)

    def __getitem__(self, row):
        return X[row]


class LabelledRows(Rows):
    def __getitem__(self, row):
        return torch.from_numpy(X[row]), int(LABELS[row])


def trained(data, **settings) -> dict[str, torch.Tensor]:
    """The weights after two epochs on `data`."""
    model = VAE(obs=6, latent=2, hidden=(8,), seed=0)
    result = fit(model, data, **{"epochs": 2, "batch_size": 16, "validation": 0.2, **settings})
    assert len(result.history) == 2
    assert [len(rows) for rows in vars(result.split).values()] == [32, 8, 0]
    return model.state_dict()


def same(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


# ------------------------------------------------------------------------------------------------ one set of rows


def _npz(path: Path, packed: bool = False) -> Path:
    (np.savez_compressed if packed else np.savez)(path, x=X, y=LABELS)
    return path


def _csv(path: Path, separator: str, header: str) -> Path:
    np.savetxt(path, X, delimiter=separator, fmt="%.9g", header=header, comments="")
    return path


def _parquet(path: Path) -> Path:
    pyarrow.parquet.write_table(pyarrow.table({f"c{i}": X[:, i] for i in range(6)}), path)
    return path


KINDS = {
    "list": lambda folder: X.tolist(),
    "float64": lambda folder: X.astype(np.float64),
    "big-endian": lambda folder: X.astype(">f4"),
    "column-major": lambda folder: np.asfortranarray(X),
    "read-only": lambda folder: np.broadcast_to(X, X.shape),
    "tensor": lambda folder: torch.from_numpy(X),
    "tensor-with-gradient": lambda folder: torch.from_numpy(X).clone().requires_grad_(),
    "dataset": lambda folder: Rows(),
    "labelled-dataset": lambda folder: LabelledRows(),
    "tensor-dataset": lambda folder: TensorDataset(torch.from_numpy(X), torch.from_numpy(LABELS)),
    "loader": lambda folder: DataLoader(Rows(), batch_size=16),
    "shuffling-loader": lambda folder: DataLoader(LabelledRows(), batch_size=16, shuffle=True, drop_last=True),
    "loader-without-batches": lambda folder: DataLoader(Rows(), batch_size=None),
    "loader-with-workers": lambda folder: DataLoader(Rows(), batch_size=16, num_workers=2),
    "loader-of-a-subset": lambda folder: DataLoader(Subset(LabelledRows(), range(40)), batch_size=16),
    "npy": lambda folder: np.save(folder / "x.npy", X) or folder / "x.npy",
    "npy-float64": lambda folder: np.save(folder / "x.npy", X.astype(np.float64)) or folder / "x.npy",
    "npz-stored": lambda folder: _npz(folder / "x.npz"),
    "npz-compressed": lambda folder: _npz(folder / "x.npz", packed=True),
    "npz-member": lambda folder: f"{_npz(folder / 'x.npz')}:x",
    "csv": lambda folder: _csv(folder / "x.csv", ",", header=""),
    "csv-header": lambda folder: _csv(folder / "x.csv", ",", header="a,b,c,d,e,f"),
    "csv-semicolon": lambda folder: _csv(folder / "x.csv", ";", header="a;b;c;d;e;f"),
    "csv-tab": lambda folder: _csv(folder / "x.csv", "\t", header="a\tb\tc\td\te\tf"),
    "parquet": lambda folder: _parquet(folder / "x.parquet"),
}


@pytest.fixture(scope="module")
def from_array() -> dict[str, torch.Tensor]:
    return trained(X)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_rows_give_the_same_bits_whatever_they_come_as(kind, folder, from_array):
    assert same(trained(KINDS[kind](folder)), from_array)


def test_a_module_callable_gives_its_rows_and_labels(folder, from_array):
    np.save("kept.npy", X)
    (folder / "own_rows.py").write_text("import numpy as np\ndef make(): return np.load('kept.npy'), range(40)\n")
    loaded = load_data("own_rows:make")
    assert loaded.labels.tolist() == list(range(40))
    assert same(trained("own_rows:make"), from_array)


def test_another_seed_gives_other_bits(from_array):
    assert not same(trained(X, seed=1), from_array)


@pytest.mark.parametrize(
    ("x", "likelihood"),
    [
        (RNG.random((40, 6)) < 0.3, "bernoulli"),
        (RNG.integers(0, 2, (40, 6)), "bernoulli"),
        (RNG.integers(0, 17, (40, 6)).astype(np.uint8), "binomial:16"),
        (RNG.poisson(40, (40, 6)).astype(np.int64), "negative_binomial"),
        (RNG.random((40, 6)), "continuous_bernoulli"),
        (X.astype(np.float16), "gaussian"),
        (torch.from_numpy(X).to(torch.bfloat16), "gaussian"),
        (torch.from_numpy(RNG.random((40, 6)) < 0.3), "bernoulli"),
    ],
    ids=["bool", "bits", "levels", "counts", "fractions", "float16", "bfloat16", "bool-tensor"],
)
def test_every_type_of_number_trains_under_the_likelihood_that_is_suggested(x, likelihood):
    assert suggest_likelihood(load_data(x)) == likelihood
    model = VAE(obs=6, latent=2, hidden=(8,), likelihood=likelihood, seed=0)
    fit(model, x, epochs=1, batch_size=16)
    float32 = np.asarray(x.float() if isinstance(x, torch.Tensor) else x, dtype=np.float32)
    assert evaluate(model, x) == evaluate(model, float32)


# ------------------------------------------------------------------------------------------------ files


def _file_behind(array: np.ndarray) -> bool:
    return isinstance(array, np.memmap) and not array.flags.owndata


def test_npy_and_stored_npz_are_mapped_not_read(folder):
    np.save("x.npy", X)
    np.savez("x.npz", x=X, y=LABELS)
    for name in ("x.npy", "x.npz", "x.npz:x"):
        x = load_data(name).x
        assert _file_behind(x), name
        assert np.array_equal(x, X)
    np.savez_compressed("packed.npz", x=X)
    assert not isinstance(load_data("packed.npz").x, np.memmap)


def test_training_on_a_mapped_file_never_holds_all_of_it(folder):
    rows = 200_000
    x = np.lib.format.open_memmap("x.npy", "w+", np.float32, (rows, 32))
    for start in range(0, rows, 1000):
        x[start : start + 1000] = np.random.default_rng(start).normal(size=(1000, 32))
    x.flush()
    size = x.nbytes
    del x
    model = VAE(obs=32, latent=2, hidden=(8,), seed=0)
    tracemalloc.start()
    fit(model, "x.npy", epochs=1, batch_size=20_000, validation=0.01)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size == 25_600_000
    assert peak < size / 2, f"{peak / 1e6:.1f} MB of {size / 1e6:.1f} MB"


def test_npz_keeps_order_names_and_labels(folder):
    np.savez("x.npz", train=np.asfortranarray(X), other=2 * X, y=LABELS)
    assert np.array_equal(load_data("x.npz:train").x, X)
    assert np.array_equal(load_data("x.npz:other").x, 2 * X)
    assert np.array_equal(load_data("x.npz:other").labels, LABELS)
    assert load_data("x.npz:other").source == f"{folder}/x.npz:other"
    np.savez("short.npz", x=X, y=LABELS[:3])
    assert load_data("short.npz").labels is None


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("1,2\n3,4\n", [[1, 2], [3, 4]]),
        ("a,b\r\n1,2\r\n3,4\r\n", [[1, 2], [3, 4]]),
        ('"a","b"\n"1","2"\n', [[1, 2]]),
        ("a;b\n-1e-3;2\n\n3;4\n", [[-0.001, 2], [3, 4]]),
        ("a\tb\n 1\t2 \n", [[1, 2]]),
        ("\ufeffa,b\n1,2\n", [[1, 2]]),
        ("7\n8\n", [[7], [8]]),
        ("x\n7\n8", [[7], [8]]),
        ("# a,b\n1,2\n", [[1, 2]]),
    ],
)
def test_a_csv_is_read_as_its_numbers(folder, text, rows):
    Path("x.csv").write_text(text, encoding="utf-8", newline="")
    assert load_data("x.csv").x.tolist() == rows


def test_a_csv_header_in_latin_1_is_no_obstacle(folder):
    Path("x.csv").write_bytes("Höhe,Länge\n1,2\n".encode("latin-1"))
    assert load_data("x.csv").x.tolist() == [[1, 2]]


def test_parquet_columns_of_every_number_type_are_read(folder):
    table = {"a": np.array([1, 2], np.int8), "b": np.array([0.5, 1.5], np.float32), "c": np.array([True, False])}
    pyarrow.parquet.write_table(pyarrow.table(table), "x.parquet")
    assert load_data("x.parquet").x.tolist() == [[1, 0.5, 1], [2, 1.5, 0]]


# ------------------------------------------------------------------------------------------------ images


def _save_images(folder: Path, images: np.ndarray, suffix: str = "png", **options) -> Path:
    folder.mkdir()
    for number, pixels in enumerate(images):
        Image.fromarray(pixels).save(folder / f"{number:02d}.{suffix}", **options)
    return folder


def test_a_folder_of_grey_pngs_is_one_channel_of_bytes(folder):
    x = load_data(_save_images(folder / "d", GREYS)).x
    assert x.dtype == np.uint8
    assert np.array_equal(x, GREYS[:, None])


def test_a_folder_of_rgb_pngs_is_three_channels(folder):
    assert np.array_equal(load_data(_save_images(folder / "d", COLOURS)).x, COLOURS.transpose(0, 3, 1, 2))


def test_a_folder_of_jpegs_is_what_they_decode_to(folder):
    x = load_data(_save_images(folder / "d", COLOURS, "jpg", quality=95)).x
    with Image.open(folder / "d" / "03.jpg") as image:
        assert np.array_equal(x[3], np.asarray(image).transpose(2, 0, 1))
    assert x.shape == (12, 3, 6, 8)


def test_a_mixed_folder_has_three_channels_in_the_order_of_names(folder):
    made = _save_images(folder / "d", COLOURS[:2])
    Image.fromarray(GREYS[0]).save(made / "02.png")
    (made / "notes.txt").write_text("not an image")
    x = load_data(made).x
    assert x.shape == (3, 3, 6, 8)
    assert np.array_equal(x[1], COLOURS[1].transpose(2, 0, 1))
    assert all(np.array_equal(x[2, channel], GREYS[0]) for channel in range(3))


def test_sixteen_bit_greys_keep_their_numbers(folder):
    deep = RNG.integers(0, 65536, (3, 6, 8)).astype(np.uint16)
    x = load_data(_save_images(folder / "d", deep)).x
    assert np.array_equal(x, deep[:, None])


def test_black_and_white_images_are_bytes(folder):
    x = load_data(_save_images(folder / "d", GREYS > 128)).x
    assert np.array_equal(x, np.where(GREYS > 128, 255, 0)[:, None])


@pytest.mark.parametrize("arch", ["mlp", "conv"])
def test_a_folder_of_images_trains_from_the_command_line(vaelid, folder, arch):
    _save_images(folder / "d", COLOURS)
    outcome = vaelid(
        *("train", "d", "--out", "run", "--arch", arch, "--hidden", "4", "--latent", "2"),
        *("--epochs", "2", "--json"),
    )
    assert (outcome.status, outcome.err) == (0, "")
    config = json.loads((folder / "run" / "config.json").read_text())
    assert config["model"]["obs"] == [3, 6, 8]
    assert config["model"]["likelihood"] == "binomial:255"


# ------------------------------------------------------------------------------------------------ digits and scale


def test_digits_are_those_of_scikit_learn(vaelid):
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    digits = load_data("digits")
    assert np.array_equal(digits.x.reshape(-1, 64), images)
    assert np.array_equal(digits.labels, labels)
    outcome = vaelid("train", "digits", "--out", "run", "--epochs", "1", "--hidden", "8", "--latent", "2")
    assert outcome.err == "likelihood binomial:16, which fits these data (--likelihood names another)\n"
    assert outcome.status == 0


def test_scale_divides_the_data_of_a_run_and_what_it_is_evaluated_on(vaelid, folder):
    np.save("x.npy", GREYS.reshape(12, -1))
    np.save("unit.npy", GREYS.reshape(12, -1).astype(np.float32) / np.float32(255))
    flags = ("--epochs", "1", "--hidden", "4", "--latent", "2", "--validation", "0")
    for name, scale in (("x", "255"), ("unit", "1")):
        assert vaelid("train", f"{name}.npy", "--scale", scale, "--out", f"of-{name}", *flags).status == 0
    assert evaluate("of-x").likelihood == "continuous_bernoulli"
    assert evaluate("of-x") == evaluate("of-unit")
    assert evaluate("of-x", "x.npy") == evaluate("of-unit", "unit.npy")


# ------------------------------------------------------------------------------------------------ fingerprints


def test_a_fingerprint_tells_values_types_shapes_and_rows_apart():
    changed = X.copy()
    changed[39, 5] += 1
    variants = [X, changed, X[::-1], X.astype(np.float64), X.reshape(40, 2, 3), X[:39]]
    assert len({fingerprint(Data(x, "")) for x in variants}) == len(variants)
    assert fingerprint(load_data(torch.from_numpy(X))) == fingerprint(load_data(X)) == fingerprint(Data(X, ""))


def test_a_loader_counts_rows_not_batches():
    assert len(load_data(DataLoader(Rows(), batch_size=16))) == 40
    assert fingerprint(load_data(DataLoader(Rows(), batch_size=16))) == "length 40"
