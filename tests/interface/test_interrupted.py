"""Ctrl-C while the command still loads its modules: one line and the status of an interruption."""

import subprocess
import sys

import pytest

# A finder that interrupts when the named module is looked for, and then fails as a half-made extension module would.
INTERRUPTING = """
import os, signal, sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "vaelid.interface.cli.training":
            os.kill(os.getpid(), signal.SIGINT)
import vaelid.__main__ as entry
sys.meta_path.insert(0, Interrupting())
signal.signal(signal.SIGINT, signal.{handler})
sys.argv = ["vaelid", "theorems", "--help"]
entry.main()
"""


@pytest.mark.parametrize(
    ("handler", "status", "err"),
    [("default_int_handler", 130, "vaelid: interrupted.\n"), ("SIG_IGN", 0, "")],
    ids=["heard", "ignored"],
)
def test_an_interruption_of_the_imports_is_one_line(handler, status, err):
    code = INTERRUPTING.format(handler=handler)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert (ended.returncode, ended.stderr) == (status, err)
    assert ("Usage: vaelid theorems" in ended.stdout) == (status == 0)
