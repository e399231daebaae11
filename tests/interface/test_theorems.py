"""`vaelid theorems`: the table, one theorem, JSON, LaTeX, the check, and the emitted Rocq file."""

import json
import re
import shutil
from pathlib import Path

import pytest

import vaelid as package
from vaelid.interface import theorems as shown
from vaelid.interface.development import kept_texts
from vaelid.theory.emission import EMITTED, emitted_files
from vaelid.theory.kernel import AXIOMS, NotProved
from vaelid.theory.library import LIBRARY

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def unchecked_development(monkeypatch):
    """As on a machine where the proofs were not checked."""
    monkeypatch.setattr(shown, "checked_theorems", dict)


KEYS = {"name", "source", "status", "checkers", "axioms", "statement"}


def test_the_check_proves_everything_with_both_solvers_and_exits_0(vaelid):
    outcome = vaelid("theorems", "--check")
    assert outcome.status == 0
    assert outcome.err == ""
    first, axioms, rest = outcome.out.splitlines()
    proved = sum(result.prove is not None for result in LIBRARY.values())
    assert re.fullmatch(rf"{proved} theorems proved by z3 [\d.]+ and cvc5 [\d.]+, \d+ obligations, in [\d.]+ s", first)
    assert axioms == f"axioms: {', '.join(sorted(AXIOMS))}"
    assert re.fullmatch(r"\d+ more are stated here and proved in Rocq; \d+ are open", rest)


def test_a_theorem_that_fails_is_named_and_the_status_is_1(vaelid, monkeypatch):
    def lie(*_):
        raise NotProved("not proved: z3 says sat, cvc5 says sat")

    result = LIBRARY["kl_loss_nonneg"]
    monkeypatch.setitem(result.__dict__, "prove", lie)
    outcome = vaelid("theorems", "--check")
    assert outcome.status == 1
    assert "FAILED  kl_loss_nonneg: not proved: z3 says sat, cvc5 says sat\n" in outcome.err
    assert "FAILED  beta_vae_loss_mono_beta: " in outcome.err  # its proof uses the other
    assert vaelid("theorems", "kl_loss_nonneg", "--json").out.count('"status": "open"') == 1
    monkeypatch.undo()
    assert vaelid("theorems", "--check").status == 0


def test_json_has_every_theorem_with_its_fields(vaelid):
    data = json.loads(vaelid("theorems", "--json").out)
    assert [entry["name"] for entry in data] == list(LIBRARY)
    for entry in data:
        assert set(entry) >= KEYS
        assert entry["status"] in ("proved", "rocq", "open")
        assert set(entry["axioms"]) <= set(AXIOMS)
        assert (entry["status"] == "proved") == (LIBRARY[entry["name"]].prove is not None)
        if entry["status"] == "proved":
            assert entry["checkers"][:2] == ["z3", "cvc5"]
            assert entry["latex"]
        else:
            assert "z3" not in entry["checkers"]
            assert entry["axioms"] == []


def test_laws_and_integrals_are_never_said_to_be_proved_by_the_solvers(vaelid):
    for name in ("scalar_reparameterization_law", "diagonal_reparameterization_coordinate_law", "vae_training_bound"):
        entry = json.loads(vaelid("theorems", name, "--json").out)
        assert entry["status"] == "rocq"
        assert entry["checkers"] == ["rocq"]
        with pytest.raises(NotProved, match="is not proved by this kernel; see its Rocq theorem"):
            package.theorems(name).theorem  # noqa: B018 - asking for it is the test


def test_one_theorem_says_what_it_is_about_what_it_rests_on_and_what_rests_on_it(vaelid):
    out = vaelid("theorems", "kl_loss_nonneg").out
    spec_lines = (package.spec.__file__ or "").replace("__init__.py", "vae.py")
    with open(spec_lines) as file:
        line = next(n for n, text in enumerate(file, 1) if text.startswith("def kl_loss("))
    for part in (
        "kl_loss_nonneg  [z3 and cvc5; exp_gt_one_plus, exp_zero]",
        "The KL loss of every model is not negative.",
        "if          0 < L",
        "then        0 ≤ kl_loss(model, x)",
        f"[vaelid/spec/vae.py:{line}]",
        "exp_gt_one_plus: x ≠ 0 → 1 + x < exp(x)",
        "and kl_loss_eq: ",
        "used by     beta_vae_loss_mono_beta",
    ):
        assert part in out
    assert max(map(len, out.splitlines())) <= 120


