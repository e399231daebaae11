"""The Rocq development in `proofs/`: building it, re-checking it, and remembering that it was checked.

That it was checked is kept in `proofs/checked.json`, with a digest of all that the check read: every source, the
allow-lists, the check itself, and the constants that run. So a later `vaelid theorems` can say of a theorem that Rocq
proved it: what has changed since is not what was checked. The file is a note of this machine to itself, and trusted:
who can write it can have a theorem shown as proved. ``vaelid theorems --check --rocq`` does not read it.
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
from vaelid.interface.rocq_build import build, coq_version, digests, is_built, remove_build, sources
from vaelid.interface.shell import suggested
from vaelid.spec.errors import InputError
from vaelid.theory.emission import EMITTED, emitted_files

__all__ = ["check_development", "checked_theorems", "development", "kept_texts"]

PACKAGES = "coq libcoq-coquelicot libcoq-mathcomp-analysis libcoq-interval"
_TOOLS = ("coqc", "coqchk", "coq_makefile", "make")
_KERNEL = Path(__file__).parents[1] / "train" / "excess.py"
"""The check compares its constants with those of the proofs."""
_NOTE = "Written by `vaelid theorems --check --rocq`, and trusted by `vaelid theorems`: remove it to have it forgotten."


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
    try:
        kept = json.loads(read_bytes(folder / "checked.json"))
        theorems, digest = dict(kept["theorems"]), kept["sources"]
    except (ValueError, KeyError, TypeError, RecursionError):  # edited or cut short: it says nothing
        return {}
    return theorems if digest == _digest(folder) and not _stale(folder) else {}


def check_development(*, progress: Callable[[str], None]) -> Mapping[str, Any]:
    """Build the development, re-check it with coqchk, and compare its assumptions with the allow-lists.

    Compiled files are used only where they were made of exactly these sources, whatever their dates: see `rocq_build`.
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
    digest, coq = _digest(folder), coq_version()
    if not is_built(folder, coq):
        progress("building the Rocq development from its sources (2 to 3 minutes)")
        if problems := build(folder, coq):
            return _failed("build", problems)
    progress("re-checking it: coqchk, and what the theorems rest on")
    found = _checked(folder)
    if _digest(folder) != digest or not is_built(folder, coq):
        found = _failed("check", ["the proofs were changed while they were checked: try again."])
    if found["checked"]:
        kept = {"note": _NOTE, "sources": digest, "coq": coq, "theorems": found["theorems"]}
        write_atomically(folder / "checked.json", json.dumps(kept, indent=1).encode())
        checked_theorems.cache_clear()
    else:
        remove_build(folder)  # compiled files that fail may be another library's: the next check begins from nothing
    return found


def kept_texts(folder: Path) -> dict[str, str]:
    """The texts of the emitted files that are in the folder, by their paths in it."""
    return {name: read_bytes(folder / name).decode() for name in EMITTED if (folder / name).exists()}


def _checked(folder: Path) -> Mapping[str, Any]:
    """What the check of the compiled development says."""
    command = [sys.executable, str(folder / "assumptions/check.py"), "--json"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    if not checked.stdout:
        return _failed("check", checked.stderr.splitlines()[-20:])
    return json.loads(checked.stdout)


def _failed(what: str, problems: list[str]) -> Mapping[str, Any]:
    return {"checked": False, "problems": {what: problems}, "theorems": {}}


def _stale(folder: Path) -> list[str]:
    """The emitted files of the folder that are not what the spec says now."""
    kept = kept_texts(folder)
    return [name for name, text in emitted_files(kept).items() if kept.get(name) != text]


def _digest(folder: Path) -> str:
    """SHA-256 of all that a check reads."""
    read = [*sources(folder), *sorted((folder / "assumptions").glob("*.txt")), folder / "assumptions/check.py"]
    of_all = {**digests(folder, read), _KERNEL.name: hashlib.sha256(read_bytes(_KERNEL)).hexdigest()}
    return hashlib.sha256(json.dumps(of_all, sort_keys=True).encode()).hexdigest()
