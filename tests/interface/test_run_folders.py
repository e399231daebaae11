"""Run folders by somebody else: no code of theirs runs, no path of theirs is followed; a run is what it says it is."""

import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from vaelid import VAE, InputError, evaluate, fit, load
from vaelid.interface.collect import collect_report
from vaelid.interface.data import Data, fingerprint
from vaelid.train.checkpoint import decode_tensors, encode_tensors

ROWS = np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)
MEND = "It was altered or damaged since it was written: restore it from a copy, or train again."
READING = [
    ("evaluate", "run"),
    ("report", "run"),
    ("encode", "run", "--out", "e.npz"),
    ("reconstruct", "run", "--out", "r.npz"),
    ("train", "--resume", "--out", "run"),
]


@pytest.fixture
def run(folder) -> Path:
    """A finished run on x.npy."""
    np.save(folder / "x.npy", ROWS)
    fit(VAE(obs=5, latent=2, hidden=(8,), seed=0), folder / "x.npy", out=folder / "run", epochs=2, batch_size=32)
    return folder / "run"


def alter(path: Path, **members: object) -> None:
    """Set members of a JSON file, `data__source` for the source in its data."""
    value = json.loads(path.read_text())
    for name, member in members.items():
        *sections, last = name.split("__")
        holder = value
        for section in sections:
            holder = holder[section]
        holder[last] = member
    path.write_text(json.dumps(value))


def forge(path: Path, change) -> None:
    """Change the facts of a file of tensors, and make its checksum anew."""
    tensors, facts = decode_tensors(path.read_bytes(), "file")
    change(tensors, facts)
    path.write_bytes(encode_tensors(tensors, facts))


# ------------------------------------------------------------------------------------------------ code


EVIL = "from pathlib import Path\nPath('ran').touch()\nimport numpy as np\ndef rows():\n    return np.load('x.npy')\n"


@pytest.mark.parametrize("kind", ["callable", "path", "python", "digits"])
@pytest.mark.parametrize("command", READING, ids=lambda command: command[0])
def test_no_command_imports_what_a_folder_names(vaelid, folder, run, command, kind):
    (folder / "evil.py").write_text(EVIL)
    (run / "evil.py").write_text(EVIL)
    alter(run / "config.json", data__kind=kind, data__source="evil:rows")
    outcome = vaelid(*command)
    assert not (folder / "ran").exists()
    assert "evil" not in sys.modules
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (64, "", 1)
    assert outcome.err.startswith("vaelid: ")


@pytest.mark.parametrize("command", READING, ids=lambda command: command[0])
def test_a_run_on_a_callable_asks_the_user_to_name_it(vaelid, refused, folder, command):
    np.save(folder / "x.npy", ROWS)
    (folder / "mine.py").write_text("import numpy as np\ndef rows():\n    return np.load('x.npy')\n")
    made = vaelid("train", "mine:rows", "--out", "run", "--epochs", "1", "--hidden", "4", "--likelihood", "gaussian")
    assert made.status == 0, made.err
    del sys.modules["mine"]
    (folder / "mine.py").write_text(EVIL)
    refused(
        *command,
        says="run was trained on what mine:rows gave, and no code is run because a run's folder names it: if you trust "
        "mine:rows, name it as the DATA.",
    )
    assert not (folder / "ran").exists()
    if command[0] != "report":  # which takes no DATA
        named = (*command[:1], "mine:rows", *command[1:]) if command[0] == "train" else (*command, "mine:rows")
        assert vaelid(*named).status == 0
        assert (folder / "ran").exists(), "it is run where it is named in the command"


# ------------------------------------------------------------------------------------------------ paths


def test_a_path_is_followed_to_regular_files_of_this_machine_only(refused, folder, run):
    os.mkfifo(folder / "pipe.npy")
    for source, what in (
        (f"{folder}/pipe.npy", "which is no regular file now: name the DATA to use."),
        ("/dev/zero", "which is no regular file now: name the DATA to use."),
        ("//server/share/x.npy", "which is no path of this machine: name the DATA."),
        ("\\\\server\\share\\x.npy", "which is no path of this machine: name the DATA."),
        ("x.npy", "which is no path of this machine: name the DATA."),
        ("../x.npy", "which is no path of this machine: name the DATA."),
        ("", "which is no path of this machine: name the DATA."),
    ):
        alter(run / "config.json", data__source=source)
        refused("evaluate", "run", says=f"run was trained on {source}, {what}")


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "log.jsonl"])
def test_a_pipe_or_a_device_in_the_folder_is_refused(run, name):
    (run / name).unlink()
    os.mkfifo(run / name)
    assert_refused_unread(f"run/{name} is a named pipe: expected a file.")
    (run / name).unlink()
    (run / name).symlink_to("/dev/zero")
    assert_refused_unread(f"run/{name} is a device: expected a file.")


def assert_refused_unread(says: str) -> None:
    with pytest.raises(InputError) as error:
        collect_report(Path("run"), draws=2)
    assert str(error.value) == says


