"""Ctrl-C before the command runs and after it has ended: one line and the status of an interruption, or no trace."""

import subprocess
import sys

import pytest

# A finder that interrupts when the named module is looked for, and then fails as a half-made extension module would.
INTERRUPTING = """
import os, signal, sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except KeyboardInterrupt:
                raise ImportError("half made")
import vaelid_command as entry
sys.meta_path.insert(0, Interrupting())
signal.signal(signal.SIGINT, signal.{handler})
sys.argv = ["vaelid", *{arguments!r}]
entry.main()
"""

MODULES = {
    "vaelid": ("theorems", "--help"),
    "lazy_loader": ("theorems", "--help"),
    "vaelid.interface.cli": ("theorems", "--help"),
    "vaelid.interface.cli.training": ("theorems", "--help"),
    "torch": ("train", "digits", "--out", "run"),
    "vaelid.interface.fit": ("train", "digits", "--out", "run"),
}


@pytest.mark.parametrize("module", MODULES)
def test_an_interruption_of_the_imports_is_one_line(module, tmp_path):
    arguments = MODULES[module]
    code = INTERRUPTING.format(handler="default_int_handler", module=module, arguments=arguments)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, cwd=tmp_path)
    assert (ended.returncode, ended.stderr.strip()) == (130, "vaelid: interrupted.")
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_that_the_shell_has_ignored_is_ignored():
    code = INTERRUPTING.format(
        handler="SIG_IGN", module="vaelid.interface.cli.training", arguments=("theorems", "--help")
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "Usage: vaelid theorems" in ended.stdout


# Functions for the end are called in the opposite order: what is registered before the command's own comes after it.
ENDING = """
import atexit, os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # the tests may have been begun by a shell with `&`
def interrupt():
    os.kill(os.getpid(), signal.SIGINT)
import vaelid_command as entry
{before}
import vaelid.interface.cli as cli
command = cli.main
def registering(**options):
    {during}
    command(**options)
cli.main = registering
sys.argv = ["vaelid", "theorems", "--help"]
entry.main()
"""


@pytest.mark.parametrize(
    ("before", "during", "status", "said"),
    [
        ("pass", "atexit.register(interrupt)", 130, "vaelid: interrupted.\n"),
        ("atexit.register(interrupt)", "pass", 0, ""),  # Python is taking itself down: what was done is done
    ],
    ids=["while others end", "after all else"],
)
def test_an_interruption_at_the_end_is_one_line_or_nothing(before, during, status, said):
    code = ENDING.format(before=before, during=during)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert (ended.returncode, ended.stderr) == (status, said)
    assert "Usage: vaelid theorems" in ended.stdout


def test_the_package_loads_little_before_the_command_can_answer():
    """`python -m vaelid` runs `vaelid/__init__.py` before the command."""
    code = "import sys; before = {*sys.modules}; import vaelid; print(*sorted({*sys.modules} - before))"
    modules = subprocess.run([sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}; {code}"],
                             capture_output=True, text=True, check=True).stdout.split()  # fmt: skip
    assert not {"typing", "threading", "re", "importlib.util", "importlib.metadata", "numpy", "torch"} & {*modules}
    assert "vaelid.lazy" in modules
