"""Theorems exported for Rocq: it accepts real ones, on the axioms of its real numbers alone, and no changed one."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch.distributions import Independent, Normal, kl_divergence

from vaelid import audit_kl
from vaelid.readings.terms.arrays import TermArray, index, real, size, variable
from vaelid.readings.terms.namespace import NAMESPACE as xp
from vaelid.readings.terms.substitution import abstracted, element, make
from vaelid.readings.terms.syntax import Binder, Term
from vaelid.spec.arrays import softplus
from vaelid.theory.export import NotExported, rocq_file, rocq_file_of
from vaelid.theory.kernel import Theorem
from vaelid.theory.library import LIBRARY
from vaelid.theory.library.definitions import bernoulli_density, coordinate_kl, gaussian_density
from vaelid.theory.library.logarithm import exp_pos
from vaelid.theory.statement import eq, given, lt
from vaelid.theory.tactics import exp_of_sum, prove, use

needs_rocq = pytest.mark.skipif(shutil.which("coqc") is None, reason="coqc is not installed")

# ---- theorems: of KLs that were audited, of likelihoods as they are written, of the library


def by_distributions(mu, logvar):
    prior = Normal(torch.zeros_like(mu), torch.ones_like(mu))
    return kl_divergence(Normal(mu, torch.exp(0.5 * logvar)), prior).sum(-1).mean()


def by_independent(mu, std):
    prior = Independent(Normal(torch.zeros_like(mu), torch.ones_like(mu)), 1)
    return kl_divergence(Independent(Normal(mu, std), 1), prior).mean()


KLS = {
    "sum": lambda mu, logvar: -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp()),
    "mean of sums": lambda mu, logvar: torch.mean(-0.5 * torch.sum(1 + logvar - mu**2 - logvar.exp(), 1), 0),
    "mean": lambda mu, logvar: -0.5 * torch.mean(1 + logvar - mu**2 - logvar.exp()),
    "rows": lambda mu, logvar: -0.5 * torch.sum(1 + logvar - mu**2 - logvar.exp(), dim=1),
    "coordinates": lambda mu, logvar: -0.5 * (1 + logvar - mu**2 - logvar.exp()),
    "four times": lambda mu, logvar: 2 * torch.sum(mu**2 - 1 - logvar + logvar.exp()) / mu.shape[1],
    "std": lambda mu, std: (0.5 * (mu**2 + std**2 - 1) - torch.log(std)).sum(),
    "log of std squared": lambda mu, sigma: 0.5 * (mu**2 + sigma**2 - torch.log(sigma**2) - 1).sum(),
    "variance": lambda mu, var: 0.5 * (mu**2 + var - 1 - var.log()).sum(1).mean(),
    "log std": lambda mu, log_std: 0.5 * (mu**2 + torch.exp(2 * log_std) - 1 - 2 * log_std).sum(1).mean(),
    "distributions": by_distributions,
    "independent": by_independent,
    "in parts": lambda mu, logvar: 0.5 * (mu.pow(2).sum() + logvar.exp().sum() - logvar.sum() - mu.numel()),
}

x, y = variable("x"), variable("y")


def _likelihoods() -> list[Theorem]:
    """Of one coordinate: Laplace, Poisson, Bernoulli."""
    facts = [use(exp_pos.theorem, a=y), use("exp_zero"), *exp_of_sum(y, -y)]
    signs = [use(law, x=z) for z in (x - y, 2 * x - 2 * y, y - x) for law in ("abs_pos", "abs_neg")]
    return [
        prove(eq(abs(x - y) + abs(2 * x - 2 * y), 3 * abs(y - x)), signs),
        prove(eq(xp.exp(y) - x * y + xp.lgamma(x + 1), xp.lgamma(1 + x) + xp.exp(y) - y * x)),
        prove(eq(xp.log(1 + xp.exp(y)) - x * y, -bernoulli_density(x, y)), facts),
        prove(eq(1 / (1 + xp.exp(-y)), xp.exp(y) / (1 + xp.exp(y))), [*facts, use(exp_pos.theorem, a=-y)]),
    ]


OF_LIBRARY = (
    "gaussian_nll_identification",
    "bernoulli_identification",
    "effective_beta_mse_mean_mean",
    "iw_gap",
    "sum_add",
    "log_of_scaled",
)


def _elements(*names_and_axes: tuple[str, str]) -> list[TermArray]:
    arrays = [(variable(name, *map(size, axes)), axes) for name, axes in names_and_axes]
    return [TermArray((), element(array.term, *(size(axis.lower()) for axis in axes))) for array, axes in arrays]


def _total(of: TermArray, axes: str) -> TermArray:
    for axis in reversed(axes):
        of = TermArray((), make(Binder("sum"), size(axis), abstracted(of.term, size(axis.lower()).head)))
    return of


def _losses() -> dict[str, Term]:
    """Statements about whole losses, each a reconstruction over B and D and a divergence over B and L."""
    x, y, v, mu, logvar = _elements(("x", "BD"), ("x_hat", "BD"), ("v", "BD"), ("mu", "BL"), ("logvar", "BL"))
    b, d = real(size("B")), real(size("D"))
    kl = _total(mu**2 + xp.exp(logvar) - 1 - logvar, "BL") / 2 / b
    true_kl = _total(coordinate_kl(mu, logvar), "BL")
    sigmoid, sd = 1 / (1 + xp.exp(-y)), xp.exp(v / 2)
    bernoulli = -1 / b * _total(bernoulli_density(x, y), "BD")
    rows = {
        "squared error": (
            _total((x - y) ** 2, "BD") / b,
            -2 / b * _total(gaussian_density(x, y, 0 * x), "BD") - d * xp.log(2 * xp.pi),
        ),
        "squared error of a sigmoid": (
            _total((sigmoid - x) ** 2, "BD") / b,
            -2 / b * _total(gaussian_density(x, sigmoid, 0 * x), "BD") - d * xp.log(2 * xp.pi),
        ),
        "gaussian": (
            _total(-((x - y) ** 2) / (2 * sd**2) - xp.log(sd) - xp.log(2 * xp.pi) / 2, "BD"),
            _total(gaussian_density(x, y, v), "BD"),
        ),
        "logits": (_total(softplus(y) - x * y, "BD") / b, bernoulli),
        "probabilities": (_total(-(x * xp.log(sigmoid) + (1 - x) * xp.log(1 - sigmoid)), "BD") / b, bernoulli),
        "laplace": (
            _total(abs(x - y) * xp.exp(-v) + v, "BD"),
            _total(abs((y - x) / xp.exp(v)) + xp.log(2 * xp.exp(v)), "BD") - b * d * xp.log(2 + 0 * x),
        ),
        "poisson": (
            _total(xp.exp(y) - x * y + xp.lgamma(x + 1), "BD") / b,
            1 / b * _total(xp.lgamma(1 + x) - x * xp.log(xp.exp(y)) + xp.exp(y), "BD"),
        ),
    }
    positive = [lt(index(0), size(axis)) for axis in "BDL"]
    return {name: given(*positive, eq(loss + kl, right + 1 / b * true_kl)) for name, (loss, right) in rows.items()}


@pytest.fixture(scope="module")
def theorems() -> list[Theorem]:
    """Twenty-three that the kernel proved."""
    of_kls = [audit_kl(function).theorems[0] for function in KLS.values()]
    return [*of_kls, *_likelihoods(), *(LIBRARY[name].theorem for name in OF_LIBRARY)]


# ---- what is written


def test_a_file_states_its_theorems_and_assumes_nothing(theorems):
    text = rocq_file(theorems, title='of "KLs" (* and *) others')
    assert len(theorems) == 23
    assert text.startswith("(** of 'KLs' ( * and * ) others *)\n")
    assert text.endswith("Print Assumptions theorems.\n")
    assert re.findall(r"^Theorem theorem_(\d+) :", text, re.M) == [str(k) for k in range(1, 24)]
    without_comments = re.sub(r"\(\*.*?\*\)", "", text, flags=re.S)
    assert not re.search(r"\b(Axiom|Parameter|Hypothesis|Variable|Conjecture|Admitted|admit|Abort)\b", without_comments)
    assert set(re.findall(r"Require Import ([^.]*)\.", without_comments)) == {"Reals Lra Lia"}
    assert max(map(len, without_comments.splitlines())) < 120


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (lt(0 * x, xp.exp(x)), "its conclusion is no equation of real numbers"),
        (eq(x, y), "its two sides are not equal by the laws of sums, exp, log and abs alone"),
        (eq(x / y, x / y + 0), "it divides by y, not known to be positive"),
        (eq(variable("index_0"), variable("index_0") + 0), "a variable has a name that begins with index_"),
    ],
)
def test_what_has_no_proof_here_is_refused(statement, said):
    with pytest.raises(NotExported, match=f"^{re.escape(said)}$"):
        rocq_file_of([statement], title="")


# ---- Rocq itself


def _compiled(text: str, folder: Path) -> tuple[bool, str]:
    """Whether Rocq accepts the file, and all that it said."""
    (folder / "Exported.v").write_text(text)
    command = ["coqc", "-q", "Exported.v"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    return done.returncode == 0, done.stdout + done.stderr


AXIOMS = {
    "ClassicalDedekindReals.sig_not_dec",
    "ClassicalDedekindReals.sig_forall_dec",
    "FunctionalExtensionality.functional_extensionality_dep",
    "Classical_Prop.classic",
}


@pytest.mark.slow
@needs_rocq
def test_rocq_accepts_theorems_and_losses_on_the_axioms_of_its_reals_alone(theorems, tmp_path: Path):
    accepted, said = _compiled(
        rocq_file_of([*(t.statement for t in theorems), *_losses().values()], title="all"), tmp_path
    )
    assert accepted, said
    assert set(re.findall(r"^([A-Z]\w*\.\w+)", said, re.M)) <= AXIOMS


CHANGES = (
    (r" \+ ", " - "),
    (r" - ", " + "),
    (r"\^ 2", "^ 3"),
    (r"\b1 / 2\b", "1 / 3"),
    (r"-1 / 2", "1 / 2"),
    (r"\bexp\b", "ln"),
    (r"1 / INR B", "2 / INR B"),
    (r"\bB \*", "L *"),
)


def _mutants(statements: Sequence[Term]) -> list[str]:
    """The file of each theorem with the first place changed at which a change applies, outside of its proof."""
    found = []
    for statement in statements:
        text = rocq_file_of([statement], title="changed")
        start, end = text.index("Theorem theorem_1 :"), text.index("Proof.", text.index("Theorem theorem_1 :"))
        stated = text[start:end]
        changed = {re.sub(pattern, after, stated, count=1) for pattern, after in CHANGES} - {stated}
        found += [text[:start] + other + text[end:] for other in sorted(changed)]
    return found


@pytest.mark.slow
@needs_rocq
def test_rocq_accepts_no_changed_statement(theorems, tmp_path: Path):
    mean, std = (theorems[list(KLS).index(name)].statement for name in ("mean of sums", "log of std squared"))
    mutants = _mutants([mean, std, _losses()["logits"]])
    assert len(mutants) >= 12
    assert [text for text in mutants if _compiled(text, tmp_path)[0]] == []
