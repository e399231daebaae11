"""Audits of programs whose truths are known by construction: nothing is wrongly PROVED, nothing wrongly REFUTED.

`KNOWN` lists the programs among the first that still are: one that is mended has to leave the list. How many are
undecided is printed by `python -m tests.programs`. The audits run in a process of their own, where vaelid's types are
not checked at run time.
"""

import pytest
from tests.mutants.losses.resumed import run

from .audits import Audited, as_record, judged
from .known import KNOWN
from .selection import programs
from .table import FORBIDDEN

FEW, MANY = 6, 120  # an audit takes a second or two


def _wrong(state, first: int, last: int) -> dict[int, str]:
    chosen = programs(last)[first:]
    records = run(as_record, [(str(program.index), program) for program in chosen], state, 1)
    kinds = {program.index: judged(program, Audited(**records[str(program.index)])) for program in chosen}
    return {index: kind for index, kind in kinds.items() if kind in (*FORBIDDEN, "raised")}


def test_few(tmp_path):
    assert _wrong(tmp_path / "audits.jsonl", 0, FEW).items() <= KNOWN.items()


@pytest.mark.slow
def test_many(tmp_path):
    assert _wrong(tmp_path / "audits.jsonl", FEW, MANY).items() <= KNOWN.items()


def test_nothing_wrong_is_known_to_be_proved():
    assert "wrong PROVED" not in KNOWN.values()
