"""Audits of programs whose truths are known by construction: nothing is wrongly PROVED, nothing wrongly REFUTED.

How many are undecided is printed by `python -m tests.programs`, and held to a share in the long suite.
"""

import pytest

from .audits import audited
from .selection import programs
from .table import FORBIDDEN, judged

FEW, MANY = 200, 2000


def _wrong(first: int, last: int) -> list[str]:
    chosen = programs(last)[first:]
    kinds = {program.index: judged(program, audited(program)) for program in chosen}
    return [f"{index}: {kind}" for index, kind in kinds.items() if kind in (*FORBIDDEN, "raised", "timeout")]


def test_few():
    assert _wrong(0, FEW) == []


@pytest.mark.slow
def test_many():
    assert _wrong(FEW, MANY) == []
