"""`assert_elbo`, and what pytest shows where it fails."""

import subprocess
import sys

import pytest
from tests.interface.sample_audits import proved, refuted, written

from vaelid import auditor
from vaelid.interface.audit import NotElbo, assert_elbo

pytest_plugins = ["pytester"]


@pytest.fixture
def verdict(folder, monkeypatch):
    """What the engine will find."""
    file = written(folder)
    asked = {}

    def decide(report):
        def audit(step, batch, **options):
            asked.update(options)
            return report(file)

        monkeypatch.setattr(auditor, "audit", audit, raising=False)
        return asked

    return decide


def test_a_proved_loss_passes_and_the_report_is_given(verdict):
    asked = verdict(proved)
    assert assert_elbo(len, [1], beta=4.0).beta_effective == 4.0
    assert asked == {**dict.fromkeys(("likelihood", "variance", "prior", "evaluation")), "beta": 4.0}


def test_any_other_verdict_fails_with_the_report_as_text(verdict):
    verdict(refuted)
    with pytest.raises(AssertionError, match="REFUTED  Line 5 puts the standard deviation") as raised:
        assert_elbo(len, [1])
    assert isinstance(raised.value, NotElbo)
    assert raised.value.report.verdict == "REFUTED"


TEST = """
from vaelid.interface.audit import assert_elbo

def step(batch):
    return batch

def test_loss():
    assert_elbo(step, [1])

def test_other():
    assert 1 == 2
"""


def test_pytest_shows_the_line_and_the_report_and_no_traceback_of_ours(verdict, pytester):
    verdict(refuted)
    pytester.makepyfile(TEST)
    plugin = [] if sys.modules.get("pytest_vaelid") else ["-p", "pytest_vaelid"]
    result = pytester.runpytest_inprocess(*plugin, "-p", "no:cacheprovider")
    result.assert_outcomes(failed=2)
    shown = result.stdout.str()
    section = shown.partition("test_loss ____")[2].partition("test_other ____")[0]
    lines = [line.removeprefix("E").strip() for line in section.splitlines()]
    assert lines[1:3] == [
        "test_pytest_shows_the_line_and_the_report_and_no_traceback_of_ours.py:7: in test_loss",
        "assert_elbo(step, [1])",
    ]
    assert "REFUTED  Line 5 puts the standard deviation where the KL needs the variance." in lines[3]
    assert "mend      Use one convention in sampler and KL." in lines
    assert "assertion.py" not in section
    assert "    assert 1 == 2" in shown  # other failures look as ever


def test_the_plugin_imports_neither_vaelid_nor_torch():
    code = "import sys, pytest_vaelid; print([m for m in ('vaelid', 'torch', 'numpy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