def test_what_is_in_a_file_that_a_folder_names_is_not_shown(refused, folder, run):
    (folder / "private.csv").write_text("name,code\nanna,secret\n")
    alter(run / "config.json", data__source=f"{folder}/private.csv")
    refused(
        *("report", "run"),
        says=f"{folder}/private.csv is no longer what run was trained on, so its split means nothing: name the DATA to "
        "use.",
    )
    np.save(folder / "private.npy", ROWS + 1)
    alter(run / "config.json", data__source=f"{folder}/private.npy")
    refused(
        *("report", "run"),
        says=f"{folder}/private.npy is no longer what run was trained on, so its split means nothing: name the DATA to "
        "use.",
    )


def test_files_are_written_beside_links_and_not_through_them(vaelid, folder, run):
    (folder / "precious").write_text("as it was")
    (run / "log.jsonl").unlink()
    (run / "log.jsonl").symlink_to(folder / "precious")
    for name in (".config.json.partial", "report.html", ".writer.json"):
        (run / name).symlink_to(folder / "precious")
    assert vaelid("train", "--resume", "--out", "run").status == 0
    assert vaelid("report", "run").status == 0
    assert (folder / "precious").read_text() == "as it was"
    (run / ".lock").unlink()
    (run / ".lock").symlink_to(folder / "precious")
    assert vaelid("train", "--resume", "--out", "run").status == 64
    assert (folder / "precious").read_text() == "as it was"


def test_sizes_that_no_weights_have_are_refused_before_anything_is_made(refused, run):
    """256 GB, were they believed; the facts are forged, so that only the header is left to contradict."""
    for name, file in (("evaluate", "model"), ("train", "checkpoint")):
        alter(run / "config.json", model__hidden=[1_000_000_000])
        forge(run / f"{file}.safetensors", lambda _, facts: facts["run"]["model"].update(hidden=[1_000_000_000]))
        command = ("evaluate", "run") if name == "evaluate" else ("train", "--resume", "--out", "run")
        tensor = "decoder.0.bias" if name == "evaluate" else "first/decoder.0.bias"
        refused(
            *command,
            says=f"run/{file}.safetensors does not fit run/config.json: {tensor} is (8,) of float32, expected "
            "(1000000000,) of float32. Restore the one that was changed from a copy, or train again.",
        )
    alter(run / "config.json", model__hidden=[8] * 100_000)
    forge(run / "model.safetensors", lambda _, facts: facts["run"]["model"].update(hidden=[8] * 100_000))
    refused(
        *("evaluate", "run"),
        says="run/config.json, model.hidden: it has 100000 widths, more than run/model.safetensors has layers. " + MEND,
    )


# ------------------------------------------------------------------------------------------------ identity


def test_a_run_can_be_moved(folder, run):
    before = evaluate("run", draws=5)
    shutil.move(run, folder / "elsewhere")
    assert evaluate("elsewhere", draws=5) == before


def test_renamed_data_are_named_in_the_command(vaelid, folder, run):
    (folder / "x.npy").rename(folder / "y.npy")
    gone = vaelid("evaluate", "run")
    assert gone.err == f"vaelid: {folder}/x.npy does not exist: check the path (looked in {folder}).\n"
    assert vaelid("train", "y.npy", "--resume", "--out", "run").status == 0


@pytest.mark.parametrize(
    ("recipe", "model", "differing"),
    [
        ({"seed": 1}, {}, "recipe.seed: it is 0, but model.safetensors is of a run with 1"),
        ({"beta": 2.0}, {}, "recipe.beta: it is 1.0, but model.safetensors is of a run with 2.0"),
        (
            {},
            {"likelihood": "laplace"},
            "model.likelihood: it is gaussian, but model.safetensors is of a run with laplace",
        ),
        ({}, {"seed": 1}, "model.start: it is "),
    ],
    ids=["seed", "beta", "likelihood", "first weights"],
)
def test_another_runs_weights_of_the_same_shape_are_refused(vaelid, folder, run, recipe, model, differing):
    arguments = {"likelihood": "gaussian", "seed": 0, **model}
    fit(VAE(obs=5, latent=2, hidden=(8,), **arguments), "x.npy", out="b", epochs=2, batch_size=32, **recipe)
    shutil.copy(folder / "b" / "model.safetensors", run)
    for command in READING[:4]:
        outcome = vaelid(*command)
        assert outcome.status == 64
        assert outcome.err.startswith(f"vaelid: run/config.json, {differing}")
    with pytest.raises(InputError, match=differing.partition(":")[0]):
        load("run")
    shutil.copy(folder / "b" / "checkpoint.safetensors", run)
    resumed = vaelid("train", "--resume", "--out", "run")
    assert resumed.status == 64
    name = differing.partition(":")[0]
    assert resumed.err.startswith(
        (
            f"vaelid: run/checkpoint.safetensors belongs to a run with other settings ({name}",
            "vaelid: run/checkpoint.safetensors does not fit run/config.json: first/learned.log_scale",
        )
    )


