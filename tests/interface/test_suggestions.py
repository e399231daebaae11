"""Commands that messages suggest can be pasted into a shell, whatever the folder is called; a full disk says which."""

import re
import resource
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from vaelid.interface.audit.candidates import Candidate
from vaelid.interface.files import NoRoom, append_text, write_atomically
from vaelid.interface.runs import Run
from vaelid.interface.shell import suggested
from vaelid.spec.errors import InputError

ODD = ("my run's $HOME", "a;b", "`id`", "tab\there", '"', "--resume", "-rf", "über", "*", "line\nend", "")
SOURCE = Path(__file__).parents[2] / "src"


@pytest.mark.parametrize("name", ODD)
def test_the_shell_reads_the_words_that_were_meant(name):
    line = suggested("printf", "%s|", Path(name), "b c")
    read = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True).stdout
    path, *others = read.split("|")
    assert Path(path) == Path(name)
    assert not path.startswith("-")
    assert others == ["b c", ""]


@pytest.mark.parametrize("out", ["my run's $HOME", "plain"])
def test_a_run_with_any_name_suggests_what_can_be_typed(vaelid, folder, out):
    np.save("x.npy", np.random.default_rng(0).normal(size=(40, 3)))
    ended = vaelid("train", "x.npy", "--out", out, "--epochs", "1", "--hidden", "4")
    assert ended.status == 0, ended.err
    line = ended.out.splitlines()[-1].removeprefix("next: ")
    assert shlex.split(line) == ["vaelid", "evaluate", out, "vaelid", "report", out]
    (folder / out / "model.safetensors").unlink()
    with pytest.raises(InputError) as refused:
        Run(Path(out)).open()
    assert shlex.split(str(refused.value).rpartition("go on with ")[2]) == ["vaelid", "train", "--resume", "--out", out]


def test_a_candidate_for_an_audit_is_quoted(folder):
    (folder / "my loss's.py").write_text("")
    fields = {"name": "step", "kind": "step", "method": False, "needs_batch": True}
    given = {name: fields.get(name, 1) for name in Candidate.__dataclass_fields__} | {"file": Path("my loss's.py")}
    typed = shlex.split(Candidate(**given).command)
    assert typed == ["vaelid", "audit", "my loss's.py:step", "--batch", "my loss's.py:batch"]


def test_no_command_is_put_together_without_quotes():
    """An f-string that continues `vaelid COMMAND` with a value that nobody has quoted."""
    commands = "train|evaluate|report|encode|reconstruct|sample|audit|demo"
    unquoted = re.compile(rf"vaelid ({commands})\b[^\"'`]*\{{(?!suggested)")
    allowed = ("vaelid audit {report.target}: ",)  # the title of a file
    found = [
        f"{path.name}: {line.strip()}"
        for path in SOURCE.rglob("*.py")
        for line in path.read_text().splitlines()
        if unquoted.search(line) and not any(part in line for part in allowed)
    ]
    assert found == []
    assert unquoted.search('f"go on with: vaelid train --resume --out {path}"')


# ------------------------------------------------------------------------------------------------ a full disk


def _limited(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def test_a_file_that_does_not_fit_leaves_the_one_before(folder):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    path = folder / "x.bin"
    path.write_bytes(b"old")
    try:
        _limited(1000)
        with pytest.raises(NoRoom) as full:
            write_atomically(path, bytes(2000))
        with pytest.raises(NoRoom):
            append_text(path, "y" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert str(full.value) == (
        f"cannot write {path}: file too large. What was there is kept: make room, or choose another place."
    )
    assert path.read_bytes().startswith(b"old")


def test_training_that_fills_the_disk_says_how_to_go_on_and_does(folder, vaelid):
    """The first state of training fits, the next, which holds the best weights too, does not."""
    np.save("x.npy", np.random.default_rng(0).normal(size=(64, 30)))
    line = [
        "train",
        "x.npy",
        "--out",
        "my run",
        "--epochs",
        "3",
        "--latent",
        "8",
        "--hidden",
        "256",
        "--checkpoint-seconds",
        "0",
    ]
    ended = subprocess.run(
        [sys.executable, "-m", "vaelid", *line], capture_output=True, text=True, preexec_fn=lambda: _limited(300_000)
    )
    *_, last = ended.stderr.splitlines()
    assert ended.returncode == 64
    assert re.fullmatch(
        r"vaelid: cannot write my run/\S+\.safetensors: file too large\. What was there is kept: make room, or choose "
        r"another place\. Then go on with: vaelid train --resume --out 'my run'",
        last,
    )
    assert "Traceback" not in ended.stderr
    assert vaelid("train", "--resume", "--out", "my run").status == 0
    assert vaelid("evaluate", "my run", "--draws", "2").status == 0
