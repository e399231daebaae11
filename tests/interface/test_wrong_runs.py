"""Runs that are damaged, changed or not there, and training that fails: one message, and nothing is lost."""

import json
import os
import re
import shutil
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import torch
from torch.utils.data import (
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
)

from vaelid import VAE, DivergenceError, InputError, SupportError, fit, load
from vaelid.interface import recorded
from vaelid.interface.lock import hold
from vaelid.train.checkpoint import decode_tensors, encode_tensors

MEND = "It was altered or damaged since it was written: restore it from a copy, or train again."
NORMAL = np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A folder with x.npy and a finished run on it."""
    made = tmp_path_factory.mktemp("trained")
    np.save(made / "x.npy", NORMAL)
    model = VAE(obs=5, latent=2, hidden=(8,), seed=0)
    fit(model, made / "x.npy", out=made / "run", epochs=2, batch_size=32)
    return made


@pytest.fixture
def run(trained, folder) -> Path:
    """That run, copied to `run` in the test's folder; its data are still where it was trained."""
    shutil.copytree(trained / "run", folder / "run")
    return folder / "run"


def alter(path: Path, change) -> None:
    """Rewrite a JSON file by a change to its value."""
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


# ------------------------------------------------------------------------------------------------ no run there


@pytest.mark.parametrize("command", [("evaluate",), ("encode", "--out", "e.npz"), ("sample", "--out", "s.npz")])
def test_a_folder_that_is_no_run_is_refused(refused, folder, command):
    name, *flags = command
    (folder / "d").mkdir()
    (folder / "f").touch()
    make = "Make one with: vaelid train DATA --out RUN"
    refused(name, "d", *flags, says=f"d is not a run folder: it has no config.json. {make}")
    refused(name, "f", *flags, says=f"f is not a run folder: it has no config.json. {make}")
    refused(name, "nowhere", *flags, says=f"nowhere is not a run folder: it does not exist. {make}")


def test_a_folder_that_holds_a_run_is_not_trained_into(refused, run, trained):
    refused(
        *("train", trained / "x.npy", "--out", "run", "--likelihood", "gaussian"),
        says="run already holds a run: resume it (--resume), or choose another folder.",
    )


def test_resuming_needs_a_run(refused, folder):
    (folder / "d").mkdir()
    refused(
        *("train", "--resume", "--out", "d"),
        says="d holds no run to resume: start it without --resume.",
    )


# ------------------------------------------------------------------------------------------------ another run


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--latent", "3"], "with --latent 2, so it cannot be resumed with 3: leave --latent out"),
        (["--hidden", "8,8"], "with --hidden 8, so it cannot be resumed with 8,8: leave --hidden out"),
        (["--hidden", "none"], "with --hidden 8, so it cannot be resumed with none: leave --hidden out"),
        (["--epochs", "9"], "with --epochs 2, so it cannot be resumed with 9: leave --epochs out"),
        (["--clip", "9"], "without --clip, so it cannot be resumed with 9.0: leave --clip out"),
        (["--scale", "2"], "with --scale 1.0, so it cannot be resumed with 2.0: leave --scale out"),
        (["--config", "c.toml"], "with --beta 1.0, so it cannot be resumed with 4.0: leave --beta out"),
    ],
    ids=lambda value: "".join(value).strip("-") if isinstance(value, list) else "",
)
def test_resuming_with_a_changed_flag_is_refused(refused, run, folder, flags, says):
    (folder / "c.toml").write_text("beta = 4\n")
    refused(
        *("train", "--resume", "--out", "run", *flags),
        says=f"run was started {says}, or start another folder.",
    )


def test_resuming_with_the_same_flags_changes_no_weight(vaelid, run):
    before = (run / "model.safetensors").read_bytes()
    assert vaelid("train", "--resume", "--out", "run", "--hidden", "8", "--epochs", "2").status == 0
    assert (run / "model.safetensors").read_bytes() == before


