"""Every room has unit tests of its own: at most one module of the auditor in ten is imported by no test.

`python -m tests.audit.test_unit_tests` prints the modules that no test imports, and the lines of tests for each line of
code, room by room.
"""

import ast
from collections.abc import Iterable
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
SOURCE = TESTS.parent / "src"
AUDITOR = SOURCE / "vaelid" / "auditor"
ROOMS = sorted(path.parent.name for path in AUDITOR.glob("*/__init__.py"))


def imported_by(text: str) -> set[str]:
    """What a text imports from vaelid, in full: of `from vaelid.a import b` both vaelid.a and vaelid.a.b."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in found if name.startswith("vaelid.")}


def modules() -> list[str]:
    """The modules of the auditor, without those that only say what a folder is."""
    paths = (path for path in sorted(AUDITOR.rglob("*.py")) if path.name != "__init__.py")
    return [".".join(path.relative_to(SOURCE).with_suffix("").parts) for path in paths]


def unimported(texts: Iterable[str]) -> list[str]:
    """The modules that none of these texts imports."""
    imported = set[str]().union(*map(imported_by, texts))
    return [module for module in modules() if module not in imported]


def lines(folder: Path) -> int:
    """How many lines of Python a folder has."""
    return sum(len(path.read_text().splitlines()) for path in folder.rglob("*.py"))


def test_at_most_one_module_in_ten_is_imported_by_no_test():
    found = unimported(path.read_text() for path in TESTS.rglob("*.py"))
    assert len(found) <= len(modules()) / 10, found


def test_a_module_is_imported_by_its_own_name_only():
    texts = [
        "import vaelid.auditor.doors",
        "from vaelid.auditor import pipeline",
        "from vaelid.auditor.model.shift import x",
    ]
    missing = set(modules()) - set(unimported(texts))
    assert missing == {"vaelid.auditor.doors", "vaelid.auditor.pipeline", "vaelid.auditor.model.shift"}
    assert unimported(["import vaelid.auditor", "from .model import shift", "import torch"]) == modules()


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_has_a_folder_of_tests(room):
    assert list((TESTS / "audit" / room).glob("test_*.py"))


if __name__ == "__main__":
    every = unimported(path.read_text() for path in TESTS.rglob("*.py"))
    print(f"{len(every)} of {len(modules())} modules are imported by no test:", *every, sep="\n  ")
    for name in ROOMS:
        code, tests = lines(AUDITOR / name), lines(TESTS / "audit" / name)
        print(f"{name:<12} {tests:>5} / {code:>5} = {tests / code:.2f}")
