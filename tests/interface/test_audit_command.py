"""`vaelid audit`: what is audited, how it ends, and what is said of code that cannot be audited."""

import json
import re
import sys

import pytest
import torch
from tests.interface.sample_audits import ENDLESS_LINE, proved, refuted, written

from vaelid import auditor
from vaelid.auditor import Claim, Report
from vaelid.interface.audit import child, job, process
from vaelid.interface.audit.asked import Job
from vaelid.spec.errors import UserCodeError


@pytest.fixture
def model(folder, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    return written(folder)


@pytest.fixture
def here(model, monkeypatch):
    """The audit runs in this process: faster, and what it calls can be replaced."""
    monkeypatch.setattr(
        process,
        "run_apart",
        lambda asked, limit, threads=None: process._read(json.loads(json.dumps(child.outcome(asked)))),
    )
    return model


@pytest.mark.parametrize(
    ("verdict", "status"),
    [("PROVED", 0), ("REFUTED", 1), ("UNKNOWN", 2), ("OTHER", 3)],
)
def test_the_exit_status_is_the_verdict(verdict, status, here, vaelid, monkeypatch):
    monkeypatch.setattr(job, "report_of_job", lambda asked: Report("step", verdict, "ELBO", "The finding."))
    outcome = vaelid("audit", "model.py:step")
    assert (outcome.status, outcome.err) == (status, "")
    assert outcome.out.startswith(f"{verdict}  The finding.\n  model.py:step")


def test_in_a_process_of_its_own_a_kl_is_refuted_and_prints_go_to_standard_error(model, capfd):
    written(model.parent, "loud.py", "import os\nprint('loud')\nos.write(1, b'louder')\nfrom model import kl\n")
    found = process.run_apart(Job("loud.py:kl", form="json"), 60.0)
    printed = capfd.readouterr()
    assert printed.out == ""
    assert all(words in printed.err for words in ("loud", "louder", "printed by the user"))
    assert found["status"] == 1
    answer = found["answer"]
    assert set(answer) >= {
        *("verdict", "objective_name", "beta_effective", "beta_formula", "observation_variance", "likelihood"),
        *("prior", "claims", "notes", "assumptions", "seconds"),
    }
    assert set(answer["claims"][0]) >= {"name", "verdict", "reason", "theorems", "witness", "source"}
    assert answer["claims"][0]["witness"]["point"] == {"mu": "0", "logvar": "1"}
    assert answer["source"] == f"{model}:4"


def test_code_that_hangs_in_c_is_ended_and_its_line_named(model):
    with pytest.raises(UserCodeError) as raised:
        process.run_apart(Job("model.py:endless"), 1.0)
    assert str(raised.value) == (
        f"model.py:endless was still running after 1 s, at model.py, line {ENDLESS_LINE}, and was ended: mend the loop "
        "that does not end, give a smaller batch, or raise --time-limit."
    )


@pytest.mark.parametrize(("status", "how"), [(0, "with status 0"), (-11, "by signal SIGSEGV")])
def test_code_that_ends_the_process_gives_no_verdict(status, how):
    with pytest.raises(UserCodeError, match=f"model.py:kl ended the whole process {how}, so there is no verdict."):
        raise process._unanswered(Job("model.py:kl"), 60.0, "", status)


def test_whose_time_ran_out_is_said(model):
    ours = f'Timeout (0:01:00)!\n  File "{auditor.__file__}", line 9 in prove\n'
    with pytest.raises(process.TimedOut, match="had not decided after 60 s"):
        raise process._unanswered(Job("model.py:kl"), 60, ours, 1)
    with pytest.raises(UserCodeError, match=r"still running after 60 s, at model\.py, line 4"):
        raise process._unanswered(Job("model.py:kl"), 60, f'{ours}  File "{model}", line 4 in kl\n', 1)


def test_a_defect_of_vaelid_is_no_verdict(here, vaelid, monkeypatch):
    monkeypatch.setattr(job, "report_of_job", int)  # raises in a line of vaelid's
    outcome = vaelid("audit", "model.py:kl")
    assert (outcome.status, outcome.out) == (71, "")
    assert re.fullmatch(
        r"vaelid: vaelid itself failed \(model\.py:kl: TypeError: .*\): please report it; "
        r"--debug shows where\.\n",
        outcome.err,
    )


USER = [
    ("broken.py:kl", r"broken.py, line 2 is not Python: .*\. Mend that line\."),
    (
        "lacking.py:kl",
        r"lacking.py needs the module 'not_installed' at lacking.py, line 1, which cannot be imported: .*",
    ),
    ("failing.py:kl", r"failing.py raised ZeroDivisionError at failing.py, line 1: division by zero"),
    ("parsing.py:kl", r"parsing.py raised SystemExit at parsing.py, line 2: 2"),
    (
        "model.py:raising",
        r"model.py:raising raised AttributeError: 'Tensor' .* 'missing', raised at model.py, line 36\.",
    ),
    ("model.py:on_gpu", r".* This machine has no GPU that torch can use: let the device be a setting, .*"),
]


@pytest.mark.parametrize(("target", "says"), USER, ids=[target for target, _ in USER])
def test_what_the_users_code_raised_is_one_message(target, says, here, vaelid):
    if target.endswith("on_gpu") and torch.cuda.is_available():
        pytest.skip("a GPU is here")
    written(here.parent, "broken.py", "import torch\ndef kl(mu, logvar:\n")
    written(here.parent, "lacking.py", "import not_installed\n")
    written(here.parent, "failing.py", "1 / 0\n")
    written(here.parent, "parsing.py", "import argparse, sys\nsys.exit(2)\n")
    outcome = vaelid("audit", target)
    assert re.fullmatch(f"vaelid: {says} \\(--debug shows where\\)\n", outcome.err)
    assert (outcome.status, outcome.out) == (70, "" if "model" in target else outcome.out)


WRONG = [
    (("modle.py:kl",), "TARGET: modle.py does not exist: did you mean model.py\\?"),
    (("model.py:stpe",), "model.py has no 'stpe'. Did you mean step\\?"),
    (("model.py:vae.qqq",), "model.py:vae has no 'qqq'. It has loss, training_step."),
    (("no_module:kl",), r"there is no module no_module \(looked in .*"),
    (("kl",), "TARGET is 'kl': expected file.py:name or module:name, model.py:loss for instance."),
    (("model.py:VAE().loss",), r"TARGET is .*: 'VAE\(\).loss' is no name. Only names joined by dots are followed, .*"),
    (("model.py:VAE",), r"model.py:VAE is a class: make an object in the file, vae = VAE\(...\), .*"),
    (("model.py:VAE.loss",), r"model.py:VAE.loss is a method without its object: .* audit model.py:vae.loss."),
    (("model.py:number",), "model.py:number is a int: expected a function."),
    (("model.py:any_number",), r"model.py:any_number takes any number of arguments: name them, .*"),
    (("model.py:later",), r"model.py:later is async def: expected a function that returns the loss: make it a def\."),
    (("model.py:nothing_asked",), "model.py:nothing_asked takes nothing: expected a step that takes a batch, .*"),
    (
        ("model.py:step",),
        r"model.py:step takes one argument, .* put def batch\(\): return ... in model.py, or give --ba.*",
    ),
    (("model.py:step", "--batch", "model.py:bach"), "model.py has no 'bach'. .*"),
    (("model.py:step", "--inputs", "model.py:kl"), "--inputs has no meaning here: model.py:step takes one batch: .*"),
    (
        ("model.py:kl", "--beta", "1"),
        "--beta has no meaning here: model.py:kl takes mu, logvar, so it is read as a KL al.*",
    ),
    (("model.py:loss", "--batch", "model.py:kl"), "--batch has no meaning here: model.py:loss takes x_hat, x, mu, .*"),
    (("model.py:kl", "--role", "q=mu"), "--role q=mu: model.py:kl has no parameter 'q'; it has mu, logvar."),
    (("model.py:kl", "--role", "mu"), "Invalid value for '--role': 'mu' is not ARG=ROLE: .*"),
    (("model.py:kl", "--json", "--sarif"), "--json and --sarif exclude each other. .*"),
    (("nowhere.py",), r"nowhere.py does not exist: check the path \(looked in .*\)."),
]


@pytest.mark.parametrize(("arguments", "says"), WRONG, ids=[" ".join(arguments) for arguments, _ in WRONG])
def test_wrong_usage_is_one_message(arguments, says, here, vaelid):
    outcome = vaelid("audit", *arguments)
    assert re.fullmatch(f"vaelid: {says}\n", outcome.err)
    assert (outcome.status, outcome.out) == (64, "")


@pytest.fixture
def engine(here, monkeypatch):
    """The engine's functions are replaced; they say what they were asked."""
    asked = {}

    def replacement(name, answer):
        def called(*given, **options):
            asked.update(name=name, given=given, options=options)
            return answer

        monkeypatch.setattr(auditor, name, called, raising=False)

    report = Report("engine's name", "PROVED", "ELBO", "An ELBO.")
    for name in ("audit", "audit_loss"):
        replacement(name, report)
    for name in ("audit_kl", "audit_sampler"):
        replacement(name, Claim("divergence", "PROVED", "it is", weight="1"))
    return asked


def test_a_step_is_given_the_batch_that_is_named(engine, here, vaelid):
    written(
        here.parent,
        "data.py",
        "def batch():\n    return [1, 2]\ndef validate(x):\n    return x\nloader = iter([[5]])\n",
    )
    assert vaelid("audit", "model.py:step", "--batch", "data.py:batch", "--beta", "2", "--variance", "3").status == 0
    assert engine["name"] == "audit"
    assert engine["given"][1] == [1, 2]
    assert engine["options"] == {**dict.fromkeys(("likelihood", "prior", "evaluation")), "beta": 2.0, "variance": 3.0}
    vaelid("audit", "model.py:vae.loss", "--batch", "data.py:loader", "--eval-step", "data.py:validate")
    assert engine["given"][1] == [5]
    assert engine["options"]["evaluation"].__name__ == "validate"


def test_a_batch_in_the_same_file_is_found_and_lightning_steps_are_given_its_number(engine, here, vaelid):
    here.write_text(here.read_text() + "\nbatch = torch.zeros(2)\n")
    assert vaelid("audit", "model.py:vae.training_step").status == 0
    assert engine["given"][1].shape == (2,)


def test_functions_of_tensors_are_told_apart_by_their_parameters(engine, here, vaelid):
    for target, name in (("loss", "audit_loss"), ("kl", "audit_kl"), ("reparameterize", "audit_sampler")):
        assert vaelid("audit", f"model.py:{target}", "--role", "mu=mu").status == 0
        assert engine["name"] == name
        assert engine["given"][0].__name__ == target
    written(here.parent, "odd.py", "def f(a, b, eps=0.0):\n    return a\n")
    vaelid("audit", "odd.py:f", "--role", "a=mu", "--role", "b=logstd")
    assert (engine["name"], engine["options"]) == ("audit_kl", {"roles": {"a": "mu", "b": "logstd"}})


def test_a_file_in_a_package_may_import_its_neighbours(engine, here, vaelid):
    written(here.parent, "pack/__init__.py", "")
    written(here.parent, "pack/inner/__init__.py", "")
    written(here.parent, "pack/inner/losses.py", "from ..parts import kl\n")
    written(here.parent, "pack/parts.py", "def kl(mu, logvar):\n    return mu\n")
    assert vaelid("audit", "pack/inner/losses.py:kl").status == 0
    assert vaelid("audit", "pack.parts:kl").status == 0


def test_files_of_the_same_name_and_of_the_name_of_a_module_are_not_mixed_up(engine, here, vaelid):
    written(here.parent, "random.py", "def kl(mu, logvar):\n    return 'random'\n")
    written(here.parent, "other/model.py", "def kl(mu, logvar):\n    return 'other'\n")
    for file, result in (("random.py", "random"), ("other/model.py", "other")):
        vaelid("audit", "model.py:kl")
        assert vaelid("audit", f"{file}:kl").status == 0
        assert engine["given"][0](0, 0) == result


def test_a_file_without_a_name_lists_what_looks_like_a_loss_and_runs_nothing(model, vaelid):
    model.write_text(model.read_text() + "\nraise SystemError\n")
    written(model.parent, "venv/lib.py")
    written(model.parent, "broken.py", "def (:\n")
    outcome = vaelid("audit", ".", "--json")
    found = [(c["name"], c["kind"], c["line"]) for c in json.loads(outcome.out)["candidates"]]
    assert found == [("step", "loss", 10), ("loss", "loss", 19), ("kl", "KL", 4), ("reparameterize", "sampler", 15)]
    listed = vaelid("audit", "model.py")
    assert listed.status == outcome.status == 64
    assert "model.py:19  loss  (looks like a loss)\n    vaelid audit model.py:loss\n" in listed.out
    assert "    vaelid audit model.py:step --batch model.py:batch\n" in listed.out
    written(model.parent, "empty/plain.py", "def add(a, b):\n    return a + b\n")
    assert "nothing looks like the loss of a VAE. Name what to audit" in vaelid("audit", "empty").out


def test_candidates_in_classes_need_an_object(folder, vaelid):
    written(
        folder,
        "net.py",
        "class VAE:\n    def training_step(self, batch):\n        kl = kl_divergence(self.q(mu, std), self.p)\n"
        "        return kl\n    @staticmethod\n    def kl(mu, logvar):\n        return (mu**2 + logvar.exp()).sum()\n",
    )
    out = vaelid("audit", "net.py").out
    assert "needs an object: put vae = VAE(...) in the file, then" in out
    assert "    vaelid audit net.py:vae.training_step --batch net.py:batch\n" in out
    assert "    vaelid audit net.py:VAE.kl" in out


def test_pages_and_rocq_files_are_written(here, vaelid, monkeypatch):
    monkeypatch.setattr(job, "report_of_job", lambda asked: refuted(here))
    outcome = vaelid("audit", "model.py:step", "--html", "out/audit.html", "--rocq", "out/audit.v", "--sarif")
    assert outcome.status == 1
    assert outcome.err == "vaelid: out/audit.v was not written: no claim carries a theorem.\npage: out/audit.html\n"
    assert (here.parent / "out/audit.html").read_text().startswith("<!doctype html>")
    assert not (here.parent / "out/audit.v").exists()
    assert json.loads(outcome.out)["version"] == "2.1.0"


@pytest.mark.parametrize("option", ["--html", "--rocq"])
def test_no_page_is_written_onto_a_run_or_the_audited_code(here, vaelid, option):
    (here.parent / "run").mkdir()
    (here.parent / "run" / "config.json").write_text("{}")
    before = here.read_text()
    outcome = vaelid("audit", "model.py:step", option, "run/config.json")
    assert (outcome.status, outcome.err) == (
        64,
        f"vaelid: run/config.json is a file of the run run, which would be lost: choose another {option}.\n",
    )
    outcome = vaelid("audit", "model.py:step", option, "model.py")
    assert (outcome.status, outcome.err) == (
        64,
        f"vaelid: model.py is the code that is audited, which would be lost: choose another {option}.\n",
    )
    assert here.read_text() == before


def test_the_report_is_a_text_that_begins_with_the_finding(here, vaelid, monkeypatch):
    monkeypatch.setattr(job, "report_of_job", lambda asked: refuted(here))
    out = vaelid("audit", "model.py:step").out
    assert out.startswith("REFUTED  Line 5 puts the standard deviation where the KL needs the variance.\n")
    for words in (
        "  > std = torch.exp(0.5 * logvar)",
        "  witness   mu = 0, logvar = 1",
        "    computed  −0.175639364650 ± 6.41 × 10⁻¹⁴",
        "  mend      Use one convention in sampler and KL.",
        "  PROVED   sampler         z = mu + sigma * eps (model.py, line 16)",
    ):
        assert f"{words}\n" in out
    monkeypatch.setattr(job, "report_of_job", lambda asked: proved(here))
    assert "  beta        D / (2 L) = 4\n  beta is 1   at variance 4\n" in vaelid("audit", "model.py:step").out


def test_help_says_that_code_is_run(vaelid):
    words = " ".join(vaelid("audit", "--help").out.split())
    assert "This RUNS YOUR CODE" in words
    assert (
        "0 PROVED, 1 REFUTED, 2 UNKNOWN, 3 OTHER; 64 wrong usage, 70 your code raised, 71 vaelid itself failed" in words
    )