def test_resuming_on_other_data_is_refused(refused, run):
    np.save("y.npy", NORMAL + 1)
    refused(
        *("train", "y.npy", "--resume", "--out", "run"),
        says="run was started with other settings (data differ): resume with the settings it was started with, or "
        "start a new run folder.",
    )


@pytest.mark.parametrize("command", [("evaluate", "run"), ("train", "--resume", "--out", "run")], ids=lambda c: c[0])
def test_data_changed_since_training_are_refused(refused, run, folder, command):
    np.save("x.npy", NORMAL + 1)
    alter(run / "config.json", lambda config: config["data"].update(source=str(folder / "x.npy")))
    refused(
        *command,
        says=f"{folder}/x.npy is no longer what run was trained on, so its split means nothing: name the DATA to use.",
    )


def test_data_gone_since_training_are_named(refused, run, folder):
    alter(run / "config.json", lambda config: config["data"].update(source=str(folder / "gone.npy")))
    refused("evaluate", "run", says=f"{folder}/gone.npy does not exist: check the path (looked in {folder}).")


def test_a_run_on_data_given_in_python_asks_for_data(refused, folder):
    fit(VAE(obs=5, latent=2, hidden=(8,), seed=0), NORMAL, out="run", epochs=1)
    refused("evaluate", "run", says="run was trained on data given in Python (numpy.ndarray): name the DATA.")


def test_observations_that_do_not_match_the_model_are_refused(refused, run):
    np.save("y.npy", np.zeros((7, 4), np.float32))
    refused(
        *("evaluate", "run", "y.npy"),
        says="the data's observations have shape (4,), the model's (5,): give data of that shape.",
    )
    np.save("z.npy", np.zeros((7, 1, 5), np.float32))
    refused(
        *("encode", "run", "z.npy", "--out", "e.npz"),
        says="the data's observations have shape (1, 5), the model's (5,): reshape them to (rows, 5).",
    )


# ------------------------------------------------------------------------------------------------ a damaged run


def test_a_run_of_another_version_is_refused(refused, run):
    alter(run / "config.json", lambda config: config.update(format=7, vaelid="9.9"))
    refused(
        *("evaluate", "run"),
        says="run/config.json has run format 7, written by vaelid 9.9; this is vaelid "
        f"{version('vaelid')}, which reads format 2. Use that version, or train again.",
    )


