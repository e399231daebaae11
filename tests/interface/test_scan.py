"""A folder is looked through for losses: whatever a file holds, the scan goes on and says what it did not read."""

import json
import os
import sys
import textwrap

import pytest

LOSS = "def loss(x, mu, logvar):\n    kl = (mu**2 + logvar.exp()).sum()\n    return mse_loss(x, mu) + kl\n"

UNREAD = {
    "syntax": (b"def (:\n", "line 1 is not Python: invalid syntax."),
    "python 2": (
        b"print 'a'\n",
        "line 1 is not Python: Missing parentheses in call to 'print'. Did you mean print(...)?.",
    ),
    "python 2 raise": (b"raise ValueError, 'a'\n", "line 1 is not Python: invalid syntax."),
    "tabs": (b"if 1:\n        a\n\tb\n", "line 3 is not Python: inconsistent use of tabs and spaces in indentation."),
    "merge conflict": (b"<<<<<<< HEAD\n", "line 1 is not Python: invalid syntax."),
    "null byte": (b"a = 1\0\n", "not Python"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0", "not Python"),
    "latin-1 undeclared": ("x = 'é'\n".encode("latin-1"), "not Python"),
    "utf-16": (LOSS.encode("utf-16"), "not Python"),
    "unknown encoding": (b"# -*- coding: nonsense -*-\n", "not Python: unknown encoding: nonsense."),
    "wrong encoding": ("# -*- coding: ascii -*-\n# é\n".encode(), "not Python"),
    "deep brackets": (b"x = " + b"(" * 3000 + b")" * 3000, "not Python"),
    "deep minus": (b"x = " + b"-" * 100_000 + b"1\n", "nested too deeply"),
    "deep sum": (b"x = 1" + b" + 1" * 100_000 + b"\n", "nested too deeply"),
    "deep attribute": (b"x = a" + b".a" * 100_000 + b"\n", "nested too deeply"),
    "deep lambda": (b"x = " + b"lambda: " * 50_000 + b"1\n", "nested too deeply"),
    "deep indent": (
        "".join(f"{' ' * n}if 1:\n" for n in range(101)).encode() + b" " * 101 + b"a\n",
        "not Python: too many levels of indentation.",
    ),
    "large": (b"# \n" * 700_000, "it has 2,100,000 bytes, more than 2,000,000."),
    "unterminated": (b'x = """', "not Python"),
    "surrogate": (b"x = '\xed\xa0\x80'\n", "not Python"),
    "a notebook": (b'{"cells": [], "metadata": {}, "a": null, "b": true, "c": "x y"', "not Python"),
}

READ = {
    "byte order mark": LOSS.encode("utf-8-sig"),
    "latin-1": b"# -*- coding: latin-1 -*-\n# \xe9\n" + LOSS.encode(),
    "mac line ends": LOSS.replace("\n", "\r").encode(),
    "windows line ends": LOSS.replace("\n", "\r\n").encode(),
    "no last line end": LOSS.rstrip().encode(),
    "form feed": b"\f" + LOSS.encode(),
    "bad escape": b"x = '\\d \\w'\n" + LOSS.encode(),
    "a number that is long": b"x = " + b"1" * 4000 + b"\n" + LOSS.encode(),
    "is with a literal": b"x = 1 is 1\n" + LOSS.encode(),
    "deep brackets": b"x = " + b"[" * 190 + b"]" * 190 + b"\n" + LOSS.encode(),
    "many elif": b"if a: b\n" + b"elif a: b\n" * 400 + LOSS.encode(),
    "many classes": "".join(f"{' ' * n}class A:\n" for n in range(90)).encode() + b" " * 90 + b"pass\n" + LOSS.encode(),
}


@pytest.mark.parametrize("name", UNREAD)
def test_what_is_not_python_is_named_and_the_scan_goes_on(name, folder, vaelid):
    data, reason = UNREAD[name]
    (folder / "bad.py").write_bytes(data)
    (folder / "good.py").write_text(LOSS)
    outcome = vaelid("audit", ".")
    assert (outcome.status, outcome.err) == (64, "")
    assert "good.py:1  loss  (looks like a loss)\n    vaelid audit good.py:loss\n" in outcome.out
    last = outcome.out.splitlines()[-1]
    assert last.startswith("not read: bad.py: ")
    assert reason in last
    assert len(last) < 200
    alone = vaelid("audit", "bad.py")
    assert (alone.status, alone.err) == (64, "")
    assert alone.out.splitlines()[-1] == last


@pytest.mark.parametrize("name", READ)
def test_what_is_python_is_read(name, folder, vaelid):
    (folder / "odd.py").write_bytes(READ[name])
    outcome = vaelid("audit", ".", "--json")
    assert (outcome.status, outcome.err) == (64, "")
    said = json.loads(outcome.out)
    assert (said["unread"], said["files_left_out"]) == ([], 0)
    assert [found["name"] for found in said["candidates"]] == ["loss"]


def test_what_is_no_file_is_named(folder, vaelid):
    os.mkfifo("pipe.py")  # to read it would wait for ever
    os.symlink("missing.py", "dangling.py")
    os.symlink("circle.py", "circle.py")
    os.symlink("/dev/zero", "endless.py")
    (folder / "folder.py").mkdir()
    (folder / "folder.py/inner.py").write_text(LOSS)
    said = json.loads(vaelid("audit", ".", "--json").out)
    assert [found["file"] for found in said["candidates"]] == ["folder.py/inner.py"]
    assert {(entry["file"], entry["reason"]) for entry in said["unread"]} == {
        ("circle.py", "too many levels of symbolic links."),
        ("dangling.py", "no such file or directory."),
        ("endless.py", "it is no ordinary file."),
        ("pipe.py", "it is no ordinary file."),
    }


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_named(folder, vaelid):
    (folder / "secret.py").write_text(LOSS)
    (folder / "secret.py").chmod(0)
    assert "not read: secret.py: cannot read secret.py: permission denied." in vaelid("audit", ".").out


def test_a_name_that_is_no_text_is_printed(folder, vaelid):
    (folder / os.fsdecode(b"caf\xe9.py")).write_bytes(b"def (")
    outcome = vaelid("audit", ".")
    assert outcome.status == 64
    assert "is not Python" in outcome.out


def test_too_many_files_are_said(folder, vaelid, monkeypatch):
    monkeypatch.setattr("vaelid.interface.audit.candidates._MOST_FILES", 2)
    for name in "abcd":
        (folder / f"{name}.py").write_text(LOSS)
    outcome = vaelid("audit", ".")
    assert outcome.out.endswith("\nnot read: 2 more files: name a folder with fewer than 2.\n")
    assert json.loads(vaelid("audit", ".", "--json").out)["files_left_out"] == 2


def test_nothing_in_a_scanned_file_is_run(folder, vaelid):
    (folder / "evil.py").write_text(textwrap.dedent("raise SystemExit(3)\nopen('trace', 'w')\n"))
    assert vaelid("audit", ".").status == 64
    assert not (folder / "trace").exists()
    assert "evil" not in sys.modules
