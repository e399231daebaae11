"""No mutant of the spec is alive; and the tool would say so if one were."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .__main__ import main
from .check import Verdict
from .equivalents import REASONS
from .generation import BESIDES, FILES, mutants
from .report import complaints, summary

ROOT = Path(__file__).parents[2]
FOUR_FILES = rf"^({'|'.join(FILES)})\."


def run(*arguments: str) -> tuple[int, dict]:
    """The tool, in a process of its own: exit status and JSON."""
    command = [sys.executable, "-m", "tests.mutants", "--json", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1200)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.slow  # `make mutants` has all files
def test_every_mutant_of_the_four_files_is_killed_or_proved_equivalent():
    status, found = run("--only", FOUR_FILES)
    assert (status, found["complaints"], found["alive"]) == (0, [], 0)
    assert found["mutants"] == found["killed"] + found["equivalent"] >= 60
    assert {each["file"] for each in found["verdicts"]} == {f"{name}.py" for name in FILES}
    assert all(each["by"] and each["why"] for each in found["verdicts"])


@pytest.mark.slow
def test_every_mutant_there_is_is_killed_or_proved_equivalent():
    status, found = run()
    assert (status, found["complaints"], found["alive"]) == (0, [], 0)


KNOWN_MISTAKES = {
    "latent.reparameterize_diag: mu + xp.exp(logvar / 2) * eps -> mu + xp.exp(logvar) * eps": "reparameterize_diag_eq",
    "vae.kl_loss: mu, logvar = encode(model, x) -> logvar, mu = encode(model, x)": "kl_loss_eq",
    "vae.mean_squared_error: xp.mean((x_hat - x) ** 2, axis=-1) -> xp.mean((x_hat - x) ** 2, axis=0)": (
        "mean_squared_error_of_batch"
    ),
    "elbo.importance_weighted_bound: elbo + xp.log1p(xp.mean(excess, axis=-1)) -> elbo + xp.mean(excess, axis=-1)": (
        "iw_gap"
    ),
}


def run_known_mistakes(*arguments: str) -> tuple[int, dict[str, tuple[str, str]]]:
    pattern = "|".join(f"^{re.escape(name)}$" for name in KNOWN_MISTAKES)
    status, found = run("--only", pattern, *arguments)
    return status, {each["name"]: (each["fate"], each["by"]) for each in found["verdicts"]}


def test_known_mistakes_die_of_the_theorem_that_forbids_them():
    assert run_known_mistakes() == (0, {name: ("false", theorem) for name, theorem in KNOWN_MISTAKES.items()})


def test_a_library_without_these_theorems_leaves_mutants_alive():
    absent = {"mean_squared_error_of_batch", "iw_gap"}
    status, fates = run_known_mistakes(*(f"--without={theorem}" for theorem in absent))
    assert status == 1
    alive = {name for name, (fate, _) in fates.items() if fate == "alive"}
    assert alive == {name for name, theorem in KNOWN_MISTAKES.items() if theorem in absent}


def test_a_survivor_a_missing_reason_and_a_stale_one_are_complaints():
    dead, alive, same = mutants("elbo")[:3]
    verdicts = {
        dead: Verdict("false", "some_theorem", "at a point"),
        alive: Verdict("alive", "", "all theorems are proved"),
        same: Verdict("equivalent", "the kernel", "a = a"),
    }
    assert summary(verdicts) == "3 mutants: 1 killed, 1 proved equivalent, 1 alive"
    survivor, unexplained = complaints(verdicts, {})
    assert survivor.startswith(f"ALIVE: {alive}")
    assert unexplained.startswith(f"NO REASON: {same}")
    listed = {dead.name: "no", alive.name: "no", same.name: "yes", "a name of old": "no"}
    assert [complaint.partition(":")[0] for complaint in complaints(verdicts, listed)] == ["STALE", "ALIVE", "STALE"]


def test_each_change_is_a_mutant_once_and_every_reason_is_of_one():
    every = [mutant for module in FILES for mutant in mutants(module)]
    every += [mutant for module, functions in BESIDES.items() for mutant in mutants(module, functions)]
    names = [mutant.name for mutant in every]
    assert len(names) == len(set(names))
    assert REASONS.keys() <= set(names)
    kinds = {mutant.kind for mutant in every}
    assert kinds >= {"sign", "constant", "operator", "operand order", "argument order", "function", "axis", "left out"}


def test_wrong_usage_is_told_in_one_line(capsys):
    for arguments in (["--only", "no such mutant"], ["--without", "no_such_theorem"]):
        assert main(arguments) == 64
        assert len(capsys.readouterr().err.strip().splitlines()) == 1
