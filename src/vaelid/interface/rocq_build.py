"""Building the Rocq development, keyed by what is built: file times are never asked.

`make` compiles what is older than its source. A source may be newer than its date says: a copy, a checkout and `touch`
set dates as they please, and a compiled file would then be taken for the proof of another statement. So a record,
`built.json`, has the digests of all sources, of every file that Coq compiled from them, and Coq's version. Where one of
these differs, every compiled file is removed, and all are made anew.

The record is trusted: who can write it, and the compiled files, can make Coq load what these sources never said.
Without it (``git clean -fdx proofs``) nothing is believed.
"""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from vaelid.interface.files import read_bytes, write_atomically

__all__ = ["build", "coq_version", "digests", "is_built", "remove_build", "sources"]

_RECORD = "built.json"
_NOTE = "Written by a build, and trusted: remove this file to have everything built anew."
_COMPILED = (".vo", ".vos", ".vok")
_BESIDES = (".glob", ".aux", ".cache", ".d")
"""What Coq and coq_makefile leave beside what they compile: never loaded as a proof, and made anew with the rest."""
_PLACES = {"COQPATH", "COQLIB", "COQCORELIB", "COQBIN"}
"""Where Coq is. Other variables of Coq and make change what is done (`COQEXTRAFLAGS=-type-in-type`, `MAKEFLAGS=-t`)."""


def sources(folder: Path) -> list[Path]:
    """What a build depends on: every .v file, the list of those that are built, and how."""
    return [*sorted(folder.rglob("*.v")), folder / "_CoqProject", folder / "Makefile"]


def digests(folder: Path, paths: Iterable[Path]) -> dict[str, str]:
    """The SHA-256 of each of these files, by its path in the folder."""
    return {path.relative_to(folder).as_posix(): hashlib.sha256(read_bytes(path)).hexdigest() for path in paths}


def coq_version() -> str:
    """The version of the `coqc` that is found."""
    said = subprocess.run(["coqc", "--print-version"], capture_output=True, text=True, check=False)
    return said.stdout.split()[0] if said.stdout else "unknown"


def is_built(folder: Path, coq: str) -> bool:
    """Whether every compiled file here is what this Coq made of exactly these sources, by the record of the build."""
    try:
        record = json.loads(read_bytes(folder / _RECORD)) if (folder / _RECORD).exists() else None
    except (ValueError, RecursionError):  # not ours, or cut short
        return False
    return record == _record(folder, coq)


def build(folder: Path, coq: str) -> list[str]:
    """Compile the development from nothing; the lines to show where that fails, none where it is done."""
    remove_build(folder)
    before = digests(folder, sources(folder))
    environment = {name: value for name, value in os.environ.items() if _is_kept(name)}
    command = ["make", "-C", str(folder), "all"]
    made = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if made.returncode:
        return made.stderr.splitlines()[-20:]
    if missing := [name for name in _listed(folder) if not (folder / name).with_suffix(".vo").exists()]:
        return [f"make compiled no {name}" for name in missing]
    record = _record(folder, coq)
    if record["sources"] != before:
        return ["the sources were changed while they were built: try again."]
    write_atomically(folder / _RECORD, json.dumps(record, indent=1).encode())
    return []


def remove_build(folder: Path) -> None:
    """Remove the record of the build, and all that a build leaves."""
    (folder / _RECORD).unlink(missing_ok=True)
    for path in folder.rglob("*"):
        if path.suffix in (*_COMPILED, *_BESIDES) or path.name.startswith("CoqMakefile"):
            path.unlink()


def _record(folder: Path, coq: str) -> Mapping[str, object]:
    compiled = [path for path in sorted(folder.rglob("*")) if path.suffix in _COMPILED]
    return {
        "note": _NOTE,
        "coq": coq,
        "sources": digests(folder, sources(folder)),
        "compiled": digests(folder, compiled),
    }


def _listed(folder: Path) -> list[str]:
    """The .v files that are built."""
    return [line for line in read_bytes(folder / "_CoqProject").decode().splitlines() if line.endswith(".v")]


def _is_kept(variable: str) -> bool:
    return variable in _PLACES or not variable.startswith(("COQ", "MAKE", "MFLAGS"))
