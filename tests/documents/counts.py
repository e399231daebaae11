"""The numbers that documents state and the code decides: each by a name, and how it is counted.

A document writes ``73<!--theorems-->``: the mark is not seen on the page. `make counts` writes every number anew, and a
test fails where one is not so.
"""

import importlib.util
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

__all__ = ["COUNTS", "DOCUMENTS", "ROOT", "marked", "rewritten"]

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "proofs/README.md"]
WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]

_MARK = re.compile(r"([A-Za-z]+|\d[\d,]*)<!--(\w+)-->")


def marked(text: str) -> list[tuple[str, str]]:
    """Each number that the text marks, as it is written, with its name."""
    return _MARK.findall(text)


def rewritten(text: str, counts: dict[str, Callable[[], int]]) -> str:
    """The text with every marked number as it is counted; a number that is a word stays one."""

    def anew(mark: re.Match[str]) -> str:
        written, name = mark.groups()
        value = counts[name]()
        if written[0].isdigit() or value >= len(WORDS):
            said = f"{value:,}"
        else:
            said = WORDS[value].capitalize() if written[0].isupper() else WORDS[value]
        return f"{said}<!--{name}-->"

    return _MARK.sub(anew, text)


def _theorems() -> int:
    from vaelid.theory.library import LIBRARY

    return sum(result.status == "proved" for result in LIBRARY.values())


def _axioms() -> int:
    from vaelid.theory.kernel import AXIOMS

    return len(AXIOMS)


def _rocq_theorems() -> int:
    """The names that `proofs/Theorems.v` exports: those whose assumptions `proofs/assumptions/check.py` compares."""
    path = ROOT / "proofs/assumptions/check.py"
    spec = importlib.util.spec_from_file_location("check_assumptions", path)
    assert spec is not None
    assert spec.loader is not None
    check = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(check)
    return len(check.exported()[0])


def _spec_mutants() -> int:
    from tests.mutants.__main__ import _all

    return len(_all())


def _rocq_mutants() -> int:
    from tests.mutants.rocq import mutants

    return sum(1 for _ in mutants((ROOT / "proofs/spec/Gen.v").read_text()))


@cache
def _loss_mutants() -> int:
    from tests.mutants.losses.audits import all_mutants

    return len(all_mutants())


def _cases() -> int:
    from tests.audit.cases import CASES

    return len(CASES)


def _likelihoods() -> int:
    from vaelid.spec.likelihoods import LIKELIHOOD_NAMES

    return len(LIKELIHOOD_NAMES)


def _effective_betas() -> int:
    from vaelid.theory.library import EFFECTIVE_BETAS

    return len(EFFECTIVE_BETAS)


def _own_losses() -> int:
    from tests.audit.test_own_loss import IN_WORDS

    return len(IN_WORDS)


def _twins() -> int:
    from vaelid.train.twins import TWINS

    return len(TWINS)


def _bugs() -> int:
    """The sections of the page of the zoo, which is made from its files."""
    return (ROOT / "docs/bug-zoo.md").read_text().count("\n## ")


def _public_losses() -> int:
    lines = (ROOT / "docs/audit-of-public-code.md").read_text().splitlines()
    return sum(line.startswith("| ") and not line.startswith("| project ") for line in lines)


def _kernel_lines() -> int:
    return len((ROOT / "src/vaelid/theory/kernel.py").read_text().splitlines())


def _hostile(*tables: str) -> Callable[[], int]:
    def count() -> int:
        from tests.interface.hostile import failures, forgeries, lifetimes

        return sum(len(table) for m in (failures, forgeries, lifetimes) for n, table in vars(m).items() if n in tables)

    return count


def _unread_files() -> int:
    from tests.interface.test_scan import READ, UNREAD

    return len(UNREAD) + len(READ)


@contextmanager
def _beside_theory() -> Iterator[None]:
    """The files of `tests/theory` import each other by their bare names, as pytest has them."""
    folder = str(ROOT / "tests/theory")
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


def _kernel_attacks() -> int:
    with _beside_theory():
        from attack_runner import attacks

        return len(attacks())


def _kernel_tests() -> int:
    return (ROOT / "tests/theory/test_kernel.py").read_text().count("\ndef test_")


def _false_claims() -> int:
    with _beside_theory():
        from claim_tables import FALSE

        return sum(map(len, FALSE.values()))


def _true_claims() -> int:
    with _beside_theory():
        from claim_tables import TRUE

        return len(TRUE)


def _float_samples() -> int:
    from vaelid.theory.float_samples import SAMPLES

    return len(SAMPLES)


def _odd_data_files() -> int:
    from tests.interface.odd_files import CASES

    return len(CASES)


def _traces() -> int:
    from tests.audit.recording.traces import CASES

    return len(CASES)


COUNTS: dict[str, Callable[[], int]] = {
    "theorems": _theorems,
    "axioms": _axioms,
    "rocq_theorems": _rocq_theorems,
    "spec_mutants": _spec_mutants,
    "rocq_mutants": _rocq_mutants,
    "loss_mutants": _loss_mutants,
    "cases": _cases,
    "likelihoods": _likelihoods,
    "effective_betas": _effective_betas,
    "own_losses": _own_losses,
    "twins": _twins,
    "bugs": _bugs,
    "public_losses": _public_losses,
    "kernel_lines": _kernel_lines,
    "kernel_attacks": _kernel_attacks,
    "kernel_tests": _kernel_tests,
    "false_claims": _false_claims,
    "true_claims": _true_claims,
    "float_samples": _float_samples,
    "odd_data_files": _odd_data_files,
    "traces": _traces,
    "forgeries": _hostile("FORGERIES"),
    "reached_inside": _hostile("INSIDE"),
    "lifetimes": _hostile("LIFETIMES"),
    "failures": _hostile("RAISED", "CRASHES", "DISORDER"),
    "odd_files": _unread_files,
}
"""From the name in a mark to the count."""