def test_the_table_fits_a_terminal_and_has_each_theorem_with_its_statement(vaelid, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = vaelid("theorems").out.splitlines()
    assert max(map(len, lines)) <= 100
    names = [line.split()[0] for line in lines if re.match(r"  \w+  \[", line)]
    assert names == list(LIBRARY)
    whole = " ".join(" ".join(lines).split())
    assert "0 < L, beta1 ≤ beta2 ⊢ loss(model, beta1, x, eps) ≤ loss(model, beta2, x, eps)" in whole
    assert "      TorchLean: betaVae_loss_mono_beta_of_kl_nonneg" in lines


def test_python_gives_the_same_table(vaelid):
    every = package.theorems()
    assert repr(every) + "\n" == vaelid("theorems").out
    assert len(every) == len(LIBRARY)
    assert every["kl_loss_nonneg"] is package.theorems("kl_loss_nonneg") is LIBRARY["kl_loss_nonneg"]
    assert every[0].name == next(iter(LIBRARY))


def test_latex_of_one_and_of_all(vaelid):
    out = vaelid("theorems", "coordinate_kl_to_standard_nonneg", "--latex").out
    assert r"0 \le \operatorname{coordinate\_kl\_to\_standard}(\mu, \mathrm{logvar})" in out
    every = vaelid("theorems", "--latex").out
    assert every.count("\n% ") + 1 == sum(result.statement is not None for result in LIBRARY.values())


def test_an_unknown_name_is_answered_with_the_closest(vaelid):
    outcome = vaelid("theorems", "kl_los_nonneg")
    assert (outcome.status, outcome.out) == (64, "")
    assert outcome.err == "vaelid: there is no theorem 'kl_los_nonneg'. Did you mean kl_loss_nonneg?\n"
    assert vaelid("theorems", "xyz").err == "vaelid: there is no theorem 'xyz'. `vaelid theorems` lists them.\n"


def test_the_emitted_file_defines_every_function_once_with_its_source_line(vaelid, folder):
    outcome = vaelid("theorems", "--emit-rocq", "Gen.v")
    assert outcome.status == 0
    text = (folder / "Gen.v").read_text()
    names = re.findall(r"^Definition (\w+)", text, re.MULTILINE)
    axioms = [name for name in names if name.startswith("axiom_")]
    assert axioms == [f"axiom_{name}" for name in AXIOMS]
    names = names[: -len(axioms)]
    assert len(names) == len(set(names))
    assert outcome.out == f"Gen.v: {len(text.splitlines())} lines\n"
    assert {"loss", "kl_loss", "reparameterize_diag", "importance_weighted_bound", "mean_squared_error"} <= set(names)
    assert len(re.findall(r"^\(\*\* vaelid/spec/[\w/]+\.py:\d+ \*\)$", text, re.MULTILINE)) == len(names)


def test_dependencies_are_those_of_the_proof():
    data = shown.as_data(LIBRARY["beta_vae_loss_mono_beta"])
    assert data["depends_on"] == ["beta_vae_loss_mono_beta_of_kl_nonneg", "kl_loss_nonneg"]


def test_the_emitted_files_of_the_repository_are_what_the_spec_says_now(vaelid, folder):
    """A change of the spec that was not emitted again fails here. Floats that another machine computed may be there."""
    shutil.copytree(ROOT / "proofs", "proofs", ignore=shutil.ignore_patterns("*.vo*", "*.glob", "*.aux"))
    assert vaelid("theorems", "--emit-rocq", "proofs").status == 0
    for name in EMITTED:
        kept = ROOT / "proofs" / name
        assert Path("proofs", name).read_text() == kept.read_text(), f"--emit-rocq proofs writes another {kept}"


def test_emitting_mends_what_was_changed(vaelid, folder):
    for name in EMITTED:
        Path("proofs", name).parent.mkdir(parents=True)
        Path("proofs", name).write_text((ROOT / "proofs" / name).read_text().replace("(3)", "(4)").replace("exp", "ln"))
    assert vaelid("theorems", "--emit-rocq", "proofs").status == 0
    assert kept_texts(Path("proofs")) == emitted_files({})


def test_every_rocq_name_is_a_theorem_of_the_development():
    exported = re.findall(r"^Definition (\w+) :=", (ROOT / "proofs/Theorems.v").read_text(), re.MULTILINE)
    for result in LIBRARY.values():
        assert result.rocq is None or result.rocq in exported, result.name
    for name in AXIOMS:
        assert name in exported
    axioms = (ROOT / "proofs/spec/KernelAxioms.v").read_text()
    assert re.findall(r"^Theorem (\w+) : Gen\.axiom_(\w+)\.$", axioms, re.MULTILINE) == [(n, n) for n in AXIOMS]


def test_without_coq_the_packages_are_named(vaelid, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda tool: None)
    outcome = vaelid("theorems", "--check", "--rocq")
    assert outcome.status == 64
    assert "coqc, coqchk, coq_makefile, make not found: on Debian, apt-get install coq libcoq-coquelicot" in outcome.err


def test_rocq_goes_with_check(vaelid):
    assert vaelid("theorems", "--rocq").err == "vaelid: --rocq goes with --check. See: vaelid theorems --help\n"
