"""Compiled proofs are used only where they were made of exactly these sources: dates are never believed.

The quick tests have `make` compile by `cp`, which shows what it made of what; the slow ones have Coq.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from vaelid.interface import development as shown
from vaelid.interface.development import check_development, checked_theorems
from vaelid.interface.rocq_build import build, is_built, remove_build

PROOFS = Path(__file__).parents[2] / "proofs"
COQ = "8.16.1"
MAKEFILE = "all: base/A.vo B.vo\n%.vo: %.v\n\tcp $< $@\nB.vo: base/A.vo\n"
OLD = (1e9, 1e9)


def write(path: Path, text: str, *, date: tuple[float, float] = OLD) -> None:
    """A file, as old as it pleases."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, date)


@pytest.fixture
def copied(tmp_path) -> Path:
    """A development of two files, built."""
    write(tmp_path / "Makefile", MAKEFILE)
    write(tmp_path / "_CoqProject", "-Q . Vaelid\n\nbase/A.v\nB.v\n")
    write(tmp_path / "base/A.v", "true")
    write(tmp_path / "B.v", "of A")
    assert build(tmp_path, COQ) == []
    assert is_built(tmp_path, COQ)
    return tmp_path


def test_make_takes_a_false_source_with_an_old_date_for_what_was_compiled_and_a_build_does_not(copied):
    write(copied / "base/A.v", "false")
    subprocess.run(["make", "-C", str(copied), "all"], check=True, capture_output=True)
    assert (copied / "base/A.vo").read_text() == "true"  # the attack is one
    assert not is_built(copied, COQ)
    assert build(copied, COQ) == []
    assert (copied / "base/A.vo").read_text() == "false"
    assert is_built(copied, COQ)


def replace(name: str, text: str) -> Callable[[Path], None]:
    """Another content under the same dates."""

    def change(folder: Path) -> None:
        date = (folder / name).stat() if (folder / name).exists() else None
        write(folder / name, text, date=(date.st_atime, date.st_mtime) if date else OLD)

    return change


def edited(**changes: object) -> Callable[[Path], None]:
    """The record of the build with other entries."""

    def change(folder: Path) -> None:
        record = json.loads((folder / "built.json").read_text())
        (folder / "built.json").write_text(json.dumps({**record, **changes}))

    return change


