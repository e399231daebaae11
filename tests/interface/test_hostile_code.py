"""`vaelid audit` of code that forges, hangs, forks, crashes: one message, the right status, in time, nothing left."""

import time
from pathlib import Path

import pytest
from tests.interface.forked import Forked
from tests.interface.hostile.failures import CRASHES, DISORDER, RAISED
from tests.interface.hostile.forgeries import FORGERIES
from tests.interface.hostile.lifetimes import LIFETIMES

from vaelid.interface.audit import process

ATTACKS = {**FORGERIES, **LIFETIMES, **RAISED, **CRASHES, **DISORDER}
OF_THE_FORK = {
    "the parent is killed",  # the test would be
    "every long text and every bytes in a frame or a module tried as the key",  # a fork has the parent's frames
}


def alive(pid: int) -> bool:
    """Whether the process runs: it is there, and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def forked(monkeypatch):
    monkeypatch.setattr(process, "_spawned", Forked)


@pytest.mark.parametrize("name", [name for name in ATTACKS if name not in OF_THE_FORK])
def test_no_attack_holds_the_audit_or_forges_a_verdict(name, forked, vaelid, folder):
    attack = ATTACKS[name]
    (folder / "model.py").write_text(attack.text)
    start = time.monotonic()
    outcome = vaelid("audit", "model.py:kl", "--time-limit", attack.limit)
    took = time.monotonic() - start
    pids = [int(line) for line in Path("pids").read_text().split()] if Path("pids").exists() else []
    assert [pid for pid in pids if alive(pid)] == []
    assert outcome.status in attack.status
    assert ("PROVED" in outcome.out) == (outcome.status == 0)
    assert "forged" not in outcome.out
    assert attack.says in outcome.err
    assert outcome.err.count("vaelid: ") == (outcome.status > 3)
    assert len(outcome.err) < 10_000
    assert took < attack.limit + 8
