"""What all tests share: drawn examples are the same in every run, none is timed, and torch computes with one thread.

Fewer threads beside other load would be said in lines that no test expects, and tests run beside each other. Which
tests hang on floats is said here too.
"""

import os
from collections import Counter
from pathlib import Path

import pytest
from beartype import BeartypeConf
from beartype.claw import beartype_packages
from hypothesis import settings
from jaxtyping import install_import_hook

# Types are checked at run time; an int is a float there, as in Python. Where arrays are, shapes are too: a function's
# shapes have to fit each other, which takes five times as long and says nothing of terms. These check what they are
# made of by themselves, in words that are tested: of theirs the types are checked in `make test-long`, without these.
ARRAYS = ("vaelid.spec", "vaelid.train", "vaelid.readings.balls", "vaelid.interface")
OTHERS = ("vaelid.auditor", "vaelid.readings.terms", "vaelid.theory")
TERMS = tuple(f"vaelid.readings.terms.{module}" for module in ("heads", "syntax", "substitution"))
TERMS_TOO = bool(os.environ.get("VAELID_TYPES_OF_TERMS"))
install_import_hook(ARRAYS, "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))")
beartype_packages(OTHERS, conf=BeartypeConf(is_pep484_tower=True, claw_skip_package_names=() if TERMS_TOO else TERMS))

os.environ.setdefault("OMP_NUM_THREADS", "1")
settings.register_profile("vaelid", derandomize=True, deadline=None)
settings.load_profile("vaelid")

HERE = Path(__file__).parent
FLOATS = (
    "audit/formula",
    "audit/lifting",
    "audit/test_case_numbers.py",
    "audit/test_draws.py",
    "audit/test_gradients.py",
    "audit/test_kl.py",
    "audit/test_own_loss.py",
    "audit/test_witnesses.py",
    "conformance",
    "examples",
    "interface/test_audit_report.py",
    "interface/test_cli.py",
    "interface/test_data.py",
    "interface/test_resume.py",
    "interface/test_run_page.py",
    "readings/test_balls_array.py",
    "readings/test_balls_elementwise.py",
    "readings/test_balls_reductions.py",
    "spec",
    "test_plain_cpu.py",
    "theory/test_float_samples.py",
    "train",
    "twins",
)
"""Files and folders whose tests may come out otherwise on another processor: the marker `floats`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = [HERE / name for name in FLOATS]
    assert all(place.exists() for place in places), "FLOATS names what is not there"
    for item in items:
        if TERMS_TOO and "own_words" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="the types are refused before the words are said"))
        if any(item.path.is_relative_to(place) for place in places):
            item.add_marker("floats")
    _leave_to_the_long_suite(items)


def _leave_to_the_long_suite(items: list[pytest.Item]) -> None:
    """Of a test with the mark `every(n)` the first case and each nth after it stay; all others become slow."""
    cases: Counter[tuple[Path, str]] = Counter()
    for item in items:
        if (mark := item.get_closest_marker("every")) is not None:
            test = item.path, item.nodeid.partition("[")[0]
            if cases[test] % mark.args[0]:
                item.add_marker("slow")
            cases[test] += 1
