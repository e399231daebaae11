"""The command line as a user types it, in this process, inside a folder of its own."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from vaelid.interface.cli import main


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and all that it printed."""

    status: int
    out: str
    err: str


def contents(folder: Path) -> dict[str, bytes | None]:
    """Every path below the folder, with the bytes of the files."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """An empty folder, where the test's commands are typed; importing from it leaves nothing behind."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def vaelid(folder, capsys) -> Callable[..., Outcome]:
    """`vaelid("train", "digits", ...)`: the outcome of the command."""

    def run(*arguments: object) -> Outcome:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Outcome(ended.value.code, printed.out, printed.err)

    return run


@pytest.fixture
def refused(vaelid, folder) -> Callable[..., None]:
    """`refused(*arguments, says=...)`: the command stops with that one message and leaves every file as it was."""

    def check(*arguments: object, says: str, status: int = 64) -> None:
        before = contents(folder)
        outcome = vaelid(*arguments)
        assert outcome.err == f"vaelid: {says}\n"
        assert (outcome.status, outcome.out) == (status, "")
        assert contents(folder) == before

    return check
