"""However a command ends, its status says what was found: 1 means that a check failed, and no defect gives it."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from tests.interface.hostile.attack import HEAD, RIGHT
from tests.interface.test_hostile_code import alive

from vaelid.interface.cli import group, main, status
from vaelid.spec.errors import InternalError, UserCodeError

REPORT = "please report it; --debug shows where."


class Odd(BaseException):
    def __str__(self):
        raise ValueError("no text")


class Nameless(type):
    @property
    def __name__(cls):
        return 1 / 0


class Unnamed(Exception, metaclass=Nameless):
    pass


def deep():
    return deep()


def raising(error):
    def command(*arguments, **options):
        raise error

    return command


DEFECTS = {
    "Exception": (ZeroDivisionError("one"), "vaelid itself failed (ZeroDivisionError: one): " + REPORT),
    "AssertionError": (AssertionError(), "vaelid itself failed (AssertionError): " + REPORT),
    "RecursionError": (RecursionError("deep"), "vaelid itself failed (RecursionError: deep): " + REPORT),
    "BaseException": (Odd(), "vaelid itself failed (Odd): " + REPORT),
    "GeneratorExit": (GeneratorExit(), "vaelid itself failed (GeneratorExit): " + REPORT),
    "SystemExit(0)": (SystemExit(0), "vaelid itself failed (SystemExit: 0): " + REPORT),
    "SystemExit(1)": (SystemExit(1), "vaelid itself failed (SystemExit: 1): " + REPORT),
    "InternalError": (InternalError("a claim has no name"), "vaelid itself failed (a claim has no name): " + REPORT),
    "the auditor's InternalError": (
        InternalError("vaelid itself failed, OSError: no file. It says nothing of your code: please report it."),
        "vaelid itself failed, OSError: no file. It says nothing of your code: please report it. (--debug shows where)",
    ),
    "no name": (Unnamed(), "vaelid itself failed (Unnamed): " + REPORT),
    "two lines": (ValueError("one\ntwo"), "vaelid itself failed (ValueError: one): " + REPORT),
    "lone surrogate": (ValueError("\ud800"), "vaelid itself failed (ValueError: \\ud800): " + REPORT),
    "OSError": (OSError("odd"), "vaelid itself failed (OSError: odd): " + REPORT),
    "MemoryError": (
        MemoryError(),
        "out of memory (MemoryError): take smaller batches, widths, or fewer latents.",
    ),
}


LIMITS = {
    errno.EMFILE: "the system gives this process no more: too many open files. Raise the limit (ulimit -a).",
    errno.EFBIG: "the output could not be written: file too large.",
}


@pytest.mark.parametrize("number", LIMITS)
def test_a_limit_of_the_system_is_named_and_64(number, vaelid, monkeypatch):
    monkeypatch.setattr(group.vaelid.commands["theorems"], "callback", raising(OSError(number, os.strerror(number))))
    outcome = vaelid("theorems")
    assert (outcome.status, outcome.err) == (64, f"vaelid: {LIMITS[number]}\n")


@pytest.mark.parametrize("debug", [False, True], ids=["", "debug"])
@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_is_71_and_one_line(name, debug, vaelid, monkeypatch):
    error, says = DEFECTS[name]
    monkeypatch.setattr(group.vaelid.commands["theorems"], "callback", raising(error))
    outcome = vaelid("theorems", *(["--debug"] if debug else []))
    assert (outcome.status, outcome.out) == (71, "")
    assert outcome.err.splitlines()[-1] == f"vaelid: {says}"
    assert ("Traceback" in outcome.err) == debug


def test_the_statuses_of_other_errors_are_the_same_with_debug(vaelid, monkeypatch):
    monkeypatch.setattr(group.vaelid.commands["theorems"], "callback", raising(UserCodeError("yours")))
    for flags in ((), ("--debug",)):
        outcome = vaelid("theorems", *flags)
        assert (outcome.status, outcome.err.splitlines()[-1]) == (70, "vaelid: yours (--debug shows where)")


def test_an_option_whose_reader_fails_is_71(vaelid, monkeypatch):
    option = click.Option(["--odd"], callback=raising(KeyError("odd")))
    command = group.vaelid.commands["theorems"]
    monkeypatch.setattr(command, "params", [*command.params, option])
    assert vaelid("theorems", "--odd", "1").status == 71


@pytest.mark.parametrize("missing", ["vaelid.interface.cli.group", "click"])  # click is used in saying so, too
def test_an_import_that_fails_is_71(missing, vaelid, monkeypatch):
    monkeypatch.delitem(sys.modules, "vaelid.interface.cli.group")
    monkeypatch.setitem(sys.modules, missing, None)
    outcome = vaelid("theorems")
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (71, "", 1)
    assert outcome.err.startswith("vaelid: vaelid itself failed (ModuleNotFoundError")


class Full:
    """A standard output on a full disk."""

    encoding = "utf-8"

    def write(self, text):
        raise OSError(28, "No space left on device")

    flush = isatty = fileno = lambda self: self.write("")


def test_a_result_that_cannot_be_printed_is_no_verdict(vaelid, monkeypatch):
    monkeypatch.setattr(sys, "stdout", Full())
    outcome = vaelid("--help")
    assert (outcome.status, outcome.err) == (64, "vaelid: the output could not be written: no space left on device.\n")


def test_where_nothing_can_be_said_the_status_stays(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Full())
    monkeypatch.setattr(group.vaelid.commands["theorems"], "callback", raising(ZeroDivisionError()))
    with pytest.raises(SystemExit) as ended:
        main(["theorems"])
    assert ended.value.code == 71


def test_every_status_is_listed():
    constants = {value for name, value in vars(status).items() if name.isupper() and isinstance(value, int)}
    assert constants | {0, 3} == set(status.EXIT_STATUS)


# ------------------------------------------------------------------------------------------- in real processes


def command(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "vaelid", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        **options,
    )


@pytest.mark.slow
@pytest.mark.parametrize(("number", "ends"), [("SIGTERM", 143), ("SIGINT", 130), ("SIGHUP", 129)])
def test_a_signal_ends_the_tree_and_is_said_in_one_line(number, ends, folder):
    code = (
        "if os.fork() == 0:\n    os.setsid()\n    if os.fork(): os._exit(0)\n"
        "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    noted()\n    time.sleep(300)\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nnoted()\ntime.sleep(300)\n"
    )
    (folder / "model.py").write_text(f"{HEAD}{code}{RIGHT}")
    process = command("audit", "model.py:kl")
    pids = wait_for(folder / "pids", 2)
    process.send_signal(getattr(signal, number))
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (ends, "")
    assert err == (
        f"vaelid: no verdict: the audit of model.py:kl was stopped by {number}, and all that it started was ended.\n"
    )
    assert [pid for pid in pids if alive(pid)] == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux is asked to do so")
def test_the_audited_process_ends_with_a_parent_that_is_killed(folder):
    (folder / "model.py").write_text(f"{HEAD}noted()\ntime.sleep(300)\n{RIGHT}")
    process = command("audit", "model.py:kl")
    (pid,) = wait_for(folder / "pids", 1)
    process.kill()
    process.communicate(timeout=120)
    deadline = time.monotonic() + 5
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(pid)


@pytest.mark.slow
def test_a_full_disk_is_no_verdict(folder):
    with open("/dev/full", "w") as full:
        program = [sys.executable, "-m", "vaelid", "--help"]
        ended = subprocess.run(program, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (ended.returncode, ended.stderr.count("\n")) == (64, 1)


@pytest.mark.slow
def test_a_torch_that_cannot_be_imported_is_71(folder):
    Path("broken").mkdir()
    Path("broken/torch.py").write_text("raise ImportError('libtorch.so is missing')\n")
    Path("model.py").write_text(RIGHT)
    entry = "import sys; from vaelid.interface.cli import main; main()"
    program = [sys.executable, "-c", entry, "audit", "model.py:kl"]
    ended = subprocess.run(program, env={**os.environ, "PYTHONPATH": "broken"}, capture_output=True, text=True)
    assert ended.returncode == 71, ended.stderr


def wait_for(path: Path, lines: int) -> list[int]:
    deadline = time.monotonic() + 120
    while not path.exists() or path.read_text().count("\n") < lines:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return [int(line) for line in path.read_text().split()]