def test_a_configuration_that_is_not_json_is_refused(refused, run):
    (run / "config.json").write_text('{"format": 1')
    refused(
        *("evaluate", "run"),
        says="run/config.json: it is not JSON as a run writes it (Expecting ',' delimiter: line 1 column 13 (char "
        f"12)). {MEND}",
    )


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda config: config.pop("model"), ": 'model' is missing"),
        (lambda config: config.update(format="2"), ", format: expected int, got str"),
        (lambda config: config["model"].pop("obs"), ", model: 'obs' is missing"),
        (lambda config: config["model"].update(obs=[5.0]), ", model.obs[0]: expected int, got float"),
        (lambda config: config["model"].update(latent=True), ", model.latent: expected int, got bool"),
        (lambda config: config["model"].update(latent=2**40), ", model.latent: expected int <= 2147483647"),
        (lambda config: config["model"].update(arch="rnn"), ", model.arch: invalid enum value 'rnn'"),
        (lambda config: config["model"].update(obs=[4]), ", data.shape: it is [5], but model.obs is [4]"),
        (lambda config: config.update(recipe=[]), ", recipe: expected object, got array"),
        (lambda config: config["recipe"].update(lr=1), ", recipe: 'lr' is not a member of it"),
        (lambda config: config["recipe"].pop("beta"), ", recipe: 'beta' is missing"),
        (lambda config: config["recipe"].update(seed=-1), ", recipe: seed=-1 must be a whole number of at least 0"),
        (lambda config: config["recipe"].update(epochs=0), ", recipe: epochs=0 must be a whole number of at least 1"),
        (lambda config: config["data"].pop("scale"), ", data: 'scale' is missing"),
        (lambda config: config["data"].update(scale=0), ", data.scale: expected float > 0.0"),
        (
            lambda config: config["data"].update({"a\x1b[2J": 1}),
            ", data: 'a\\x1b[2J' is not a member that a run writes",
        ),
        (lambda config: config["data"].update(kind="module"), ", data.kind: invalid enum value 'module'"),
        (lambda config: config["split"].update(test=1), ", split.test: it is 1, but the recipe makes it 0"),
        (lambda config: config["result"].update(epochs=7), ", result: 4 steps of 2 an epoch are not 7 epochs"),
        (
            lambda config: config["result"].update(epochs=1, steps=2, kept_epoch=1),
            ", result: a run of 2 epochs is not finished after 1",
        ),
        (
            lambda config: config["result"].update(kept_epoch=3),
            ", result: the weights of epoch 3 cannot have been kept in 2 epochs",
        ),
        (
            lambda config: config["result"].update(kept_epoch=0),
            ", result: the weights of epoch 0 cannot have been kept: the first epoch is 1",
        ),
        (
            lambda config: (
                config["recipe"].update(validation=0.0),
                config["split"].update(training=60, validation=0),
                config["result"].update(kept_epoch=2),
            ),
            ", result: the weights of epoch 2 cannot have been kept without validation, by which one is chosen",
        ),
        (
            lambda config: config.update(command="vaelid train " + "x" * 10_000),
            ", command: it has more than 10,000 characters",
        ),
    ],
)
def test_an_altered_configuration_is_refused_by_its_place(refused, run, change, fault):
    alter(run / "config.json", change)
    refused("evaluate", "run", says=f"run/config.json{fault}. {MEND}")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (b'"seed": 0', b'"seed": 0, "seed": 0', "it is not JSON as a run writes it ('seed' is given twice)"),
        (b'"beta": 1.0', b'"beta": NaN', "it is not JSON as a run writes it (NaN is not a JSON number)"),
        (b'"beta": 1.0', b'"beta": 1e999', "it is not JSON as a run writes it (1e999 is too large)"),
        (b'"beta": 1.0', b'"beta": ' + b"[" * 100_000, "its values are nested too deeply"),
        (b'"command": null', b'"command": "\\ud800"', "it is not valid UTF-8 text"),
        (b'"command": null', b'"command": "\xff"', "it is not valid UTF-8 text"),
        (b'"command": null', b'"command": "\0"', "it is not JSON as a run writes it (Invalid control character at: "),
        (b"{", b"\xef\xbb\xbf{", "it is not JSON as a run writes it (Unexpected UTF-8 BOM (decode using utf-8-sig)"),
        (b'"seed": 0', b'"seed": ' + b"1" * 5000, "it is not JSON as a run writes it (Exceeds the limit (4300 digits)"),
    ],
    ids=["twice", "NaN", "overflow", "deep", "surrogate", "latin", "NUL", "BOM", "digits"],
)
def test_text_that_readers_understand_differently_is_refused(vaelid, run, old, new, fault):
    whole = (run / "config.json").read_bytes()
    assert old in whole
    (run / "config.json").write_bytes(whole.replace(old, new, 1))
    outcome = vaelid("evaluate", "run")
    assert outcome.err.startswith(f"vaelid: run/config.json: {fault}")
    assert outcome.err.endswith(f". {MEND}\n")
    assert (outcome.status, outcome.out) == (64, "")


def test_line_ends_of_another_system_change_nothing(vaelid, run):
    before = vaelid("evaluate", "run", "--json").out
    for name in ("config.json", "log.jsonl"):
        (run / name).write_bytes((run / name).read_bytes().replace(b"\n", b"\r\n"))
    assert vaelid("evaluate", "run", "--json").out == before
    assert vaelid("report", "run").status == 0


