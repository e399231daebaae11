"""What all tests share: drawn examples are the same in every run, none is timed, and torch computes with one thread.

Fewer threads beside other load would be said in lines that no test expects, and tests run beside each other. Which
tests hang on floats is said here too.
"""

import os
from pathlib import Path

import pytest
from hypothesis import settings

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
        if any(item.path.is_relative_to(place) for place in places):
            item.add_marker("floats")