@pytest.mark.parametrize(
    "members",
    [
        {"recipe__seed": 5},
        {"model__likelihood": "laplace"},
        {"data__scale": 2.0},
        {"data__digest": "0" * 64},
        {"data__labels": "0" * 64},
        {"recipe__validation": 0.1000001},
        {"recipe__learning_rate": 0.002},
        {"vaelid": "9.9"},
        {"torch": "9.9"},
        {"threads": 3},
        {"parameters": 3},
        {"model__start": "0"},
    ],
    ids=lambda members: next(iter(members)),
)
def test_an_edited_configuration_is_not_the_weights_own(vaelid, run, members):
    alter(run / "config.json", **members)
    for command in (*READING, ("sample", "run", "--out", "s.npz"), ("evaluate", "run", "x.npy")):
        outcome = vaelid(*command)
        assert (outcome.status, outcome.out, outcome.err.count("\n")) == (64, "", 1), command


def test_an_edited_log_is_not_that_of_the_weights(refused, run):
    lines = (run / "log.jsonl").read_text().splitlines()
    record = json.loads(lines[1])
    record["validation"]["kl"] += 0.1
    (run / "log.jsonl").write_text(f"{lines[0]}\n{json.dumps(record)}\n")
    refused(
        *("report", "run"),
        says=f"run/log.jsonl: its numbers are not those of the training that gave model.safetensors. {MEND}",
    )
    (run / "log.jsonl").write_text(f"{lines[0]}\n{lines[1][:50]}")
    refused(
        *("report", "run"),
        says="run/log.jsonl has 1 of the 2 epochs that model.safetensors is of: it was cut short. It is written again "
        "from the checkpoint by: vaelid train --resume --out run",
    )
    (run / "log.jsonl").write_text(f"{lines[0]}\n{lines[1][:50]}\n")
    refused(
        *("report", "run"),
        says=f"run/log.jsonl, line 2: it is not JSON as a run writes it ({json_fault(lines[1][:50])}). {MEND}",
    )


def json_fault(text: str) -> str:
    try:
        json.loads(text)
    except ValueError as cause:
        return str(cause)
    raise AssertionError


@pytest.mark.slow
def test_a_cut_log_is_written_again_from_the_checkpoint(vaelid, run):
    whole = (run / "log.jsonl").read_text()
    for left in ("", whole[:-3], whole[:20], "\0" * 40, whole.replace("validation", "tested")):
        (run / "log.jsonl").write_text(left)
        assert vaelid("train", "--resume", "--out", "run").status == 0
        assert vaelid("report", "run").status == 0


# ------------------------------------------------------------------------------------------------ all rows


def test_one_changed_value_anywhere_is_another_data_set():
    x = np.random.default_rng(0).normal(size=(2000, 7)).astype(np.float32)
    before = fingerprint(Data(x, ""))
    for row in range(len(x)):
        kept = x[row, row % 7]
        x[row, row % 7] = np.nextafter(kept, np.float32(np.inf))
        assert fingerprint(Data(x, "")) != before, f"row {row}"
        x[row, row % 7] = kept
    assert fingerprint(Data(x, "")) == before


def test_blocks_of_rows_have_the_digest_of_all_rows(monkeypatch, tmp_path):
    x = np.asfortranarray(np.random.default_rng(0).normal(size=(100, 7)))
    before = fingerprint(Data(x, ""))
    np.save(tmp_path / "x.npy", x)
    monkeypatch.setattr("vaelid.interface.data.CHUNK_ELEMENTS", 50)
    assert fingerprint(Data(x, "")) == fingerprint(Data(np.ascontiguousarray(x), "")) == before
    assert fingerprint(Data(np.load(tmp_path / "x.npy", mmap_mode="r"), "")) == before


def test_the_observations_of_a_tensor_dataset_are_digested_and_of_any_other_counted(folder):
    tensors = torch.utils.data.TensorDataset(torch.from_numpy(ROWS), torch.arange(60))
    assert fingerprint(Data(tensors, "")) == fingerprint(Data(ROWS, ""))
    part = torch.utils.data.Subset(tensors, range(40))
    assert fingerprint(Data(part, "")) != fingerprint(Data(torch.utils.data.Subset(tensors, range(20, 60)), ""))


def test_changed_labels_are_noticed(refused, folder):
    labels = np.arange(60) % 3
    np.savez(folder / "x.npz", x=ROWS, y=labels)
    fit(VAE(obs=5, latent=2, hidden=(8,), seed=0), "x.npz", out="run", epochs=1)
    np.savez(folder / "x.npz", x=ROWS, y=labels[::-1])
    refused(
        *("report", "run"),
        says=f"the rows of {folder}/x.npz are those that run was trained on, but their labels are not: restore "
        "them, or name the DATA to use.",
    )
