"""The Rocq development in `proofs/`: building it, re-checking it, and remembering that it was checked.

What was checked is kept in `proofs/checked.json` with a digest of every source, so that a later `vaelid theorems` can
say of a theorem that Rocq proved it: a source that has changed since is not the one that was checked.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from vaelid.interface.files import read_bytes, write_atomically
from vaelid.interface.shell import suggested
from vaelid.spec.errors import InputError
from vaelid.theory.emission import emitted_files

__all__ = ["check_development", "checked_theorems", "development"]

PACKAGES = "coq libcoq-coquelicot libcoq-mathcomp-analysis libcoq-interval"
_TOOLS = ("coqc", "coqchk", "coq_makefile", "make")


def development() -> Path | None:
    """The folder of the proofs, where this package runs from its repository."""
    folder = Path(__file__).parents[3] / "proofs"
    return folder if (folder / "_CoqProject").exists() else None


@cache
def checked_theorems() -> Mapping[str, Any]:
    """The theorems that Rocq proved when these very sources were last checked: by name, where and what they rest on."""
    folder = development()
    if folder is None or not (folder / "checked.json").exists():
        return {}
    kept = json.loads(read_bytes(folder / "checked.json"))
    return kept["theorems"] if kept["sources"] == _digest(folder) and not _stale(folder) else {}


def check_development(*, progress: Callable[[str], None]) -> Mapping[str, Any]:
    """Build the development, re-check it with coqchk, and compare its assumptions with the allow-lists.

    Gives what `proofs/assumptions/check.py` found: `checked`, `problems` and `theorems`. Raises `InputError` where a
    tool is missing, naming the Debian packages, where the proofs are not here, and where the definitions that they are
    about are not those of the spec.
    """
    folder = development()
    if folder is None:
        raise InputError("the proofs are not part of the installed package: run this in a clone of the repository.")
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing:
        raise InputError(f"{', '.join(missing)} not found: on Debian, apt-get install {PACKAGES}.")
    if stale := _stale(folder):
        names = " and ".join(stale)
        raise InputError(
            f"{names} of {folder} is not what the spec says now: "
            f"{suggested('vaelid', 'theorems', '--emit-rocq', folder)}"
        )
    progress("building the Rocq development (2 to 3 minutes the first time)")
    built = subprocess.run(["make", "-C", str(folder), "all"], capture_output=True, text=True, check=False)
    if built.returncode:
        return {"checked": False, "problems": {"build": built.stderr.splitlines()[-20:]}, "theorems": {}}
    progress("re-checking it: coqchk, and what the theorems rest on")
    checked = subprocess.run(
        [sys.executable, str(folder / "assumptions/check.py"), "--json"], capture_output=True, text=True, check=False
    )
    if not checked.stdout:
        return {"checked": False, "problems": {"check": checked.stderr.splitlines()[-20:]}, "theorems": {}}
    found = json.loads(checked.stdout)
    if found["checked"]:
        kept = {"sources": _digest(folder), "coq": _coq_version(), "theorems": found["theorems"]}
        write_atomically(folder / "checked.json", json.dumps(kept, indent=1).encode())
        checked_theorems.cache_clear()
    return found


def _stale(folder: Path) -> list[str]:
    """The emitted files of the folder that are not what the spec says now."""
    texts = emitted_files().items()
    return [name for name, text in texts if not (folder / name).exists() or read_bytes(folder / name) != text.encode()]


def _digest(folder: Path) -> str:
    """SHA-256 of the names and contents of every source of the development."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".v", ".txt", ".py") or path.name == "_CoqProject":
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + read_bytes(path) + b"\0")
    return digest.hexdigest()


def _coq_version() -> str:
    said = subprocess.run(["coqc", "--print-version"], capture_output=True, text=True, check=False)
    return said.stdout.split()[0] if said.stdout else "unknown"
