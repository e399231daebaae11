"""Audits of programs whose truths are known by construction: nothing is wrongly PROVED, nothing wrongly REFUTED.

`KNOWN` lists the first programs that still are: one that is mended has to leave the list. How many are undecided is
printed by `python -m tests.programs`.
"""

import pytest

from .audits import audited, judged
from .known import KNOWN
from .selection import programs
from .table import FORBIDDEN

FEW = 16  # an audit takes a second, and program 17 a minute
MANY = 2000


def _wrong(first: int, last: int) -> dict[int, str]:
    chosen = programs(last)[first:]
    kinds = {program.index: judged(program, audited(program)) for program in chosen}
    return {index: kind for index, kind in kinds.items() if kind in (*FORBIDDEN, "raised")}


def test_few():
    assert _wrong(0, FEW) == KNOWN


@pytest.mark.slow
@pytest.mark.xfail(bool(KNOWN), reason="kinds of right programs are still refuted", strict=True)
def test_many():
    assert _wrong(FEW, MANY) == {}
