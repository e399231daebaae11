"""What an audit finds, as data: claims and reports, witnesses and refutations, and the bugs that have names."""

import ast
import json
from dataclasses import FrozenInstanceError, fields
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from flint import arb
from torch.distributions import Normal, kl_divergence

import vaelid.auditor
from vaelid.auditor.findings import witnesses
from vaelid.auditor.findings.bugs import BUGS
from vaelid.auditor.findings.declared import LIKELIHOODS, Declared
from vaelid.auditor.findings.refutation import Refutation
from vaelid.auditor.findings.report import Claim, Report, Witness
from vaelid.spec.errors import InputError

from ..hand_made import theorem
from ..witnessed import ball

WITNESS = Witness({"mu": "1"}, "0", "1", "the slope; that of the KL")
CLAIM = Claim("divergence", "REFUTED", "it is none.", "mu", witness=WITNESS, bug="kl-zero", source="a.py:1")
PROVED = Claim("sampler", "PROVED", "it is one.", theorems=(theorem(),), weight="1 / B")
REPORT = Report(
    "step", "REFUTED", "no ELBO", "It is none.", claims=(PROVED, CLAIM), notes=("a note",), advice="Mend it."
)

MADE = {
    "uniform": witnesses.uniform(),
    "correlation": witnesses.correlation("z", Fraction(1, 2)),
    "without noise": witnesses.without_noise(),
    "too few": witnesses.too_few(2, 3, "coordinates"),
    "wrong sign": witnesses.wrong_sign(arb(-2), "the KL"),
    "no slope of a divergence": witnesses.no_slope_of_divergence("it"),
    "no slope of a likelihood": witnesses.no_slope_of_likelihood("x_hat"),
    "no slope of a log-variance": witnesses.no_slope_of_likelihood("x_hat", "s"),
    "no slope": witnesses.no_slope_through({"eps": "1"}, "z"),
}


@pytest.mark.parametrize("name", MADE)
def test_every_witness_is_two_numbers_that_exclude_each_other(name):
    found = MADE[name]
    assert not ball(found.computed).overlaps(ball(found.expected))
    computed, expected = found.meaning.split("; ")[:2]
    assert computed
    assert expected


def test_the_slopes_that_a_loss_has_to_have_are_torchs():
    mu, x_hat = torch.tensor(1.0, requires_grad=True), torch.tensor(1.0, requires_grad=True)
    kl = kl_divergence(Normal(mu, 1.0), Normal(0.0, 1.0))
    assert float(torch.autograd.grad(kl, mu)[0]) == float(MADE["no slope of a divergence"].expected)
    nll = -Normal(x_hat, 1.0).log_prob(torch.tensor(0.0))
    assert float(torch.autograd.grad(nll, x_hat)[0]) == float(MADE["no slope of a likelihood"].expected)
    s = torch.tensor(0.0, requires_grad=True)
    nll = -Normal(torch.tensor(0.0), (s / 2).exp()).log_prob(torch.tensor(0.0))
    assert float(torch.autograd.grad(nll, s)[0]) == float(MADE["no slope of a log-variance"].expected)


def test_a_sign_is_shown_beside_what_it_has_to_be():
    assert (MADE["wrong sign"].computed, MADE["wrong sign"].expected) == ("-2", "2")
    with pytest.raises(ValueError, match="do not exclude each other"):
        witnesses.wrong_sign(arb(2), "the KL")


def test_a_claim_is_plain_data():
    data = CLAIM.as_data()
    assert json.loads(json.dumps(data)) == data
    assert data["witness"] == {"point": {"mu": "1"}, "computed": "0", "expected": "1", "meaning": WITNESS.meaning}
    assert set(data) == {field.name for field in fields(Claim)}
    assert PROVED.as_data()["theorems"] == ["a = a"]
    assert PROVED.as_data()["witness"] is None


def test_a_claim_in_one_line_names_its_source():
    assert str(CLAIM) == "REFUTED  divergence: it is none. (a.py:1)"
    assert str(PROVED) == "PROVED  sampler: it is one."


def test_a_report_is_plain_data():
    data = REPORT.as_data()
    assert json.loads(json.dumps(data)) == data
    assert [claim["name"] for claim in data["claims"]] == ["sampler", "divergence"]
    assert set(data) == {field.name for field in fields(Report)}


def test_a_report_in_words():
    assert str(REPORT).splitlines() == [
        "REFUTED  It is none.",
        "  PROVED  sampler: it is one.",
        "  REFUTED  divergence: it is none. (a.py:1)",
        "  note: a note",
        "  advice: Mend it.",
    ]


def test_a_claim_of_a_report_is_had_by_its_name():
    assert REPORT.claim("divergence") is CLAIM
    with pytest.raises(KeyError):
        REPORT.claim("objective")


def test_a_refutation_is_a_witness_and_what_it_shows():
    found = Refutation(WITNESS, "no data stand in the loss.")
    assert (found.witness, found.sentence, found.bug) == (WITNESS, "no data stand in the loss.", None)
    assert Refutation(WITNESS, "it is none.", "kl-zero") != found
    with pytest.raises(FrozenInstanceError):
        found.bug = "sign"


@pytest.mark.parametrize("name", BUGS)
def test_a_bug_is_named_by_its_key_and_its_mend_is_a_sentence(name):
    bug = BUGS[name]
    assert bug.name == name
    assert bug.title[0].islower() or bug.title.startswith("KL")
    assert bug.mend.endswith(".")


def test_every_bug_that_the_auditor_names_is_known():
    folder = Path(vaelid.auditor.__file__).parent
    written = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "bug" and isinstance(node.value, ast.Constant):
                written.add(node.value.value)
    assert written - {None} <= set(BUGS)


@pytest.mark.parametrize(
    ("prior", "numbers", "name"),
    [
        ("N(0, I)", (0, 1), "N(0, I)"),
        ("N(0.0, 1)", (0, 1), "N(0, I)"),
        ("N(1/2, 4)", (Fraction(1, 2), 4), "N(0.5, 4)"),
        (None, None, None),
    ],
)
def test_a_declared_prior_is_two_numbers(prior, numbers, name):
    declared = Declared(prior=prior)
    assert (declared.prior_numbers, declared.prior_name) == (numbers, name)
    assert declared.standard_prior == (numbers == (0, 1))
    assert declared.anything == (prior is not None)


@pytest.mark.parametrize("prior", ["", "N(0, 0)", "N(0, -1)", "N(a, 1)", "N(0)", "Laplace(0, 1)", "N(1/0, 1)"])
def test_a_prior_that_is_none_is_one_message(prior):
    with pytest.raises(InputError, match='expected a normal prior as "N\\(0, I\\)" or "N\\(0, 4\\)"'):
        Declared(prior=prior)


def test_likelihoods_are_those_that_an_audit_knows():
    for family in LIKELIHOODS:
        assert Declared(likelihood=family).anything
    with pytest.raises(InputError, match="likelihood is 'cauchy': expected one of gaussian, bernoulli"):
        Declared(likelihood="cauchy")
    assert not Declared(variance=2.0).anything
