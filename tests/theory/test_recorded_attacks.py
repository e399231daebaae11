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


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_is_refused(attack, outcomes):
    assert outcomes[attack.name].startswith(f"refused: {attack.now}")


def test_the_attacks_are_those_that_the_documents_count():
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS) == 189
    assert sum(attack.got_through_at_first for attack in ATTACKS) == 67


def test_the_judge_knows_a_false_theorem():
    """What the runner calls getting through: here the kernel's own table is reached by its private name."""
    code = "\n".join(
        [
            "import attack_runner",
            "from attack_tools import FALSE",
            "from vaelid.theory import kernel",
            "def forge(): return kernel._theorem(FALSE, 'forged')",
            "print(attack_runner.in_a_fork([attack_runner.Attack(forge, '', '')])['forge'])",
        ]
    )
    folder = Path(__file__).parent
    run = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    assert run.stdout == "got through: the theorem 0 = 1\n"
