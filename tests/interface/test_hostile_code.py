"""`vaelid audit` of code that forges, hangs, forks, crashes: one message, the right status, in time, nothing left."""

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.interface.forked import Forked
from tests.interface.hostile.failures import CRASHES, DISORDER, RAISED
from tests.interface.hostile.first import FIRST_RESULTS
from tests.interface.hostile.forgeries import FORGERIES, INSIDE
from tests.interface.hostile.lifetimes import LIFETIMES

from vaelid.interface.audit import process

ATTACKS = {**FORGERIES, **LIFETIMES, **RAISED, **CRASHES, **DISORDER}
OF_THE_FORK = {
    "the parent is killed",  # the test would be
    "every long text and every bytes in a frame or a module tried as the key",  # a fork has the parent's frames
    "no more open files, when called",  # a fork may have loaded all that an audit would have to open
}


def test_the_first_results_are_of_these_attacks():
    assert FIRST_RESULTS.keys() <= ATTACKS.keys()


def alive(pid: int) -> bool:
    """Whether the process runs: it is there, and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def left_behind() -> list[int]:
    pids = Path("pids").read_text().split() if Path("pids").exists() else []
    return [pid for pid in map(int, pids) if alive(pid)]


@dataclass(frozen=True)
class Ended:
    status: int
    out: str
    err: str


def started(attack, limit: float) -> Ended:
    """The command as a user types it."""
    Path("model.py").write_text(attack.text)
    words = [sys.executable, "-m", "vaelid", "audit", "model.py:kl", "--time-limit", str(limit)]
    ended = subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL, timeout=limit + 200)
    return Ended(ended.returncode, ended.stdout.decode(), ended.stderr[-20_000:].decode(errors="replace"))


def check(attack, outcome) -> None:
    assert left_behind() == []
    assert outcome.status in attack.status
    assert ("PROVED" in outcome.out) == (outcome.status == 0)
    assert "forged" not in outcome.out
    assert attack.says in outcome.err


HEAVY = {"an overflow of the C stack", "every descriptor closed", "every descriptor closed and opened as a file"}
QUICK = [
    name
    for name, attack in ATTACKS.items()
    if name not in OF_THE_FORK | HEAVY and attack.limit > 5 and not {0, 1} & set(attack.status)
]
"""Those that end while the file is loaded, without an audit, before a time limit."""
SLOW = [name for name in ATTACKS if name not in OF_THE_FORK and name not in QUICK]


@pytest.mark.parametrize("name", [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)])
@pytest.mark.every(4)
def test_no_attack_holds_the_audit_or_forges_a_verdict(name, vaelid, folder, monkeypatch):
    monkeypatch.setattr(process, "_spawned", Forked)
    attack = ATTACKS[name]
    (folder / "model.py").write_text(attack.text)
    start = time.monotonic()
    outcome = vaelid("audit", "model.py:kl", "--time-limit", attack.limit)
    took = time.monotonic() - start
    check(attack, outcome)
    assert outcome.err.count("vaelid: ") == (outcome.status > 3)
    assert len(outcome.err) < 10_000
    assert took < attack.limit + 8


ONE_OF_EACH = [
    "an answer as a line to every descriptor",
    "a daemon, and a loop without end",
    "a loop in C that holds the interpreter",
    "a segmentation fault at import",
]


@pytest.mark.slow
@pytest.mark.parametrize("name", [*sorted(OF_THE_FORK), *ONE_OF_EACH])
def test_the_same_as_a_user_types_it(name, folder):
    check(ATTACKS[name], started(ATTACKS[name], ATTACKS[name].limit))


@pytest.mark.slow
@pytest.mark.parametrize("name", INSIDE)
def test_what_code_in_the_same_process_can_still_do_is_as_the_document_says(name, folder):
    """No achievement: it is here so that `docs/trust.md` promises neither more nor less."""
    outcome = started(INSIDE[name], 60)
    assert outcome.out.startswith("PROVED")
    assert outcome.status in (0, -9)
