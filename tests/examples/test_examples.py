"""The two examples that the README names: one is an ELBO, the other is not, and both run on their own."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from vaelid.auditor import audit, audit_loss

EXAMPLES = Path(__file__).parents[2] / "examples"
CORRECT, BROKEN = (str(EXAMPLES / name) for name in ("correct.py", "broken_kl.py"))


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


@pytest.mark.parametrize(("path", "words"), [(CORRECT, "nats per held-out image"), (BROKEN, "this loss says")])
def test_each_runs_on_its_own(path, words, tmp_path):
    done = subprocess.run([sys.executable, path], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert words in done.stdout
