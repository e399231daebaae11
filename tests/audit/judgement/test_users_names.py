"""Formulas in the user's words: the names that a reader of the user's code knows, and never another tensor's."""

from fractions import Fraction

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from vaelid.auditor import audit
from vaelid.auditor.formula.axes_of_terms import element_of, index_of, total
from vaelid.auditor.judgement.users_names import Called, in_users_words
from vaelid.readings.terms.substitution import make
from vaelid.readings.terms.syntax import INDEX, Number, Operator
from vaelid.readings.terms.text import text

D, L = 6, 2
torch.manual_seed(0)
ENCODER, DECODER = nn.Linear(D, 2 * L), nn.Linear(L, D)
LENGTHS = {0: 5, 1: 2 * L, 2: L}


def shifted(by):
    """h1[i0, i2 + by]."""
    element = element_of("h1", (0, 2)).term
    index = make(Operator("index_add"), index_of(2), make(Number(Fraction(by), INDEX)))
    return make(element.head, element.arguments[0], element.arguments[1], index)


HALVES = {"h1": Called("h", {(1, 0, L): "mu", (1, L, L): "logvar"})}


@pytest.mark.parametrize(
    ("term", "said"),
    [
        (element_of("h1", (0, 2)).term, "mu[i0, i2]"),
        (shifted(L), "logvar[i0, i2]"),
        (shifted(1), "h[i0, i2 + 1]"),
        (element_of("h1", (0, 1)).term, "h[i0, i1]"),
        (element_of("h2", (0, 1)).term, "h2[i0, i1]"),
        (total(element_of("h1", (0, 2)), 2).term, "Σ_{i<N2} mu[i0, i]"),
        (total(element_of("h1", (0, 1)), 1).term, "Σ_{i<N1} h[i0, i]"),
    ],
)
def test_a_part_is_known_by_where_it_begins_and_how_long_it_is(term, said):
    assert text(in_users_words(term, HALVES, LENGTHS)) == said


def posterior(batch):
    loc, log_scale = ENCODER(batch).chunk(2, dim=-1)
    noise = torch.randn_like(loc)
    return loc, log_scale, loc + log_scale.exp() * noise


def kl(loc, log_scale):
    return 0.5 * (loc**2 + (2 * log_scale).exp() - 1 - 2 * log_scale).sum()


def test_variables_of_the_users_functions_are_what_formulas_are_in():
    def step(batch):
        loc, log_scale, z = posterior(batch)
        logits = DECODER(z)
        nll = F.binary_cross_entropy_with_logits(logits, batch, reduction="sum")
        return (nll + kl(loc, log_scale)) / len(batch)

    report = audit(step, (torch.rand(5, D) > 0.5).float())
    formulas = " ".join([report.formula or "", *(claim.reason for claim in report.claims)])
    for word in ("loc[b, l]", "exp(log_scale[b, l])", "noise[b, l]", "logits[", "batch["):
        assert word in formulas, formulas
    assert "h1" not in formulas


def test_two_tensors_of_one_name_are_told_apart():
    of_top = nn.Linear(D, 2 * L)

    def encoded(layer, x):
        h = layer(x)
        return h[:, :L], h[:, L:]

    def step(batch):
        whole = 0.0
        for layer in (ENCODER, of_top):
            loc, log_scale = encoded(layer, batch)
            z = loc + log_scale.exp() * torch.randn_like(loc)
            whole = whole + kl(loc, log_scale) + 0.25 * (DECODER(z) - batch).pow(2).sum()
        return whole / len(batch)

    report = audit(step, torch.randn(5, D))
    formulas = " ".join(claim.reason for claim in report.claims)
    assert "loc[b, " in formulas
    assert "loc_2[b, " in formulas


def test_what_a_letter_of_an_index_is_called_keeps_our_name():
    def step(x):
        b, d = ENCODER(x).chunk(2, dim=-1)
        z = b + (0.5 * d).exp() * torch.randn_like(b)
        return (0.5 * (DECODER(z) - x).pow(2).sum() + 0.5 * (b**2 + d.exp() - 1 - d).sum()) / len(x)

    report = audit(step, torch.randn(5, D))
    assert "h1[b, l]" in " ".join(claim.reason for claim in report.claims)


def test_under_vmap_a_tensor_has_no_place_of_its_own():
    def of_row(row, noise):
        loc, log_scale = ENCODER(row).chunk(2, dim=-1)
        out = DECODER(loc + log_scale.exp() * noise)
        kl = 0.5 * (loc**2 + (2 * log_scale).exp() - 1 - 2 * log_scale).sum()
        return 0.5 * (out - row).pow(2).sum() + kl

    report = audit(lambda x: torch.vmap(of_row)(x, torch.randn(len(x), L)).mean(), (torch.rand(5, D) > 0.5).float())
    assert report.verdict == "PROVED", report