DAMAGED = (
    "is damaged: it is cut short or was altered since it was written (its checksum does not match). Restore it from a "
    "copy, or train again."
)


def test_truncated_weights_are_refused(refused, run):
    whole = (run / "model.safetensors").read_bytes()
    (run / "model.safetensors").write_bytes(whole[:-1])
    refused("evaluate", "run", says=f"run/model.safetensors {DAMAGED}")
    (run / "model.safetensors").write_bytes(b"")
    refused("sample", "run", "--out", "s.npz", says=f"run/model.safetensors {DAMAGED}")


def test_weights_with_one_flipped_bit_are_refused(refused, run):
    whole = bytearray((run / "model.safetensors").read_bytes())
    whole[-3] ^= 0x01
    (run / "model.safetensors").write_bytes(whole)
    refused("evaluate", "run", says=f"run/model.safetensors {DAMAGED}")


def test_a_truncated_checkpoint_is_refused_and_the_run_is_as_it_was(refused, run):
    whole = (run / "checkpoint.safetensors").read_bytes()
    (run / "checkpoint.safetensors").write_bytes(whole[: len(whole) // 2])
    refused("train", "--resume", "--out", "run", says=f"run/checkpoint.safetensors {DAMAGED}")


def test_weights_cut_short_or_flipped_anywhere_are_damaged_or_unchanged(run):
    """A flip that leaves what is meant (a space in the header's padding, say) gives the very same tensors."""
    path = run / "model.safetensors"
    whole = path.read_bytes()
    true, facts = decode_tensors(whole, "weights")
    cut = [whole[:length] for length in range(0, len(whole), 11)]
    flipped = [whole[:i] + bytes([whole[i] ^ (1 << i % 8)]) + whole[i + 1 :] for i in range(len(whole))]
    messages, read = [], []
    for data in cut + flipped:
        try:
            read.append(decode_tensors(data, "weights"))
        except InputError as error:
            messages.append(str(error))
    assert set(messages) == {f"weights {DAMAGED}"}
    assert len(read) < 16
    for found, found_facts in read:
        assert found_facts == facts
        assert found.keys() == true.keys()
        assert all(torch.equal(found[name], true[name]) for name in true)


def test_weights_that_do_not_fit_the_configuration_are_refused(refused, run):
    alter(run / "config.json", lambda config: config["model"].update(latent=3))
    refused(
        *("evaluate", "run"),
        says=f"run/config.json, model.latent: it is 3, but model.safetensors is of a run with 2. {MEND}",
    )
    alter(run / "config.json", lambda config: config["model"].update(latent=2))
    weights, facts = decode_tensors((run / "model.safetensors").read_bytes(), "weights")
    del weights["learned.log_variance"]
    (run / "model.safetensors").write_bytes(encode_tensors(weights, facts))
    refused(
        *("evaluate", "run"),
        says="run/model.safetensors does not fit run/config.json: learned.log_variance is missing, expected () of "
        "float32. Restore the one that was changed from a copy, or train again.",
    )


def test_a_run_that_was_killed_before_its_end_says_how_to_go_on(refused, run):
    (run / "model.safetensors").unlink()
    refused(
        *("evaluate", "run"),
        says="run has no model yet, since its training did not end: go on with vaelid train --resume --out run",
    )


def test_a_run_with_its_own_networks_is_opened_in_python_only(refused, folder, trained):
    parts = {"encoder": torch.nn.Linear(5, 4), "decoder": torch.nn.Linear(2, 5)}
    fit(VAE(obs=5, latent=2, **parts), trained / "x.npy", out="run", epochs=1)
    message = (
        "run was trained with its own encoder and decoder, which no file can bring back: go on in Python, with "
        "vaelid.load(run, encoder=..., decoder=...) or vaelid.fit(..., resume=True)."
    )
    refused("evaluate", "run", says=message)
    refused("train", "--resume", "--out", "run", says=message)
    assert torch.equal(load("run", **parts).state_dict()["encoder.weight"], parts["encoder"].weight)


# ------------------------------------------------------------------------------------------------ training that fails


def test_divergence_is_explained_and_the_last_good_weights_are_kept(vaelid, folder, trained):
    outcome = vaelid(
        *("train", trained / "x.npy", "--out", "run", "--learning-rate", "1e6", "--likelihood", "gaussian_diag"),
        *("--batch-size", "8"),
    )
    assert outcome.status == 1
    assert re.fullmatch(
        r"vaelid: training diverged at step \d+ \(epoch 1\): reconstruction NLL \S+ nats, KL \S+ nats, gradient norm "
        r"\S+; the largest weight is \S+\. The weights of the step before are kept\. Lower the learning rate \(now "
        r"1e\+06\), clip the gradient \(clip=100, say\), or warm the KL up\.\n",
        outcome.err,
    )
    assert all(bool(tensor.isfinite().all()) for tensor in load("run").state_dict().values())
    result = json.loads((folder / "run" / "config.json").read_text())["result"]
    assert (result["finished"], result["epochs"]) == (False, 0)


def test_a_model_that_cannot_take_its_first_step_leaves_no_folder(refused, trained):
    refused(
        *("train", trained / "x.npy", "--out", "run", "--likelihood", "gaussian", "--expectation", "exact"),
        says='expectation="exact" needs a linear decoder and a Gaussian likelihood of one variance: VAE(..., '
        'hidden=(), likelihood="gaussian").',
    )


def test_divergence_leaves_the_last_good_weights_in_the_model():
    model = VAE(obs=5, latent=2, likelihood="gaussian_diag", seed=0)
    with pytest.raises(DivergenceError, match=r"^training diverged at step \d+ \(epoch \d+\): "):
        fit(model, NORMAL, learning_rate=1e6, batch_size=8)
    assert all(bool(tensor.isfinite().all()) for tensor in model.state_dict().values())


class Broken(Dataset):
    """Rows of which number 41 holds a NaN."""

    def __len__(self):
        return 60

    def __getitem__(self, row):
        x = torch.from_numpy(NORMAL[row].copy())
        if row == 41:
            x[3] = torch.nan
        return x


def test_a_nan_in_a_dataset_is_named_by_its_row():
    with pytest.raises(SupportError) as error:
        fit(VAE(obs=5, latent=2, hidden=(8,)), Broken(), epochs=1)
    assert str(error.value) == (
        "gaussian accepts any finite real number, but row 41, column 3 is nan. No likelihood accepts NaN or infinity: "
        "remove those rows, or fill the values in."
    )


class Endless(IterableDataset):
    def __iter__(self):
        yield from torch.zeros(3, 5)


@pytest.mark.parametrize("data", [Endless(), DataLoader(Endless())], ids=["dataset", "loader"])
def test_an_iterable_dataset_is_refused(data):
    with pytest.raises(InputError) as error:
        fit(VAE(obs=5, latent=2), data)
    assert str(error.value) == (
        "Endless has no length, so its rows cannot be shuffled, split or resumed: give a map-style Dataset (with "
        "__len__ and __getitem__) or an array."
    )


def test_a_sampler_of_some_rows_is_refused_instead_of_ignored():
    rows = TensorDataset(torch.from_numpy(NORMAL))
    with pytest.raises(InputError) as error:
        fit(VAE(obs=5, latent=2), DataLoader(rows, sampler=SubsetRandomSampler(range(40))))
    assert str(error.value) == (
        "the DataLoader has a SubsetRandomSampler, whose choice of rows would be lost, since training splits and "
        "shuffles all rows itself: give a DataLoader without it; some of the rows are torch.utils.data.Subset(dataset, "
        "indices)."
    )


@pytest.mark.parametrize("data", [None, 3.5, "zeros", [[1, 2], [3]], {"x": NORMAL}], ids=repr)
def test_python_values_that_are_no_data_are_refused(data):
    with pytest.raises(InputError):
        fit(VAE(obs=5, latent=2), data)


# ------------------------------------------------------------------------------------------------ timings, outputs


@pytest.mark.parametrize("seconds", ["1e308", "1e9", "-1.0"])
@pytest.mark.every(3)
def test_impossible_timings_do_not_brick_a_run(vaelid, refused, run, seconds):
    log = run / "log.jsonl"
    log.write_text(re.sub(r'"seconds": [^,]*', f'"seconds": {seconds}', log.read_text()))
    assert vaelid("report", run).status == 64
    assert vaelid("train", "--resume", "--out", run).status == 0
    assert "Infinity" not in (run / "config.json").read_text()
    assert vaelid("evaluate", run).status == 0
    assert vaelid("report", run).status == 0


OF_A_RUN = ["config.json", "model.safetensors", "checkpoint.safetensors", "log.jsonl", ".lock", "CONFIG.JSON"]


@pytest.mark.parametrize("name", OF_A_RUN)
def test_a_report_is_not_written_onto_a_file_of_a_run(refused, run, name):
    refused(
        *("report", run, "--out", f"run/{name}"),
        says=f"run/{name} is a file of the run run, which would be lost: choose another --out.",
    )


def test_a_result_is_not_written_onto_the_data(refused, vaelid, folder):
    np.save(folder / "x.npy", NORMAL)
    np.save(folder / "other.npy", NORMAL)
    assert vaelid("train", "x.npy", "--out", "run", "--epochs", "1", "--hidden", "4").status == 0
    source = (folder / "x.npy").resolve()
    (folder / "link.npy").symlink_to("x.npy")
    for out in ("x.npy", "link.npy", "run/../x.npy"):
        for command in ("encode", "reconstruct", "sample", "report"):
            says = f"{out} holds the data that are read ({source}): choose another --out."
            refused(command, "run", "--out", out, says=says)
    says = "other.npy holds the data that are read (other.npy): choose another --out."
    refused("encode", "run", "other.npy", "--out", "other.npy", says=says)


def test_a_report_replaces_no_device(refused, run, folder):
    (folder / "device").symlink_to("/dev/null")
    refused("report", run, "--out", "device", says="device is a device: expected a file.")


@pytest.mark.parametrize("command", ["encode", "reconstruct"])
def test_posteriors_that_overflow_are_written_by_no_command(refused, run, command):
    path = run / "model.safetensors"
    weights, facts = decode_tensors(path.read_bytes(), "model")
    huge = {n: torch.full_like(w, 1e38) if n.startswith("encoder") else w for n, w in weights.items()}
    path.write_bytes(encode_tensors(huge, facts))
    np.save("y.npy", np.ones((3, 5), np.float32))
    refused(
        *(command, run, "y.npy", "--out", "o.npz"),
        says="mu of row 0 is not finite (of 3 of 3 rows), so nothing is written: the model cannot take these data, "
        "or has diverged.",
    )


# ------------------------------------------------------------------------------------------------ what others changed


class Opaque(Dataset):
    def __init__(self, x):
        self.x = x

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        return self.x[index]


class OwnTensors(TensorDataset):
    pass


WRAPPED = {
    "subset": lambda x: Subset(TensorDataset(x), range(50)),
    "concat": lambda x: ConcatDataset([TensorDataset(x[:30]), OwnTensors(x[30:])]),
    "own": OwnTensors,
}


@pytest.mark.parametrize("name", WRAPPED)
def test_changed_rows_of_wrapped_tensors_are_noticed(folder, name, caplog):
    x = torch.from_numpy(NORMAL)
    model = VAE(obs=5, latent=2, hidden=(4,), seed=0)
    fit(model, WRAPPED[name](x), out="run", epochs=1, batch_size=10)
    fit(model, WRAPPED[name](x), out="run", epochs=1, batch_size=10, resume=True)
    assert caplog.messages == []
    with pytest.raises(InputError, match=r"other settings \(data differ\)"):
        fit(model, WRAPPED[name](x + 1), out="run", epochs=1, batch_size=10, resume=True)


def test_it_is_said_that_rows_were_not_compared(folder, caplog):
    model = VAE(obs=5, latent=2, hidden=(4,), seed=0)
    fit(model, Opaque(NORMAL), out="run", epochs=1, batch_size=10)
    fit(model, Opaque(NORMAL + 1), out="run", epochs=1, batch_size=10, resume=True)
    assert caplog.messages == ["run: the rows of a Opaque were not compared with those it was started with."]


@pytest.mark.parametrize("suffix", ["npz", "parquet"])
def test_data_of_another_shape_are_not_read(refused, run, trained, folder, monkeypatch, suffix):
    path = folder / f"x.{suffix}"
    if suffix == "npz":
        np.savez_compressed(path, x=np.zeros((60, 500_000), np.float32))
    else:
        pyarrow.parquet.write_table(pyarrow.table({f"c{i}": np.zeros(61) for i in range(5)}), path)
    alter(run / "config.json", lambda config: config["data"].update(source=str(path)))
    monkeypatch.setattr(recorded, "load_path", None)
    refused("evaluate", run, says=f"{path} is no longer what {run} was trained on, so its split means nothing: name "
            "the DATA to use.")  # fmt: skip


def test_nothing_is_said_of_a_file_that_is_not_the_runs(refused, run, folder, caplog):
    (folder / "secret.csv").write_text("password,b,c,d,e\n" + "1,2,3,4,5\n" * 60)
    path = folder / "secret.csv"
    alter(run / "config.json", lambda config: config["data"].update(source=str(path)))
    refused("evaluate", run, says=f"{path} is no longer what {run} was trained on, so its split means nothing: name "
            "the DATA to use.")  # fmt: skip
    assert caplog.messages == []


def test_a_lock_that_was_removed_ends_the_writing(folder):
    with hold(folder) as check_held:
        check_held()
        (folder / ".lock").unlink()
        with pytest.raises(InputError, match=r"\.lock was removed or replaced while this process held it"):
            check_held()
        with hold(folder) as other:
            other()
            with pytest.raises(InputError, match="removed or replaced"):
                check_held()


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("command", "rm -rf x"),
        ("command", "vaelid train x; rm -rf x"),
        ("command", "vaelid train $(id)"),
        ("command", "vaelid train 'x"),
        ("data.source", "/etc/passwd"),
    ],
)
def test_an_edited_command_or_source_is_noticed(vaelid, folder, member, value):
    assert vaelid("train", "digits", "--out", "run", "--epochs", "1", "--hidden", "4").status == 0

    def change(config):
        *outer, name = member.split(".")
        (config[outer[0]] if outer else config)[name] = value

    alter(folder / "run" / "config.json", change)
    outcome = vaelid("report", "run")
    assert outcome.status == 64
    assert outcome.err.startswith(f"vaelid: run/config.json, {member}: it is {value}")


def test_a_name_that_is_no_utf_8_is_refused_by_that(vaelid, folder):
    name = os.fsdecode(b"x\xff.npy")
    np.save(name, NORMAL)
    for data, out in ((name, "run"), ("digits", os.fsdecode(b"r\xff"))):
        outcome = vaelid("train", data, "--out", out)
        assert outcome.status == 64
        assert "is not valid UTF-8 (" in outcome.err
        assert not Path(out).exists()


def test_true_is_no_number_of_epochs(folder):
    with pytest.raises(InputError, match="epochs=True must be a whole number of at least 1"):
        fit(VAE(obs=5, latent=2, hidden=(4,)), NORMAL, out="run", epochs=True)
