"""The examples: one is an ELBO, one is not, both run on their own; and a `vaelid.VAE`'s own loss."""

import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from vaelid.auditor import audit, audit_loss

EXAMPLES = Path(__file__).parents[2] / "examples"
CORRECT, BROKEN = (str(EXAMPLES / name) for name in ("correct.py", "broken_kl.py"))
OWN = EXAMPLES / "own_loss.py"


def test_the_correct_step_is_proved():
    example = runpy.run_path(CORRECT)
    report = audit(example["step"], example["batch"])
    assert (report.verdict, report.beta_effective, report.prior) == ("PROVED", 1.0, "N(0, I)")


def test_the_broken_kl_is_refuted_and_named():
    report = audit_loss(runpy.run_path(BROKEN)["loss"])
    assert report.verdict == "REFUTED"
    assert report.claim("divergence").bug == "std-variance"
    assert report.claim("divergence").witness is not None


def test_the_broken_kl_is_right_at_the_prior_and_negative_elsewhere():
    loss = runpy.run_path(BROKEN)["loss"]
    x, mu = torch.ones(1, 4), torch.zeros(1, 1)
    assert loss(x, x, mu, torch.zeros(1, 1)) == 0
    assert loss(x, x, mu, torch.ones(1, 1)) < 0


def test_the_loss_of_a_model_is_proved_by_the_command_that_the_example_names():
    """With status 0; the row on each fused kernel is in the text, and in the data."""
    (words,) = [line for line in OWN.read_text().splitlines() if line.startswith("vaelid audit ")]
    assert words == "vaelid audit examples/own_loss.py:loss"
    command = [sys.executable, "-m", *words.split()]
    done = subprocess.run(command, cwd=EXAMPLES.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("PROVED  This loss is the negative ELBO: binomial of 16 trials, prior N(0, I).\n")
    assert "  premise  twins    examined: the two sides of kl_sum differ by at most " in done.stdout


def test_the_same_as_data():
    command = [sys.executable, "-m", "vaelid", "audit", "examples/own_loss.py:loss", "--json"]
    done = subprocess.run(command, cwd=EXAMPLES.parent, capture_output=True, text=True, check=True)
    rows = [row for row in json.loads(done.stdout)["premises"] if row["name"] == "twins"]
    assert [row["evidence"] for row in rows] == ["examined", "examined"]


@pytest.mark.parametrize(("path", "words"), [(CORRECT, "nats per held-out image"), (BROKEN, "this loss says")])
def test_each_runs_on_its_own(path, words, tmp_path):
    done = subprocess.run([sys.executable, path], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert words in done.stdout
