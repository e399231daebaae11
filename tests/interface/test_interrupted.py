"""Ctrl-C while the command still loads its modules: one line and the status of an interruption."""

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
import vaelid.__main__ as entry
sys.meta_path.insert(0, Interrupting())
signal.signal(signal.SIGINT, signal.{handler})
sys.argv = ["vaelid", *{arguments!r}]
entry.main()
"""

MODULES = {
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