ATTACKS = {
    "a source": replace("B.v", "of B"),
    "a source that is not built": replace("C.v", "new"),
    "no source": lambda folder: (folder / "B.v").unlink(),
    "the list": replace("_CoqProject", "B.v\n"),
    "how it is built": replace("Makefile", MAKEFILE + "# -type-in-type"),
    "a compiled file": replace("base/A.vo", "eurt"),
    "the compiled file of another source": lambda folder: shutil.copy2(folder / "B.vo", folder / "base/A.vo"),
    "no compiled file": lambda folder: (folder / "B.vo").unlink(),
    "a compiled file without a source": replace("base/Evil.vo", "False"),
    "a quick compiled file": replace("B.vos", ""),
    "a source in the place of another": lambda folder: (folder / "B.v").replace(folder / "base/A.v"),
    "no record": lambda folder: (folder / "built.json").unlink(),
    "a record that was cut": lambda folder: os.truncate(folder / "built.json", 100),
    "an empty record": replace("built.json", "{}"),
    "a record of another kind": replace("built.json", "[]"),
    "a deep record": replace("built.json", "[" * 100_000),
    "a record that is no text": lambda folder: (folder / "built.json").write_bytes(b"\xff\xfe\x00"),
    "a record of no sources": edited(sources={}),
    "a record of nothing compiled": edited(compiled={}),
    "a record by another Coq": edited(coq="8.17.0"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_is_believed_that_is_not_to_the_byte_what_was_built(copied, attack):
    ATTACKS[attack](copied)
    assert not is_built(copied, COQ)
    if attack not in ("no source", "a source in the place of another", "the list", "how it is built"):
        assert build(copied, COQ) == []
        assert {p.name: p.read_text() for p in copied.rglob("*.vo")} == {
            "A.vo": (copied / "base/A.v").read_text(),
            "B.vo": (copied / "B.v").read_text(),
        }


def test_another_coq_builds_anew(copied):
    assert not is_built(copied, "8.17.0")


def test_dates_alone_change_nothing(copied):
    for path in copied.rglob("*.v"):
        os.utime(path)
    assert is_built(copied, COQ)


def test_a_build_that_fails_leaves_nothing_that_was_compiled(copied):
    write(copied / "Makefile", "all:\n\techo no proof of that >&2; false\n")
    assert build(copied, COQ)[0] == "no proof of that"
    assert not is_built(copied, COQ)
    assert not [*copied.rglob("*.vo"), *copied.glob("built.json")]


def test_a_source_that_is_not_compiled_is_named(copied):
    write(copied / "Makefile", MAKEFILE.replace(" B.vo\n", "\n", 1))
    assert build(copied, COQ) == ["make compiled no B.v"]
    assert not is_built(copied, COQ)


def test_a_source_that_changes_under_the_build_is_noticed(copied):
    write(copied / "Makefile", MAKEFILE.replace("$@", "$@; echo true > base/A.v"))
    write(copied / "base/A.v", "false")
    assert build(copied, COQ) == ["the sources were changed while they were built: try again."]
    assert not is_built(copied, COQ)


def test_what_the_surroundings_say_to_make_and_coq_is_not_passed_on(copied, monkeypatch):
    write(copied / "Makefile", "all:\n\tenv > base/A.vo; touch B.vo\n")
    for name in ("MAKEFLAGS", "MFLAGS", "COQEXTRAFLAGS", "COQFLAGS", "COQPATH", "LIMIT"):
        monkeypatch.setenv(name, "-t")
    assert build(copied, COQ) == []
    passed = (copied / "base/A.vo").read_text()
    assert re.findall(r"^(COQ\w+|LIMIT)=-t$", passed, re.M) in (["COQPATH", "LIMIT"], ["LIMIT", "COQPATH"])
    assert "MAKEFLAGS=-t" not in passed


def test_forgetting_removes_what_a_build_leaves_and_no_source(copied):
    sources = {"Makefile", "_CoqProject", "A.v", "B.v"}
    for name in ("B.glob", ".B.aux", "B.vok", ".lia.cache", "CoqMakefile", "CoqMakefile.conf", ".CoqMakefile.d"):
        write(copied / name, "")
    remove_build(copied)
    assert {path.name for path in copied.rglob("*") if path.is_file()} == sources


# ---- what `vaelid theorems` believes


@pytest.fixture
def checked(tmp_path, monkeypatch) -> Path:
    """The sources of the development, with a note that they were checked."""
    folder = tmp_path / "proofs"
    shutil.copytree(PROOFS, folder, ignore=shutil.ignore_patterns("*.vo*", "*.glob", "*.aux", "*.json"))
    monkeypatch.setattr(shown, "development", lambda: folder)
    note = {"sources": shown._digest(folder), "coq": COQ, "theorems": {"kl_nonneg": {}}}
    (folder / "checked.json").write_text(json.dumps(note))
    assert set(checked_theorems.__wrapped__()) == {"kl_nonneg"}
    return folder


def appended(name: str) -> Callable[[Path], None]:
    return lambda folder: replace(name, (folder / name).read_text() + "\n")(folder)


NOTES = {
    **{
        name: appended(name)
        for name in (
            "base/FiniteSums.v",
            "spec/Gen.v",
            "objective/FloatSamples.v",
            "assumptions/Assumptions.v",
            "assumptions/classical.txt",
            "assumptions/check.py",
            "_CoqProject",
            "Makefile",
        )
    },
    "a new allow-list": replace("assumptions/new.txt", "False"),
    "a note that was cut": lambda folder: os.truncate(folder / "checked.json", 90),
    "a note of another kind": replace("checked.json", '["theorems"]'),
    "a note with a number for the theorems": replace("checked.json", '{"sources": "", "theorems": 3}'),
    "a deep note": replace("checked.json", '{"theorems":' * 100_000),
}


@pytest.mark.parametrize("change", NOTES)
def test_a_note_about_other_sources_says_nothing(checked, change):
    NOTES[change](checked)
    assert checked_theorems.__wrapped__() == {}


def test_a_note_about_other_constants_says_nothing(checked, monkeypatch):
    write(checked / "excess.py", "_FLOAT32_KERNEL = ()")
    monkeypatch.setattr(shown, "_KERNEL", checked / "excess.py")
    assert checked_theorems.__wrapped__() == {}


# ---- with Coq

needs_rocq = pytest.mark.skipif(shutil.which("coqc") is None, reason="coqc is not installed")
TRUE = "Theorem sum : 1 + 1 = 2.\nProof. reflexivity. Qed.\n"
FALSE = TRUE.replace("= 2", "= 3")
WEAK = "Theorem sum : 1 + 1 = 1 + 1.\nProof. reflexivity. Qed.\n"
LISTS = ("elementary", "measured", "computed")


@pytest.fixture
def small(tmp_path, monkeypatch) -> Path:
    """A development of one theorem, with the Makefile, the check and the emitted files of the real one."""
    for name in ("Makefile", "spec/Gen.v", "objective/FloatSamples.v", "assumptions/check.py"):
        write(tmp_path / name, (PROOFS / name).read_text())
    for name in ("assumptions/Assumptions.v", "assumptions/AssumptionsInterval.v"):
        write(tmp_path / name, (PROOFS / name).read_text())
    for name in ("classical", "mathcomp", "interval"):
        write(tmp_path / f"assumptions/{name}.txt", "# nothing\n")
    write(tmp_path / "_CoqProject", "-Q . Vaelid\n\nbase/Sum.v\nTheorems.v\n")
    write(tmp_path / "base/Sum.v", TRUE)
    names = "".join(f"Definition sum_{name} :=\n  @Sum.sum.\n" for name in LISTS)
    lists = "".join(f"Definition {name} := (sum_{name}).\n" for name in LISTS)
    write(tmp_path / "Theorems.v", f"From Vaelid.base Require Sum.\n{names}{lists}")
    monkeypatch.setattr(shown, "development", lambda: tmp_path)
    return tmp_path


def said_of(folder: Path) -> tuple[bool, str, list[str]]:
    """Whether it is checked, the problems, and what was being done."""
    steps: list[str] = []
    found = check_development(progress=steps.append)
    assert (folder / "checked.json").exists() or not found["checked"]
    return found["checked"], json.dumps(found["problems"]), [step.split()[0] for step in steps]


@pytest.mark.slow
@needs_rocq
def test_a_false_source_with_an_old_date_is_not_proved(small):
    assert said_of(small)[::2] == (True, ["building", "re-checking"])
    assert said_of(small)[2] == ["re-checking"]  # built already, of these sources
    write(small / "base/Sum.v", FALSE)
    subprocess.run(["make", "-C", str(small), "all"], check=True, capture_output=True)  # make sees nothing to do
    checked, problems, steps = said_of(small)
    assert (checked, steps) == (False, ["building"])
    assert "Sum.v" in problems
    write(small / "base/Sum.v", TRUE)
    assert said_of(small)[0]


@pytest.mark.slow
@needs_rocq
def test_a_compiled_file_of_another_statement_is_not_used(small):
    assert said_of(small)[0]
    true = (small / "base/Sum.vo").read_bytes()
    for other in (WEAK, "Axiom sum : 1 + 1 = 3.\n"):
        write(small / "elsewhere/base/Sum.v", other)
        command = ["coqc", "-q", "-Q", ".", "Vaelid", "base/Sum.v"]
        subprocess.run(command, cwd=small / "elsewhere", check=True, capture_output=True)
        date = (small / "base/Sum.vo").stat()
        shutil.copy(small / "elsewhere/base/Sum.vo", small / "base/Sum.vo")
        os.utime(small / "base/Sum.vo", (date.st_atime, date.st_mtime))
        shutil.rmtree(small / "elsewhere")
        assert said_of(small)[::2] == (True, ["building", "re-checking"])
        assert (small / "base/Sum.vo").read_bytes() == true


@pytest.mark.slow
@needs_rocq
def test_what_fails_the_check_is_not_kept(small):
    write(small / "base/Sum.v", "Axiom sum : 1 + 1 = 3.\n")
    checked, problems, _ = said_of(small)
    assert not checked
    assert "base/Sum.v:1: Axiom sum" in problems
    assert not [*small.rglob("*.vo"), *small.glob("*.json")]
