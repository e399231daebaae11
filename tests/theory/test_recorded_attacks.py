"""Every recorded attack on the kernel, tried anew in processes without run-time type checks, as the library is used."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from attack_runner import attacks

ATTACKS = attacks()


@pytest.fixture(scope="module")
def outcomes() -> dict[str, str]:
    """What came of each attack, by its name."""
    command = [sys.executable, Path(__file__).with_name("attack_runner.py")]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param(one, marks=[pytest.mark.xfail(reason=one.first)] if one.got_through_at_first else [], id=one.name)
        for one in ATTACKS
    ],
)
def test_an_attack_is_refused(attack, outcomes):
    assert outcomes[attack.name].startswith("refused: ")
