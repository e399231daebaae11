"""Each file of the zoo gets the verdict it is there for, its mend is proved, and the page says what the audits say."""

import json

import measure
import pytest
import render
from digits_run import HERE, load, program
from rendered import differences
from zoo import ZOO

from vaelid.auditor.findings.bugs import BUGS

pytestmark = pytest.mark.slow
NAMES = [exhibit.name for exhibit in ZOO]


@pytest.fixture(scope="session")
def audits():
    return {exhibit.name: render.audited(exhibit) for exhibit in ZOO}


@pytest.mark.parametrize("exhibit", ZOO, ids=NAMES)
def test_verdict_names_the_bug(audits, exhibit):
    report = audits[exhibit.name].report
    assert report.verdict == exhibit.verdict, str(report)
    if exhibit.effective is not None:
        assert report.beta_effective == pytest.approx(exhibit.effective, rel=1e-9)
    if exhibit.verdict == "REFUTED":
        assert exhibit.bug in {claim.bug for claim in report.claims}, str(report)


@pytest.mark.parametrize("name", NAMES)
def test_the_mend_is_proved(audits, name):
    assert audits[name].mended.verdict == "PROVED", str(audits[name].mended)


def test_evaluation_is_what_is_refuted(audits):
    found = audits["evaluation"]
    assert found.report.claim("evaluation").verdict == "REFUTED"
    assert found.mended.claim("evaluation").verdict == "PROVED"


def test_page_is_what_the_audits_say(audits):
    page = render.page([audits[name] for name in NAMES], measure.stored())
    assert differences(render.PAGE.read_text(), page) == [], "stale: run `python examples/bug_zoo/render.py`"


def test_every_bug_that_can_be_named_has_a_file_and_every_file_is_listed():
    assert {exhibit.bug for exhibit in ZOO} == set(BUGS)
    helpers = {"digits_run", "measure", "render", "zoo"}
    assert {path.stem for path in HERE.glob("*.py")} - helpers == set(NAMES)


def test_runs_are_of_these_programs():
    wanted = {(measure.key(n, m), seed) for n in NAMES for m in (False, True) for seed in measure.SEEDS}
    runs = measure.stored()
    assert set(runs) == wanted, "stale: run `python examples/bug_zoo/measure.py`"
    pictures = {run["picture"] for run in runs.values() if "picture" in run}
    assert pictures == {path.name for path in measure.PICTURES.iterdir()}
    assert sum(path.stat().st_size for path in measure.PICTURES.iterdir()) < 300_000


def test_every_run_has_its_numbers():
    for run in json.loads(measure.STORE.read_text()):
        assert run["mended"] <= (run["finite"] and None not in (run["elbo"], run["kl"])), run


@pytest.mark.parametrize("name", NAMES)
def test_mended_and_as_written_differ_in_the_marked_lines_only(name):
    text, mended = program(name).splitlines(), program(name, mended=True).splitlines()
    assert len(text) == len(mended)
    changed = [line for line, other in zip(text, mended, strict=True) if line != other]
    assert changed
    assert all(line.endswith("# wrong") or line.strip().startswith("# mend: ") for line in changed)
    assert load(name).step(load(name).batch).isfinite()
